//! The board through its doors, and in a real browser.

mod calls;
mod connections;
mod sources;

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Datelike, Timelike, Utc};
use e2e::clock::{DAY, rfc3339, wall};
use e2e::config::{Account, Config, token};
use e2e::doors::Door;
use e2e::events::Thread;
use e2e::service::{Service, binary};
use serde_json::{Value, json};
use ureq::Agent;

/// A browser without scripts: one cookie, and no redirect is followed.
struct Visitor {
    base: String,
    browser: Agent,
    cookie: String,
}

/// Status, headers as text, body.
struct Seen(u16, String, String);

impl Visitor {
    fn new(service: &Service) -> Self {
        let browser = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .build();
        Self {
            base: format!("http://127.0.0.1:{}", service.port()),
            browser: browser.into(),
            cookie: String::new(),
        }
    }

    fn logged_in(service: &Service, token: &str) -> Self {
        let mut visitor = Self::new(service);
        let base = visitor.base.clone();
        let seen = visitor.post("/login", &base, &format!("token={token}"));
        assert_eq!(seen.0, 303, "{}", seen.2);
        let (_, cookie) = seen.1.split_once("set-cookie: ").expect("a cookie");
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        visitor.cookie = cookie.split(';').take(1).collect();
        visitor
    }

    fn get(&self, path: &str) -> Seen {
        self.get_with(path, "x-nothing", "")
    }

    fn get_with(&self, path: &str, header: &str, value: &str) -> Seen {
        let request = self.browser.get(format!("{}{path}", self.base));
        let request = request.header("cookie", &self.cookie);
        seen(request.header(header, value).call().expect("an answer"))
    }

    fn post(&self, path: &str, origin: &str, form: &str) -> Seen {
        let request = self.browser.post(format!("{}{path}", self.base));
        let request = request
            .header("cookie", &self.cookie)
            .header("origin", origin)
            .header("content-type", "application/x-www-form-urlencoded");
        seen(request.send(form).expect("an answer"))
    }
}

fn seen(mut answer: http::Response<ureq::Body>) -> Seen {
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap()));
    let (status, headers) = (answer.status().as_u16(), headers.collect());
    Seen(status, headers, answer.body_mut().read_to_string().unwrap())
}

fn account(id: &str) -> Account {
    Account::new(id)
        .restricted("of-eva", "managers = [\"eva\"]")
        .section("[[account.team]]\nid = \"sales\"\nmanagers = [\"ana\"]\n")
}

#[test]
fn only_a_good_token_from_a_page_of_ours_logs_in_and_logging_out_ends_it() {
    let service = Service::start(Config::of([account("acme"), account("other")]));
    let stranger = Visitor::new(&service);
    let base = stranger.base.clone();
    for path in ["/", "/board/rows/messages"] {
        let seen = stranger.get(path);
        assert!(
            seen.0 == 303 && seen.1.contains("location: /login"),
            "{path}"
        );
    }
    assert_eq!(stranger.get("/board/tiles").0, 401);
    let page = stranger.get("/login");
    assert!(
        page.0 == 200 && page.1.contains("default-src 'none'"),
        "{}",
        page.1
    );
    // A cookie that other sites' links hide is shown to a page that loads itself once more.
    let linked = stranger.get_with("/", "sec-fetch-site", "cross-site");
    assert!(linked.2.contains("http-equiv=\"refresh\""), "{}", linked.2);

    let good = format!("token={}", token("acme", "read"));
    for (origin, form, status) in [
        ("http://evil.example", good.as_str(), 403),
        ("null", &good, 403),
        (&base, "token=trk_wrong", 401),
        (&base, "", 401),
        (&base, &format!("token={}", token("acme", "ingest")), 403),
        (&base, "link=never-made", 401),
    ] {
        let seen = stranger.post("/login", origin, form);
        assert_eq!(seen.0, status, "{origin} {form}: {}", seen.2);
        assert!(!seen.1.contains("set-cookie"), "{origin} {form}");
    }

    let ours = Visitor::logged_in(&service, &token("acme", "read"));
    assert!(ours.get("/").2.contains(">acme<"));
    // What changes something is never a GET, and a form of another site changes nothing.
    assert_eq!(ours.get("/logout").0, 405);
    assert_eq!(ours.post("/logout", "http://evil.example", "").0, 403);
    assert_eq!(ours.get("/").0, 200);
    assert_eq!(ours.post("/logout", &base, "").0, 303);
    assert_eq!(ours.get("/").0, 303);
    // The cookie is for the board alone.
    let other = Visitor::logged_in(&service, &token("other", "all"));
    assert_eq!(other.get("/v1/reports").0, 401);
}

