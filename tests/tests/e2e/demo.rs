//! `trunkline demo` as a newcomer sees it: a first report, a company that goes on after a stop, and
//! errors that say what to do.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use e2e::clock::{DAY, HOUR, holds_within, rfc3339, wall};
use e2e::doors::Door;
use e2e::events::Event;
use e2e::reference::{Definition, Reference, Span};
use e2e::scrape::Sums;
use e2e::service::{binary, children, free_port, interrupt, runs};

mod shop;

/// A running demo that has shown its first report.
struct Demo {
    child: Child,
    port: u16,
    shown: String,
}

impl Demo {
    fn start(directory: &Path, more: &[&str]) -> Self {
        let port = free_port();
        let listen = format!("127.0.0.1:{port}");
        let mut child = command(directory)
            .args(["demo", "--data", "company", "--listen", &listen])
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut demo = Self {
            child,
            port,
            shown: String::new(),
        };
        for line in lines.map_while(Result::ok) {
            demo.shown.push_str(&line);
            demo.shown.push('\n');
            if line.contains("goes on where it was") {
                break;
            }
        }
        assert!(demo.shown.contains("Ctrl-C ends it"), "{}", demo.shown);
        demo
    }

    fn token(&self) -> Option<&str> {
        let (_, rest) = self.shown.split_once("shown this once: ")?;
        rest.lines().next()
    }

    fn door(&self, token: &str) -> Door {
        Door::at(&format!("http://127.0.0.1:{}", self.port), token)
    }

    fn stop(mut self) -> String {
        let engines = children(self.child.id());
        interrupt(self.child.id());
        let status = self.child.wait().expect("its end");
        assert!(status.success(), "{status}:\n{}", self.shown);
        let gone = || engines.iter().all(|&pid| !runs(pid));
        assert!(!engines.is_empty() && holds_within(Duration::from_secs(10), gone));
        std::mem::take(&mut self.shown)
    }
}

impl Drop for Demo {
    /// Leaves nothing behind when a test fails; its ClickHouse ends with it.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(directory: &Path) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(directory).stdin(Stdio::null());
    for name in ["CONFIG", "URL", "TOKEN", "_SERVER__LISTEN"] {
        command.env_remove(format!("TRUNKLINE_{name}"));
    }
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = command(directory);
    command.args(arguments).output().expect("the binary runs")
}

#[track_caller]
fn refused(directory: &Path, arguments: &[&str], because: &str) {
    let output = run(directory, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
    assert!(said.contains(because), "{arguments:?}: {said}");
}

/// Replies of each manager, as a report counts them.
fn replies(door: &Door, span: Span) -> BTreeMap<String, u64> {
    let (from, to) = (rfc3339(span.from), rfc3339(span.to));
    let table = door.report(
        "response-times",
        &[("from", &from), ("to", &to), ("by", "manager")],
    );
    let rows = (0..table.len()).map(|row| {
        let name = table.value(row, "manager").as_str().unwrap_or_default();
        (name.to_owned(), table.count(row, "count"))
    });
    rows.filter(|(_, count)| *count > 0).collect()
}

/// The same, counted from what `simulate` writes of the same company.
fn expected(directory: &Path, start: i64, span: Span) -> BTreeMap<String, u64> {
    let start = rfc3339(start);
    let centre = ["simulate", "--seed", "5", "--managers", "5", "--rate", "60"];
    // Far longer than what is compared: what is planned beyond its end has a say in who is free.
    let of_days = ["--days", "20", "--start", &start, "--out", "-"];
    let written = run(directory, &[&centre[..], &of_days].concat());
    let lines = String::from_utf8(written.stdout).expect("text");
    let events: Vec<Event> = lines
        .lines()
        .map(|line| Event::parse(&serde_json::from_str(line).expect("JSON")))
        .collect();
    let reference = Reference::of(&events);
    let managers = reference.by_manager(Definition::Wait, span);
    let counts = managers
        .into_iter()
        .filter_map(|(name, figures)| Some((name?, figures.count())));
    counts.filter(|(_, count)| *count > 0).collect()
}

#[test]
fn a_demo_goes_on_where_it_was_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    // As if it had been started three days ago, and stopped at once.
    let begun = wall() - 3 * DAY;
    let plan = format!(
        "begun = \"{}\"\ndays = 2\nseed = 5\nmanagers = 5\nrate = 60\n",
        rfc3339(begun)
    );
    fs::create_dir(dir.path().join("company")).unwrap();
    fs::write(dir.path().join("company/demo.toml"), plan).unwrap();

    let demo = Demo::start(dir.path(), &[]);
    let token = demo.token().expect("a token").to_owned();
    assert_eq!(demo.shown.matches("trk_").count(), 1, "{}", demo.shown);
    let door = demo.door(&token);
    let start = begun - 2 * DAY;
    // What is older than the longest delay is all there.
    let span = Span {
        from: start,
        to: wall() - 8 * HOUR,
    };
    let first = replies(&door, span);
    assert_eq!(first, expected(dir.path(), start, span));
    assert!(
        first.len() == 5 && first.values().sum::<u64>() > 100,
        "{first:?}"
    );
    let teams = door.report(
        "response-times",
        &[("by", "team"), ("from", &rfc3339(start))],
    );
    assert!(
        teams.column("team").contains(&"sales".into()),
        "{}",
        teams.json
    );
    let before: Sums = door.metrics().sums();
    demo.stop();

    let demo = Demo::start(dir.path(), &[]);
    assert_eq!(demo.token(), None, "{}", demo.shown);
    let door = demo.door(&token);
    assert_eq!(replies(&door, span), first);
    let after = door.metrics().sums();
    println!("before {before:?}\nafter {after:?}");
    assert!(before.appended > 1_000 && after.balance());
    // Seconds have passed, no more: sent anew, it would be all of it.
    assert!(after.appended < before.appended + 200);
    assert_eq!(after.conflict, 0);
    let shown = demo.stop();
    assert!(shown.contains("went on while it was away"), "{shown}");

    let options = ["demo", "--data", "company", "--rate", "70"];
    refused(dir.path(), &options, "leave --rate 70 out");
}

