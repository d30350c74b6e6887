//! Leads, forms, spend and touches, from the doors to the views.

use std::path::Path;

use e2e::config::{Account, Config};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use e2e::views::Views;
use serde_json::{Value, json};
use trunkline_providers::named;

use crate::audit::audit;

const PIPELINE: &str = "[[account.pipeline]]\nid = \"p\"\nstages = [{ id = \"new\" }, \
                        { id = \"sold\", kind = \"won\" }]\n";

fn at(minute: u32) -> String {
    format!("2026-03-02T10:{minute:02}:00Z")
}

fn lead(minute: u32, change: &str, mut more: Value) -> Value {
    for (name, value) in [
        ("type", json!("lead")),
        ("lead", json!("l1")),
        ("change", json!(change)),
        ("at", json!(at(minute))),
    ] {
        more[name] = value;
    }
    more
}

/// One life of a lead and what belongs to it; the last three are of an import's run.
fn told() -> Vec<Value> {
    vec![
        lead(
            0,
            "created",
            json!({"pipeline": "p", "stage": "new", "amount": "100", "currency": "EUR",
                "manager": "ana", "contacts": ["c1", "c2"], "source": "google", "gclid": "g"}),
        ),
        lead(9, "moved", json!({"stage": "sold", "manager": "luis"})),
        lead(5, "valued", json!({"amount": "250.50", "id": "v"})),
        json!({"type": "form", "form": "f1", "at": at(1), "phone": "911 222 333", "visit": "v1"}),
        json!({"type": "contact", "contact": "c1", "change": "created", "at": at(0),
            "phone": "+34911222333"}),
        json!({"type": "message", "channel": "web", "conversation": "k", "contact": "c1", "id": "m",
            "author": "contact", "at": at(2), "source": "mail", "medium": "email"}),
        json!({"type": "contact", "contact": "c1", "change": "tagged", "tag": "fair", "at": at(3),
            "id": "t"}),
        json!({"type": "spend", "source": "google", "date": "2026-03-02", "amount": "30",
            "currency": "EUR", "as_of": at(30)}),
        json!({"type": "contact", "contact": "c1", "change": "tagged", "tag": "vip", "at": at(3),
            "id": "t2", "batch": "run"}),
        json!({"type": "spend", "source": "google", "date": "2026-03-02", "amount": "31",
            "currency": "EUR", "as_of": at(31), "batch": "run"}),
        json!({"type": "lead", "lead": "l2", "change": "created", "at": at(0), "batch": "run"}),
    ]
}

const LEADS: &str = "SELECT lead, kind, won_at, amount, currency, manager, contact, source, gclid, \
                     moved_stage, moved_manager, valued_amount FROM v_leads ORDER BY lead";
const FORMS: &str = "SELECT form, at, contact, phone, visit FROM v_forms";
const SPEND: &str = "SELECT date, source, amount, currency FROM v_spend";
const TOUCHES: &str = "SELECT kind, contact, source, medium, origin FROM v_touches ORDER BY at";
const TAGS: &str = "SELECT contact, tag, tagged FROM v_contact_tags ORDER BY tag";

fn all(views: &Views) -> [Vec<Value>; 5] {
    [LEADS, FORMS, SPEND, TOUCHES, TAGS].map(|sql| views.rows(sql))
}

fn expected() -> [Vec<Value>; 5] {
    let sold = "2026-03-02 10:09:00.000";
    [
        vec![json!([
            "l1",
            "won",
            sold,
            250.5,
            "EUR",
            "luis",
            "c1",
            "google",
            "g",
            ["new", "sold"],
            ["ana", "luis"],
            [100, 250.5]
        ])],
        vec![json!([
            "f1",
            "2026-03-02 10:01:00.000",
            "c1",
            "+34***2333",
            "v1"
        ])],
        vec![json!(["2026-03-02", "google", 30, "EUR"])],
        vec![
            json!(["chat", "c1", "mail", "email", "utm"]),
            json!(["card", "c1", "fair", null, "card"]),
        ],
        vec![json!(["c1", "fair", 1])],
    ]
}

