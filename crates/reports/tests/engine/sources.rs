//! The report of sources: each model and each column by examples worked out by hand.

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::marketing::{From, from};
use crate::ringing::{answered, missed, of_row, spoke};
use crate::world::{World, columns, context, cycle, pairs};

pub(crate) const MARCH: &str = "from=2026-03-01&to=2026-04-01";
const MARIA: &str = "+34600111222";
const PEDRO: &str = "+34600333444";

const GOOGLE: From = from("google", "cpc", "brand");
const FACEBOOK: From = from("facebook", "paid", "spring");
const DIRECT: From = from("direct", "", "");

/// Asks with settings of the account.
pub(crate) async fn ask(world: &World, account: Value, query: &str) -> Value {
    let mut settings = json!({"id": "acme", "timezone": "Europe/Madrid", "currency": "EUR",
        "lead_basis": "crm"});
    for (key, value) in account.as_object().expect("an object") {
        settings[key] = value.clone();
    }
    let account: Account = serde_json::from_value(settings).expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let table = world.reports().run("sources", &pairs(query), &known).await;
    serde_json::to_value(table.expect("an answer")).expect("it is JSON")
}

/// Some cells of all rows, with the dimension before them.
pub(crate) fn cells(answer: &Value, names: &[&str]) -> Value {
    let rows = answer["rows"].as_array().expect("rows").len();
    let cell = |place, name: &&str| of_row(answer, place, name).clone();
    (0..rows)
        .map(|place| {
            names
                .iter()
                .map(|name| cell(place, name))
                .collect::<Value>()
        })
        .collect()
}

#[tokio::test]
async fn each_model_chooses_among_the_touches_up_to_the_moment() {
    let world = World::start().await;
    let call = |id: &str, time: &str| answered(id, time, MARIA, &[spoke("ana", 5, 90)]);
    world
        .calls(&[
            call("c1", "2026-03-02T10:00:00Z"),
            call("c2", "2026-03-05T10:00:00Z"),
            call("c3", "2026-03-09T10:00:00Z"),
        ])
        .await;
    world.certain("c1", GOOGLE).await;
    world.certain("c2", FACEBOOK).await;
    world.certain("c3", DIRECT).await;
    // c1: google. c2: google, facebook. c3: google, facebook, direct.
    for (model, expected) in [
        ("first", json!([["google", 3.0]])),
        (
            "last",
            json!([["direct", 1.0], ["facebook", 1.0], ["google", 1.0]]),
        ),
        (
            "last_non_direct",
            json!([["facebook", 2.0], ["google", 1.0]]),
        ),
        // google 1 + 1/2 + 3334, facebook 1/2 + 3333, direct 3333 ten-thousandths.
        (
            "linear",
            json!([["direct", 0.3333], ["facebook", 0.8333], ["google", 1.8334]]),
        ),
    ] {
        let query = format!("{MARCH}&by=source&model={model}");
        let answer = ask(&world, json!({}), &query).await;
        assert_eq!(cells(&answer, &["source", "calls"]), expected, "{model}");
    }
    let own = ask(
        &world,
        json!({"attribution": {"model": "first"}}),
        &format!("{MARCH}&by=source"),
    )
    .await;
    assert_eq!(
        cells(&own, &["source", "calls"]),
        json!([["google", 3.0]]),
        "the account's"
    );
    let short = json!({"attribution": {"model": "first", "lookback": "5d"}});
    let near = ask(&world, short, &format!("{MARCH}&by=source")).await;
    assert_eq!(
        cells(&near, &["source", "calls"]),
        json!([["facebook", 1.0], ["google", 2.0]]),
        "the touch of c1 is seven days before c3"
    );
}

