//! The engine dies, freezes, is stopped, and starts again.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use trunkline_warehouse::testing::{self, TestEngine};
use trunkline_warehouse::{Engine, Fault, migrations};

use super::raw::{ask, engine_pid, freeze, message, pid_of, pid_on, signal, write};

#[tokio::test]
async fn a_killed_engine_comes_back_with_all_that_was_confirmed() {
    let engine = TestEngine::start().await;
    write(&engine, &[message("m1", 0)]).await;
    let before = engine_pid(&engine);

    signal(before, Signal::KILL);
    let back = async {
        while pid_of(&engine).is_none_or(|pid| pid == before) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        engine.answers().await;
    };
    tokio::time::timeout(Duration::from_secs(30), back)
        .await
        .expect("it comes back");
    assert_eq!(
        ask(&engine.reader, "SELECT message FROM trunkline.v_messages"),
        "m1"
    );
}

#[tokio::test]
async fn while_the_engine_is_away_calls_fail_at_once() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let engine = Engine::prepare(testing::config(dir.path())).expect("engine is set up");
    assert!(matches!(
        engine.writer().health().await,
        Err(Fault::Unreachable(_))
    ));
}

#[tokio::test]
async fn a_frozen_engine_is_a_timeout_and_not_a_hang() {
    let engine = TestEngine::start().await;
    let pid = engine_pid(&engine);
    freeze(pid);
    let health = engine.writer.health().await;
    signal(pid, Signal::CONT);
    assert!(matches!(health, Err(Fault::Timeout(_))), "{health:?}");
    assert!(engine.writer.health().await.is_ok());
}

#[tokio::test]
async fn a_frozen_engine_can_be_stopped() {
    let engine = TestEngine::start().await;
    freeze(engine_pid(&engine));
    let stopped = tokio::time::timeout(Duration::from_secs(20), engine.stop()).await;
    assert!(stopped.is_ok());
}

#[tokio::test]
async fn a_stopped_engine_starts_again_with_its_passwords_and_rows() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let first = TestEngine::start_in(dir.path()).await;
    migrations::migrate(&first.writer)
        .await
        .expect("migrations apply");
    write(&first, &[message("m1", 0)]).await;
    let connection = first.writer.connection().clone();
    first.stop().await;

    let second = TestEngine::start_in(dir.path()).await;
    assert_eq!(*second.writer.connection(), connection);
    assert_eq!(
        ask(&second.writer, "SELECT message FROM trunkline.v_messages"),
        "m1"
    );
}

#[tokio::test]
async fn an_engine_waits_for_its_predecessor_to_let_go_of_the_data() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let first = TestEngine::start_in(dir.path()).await;
    let second = TestEngine::start_in(dir.path());
    let take_over = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        first.stop().await;
    };
    let (second, ()) = tokio::join!(second, take_over);
    assert!(second.writer.health().await.is_ok());
}

#[tokio::test]
async fn an_engine_outlasts_the_signals_that_stop_a_service() {
    let engine = TestEngine::start_empty().await;
    let pid = engine_pid(&engine);
    for kind in [Signal::TERM, Signal::INT, Signal::HUP] {
        signal(pid, kind);
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(engine.writer.health().await.is_ok());
    assert_eq!(engine_pid(&engine), pid);
}

#[test]
fn an_engine_dies_with_its_parent() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let exe = std::env::current_exe().expect("a test knows its binary");
    let mut parent = Command::new(exe)
        .args(["engine_parent", "--exact", "--ignored", "--nocapture", "--"])
        .arg(dir.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("the parent starts");
    wait_for(|| listens(dir.path()).then_some(()));
    let engine = pid_on(dir.path()).expect("the engine runs");
    parent.kill().expect("the parent is killed");
    parent.wait().expect("the parent ends");
    let mark = std::path::PathBuf::from(format!("/proc/{engine}/exe"));
    // What is left for a moment is a process without an executable.
    wait_for(|| std::fs::read_link(&mark).is_err().then_some(()));
}

/// Tells whether somebody listens on the port that the engine on that folder is given.
fn listens(folder: &Path) -> bool {
    let text = std::fs::read_to_string(folder.join("credentials")).unwrap_or_default();
    let port = text
        .lines()
        .find_map(|line| line.strip_prefix("port = ")?.parse::<u16>().ok());
    port.is_some_and(|port| TcpStream::connect(("127.0.0.1", port)).is_ok())
}

/// Asks every few milliseconds, half a minute long.
fn wait_for<T>(what: impl Fn() -> Option<T>) -> T {
    let attempts = std::iter::repeat_with(|| {
        std::thread::sleep(Duration::from_millis(10));
        what()
    });
    attempts
        .take(3_000)
        .flatten()
        .next()
        .expect("it happens within half a minute")
}

#[test]
fn a_damaged_file_of_passwords_is_told_and_not_replaced() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let path = dir.path().join("credentials");
    std::fs::write(&path, "writer = abc\n").expect("write the file");
    let error = Engine::prepare(testing::config(dir.path())).expect_err("a line is missing");
    assert!(
        error.to_string().contains("reader is missing or damaged"),
        "{error}"
    );
    assert_eq!(
        std::fs::read_to_string(&path).expect("it is there"),
        "writer = abc\n"
    );
}
