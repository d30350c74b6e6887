-- Figures added up ahead of time, and the verdict on each sample that they need: whether it is
-- within its target is told by the fold, by the settings that held for it.

ALTER TABLE {database}.messages{on_cluster}
    ADD COLUMN IF NOT EXISTS within_target UInt16 COMMENT 'Which samples are within their target, a bit each: kommo 0, turn 1, wait 2, assigned 3, first 4; the same in business time from 8' CODEC(ZSTD(1)) AFTER first_from_start_business_ms;

CREATE TABLE IF NOT EXISTS {database}.answers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the figures belong to',
    definition LowCardinality(String) COMMENT 'What is counted: samples by kommo, turn, wait, assigned or first, or messages',
    hours LowCardinality(String) COMMENT 'Time that samples are measured in: calendar, or business for only that inside the schedule',
    at DateTime64(3, 'UTC') COMMENT 'When the cell begins' CODEC(Delta, ZSTD(1)),
    channel LowCardinality(String) COMMENT 'Channel the conversations run on',
    author LowCardinality(String) COMMENT 'Who wrote: contact, manager, bot, system or campaign',
    manager LowCardinality(String) COMMENT 'Manager who wrote; empty if none did or he is unknown',
    minutes UInt8 COMMENT 'Length of the cell' CODEC(ZSTD(1)),
    count UInt64 COMMENT 'Samples, or messages' CODEC(ZSTD(1)),
    sum_ms Int64 COMMENT 'Sum of the samples in milliseconds' CODEC(ZSTD(1)),
    min_ms Int64 COMMENT 'Least sample in milliseconds; 0 of messages' CODEC(ZSTD(1)),
    max_ms Int64 COMMENT 'Greatest sample in milliseconds; 0 of messages' CODEC(ZSTD(1)),
    within_target UInt64 COMMENT 'Samples within the target that held for them' CODEC(ZSTD(1)),
    outside_hours UInt64 COMMENT 'Samples of a wait wholly outside the schedule' CODEC(ZSTD(1)),
    queue_count UInt64 COMMENT 'Samples of replies that have both wait and assigned' CODEC(ZSTD(1)),
    queue_ms Int64 COMMENT 'Of those: what routing took, the sum of wait less assigned in milliseconds' CODEC(ZSTD(1)),
    from_start_count UInt64 COMMENT 'Samples of first that have a time since the first contact message of the cycle' CODEC(ZSTD(1)),
    from_start_ms Int64 COMMENT 'Of those: its sum in milliseconds' CODEC(ZSTD(1)),
    buckets Map(UInt16, UInt64) COMMENT 'How many samples are in each bucket (128 an octave, below 256 ms one each)' CODEC(ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | journal offset below which all records are in the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if there is nothing to count any more' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
PARTITION BY toYYYYMM(at)
ORDER BY (account, definition, hours, at, manager, channel, author)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Messages and response times added up by cell of time, manager and channel';

CREATE OR REPLACE VIEW {database}.v_answers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the figures belong to',
    definition LowCardinality(String) COMMENT 'What is counted: samples by kommo, turn, wait, assigned or first, or messages',
    hours LowCardinality(String) COMMENT 'Time that samples are measured in: calendar, or business for only that inside the schedule',
    at DateTime64(3, 'UTC') COMMENT 'When the cell begins',
    channel LowCardinality(String) COMMENT 'Channel the conversations run on',
    author LowCardinality(String) COMMENT 'Who wrote: contact, manager, bot, system or campaign',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote; null if none did or he is unknown',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    minutes UInt8 COMMENT 'Length of the cell',
    count UInt64 COMMENT 'Samples, or messages',
    sum_ms Int64 COMMENT 'Sum of the samples in milliseconds',
    min_ms Int64 COMMENT 'Least sample in milliseconds; 0 of messages',
    max_ms Int64 COMMENT 'Greatest sample in milliseconds; 0 of messages',
    within_target UInt64 COMMENT 'Samples within the target that held for them',
    outside_hours UInt64 COMMENT 'Samples of a wait wholly outside the schedule',
    queue_count UInt64 COMMENT 'Samples of replies that have both wait and assigned',
    queue_ms Int64 COMMENT 'Of those: what routing took, the sum of wait less assigned in milliseconds',
    from_start_count UInt64 COMMENT 'Samples of first that have a time since the first contact message of the cycle',
    from_start_ms Int64 COMMENT 'Of those: its sum in milliseconds',
    buckets Map(UInt16, UInt64) COMMENT 'How many samples are in each bucket (128 an octave, below 256 ms one each)'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, definition, hours, at, channel, author, nullIf(manager, '') AS manager,
    answers.manager AS manager_key, minutes, count, sum_ms, min_ms, max_ms, within_target,
    outside_hours, queue_count, queue_ms, from_start_count, from_start_ms, buckets
FROM {database}.answers FINAL
COMMENT 'Messages and response times added up by cell of time, manager and channel';

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
    first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt16 COMMENT 'Which samples are within their target, a bit each: kommo 0, turn 1, wait 2, assigned 3, first 4; the same in business time from 8'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, first_from_start_ms,
    kommo_business_ms, turn_business_ms, wait_business_ms, assigned_business_ms, first_business_ms,
    first_from_start_business_ms, within_target
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
    from_start_business_ms Nullable(Int64) COMMENT 'As from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt8 COMMENT '1 if ms is within the target that held for the reply',
    within_target_business UInt8 COMMENT '1 if business_ms is within the target that held for the reply'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'kommo' AS definition, assumeNotNull(kommo_ms) AS ms,
    kommo_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 0) AS within_target,
    bitTest(messages.within_target, 8) AS within_target_business
FROM {database}.messages FINAL WHERE kommo_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'turn' AS definition, assumeNotNull(turn_ms) AS ms,
    turn_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 1) AS within_target,
    bitTest(messages.within_target, 9) AS within_target_business
FROM {database}.messages FINAL WHERE turn_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'wait' AS definition, assumeNotNull(wait_ms) AS ms,
    wait_business_ms AS business_ms, NULL AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 2) AS within_target,
    bitTest(messages.within_target, 10) AS within_target_business
FROM {database}.messages FINAL WHERE wait_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'assigned' AS definition, assumeNotNull(assigned_ms) AS ms,
    assigned_business_ms AS business_ms, assumeNotNull(wait_ms) - assumeNotNull(assigned_ms) AS queue_ms, NULL AS from_start_ms,
    NULL AS from_start_business_ms,
    bitTest(messages.within_target, 3) AS within_target,
    bitTest(messages.within_target, 11) AS within_target_business
FROM {database}.messages FINAL WHERE assigned_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'first' AS definition, assumeNotNull(first_ms) AS ms,
    first_business_ms AS business_ms, NULL AS queue_ms, first_from_start_ms AS from_start_ms,
    first_from_start_business_ms AS from_start_business_ms,
    bitTest(messages.within_target, 4) AS within_target,
    bitTest(messages.within_target, 12) AS within_target_business
FROM {database}.messages FINAL WHERE first_ms IS NOT NULL
COMMENT 'Response times: one row per sample, up to five a reply';