/// Something of everything.
async fn a_month() -> World {
    let world = World::start().await;
    world.stages().await;
    world
        .calls(&[
            answered("c1", "2026-03-02T10:00:00Z", MARIA, &[spoke("ana", 5, 90)]),
            missed("c2", "2026-03-03T10:00:00Z", MARIA, 20, &["ana"]),
            answered("c3", "2026-03-03T11:00:00Z", PEDRO, &[spoke("ana", 5, 30)]),
        ])
        .await;
    world.certain("c1", GOOGLE).await;
    world.certain("c2", GOOGLE).await;
    world.certain("c3", FACEBOOK).await;
    world
        .conversation("whatsapp", "w1", &[cycle("eva", "2026-03-04T10:00:00Z")])
        .await;
    world.touch("eva", "2026-03-04T10:00:00Z", "", GOOGLE).await;
    world
        .form("f1", "2026-03-05T10:00:00Z", "+34600555666", "", GOOGLE)
        .await;
    world
        .visit("v1", "x1", "2026-03-02T09:00:00Z", GOOGLE)
        .await;
    world
        .lead(
            "l1",
            "2026-03-06T10:00:00Z",
            &[MARIA],
            Some("2026-04-02T10:00:00Z"),
            ("1000.00", ""),
        )
        .await;
    world
        .lead("l2", "2026-03-07T10:00:00Z", &["eva"], None, ("70", ""))
        .await;
    world
        .lead("l3", "2026-03-08T10:00:00Z", &["nobody"], None, ("", ""))
        .await;
    world.spent("2026-03-02", GOOGLE, "100.005", "EUR").await;
    world.spent("2026-03-03", GOOGLE, "150", "EUR").await;
    world
        .spent("2026-03-03", from("bing", "cpc", ""), "9", "EUR")
        .await;
    world
}

#[tokio::test]
async fn every_column_is_worked_out() {
    let world = a_month().await;
    let answer = ask(
        &world,
        json!({"margin": "0.5"}),
        &format!("{MARCH}&by=source"),
    )
    .await;
    let names = [
        "source",
        "visits",
        "inquiries",
        "calls",
        "unique_calls",
        "target_calls",
        "unique_target_calls",
        "chats",
        "forms",
        "leads",
        "won",
        "revenue",
        "spend",
        "cost_per_inquiry",
        "cost_per_call",
        "cost_per_lead",
        "cost_per_won",
        "roas",
        "roi",
        "ambiguous_share",
        "spend_unmatched",
        "unallocated",
        "unconverted",
    ];
    assert_eq!(names.to_vec(), columns(&answer));
    assert_eq!(
        cells(&answer, &names),
        json!([
            [
                null, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, null, null, null,
                null, null, null, null, 0.0, 0.0, 0
            ],
            [
                "bing", 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 9.0, null, null, null,
                null, 0.0, -1.0, null, 9.0, 0.0, 0
            ],
            [
                "facebook", 0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, null, null,
                null, null, null, null, 0.0, 0.0, 0.0, 0
            ],
            // 250.005 rounds half up to 250.01; by four 62.50125, by two 125.0025.
            // 1000 / 250.005 = 3.99992, (500 - 250.005) / 250.005 = 0.99996.
            [
                "google", 1, 4.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 1.0, 1000.0, 250.01, 62.5,
                125.0, 125.0, 250.01, 3.9999, 1.0, 0.0, 0.0, 0.0, 0
            ],
        ])
    );
    let all = ask(&world, json!({}), MARCH).await;
    assert_eq!(
        cells(&all, &["inquiries", "leads", "spend", "spend_unmatched"]),
        json!([[5.0, 3.0, 259.01, 9.0]])
    );
}

#[tokio::test]
async fn an_ambiguous_call_is_divided_by_its_weights_and_shown_as_such() {
    let world = World::start().await;
    world
        .calls(&[
            answered("c1", "2026-03-02T10:00:00Z", MARIA, &[spoke("ana", 5, 90)]),
            answered("c2", "2026-03-03T10:00:00Z", PEDRO, &[spoke("ana", 5, 90)]),
        ])
        .await;
    let candidates = [("v1", 2.0 / 3.0, GOOGLE), ("v2", 1.0 / 3.0, FACEBOOK)];
    world.brought("c1", 1, ("ambiguous", "", &candidates)).await;
    world.certain("c2", GOOGLE).await;
    let names = ["source", "calls", "ambiguous_share"];
    let query = format!("{MARCH}&by=source");
    let answer = ask(&world, json!({}), &query).await;
    // 6667 of 16667 of google.
    let expected = json!([["facebook", 0.3333, 1.0], ["google", 1.6667, 0.4]]);
    assert_eq!(cells(&answer, &names), expected);
    // A lease that came to be known later: corrections attribute it anew.
    world
        .brought("c1", 2, ("certain", "", &[("v2", 1.0, FACEBOOK)]))
        .await;
    let answer = ask(&world, json!({}), &query).await;
    let expected = json!([["facebook", 1.0, 0.0], ["google", 1.0, 0.0]]);
    assert_eq!(cells(&answer, &names), expected);
}

