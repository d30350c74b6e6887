//! Reports' queries: typed, parameterised, limited.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::{QueryError, Table, Writer};

use super::raw::{TEN, ask, engine_pid, freeze, message, messages, reply, signal};

const LIMIT: Duration = Duration::from_secs(10);

fn names(table: &Table) -> Vec<&str> {
    table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect()
}

#[tokio::test]
async fn values_are_exact_and_named() {
    let engine = TestEngine::start().await;
    let sql = "SELECT 18446744073709551615 AS large, -9223372036854775808 AS low, NULL AS none, \
               0.5 AS half, nan AS undefined, 'é' AS text, [1, 2] AS list";
    let table = engine
        .reader
        .query(sql, LIMIT)
        .fetch()
        .await
        .expect("it is answered");
    let expected = ["large", "low", "none", "half", "undefined", "text", "list"];
    assert_eq!(names(&table), expected);
    let row = json!([u64::MAX, i64::MIN, null, 0.5, null, "é", [1, 2]]);
    assert_eq!(json!(table.rows), json!([row]));
}

#[tokio::test]
async fn parameters_never_become_sql() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    writer
        .write(&mut messages(&[message("m1", TEN), reply("m2", TEN, 1, 1)]))
        .await
        .expect("written");
    let count = async |account: &str| {
        let sql = "SELECT count() FROM trunkline.v_messages WHERE account = {account:String}";
        let query = engine.reader.query(sql, LIMIT).param("account", account);
        query.fetch().await.expect("it is answered").rows[0][0].clone()
    };
    assert_eq!(count("acme").await, json!(2));
    for evil in [
        "x' OR 1=1 --",
        "acme' --",
        "acme\\",
        "{account:String}",
        "a\nb\tc?",
    ] {
        assert_eq!(count(evil).await, json!(0), "{evil}");
    }
}

#[tokio::test]
async fn parameters_of_all_kinds_arrive_as_given() {
    let engine = TestEngine::start().await;
    let sql = "SELECT {text:String}, {texts:Array(String)}, {bounds:Array(Int64)}, {n:Int64}, \
               {none:Nullable(String)}";
    let text = "tab\t 'quote' \"double\" \\ back ключ ? {x}";
    let query = engine.reader.query(sql, LIMIT).param("text", text);
    let query = query
        .param("texts", vec!["a'b", "c\\d", "ключ"])
        .param("bounds", vec![-1_i64, TEN]);
    let query = query.param("n", i64::MIN).param("none", None::<String>);
    let table = query.fetch().await.expect("it is answered");
    let row = json!([text, ["a'b", "c\\d", "ключ"], [-1, TEN], i64::MIN, null]);
    assert_eq!(json!(table.rows), json!([row]));
}

#[tokio::test]
async fn wrong_sql_is_a_mistake_of_ours() {
    let engine = TestEngine::start().await;
    let outcome = engine.reader.query("SELECT nothing", LIMIT).fetch().await;
    assert!(matches!(outcome, Err(QueryError::Bad(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_query_as_the_writer_cannot_write_either() {
    let engine = TestEngine::start().await;
    let sql = "ALTER TABLE trunkline.messages DELETE WHERE 1";
    let outcome = engine.writer.query(sql, LIMIT).fetch().await;
    assert!(matches!(outcome, Err(QueryError::Bad(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_query_stops_at_its_limit() {
    let engine = TestEngine::start().await;
    let limit = Duration::from_secs(1);
    let sql = "SELECT count() FROM numbers(1000000000000)";
    let outcome = engine.reader.query(sql, limit).fetch().await;
    assert_eq!(outcome, Err(QueryError::TooSlow(limit)));
}

#[tokio::test]
async fn a_query_that_nobody_waits_for_is_cancelled() {
    let engine = TestEngine::start().await;
    let sql = "SELECT count() FROM numbers(1000000000000)";
    let given_up = tokio::time::timeout(
        Duration::from_secs(1),
        engine.reader.query(sql, Duration::from_secs(30)).fetch(),
    );
    assert!(given_up.await.is_err());
    let running = "SELECT count() FROM system.processes WHERE user = 'reader'";
    let mut left = String::new();
    for _ in 0..100 {
        left = ask(&engine.writer, running);
        if left == "0" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(left, "0");
}

#[tokio::test]
async fn a_frozen_engine_is_unavailable_within_the_limit() {
    let engine = TestEngine::start().await;
    let pid = engine_pid(&engine);
    freeze(pid);
    let outcome = engine
        .reader
        .query("SELECT 1", Duration::from_secs(1))
        .fetch()
        .await;
    signal(pid, Signal::CONT);
    assert!(
        matches!(outcome, Err(QueryError::Unavailable(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_not_read() {
    let engine = TestEngine::start().await;
    let sql = "SELECT repeat('x', 1000000) FROM numbers(70)";
    let outcome = engine
        .reader
        .query(sql, Duration::from_secs(30))
        .fetch()
        .await;
    assert_eq!(outcome, Err(QueryError::TooLarge));
}

#[tokio::test]
async fn what_is_not_migrated_yet_is_unavailable() {
    let engine = TestEngine::start_empty().await;
    let sql = "SELECT count() FROM trunkline.v_messages";
    // The reader may not read what is not there; the writer finds neither database nor table.
    for client in [&engine.reader, &engine.writer] {
        let outcome = client.query(sql, LIMIT).fetch().await;
        assert!(
            matches!(outcome, Err(QueryError::Unavailable(_))),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn a_query_that_needs_too_much_memory_is_too_heavy() {
    let engine = TestEngine::start().await;
    // 3.2 GB at once; the reader may have 1 GB.
    let sql = "SELECT length(range(400000000 + number)) FROM numbers(1)";
    let outcome = engine.reader.query(sql, LIMIT).fetch().await;
    assert!(
        matches!(outcome, Err(QueryError::TooHeavy(241))),
        "{outcome:?}"
    );
}
