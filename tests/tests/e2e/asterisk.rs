//! The connection to a telephone exchange: calls through either of its interfaces, what becomes of
//! them when it is lost, and what is told of it.

use std::process::Command;
use std::time::Duration;

use e2e::clock::{holds_within, wait_until};
use e2e::config::{Account, Config, token};
use e2e::exchange::{Ami, Exchange, sample};
use e2e::service::{Service, binary, hang_up};
use serde_json::{Value, json};
use tungstenite::Message;

const WITHIN: Duration = Duration::from_secs(20);
const PASSWORD: &str = "hu:sh";
/// `trunkline:hu:sh`, by `base64`.
const BASIC: &str = "dHJ1bmtsaW5lOmh1OnNo";

fn config(hooks: &[(&str, &str)]) -> Config {
    let hook = |(address, password): &(&str, &str)| {
        format!(
            "[[account.hook]]\nid = \"pbx\"\nprovider = \"asterisk\"\naddress = \"{address}\"\n\
             secrets = [\"trunkline:{password}\"]\n"
        )
    };
    let account = Account::new("acme");
    let hooks = hooks.iter().map(hook);
    Config::of([hooks.fold(account, |account, hook| account.section(&hook))])
}

fn rows(service: &Service) -> Vec<Value> {
    service.door("acme").flush();
    let sql = "SELECT call, direction, caller, number, disposition, toUnixTimestamp(started_at), \
               wait_ms, ring_ms, hold_ms, talk_ms, legs.extension, tags FROM trunkline.calls FINAL \
               ORDER BY call FORMAT JSONCompactEachRow";
    let settings = [("output_format_json_quote_64bit_integers", "0")];
    let (status, text) = service.tables().ask(sql, &settings);
    assert_eq!(status, 200, "{text}");
    let rows = text.lines().map(serde_json::from_str);
    rows.map(|row| row.expect("a row")).collect()
}

fn hook(service: &Service) -> Value {
    service.door("acme").get("/v1/admin/hooks", &[]).json()["hooks"][0].clone()
}

#[track_caller]
fn wait_for_events(service: &Service, count: u64) {
    wait_until("the events are in", WITHIN, || {
        hook(service)["events"] == count
    });
}

