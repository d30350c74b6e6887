//! Exports of providers' call records: they fill in what webhooks missed, and change nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

use e2e::config::{Account, Config, token};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::{Service, binary};
use serde_json::{Value, json};
use trunkline_providers::named;

const SECRET: &str = "zd_secret";

/// Webhooks of a call, as forms, and its row in the export.
struct Call {
    forms: Vec<String>,
    row: String,
}

/// Inbound and answered, inbound and missed, outbound, in turn: one a minute, on 2 March 2026. They come
/// late, so their times are those of the call.
fn zadarma() -> Vec<Call> {
    let call = |number: u32| {
        let start = format!("2026-03-02 10:{number:02}:00");
        let from = format!("+349112223{number:02}");
        let seconds = 40 + number;
        let id = format!(
            "{}_{number:040}",
            if number % 3 == 2 { "out" } else { "in" }
        );
        let parties = match number % 3 {
            2 => format!("internal=101&destination=349112223{number:02}"),
            _ => format!("caller_id=%2B349112223{number:02}&called_did=34944555666"),
        };
        let both = format!("call_start={start}&pbx_call_id={id}&{parties}").replace(' ', "+");
        let form = |event: &str| format!("event={event}&{both}");
        let ended = |how: &str| format!("&duration={seconds}&disposition={how}");
        match number % 3 {
            0 => Call {
                forms: vec![
                    form("NOTIFY_START"),
                    form("NOTIFY_INTERNAL") + "&internal=101",
                    form("NOTIFY_ANSWER") + "&internal=101&destination=34944555666",
                    form("NOTIFY_END") + &ended("answered"),
                ],
                row: format!("{start},{id},{from},101,34944555666,answered,{seconds}"),
            },
            1 => Call {
                forms: vec![
                    form("NOTIFY_START"),
                    form("NOTIFY_INTERNAL") + "&internal=102",
                    form("NOTIFY_END") + &ended("no+answer"),
                ],
                row: format!("{start},{id},{from},102,34944555666,no answer,{seconds}"),
            },
            _ => Call {
                forms: vec![
                    form("NOTIFY_OUT_START"),
                    form("NOTIFY_OUT_END") + &ended("busy"),
                ],
                row: format!("{start},{id},101,{},,busy,{seconds}", &from[1..]),
            },
        }
    };
    (0..12).map(call).collect()
}

/// Calls from outside that one telephone of ours answers, each with its leg, told at its end alone, as
/// Twilio does by default.
fn twilio() -> Vec<Call> {
    let call = |number: u32| {
        let from = format!("349112223{number:02}");
        let ended = format!("Mon, 02 Mar 2026 10:{number:02}:50 +0000");
        let form = |sid: &str, more: &str, length: u32| {
            let at = ended.replace(' ', "+").replace("+0000", "%2B0000");
            format!(
                "CallSid={sid}&{more}&CallStatus=completed&CallDuration={length}&Timestamp={at}"
            )
        };
        let (own, leg) = (format!("CAa{number:031}"), format!("CAb{number:031}"));
        let dialled =
            format!("ParentCallSid={own}&From=%2B{from}&To=client:berta&Direction=outbound-dial");
        let came = format!("From=%2B{from}&To=%2B34944555666&Direction=inbound");
        let row = |sid: &str, parent: Option<&str>, to: &str, direction: &str, length: u32| {
            json!({ "sid": sid, "parent_call_sid": parent, "from": format!("+{from}"), "to": to,
                "direction": direction, "status": "completed", "duration": length.to_string(),
                "start_time": format!("Mon, 02 Mar 2026 10:{number:02}:{:02} +0000", 50 - length),
                "end_time": ended })
            .to_string()
        };
        let rows = [
            row(&own, None, "+34944555666", "inbound", 45),
            row(&leg, Some(&own), "client:berta", "outbound-dial", 30),
        ];
        Call {
            forms: vec![form(&leg, &dialled, 30), form(&own, &came, 45)],
            row: rows.join("\n"),
        }
    };
    (0..12).map(call).collect()
}

fn send(service: &Service, provider: &str, hook: &str, calls: &[Call]) {
    let provider = named(provider).expect("it is a provider");
    for form in calls.iter().flat_map(|call| &call.forms) {
        let mut webhook = Webhook::json(&format!("/v1/hooks/{hook}"), form);
        let form = "application/x-www-form-urlencoded"
            .parse()
            .expect("a value");
        webhook.headers.insert("content-type", form);
        let webhook = webhook.signed(provider, SECRET);
        webhook.send(service.port()).expect_status(200);
    }
}

