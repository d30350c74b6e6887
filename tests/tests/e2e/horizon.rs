//! Beyond the horizon: conversations whose timeline has left the memory take late, repeated and
//! retracted events as if it had not; what ClickHouse has lost is made again from the journal.

use std::time::Duration;

use e2e::clock;
use e2e::compare;
use e2e::config::{Account, Config};
use e2e::events::Event;
use e2e::facts;
use e2e::generate::{self, disorder};
use e2e::reference::Reference;
use e2e::service::{Service, freeze, thaw};
use e2e::site::Pages;
use serde_json::json;

use super::audit::audit;

/// More conversations than may wait to be read back before the fold pauses.
const CROWD: u32 = 12_000;
/// Nothing is remembered for longer than a second of arrival.
const FORGETFUL: &str = "horizon = \"1s\"\nwindow = \"1s\"";

fn shrunk(service: &Service) -> f64 {
    let metrics = service.door("acme").metrics();
    metrics.total("trunkline_shrunk_conversations")
}

/// Waits until all conversations but those that are kept alive have shrunk.
fn wait_until_shrunk(service: &Service, conversations: f64) {
    let door = service.door("acme");
    let mut beats = 0;
    clock::wait_until(
        "the conversations have shrunk",
        Duration::from_mins(1),
        || {
            // Time is that of arrival: it goes on as long as something arrives, if only a note.
            beats += 1;
            let beat = json!({"type": "message", "conversation": "beat", "channel": "web",
            "contact": "c", "author": "system", "private": true, "id": beats.to_string(),
            "at": "2026-01-01T00:00:00Z"});
            door.post_json(&beat);
            door.flush();
            shrunk(service) >= conversations
        },
    );
}

fn conversations(events: &[Event]) -> f64 {
    let ids = events.iter().map(|event| {
        let json = event.json();
        (
            json["channel"].to_string(),
            json["conversation"].to_string(),
        )
    });
    ids.collect::<std::collections::BTreeSet<_>>().len() as f64
}

/// Sends a message in each of a crowd of conversations.
fn crowd(service: &Service, minute: u32, author: &str) {
    let manager = if author == "manager" {
        ",\"manager\":\"ana\""
    } else {
        ""
    };
    let message = |number: u32| {
        format!(
            r#"{{"type":"message","conversation":"k{number}","channel":"web","contact":"c{number}",
            "author":"{author}"{manager},"id":"{minute}","at":"2026-03-02T10:{minute:02}:00Z"}}"#
        )
        .replace('\n', "")
    };
    for first in (0..CROWD).step_by(4_000) {
        let lines: Vec<String> = (first..first + 4_000).map(message).collect();
        let body = lines.join("\n").into_bytes();
        let answer = service
            .door("acme")
            .post("application/x-ndjson", None, &body);
        answer.expect_status(202);
    }
}

