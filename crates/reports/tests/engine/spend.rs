//! What advertising cost: grains of a day, currencies, and which of it finds nothing.

use serde_json::{Value, json};

use crate::marketing::{From, from};
use crate::ringing::{answered, spoke};
use crate::sources::{MARCH, ask, cells};
use crate::world::World;

const NAMES: [&str; 5] = [
    "source",
    "campaign",
    "spend",
    "unallocated",
    "spend_unmatched",
];

fn ad(campaign: &'static str, content: &'static str) -> From {
    From(["google", "cpc", campaign, content, ""], "")
}

#[tokio::test]
async fn the_finest_grain_of_a_day_stands_and_the_rest_is_unallocated() {
    let world = World::start().await;
    // Brand: 100 said of the whole, 40 and 30 of its advertisements. Generic: 90 of its own.
    world
        .spent("2026-03-02", ad("brand", ""), "100", "EUR")
        .await;
    world
        .spent("2026-03-02", ad("brand", "a"), "40", "EUR")
        .await;
    world
        .spent("2026-03-02", ad("brand", "b"), "30", "EUR")
        .await;
    world
        .spent("2026-03-02", ad("generic", ""), "90", "EUR")
        .await;
    // Of Google 200 were said, 10 more than of both.
    world
        .spent("2026-03-02", from("google", "", ""), "200", "EUR")
        .await;
    // The next day the campaigns come to more than the whole; another source is of one grain.
    world
        .spent("2026-03-03", ad("brand", ""), "50", "EUR")
        .await;
    world
        .spent("2026-03-03", from("google", "", ""), "45", "EUR")
        .await;
    world
        .spent("2026-03-03", from("bing", "", ""), "5", "EUR")
        .await;
    let query = format!("{MARCH}&by=source,campaign,content");
    let answer = ask(&world, json!({}), &query).await;
    let names = ["source", "campaign", "content", "spend", "unallocated"];
    assert_eq!(
        cells(&answer, &names),
        json!([
            ["bing", null, null, 5.0, 0.0],
            ["google", null, null, 10.0, 10.0],
            ["google", "brand", null, 80.0, 30.0],
            ["google", "brand", "a", 40.0, 0.0],
            ["google", "brand", "b", 30.0, 0.0],
            ["google", "generic", null, 90.0, 0.0],
        ])
    );
    let days = ask(
        &world,
        json!({}),
        "from=2026-03-02&to=2026-03-04&interval=day",
    )
    .await;
    assert_eq!(
        cells(&days, &["spend", "unallocated"]),
        json!([[200.0, 40.0], [55.0, 0.0]])
    );
}

#[tokio::test]
async fn spend_of_names_that_nothing_else_has_is_unmatched() {
    let world = World::start().await;
    let call = answered(
        "c1",
        "2026-03-20T10:00:00Z",
        "+34600111222",
        &[spoke("ana", 5, 90)],
    );
    world.calls(&[call]).await;
    world.certain("c1", from("google", "cpc", "brand")).await;
    for (campaign, amount) in [("brand", "5"), ("Brand", "7"), ("", "11")] {
        world
            .spent("2026-03-02", from("google", "", campaign), amount, "EUR")
            .await;
    }
    world
        .spent("2026-03-03", from("Google", "", ""), "13", "EUR")
        .await;
    let answer = ask(&world, json!({}), &format!("{MARCH}&by=source,campaign")).await;
    assert_eq!(
        cells(&answer, &NAMES),
        json!([
            ["Google", null, 13.0, 0.0, 13.0],
            ["google", null, 0.0, 0.0, 0.0],
            ["google", "Brand", 7.0, 0.0, 7.0],
            ["google", "brand", 5.0, 0.0, 0.0],
        ])
    );
}

#[tokio::test]
async fn currencies_convert_at_the_rate_of_their_day_or_are_counted() {
    let world = World::start().await;
    world.stages().await;
    world.rate("2026-03-02", "USD", "0.9").await;
    world.rate("2026-03-03", "USD", "0.8").await;
    let google = from("google", "cpc", "");
    for (date, amount, currency) in [
        ("2026-03-02", "10", "USD"),
        ("2026-03-03", "10.0125", "USD"),
        ("2026-03-04", "10", "USD"),
        ("2026-03-05", "10", "EUR"),
        ("2026-03-05", "10", "JPY"),
    ] {
        let medium = if currency == "JPY" { "display" } else { "cpc" };
        let from = From(["google", medium, "", "", ""], "");
        world.spent(date, from, amount, currency).await;
    }
    world.touch("eva", "2026-03-01T10:00:00Z", "", google).await;
    // Won late in the evening of 2 March in Madrid: 1 January's rate is another.
    for (lead, worth) in [
        ("l1", ("100", "USD")),
        ("l2", ("100", "GBP")),
        ("l3", ("1", "")),
    ] {
        world
            .lead(
                lead,
                "2026-03-01T11:00:00Z",
                &["eva"],
                Some("2026-03-02T22:59:00Z"),
                worth,
            )
            .await;
    }
    let names = ["revenue", "spend", "unconverted"];
    let answer = ask(&world, json!({}), MARCH).await;
    // 9 + 8.01 + 10; 90 + 1; two statements and a lead.
    assert_eq!(cells(&answer, &names), json!([[91.0, 27.01, 3]]));
    // Another currency of the account: nothing of it has a rate but what has none.
    let yen = json!({"currency": "JPY"});
    let answer = ask(&world, yen, "from=2026-03-05&to=2026-03-06").await;
    assert_eq!(answer["rows"][0][11].to_string(), "10");
    assert_eq!(cells(&answer, &names), json!([[0, 10, 1]]));
}

#[tokio::test]
async fn what_has_no_rate_alone_is_not_known_rather_than_nothing() {
    let world = World::start().await;
    world.stages().await;
    let radio = From(["radio", "", "", "", ""], "");
    world.spent("2026-03-04", radio, "10", "USD").await;
    world.touch("eva", "2026-03-01T10:00:00Z", "", radio).await;
    let won = Some("2026-03-02T12:00:00Z");
    world
        .lead("l", "2026-03-01T11:00:00Z", &["eva"], won, ("9", "GBP"))
        .await;
    let names = [
        "source",
        "won",
        "revenue",
        "spend",
        "cost_per_won",
        "unconverted",
    ];
    let answer = ask(&world, json!({}), &format!("{MARCH}&by=source")).await;
    let expected = json!([["radio", 1.0, null, null, null, 2]]);
    assert_eq!(cells(&answer, &names), expected);
}

#[tokio::test]
async fn a_mistake_of_spend_is_given_back() {
    let world = World::start().await;
    world
        .spent("2026-03-02", from("google", "cpc", ""), "-7.005", "EUR")
        .await;
    let answer: Value = ask(&world, json!({}), MARCH).await;
    // Half a unit up: towards the greater.
    assert_eq!(cells(&answer, &["spend", "roi"]), json!([[-7.0, -1.0]]));
}
