//! Outgoing webhooks: what a receiver is told, signed and in order, whatever fails on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::clock::{holds_within, pause, rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::hooks::Webhook;
use e2e::link::{Link, Weather};
use e2e::receiver::{Notice, Receiver};
use e2e::service::{Service, hang_up};
use serde_json::{Value, json};
use trunkline_providers::named;

pub(super) const SECRET: &str = "correct horse battery staple";
const HOOK: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// A busy machine is given time, and a receiver that was away is tried again within a minute.
const WITHIN: Duration = Duration::from_mins(2);

fn webhook(port: u16, more: &str) -> String {
    format!(
        "[[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{port}/in?a=1\"\n\
         secret = \"{SECRET}\"\nevents = [\"missed_call\", \"target_call\"]\n{more}\n"
    )
}

fn config(port: u16, more: &str) -> Config {
    let hook = format!(
        "[[account.hook]]\nid = \"pbx\"\nprovider = \"standard\"\nsecrets = [\"{HOOK}\"]\n"
    );
    let account = Account::new("acme")
        .section(&webhook(port, more))
        .section(&hook);
    Config::of([account])
}

/// The phases of a call that ended now: nobody took it, or it was talked for `talk` seconds.
pub(super) fn call(id: &str, from: &str, talk: Option<i64>) -> Value {
    let now = wall();
    let at = |seconds: i64| rfc3339(now + seconds * 1000);
    let phase = |phase: &str, when: i64| {
        json!({"type": "call", "call": id, "phase": phase, "at": at(when), "id": format!("{id}/{phase}"),
            "direction": "inbound", "from": from, "to": "+34600100200"})
    };
    let ringing = |when| {
        let mut ringing = phase("ringing", when);
        ringing["manager"] = json!("ana");
        ringing
    };
    match talk {
        None => json!([phase("started", -40), ringing(-30), phase("ended", 0)]),
        Some(talk) => {
            let mut answered = phase("answered", -talk);
            answered["manager"] = json!("ana");
            json!([
                phase("started", -talk - 9),
                ringing(-talk - 5),
                answered,
                phase("ended", 0)
            ])
        }
    }
}

pub(super) fn send(door: &Door, call: &Value) {
    door.post_json(call).expect_status(202);
}

fn ids(notices: &[Notice]) -> BTreeSet<String> {
    let ids = notices
        .iter()
        .map(|it| it.header("trunkline-event-id").to_owned());
    ids.collect()
}

/// Calls by contact in the order in which they came for the first time.
fn order(notices: &[Notice]) -> BTreeMap<String, Vec<String>> {
    let mut order = BTreeMap::<String, Vec<String>>::new();
    for notice in notices {
        let call = notice.json()["call"].clone();
        let text = |name: &str| call[name].as_str().expect("a text").to_owned();
        let calls = order.entry(text("caller")).or_default();
        if !calls.contains(&text("call")) {
            calls.push(text("call"));
        }
    }
    order
}

fn listed(door: &Door) -> Value {
    door.get("/v1/admin/webhooks", &[]).json()["webhooks"][0].clone()
}

#[test]
fn a_missed_and_a_target_call_are_told_once_with_what_is_known_of_them() {
    let receiver = Receiver::start();
    let service = Service::start_without_warehouse(config(receiver.port(), ""));
    let door = service.door("acme");
    send(&door, &call("missed", "+34911222333", None));
    send(&door, &call("target", "+34911222444", Some(61)));
    send(&door, &call("short-talk", "+34911222444", Some(59)));
    // Told again, and changed afterwards: no news.
    send(&door, &call("missed", "+34911222333", None));
    let tagged = json!({"type": "call", "call": "target", "phase": "tagged", "at": rfc3339(wall()),
        "tags": ["sale"]});
    send(&door, &tagged);
    send(&door, &call("last", "+34911222555", None));
    wait_until("three notices", WITHIN, || receiver.taken().len() >= 3);
    let notices = receiver.taken();
    assert_eq!(ids(&notices).len(), 3);
    let of = |call: &str| {
        notices
            .iter()
            .find(|it| it.json()["call"]["call"] == call)
            .unwrap()
    };
    for (id, event) in [("missed", "missed_call"), ("target", "target_call")] {
        let notice = of(id);
        assert!(notice.is_signed(SECRET), "{notice:?}");
        assert!(!notice.is_signed("another"));
        assert_eq!(notice.header("trunkline-event"), event);
        assert_eq!(notice.header("trunkline-attempt"), "1");
        assert_eq!(notice.header("content-type"), "application/json");
        let json = notice.json();
        assert_eq!(json["event"], event);
        assert_eq!(json["id"], notice.header("trunkline-event-id"));
        assert_eq!(json["account"], "acme");
    }
    let missed = of("missed").json()["call"].clone();
    assert_eq!(missed["disposition"], "missed");
    assert_eq!(missed["caller"], "+3***2333");
    assert_eq!(missed["legs"][0]["manager"], "ana");
    assert_eq!(of("target").json()["call"]["talk_s"], 61.0);
    // What /v1/calls/{call} says of a call is what was told.
    service.wait_for_warehouse();
    door.flush();
    let shown = door.get("/v1/calls/missed", &[]).expect_status(200).json();
    for (name, value) in shown.as_object().unwrap() {
        if name != "contact" {
            assert_eq!(missed.get(name), Some(value), "{name}");
        }
    }
}

