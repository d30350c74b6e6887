//! What must be refused, each with its stable code, while its neighbours in the batch and on the
//! wire are served.

use e2e::clock::{DAY, HOUR, rfc3339, wall};
use e2e::config::{Config, token};
use e2e::doors::{Receipt, gzip, lines, zstd};
use e2e::events::Thread;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::own;

const NDJSON: &str = "application/x-ndjson";
const JSON: &str = "application/json";

fn good(id: &str) -> Value {
    json!({
        "type": "message", "channel": "web", "conversation": "good", "contact": "c", "id": id,
        "author": "contact", "at": "2026-03-02T10:00:00Z",
    })
}

fn with(id: &str, field: &str, value: Value) -> Value {
    let mut event = good(id);
    event[field] = value;
    event
}

fn without(id: &str, field: &str) -> Value {
    let mut event = good(id);
    event.as_object_mut().unwrap().remove(field);
    event
}

fn nested(levels: usize) -> String {
    let open = "[".repeat(levels);
    let close = "]".repeat(levels);
    good("deep")
        .to_string()
        .replace("\"type\"", &format!("\"more\":{open}{close},\"type\""))
}

/// Lines that must be refused, with their codes.
fn refusals() -> Vec<(Vec<u8>, &'static str)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let json = |value: Value| value.to_string().into_bytes();
    let mut not_utf8 = json(with("latin", "contact", json!("Jos#")));
    let place = not_utf8.iter().position(|byte| *byte == b'#').unwrap();
    not_utf8[place] = 0xe9;
    let ahead = rfc3339(wall() + DAY + HOUR);
    vec![
        (text("{\"type\":\"message\","), "malformed"),
        (text("not json at all"), "malformed"),
        (text("[1,2"), "malformed"),
        (text("42"), "malformed"),
        (text("{\"type\":\"message\"} trailing"), "malformed"),
        (not_utf8, "invalid_utf8"),
        (nested(65).into_bytes(), "too_deep"),
        (nested(100_000).into_bytes(), "too_deep"),
        (
            json(with("large", "more", json!("x".repeat(1_100_000)))),
            "too_large",
        ),
        (
            json(with("type", "type", json!("smoke-signal"))),
            "unknown_type",
        ),
        (json(without("none", "type")), "missing_field"),
        (json(without("none", "conversation")), "missing_field"),
        (json(without("none", "contact")), "missing_field"),
        (json(without("none", "at")), "missing_field"),
        (json(without("none", "author")), "missing_field"),
        (
            json(with("author", "author", json!("agent"))),
            "invalid_field",
        ),
        (json(with("author", "author", json!(7))), "invalid_field"),
        (
            json(with("empty", "conversation", json!(""))),
            "invalid_field",
        ),
        (
            json(with("long", "conversation", json!("x".repeat(201)))),
            "invalid_field",
        ),
        (
            json(with("control", "contact", json!("a\u{0}b"))),
            "invalid_field",
        ),
        (json(with("at", "at", json!("yesterday"))), "invalid_field"),
        (
            json(with("at", "at", json!("1969-12-31T23:59:59Z"))),
            "invalid_field",
        ),
        (
            json(with("at", "at", json!("2026-02-30T00:00:00Z"))),
            "invalid_field",
        ),
        (json(with("ahead", "at", json!(ahead))), "future"),
    ]
}

#[test]
fn every_bad_event_is_refused_with_its_code_and_its_neighbours_are_taken() {
    let own = own("neighbours");
    let refusals = refusals();
    let mut body = Vec::new();
    for (index, (bad, _)) in refusals.iter().enumerate() {
        body.extend_from_slice(good(&format!("g{index}")).to_string().as_bytes());
        body.push(b'\n');
        body.extend_from_slice(bad);
        body.push(b'\n');
    }
    let before = own.service.door("neighbours").metrics().sums();
    let answer = own.door.post(NDJSON, None, &body);
    let receipt = Receipt::of(answer.expect_status(202));
    let count = refusals.len() as u64;
    assert_eq!(
        (receipt.accepted, receipt.rejected),
        (count, count),
        "{}",
        answer.text()
    );
    assert_eq!(receipt.items(), 2 * count);
    let answer = answer.json();
    let rejected = answer["rejected"].as_array().unwrap();
    for ((index, (_, code)), rejected) in refusals.iter().enumerate().zip(rejected) {
        assert_eq!(
            rejected["index"],
            json!(2 * index + 1),
            "{code}: {rejected}"
        );
        assert_eq!(rejected["code"], *code, "refusal {index}: {rejected}");
        let detail = rejected["detail"].as_str().unwrap();
        assert!(!detail.is_empty() && detail.len() < 1_000, "{detail}");
    }
    own.door.flush();
    assert_eq!(own.march("messages", &[]).count(0, "messages"), count);
    let after = own.service.door("neighbours").metrics().sums();
    assert!(after.balance(), "{after:?}");
    assert!(
        after.refused >= before.refused + count,
        "{before:?} {after:?}"
    );
}

