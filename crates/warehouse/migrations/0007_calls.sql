-- Calls: one row each, absolute and versioned, with their legs beside each other in arrays. Who a
-- contact is, and which extension or name at a provider is whose, stands in tables of its own, read
-- together with the facts, so that what is told today mends the past.

CREATE TABLE IF NOT EXISTS {database}.calls{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call id, unique within its account' CODEC(ZSTD(1)),
    hook LowCardinality(String) COMMENT 'Hook that told of it first; api if none did',
    direction LowCardinality(String) COMMENT 'inbound, outbound or internal',
    origin LowCardinality(String) COMMENT 'What made it, like callback or dialler; empty for a person',
    caller String COMMENT 'Who is outside: E.164 where it is a phone number, else as told; empty if unknown' CODEC(ZSTD(1)),
    known UInt8 COMMENT '1 if who is outside is told by a phone number',
    number LowCardinality(String) COMMENT 'Number of ours that was called, or called from: E.164 where it is one, else as told',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began: the call and its figures belong to this time' CODEC(Delta, ZSTD(1)),
    queued_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was queued first; null if never' CODEC(ZSTD(1)),
    ringing_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it rang first; null if never' CODEC(ZSTD(1)),
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a person answered first; null if nobody did' CODEC(ZSTD(1)),
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; null if that was not told' CODEC(ZSTD(1)),
    disposition LowCardinality(String) COMMENT 'How it ended: answered, missed, abandoned, menu, voicemail, busy, no_answer, failed, blocked, or a word of the sender; empty while it has not' CODEC(ZSTD(1)),
    ghost UInt8 COMMENT '1 if it was answered for less than min_answer_s and so counts as missed',
    menu_ms Int64 COMMENT 'Time in voice menus, milliseconds' CODEC(ZSTD(1)),
    queue_ms Int64 COMMENT 'Time in queues, milliseconds' CODEC(ZSTD(1)),
    ring_ms Int64 COMMENT 'Time of ringing, milliseconds' CODEC(ZSTD(1)),
    hold_ms Int64 COMMENT 'Time on hold, milliseconds' CODEC(ZSTD(1)),
    wait_ms Nullable(Int64) COMMENT 'From the first queueing, else ringing, else the start, to the answer by a person or the end, milliseconds; null while it waits' CODEC(ZSTD(1)),
    talk_ms Int64 COMMENT 'From the answer to the end without hold, milliseconds' CODEC(ZSTD(1)),
    tags Array(String) COMMENT 'Its tags' CODEC(ZSTD(1)),
    spam UInt8 COMMENT '1 if it is spam: outside every report unless asked for',
    value Nullable(Decimal(38, 9)) COMMENT 'What it is worth, in the currency of the account; null if not told' CODEC(ZSTD(1)),
    recording String COMMENT 'Address of its recording; empty if none' CODEC(ZSTD(1)),
    integrity LowCardinality(String) COMMENT 'How far its figures are vouched for: verified, weak or unverified; the weakest of what told of it',
    `legs.leg` Array(String) COMMENT 'Of each leg of a person, in order of ringing: its id' CODEC(ZSTD(1)),
    `legs.manager` Array(String) COMMENT 'Of each leg: its manager as told; empty if not told' CODEC(ZSTD(1)),
    `legs.extension` Array(String) COMMENT 'Of each leg: its extension or forwarded number; empty if not told' CODEC(ZSTD(1)),
    `legs.ringing_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each leg: when it rang first; null if not told' CODEC(ZSTD(1)),
    `legs.answered_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each leg: when it was answered; null if it was not' CODEC(ZSTD(1)),
    `legs.ended_at` Array(Nullable(DateTime64(3, 'UTC'))) COMMENT 'Of each leg: when it ended; null if not told' CODEC(ZSTD(1)),
    `legs.ring_ms` Array(Int64) COMMENT 'Of each leg: time of ringing, milliseconds' CODEC(ZSTD(1)),
    `legs.talk_ms` Array(Int64) COMMENT 'Of each leg: from its answer to its end without hold, milliseconds' CODEC(ZSTD(1)),
    `legs.hold_ms` Array(Int64) COMMENT 'Of each leg: time on hold, milliseconds' CODEC(ZSTD(1)),
    `legs.transferred_out` Array(UInt8) COMMENT 'Of each leg: 1 if it gave the call on' CODEC(ZSTD(1)),
    `legs.transferred_in` Array(UInt8) COMMENT 'Of each leg: 1 if the call was given to it' CODEC(ZSTD(1)),
    last_received_at DateTime64(3, 'UTC') COMMENT 'When its latest phase arrived, by our clock: without an end it timed out four hours later' CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its events were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, call)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Calls with their legs, as they stand after their last known event';

CREATE TABLE IF NOT EXISTS {database}.identities{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    kind LowCardinality(String) COMMENT 'What is known of the contact: phone, email, channel (its id on a channel) or contact (its id before a merge)',
    channel LowCardinality(String) COMMENT 'Channel of an id on a channel; empty for others',
    identity String COMMENT 'The phone number in E.164, the address in lower case, or the id' CODEC(ZSTD(1)),
    contact String COMMENT 'Contact it belongs to, after all merges' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When it was told, by our clock; it is kept for good' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if it belongs to nobody any more' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, kind, channel, identity)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Which contact a phone number, an address or an id belongs to';

CREATE TABLE IF NOT EXISTS {database}.extensions{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the extension belongs to',
    extension String COMMENT 'Extension, as in the facts',
    valid_from DateTime64(3, 'UTC') COMMENT 'Since when it is the manager''s, inclusive; 1970 if it always was',
    manager String COMMENT 'Manager it belongs to',
    valid_until DateTime64(3, 'UTC') COMMENT 'Until when, exclusive; end of 2299 if it is open',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, extension, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Which extension was whose when';

CREATE TABLE IF NOT EXISTS {database}.aliases{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the manager works for',
    alias String COMMENT 'Name as in the facts: the provider, a colon and the manager''s id there',
    manager String COMMENT 'Manager it stands for',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, alias)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'What managers are called at providers';

CREATE TABLE IF NOT EXISTS {database}.peppers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the secret belongs to',
    pepper String COMMENT 'Secret that phone numbers are hashed with',
    version UInt64 COMMENT 'Always 1: of several the least holds'
)
ENGINE = {engine}ReplacingMergeTree(version)
ORDER BY (account, pepper)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'What the views hash phone numbers with, so that they can be joined and not be read';

ALTER TABLE {database}.messages{on_cluster}
    ADD COLUMN IF NOT EXISTS integrity LowCardinality(String) DEFAULT 'verified' COMMENT 'How far it is vouched for: verified, weak or unverified' AFTER expects_reply;
