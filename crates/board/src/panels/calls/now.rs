//! Calls in progress: the list, and the tile that counts them.
//!
//! The HTML says since when each goes on, not how long, so that it is equal until something happens.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use crate::asked::Asked;
use crate::panels::live::{Since, names, stand, table_of};
use crate::panels::{notice, render};
use crate::shown;
use crate::source::{CallNow, Live, Missing, Source, Viewer};

/// Calls that are listed on the page; a CSV has all that the live view gives.
const LISTED: usize = 50;
const ASKED: usize = 1_000;

#[derive(Template)]
#[template(path = "calls_now.html")]
struct Shown {
    tile: String,
    rows: Vec<Row>,
    more: String,
}

/// The tile that counts them.
#[derive(Template)]
#[template(path = "tile_calls.html")]
struct Tile {
    count: String,
    longest: Option<Since>,
    talking: String,
    missing: Option<String>,
    apart: bool,
}

struct Row {
    outside: String,
    inbound: bool,
    number: String,
    whom: String,
    state: &'static str,
    tone: &'static str,
    since: Since,
}

/// Asks which calls go on, with the filters of the board.
pub(super) async fn ask(asked: &Asked, source: &dyn Source) -> Result<Live, Missing> {
    let mut live = stand(asked, source, ASKED).await?;
    // The live view knows no filters of calls.
    live.calls.retain(|call| {
        is_asked(asked, "direction", &call.direction) && is_asked(asked, "number", ends(call).1)
    });
    Ok(live)
}

fn is_asked(asked: &Asked, name: &str, value: &str) -> bool {
    let mut wanted = asked
        .filters
        .iter()
        .filter(|(known, _)| known == name)
        .peekable();
    wanted.peek().is_none() || wanted.any(|(_, wanted)| wanted == value)
}

/// Gives who is outside, and the number of ours.
fn ends(call: &CallNow) -> (&str, &str) {
    match call.direction.as_str() {
        "outbound" => (&call.to, &call.from),
        _ => (&call.from, &call.to),
    }
}

/// Makes the tile; `apart` from the tiles it takes its place among them.
pub(super) fn tile(live: &Result<Live, Missing>, viewer: &Viewer, apart: bool) -> String {
    let calls = live.as_ref().map_or(&[][..], |live| &live.calls);
    let talking = calls.iter().filter(|call| call.state == "talking").count();
    let longest = calls.iter().map(|call| call.since).min();
    render(&Tile {
        count: match live {
            Ok(_) => shown::grouped(calls.len() as u64),
            Err(_) => shown::NONE.to_owned(),
        },
        longest: longest.map(|at| Since::new(at, viewer)),
        talking: shown::grouped(talking as u64),
        missing: live.as_ref().err().map(|missing| missing.detail.clone()),
        apart,
    })
}

fn state(call: &CallNow) -> (&'static str, &'static str) {
    match call.state.as_str() {
        "talking" => ("talking", "good"),
        "held" => ("on hold", "even"),
        "ringing" => ("ringing", "warn"),
        "queued" => ("in the queue", "warn"),
        "menu" => ("in the menu", "even"),
        _ => ("begun", "even"),
    }
}

pub(in crate::panels) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let live = ask(asked, source).await;
    let tile = tile(&live, viewer, true);
    let live = match live {
        Ok(live) => live,
        Err(missing) => return notice(&missing),
    };
    let rows = live.calls.iter().take(LISTED).map(|call| {
        let (outside, number) = ends(call);
        let (state, tone) = state(call);
        Row {
            outside: match outside {
                "" => "unknown".to_owned(),
                known => known.to_owned(),
            },
            inbound: call.direction != "outbound",
            number: number.to_owned(),
            whom: whom(call, &live),
            state,
            tone,
            since: Since::new(call.since, viewer),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let more = match live.calls.len() - rows.len() {
        0 => String::new(),
        more => shown::grouped(more as u64),
    };
    render(&Shown { tile, rows, more })
}

/// Who talks or is rung: the manager's name, else the extension.
fn whom(call: &CallNow, live: &Live) -> String {
    let known = call.manager.as_deref().map(|manager| {
        let name = names(live).get(manager).copied();
        name.unwrap_or(manager).to_owned()
    });
    known.or_else(|| call.extension.clone()).unwrap_or_default()
}

pub(in crate::panels) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let live = ask(asked, source).await?;
    let text = |text: &str| match text {
        "" => Value::Null,
        text => Value::Text(text.to_owned()),
    };
    let rows = live.calls.iter().map(|call| {
        vec![
            Value::Time(call.since),
            Value::Millis(viewer.now.since(call.since)),
            text(&call.direction),
            text(&call.from),
            text(&call.to),
            text(&call.state),
            text(call.manager.as_deref().unwrap_or_default()),
            text(call.extension.as_deref().unwrap_or_default()),
            text(&call.call),
        ]
    });
    let columns = [
        ("since", Unit::Time),
        ("lasts_s", Unit::S),
        ("direction", Unit::Text),
        ("from", Unit::Text),
        ("to", Unit::Text),
        ("state", Unit::Text),
        ("manager", Unit::Text),
        ("extension", Unit::Text),
        ("call", Unit::Text),
    ];
    Ok(table_of("calls-now", viewer, &columns, rows.collect()))
}
