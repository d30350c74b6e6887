//! `trunkline audit`: clean after a life with late, repeated and retracted events; and each row that
//! was tampered with in ClickHouse is found.

use std::process::{Command, Output};
use std::time::Duration;

use e2e::clock::{pause, rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::generate::{self, disorder};
use e2e::service::{Service, binary};
use e2e::site::Pages;
use serde_json::{Value, json};

/// How long a removal may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn audit(service: &Service) -> (Option<i32>, String) {
    let config = service.data_dir().with_file_name("trunkline.toml");
    let output: Output = Command::new(binary())
        .arg("--config")
        .arg(config)
        .arg("audit")
        .output()
        .expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
fn a_life_with_disorder_repetition_and_retraction_is_the_journals_to_the_last_row() {
    let seed = generate::seed();
    let schedule = "schedule = { zone = \"Europe/Madrid\", mon = [\"09:00-18:00\"] }";
    let mut service = Service::start(Config::of([Account::new("acme").setting(schedule)]));
    let door = service.door("acme");
    let events = generate::log(seed, 120);
    let sent = disorder(&events, seed, 20);
    let (first, second) = sent.split_at(sent.len() / 2);
    door.send(first);
    let id = first
        .iter()
        .find_map(|event| event.json()["id"].as_str().map(str::to_owned));
    let retract = json!({"type": "retract", "target": id.unwrap(), "at": "2026-03-03T09:00:00Z"});
    door.post_json(&retract).expect_status(202);
    service.kill9();
    service.restart();
    let door = service.door("acme");
    door.send(second);
    door.flush();
    service.stop();
    let (code, said) = audit(&service);
    println!("{said}");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 different, 0 missing, 0 surplus"), "{said}");
    assert!(!said.contains("rows: 0 the same"), "{said}");
    assert!(
        said.contains("0 others, 0 not there, 0 of no messages"),
        "{said}"
    );
    assert!(!said.contains("figures: 0 as their messages"), "{said}");
}

#[test]
fn every_row_that_was_tampered_with_is_found() {
    let engine = Engine::start();
    let mut service = Service::start(Config::acme().warehouse(&engine.settings(engine.password())));
    let door = service.door("acme");
    door.send(&generate::log(7, 30));
    door.flush();
    service.stop();
    assert_eq!(audit(&service).0, Some(0));
    let tamper = [
        "INSERT INTO messages SELECT * REPLACE (wait_ms + 1 AS wait_ms) FROM messages FINAL \
         WHERE wait_ms IS NOT NULL ORDER BY message LIMIT 1",
        "INSERT INTO messages SELECT * REPLACE ('stranger' AS message) FROM messages FINAL LIMIT 1",
        "ALTER TABLE conversations DELETE WHERE conversation = \
         (SELECT min(conversation) FROM conversations) SETTINGS mutations_sync = 1",
    ];
    for statement in tamper {
        engine.views().text(statement);
    }
    let (code, said) = audit(&service);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 different, 1 missing, 1 surplus"), "{said}");
    assert!(said.contains("stranger is not the journal's"), "{said}");
    assert!(said.contains("is missing; the journal says"), "{said}");
}

#[test]
fn facts_older_than_they_are_kept_go_and_the_audit_does_not_miss_them() {
    let keep = |facts: &str| {
        let lines = "segment_mb = 8\nreserve_mb = 64\n\n[retention]";
        Config::acme().journal(&format!("{lines}\nfacts = \"{facts}\"\n"))
    };
    let mut service = Service::start(keep("25 months"));
    let door = service.door("acme");
    door.send(&generate::log(7, 30));
    door.flush();
    let count = |service: &Service, view: &str| -> u64 {
        let sql = format!("SELECT count() FROM {view}");
        service.views().text(&sql).trim().parse().expect("a number")
    };
    assert!(count(&service, "v_messages") > 100);
    service.stop();
    pause(1_500);
    service.configure(keep("1s"));
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    let late = Thread::new("late").contact("10:00").manager("ana", "10:05");
    door.send(&late.events());
    let two = || count(&service, "v_messages") == 2;
    wait_until("only what arrived lately is left", PATIENCE, two);
    wait_until("conversations go too", PATIENCE, || {
        count(&service, "v_conversations") == 1
    });
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 different, 0 missing, 0 surplus"), "{said}");
    assert!(!said.contains("surplus, 0 older"), "{said}");
}

#[test]
fn every_cell_of_figures_that_was_tampered_with_is_found() {
    let engine = Engine::start();
    let mut service = Service::start(Config::acme().warehouse(&engine.settings(engine.password())));
    let door = service.door("acme");
    door.send(&generate::log(7, 30));
    door.flush();
    service.stop();
    let tamper = [
        "INSERT INTO answers SELECT * REPLACE (sum_ms + 1 AS sum_ms) FROM answers FINAL \
         WHERE definition = 'wait' ORDER BY at LIMIT 1",
        "INSERT INTO answers SELECT * REPLACE ('stranger' AS manager) FROM answers FINAL LIMIT 1",
        "INSERT INTO answers SELECT * REPLACE (1 AS deleted) FROM answers FINAL \
         WHERE definition = 'kommo' ORDER BY at LIMIT 1",
    ];
    for statement in tamper {
        engine.views().text(statement);
    }
    let (code, said) = audit(&service);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("0 different, 0 missing, 0 surplus"), "{said}");
    assert!(
        said.contains("1 others, 1 not there, 1 of no messages"),
        "{said}"
    );
    assert!(said.contains("/stranger; clickhouse says: "), "{said}");
}