#[test]
fn a_viewer_sees_what_his_token_lets_him_see() {
    let service = Service::start(Config::of([account("acme"), account("other")]));
    let at = |thread: &str| Thread::new(thread).on("web");
    let threads = [
        at("of-ana").contact("10:00").assigned("ana", "10:01"),
        at("of-eva").contact("10:00").assigned("eva", "10:01"),
        at("+34600123456").with("maria").contact("11:00"),
    ];
    let events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    service.door("acme").send_flushed(&events);

    let all = Visitor::logged_in(&service, &token("acme", "all"));
    let list = all.get("/board/live?format=csv").2;
    assert!(list.contains("of-ana") && list.contains("of-eva"), "{list}");
    assert!(
        list.contains("+3***3456,maria") && !list.contains("600123456"),
        "{list}"
    );
    let eva = Visitor::logged_in(&service, &token("acme", "of-eva"));
    let list = eva.get("/board/live?format=csv").2;
    assert!(
        !list.contains("of-ana") && list.contains("of-eva"),
        "{list}"
    );
    let rows = "/board/rows/response-times?figure=awaiting&from=1970-01-02";
    assert!(all.get(rows).2.contains("of-ana"));
    let opened = eva.get(rows).2;
    assert!(
        !opened.contains("of-ana") && opened.contains("of-eva"),
        "{opened}"
    );
    let other = Visitor::logged_in(&service, &token("other", "all"));
    assert!(!other.get("/board/live").2.contains("of-"));
    // Nothing has ever arrived there: it is told how to begin.
    assert!(other.get("/board/tiles").2.contains("curl "));

    // The same code gives the same bytes.
    let asked = [("figure", "received"), ("from", "2026-01-01")];
    let rows = "/v1/reports/response-times/rows";
    let given = service.door("acme").get_csv(rows, &asked).text();
    let shown = all.get("/board/rows/response-times?figure=received&from=2026-01-01&format=csv");
    assert_eq!(shown.2, given);
    for (path, status) in [
        ("/?period=decade", 400),
        ("/board/rows/nonsense", 404),
        ("/board/rows/messages?managr=ana", 400),
        ("/board/nothing", 404),
        ("/board/assets/nothing.js", 404),
    ] {
        assert_eq!(all.get(path).0, status, "{path}");
    }
}

#[test]
fn a_panel_that_did_not_change_is_not_sent_again() {
    let service = Service::start(Config::of([account("acme")]));
    let events: Vec<_> = Thread::new("c1").on("web").contact("10:00").events();
    service.door("acme").send_flushed(&events);
    let visitor = Visitor::logged_in(&service, &token("acme", "read"));
    let first = visitor.get("/board/live");
    let tag = first.1.lines().find_map(|line| line.strip_prefix("etag: "));
    let tag = tag.expect("a tag").to_owned();
    let again = visitor.get_with("/board/live", "if-none-match", &tag);
    assert_eq!((again.0, again.2.as_str()), (304, ""));
    let events: Vec<_> = Thread::new("c2").on("web").contact("10:05").events();
    service.door("acme").send_flushed(&events);
    let shown = e2e::clock::holds_within(std::time::Duration::from_secs(10), || {
        visitor.get_with("/board/live", "if-none-match", &tag).0 == 200
    });
    assert!(shown);
}

#[test]
fn without_clickhouse_the_board_says_so_and_shows_who_waits() {
    let nobody = "url = \"http://127.0.0.1:9\"\n";
    let service = Service::start_without_warehouse(Config::of([account("acme")]).warehouse(nobody));
    let now = rfc3339(wall());
    let event = json!({"type": "message", "conversation": "c1", "contact": "maria",
        "channel": "web", "author": "contact", "at": now});
    service.door("acme").post_json(&event).expect_status(202);
    let visitor = Visitor::logged_in(&service, &token("acme", "read"));
    assert_eq!(visitor.get("/").0, 200);
    for panel in ["tiles", "managers", "times", "heat"] {
        let seen = visitor.get(&format!("/board/{panel}"));
        assert!(
            seen.0 == 200 && seen.2.contains("ClickHouse does not answer"),
            "{}",
            seen.2
        );
    }
    assert!(
        visitor
            .get("/board/tiles")
            .2
            .contains("data-figure=\"waiting\">1<")
    );
    assert!(visitor.get("/board/live").2.contains("maria"));
    let rows = visitor.get("/board/rows/messages");
    assert!(
        rows.0 == 503 && rows.2.contains("ClickHouse does not answer"),
        "{}",
        rows.2
    );
}

