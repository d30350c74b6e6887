//! The traps that providers set, each with the test that shows it harmless. Rules R1 to R10 of the
//! formats, and what others noted of how calls and messages really come:
//!
//! | trap | test |
//! |---|---|
//! | R1: verified over the raw body before it is read, several secrets hold | `hooks::a_signed_webhook_is_in_the_figures_and_sent_again_changes_nothing`, `hooks::whoever_is_not_the_provider_is_told_the_same_and_leaves_nothing`, `conformance::every_adapter_takes_what_is_its_providers_once_and_nothing_else` |
//! | R2: answered after the durable append and before anything else, never 429 | `what_a_provider_was_answered_for_outlives_a_kill_and_needs_no_clickhouse` |
//! | R3: answered in the provider's words | `each_provider_is_answered_in_its_own_words` |
//! | R4: signed addresses come from `public_url` | `the_signed_address_is_the_configured_one_whatever_the_request_says` |
//! | R5: unknown kinds are kept, counted, answered 200 | `hooks::a_verified_body_that_we_do_not_understand_is_kept_and_counted_and_answered_200` |
//! | R6: repetitions are answered 200 and change nothing | `hooks::a_signed_webhook_is_in_the_figures_and_sent_again_changes_nothing`, `conformance::…` |
//! | R7: the provider's time goes first; local times have the account's zone, also in the doubled hour | `local_times_are_those_of_the_accounts_zone_also_in_the_doubled_hour` |
//! | R8: numbers with the country's habits are one caller | `one_caller_however_his_number_is_written` |
//! | R9: phases count by rank, whatever came first: ringing before started with the same time | `ringing_before_started_with_the_same_time_is_the_same_call` |
//! | R10: a call without an end times out after 4 hours of arrival, and is corrected later | `an_end_that_comes_late_corrects_the_call`; the 4 hours: `crates/reports/tests/engine/calls.rs` |
//! | 458 of 458 calls had an optional field empty | `optional_fields_that_are_always_empty_cost_no_figure` |
//! | ghost answers: picked up for a moment, or by a greeting | `a_ghost_answer_is_a_missed_call` |
//! | a bot's part under two topics | `a_bots_part_under_both_topics_is_one_message_and_no_answer_of_people` |
//! | a result that says answered, or missed, beside its legs; busy told of a leg alone | `centre::a_day_of_a_call_centre_is_the_same_in_the_formats_of_five_providers_and_in_plain_events` |

use e2e::centre::form;
use e2e::config::{Account, Config};
use e2e::doors::{Answer, Door};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use e2e::table::Table;
use serde_json::{Value, json};
use trunkline_providers::named;

use crate::accounts::MARCH;
use crate::conformance::secrets;

const PROVIDERS: [&str; 7] = [
    "zadarma", "binotel", "viber", "twilio", "vonage", "intercom", "standard",
];

fn account(settings: &[&str]) -> Account {
    let mut account = Account::new("acme").zone("Europe/Madrid");
    for line in settings {
        account = account.setting(line);
    }
    for name in PROVIDERS {
        let secret = match name {
            "binotel" => String::new(),
            name => format!("secrets = [\"{}\"]\n", secrets(name)[0]),
        };
        account = account.section(&format!(
            "[[account.hook]]\nid = \"{name}\"\nprovider = \"{name}\"\n{secret}\
             allow_ips = [\"127.0.0.1\"]\n"
        ));
    }
    account
}

fn config(settings: &[&str]) -> Config {
    Config::of([account(settings)]).server(&format!("public_url = \"{PUBLIC}\"\n"))
}

/// Signs and sends a request to the hook named as its provider.
fn send(service: &Service, name: &str, webhook: &Webhook) -> Answer {
    let provider = named(name).expect("it is a provider");
    webhook
        .signed(provider, &secrets(name)[0])
        .send(service.port())
}

#[track_caller]
fn sent(service: &Service, name: &str, webhook: &Webhook) {
    send(service, name, webhook).expect_status(200);
}

fn posted(name: &str, pairs: &[(&str, &str)]) -> Webhook {
    Webhook::form(&format!("/v1/hooks/{name}"), &form(pairs))
}

/// A notice of Zadarma about one inbound call.
fn notice(event: &str, call: &str, from: &str, start: &str, more: &[(&str, &str)]) -> Webhook {
    let base = [
        ("event", event),
        ("call_start", start),
        ("pbx_call_id", call),
        ("caller_id", from),
        ("called_did", "34944555666"),
    ];
    posted("zadarma", &[&base, more].concat())
}

