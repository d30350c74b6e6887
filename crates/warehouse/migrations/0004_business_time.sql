-- Business time beside calendar time, what a timeline needs to be read back, and changes of
-- conversations as facts of their own.

ALTER TABLE {database}.messages{on_cluster}
    ADD COLUMN IF NOT EXISTS first_from_start_ms Nullable(Int64) COMMENT 'As first_ms, but since the first contact message of the cycle also when a bot spoke first; null if it gives no sample' CODEC(ZSTD(1)) AFTER first_ms,
    ADD COLUMN IF NOT EXISTS kommo_business_ms Nullable(Int64) COMMENT 'As kommo_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER first_from_start_ms,
    ADD COLUMN IF NOT EXISTS turn_business_ms Nullable(Int64) COMMENT 'As turn_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER kommo_business_ms,
    ADD COLUMN IF NOT EXISTS wait_business_ms Nullable(Int64) COMMENT 'As wait_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER turn_business_ms,
    ADD COLUMN IF NOT EXISTS assigned_business_ms Nullable(Int64) COMMENT 'As assigned_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER wait_business_ms,
    ADD COLUMN IF NOT EXISTS first_business_ms Nullable(Int64) COMMENT 'As first_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER assigned_business_ms,
    ADD COLUMN IF NOT EXISTS first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule' CODEC(ZSTD(1)) AFTER first_business_ms,
    ADD COLUMN IF NOT EXISTS assignee LowCardinality(String) COMMENT 'Manager that the message says the conversation is given to; empty if it says none' AFTER chars,
    ADD COLUMN IF NOT EXISTS expects_reply UInt8 DEFAULT 1 COMMENT '0 if a contact''s message asks for no answer' CODEC(ZSTD(1)) AFTER assignee,
    ADD COLUMN IF NOT EXISTS run LowCardinality(String) COMMENT 'Run of the import that brought it; empty if none did' AFTER expects_reply;

CREATE TABLE IF NOT EXISTS {database}.changes{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel' CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') COMMENT 'When it changed, by the vendor''s clock' CODEC(Delta, ZSTD(1)),
    id String COMMENT 'Id of the event, or the hash that stands for it' CODEC(ZSTD(1)),
    change LowCardinality(String) COMMENT 'What changed: assigned, handed_off, closed, reopened, stage or moved',
    manager LowCardinality(String) COMMENT 'Manager it was given to, or who changed it; empty if not told',
    run LowCardinality(String) COMMENT 'Run of the import that brought it; empty if none did',
    received_at DateTime64(3, 'UTC') COMMENT 'When it arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if the row is taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, channel, conversation, at, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Changes of conversations: assignments, hand-offs, closings, reopenings, stages';

CREATE OR REPLACE VIEW {database}.v_messages{on_cluster}
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
    first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, first_from_start_ms,
    kommo_business_ms, turn_business_ms, wait_business_ms, assigned_business_ms, first_business_ms,
    first_from_start_business_ms
FROM {database}.messages FINAL
COMMENT 'Public messages, with the response times that each reply gives';

CREATE OR REPLACE VIEW {database}.v_responses{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the reply belongs to',
    at DateTime64(3, 'UTC') COMMENT 'When the reply was sent: a response belongs to this time',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Contact that was answered',
    message String COMMENT 'Message id of the reply',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who sent the reply; null if he is unknown or a bot did',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    author LowCardinality(String) COMMENT 'manager, or bot for a bot''s reply',
    definition String COMMENT 'kommo, turn, wait, assigned or first',
    ms Int64 COMMENT 'Response time in calendar milliseconds',
    business_ms Nullable(Int64) COMMENT 'Response time in milliseconds inside the schedule; null without a schedule',
    queue_ms Nullable(Int64) COMMENT 'Of an assigned sample: what routing took, its wait less itself, in calendar milliseconds; else null',
    from_start_ms Nullable(Int64) COMMENT 'Of a first sample: calendar milliseconds since the first contact message of the cycle also when a bot spoke first; else null',
    from_start_business_ms Nullable(Int64) COMMENT 'As from_start_ms, but only the time inside the schedule; null without a schedule'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'kommo' AS definition, assumeNotNull(kommo_ms) AS ms,
    kommo_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms
FROM {database}.messages FINAL WHERE kommo_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'turn' AS definition, assumeNotNull(turn_ms) AS ms,
    turn_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms
FROM {database}.messages FINAL WHERE turn_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'wait' AS definition, assumeNotNull(wait_ms) AS ms,
    wait_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms
FROM {database}.messages FINAL WHERE wait_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'assigned' AS definition, assumeNotNull(assigned_ms) AS ms,
    assigned_business_ms AS business_ms, assumeNotNull(wait_ms) - assumeNotNull(assigned_ms) AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms
FROM {database}.messages FINAL WHERE assigned_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'first' AS definition, assumeNotNull(first_ms) AS ms,
    first_business_ms AS business_ms, NULL AS queue_ms, first_from_start_ms AS from_start_ms,
    first_from_start_business_ms AS from_start_business_ms
FROM {database}.messages FINAL WHERE first_ms IS NOT NULL
COMMENT 'Response times: one row per sample, up to five a reply';