/// The zone in which it is about five in the afternoon, so that a company has had its day.
fn zone() -> (String, i64) {
    let hour = i64::from(
        DateTime::<Utc>::from_timestamp_millis(wall())
            .unwrap()
            .hour(),
    );
    let east = 17 - hour;
    let east = if east > 14 { east - 24 } else { east };
    // The names of these zones count westwards.
    let name = format!("Etc/GMT{}{}", if east > 0 { '-' } else { '+' }, east.abs());
    (name, east * 3_600_000)
}

/// Starts a company whose last weeks end now, on what was a Thursday afternoon when it was made up.
fn company() -> Service {
    let (zone, east) = zone();
    let local = DateTime::<Utc>::from_timestamp_millis(wall() + east).unwrap();
    let since_thursday = (i64::from(local.weekday().number_from_monday()) + 3) % 7;
    let moved = since_thursday * DAY;
    let start = rfc3339(wall() - moved - 30 * DAY);
    let centre = [
        "simulate",
        "--seed",
        "5",
        "--managers",
        "8",
        "--rate",
        "200",
        "--calls",
        "150",
    ];
    let output = Command::new(binary())
        .args(centre)
        .args([
            "--days", "32", "--start", &start, "--zone", &zone, "--out", "-",
        ])
        .output()
        .expect("the binary runs");
    let mut managers = std::collections::BTreeSet::new();
    let events = String::from_utf8(output.stdout).expect("text");
    let events = events.lines().filter_map(|line| {
        let mut event: Value = serde_json::from_str(line).expect("JSON");
        let at = DateTime::parse_from_rfc3339(event["at"].as_str()?).expect("a time");
        let at = at.timestamp_millis() + moved;
        event["at"] = rfc3339(at).into();
        managers.extend(event["manager"].as_str().map(str::to_owned));
        (at < wall()).then_some(event)
    });
    let events: Vec<Value> = events.collect();
    let families = [
        "Ruiz", "Vidal", "Soto", "Ferrer", "Campos", "Navarro", "Prieto", "Molina",
    ];
    let mut account = Account::new("clara").zone(&zone);
    let mut teams = [Vec::new(), Vec::new()];
    for (place, (id, family)) in managers.iter().zip(families).enumerate() {
        let (first, rest) = id.split_at(1);
        let name = format!("{}{rest} {family}", first.to_uppercase());
        account = account.section(&format!(
            "[[account.manager]]\nid = \"{id}\"\nname = \"{name}\"\n"
        ));
        teams[place % 2].push(id.clone());
    }
    for (team, ids) in ["sales", "support"].iter().zip(&teams) {
        account = account.section(&format!(
            "[[account.team]]\nid = \"{team}\"\nmanagers = {ids:?}\n"
        ));
    }
    let service = Service::start(Config::of([account]));
    let door: Door = service.door("clara");
    for part in events.chunks(9_000) {
        door.post_json(&part.into()).expect_status(202);
    }
    door.flush();
    service
}

/// Runs a script with a browser that looks at the board of an account, and gives what it says.
fn browse(script: &str, service: &Service, account: &str, pictures: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("board")
        .join(script);
    let output = Command::new("node")
        .arg(&script)
        .env("BASE", format!("http://127.0.0.1:{}", service.port()))
        .env("TOKEN", token(account, "all"))
        .env("READER", token(account, "read"))
        .env("PICTURES", pictures)
        .output()
        .expect("node runs: deploy/setup-checks says what is missing");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{faults}");
    said
}

fn pictures() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pictures");
    std::env::var_os("TRUNKLINE_PICTURES").map_or(target, PathBuf::from)
}

#[test]
fn a_person_reads_filters_opens_and_leaves_the_board_in_a_browser() {
    let said = browse("check.mjs", &company(), "clara", &pictures());
    assert!(said.contains("no request to another host"), "{said}");
}

/// The README says so. Eleven messages, sent at all moments of the page's rhythm; two may be later, for a browser stands still
/// now and then on a machine that does other things as well.
#[test]
fn what_is_sent_is_on_the_board_within_a_second() {
    let service = Service::start(Config::of([account("acme")]));
    let said = browse("live.mjs", &service, "acme", Path::new(""));
    let mut took: Vec<u64> = serde_json::from_str(&said).expect("milliseconds");
    took.sort_unstable();
    assert!(took[took.len() - 3] < 1000, "milliseconds: {took:?}");
}
