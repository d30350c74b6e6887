-- What those who count clicks know a visitor by, so that they can be told what came of a visit. Only what the visitor's
-- browser keeps for them is taken, and only where he agreed if that is required.

ALTER TABLE {database}.visits{on_cluster}
    ADD COLUMN IF NOT EXISTS ga_client_id String COMMENT 'What Google Analytics knows the visitor by; empty if not told' CODEC(ZSTD(1)) AFTER origin,
    ADD COLUMN IF NOT EXISTS ym_client_id String COMMENT 'What Yandex Metrica knows the visitor by; empty if not told' CODEC(ZSTD(1)) AFTER ga_client_id,
    ADD COLUMN IF NOT EXISTS consent Nullable(UInt8) COMMENT '1 if those who sell advertising may be told what came of it, 0 if not; null if not told' CODEC(ZSTD(1)) AFTER ym_client_id;

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
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if by none of these',
    ga_client_id Nullable(String) COMMENT 'What Google Analytics knows the visitor by; null if not told',
    ym_client_id Nullable(String) COMMENT 'What Yandex Metrica knows the visitor by; null if not told',
    consent Nullable(UInt8) COMMENT '1 if those who sell advertising may be told what came of it, 0 if not; null if not told'
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
    nullIf(v.origin, '') AS origin, nullIf(v.ga_client_id, '') AS ga_client_id,
    nullIf(v.ym_client_id, '') AS ym_client_id, v.consent AS consent
FROM
(
    SELECT *, `pages.at` AS pages_at, `pages.url` AS pages_url, `pages.title` AS pages_title
    FROM {database}.visits FINAL
) AS v
COMMENT 'Visits of sites with the numbers they held';
