-- What the configuration says about names and teams, so that figures can be read by name, and the
-- writer's own mark of how far the journal has been flushed.

CREATE TABLE IF NOT EXISTS {database}.managers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the manager works for',
    manager String COMMENT 'Manager id, as in the facts',
    name String COMMENT 'Name to show',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, manager)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Managers that the configuration names';

CREATE TABLE IF NOT EXISTS {database}.channels{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the channel belongs to',
    channel String COMMENT 'Channel id, as in the facts',
    name String COMMENT 'Name to show',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, channel)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Channels that the configuration names';

CREATE TABLE IF NOT EXISTS {database}.teams{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the team belongs to',
    team String COMMENT 'Team id',
    name String COMMENT 'Name to show',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, team)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Teams that the configuration names';

CREATE TABLE IF NOT EXISTS {database}.team_members{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the team belongs to',
    manager String COMMENT 'Manager id, as in the facts',
    team String COMMENT 'Team id',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the membership, inclusive; 1970 if it always was',
    valid_until DateTime64(3, 'UTC') COMMENT 'End of the membership, exclusive; end of 2299 if it is open',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, manager, team, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Which manager was in which team when; a manager is in one team at a time';

CREATE TABLE IF NOT EXISTS {database}.trunkline_writer{on_cluster}
(
    journal UInt64 COMMENT 'Id of the journal that the facts come from',
    generation UInt64 COMMENT 'Raised by a new journal, a new fold version, a rebuild or a repair',
    flushed UInt64 COMMENT 'All records below this journal offset are in the facts',
    written_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When this was written, by ClickHouse''s clock'
)
ENGINE = {engine}ReplacingMergeTree(flushed)
ORDER BY (generation, journal)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Who writes the facts, and how far they are complete';
