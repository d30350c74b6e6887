//! `GET /v1/stream`: frames in, acknowledgements out, who may, and that the figures are those of the
//! other door.

use e2e::chats;
use e2e::compare;
use e2e::config::{Account, Config, token};
use e2e::events::{Event, Thread};
use e2e::facts;
use e2e::generate::{disorder, seed};
use e2e::reference::Reference;
use e2e::service::Service;
use e2e::stream::{Heard, Knock, frame};
use serde_json::json;

/// A knock with the token `name` of the account `acme`.
fn knock(service: &Service, name: &str) -> Knock {
    Knock::new(service.port()).token(&token("acme", name))
}

fn thread(conversation: &str) -> Vec<Event> {
    Thread::new(conversation)
        .contact("10:00")
        .manager("ana", "10:05")
        .closed(Some("ana"), "10:10")
        .events()
}

#[test]
fn frames_are_acknowledged_and_count_once_through_both_doors() {
    let service = Service::start(Config::acme());
    let mut stream = knock(&service, "ingest").open().unwrap();
    assert_eq!(stream.hear(), Heard::Hello(None, 0));
    let (one, two) = (thread("1"), thread("2"));
    for event in &one {
        stream.send(&frame(std::slice::from_ref(event)));
    }
    stream.send(&frame(&two));
    stream.send("[]");
    assert_eq!(stream.hear_ack(5), []);
    let door = service.door("acme");
    assert_eq!(door.send(&one).duplicates, 3);
    assert_eq!(door.send(&thread("3")).accepted, 3);
    stream.send(&frame(&[thread("3"), thread("4")].concat()));
    assert_eq!(stream.hear_ack(6), []);
    door.flush();
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.observed, sums.duplicate, sums.conflict), (12, 6, 0));
    let all = ["1", "2", "3", "4"].map(thread).concat();
    let reference = Reference::of(&all);
    compare::assert_equal(&door, &reference, reference.span());
    let scrape = door.metrics();
    let total = |name| scrape.total(name) as u64;
    assert_eq!(total("trunkline_stream_frames_total"), 6);
    assert_eq!(total("trunkline_streams"), 1);
}

#[test]
fn refused_items_are_named_and_their_frame_is_acknowledged() {
    let service = Service::start(Config::acme());
    let (mut stream, _) = knock(&service, "ingest").greeted();
    let good = thread("1");
    let mixed = json!([good[0].json(), {"type": "nonsense"}, 5, good[1].json()]);
    let frames = [
        mixed.to_string(),
        "{\"type\":\"message\"}".into(),
        "[{".into(),
        "not JSON".into(),
        String::new(),
        good[2].json().to_string(),
    ];
    stream.send_all(frames.iter()).unwrap();
    let refused = |frame, index, code: &str| Heard::Reject(frame, index, code.into());
    let expected = [
        refused(1, Some(1), "unknown_type"),
        refused(1, Some(2), "malformed"),
        refused(2, Some(0), "missing_field"),
        refused(3, None, "malformed"),
        refused(4, Some(0), "malformed"),
        refused(5, Some(0), "malformed"),
    ];
    assert_eq!(stream.hear_ack(6), expected);
    let door = service.door("acme");
    door.flush();
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.observed, sums.refused), (3, 6));
    let listed = door.get("/v1/admin/rejects", &[]).json();
    let codes: Vec<_> = listed["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["code"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(codes.len(), 6, "{listed}");
    assert!(codes.contains(&"unknown_type".to_owned()), "{listed}");
}

#[test]
fn what_is_no_handshake_is_refused_with_a_problem() {
    let service = Service::start_without_warehouse(Config::acme());
    let refused = |knock: Knock, status, code| {
        knock.open().unwrap_err().expect_problem(status, code);
    };
    service
        .door("acme")
        .get("/v1/stream", &[])
        .expect_problem(426, "upgrade_required");
    let good = knock(&service, "ingest");
    let with = |name, value: &str| good.clone().header(name, value);
    refused(
        with("sec-websocket-protocol", "other"),
        400,
        "bad_handshake",
    );
    let wrong = Knock::new(service.port()).token("wrong");
    refused(wrong, 401, "unauthorized");
    refused(knock(&service, "read"), 403, "forbidden");
    refused(with("origin", "https://crm.example"), 403, "origin_refused");
    refused(good.clone().name("a&token=x"), 400, "bad_parameter");
    refused(good.clone().name("a&stream=b"), 400, "bad_parameter");
    refused(good.clone().name(""), 400, "bad_parameter");
    refused(good.name(&"x".repeat(201)), 400, "bad_parameter");
}

