//! `trunkline import` and `trunkline simulate` through the real door: the same figures as by POST,
//! once in effect whatever is interrupted, and a word about every row that is refused.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use e2e::chats;
use e2e::clock::{at, holds_within};
use e2e::compare;
use e2e::config::{Account, Config, token};
use e2e::events::{Author, Event, Thread};
use e2e::facts;
use e2e::reference::Reference;
use e2e::service::{Service, binary, kill};
use tempfile::TempDir;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn command(service: &Service, account: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(arguments)
        .current_dir(ROOT)
        .env_remove("TRUNKLINE_CONFIG")
        .env(
            "TRUNKLINE_URL",
            format!("http://127.0.0.1:{}", service.port()),
        )
        .env("TRUNKLINE_TOKEN", token(account, "ingest"))
        .stdin(Stdio::null());
    command
}

fn run(service: &Service, account: &str, arguments: &[&str]) -> Output {
    let mut command = command(service, account, arguments);
    command.output().expect("the binary runs")
}

/// Runs a command that must succeed, and returns what it said.
#[track_caller]
fn done(service: &Service, account: &str, arguments: &[&str]) -> String {
    let output = run(service, account, arguments);
    let text = said(&output);
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}

fn said(output: &Output) -> String {
    let (out, error) = (&output.stdout, &output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(error)
    )
}

const CHATS: [&str; 4] = [
    "import",
    "tests/data/support-chats-a.csv",
    "--map",
    "docs/maps/support-chats.toml",
];

/// The real conversations as their map sees them: the file does not say to whom a company wrote.
fn chats() -> Vec<Event> {
    let mut events = chats::real();
    for event in &mut events {
        if let Event::Message(message) = event
            && message.author == Author::Manager
        {
            message.contact = message.conversation.clone();
        }
    }
    events
}

#[test]
fn real_conversations_give_the_same_figures_by_import_as_by_post() {
    let service = Service::start(Config::of(["import", "post"].map(Account::new)));
    let events = chats();
    let all = events.len() as u64;
    let first = done(&service, "import", &CHATS);
    assert!(first.contains("sent 2411 events in 13 frames"), "{first}");
    let posted = service.door("post");
    for part in events.chunks(500) {
        posted.send(part);
    }
    // What was imported is not sent again; under another name it is a duplicate.
    let again = done(&service, "import", &CHATS);
    assert!(
        again.contains("sent 0 events in 0 frames, after 13 frames"),
        "{again}"
    );
    let dir = TempDir::new().unwrap();
    let renamed = dir.path().join("map.toml");
    let map = fs::read_to_string(format!("{ROOT}/{}", CHATS[3])).unwrap();
    fs::write(&renamed, format!("{map}\n# the same")).unwrap();
    let renamed = renamed.to_string_lossy();
    let other = done(&service, "import", &["import", CHATS[1], "--map", &renamed]);
    assert!(other.contains("sent 2411 events"), "{other}");
    posted.flush();
    let reference = Reference::of(&events);
    for account in ["import", "post"] {
        compare::assert_equal(&service.door(account), &reference, reference.span());
        facts::assert_exact(&service.views(), account, &reference);
    }
    let sums = posted.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(
        (sums.observed, sums.duplicate, sums.conflict),
        (2 * all, all, 0)
    );
}

#[test]
fn an_import_that_is_taken_back_leaves_the_figures_of_the_rest() {
    let service = Service::start(Config::acme());
    let rest = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .events();
    let door = service.door("acme");
    door.send(&rest);
    let text = done(&service, "acme", &CHATS);
    let run = text.lines().find_map(|line| line.strip_prefix("run "));
    let run = run.expect("the run's name");
    let undone = done(&service, "acme", &["import", "--undo", run]);
    assert!(undone.contains("is taken back"), "{undone}");
    door.flush();
    let whole = Reference::of(&[chats(), rest.clone()].concat());
    compare::assert_equal(&door, &Reference::of(&rest), whole.span());
    // What was taken back stays known: the mended map gives other ids.
    let dir = TempDir::new().unwrap();
    let mended = dir.path().join("mended.toml");
    let map = fs::read_to_string(format!("{ROOT}/{}", CHATS[3])).unwrap();
    fs::write(&mended, map.replace("\"{message}\"", "\"v2-{message}\"")).unwrap();
    let mended = mended.to_string_lossy();
    done(&service, "acme", &["import", CHATS[1], "--map", &mended]);
    door.flush();
    let mut again = chats();
    for event in &mut again {
        if let Event::Message(message) = event {
            message.id = message.id.take().map(|id| format!("v2-{id}"));
        }
    }
    let whole = Reference::of(&[again, rest].concat());
    compare::assert_equal(&door, &whole, whole.span());
}

