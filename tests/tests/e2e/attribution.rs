//! What brought a call (`metrics.md` §3, Attribution of a call), seen while it rings.

use std::time::Duration;

use e2e::clock::{pause, rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

use crate::records::listed;

const WITHIN: Duration = Duration::from_secs(10);
const STATIC: &str = "+34911000100";
const FIRST: &str = "+34911000001";
const FALLBACK: &str = "+34911000009";

fn tracked() -> Account {
    Account::new("acme").setting("country = \"ES\"").section(&format!(
        "[[account.number]]\nnumber = \"911 000 100\"\nsource = \"flyer\"\nmedium = \"print\"\ncampaign = \"spring\"\n\
         [[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"{FIRST}\"]\nfallback = \"{FALLBACK}\"\nsource = \"site\"\n"
    ))
}

fn start() -> (Service, Door, Pages) {
    let service = Service::start_without_warehouse(Config::of([tracked()]));
    let (door, pages) = (service.door("acme"), Pages::new(service.port(), "shop"));
    (service, door, pages)
}

fn rings(door: &Door, call: &str, from: &str, to: &str) {
    let ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
        "from": from, "to": to, "at": rfc3339(wall())});
    door.post_json(&ring).expect_status(202);
}

/// What a visit is shown by.
fn key(visit: &Value) -> String {
    listed::key(visit["visit"].as_str().unwrap())
}

/// Gives what is said of a call in progress.
fn source(door: &Door, call: &str) -> Value {
    let mut source = Value::Null;
    wait_until("the call is shown", WITHIN, || {
        let now = door.get("/v1/live", &[]).json();
        let calls = now["calls"].as_array().unwrap().iter();
        let found = calls.into_iter().find(|it| it["call"] == call);
        source = found.map_or(Value::Null, |it| it["attribution"].clone());
        found.is_some()
    });
    source
}

#[test]
fn a_call_on_a_static_number_rings_with_its_source() {
    let (_service, door, _) = start();
    rings(&door, "k", "+34600111222", STATIC);
    let source = source(&door, "k");
    assert_eq!(source["certainty"], "certain");
    let expected = json!([{"weight": 1.0, "visit": null, "source": "flyer", "medium": "print", "campaign": "spring"}]);
    assert_eq!(source["candidates"], expected);
    let told =
        json!({"source": "flyer", "medium": "print", "campaign": "spring", "certainty": "certain"});
    let now = door.get("/v1/live", &[]).json();
    door.flush();
    let one = door.get("/v1/calls/k", &[]).json();
    for call in [&now["calls"][0], &one] {
        let shown = |(name, value): (&String, &Value)| call[name] == *value;
        assert!(told.as_object().unwrap().iter().all(shown), "{call}");
        assert_eq!(call["attribution"]["rule"], 0, "{call}");
    }
}

#[test]
fn a_call_on_a_visits_number_rings_with_where_the_visit_came_from() {
    let (mut service, door, pages) = start();
    let url =
        "https://shop.example/?utm_source=google&utm_medium=cpc&utm_campaign=boilers&gclid=abc";
    let visit = pages.ask("ana", url).expect_status(200).json();
    rings(&door, "k", "+34600111222", FIRST);
    let is_hers = |source: &Value| {
        assert_eq!(source["certainty"], "certain", "{source}");
        let expected = json!([{"weight": 1.0, "visit": key(&visit), "source": "google", "medium": "cpc",
            "campaign": "boilers"}]);
        assert_eq!(source["candidates"], expected);
    };
    is_hers(&source(&door, "k"));
    // Also after a crash.
    service.kill9();
    service.restart();
    is_hers(&source(&service.door("acme"), "k"));
}

