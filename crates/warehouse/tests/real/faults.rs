//! Faults of a ClickHouse elsewhere.

use std::net::TcpListener;

use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::{Client, Connection, Fault, Writer};

use super::raw::{message, messages};

fn client(url: &str) -> Client {
    Client::new(Connection::new(url, "u", "p", "trunkline").expect("a valid connection"))
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let port = {
        let held = TcpListener::bind("127.0.0.1:0").expect("bind any port");
        held.local_addr().expect("it has an address").port()
    };
    let health = client(&format!("http://127.0.0.1:{port}")).health().await;
    assert!(matches!(health, Err(Fault::Unreachable(_))), "{health:?}");
}

#[tokio::test]
async fn a_listener_that_says_nothing_is_a_timeout() {
    let mute = TcpListener::bind("127.0.0.1:0").expect("bind any port");
    let port = mute.local_addr().expect("it has an address").port();
    let health = client(&format!("http://127.0.0.1:{port}")).health().await;
    assert!(matches!(health, Err(Fault::Timeout(_))), "{health:?}");
}

#[tokio::test]
async fn a_database_that_is_not_migrated_rejects_facts() {
    let engine = TestEngine::start_empty().await;
    let written = Writer::new(engine.writer.clone())
        .write(&mut messages(&[message("m1", 0)]))
        .await;
    // UNKNOWN_DATABASE, by ClickHouse's list of codes.
    assert_eq!(written.expect_err("there is no table").code(), Some(81));
}
