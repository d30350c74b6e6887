-- Visits and visitors are shown by keys, and contacts masked. Who knows the id of a visit may tell of it and
-- end it, and who knows a visitor may go on with his visit: neither is for readers. The key of a visit is
-- its id with a hash in place of the secret part, so that whoever has the id can find the key, and rows of
-- all views can be joined by it. A contact's id that is a phone number is masked as in v_calls. What those
-- who count clicks know a visitor by is not shown either.
--
-- Statements of our own, which tell contacts apart, read whole_leads and whole_touches: no reader may.

ALTER TABLE {database}.visits{on_cluster}
    ADD COLUMN IF NOT EXISTS visit_key String ALIAS if(length(extract(visit, '-([0-9A-Za-z]+)$')) = 22, concat(substring(visit, 1, length(visit) - 22), substring(lower(hex(SHA256(visit))), 1, 16)), visit) COMMENT 'What the visit is shown by: its id if that is no right to it, else the part of the id that is not secret and a hash in place of the rest',
    ADD COLUMN IF NOT EXISTS visitor_key String ALIAS if(visitor = '', '', substring(lower(hex(SHA256(visitor))), 1, 16)) COMMENT 'What the visitor is shown by: a hash, for who knows a visitor of a site may go on with his visit';

ALTER TABLE {database}.leads{on_cluster}
    ADD COLUMN IF NOT EXISTS visit_key String ALIAS if(length(extract(visit, '-([0-9A-Za-z]+)$')) = 22, concat(substring(visit, 1, length(visit) - 22), substring(lower(hex(SHA256(visit))), 1, 16)), visit) COMMENT 'What the visit is shown by: its id if that is no right to it, else the part of the id that is not secret and a hash in place of the rest',
    ADD COLUMN IF NOT EXISTS visitor_key String ALIAS if(visitor = '', '', substring(lower(hex(SHA256(visitor))), 1, 16)) COMMENT 'What the visitor is shown by: a hash, for who knows a visitor of a site may go on with his visit';

ALTER TABLE {database}.forms{on_cluster}
    ADD COLUMN IF NOT EXISTS visit_key String ALIAS if(length(extract(visit, '-([0-9A-Za-z]+)$')) = 22, concat(substring(visit, 1, length(visit) - 22), substring(lower(hex(SHA256(visit))), 1, 16)), visit) COMMENT 'What the visit is shown by: its id if that is no right to it, else the part of the id that is not secret and a hash in place of the rest',
    ADD COLUMN IF NOT EXISTS visitor_key String ALIAS if(visitor = '', '', substring(lower(hex(SHA256(visitor))), 1, 16)) COMMENT 'What the visitor is shown by: a hash, for who knows a visitor of a site may go on with his visit';

ALTER TABLE {database}.touches{on_cluster}
    ADD COLUMN IF NOT EXISTS visit_key String ALIAS if(length(extract(visit, '-([0-9A-Za-z]+)$')) = 22, concat(substring(visit, 1, length(visit) - 22), substring(lower(hex(SHA256(visit))), 1, 16)), visit) COMMENT 'What the visit is shown by: its id if that is no right to it, else the part of the id that is not secret and a hash in place of the rest',
    ADD COLUMN IF NOT EXISTS visitor_key String ALIAS if(visitor = '', '', substring(lower(hex(SHA256(visitor))), 1, 16)) COMMENT 'What the visitor is shown by: a hash, for who knows a visitor of a site may go on with his visit';

ALTER TABLE {database}.attributions{on_cluster}
    ADD COLUMN IF NOT EXISTS visit_keys Array(String) ALIAS arrayMap(visit -> if(length(extract(visit, '-([0-9A-Za-z]+)$')) = 22, concat(substring(visit, 1, length(visit) - 22), substring(lower(hex(SHA256(visit))), 1, 16)), visit), `candidates.visit`) COMMENT 'Of each candidate: what the visit is shown by; empty for a static number or a pool';

CREATE OR REPLACE VIEW {database}.whole_leads{on_cluster}
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
    valued_currency Array(String) COMMENT 'Of each amount: its currency; empty for that of the account',
    visit_key String COMMENT 'Key of the visit; empty if not told',
    visitor_key String COMMENT 'Key of the visitor; empty if not told'
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
    l.valued_currency AS valued_currency,
    l.visit_key AS visit_key, l.visitor_key AS visitor_key
