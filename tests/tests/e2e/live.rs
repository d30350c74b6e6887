//! `GET /v1/live`: who waits, whose he is, and how managers do today.

use std::time::Duration;

use e2e::clock::{wait_until, wall};
use e2e::config::{Account, Config, token};
use e2e::events::Thread;
use e2e::service::Service;
use e2e::shared::Shared;
use serde_json::{Value, json};

/// What is live is at most a second behind what was acknowledged; a busy machine is given more.
const WITHIN: Duration = Duration::from_secs(10);

static SHARED: Shared = Shared::new(|| {
    vec![
        Account::new("seen")
            .restricted("of-eva", "managers = [\"eva\"]")
            .section("[[account.manager]]\nid = \"ana\"\nname = \"Ana Pérez\"\n")
            .section("[[account.manager]]\nid = \"old\"\nuntil = \"2026-01-01\"\n")
            .section("[[account.team]]\nid = \"sales\"\nmanagers = [\"ana\"]\n")
            .section("[[account.channel]]\nid = \"web\"\nlink = \"https://crm.example/{conversation}\"\n"),
        Account::new("today"),
        Account::new("kept"),
    ]
});

fn live(door: &e2e::doors::Door, parameters: &[(&str, &str)]) -> Value {
    door.get("/v1/live", parameters).expect_status(200).json()
}

fn owners(live: &Value) -> Vec<(Value, Value)> {
    let list = live["waiting"]["conversations"].as_array().unwrap();
    list.iter()
        .map(|it| (it["conversation"].clone(), it["manager"].clone()))
        .collect()
}

/// Six conversations, two of them without a reply owed.
fn threads() -> [Thread; 6] {
    [
        Thread::new("assigned")
            .on("web")
            .contact("10:00")
            .assigned("ana", "10:01"),
        Thread::new("answered")
            .on("web")
            .contact("10:00")
            .manager("ana", "10:02"),
        Thread::new("again")
            .on("web")
            .contact("09:00")
            .manager("eva", "09:02")
            .contact("10:30"),
        Thread::new("gone")
            .on("web")
            .contact("11:00")
            .manager("old", "11:02")
            .contact("11:30"),
        Thread::new("+34600123456").on("mail").contact("12:00"),
        Thread::new("closed")
            .on("web")
            .contact("10:00")
            .closed(None, "10:05"),
    ]
}

#[test]
fn who_waits_is_listed_nobodys_first_then_the_longest() {
    let service = SHARED.service();
    let door = service.door("seen");
    let threads = threads();
    let events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    door.send(&events);
    let now = live(&door, &[]);
    let listed = owners(&now);
    let expected = [
        (json!("gone"), Value::Null),
        (json!("+3***3456"), Value::Null),
        (json!("assigned"), json!("ana")),
        (json!("again"), json!("eva")),
    ];
    assert_eq!(listed, expected);
    assert_eq!(now["waiting"]["count"], 4);
    assert_eq!(now["waiting"]["unassigned"], 2);
    let list = now["waiting"]["conversations"].as_array().unwrap();
    assert_eq!(list[2]["link"], "https://crm.example/assigned");
    assert_eq!(list[2]["since"], "2026-03-02T10:00:00.000Z");
    assert_eq!(now["waiting"]["longest_wait_s"], list[2]["wait_s"]);
    assert_eq!(owners(&live(&door, &[("team", "sales")])), expected[2..3]);
    assert_eq!(owners(&live(&door, &[("channel", "mail")])), expected[1..2]);
    let one = live(&door, &[("limit", "1")]);
    assert_eq!(
        (owners(&one), &one["waiting"]["truncated"]),
        (expected[..1].to_vec(), &json!(true))
    );
    let eva = door.with_token(&token("seen", "of-eva"));
    assert_eq!(owners(&live(&eva, &[])), expected[3..]);

    door.get("/v1/live", &[("limit", "0")])
        .expect_problem(400, "bad_parameter");
    door.get("/v1/live", &[("managr", "ana")])
        .expect_problem(400, "bad_parameter");
    let answer = json!({"type": "message", "id": "answer", "conversation": "again", "channel": "web",
        "contact": "again", "author": "manager", "manager": "eva", "at": "2026-03-02T10:45:00Z"});
    door.post_json(&answer).expect_status(202);
    let settled = || !owners(&live(&door, &[])).contains(&expected[3]);
    wait_until("the answered conversation is gone", WITHIN, settled);
}

fn message(id: &str, author: &str, at: i64) -> Value {
    json!({"type": "message", "id": id, "conversation": "k", "channel": "web", "contact": "maria",
        "author": author, "manager": (author == "manager").then_some("ana"), "at": at})
}

fn of_ana(live: &Value) -> Value {
    let managers = live["managers"].as_array().unwrap();
    let ana = managers.iter().find(|it| it["manager"] == "ana");
    ana.cloned().unwrap_or_default()
}

#[test]
fn a_managers_day_counts_what_was_acknowledged_and_late_messages_mend_it() {
    let service = SHARED.service();
    let door = service.door("today");
    // Seconds ago, so that it is the same day unless it is midnight.
    let now = wall();
    door.post_json(&json!([
        message("a", "contact", now - 9_000),
        message("c", "manager", now - 1_000)
    ]))
    .expect_status(202);
    let ana = of_ana(&live(&door, &[]));
    if now / 86_400_000 != wall() / 86_400_000 {
        return;
    }
    assert_eq!(
        (&ana["outbound"], &ana["wait"]["count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(ana["wait"]["mean_s"], 8.0);
    let p50 = ana["wait"]["p50_s"].as_f64().unwrap();
    assert!((p50 - 8.0).abs() <= 0.08, "{p50}");
    // An earlier reply arrives late: the later one no longer cleared the clock.
    door.post_json(&message("b", "manager", now - 5_000))
        .expect_status(202);
    wait_until("the late message is shown", WITHIN, || {
        of_ana(&live(&door, &[]))["outbound"] == 2
    });
    let ana = of_ana(&live(&door, &[]));
    assert_eq!(
        (&ana["wait"]["count"], &ana["wait"]["mean_s"]),
        (&json!(1), &json!(4.0))
    );
}

#[test]
fn what_is_live_is_the_same_after_a_stop_and_after_a_kill() {
    let mut service = Service::start(Config::of([Account::new("kept")]));
    let now = wall();
    service
        .door("kept")
        .post_json(&json!([
            message("a", "contact", now - 9_000),
            message("b", "manager", now - 1_000),
            message("c", "contact", now - 500)
        ]))
        .expect_status(202);
    let shown = |service: &Service| {
        let now = live(&service.door("kept"), &[]);
        (owners(&now), of_ana(&now)["wait"].clone())
    };
    let before = shown(&service);
    assert_eq!(before.0, [(json!("k"), json!("ana"))]);
    service.stop();
    service.restart();
    assert_eq!(shown(&service), before);
    service.kill9();
    service.restart();
    assert_eq!(shown(&service), before);
}
