-- How far a message is vouched for, for everyone's SQL, beside what was there.

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
    integrity LowCardinality(String) COMMENT 'How far it is vouched for: verified, weak or unverified',
    kommo_ms Nullable(Int64) COMMENT 'Response time by the kommo definition, calendar milliseconds; null if it gives no sample',
    turn_ms Nullable(Int64) COMMENT 'Response time by the turn definition, calendar milliseconds; null if it gives no sample',
    wait_ms Nullable(Int64) COMMENT 'Response time by the wait definition, calendar milliseconds; null if it gives no sample',
    assigned_ms Nullable(Int64) COMMENT 'Response time by the assigned definition, calendar milliseconds; null if it gives no sample',
    first_ms Nullable(Int64) COMMENT 'Response time by the first definition, calendar milliseconds; null if it gives no sample',
    first_from_start_ms Nullable(Int64) COMMENT 'As first_ms, but since the first contact message of the cycle also when a bot spoke first; null if it gives no sample',
    kommo_business_ms Nullable(Int64) COMMENT 'As kommo_ms, but only the time inside the schedule; null without a schedule',
    turn_business_ms Nullable(Int64) COMMENT 'As turn_ms, but only the time inside the schedule; null without a schedule',
    wait_business_ms Nullable(Int64) COMMENT 'As wait_ms, but only the time inside the schedule; null without a schedule',
    assigned_business_ms Nullable(Int64) COMMENT 'As assigned_ms, but only the time inside the schedule; null without a schedule',
    first_business_ms Nullable(Int64) COMMENT 'As first_ms, but only the time inside the schedule; null without a schedule',
    first_from_start_business_ms Nullable(Int64) COMMENT 'As first_from_start_ms, but only the time inside the schedule; null without a schedule',
    within_target UInt16 COMMENT 'Which samples are within their target, a bit each: kommo 0, turn 1, wait 2, assigned 3, first 4; the same in business time from 8'
)
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    account, channel, conversation, contact, at, message, author,
    nullIf(manager, '') AS manager, messages.manager AS manager_key, kind, chars, integrity,
    kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, first_from_start_ms,
    kommo_business_ms, turn_business_ms, wait_business_ms, assigned_business_ms, first_business_ms,
    first_from_start_business_ms, within_target
FROM {database}.messages FINAL
COMMENT 'Public messages, with the response times that each reply gives';