#[test]
fn nothing_is_lost_or_out_of_order_while_the_receiver_fails_and_the_service_is_killed() {
    let receiver = Receiver::start();
    let link = Link::to(receiver.port(), 7);
    let mut service = Service::start_without_warehouse(config(link.port(), ""));
    let mut sent = BTreeMap::<String, Vec<String>>::new();
    let mut number = 0;
    let mut ring = |service: &Service, count: usize| {
        let door = service.door("acme");
        for _ in 0..count {
            number += 1;
            let caller = format!("+3491122233{}", number % 6);
            let id = format!("call-{number}");
            send(&door, &call(&id, &caller, None));
            sent.entry(format!("+3***{}", &caller[8..]))
                .or_default()
                .push(id);
        }
    };
    let troubles: [&dyn Fn(); 5] = [
        &|| {},
        &|| receiver.answer(500),
        &|| link.set(Weather::Down),
        &|| link.set(Weather::Swallows),
        &|| link.set(Weather::Resets(3)),
    ];
    for trouble in troubles {
        trouble();
        ring(&service, 20);
        pause(700);
        ring(&service, 10);
        service.kill9();
        receiver.answer(200);
        link.set(Weather::Fair);
        service.restart();
        ring(&service, 10);
    }
    let total: usize = sent.values().map(Vec::len).sum();
    let all = holds_within(WITHIN, || {
        ids(&receiver.taken()).len() == total && listed(&service.door("acme"))["waiting"] == 0
    });
    let notices = receiver.taken();
    let repeated = notices.len() - ids(&notices).len();
    println!(
        "{total} calls, {repeated} told again, {} tries",
        receiver.came().len()
    );
    assert!(
        all,
        "{} of {total}: {}",
        ids(&notices).len(),
        service.log_tail()
    );
    assert_eq!(order(&notices), sent);
    assert!(receiver.came().iter().all(|it| it.is_signed(SECRET)));

    assert_nothing_is_told_again(&mut service, &receiver);
}

/// A stop in order leaves a checkpoint beyond all records.
fn assert_nothing_is_told_again(service: &mut Service, receiver: &Receiver) {
    let before = receiver.taken().len();
    service.stop();
    service.restart();
    let door = service.door("acme");
    send(&door, &call("last", "+34911222339", None));
    wait_until("the last", WITHIN, || {
        receiver
            .taken()
            .iter()
            .any(|it| it.json()["call"]["call"] == "last")
    });
    assert_eq!(receiver.taken().len(), before + 1);
}

#[test]
fn a_call_that_waited_for_a_receiver_at_a_stop_is_told_after_the_next_start() {
    let receiver = Receiver::start();
    receiver.answer(503);
    let mut service = Service::start_without_warehouse(config(receiver.port(), ""));
    send(&service.door("acme"), &call("waits", "+34911222333", None));
    wait_until("a try", WITHIN, || !receiver.came().is_empty());
    service.stop();
    receiver.answer(200);
    service.restart();
    wait_until("it is taken", WITHIN, || receiver.taken().len() == 1);
    let attempt: u32 = receiver.taken()[0]
        .header("trunkline-attempt")
        .parse()
        .unwrap();
    assert!(attempt >= 2, "{attempt}");
}

