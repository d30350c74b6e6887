//! Offline conversions from the doors to those who count clicks: `GET /v1/conversions`, files, and
//! requests to stand-ins that take only what the vendors' documents allow.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use chrono::DateTime;
use e2e::clock::{HOUR, MINUTE, holds_within, wall};
use e2e::config::{Account, Config, hex, token};
use e2e::counter::{Counter, Fault, Vendor};
use e2e::service::{Service, binary};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const PIPELINE: &str = "[[account.pipeline]]\nid = \"p\"\nstages = [{ id = \"new\" }, \
                        { id = \"sold\", kind = \"won\" }]\n";
pub(super) const WON: &str = "won=customers/1234567890/conversionActions/11";
const LEAD: &str = "lead=customers/1234567890/conversionActions/22";
const CALL: &str = "call=customers/1234567890/conversionActions/22";

pub(super) fn start_with(sections: &[&str]) -> Service {
    let hash = hex(&Sha256::digest(token("acme", "phones")));
    let account = Account::new("acme")
        .setting("currency = \"EUR\"")
        .section(PIPELINE)
        .section(&format!(
            "[[account.token]]\nname = \"phones\"\nsha256 = \"{hash}\"\n\
             scopes = [\"read\", \"read:phones\"]\n"
        ))
        .restricted("some", "managers = [\"ana\"]");
    let account = sections
        .iter()
        .fold(account, |account, section| account.section(section));
    Service::start(Config::of([account]))
}

fn start() -> Service {
    start_with(&[])
}

fn time(ms: i64) -> String {
    let at = DateTime::from_timestamp_millis(ms).expect("a time");
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

/// The life of a contact: a form after a click, a call, a lead, a win; `hours` ago.
pub(super) fn life(nth: usize, hours: i64, click: (&str, &str)) -> Vec<Value> {
    let (contact, phone) = (format!("c{nth}"), format!("+34600000{nth:03}"));
    let began = wall() - hours * HOUR;
    let at = |minutes: i64| time(began + minutes * MINUTE);
    let mut form = json!({"type": "form", "form": format!("f{nth}"), "at": at(0), "phone": phone,
        "contact": contact, "source": "google", "medium": "cpc"});
    if !click.0.is_empty() {
        form[click.0] = json!(click.1);
    }
    let call = |minutes: i64, phase: &str| {
        json!({"type": "call", "call": format!("call{nth}"), "phase": phase, "at": at(minutes),
            "direction": "inbound", "from": phone, "to": "+34910000001", "manager": "ana"})
    };
    let lead = |minutes: i64, change: &str, stage: &str| {
        json!({"type": "lead", "lead": format!("l{nth}"), "change": change, "at": at(minutes),
            "pipeline": "p", "stage": stage, "contacts": [contact], "amount": "120.50"})
    };
    vec![
        json!({"type": "contact", "contact": contact, "change": "created", "at": at(-1), "phone": phone}),
        form,
        call(10, "started"),
        call(11, "answered"),
        call(14, "ended"),
        lead(15, "created", "new"),
        lead(30, "moved", "sold"),
    ]
}

pub(super) fn send(service: &Service, events: &[Value]) {
    let door = service.door("acme");
    door.post_json(&json!(events)).expect_status(202);
    door.flush();
}

/// Five lives: of a click that is taken, of four odd ones, and one without a click.
fn lives() -> Vec<Value> {
    let clicks = [
        ("gclid", "G-good"),
        ("wbraid", "W-good"),
        ("gclid", "G-expired"),
        ("gclid", "G-fresh"),
        ("", ""),
    ];
    let lives = clicks.iter().enumerate();
    lives
        .flat_map(|(nth, click)| life(nth, 30, *click))
        .collect()
}

fn export(service: &Service, arguments: &[&str]) -> Output {
    ask(service.port(), arguments)
}

/// Runs the command against the service on a port.
fn ask(port: u16, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .args(["export", "conversions"])
        .args(arguments)
        .env_remove("TRUNKLINE_CONFIG")
        .env("TRUNKLINE_URL", format!("http://127.0.0.1:{port}"))
        .env("TRUNKLINE_TOKEN", token("acme", "phones"))
        .stdin(Stdio::null());
    command.output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(error)
    )
}

