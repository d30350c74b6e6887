-- Call tracking: visits with the numbers they held, and what brought each call. One row each, absolute
-- and versioned; an attribution is written anew when a lease, a link or a call that is told late changes
-- it. Static numbers stand in a table of their own, as they are set.

CREATE TABLE IF NOT EXISTS {database}.visits{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the visit belongs to',
    visit String COMMENT 'Visit id, unique within its account' CODEC(ZSTD(1)),
    visitor String COMMENT 'Visitor as the site knows him' CODEC(ZSTD(1)),
    site LowCardinality(String) COMMENT 'Site, by its key; empty if another tracker told of it',
    pool LowCardinality(String) COMMENT 'Pool of the site; empty if it has none',
    number LowCardinality(String) COMMENT 'Number that was shown: its own if served, else the fallback or what another tracker showed; empty if none',
    served UInt8 COMMENT '1 if it had a number of its own',
    served_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when it had: after its start if none was free then; null if never' CODEC(ZSTD(1)),
    doubled UInt8 COMMENT '1 if another visit lived on that number already, so that this one held nothing: must not be',
    started_at DateTime64(3, 'UTC') COMMENT 'Its first sign of life' CODEC(Delta, ZSTD(1)),
    last_at DateTime64(3, 'UTC') COMMENT 'Its last sign of life' CODEC(Delta, ZSTD(1)),
    expires_at DateTime64(3, 'UTC') COMMENT 'Until when it lives, or lived; a call on its number renews it' CODEC(Delta, ZSTD(1)),
    ended UInt8 COMMENT '1 if it was ended, 0 if it expires',
    `pages.at` Array(DateTime64(3, 'UTC')) COMMENT 'Of each page in the order they were seen, the first 50: when' CODEC(ZSTD(1)),
    `pages.url` Array(String) COMMENT 'Of each page: its address' CODEC(ZSTD(1)),
    `pages.title` Array(String) COMMENT 'Of each page: its title; empty if not told' CODEC(ZSTD(1)),
    referrer String COMMENT 'Page before the first; empty if not told' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Source, like google; empty if not known',
    medium LowCardinality(String) COMMENT 'Medium, like cpc; empty if not known',
    campaign String COMMENT 'Campaign; empty if not known' CODEC(ZSTD(1)),
    content String COMMENT 'Variant of the advertisement; empty if not known' CODEC(ZSTD(1)),
    term String COMMENT 'Search term; empty if not known' CODEC(ZSTD(1)),
    gclid String COMMENT 'Click id of Google Ads; empty if not known' CODEC(ZSTD(1)),
    gbraid String COMMENT 'Click id of Google Ads from iOS apps; empty if not known' CODEC(ZSTD(1)),
    wbraid String COMMENT 'Click id of Google Ads to iOS apps; empty if not known' CODEC(ZSTD(1)),
    fbclid String COMMENT 'Click id of Facebook; empty if not known' CODEC(ZSTD(1)),
    yclid String COMMENT 'Click id of Yandex Direct; empty if not known' CODEC(ZSTD(1)),
    msclkid String COMMENT 'Click id of Microsoft Advertising; empty if not known' CODEC(ZSTD(1)),
    ctwa_clid String COMMENT 'Click id of an advertisement that opens WhatsApp; empty if not known' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; empty if by none of these',
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its pages were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, visit)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Visits of sites with the numbers they held, as they stand after their last sign of life';

