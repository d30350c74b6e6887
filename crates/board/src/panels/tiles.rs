//! The six tiles: how the day goes, each figure beside the one of the period before.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::live::{self, Tile as WaitingTile};
use super::{render, told};
use crate::asked::{Asked, Before};
use crate::meaning;
use crate::question::{Question, cell, first, pair};
use crate::shown::{self, Better, Change};
use crate::source::{Missing, Source, Viewer};

/// A figure of a tile: tile, its title, report, figure, label, the figure whose rows it opens, and
/// whether more is better.
struct Described {
    tile: &'static str,
    title: &'static str,
    report: usize,
    figure: &'static str,
    label: &'static str,
    opens: &'static str,
    better: Better,
}

/// The reports that the tiles ask.
const REPORTS: [&str; 3] = ["response-times", "conversations", "messages"];

const fn described(
    (tile, title): (&'static str, &'static str),
    (report, figure, opens): (usize, &'static str, &'static str),
    label: &'static str,
    better: Better,
) -> Described {
    Described {
        tile,
        title,
        report,
        figure,
        label,
        opens,
        better,
    }
}

const RESPONSE: (&str, &str) = ("response", "Response time");
const TOOK_PART: (&str, &str) = ("conversations", "Conversations");

static FIGURES: [Described; 7] = [
    described(
        ("inquiries", "Inquiries from chats"),
        (0, "received", "received"),
        "",
        Better::Neither,
    ),
    described(
        ("answered", "Answered"),
        (0, "answered_share", "answered"),
        "",
        Better::More,
    ),
    described(RESPONSE, (0, "p50_s", "count"), "median", Better::Less),
    described(RESPONSE, (0, "p90_s", "count"), "p90", Better::Less),
    described(
        TOOK_PART,
        (1, "participations", "participations"),
        "participations",
        Better::Neither,
    ),
    described(
        TOOK_PART,
        (1, "conversations", "conversations"),
        "distinct",
        Better::Neither,
    ),
    described(
        ("messages", "Messages out"),
        (2, "messages", "messages"),
        "",
        Better::Neither,
    ),
];

#[derive(Template)]
#[template(path = "tiles.html")]
struct Shown {
    notice: Option<String>,
    tiles: Vec<Tile>,
    waiting: WaitingTile,
    against: String,
}

struct Tile {
    name: &'static str,
    title: String,
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

/// What is shown while nothing has ever arrived.
#[derive(Template)]
#[template(path = "first.html")]
struct First<'a> {
    address: &'a str,
}

/// One answer and that of the period before.
struct Asking {
    question: Question,
    earlier: Option<Question>,
    now: Table,
    before: Option<Table>,
}

impl Asking {
    fn value(&self, figure: &str) -> &Value {
        first(&self.now, figure)
    }

    fn before(&self, figure: &str) -> &Value {
        match (&self.before, &self.now.compared) {
            (Some(before), _) => first(before, figure),
            (None, Some(compared)) => cell(&self.now, compared.previous.first(), figure),
            (None, None) => &Value::Null,
        }
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

/// Asks a report about the period and the one before.
async fn ask(
    report: &'static str,
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Asking, Missing> {
    let mut question = asked.of(report);
    if report == "messages" {
        question = question.and("author", "manager");
    }
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

async fn ask_all(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<[Asking; 3], Missing> {
    let [a, b, c] = REPORTS.map(|report| ask(report, asked, viewer, source));
    let (a, b, c) = tokio::join!(a, b, c);
    Ok([a?, b?, c?])
}

pub(super) async fn html(asked: &Asked, viewer: &Viewer, source: &dyn Source) -> String {
    let (answers, live) = tokio::join!(
        ask_all(asked, viewer, source),
        live::stand(asked, source, 1)
    );
    let silent = live
        .as_ref()
        .is_ok_and(|live| live.waiting.count == 0 && live.managers.is_empty());
    if let Ok(answers) = &answers
        && silent
        && asked.filters.is_empty()
        && has_nothing(answers, source).await
    {
        let address = &viewer.address;
        return render(&First { address });
    }
    let against = asked.told(viewer);
    render(&Shown {
        notice: answers.as_ref().err().map(told),
        tiles: tiles(answers.as_ref().ok(), &against),
        waiting: WaitingTile::new(&live, viewer, false),
        against,
    })
}

/// Whether no message has ever arrived; asked only while the period is empty.
async fn has_nothing(answers: &[Asking; 3], source: &dyn Source) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Count(0));
    if !nothing(answers[0].value("received")) || !nothing(answers[2].value("messages")) {
        return false;
    }
    let ever = [pair("from", "1970-01-02")];
    let messages = source.report("messages", &ever).await;
    messages.is_ok_and(|table| nothing(first(&table, "messages")))
}

fn tiles(answers: Option<&[Asking; 3]>, against: &str) -> Vec<Tile> {
    let mut tiles: Vec<Tile> = Vec::new();
    for of in &FIGURES {
        let figure = figure(of, answers, against);
        match tiles.last_mut().filter(|tile| tile.name == of.tile) {
            Some(tile) => tile.figures.push(figure),
            None => tiles.push(Tile {
                name: of.tile,
                title: of.title.to_owned(),
                figures: vec![figure],
            }),
        }
    }
    tiles
}

fn figure(of: &'static Described, answers: Option<&[Asking; 3]>, against: &str) -> Figure {
    let asking = answers.map(|answers| &answers[of.report]);
    let null = &Value::Null;
    let value = asking.map_or(null, |asking| asking.value(of.figure));
    let before = asking.map_or(null, |asking| asking.before(of.figure));
    let zone = chrono_tz::UTC;
    Figure {
        name: of.figure,
        label: of.label,
        meaning: meaning::of(REPORTS[of.report], of.figure),
        value: shown::value(value, zone),
        exact: shown::exact(value),
        href: asking.map_or_else(String::new, |asking| asking.question.rows(of.opens)),
        change: shown::change(value, before, of.better),
        was: format!("{} {against}", shown::value(before, zone)),
        was_href: asking.map_or_else(String::new, |asking| asking.earlier(of.opens)),
    }
}

pub(super) async fn table(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Table, Missing> {
    let answers = ask_all(asked, viewer, source).await?;
    let live = live::stand(asked, source, 1).await?;
    let text = |text: &str| Value::Text(text.to_owned());
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for of in &FIGURES {
        let asking = &answers[of.report];
        rows.push(vec![
            text(of.figure),
            asking.value(of.figure).clone(),
            asking.before(of.figure).clone(),
        ]);
    }
    let waiting = Value::Count(live.waiting.count);
    rows.push(vec![text("waiting"), waiting, Value::Null]);
    let columns = [
        ("figure", Unit::Text),
        ("value", Unit::Text),
        ("before", Unit::Text),
    ];
    Ok(live::table_of("today", viewer, &columns, rows))
}