#[test]
fn a_receiver_that_does_not_answer_is_told_again_under_the_same_id() {
    let receiver = Receiver::start();
    let link = Link::to(receiver.port(), 7);
    let service = Service::start_without_warehouse(config(link.port(), ""));
    let door = service.door("acme");
    link.set(Weather::HalfOpen);
    send(&door, &call("unanswered", "+34911222333", None));
    wait_until("the try ends", WITHIN, || {
        listed(&door)["error"] == "no answer within 10 s"
    });
    link.set(Weather::Fair);
    wait_until("it is taken", WITHIN, || listed(&door)["delivered"] == 1);
    let notices = receiver.taken();
    assert!(notices.len() >= 2, "{notices:?}");
    assert_eq!(ids(&notices).len(), 1);
    let attempts = notices.iter().map(|it| it.header("trunkline-attempt"));
    assert_eq!(attempts.take(2).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn dead_letters_are_listed_and_sent_again() {
    let receiver = Receiver::start();
    receiver.answer(410);
    let service = Service::start_without_warehouse(config(receiver.port(), ""));
    let door = service.door("acme");
    for number in 0..3 {
        send(
            &door,
            &call(&format!("call-{number}"), "+34911222333", None),
        );
    }
    wait_until("three dead letters", WITHIN, || listed(&door)["dead"] == 3);
    let state = listed(&door);
    assert_eq!(state["to"], format!("http://127.0.0.1:{}", receiver.port()));
    assert_eq!(state["error"], "answered 410: the receiver wants no more");
    assert_eq!(state["waiting"], 0);
    let dead = door
        .get("/v1/admin/webhooks/crm/dead", &[])
        .expect_status(200)
        .json();
    let calls: Vec<&Value> = dead["dead"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["call"])
        .collect();
    assert_eq!(calls, ["call-2", "call-1", "call-0"]);
    assert_eq!(dead["dead"][0]["contact"], "+3***2333");
    assert_eq!(dead["dead"][0]["tries"], 1);
    let metrics = door.metrics();
    assert_eq!(metrics.total("trunkline_webhook_dead") as u64, 3);

    receiver.answer(200);
    let replay = |query: &str| door.post_to(&format!("/v1/admin/webhooks/crm/replay{query}"));
    let one = dead["dead"][1]["id"].as_str().unwrap();
    assert_eq!(
        replay(&format!("?id={one}")).expect_status(200).json()["replayed"],
        1
    );
    wait_until("one is taken", WITHIN, || receiver.taken().len() == 1);
    assert_eq!(receiver.taken()[0].json()["call"]["call"], "call-1");
    assert_eq!(receiver.taken()[0].header("trunkline-event-id"), one);
    assert_eq!(replay("").expect_status(200).json()["replayed"], 2);
    wait_until("all are taken", WITHIN, || receiver.taken().len() == 3);
    let calls: Vec<Value> = receiver
        .taken()
        .iter()
        .map(|it| it.json()["call"]["call"].clone())
        .collect();
    assert_eq!(calls, ["call-1", "call-0", "call-2"]);
    wait_until("none is left", WITHIN, || listed(&door)["dead"] == 0);
    assert_eq!(listed(&door)["delivered"], 3);

    replay("?id=0").expect_problem(404, "not_found");
    replay("?name=x").expect_problem(400, "bad_parameter");
    door.get("/v1/admin/webhooks/nobody/dead", &[])
        .expect_problem(404, "not_found");
    let reader = Door::new(service.port(), "acme", "read");
    reader
        .get("/v1/admin/webhooks", &[])
        .expect_problem(403, "forbidden");
}

#[test]
fn a_reload_changes_what_is_told_and_a_bad_condition_changes_nothing() {
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port(), ""));
    let door = service.door("acme");
    let more = "where = 'event = \"missed_call\" and caller contains \"444\"'\nphones = true\n\
                body = '{\"text\": \"{{event}}: {{caller}}\"}'\nheaders = { \"X-Key\" = \"k\" }\n";
    service.configure(config(receiver.port(), more));
    service.write_configuration();
    hang_up(service.pid());
    wait_until("the settings are taken", WITHIN, || {
        service.log().contains("configuration read again")
    });
    service.configure(config(receiver.port(), "where = 'talk_s = \"long\"'"));
    service.write_configuration();
    door.post_to("/v1/admin/reload")
        .expect_problem(422, "bad_configuration");
    assert!(
        service.log().contains("account.acme.webhook.crm.where"),
        "{}",
        service.log_tail()
    );
    send(&door, &call("a", "+34911222333", None));
    send(&door, &call("b", "+34911222444", Some(100)));
    send(&door, &call("c", "+34911222444", None));
    wait_until("a notice", WITHIN, || !receiver.taken().is_empty());
    pause(200);
    let notices = receiver.taken();
    let bodies: Vec<Value> = notices.iter().map(Notice::json).collect();
    assert_eq!(bodies, [json!({"text": "missed_call: +34911222444"})]);
    assert_eq!(notices[0].header("x-key"), "k");
}

#[test]
fn history_that_is_sent_later_is_no_news() {
    let receiver = Receiver::start();
    let service = Service::start_without_warehouse(config(receiver.port(), ""));
    let door = service.door("acme");
    let mut old = call("old", "+34911222333", None);
    for phase in old.as_array_mut().unwrap() {
        phase["at"] = json!("2026-03-02T10:00:00Z");
    }
    old[2]["at"] = json!("2026-03-02T10:01:00Z");
    send(&door, &old);
    send(&door, &call("new", "+34911222333", None));
    wait_until("a notice", WITHIN, || !receiver.taken().is_empty());
    assert_eq!(receiver.taken()[0].json()["call"]["call"], "new");
    assert_eq!(listed(&door)["waiting"], 0);
}

