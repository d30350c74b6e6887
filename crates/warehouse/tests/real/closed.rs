//! Nobody comes in but us, and the reader only reads the views.

use std::os::unix::fs::PermissionsExt;

use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::{Client, Fault};

use super::raw::{self, ask, message, post};

const READS: [&str; 6] = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM trunkline.messages",
    "SELECT * FROM trunkline.v_messages",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM system.users",
    "SELECT * FROM system.processes",
];

fn denied(answer: &str) -> bool {
    [
        "(ACCESS_DENIED)",
        "(AUTHENTICATION_FAILED)",
        "(QUOTA_EXCEEDED)",
        "(REQUIRED_PASSWORD)",
    ]
    .iter()
    .any(|word| answer.contains(word))
}

async fn with_one_message() -> TestEngine {
    let engine = TestEngine::start().await;
    raw::write(&engine, &[message("m1", raw::TEN)]).await;
    engine
}

fn url(client: &Client) -> &str {
    client.connection().url()
}

#[tokio::test]
async fn a_local_user_without_a_password_reads_neither_files_nor_tables() {
    let engine = with_one_message().await;
    for user in ["default", "", "writer", "reader"] {
        for sql in READS {
            let answer = post(url(&engine.writer), user, "", sql);
            assert!(denied(&answer), "{user:?} asked {sql}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_local_user_without_a_password_cannot_stop_the_listener() {
    let engine = with_one_message().await;
    let answer = post(
        url(&engine.writer),
        "default",
        "",
        "SYSTEM STOP LISTEN HTTP",
    );
    assert!(denied(&answer), "{answer}");
    assert!(engine.writer.health().await.is_ok());
}

#[tokio::test]
async fn the_reader_reads_views_only() {
    let engine = with_one_message().await;
    assert_eq!(
        ask(&engine.reader, "SELECT message FROM trunkline.v_messages"),
        "m1"
    );
    for sql in [
        "SELECT * FROM trunkline.messages",
        "SELECT * FROM trunkline.trunkline_writer",
        "SELECT * FROM trunkline.schema_migrations",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "SELECT * FROM system.users",
        "SELECT * FROM merge('trunkline', '^messages$')",
    ] {
        let answer = ask(&engine.reader, sql);
        assert!(answer.contains("DB::Exception"), "{sql}: {answer}");
    }
}

#[tokio::test]
async fn the_reader_writes_nothing() {
    let engine = with_one_message().await;
    for sql in [
        "INSERT INTO trunkline.messages (account) VALUES ('x')",
        "INSERT INTO trunkline.v_messages (account) VALUES ('x')",
        "ALTER TABLE trunkline.messages DELETE WHERE 1",
        "DROP TABLE trunkline.messages",
        "CREATE TABLE trunkline.v_mine (a String) ENGINE = Memory",
        "CREATE USER someone",
        "SYSTEM STOP LISTEN HTTP",
        "SET max_memory_usage = 0",
    ] {
        let answer = ask(&engine.reader, sql);
        assert!(answer.contains("DB::Exception"), "{sql}: {answer}");
    }
    assert_eq!(
        ask(&engine.reader, "SELECT count() FROM trunkline.v_messages"),
        "1"
    );
}

#[tokio::test]
async fn the_writer_stays_within_its_database() {
    let engine = with_one_message().await;
    for sql in [
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "CREATE DATABASE other",
        "CREATE USER someone",
        "INSERT INTO FUNCTION file('x.csv') SELECT 1",
        "CREATE TABLE trunkline.f (a String) ENGINE = File(CSV, '/etc/passwd')",
    ] {
        let answer = ask(&engine.writer, sql);
        assert!(denied(&answer), "{sql}: {answer}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let engine = TestEngine::start().await;
    let stranger = raw::with_password(&engine.writer, "guess");
    assert!(matches!(stranger.health().await, Err(Fault::Refused(_))));
}

#[tokio::test]
async fn files_with_secrets_are_ours_alone() {
    let engine = TestEngine::start_empty().await;
    let mode = |name: &str| {
        let path = engine.folder().join(name);
        std::fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(""), 0o700);
    for name in ["credentials", "config.xml", "users.xml"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    let line = std::fs::read(format!("/proc/{}/cmdline", raw::engine_pid(&engine)));
    let line = String::from_utf8_lossy(&line.expect("the engine runs")).into_owned();
    assert!(!line.contains(engine.writer.connection().password()));
}
