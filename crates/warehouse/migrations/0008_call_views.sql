-- Calls and their legs for everyone's SQL. A phone number is shown by its first two digits and its
-- last four, and hashed with the account's own secret, so that callers can be counted, joined and
-- told apart and not be called. Whose a leg is tell its alias and its extension, as in the reports.
-- A call without an end has timed out four hours after its last phase arrived; when that is, is for the reader.

CREATE OR REPLACE VIEW {database}.v_calls{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call id, unique within its account',
    hook LowCardinality(String) COMMENT 'Hook that told of it first; api if none did',
    direction LowCardinality(String) COMMENT 'inbound, outbound or internal; a callback is inbound',
    origin LowCardinality(Nullable(String)) COMMENT 'What made it, like callback or dialler; null for a person',
    caller Nullable(String) COMMENT 'Who is outside, the phone number masked; null if unknown',
    caller_hash Nullable(String) COMMENT 'The phone number, hashed with the account''s secret: the same for the same number; null if there is none',
    contact Nullable(String) COMMENT 'Contact that the phone number belongs to; null if nobody said',
    number LowCardinality(Nullable(String)) COMMENT 'Number of ours that was called, or called from; null if not told',
    at DateTime64(3, 'UTC') COMMENT 'When it began: the call and its figures belong to this time',
    queued_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was queued first; null if never',
    ringing_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it rang first; null if never',
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When a person answered first; null if nobody did',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; null if that was not told',
    disposition LowCardinality(Nullable(String)) COMMENT 'How it ended: answered, missed, abandoned, menu, voicemail, busy, no_answer, failed, blocked, or a word of the sender; null while it has not',
    ghost UInt8 COMMENT '1 if it was answered for less than min_answer_s and so counts as missed',
    menu_ms Int64 COMMENT 'Time in voice menus, milliseconds',
    queue_ms Int64 COMMENT 'Time in queues, milliseconds',
    ring_ms Int64 COMMENT 'Time of ringing, milliseconds',
    hold_ms Int64 COMMENT 'Time on hold, milliseconds',
    wait_ms Nullable(Int64) COMMENT 'From the first queueing, else ringing, else the start, to the answer by a person or the end, milliseconds; null while it waits',
    talk_ms Int64 COMMENT 'From the answer to the end without hold, milliseconds',
    tags Array(String) COMMENT 'Its tags',
    spam UInt8 COMMENT '1 if it is spam: outside the reports unless asked for',
    value Nullable(Decimal(38, 9)) COMMENT 'What it is worth, in the currency of the account; null if not told',
    integrity LowCardinality(String) COMMENT 'How far its figures are vouched for: verified, weak or unverified',
    last_received_at DateTime64(3, 'UTC') COMMENT 'When its latest phase arrived, by our clock'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    c.account AS account, c.call AS call, c.hook AS hook,
    if(c.origin = 'callback', 'inbound', c.direction) AS direction,
    nullIf(c.origin, '') AS origin,
    nullIf(if(c.known OR length(replaceRegexpAll(c.caller, '[^0-9]', '')) >= 5,
        concat(substring(c.caller, 1, 3), '***', right(c.caller, 4)), c.caller), '') AS caller,
    if(c.known, lower(hex(SHA256(concat(p.pepper, c.caller)))), NULL) AS caller_hash,
    if(c.known, nullIf(i.contact, ''), NULL) AS contact,
    nullIf(c.number, '') AS number, c.started_at AS at, c.queued_at AS queued_at,
    c.ringing_at AS ringing_at, c.answered_at AS answered_at, c.ended_at AS ended_at,
    nullIf(c.disposition, '') AS disposition, c.ghost AS ghost, c.menu_ms AS menu_ms,
    c.queue_ms AS queue_ms, c.ring_ms AS ring_ms, c.hold_ms AS hold_ms, c.wait_ms AS wait_ms,
    c.talk_ms AS talk_ms, c.tags AS tags, c.spam AS spam, c.value AS value,
    c.integrity AS integrity, c.last_received_at AS last_received_at
FROM {database}.calls AS c FINAL
LEFT JOIN
(
    SELECT account, min(pepper) AS pepper FROM {database}.peppers FINAL GROUP BY account
) AS p ON c.account = p.account
LEFT JOIN
(
    SELECT account, identity,
        if(match(contact, '^[+]?[0-9]+$') AND length(contact) BETWEEN 7 AND 16, concat(substring(contact, 1, 3), '***', right(contact, 4)), contact) AS contact
    FROM {database}.identities FINAL WHERE kind = 'phone'
) AS i ON c.account = i.account AND c.caller = i.identity
COMMENT 'Calls as they stand after their last known event, phone numbers masked';

CREATE OR REPLACE VIEW {database}.v_legs{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the call belongs to',
    call String COMMENT 'Call id, unique within its account',
    at DateTime64(3, 'UTC') COMMENT 'When the call began: its figures belong to this time',
    direction LowCardinality(String) COMMENT 'Of the call: inbound, outbound or internal; a callback is inbound',
    disposition LowCardinality(Nullable(String)) COMMENT 'How the call ended; null while it has not',
    spam UInt8 COMMENT '1 if the call is spam: outside the reports unless asked for',
    nth UInt32 COMMENT 'Place of the leg in its call, from 1, in order of ringing',
    leg String COMMENT 'Its id',
    manager Nullable(String) COMMENT 'Whose it is: by the alias, else as told, else by the extension at that time; null if unknown',
    extension Nullable(String) COMMENT 'Its extension, or the number that was forwarded to, masked; null if not told',
    ringing_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it rang first; null if not told',
    answered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was answered; null if it was not',
    ended_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it ended; null if not told',
    ring_ms Int64 COMMENT 'Time of ringing, milliseconds',
    talk_ms Int64 COMMENT 'From its answer to its end without hold, milliseconds',
    hold_ms Int64 COMMENT 'Time on hold, milliseconds',
    transferred_out UInt8 COMMENT '1 if it gave the call on',
    transferred_in UInt8 COMMENT '1 if the call was given to it'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    l.account AS account, l.call AS call, l.at AS at, l.direction AS direction,
    l.disposition AS disposition, l.spam AS spam, l.nth AS nth, l.leg AS leg,
    nullIf(multiIf(l.known_as != '', l.known_as, l.told != '' AND position(l.told, ':') = 0, l.told,
        l.at < e.valid_until AND e.manager != '', e.manager, l.told), '') AS manager,
    nullIf(if(match(l.extension, '^[+]?[0-9]+$') AND length(l.extension) BETWEEN 7 AND 16,
        concat(substring(l.extension, 1, 3), '***', right(l.extension, 4)), l.extension), '') AS extension,
    l.ringing_at AS ringing_at, l.answered_at AS answered_at, l.ended_at AS ended_at,
    l.ring_ms AS ring_ms, l.talk_ms AS talk_ms, l.hold_ms AS hold_ms,
    l.transferred_out AS transferred_out, l.transferred_in AS transferred_in
FROM
(
    SELECT f.*, a.manager AS known_as
    FROM
    (
        SELECT
            c.account AS account, c.call AS call, c.started_at AS at,
            if(c.origin = 'callback', 'inbound', c.direction) AS direction,
            nullIf(c.disposition, '') AS disposition, c.spam AS spam, toUInt32(nth) AS nth, leg, told,
            extension, ringing, answered, ended, ring_ms, talk_ms, hold_ms, transferred_out, transferred_in,
            ringing AS ringing_at, answered AS answered_at, ended AS ended_at
        FROM
        (
            SELECT account, call, started_at, origin, direction, disposition, spam,
                `legs.leg` AS ids, `legs.manager` AS names, `legs.extension` AS extensions,
                `legs.ringing_at` AS rung, `legs.answered_at` AS answers, `legs.ended_at` AS ends,
                `legs.ring_ms` AS rings, `legs.talk_ms` AS talks, `legs.hold_ms` AS holds,
                `legs.transferred_out` AS outs, `legs.transferred_in` AS ins
            FROM {database}.calls FINAL
        ) AS c
        ARRAY JOIN
            arrayEnumerate(ids) AS nth, ids AS leg, names AS told, extensions AS extension,
            rung AS ringing, answers AS answered, ends AS ended, rings AS ring_ms,
            talks AS talk_ms, holds AS hold_ms, outs AS transferred_out, ins AS transferred_in
    ) AS f
    LEFT JOIN
    (
        SELECT account, alias, manager FROM {database}.aliases FINAL
    ) AS a ON f.account = a.account AND f.told = a.alias
) AS l
ASOF LEFT JOIN
(
    SELECT account, extension, valid_from, valid_until, manager FROM {database}.extensions FINAL
) AS e ON l.account = e.account AND l.extension = e.extension AND l.at >= e.valid_from
COMMENT 'The people in calls: one row a leg, in order of ringing';
