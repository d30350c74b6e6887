//! The report of pools: loads, rests and what Erlang's formula says of them.

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::marketing::{From, from, stamp};
use crate::ringing::{answered, spoke};
use crate::sources::cells;
use crate::world::{ACCOUNT, World, context, pairs};

async fn ask(world: &World, numbers: usize, query: &str) -> Value {
    let numbers: Vec<_> = (0..numbers).map(|n| format!("+3491000{n:04}")).collect();
    let account: Account = serde_json::from_value(json!({
        "id": "acme", "timezone": "Europe/Madrid", "country": "ES",
        "pool": [{"id": "web", "numbers": numbers, "draining": ["910 009 999"]},
                 {"id": "idle", "numbers": ["+34911111111"]}],
    }))
    .expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let table = world.reports().run("pools", &pairs(query), &known).await;
    serde_json::to_value(table.expect("an answer")).expect("it is JSON")
}

/// Visits of the pool: number (none if unserved), begin, end.
async fn visits(world: &World, all: &[(&str, &str, &str)]) {
    let row = |(place, (number, begin, end)): (usize, &(&str, &str, &str))| {
        json!({"account": ACCOUNT, "visit": format!("v{place}"), "visitor": "x", "site": "k",
            "pool": "web", "number": number, "served": u8::from(!number.is_empty()),
            "served_at": (!number.is_empty()).then(|| stamp(begin)),
            "started_at": stamp(begin), "last_at": stamp(begin), "expires_at": stamp(end),
            "version": 1, "deleted": 0})
    };
    world
        .insert("visits", all.iter().enumerate().map(row).collect())
        .await;
}

#[tokio::test]
async fn every_column_is_worked_out() {
    let world = World::start().await;
    visits(
        &world,
        &[
            (
                "+34910000000",
                "2026-03-10T10:00:00Z",
                "2026-03-10T10:30:00Z",
            ),
            (
                "+34910000001",
                "2026-03-10T10:07:30Z",
                "2026-03-10T10:40:00Z",
            ),
            ("", "2026-03-10T10:20:00Z", "2026-03-10T10:30:00Z"),
            // Free for 30 s, and for 20 minutes; this one lives when it is asked.
            (
                "+34910000000",
                "2026-03-10T10:30:30Z",
                "2026-03-10T11:00:30Z",
            ),
            (
                "+34910000001",
                "2026-03-10T11:00:00Z",
                "2026-04-03T10:00:00Z",
            ),
        ],
    )
    .await;
    let names = [
        "pool",
        "numbers",
        "in_service",
        "leased",
        "visits",
        "unserved",
        "unserved_rate",
        "served_late",
        "offered_load",
        "reuse_min_s",
        "reuse_p1_s",
        "reuse_p50_s",
    ];
    let day = "from=2026-03-10&to=2026-03-11&by=pool";
    let answer = ask(&world, 2, day).await;
    // From 10:15 to 10:30: two in full, the third for ten minutes.
    assert_eq!(
        cells(&answer, &names),
        json!([
            ["idle", 1, 1, 0, 0, 0, null, 0, 0.0, null, null, null],
            ["web", 3, 2, 1, 5, 1, 0.2, 0, 2.6667, 30.0, 30.0, 30.0]
        ])
    );
}

#[tokio::test]
async fn who_is_served_late_found_none_at_first_and_holds_from_then_on() {
    let world = World::start().await;
    let first = (
        "+34910000000",
        "2026-03-10T10:00:00Z",
        "2026-03-10T10:30:00Z",
    );
    visits(&world, &[first]).await;
    let late = json!({"account": ACCOUNT, "visit": "late", "visitor": "x", "site": "k", "pool": "web",
        "number": "+34910000000", "served": 1, "served_at": stamp("2026-03-10T10:31:00Z"),
        "started_at": stamp("2026-03-10T10:20:00Z"), "last_at": stamp("2026-03-10T10:31:00Z"),
        "expires_at": stamp("2026-03-10T11:01:00Z"), "version": 1, "deleted": 0});
    world.insert("visits", vec![late]).await;
    let names = [
        "visits",
        "unserved",
        "unserved_rate",
        "served_late",
        "reuse_min_s",
    ];
    let day = "from=2026-03-10&to=2026-03-11&by=pool&pool=web";
    let answer = ask(&world, 2, day).await;
    // The number was free from 10:30 to 10:31.
    assert_eq!(cells(&answer, &names), json!([[2, 1, 0.5, 1, 60.0]]));
}

