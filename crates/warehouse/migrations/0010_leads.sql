-- Where inquiries, leads and what was won came from: leads, forms, what advertising cost, messages
-- that tell a source, and tags of contacts. One row each, absolute and versioned. What a stage means
-- and which tags are sources stands in tables of its own, read together with the facts, so that what
-- is told today mends the past.

CREATE TABLE IF NOT EXISTS {database}.leads{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the lead belongs to',
    lead String COMMENT 'Lead id, unique within its account' CODEC(ZSTD(1)),
    created_at DateTime64(3, 'UTC') COMMENT 'When it was made; if that was not told, its first known change' CODEC(Delta, ZSTD(1)),
    created UInt8 COMMENT '1 if its making was told',
    pipeline LowCardinality(String) COMMENT 'Pipeline it is in; empty if not told',
    stage LowCardinality(String) COMMENT 'Stage it is in; empty if not told',
    amount Nullable(Decimal(38, 9)) COMMENT 'What it is worth now; null if not told' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'Currency of the amount; empty for that of the account',
    manager LowCardinality(String) COMMENT 'Its owner as told; empty if not told',
    contacts Array(String) COMMENT 'Its contacts, the main one first' CODEC(ZSTD(1)),
    company String COMMENT 'Its company; empty if not told' CODEC(ZSTD(1)),
    visit String COMMENT 'Visit it came from; empty if not told' CODEC(ZSTD(1)),
    visitor String COMMENT 'Visitor it came from; empty if not told' CODEC(ZSTD(1)),
    channel LowCardinality(String) COMMENT 'Channel it came from; empty if not told',
    source LowCardinality(String) COMMENT 'Source, like google; empty if not told',
    medium LowCardinality(String) COMMENT 'Medium, like cpc; empty if not told',
    campaign String COMMENT 'Campaign; empty if not told' CODEC(ZSTD(1)),
    content String COMMENT 'Variant of the advertisement; empty if not told' CODEC(ZSTD(1)),
    term String COMMENT 'Search term; empty if not told' CODEC(ZSTD(1)),
    gclid String COMMENT 'Click id of Google Ads; empty if not told' CODEC(ZSTD(1)),
    gbraid String COMMENT 'Click id of Google Ads from iOS apps; empty if not told' CODEC(ZSTD(1)),
    wbraid String COMMENT 'Click id of Google Ads to iOS apps; empty if not told' CODEC(ZSTD(1)),
    fbclid String COMMENT 'Click id of Facebook; empty if not told' CODEC(ZSTD(1)),
    yclid String COMMENT 'Click id of Yandex Direct; empty if not told' CODEC(ZSTD(1)),
    msclkid String COMMENT 'Click id of Microsoft Advertising; empty if not told' CODEC(ZSTD(1)),
    ctwa_clid String COMMENT 'Click id of an advertisement that opens WhatsApp; empty if not told' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; empty if not told',
    removed UInt8 COMMENT '1 if it was deleted and not restored: it leaves every count',
    merged_into String COMMENT 'Lead that it became part of; empty if none' CODEC(ZSTD(1)),
    `moves.at` Array(DateTime64(3, 'UTC')) COMMENT 'Of each coming to another stage, in order of time: when; the last is where it is' CODEC(ZSTD(1)),
    `moves.pipeline` Array(String) COMMENT 'Of each move: the pipeline' CODEC(ZSTD(1)),
    `moves.stage` Array(String) COMMENT 'Of each move: the stage; empty if only the pipeline was told' CODEC(ZSTD(1)),
    `moves.manager` Array(String) COMMENT 'Of each move: the owner then, as told; empty if not told' CODEC(ZSTD(1)),
    `amounts.at` Array(DateTime64(3, 'UTC')) COMMENT 'Of each amount it had, in order of time: since when; the last is what it is worth' CODEC(ZSTD(1)),
    `amounts.amount` Array(Decimal(38, 9)) COMMENT 'Of each amount: how much' CODEC(ZSTD(1)),
    `amounts.currency` Array(String) COMMENT 'Of each amount: its currency; empty for that of the account' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its events were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, lead)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Leads as they stand after their last known change';