CREATE TABLE IF NOT EXISTS {database}.attributions{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call id, unique within its account' CODEC(ZSTD(1)),
    number LowCardinality(String) COMMENT 'Number of ours that was called',
    started_at DateTime64(3, 'UTC') COMMENT 'When the call began' CODEC(Delta, ZSTD(1)),
    rule UInt8 COMMENT 'Rule that matched first, 0 to 7: static number, lease of a linked visitor, repeat, lease alone, leases weighted, leases ended, the last visit of the caller, none',
    certainty LowCardinality(String) COMMENT 'certain, repeat, likely, ambiguous or unattributed',
    reason LowCardinality(String) COMMENT 'Why there is no visit: unserved, expired or unknown_number; empty if there is one',
    `candidates.visit` Array(String) COMMENT 'Of each that may have brought it, the heaviest first: the visit; empty for a static number or a pool' CODEC(ZSTD(1)),
    `candidates.weight` Array(Float64) COMMENT 'Of each candidate: its share; they sum to 1' CODEC(ZSTD(1)),
    `candidates.source` Array(String) COMMENT 'Of each candidate: source, like google; empty if not known' CODEC(ZSTD(1)),
    `candidates.medium` Array(String) COMMENT 'Of each candidate: medium, like cpc; empty if not known' CODEC(ZSTD(1)),
    `candidates.campaign` Array(String) COMMENT 'Of each candidate: campaign; empty if not known' CODEC(ZSTD(1)),
    `candidates.content` Array(String) COMMENT 'Of each candidate: variant of the advertisement; empty if not known' CODEC(ZSTD(1)),
    `candidates.term` Array(String) COMMENT 'Of each candidate: search term; empty if not known' CODEC(ZSTD(1)),
    `candidates.gclid` Array(String) COMMENT 'Of each candidate: click id of Google Ads; empty if not known' CODEC(ZSTD(1)),
    `candidates.gbraid` Array(String) COMMENT 'Of each candidate: click id of Google Ads from iOS apps; empty if not known' CODEC(ZSTD(1)),
    `candidates.wbraid` Array(String) COMMENT 'Of each candidate: click id of Google Ads to iOS apps; empty if not known' CODEC(ZSTD(1)),
    `candidates.fbclid` Array(String) COMMENT 'Of each candidate: click id of Facebook; empty if not known' CODEC(ZSTD(1)),
    `candidates.yclid` Array(String) COMMENT 'Of each candidate: click id of Yandex Direct; empty if not known' CODEC(ZSTD(1)),
    `candidates.msclkid` Array(String) COMMENT 'Of each candidate: click id of Microsoft Advertising; empty if not known' CODEC(ZSTD(1)),
    `candidates.ctwa_clid` Array(String) COMMENT 'Of each candidate: click id of an advertisement that opens WhatsApp; empty if not known' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When the latest event of the call arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if the call is gone, or did not come from outside' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, call)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'What brought each call, by the evidence there is now';

CREATE TABLE IF NOT EXISTS {database}.static_numbers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the number belongs to',
    number String COMMENT 'Number, as calls have it',
    valid_from DateTime64(3, 'UTC') COMMENT 'Since when it names the source, inclusive; 1970 if it always did',
    source String COMMENT 'Source that it names',
    medium String COMMENT 'Medium that it names; empty if none',
    campaign String COMMENT 'Campaign that it names; empty if none',
    valid_until DateTime64(3, 'UTC') COMMENT 'Until when, exclusive; end of 2299 if it is open',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, number, valid_from)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Which source a static number named when';