#[test]
fn how_soon_a_receiver_is_told_after_the_providers_webhook() {
    const CALLS: usize = 300;
    let receiver = Receiver::start();
    let service = Service::start_without_warehouse(config(receiver.port(), ""));
    let mut sent = BTreeMap::new();
    for number in 0..CALLS {
        let id = format!("call-{number}");
        let body = call(&id, &format!("+34911222{number:03}"), None).to_string();
        let request = Webhook::json("/v1/hooks/pbx", &body);
        let request = request.signed(named("standard").expect("a provider"), HOOK);
        sent.insert(id, wall());
        request.send(service.port()).expect_status(200);
        pause(5);
    }
    wait_until("all notices", WITHIN, || receiver.taken().len() == CALLS);
    let delay = |notice: &Notice| {
        let json = notice.json();
        notice.at - sent[json["call"]["call"].as_str().unwrap()]
    };
    let mut delays: Vec<i64> = receiver.taken().iter().map(delay).collect();
    delays.sort_unstable();
    let quantile = |q: usize| delays[(CALLS * q).div_ceil(100) - 1];
    println!(
        "from the provider's webhook to ours: p50 {} ms, p99 {} ms, greatest {} ms",
        quantile(50),
        quantile(99),
        delays[CALLS - 1]
    );
    assert_eq!(ids(&receiver.taken()).len(), CALLS);
}

/// The snippet of docs/webhooks.md, given a request that really came.
#[test]
fn the_documented_snippet_takes_what_is_ours_and_refuses_the_rest() {
    let document = include_str!("../../../docs/webhooks.md");
    let snippet = document
        .split("```python\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let snippet = snippet.expect("a snippet");
    let receiver = Receiver::start();
    let service = Service::start_without_warehouse(config(receiver.port(), ""));
    send(&service.door("acme"), &call("a", "+34911222333", None));
    wait_until("a notice", WITHIN, || !receiver.taken().is_empty());
    let notice = receiver.taken().remove(0);
    let signature = notice.header("trunkline-signature").to_owned();
    let old = signature.replacen("t=", "t=1", 1);
    let changed = notice.body.replacen("missed", "misled", 1);
    for (secret, header, body, expected) in [
        (SECRET, &signature, &notice.body, "True"),
        ("another", &signature, &notice.body, "False"),
        (SECRET, &old, &notice.body, "False"),
        (SECRET, &signature, &changed, "False"),
        (SECRET, &"t=x".to_owned(), &notice.body, "False"),
    ] {
        let asked = format!(
            "{snippet}\nimport json, sys\nsecret, header, body = json.load(sys.stdin)\n\
             print(is_ours(secret, header, body.encode()))\n"
        );
        let mut python = Command::new("python3")
            .args(["-c", &asked])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut input = python.stdin.take().expect("an input");
        input
            .write_all(json!([secret, header, body]).to_string().as_bytes())
            .expect("written");
        drop(input);
        let output = python.wait_with_output().expect("an end");
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            expected,
            "{header}"
        );
    }
}

#[test]
fn a_calls_source_is_told_while_it_rings() {
    let receiver = Receiver::start();
    let number =
        "[[account.number]]\nnumber = \"+34911000100\"\nsource = \"flyer\"\nmedium = \"print\"\n";
    let webhook = format!(
        "[[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{}/in\"\nevents = [\"attributed_call\"]\n{number}",
        receiver.port()
    );
    let account = Account::new("acme").section(&webhook);
    let service = Service::start_without_warehouse(Config::of([account]));
    let door = service.door("acme");
    let rings = |call: &str, to: &str| {
        let ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
            "from": "+34600111222", "to": to, "at": rfc3339(wall())});
        door.post_json(&ring).expect_status(202);
    };
    rings("unknown", "+34911777777");
    rings("flyer", "+34911000100");
    wait_until("the source is told", WITHIN, || {
        receiver
            .taken()
            .iter()
            .any(|it| it.json()["call"]["call"] == "flyer")
    });
    let told = receiver.taken();
    let flyer = told
        .iter()
        .find(|it| it.json()["call"]["call"] == "flyer")
        .unwrap();
    assert_eq!(flyer.header("trunkline-event"), "attributed_call");
    let by = flyer.json()["call"]["attribution"].clone();
    assert_eq!(
        (&by["certainty"], &by["source"], &by["medium"]),
        (&json!("certain"), &json!("flyer"), &json!("print"))
    );
    assert_eq!(
        flyer.json()["call"]["ended_at"],
        Value::Null,
        "it still rings"
    );
}