fn ended<'a>(duration: &'a str, word: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("internal", ""),
        ("duration", duration),
        ("disposition", word),
        ("is_recorded", "0"),
        ("call_id_with_rec", ""),
    ]
}

fn calls(door: &Door, period: &[(&str, &str)], by: &str) -> Table {
    door.flush();
    door.report("calls", &[period, &[("by", by)]].concat())
}

#[test]
fn what_a_provider_was_answered_for_outlives_a_kill_and_needs_no_clickhouse() {
    let mut service = Service::start_without_warehouse(config(&[]));
    for number in 0..20 {
        let call = format!("in_{number}");
        let start = notice(
            "NOTIFY_START",
            &call,
            "+34600700801",
            "2026-03-02 12:00:00",
            &[],
        );
        sent(&service, "zadarma", &start);
    }
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    let table = calls(&service.door("acme"), &MARCH, "direction");
    assert_eq!(table.column("calls"), [json!(20)]);
}

#[test]
fn each_provider_is_answered_in_its_own_words() {
    let service = Service::start_without_warehouse(config(&[]));
    let mut handshake = Webhook::json("/v1/hooks/zadarma?zd_echo=abc123", "");
    handshake.method = http::Method::GET;
    assert_eq!(
        handshake.send(service.port()).expect_status(200).text(),
        "abc123"
    );
    let request = posted("binotel", &[("requestType", "apiCallSettings")]);
    let answer = send(&service, "binotel", &request);
    assert_eq!(
        answer.expect_status(200).json(),
        json!({"status": "success"})
    );
    // Viber asks whether somebody is there before it tells anything.
    let asked = r#"{"event":"webhook","timestamp":1457764197627,"message_token":241256543215}"#;
    let answer = send(&service, "viber", &Webhook::json("/v1/hooks/viber", asked));
    assert_eq!(answer.expect_status(200).json()["status"], json!(0));
    let start = notice(
        "NOTIFY_START",
        "in_1",
        "+34600700801",
        "2026-03-02 12:00:00",
        &[],
    );
    assert_eq!(
        send(&service, "zadarma", &start).expect_status(200).text(),
        ""
    );
}