FROM
(
    SELECT *, visit_key, visitor_key, `moves.at` AS moved_at, `moves.pipeline` AS moved_pipeline,
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
COMMENT 'Leads as v_leads shows them, contacts and visits whole';

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
    contact Nullable(String) COMMENT 'Its main contact, a phone number masked; null if not told',
    contacts Array(String) COMMENT 'Its contacts, the main one first, phone numbers masked',
    company Nullable(String) COMMENT 'Its company; null if not told',
    visit Nullable(String) COMMENT 'Key of the visit it came from; null if not told',
    visitor Nullable(String) COMMENT 'Key of the visitor it came from; null if not told',
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
    l.pipeline AS pipeline, l.stage AS stage, l.kind AS kind, l.won_at AS won_at,
    l.amount AS amount, l.currency AS currency, l.manager AS manager,
    nullIf(arrayElement(masked, 1), '') AS contact, masked AS contacts, l.company AS company,
    nullIf(l.visit_key, '') AS visit, nullIf(l.visitor_key, '') AS visitor, l.channel AS channel,
    l.source AS source, l.medium AS medium, l.campaign AS campaign, l.content AS content,
    l.term AS term, l.gclid AS gclid, l.gbraid AS gbraid, l.wbraid AS wbraid, l.fbclid AS fbclid,
    l.yclid AS yclid, l.msclkid AS msclkid, l.ctwa_clid AS ctwa_clid, l.origin AS origin,
    l.removed AS removed, l.merged_into AS merged_into, l.moved_at AS moved_at,
    l.moved_pipeline AS moved_pipeline, l.moved_stage AS moved_stage,
    l.moved_manager AS moved_manager, l.valued_at AS valued_at, l.valued_amount AS valued_amount,
    l.valued_currency AS valued_currency
FROM
(
    SELECT *, arrayMap(one -> if(match(one, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$')
        AND length(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15,
        concat(substring(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***',
        right(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), 4)), one),
        contacts) AS masked
    FROM {database}.whole_leads
) AS l
COMMENT 'Leads as they stand after their last known change, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_forms{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the form belongs to',
    form String COMMENT 'Form id',
    at DateTime64(3, 'UTC') COMMENT 'When it was sent',
    visit Nullable(String) COMMENT 'Key of the visit in which it was sent; null if not told',
    visitor Nullable(String) COMMENT 'Key of the visitor who sent it; null if not told',
    contact Nullable(String) COMMENT 'Contact who sent it, a phone number masked: as told, else whose the phone number is, else whose the address is; null if nobody said',
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
    f.account AS account, f.form AS form, f.at AS at, nullIf(f.visit_key, '') AS visit,
    nullIf(f.visitor_key, '') AS visitor,
    nullIf(arrayElement(arrayMap(one -> if(match(one, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$')
        AND length(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15,
        concat(substring(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***',
        right(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), 4)), one),
        [multiIf(f.contact != '', f.contact, i.contact != '', i.contact, e.contact)]), 1), '') AS contact,
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

CREATE OR REPLACE VIEW {database}.v_contact_tags{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the contact belongs to',
    contact String COMMENT 'Contact, after all merges, a phone number masked',
    tag LowCardinality(String) COMMENT 'Tag that it got or lost',
    at DateTime64(3, 'UTC') COMMENT 'When',
    id String COMMENT 'Id of the event',
    tagged UInt8 COMMENT '1 if it got the tag, 0 if it lost it'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    t.account AS account,
    arrayElement(arrayMap(one -> if(match(one, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$')
        AND length(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15,
        concat(substring(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***',
        right(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), 4)), one),
        [if(i.contact != '', i.contact, t.contact)]), 1) AS contact, t.tag AS tag,
    t.at AS at, t.id AS id, t.tagged AS tagged
FROM {database}.contact_tags AS t FINAL
LEFT JOIN
(
    SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'contact'
) AS i ON t.account = i.account AND t.contact = i.identity
COMMENT 'Tags that contacts got and lost';

CREATE OR REPLACE VIEW {database}.whole_touches{on_cluster}
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
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if not told',
    visit_key String COMMENT 'Key of the visit; empty if not told',
    visitor_key String COMMENT 'Key of the visitor; empty if not told'
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
    nullIf(t.ctwa_clid, '') AS ctwa_clid, nullIf(t.origin, '') AS origin, visit_key, visitor_key
FROM {database}.touches AS t FINAL
UNION ALL
SELECT
    c.account AS account, 'card' AS kind, c.at AS at, c.id AS id, c.contact AS contact,
    NULL AS channel, NULL AS conversation, NULL AS visit, NULL AS visitor, c.tag AS source,
    NULL AS medium, NULL AS campaign, NULL AS content, NULL AS term, NULL AS gclid,
    NULL AS gbraid, NULL AS wbraid, NULL AS fbclid, NULL AS yclid, NULL AS msclkid,
    NULL AS ctwa_clid, 'card' AS origin, '' AS visit_key, '' AS visitor_key
FROM
(
    SELECT
        t.account AS account, if(i.contact != '', i.contact, t.contact) AS contact, t.tag AS tag,
        t.at AS at, t.id AS id
    FROM {database}.contact_tags AS t FINAL
    LEFT JOIN
    (
        SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'contact'
    ) AS i ON t.account = i.account AND t.contact = i.identity
    WHERE t.tagged = 1
) AS c
INNER JOIN
(
    SELECT account, tag FROM {database}.source_tags FINAL
) AS s ON c.account = s.account AND c.tag = s.tag
COMMENT 'Touches as v_touches shows them, contacts and visits whole';

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
AS SELECT
    t.account AS account, t.kind AS kind, t.at AS at, t.id AS id,
    arrayElement(arrayMap(one -> if(match(one, '^([A-Za-z]*:)? *[+]?[-0-9 ./()]+(@.*)?$')
        AND length(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', '')) BETWEEN 7 AND 15,
        concat(substring(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), 1, 3), '***',
        right(replaceRegexpAll(extract(one, '^(?:[A-Za-z]*:)? *([^@]*)'), '[^0-9]', ''), 4)), one),
        [t.contact]), 1) AS contact,
    t.channel AS channel, t.conversation AS conversation, nullIf(t.visit_key, '') AS visit,
    nullIf(t.visitor_key, '') AS visitor, t.source AS source, t.medium AS medium,
    t.campaign AS campaign, t.content AS content, t.term AS term, t.gclid AS gclid,
    t.gbraid AS gbraid, t.wbraid AS wbraid, t.fbclid AS fbclid, t.yclid AS yclid,
    t.msclkid AS msclkid, t.ctwa_clid AS ctwa_clid, t.origin AS origin
FROM {database}.whole_touches AS t
COMMENT 'What chats and cards tell of where contacts came from, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_visits{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the visit belongs to',
    visit String COMMENT 'Key of the visit, unique within its account: its id with a hash in place of the secret part',
    visitor String COMMENT 'Key of the visitor: a hash of how the site knows him',
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
    consent Nullable(UInt8) COMMENT '1 if those who sell advertising may be told what came of it, 0 if not; null if not told'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    v.account AS account, v.visit_key AS visit, v.visitor_key AS visitor,
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
    nullIf(v.origin, '') AS origin,
    v.consent AS consent
FROM
(
    SELECT *, visit_key, visitor_key,
        `pages.at` AS pages_at, `pages.url` AS pages_url, `pages.title` AS pages_title
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
    visit Nullable(String) COMMENT 'Key of the visit that may have brought it; null for a static number or a pool',
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
    arrayEnumerate(`candidates.visit`) AS nth, visit_keys AS visit_of, `candidates.weight`
    AS weight_of, `candidates.source` AS source_of, `candidates.medium` AS medium_of,
    `candidates.campaign` AS campaign_of, `candidates.content` AS content_of, `candidates.term` AS
    term_of, `candidates.gclid` AS gclid_of, `candidates.gbraid` AS gbraid_of, `candidates.wbraid`
    AS wbraid_of, `candidates.fbclid` AS fbclid_of, `candidates.yclid` AS yclid_of,
    `candidates.msclkid` AS msclkid_of, `candidates.ctwa_clid` AS ctwa_clid_of
COMMENT 'What may have brought each call, a row for each candidate';
