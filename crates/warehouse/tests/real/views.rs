//! The read contract: what it shows, and that it never reads more than was asked for.

use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;

use super::raw::{MINUTE, TEN, ask, message, messages, reply, write};

const DAY: i64 = 86_400_000;

/// A year of messages of two accounts, enough for many granules in each month.
async fn with_a_year() -> TestEngine {
    let engine = TestEngine::start().await;
    let fill = "INSERT INTO trunkline.messages (account, channel, conversation, contact, at, \
        message, author, manager, kind, chars, kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, \
        received_at, version, deleted) \
        SELECT if(number % 2 = 0, 'acme', 'other'), 'whatsapp', toString(intDiv(number, 9)), 'x', \
        toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + number * 50, toString(number), 'manager', \
        concat('m', toString(number % 20)), 'text', NULL, 1, 2, 3, 4, 5, now64(3), 1, 0 \
        FROM numbers(600000)";
    assert_eq!(ask(&engine.writer, fill), "");
    engine
}

/// Gives all `n/m` that the plan tells of granules: of `m` only `n` are left.
fn granules(engine: &TestEngine, sql: &str) -> Vec<(u64, u64)> {
    let plan = ask(&engine.writer, &format!("EXPLAIN indexes = 1 {sql}"));
    assert!(!plan.contains("DB::Exception"), "{plan}");
    let counts = plan
        .lines()
        .filter_map(|line| line.split_once("Granules: ")?.1.split_once('/'));
    counts
        .map(|(left, all)| (left.parse().expect("count"), all.parse().expect("count")))
        .collect()
}

#[tokio::test]
async fn a_day_of_one_account_reads_neither_other_months_nor_other_accounts() {
    let engine = with_a_year().await;
    for view in ["v_messages", "v_responses"] {
        let day = "account = 'acme' AND at >= '2026-05-05' AND at < '2026-05-06'";
        let filter = if view == "v_responses" {
            "definition = 'wait' AND"
        } else {
            ""
        };
        let sql = format!("SELECT count() FROM trunkline.{view} WHERE {filter} {day}");
        let granules = granules(&engine, &sql);
        let (left, _) = *granules.last().expect("a plan with indexes");
        let (_, all) = granules[0];
        assert!(
            all > 70,
            "{view}: {all} granules are too few to show anything"
        );
        // A day is 1,728 rows: at most a few granules of 8,192.
        assert!(left <= 6, "{view}: {left} of {all} granules");
    }
}

#[tokio::test]
async fn one_definition_reads_one_branch() {
    let engine = with_a_year().await;
    let sql = "SELECT manager, sum(ms) FROM trunkline.v_responses \
               WHERE account = 'acme' AND definition = 'wait' GROUP BY manager";
    let plan = ask(&engine.writer, &format!("EXPLAIN indexes = 1 {sql}"));
    assert_eq!(plan.matches("Indexes:").count(), 1, "{plan}");
    let sum = "SELECT sum(ms) FROM trunkline.v_responses \
               WHERE account = 'acme' AND definition = 'wait'";
    assert_eq!(ask(&engine.reader, sum), "900000");
}

#[tokio::test]
async fn one_conversation_is_found_by_its_index() {
    let engine = with_a_year().await;
    // Readers are shown keys of some, for which all are looked at.
    let sql = "SELECT count() FROM trunkline.whole_messages \
               WHERE account = 'acme' AND channel = 'whatsapp' AND conversation = '777'";
    let granules = granules(&engine, sql);
    let (left, all) = *granules.last().expect("a plan with indexes");
    assert!(all > 20 && left <= all / 5, "{left} of {all} granules");
}

#[tokio::test]
async fn each_sample_is_a_row_of_its_definition() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let facts = [
        message("m1", TEN),
        reply("m2", TEN + 5 * MINUTE, 300_000, 180_000),
    ];
    writer
        .write(&mut messages(&facts))
        .await
        .expect("they are written");
    let rows = ask(
        &engine.reader,
        "SELECT account, at, channel, conversation, contact, message, manager, author, \
         definition, ms FROM trunkline.v_responses ORDER BY definition FORMAT CSV",
    );
    let both = r#""acme","2026-03-01 10:05:00.000","whatsapp","c1","maria","m2","ana","manager""#;
    assert_eq!(
        rows,
        format!("{both},\"turn\",180000\n{both},\"wait\",300000")
    );
}

#[tokio::test]
async fn no_view_shows_what_only_the_writer_needs() {
    let engine = TestEngine::start().await;
    let sql = "SELECT table, name FROM system.columns WHERE database = 'trunkline' \
               AND startsWith(table, 'v_') AND name IN ('version', 'deleted', 'received_at')";
    assert_eq!(ask(&engine.writer, sql), "");
}

#[tokio::test]
async fn a_deleted_row_is_not_shown() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    writer
        .write(&mut messages(&[
            message("m1", TEN),
            message("m2", TEN + DAY),
        ]))
        .await
        .expect("written");
    let delete = "INSERT INTO trunkline.messages SELECT * REPLACE (version + 1 AS version, \
                  1 AS deleted) FROM trunkline.messages WHERE message = 'm1'";
    assert_eq!(ask(&engine.writer, delete), "");
    assert_eq!(
        ask(&engine.reader, "SELECT message FROM trunkline.v_messages"),
        "m2"
    );
}

#[tokio::test]
async fn one_managers_messages_are_found_by_the_primary_key() {
    let engine = with_a_year().await;
    let acme = "account = 'acme'";
    for view in ["v_messages", "v_responses WHERE definition = 'wait' AND"] {
        let (view, filter) = view.split_once(" WHERE ").unwrap_or((view, ""));
        let count = |manager: &str| {
            format!("SELECT count() FROM trunkline.{view} WHERE {filter} {acme} AND {manager}")
        };
        let left = |manager| granules(&engine, &count(manager)).last().map(|left| left.0);
        // Ten managers of acme share 300,000 rows of twelve months.
        let (all, of_one) = (left("1"), left("manager_key IN ['m4']"));
        let (all, of_one) = (all.expect("a plan"), of_one.expect("a plan"));
        assert!(all > 36 && of_one <= all / 2, "{view}: {of_one} of {all}");
        for manager in ["manager = 'm4'", "manager_key = 'm4'"] {
            let counted = ask(&engine.reader, &count(manager));
            assert_eq!(counted, "30000", "{view} {manager}");
        }
    }
}

#[tokio::test]
async fn the_key_of_no_manager_is_empty() {
    let engine = TestEngine::start().await;
    write(&engine, &[message("m1", TEN), reply("m2", TEN, 1, 1)]).await;
    let sql = "SELECT message, manager, manager_key FROM trunkline.v_messages \
               ORDER BY message FORMAT CSV";
    let rows = ask(&engine.reader, sql);
    assert_eq!(rows, "\"m1\",\\N,\"\"\n\"m2\",\"ana\",\"ana\"");
}