CREATE TABLE IF NOT EXISTS {database}.forms{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the form belongs to',
    form String COMMENT 'Form id' CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') COMMENT 'When it was sent' CODEC(Delta, ZSTD(1)),
    visit String COMMENT 'Visit in which it was sent; empty if not told' CODEC(ZSTD(1)),
    visitor String COMMENT 'Visitor who sent it; empty if not told' CODEC(ZSTD(1)),
    contact String COMMENT 'Contact who sent it; empty if not told' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Source, like google; empty if not told',
    medium LowCardinality(String) COMMENT 'Medium, like cpc; empty if not told',
    campaign String COMMENT 'Campaign; empty if not told' CODEC(ZSTD(1)),
    content String COMMENT 'Variant of the advertisement; empty if not told' CODEC(ZSTD(1)),
    term String COMMENT 'Search term; empty if not told' CODEC(ZSTD(1)),
    gclid String COMMENT 'Click id of Google Ads; empty if not told' CODEC(ZSTD(1)),
    gbraid String COMMENT 'Click id of Google Ads from iOS apps; empty if not told' CODEC(ZSTD(1)),
    wbraid String COMMENT 'Click id of Google Ads to iOS apps; empty if not told' CODEC(ZSTD(1)),
    fbclid String COMMENT 'Click id of Facebook; empty if not told' CODEC(ZSTD(1)),
    yclid String COMMENT 'Click id of Yandex Direct; empty if not told' CODEC(ZSTD(1)),
    msclkid String COMMENT 'Click id of Microsoft Advertising; empty if not told' CODEC(ZSTD(1)),
    ctwa_clid String COMMENT 'Click id of an advertisement that opens WhatsApp; empty if not told' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; empty if not told',
    phone String COMMENT 'Phone number: E.164 where it is one, else as typed; empty if not told' CODEC(ZSTD(1)),
    known UInt8 COMMENT '1 if it is a phone number',
    email String COMMENT 'E-mail address in lower case; empty if not told' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its events were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, form, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Forms that were sent';

CREATE TABLE IF NOT EXISTS {database}.spend{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that spent it',
    date Date COMMENT 'Day, in the zone of the account',
    source LowCardinality(String) COMMENT 'Source, like google',
    medium LowCardinality(String) COMMENT 'Medium, like cpc; empty if not told',
    campaign String COMMENT 'Campaign; empty if not told' CODEC(ZSTD(1)),
    content String COMMENT 'Variant of the advertisement; empty if not told' CODEC(ZSTD(1)),
    term String COMMENT 'Search term; empty if not told' CODEC(ZSTD(1)),
    amount Decimal(38, 9) COMMENT 'What it cost, as stated last' CODEC(ZSTD(1)),
    currency LowCardinality(String) COMMENT 'Currency of the amount',
    as_of DateTime64(3, 'UTC') COMMENT 'When that was stated' CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When its latest event arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its events were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, date, source, medium, campaign, content, term)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'What days of advertising cost: of each day and source the latest statement';

CREATE TABLE IF NOT EXISTS {database}.touches{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the message belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel' CODEC(ZSTD(1)),
    message String COMMENT 'Message id, unique within its conversation' CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') COMMENT 'When it was written' CODEC(Delta, ZSTD(1)),
    contact String COMMENT 'Contact who wrote it' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'Source, like google; empty if not told',
    medium LowCardinality(String) COMMENT 'Medium, like cpc; empty if not told',
    campaign String COMMENT 'Campaign; empty if not told' CODEC(ZSTD(1)),
    content String COMMENT 'Variant of the advertisement; empty if not told' CODEC(ZSTD(1)),
    term String COMMENT 'Search term; empty if not told' CODEC(ZSTD(1)),
    gclid String COMMENT 'Click id of Google Ads; empty if not told' CODEC(ZSTD(1)),
    gbraid String COMMENT 'Click id of Google Ads from iOS apps; empty if not told' CODEC(ZSTD(1)),
    wbraid String COMMENT 'Click id of Google Ads to iOS apps; empty if not told' CODEC(ZSTD(1)),
    fbclid String COMMENT 'Click id of Facebook; empty if not told' CODEC(ZSTD(1)),
    yclid String COMMENT 'Click id of Yandex Direct; empty if not told' CODEC(ZSTD(1)),
    msclkid String COMMENT 'Click id of Microsoft Advertising; empty if not told' CODEC(ZSTD(1)),
    ctwa_clid String COMMENT 'Click id of an advertisement that opens WhatsApp; empty if not told' CODEC(ZSTD(1)),
    origin LowCardinality(String) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; empty if not told',
    visit String COMMENT 'Visit from which it was written; empty if not told' CODEC(ZSTD(1)),
    visitor String COMMENT 'Visitor who wrote it; empty if not told' CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When it arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if all its events were taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, channel, conversation, message)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Messages of contacts that tell where the contact came from';

CREATE TABLE IF NOT EXISTS {database}.contact_tags{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    contact String COMMENT 'Contact, as told' CODEC(ZSTD(1)),
    tag LowCardinality(String) COMMENT 'Tag that it got or lost',
    at DateTime64(3, 'UTC') COMMENT 'When' CODEC(Delta, ZSTD(1)),
    id String COMMENT 'Id of the event' CODEC(ZSTD(1)),
    tagged UInt8 COMMENT '1 if it got the tag, 0 if it lost it',
    received_at DateTime64(3, 'UTC') COMMENT 'When that arrived, by our clock; retention counts from here' CODEC(Delta, ZSTD(1)),
    version UInt64 COMMENT 'generation << 48 | offset of the last journal record that changed the row' CODEC(Delta, ZSTD(1)),
    deleted UInt8 COMMENT '1 if it was taken back' CODEC(ZSTD(1))
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, contact, tag, at, id, tagged)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Tags that contacts got and lost';

CREATE TABLE IF NOT EXISTS {database}.stages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the stage belongs to',
    pipeline String COMMENT 'Pipeline id',
    stage String COMMENT 'Stage id, as in the facts',
    name String COMMENT 'Name to show',
    kind LowCardinality(String) COMMENT 'What it means: incoming, open, won or lost',
    position UInt32 COMMENT 'Place in its pipeline, from 1',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, pipeline, stage)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Stages of pipelines of leads';

