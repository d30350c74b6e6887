//! Leads of a Kommo account: which source brought them, by what its webhooks tell of contacts, talks, fields and tags
//! (S47, S48, S53).

use std::fmt::Write;

use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;
use crate::audit::audit;

const WORD: &str = "a-long-random-word-that-somebody-made-up";
const RADIO: &str = "+34910000201";
const FLYER: &str = "+34910000202";
/// 2026-03-02T12:00:00Z, when the contacts and leads were made.
const NOON: i64 = 1_772_452_800;

fn account() -> Account {
    let hook = format!(
        "[[account.hook]]\nid = \"crm\"\nprovider = \"kommo-account\"\nsecrets = [\"{WORD}\"]\n"
    );
    let numbers = [("radio", RADIO), ("flyer", FLYER)].map(|(source, number)| {
        format!("[[account.number]]\nnumber = \"{number}\"\nsource = \"{source}\"\n")
    });
    Account::new("acme")
        .setting("country = \"ES\"\ncurrency = \"EUR\"\nsource_tags = [\"fair\", \"mailing\"]")
        .section(&hook)
        .section(&numbers.concat())
        .section(
            "[[account.pipeline]]\nid = \"11\"\nstages = [{ id = \"20\" }, \
             { id = \"142\", kind = \"won\" }]\n",
        )
}

/// A webhook of one thing, in the provider's form.
fn hook(thing: &str, fields: &[(&str, String)]) -> Webhook {
    let mut form = "account[subdomain]=demo".to_owned();
    for (name, value) in fields {
        let value = value.replace('+', "%2B");
        write!(form, "&{thing}[0]{name}={value}").expect("it is written");
    }
    let path = format!("/v1/hooks/crm?token={WORD}");
    Webhook::form(&path, form.as_bytes())
}

/// A contact with a phone number, and what else it has; `changed` seconds after it was made.
fn contact(change: &str, id: &str, phone: &str, changed: i64, more: &[(&str, &str)]) -> Webhook {
    let mut fields = vec![
        ("[id]", id.to_owned()),
        ("[date_create]", NOON.to_string()),
        ("[created_at]", NOON.to_string()),
        ("[last_modified]", (NOON + changed).to_string()),
        ("[custom_fields][0][code]", "PHONE".to_owned()),
        ("[custom_fields][0][values][0][value]", phone.to_owned()),
    ];
    fields.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    hook(&format!("contacts[{change}]"), &fields)
}

fn lead(change: &str, id: &str, stage: &str, changed: i64, more: &[(&str, &str)]) -> Webhook {
    let mut fields = vec![
        ("[id]", id.to_owned()),
        ("[status_id]", stage.to_owned()),
        ("[pipeline_id]", "11".to_owned()),
        ("[price]", "500".to_owned()),
        ("[date_create]", NOON.to_string()),
        ("[last_modified]", (NOON + changed).to_string()),
    ];
    fields.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    hook(&format!("leads[{change}]"), &fields)
}

/// An answered call to a static number, ten minutes before noon.
fn call(id: &str, from: &str, to: &str) -> Vec<Value> {
    let phases = [("started", 50), ("answered", 51), ("ended", 55)];
    let phase = |(phase, minute): (&str, i64)| {
        json!({"type": "call", "call": id, "phase": phase, "direction": "inbound", "from": from,
            "to": to, "at": format!("2026-03-02T11:{minute}:00Z"), "id": format!("{id}-{phase}")})
    };
    phases.map(phase).into()
}

/// What the provider tells of five leads:
/// 7001 of somebody who called the number of the radio, and of another contact whom nothing is known of; 7002 of
/// one who called that of a flyer, known by a talk; 7003 with tracking fields; 7004 of a contact with a tag; 7005 with a
/// tag of its own, and nobody's.
fn told() -> Vec<Webhook> {
    let utm = [
        ("[custom_fields][0][code]", "UTM_SOURCE"),
        ("[custom_fields][0][values][0][value]", "google"),
        ("[custom_fields][1][code]", "UTM_MEDIUM"),
        ("[custom_fields][1][values][0][value]", "cpc"),
    ];
    let talk = [
        ("[talk_id]", "3".to_owned()),
        ("[chat_id]", "c".to_owned()),
        ("[created_at]", NOON.to_string()),
        ("[contact_id]", "9002".to_owned()),
        ("[entity_id]", "7002".to_owned()),
        ("[entity_type]", "lead".to_owned()),
        ("[is_in_work]", "1".to_owned()),
    ];
    let seven = [("[linked_leads_id][7001][ID]", "7001")];
    let tagged = [
        ("[linked_leads_id][0]", "7004"),
        ("[tags][0][id]", "80"),
        ("[tags][0][name]", "fair"),
    ];
    vec![
        contact("add", "9001", "+34600111222", 0, &seven),
        contact("add", "9009", "+34600999888", 60, &seven),
        lead("add", "7001", "20", 0, &[]),
        lead("status", "7001", "142", 3_600, &[]),
        contact("add", "9002", "+34600333444", 0, &[]),
        lead("add", "7002", "20", 0, &[]),
        hook("talk[add]", &talk),
        lead("add", "7003", "20", 0, &utm),
        contact("add", "9004", "+34600555666", 0, &tagged),
        // The tag is told again with each change: it is the contact's since the first.
        contact("update", "9004", "+34600555666", 7_200, &tagged),
        lead("add", "7004", "20", 0, &[]),
        lead("add", "7005", "20", 0, &[("[tags][0][name]", "mailing")]),
        lead(
            "update",
            "7005",
            "20",
            60,
            &[("[tags][0][name]", "mailing")],
        ),
    ]
}