/// A file that takes a while: messages of many conversations, and the map for it.
struct Long {
    dir: TempDir,
    rows: u64,
}

impl Long {
    fn new(rows: u64) -> Self {
        let dir = TempDir::new().unwrap();
        let mut text = String::from("n;who;when;text\n");
        for n in 0..rows {
            let (who, second) = (if n % 3 == 2 { "M" } else { "C" }, n / 20);
            let _ = writeln!(
                text,
                "{n};{who};{};\"some words; number {n}\"",
                1_772_000_000 + second
            );
        }
        fs::write(dir.path().join("long.csv"), text).unwrap();
        let map = "[file]\ndelimiter = ';'\n[[event]]\ntype = 'message'\nid = '{n}'\n\
                   conversation = '{when}'\ncontact = 'p-{when}'\nchannel = 'web'\nat = '{when}'\n\
                   author = { from = '{who}', lookup = { values = { M = 'manager', C = 'contact' } } }\n\
                   chars = { from = '{text}', length = true }\n";
        fs::write(dir.path().join("long.toml"), map).unwrap();
        Self { dir, rows }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    fn start(&self, service: &Service) -> Child {
        let (file, map) = (self.path("long.csv"), self.path("long.toml"));
        let mut command = command(service, "acme", &["import", &file, "--map", &map]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary runs")
    }
}

fn observed(service: &Service) -> u64 {
    service.door("acme").metrics().sums().observed
}

/// Waits until so many events arrived while the import still runs.
#[track_caller]
fn halfway(service: &Service, import: &mut Child, events: u64) {
    let came = holds_within(Duration::from_mins(1), || observed(service) >= events);
    assert!(came, "nothing arrives:\n{}", service.log_tail());
    assert!(
        import.try_wait().unwrap().is_none(),
        "the import ended too soon to be interrupted"
    );
}

#[track_caller]
fn assert_all_once(service: &Service, rows: u64) {
    service.door("acme").flush();
    let sums = service.door("acme").metrics().sums();
    println!("rows {rows}: {sums:?}");
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(
        (sums.observed, sums.duplicate, sums.conflict),
        (rows, 0, 0),
        "{sums:?}"
    );
    let held = "SELECT toString(count()), toString(uniqExact(message)) FROM v_messages";
    let held = service.views().rows(held);
    assert_eq!(
        held[0],
        serde_json::json!([rows.to_string(), rows.to_string()])
    );
}

#[test]
fn an_import_that_was_killed_goes_on_where_it_stopped() {
    let service = Service::start(Config::acme());
    let long = Long::new(200_000);
    let mut import = long.start(&service);
    halfway(&service, &mut import, 10_000);
    kill(import.id());
    let status = import.wait().unwrap();
    assert!(!status.success(), "{status}");
    let before = observed(&service);
    assert!(before < long.rows, "{before}");
    let output = long.start(&service).wait_with_output().unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    let had = text
        .split("after ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let had: u64 = had.and_then(|had| had.parse().ok()).unwrap_or_default();
    assert!(had >= 10_000 / 200, "{text}");
    assert_all_once(&service, long.rows);
}

#[test]
fn an_import_outlives_a_killed_service() {
    let mut service = Service::start(Config::acme());
    let long = Long::new(200_000);
    let mut import = long.start(&service);
    halfway(&service, &mut import, 10_000);
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    let output = import.wait_with_output().unwrap();
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("sent 200000 events in 1000 frames;"),
        "{text}"
    );
    assert_all_once(&service, long.rows);
}

/// Returns the block of a language of the user's document.
fn block(language: &str) -> String {
    let document = fs::read_to_string(format!("{ROOT}/docs/import.md")).unwrap();
    let start = document
        .split(&format!("```{language}\n"))
        .nth(1)
        .expect("a block");
    start.split("```").next().expect("its end").to_owned()
}

fn example(folder: &Path) -> [PathBuf; 2] {
    let paths = ["helpdesk.csv", "helpdesk.toml"].map(|name| folder.join(name));
    fs::write(&paths[0], block("csv")).unwrap();
    fs::write(&paths[1], block("toml")).unwrap();
    paths
}

#[test]
fn the_documents_example_tells_of_its_bad_row_and_imports_the_others() {
    let service = Service::start(Config::acme());
    let dir = TempDir::new().unwrap();
    let [file, map] = example(dir.path()).map(|path| path.to_string_lossy().into_owned());
    let dry = run(
        &service,
        "acme",
        &["import", &file, "--map", &map, "--dry-run"],
    );
    assert_eq!(dry.status.code(), Some(1), "{}", said(&dry));
    assert!(said(&dry).starts_with(&block("text")), "{}", said(&dry));
    assert_eq!(service.door("acme").metrics().sums().received, 0);
    let real = run(&service, "acme", &["import", &file, "--map", &map]);
    let text = said(&real);
    assert_eq!(real.status.code(), Some(1), "{text}");
    for part in ["refused: 1\n", "(rows 7)", "sent 3 events in 1 frames;"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    service.door("acme").flush();
    // 02:30 of a night without that hour moved forward with the clock, to 03:30 in Madrid.
    let views = service.views();
    let times = views.lines(
        "SELECT concat(message, ' ', toString(toUnixTimestamp64Milli(at))) FROM v_messages ORDER BY message",
    );
    let expected = [
        ("17-1", at("2026-03-28T22:59:30Z")),
        ("17-2", at("2026-03-29T01:30:00Z")),
        ("18-1", at("2026-03-29T08:00:00Z")),
    ];
    assert_eq!(
        times,
        expected.map(|(message, at)| format!("{message} {at}"))
    );
}

#[test]
fn what_the_service_refuses_is_told_with_its_rows() {
    let service = Service::start(Config::acme());
    let dir = TempDir::new().unwrap();
    let (file, map) = (dir.path().join("x.ndjson"), dir.path().join("x.toml"));
    let line = |n: u32, at: &str| format!("{{\"n\": {n}, \"at\": \"{at}\"}}\n");
    let text = line(1, "2026-03-01T10:00:00Z") + &line(2, "2099-01-01T00:00:00Z");
    fs::write(&file, text + "{\"n\"\n").unwrap();
    let rule = "[[event]]\ntype = 'message'\nid = '{n}'\nconversation = '1'\ncontact = 'p'\n\
                channel = 'web'\nauthor = 'contact'\nat = '{at}'\n";
    fs::write(&map, rule).unwrap();
    let (file, map) = (file.to_string_lossy(), map.to_string_lossy());
    let output = run(&service, "acme", &["import", &file, "--map", &map]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "refused: 2\n",
        "the service refused: future",
        "(rows 2)",
        "(rows 3)",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let dry = said(&run(
        &service,
        "acme",
        &["import", &file, "--map", &map, "--dry-run"],
    ));
    assert!(
        dry.contains("future at") && dry.contains("(rows 2)"),
        "{dry}"
    );
}

#[test]
fn wrong_calls_and_wrong_tokens_are_told_apart() {
    let service = Service::start_without_warehouse(Config::acme());
    let code = |arguments: &[&str]| run(&service, "acme", arguments).status.code();
    assert_eq!(code(&["import"]), Some(2));
    assert_eq!(code(&["import", "x.csv"]), Some(2));
    assert_eq!(
        code(&["import", "x.csv", "--map", "x", "--undo", "y"]),
        Some(2)
    );
    assert_eq!(code(&["simulate", "--speed", "0"]), Some(2));
    assert_eq!(code(&["import", "nowhere.csv", "--map", CHATS[3]]), Some(1));
    let mut wrong = command(&service, "acme", &CHATS);
    let wrong = wrong
        .env("TRUNKLINE_TOKEN", token("acme", "read"))
        .output()
        .unwrap();
    let text = said(&wrong);
    assert_eq!(wrong.status.code(), Some(1), "{text}");
    assert!(text.contains("403"), "{text}");
}

#[test]
fn a_simulated_centre_is_sent_once_and_written_the_same() {
    let service = Service::start(Config::acme());
    let centre = ["simulate", "--days", "3", "--start", "2026-03-02T00:00:00Z"];
    let dir = TempDir::new().unwrap();
    let file = dir
        .path()
        .join("events.ndjson")
        .to_string_lossy()
        .into_owned();
    let written = done(&service, "acme", &[&centre[..], &["--out", &file]].concat());
    let lines = fs::read_to_string(&file).unwrap();
    let all = lines.lines().count() as u64;
    assert!(
        written.starts_with(&format!("{all} events in ")),
        "{written}"
    );
    let mut unique: Vec<&str> = lines.lines().collect();
    unique.sort_unstable();
    unique.dedup();
    let sent = done(&service, "acme", &centre);
    assert!(
        sent.starts_with(&format!("sent {all} events in ")),
        "{sent}"
    );
    let again = done(&service, "acme", &centre);
    assert!(
        again.starts_with("sent 0 events in 0 frames, after "),
        "{again}"
    );
    let sums = service.door("acme").metrics().sums();
    let unique = unique.len() as u64;
    assert_eq!(
        (sums.observed, sums.duplicate, sums.conflict),
        (unique, all - unique, 0)
    );
    let piped = run(&service, "acme", &[&centre[..], &["--out", "-"]].concat());
    assert!(piped.stdout == lines.as_bytes());
}