CREATE TABLE IF NOT EXISTS {database}.source_tags{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the tag belongs to',
    tag String COMMENT 'Tag of contacts that is a touch',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, tag)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Tags of contacts that name a source';

CREATE TABLE IF NOT EXISTS {database}.rates{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the rate is for',
    currency LowCardinality(String) COMMENT 'Currency that is converted',
    date Date COMMENT 'Day on which the rate holds',
    rate Decimal(38, 12) COMMENT 'What one of it is worth in the currency of the account',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the rate is no longer told'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, currency, date)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Daily rates of currencies';

CREATE OR REPLACE VIEW {database}.v_leads{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the lead belongs to',
    lead String COMMENT 'Lead id, unique within its account',
    created_at DateTime64(3, 'UTC') COMMENT 'When it was made; if that was not told, its first known change',
    created UInt8 COMMENT '1 if its making was told',
    pipeline LowCardinality(Nullable(String)) COMMENT 'Pipeline it is in; null if not told',
    stage LowCardinality(Nullable(String)) COMMENT 'Stage it is in; null if not told',
    kind LowCardinality(String) COMMENT 'What that stage means: incoming, open, won or lost; open if it was not declared',
    won_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it came to the won stage it is in; null if it is in none',
    amount Nullable(Decimal(38, 9)) COMMENT 'What it is worth now; null if not told',
    currency LowCardinality(Nullable(String)) COMMENT 'Currency of the amount; null for that of the account',
    manager Nullable(String) COMMENT 'Its owner, by the alias or as told; null if not told',
    contact Nullable(String) COMMENT 'Its main contact; null if not told',
    contacts Array(String) COMMENT 'Its contacts, the main one first',
    company Nullable(String) COMMENT 'Its company; null if not told',
    visit Nullable(String) COMMENT 'Visit it came from; null if not told',
    visitor Nullable(String) COMMENT 'Visitor it came from; null if not told',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel it came from; null if not told',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; null if not told',
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
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if not told',
    removed UInt8 COMMENT '1 if it was deleted and not restored: it leaves every count',
    merged_into Nullable(String) COMMENT 'Lead that it became part of; null if none',
    moved_at Array(DateTime64(3, 'UTC')) COMMENT 'Of each coming to another stage, in order of time: when; the last is where it is',
    moved_pipeline Array(String) COMMENT 'Of each move: the pipeline',
    moved_stage Array(String) COMMENT 'Of each move: the stage',
    moved_manager Array(String) COMMENT 'Of each move: the owner then, as told; empty if not told',
    valued_at Array(DateTime64(3, 'UTC')) COMMENT 'Of each amount it had, in order of time: since when; the last is what it is worth',
    valued_amount Array(Decimal(38, 9)) COMMENT 'Of each amount: how much',
    valued_currency Array(String) COMMENT 'Of each amount: its currency; empty for that of the account'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    l.account AS account, l.lead AS lead, l.created_at AS created_at, l.created AS created,
    nullIf(l.pipeline, '') AS pipeline, nullIf(l.stage, '') AS stage,
    if(s.kind = '', 'open', s.kind) AS kind,
    if(s.kind = 'won', arrayElement(l.moved_at, -1), NULL) AS won_at,
    l.amount AS amount, nullIf(l.currency, '') AS currency,
    nullIf(if(a.manager != '', a.manager, l.manager), '') AS manager,
    nullIf(arrayElement(l.contacts, 1), '') AS contact, l.contacts AS contacts,
    nullIf(l.company, '') AS company, nullIf(l.visit, '') AS visit,
    nullIf(l.visitor, '') AS visitor, nullIf(l.channel, '') AS channel,
    nullIf(l.source, '') AS source, nullIf(l.medium, '') AS medium,
    nullIf(l.campaign, '') AS campaign, nullIf(l.content, '') AS content, nullIf(l.term, '') AS term,
    nullIf(l.gclid, '') AS gclid, nullIf(l.gbraid, '') AS gbraid, nullIf(l.wbraid, '') AS wbraid,
    nullIf(l.fbclid, '') AS fbclid, nullIf(l.yclid, '') AS yclid, nullIf(l.msclkid, '') AS msclkid,
    nullIf(l.ctwa_clid, '') AS ctwa_clid, nullIf(l.origin, '') AS origin,
    l.removed AS removed, nullIf(l.merged_into, '') AS merged_into,
    l.moved_at AS moved_at, l.moved_pipeline AS moved_pipeline, l.moved_stage AS moved_stage,
    l.moved_manager AS moved_manager, l.valued_at AS valued_at, l.valued_amount AS valued_amount,
    l.valued_currency AS valued_currency
FROM
(
    SELECT *, `moves.at` AS moved_at, `moves.pipeline` AS moved_pipeline,
        `moves.stage` AS moved_stage, `moves.manager` AS moved_manager,
        `amounts.at` AS valued_at, `amounts.amount` AS valued_amount,
        `amounts.currency` AS valued_currency
    FROM {database}.leads FINAL
) AS l
LEFT JOIN
(
    SELECT account, pipeline, stage, kind FROM {database}.stages FINAL
) AS s ON l.account = s.account AND l.pipeline = s.pipeline AND l.stage = s.stage
LEFT JOIN
(
    SELECT account, alias, manager FROM {database}.aliases FINAL
) AS a ON l.account = a.account AND l.manager = a.alias
COMMENT 'Leads as they stand after their last known change';

CREATE OR REPLACE VIEW {database}.v_forms{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the form belongs to',
    form String COMMENT 'Form id',
    at DateTime64(3, 'UTC') COMMENT 'When it was sent',
    visit Nullable(String) COMMENT 'Visit in which it was sent; null if not told',
    visitor Nullable(String) COMMENT 'Visitor who sent it; null if not told',
    contact Nullable(String) COMMENT 'Contact who sent it: as told, else whose the phone number is, else whose the address is; null if nobody said',
    phone Nullable(String) COMMENT 'Phone number, masked; null if not told',
    phone_hash Nullable(String) COMMENT 'The phone number, hashed with the account''s secret: the same for the same number; null if there is none',
    email Nullable(String) COMMENT 'E-mail address, masked; null if not told',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; null if not told',
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
AS SELECT
    f.account AS account, f.form AS form, f.at AS at, nullIf(f.visit, '') AS visit,
    nullIf(f.visitor, '') AS visitor,
    nullIf(multiIf(f.contact != '', f.contact, i.contact != '', i.contact, e.contact), '') AS contact,
    nullIf(if(f.known OR length(replaceRegexpAll(f.phone, '[^0-9]', '')) >= 5,
        concat(substring(f.phone, 1, 3), '***', right(f.phone, 4)), f.phone), '') AS phone,
    if(f.known, lower(hex(SHA256(concat(p.pepper, f.phone)))), NULL) AS phone_hash,
    if(f.email = '', NULL, replaceRegexpOne(f.email, '^(.?)[^@]*', '\\1***')) AS email,
    nullIf(f.source, '') AS source, nullIf(f.medium, '') AS medium,
    nullIf(f.campaign, '') AS campaign, nullIf(f.content, '') AS content, nullIf(f.term, '') AS term,
    nullIf(f.gclid, '') AS gclid, nullIf(f.gbraid, '') AS gbraid, nullIf(f.wbraid, '') AS wbraid,
    nullIf(f.fbclid, '') AS fbclid, nullIf(f.yclid, '') AS yclid, nullIf(f.msclkid, '') AS msclkid,
    nullIf(f.ctwa_clid, '') AS ctwa_clid, nullIf(f.origin, '') AS origin
FROM {database}.forms AS f FINAL
LEFT JOIN
(
    SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account
) AS p ON f.account = p.account
LEFT JOIN
(
    SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'phone'
) AS i ON f.account = i.account AND f.phone = i.identity
LEFT JOIN
(
    SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'email'
) AS e ON f.account = e.account AND f.email = e.identity
COMMENT 'Forms that were sent, phone numbers and addresses masked';

CREATE OR REPLACE VIEW {database}.v_spend{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that spent it',
    date Date COMMENT 'Day, in the zone of the account',
    source LowCardinality(String) COMMENT 'Source, like google',
    medium LowCardinality(Nullable(String)) COMMENT 'Medium, like cpc; null if not told',
    campaign Nullable(String) COMMENT 'Campaign; null if not told',
    content Nullable(String) COMMENT 'Variant of the advertisement; null if not told',
    term Nullable(String) COMMENT 'Search term; null if not told',
    amount Decimal(38, 9) COMMENT 'What it cost, as stated last',
    currency LowCardinality(String) COMMENT 'Currency of the amount',
    as_of DateTime64(3, 'UTC') COMMENT 'When that was stated'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, date, source, nullIf(medium, '') AS medium, nullIf(campaign, '') AS campaign,
    nullIf(content, '') AS content, nullIf(term, '') AS term, amount, currency, as_of
FROM {database}.spend FINAL
COMMENT 'What days of advertising cost: of each day and source the latest statement';

CREATE OR REPLACE VIEW {database}.v_contact_tags{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    contact String COMMENT 'Contact, after all merges',
    tag LowCardinality(String) COMMENT 'Tag that it got or lost',
    at DateTime64(3, 'UTC') COMMENT 'When',
    id String COMMENT 'Id of the event',
    tagged UInt8 COMMENT '1 if it got the tag, 0 if it lost it'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    t.account AS account, if(i.contact != '', i.contact, t.contact) AS contact, t.tag AS tag,
    t.at AS at, t.id AS id, t.tagged AS tagged
FROM {database}.contact_tags AS t FINAL
LEFT JOIN
(
    SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'contact'
) AS i ON t.account = i.account AND t.contact = i.identity
COMMENT 'Tags that contacts got and lost';

CREATE OR REPLACE VIEW {database}.v_touches{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    kind LowCardinality(String) COMMENT 'What touched: chat (a message that tells a source) or card (a tag that names one)',
    at DateTime64(3, 'UTC') COMMENT 'When',
    id String COMMENT 'Message id, or id of the event that gave the tag',
    contact String COMMENT 'Contact, as told; of a card after all merges',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel of a message; null of a card',
    conversation Nullable(String) COMMENT 'Conversation of a message; null of a card',
    visit Nullable(String) COMMENT 'Visit from which the message was written; null if not told',
    visitor Nullable(String) COMMENT 'Visitor who wrote the message; null if not told',
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
AS SELECT
    account, 'chat' AS kind, at, message AS id, contact, nullIf(channel, '') AS channel,
    nullIf(conversation, '') AS conversation, nullIf(visit, '') AS visit,
    nullIf(visitor, '') AS visitor,
    nullIf(t.source, '') AS source, nullIf(t.medium, '') AS medium,
    nullIf(t.campaign, '') AS campaign, nullIf(t.content, '') AS content, nullIf(t.term, '') AS term,
    nullIf(t.gclid, '') AS gclid, nullIf(t.gbraid, '') AS gbraid, nullIf(t.wbraid, '') AS wbraid,
    nullIf(t.fbclid, '') AS fbclid, nullIf(t.yclid, '') AS yclid, nullIf(t.msclkid, '') AS msclkid,
    nullIf(t.ctwa_clid, '') AS ctwa_clid, nullIf(t.origin, '') AS origin
FROM {database}.touches AS t FINAL
UNION ALL
SELECT
    c.account AS account, 'card' AS kind, c.at AS at, c.id AS id, c.contact AS contact,
    NULL AS channel, NULL AS conversation, NULL AS visit, NULL AS visitor, c.tag AS source,
    NULL AS medium, NULL AS campaign, NULL AS content, NULL AS term, NULL AS gclid,
    NULL AS gbraid, NULL AS wbraid, NULL AS fbclid, NULL AS yclid, NULL AS msclkid,
    NULL AS ctwa_clid, 'card' AS origin
FROM
(
    SELECT account, contact, tag, at, id FROM {database}.v_contact_tags WHERE tagged = 1
) AS c
INNER JOIN
(
    SELECT account, tag FROM {database}.source_tags FINAL
) AS s ON c.account = s.account AND c.tag = s.tag
COMMENT 'What chats and cards tell of where contacts came from';

CREATE OR REPLACE VIEW {database}.v_stages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the stage belongs to',
    pipeline String COMMENT 'Pipeline id',
    stage String COMMENT 'Stage id, as in the facts',
    name String COMMENT 'Name to show',
    kind LowCardinality(String) COMMENT 'What it means: incoming, open, won or lost',
    position UInt32 COMMENT 'Place in its pipeline, from 1'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, pipeline, stage, name, kind, position
FROM {database}.stages FINAL
COMMENT 'Stages of pipelines of leads';
