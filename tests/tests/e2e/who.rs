//! Who is who: contacts as they were linked and merged, managers by any name, and how far what is
//! counted is vouched for.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::clock::{rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;
use crate::audit::audit;

const ALIAS: &str = "[[account.manager]]\nid = \"ana\"\nname = \"Ana\"\nextensions = [\"101\"]\n\
                     aliases = { chatwoot = \"7\" }\n";

fn contact(id: u32, minute: u32, contact: &str, mut more: Value) -> Value {
    for (name, value) in [
        ("type", json!("contact")),
        ("id", json!(id.to_string())),
        ("contact", json!(contact)),
        ("at", json!(format!("2026-03-02T10:{minute:02}:00Z"))),
    ] {
        more[name] = value;
    }
    more
}

/// What belongs to whom, as ClickHouse says.
fn identities(engine: &Engine) -> BTreeMap<String, String> {
    let sql = "SELECT concat(kind, ' ', channel, ' ', identity), contact FROM identities FINAL \
               WHERE account = 'acme'";
    let rows = engine.views().rows(sql);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    rows.iter()
        .map(|row| (text(&row[0]), text(&row[1])))
        .collect()
}

fn known(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    let known = list
        .iter()
        .map(|(key, of)| ((*key).to_owned(), (*of).to_owned()));
    known.collect()
}

/// What is said of two contacts, in its order.
fn told() -> Vec<Value> {
    vec![
        contact(
            1,
            1,
            "c1",
            json!({"change": "created", "phone": "911 222 333"}),
        ),
        contact(2, 2, "c1", json!({"change": "merged", "into": "c2"})),
        contact(
            3,
            3,
            "c2",
            json!({"change": "linked", "channel": "whatsapp",
            "channel_contact": "34600000000"}),
        ),
        contact(
            4,
            4,
            "c2",
            json!({"change": "updated", "email": "Ana@Shop.example"}),
        ),
    ]
}

#[test]
fn contacts_are_who_they_were_linked_and_merged_to_be_also_after_a_kill_and_a_restart() {
    let engine = Engine::start();
    let acme = Account::new("acme").setting("country = \"ES\"");
    let config = Config::of([acme]).warehouse(&engine.settings(engine.password()));
    let mut service = Service::start(config);
    let door = service.door("acme");
    let mut log = told();
    log.reverse();
    let send = |door: &e2e::doors::Door, log: &[Value]| {
        door.post_json(&json!(log)).expect_status(202);
        door.flush();
    };
    send(&door, &log);
    let expected = [
        ("phone  +34911222333", "c2"),
        ("contact  c1", "c2"),
        ("channel whatsapp 34600000000", "c2"),
        ("email  ana@shop.example", "c2"),
    ];
    assert_eq!(identities(&engine), known(&expected));
    // From a checkpoint: what is told then is joined to what was told before.
    assert!(service.stop().success());
    service.restart();
    let door = service.door("acme");
    let more = [
        contact(5, 5, "c2", json!({"change": "merged", "into": "c3"})),
        contact(
            6,
            6,
            "c3",
            json!({"change": "unlinked", "email": "ana@shop.example"}),
        ),
    ];
    send(&door, &more);
    let expected = [
        ("phone  +34911222333", "c3"),
        ("contact  c1", "c3"),
        ("contact  c2", "c3"),
        ("channel whatsapp 34600000000", "c3"),
    ];
    assert_eq!(identities(&engine), known(&expected));
    service.kill9();
    service.restart();
    let door = service.door("acme");
    let back = json!({"type": "retract", "target": "2", "at": "2026-03-02T11:00:00Z"});
    send(&door, &[back]);
    let expected = [
        ("phone  +34911222333", "c1"),
        ("contact  c2", "c3"),
        ("channel whatsapp 34600000000", "c3"),
    ];
    assert_eq!(identities(&engine), known(&expected));
    assert!(door.metrics().sums().balance());
    let (code, said) = audit(&service);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn an_alias_added_today_mends_the_past_in_reports_and_live() {
    let mut service = Service::start(Config::of([Account::new("acme")]));
    let door = service.door("acme");
    door.send_flushed(
        &Thread::new("k")
            .contact("10:00")
            .manager("chatwoot:7", "10:10")
            .contact("10:20")
            .events(),
    );
    let managers = || {
        let asked = [&MARCH[..], &[("by", "manager")]].concat();
        let table = door.report("conversations", &asked);
        (table.column("manager"), table.column("manager_name"))
    };
    let waiting = || {
        let now = door.get("/v1/live", &[]).json();
        now["waiting"]["conversations"][0]["manager"].clone()
    };
    let rings = |call: &str, who: Value| {
        let mut ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
            "from": "+34600111222", "to": "+34911000000", "at": rfc3339(wall())});
        let more = who.as_object().unwrap().clone();
        ring.as_object_mut().unwrap().extend(more);
        door.post_json(&ring).expect_status(202);
    };
    rings("by-name", json!({"manager": "chatwoot:7"}));
    rings("by-extension", json!({"extension": "101"}));
    let calls = || {
        let now = door.get("/v1/live", &[]).json();
        let calls = now["calls"].as_array().unwrap().iter();
        let mut of: Vec<_> = calls
            .map(|it| (it["call"].clone(), it["manager"].clone()))
            .collect();
        of.sort_by_key(|(call, _)| call.to_string());
        of
    };
    let [extension, name] = ["by-extension", "by-name"].map(|call| json!(call));
    assert_eq!(managers().0, [json!("chatwoot:7")]);
    assert_eq!(waiting(), json!("chatwoot:7"));
    wait_until("both calls ring", Duration::from_secs(10), || {
        calls().len() == 2
    });
    assert_eq!(
        calls(),
        [
            (extension.clone(), Value::Null),
            (name.clone(), json!("chatwoot:7"))
        ]
    );
    service.configure(Config::of([Account::new("acme").section(ALIAS)]));
    service.write_configuration();
    door.post_to("/v1/admin/reload").expect_status(204);
    assert_eq!(managers().0, [json!("ana")]);
    // Names are written with the next flush.
    wait_until("the name", Duration::from_secs(10), || {
        managers().1 == [json!("Ana")]
    });
    assert_eq!(waiting(), json!("ana"));
    assert_eq!(calls(), [(extension, json!("ana")), (name, json!("ana"))]);
}

#[test]
fn reports_are_filtered_by_how_far_events_are_vouched_for() {
    let service = Service::start(Config::of([Account::new("acme")]));
    let door = service.door("acme");
    let message = |id: &str, integrity: Option<&str>| {
        json!({"type": "message", "conversation": "k", "contact": "c1", "channel": "web",
            "author": "contact", "at": "2026-03-02T10:00:00Z", "id": id, "integrity": integrity})
    };
    let all = [
        message("1", None),
        message("2", Some("weak")),
        message("3", Some("unverified")),
    ];
    door.post_json(&json!(all)).expect_status(202);
    door.flush();
    let count = |filter: &[(&str, &str)]| {
        let asked = [&MARCH[..], filter].concat();
        door.report("messages", &asked).count(0, "messages")
    };
    assert_eq!(count(&[]), 3);
    assert_eq!(count(&[("integrity", "weak")]), 1);
    assert_eq!(
        count(&[("integrity", "verified"), ("integrity", "unverified")]),
        2
    );
}
