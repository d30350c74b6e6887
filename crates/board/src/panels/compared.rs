//! Tiles: figures of reports, each beside the one of the period before.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use crate::asked::{Asked, Before};
use crate::meaning;
use crate::question::{Question, cell, first};
use crate::shown::{self, Better, Change};
use crate::source::{Missing, Source, Viewer};

/// A figure of a tile: tile, its title, which of the questions, figure, label, the figure whose rows
/// it opens, and whether more is better.
pub(super) struct Described {
    pub(super) tile: &'static str,
    pub(super) title: &'static str,
    pub(super) asks: usize,
    pub(super) figure: &'static str,
    pub(super) label: &'static str,
    pub(super) opens: &'static str,
    pub(super) better: Better,
}

pub(super) const fn described(
    (tile, title): (&'static str, &'static str),
    (asks, figure, opens): (usize, &'static str, &'static str),
    label: &'static str,
    better: Better,
) -> Described {
    Described {
        tile,
        title,
        asks,
        figure,
        label,
        opens,
        better,
    }
}

/// All tiles: those of reports, and in the place `at` among them the one that is live.
#[derive(Template)]
#[template(path = "tiles.html")]
pub(super) struct Shown {
    pub(super) notice: Option<String>,
    pub(super) tiles: Vec<Tile>,
    pub(super) live: String,
    pub(super) at: usize,
    pub(super) against: String,
}

pub(super) struct Tile {
    name: &'static str,
    title: &'static str,
    figures: Vec<Figure>,
}

struct Figure {
    name: &'static str,
    label: &'static str,
    meaning: &'static str,
    value: String,
    exact: String,
    href: String,
    change: Option<Change>,
    was: String,
    was_href: String,
}

/// One answer and that of the period before.
#[derive(Clone)]
pub(super) struct Asking {
    question: Question,
    earlier: Option<Question>,
    now: Table,
    before: Option<Table>,
}

impl Asking {
    pub(super) fn value(&self, figure: &str) -> &Value {
        first(&self.now, figure)
    }

    pub(super) fn before(&self, figure: &str) -> &Value {
        match (&self.before, &self.now.compared) {
            (Some(before), _) => first(before, figure),
            (None, Some(compared)) => cell(&self.now, compared.previous.first(), figure),
            (None, None) => &Value::Null,
        }
    }

    /// Gives what was answered where a dimension has a value, and asks for the rows of that alone.
    pub(super) fn only(&self, dimension: &str, value: &str) -> Self {
        let columns = &self.now.columns;
        let place = columns.iter().position(|column| column.name == dimension);
        let is = |row: &Vec<Value>| {
            let own = place.and_then(|place| row.get(place));
            matches!(own, Some(Value::Text(own)) if own == value)
        };
        // What there is nothing of has no row: its counts are 0.
        let nothing: Vec<Value> = columns
            .iter()
            .map(|column| match column.unit {
                Unit::Count => Value::Count(0),
                _ => Value::Null,
            })
            .collect();
        let pick = |rows: &mut Vec<Vec<Value>>| {
            rows.retain(is);
            if rows.is_empty() {
                rows.push(nothing.clone());
            }
        };
        let mut only = self.clone();
        pick(&mut only.now.rows);
        if let Some(compared) = &mut only.now.compared {
            pick(&mut compared.previous);
        }
        if let Some(before) = &mut only.before {
            pick(&mut before.rows);
        }
        only.question = self.question.and(dimension, value);
        only.earlier = self.earlier.as_ref().map(|it| it.and(dimension, value));
        only
    }

    /// Gives the address of the rows of the period before.
    fn earlier(&self, figure: &str) -> String {
        match (&self.earlier, &self.now.compared) {
            (Some(earlier), _) => earlier.rows(figure),
            (None, Some(compared)) => {
                let (from, to) = (compared.previous_from, compared.previous_to);
                self.question.between(from, to).rows(figure)
            }
            (None, None) => String::new(),
        }
    }
}

/// Asks about the period and the one before.
pub(super) async fn ask(
    question: Question,
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Asking, Missing> {
    let report = question.report;
    match asked.before(viewer) {
        Before::Week(from, to) => {
            let earlier = question.between(from, to);
            // Just after midnight there is no part of the day to compare with.
            let before = async {
                if from < to {
                    source.report(report, &earlier.pairs).await.map(Some)
                } else {
                    Ok(None)
                }
            };
            let (now, before) = tokio::join!(source.report(report, &question.pairs), before);
            let (now, before) = (now?, before?);
            Ok(Asking {
                question,
                earlier: Some(earlier),
                now,
                before,
            })
        }
        Before::Previous => {
            let compared = question.and("compare", "previous");
            let now = source.report(report, &compared.pairs).await?;
            Ok(Asking {
                question,
                earlier: None,
                now,
                before: None,
            })
        }
    }
}

/// Makes the tiles of figures; without answers each says that it has none.
pub(super) fn tiles<'a>(
    figures: impl IntoIterator<Item = &'a Described>,
    reports: &[&'static str],
    answers: Option<&[Asking]>,
    against: &str,
) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = Vec::new();
    for of in figures {
        let asking = answers.map(|answers| &answers[of.asks]);
        let figure = figure(of, reports[of.asks], asking, against);
        match tiles.last_mut().filter(|tile| tile.name == of.tile) {
            Some(tile) => tile.figures.push(figure),
            None => tiles.push(Tile {
                name: of.tile,
                title: of.title,
                figures: vec![figure],
            }),
        }
    }
    tiles
}

fn figure(of: &Described, report: &str, asking: Option<&Asking>, against: &str) -> Figure {
    let null = &Value::Null;
    let value = asking.map_or(null, |asking| asking.value(of.figure));
    let before = asking.map_or(null, |asking| asking.before(of.figure));
    let zone = chrono_tz::UTC;
    Figure {
        name: of.figure,
        label: of.label,
        meaning: meaning::of(report, of.figure),
        value: shown::figure(of.figure, value, zone),
        exact: shown::exact(value),
        href: asking.map_or_else(String::new, |asking| asking.question.rows(of.opens)),
        change: shown::change(value, before, of.better),
        was: format!("{} {against}", shown::figure(of.figure, before, zone)),
        was_href: asking.map_or_else(String::new, |asking| asking.earlier(of.opens)),
    }
}