#[test]
fn the_same_refusals_come_in_an_array() {
    let own = own("bad");
    let array = json!([
        good("a"),
        with("b", "type", json!("smoke-signal")),
        without("c", "author"),
        with("d", "at", json!(rfc3339(wall() + 2 * DAY))),
        7,
        good("e"),
    ]);
    let answer = own.door.post_json(&array);
    let receipt = Receipt::of(answer.expect_status(202));
    assert_eq!(
        (receipt.accepted, receipt.rejected),
        (2, 4),
        "{}",
        answer.text()
    );
    let rejected = answer.json()["rejected"].clone();
    let codes: Vec<&Value> = (0..4).map(|index| &rejected[index]["code"]).collect();
    assert_eq!(
        codes,
        ["unknown_type", "missing_field", "future", "malformed"]
    );
    let places: Vec<&Value> = (0..4).map(|index| &rejected[index]["index"]).collect();
    assert_eq!(places, [1, 2, 3, 4]);
}

#[test]
fn a_body_of_which_nothing_parses_is_a_400() {
    let own = own("bodies");
    own.door
        .post(JSON, None, b"{")
        .expect_problem(400, "malformed");
    own.door
        .post(JSON, None, b"")
        .expect_problem(400, "malformed");
    own.door
        .post(JSON, None, b"[{\"type\":")
        .expect_problem(400, "malformed");
    own.door
        .post(JSON, None, &[b'"', 0xff, b'"'])
        .expect_status(400);
    own.door
        .post(NDJSON, None, b"nothing\nat all\n")
        .expect_status(400);
    own.door
        .post(
            JSON,
            None,
            good("x").to_string().replace("web", "").as_bytes(),
        )
        .expect_status(400);
    let problem = own.door.post_json(&without("x", "author"));
    problem.expect_problem(400, "missing_field");
    assert!(
        problem.json()["detail"]
            .as_str()
            .unwrap()
            .contains("author"),
        "{}",
        problem.text()
    );
}

#[test]
fn bodies_too_large_too_many_or_in_strange_clothes_are_refused() {
    let own = own("bodies");
    let line = format!("{}\n", with("big", "more", json!("x".repeat(100_000))));
    let large = line.repeat(21_000_000 / line.len() + 1);
    own.door
        .post(NDJSON, None, large.as_bytes())
        .expect_problem(413, "body_too_large");
    for (encoding, packed) in [
        ("gzip", gzip(large.as_bytes())),
        ("zstd", zstd(large.as_bytes())),
    ] {
        own.door
            .post(NDJSON, Some(encoding), &packed)
            .expect_problem(413, "body_too_large");
    }
    let bomb = gzip(&vec![b' '; 300_000_000]);
    assert!(bomb.len() < 1_000_000);
    own.door
        .post(NDJSON, Some("gzip"), &bomb)
        .expect_problem(413, "body_too_large");
    let bomb = zstd(&vec![0; 1_000_000_000]);
    assert!(bomb.len() < 1_000_000);
    own.door
        .post(NDJSON, Some("zstd"), &bomb)
        .expect_problem(413, "body_too_large");

    let many = format!("{}\n", good("m")).repeat(10_001);
    let answer = own.door.post(NDJSON, None, many.as_bytes());
    assert!([400, 413].contains(&answer.status), "{}", answer.text());
    assert_eq!(answer.json()["code"], "too_many");

    let body = good("x").to_string().into_bytes();
    own.door
        .post("text/html", None, &body)
        .expect_problem(415, "unsupported_media_type");
    own.door
        .post(JSON, Some("br"), &body)
        .expect_problem(415, "unsupported_encoding");
    own.door
        .post(JSON, Some("gzip"), &body)
        .expect_problem(400, "bad_encoding");
    let mut cut = gzip(&lines(&Thread::new("cut").contact("10:00").events()));
    cut.truncate(cut.len() - 9);
    own.door
        .post(NDJSON, Some("gzip"), &cut)
        .expect_problem(400, "bad_encoding");
    assert!(own.door.metrics().sums().balance());
}

