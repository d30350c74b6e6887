//! `trunkline status` and `trunkline doctor` beside a real service, and without one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::clock::wait_until;
use e2e::config::{Account, Config, token};
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::service::{Service, binary, free_port};

/// Runs a command; returns its exit code and all that it said.
fn run(directory: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String) {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null());
    for name in ["TRUNKLINE_CONFIG", "TRUNKLINE_URL", "TRUNKLINE_TOKEN"] {
        command.env_remove(name);
    }
    let output = command
        .envs(environment.iter().copied())
        .output()
        .expect("the binary runs");
    let text = [&output.stdout[..], &output.stderr].concat();
    let code = output.status.code().expect("an exit code");
    (code, String::from_utf8(text).expect("text"))
}

#[track_caller]
fn says(text: &str, all: &[&str]) {
    for said in all {
        assert!(text.contains(said), "`{said}` is missing:\n{text}");
    }
}

fn status(service: &Service, token: &str) -> (i32, String) {
    let url = format!("http://127.0.0.1:{}", service.port());
    let options = ["status", "--seconds", "1", "--url", &url];
    run(Path::new("/"), &options, &[("TRUNKLINE_TOKEN", token)])
}

fn doctor(service: &Service) -> (i32, String) {
    let data = service.data_dir();
    let config = data.with_file_name("trunkline.toml");
    let config = config.to_string_lossy();
    run(Path::new("/"), &["--config", &config, "doctor"], &[])
}

#[test]
fn status_says_how_a_service_stands_and_what_to_do_about_it() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    door.send_flushed(
        &Thread::new("1")
            .contact("10:00")
            .manager("ana", "10:04")
            .events(),
    );
    let (code, text) = status(&service, "");
    assert_eq!(code, 0, "{text}");
    says(
        &text,
        &[
            "ready, up for",
            "clickhouse  up; it has every row",
            "journal     writable",
            "appended 2 = observed 2 + duplicate 0",
            "Nothing is out of order.",
        ],
    );
    assert!(!text.contains("Last refused"), "{text}");

    let bad = br#"{"type":"dance","id":"1"}"#;
    door.post("application/json", None, bad).expect_status(400);
    let (code, text) = status(&service, &token("acme", "all"));
    assert_eq!(code, 0, "{text}");
    says(
        &text,
        &[
            "1 events were refused since the start",
            "> correct the sender",
            "unknown_type: ",
        ],
    );
    let (_, text) = status(&service, &token("acme", "read"));
    says(&text, &["need a token with the scope admin"]);

    service.stop();
}

#[test]
fn a_clickhouse_that_is_away_is_told_with_what_to_do() {
    let mut engine = Engine::start();
    let config = Config::acme().warehouse(&engine.settings(engine.password()));
    let mut service = Service::start(config);
    let door = service.door("acme");
    let (code, text) = doctor(&service);
    assert_eq!(code, 0, "{text}");
    says(
        &text,
        &[
            "ok       clickhouse",
            "answers to \"trunkline\"; version 26.7.",
        ],
    );
    engine.kill9();
    door.send(&Thread::new("2").contact("11:00").events());
    wait_until("a failed flush", Duration::from_secs(30), || {
        service.warehouse_state() == "down"
    });
    let (code, text) = status(&service, "");
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "clickhouse  down (unreachable); 1 records behind",
            "! ClickHouse is down (unreachable)",
            "> see whether it runs and warehouse.url is right",
        ],
    );
    let (code, text) = doctor(&service);
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "PROBLEM  clickhouse",
            "> start it, or correct warehouse.url",
        ],
    );
    service.stop();
}

#[test]
fn without_a_service_status_says_how_to_start_one() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let (code, text) = run(Path::new("/"), &["status", "--url", &url], &[]);
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "no service answers at",
            "trunkline serve",
            "Connection refused",
        ],
    );
    let (code, _) = run(Path::new("/"), &["status", "--seconds", "0"], &[]);
    assert_eq!(code, 2);
}

#[test]
fn doctor_beside_a_running_service_disturbs_nothing() {
    let mut service = Service::start(Config::of([Account::new("acme")]));
    let door = service.door("acme");
    door.send_flushed(&Thread::new("1").contact("10:00").events());
    let running = format!("process {} (trunkline", service.pid());
    let (code, text) = doctor(&service);
    assert_eq!(code, 0, "{text}");
    says(
        &text,
        &[
            "valid; accounts 1, tokens 3",
            &format!("ok       service         {running}"),
            "headers and last segment are whole, in use",
            "loads; ClickHouse 26.7.",
            &format!("127.0.0.1:{} is listened on by {running}", service.port()),
            "problems 0",
        ],
    );
    door.send_flushed(&Thread::new("2").contact("10:00").events());
    assert_eq!(door.metrics().sums().observed, 2);
    assert!(service.stop().success());

    let (code, text) = doctor(&service);
    assert_eq!(code, 0, "{text}");
    says(
        &text,
        &[
            "none runs on this data folder",
            "whole, stopped cleanly",
            "is free",
        ],
    );
}

#[test]
fn doctor_names_each_problem_and_how_to_mend_it() {
    let mut service = Service::start(Config::acme());
    service
        .door("acme")
        .send_flushed(&Thread::new("1").contact("10:00").events());
    service.stop();
    let data = service.data_dir();
    let credentials = data.join("clickhouse/credentials");
    fs::set_permissions(&credentials, fs::Permissions::from_mode(0o644)).unwrap();
    let journal = data.join("journal");
    let segment = fs::read_dir(&journal).unwrap().flatten();
    let segment = segment
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|it| it == "seg"));
    let segment = segment.expect("a segment");
    let whole = fs::read(&segment).unwrap();
    let mut damaged = whole.clone();
    damaged[20] ^= 1;
    fs::write(&segment, damaged).unwrap();
    let (code, text) = doctor(&service);
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "PROBLEM  permissions",
            &format!("> chmod 600 {}", credentials.display()),
            "PROBLEM  journal",
            "> bring the segment back from a backup",
            "problems 2",
        ],
    );
    fs::write(&segment, whole).unwrap();

    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = held.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("libchdb.so"), "no library").unwrap();
    let toml = format!(
        "[server]\nlisten = \"{listen}\"\n[warehouse]\nengine = \"{}/libchdb.so\"\n",
        dir.path().display()
    );
    fs::write(dir.path().join("mine.toml"), toml).unwrap();
    let (code, text) = run(dir.path(), &["--config", "mine.toml", "doctor"], &[]);
    assert_eq!(code, 1, "{text}");
    says(
        &text,
        &[
            "warning  configuration",
            "nobody can log in",
            "PROBLEM  engine",
            "does not load",
            "PROBLEM  port",
            &format!("is taken by process {}", std::process::id()),
        ],
    );
    assert!(!dir.path().join("data").exists(), "it made a folder");

    fs::write(dir.path().join("mine.toml"), "[server]\nlistne = \"x\"\n").unwrap();
    let (code, text) = run(dir.path(), &["--config", "mine.toml", "doctor"], &[]);
    assert_eq!(code, 1, "{text}");
    says(&text, &["PROBLEM  configuration", "did you mean `listen`?"]);
}
