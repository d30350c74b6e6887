-- The read contract: only the latest rows, empty strings as null, without what only the writer
-- needs. Views run with the rights of their definer, so a reader needs SELECT on `v_*` alone.
-- `account` and `at` are the tables' own columns, so that conditions on them reach the primary key
-- and the partitions; a condition on `definition` leaves one branch of `v_responses`, one column.
-- `nullIf` hides the key from the primary index, so `manager_key` stands beside `manager`: figures
-- of one manager are asked for by both. The name of the table before it is needed: `manager` alone
-- would be the alias.

CREATE OR REPLACE VIEW {database}.v_messages{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the message belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Contact that the message is from or to',
    at DateTime64(3, 'UTC') COMMENT 'When the message was sent, by the vendor''s clock',
    message String COMMENT 'Message id, unique within its conversation',
    author LowCardinality(String) COMMENT 'Who wrote it: contact, manager, bot, system or campaign',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote it; null if none did or he is unknown',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    kind LowCardinality(String) COMMENT 'What it is: text, image, audio, video, file, location, sticker or other',
    chars Nullable(UInt32) COMMENT 'Length in characters; null if not told',
    kommo_ms Nullable(Int64) COMMENT 'Response time by the kommo definition, calendar milliseconds; null if it gives no sample',
    turn_ms Nullable(Int64) COMMENT 'Response time by the turn definition, calendar milliseconds; null if it gives no sample',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample',
    assigned_ms Nullable(Int64) COMMENT 'Response time by the assigned definition, calendar milliseconds; null if it gives no sample',
    first_ms Nullable(Int64) COMMENT 'Response time by the first definition, calendar milliseconds; null if it gives no sample'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms
FROM {database}.messages FINAL
COMMENT 'Public messages, with the response times that each reply gives';

CREATE OR REPLACE VIEW {database}.v_responses{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the reply belongs to',
    at DateTime64(3, 'UTC') COMMENT 'When the reply was sent: a response belongs to this time',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Contact that was answered',
    message String COMMENT 'Message id of the reply',
    manager LowCardinality(Nullable(String)) COMMENT 'Manager who sent the reply; null if he is unknown or a bot did',
    manager_key LowCardinality(String) COMMENT 'The manager as stored, empty for null: conditions on it reach the primary key',
    author LowCardinality(String) COMMENT 'manager, or bot for a bot''s reply',
    definition String COMMENT 'kommo, turn, wait, assigned or first',
    ms Int64 COMMENT 'Response time in calendar milliseconds'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'kommo' AS definition, assumeNotNull(kommo_ms) AS ms
FROM {database}.messages FINAL WHERE kommo_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'turn' AS definition, assumeNotNull(turn_ms) AS ms
FROM {database}.messages FINAL WHERE turn_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'wait' AS definition, assumeNotNull(wait_ms) AS ms
FROM {database}.messages FINAL WHERE wait_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'assigned' AS definition, assumeNotNull(assigned_ms) AS ms
FROM {database}.messages FINAL WHERE assigned_ms IS NOT NULL
UNION ALL
SELECT account, at, channel, conversation, contact, message, nullIf(manager, '') AS manager,
    messages.manager AS manager_key, author, 'first' AS definition, assumeNotNull(first_ms) AS ms
FROM {database}.messages FINAL WHERE first_ms IS NOT NULL
COMMENT 'Response times: one row per sample, up to five a reply';

CREATE OR REPLACE VIEW {database}.v_conversations{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    contact String COMMENT 'Author of the first contact message, else contact of the first message',
    first_at DateTime64(3, 'UTC') COMMENT 'Time of its first event',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of its last event',
    assignee LowCardinality(Nullable(String)) COMMENT 'Manager it is assigned to now; null if nobody',
    last_manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote last; null if none did',
    pending_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Since when a reply is owed; null if none is',
    cycles UInt32 COMMENT 'How many cycles it has had'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, first_at, last_at, nullIf(assignee, '') AS assignee,
    nullIf(last_manager, '') AS last_manager, pending_at, toUInt32(length(`cycles.started_at`)) AS cycles
FROM {database}.conversations FINAL
COMMENT 'Conversations as they stand after their last known event';

CREATE OR REPLACE VIEW {database}.v_cycles{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the conversation belongs to',
    channel LowCardinality(String) COMMENT 'Channel the conversation runs on',
    conversation String COMMENT 'Conversation id, unique within its channel',
    cycle UInt32 COMMENT 'Place of the cycle in its conversation, from 1',
    started_at DateTime64(3, 'UTC') COMMENT 'Its first contact message',
    contact String COMMENT 'Author of its first contact message',
    answered UInt8 COMMENT '1 if a manager''s message cleared a pending one within it',
    closed_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was closed; null if it was not',
    closed_by Nullable(String) COMMENT 'Manager who closed it; null if not told',
    pending_at_close UInt8 COMMENT '1 if a reply was still owed when it was closed',
    reopened_at Nullable(DateTime64(3, 'UTC')) COMMENT 'First reopening after its closing, before the next cycle; null if none',
    next_started_at Nullable(DateTime64(3, 'UTC')) COMMENT 'Start of the next cycle; null if it is the last',
    assignee LowCardinality(Nullable(String)) COMMENT 'Manager the conversation is assigned to now; null if nobody',
    last_manager LowCardinality(Nullable(String)) COMMENT 'Manager who wrote last in the conversation; null if none did',
    last_at DateTime64(3, 'UTC') COMMENT 'Time of the conversation''s last event: none of its times is later'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, toUInt32(cycle) AS cycle, started_at, cycle_contact AS contact,
    answered, closed_at, nullIf(cycle_closed_by, '') AS closed_by, pending_at_close, reopened_at,
    if(cycle < length(starts), starts[cycle + 1], NULL) AS next_started_at,
    nullIf(assignee, '') AS assignee, nullIf(last_manager, '') AS last_manager, last_at
FROM
(
    SELECT *, `cycles.started_at` AS starts FROM {database}.conversations FINAL
)
ARRAY JOIN
    arrayEnumerate(`cycles.started_at`) AS cycle,
    `cycles.started_at` AS started_at,
    `cycles.contact` AS cycle_contact,
    `cycles.answered` AS answered,
    `cycles.closed_at` AS closed_at,
    `cycles.closed_by` AS cycle_closed_by,
    `cycles.pending_at_close` AS pending_at_close,
    `cycles.reopened_at` AS reopened_at
COMMENT 'Cycles of conversations: from a contact''s message to the closing, or to the next cycle';

CREATE OR REPLACE VIEW {database}.v_managers{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the manager works for',
    manager String COMMENT 'Manager id, as in the facts',
    name String COMMENT 'Name to show'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, manager, name FROM {database}.managers FINAL
COMMENT 'Managers that the configuration names';

CREATE OR REPLACE VIEW {database}.v_channels{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the channel belongs to',
    channel String COMMENT 'Channel id, as in the facts',
    name String COMMENT 'Name to show'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, channel, name FROM {database}.channels FINAL
COMMENT 'Channels that the configuration names';

CREATE OR REPLACE VIEW {database}.v_teams{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the team belongs to',
    team String COMMENT 'Team id',
    name String COMMENT 'Name to show'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, team, name FROM {database}.teams FINAL
COMMENT 'Teams that the configuration names';

CREATE OR REPLACE VIEW {database}.v_team_members{on_cluster}
(
    account LowCardinality(String) COMMENT 'Account (tenant) that the team belongs to',
    manager String COMMENT 'Manager id, as in the facts',
    team String COMMENT 'Team id',
    valid_from DateTime64(3, 'UTC') COMMENT 'Start of the membership, inclusive; 1970 if it always was',
    valid_until DateTime64(3, 'UTC') COMMENT 'End of the membership, exclusive; end of 2299 if it is open'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT account, manager, team, valid_from, valid_until FROM {database}.team_members FINAL
COMMENT 'Which manager was in which team when; a manager is in one team at a time';
