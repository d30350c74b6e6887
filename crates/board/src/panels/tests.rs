use std::sync::Mutex;

use trunkline_model::time::Time;
use trunkline_reports::{Column, Compared, Named, Page, Table, Unit, Value, Values};

use super::*;
use crate::connection::{Connection, Guide, Recent, Told, Unmapped};
use crate::pages::{choices, connections, home};
use crate::rows::rows;
use crate::source::{Answer, Answers, CallNow, Live, Manager, Opened, Pair, Waiting, Waits};

const EVIL: &str = "<script>alert('1')</script>\"><img src=x onerror=alert(2)>";

/// A source that answers every question with the same figures, and remembers what was asked.
#[derive(Default)]
struct Fake {
    away: bool,
    /// Who looks may not see the connections.
    closed: bool,
    empty: bool,
    asked: Mutex<Vec<(String, Vec<Pair>)>>,
}

fn away() -> Missing {
    Missing {
        status: 503,
        code: "warehouse_unavailable",
        detail: "ClickHouse does not answer".to_owned(),
    }
}

fn nine() -> Value {
    Value::Time(Time::parse("2026-03-10T09:00:00Z").unwrap())
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Figures of every report, so that one table serves all.
const FIGURES: [(&str, Unit); 33] = [
    ("received", Unit::Count),
    ("answered_share", Unit::Share),
    ("count", Unit::Count),
    ("mean_s", Unit::S),
    ("p50_s", Unit::S),
    ("p90_s", Unit::S),
    ("within_target_share", Unit::Share),
    ("participations", Unit::Count),
    ("conversations", Unit::Count),
    ("messages", Unit::Count),
    ("calls", Unit::Count),
    ("answered", Unit::Count),
    ("answer_rate", Unit::Share),
    ("connect_rate", Unit::Share),
    ("service_level", Unit::Share),
    ("wait_p50_s", Unit::S),
    ("wait_p90_s", Unit::S),
    ("open", Unit::Count),
    ("lost", Unit::Count),
    ("share", Unit::Share),
    ("talk_sum_s", Unit::S),
    ("taken", Unit::Count),
    ("missed", Unit::Count),
    ("visits", Unit::Count),
    ("inquiries", Unit::Ratio),
    ("leads", Unit::Ratio),
    ("revenue", Unit::Money),
    ("spend", Unit::Money),
    ("spend_unmatched", Unit::Money),
    ("unallocated", Unit::Money),
    ("unconverted", Unit::Count),
    ("in_service", Unit::Count),
    ("numbers_for_1pct", Unit::Count),
];

impl Fake {
    fn figure(&self, (name, unit): &(&str, Unit), past: bool) -> Value {
        match unit {
            Unit::Count if self.empty => Value::Count(0),
            Unit::Ratio if self.empty => Value::Ratio(0),
            Unit::Money if self.empty => Value::Money(0, 2),
            _ if self.empty => Value::Null,
            Unit::Ratio => Value::Ratio(25_000),
            Unit::Money if *name == "unallocated" => Value::Money(0, 2),
            Unit::Money => Value::Money(if past { 10_000 } else { 12_050 }, 2),
            Unit::Count if *name == "numbers_for_1pct" => Value::Count(12),
            Unit::Count if *name == "calls" => Value::Count(20),
            Unit::Count if *name == "received" => Value::Count(if past { 100 } else { 112 }),
            Unit::Count => Value::Count(7),
            Unit::Share => Value::Share(9_150),
            _ => Value::Millis(if past { 268_000 } else { 134_000 }),
        }
    }

    fn table(&self, pairs: &[Pair]) -> Table {
        let given = |name: &str| {
            let found = pairs.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let past = given("from").is_some_and(|from| from.starts_with("2026-03-03"));
        let figures: Vec<Value> = FIGURES.iter().map(|it| self.figure(it, past)).collect();
        let (names, keys) = keys(given("by"), given("interval"));
        let columns = names.iter().chain(&FIGURES);
        let row = |key: &Vec<Value>| [key.as_slice(), &figures].concat();
        Table {
            report: "response-times",
            from: Time(0),
            to: Time(1),
            tz: "UTC",
            columns: columns
                .map(|(name, unit)| Column { name, unit: *unit })
                .collect(),
            rows: keys.iter().map(row).collect(),
            compared: given("compare").map(|_| Compared {
                previous_from: Time(0),
                previous_to: Time(1),
                previous: keys.iter().map(row).collect(),
            }),
            as_of: Time(1),
            truncated: false,
        }
    }
}

/// The columns and rows of a question by something.
fn keys(by: Option<&str>, interval: Option<&str>) -> (Vec<(&'static str, Unit)>, Vec<Vec<Value>>) {
    match by {
        Some("manager") => (
            vec![("manager", Unit::Text), ("manager_name", Unit::Text)],
            vec![vec![text("ana"), text("Ana")], vec![text(EVIL), text(EVIL)]],
        ),
        Some("direction") => (
            vec![("direction", Unit::Text)],
            vec![vec![text("inbound")], vec![text("outbound")]],
        ),
        Some("number") => (vec![("number", Unit::Text)], vec![vec![text(EVIL)]]),
        Some("source") => (
            vec![("source", Unit::Text)],
            vec![vec![text(EVIL)], vec![text("google")], vec![Value::Null]],
        ),
        Some("source,medium") => (
            vec![("source", Unit::Text), ("medium", Unit::Text)],
            vec![vec![text(EVIL), text("cpc")], vec![text(EVIL), Value::Null]],
        ),
        Some("medium") => (vec![("medium", Unit::Text)], vec![vec![text(EVIL)]]),
        Some("pool") => (vec![("pool", Unit::Text)], vec![vec![text(EVIL)]]),
        Some(_) => (
            vec![("weekday", Unit::Number), ("hour", Unit::Number)],
            vec![vec![Value::Count(1), Value::Count(9)]],
        ),
        None if interval.is_some() => (vec![("time", Unit::Time)], vec![vec![nine()]]),
        None => (vec![], vec![vec![]]),
    }
}

impl Fake {
    /// Two episodes, the newest first; of the older one was tried to call back.
    fn episodes(&self) -> Opened {
        let column = |(name, unit): &(&'static str, Unit)| Column { name, unit: *unit };
        let columns = [
            ("at", Unit::Time),
            ("number", Unit::Text),
            ("caller", Unit::Text),
            ("contact", Unit::Text),
            ("calls", Unit::Count),
            ("first_attempt_s", Unit::S),
        ];
        let row = |at, caller: &str, calls, attempt| {
            let at = Value::Time(Time(at));
            let calls = Value::Count(calls);
            vec![at, text("911"), text(caller), text(EVIL), calls, attempt]
        };
        let rows = vec![
            row(2_000, "newer", 1, Value::Null),
            row(1_000, "older", 3, Value::Millis(5)),
        ];
        Opened {
            links: vec![None, None],
            page: Page {
                report: "missed-calls",
                from: Time(0),
                to: Time(1),
                tz: "UTC",
                columns: columns.iter().map(column).collect(),
                rows: if self.empty { vec![] } else { rows },
                next: None,
                as_of: Time(1),
            },
        }
    }
}

impl Source for Fake {
    fn report<'a>(&'a self, name: &'a str, pairs: &'a [Pair]) -> Answer<'a, Table> {
        let mut asked = self.asked.lock().unwrap();
        asked.push((name.to_owned(), pairs.to_vec()));
        let answer = if self.away {
            Err(away())
        } else {
            Ok(self.table(pairs))
        };
        Box::pin(std::future::ready(answer))
    }

    fn rows<'a>(&'a self, name: &'a str, _: &'a [Pair]) -> Answer<'a, Opened> {
        if self.away {
            return Box::pin(std::future::ready(Err(away())));
        }
        if name == "missed-calls" {
            return Box::pin(std::future::ready(Ok(self.episodes())));
        }
        let column = |name| Column {
            name,
            unit: Unit::Text,
        };
        let page = Page {
            report: "messages",
            from: Time(0),
            to: Time(1),
            tz: "UTC",
            columns: vec![column("contact"), column("conversation")],
            rows: vec![vec![text(EVIL), text("c1")]],
            next: Some("Wz\"1".to_owned()),
            as_of: Time(1),
        };
        let links = vec![Some("https://crm.example/c1?a=\"b\"".to_owned())];
        Box::pin(std::future::ready(Ok(Opened { page, links })))
    }

    fn values<'a>(&'a self, _: &'a str) -> Answer<'a, Values> {
        let named = Named {
            value: EVIL.to_owned(),
            name: EVIL.to_owned(),
        };
        let values = Values {
            dimension: "manager",
            values: vec![named],
            as_of: Time(1),
            truncated: false,
        };
        let answer = if self.away { Err(away()) } else { Ok(values) };
        Box::pin(std::future::ready(answer))
    }

    fn unmapped(&self) -> Answer<'_, Vec<Unmapped>> {
        let of = |hook: &str, name: &str| Unmapped {
            hook: hook.to_owned(),
            name: name.to_owned(),
            calls: 12,
            last: Time(0),
        };
        let all = vec![of("pbx", "104"), of("gone", EVIL)];
        let none = self.closed || self.empty;
        let shown = if none { vec![] } else { all };
        Box::pin(std::future::ready(Ok(shown)))
    }

    fn connections(&self) -> Answer<'_, Vec<Connection>> {
        let closed = Missing {
            status: 403,
            code: "forbidden",
            detail: "not for you".to_owned(),
        };
        let answer = match (self.closed, self.empty) {
            (true, _) => Err(closed),
            (_, true) => Ok(vec![]),
            _ => Ok(vec![connection()]),
        };
        Box::pin(std::future::ready(answer))
    }

    fn live<'a>(&'a self, _: &'a [Pair]) -> Answer<'a, Live> {
        let waits = Waits {
            channel: EVIL.to_owned(),
            conversation: "c1".to_owned(),
            contact: EVIL.to_owned(),
            since: Time(0),
            manager: Some("ana".to_owned()),
            link: Some(format!("https://crm.example/?{EVIL}")),
        };
        let ana = Manager {
            manager: Some("ana".to_owned()),
            manager_name: Some(EVIL.to_owned()),
            waiting: 1,
            outbound: 5,
            wait: Answers {
                count: 5,
                mean_s: Some(61.5),
                p50_s: Some(60.0),
                p90_s: None,
            },
        };
        let live = Live {
            as_of: Time(1),
            waiting: Waiting {
                count: u64::from(!self.empty),
                unassigned: 0,
                longest_wait_s: (!self.empty).then_some(60.0),
                conversations: if self.empty { vec![] } else { vec![waits] },
            },
            managers: if self.empty { vec![] } else { vec![ana] },
            calls: if self.empty {
                vec![]
            } else {
                vec![call("inbound"), call("outbound")]
            },
        };
        Box::pin(std::future::ready(Ok(live)))
    }
}

