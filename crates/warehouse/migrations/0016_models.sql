-- What dashboards need to divide calls, chats, forms and leads among what brought them by a model of their own choice,
-- and to hold how many numbers a pool has against how many it takes.
--
-- Who a call, a message, a form, a lead and a card are of is one person where they are of one contact: by the contact
-- that the number, or the id on the channel, belongs to; else by an id that is a phone number itself; else by the id.
-- Without any each is a person of its own. This is told with whole numbers, so it is done here: no row shows them.

CREATE TABLE IF NOT EXISTS {database}.pool_numbers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the number belongs to',
    number String COMMENT 'Number, as calls have it',
    pool String COMMENT 'Pool that it is of',
    state LowCardinality(String) COMMENT 'in_service: it may be leased; draining or quarantined: it is not, but calls to it are still attributed',
    version UInt64 COMMENT 'Counts the changes of this table',
    deleted UInt8 COMMENT '1 if the configuration no longer has the row'
)
ENGINE = {engine}ReplacingMergeTree(version, deleted)
ORDER BY (account, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1, old_parts_lifetime = 480
COMMENT 'Numbers of pools, as set now';

CREATE OR REPLACE VIEW {database}.v_pool_numbers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the number belongs to',
    pool String COMMENT 'Pool that it is of',
    number String COMMENT 'Number, as calls have it',
    state LowCardinality(String) COMMENT 'in_service: it may be leased; draining or quarantined: it is not, but calls to it are still attributed'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, pool, number, state FROM {database}.pool_numbers FINAL
COMMENT 'Numbers of pools, as set now';

CREATE OR REPLACE VIEW {database}.v_conversion_touches{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversion belongs to',
    what LowCardinality(String) COMMENT 'What the conversion is: call (inbound, without spam and diallers), chat (a cycle), form or lead',
    id String COMMENT 'Call id; conversation as v_cycles shows it, / and the place of the cycle; form id; lead id',
    channel LowCardinality(Nullable(String)) COMMENT 'Channel of a chat or a lead; null if there is none',
    at DateTime64(3, 'UTC') COMMENT 'Its moment: when the call began, the cycle began, the form was sent, the lead was made',
    nth UInt32 COMMENT 'Place of the touch among those of the same person up to that moment (of a lead 10 minutes more), from 1; 0 if there is none',
    touch LowCardinality(Nullable(String)) COMMENT 'What the touch is: visit, card, form, chat, call or lead; null if there is none',
    touched_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was; null if there is none',
    weak UInt8 COMMENT '1 for a call to a number that nobody knows: it counts only where the conversion has no other touch',
    faint UInt8 COMMENT '1 if it is direct or was not attributed',
    candidate UInt32 COMMENT 'Place among the sources that the touch may have had, from 1: several of an ambiguous call',
    weight Float64 COMMENT 'Share of the touch that this source has; those of a touch sum to 1',
    source LowCardinality(Nullable(String)) COMMENT 'Source, like google; null if not told',
    medium LowCardinality(Nullable(String)) COMMENT 'Medium, like cpc; null if not told',
    campaign Nullable(String) COMMENT 'Campaign; null if not told',
    content Nullable(String) COMMENT 'Variant of the advertisement; null if not told',
    term Nullable(String) COMMENT 'Search term; null if not told',
    origin LowCardinality(Nullable(String)) COMMENT 'By which way the source became known: calltracking, utm, channel, card or import; null if not told'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, what, id, nullIf(on_channel, '') AS channel, fromUnixTimestamp64Milli(ms, 'UTC') AS at,
    toUInt32(pair.1) AS nth,
    if(pair.1 = 0, NULL, transform(pair.3, [0, 1, 2, 3, 4, 5], ['visit', 'card', 'form', 'chat', 'call', 'lead'], '')) AS touch,
    if(pair.1 = 0, NULL, fromUnixTimestamp64Milli(pair.2, 'UTC')) AS touched_at,
    pair.4 AS weak, pair.5 AS faint, toUInt32(pair.6) AS candidate, pair.7.7 AS weight,
    nullIf(pair.7.1, '') AS source, nullIf(pair.7.2, '') AS medium, nullIf(pair.7.3, '') AS campaign,
    nullIf(pair.7.4, '') AS content, nullIf(pair.7.5, '') AS term, nullIf(pair.7.6, '') AS origin
FROM
(
    SELECT
        account, conversion.1 AS what, conversion.2 AS id, conversion.3 AS ms, conversion.5 AS on_channel,
        arrayFilter(touch -> touch.1 <= conversion.3 + conversion.4, touches) AS near,
        arrayFlatten(arrayMap((touch, nth) -> arrayMap((one, place) -> (nth, touch.1, touch.2, touch.4, touch.5, place, one),
            touch.6, arrayEnumerate(touch.6)), near, arrayEnumerate(near))) AS pairs
    FROM
    (
        SELECT
            account, person,
            groupArrayIf((what, id, ms, allowance, on_channel), converts) AS conversions,
            arraySort(touch -> (touch.1, touch.2, touch.3), arrayDistinct(arrayConcat(
                groupArrayIf(own, notEmpty(own.6)), groupArrayArray(visited)))) AS touches
        FROM
        (
            SELECT
                t.account AS account, t.what AS what, t.id AS id, t.ms AS ms, t.allowance AS allowance,
                t.on_channel AS on_channel, t.converts AS converts,
                (t.ms, t.rank, t.id, t.weak, t.faint, t.candidates) AS own, s.visited AS visited,
                multiIf(t.contact = '', concat('?', t.what, ':', t.id), concat('=', multiIf(
                    c.contact != '', c.contact, k.contact != '', k.contact, p.contact != '', p.contact,
                    t.phone != '', t.phone, t.contact))) AS person
            FROM
            (
                SELECT
                    o.* EXCEPT (visitor), if(o.visitor = '', v.visitor, o.visitor) AS visitor,
                    multiIf(match(o.contact, '^\\+[1-9][0-9]+$') AND length(o.contact) BETWEEN 8 AND 16, o.contact,
                        match(o.contact, '^[1-9][0-9]+@(c\\.us|s\\.whatsapp\\.net)$')
                        AND length(substringIndex(o.contact, '@', 1)) BETWEEN 7 AND 15,
                        concat('+', substringIndex(o.contact, '@', 1)), '') AS phone
                FROM
                (
                    SELECT
                        c.account AS account, 'call' AS what, c.call AS id,
                        toUnixTimestamp64Milli(c.started_at) AS ms, toUInt8(4) AS rank, toInt64(0) AS allowance,
                        '' AS on_channel, if(c.known, c.caller, '') AS contact,
                        if(a.certainty = 'certain', arrayElement(a.visits, 1), '') AS visit, '' AS visitor,
                        toUInt8(1) AS converts, toUInt8(a.reason = 'unknown_number') AS weak,
                        toUInt8(a.certainty = 'unattributed' OR arrayAll(one -> one.1 = 'direct', a.candidates)) AS faint,
                        a.candidates AS candidates
                    FROM
                    (
                        SELECT account, call, started_at, known, caller FROM {database}.calls FINAL
                        WHERE (direction = 'inbound' OR origin = 'callback') AND origin != 'dialler' AND NOT spam
                    ) AS c
                    LEFT JOIN
                    (
                        SELECT
                            account, call, toString(certainty) AS certainty, toString(reason) AS reason,
                            `candidates.visit` AS visits,
                            arrayMap((source, medium, campaign, content, term, weight) ->
                                (toString(source), toString(medium), campaign, content, term, 'calltracking', weight),
                                `candidates.source`, `candidates.medium`, `candidates.campaign`, `candidates.content`,
                                `candidates.term`, `candidates.weight`) AS candidates
                        FROM {database}.attributions FINAL
                    ) AS a ON c.account = a.account AND c.call = a.call
                    UNION ALL
                    SELECT
                        account, if(kind = 'chat', 'message', 'card') AS what, id, toUnixTimestamp64Milli(at) AS ms,
                        toUInt8(if(kind = 'chat', 3, 1)) AS rank, toInt64(0) AS allowance,
                        ifNull(toString(channel), '') AS on_channel, contact, ifNull(visit, '') AS visit,
                        ifNull(visitor, '') AS visitor, toUInt8(0) AS converts, toUInt8(0) AS weak,
                        toUInt8(ifNull(toString(source), '') = 'direct') AS faint,
                        if(concat(ifNull(toString(source), ''), ifNull(toString(medium), ''), ifNull(campaign, '')) = '', [],
                            [(ifNull(toString(source), ''), ifNull(toString(medium), ''), ifNull(campaign, ''),
                            ifNull(content, ''), ifNull(term, ''), ifNull(toString(origin), ''), toFloat64(1))]) AS candidates
                    FROM {database}.whole_touches
                    UNION ALL
                    SELECT
                        f.account AS account, 'form' AS what, f.form AS id, toUnixTimestamp64Milli(f.at) AS ms,
                        toUInt8(2) AS rank, toInt64(0) AS allowance, '' AS on_channel,
                        multiIf(f.contact != '', f.contact, f.known, f.phone, e.contact) AS contact,
                        f.visit AS visit, f.visitor AS visitor, toUInt8(1) AS converts, toUInt8(0) AS weak,
                        toUInt8(f.source = 'direct') AS faint,
                        if(concat(f.source, f.medium, f.campaign) = '', [], [(toString(f.source), toString(f.medium),
                            f.campaign, f.content, f.term, toString(f.origin), toFloat64(1))]) AS candidates
                    FROM {database}.forms AS f FINAL
                    LEFT JOIN
                    (
                        SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'email'
                    ) AS e ON f.account = e.account AND f.email = e.identity
                    UNION ALL
                    SELECT
                        account, 'lead' AS what, lead AS id, toUnixTimestamp64Milli(created_at) AS ms,
                        toUInt8(5) AS rank, toInt64(600000) AS allowance, ifNull(toString(channel), '') AS on_channel,
                        one.2 AS contact, ifNull(visit, '') AS visit, ifNull(visitor, '') AS visitor,
                        toUInt8(one.1 = 1 AND merged_into IS NULL) AS converts, toUInt8(0) AS weak,
                        toUInt8(ifNull(toString(source), '') = 'direct') AS faint,
                        if(concat(ifNull(toString(source), ''), ifNull(toString(medium), ''), ifNull(campaign, '')) = '', [],
                            [(ifNull(toString(source), ''), ifNull(toString(medium), ''), ifNull(campaign, ''),
                            ifNull(content, ''), ifNull(term, ''), ifNull(toString(origin), ''), toFloat64(1))]) AS candidates
                    FROM {database}.whole_leads
                    ARRAY JOIN arrayZip(arrayEnumerate(if(empty(contacts), [''], contacts)),
                        if(empty(contacts), [''], contacts)) AS one
                    WHERE NOT removed
                    UNION ALL
                    SELECT
                        account, 'chat' AS what, concat(shown, '/', toString(cycle)) AS id,
                        toUnixTimestamp64Milli(started_at) AS ms, toUInt8(3) AS rank, toInt64(0) AS allowance,
                        toString(channel) AS on_channel, contact, '' AS visit, '' AS visitor, toUInt8(1) AS converts,
                        toUInt8(0) AS weak, toUInt8(0) AS faint,
                        CAST([], 'Array(Tuple(String, String, String, String, String, String, Float64))') AS candidates
                    FROM {database}.whole_cycles
                ) AS o
                LEFT JOIN
                (
                    SELECT account, visit, visitor FROM {database}.visits FINAL
                ) AS v ON o.account = v.account AND o.visit = v.visit
            ) AS t
            LEFT JOIN
            (
                SELECT account, toString(channel) AS channel, identity, contact
                FROM {database}.identities FINAL WHERE kind = 'channel'
            ) AS c ON t.account = c.account AND t.on_channel = c.channel AND t.contact = c.identity
            LEFT JOIN
            (
                SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'contact'
            ) AS k ON t.account = k.account AND t.contact = k.identity
            LEFT JOIN
            (
                SELECT account, identity, contact FROM {database}.identities FINAL WHERE kind = 'phone'
            ) AS p ON t.account = p.account AND t.phone = p.identity
            LEFT JOIN
            (
                SELECT
                    account, visitor, groupArray((toUnixTimestamp64Milli(started_at), toUInt8(0), visit, toUInt8(0),
                        toUInt8(source = 'direct'), [(toString(source), toString(medium), campaign, content, term,
                        toString(origin), toFloat64(1))])) AS visited
                FROM {database}.visits FINAL
                WHERE visitor != '' AND concat(source, medium, campaign) != ''
                GROUP BY account, visitor
            ) AS s ON t.account = s.account AND t.visitor = s.visitor
        )
        GROUP BY account, person
    )
    ARRAY JOIN conversions AS conversion
)
LEFT ARRAY JOIN pairs AS pair
COMMENT 'Calls, chats, forms and leads, each with all that may have brought it: a row for each source of each touch of the same person up to then, one without if there is none. A model chooses among them';
