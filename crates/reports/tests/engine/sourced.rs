//! The source of a call in the reports of calls (S44): the one that is known, never a guess.

use serde_json::json;

use crate::marketing::{From, from};
use crate::ringing::{Call, Leg, answered, missed, of_row, spoke};
use crate::sources::{MARCH, ask, cells};
use crate::world::{World, context, pairs};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

const DAY: &str = "from=2026-03-10&to=2026-03-11";
const MARIA: &str = "+34600111222";
const BRAND: From = from("google", "cpc", "brand");
const GENERIC: From = from("google", "cpc", "generic");
const FACEBOOK: From = from("facebook", "paid", "brand");

#[tokio::test]
async fn a_call_is_of_what_all_that_may_have_brought_it_agree_in() {
    let world = World::start().await;
    let call = |id: &str| missed(id, "2026-03-10T10:00:00Z", MARIA, 20, &["ana"]);
    let calls = ["c1", "c2", "c3", "c4", "c5"].map(call);
    world.calls(&calls).await;
    world.certain("c1", BRAND).await;
    let agreeing = [("v1", 0.6, BRAND), ("v2", 0.4, GENERIC)];
    world.brought("c2", 1, ("ambiguous", "", &agreeing)).await;
    let differing = [("v1", 0.9, BRAND), ("v2", 0.1, FACEBOOK)];
    world.brought("c3", 1, ("ambiguous", "", &differing)).await;
    let pool = (
        "unattributed",
        "expired",
        &[("", 1.0, from("site", "", ""))][..],
    );
    world.brought("c4", 1, pool).await;
    let names = ["source", "medium", "campaign", "calls"];
    let answer = world
        .ask("calls", &format!("{DAY}&by=source,medium,campaign"))
        .await;
    assert_eq!(
        cells(&answer, &names),
        json!([
            [null, null, null, 2],
            ["google", "cpc", null, 1],
            ["google", "cpc", "brand", 1],
            ["site", null, null, 1]
        ])
    );
    for (filter, calls) in [
        ("source=google", 2),
        ("source=", 2),
        ("campaign=brand&source=google&source=site", 1),
        ("medium=cpc&medium=", 5),
    ] {
        let answer = world.ask("calls", &format!("{DAY}&{filter}")).await;
        assert_eq!(cells(&answer, &["calls"]), json!([[calls]]), "{filter}");
    }
    // One episode of one contact: that of its first call.
    let missed = world.ask("missed-calls", &format!("{DAY}&by=source")).await;
    assert_eq!(
        cells(&missed, &["source", "episodes"]),
        json!([["google", 1]])
    );
    let rows = world
        .open("calls", &format!("{DAY}&figure=calls&source=site"))
        .await;
    assert_eq!(of_row(&rows, 0, "source"), "site");
}

#[tokio::test]
async fn a_call_to_an_unknown_number_is_of_the_contacts_touches_else_direct() {
    let world = World::start().await;
    let call = |id: &str, from| answered(id, "2026-03-10T10:00:00Z", from, &[spoke("ana", 5, 90)]);
    world
        .calls(&[call("c1", MARIA), call("c2", "+34600333444")])
        .await;
    let lost = (
        "unattributed",
        "unknown_number",
        &[("", 1.0, from("direct", "", ""))][..],
    );
    world.brought("c1", 1, lost).await;
    world.brought("c2", 1, lost).await;
    world.linked("phone", "", MARIA, "maria").await;
    world
        .touch("maria", "2026-03-09T10:00:00Z", "", FACEBOOK)
        .await;
    let answer = world.ask("calls", &format!("{DAY}&by=source")).await;
    let expected = json!([["direct", 1], ["facebook", 1]]);
    assert_eq!(cells(&answer, &["source", "calls"]), expected);
}

#[tokio::test]
async fn of_twins_the_source_is_the_trackers() {
    let world = World::start().await;
    let tracked = Call {
        hook: "ads",
        number: "+34910009999",
        ..answered(
            "ads:1",
            "2026-03-10T09:00:00Z",
            MARIA,
            &[Leg {
                extension: "+34910000001",
                ..spoke("", 5, 100)
            }],
        )
    };
    let switched = answered(
        "pbx:1",
        "2026-03-10T09:00:10Z",
        MARIA,
        &[spoke("ana", 4, 90)],
    );
    world.calls(&[tracked, switched]).await;
    world.certain("ads:1", BRAND).await;
    let direct = [("", 1.0, from("direct", "", ""))];
    world
        .brought("pbx:1", 1, ("unattributed", "unknown_number", &direct))
        .await;
    let account: Account = serde_json::from_value(json!({
        "id": "acme", "timezone": "Europe/Madrid",
        "hook": [{"id": "ads", "provider": "callrail", "role": "tracker"},
                 {"id": "pbx", "provider": "zadarma", "role": "pbx"}],
    }))
    .expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    for report in ["calls", "sources"] {
        let query = pairs(&format!("{DAY}&by=source"));
        let table = world.reports().run(report, &query, &known).await;
        let table = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
        assert_eq!(of_row(&table, 0, "source"), "google", "{report}");
        assert_eq!(
            table["rows"].as_array().map(Vec::len),
            Some(1),
            "{report}: {table}"
        );
    }
}

#[tokio::test]
async fn sources_are_filtered_by_what_calls_and_leads_have_and_count_spam_if_asked_for() {
    let world = World::start().await;
    world.stages().await;
    let call = |id: &str, number, tags: &[&'static str]| Call {
        number,
        tags: tags.to_vec(),
        ..answered(id, "2026-03-10T10:00:00Z", MARIA, &[spoke("ana", 5, 90)])
    };
    let spam = call("c3", "+34910000002", &[]).spam();
    let calls = [
        call("c1", "+34910000001", &["fair"]),
        call("c2", "+34910000002", &["fair", "late"]),
        spam,
    ];
    world.calls(&calls).await;
    world
        .lead("l1", "2026-03-10T10:00:00Z", &["eva"], None, ("", ""))
        .await;
    for (query, expected) in [
        ("", [2.0, 1.0]),
        ("spam=include", [3.0, 1.0]),
        ("number=%2B34910000002", [1.0, 0.0]),
        ("number=%2B34910000002&spam=include", [2.0, 0.0]),
        ("tag=late", [1.0, 0.0]),
        ("tag=late&tag=fair", [2.0, 0.0]),
        ("pipeline=sales", [0.0, 1.0]),
        ("pipeline=other", [0.0, 0.0]),
    ] {
        let query = query.replace("%2B", "+");
        let answer = ask(&world, json!({}), &format!("{MARCH}&{query}")).await;
        assert_eq!(
            cells(&answer, &["calls", "leads"]),
            json!([expected]),
            "{query}"
        );
    }
}