#[test]
fn a_browser_brings_its_token_in_the_first_frame_from_a_page_that_may() {
    let pages = "\"https://crm.example\", \"http://localhost:3000\"";
    let account = Account::new("acme").browser("page", pages);
    let service = Service::start_without_warehouse(Config::of([account]));
    let page = Knock::new(service.port());
    let first = |knock: &Knock, first: &str| {
        let mut stream = knock.open().unwrap();
        stream.send(first);
        let heard = stream.hear();
        (stream, heard)
    };
    let shows = |name: &str| json!({"token": token("acme", name)}).to_string();
    let refused = |reason: &str| Heard::Closed(1008, reason.into());
    for origin in ["https://crm.example", "http://localhost:3000"] {
        let named = page.clone().name("page").header("origin", origin);
        let (mut stream, heard) = first(&named, &shows("page"));
        assert!(matches!(heard, Heard::Hello(Some(name), _) if name == "page"));
        stream.send("[]");
        // The frame with the token is not counted, but those of the connection before are.
        let already = u64::from(origin.starts_with("http:"));
        assert_eq!(stream.hear_ack(already + 1), []);
    }
    for (origin, name) in [
        ("https://evil.example", "page"),
        ("https://crm.example.evil.example", "page"),
        ("null", "page"),
        ("https://crm.example", "ingest"),
    ] {
        let (_, heard) = first(&page.clone().header("origin", origin), &shows(name));
        assert_eq!(heard, refused("origin_refused"), "{origin} {name}");
    }
    // Without an origin it is no browser, and the token may come in either way.
    assert_eq!(first(&page, &shows("ingest")).1, Heard::Hello(None, 0));
    assert_eq!(first(&page, &shows("read")).1, refused("forbidden"));
    for wrong in [
        "{\"token\":\"x\"}",
        "{}",
        "[]",
        "{\"token\":\"x\",\"more\":1}",
    ] {
        assert_eq!(first(&page, wrong).1, refused("unauthorized"), "{wrong}");
    }
    let long = json!({"token": "x".repeat(5_000)}).to_string();
    let too_large = Heard::Closed(1009, "too_large".into());
    assert_eq!(first(&page, &long).1, too_large);
    assert_eq!(page.open().unwrap().hear(), refused("no_token"));
}

#[test]
fn a_stop_acknowledges_what_is_durable_and_says_restart() {
    let mut service = Service::start_without_warehouse(Config::acme());
    let (mut stream, _) = knock(&service, "ingest").name("crm").greeted();
    stream.send(&frame(&thread("1")));
    assert_eq!(stream.hear_ack(1), []);
    assert!(service.stop().success());
    assert_eq!(stream.hear(), Heard::Closed(1012, "restart".into()));
    service.restart();
    let (mut stream, ack) = knock(&service, "ingest").name("crm").greeted();
    assert_eq!(ack, 1);
    stream.send(&frame(&thread("2")));
    assert_eq!(stream.hear_ack(2), []);
}

#[test]
fn frames_before_a_close_are_taken_in() {
    let service = Service::start(Config::acme());
    let (mut stream, _) = knock(&service, "ingest").greeted();
    for event in thread("1") {
        stream.send(&frame(&[event]));
    }
    stream.send_message(tungstenite::Message::Close(None));
    while stream.hear() != Heard::Lost {}
    service.door("acme").flush();
    assert_eq!(service.door("acme").metrics().sums().observed, 3);
}

#[test]
fn real_conversations_give_the_figures_of_the_reference_through_a_stream() {
    let seed = seed();
    println!("seed {seed}");
    let events = chats::real();
    let reference = Reference::of(&events);
    let service = Service::start(Config::acme());
    let shuffled = disorder(&events, seed, 20);
    let (mut stream, _) = knock(&service, "ingest").name("chats").greeted();
    let sizes = [1, 1, 7, 100, 1, 40];
    let (mut rest, mut frames) = (shuffled.as_slice(), 0);
    while !rest.is_empty() {
        let (now, later) = rest.split_at(sizes[frames % sizes.len()].min(rest.len()));
        stream.send(&frame(now));
        (rest, frames) = (later, frames + 1);
        if frames.is_multiple_of(64) {
            assert_eq!(stream.hear_ack(frames as u64), []);
        }
    }
    if !frames.is_multiple_of(64) {
        assert_eq!(stream.hear_ack(frames as u64), []);
    }
    let door = service.door("acme");
    door.flush();
    compare::assert_equal(&door, &reference, reference.span());
    facts::assert_exact(&service.views(), "acme", &reference);
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.observed as usize, events.len());
    assert_eq!(sums.duplicate as usize, shuffled.len() - events.len());
}
