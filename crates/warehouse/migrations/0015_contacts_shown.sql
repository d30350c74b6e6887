-- Phone numbers in the views of conversations, as in those of calls: the id of a contact that is one is masked, and hashed
-- with the account's secret beside it, the same as in v_calls. A conversation's id that is one, as a channel often gives it,
-- is shown by a key: the number masked, and a part of the hash, so that rows of all views can be joined and counted by it.
--
-- Statements of our own, which tell contacts apart, read whole_messages, whole_conversations, whole_cycles and
-- whole_timeline: no reader may.

ALTER TABLE {database}.changes{on_cluster}
    ADD COLUMN IF NOT EXISTS conversation_digits String ALIAS if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') COMMENT 'The digits of its conversation''s id if that is a phone number, else empty',
    ADD COLUMN IF NOT EXISTS conversation_masked String ALIAS if(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', conversation, concat(substring(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) COMMENT 'Id of its conversation, a phone number masked';

ALTER TABLE {database}.conversations{on_cluster}
    ADD COLUMN IF NOT EXISTS contact_digits String ALIAS if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') COMMENT 'The digits of its contact''s id if that is a phone number, else empty',
    ADD COLUMN IF NOT EXISTS contact_masked String ALIAS if(if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', contact, concat(substring(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) COMMENT 'Id of its contact, a phone number masked',
    ADD COLUMN IF NOT EXISTS conversation_digits String ALIAS if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') COMMENT 'The digits of its conversation''s id if that is a phone number, else empty',
    ADD COLUMN IF NOT EXISTS conversation_masked String ALIAS if(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', conversation, concat(substring(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) COMMENT 'Id of its conversation, a phone number masked';

ALTER TABLE {database}.messages{on_cluster}
    ADD COLUMN IF NOT EXISTS contact_digits String ALIAS if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') COMMENT 'The digits of its contact''s id if that is a phone number, else empty',
    ADD COLUMN IF NOT EXISTS contact_masked String ALIAS if(if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', contact, concat(substring(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) COMMENT 'Id of its contact, a phone number masked',
    ADD COLUMN IF NOT EXISTS conversation_digits String ALIAS if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') COMMENT 'The digits of its conversation''s id if that is a phone number, else empty',
    ADD COLUMN IF NOT EXISTS conversation_masked String ALIAS if(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', conversation, concat(substring(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(conversation, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(conversation, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) COMMENT 'Id of its conversation, a phone number masked';

CREATE OR REPLACE VIEW {database}.whole_messages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the message belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Contact that the message is from or to',
    at DateTime64(3, 'UTC') COMMENT 'When the message was sent, by the vendor''s clock',
    message String COMMENT 'Message id, unique within its conversation',
    author LowCardinality(String) COMMENT 'Who wrote it: contact, manager, bot, system or campaign',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote it; null if none did or he is unknown',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    kind LowCardinality(String) COMMENT 'What it is: text, image, audio, video, file, location, sticker or other',
    chars Nullable(UInt32) COMMENT 'Length in characters; null if not told',
    integrity LowCardinality(String) COMMENT 'How far it is vouched for: verified, weak or unverified',
    kommo_ms Nullable(Int64) COMMENT 'Response time by the kommo definition, calendar milliseconds; null if it gives no sample',
    turn_ms Nullable(Int64) COMMENT 'Response time by the turn definition, calendar milliseconds; null if it gives no sample',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample',
    assigned_ms Nullable(Int64) COMMENT 'Response time by the assigned definition, calendar milliseconds; null if it gives no sample',
    first_ms Nullable(Int64) COMMENT 'Response time by the first definition, calendar milliseconds; null if it gives no sample',
    first_from_start_ms Nullable(Int64) COMMENT 'As first_ms, but since the first contact message of the cycle also when a bot spoke first; null if it gives no sample',
    kommo_business_ms Nullable(Int64) COMMENT 'As kommo_ms, but only the time inside the schedule; null without a schedule',
    turn_business_ms Nullable(Int64) COMMENT 'As turn_ms, but only the time inside the schedule; null without a schedule',
    wait_business_ms Nullable(Int64) COMMENT 'As wait_ms, but only the time inside the schedule; null without a schedule',
    assigned_business_ms Nullable(Int64) COMMENT 'As assigned_ms, but only the time inside the schedule; null without a schedule',
    first_business_ms Nullable(Int64) COMMENT 'As first_ms, but only the time inside the schedule; null without a schedule',
    first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt16 COMMENT 'Which samples are within their target, a bit each: kommo 0, turn 1, wait 2, assigned 3, first 4; the same in business time from 8'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars, integrity,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, first_from_start_ms,
    kommo_business_ms, turn_business_ms, wait_business_ms, assigned_business_ms, first_business_ms,
    first_from_start_business_ms, within_target
FROM {database}.messages FINAL
COMMENT 'What v_messages shows, contacts whole';

CREATE OR REPLACE VIEW {database}.whole_conversations{on_cluster}
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
    cycles UInt32 COMMENT 'How many cycles it has had',
    started_at Array(DateTime64(3, 'UTC')) COMMENT 'Of each cycle, in order of time: its first contact message',
    started_by Array(String) COMMENT 'Of each cycle: author of its first contact message',
    answered Array(UInt8) COMMENT 'Of each cycle: 1 if a manager''s message cleared a pending one within it',
    handed_off_at Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: when people took it over from the bot; null if a bot did not have it, or has it',
    closed_at Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: when it was closed; null if it was not',
    closed_by Array(String) COMMENT 'Of each cycle: manager who closed it; empty if not told',
    pending_at_close Array(UInt8) COMMENT 'Of each cycle: 1 if a reply was still owed when it was closed',
    owed_by Array(String) COMMENT 'Of each cycle: who owed the reply that was owed at its closing; empty if nobody, or if none was owed',
    reopened_at Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: first reopening after its closing, before the next cycle; null if none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, first_at, last_at, nullIf(assignee, '') AS assignee,
    nullIf(last_manager, '') AS last_manager, pending_at, unserved_at,
    toUInt32(length(`cycles.started_at`)) AS cycles, `cycles.started_at` AS started_at,
    `cycles.contact` AS started_by, `cycles.answered` AS answered,
    `cycles.handed_off_at` AS handed_off_at, `cycles.closed_at` AS closed_at,
    `cycles.closed_by` AS closed_by, `cycles.pending_at_close` AS pending_at_close,
    `cycles.owed_by` AS owed_by, `cycles.reopened_at` AS reopened_at
FROM {database}.conversations FINAL
COMMENT 'What v_conversations shows, contacts whole';

CREATE OR REPLACE VIEW {database}.whole_cycles{on_cluster}
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
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the conversation''s last event: none of its times is later',
    shown String COMMENT 'What v_cycles shows the conversation by'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT
    account, channel, conversation, toUInt32(cycle) AS cycle, started_at, cycle_contact AS contact,
    answered, closed_at, nullIf(cycle_closed_by, '') AS closed_by, pending_at_close, reopened_at,
    nullIf(cycle_owed_by, '') AS owed_by, handed_off_at,
    if(cycle < length(starts), starts[cycle + 1], NULL) AS next_started_at,
    nullIf(assignee, '') AS assignee, nullIf(last_manager, '') AS last_manager, last_at,
    if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS shown
FROM
(
    SELECT *, conversation_digits, conversation_masked, `cycles.started_at` AS starts FROM {database}.conversations FINAL
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
COMMENT 'What v_cycles shows, contacts whole';

CREATE OR REPLACE VIEW {database}.whole_timeline{on_cluster}
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
COMMENT 'What v_timeline shows, contacts whole';

CREATE OR REPLACE VIEW {database}.v_messages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the message belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel; in place of a phone number a key',
    contact String COMMENT 'Contact that the message is from or to, a phone number masked',
    at DateTime64(3, 'UTC') COMMENT 'When the message was sent, by the vendor''s clock',
    message String COMMENT 'Message id, unique within its conversation',
    author LowCardinality(String) COMMENT 'Who wrote it: contact, manager, bot, system or campaign',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote it; null if none did or he is unknown',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    kind LowCardinality(String) COMMENT 'What it is: text, image, audio, video, file, location, sticker or other',
    chars Nullable(UInt32) COMMENT 'Length in characters; null if not told',
    integrity LowCardinality(String) COMMENT 'How far it is vouched for: verified, weak or unverified',
    kommo_ms Nullable(Int64) COMMENT 'Response time by the kommo definition, calendar milliseconds; null if it gives no sample',
    turn_ms Nullable(Int64) COMMENT 'Response time by the turn definition, calendar milliseconds; null if it gives no sample',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample',
    assigned_ms Nullable(Int64) COMMENT 'Response time by the assigned definition, calendar milliseconds; null if it gives no sample',
    first_ms Nullable(Int64) COMMENT 'Response time by the first definition, calendar milliseconds; null if it gives no sample',
    first_from_start_ms Nullable(Int64) COMMENT 'As first_ms, but since the first contact message of the cycle also when a bot spoke first; null if it gives no sample',
    kommo_business_ms Nullable(Int64) COMMENT 'As kommo_ms, but only the time inside the schedule; null without a schedule',
    turn_business_ms Nullable(Int64) COMMENT 'As turn_ms, but only the time inside the schedule; null without a schedule',
    wait_business_ms Nullable(Int64) COMMENT 'As wait_ms, but only the time inside the schedule; null without a schedule',
    assigned_business_ms Nullable(Int64) COMMENT 'As assigned_ms, but only the time inside the schedule; null without a schedule',
    first_business_ms Nullable(Int64) COMMENT 'As first_ms, but only the time inside the schedule; null without a schedule',
    first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt16 COMMENT 'Which samples are within their target, a bit each: kommo 0, turn 1, wait 2, assigned 3, first 4; the same in business time from 8',
    contact_hash Nullable(String) COMMENT 'The phone number that the contact''s id is, hashed with the account''s secret: the same for the same number, as in v_calls; null if it is none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT
    account, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars, integrity,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, first_from_start_ms,
    kommo_business_ms, turn_business_ms, wait_business_ms, assigned_business_ms, first_business_ms,
    first_from_start_business_ms, within_target,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages
COMMENT 'Public messages, with the response times that each reply gives, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_conversations{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel; in place of a phone number a key',
    contact String COMMENT 'Author of the first contact message, else contact of the first message, a phone number masked',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first event',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last event',
    assignee LowCardinality(Nullable(String)) COMMENT 'Manager it is assigned to now; null if nobody',
    last_manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote last; null if none did',
    pending_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when a reply is owed; null if none is',
    unserved_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when the first reply of its cycle is owed; null if a manager has written in it, or none is owed',
    cycles UInt32 COMMENT 'How many cycles it has had',
    contact_hash Nullable(String) COMMENT 'The phone number that the contact''s id is, hashed with the account''s secret: the same for the same number, as in v_calls; null if it is none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT
    account, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, first_at, last_at, nullIf(assignee, '') AS assignee,
    nullIf(last_manager, '') AS last_manager, pending_at, unserved_at,
    toUInt32(length(`cycles.started_at`)) AS cycles,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.conversations FINAL) AS conversations
COMMENT 'Conversations as they stand after their last known event, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_cycles{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel; in place of a phone number a key',
    cycle UInt32 COMMENT 'Place of the cycle in its conversation, from 1',
    started_at DateTime64(3, 'UTC') COMMENT 'Its first contact message',
    contact String COMMENT 'Author of its first contact message, a phone number masked',
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
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the conversation''s last event: none of its times is later',
    contact_hash Nullable(String) COMMENT 'The phone number that the contact''s id is, hashed with the account''s secret: the same for the same number, as in v_calls; null if it is none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT
    account, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, toUInt32(cycle) AS cycle, started_at, if(if(match(cycle_contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', cycle_contact, concat(substring(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(cycle_contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))) AS contact,
    answered, closed_at, nullIf(cycle_closed_by, '') AS closed_by, pending_at_close, reopened_at,
    nullIf(cycle_owed_by, '') AS owed_by, handed_off_at,
    if(cycle < length(starts), starts[cycle + 1], NULL) AS next_started_at,
    nullIf(assignee, '') AS assignee, nullIf(last_manager, '') AS last_manager, last_at,
    if(if(match(cycle_contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', if(match(cycle_contact, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(cycle_contact, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '')))))) AS contact_hash
FROM
(
    SELECT *, conversation_digits, conversation_masked, `cycles.started_at` AS starts FROM {database}.conversations FINAL
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
COMMENT 'Cycles of conversations: from a contact''s message to the closing, or to the next cycle; phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_timeline{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel; in place of a phone number a key',
    at DateTime64(3, 'UTC') COMMENT 'When it happened, by the vendor''s clock',
    change UInt8 COMMENT '0 for a message, 1 for a change: of one time, messages come first',
    id String COMMENT 'Message id, or id of the change; ids of digits come first, the shorter before, then the others',
    what LowCardinality(String) COMMENT 'Who wrote it (contact, manager, bot, system, campaign), or what changed (assigned, handed_off, closed, reopened, stage, moved)',
    contact String COMMENT 'Contact that a message is from or to, a phone number masked; empty for a change',
    manager LowCardinality(String) COMMENT 'Manager who wrote it, whom it was given to, or who changed it; empty if none or not told',
    expects_reply UInt8 COMMENT '0 if a contact''s message asks for no answer',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample',
    contact_hash Nullable(String) COMMENT 'The phone number that the contact''s id is, hashed with the account''s secret: the same for the same number, as in v_calls; null if it is none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, at, toUInt8(0) AS change, message AS id, author AS what,
    contact_masked AS contact, manager, expects_reply, wait_ms,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages
UNION ALL
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, at, toUInt8(1) AS change, id, changes.change AS what,
    '' AS contact, manager, toUInt8(0) AS expects_reply, NULL AS wait_ms,
    CAST(NULL, 'Nullable(String)') AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked FROM {database}.changes FINAL) AS changes
COMMENT 'Timelines of conversations: public messages and changes, one row each, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_responses{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the reply belongs to',
    at DateTime64(3, 'UTC') COMMENT 'When the reply was sent: a response belongs to this time',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel; in place of a phone number a key',
    contact String COMMENT 'Contact that was answered, a phone number masked',
    message String COMMENT 'Message id of the reply',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who sent the reply; null if he is unknown or a bot did',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    author LowCardinality(String) COMMENT 'manager, or bot for a bot''s reply',
    definition String COMMENT 'kommo, turn, wait, assigned or first',
    ms Int64 COMMENT 'Response time in calendar milliseconds',
    business_ms Nullable(Int64) COMMENT 'Response time in milliseconds inside the schedule; null without a schedule',
    queue_ms Nullable(Int64) COMMENT 'Of an assigned sample: what routing took, its wait less itself, in calendar milliseconds; else null',
    from_start_ms Nullable(Int64) COMMENT 'Of a first sample: calendar milliseconds since the first contact message of the cycle also when a bot spoke first; else null',
    from_start_business_ms Nullable(Int64) COMMENT 'As from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt8 COMMENT '1 if ms is within the target that held for the reply',
    within_target_business UInt8 COMMENT '1 if business_ms is within the target that held for the reply',
    contact_hash Nullable(String) COMMENT 'The phone number that the contact''s id is, hashed with the account''s secret: the same for the same number, as in v_calls; null if it is none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, at, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'kommo' AS definition, assumeNotNull(kommo_ms) AS ms,
    kommo_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 0) AS within_target,
    bitTest(messages.within_target, 8) AS within_target_business,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages WHERE kommo_ms IS NOT NULL
UNION ALL
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, at, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'turn' AS definition, assumeNotNull(turn_ms) AS ms,
    turn_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 1) AS within_target,
    bitTest(messages.within_target, 9) AS within_target_business,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages WHERE turn_ms IS NOT NULL
UNION ALL
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, at, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'wait' AS definition, assumeNotNull(wait_ms) AS ms,
    wait_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 2) AS within_target,
    bitTest(messages.within_target, 10) AS within_target_business,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages WHERE wait_ms IS NOT NULL
UNION ALL
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, at, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'assigned' AS definition, assumeNotNull(assigned_ms) AS ms,
    assigned_business_ms AS business_ms, assumeNotNull(wait_ms) - assumeNotNull(assigned_ms) AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 3) AS within_target,
    bitTest(messages.within_target, 11) AS within_target_business,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages WHERE assigned_ms IS NOT NULL
UNION ALL
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT account, at, channel, if(conversation_digits = '', conversation, concat(conversation_masked, '-', substring(lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', conversation_digits)))), 1, 16))) AS conversation, contact_masked AS contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'first' AS definition, assumeNotNull(first_ms) AS ms,
    first_business_ms AS business_ms, NULL AS queue_ms, first_from_start_ms AS from_start_ms,
    first_from_start_business_ms AS from_start_business_ms,
    bitTest(messages.within_target, 4) AS within_target,
    bitTest(messages.within_target, 12) AS within_target_business,
    if(contact_digits = '', NULL, lower(hex(SHA256(concat(transform(toString(account), secrets.1, secrets.2, ''), '+', contact_digits))))) AS contact_hash
FROM (SELECT *, conversation_digits, conversation_masked, contact_digits, contact_masked FROM {database}.messages FINAL) AS messages WHERE first_ms IS NOT NULL
COMMENT 'Response times: one row per sample, up to five a reply; phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_touches{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    kind LowCardinality(String) COMMENT 'What touched: chat (a message that tells a source) or card (a tag that names one)',
    at DateTime64(3, 'UTC') COMMENT 'When',
    id String COMMENT 'Message id, or id of the event that gave the tag',
    contact String COMMENT 'Contact, as told, a phone number masked; of a card after all merges',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel of a message; null of a card',
    conversation Nullable(String) COMMENT 'Conversation of a message; null of a card',
    visit Nullable(String) COMMENT 'Key of the visit from which the message was written; null if not told',
    visitor Nullable(String) COMMENT 'Key of the visitor who wrote the message; null if not told',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; of a card the tag; null if not told',
    medium LowCardinality(Nullable(String)) COMMENT 'Medium, like cpc; null if not told',
    campaign Nullable(String) COMMENT 'Campaign; null if not told',
    content Nullable(String) COMMENT 'Variant of the advertisement; null if not told',
    term Nullable(String) COMMENT 'Search term; null if not told',
    gclid Nullable(String) COMMENT 'Click id of Google Ads; null if not told',
    gbraid Nullable(String) COMMENT 'Click id of Google Ads from iOS apps; null if not told',
    wbraid Nullable(String) COMMENT 'Click id of Google Ads to iOS apps; null if not told',
    fbclid Nullable(String) COMMENT 'Click id of Facebook; null if not told',
    yclid Nullable(String) COMMENT 'Click id of Yandex Direct; null if not told',
    msclkid Nullable(String) COMMENT 'Click id of Microsoft Advertising; null if not told',
    ctwa_clid Nullable(String) COMMENT 'Click id of an advertisement that opens WhatsApp; null if not told',
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if not told'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
WITH
    (
        SELECT (groupArray(toString(account)), groupArray(pepper)) FROM
        (SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account)
    ) AS secrets
SELECT
    t.account AS account, t.kind AS kind, t.at AS at, t.id AS id,
    arrayElement(arrayMap(one -> if(match(one, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$')
        AND length(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15,
        concat(substring(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***',
        right(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), 4)), one),
        [t.contact]), 1) AS contact,
    t.channel AS channel, nullIf(if(if(match(ifNull(t.conversation, ''), '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', ifNull(t.conversation, ''), concat(if(if(match(ifNull(t.conversation, ''), '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), '') = '', ifNull(t.conversation, ''), concat(substring(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***', right(if(match(ifNull(t.conversation, ''), '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''), 4))), '-', substring(lower(hex(SHA256(concat(transform(toString(t.account), secrets.1, secrets.2, ''), '+', if(match(ifNull(t.conversation, ''), '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$') AND length(replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15, replaceRegexpAll(extract(ifNull(t.conversation, ''), '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), ''))))), 1, 16))), '') AS conversation, nullIf(t.visit_key, '') AS visit,
    nullIf(t.visitor_key, '') AS visitor, t.source AS source, t.medium AS medium,
    t.campaign AS campaign, t.content AS content, t.term AS term, t.gclid AS gclid,
    t.gbraid AS gbraid, t.wbraid AS wbraid, t.fbclid AS fbclid, t.yclid AS yclid,
    t.msclkid AS msclkid, t.ctwa_clid AS ctwa_clid, t.origin AS origin
FROM {database}.whole_touches AS t
COMMENT 'What chats and cards tell of where contacts came from, phone numbers masked';