#[test]
fn two_visits_that_may_have_brought_a_call_are_both_shown() {
    let (_service, door, pages) = start();
    let of = |visitor: &str, source: &str| {
        let url = format!("https://shop.example/?utm_source={source}");
        pages.ask(visitor, &url).expect_status(200).json()
    };
    let ana = of("ana", "google");
    let end = ana["visit"].as_str().unwrap();
    pages.tell(end, "end", &Value::Null).expect_status(204);
    // Of two that weigh the same any may come first.
    pause(20);
    let eva = of("eva", "meta");
    rings(&door, "k", "+34600111222", FIRST);
    let source = source(&door, "k");
    assert_eq!(source["certainty"], "ambiguous", "{source}");
    let candidates = source["candidates"].as_array().unwrap();
    let shown: Vec<_> = candidates
        .iter()
        .map(|it| {
            (
                it["visit"].as_str().unwrap(),
                it["source"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [(&*key(&eva), "meta"), (&*key(&ana), "google")]);
    // The live one weighs 1, the other ended moments ago: 2^(-minutes/30), nearly 1.
    let weights: Vec<f64> = candidates
        .iter()
        .map(|it| it["weight"].as_f64().unwrap())
        .collect();
    assert!(
        (weights.iter().sum::<f64>() - 1.0).abs() < 1e-9,
        "{weights:?}"
    );
    assert!(weights[0] >= weights[1] && weights[1] > 0.49, "{weights:?}");
}

#[test]
fn a_call_that_nobody_can_tell_of_says_why() {
    let (_service, door, pages) = start();
    pages.visit("ana");
    pages.visit("eva");
    for (call, number, reason, source_of_it) in [
        ("unserved", FALLBACK, json!("unserved"), json!("site")),
        (
            "unknown",
            "+34911777777",
            json!("unknown_number"),
            json!("direct"),
        ),
    ] {
        rings(&door, call, "+34600111222", number);
        let source = source(&door, call);
        assert_eq!(source["certainty"], "unattributed", "{source}");
        assert_eq!(source["reason"], reason);
        assert_eq!(source["candidates"][0]["source"], source_of_it, "{source}");
    }
    let outbound = json!({"type": "call", "call": "out", "phase": "ringing", "direction": "outbound",
        "from": FIRST, "to": "+34600111222", "at": rfc3339(wall())});
    door.post_json(&outbound).expect_status(202);
    assert_eq!(source(&door, "out"), Value::Null);
    // A callback is an inquiry whichever way it was dialled; nobody dialled the number it was made from.
    let mut callback = outbound;
    (callback["call"], callback["origin"]) = (json!("back"), json!("callback"));
    door.post_json(&callback).expect_status(202);
    let source = source(&door, "back");
    assert_eq!(source["reason"], "unknown_number", "{source}");
    assert_eq!(source["candidates"][0]["source"], "direct", "{source}");
}

#[test]
fn a_form_links_its_visitor_to_a_caller() {
    let (_service, door, pages) = start();
    let ana = pages
        .ask("ana", "https://shop.example/?utm_source=google")
        .expect_status(200)
        .json();
    let end = ana["visit"].as_str().unwrap();
    pages.tell(end, "end", &Value::Null).expect_status(204);
    let eva = pages
        .ask("eva", "https://shop.example/?utm_source=meta")
        .expect_status(200)
        .json();
    rings(&door, "k", "+34600111222", FIRST);
    assert_eq!(source(&door, "k")["certainty"], "ambiguous");
    // Eva had sent a form with the number that calls, which is told only now.
    let form = json!({"type": "form", "form": "f1", "visitor": "eva", "phone": "600 111 222",
        "at": rfc3339(wall() - 60_000)});
    door.post_json(&form).expect_status(202);
    wait_until("the call is certain", WITHIN, || {
        source(&door, "k")["certainty"] == "certain"
    });
    assert_eq!(source(&door, "k")["candidates"][0]["visit"], key(&eva));
}

#[test]
fn pools_are_shown_live() {
    let (_service, door, pages) = start();
    let pools = || door.get("/v1/live", &[]).json()["pools"].clone();
    let stands =
        |leased: u64| json!([{"pool": "main", "numbers": 1, "in_service": 1, "leased": leased}]);
    wait_until("the pool is shown", WITHIN, || pools() == stands(0));
    pages.visit("ana");
    wait_until("its number is leased", WITHIN, || pools() == stands(1));
}
