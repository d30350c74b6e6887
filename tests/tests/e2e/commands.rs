//! The commands besides `serve`, and the first start of all.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use e2e::clock::holds_within;
use e2e::doors::Door;
use e2e::events::Thread;
use e2e::service::{binary, free_port, terminate};
use serde_json::Value;

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .current_dir(directory)
        .env_remove("TRUNKLINE_CONFIG");
    command.output().expect("the binary runs")
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn the_example_configuration_passes_its_own_check_and_a_typo_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let example = run(dir.path(), &["config", "example"]);
    assert!(example.status.success(), "{}", said(&example));
    let path = dir.path().join("trunkline.toml");
    fs::write(&path, &example.stdout).unwrap();
    let checked = run(
        dir.path(),
        &["--config", "trunkline.toml", "config", "check"],
    );
    assert!(checked.status.success(), "{}", said(&checked));

    let typo = String::from_utf8(example.stdout)
        .unwrap()
        .replace("data_dir", "data_dri");
    fs::write(&path, typo).unwrap();
    let checked = run(
        dir.path(),
        &["--config", "trunkline.toml", "config", "check"],
    );
    assert_eq!(checked.status.code(), Some(1), "{}", said(&checked));
    let error = String::from_utf8_lossy(&checked.stderr).into_owned();
    assert!(
        error.contains("data_dri") && error.contains("data_dir"),
        "{error}"
    );
    let served = run(dir.path(), &["--config", "trunkline.toml", "serve"]);
    assert!(!served.status.success(), "it serves with a bad file");
}

#[test]
fn wrong_calls_end_with_2_and_every_command_has_help_with_an_example() {
    let dir = tempfile::tempdir().unwrap();
    for wrong in [&["dance"][..], &["serve", "--fast"], &["journal"], &[]] {
        assert_eq!(run(dir.path(), wrong).status.code(), Some(2), "{wrong:?}");
    }
    for command in [
        &["serve"][..],
        &["demo"],
        &["status"],
        &["doctor"],
        &["token", "new"],
        &["config", "example"],
        &["config", "check"],
        &["events", "schema"],
        &["journal", "verify"],
        &["migrate", "status"],
        &["import"],
        &["pool", "size"],
        &["simulate"],
        &["completions"],
    ] {
        let help = run(dir.path(), &[command, &["--help"]].concat());
        assert!(help.status.success(), "{command:?}");
        let text = String::from_utf8_lossy(&help.stdout).into_owned();
        assert!(text.contains("Example"), "{command:?}: {text}");
    }
    let nothing = run(
        dir.path(),
        &["journal", "verify", "--data-dir", "./nowhere"],
    );
    assert_eq!(nothing.status.code(), Some(1), "{}", said(&nothing));
}

#[test]
fn completions_complete_in_bash_and_name_every_command_for_every_shell() {
    let dir = tempfile::tempdir().unwrap();
    let help = said(&run(dir.path(), &["--help"]));
    let commands = help.split_once("Commands:\n").unwrap().1;
    let commands = commands.split("\n\n").next().unwrap().lines();
    let name = |line: &str| line.split_whitespace().next().unwrap().to_owned();
    let is_name = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let commands: Vec<String> = commands.filter(is_name).map(name).collect();
    assert!(commands.contains(&"serve".to_owned()), "{help}");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(dir.path(), &["completions", shell]);
        assert!(script.status.success(), "{}", said(&script));
        let script = String::from_utf8(script.stdout).unwrap();
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
        fs::write(dir.path().join(shell), script).unwrap();
    }
    for (typed, completed) in [
        ("trunkline dem", "demo"),
        ("trunkline config ", "example schema check"),
        ("trunkline pool ", "size"),
        ("trunkline serve --data", "--data-dir"),
        ("trunkline eng", ""),
    ] {
        let tab = "source ./bash; read -ra COMP_WORDS <<< \"$1.\"; last=$((${#COMP_WORDS[@]} - 1)); \
                   COMP_WORDS[last]=${COMP_WORDS[last]%.}; COMP_CWORD=$last; \
                   _trunkline trunkline \"${COMP_WORDS[last]}\" \"${COMP_WORDS[last-1]}\"; \
                   echo \"${COMPREPLY[@]}\"";
        let output = Command::new("bash")
            .args(["-c", tab, "bash", typed])
            .current_dir(dir.path())
            .output()
            .expect("bash runs");
        let offered = String::from_utf8_lossy(&output.stdout).into_owned();
        let offered: Vec<&str> = offered.split_whitespace().collect();
        for word in completed.split_whitespace() {
            assert!(offered.contains(&word), "{typed}: {}", said(&output));
        }
        assert!(!offered.contains(&"engine"), "{typed}: {offered:?}");
    }
}