/// Runs an export that ends with this code, and returns what it said.
#[track_caller]
fn ends(service: &Service, code: i32, arguments: &[&str]) -> String {
    let output = export(service, arguments);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
    text
}

/// Says how many of a summary stand behind a name.
pub(super) fn count(text: &str, name: &str) -> usize {
    let line = text.lines().find(|line| {
        let line = line.trim_start();
        line.strip_prefix(|c: char| c.is_ascii_digit()).is_some()
            && (line.ends_with(&format!("  {name}")) || line.contains(&format!("  {name}:")))
    });
    let number = line.and_then(|line| line.split_whitespace().next());
    number.map_or(0, |number| number.parse().expect("a count"))
}

/// What may become of a conversion.
const ENDS: [&str; 10] = [
    "would be sent",
    "sent",
    "known there",
    "good",
    "bad",
    "done before",
    "wait",
    "not tried",
    "given up",
    "left out",
];

/// Asserts that each conversion of a run is in exactly one of the counts.
#[track_caller]
fn balanced(text: &str) {
    let all = text
        .lines()
        .find_map(|line| line.split_once(": ")?.1.strip_suffix(" conversions"));
    let all: usize = all.and_then(|all| all.parse().ok()).expect("a summary");
    let counted: usize = ENDS.iter().map(|name| count(text, name)).sum();
    assert_eq!(counted, all, "{text}");
}

pub(super) struct Pushed<'a> {
    service: &'a Service,
    pub(super) counter: Counter,
    dir: TempDir,
    options: Vec<String>,
}

impl<'a> Pushed<'a> {
    pub(super) fn to(service: &'a Service, vendor: Vendor, to: &str, actions: &[&str]) -> Self {
        let (counter, dir) = (Counter::start(vendor), TempDir::new().expect("a folder"));
        let file = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
        fs::write(file("headers"), counter.headers()).expect("written");
        let mut options: Vec<String> = ["--to", to, "--patience", "3s", "--push"]
            .map(str::to_owned)
            .into();
        options.push(counter.address());
        options.extend([
            "--state".into(),
            file("state"),
            "--headers".into(),
            file("headers"),
        ]);
        for action in actions {
            options.extend(["--action".to_owned(), (*action).to_owned()]);
        }
        Self {
            service,
            counter,
            dir,
            options,
        }
    }

    #[track_caller]
    pub(super) fn run(&self, code: i32, more: &[&str]) -> String {
        let options = self.options.iter().map(String::as_str);
        let text = ends(
            self.service,
            code,
            &options.chain(more.iter().copied()).collect::<Vec<_>>(),
        );
        assert_eq!(self.counter.wrong(), Vec::<String>::new(), "{text}");
        balanced(&text);
        text
    }

