//! What providers send: each hook of the account, what came of it, and how it is connected.
//!
//! Like the list of who waits, the HTML says since when, not how long, so that it is equal until
//! something happens.

use askama::Template;
use trunkline_model::time::Time;
use trunkline_reports::{Table, Unit, Value};

use super::live::{Since, table_of};
use super::{notice, render};
use crate::connection::{Connection, Guide, Recent, Unmapped};
use crate::shown;
use crate::source::{Missing, Source, Viewer};

/// How many of the last refusals are said without opening anything.
const REFUSALS: usize = 3;

#[derive(Template)]
#[template(path = "connections.html")]
struct Shown {
    cards: Vec<Card>,
    /// What is nobody's, of hooks that are not (any more) there, and of none.
    others: Vec<Nobodys>,
}

/// What who may not see them is told.
#[derive(Template)]
#[template(path = "connections_closed.html")]
struct Closed;

struct Card {
    hook: String,
    title: &'static str,
    url: String,
    state: State,
    facts: Vec<Fact>,
    last: Option<Since>,
    lag: String,
    secret: bool,
    no_replies: bool,
    link: Option<Line>,
    refusals: Vec<Request>,
    recent: Vec<Request>,
    unmapped: Vec<Nobodys>,
    secret_is: String,
    replies: &'static str,
    steps: Vec<String>,
    notes: Vec<(&'static str, Vec<String>)>,
}

/// Takes the marks of code out of a text.
fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// What is to know beside the steps: a title, and what stands below it.
fn notes(guide: &Guide) -> Vec<(&'static str, Vec<String>)> {
    let one = |text: &str| Vec::from_iter((!text.is_empty()).then(|| plain(text)));
    let all = [
        ("Secret", one(guide.secret)),
        ("How far it is vouched for", one(guide.integrity)),
        ("When it was not taken", one(guide.retries)),
        ("Replies of managers", one(guide.replies)),
        (
            "To know",
            guide.notes.iter().map(|note| plain(note)).collect(),
        ),
    ];
    all.into_iter()
        .filter(|(_, texts)| !texts.is_empty())
        .collect()
}

/// How a connection stands.
struct Line {
    connected: bool,
    since: Since,
    detail: String,
}

/// An extension that is nobody's.
struct Nobodys {
    name: String,
    calls: String,
    last: Since,
}

impl Nobodys {
    fn of(unmapped: &Unmapped, viewer: &Viewer) -> Self {
        Self {
            name: unmapped.name.clone(),
            calls: shown::grouped(unmapped.calls),
            last: Since::new(unmapped.last, viewer),
        }
    }
}

/// How a hook stands, in a word and a tone.
struct State {
    tone: &'static str,
    word: &'static str,
}

struct Fact {
    name: &'static str,
    meaning: &'static str,
    value: String,
    tone: &'static str,
}

struct Request {
    at: Time,
    clock: String,
    outcome: &'static str,
    tone: &'static str,
    events: String,
    detail: String,
}

impl Card {
    fn of(connection: &Connection, unmapped: &[Unmapped], viewer: &Viewer) -> Self {
        let told = &connection.told;
        let called = format!("{}{}", viewer.address, told.path);
        let url = told.link.as_ref().map_or(called, |it| it.address.clone());
        let newest = told.recent.iter().rev().map(|it| Request::of(it, viewer));
        let refused = told.recent.iter().rev();
        let refused = refused.filter(|it| it.outcome == "unverified");
        let refused = refused.take(REFUSALS).map(|it| Request::of(it, viewer));
        let guide = connection.guide;
        let steps = guide.steps.iter();
        Self {
            hook: told.hook.clone(),
            title: connection.guide.title,
            state: State::of(connection),
            facts: facts(connection),
            last: told.last_event.map(|at| Since::new(at, viewer)),
            lag: told.lag_s.map_or_else(
                || shown::NONE.to_owned(),
                |lag| shown::span((lag * 1_000.0).round() as i64),
            ),
            secret: told.secret,
            no_replies: told.no_replies,
            link: told.link.as_ref().map(|it| Line {
                connected: it.connected,
                since: Since::new(it.since, viewer),
                detail: it.detail.clone(),
            }),
            refusals: refused.collect(),
            recent: newest.collect(),
            unmapped: unmapped
                .iter()
                .filter(|it| it.hook == told.hook)
                .map(|it| Nobodys::of(it, viewer))
                .collect(),
            secret_is: plain(guide.secret),
            replies: guide.replies,
            steps: steps
                .map(|step| plain(&step.replace("{url}", &url)))
                .collect(),
            notes: notes(&guide),
            url,
        }
    }
}

impl State {
    fn of(connection: &Connection) -> Self {
        let told = &connection.told;
        let last = told.recent.last();
        let was_refused = last.is_some_and(|it| it.outcome == "unverified");
        let (tone, word) = match () {
            () if !told.secret => ("bad", "has no secret"),
            () if told.link.as_ref().is_some_and(|it| !it.connected) => ("bad", "not connected"),
            () if was_refused => ("bad", "refused"),
            () if told.link.is_some() => ("good", "connected"),
            () if told.last_request.is_none() => ("even", "nothing yet"),
            () if told.no_replies => ("warn", "no replies"),
            () => ("good", "heard"),
        };
        Self { tone, word }
    }
}

fn facts(connection: &Connection) -> Vec<Fact> {
    let told = &connection.told;
    let fact = |name, value, tone, meaning| Fact {
        name,
        meaning,
        value: shown::grouped(value),
        tone: if value > 0 { tone } else { "" },
    };
    vec![
        fact(
            "Requests",
            told.requests,
            "",
            "verified requests since the service started",
        ),
        fact("Events", told.events, "", "events in them"),
        fact(
            "Refused",
            told.refused,
            "bad",
            "requests that could not be verified: they left nothing",
        ),
        fact(
            "Not understood",
            told.unknown,
            "warn",
            "verified requests of a kind, or in a form, that is not known: kept as they came",
        ),
        fact(
            "Of another hook",
            told.shadowed,
            "",
            "events left out, because their channel has its messages from another hook",
        ),
    ]
}

impl Request {
    fn of(recent: &Recent, viewer: &Viewer) -> Self {
        let (outcome, tone) = match recent.outcome.as_str() {
            "taken" => ("taken", "good"),
            "unknown" => ("unknown kind", "warn"),
            "unreadable" => ("unreadable", "warn"),
            "unverified" => ("refused", "bad"),
            "greeting" => ("greeting", "even"),
            _ => ("other", "even"),
        };
        let clock = shown::local(recent.at, viewer.zone);
        Self {
            at: recent.at,
            clock: clock.format("%a %H:%M:%S").to_string(),
            outcome,
            tone,
            events: recent.events.join(", "),
            detail: recent.detail.clone(),
        }
    }
}

pub(super) async fn html(viewer: &Viewer, source: &dyn Source) -> String {
    let (connections, unmapped) = tokio::join!(source.connections(), source.unmapped());
    // While ClickHouse is away nothing is known of calls.
    let unmapped = unmapped.unwrap_or_default();
    match connections {
        Ok(connections) => {
            let card = |it: &Connection| Card::of(it, &unmapped, viewer);
            let known = |it: &&Unmapped| connections.iter().any(|of| of.told.hook == it.hook);
            let others = unmapped.iter().filter(|it| !known(it));
            render(&Shown {
                cards: connections.iter().map(card).collect(),
                others: others.map(|it| Nobodys::of(it, viewer)).collect(),
            })
        }
        Err(missing) if missing.status == 403 => render(&Closed),
        Err(missing) => notice(&missing),
    }
}

pub(super) async fn table(viewer: &Viewer, source: &dyn Source) -> Result<Table, Missing> {
    let text = |text: &str| Value::Text(text.to_owned());
    let time = |at: Option<Time>| at.map_or(Value::Null, Value::Time);
    let connections = source.connections().await?;
    let rows = connections.iter().map(|Connection { told, .. }| {
        let lag = told.lag_s.map(|lag| (lag * 1_000.0).round() as i64);
        vec![
            text(&told.hook),
            text(&told.provider),
            text(&format!("{}{}", viewer.address, told.path)),
            time(told.last_request),
            time(told.last_event),
            lag.map_or(Value::Null, Value::Millis),
            Value::Count(told.requests),
            Value::Count(told.events),
            Value::Count(told.refused),
            time(told.last_refused),
            Value::Count(told.unknown),
            Value::Count(told.shadowed),
            Value::Count(u64::from(told.no_replies)),
        ]
    });
    let columns = [
        ("hook", Unit::Text),
        ("provider", Unit::Text),
        ("address", Unit::Text),
        ("last_request", Unit::Time),
        ("last_event", Unit::Time),
        ("lag_s", Unit::S),
        ("requests", Unit::Count),
        ("events", Unit::Count),
        ("refused", Unit::Count),
        ("last_refused", Unit::Time),
        ("unknown", Unit::Count),
        ("shadowed", Unit::Count),
        ("no_replies", Unit::Number),
    ];
    Ok(table_of("connections", viewer, &columns, rows.collect()))
}