/// A hook that heard something, refused something and is waited for in vain.
fn connection() -> Connection {
    let at = |text| Time::parse(text).unwrap();
    let recent = |when, outcome: &str, detail: &str| Recent {
        at: at(when),
        outcome: outcome.to_owned(),
        events: vec![EVIL.to_owned()],
        detail: detail.to_owned(),
    };
    Connection {
        told: Told {
            hook: "pbx".to_owned(),
            provider: "standard".to_owned(),
            path: "/v1/hooks/pbx".to_owned(),
            secret: true,
            last_request: Some(at("2026-03-10T12:30:01Z")),
            last_event: Some(at("2026-03-10T12:30:00Z")),
            lag_s: Some(1.25),
            requests: 1_234,
            events: 2_000,
            refused: 3,
            last_refused: Some(at("2026-03-10T12:29:00Z")),
            unknown: 2,
            shadowed: 1,
            no_replies: true,
            link: None,
            recent: vec![
                recent("2026-03-10T12:29:00Z", "unverified", EVIL),
                recent("2026-03-10T12:30:01Z", "taken", ""),
            ],
        },
        guide: Guide {
            title: "Standard Webhooks",
            secret: "a secret",
            steps: &["give your system the address {url}"],
            integrity: "all is signed",
            retries: "yours",
            replies: "The provider sends them.",
            notes: &["a note"],
        },
    }
}