    /// Begins a run, to be killed.
    pub(super) fn spawn(&self) -> Child {
        let mut command = Command::new(binary());
        let address = format!("http://127.0.0.1:{}", self.service.port());
        command
            .args(["export", "conversions"])
            .args(&self.options)
            .env_remove("TRUNKLINE_CONFIG")
            .env("TRUNKLINE_URL", address)
            .env("TRUNKLINE_TOKEN", token("acme", "phones"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    }

    pub(super) fn counted(&self, name: &str) -> Vec<String> {
        let counted = self.counter.counted();
        let mut ids: Vec<_> = counted.iter().map(|one| one[name].to_string()).collect();
        ids.sort();
        ids
    }

    fn state(&self) -> String {
        self.dir.path().join("state").to_string_lossy().into_owned()
    }
}

#[test]
fn google_ads_takes_each_conversion_once_whatever_fails() {
    let service = start();
    send(&service, &lives());
    let push = Pushed::to(&service, Vendor::GoogleClicks, "google-ads", &[WON, LEAD]);
    // What is only checked is not remembered.
    let checked = push.run(1, &["--validate"]);
    assert_eq!(
        (count(&checked, "good"), count(&checked, "bad")),
        (4, 4),
        "{checked}"
    );
    assert!(push.counter.counted().is_empty());
    // The answer gets lost after Google has counted, and then Google is away for two requests.
    push.counter
        .fail(&[Fault::Lost, Fault::Status(503), Fault::Status(429)]);
    let first = push.run(1, &[]);
    let told = ["known there", "given up", "wait", "no_click_id"].map(|name| count(&first, name));
    assert_eq!(told, [4, 2, 2, 2], "{first}");
    assert!(
        first.contains("EXPIRED_EVENT") && first.contains("TOO_RECENT_EVENT"),
        "{first}"
    );
    let ids = push.counted("orderId");
    assert_eq!(ids.len(), 4, "{ids:?}");
    // Later runs send nothing again but what waits.
    let again = push.run(1, &[]);
    let told = ["done before", "wait", "given up", "sent"].map(|name| count(&again, name));
    assert_eq!(told, [6, 2, 0, 0], "{again}");
    // A new win alone is sent.
    send(&service, &life(7, 20, ("gclid", "G-new")));
    let new = push.run(1, &[]);
    assert_eq!(
        (count(&new, "sent"), count(&new, "done before")),
        (2, 6),
        "{new}"
    );
    let dead = ends(
        &service,
        0,
        &["--to", "google-ads", "--state", &push.state(), "--dead"],
    );
    assert_eq!(dead.matches("EXPIRED_EVENT").count(), 2, "{dead}");
    assert!(dead.contains("2 given up"), "{dead}");
    let retried = push.run(1, &["--retry-dead"]);
    assert_eq!(
        (count(&retried, "given up"), count(&retried, "wait")),
        (2, 2),
        "{retried}"
    );
    assert_eq!(push.counted("orderId").len(), 6);
    for one in push.counter.counted() {
        assert_eq!(one["conversionValue"], 120.5, "{one}");
        assert_eq!(one["currencyCode"], "EUR", "{one}");
    }
}

#[test]
fn calls_are_told_with_whole_numbers_and_a_wrong_login_stops_the_run() {
    let service = start();
    send(&service, &lives());
    let push = Pushed::to(
        &service,
        Vendor::GoogleCalls,
        "google-ads-calls",
        &[CALL, WON],
    );
    let headers = push.dir.path().join("headers");
    let good = fs::read_to_string(&headers).expect("headers");
    fs::write(&headers, "Authorization: Bearer old\n").expect("written");
    let stopped = push.run(1, &[]);
    assert!(stopped.contains("stopped: 401 no login"), "{stopped}");
    assert_eq!(count(&stopped, "wait"), 10, "{stopped}");
    fs::write(&headers, good).expect("written");
    let sent = push.run(0, &[]);
    assert_eq!(count(&sent, "sent"), 10, "{sent}");
    let callers = push.counted("callerId");
    assert_eq!(callers[..2], ["\"+34600000000\"", "\"+34600000000\""]);
    let masked = service.door("acme").get(
        "/v1/conversions",
        &[("kind", "call"), ("from", &time(wall() - 40 * HOUR))],
    );
    let masked = masked.expect_status(200).json();
    let phone = masked["conversions"][0]["phone"]
        .as_str()
        .expect("a number");
    assert!(phone.starts_with("+3***000"), "{phone}");
    let some = service.door("acme").with_token(&token("acme", "some"));
    some.get("/v1/conversions", &[])
        .expect_problem(403, "forbidden");
}

#[test]
fn files_are_the_templates_and_a_scheduled_one_has_only_what_is_new() {
    let service = start();
    send(&service, &lives());
    let dir = TempDir::new().expect("a folder");
    let path = |name: &str| dir.path().join(name).to_string_lossy().into_owned();
    let (first, second, state) = (path("1.csv"), path("2.csv"), path("state"));
    let sale = ["--to", "google-ads", "--action", "won=Sale"];
    let dry = ends(&service, 0, &[&sale[..], &["--dry-run"]].concat());
    assert_eq!(
        (count(&dry, "would be sent"), count(&dry, "left out")),
        (4, 1),
        "{dry}"
    );
    let run = |out: &str| {
        ends(
            &service,
            0,
            &[&sale[..], &["--state", &state, "--out", out]].concat(),
        )
    };
    run(&first);
    let text = fs::read_to_string(&first).expect("the file");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "Parameters:TimeZone=+0000");
    assert!(
        lines[1].starts_with("Google Click ID,GBRAID,WBRAID,Conversion Name,"),
        "{text}"
    );
    assert_eq!(lines.len(), 6, "{text}");
    assert!(
        lines.iter().any(|line| line.starts_with(",,W-good,Sale,")),
        "{text}"
    );
    let twice = ends(
        &service,
        1,
        &[&sale[..], &["--state", &state, "--out", &first]].concat(),
    );
    assert!(twice.contains("is there"), "{twice}");
    send(&service, &life(7, 20, ("gclid", "G-new")));
    run(&second);
    let text = fs::read_to_string(&second).expect("the file");
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.contains("G-new,,,Sale,"), "{text}");
    private(Path::new(&second));
}