#[tokio::test]
async fn a_call_to_an_unknown_number_is_of_the_contacts_touches_else_direct() {
    let world = World::start().await;
    let lost = ("unattributed", "unknown_number", &[("", 1.0, DIRECT)][..]);
    world
        .calls(&[
            answered("c1", "2026-03-02T10:00:00Z", MARIA, &[spoke("ana", 5, 90)]),
            answered("c2", "2026-03-03T10:00:00Z", PEDRO, &[spoke("ana", 5, 90)]),
            answered(
                "c3",
                "2026-03-04T10:00:00Z",
                "anonymous",
                &[spoke("ana", 5, 90)],
            ),
        ])
        .await;
    for call in ["c1", "c2", "c3"] {
        world.brought(call, 1, lost).await;
    }
    world
        .touch(MARIA, "2026-03-01T10:00:00Z", "", FACEBOOK)
        .await;
    for model in ["first", "last", "last_non_direct", "linear"] {
        let query = format!("{MARCH}&by=source,origin&model={model}");
        let answer = ask(&world, json!({}), &query).await;
        assert_eq!(
            cells(&answer, &["source", "origin", "calls"]),
            json!([["direct", "calltracking", 2.0], ["facebook", "utm", 1.0]]),
            "{model}"
        );
    }
}

#[tokio::test]
async fn what_is_told_late_mends_the_past() {
    let world = World::start().await;
    world.stages().await;
    world
        .lead(
            "l1",
            "2026-03-06T10:00:00Z",
            &["eva"],
            Some("2026-03-20T10:00:00Z"),
            ("100", "EUR"),
        )
        .await;
    let of = async |query: &str| {
        let query = format!("{MARCH}&by=source,origin{query}");
        let answer = ask(&world, json!({}), &query).await;
        let mut all = cells(&answer, &["source", "origin", "leads", "won", "revenue"]);
        // The visit has a row of its own.
        all.as_array_mut()
            .expect("rows")
            .retain(|row| row[2] != json!(0.0));
        all
    };
    assert_eq!(of("").await, json!([[null, null, 1.0, 1.0, 100.0]]));
    // A tag ten minutes after the lead still brought it; one millisecond later it did not.
    world.tag("eva", "2026-03-06T10:10:00.001Z", "Fair").await;
    assert_eq!(of("").await, json!([[null, null, 1.0, 1.0, 100.0]]));
    world.tag("eva", "2026-03-06T10:10:00Z", "Instagram").await;
    assert_eq!(
        of("").await,
        json!([["Instagram", "card", 1.0, 1.0, 100.0]])
    );
    // A visit becomes hers by a form of its visitor.
    world
        .visit("v1", "x1", "2026-03-01T10:00:00Z", GOOGLE)
        .await;
    assert_eq!(
        of("&model=first").await,
        json!([["Instagram", "card", 1.0, 1.0, 100.0]])
    );
    world
        .form("f1", "2026-04-02T10:00:00Z", MARIA, "v1", From::default())
        .await;
    world.linked("phone", "", MARIA, "eva").await;
    assert_eq!(
        of("&model=first").await,
        json!([["google", "utm", 1.0, 1.0, 100.0]])
    );
    assert_eq!(
        of("&model=last").await,
        json!([["Instagram", "card", 1.0, 1.0, 100.0]])
    );
    // The contact turns out to be another, who came earlier.
    world
        .touch("maria", "2026-02-01T10:00:00Z", "", FACEBOOK)
        .await;
    world.linked("contact", "", "eva", "maria").await;
    world.linked("phone", "", MARIA, "maria").await;
    assert_eq!(
        of("&model=linear").await,
        json!([
            ["Instagram", "card", 0.3333, 0.3333, 33.33],
            ["facebook", "utm", 0.3334, 0.3334, 33.34],
            ["google", "utm", 0.3333, 0.3333, 33.33]
        ])
    );
}