/// Visits, calls and a form of a life with a crash in it: three visits, three calls.
fn live(service: &mut Service) {
    let (door, pages) = (service.door("acme"), Pages::new(service.port(), "shop"));
    let rings = |door: &Door, call: &str, to: &str| {
        let ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
            "from": "+34600111222", "to": to, "at": rfc3339(wall())});
        door.post_json(&ring).expect_status(202);
    };
    let ana = pages.visit("ana")["visit"].as_str().unwrap().to_owned();
    pages.tell(&ana, "end", &Value::Null).expect_status(204);
    pages.visit("eva");
    rings(&door, "several", "+34911000001");
    let form = json!({"type": "form", "form": "f", "visitor": "bob", "phone": "+34600111333",
        "at": rfc3339(wall()), "source": "mail"});
    let elsewhere = json!({"type": "visit", "id": "v", "visit": "x-1", "visitor": "bob",
        "url": "https://other.example/", "at": rfc3339(wall())});
    let gone = json!({"type": "retract", "target": "gone", "at": rfc3339(wall())});
    let mut taken_back = elsewhere.clone();
    (taken_back["id"], taken_back["visit"]) = ("gone".into(), "x-2".into());
    door.post_json(&json!([form, elsewhere, taken_back, gone]))
        .expect_status(202);
    door.flush();
    service.kill9();
    service.restart();
    let door = service.door("acme");
    rings(&door, "fixed", "+34911000100");
    rings(&door, "unknown", "+34911777777");
    door.flush();
}

#[test]
fn every_visit_and_attribution_that_was_tampered_with_is_found() {
    let engine = Engine::start();
    let tracked = Account::new("acme").section(
        "[[account.number]]\nnumber = \"+34911000100\"\nsource = \"flyer\"\n\
         [[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"+34911000001\"]\nsource = \"site\"\n",
    );
    let config = Config::of([tracked]).warehouse(&engine.settings(engine.password()));
    let mut service = Service::start(config);
    live(&mut service);
    let metrics = service
        .door("acme")
        .get("/metrics", &[])
        .expect_status(200)
        .text();
    let written = |table: &str| {
        let name = format!("trunkline_flush_rows_written_total{{table=\"{table}\"}} ");
        let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
        line.map(|count| count.parse::<u64>().expect("a count"))
    };
    for table in ["visits", "attributions", "forms", "calls"] {
        assert!(written(table) > Some(0), "{table}: {metrics}");
    }
    for table in ["leads", "spend", "touches", "contact_tags"] {
        assert_eq!(written(table), Some(0), "{table}");
    }
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
    // Three visits, three calls with what brought them, a form.
    assert!(said.contains("rows: 10 the same"), "{said}");
    let tamper = [
        "ALTER TABLE visits DELETE WHERE visit = 'x-1' SETTINGS mutations_sync = 1",
        "INSERT INTO visits SELECT * REPLACE (expires_at + 1 AS expires_at) FROM visits FINAL \
         ORDER BY visit LIMIT 1",
        "INSERT INTO visits SELECT * REPLACE ('stranger' AS visit) FROM visits FINAL LIMIT 1",
        "ALTER TABLE attributions DELETE WHERE call = 'fixed' SETTINGS mutations_sync = 1",
        "INSERT INTO attributions SELECT * REPLACE (arrayMap(weight -> weight / 2, \
         `candidates.weight`) AS `candidates.weight`) FROM attributions FINAL WHERE call = 'several'",
        "INSERT INTO attributions SELECT * REPLACE ('stranger' AS call) FROM attributions FINAL \
         LIMIT 1",
    ];
    for statement in tamper {
        engine.views().text(statement);
    }
    let (code, said) = audit(&service);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("2 different, 2 missing, 2 surplus"), "{said}");
    for found in [
        "visit acme/x-1 is missing",
        "visit acme/stranger is not the journal's",
        "attribution acme/fixed is missing",
        "attribution acme/several differs",
        "attribution acme/stranger is not the journal's",
    ] {
        assert!(said.contains(found), "{found}: {said}");
    }
}