/// A call in progress with the number 911.
fn call(direction: &str) -> CallNow {
    let (from, to) = match direction {
        "inbound" => (EVIL, "911"),
        _ => ("911", EVIL),
    };
    CallNow {
        call: direction.to_owned(),
        direction: direction.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        since: Time(0),
        state: "talking".to_owned(),
        manager: Some("ana".to_owned()),
        extension: Some(EVIL.to_owned()),
    }
}

fn viewer() -> Viewer {
    Viewer {
        account: EVIL.to_owned(),
        zone: chrono_tz::UTC,
        now: Time::parse("2026-03-10T12:34:56Z").unwrap(),
        address: "http://127.0.0.1:8080".to_owned(),
        currency: "EUR".to_owned(),
        may_send: true,
    }
}

fn asked(pairs: &[(&str, &str)]) -> Asked {
    asked_of(Board::Today, pairs)
}

fn asked_of(board: Board, pairs: &[(&str, &str)]) -> Asked {
    let pairs = pairs.iter();
    let pairs: Vec<Pair> = pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Asked::read(board, &pairs).unwrap()
}

async fn shown(which: Panel, pairs: &[(&str, &str)], source: &Fake) -> String {
    let asked = asked_of(which.board(), pairs);
    let rendered = panel(which, &asked, &viewer(), source).await;
    rendered.html.to_string()
}

