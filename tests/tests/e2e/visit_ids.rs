//! What Analytics and Metrica know a visitor by, from the browser's cookies to the line that tells them of his call.

use e2e::clock::{pause, rfc3339, wall};
use e2e::counter::Vendor;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

use super::conversions::{Pushed, count};
use super::snippet::Browser;

const GA: &str = "1234567890.1700000000";
const YM: &str = "1700000000123456789";

/// Somebody calls a number and is spoken to for less than a target call takes.
fn calls(service: &Service, call: &str, from: &str, to: &Value) {
    let door = service.door("acme");
    for phase in ["started", "answered", "ended"] {
        let event = json!({"type": "call", "call": call, "phase": phase, "at": rfc3339(wall()),
            "direction": "inbound", "from": from, "to": to, "manager": "ana"});
        door.post_json(&event).expect_status(202);
        pause(50);
    }
    door.flush();
}

/// Tells a destination of calls, twice; gives what it counted and what the first run said.
fn told(service: &Service, vendor: Vendor, to: &str, action: &[&str]) -> (Vec<Value>, String) {
    let push = Pushed::to(service, vendor, to, action);
    let first = push.run(0, &[]);
    let again = push.run(0, &[]);
    assert_eq!(
        (count(&again, "sent"), count(&again, "done before")),
        (0, count(&first, "sent")),
        "{again}"
    );
    (push.counter.counted(), first)
}

#[test]
fn a_call_of_who_agreed_in_his_browser_is_told_once_to_each_who_counts_clicks() {
    let browser = Browser::start(Service::start);
    let visit = &browser.run(&["agreed"])[0];
    let service = &browser.service;
    calls(service, "k-1", "+34600000001", &visit["number"]);
    let (counted, said) = told(service, Vendor::Ga4, "ga4", &[]);
    assert_eq!(counted.len(), 1, "{said}");
    assert_eq!(
        (&counted[0]["name"], &counted[0]["client_id"]),
        (&json!("phone_call"), &json!(GA))
    );
    let (counted, said) = told(service, Vendor::Metrica, "yandex-metrica", &["call=called"]);
    assert_eq!(counted.len(), 1, "{said}");
    assert_eq!(
        (&counted[0]["ClientId"], &counted[0]["Target"]),
        (&json!(YM), &json!("called"))
    );
    let (counted, said) = told(service, Vendor::MetricaCalls, "yandex-metrica-calls", &[]);
    assert_eq!(counted.len(), 1, "{said}");
    assert_eq!(
        (&counted[0]["ClientId"], &counted[0]["PhoneNumber"]),
        (&json!(YM), &json!("+34600000001"))
    );
}

#[test]
fn who_did_not_agree_or_withdrew_it_is_told_of_to_nobody() {
    let service = Browser::start(Service::start).service;
    let pages = Pages::new(service.port(), "es");
    let begin = |nth: usize, more: Value| {
        let mut page = json!({"visitor": format!("w{nth}"), "url": "https://shop.example/?utm_source=google",
            "ga_client_id": GA, "ym_client_id": YM});
        let page = page.as_object_mut().expect("an object");
        page.extend(more.as_object().expect("an object").clone());
        let shown = pages.try_ask(&json!(page)).expect("an answer");
        let shown = shown.expect_status(200).json();
        let phone = format!("+3460000000{nth}");
        calls(&service, &format!("k-{nth}"), &phone, &shown["number"]);
        shown
    };
    begin(1, json!({"consent": false}));
    let withdrawn = begin(2, json!({"consent": true}));
    let visit = withdrawn["visit"].as_str().expect("a visit");
    pages
        .tell(visit, "end", &json!({"consent": false}))
        .expect_status(204);
    // Anybody can write a cookie: what is no id leaves the visitor his number, and is none.
    let odd = json!({"ga_client_id": "<b>1.2", "ym_client_id": "1".repeat(30)});
    assert_eq!(begin(3, odd)["served"], true);
    // Where nobody is asked, nothing is said of consent, and `--consent` says it for all.
    let asked = begin(4, json!({}));
    // An end alone, as of an app where somebody logs out, says nothing of it either.
    let visit = asked["visit"].as_str().expect("a visit");
    pages.tell(visit, "end", &Value::Null).expect_status(204);
    service.door("acme").flush();
    let (counted, said) = told(&service, Vendor::Ga4, "ga4", &[]);
    assert_eq!(
        (count(&said, "no_consent"), count(&said, "no_client_id")),
        (2, 1),
        "{said}"
    );
    assert_eq!((counted.len(), &counted[0]["client_id"]), (1, &json!(GA)));
    let (counted, said) = told(&service, Vendor::MetricaCalls, "yandex-metrica-calls", &[]);
    assert_eq!(
        (counted.len(), &counted[0]["PhoneNumber"]),
        (1, &json!("+34600000004")),
        "{said}"
    );
}
