//! The rows of the requirements about sources (S44 to S48, S53), from the doors to the reports.

use std::time::Duration;

use e2e::clock::{rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

use crate::accounts::MARCH;

const STATIC: &str = "+34911000100";
const MARIA: &str = "+34600111222";
const WITHIN: Duration = Duration::from_secs(10);

/// An account whose static number was of a flyer until a day, and then of the radio.
fn account(moved: &str) -> Account {
    let lines = "country = \"ES\"\ncurrency = \"EUR\"\nsource_tags = [\"fair\"]";
    Account::new("acme")
        .setting(lines)
        .section(&format!(
            "[[account.number]]\nnumber = \"911 000 100\"\nsource = \"flyer\"\nuntil = \"{moved}\"\n\
             [[account.number]]\nnumber = \"911 000 100\"\nsource = \"radio\"\nfrom = \"{moved}\"\n\
             [[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
             [[account.pool]]\nid = \"main\"\nnumbers = [\"+34911000001\", \"+34911000002\"]\n"
        ))
        .section(
            "[[account.pipeline]]\nid = \"p\"\n\
             stages = [{ id = \"new\" }, { id = \"sold\", kind = \"won\" }]\n",
        )
}

/// The phases of a call that was answered.
fn call(id: &str, from: &str, to: &str, at: &str) -> Vec<Value> {
    let phase = |phase: &str| {
        json!({"type": "call", "call": id, "phase": phase, "direction": "inbound", "from": from,
            "to": to, "at": at, "id": format!("{id}-{phase}"), "manager": "ana", "leg": "1"})
    };
    ["ringing", "answered", "ended"].map(phase).into()
}

fn tell(door: &Door, events: Vec<Value>) {
    let answer = door.post_json(&Value::Array(events));
    assert_eq!(answer.expect_status(202).json()["rejected"], json!([]));
    door.flush();
}

/// Some columns of a report's rows.
fn cells(door: &Door, report: &str, asked: &[(&str, &str)], columns: &[&str]) -> Value {
    let table = door.report(report, asked);
    let row = |row| {
        columns
            .iter()
            .map(|name| table.value(row, name).clone())
            .collect::<Value>()
    };
    (0..table.len()).map(row).collect()
}

#[test]
fn s44_s45_each_call_has_the_source_that_its_number_named_when_it_rang() {
    let mut service = Service::start(Config::of([account("2026-03-10")]));
    let door = service.door("acme");
    let mut events = call("c1", MARIA, STATIC, "2026-03-05T10:00:00Z");
    events.extend(call("c2", MARIA, STATIC, "2026-03-15T10:00:00Z"));
    tell(&door, events);
    let by_source = [&MARCH[..], &[("by", "source")]].concat();
    let calls = |door: &Door| cells(door, "calls", &by_source, &["source", "calls"]);
    assert_eq!(calls(&door), json!([["flyer", 1], ["radio", 1]]));
    // It is known now that the number moved earlier: history follows.
    service.configure(Config::of([account("2026-03-01")]));
    service.write_configuration();
    door.post_to("/v1/admin/reload").expect_status(204);
    wait_until("the past is mended", WITHIN, || {
        calls(&door) == json!([["radio", 2]])
    });
    let origin = [&MARCH[..], &[("by", "source,origin")]].concat();
    assert_eq!(
        cells(
            &door,
            "sources",
            &origin,
            &["source", "origin", "calls", "target_calls"]
        ),
        json!([["radio", "calltracking", 2.0, 0.0]])
    );
}

#[test]
fn s46_each_visitor_has_a_number_of_his_own_that_tells_his_source() {
    let service = Service::start(Config::of([account("2026-03-10")]));
    let door = service.door("acme");
    let pages = Pages::new(service.port(), "shop");
    let begin = rfc3339(wall());
    for (visitor, source, from) in [("ana", "google", MARIA), ("eva", "meta", "+34600333444")] {
        let url = format!("https://shop.example/?utm_source={source}&utm_medium=cpc");
        let visit = pages.ask(visitor, &url).expect_status(200).json();
        let number = visit["number"].as_str().expect("a number");
        tell(&door, call(source, from, number, &rfc3339(wall())));
    }
    let asked = [("from", begin.as_str()), ("by", "source,medium")];
    let expected = json!([["google", "cpc", 1], ["meta", "cpc", 1]]);
    assert_eq!(
        cells(&door, "calls", &asked, &["source", "medium", "calls"]),
        expected
    );
    assert_eq!(
        cells(
            &door,
            "sources",
            &asked,
            &["source", "visits", "calls", "ambiguous_share"]
        ),
        json!([["google", 1, 1.0, 0.0], ["meta", 1, 1.0, 0.0]])
    );
    let pools = [("from", begin.as_str()), ("by", "pool")];
    let columns = [
        "pool",
        "numbers",
        "in_service",
        "leased",
        "visits",
        "unserved",
        "unserved_rate",
    ];
    assert_eq!(
        cells(&door, "pools", &pools, &columns),
        json!([["main", 2, 2, 2, 2, 0, 0.0]])
    );
}

fn spend(source: &str, amount: &str, as_of: &str) -> Value {
    json!({"type": "spend", "source": source, "date": "2026-03-02", "amount": amount,
        "currency": "EUR", "as_of": as_of})
}

fn lead(id: &str, change: &str, at: &str, mut more: Value) -> Value {
    for (name, value) in [
        ("type", "lead"),
        ("lead", id),
        ("change", change),
        ("at", at),
    ] {
        more[name] = json!(value);
    }
    more
}

/// A call and a lead of Maria, and a lead of Eva, whose card names a fair.
fn two_leads() -> Vec<Value> {
    let mut events = call("c1", MARIA, STATIC, "2026-03-05T10:00:00Z");
    events.extend([
        json!({"type": "contact", "contact": "maria", "change": "created", "phone": MARIA,
            "at": "2026-03-05T10:05:00Z"}),
        lead(
            "l1",
            "created",
            "2026-03-05T10:05:00Z",
            json!({"pipeline": "p", "stage": "new", "contacts": ["maria"]}),
        ),
        lead(
            "l2",
            "created",
            "2026-03-06T10:00:00Z",
            json!({"pipeline": "p", "stage": "new", "contacts": ["eva"]}),
        ),
        json!({"type": "contact", "contact": "eva", "change": "tagged", "tag": "fair",
            "at": "2026-03-06T09:00:00Z", "id": "t"}),
        // Stated twice: the later statement counts.
        spend("flyer", "80", "2026-03-04T00:00:00Z"),
        spend("flyer", "99.50", "2026-03-03T00:00:00Z"),
    ]);
    events
}

#[test]
fn s47_s48_s53_leads_and_wins_have_sources_of_calls_and_cards_and_what_they_cost() {
    let service = Service::start(Config::of([account("2026-03-10")]));
    let door = service.door("acme");
    tell(&door, two_leads());
    let by_source = [&MARCH[..], &[("by", "source,origin")]].concat();
    let columns = ["source", "origin", "leads", "won", "revenue"];
    assert_eq!(
        cells(&door, "sources", &by_source, &columns),
        json!([
            ["fair", "card", 1.0, 0.0, 0.0],
            ["flyer", null, 0.0, 0.0, 0.0],
            ["flyer", "calltracking", 1.0, 0.0, 0.0]
        ])
    );
    let moved = json!({"stage": "sold", "amount": "400", "currency": "EUR"});
    // Won after the number and the calendar month went on.
    tell(
        &door,
        vec![lead("l1", "moved", "2026-04-20T10:00:00Z", moved)],
    );
    let flyer = [&MARCH[..], &[("by", "source"), ("source", "flyer")]].concat();
    let columns = [
        "calls",
        "leads",
        "won",
        "revenue",
        "spend",
        "cost_per_call",
        "cost_per_lead",
        "cost_per_won",
        "roas",
        "roi",
    ];
    assert_eq!(
        cells(&door, "sources", &flyer, &columns),
        json!([[1.0, 1.0, 1.0, 400.0, 80.0, 80.0, 80.0, 80.0, 5.0, 4.0]])
    );
    let closed = [
        ("from", "2026-04-01"),
        ("to", "2026-05-01"),
        ("by", "source"),
        ("basis", "closed"),
    ];
    assert_eq!(
        cells(&door, "sources", &closed, &["source", "won", "revenue"]),
        json!([["flyer", 1.0, 400.0]])
    );
}
