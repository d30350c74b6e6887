//! What `deploy/` says, tried as far as it goes without containers: the users of its ClickHouse on the real engine, its
//! configuration, its secrets, its systemd unit.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::config::{Account, Config, hex};
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::service::{Service, binary};
use e2e::views::Views;
use sha2::{Digest, Sha256};

fn deploy(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../deploy")
        .join(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(deploy(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

#[test]
fn the_users_of_clickhouse_may_do_what_they_need_and_no_more() {
    let users = read("clickhouse/users.xml");
    let passwords = vec![
        ("CLICKHOUSE_TRUNKLINE_PASSWORD", "secret-t".to_owned()),
        ("CLICKHOUSE_GRAFANA_PASSWORD", "secret-g".to_owned()),
    ];
    let engine = Engine::with_users("secret-t", users.clone(), passwords);
    let settings = format!(
        "url = \"{}\"\nuser = \"trunkline\"\npassword = \"secret-t\"\n",
        engine.url()
    );
    let accounts = [Account::new("main"), Account::new("other")];
    let service = Service::start(Config::of(accounts).warehouse(&settings));
    let thread = Thread::new("1").contact("10:00").manager("ana", "10:05");
    service.door("main").send_flushed(&thread.events());
    let longer = Thread::new("2")
        .contact("10:00")
        .contact("10:01")
        .manager("bea", "10:05");
    service.door("other").send_flushed(&longer.events());

    let as_user =
        |user: &str, password: &str| Views::new(&engine.url(), "trunkline", user, password);
    let grafana = as_user("grafana", "secret-g");
    let counted = "SELECT account, count() FROM v_messages GROUP BY account";
    assert_eq!(grafana.lines(counted), ["main\t2"]);
    for view in grafana.names() {
        assert!(
            users.contains(&format!("<{view}><filter>")),
            "{view} shows all accounts"
        );
        let others = format!("SELECT count() FROM {view} WHERE account != 'main'");
        assert_eq!(grafana.lines(&others), ["0"], "{view}");
    }
    let seen = as_user("trunkline", "secret-t").lines("SELECT uniqExact(account) FROM v_messages");
    assert_eq!(seen, ["2"], "the writer sees all");

    for (sql, code) in [
        ("SELECT count() FROM messages", 497),
        ("SELECT count() FROM trunkline_writer", 497),
        ("INSERT INTO messages (account) VALUES ('main')", 497),
        ("DROP VIEW v_messages", 497),
        ("SELECT * FROM file('/etc/passwd', 'LineAsString')", 497),
    ] {
        let (status, text) = grafana.ask(sql, &[]);
        assert_ne!(status, 200, "{sql}: {text}");
        assert!(text.contains(&format!("Code: {code}")), "{sql}: {text}");
    }
    let (status, text) = grafana.ask("SELECT 1", &[("max_execution_time", "5")]);
    assert_eq!(status, 200, "the plugin sets it with each query: {text}");
    let (_, text) = grafana.ask("SELECT 1", &[("max_memory_usage", "0")]);
    assert!(text.contains("Code: 164"), "{text}");
    let (_, text) = as_user("trunkline", "secret-t").ask("CREATE DATABASE more", &[]);
    assert!(text.contains("Code: 497"), "{text}");
    for (user, password) in [("default", ""), ("grafana", "secret-t"), ("trunkline", "")] {
        let (_, text) = as_user(user, password).ask("SELECT count() FROM v_messages", &[]);
        assert!(
            text.contains("Code: 516") || text.contains("Code: 497"),
            "{user}: {text}"
        );
    }
}

/// Copies what makes `.env` to a folder of its own, makes it there, and reads it.
fn new_env(folder: &Path) -> BTreeMap<String, String> {
    for file in ["new-env", ".env.example"] {
        fs::copy(deploy(file), folder.join(file)).expect("copied");
    }
    let status = Command::new(folder.join("new-env")).status();
    assert!(status.expect("bash").success());
    let text = fs::read_to_string(folder.join(".env")).expect("it was made");
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .filter(|(name, _)| !name.starts_with('#'))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_secrets_are_made_once_and_the_configuration_is_valid_with_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let made = new_env(dir.path());
    let mode = fs::metadata(dir.path().join(".env"))
        .expect("it")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(made.len(), 7, "{:?}", made.keys());
    for name in ["TRUNKLINE_TOKEN", "PROMETHEUS_TOKEN"] {
        assert_eq!(made[name].len(), 48, "{name}");
        let hash = hex(&Sha256::digest(&made[name]));
        assert_eq!(made[&format!("{name}_SHA256")], hash, "{name}");
    }
    let secrets: std::collections::BTreeSet<_> = made.values().collect();
    assert_eq!(secrets.len(), made.len(), "two secrets are the same");
    assert_eq!(new_env(dir.path()), made, "the second run changed it");

    let check = |environment: &BTreeMap<String, String>| {
        Command::new(binary())
            .arg("--config")
            .arg(deploy("trunkline.toml"))
            .args(["config", "check"])
            .env_clear()
            .envs(environment)
            .output()
            .expect("the program")
    };
    let checked = check(&made);
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{said}");
    let unset = check(&BTreeMap::new());
    assert!(!unset.status.success(), "a secret has a default");
}

#[test]
fn the_unit_is_valid() {
    let dir = tempfile::tempdir().expect("a folder");
    let unit = dir.path().join("trunkline.service");
    let installed = "/usr/local/bin/trunkline";
    let program = fs::canonicalize(binary()).expect("the program");
    let text = read("trunkline.service");
    assert!(text.contains(&format!("ExecStart={installed} serve\n")));
    fs::write(&unit, text.replace(installed, &program.to_string_lossy())).expect("written");
    let verified = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&unit)
        .output();
    let Ok(verified) = verified else {
        println!("\nsystemd-analyze IS NOT INSTALLED: the unit was not checked with it\n");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(
        verified.status.success() && said.trim().is_empty(),
        "{said}"
    );
}