CREATE OR REPLACE VIEW {database}.v_visits{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the visit belongs to',
    visit String COMMENT 'Visit id, unique within its account',
    visitor String COMMENT 'Visitor as the site knows him',
    site LowCardinality(Nullable(String)) COMMENT 'Site, by its key; null if another tracker told of it',
    pool LowCardinality(Nullable(String)) COMMENT 'Pool of the site; null if it has none',
    number LowCardinality(Nullable(String)) COMMENT 'Number that was shown: its own if served, else the fallback or what another tracker showed; null if none',
    served UInt8 COMMENT '1 if it had a number of its own',
    served_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when it had: after its start if none was free then; null if never',
    doubled UInt8 COMMENT '1 if another visit lived on that number already: must not be',
    at DateTime64(3, 'UTC') COMMENT 'Its first sign of life: the visit belongs to this time',
    last_at DateTime64(3, 'UTC') COMMENT 'Its last sign of life',
    expires_at DateTime64(3, 'UTC') COMMENT 'Until when it lives, or lived; a call on its number renews it',
    ended UInt8 COMMENT '1 if it was ended, 0 if it expires',
    pages_at Array(DateTime64(3, 'UTC')) COMMENT 'Of each page in the order they were seen, the first 50: when',
    pages_url Array(String) COMMENT 'Of each page: its address',
    pages_title Array(String) COMMENT 'Of each page: its title; empty if not told',
    referrer Nullable(String) COMMENT 'Page before the first; null if not told',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; null if not known',
    medium LowCardinality(Nullable(String)) COMMENT 'Medium, like cpc; null if not known',
    campaign Nullable(String) COMMENT 'Campaign; null if not known',
    content Nullable(String) COMMENT 'Variant of the advertisement; null if not known',
    term Nullable(String) COMMENT 'Search term; null if not known',
    gclid Nullable(String) COMMENT 'Click id of Google Ads; null if not known',
    gbraid Nullable(String) COMMENT 'Click id of Google Ads from iOS apps; null if not known',
    wbraid Nullable(String) COMMENT 'Click id of Google Ads to iOS apps; null if not known',
    fbclid Nullable(String) COMMENT 'Click id of Facebook; null if not known',
    yclid Nullable(String) COMMENT 'Click id of Yandex Direct; null if not known',
    msclkid Nullable(String) COMMENT 'Click id of Microsoft Advertising; null if not known',
    ctwa_clid Nullable(String) COMMENT 'Click id of an advertisement that opens WhatsApp; null if not known',
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if by none of these'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    v.account AS account, v.visit AS visit, v.visitor AS visitor,
    nullIf(v.site, '') AS site, nullIf(v.pool, '') AS pool, nullIf(v.number, '') AS number,
    v.served AS served, v.served_at AS served_at, v.doubled AS doubled, v.started_at AS at, v.last_at AS last_at,
    v.expires_at AS expires_at, v.ended AS ended, v.pages_at AS pages_at, v.pages_url AS pages_url,
    v.pages_title AS pages_title,
    nullIf(v.referrer, '') AS referrer, nullIf(v.source, '') AS source,
    nullIf(v.medium, '') AS medium, nullIf(v.campaign, '') AS campaign,
    nullIf(v.content, '') AS content, nullIf(v.term, '') AS term, nullIf(v.gclid, '') AS gclid,
    nullIf(v.gbraid, '') AS gbraid, nullIf(v.wbraid, '') AS wbraid,
    nullIf(v.fbclid, '') AS fbclid, nullIf(v.yclid, '') AS yclid,
    nullIf(v.msclkid, '') AS msclkid, nullIf(v.ctwa_clid, '') AS ctwa_clid,
    nullIf(v.origin, '') AS origin
FROM
(
    SELECT *, `pages.at` AS pages_at, `pages.url` AS pages_url, `pages.title` AS pages_title
    FROM {database}.visits FINAL
) AS v
COMMENT 'Visits of sites with the numbers they held';

CREATE OR REPLACE VIEW {database}.v_attributions{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call id, unique within its account',
    number LowCardinality(Nullable(String)) COMMENT 'Number of ours that was called; null if not told',
    at DateTime64(3, 'UTC') COMMENT 'When the call began: it belongs to this time',
    rule UInt8 COMMENT 'Rule that matched first, 0 to 7: static number, lease of a linked visitor, repeat, lease alone, leases weighted, leases ended, the last visit of the caller, none',
    certainty LowCardinality(String) COMMENT 'certain, repeat, likely, ambiguous or unattributed',
    reason LowCardinality(Nullable(String)) COMMENT 'Why there is no visit: unserved, expired or unknown_number; null if there is one',
    nth UInt32 COMMENT 'Place of the candidate, from 1, the heaviest first',
    visit Nullable(String) COMMENT 'Visit that may have brought it; null for a static number or a pool',
    weight Float64 COMMENT 'Its share: those of a call sum to 1',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; null if not known',
    medium LowCardinality(Nullable(String)) COMMENT 'Medium, like cpc; null if not known',
    campaign Nullable(String) COMMENT 'Campaign; null if not known',
    content Nullable(String) COMMENT 'Variant of the advertisement; null if not known',
    term Nullable(String) COMMENT 'Search term; null if not known',
    gclid Nullable(String) COMMENT 'Click id of Google Ads; null if not known',
    gbraid Nullable(String) COMMENT 'Click id of Google Ads from iOS apps; null if not known',
    wbraid Nullable(String) COMMENT 'Click id of Google Ads to iOS apps; null if not known',
    fbclid Nullable(String) COMMENT 'Click id of Facebook; null if not known',
    yclid Nullable(String) COMMENT 'Click id of Yandex Direct; null if not known',
    msclkid Nullable(String) COMMENT 'Click id of Microsoft Advertising; null if not known',
    ctwa_clid Nullable(String) COMMENT 'Click id of an advertisement that opens WhatsApp; null if not known'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, call, nullIf(number, '') AS number, started_at AS at, rule, certainty,
    nullIf(reason, '') AS reason, nth, nullIf(visit_of, '') AS visit, weight_of AS weight,
    nullIf(source_of, '') AS source, nullIf(medium_of, '') AS medium, nullIf(campaign_of, '') AS
    campaign, nullIf(content_of, '') AS content, nullIf(term_of, '') AS term, nullIf(gclid_of, '')
    AS gclid, nullIf(gbraid_of, '') AS gbraid, nullIf(wbraid_of, '') AS wbraid, nullIf(fbclid_of,
    '') AS fbclid, nullIf(yclid_of, '') AS yclid, nullIf(msclkid_of, '') AS msclkid,
    nullIf(ctwa_clid_of, '') AS ctwa_clid
FROM {database}.attributions FINAL
ARRAY JOIN
    arrayEnumerate(`candidates.visit`) AS nth, `candidates.visit` AS visit_of, `candidates.weight`
    AS weight_of, `candidates.source` AS source_of, `candidates.medium` AS medium_of,
    `candidates.campaign` AS campaign_of, `candidates.content` AS content_of, `candidates.term` AS
    term_of, `candidates.gclid` AS gclid_of, `candidates.gbraid` AS gbraid_of, `candidates.wbraid`
    AS wbraid_of, `candidates.fbclid` AS fbclid_of, `candidates.yclid` AS yclid_of,
    `candidates.msclkid` AS msclkid_of, `candidates.ctwa_clid` AS ctwa_clid_of
COMMENT 'What may have brought each call, a row for each candidate';

CREATE OR REPLACE VIEW {database}.v_static_numbers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the number belongs to',
    number String COMMENT 'Number, as calls have it',
    valid_from DateTime64(3, 'UTC') COMMENT 'Since when it names the source, inclusive; 1970 if it always did',
    valid_until DateTime64(3, 'UTC') COMMENT 'Until when, exclusive; end of 2299 if it is open',
    source String COMMENT 'Source that it names',
    medium Nullable(String) COMMENT 'Medium that it names; null if none',
    campaign Nullable(String) COMMENT 'Campaign that it names; null if none'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    n.account AS account, n.number AS number, n.valid_from AS valid_from, n.valid_until AS valid_until,
    n.source AS source, nullIf(n.medium, '') AS medium, nullIf(n.campaign, '') AS campaign
FROM {database}.static_numbers AS n FINAL
COMMENT 'Which source a static number named when';