#[test]
fn the_signed_address_is_the_configured_one_whatever_the_request_says() {
    let service = Service::start_without_warehouse(config(&[]));
    let provider = named("twilio").expect("it is a provider");
    let call = posted(
        "twilio",
        &[
            ("CallSid", "CA1"),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
        ],
    );
    let mut good = call.signed(provider, &secrets("twilio")[0]);
    for (name, value) in [
        ("host", "other.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
    ] {
        good.headers.insert(name, value.parse().expect("a value"));
        good.send(service.port()).expect_status(200);
    }
    // What was signed for another address is not ours, though it came to that one.
    good.path = "/v1/hooks/twilio?x=1".into();
    good.send(service.port()).expect_status(401);
}

#[test]
fn local_times_are_those_of_the_accounts_zone_also_in_the_doubled_hour() {
    let service = Service::start(config(&[]));
    // On 26 October 2025 half past two comes twice in Madrid, at 00:30 and at 01:30 UTC: the first.
    for (call, start) in [
        ("a", "2025-10-26 01:30:00"),
        ("b", "2025-10-26 02:30:00"),
        ("c", "2025-10-26 03:30:00"),
    ] {
        sent(
            &service,
            "zadarma",
            &notice("NOTIFY_START", call, "+34600700801", start, &[]),
        );
    }
    let door = service.door("acme");
    door.flush();
    for (from, to, call) in [
        ("2025-10-25T23:30:00Z", "2025-10-25T23:30:01Z", "a"),
        ("2025-10-26T00:30:00Z", "2025-10-26T00:30:01Z", "b"),
        ("2025-10-26T02:30:00Z", "2025-10-26T02:30:01Z", "c"),
    ] {
        let table = door.report("calls", &[("from", from), ("to", to)]);
        assert_eq!(table.value(0, "calls"), &json!(1), "{call}");
    }
}

#[test]
fn one_caller_however_his_number_is_written() {
    let service = Service::start(config(&["country = \"KG\""]));
    let spellings = [
        "+996 0555000002",
        "0555000002",
        "996555000002",
        "+996555000002",
        "00996555000002",
    ];
    for (number, from) in spellings.into_iter().enumerate() {
        let start = format!("2026-03-02 1{number}:00:00");
        sent(
            &service,
            "zadarma",
            &notice("NOTIFY_START", &number.to_string(), from, &start, &[]),
        );
    }
    let table = calls(&service.door("acme"), &MARCH, "direction");
    let figures = ["calls", "first_time_calls", "unique_calls", "anonymous"];
    let told = figures.map(|figure| table.count(0, figure));
    assert_eq!(told, [5, 1, 1, 0]);
}

/// A webhook of Vonage about a call from outside.
fn vonage(call: &str, leg: &str, status: &str, at: &str) -> Webhook {
    let (path, from, direction) = match leg {
        "manager" => ("/v1/hooks/vonage?leg=manager", "34944555666", "outbound"),
        _ => ("/v1/hooks/vonage", "34911222333", "inbound"),
    };
    let to = if leg == "manager" {
        "34600700801"
    } else {
        "34944555666"
    };
    let body = json!({"headers": {}, "from": from, "to": to, "uuid": format!("{call}-{leg}"),
        "conversation_uuid": format!("CON-{call}"), "status": status, "direction": direction,
        "timestamp": format!("2026-03-02T{at}.582Z")});
    Webhook::json(path, &body.to_string())
}

#[test]
fn ringing_before_started_with_the_same_time_is_the_same_call() {
    let service = Service::start(config(&[]));
    let told = [
        ("caller", "ringing", "11:50:00"),
        ("caller", "started", "11:50:00"),
        ("manager", "ringing", "11:50:05"),
        ("manager", "started", "11:50:05"),
        ("manager", "answered", "11:50:14"),
        ("caller", "completed", "11:51:14"),
        ("manager", "completed", "11:51:14"),
    ];
    for (leg, status, at) in told {
        sent(&service, "vonage", &vonage("a", leg, status, at));
    }
    for (leg, status, at) in told.iter().rev() {
        sent(&service, "vonage", &vonage("b", leg, status, at));
    }
    let table = calls(&service.door("acme"), &MARCH, "disposition");
    assert_eq!(table.column("disposition"), [json!("answered")]);
    let told = ["calls", "talk_sum_s", "talk_mean_s", "wait_mean_s"]
        .map(|figure| table.value(0, figure).as_f64());
    assert_eq!(told, [Some(2.0), Some(120.0), Some(60.0), Some(9.0)]);
}

#[test]
fn an_end_that_comes_late_corrects_the_call() {
    let service = Service::start(config(&[]));
    let event = |phase: &str, at: &str| {
        json!({"type": "call", "call": "k", "phase": phase, "at": format!("2026-03-02T{at}Z"),
            "direction": "inbound", "from": "+34600700801", "to": "+34944555666"})
    };
    let rings = json!({"type": "call", "call": "k", "phase": "ringing", "extension": "101",
        "at": "2026-03-02T10:00:01Z"});
    let door = service.door("acme");
    door.post_json(&json!([event("started", "10:00:00"), rings]))
        .expect_status(202);
    assert_eq!(
        calls(&door, &MARCH, "disposition").column("disposition"),
        [Value::Null]
    );
    door.post_json(&event("ended", "10:00:31"))
        .expect_status(202);
    assert_eq!(
        calls(&door, &MARCH, "disposition").column("disposition"),
        [json!("missed")]
    );
}

#[test]
fn optional_fields_that_are_always_empty_cost_no_figure() {
    let service = Service::start(config(&["country = \"UA\""]));
    let record = [
        ("requestType", "apiCallCompleted"),
        ("callDetails[generalCallID]", "1"),
        ("callDetails[startTime]", "1772452800"),
        ("callDetails[callType]", "0"),
        ("callDetails[internalNumber]", "901"),
        ("callDetails[externalNumber]", "0990000002"),
        ("callDetails[waitsec]", "13"),
        ("callDetails[billsec]", "17"),
        ("callDetails[disposition]", "ANSWER"),
    ];
    let empty = [
        ("callDetails[whoHungUp]", ""),
        ("callDetails[pbxNumberData][number]", ""),
        ("callDetails[internalAdditionalData]", ""),
        ("callDetails[linkToCallRecordInMyBusiness]", ""),
        ("callDetails[employeeData]", ""),
        ("callDetails[getCallData]", ""),
        ("callDetails[historyData]", ""),
        ("callDetails[callTrackingData]", ""),
    ];
    sent(
        &service,
        "binotel",
        &posted("binotel", &[&record[..], &empty].concat()),
    );
    // Nor do other providers need theirs: a leg that was talked in, with nothing but what must be.
    let last = [
        ("internal", ""),
        ("duration", "0"),
        ("disposition", ""),
        ("status_code", ""),
    ];
    let start = "2026-03-02 13:00:00";
    sent(
        &service,
        "zadarma",
        &notice("NOTIFY_END", "in_1", "", start, &last),
    );
    let door = service.door("acme");
    let table = calls(&door, &MARCH, "disposition");
    let row = table.row("disposition", &json!("answered"));
    let told =
        ["calls", "talk_sum_s", "wait_mean_s"].map(|figure| table.value(row, figure).as_f64());
    assert_eq!(told, [Some(1.0), Some(17.0), Some(13.0)]);
    let row = table.row("disposition", &json!("missed"));
    assert_eq!(
        ["calls", "anonymous"].map(|figure| table.count(row, figure)),
        [1, 1]
    );
}

#[test]
fn a_ghost_answer_is_a_missed_call() {
    let service = Service::start(config(&[
        "calls = { min_answer_s = 10, short_abandon_s = 0 }",
    ]));
    let start = "2026-03-02 13:00:00";
    for (call, from, seconds) in [("a", "+34600700801", "9"), ("b", "+34600700802", "10")] {
        sent(
            &service,
            "zadarma",
            &notice("NOTIFY_START", call, from, start, &[]),
        );
        let answer = [("destination", "101"), ("internal", "101")];
        sent(
            &service,
            "zadarma",
            &notice("NOTIFY_ANSWER", call, from, start, &answer),
        );
        sent(
            &service,
            "zadarma",
            &notice("NOTIFY_END", call, from, start, &ended(seconds, "answered")),
        );
    }
    // A greeting took it, and no person.
    let from = "+34600700803";
    sent(
        &service,
        "zadarma",
        &notice("NOTIFY_START", "c", from, start, &[]),
    );
    sent(
        &service,
        "zadarma",
        &notice("NOTIFY_END", "c", from, start, &ended("40", "answered")),
    );
    let door = service.door("acme");
    let table = calls(&door, &MARCH, "direction");
    let told =
        ["calls", "answered", "missed", "talk_sum_s"].map(|figure| table.value(0, figure).as_f64());
    assert_eq!(told, [Some(3.0), Some(1.0), Some(2.0), Some(10.0)]);
    let missed = door.report("missed-calls", &MARCH);
    assert_eq!(missed.count(0, "episodes"), 2);
}

#[test]
fn a_bots_part_under_both_topics_is_one_message_and_no_answer_of_people() {
    let service = Service::start(config(&[]));
    let told = |topic: &str, id: &str, at: i64, author: Value| {
        let part = json!({"type": "conversation_part", "id": id, "part_type": "comment", "body": "<p>Hi</p>",
            "created_at": at, "author": author});
        let body = json!({"type": "notification_event", "app_id": "app1", "id": format!("{topic}-{id}"),
            "topic": topic, "created_at": at, "data": {"item": {"type": "conversation", "id": "7",
            "contacts": {"type": "contact.list", "contacts": [{"type": "contact", "id": "c1"}]},
            "conversation_parts": {"type": "conversation_part.list", "conversation_parts": [part],
            "total_count": 1}}}});
        sent(
            &service,
            "intercom",
            &Webhook::json("/v1/hooks/intercom", &body.to_string()),
        );
    };
    let bot = || json!({"type": "bot", "id": "b1"});
    told(
        "conversation.user.replied",
        "p1",
        1_772_452_800,
        json!({"type": "user", "id": "c1"}),
    );
    told("conversation.admin.replied", "p2", 1_772_452_805, bot());
    told("conversation.operator.replied", "p2", 1_772_452_805, bot());
    told(
        "conversation.user.replied",
        "p3",
        1_772_452_900,
        json!({"type": "user", "id": "c1"}),
    );
    told(
        "conversation.admin.replied",
        "p4",
        1_772_453_000,
        json!({"type": "admin", "id": "9"}),
    );
    let door = service.door("acme");
    door.flush();
    let table = door.report("messages", &[&MARCH[..], &[("by", "author")]].concat());
    for (author, messages) in [("contact", 2), ("bot", 1), ("manager", 1)] {
        let row = table.row("author", &json!(author));
        assert_eq!(table.count(row, "messages"), messages, "{author}");
    }
    let table = door.report("response-times", &MARCH);
    assert_eq!(
        ["count", "sum_s"].map(|figure| table.value(0, figure).as_f64()),
        [Some(1.0), Some(100.0)]
    );
}
