//! Whose visits are, and what they earn: the same in `sources` and in the conversions that are told on.

use serde_json::{Value, json};
use trunkline_reports::Restriction;

use crate::marketing::{From, from, stamp};
use crate::ringing::{answered, spoke};
use crate::sources::{MARCH, ask, cells};
use crate::world::{ACCOUNT, World, context, pairs};

const MARIA: &str = "+34600111222";
const BING: From = from("bing", "cpc", "");
const GOOGLE: From = from("google", "cpc", "");
const DIRECT: From = from("direct", "", "");

impl World {
    /// A visit that began with a click.
    async fn clicked(&self, visit: &str, visitor: &str, time: &str, gclid: &str) {
        let row = json!({"account": ACCOUNT, "visit": visit, "visitor": visitor, "source": "bing",
            "medium": "cpc", "origin": "utm", "gclid": gclid, "started_at": stamp(time),
            "last_at": stamp(time), "expires_at": stamp(time), "pages.at": [stamp(time)],
            "pages.url": ["https://acme.example/offer"], "pages.title": [""], "version": 1, "deleted": 0});
        self.insert("visits", vec![row]).await;
    }

    async fn sources(&self, kind: &str, query: &str) -> Value {
        let answer = ask(self, json!({}), &format!("{query}&by=source")).await;
        let rows = cells(&answer, &["source", kind]);
        let some = rows.as_array().expect("rows").iter();
        some.filter(|row| row[1] != 0.0).cloned().collect()
    }

    async fn clicks(&self, query: &str) -> Vec<Value> {
        let context = context(Restriction::default());
        let page = self.reports().conversions(&pairs(query), &context).await;
        let items = page.expect("an answer").records.items.into_iter();
        let told = |item: serde_json::Map<String, Value>| {
            json!([
                item["kind"],
                item["clicks"]["gclid"],
                item["clicked_at"],
                item["page"]
            ])
        };
        items.map(told).collect()
    }
}

#[tokio::test]
async fn a_click_that_came_back_directly_earns_the_form_the_lead_and_the_win() {
    let world = World::start().await;
    world.stages().await;
    world
        .clicked("v1", "w5", "2026-03-02T09:00:00Z", "CLICK5")
        .await;
    world
        .visit("v2", "w5", "2026-03-03T09:00:00Z", DIRECT)
        .await;
    world
        .form("f5", "2026-03-03T09:05:00Z", MARIA, "v2", From::default())
        .await;
    world
        .lead(
            "l5",
            "2026-03-03T09:06:00Z",
            &[MARIA],
            Some("2026-03-05T10:00:00Z"),
            ("100", "EUR"),
        )
        .await;
    for model in ["first", "last_non_direct"] {
        let query = format!("{MARCH}&model={model}");
        for kind in ["forms", "leads", "won"] {
            assert_eq!(
                world.sources(kind, &query).await,
                json!([["bing", 1.0]]),
                "{kind} by {model}"
            );
        }
        let click = |kind: &str| {
            json!([
                kind,
                "CLICK5",
                "2026-03-02T09:00:00.000Z",
                "https://acme.example/offer"
            ])
        };
        assert_eq!(
            world.clicks(&query).await,
            [click("form"), click("lead"), click("won")],
            "{model}"
        );
    }
    let last = world.clicks(&format!("{MARCH}&model=last")).await;
    assert!(last.iter().all(|told| told[1] == Value::Null), "{last:?}");
}

#[tokio::test]
async fn a_call_of_long_ago_still_says_whose_visits_are() {
    let world = World::start().await;
    world.visit("v0", "w1", "2025-10-01T09:00:00Z", BING).await;
    let call = answered("c0", "2025-10-01T09:05:00Z", MARIA, &[spoke("ana", 5, 90)]);
    world.calls(&[call]).await;
    world
        .brought("c0", 1, ("certain", "", &[("v0", 1.0, BING)]))
        .await;
    world
        .visit("v1", "w1", "2026-03-09T09:00:00Z", GOOGLE)
        .await;
    world
        .lead("l1", "2026-03-10T09:00:00Z", &[MARIA], None, ("", ""))
        .await;
    // The call is five months before, the lookback is 90 days: it links, and is no touch.
    for from in ["2026-03-10", "2026-03-01", "2025-09-01"] {
        let query = format!("from={from}&to=2026-04-01");
        assert_eq!(
            world.sources("leads", &query).await,
            json!([["google", 1.0]]),
            "{from}"
        );
    }
}

#[tokio::test]
async fn a_message_that_names_a_visitor_makes_his_visit_the_contacts() {
    let world = World::start().await;
    world.visit("v7", "w7", "2026-03-02T09:00:00Z", BING).await;
    world
        .conversation(
            "whatsapp",
            "k7",
            &[crate::world::cycle("eva", "2026-03-02T09:10:00Z")],
        )
        .await;
    world
        .touch("eva", "2026-03-02T09:10:00Z", "w7", From::default())
        .await;
    assert_eq!(world.sources("chats", MARCH).await, json!([["bing", 1.0]]));
}

#[tokio::test]
async fn a_lead_makes_a_visitors_visits_those_of_all_its_contacts() {
    let world = World::start().await;
    world.visit("v8", "w8", "2026-03-02T09:00:00Z", BING).await;
    let mut row = json!({"account": ACCOUNT, "lead": "l8", "created_at": stamp("2026-03-02T09:10:00Z"),
        "created": 1, "contacts": ["main", "second"], "visitor": "w8", "received_at": 0,
        "version": 1, "deleted": 0});
    world.insert("leads", vec![row.clone()]).await;
    (row["lead"], row["visitor"]) = (json!("l9"), json!(""));
    row["contacts"] = json!(["second"]);
    world.insert("leads", vec![row]).await;
    assert_eq!(world.sources("leads", MARCH).await, json!([["bing", 2.0]]));
}

#[tokio::test]
async fn a_win_of_a_lead_of_nobody_keeps_the_source_of_the_lead() {
    let world = World::start().await;
    world.stages().await;
    let won = stamp("2026-03-05T10:00:00Z");
    let row = json!({"account": ACCOUNT, "lead": "l1", "created_at": stamp("2026-03-02T09:10:00Z"),
        "created": 1, "pipeline": "sales", "stage": "paid", "contacts": [], "source": "radio",
        "moves.at": [won], "moves.pipeline": ["sales"], "moves.stage": ["paid"],
        "moves.manager": [""], "received_at": 0, "version": 1, "deleted": 0});
    world.insert("leads", vec![row]).await;
    for kind in ["leads", "won"] {
        assert_eq!(
            world.sources(kind, MARCH).await,
            json!([["radio", 1.0]]),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_caller_without_a_number_is_no_first_inquiry() {
    let world = World::start().await;
    let call = |id: &str, caller: &str| {
        answered(id, "2026-03-02T10:00:00Z", caller, &[spoke("ana", 5, 9)])
    };
    world
        .calls(&[
            call("c1", "anonymous"),
            call("c2", "anonymous"),
            call("c3", MARIA),
        ])
        .await;
    let answer = ask(&world, json!({"lead_basis": "contacts"}), MARCH).await;
    assert_eq!(cells(&answer, &["calls", "leads"]), json!([[3.0, 1.0]]));
}
