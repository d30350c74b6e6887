//! Who waits now: the list, and the tile that counts it.
//!
//! The HTML says since when each waits, not how long, so that it is equal until something happens;
//! the script of the page turns the instants into ages.

use std::collections::BTreeMap;

use askama::Template;
use trunkline_model::time::Time;
use trunkline_reports::{Column, Table, Unit, Value};

use super::{notice, render};
use crate::asked::{Asked, FILTERS};
use crate::meaning;
use crate::question::pair;
use crate::shown;
use crate::source::{Live, Missing, Pair, Source, Viewer};

/// Conversations that are listed on the page, and in a CSV.
const LISTED: usize = 50;
const WRITTEN: usize = 1_000;

#[derive(Template)]
#[template(path = "live.html")]
struct Shown {
    tile: Tile,
    rows: Vec<Row>,
    more: String,
}

/// The tile that counts who waits.
#[derive(Template)]
#[template(path = "tile_waiting.html")]
pub(super) struct Tile {
    meaning: &'static str,
    count: String,
    unassigned: String,
    longest: Option<Since>,
    missing: Option<String>,
    apart: bool,
}

struct Row {
    contact: String,
    channel: String,
    manager: Option<String>,
    since: Since,
    href: Option<String>,
}

/// Since when, as an instant and by the local clock.
pub(super) struct Since {
    pub(super) at: Time,
    pub(super) clock: String,
}

impl Since {
    pub(super) fn new(at: Time, viewer: &Viewer) -> Self {
        let clock = shown::local(at, viewer.zone);
        let clock = clock.format("%a %H:%M").to_string();
        Self { at, clock }
    }
}

impl Tile {
    /// Makes the tile of how it stands; `apart` from the tiles it takes its place among them.
    pub(super) fn new(live: &Result<Live, Missing>, viewer: &Viewer, apart: bool) -> Self {
        let (count, unassigned, longest) = match live {
            Ok(live) => {
                let longest = live.waiting.longest_wait_s;
                // An instant again, so that it is equal until something happens.
                let since = |wait: f64| viewer.now.plus(-((wait * 1_000.0).round() as i64));
                (
                    shown::grouped(live.waiting.count),
                    match live.waiting.unassigned {
                        0 => String::new(),
                        some => shown::grouped(some),
                    },
                    longest.map(|wait| Since::new(since(wait), viewer)),
                )
            }
            Err(_) => (shown::NONE.to_owned(), String::new(), None),
        };
        let missing = live.as_ref().err().map(|missing| missing.detail.clone());
        Self {
            meaning: meaning::of("response-times", "awaiting"),
            count,
            unassigned,
            longest,
            missing,
            apart,
        }
    }
}

/// Asks how it stands, with the filters of the board.
pub(super) async fn stand(
    asked: &Asked,
    source: &dyn Source,
    limit: usize,
) -> Result<Live, Missing> {
    // Calls have filters that the live view has not.
    let known = |(name, _): &&Pair| FILTERS.contains(&name.as_str());
    let mut pairs: Vec<Pair> = asked.filters.iter().filter(known).cloned().collect();
    pairs.push(pair("limit", limit));
    source.live(&pairs).await
}

/// Gives what people call the managers that a view names.
pub(super) fn names(live: &Live) -> BTreeMap<&str, &str> {
    let named = live.managers.iter();
    named
        .filter_map(|of| Some((of.manager.as_deref()?, of.manager_name.as_deref()?)))
        .collect()
}

pub(super) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let live = stand(asked, source, LISTED).await;
    let tile = Tile::new(&live, viewer, true);
    let live = match live {
        Ok(live) => live,
        Err(missing) => return notice(&missing),
    };
    let names = names(&live);
    let rows = live.waiting.conversations.iter().map(|waits| Row {
        contact: waits.contact.clone(),
        channel: waits.channel.clone(),
        manager: waits.manager.as_deref().map(|manager| {
            let name = names.get(manager).copied();
            name.unwrap_or(manager).to_owned()
        }),
        since: Since::new(waits.since, viewer),
        href: waits.link.clone(),
    });
    let rows: Vec<Row> = rows.collect();
    let more = live.waiting.count.saturating_sub(rows.len() as u64);
    let more = match more {
        0 => String::new(),
        more => shown::grouped(more),
    };
    render(&Shown { tile, rows, more })
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let live = stand(asked, source, WRITTEN).await?;
    let names = names(&live);
    let text = |text: &str| Value::Text(text.to_owned());
    let rows = live.waiting.conversations.iter().map(|waits| {
        let manager = waits.manager.as_deref();
        let name = manager.map(|manager| names.get(manager).copied().unwrap_or(manager));
        vec![
            Value::Time(waits.since),
            Value::Millis(viewer.now.since(waits.since)),
            text(&waits.channel),
            text(&waits.conversation),
            text(&waits.contact),
            manager.map_or(Value::Null, text),
            name.map_or(Value::Null, text),
        ]
    });
    let columns = [
        ("since", Unit::Time),
        ("wait_s", Unit::S),
        ("channel", Unit::Text),
        ("conversation", Unit::Text),
        ("contact", Unit::Text),
        ("manager", Unit::Text),
        ("manager_name", Unit::Text),
    ];
    Ok(table_of("waiting", viewer, &columns, rows.collect()))
}

/// Makes a table of the board's own, for CSV.
pub(super) fn table_of(
    name: &'static str,
    viewer: &Viewer,
    columns: &[(&'static str, Unit)],
    rows: Vec<Vec<Value>>,
) -> Table {
    let columns = columns
        .iter()
        .map(|(name, unit)| Column { name, unit: *unit });
    Table {
        report: name,
        from: viewer.now,
        to: viewer.now,
        tz: viewer.zone.name(),
        columns: columns.collect(),
        rows,
        compared: None,
        as_of: viewer.now,
        truncated: false,
    }
}
