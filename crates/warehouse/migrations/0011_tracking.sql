-- Provisional: replaced by the branch that brings visits and attributions.

CREATE TABLE IF NOT EXISTS {database}.visits{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the visit belongs to',
    visit String COMMENT 'Visit id',
    visitor String COMMENT 'Visitor',
    site LowCardinality(String) COMMENT 'Site, by its key; empty if another tracker told of it',
    pool LowCardinality(String) COMMENT 'Pool of the site; empty if none',
    number LowCardinality(String) COMMENT 'Number that was shown; empty if none',
    served UInt8 COMMENT '1 if the number was its own',
    doubled UInt8 COMMENT '1 if another visit lived on the number',
    started_at DateTime64(3, 'UTC') COMMENT 'First sign of life',
    last_at DateTime64(3, 'UTC') COMMENT 'Last sign of life',
    expires_at DateTime64(3, 'UTC') COMMENT 'Until when it lives, or lived',
    ended UInt8 COMMENT '1 if it was ended',
    source LowCardinality(String) COMMENT 'Source',
    medium LowCardinality(String) COMMENT 'Medium',
    campaign String COMMENT 'Campaign',
    content String COMMENT 'Content',
    term String COMMENT 'Term',
    origin LowCardinality(String) COMMENT 'Origin',
    version UInt64 COMMENT 'Version',
    deleted UInt8 COMMENT '1 if taken back'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, visit)
COMMENT 'Visits';

CREATE TABLE IF NOT EXISTS {database}.attributions{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call',
    number LowCardinality(String) COMMENT 'Number of ours',
    started_at DateTime64(3, 'UTC') COMMENT 'When it began',
    rule UInt8 COMMENT 'Rule that matched first',
    certainty LowCardinality(String) COMMENT 'How sure it is',
    reason LowCardinality(String) COMMENT 'Why there is no visit; empty if there is',
    `candidates.visit` Array(String) COMMENT 'Visit',
    `candidates.weight` Array(Float64) COMMENT 'Weight',
    `candidates.source` Array(String) COMMENT 'Source',
    `candidates.medium` Array(String) COMMENT 'Medium',
    `candidates.campaign` Array(String) COMMENT 'Campaign',
    `candidates.content` Array(String) COMMENT 'Content',
    `candidates.term` Array(String) COMMENT 'Term',
    `candidates.origin` Array(String) COMMENT 'Origin',
    version UInt64 COMMENT 'Version',
    deleted UInt8 COMMENT '1 if gone'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, call)
COMMENT 'Attributions';