fn status(service: &Service) -> String {
    let output = Command::new(binary())
        .arg("status")
        .env_remove("TRUNKLINE_CONFIG")
        .args(["--url", &format!("http://127.0.0.1:{}", service.port())])
        .args(["--token", &token("acme", "all")])
        .output()
        .expect("the binary runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// From the times of the transcripts, by metrics.md §2: it rings after 1.25 s, is answered after 6,
/// held from 30 to 35, and its last channel is gone after 65.625 s.
fn plain_call() -> Value {
    json!([
        "pbx:1772452800.50",
        "inbound",
        "+34911222333",
        "+34944555666",
        "answered",
        1_772_452_800,
        4_750,
        4_750,
        5_000,
        54_625,
        ["101"],
        []
    ])
}

#[test]
fn a_call_told_by_the_manager_interface_is_a_row() {
    let exchange = Exchange::listen();
    let address = format!("ami://127.0.0.1:{}", exchange.port());
    let mut service = Service::start(config(&[(&address, PASSWORD)]));
    let mut ami = exchange.ami();
    assert!(ami.log_in(PASSWORD));
    ami.list(&[]);
    let told = sample("ami_plain.txt").replace('\n', "\r\n");
    let (_, told) = told.split_once("\r\n\r\n").expect("the login ends");
    ami.say(told);
    wait_for_events(&service, 6);
    assert_eq!(rows(&service), [plain_call()]);
    let hook = hook(&service);
    assert_eq!(hook["last_event"], "2026-03-02T12:01:05.625Z");
    assert_eq!(hook["link"]["connected"], true);
    let said = status(&service);
    assert!(said.contains("pbx (asterisk): connected for"), "{said}");
    let links = "trunkline_hook_links{provider=\"asterisk\"}";
    let metrics = service.door("acme").metrics();
    assert_eq!(metrics.total(links) as u64, 1);
    assert!(metrics.sums().balance());
    assert!(service.stop().success());
    assert!(ami.ends());
}

#[test]
fn a_call_told_by_the_rest_interface_is_the_same_row() {
    let exchange = Exchange::listen();
    let address = format!(
        "ari+ws://127.0.0.1:{}/ari/events?app=calls",
        exchange.port()
    );
    let service = Service::start(config(&[(&address, PASSWORD)]));
    let (socket, path) = exchange.ari(BASIC);
    assert_eq!(path, "/ari/events?app=calls&subscribeAll=true");
    let mut socket = socket.expect("the login is right");
    exchange.channels("[]");
    socket.send(Message::text("no JSON")).expect("it is read");
    let told = sample("ari_plain.ndjson");
    let (before, after) = told.split_at(told.find("\"ChannelHold\"").expect("it is held"));
    let cut = before.rfind('\n').expect("a line begins");
    for frame in before[..cut].lines() {
        socket.send(Message::text(frame)).expect("it is read");
    }
    wait_for_events(&service, 3);
    // Meanwhile the call goes on, and is listed with both its channels.
    drop(socket);
    let (socket, _) = exchange.ari(BASIC);
    let mut socket = socket.expect("the login is right");
    exchange.channels(
        r#"[{"id": "1772452800.50", "name": "PJSIP/my-trunk-0000000c", "state": "Up"},
            {"id": "1772452800.51", "name": "PJSIP/101-00000051", "state": "Up"}]"#,
    );
    for frame in format!("{}{after}", &before[cut + 1..]).lines() {
        socket.send(Message::text(frame)).expect("it is read");
    }
    wait_for_events(&service, 6);
    assert_eq!(rows(&service), [plain_call()]);
}

/// The blocks of a call without times: they are those of arrival.
fn call(number: u32, phases: &[&str]) -> String {
    let own = format!("1772452800.{number}0");
    let leg = format!("1772452800.{number}1");
    let channel = |id: &str, name: &str, state: u32| {
        format!(
            "Channel: PJSIP/{name}-0000000{number}\r\nChannelState: {state}\r\n\
             CallerIDNum: {}\r\nExten: +34944555666\r\nUniqueid: {id}\r\nLinkedid: {own}\r\n",
            if name == "trunk" {
                "+34911222333"
            } else {
                name
            }
        )
    };
    let event = |name: &str, lines: &str| format!("Event: {name}\r\n{lines}\r\n");
    let mut text = String::new();
    for phase in phases {
        text += &match *phase {
            "dial" => {
                let dest = channel(&leg, "101", 0).replace("\r\n", "\r\nDest");
                let dest = dest.trim_end_matches("Dest");
                let by = channel(&own, "trunk", 4);
                event("Newchannel", &by)
                    + &event("DialBegin", &format!("{by}Dest{dest}DialString: 101\r\n"))
            }
            "ring" => event("Newstate", &channel(&leg, "101", 5)),
            "answer" => event("Newstate", &channel(&leg, "101", 6)),
            "hangup" => {
                event("Hangup", &channel(&leg, "101", 6))
                    + &event("Hangup", &channel(&own, "trunk", 6))
            }
            _ => channel(&own, "trunk", 6) + "\r\n" + &channel(&leg, "101", 6),
        };
    }
    text
}

fn in_list(number: u32) -> Vec<String> {
    let both = call(number, &["list"]);
    let (own, leg) = both.split_once("\r\n\r\n").expect("two channels");
    vec![format!("{own}\r\n"), leg.to_owned()]
}

#[test]
fn a_lost_connection_comes_back_and_ends_what_vanished() {
    let exchange = Exchange::listen();
    let address = format!("ami://127.0.0.1:{}", exchange.port());
    let service = Service::start(config(&[(&address, PASSWORD)]));
    let begin = |exchange: &Exchange, listed: &[String]| -> Ami {
        let mut ami = exchange.ami();
        assert!(ami.log_in(PASSWORD));
        ami.list(listed);
        ami
    };
    let mut ami = begin(&exchange, &[]);
    for number in [1, 2] {
        ami.say(&call(number, &["dial", "ring", "answer"]));
    }
    ami.say(&call(3, &["dial", "ring"]));
    wait_for_events(&service, 8);
    drop(ami);
    wait_until("the loss is told", WITHIN, || {
        hook(&service)["link"]["connected"] == false
    });
    let mut ami = begin(&exchange, &in_list(2));
    wait_for_events(&service, 10);
    let ends = || -> Vec<(Value, Value)> {
        let rows = rows(&service);
        let row = |row: &Value| (row[4].clone(), row[11].clone());
        rows.iter().map(row).collect()
    };
    let gap = json!(["gap"]);
    let vanished = (json!("answered"), gap.clone());
    assert_eq!(ends()[0], vanished);
    assert!(ends().contains(&(json!("timed_out"), gap)), "{:?}", ends());
    // Its telephone hangs up first, which ends the leg, and then the call.
    ami.say(&call(2, &["hangup"]));
    wait_for_events(&service, 12);
    assert_eq!(ends().len(), 3);
    assert_eq!(ends()[1], (json!("answered"), json!([])));
}

#[test]
fn a_refused_login_is_told_and_tried_again_slowly_and_a_reload_mends_it() {
    let exchange = Exchange::listen();
    let address = format!("ami://127.0.0.1:{}", exchange.port());
    let mut service = Service::start(config(&[(&address, "wrong")]));
    assert!(!exchange.ami().log_in(PASSWORD));
    wait_until("the refusal is told", WITHIN, || {
        let link = hook(&service)["link"].clone();
        let detail = link["detail"].as_str().unwrap_or_default();
        link["connected"] == false && detail.contains("Authentication failed")
    });
    let said = status(&service);
    assert!(said.contains("pbx (asterisk): not connected"), "{said}");
    assert!(said.contains("Authentication failed"), "{said}");
    // A lost connection is tried again after half a second.
    let again = exchange.accept_within(Duration::from_secs(4));
    assert!(again.is_none(), "a refused login is tried again at once");

    let mut reload = |hooks: &[(&str, &str)]| {
        service.configure(config(hooks));
        service.write_configuration();
        hang_up(service.pid());
    };
    reload(&[(&address, PASSWORD)]);
    let mut ami = exchange.ami();
    assert!(ami.log_in(PASSWORD));
    ami.list(&[]);
    // Another place: the first connection ends.
    let other = Exchange::listen();
    let there = format!("ami://127.0.0.1:{}", other.port());
    reload(&[(&there, PASSWORD)]);
    assert!(ami.ends());
    let mut ami = other.ami();
    assert!(ami.log_in(PASSWORD));
    ami.list(&[]);
    // No hook: nobody connects any more.
    reload(&[]);
    assert!(ami.ends());
    assert!(other.accept_within(Duration::from_secs(2)).is_none());
    let gone = || service.door("acme").get("/v1/admin/hooks", &[]).json()["hooks"] == json!([]);
    assert!(holds_within(WITHIN, gone));
}
