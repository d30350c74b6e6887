//! ClickHouse is killed, frozen, or refuses the password: the service keeps accepting, says so, and
//! catches up exactly.

use std::time::Duration;

use e2e::clock::{holds_within, now, pause, wait_until};
use e2e::compare;
use e2e::config::Config;
use e2e::doors::{Door, Receipt, lines};
use e2e::engine::Engine;
use e2e::events::Event;
use e2e::facts;
use e2e::generate::{self, disorder};
use e2e::reference::Reference;
use e2e::service::{Service, freeze, kill, thaw};
use serde_json::json;

/// How long it may take until `/readyz` says that ClickHouse is away.
const AWAY: Duration = Duration::from_secs(40);

/// Sends in batches and asserts that each is acknowledged promptly.
fn send_promptly(door: &Door, events: &[Event]) {
    for batch in events.chunks(100) {
        let start = now();
        door.send(batch);
        let took = start.elapsed();
        assert!(
            took < Duration::from_secs(3),
            "an acknowledgement took {took:?}"
        );
    }
}

fn assert_caught_up(service: &Service, events: &[Event]) {
    service.wait_for_warehouse();
    let door = service.door("acme");
    door.flush();
    let reference = Reference::of(events);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&door, &reference, reference.span());
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.observed, events.len() as u64, "{sums:?}");
}

#[test]
fn clickhouse_killed_again_and_again_loses_nothing() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(31, 200);
    let sent = disorder(&events, 31, 20);
    for part in sent.chunks(sent.len().div_ceil(5)) {
        let engine = service.engine().expect("an embedded ClickHouse");
        kill(engine);
        send_promptly(&door, part);
        service.wait_for_other_engine(engine);
        pause(300);
    }
    assert_caught_up(&service, &events);
    assert!(
        service.log().to_lowercase().contains("clickhouse"),
        "the log says nothing of it"
    );
}

#[test]
fn a_frozen_clickhouse_is_said_to_be_down_and_catches_up() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(32, 120);
    let (first, later) = events.split_at(events.len() / 2);
    send_promptly(&door, first);
    door.flush();
    let engine = service.engine().expect("an embedded ClickHouse");
    freeze(engine);
    send_promptly(&door, later);
    let frozen = now();
    let said = holds_within(AWAY, || {
        send_promptly(&door, &later[..1]);
        pause(200);
        service.warehouse_state() == "down"
    });
    let up = door.metrics().total("trunkline_warehouse_up");
    let age = door.metrics().total("trunkline_flush_age_seconds");
    thaw(engine);
    println!("said to be down after {:?}", frozen.elapsed());
    assert!(said, "/readyz never said that ClickHouse is down");
    assert_eq!(up as u64, 0);
    assert!(age > 1.0, "flush age {age}");
    assert_caught_up(&service, &events);
}

#[test]
fn a_stop_while_clickhouse_is_frozen_ends_and_loses_nothing() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let events = generate::log(35, 60);
    let (first, later) = events.split_at(events.len() / 2);
    send_promptly(&door, first);
    door.flush();
    freeze(service.engine().expect("an embedded ClickHouse"));
    send_promptly(&door, later);
    let status = service.stop();
    assert!(status.success(), "{status}: {}", service.log_tail());
    service.restart();
    assert_caught_up(&service, &events);
}

#[test]
fn a_wrong_password_is_said_and_waited_out() {
    let engine = Engine::start();
    let config = |password: &str| Config::acme().warehouse(&engine.settings(password));
    let mut service = Service::start_without_warehouse(config("open-sesame"));
    let door = service.door("acme");
    let events = generate::log(33, 60);
    send_promptly(&door, &events);
    wait_until("`down` in /readyz", AWAY, || {
        service.warehouse_state() == "down"
    });
    door.get("/v1/reports/messages", &[])
        .expect_problem(503, "warehouse_unavailable");
    let again = lines(&events[..1]);
    let answer = door
        .try_post("?wait=flushed", "application/x-ndjson", None, &again)
        .unwrap();
    answer.expect_status(202);
    assert_eq!(answer.json()["flushed"], json!(false), "{}", answer.text());
    assert_eq!(Receipt::of(&answer).duplicates, 1);
    assert_eq!(door.metrics().total("trunkline_warehouse_up") as u64, 0);
    assert!(
        !service.log().contains("open-sesame"),
        "the password is in the log"
    );
    assert_eq!(
        service.engine(),
        None,
        "an embedded engine beside a configured one"
    );

    service.stop();
    service.configure(config(engine.password()));
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    let reference = Reference::of(&events);
    facts::assert_exact(&engine.views(), "acme", &reference);
    compare::assert_equal(&door, &reference, reference.span());
    assert!(
        !service.log().contains(engine.password()),
        "the password is in the log"
    );
}

#[test]
fn a_remote_clickhouse_that_restarts_is_caught_up_with() {
    let mut engine = Engine::start();
    let settings = engine.settings(engine.password());
    let service = Service::start(Config::acme().warehouse(&settings));
    let door = service.door("acme");
    let events = generate::log(34, 90);
    let (first, later) = events.split_at(events.len() / 2);
    send_promptly(&door, first);
    door.flush();
    engine.kill9();
    send_promptly(&door, later);
    wait_until("`down` in /readyz", AWAY, || {
        service.warehouse_state() == "down"
    });
    engine.restart();
    service.wait_for_warehouse();
    door.flush();
    facts::assert_exact(&engine.views(), "acme", &Reference::of(&events));
}

#[test]
fn rows_that_clickhouse_refused_before_a_stop_are_written_after_the_next_start() {
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::start(Config::acme().warehouse(&settings));
    let door = service.door("acme");
    let events = generate::log(35, 90);
    let (first, later) = events.split_at(events.len() / 2);
    send_promptly(&door, first);
    door.flush();
    let sql = |statement: &str| engine.views().text(statement);
    sql("RENAME TABLE messages TO hidden");
    send_promptly(&door, later);
    wait_until("`down` in /readyz", AWAY, || {
        service.warehouse_state() == "down"
    });
    assert!(service.stop().success(), "{}", service.log_tail());
    sql("RENAME TABLE hidden TO messages");
    service.restart();
    service.wait_for_warehouse();
    door.flush();
    facts::assert_exact(&engine.views(), "acme", &Reference::of(&events));
}

#[test]
fn a_clickhouse_that_went_back_in_time_is_filled_again_while_the_service_runs() {
    let engine = Engine::start();
    let settings = engine.settings(engine.password());
    let service = Service::start(Config::acme().warehouse(&settings));
    let door = service.door("acme");
    let events = generate::log(36, 90);
    let (first, later) = events.split_at(events.len() / 2);
    send_promptly(&door, first);
    door.flush();
    for table in ["messages", "conversations", "trunkline_writer"] {
        engine.views().text(&format!("TRUNCATE TABLE {table}"));
    }
    send_promptly(&door, later);
    door.flush();
    facts::assert_exact(&engine.views(), "acme", &Reference::of(&events));
}
