//! The door of providers' webhooks: who is let in, what is kept, what is answered.

use e2e::config::{Account, Config};
use e2e::doors::Answer;
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use serde_json::json;
use trunkline_providers::named;

use crate::accounts::MARCH;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn hook(id: &str, more: &str) -> String {
    format!(
        "[[account.hook]]\nid = \"{id}\"\nprovider = \"standard\"\nsecrets = [\"{OTHER}\", \
         \"{SECRET}\"]\n{more}\n"
    )
}

fn service() -> Service {
    let account = Account::new("acme")
        .section(&hook("own", ""))
        .section(&hook("second", ""))
        .section(&hook("far", "allow_ips = [\"203.0.113.0/24\"]"))
        .section("[[account.channel]]\nid = \"web\"\nhook = \"own\"\n");
    let config = Config::of([account]).server(&format!("public_url = \"{PUBLIC}\"\n"));
    Service::start(config)
}

fn message(id: &str, author: &str, at: &str) -> String {
    let manager = if author == "manager" {
        "\"manager\":\"ana\","
    } else {
        ""
    };
    format!(
        "{{\"type\":\"message\",\"id\":\"{id}\",\"channel\":\"web\",\"conversation\":\"c\",\
         \"contact\":\"p\",\"author\":\"{author}\",{manager}\"at\":\"2026-03-02T{at}:00Z\"}}"
    )
}

fn post(service: &Service, hook: &str, secret: &str, body: &str) -> Answer {
    let provider = named("standard").expect("it is a provider");
    let webhook = Webhook::json(&format!("/v1/hooks/{hook}"), body);
    webhook.signed(provider, secret).send(service.port())
}

fn counted(service: &Service, outcome: &str) -> u64 {
    let labels = format!("{{provider=\"standard\",outcome=\"{outcome}\"}}");
    let metrics = service.door("acme").metrics();
    metrics.total(&format!("trunkline_hook_requests_total{labels}")) as u64
}

#[test]
fn a_signed_webhook_is_in_the_figures_and_sent_again_changes_nothing() {
    let service = service();
    let body = format!(
        "[{},{}]",
        message("1", "contact", "10:00"),
        message("2", "manager", "10:05")
    );
    for _ in 0..3 {
        let answer = post(&service, "own", SECRET, &body);
        answer.expect_status(200);
        assert!(answer.body.is_empty());
    }
    // A secret that is replaced is good beside the new one.
    let late = message("0", "contact", "09:59");
    post(&service, "own", OTHER, &late).expect_status(200);
    let door = service.door("acme");
    door.flush();
    let table = door.report(
        "response-times",
        &[&MARCH[..], &[("by", "manager")]].concat(),
    );
    assert_eq!(table.column("manager"), [json!("ana")]);
    assert_eq!(table.column("sum_s"), [json!(360.0)]);
    let sums = door.metrics().sums();
    assert_eq!((sums.observed, sums.duplicate), (3, 4));
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(counted(&service, "taken"), 4);
}

#[test]
fn whoever_is_not_the_provider_is_told_the_same_and_leaves_nothing() {
    let service = service();
    let body = message("1", "contact", "10:00");
    let good = Webhook::json("/v1/hooks/own", &body);
    let signed = good.signed(named("standard").expect("it is a provider"), SECRET);
    let mut changed = signed.clone();
    changed.body[30] ^= 1;
    let mut late = signed.clone();
    late.headers
        .insert("webhook-timestamp", "1700000000".parse().expect("a value"));
    let mut nowhere = signed.clone();
    nowhere.path = "/v1/hooks/nowhere".into();
    let answers = [
        good.send(service.port()),
        changed.send(service.port()),
        late.send(service.port()),
        nowhere.send(service.port()),
        post(&service, "own", "whsec_wrong", &body),
        post(&service, "far", SECRET, &body),
    ];
    for answer in &answers {
        answer.expect_problem(401, "unauthorized");
        assert_eq!(answer.body, answers[0].body);
    }
    let door = service.door("acme");
    assert_eq!(door.metrics().sums().received, 0);
    assert_eq!(counted(&service, "unverified"), 5);
    let rejects = door.get("/v1/admin/rejects", &[]).json();
    let refused = rejects["refused"].as_array().expect("a list");
    let told: Vec<_> = refused
        .iter()
        .map(|it| it["detail"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(told.len(), 5, "{told:?}");
    assert!(told[0].contains("allow_ips"), "{told:?}");
    assert!(told[4].contains("webhook-id is missing"), "{told:?}");
}

#[test]
fn a_verified_body_that_we_do_not_understand_is_kept_and_counted_and_answered_200() {
    let service = service();
    post(&service, "own", SECRET, "<xml/>").expect_status(200);
    post(&service, "own", SECRET, r#"{"type":"nonsense"}"#).expect_status(200);
    assert_eq!(counted(&service, "unreadable"), 1);
    let door = service.door("acme");
    let sums = door.metrics().sums();
    assert_eq!((sums.received, sums.refused, sums.appended), (1, 1, 0));
    let hooks = door.get("/v1/admin/hooks", &[]).json();
    let own = &hooks["hooks"][1];
    assert_eq!(
        (&own["hook"], &own["requests"], &own["unknown"]),
        (&json!("own"), &json!(2), &json!(1))
    );
}

#[test]
fn messages_of_a_channel_come_from_its_own_hook_alone() {
    let service = service();
    post(
        &service,
        "second",
        SECRET,
        &message("1", "contact", "10:00"),
    )
    .expect_status(200);
    let door = service.door("acme");
    assert_eq!(door.metrics().sums().received, 0);
    let hooks = door.get("/v1/admin/hooks", &[]).json();
    assert_eq!(hooks["hooks"][2]["shadowed"], 1);
}

#[test]
fn twenty_messages_without_a_reply_are_told_of() {
    let service = service();
    let told = || service.door("acme").get("/v1/admin/hooks", &[]).json()["hooks"][1].clone();
    for number in 0..20 {
        assert_eq!(told()["no_replies"], false);
        let body = message(&number.to_string(), "contact", "10:00");
        post(&service, "own", SECRET, &body).expect_status(200);
    }
    assert_eq!(told()["no_replies"], true);
    post(&service, "own", SECRET, &message("r", "manager", "10:05")).expect_status(200);
    assert_eq!(told()["no_replies"], false);
}