#[test]
fn late_and_repeated_events_of_conversations_that_have_shrunk_are_exact() {
    let seed = generate::seed();
    println!("seed {seed}");
    let events = generate::log(seed, 200);
    let reference = Reference::of(&events);
    let mut service = Service::start(Config::acme().fold(FORGETFUL));
    let sent = disorder(&events, seed, 0);
    for (number, part) in sent.chunks(sent.len().div_ceil(4)).enumerate() {
        service.door("acme").send_flushed(part);
        let known = conversations(&sent[..part.len() * (number + 1).min(sent.len())]);
        wait_until_shrunk(&service, known / 2.0);
        if number == 1 {
            service.kill9();
            service.restart();
            service.wait_for_warehouse();
        }
    }
    let read_back = service
        .door("acme")
        .metrics()
        .total("trunkline_conversations_read_back_total");
    println!("read back {read_back} conversations in this life");
    assert!(read_back > 0.0);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
    // All of it once more, long after it was forgotten; but notes, of which nothing is kept.
    let kept = |event: &&Event| event.json()["private"] != json!(true);
    let events: Vec<Event> = events.iter().filter(kept).cloned().collect();
    wait_until_shrunk(&service, conversations(&events));
    let before = service.door("acme").metrics().sums();
    service.door("acme").send(&events);
    service.door("acme").flush();
    let after = service.door("acme").metrics().sums();
    assert!(after.balance(), "{after:?}");
    assert_eq!(after.duplicate - before.duplicate, events.len() as u64);
    assert_eq!((after.observed, after.conflict), (before.observed, 0));
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn retractions_and_settings_reach_what_has_shrunk() {
    let seed = generate::seed();
    println!("seed {seed}");
    let account = || Account::new("acme");
    let mut service = Service::start(Config::of([account()]).fold(FORGETFUL));
    let events = generate::log(seed, 120);
    service.door("acme").send_flushed(&events);
    wait_until_shrunk(&service, conversations(&events));
    let with_id = events.iter().filter_map(|event| {
        let json = event.json();
        json["id"].as_str().map(str::to_owned)
    });
    let door = service.door("acme");
    for id in with_id.step_by(7).take(20) {
        let retract = json!({"type": "retract", "target": id, "at": "2026-03-03T09:00:00Z"});
        door.post_json(&retract).expect_status(202);
    }
    door.flush();
    wait_until_shrunk(&service, conversations(&events));
    // A first schedule holds for all the past.
    let schedule = "schedule = { zone = \"Europe/Madrid\", mon = [\"09:00-18:00\"], \
                    wed = [\"09:00-12:00\", \"13:00-15:00\"] }";
    service.configure(Config::of([account().setting(schedule)]).fold(FORGETFUL));
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    let business = service.views().text(
        "SELECT count() FROM v_messages WHERE kommo_ms IS NOT NULL AND kommo_business_ms IS NULL",
    );
    assert_eq!(business.trim(), "0");
    service.stop();
    let (code, said) = audit(&service);
    println!("{said}");
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn what_clickhouse_lost_beyond_the_horizon_is_made_again_from_the_journal() {
    let engine = e2e::engine::Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::start(Config::acme().fold(FORGETFUL).warehouse(&settings));
    let events = generate::log(11, 60);
    service.door("acme").send_flushed(&events);
    wait_until_shrunk(&service, conversations(&events));
    // As after a backup from before all of it: what was confirmed is gone.
    for table in ["messages", "changes", "conversations", "trunkline_writer"] {
        engine.views().text(&format!("TRUNCATE TABLE {table}"));
    }
    let end = service.wait_for_end(Duration::from_secs(30));
    assert!(!end.success(), "{end}");
    assert!(
        service.log().contains("from the journal"),
        "{}",
        service.log_tail()
    );
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    facts::assert_exact(&engine.views(), "acme", &Reference::of(&events));
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_late_event_waits_for_clickhouse_and_no_kill_loses_it() {
    let mut engine = e2e::engine::Engine::start();
    let settings = engine.settings(engine.password());
    let mut service = Service::start(Config::acme().fold(FORGETFUL).warehouse(&settings));
    let events = generate::log(5, 40);
    let reference = Reference::of(&events);
    let (late, early): (Vec<Event>, Vec<Event>) = events.iter().enumerate().fold(
        (Vec::new(), Vec::new()),
        |(mut late, mut early), (number, event)| {
            let kept = if number % 3 == 0 {
                &mut late
            } else {
                &mut early
            };
            kept.push(event.clone());
            (late, early)
        },
    );
    service.door("acme").send_flushed(&early);
    wait_until_shrunk(&service, conversations(&early));
    // So that a checkpoint knows them as shrunk.
    service.stop();
    service.restart();
    engine.kill9();
    // Answered from the disk: what becomes of them is not known yet.
    let answer = service.door("acme").try_send(&late).unwrap();
    let said = answer.expect_status(202).json();
    assert_eq!(said["observed"], json!(false), "{said}");
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance() && sums.pending > 0, "{sums:?}");
    for _ in 0..2 {
        service.kill9();
        service.restart();
        let sums = service.door("acme").metrics().sums();
        assert!(sums.balance() && sums.pending > 0, "{sums:?}");
    }
    engine.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance() && sums.pending == 0, "{sums:?}");
    facts::assert_exact(&engine.views(), "acme", &reference);
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
}

#[test]
fn it_is_too_late_for_a_conversation_whose_rows_are_gone() {
    let engine = e2e::engine::Engine::start();
    let settings = engine.settings(engine.password());
    let service = Service::start(Config::acme().fold(FORGETFUL).warehouse(&settings));
    let events = generate::log(5, 10);
    service.door("acme").send_flushed(&events);
    wait_until_shrunk(&service, conversations(&events));
    let json = events[0].json();
    let (channel, conversation) = (json["channel"].as_str().unwrap(), &json["conversation"]);
    let gone = conversation.as_str().unwrap();
    engine.views().text(&format!(
        "DELETE FROM messages WHERE channel = '{channel}' AND conversation = '{gone}'"
    ));
    let late = json!({"type": "message", "conversation": gone, "channel": channel, "contact": "c",
        "author": "contact", "id": "late", "at": "2026-01-01T00:00:00Z"});
    let door = service.door("acme");
    door.post_json(&late).expect_status(202);
    door.flush();
    assert_eq!(door.metrics().sums().quarantined, 1);
    let rejects = door.get("/v1/admin/rejects", &[]).json().to_string();
    assert!(rejects.contains("too_old"), "{rejects}");
}

#[test]
fn more_conversations_than_an_account_may_hold_shrink_early_and_the_fold_pauses_for_a_crowd() {
    let account = Account::new("acme").setting("caps = { conversations = 100 }");
    let service = Service::start(Config::of([account]));
    let door = service.door("acme");
    crowd(&service, 30, "manager");
    door.flush();
    clock::wait_until(
        "all but a hundred have shrunk",
        Duration::from_mins(1),
        || {
            let beat = json!({"type": "message", "conversation": "beat", "channel": "web",
            "contact": "c", "author": "system", "private": true,
            "at": "2026-01-01T00:00:00Z"});
            door.post_json(&beat);
            door.flush();
            shrunk(&service) >= f64::from(CROWD - 100)
        },
    );
    assert!(door.metrics().total("trunkline_conversations_beyond_cap") > 0.0);
    crowd(&service, 10, "contact");
    door.flush();
    let sums = door.metrics().sums();
    assert!(sums.balance() && sums.pending == 0, "{sums:?}");
    let asked = [
        ("from", "2026-03-01T00:00:00Z"),
        ("to", "2026-03-04T00:00:00Z"),
    ];
    let report = door.report("response-times", &asked);
    assert_eq!(report.count(0, "count"), u64::from(CROWD));
    let sum = i64::from(CROWD) * 1_200_000;
    assert_eq!(report.millis(0, "sum_s"), Some(sum));
}

#[test]
fn what_was_read_back_and_flushed_survives_a_kill_before_the_next_checkpoint() {
    let mut service = Service::start(Config::acme().fold(FORGETFUL));
    let events = generate::log(21, 60);
    let reference = Reference::of(&events);
    let (late, early): (Vec<_>, Vec<_>) = events
        .iter()
        .cloned()
        .enumerate()
        .partition(|of| of.0 % 4 == 1);
    let [late, early] =
        [late, early].map(|events| events.into_iter().map(|of| of.1).collect::<Vec<Event>>());
    service.door("acme").send_flushed(&early);
    wait_until_shrunk(&service, conversations(&early));
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").send_flushed(&late);
    // ClickHouse holds more of the shrunk conversations than the checkpoint knows.
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    let sums = service.door("acme").metrics().sums();
    assert!(
        sums.balance() && sums.pending + sums.quarantined == 0,
        "{sums:?}"
    );
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn a_fold_that_is_paused_for_clickhouse_stops_and_starts_when_it_is_told_to() {
    let engine = e2e::engine::Engine::start();
    let settings = engine.settings(engine.password());
    let acme = Account::new("acme").section(
        "[[account.site]]\nkey = \"shop\"\npool = \"web\"\n[[account.pool]]\nid = \"web\"\n\
         numbers = [\"+34911000001\", \"+34911000002\"]\nfallback = \"+34911000009\"\n",
    );
    let config = Config::of([acme]).fold(FORGETFUL).warehouse(&settings);
    let mut service = Service::start(config);
    let ana = Pages::new(service.port(), "shop").visit("ana");
    crowd(&service, 30, "manager");
    service.door("acme").flush();
    wait_until_shrunk(&service, f64::from(CROWD));
    service.stop();
    service.restart();
    service.wait_for_warehouse();
    freeze(engine.pid());
    crowd(&service, 10, "contact");
    let parked = || {
        let metrics = service.door("acme").metrics();
        metrics.total("trunkline_parked_conversations") > 10_000.0
    };
    clock::wait_until("the fold is paused", Duration::from_secs(30), parked);
    // Who could take a number is not known: nobody is given another visit, or one without his number.
    crowd(&service, 5, "contact");
    let pages = Pages::new(service.port(), "shop");
    let url = "https://shop.example/";
    for visitor in ["ana", "eva"] {
        let refused = pages.ask(visitor, url);
        refused.expect_problem(503, "overloaded");
        assert!(refused.header("retry-after").is_some());
    }
    let visit = ana["visit"].as_str().unwrap();
    let told = |what: &str| pages.tell(visit, what, &json!({"url": url}));
    told("page").expect_problem(503, "overloaded");
    told("end").expect_problem(503, "overloaded");
    told("beat").expect_status(204);
    service.stop();
    // Its start waits for ClickHouse, and ends as well.
    service.launch();
    clock::pause(1_000);
    service.stop();
    thaw(engine.pid());
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    let sums = service.door("acme").metrics().sums();
    assert!(
        sums.balance() && sums.pending + sums.quarantined == 0,
        "{sums:?}"
    );
    assert!(sums.observed >= u64::from(2 * CROWD), "{sums:?}");
    let pages = Pages::new(service.port(), "shop");
    let again = pages.visit("ana");
    assert_eq!(
        (&again["visit"], &again["number"]),
        (&ana["visit"], &ana["number"])
    );
    assert_eq!(pages.visit("eva")["number"], "+34911000002");
}
