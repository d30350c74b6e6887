//! The report of sources: each model and each column by examples worked out by hand.

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::marketing::{From, from};
use crate::ringing::{answered, missed, of_row, spoke};
use crate::world::{World, columns, context, cycle, pairs};

const MARCH: &str = "from=2026-03-01&to=2026-04-01";
const MARIA: &str = "+34600111222";
const PEDRO: &str = "+34600333444";

const GOOGLE: From = from("google", "cpc", "brand");
const FACEBOOK: From = from("facebook", "paid", "spring");
const DIRECT: From = from("direct", "", "");

/// Asks with settings of the account.
async fn ask(world: &World, account: Value, query: &str) -> Value {
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
fn cells(answer: &Value, names: &[&str]) -> Value {
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

#[tokio::test]
async fn every_column_is_worked_out() {
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