fn send(service: &Service, webhooks: &[Webhook]) {
    for webhook in webhooks {
        webhook.send(service.port()).expect_status(200);
    }
    service.door("acme").flush();
}

/// Sources with what they brought.
fn sources(door: &Door) -> Value {
    let table = door.report(
        "sources",
        &[&MARCH[..], &[("by", "source,origin")]].concat(),
    );
    let columns = ["source", "origin", "leads", "won", "revenue"];
    let row = |row| columns.map(|name| table.value(row, name).clone());
    json!((0..table.len()).map(row).collect::<Vec<_>>())
}

fn leads(door: &Door) -> Vec<Value> {
    let ids = ["7001", "7002", "7003", "7004", "7005"];
    let one = |id| {
        let lead = door.get(&format!("/v1/leads/{id}"), &[]);
        let lead = lead.expect_status(200).json();
        json!([
            lead["contacts"],
            lead["source"],
            lead["origin"],
            lead["told"]["source"],
            lead["kind"]
        ])
    };
    ids.map(one).into()
}

#[test]
fn leads_of_a_kommo_account_have_the_sources_of_their_contacts_their_fields_and_their_tags() {
    let all = told();
    let backwards: Vec<_> = all.iter().rev().cloned().collect();
    for order in [all, backwards] {
        let config = Config::of([account()]).server(&format!("public_url = \"{PUBLIC}\"\n"));
        let mut service = Service::start(config);
        let door = service.door("acme");
        let mut events = call("k1", "+34600111222", RADIO);
        events.extend(call("k2", "+34600333444", FLYER));
        events.push(
            json!({"type": "spend", "source": "radio", "date": "2026-03-02", "amount": "100",
            "currency": "EUR", "as_of": "2026-03-03T00:00:00Z"}),
        );
        door.post_json(&Value::Array(events)).expect_status(202);
        // All of it comes twice: repeated webhooks change nothing.
        for _ in 0..2 {
            send(&service, &order);
            is_known(&door);
        }
        let sums = door.metrics().sums();
        assert!(sums.balance(), "{sums:?}");
        assert_eq!((sums.waiting, sums.conflict), (0, 0));
        service.stop();
        let (code, said) = audit(&service);
        assert_eq!(code, Some(0), "{said}");
    }
}

fn is_known(door: &Door) {
    assert_eq!(
        leads(door),
        [
            json!([["9001", "9009"], "radio", "calltracking", null, "won"]),
            json!([["9002"], "flyer", "calltracking", null, "open"]),
            json!([[], "google", "utm", "google", "open"]),
            json!([["9004"], "fair", "card", null, "open"]),
            json!([[], "mailing", "card", "mailing", "open"]),
        ]
    );
    assert_eq!(
        sources(door),
        json!([
            ["fair", "card", 1.0, 0.0, 0.0],
            ["flyer", "calltracking", 1.0, 0.0, 0.0],
            ["google", "utm", 1.0, 0.0, 0.0],
            ["mailing", "card", 1.0, 0.0, 0.0],
            ["radio", null, 0.0, 0.0, 0.0],
            ["radio", "calltracking", 1.0, 1.0, 500.0],
        ])
    );
    let asked = [&MARCH[..], &[("by", "source"), ("source", "radio")]].concat();
    let radio = door.report("sources", &asked);
    let columns = [
        "calls",
        "leads",
        "won",
        "cost_per_lead",
        "cost_per_won",
        "roas",
    ];
    let row = columns.map(|name| radio.value(0, name).clone());
    assert_eq!(json!(row), json!([1.0, 1.0, 1.0, 100.0, 100.0, 5.0]));
}
