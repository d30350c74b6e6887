//! A call that a tracker and a PBX tell of is one conversion, with the click that the tracker knows.

use std::time::Duration;

use e2e::clock::{MINUTE, rfc3339, wait_until, wall};
use e2e::counter::Vendor;
use e2e::hooks::Webhook;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};
use trunkline_providers::named;

use super::conversions::{Pushed, count, start_with};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SHOWN: &str = "+34911000001";
const OWN: &str = "+34910000001";
const CALLER: &str = "+34600111222";
const WITHIN: Duration = Duration::from_secs(30);
const CLICK: &str = "13591247640966458";

fn start() -> Service {
    let hook = |id: &str, role: &str| {
        format!(
            "[[account.hook]]\nid = \"{id}\"\nprovider = \"standard\"\nrole = \"{role}\"\nsecrets = [\"{SECRET}\"]\n"
        )
    };
    let site = format!(
        "[[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"{SHOWN}\"]\n"
    );
    start_with(&[&hook("tracker", "tracker"), &hook("pbx", "pbx"), &site])
}

/// Tells through a hook of a call that begins now, and is over.
fn tell(service: &Service, hook: &str, call: &str, (to, rang): (&str, &str)) {
    let now = wall();
    let phase = |phase: &str, after: i64| {
        json!({"type": "call", "call": call, "phase": phase, "at": rfc3339(now + after), "direction": "inbound",
            "from": CALLER, "to": to, "extension": rang, "leg": "1", "id": format!("{call}/{phase}")})
    };
    let mut ended = phase("ended", 60);
    ended.as_object_mut().expect("an object").remove("leg");
    let phases = json!([phase("started", 0), phase("answered", 5), ended]);
    let request = Webhook::json(&format!("/v1/hooks/{hook}"), &phases.to_string());
    let request = request.signed(named("standard").expect("a provider"), SECRET);
    request.send(service.port()).expect_status(200);
    service.door("acme").flush();
    // What began this moment is listed from the next on.
    let later = rfc3339(now + 1_000);
    wait_until("it is listed", WITHIN, || {
        listed(service)["as_of"].as_str() > Some(&later)
    });
}

fn listed(service: &Service) -> Value {
    let from = rfc3339(wall() - 60 * MINUTE);
    let door = service.door("acme");
    let listed = door.get("/v1/conversions", &[("kind", "call"), ("from", &from)]);
    listed.expect_status(200).json()
}

/// Gives the conversions of the kind `call`.
fn calls(service: &Service) -> Vec<Value> {
    let listed = listed(service);
    listed["conversions"].as_array().expect("a list").clone()
}

/// The visit of a click on Direct, that is shown the number.
fn visit(service: &Service) {
    let url = format!("https://shop.example/?yclid={CLICK}");
    let pages = Pages::new(service.port(), "shop");
    pages.ask("ana", &url).expect_status(200);
}

fn push(service: &Service) -> Pushed<'_> {
    let action = ["call=order_confirmed"];
    Pushed::to(service, Vendor::Metrica, "yandex-metrica", &action)
}

#[test]
fn what_a_tracker_told_first_and_a_pbx_tells_too_is_sent_once() {
    let service = start();
    visit(&service);
    tell(&service, "tracker", "t", (SHOWN, OWN));
    let [tracked] = &calls(&service)[..] else {
        panic!(
            "{} {}",
            listed(&service),
            service.door("acme").get("/v1/calls", &[]).json()
        );
    };
    assert_eq!(tracked["clicks"]["yclid"], CLICK);
    assert_eq!(tracked["twins"], json!([]));
    let push = push(&service);
    let first = push.run(0, &[]);
    assert_eq!(count(&first, "sent"), 1, "{first}");
    tell(&service, "pbx", "p", (OWN, "101"));
    let both = calls(&service);
    let [one] = &both[..] else {
        panic!("{both:?}");
    };
    assert_ne!(one["id"], tracked["id"]);
    assert_eq!(one["twins"], json!([tracked["id"]]));
    assert_eq!(one["clicks"]["yclid"], CLICK, "what the tracker knows");
    let again = push.run(0, &[]);
    assert_eq!(
        (count(&again, "done before"), count(&again, "sent")),
        (1, 0),
        "{again}"
    );
    assert_eq!(push.counter.counted().len(), 1);
}

#[test]
fn what_a_pbx_told_first_and_a_tracker_tells_too_is_sent_once() {
    let service = start();
    visit(&service);
    tell(&service, "pbx", "p", (OWN, "101"));
    let push = push(&service);
    let first = push.run(0, &[]);
    assert_eq!(
        count(&first, "no_client_id"),
        1,
        "nobody knows of a click yet: {first}"
    );
    tell(&service, "tracker", "t", (SHOWN, OWN));
    for sent in [1, 0] {
        let run = push.run(0, &[]);
        assert_eq!(count(&run, "sent"), sent, "{run}");
    }
    assert_eq!(push.counter.counted().len(), 1);
}
