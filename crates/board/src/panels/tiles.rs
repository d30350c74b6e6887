//! The six tiles: how the day goes, each figure beside the one of the period before.

use askama::Template;
use trunkline_reports::{Table, Unit, Value};

use super::compared::{Asking, Described, Shown, ask, described, tiles};
use super::live::{self, Tile as WaitingTile};
use super::{render, told};
use crate::asked::Asked;
use crate::question::{first, pair};
use crate::shown::Better;
use crate::source::{Missing, Source, Viewer};

/// The reports that the tiles ask.
const REPORTS: [&str; 3] = ["response-times", "conversations", "messages"];

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

/// What is shown while nothing has ever arrived.
#[derive(Template)]
#[template(path = "first.html")]
struct First<'a> {
    address: &'a str,
}

async fn ask_all(
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<[Asking; 3], Missing> {
    let [a, b, c] = REPORTS.map(|report| {
        let question = asked.of(report);
        let question = match report {
            "messages" => question.and("author", "manager"),
            _ => question,
        };
        ask(question, asked, viewer, source)
    });
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
    let answers = answers.as_ref();
    let made = answers.ok().map(<[Asking; 3]>::as_slice);
    render(&Shown {
        notice: answers.err().map(told),
        tiles: tiles(&FIGURES, &REPORTS, made, &against),
        live: render(&WaitingTile::new(&live, viewer, false)),
        at: 3,
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
        let asking = &answers[of.asks];
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
