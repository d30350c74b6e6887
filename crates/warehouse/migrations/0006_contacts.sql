-- Whose a closing without an answer was, when people took a conversation over from a bot, since
-- when its first reply is owed, and the timelines themselves, so that the clocks of a contact's
-- conversations can be read together.

ALTER TABLE {database}.conversations{on_cluster}
    ADD COLUMN IF NOT EXISTS unserved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the first reply of its cycle is owed; null if a manager has written in it, or none is owed' CODEC(ZSTD(1)) AFTER pending_at,
    ADD COLUMN IF NOT EXISTS `cycles.owed_by` Array(String) COMMENT 'Of each cycle: who owed the reply that was owed at its closing; empty if nobody, or if none was owed' CODEC(ZSTD(1)) AFTER `cycles.reopened_at`,
    ADD COLUMN IF NOT EXISTS `cycles.handed_off_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: when people took it over from the bot; null if a bot did not have it, or has it' CODEC(ZSTD(1)) AFTER `cycles.owed_by`;

CREATE OR REPLACE VIEW {database}.v_conversations{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Author of the first contact message, else contact of the first message',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first event',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last event',
    assignee LowCardinality(Nullable(String)) COMMENT 'Manager it is assigned to now; null if nobody',
    last_manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote last; null if none did',
    pending_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when a reply is owed; null if none is',
    unserved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the first reply of its cycle is owed; null if a manager has written in it, or none is owed',
    cycles UInt32 COMMENT 'How many cycles it has had'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, first_at, last_at, nullIf(assignee, '') AS assignee,
    nullIf(last_manager, '') AS last_manager, pending_at, unserved_at,
    toUInt32(length(`cycles.started_at`)) AS cycles
FROM {database}.conversations FINAL
COMMENT 'Conversations as they stand after their last known event';

CREATE OR REPLACE VIEW {database}.v_cycles{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    cycle UInt32 COMMENT 'Place of the cycle in its conversation, from 1',
    started_at DateTime64(3, 'UTC') COMMENT 'Its first contact message',
    contact String COMMENT 'Author of its first contact message',
    answered UInt8 COMMENT '1 if a manager''s message cleared a pending one within it',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was closed; null if it was not',
    closed_by Nullable(String) COMMENT 'Manager who closed it; null if not told',
    pending_at_close UInt8 COMMENT '1 if a reply was still owed when it was closed',
    reopened_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First reopening after its closing, before the next cycle; null if none',
    owed_by LowCardinality(Nullable(String)) COMMENT 'Who owed the reply that was owed at its closing: the assignee of then, else who had written last; null if nobody, or if none was owed',
    handed_off_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When people took it over from the bot; null if a bot did not have it, or has it',
    next_started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of the next cycle; null if it is the last',
    assignee LowCardinality(Nullable(String)) COMMENT 'Manager the conversation is assigned to now; null if nobody',
    last_manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote last in the conversation; null if none did',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the conversation''s last event: none of its times is later'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, toUInt32(cycle) AS cycle, started_at, cycle_contact AS contact,
    answered, closed_at, nullIf(cycle_closed_by, '') AS closed_by, pending_at_close, reopened_at,
    nullIf(cycle_owed_by, '') AS owed_by, handed_off_at,
    if(cycle < length(starts), starts[cycle + 1], NULL) AS next_started_at,
    nullIf(assignee, '') AS assignee, nullIf(last_manager, '') AS last_manager, last_at
FROM
(
    SELECT *, `cycles.started_at` AS starts FROM {database}.conversations FINAL
)
ARRAY JOIN
    arrayEnumerate(`cycles.started_at`) AS cycle,
    `cycles.started_at` AS started_at,
    `cycles.contact` AS cycle_contact,
    `cycles.answered` AS answered,
    `cycles.closed_at` AS closed_at,
    `cycles.closed_by` AS cycle_closed_by,
    `cycles.pending_at_close` AS pending_at_close,
    `cycles.reopened_at` AS reopened_at,
    `cycles.owed_by` AS cycle_owed_by,
    `cycles.handed_off_at` AS handed_off_at
COMMENT 'Cycles of conversations: from a contact''s message to the closing, or to the next cycle';

CREATE OR REPLACE VIEW {database}.v_timeline{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    at DateTime64(3, 'UTC') COMMENT 'When it happened, by the vendor''s clock',
    change UInt8 COMMENT '0 for a message, 1 for a change: of one time, messages come first',
    id String COMMENT 'Message id, or id of the change; ids of digits come first, the shorter before, then the others',
    what LowCardinality(String) COMMENT 'Who wrote it (contact, manager, bot, system, campaign), or what changed (assigned, handed_off, closed, reopened, stage, moved)',
    contact String COMMENT 'Contact that a message is from or to; empty for a change',
    manager LowCardinality(String) COMMENT 'Manager who wrote it, whom it was given to, or who changed it; empty if none or not told',
    expects_reply UInt8 COMMENT '0 if a contact''s message asks for no answer',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT account, channel, conversation, at, toUInt8(0) AS change, message AS id, author AS what,
    contact, manager, expects_reply, wait_ms
FROM {database}.messages FINAL
UNION ALL
SELECT account, channel, conversation, at, toUInt8(1) AS change, id, changes.change AS what,
    '' AS contact, manager, toUInt8(0) AS expects_reply, NULL AS wait_ms
FROM {database}.changes FINAL
COMMENT 'Timelines of conversations: public messages and changes, one row each';