#[track_caller]
fn private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).expect("the file").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn metrica_is_sent_nothing_twice_even_if_an_answer_is_lost() {
    let service = start();
    let mut events = life(0, 30, ("yclid", "13591247640966458"));
    events.extend(life(1, 30, ("yclid", "13591247640966459")));
    send(&service, &events);
    let push = Pushed::to(
        &service,
        Vendor::Metrica,
        "yandex-metrica",
        &["won=order_confirmed"],
    );
    push.counter.fail(&[Fault::Status(500), Fault::Lost]);
    let lost = push.run(1, &[]);
    assert_eq!(
        (count(&lost, "given up"), push.counter.counted().len()),
        (2, 2),
        "{lost}"
    );
    assert!(lost.contains("may have been taken"), "{lost}");
    push.run(0, &[]);
    assert_eq!(
        (push.counter.requests(), push.counter.counted().len()),
        (2, 2)
    );
    send(&service, &life(2, 20, ("yclid", "13591247640966460")));
    let sent = push.run(0, &[]);
    assert_eq!(count(&sent, "sent"), 1, "{sent}");
    assert_eq!(push.counter.counted()[2]["Target"], "order_confirmed");
    let calls = Pushed::to(&service, Vendor::MetricaCalls, "yandex-metrica-calls", &[]);
    let sent = calls.run(0, &[]);
    assert_eq!(count(&sent, "sent"), 3, "{sent}");
    let mut phones = calls.counted("PhoneNumber");
    phones.dedup();
    assert_eq!(phones.len(), 3, "{phones:?}");
}

/// A service that knows three events of one visitor and nothing else.
fn stands_for_service(answers: usize) -> (u16, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let one = |nth: usize, hours: i64| {
        json!({"id": format!("lead-{nth}"), "kind": "lead", "at": time(wall() - hours * HOUR),
            "value": "19.90", "currency": "EUR", "ga_client_id": "1234567890.1700000000"})
    };
    let page = json!({"conversions": [one(1, 1), one(2, 71), one(3, 73)], "cursor": null});
    let serve = move || {
        for _ in 0..answers {
            let (stream, _) = listener.accept().expect("a question");
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let body = page.to_string();
            let head = format!("HTTP/1.1 200 x\r\ncontent-length: {}\r\n\r\n", body.len());
            (&stream)
                .write_all((head + &body).as_bytes())
                .expect("told");
        }
    };
    (port, std::thread::spawn(serve))
}

#[test]
fn analytics_is_told_of_the_last_72_hours_once() {
    let (port, service) = stands_for_service(3);
    let (counter, dir) = (
        Counter::start(Vendor::Ga4),
        TempDir::new().expect("a folder"),
    );
    let state = dir.path().join("state").to_string_lossy().into_owned();
    let address = counter.address();
    let base = ["--to", "ga4", "--push", &address];
    let run = |more: &[&str]| {
        let output = ask(port, &[&base[..], more].concat());
        let text = said(&output);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert_eq!(counter.wrong(), Vec::<String>::new(), "{text}");
        balanced(&text);
        text
    };
    let checked = run(&["--validate"]);
    assert_eq!(
        (count(&checked, "good"), count(&checked, "too_old")),
        (2, 1),
        "{checked}"
    );
    let sent = run(&["--state", &state]);
    assert_eq!(
        (count(&sent, "sent"), count(&sent, "left out")),
        (2, 1),
        "{sent}"
    );
    let again = run(&["--state", &state]);
    assert_eq!(count(&again, "done before"), 2, "{again}");
    let told = counter.counted();
    assert_eq!((told.len(), &told[0]["name"]), (2, &json!("generate_lead")));
    assert_eq!(told[0]["client_id"], "1234567890.1700000000");
    assert_eq!(
        told[0]["params"],
        json!({"transaction_id": "lead-2", "value": 19.9, "currency": "EUR"})
    );
    assert!(
        !sent.contains("s-1"),
        "a secret of the address is told: {sent}"
    );
    service.join().expect("it ended");
}