#[test]
fn a_first_start_shows_address_token_report_and_what_to_do_next() {
    let dir = tempfile::tempdir().unwrap();
    let options = [
        "--days",
        "2",
        "--managers",
        "3",
        "--rate",
        "300",
        "--no-live",
    ];
    let demo = Demo::start(dir.path(), &options);
    let address = format!("http://127.0.0.1:{}", demo.port);
    for said in [
        &format!("Trunkline listens on {address}\n"),
        "Sent 2 days of a made-up company (3 managers, 300 new conversations and 150 calls on a weekday)",
        "replies       mean     median        p90        max",
        "all managers",
        &format!("{address}/v1/reports/response-times?by=team"),
        &format!("status --url {address} --token $TOKEN"),
        "nothing more is sent",
    ] {
        assert!(demo.shown.contains(said), "{said}:\n{}", demo.shown);
    }
    // The suggestions work as they stand.
    let door = demo.door(demo.token().expect("a token"));
    let suggested = demo
        .shown
        .lines()
        .filter_map(|line| line.trim().strip_prefix('\''));
    let suggested: Vec<&str> = suggested.map(|line| line.trim_end_matches('\'')).collect();
    assert!(suggested.len() > 2, "{}", demo.shown);
    for path in suggested
        .iter()
        .filter_map(|url| url.strip_prefix(&*address))
    {
        let answer = door.try_get(path).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }

    a_link_logs_in_once(&demo.shown, &address);

    let taken = format!("127.0.0.1:{}", demo.port);
    let other = ["demo", "--data", "other", "--listen", &taken];
    refused(dir.path(), &other, "choose another address with --listen");
    assert!(!dir.path().join("other").exists());
    let same = ["demo", "--data", "company", "--listen", "127.0.0.1:0"];
    refused(dir.path(), &same, "in use by another process");
    demo.stop();
}

/// Follows the link to the board as a browser does: looking at it changes nothing, its form works
/// once.
fn a_link_logs_in_once(shown: &str, address: &str) {
    let mut lines = shown.lines().map(str::trim);
    let link = lines.find(|line| line.starts_with(&format!("{address}/login?link=")));
    let link = link.expect("a link");
    let (_, name) = link.split_once("link=").expect("its name");
    let browser: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .build()
        .into();
    for _ in 0..2 {
        let mut page = browser.get(link).call().expect("an answer");
        let page = page.body_mut().read_to_string().expect("a page");
        assert!(page.contains("This link logs in once"), "{page}");
    }
    let mut statuses = Vec::new();
    for _ in 0..2 {
        let form = browser.post(format!("{address}/login"));
        let answer = form.header("origin", address).send(format!("link={name}"));
        let answer = answer.expect("an answer");
        statuses.push((
            answer.status().as_u16(),
            answer.headers().contains_key("set-cookie"),
        ));
    }
    assert_eq!(statuses, [(303, true), (401, false)]);
}

#[test]
fn a_demo_that_cannot_start_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("mine")).unwrap();
    fs::write(dir.path().join("mine/letter"), "dear").unwrap();
    refused(dir.path(), &["demo", "--data", "mine"], "holds no demo");
    refused(
        dir.path(),
        &["--config", "my.toml", "demo"],
        "leave out --config my.toml",
    );
    assert_eq!(
        run(dir.path(), &["demo", "--days", "0"]).status.code(),
        Some(2)
    );

    // Far from any engine.
    let alone = dir.path().join("a/b/c");
    fs::create_dir_all(&alone).unwrap();
    let program = alone.join("trunkline");
    fs::copy(binary(), &program).unwrap();
    let output = Command::new(&program)
        .args(["demo", "--data", "far", "--listen", "127.0.0.1:0"])
        .current_dir(dir.path())
        .env_clear()
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("make build"), "{said}");
}