fn import(service: &Service, token: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(binary())
        .arg("import")
        .args(arguments)
        .env_remove("TRUNKLINE_CONFIG")
        .args(["--url", &format!("http://127.0.0.1:{}", service.port())])
        .args(["--token", token])
        .output()
        .expect("the binary runs");
    let said = [&output.stdout[..], &output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// The calls of a hook, without what tells hooks and the ways of a call apart.
fn rows(service: &Service, account: &str) -> Vec<Value> {
    service.door(account).flush();
    let sql = format!(
        "SELECT splitByChar(':', call)[2] AS id, direction, caller, number, disposition, started_at, \
         ended_at, wait_ms, ring_ms, talk_ms, legs.extension, legs.talk_ms FROM trunkline.calls FINAL \
         WHERE account = '{account}' ORDER BY id FORMAT JSONCompactEachRow"
    );
    let (status, text) = service.tables().ask(&sql, &[]);
    assert_eq!(status, 200, "{text}");
    let rows = text.lines().map(serde_json::from_str);
    rows.map(|row| row.expect("a row")).collect()
}

fn fills_gaps(provider: &str, calls: &[Call], file: &str, text: &str) {
    let account = |id: &str| {
        Account::new(id).section(&format!(
            "[[account.hook]]\nid = \"pbx-{id}\"\nprovider = \"{provider}\"\nsecrets = [\"{SECRET}\"]\n"
        ))
    };
    let config = Config::of([account("whole"), account("half")]);
    let service = Service::start(config.server(&format!("public_url = \"{PUBLIC}\"\n")));
    send(&service, provider, "pbx-whole", calls);
    let half: Vec<&Call> = calls.iter().step_by(2).collect();
    for call in &half {
        send(&service, provider, "pbx-half", std::slice::from_ref(*call));
    }
    let expected = rows(&service, "whole");
    assert_eq!(expected.len(), calls.len());
    assert_eq!(rows(&service, "half").len(), half.len());

    let dir = tempfile::tempdir().expect("a directory");
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let write = |path: &str, text: &str| fs::write(Path::new(path), text).expect("written");
    let export = path(file);
    write(&export, text);
    let own = [
        "--provider",
        provider,
        "--hook",
        "pbx-half",
        "--timezone",
        "UTC",
    ];
    let run = |file: &str| {
        let arguments = [&own[..], &[file]].concat();
        let (well, said) = import(&service, &token("half", "ingest"), &arguments);
        assert!(well, "{said}");
    };
    run(&export);
    assert_eq!(rows(&service, "half"), expected);
    // The same again, and as another file, with a line at the end that makes another run of it.
    run(&export);
    let other = path(&format!("again-{file}"));
    write(&other, &format!("{text}\n"));
    let accepted = || service.door("half").metrics().sums().observed;
    let before = accepted();
    run(&other);
    assert_eq!(rows(&service, "half"), expected);
    assert_eq!(accepted(), before);
    // Webhooks that come after all are known.
    send(&service, provider, "pbx-half", calls);
    assert_eq!(rows(&service, "half"), expected);
    assert_eq!(accepted(), before);
    assert_eq!(rows(&service, "whole"), expected);

    // A hook of another account is none.
    let (well, said) = import(
        &service,
        &token("whole", "ingest"),
        &[&own[..], &[&export]].concat(),
    );
    assert!(
        !well && said.contains("no hook of the token's account"),
        "{said}"
    );
    let posted = service.door("whole").post_to("/v1/events?hook=pbx-half");
    posted.expect_problem(400, "bad_parameter");
}

#[test]
fn zadarmas_statistics_fill_in_what_webhooks_missed() {
    let calls = zadarma();
    let rows: Vec<&str> = calls.iter().map(|call| call.row.as_str()).collect();
    let head = "callstart,pbx_call_id,clid,destination,called_did,disposition,seconds";
    let text = format!("{head}\n{}\n", rows.join("\n"));
    fills_gaps("zadarma", &calls, "calls.csv", &text);
}

#[test]
fn twilios_list_of_calls_fills_in_what_webhooks_missed() {
    let calls = twilio();
    let rows: Vec<&str> = calls.iter().map(|call| call.row.as_str()).collect();
    fills_gaps(
        "twilio",
        &calls,
        "calls.ndjson",
        &format!("{}\n", rows.join("\n")),
    );
}
