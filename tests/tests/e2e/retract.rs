//! `retract`: the figures become what they would be without the event, and stay so.

use e2e::config::{Account, Config};
use e2e::events::Thread;
use e2e::service::Service;
use serde_json::json;

use crate::accounts::MARCH;

#[test]
fn a_retracted_event_leaves_figures_and_rows_as_if_it_had_never_come() {
    let mut service = Service::start(Config::of([Account::new("acme")]));
    let door = service.door("acme");
    let reply = json!({"type": "message", "id": "wrong", "conversation": "k", "channel": "web",
        "contact": "k", "author": "manager", "manager": "eva", "at": "2026-03-02T10:01:00Z"});
    door.send(
        &Thread::new("k")
            .on("web")
            .contact("10:00")
            .manager("ana", "10:05")
            .events(),
    );
    door.post_json(&reply).expect_status(202);
    door.flush();
    let managers = |service: &Service| {
        let asked = [&MARCH[..], &[("by", "manager")]].concat();
        let table = service.door("acme").report("response-times", &asked);
        (table.column("manager"), table.column("sum_s"))
    };
    assert_eq!(managers(&service), (vec![json!("eva")], vec![json!(60.0)]));
    let retract = json!({"type": "retract", "target": "wrong", "at": "2026-03-03T09:00:00Z",
        "reason": "sent by mistake"});
    door.post_json(&retract).expect_status(202);
    door.flush();
    let expected = (vec![json!("ana")], vec![json!(300.0)]);
    assert_eq!(managers(&service), expected);
    let outbound = door.report("messages", &[&MARCH[..], &[("by", "manager")]].concat());
    assert!(!outbound.column("manager").contains(&json!("eva")));
    // The same again is known, and stays without effect; so it is after a restart from the journal.
    let again = door.post_json(&reply).json();
    assert_eq!(
        (&again["accepted"], &again["duplicates"]),
        (&json!(0), &json!(1))
    );
    service.kill9();
    std::fs::remove_dir_all(service.data_dir().join("state")).unwrap();
    service.restart();
    service.door("acme").flush();
    assert_eq!(managers(&service), expected);
}
