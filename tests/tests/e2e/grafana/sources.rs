//! The figures of the dashboard *Sources* beside those of the report API for the same question.

use std::collections::{BTreeMap, BTreeSet};

use e2e::clock::{at, rfc3339, wall};
use e2e::doors::Door;
use e2e::grafana::{Chosen, Query};
use e2e::service::Service;
use e2e::site::Pages;
use e2e::table::Table;
use serde_json::{Value, json};

use super::World;
use super::figures::same;

/// The static numbers, the site and the pool of the account `main`: one number, lent to each in turn.
pub(super) const TRACKING: &str = "[[account.number]]\nnumber = \"+34911000100\"\nsource = \"flyer\"\n\
    [[account.site]]\nkey = \"shop\"\npool = \"one\"\n\
    [[account.pool]]\nid = \"one\"\nnumbers = [\"+34911000001\"]\n\
    [[account.pipeline]]\nid = \"p\"\nstages = [{ id = \"new\" }, { id = \"sold\", kind = \"won\" }]\n";

/// A call that is answered.
fn call(id: &str, from: &str, to: &str, at: &str) -> Vec<Value> {
    let phase = |phase: &str| {
        json!({"type": "call", "call": id, "phase": phase, "direction": "inbound", "from": from,
            "to": to, "at": at, "id": format!("{id}-{phase}"), "manager": "ana", "leg": "1"})
    };
    ["ringing", "answered", "ended"].map(phase).into()
}