#[test]
fn what_a_crash_interrupted_is_given_up_where_it_might_be_counted_twice() {
    let (port, service) = stands_for_service(2);
    let (counter, dir) = (
        Counter::start(Vendor::Ga4),
        TempDir::new().expect("a folder"),
    );
    let state = dir.path().join("state");
    let now = time(wall());
    let sending =
        json!({"id": "lead-1", "kind": "lead", "at": now, "stage": "sending", "since": now});
    let lines = format!("{}\n{sending}\n", json!({"conversions_to": "ga4"}));
    fs::write(&state, lines).expect("written");
    let (state, address) = (state.to_string_lossy(), counter.address());
    let run = || {
        let push = ["--to", "ga4", "--push", &address, "--state", &state];
        let output = ask(port, &push);
        balanced(&said(&output));
        (output.status.code(), said(&output))
    };
    let (code, text) = run();
    assert_eq!(
        (code, count(&text, "given up"), count(&text, "sent")),
        (Some(1), 1, 1),
        "{text}"
    );
    assert!(
        text.contains("interrupted while it was being sent"),
        "{text}"
    );
    let (code, text) = run();
    assert_eq!((code, count(&text, "done before")), (Some(0), 2), "{text}");
    assert_eq!(counter.counted().len(), 1);
    service.join().expect("it ended");
}

#[test]
fn a_run_every_second_sends_what_is_new() {
    let service = start();
    send(&service, &life(0, 30, ("gclid", "G-1")));
    let push = Pushed::to(&service, Vendor::GoogleClicks, "google-ads", &[WON]);
    let mut command = Command::new(binary());
    let options = push.options.iter().map(String::as_str);
    command
        .args(["export", "conversions", "--every", "1s"])
        .args(options)
        .env_remove("TRUNKLINE_CONFIG")
        .env(
            "TRUNKLINE_URL",
            format!("http://127.0.0.1:{}", service.port()),
        )
        .env("TRUNKLINE_TOKEN", token("acme", "phones"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary runs");
    let reached = |many| {
        holds_within(Duration::from_secs(20), || {
            push.counter.counted().len() == many
        })
    };
    let first = reached(1);
    send(&service, &life(1, 20, ("gclid", "G-2")));
    let second = reached(2);
    child.kill().expect("it ran");
    child.wait().expect("it ended");
    assert!(first && second, "{:?}", push.counter.wrong());
    let text = push.run(0, &[]);
    assert_eq!(
        (count(&text, "done before"), push.counter.counted().len()),
        (2, 2),
        "{text}"
    );
}

#[test]
fn wrong_calls_are_told_before_anything_is_asked() {
    let service = start();
    for (arguments, word) in [
        (&["--to", "google-ads", "--dry-run"][..], "--action won="),
        (&["--to", "facebook", "--dry-run"], "google-ads-calls"),
        (&["--to", "ga4"], "--out"),
        (
            &["--to", "ga4", "--push", "http://127.0.0.1:1/"],
            "--push needs --state",
        ),
        (
            &["--to", "ga4", "--format", "csv", "--out", "x"],
            "takes no files of this format",
        ),
        (
            &["--to", "ga4", "--action", "won=ga_x", "--dry-run"],
            "keeps this name for itself",
        ),
        (
            &["--to", "ga4", "--action", "buy=x", "--dry-run"],
            "is none of call, target_call",
        ),
        (
            &[
                "--to",
                "google-ads",
                "--action",
                "won=Sale",
                "--push",
                "http://x/",
                "--state",
                "s",
            ],
            "resource name",
        ),
        (
            &[
                "--to",
                "yandex-metrica",
                "--action",
                "won=x",
                "--push",
                "http://x/",
                "--validate",
            ],
            "no way to check",
        ),
    ] {
        let text = ends(&service, 2, arguments);
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
    let help = ends(&service, 0, &["--help"]);
    assert!(
        help.contains("Examples:") && help.contains("--state"),
        "{help}"
    );
}
