//! Single calls, contacts and their timelines.

use serde_json::{Value, json};
use trunkline_reports::{Context, Records, Restriction};

use crate::ringing::{Leg, answered, missed, rang, spoke};
use crate::world::{Message, World, at, contact, context, manager, pairs};

const PHONE: &str = "+34600111222";

async fn world() -> World {
    let world = World::start().await;
    let legs = [
        Leg {
            extension: "101",
            ..rang("")
        },
        spoke("luis", 20, 90),
    ];
    world
        .calls(&[
            answered("c1", "2026-03-10T09:00:00Z", PHONE, &legs),
            missed("c2", "2026-03-11T09:00:00Z", "+34600333444", 20, &["ana"]),
            missed("c3", "2026-03-12T09:00:00Z", "anonymous", 20, &["ana"]),
        ])
        .await;
    world
        .extension("101", "ana", "1970-01-01T00:00:00Z", "open")
        .await;
    world.linked("phone", "", PHONE, "rosa").await;
    world.linked("email", "", "rosa@acme.example", "rosa").await;
    world.linked("channel", "whatsapp", "wa-77", "rosa").await;
    world.linked("contact", "", "old-rosa", "rosa").await;
    world.linked("email", "", "juan@acme.example", "juan").await;
    let of = |message: Message, contact| Message { contact, ..message };
    world
        .messages(&[
            of(contact("w1", "2026-03-10T09:30:00Z"), "wa-77"),
            of(manager("ana", "w1", "2026-03-10T09:31:00Z"), "wa-77"),
            of(manager("ana", "w2", "2026-03-10T08:00:00Z"), "old-rosa"),
        ])
        .await;
    world
}

fn everything() -> Restriction<'static> {
    Restriction::default()
}

#[tokio::test]
async fn an_extension_that_is_nobodys_is_told_of_until_it_is_somebodys() {
    let world = World::start().await;
    let of = |extension| Leg {
        extension,
        ..rang("")
    };
    let named = |manager| rang(manager);
    world
        .calls(&[
            answered("n1", "2026-03-10T09:00:00Z", PHONE, &[of("101"), of("102")]),
            answered("n2", "2026-03-10T10:00:00Z", PHONE, &[of("102")]),
            answered("n3", "2026-03-10T11:00:00Z", PHONE, &[named("ana")]),
            answered("n4", "2026-03-10T12:00:00Z", PHONE, &[named("zadarma:7")]),
            answered("old", "2026-01-10T12:00:00Z", PHONE, &[of("999")]),
        ])
        .await;
    let told = async || {
        let two_days_later = Context {
            now: at("2026-03-12T12:00:00Z"),
            ..context(everything())
        };
        let unmapped = world.reports().unmapped(&two_days_later).await;
        let unmapped = unmapped.expect("an answer").into_iter();
        unmapped
            .map(|it| (it.name, it.calls, it.last.to_string()))
            .collect::<Vec<_>>()
    };
    let row = |name: &str, calls, hour: &str| {
        (
            name.to_owned(),
            calls,
            format!("2026-03-10T{hour}:00:00.000Z"),
        )
    };
    let all = [
        row("102", 2, "10"),
        row("101", 1, "09"),
        row("zadarma:7", 1, "12"),
    ];
    assert_eq!(told().await, all);
    world
        .extension("102", "luis", "1970-01-01T00:00:00Z", "open")
        .await;
    assert_eq!(told().await, all[1..]);
}

#[tokio::test]
async fn a_call_is_shown_with_its_legs_and_whose_they_are() {
    let world = world().await;
    let call = world.reports().call("c1", &context(everything())).await;
    let call = call.expect("an answer").expect("a call");
    for (name, value) in [
        ("call", json!("c1")),
        ("at", json!("2026-03-10T09:00:00.000Z")),
        ("answered_at", json!("2026-03-10T09:00:20.000Z")),
        ("caller", json!(PHONE)),
        ("contact", json!("rosa")),
        ("disposition", json!("answered")),
        ("wait_s", json!(20.0)),
        ("talk_s", json!(90.0)),
        ("spam", json!(false)),
        ("tags", json!([])),
        ("value", Value::Null),
        ("queued_at", Value::Null),
    ] {
        assert_eq!(call[name], value, "{name} of {call}");
    }
    let of = |name: &str| json!([call["legs"][0][name], call["legs"][1][name]]);
    assert_eq!(of("manager"), json!(["ana", "luis"]));
    assert_eq!(of("extension"), json!(["101", null]));
    assert_eq!(of("answered_at"), json!([null, "2026-03-10T09:00:20.000Z"]));
    assert_eq!(of("talk_s"), json!([0.0, 90.0]));
    let nothing = world.reports().call("c9", &context(everything())).await;
    assert_eq!(nothing.expect("an answer"), None);
}

