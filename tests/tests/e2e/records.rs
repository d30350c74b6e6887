//! Calls and contacts one by one, through the doors: pages, masks, scopes, refusals.

mod conversations;
pub(crate) mod listed;

use e2e::config::{Config, token};
use e2e::doors::Door;
use e2e::events::Thread;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;

/// All pages of a list.
fn all(door: &Door, path: &str, list: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut asked = vec![("limit", "1")];
        asked.extend(after.as_deref().map(|after| ("cursor", after)));
        let page = door.get(path, &asked).expect_status(200).json();
        all.extend(page[list].as_array().unwrap().iter().cloned());
        match page["cursor"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => return all,
        }
    }
}

#[test]
fn contacts_and_their_timelines_come_in_pages_and_phones_are_masked() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let threads = ["+34600111222", "maria"].map(|contact| {
        Thread::new(contact)
            .with(contact)
            .contact("10:00")
            .manager("ana", "10:05")
    });
    let events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    door.send_flushed(&events);

    let contacts = all(&door, "/v1/contacts", "contacts");
    let ids: Vec<_> = contacts.iter().map(|one| one["contact"].clone()).collect();
    assert_eq!(json!(ids), json!(["+3***1222", "maria"]));
    assert_eq!(contacts[1]["messages"], json!(2));
    let one = door.get("/v1/contacts/%2B34600111222", &[]);
    let mut one = one.expect_status(200).json();
    let one = one.as_object_mut().unwrap();
    let touches = ["first_touch", "last_touch"].map(|end| one.remove(end));
    assert_eq!(touches, [Some(Value::Null), Some(Value::Null)]);
    assert_eq!(json!(one), contacts[0]);
    assert!(!json!(contacts).to_string().contains("600111"));

    let timeline = all(&door, "/v1/contacts/%2B34600111222/timeline", "timeline");
    let who: Vec<_> = timeline.iter().map(|one| one["author"].clone()).collect();
    assert_eq!(json!(who), json!(["manager", "contact"]));
    assert!(
        !json!(timeline).to_string().contains("600111"),
        "{timeline:?}"
    );

    door.get("/v1/contacts/nobody", &[])
        .expect_problem(404, "not_found");
    door.get("/v1/contacts/maria", &[("limit", "1")])
        .expect_problem(400, "bad_parameter");
    door.get("/v1/contacts", &[("colour", "red")])
        .expect_problem(400, "bad_parameter");
    let other = door.get("/v1/contacts", &[("cursor", "x")]);
    let detail = other.expect_problem(400, "bad_parameter").json()["detail"].to_string();
    assert!(detail.contains("`cursor`"), "{detail}");
}

#[test]
fn a_call_that_is_not_there_is_shown_and_changed_for_nobody() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let calls = door.get(
        "/v1/calls",
        &[("direction", "inbound"), ("spam", "include")],
    );
    let calls = calls.expect_status(200).json();
    assert_eq!(
        (&calls["calls"], &calls["cursor"]),
        (&json!([]), &Value::Null)
    );
    for parameter in ["by", "figure", "after", "colour"] {
        door.get("/v1/calls", &[(parameter, "manager")])
            .expect_problem(400, "bad_parameter");
    }
    door.get("/v1/calls/c1", &[])
        .expect_problem(404, "not_found");
    let path = "/v1/calls/c1";
    door.patch(path, &json!({"spam": true}))
        .expect_problem(404, "not_found");
    for body in [
        json!({}),
        json!([]),
        json!({"direction": "inbound"}),
        json!(7),
    ] {
        door.patch(path, &body).expect_problem(400, "malformed");
    }
    let reader = door.with_token(&token("acme", "read"));
    reader
        .patch(path, &json!({"spam": true}))
        .expect_problem(403, "forbidden");
    let sender = door.with_token(&token("acme", "ingest"));
    sender
        .get("/v1/contacts", &[])
        .expect_problem(403, "forbidden");
}

#[test]
fn tags_value_and_spam_of_a_call_are_changed_and_the_figures_follow() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let phase = |phase: &str, at: &str| {
        json!({"type": "call", "call": "k1", "phase": phase, "at": format!("2026-03-02T10:{at}Z"),
            "direction": "inbound", "from": "+34600111222", "to": "+34910000001"})
    };
    let mut answered = phase("answered", "00:05");
    answered["manager"] = "ana".into();
    let events = json!([phase("started", "00:00"), answered, phase("ended", "01:05")]);
    door.post_json(&events).expect_status(202);
    door.flush();
    let calls = || door.report("calls", &MARCH).column("calls");
    assert_eq!(calls(), [json!(1)]);
    let change = |change: Value| {
        door.patch("/v1/calls/k1?wait=flushed", &change)
            .expect_status(200);
        door.get("/v1/calls/k1", &[]).expect_status(200).json()
    };
    let spam = change(json!({"tags": ["vip"], "value": "12.5", "spam": true}));
    assert_eq!(
        json!([spam["tags"], spam["spam"]]),
        json!([["vip"], true]),
        "{spam}"
    );
    assert_eq!(calls(), [json!(0)]);
    let none = change(json!({"spam": false}));
    assert_eq!(json!([none["tags"], none["spam"]]), json!([["vip"], false]));
    assert_eq!(calls(), [json!(1)]);
}