#[tokio::test]
async fn wins_belong_to_the_lead_or_to_their_closing_and_keep_its_source() {
    let world = World::start().await;
    world.stages().await;
    world.touch("eva", "2026-02-02T10:00:00Z", "", GOOGLE).await;
    world
        .touch("eva", "2026-02-20T10:00:00Z", "", FACEBOOK)
        .await;
    world
        .lead(
            "l1",
            "2026-02-06T10:00:00Z",
            &["eva"],
            Some("2026-03-20T10:00:00Z"),
            ("100", "EUR"),
        )
        .await;
    world
        .lead(
            "l2",
            "2026-03-06T10:00:00Z",
            &["eva"],
            Some("2026-04-01T22:00:00Z"),
            ("10", "EUR"),
        )
        .await;
    let names = ["source", "leads", "won", "revenue"];
    let created = ask(&world, json!({}), &format!("{MARCH}&by=source")).await;
    assert_eq!(
        cells(&created, &names),
        json!([["facebook", 1.0, 1.0, 10.0]])
    );
    let closed = ask(
        &world,
        json!({}),
        &format!("{MARCH}&by=source&basis=closed"),
    )
    .await;
    assert_eq!(
        cells(&closed, &names),
        json!([["facebook", 1.0, 0.0, 0.0], ["google", 0.0, 1.0, 100.0]])
    );
}

#[tokio::test]
async fn one_person_is_one_lead_whatever_he_used() {
    let world = World::start().await;
    world
        .calls(&[
            answered("c1", "2026-02-20T10:00:00Z", PEDRO, &[spoke("ana", 5, 90)]),
            answered("c2", "2026-03-02T10:00:00Z", MARIA, &[spoke("ana", 5, 90)]),
            answered("c3", "2026-03-21T10:00:00Z", PEDRO, &[spoke("ana", 5, 90)]),
            answered("c4", "2026-03-25T10:00:00Z", PEDRO, &[spoke("ana", 5, 90)]),
        ])
        .await;
    world.linked("phone", "", MARIA, "maria").await;
    world
        .linked("channel", "whatsapp", "wa-maria", "maria")
        .await;
    let cycles = [cycle("wa-maria", "2026-03-03T10:00:00Z")];
    world.conversation("whatsapp", "w1", &cycles).await;
    world
        .form("f1", "2026-03-04T10:00:00Z", MARIA, "", From::default())
        .await;
    let names = ["inquiries", "leads"];
    let contacts = json!({"lead_basis": "contacts", "calls": {"unique_call_days": 30}});
    // Maria's first, and none of Pedro's: his of 21 March is 29 days after that of February.
    let answer = ask(&world, contacts, MARCH).await;
    assert_eq!(cells(&answer, &names), json!([[5.0, 1.0]]));
    let weeks = json!({"lead_basis": "contacts", "calls": {"unique_call_days": 28}});
    assert_eq!(
        cells(&ask(&world, weeks, MARCH).await, &names),
        json!([[5.0, 2.0]])
    );
    // Not said: contacts until there are lead events.
    let unsaid = json!({"lead_basis": null});
    assert_eq!(
        cells(&ask(&world, unsaid.clone(), MARCH).await, &names),
        json!([[5.0, 1.0]])
    );
    world
        .lead("l1", "2026-01-06T10:00:00Z", &["eva"], None, ("", ""))
        .await;
    assert_eq!(
        cells(&ask(&world, unsaid, MARCH).await, &names),
        json!([[5.0, 0.0]])
    );
}