#[tokio::test]
async fn who_may_see_some_managers_sees_their_calls_and_contacts_alone() {
    let world = world().await;
    let managers = ["luis".to_owned()];
    let only = Restriction {
        teams: &[],
        managers: &managers,
    };
    let seen = async |id| {
        let call = world.reports().call(id, &context(only)).await;
        call.expect("an answer").is_some()
    };
    assert!(seen("c1").await);
    assert!(!seen("c2").await);
    let contacts = world.reports().contacts(&[], &context(only)).await;
    assert_eq!(names(&contacts.expect("an answer"), "contact"), ["rosa"]);
    let timeline = world.reports().timeline("rosa", &[], &context(only)).await;
    assert_eq!(names(&timeline.expect("an answer"), "id"), ["c1"]);
}

/// A text of each item.
fn names(records: &Records, name: &str) -> Vec<String> {
    let items = records.items.iter();
    items
        .map(|item| item[name].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn contacts_are_people_and_come_page_by_page() {
    let world = world().await;
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let query = pairs(&format!("limit=1{after}"));
        let page = world
            .reports()
            .contacts(&query, &context(everything()))
            .await;
        let page = page.expect("a page");
        all.extend(page.items);
        match page.next {
            Some(next) => after = format!("&cursor={next}"),
            None => break,
        }
    }
    let found: Vec<_> = all
        .iter()
        .map(|contact| contact["contact"].clone())
        .collect();
    assert_eq!(json!(found), json!(["+34600333444", "juan", "rosa"]));
    assert_eq!(
        json!(all[2]),
        json!({"contact": "rosa", "phones": [PHONE], "emails": ["rosa@acme.example"],
               "ids": [{"channel": "whatsapp", "id": "wa-77"}], "calls": 1, "messages": 3,
               "first_at": "2026-03-10T08:00:00.000Z", "last_at": "2026-03-10T09:31:00.000Z"})
    );
    assert_eq!(all[1]["first_at"], Value::Null);
    for id in ["rosa", "old-rosa", PHONE] {
        let one = world.reports().contact(id, &context(everything())).await;
        let mut expected = json!(all[2]);
        // Nothing tells where she came from.
        expected["first_touch"] = Value::Null;
        expected["last_touch"] = Value::Null;
        assert_eq!(one.expect("an answer"), Some(expected), "{id}");
    }
    let nobody = world
        .reports()
        .contact("nobody", &context(everything()))
        .await;
    assert_eq!(nobody.expect("an answer"), None);
}

#[tokio::test]
async fn a_timeline_has_calls_and_messages_of_all_numbers_and_ids_newest_first() {
    let world = world().await;
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let query = pairs(&format!("limit=2{after}"));
        let page = world
            .reports()
            .timeline("old-rosa", &query, &context(everything()))
            .await;
        let page = page.expect("a page");
        all.extend(page.items);
        match page.next {
            Some(next) => after = format!("&cursor={next}"),
            None => break,
        }
    }
    let found: Vec<_> = all
        .iter()
        .map(|one| {
            json!([
                one["at"],
                one["what"],
                one["manager"],
                one["conversation"],
                one["talk_s"]
            ])
        })
        .collect();
    assert_eq!(
        json!(found),
        json!([
            ["2026-03-10T09:31:00.000Z", "message", "ana", "w1", null],
            ["2026-03-10T09:30:00.000Z", "message", null, "w1", null],
            ["2026-03-10T09:00:00.000Z", "call", "luis", null, 90.0],
            ["2026-03-10T08:00:00.000Z", "message", "ana", "w2", null],
        ])
    );
    let query = pairs("colour=red");
    let refused = world
        .reports()
        .timeline("rosa", &query, &context(everything()))
        .await;
    assert!(
        refused
            .expect_err("a refusal")
            .to_string()
            .contains("colour")
    );
}