#[test]
fn floods_of_bombs_leave_the_memory_bounded() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    let bombs = [
        ("gzip", gzip(&vec![b' '; 300_000_000])),
        ("zstd", zstd(&vec![b'['; 500_000_000])),
        ("gzip", gzip(&vec![b'\n'; 19_000_000])),
        (
            "zstd",
            zstd(
                &[nested(60), "\n".into()]
                    .concat()
                    .repeat(9_000)
                    .into_bytes(),
            ),
        ),
        ("zstd", zstd("0,".repeat(9_000_000).as_bytes())),
    ];
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for (encoding, bomb) in &bombs {
                    let answer = door
                        .try_post("", NDJSON, Some(encoding), bomb)
                        .expect("an answer");
                    let refused = [202, 400, 413, 503].contains(&answer.status);
                    assert!(refused, "{}: {}", answer.status, answer.text());
                }
            });
        }
    });
    let peak = service.peak_memory();
    println!("peak memory {} MiB", peak >> 20);
    assert!(peak < 800 << 20, "peak memory {} MiB", peak >> 20);
    door.send_flushed(&Thread::new("good").contact("10:00").events());
    assert!(door.metrics().sums().balance());
}

#[test]
fn tokens_and_scopes_are_checked_and_all_failures_look_alike() {
    let own = own("tokens");
    let body = good("t").to_string().into_bytes();
    let mut seen = Vec::new();
    for bad in [
        "",
        "nonsense",
        "trk_0000000000000000000000_000000",
        &token("tokens", "al"),
    ] {
        let answer = own.door.with_token(bad).post(JSON, None, &body);
        answer.expect_problem(401, "unauthorized");
        seen.push(answer.body);
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "the bodies of 401 differ");
    let read_only = own.door.with_token(&token("tokens", "read"));
    read_only
        .post(JSON, None, &body)
        .expect_problem(403, "forbidden");
    let ingest_only = own.door.with_token(&token("tokens", "ingest"));
    ingest_only.post(JSON, None, &body).expect_status(202);
    ingest_only
        .get("/v1/reports/messages", &[])
        .expect_problem(403, "forbidden");
    read_only
        .get("/v1/reports/messages", &[])
        .expect_status(200);
    own.door
        .with_token("")
        .get("/v1/reports/messages", &[])
        .expect_problem(401, "unauthorized");
}

#[test]
fn accounts_never_mix() {
    let own = own("stranger");
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .events();
    own.door.send_flushed(&events);
    let other = own.service.door("private");
    assert_eq!(
        other
            .report("messages", &crate::accounts::MARCH)
            .count(0, "messages"),
        0
    );
    // The same events of another account are other events.
    let receipt = other.send(&events);
    assert_eq!((receipt.accepted, receipt.duplicates), (2, 0));
    let sneaky = [("account", "stranger")];
    other
        .get("/v1/reports/messages", &sneaky)
        .expect_problem(400, "bad_parameter");
}

#[test]
fn strange_paths_and_methods_are_refused() {
    let own = own("tokens");
    own.door
        .get("/v1/nothing", &[])
        .expect_problem(404, "not_found");
    own.door
        .get("/v1/reports/nothing", &[])
        .expect_problem(404, "unknown_report");
    own.door
        .get("/v1/events", &[])
        .expect_problem(405, "method_not_allowed");
    let body = good("x").to_string().into_bytes();
    let answer = own
        .door
        .try_post("?wait=forever", JSON, None, &body)
        .unwrap();
    answer.expect_problem(400, "bad_parameter");
    assert!(answer.text().contains("wait"), "{}", answer.text());
}

#[test]
fn hostile_text_in_filters_is_only_text() {
    let own = own("private");
    for hostile in [
        "x' or 1=1 --",
        "{account:String}",
        "a\\'b",
        "\u{0}",
        "%00",
        "'; DROP TABLE messages; --",
    ] {
        let parameters = [&crate::accounts::MARCH[..], &[("channel", hostile)]].concat();
        let table = own.door.report("messages", &parameters);
        assert_eq!(table.count(0, "messages"), 0, "{hostile}");
    }
}