#[test]
fn the_size_of_a_pool_is_a_table_of_numbers_against_blocking() {
    let dir = tempfile::tempdir().unwrap();
    let of = ["pool", "size", "--visits-per-hour", "200", "--hold", "20m"];
    let sized = run(dir.path(), &[&of[..], &["--price", "1.5"]].concat());
    assert!(sized.status.success(), "{}", said(&sized));
    let text = String::from_utf8(sized.stdout).unwrap();
    let row = |numbers: &str| {
        let is_row = |line: &&str| line.split_whitespace().next() == Some(numbers);
        let line = text
            .lines()
            .find(is_row)
            .unwrap_or_else(|| panic!("{text}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(text.contains("66.67 numbers held at once"), "{text}");
    // Round numbers, from where half of the visits find none.
    assert_eq!(row("50"), "50 28.34 % 56.67/h 75.00");
    // Computed apart, with exact fractions.
    assert_eq!(row("72"), "72 4.98 % 9.97/h 108.00 the fewest for 5 %");
    assert_eq!(row("81"), "81 1.09 % 2.18/h 121.50");
    assert_eq!(row("82"), "82 0.88 % 1.76/h 123.00 the fewest for 1 %");
    assert_eq!(row("91"), "91 0.078 % 0.16/h 136.50 the fewest for 0.1 %");
    for said in ["Poisson", "after its last\nsign of life"] {
        assert!(text.contains(said), "{text}");
    }
    let plain = run(dir.path(), &[&of[..], &["--blocking", "28.4%"]].concat());
    let plain = String::from_utf8(plain.stdout).unwrap();
    assert!(
        plain.contains("      50     28.34 %       56.67/h  the fewest for 28.4 %\n"),
        "{plain}"
    );
    assert!(!plain.contains("a month"), "{plain}");
}

#[test]
fn the_table_of_a_pool_begins_where_half_of_the_visits_find_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let brief = ["pool", "size", "--visits-per-hour", "200", "--hold", "3m"];
    let brief = run(dir.path(), &brief);
    let brief = String::from_utf8(brief.stdout).unwrap();
    for row in [
        "       10     21.46 %       42.92/h",
        "       18      0.71 %        1.43/h",
    ] {
        assert!(brief.contains(row), "{brief}");
    }
}

#[test]
fn the_size_of_a_pool_is_refused_for_what_cannot_be() {
    let dir = tempfile::tempdir().unwrap();
    let of = ["pool", "size", "--visits-per-hour", "200", "--hold", "20m"];
    // As an account holds its numbers if it does not say.
    let short = run(dir.path(), &of[..4]);
    let short = String::from_utf8(short.stdout).unwrap();
    assert!(short.contains("100.00 numbers held at once"), "{short}");
    for wrong in [
        &["--blocking", "1"][..],
        &["--blocking", "0"],
        &["--blocking", "100%"],
        &["--price", "cheap"],
        &["--price=-1"],
    ] {
        let output = run(dir.path(), &[&of[..], wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    }
    for (visits, hold, why) in [
        ("0", "20m", "above 0"),
        ("-1", "20m", "above 0"),
        ("many", "20m", "above 0"),
        ("200", "20", "with its unit"),
        ("200", "1 month", "with its unit"),
        ("9e9", "1d", "more than 1000000 numbers"),
    ] {
        let wrong = ["pool", "size", "--visits-per-hour", visits, "--hold", hold];
        let output = run(dir.path(), &wrong);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(why), "{}", said(&output));
    }
}

#[test]
fn a_new_token_is_shown_once_with_the_lines_for_the_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let made = run(dir.path(), &["token", "new", "--name", "crm"]);
    assert!(made.status.success(), "{}", said(&made));
    let text = said(&made);
    assert!(
        text.contains("trk_") && text.contains("sha256 = \""),
        "{text}"
    );
    assert_ne!(
        text,
        said(&run(dir.path(), &["token", "new", "--name", "crm"]))
    );
}

#[test]
fn the_schema_of_events_names_every_type() {
    let dir = tempfile::tempdir().unwrap();
    let schema = run(dir.path(), &["events", "schema"]);
    let schema: Value = serde_json::from_slice(&schema.stdout).expect("JSON");
    let text = schema.to_string();
    for kind in [
        "message",
        "conversation",
        "call",
        "visit",
        "form",
        "lead",
        "purchase",
        "contact",
        "task",
        "rating",
        "upload",
        "presence",
        "spend",
        "retract",
    ] {
        assert!(text.contains(&format!("\"{kind}\"")), "{kind}");
    }
}

#[test]
fn the_first_start_makes_an_account_and_shows_its_token_once() {
    let dir = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let serve = || {
        let mut child = Command::new(binary())
            .arg("serve")
            .current_dir(dir.path())
            .env_remove("TRUNKLINE_CONFIG")
            .env("TRUNKLINE__SERVER__LISTEN", &listen)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let door = Door::at(&format!("http://{listen}"), "");
        let ready = || {
            door.try_get("/readyz")
                .is_some_and(|answer| answer.status == 200)
        };
        let came_up = holds_within(Duration::from_secs(20), ready);
        let out = child.stdout.take().expect("a pipe");
        (child, out, came_up)
    };
    let (mut child, out, came_up) = serve();
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    let token = lines.find_map(|line| {
        line.split_once("trk_")
            .map(|(_, rest)| format!("trk_{rest}"))
    });
    let sent = token.as_ref().map(|token| {
        let door = Door::at(&format!("http://{listen}"), token.trim());
        door.try_send(&Thread::new("1").contact("10:00").events())
            .map(|answer| answer.status)
    });
    terminate(child.id());
    assert!(child.wait().expect("its end").success() && came_up);
    assert!(matches!(sent, Some(Ok(202))), "{token:?} {sent:?}");

    let (mut child, out, came_up) = serve();
    terminate(child.id());
    child.wait().expect("its end");
    let printed: Vec<String> = BufReader::new(out).lines().map_while(Result::ok).collect();
    assert!(
        came_up && !printed.join("\n").contains("trk_"),
        "{printed:?}"
    );

    let status = run(dir.path(), &["migrate", "status"]);
    assert!(status.status.success(), "{}", said(&status));
    let verified = run(dir.path(), &["journal", "verify"]);
    assert!(verified.status.success(), "{}", said(&verified));
}