#[test]
fn what_is_told_of_leads_forms_spend_and_touches_is_there_when_flushed_and_after_a_kill() {
    let account = Account::new("acme").setting("country = \"ES\"\nsource_tags = [\"fair\"]");
    let mut service = Service::start(Config::of([account.section(PIPELINE)]));
    let told = told();
    let (early, late) = told.split_at(6);
    let door = service.door("acme");
    let body = Value::Array(early.to_vec()).to_string();
    let answer = door.try_post("?wait=flushed", "application/json", None, body.as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.expect_status(200).json()["accepted"], json!(6));
    assert_eq!(service.views().rows(LEADS), expected()[0]);
    service.kill9();
    service.restart();
    let door = service.door("acme");
    // All once more, the other way round.
    let again: Vec<Value> = told.iter().rev().cloned().collect();
    for events in [late, &again] {
        door.post_json(&Value::Array(events.to_vec()))
            .expect_status(202);
    }
    door.flush();
    assert_eq!(service.views().rows(LEADS).len(), 2);
    let undo = json!({"type": "retract", "batch": "run", "at": at(40)});
    door.post_json(&undo).expect_status(202);
    door.flush();
    assert_eq!(all(&service.views()), expected());
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.waiting, sums.conflict), (0, 0));
    // Out of a checkpoint, and out of the journal alone.
    service.stop();
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("0 different, 0 missing, 0 surplus"), "{said}");
    std::fs::remove_dir_all(service.data_dir().join("state")).expect("it is removed");
    service.restart();
    service.door("acme").flush();
    assert_eq!(all(&service.views()), expected());
}

#[test]
fn a_stage_that_is_declared_today_wins_the_leads_of_yesterday() {
    let mut service = Service::start(Config::of([Account::new("acme")]));
    let door = service.door("acme");
    door.post_json(&Value::Array(told())).expect_status(202);
    door.flush();
    let kinds = "SELECT kind, won_at IS NULL FROM v_leads WHERE lead = 'l1'";
    assert_eq!(service.views().rows(kinds), [json!(["open", 1])]);
    service.stop();
    service.configure(Config::of([Account::new("acme").section(PIPELINE)]));
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    assert_eq!(service.views().rows(kinds), [json!(["won", 0])]);
}

#[test]
fn webhooks_of_a_kommo_account_become_leads() {
    const WORD: &str = "a-long-random-word-that-somebody-made-up";
    let hook = format!(
        "[[account.hook]]\nid = \"crm\"\nprovider = \"kommo-account\"\nsecrets = [\"{WORD}\"]\n"
    );
    let stages = "[[account.pipeline]]\nid = \"11\"\nstages = [{ id = \"20\" }, \
                  { id = \"142\", kind = \"won\" }]\n";
    let account = Account::new("acme").section(&hook).section(stages);
    let service =
        Service::start(Config::of([account]).server(&format!("public_url = \"{PUBLIC}\"\n")));
    let provider = named("kommo-account").expect("it is a provider");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/providers/src/vendors/kommo_account/samples");
    // Won first, made last, and the making once more.
    for sample in ["lead_status", "lead_changes", "lead_added", "lead_added"] {
        let webhook = Webhook::sample(&samples.join(format!("{sample}.http")), "crm");
        webhook
            .signed(provider, WORD)
            .send(service.port())
            .expect_status(200);
    }
    service.door("acme").flush();
    let sql = "SELECT lead, created, kind, won_at, amount, manager, moved_stage, valued_amount, \
               removed FROM v_leads ORDER BY lead";
    let seller = "kommo-account:15000007";
    let expected = [
        json!([
            "4821",
            1,
            "won",
            "2026-03-02 13:00:00.000",
            22500,
            seller,
            ["20", "142"],
            [19900, 22500],
            0
        ]),
        json!(["4822", 0, "open", null, null, null, [], [], 1]),
        json!(["4823", 0, "open", null, null, null, [], [], 0]),
    ];
    assert_eq!(service.views().rows(sql), expected);
    assert_eq!(service.door("acme").metrics().sums().waiting, 0);
}
