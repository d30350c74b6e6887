//! The rows behind a figure, as a page: any question to `/v1/reports/{name}/rows`.

use askama::Template;
use trunkline_reports::Unit;

use crate::assets;
use crate::boards::{self, Board};
use crate::meaning;
use crate::panels::render;
use crate::question::{pair, written};
use crate::shown;
use crate::source::{Missing, Opened, Pair, Source, Viewer};

#[derive(Template)]
#[template(path = "rows.html")]
struct Shown<'a> {
    here: Board,
    viewer: &'a Viewer,
    title: &'static str,
    about: &'static str,
    from: String,
    to: String,
    chips: Vec<String>,
    heads: Vec<(&'static str, &'static str)>,
    linked: bool,
    rows: Vec<Row>,
    csv: String,
    next: Option<String>,
    back: String,
}

struct Row {
    cells: Vec<(String, &'static str)>,
    href: Option<String>,
}

/// Parameters that say nothing to a reader.
const SILENT: [&str; 7] = ["figure", "period", "from", "to", "after", "limit", "format"];
/// Rows of a page of the board.
const LIMIT: &str = "100";

/// Renders the rows behind a figure. Fails with what keeps them away.
pub async fn rows(
    report: &str,
    pairs: &[Pair],
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<String, Missing> {
    let mut limited = pairs.to_vec();
    if !pairs.iter().any(|(name, _)| name == "limit") {
        limited.push(pair("limit", LIMIT));
    }
    let Opened { page, links } = source.rows(report, &limited).await?;
    let given = |name: &str| pairs.iter().find(|(known, _)| known == name);
    let figure = given("figure").map_or("", |(_, figure)| figure.as_str());
    let (title, about) = meaning::of_rows(page.report, figure);
    let kind = |unit: Unit| match unit {
        Unit::Time | Unit::Text => "text",
        _ => "number",
    };
    let heads = page.columns.iter();
    let heads = heads.map(|column| (head(column.name), kind(column.unit)));
    let rows = page.rows.iter().zip(&links).map(|(row, href)| Row {
        cells: row
            .iter()
            .zip(&page.columns)
            .map(|(value, column)| (shown::value(value, viewer.zone), kind(column.unit)))
            .collect(),
        href: href.clone(),
    });
    let address = |more: Option<Pair>| {
        let kept = pairs.iter().filter(|(name, _)| name != "after");
        let all: Vec<Pair> = kept.cloned().chain(more).collect();
        format!("/board/rows/{report}?{}", written(&all))
    };
    let here = Board::of_report(report);
    let here_filters = here.filters();
    let filters = pairs
        .iter()
        .filter(|(name, value)| here_filters.contains(&name.as_str()) && !value.is_empty());
    let filters: Vec<Pair> = filters.cloned().collect();
    let chips = pairs
        .iter()
        .filter(|(name, _)| !SILENT.contains(&name.as_str()));
    let shown = Shown {
        here,
        viewer,
        title,
        about,
        from: shown::moment(page.from, viewer.zone),
        to: shown::moment(page.to, viewer.zone),
        chips: chips
            .map(|(name, value)| format!("{}: {value}", head(name)))
            .collect(),
        heads: heads.collect(),
        linked: links.iter().any(Option::is_some),
        rows: rows.collect(),
        csv: address(Some(pair("format", "csv"))),
        next: page
            .next
            .as_deref()
            .map(|next| address(Some(pair("after", next)))),
        back: format!("{}?{}", here.path(), written(&filters)),
    };
    Ok(render(&shown))
}

/// Writes the name of a column for people.
fn head(name: &str) -> &'static str {
    const HEADS: [(&str, &str); 55] = [
        ("what", "What"),
        ("source", "Source"),
        ("medium", "Medium"),
        ("campaign", "Campaign"),
        ("content", "Content"),
        ("term", "Term"),
        ("origin", "Known by"),
        ("id", "Id"),
        ("weight", "Part"),
        ("amount", "Amount"),
        ("model", "Model"),
        ("basis", "Whose wins"),
        ("pool", "Pool"),
        ("served", "Served"),
        ("visit", "Visit"),
        ("certainty", "How sure"),
        ("number", "Number"),
        ("caller", "Caller"),
        ("calls", "Calls"),
        ("call", "Call"),
        ("leg", "Leg"),
        ("talk_s", "Talk"),
        ("disposition", "Ended"),
        ("status", "Status"),
        ("first_attempt_s", "First attempt"),
        ("recovery_s", "Recovered after"),
        ("recovered_by", "Recovered by"),
        ("recovered_how", "How"),
        ("integrity", "Vouched for"),
        ("credit", "Credited to"),
        ("target", "Target"),
        ("at", "Time"),
        ("last_at", "Last"),
        ("first_at", "First"),
        ("manager", "Manager"),
        ("manager_name", "Name"),
        ("managers", "Managers"),
        ("team", "Team"),
        ("channel", "Channel"),
        ("conversation", "Conversation"),
        ("contact", "Contact"),
        ("message", "Message"),
        ("messages", "Messages"),
        ("response_s", "Response"),
        ("wait_s", "Wait"),
        ("handled_by_call", "Talked since"),
        ("cycle", "Cycle"),
        ("direction", "Direction"),
        ("author", "Author"),
        ("kind", "Kind"),
        ("chars", "Characters"),
        ("definition", "Definition"),
        ("hours", "Hours"),
        ("hour", "Hour"),
        ("weekday", "Weekday"),
    ];
    let mut heads = HEADS.iter();
    let known = heads.find(|(known, _)| *known == name);
    known.map_or("Other", |(_, head)| head)
}