#[tokio::test]
async fn what_outsiders_wrote_is_text_wherever_it_is_shown() {
    let fake = Fake::default();
    let mut pages = Vec::new();
    for (_, which) in NAMES {
        if which.board() == Board::Connections {
            pages.push(shown(which, &[], &fake).await);
            continue;
        }
        let filter = match which.board() {
            Board::Sources => "source",
            _ => "manager",
        };
        pages.push(shown(which, &[(filter, EVIL)], &fake).await);
        pages.push(shown(which, &[("period", "month")], &fake).await);
    }
    let boards = [Board::Today, Board::Calls];
    for board in boards {
        let offered = choices(board, &viewer(), &fake).await;
        let filtered = asked_of(board, &[("team", EVIL), ("sort", EVIL)]);
        pages.push(home(&filtered, &viewer(), &offered));
    }
    let offered = choices(Board::Sources, &viewer(), &fake).await;
    let filtered = asked_of(Board::Sources, &[("campaign", EVIL), ("sort", EVIL)]);
    pages.push(home(&filtered, &viewer(), &offered));
    let told = crate::Uploaded {
        file: EVIL.to_owned(),
        refused: vec![(2, EVIL.to_owned())],
        failed: Some(EVIL.to_owned()),
        accepted: 1,
        ..crate::Uploaded::default()
    };
    pages.push(crate::uploaded_page(&told, &viewer()));
    pages.push(connections(&viewer()));
    let pairs = [("manager".to_owned(), EVIL.to_owned())];
    pages.push(rows("messages", &pairs, &viewer(), &fake).await.unwrap());
    pages.push(crate::pages::login(Some(EVIL), Some(EVIL)));
    pages.push(crate::pages::error(&Missing::bad(EVIL.to_owned())));
    let mut escaped = 0;
    for page in pages {
        for wrong in ["<script>alert", "<img", "alert('1')", "\"b\"", " style="] {
            assert!(!page.contains(wrong), "{wrong} in\n{page}");
        }
        escaped += page.matches("&#60;script&#62;alert").count();
    }
    assert!(escaped > 10, "{escaped}");
}