fn spend(date: &str, grain: [&str; 3], amount: &str, currency: &str) -> Value {
    let mut event = json!({"type": "spend", "date": date, "amount": amount, "currency": currency,
        "as_of": "2026-03-05T08:00:00Z"});
    for (name, value) in ["source", "medium", "campaign"].into_iter().zip(grain) {
        if !value.is_empty() {
            event[name] = value.into();
        }
    }
    event
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

/// Calls to the flyer's number and to one that nobody knows, chats, forms, leads and wins of March, and
/// what its days cost, in several grains and currencies.
fn march(door: &Door) {
    let mut events = Vec::new();
    for (place, day) in [2, 2, 3, 9].into_iter().enumerate() {
        let at = format!("2026-03-{day:02}T10:0{place}:00Z");
        let number = ["+34911000100", "+34911999999"][place % 2];
        let from = format!("+3460011122{place}");
        events.extend(call(&format!("c{place}"), &from, number, &at));
        events.push(json!({"type": "form", "form": format!("f{place}"), "at": at, "phone": from}));
        events.push(
            json!({"type": "message", "channel": "web", "conversation": at, "contact": at,
            "id": "m", "author": "contact", "at": at, "chars": 3}),
        );
    }
    let spam = json!({"type": "call", "call": "spam", "phase": "started", "direction": "inbound",
        "from": "+34600999999", "to": "+34911000100", "spam": true, "at": "2026-03-02T10:00:00Z"});
    events.push(spam);
    let sold = |amount: &str, currency: &str| json!({"stage": "sold", "amount": amount, "currency": currency});
    for (id, day, more) in [
        ("l1", 2, Some(("400.005", "EUR"))),
        ("l2", 2, Some(("100", "USD"))),
        ("l3", 3, Some(("70", "GBP"))),
        ("l4", 9, None),
    ] {
        let created = format!("2026-03-{day:02}T11:00:00Z");
        events.push(lead(
            id,
            "created",
            &created,
            json!({"pipeline": "p", "stage": "new"}),
        ));
        if let Some((amount, currency)) = more {
            // Won on the same day, so that a rate of that day is there, or in the month after.
            let won = if id == "l1" {
                "2026-04-09T11:00:00Z".to_owned()
            } else {
                created.clone()
            };
            events.push(lead(id, "moved", &won, sold(amount, currency)));
        }
    }
    events.extend([
        spend("2026-03-02", ["google", "cpc", "brand"], "100.335", "EUR"),
        spend("2026-03-02", ["google", "cpc", ""], "150", "EUR"),
        spend("2026-03-02", ["google", "", ""], "180.1", "EUR"),
        spend("2026-03-02", ["facebook", "paid", ""], "33.33", "USD"),
        spend("2026-03-03", ["facebook", "paid", ""], "10", "USD"),
        spend("2026-03-04", ["facebook", "paid", ""], "10", "USD"),
        spend("2026-03-03", ["flyer", "", ""], "7", "EUR"),
    ]);
    events.extend(maria());
    events.extend(others());
    door.post_json(&events.into()).expect_status(202);
}

/// One who came by several ways before she called a number that nobody knows, and bought twice: each model says
/// otherwise. Before all of that she came longer ago than touches count.
fn maria() -> Vec<Value> {
    let at = |day: u32| format!("2026-03-{day:02}T12:00:00Z");
    let wrote = |id: &str, at: &str, source: &str, medium: &str| {
        json!({"type": "message", "channel": "web", "conversation": "m-1", "contact": "maria", "id": id,
            "author": "contact", "at": at, "source": source, "medium": medium})
    };
    let sold = |amount: &str| json!({"pipeline": "p", "stage": "sold", "amount": amount, "currency": "EUR", "contacts": ["maria"]});
    let mut events = call("m1", "+34600555001", "+34911999999", &at(9));
    events.extend([
        json!({"type": "contact", "contact": "maria", "change": "created", "phone": "+34600555001", "at": at(1),
            "id": "maria"}),
        wrote("w0", "2025-11-01T12:00:00Z", "radio", "offline"),
        wrote("w1", &at(2), "google", "cpc"),
        wrote("w2", &at(5), "facebook", "paid"),
        json!({"type": "visit", "visit": "v-maria", "visitor": "maria-7", "url": "https://shop.example/",
            "at": at(7)}),
        json!({"type": "form", "form": "maria", "at": at(8), "phone": "+34600555001", "visitor": "maria-7"}),
        lead("m-l1", "created", &at(10), sold("100.01")),
        lead("m-l2", "created", "2026-06-20T12:00:00Z", sold("33.33")),
    ]);
    events
}

/// Persons who are one by their number or by having been made one, a lead of two contacts, and one that was made some
/// minutes before what brought it was told.
fn others() -> Vec<Value> {
    let at = |minute: u32| format!("2026-03-12T09:{minute:02}:00Z");
    let wrote = |contact: &str, minute: u32, source: &str| {
        json!({"type": "message", "channel": "whatsapp", "conversation": contact, "contact": contact,
            "id": format!("{contact}-{minute}"), "author": "contact", "at": at(minute), "source": source,
            "medium": "social", "campaign": "o'spring"})
    };
    let mut events = call("o1", "+34600555009", "+34911999999", &at(3));
    events.extend(call("o2", "anonymous", "+34911000100", &at(4)));
    events.extend([
        wrote("34600555009@c.us", 1, "instagram"),
        wrote("kim", 10, "tiktok"),
        wrote("kim-2", 11, "x"),
        json!({"type": "contact", "contact": "kim", "change": "merged", "into": "kim-2", "at": at(12), "id": "kim"}),
        lead("o-l1", "created", &at(20), json!({"pipeline": "p", "stage": "new", "contacts": ["kim-2", "zoe"]})),
        lead("o-l2", "created", &at(30), json!({"pipeline": "p", "stage": "new", "contacts": ["lee"]})),
        wrote("lee", 39, "bing"),
        lead("o-l3", "created", &at(40), json!({"pipeline": "p", "stage": "new", "contacts": ["zoe"]})),
        wrote("zoe", 51, "yahoo"),
    ]);
    events
}

/// Visits of now, one after another on the pool's one number: a call after them may be either's.
fn visits(service: &Service) {
    let pages = Pages::new(service.port(), "shop");
    let visit = |visitor: &str, tags: &str| {
        let url = format!("https://shop.example/?{tags}");
        pages.ask(visitor, &url).expect_status(200).json()
    };
    let door = service.door("main");
    let first = visit("ana", "utm_source=google&utm_medium=cpc&utm_campaign=brand");
    let number = first["number"].as_str().expect("a number").to_owned();
    // The pool's number is taken.
    visit("tom", "utm_source=news");
    let calls = call("v1", "+34600333001", &number, &rfc3339(wall()));
    door.post_json(&calls.into()).expect_status(202);
    let id = first["visit"].as_str().expect("a visit");
    pages.tell(id, "end", &json!({}));
    door.flush();
    let second = visit("eva", "utm_source=facebook&utm_medium=paid");
    assert_eq!(second["number"].as_str(), Some(number.as_str()));
    let calls = call("v2", "+34600333002", &number, &rfc3339(wall()));
    door.post_json(&calls.into()).expect_status(202);
    door.flush();
}

fn chosen(from: &str, to: &str) -> Chosen {
    Chosen {
        period: [at(from), at(to)],
        interval: 86_400,
        zone: "Europe/Madrid".into(),
        values: BTreeMap::new(),
    }
    .with("account", &["main"])
    .with("currency", &["EUR"])
    .with("basis", &["created"])
    .with("margin", &["1"])
    .with("lookback", &["90"])
    .with("model", &["last_non_direct"])
}

fn ask(world: &World, report: &str, chosen: &Chosen, more: &[(&str, &str)]) -> Table {
    let [from, to] = chosen.period;
    let (from, to) = (rfc3339(from), rfc3339(to + 1));
    let mut parameters = vec![("from", from.as_str()), ("to", &to), ("tz", &chosen.zone)];
    parameters.extend(more.iter().copied());
    world.service.door("main").report(report, &parameters)
}

#[track_caller]
fn are_the_reports(world: &World, chosen: &Chosen) {
    let basis = chosen.values["basis"][0].as_str();
    let report = ask(world, "sources", chosen, &[("basis", basis)]);
    for (panel, figures) in [
        (
            "Inquiries (stat)",
            &["inquiries", "calls", "chats", "forms"][..],
        ),
        ("Calls (stat)", &["calls", "ambiguous_share"]),
        ("Leads (stat)", &["leads", "won"]),
        ("Revenue (stat)", &["revenue", "roi"]),
        ("Spend (stat)", &["spend", "unallocated", "unconverted"]),
        ("Cost (stat)", &["cost_per_lead", "cost_per_call"]),
    ] {
        let shown = world.panel(panel, chosen);
        assert_eq!(shown.len(), 1, "{panel}");
        for figure in figures {
            let what = format!("{panel} {figure} of {chosen:?}");
            same(shown.value(0, figure), report.value(0, figure), &what);
        }
    }
    told_apart(world, chosen, "Sources (table)", &["source"]);
    let by = ["source", "medium", "campaign"];
    told_apart(world, chosen, "Campaigns (table)", &by);
    pools(world, chosen);
}

/// A table by what brought it, by the model chosen: the report's, row for row.
#[track_caller]
fn told_apart(world: &World, chosen: &Chosen, panel: &str, by: &[&str]) {
    let columns = by.join(",");
    let of = |name: &str| chosen.values[name][0].as_str();
    let more = [
        ("by", columns.as_str()),
        ("model", of("model")),
        ("basis", of("basis")),
    ];
    let report = ask(world, "sources", chosen, &more);
    let shown = world.panel(panel, chosen);
    let key = |table: &Table, row: usize| {
        let text = |name: &&str| {
            table
                .value(row, name)
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        by.iter().map(text).collect::<Vec<_>>()
    };
    let keyed = |table: &Table| -> BTreeMap<_, _> {
        (0..table.len()).map(|row| (key(table, row), row)).collect()
    };
    let (rows, known) = (keyed(&shown), keyed(&report));
    assert!(
        rows.keys().eq(known.keys()),
        "{rows:?} {known:?}, {chosen:?}"
    );
    for (key, row) in &known {
        for figure in FIGURES {
            let what = format!("{panel} {figure} of {key:?}, {chosen:?}");
            same(
                shown.value(rows[key], figure),
                report.value(*row, figure),
                &what,
            );
        }
    }
}

/// All models, of which each says otherwise.
#[track_caller]
fn each_model(world: &World, chosen: &Chosen) {
    let mut leads = BTreeSet::new();
    for model in ["first", "last", "last_non_direct", "linear"] {
        let chosen = chosen.clone().with("model", &[model]);
        told_apart(world, &chosen, "Sources (table)", &["source"]);
        let shown = world.panel("Sources (table)", &chosen);
        let of = ["source", "leads", "revenue"].map(|column| shown.column(column));
        leads.insert(json!(of).to_string());
    }
    assert_eq!(leads.len(), 4, "{leads:?}");
}

/// What both tables show.
const FIGURES: [&str; 14] = [
    "visits",
    "inquiries",
    "calls",
    "ambiguous_share",
    "chats",
    "forms",
    "leads",
    "won",
    "revenue",
    "spend",
    "cost_per_call",
    "cost_per_lead",
    "cost_per_won",
    "roi",
];

#[track_caller]
fn pools(world: &World, chosen: &Chosen) {
    let report = ask(world, "pools", chosen, &[("by", "pool")]);
    let shown = world.panel("Pools (table)", chosen);
    assert_eq!(shown.len(), report.len());
    for row in 0..shown.len() {
        let place = report.row("pool", shown.value(row, "name"));
        for figure in [
            "numbers",
            "in_service",
            "visits",
            "unserved",
            "unserved_rate",
            "served_late",
            "offered_load",
            "predicted_blocking",
            "numbers_for_1pct",
        ] {
            let what = format!("{figure} of {chosen:?}");
            same(shown.value(row, figure), report.value(place, figure), &what);
        }
    }
}

/// The bars, added up, are the calls of the report.
#[track_caller]
fn bars(world: &World, chosen: &Chosen) {
    let query = world.query("Calls by how sure their source is (timeseries)");
    let plain = Query {
        is_series: false,
        ..query.clone()
    };
    let shown = world.run(&plain, chosen);
    let report = ask(world, "sources", chosen, &[]);
    let kinds = ["certain", "repeated", "likely", "ambiguous", "unattributed"];
    let counted = |row| kinds.map(|kind| shown.count(row, kind)).iter().sum::<u64>();
    let drawn: u64 = (0..shown.len()).map(counted).sum();
    assert_eq!(Some(drawn as f64), report.value(0, "calls").as_f64());
    assert!((0..shown.len()).any(|row| shown.count(row, "ambiguous") > 0));
}

#[test]
fn the_figures_of_sources_are_those_of_the_reports() {
    let world = World::of("sources.json", march);
    visits(&world.service);
    let tomorrow = rfc3339(wall() + 86_400_000);
    let ever = chosen("2026-01-01T00:00:00Z", &tomorrow);
    each_model(&world, &ever);
    let choices = [
        ever.clone(),
        ever.clone().with("basis", &["closed"]),
        chosen("2026-03-01T23:00:00Z", "2026-03-02T22:59:59.999Z"),
        chosen("2026-03-02T10:01:00.001Z", "2026-03-31T00:00:00Z"),
        chosen("2026-04-01T00:00:00Z", "2026-04-30T00:00:00Z").with("basis", &["closed"]),
        chosen("1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"),
    ];
    for chosen in &choices {
        are_the_reports(&world, chosen);
    }
    bars(&world, &ever);
    // There is what could differ: several grains, a rate, amounts without one, an ambiguous call.
    let all = ask(&world, "sources", &ever, &[]);
    assert!(all.value(0, "unallocated").as_f64() > Some(0.0), "{all:?}");
    assert_eq!(all.value(0, "unconverted"), &json!(2));
    assert!(
        all.value(0, "ambiguous_share").as_f64() > Some(0.0),
        "{all:?}"
    );
    for query in &world.queries {
        for zone in ["utc", "", "browser", "Australia/Lord_Howe"] {
            let zone = zone.to_owned();
            world.run(
                query,
                &Chosen {
                    zone,
                    ..ever.clone()
                },
            );
        }
        for account in ["other", "", "it's nobody's"] {
            world.run(query, &ever.clone().with("account", &[account]));
        }
        for interval in [60, 3_600, 604_800, 3_000_000] {
            world.run(
                query,
                &Chosen {
                    interval,
                    ..ever.clone()
                },
            );
        }
    }
    assert_eq!(
        world.panel("account", &ever).column("account"),
        [json!("main")]
    );
}
