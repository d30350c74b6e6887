-- Facts: one row per public message, one per conversation. Rows are absolute and versioned:
-- writing one again, late or twice, is harmless, and the highest version wins.

CREATE TABLE IF NOT EXISTS {database}.messages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the message belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel' CODEC(ZSTD(1)),
    contact String COMMENT 'Contact that the message is from or to' CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') COMMENT 'When the message was sent, by the vendor''s clock' CODEC(Delta, ZSTD(1)),
    message String COMMENT 'Message id, unique within its conversation' CODEC(ZSTD(1)),
    author LowCardinality(String) COMMENT 'Who wrote it: contact, manager, bot, system or campaign',
    manager LowCardinality(String) COMMENT 'Manager who wrote it; empty if none did or he is unknown',
    kind LowCardinality(String) COMMENT 'What it is: text, image, audio, video, file, location, sticker or other',
    chars Nullable(UInt32) COMMENT 'Length in characters; null if not told' CODEC(ZSTD(1)),
    kommo_ms Nullable(Int64) COMMENT 'Response time by the kommo definition, calendar milliseconds; null if it gives no sample' CODEC(ZSTD(1)),
    turn_ms Nullable(Int64) COMMENT 'Response time by the turn definition, calendar milliseconds; null if it gives no sample' CODEC(ZSTD(1)),
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample' CODEC(ZSTD(1)),
    assigned_ms Nullable(Int64) COMMENT 'Response time by the assigned definition, calendar milliseconds; null if it gives no sample' CODEC(ZSTD(1)),
    first_ms Nullable(Int64) COMMENT 'Response time by the first definition, calendar milliseconds; null if it gives no sample' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When the message arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if the row is taken back' CODEC(ZSTD(1)),
    INDEX by_conversation conversation TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
PARTITION BY toYYYYMM(at)
ORDER BY (account, manager, at, channel, conversation, message)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Public messages, with the response times that each reply gives';

CREATE TABLE IF NOT EXISTS {database}.conversations{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel' CODEC(ZSTD(1)),
    contact String COMMENT 'Author of the first contact message, else contact of the first message' CODEC(ZSTD(1)),
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first event' CODEC(Delta, ZSTD(1)),
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last event' CODEC(Delta, ZSTD(1)),
    assignee LowCardinality(String) COMMENT 'Manager it is assigned to now; empty if nobody',
    last_manager LowCardinality(String) COMMENT 'Manager who wrote last; empty if none did',
    pending_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when a reply is owed; null if none is' CODEC(ZSTD(1)),
    `cycles.started_at` Array(DateTime64(3, 'UTC')) COMMENT 'Of each cycle, in order of time: its first contact message' CODEC(ZSTD(1)),
    `cycles.contact` Array(String) COMMENT 'Of each cycle: author of its first contact message' CODEC(ZSTD(1)),
    `cycles.answered` Array(UInt8) COMMENT 'Of each cycle: 1 if a manager''s message cleared a pending one within it' CODEC(ZSTD(1)),
    `cycles.closed_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: when it was closed; null if it was not' CODEC(ZSTD(1)),
    `cycles.closed_by` Array(String) COMMENT 'Of each cycle: manager who closed it; empty if not told' CODEC(ZSTD(1)),
    `cycles.pending_at_close` Array(UInt8) COMMENT 'Of each cycle: 1 if a reply was still owed when it was closed' CODEC(ZSTD(1)),
    `cycles.reopened_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each cycle: first reopening after its closing, before the next cycle; null if none' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if the row is taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, channel, conversation)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Conversations with their cycles, as they stand after their last known event';