#[tokio::test]
async fn a_tile_shows_its_figure_its_rows_and_how_it_was_a_week_ago() {
    let fake = Fake::default();
    let html = shown(Panel::Tiles, &[("channel", "web")], &fake).await;
    for part in [
        "data-figure=\"received\" title=\"112\">112<",
        "data-figure=\"p50_s\" title=\"134.000 s\">2\u{202f}m 14\u{202f}s<",
        ">+12\u{202f}%<",
        "class=\"good\"",
        "how it differs from last Tuesday until 12:34",
        "/board/rows/messages?figure=messages&#38;period=today&#38;channel=web&#38;author=manager",
        "to=2026-03-03T12%3A34%3A00.000Z&#38;channel=web",
    ] {
        assert!(html.contains(part), "{part} in\n{html}");
    }
    // Each question with the filters of the page.
    let questions = fake.asked.lock().unwrap();
    let filter = ("channel".to_owned(), "web".to_owned());
    assert_eq!(questions.len(), 6);
    assert!(questions.iter().all(|(_, pairs)| pairs.contains(&filter)));
}

#[tokio::test]
async fn without_clickhouse_every_panel_says_so_and_what_is_live_stays() {
    let fake = Fake {
        away: true,
        ..Fake::default()
    };
    for (name, which) in NAMES
        .into_iter()
        .filter(|(name, _)| !["live", "connections", "calls-now"].contains(name))
    {
        let html = shown(which, &[], &fake).await;
        assert!(
            html.contains("ClickHouse does not answer"),
            "{name}: {html}"
        );
    }
    let tiles = shown(Panel::Tiles, &[], &fake).await;
    assert!(tiles.contains("data-figure=\"waiting\">1<"), "{tiles}");
    let managers = shown(Panel::Managers, &[], &fake).await;
    assert!(managers.contains("1\u{202f}m 02\u{202f}s"), "{managers}");
    // What is live is of today; of a month it would be a wrong figure.
    let month = shown(Panel::Managers, &[("period", "month")], &fake).await;
    assert!(!month.contains("1\u{202f}m 02\u{202f}s"), "{month}");
    let written = csv(Panel::Times, &asked(&[]), &viewer(), &fake).await;
    assert_eq!(written.unwrap_err().status, 503);
}

#[tokio::test]
async fn an_empty_account_says_how_to_send_the_first_event() {
    let fake = Fake {
        empty: true,
        ..Fake::default()
    };
    let html = shown(Panel::Tiles, &[], &fake).await;
    let line = html.lines().find(|line| line.contains("curl"));
    let line = line.expect("a command");
    assert!(line.contains("http://127.0.0.1:8080/v1/events"), "{line}");
    // With a filter it is the filter that is empty, perhaps.
    let filtered = shown(Panel::Tiles, &[("team", "x")], &fake).await;
    assert!(!filtered.contains("curl"), "{filtered}");
}

#[tokio::test]
async fn a_connection_says_what_came_of_it_what_was_refused_and_how_it_is_made() {
    let fake = Fake::default();
    let html = shown(Panel::Connections, &[], &fake).await;
    for part in [
        "http://127.0.0.1:8080/v1/hooks/pbx",
        "data-since=\"1773145800000\"",
        ">1\u{202f}234<",
        "<dd class=\"bad\">3<",
        "<dd class=\"warn\">2<",
        "no reply of a manager comes",
        "trunkline hook verify pbx",
        "<strong>104</strong> 12 calls",
        "of no hook that is here",
        "give your system the address http://127.0.0.1:8080/v1/hooks/pbx",
    ] {
        assert!(html.contains(part), "{part} in\n{html}");
    }
    let written = csv(Panel::Connections, &asked(&[]), &viewer(), &fake).await;
    let written = written.unwrap();
    let line = "pbx,standard,http://127.0.0.1:8080/v1/hooks/pbx,2026-03-10T12:30:01.000Z,\
                2026-03-10T12:30:00.000Z,1.250,1234,2000,3,2026-03-10T12:29:00.000Z,2,1,1";
    assert!(written.contains(line), "{written}");
}

#[tokio::test]
async fn who_may_not_see_connections_is_told_so_and_who_has_none_how_to_make_one() {
    let closed = Fake {
        closed: true,
        ..Fake::default()
    };
    let html = shown(Panel::Connections, &[], &closed).await;
    assert!(html.contains("Not for this login"), "{html}");
    assert!(!html.contains("hooks/pbx"), "{html}");
    let none = Fake {
        empty: true,
        ..Fake::default()
    };
    let html = shown(Panel::Connections, &[], &none).await;
    assert!(html.contains("trunkline hook add"), "{html}");
}