#[tokio::test]
async fn calls_to_its_numbers_that_may_be_of_several_visits_are_ambiguous() {
    let world = World::start().await;
    let certain = ("certain", "", &[("v0", 1.0, from("google", "", ""))][..]);
    let two = [("v0", 0.5, From::default()), ("v1", 0.5, From::default())];
    let call = |id: &str| {
        answered(
            id,
            "1970-01-01T10:00:00Z",
            "+34600111222",
            &[spoke("ana", 5, 9)],
        )
    };
    let calls = ["c1", "c2", "c3"].map(call);
    world.calls(&calls).await;
    world.calls(&[call("spam").spam()]).await;
    for (call, brought) in [
        ("c1", certain),
        ("c2", certain),
        ("c3", ("ambiguous", "", &two[..])),
        // What is in no report of calls is not here either.
        ("spam", ("ambiguous", "", &two[..])),
    ] {
        world.brought(call, 1, brought).await;
    }
    // They began in 1970, on a number of this pool and of no other.
    let calls = ask(&world, 2, "from=1970-01-01&to=1970-01-02&by=pool&pool=web").await;
    assert_eq!(cells(&calls, &["ambiguous_share"]), json!([[0.3333]]));
    let query = "from=1970-01-01&to=1970-01-02&by=pool&pool=web&spam=include";
    let calls = ask(&world, 2, query).await;
    assert_eq!(cells(&calls, &["ambiguous_share"]), json!([[0.5]]));
}

/// The worked examples of the definition, and what the table of `trunkline pool size` says.
#[tokio::test]
async fn blocking_is_erlangs() {
    for (visits_now, numbers, blocking, one, tenth) in [
        // B(10, 10) = 21.46 %, B(10, 18) = 0.71 %; 17 leave 1.29 %.
        (10, 10, 0.2146, 18, 21),
        (10, 18, 0.0071, 18, 21),
        // B(1, 1) = 1/2; B(1, 5) = 0.31 %, B(1, 4) = 1.54 %; B(1, 6) = 0.05 %.
        (1, 1, 0.5, 5, 6),
    ] {
        let world = World::start().await;
        let spans = vec![("", "2026-03-10T10:00:00Z", "2026-03-10T10:15:00Z"); visits_now];
        visits(&world, &spans).await;
        let query = "from=2026-03-11&to=2026-03-12&by=pool&pool=web";
        let answer = ask(&world, numbers, query).await;
        let names = [
            "offered_load",
            "predicted_blocking",
            "numbers_for_1pct",
            "numbers_for_0.1pct",
        ];
        let load = visits_now as f64;
        assert_eq!(
            cells(&answer, &names),
            json!([[load, blocking, one, tenth]]),
            "{numbers}"
        );
    }
}

/// ClickHouse takes 128 KiB of one parameter, which is some 9,000 numbers.
#[tokio::test]
async fn reports_know_thirty_thousand_numbers() {
    let world = World::start().await;
    let number = |n: usize| format!("+3491{n:07}");
    let numbers: Vec<_> = (0..30_000).map(number).collect();
    let account: Account = serde_json::from_value(json!({
        "id": "acme", "timezone": "Europe/Madrid", "country": "ES",
        "pool": [{"id": "first", "numbers": &numbers[..15_000]},
                 {"id": "last", "numbers": &numbers[15_000..]}],
    }))
    .expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let called = [(0, "certain"), (15_000, "certain"), (29_999, "ambiguous")];
    for (place, certainty) in called {
        let call = answered(
            &format!("c{place}"),
            "1970-01-01T10:00:00Z",
            "+34600111222",
            &[spoke("ana", 5, 9)],
        );
        world.calls(&[call]).await;
        let google = [("v", 1.0, from("google", "", ""))];
        let brought = (certainty, "", &google[..]);
        world
            .brought_on(&format!("c{place}"), &number(place), 1, brought)
            .await;
    }
    // That is when a call written by hand is attributed.
    let day = "from=1970-01-01&to=1970-01-02";
    let ask = async |report: &str, query: &str| {
        let query = pairs(&format!("{day}&{query}"));
        let table = world.reports().run(report, &query, &known).await;
        serde_json::to_value(table.expect("an answer")).expect("it is JSON")
    };
    let answer = ask("pools", "by=pool").await;
    assert_eq!(
        cells(&answer, &["pool", "numbers", "ambiguous_share"]),
        json!([["first", 15_000, 0.0], ["last", 15_000, 0.5]])
    );
    for report in ["calls", "sources"] {
        let answer = ask(report, "by=source&source=google").await;
        let calls = cells(&answer, &["calls"])[0][0].as_f64();
        assert_eq!(calls, Some(3.0), "{report}: {answer}");
    }
    ask("missed-calls", "by=source").await;
    let query = pairs(day);
    let opened = world.reports().rows("pools", &query, &known).await;
    opened.expect("rows of visits");
    let clicks = world.reports().conversions(&query, &known).await;
    assert_eq!(clicks.expect("conversions").records.items.len(), 3);
    world
        .reports()
        .visits(&query, &known)
        .await
        .expect("visits");
}