#[tokio::test]
async fn a_panel_as_csv_has_the_same_figures() {
    let fake = Fake::default();
    let of = async |which| csv(which, &asked(&[]), &viewer(), &fake).await.unwrap();
    let tiles = of(Panel::Tiles).await;
    let lines: Vec<&str> = tiles.lines().collect();
    assert_eq!(lines[..2], ["figure,value,before", "received,112,100"]);
    assert_eq!(lines[3], "p50_s,134.000,268.000");
    let managers = of(Panel::Managers).await;
    assert!(
        managers.contains("ana,Ana,7,134.000,134.000,134.000,0.9150,7,7,1"),
        "{managers}"
    );
    let live = of(Panel::Live).await;
    assert!(live.starts_with("since,wait_s,channel,"), "{live}");
}

#[tokio::test]
async fn calls_are_inbound_ones_unless_another_direction_is_chosen() {
    let fake = Fake::default();
    let html = shown(Panel::CallsTiles, &[("number", "911")], &fake).await;
    for part in [
        "data-figure=\"answer_rate\" title=\"0.9150\">91.5\u{202f}%<",
        "<small>out</small>",
        "data-figure=\"in_progress\">2<",
        "/board/rows/calls?figure=calls&#38;period=today&#38;number=911&#38;direction=inbound",
        "data-figure=\"open\">2<",
    ] {
        assert!(html.contains(part), "{part} in\n{html}");
    }
    let chosen = [("direction", "outbound"), ("credit", "last")];
    let html = shown(Panel::CallsTiles, &chosen, &fake).await;
    assert!(
        html.contains("connect_rate") && !html.contains("answer_rate"),
        "{html}"
    );
    assert!(html.contains("data-figure=\"in_progress\">1<"), "{html}");
    // Episodes know neither.
    let asked = asked_of(Board::Calls, &chosen).of("missed-calls");
    assert_eq!(asked.pairs, [("period".to_owned(), "today".to_owned())]);
}

#[tokio::test]
async fn whom_to_call_back_is_listed_from_the_oldest() {
    let html = shown(Panel::CallsBack, &[], &Fake::default()).await;
    let place = |part: &str| {
        html.find(part)
            .unwrap_or_else(|| panic!("{part} in\n{html}"))
    };
    assert!(
        place("older") < place("3 times") && place("3 times") < place("newer"),
        "{html}"
    );
    assert!(place("tried") < place("newer"), "{html}");
    assert!(html.contains("from=1970-01-01T00%3A00%3A01.000Z&#38;to=1970-01-01T00%3A00%3A01.001Z"));
    let (asked, fake) = (asked_of(Board::Calls, &[]), Fake::default());
    let written = csv(Panel::CallsBack, &asked, &viewer(), &fake).await;
    let written = written.unwrap();
    assert!(
        written.starts_with("at,number,caller,contact,calls,first_attempt_s"),
        "{written}"
    );
}

#[tokio::test]
async fn calls_over_time_are_told_apart_by_how_they_ended() {
    let html = shown(Panel::CallsTimes, &[], &Fake::default()).await;
    let cells = |counts: [u64; 5]| counts.map(|it| format!("<td class=\"number\">{it}</td>"));
    // 20 calls: 7 answered, 7 missed, and 6 that ended otherwise.
    let row = format!(">20</a></td>{}", cells([7, 7, 0, 0, 6]).concat());
    assert!(html.contains(&row), "{html}");
}

#[test]
fn who_has_no_figure_comes_last_either_way() {
    let line = |manager: &str, median| {
        let mut line = sheet::Line::empty(&managers::COLUMNS, Some(manager.to_owned()));
        line.values[2] = median;
        line
    };
    let lines = [
        line("a", Value::Null),
        line("b", Value::Millis(5)),
        line("c", Value::Millis(9)),
    ];
    let sorted = |by: &str| {
        let mut lines = lines.to_vec();
        sheet::sort(&managers::COLUMNS, &mut lines, by);
        lines.iter().map(sheet::Line::name).collect::<String>()
    };
    assert_eq!(sorted("p50_s"), "bca");
    assert_eq!(sorted("-p50_s"), "cba");
    assert_eq!(sorted("-manager"), "cba");
    assert_eq!(sorted("nonsense"), "abc");
}

#[test]
fn a_panel_is_small_enough_for_any_stack() {
    let (fake, asked, viewer) = (Fake::default(), asked(&[]), viewer());
    for (name, which) in NAMES {
        let size = size_of_val(&panel(which, &asked, &viewer, &fake));
        assert!(size < 1_024, "{name}: {size} bytes");
    }
}

#[tokio::test]
async fn what_keeps_the_figures_of_sources_from_being_whole_is_said() {
    let fake = Fake::default();
    let html = shown(Panel::SourcesTiles, &[("source", "google")], &fake).await;
    for part in [
        "data-figure=\"spend_unmatched\" title=\"120.50: of the spend",
        ">120.50 EUR</a> was spent on sources or campaigns",
        "/board/rows/sources?figure=spend_unmatched&#38;period=month&#38;source=google",
        "data-figure=\"unconverted\"",
    ] {
        assert!(html.contains(part), "{part} in\n{html}");
    }
    // What is nothing is no warning.
    assert!(!html.contains("data-figure=\"unallocated\""), "{html}");
    let empty = Fake {
        empty: true,
        ..Fake::default()
    };
    let html = shown(Panel::SourcesTiles, &[("source", "google")], &empty).await;
    assert!(html.contains("No spend is known in this period"), "{html}");
    let html = shown(Panel::SourcesTiles, &[], &empty).await;
    assert!(html.contains("Nothing has a source yet"), "{html}");
}

#[tokio::test]
async fn a_source_leads_to_its_media_and_a_figure_to_its_rows() {
    let fake = Fake::default();
    let html = shown(Panel::Sources, &[("model", "linear")], &fake).await;
    for part in [
        "href=\"/sources?source=google&#38;model=linear#sources\">google</a>",
        "figure=leads&#38;period=month&#38;model=linear&#38;source=google",
        "href=\"/sources?by=campaign&#38;model=linear#sources\">Campaign</a>",
        // What is not known is a row, and leads no deeper.
        "<th scope=\"row\">not known</th>",
        "<th scope=\"row\">All</th>",
    ] {
        assert!(html.contains(part), "{part} in\n{html}");
    }
    let deeper = [("source", "google"), ("by", "medium")];
    let html = shown(Panel::Sources, &deeper, &fake).await;
    assert!(html.contains("All sources</a> › <span"), "{html}");
    let asked = fake.asked.lock().unwrap();
    let told_apart = |pairs: &&Vec<Pair>| pairs.iter().any(|(name, _)| name == "by");
    let first = asked
        .iter()
        .map(|(_, pairs)| pairs)
        .find(told_apart)
        .unwrap();
    for pair in [
        ("by", "source"),
        ("model", "linear"),
        ("order", "-inquiries"),
    ] {
        let pair = (pair.0.to_owned(), pair.1.to_owned());
        assert!(first.contains(&pair), "{pair:?} in {first:?}");
    }
}

#[tokio::test]
async fn a_pool_says_how_many_numbers_it_lacks_and_is_of_all_sources() {
    let fake = Fake::default();
    let html = shown(Panel::Pools, &[("source", "google")], &fake).await;
    assert!(html.contains("5 too few for 1 %"), "{html}");
    let asked = fake.asked.lock().unwrap();
    let filtered = asked.iter().flat_map(|(_, pairs)| pairs);
    assert!(!filtered.into_iter().any(|(name, _)| name == "source"));
}

#[tokio::test]
async fn who_may_not_send_sees_no_form() {
    let fake = Fake::default();
    let offered = choices(Board::Sources, &viewer(), &fake).await;
    let asked = asked_of(Board::Sources, &[]);
    assert!(home(&asked, &viewer(), &offered).contains("type=\"file\""));
    let reader = Viewer {
        may_send: false,
        ..viewer()
    };
    assert!(!home(&asked, &reader, &offered).contains("type=\"file\""));
}
