//! Whole pages: the board without its figures, which its panels fetch, the login page, and errors.

use std::collections::BTreeSet;

use askama::Template;
use trunkline_model::time::Day;
use trunkline_reports::{Named, Value};

use crate::asked::{
    Asked, BASES, CREDITS, DEFINITIONS, DIRECTIONS, HOURS, INTEGRITIES, MODELS, PERIODS, day,
};
use crate::assets;
use crate::boards::{self, Board};
use crate::panels::render;
use crate::question::{cell, pair};
use crate::source::{Missing, Source, Viewer};

/// What the filters of a board offer: values that reports know, by the name of the filter.
#[derive(Clone, Debug, Default)]
pub struct Choices(Vec<(&'static str, Vec<Named>)>);

/// How many days back numbers and sources are looked for.
const LATELY: u64 = 30;

/// Filters of sources that all values are offered of.
const WIDE: [&str; 2] = ["source", "medium"];

/// Filters that have so many values that only the chosen one is offered: tables lead to them.
const NARROW: [&str; 3] = ["campaign", "content", "term"];

/// Asks what the filters of a board can offer; nothing while ClickHouse is away.
pub async fn choices(board: Board, viewer: &Viewer, source: &dyn Source) -> Choices {
    let of = async |name: &'static str| {
        let values = match name {
            "number" => lately("calls", &[name], viewer, source).await.map(one),
            name => source.values(name).await.map(|it| it.values),
        };
        (name, values.unwrap_or_default())
    };
    let own = match board {
        Board::Sources => {
            let both = lately("sources", &WIDE, viewer, source).await;
            let both = both.unwrap_or_default().into_iter();
            return Choices(WIDE.into_iter().zip(both).collect());
        }
        Board::Calls => "number",
        _ => "channel",
    };
    let (team, manager, own) = tokio::join!(of("team"), of("manager"), of(own));
    Choices(vec![team, manager, own])
}

/// Gives the values of dimensions that a report told apart lately: of calls the numbers of ours that
/// they came to or went out from.
async fn lately(
    report: &'static str,
    dimensions: &[&'static str],
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<Vec<Vec<Named>>, Missing> {
    let by = dimensions.join(",");
    let pairs = [pair("from", day(viewer, LATELY).0), pair("by", by)];
    let table = source.report(report, &pairs).await?;
    let values = |dimension: &&str| {
        let rows = table.rows.iter();
        let values = rows.filter_map(|row| match cell(&table, Some(row), dimension) {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        });
        let named = |value: String| Named {
            name: value.clone(),
            value,
        };
        let values: BTreeSet<String> = values.collect();
        values.into_iter().map(named).collect()
    };
    Ok(dimensions.iter().map(values).collect())
}

fn one(lists: Vec<Vec<Named>>) -> Vec<Named> {
    lists.into_iter().flatten().collect()
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    here: Board,
    viewer: &'a Viewer,
    query: String,
    form: Form,
    csv: &'static str,
}

#[derive(Template)]
#[template(path = "calls.html")]
struct Calls<'a> {
    here: Board,
    /// Which calls the chart and the map are of.
    way: &'a str,
    viewer: &'a Viewer,
    query: String,
    form: Form,
    csv: &'static str,
}

#[derive(Template)]
#[template(path = "sources.html")]
struct Sources<'a> {
    here: Board,
    viewer: &'a Viewer,
    query: String,
    form: Form,
    csv: &'static str,
}

/// The filters as a form.
struct Form {
    periods: Vec<Choice>,
    from: String,
    to: String,
    filters: Vec<Filter>,
    kept: Vec<(&'static str, String)>,
    filtered: bool,
}

struct Filter {
    name: &'static str,
    title: &'static str,
    help: &'static str,
    /// What is offered first and says nothing in the address; none where a word always holds.
    usual: Option<&'static str>,
    choices: Vec<Choice>,
}

struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// Renders a board with figures of a period; its panels fetch them themselves.
pub fn home(asked: &Asked, viewer: &Viewer, choices: &Choices) -> String {
    let (here, query, form) = (asked.board, asked.query(), form(asked, choices));
    let csv = "format=csv";
    match here {
        Board::Calls => render(&Calls {
            here,
            way: asked.filter("direction").unwrap_or("inbound"),
            viewer,
            query,
            form,
            csv,
        }),
        Board::Sources => render(&Sources {
            here,
            viewer,
            query,
            form,
            csv,
        }),
        _ => render(&Home {
            here,
            viewer,
            query,
            form,
            csv,
        }),
    }
}

fn form(asked: &Asked, choices: &Choices) -> Form {
    let mut periods = words(&PERIODS, asked.period);
    if asked.dates.is_some() {
        for choice in &mut periods {
            choice.chosen = false;
        }
    }
    periods.push(Choice {
        value: "dates".to_owned(),
        name: "Other dates".to_owned(),
        chosen: asked.dates.is_some(),
    });
    let named = |name: &&&'static str| !NARROW.contains(*name) || asked.filter(name).is_some();
    let names = asked.board.filters().iter().filter(named);
    let mut filters: Vec<Filter> = names.map(|name| filter(name, asked, choices)).collect();
    match asked.board {
        Board::Today => filters.extend(measured(asked)),
        Board::Sources => filters.extend(attributed(asked)),
        _ => {}
    }
    let date = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
    Form {
        periods,
        from: date(asked.dates.map(|(from, _)| from)),
        to: date(asked.dates.map(|(_, to)| to)),
        filters,
        kept: vec![
            ("heat", asked.heat.to_owned()),
            ("sort", asked.sort.clone()),
            ("by", asked.apart.to_owned()),
        ],
        filtered: !asked.query().is_empty(),
    }
}

fn filter(name: &'static str, asked: &Asked, choices: &Choices) -> Filter {
    let chosen = asked.filter(name);
    let fixed = |known: &[(&str, &str)]| words(known, chosen.unwrap_or_default());
    let (title, help, usual, choices) = match name {
        "direction" => (
            "Direction",
            "Tiles, chart and map are of inbound calls unless another direction is chosen",
            "All",
            fixed(&DIRECTIONS),
        ),
        "integrity" => (
            "Vouched for",
            "How far what the provider sent is vouched for by its signature",
            "All",
            fixed(&INTEGRITIES),
        ),
        "credit" => (
            "Credited to",
            "Whose a call is of those who talked in it",
            "First who talked",
            fixed(&CREDITS),
        ),
        name => {
            let title = match name {
                "team" => "Team",
                "manager" => "Manager",
                "number" => "Number",
                "source" => "Source",
                "medium" => "Medium",
                "campaign" => "Campaign",
                "content" => "Content",
                "term" => "Term",
                _ => "Channel",
            };
            let known = choices.0.iter().find(|(known, _)| *known == name);
            let values = known.map_or(&[][..], |(_, values)| values);
            (title, "", "All", offered(values, chosen))
        }
    };
    Filter {
        name,
        title,
        help,
        usual: Some(usual),
        choices,
    }
}

/// How response times are measured.
fn measured(asked: &Asked) -> [Filter; 2] {
    [
        Filter {
            name: "definition",
            title: "Measured",
            help: "What a response time is",
            usual: None,
            choices: words(&DEFINITIONS, asked.definition),
        },
        Filter {
            name: "hours",
            title: "Hours",
            help: "Whether all time counts, or only that inside the schedule",
            usual: None,
            choices: words(&HOURS, asked.hours),
        },
    ]
}

/// How sources are found, and whose wins count.
fn attributed(asked: &Asked) -> [Filter; 2] {
    [
        Filter {
            name: "model",
            title: "Model",
            help: "Which of a contact's touches earns what he did",
            usual: Some("As the account says"),
            choices: words(&MODELS, asked.model),
        },
        Filter {
            name: "basis",
            title: "Won, revenue",
            help: "Of the leads created in the period, or of those won in it",
            usual: Some("Leads of the period"),
            choices: words(&BASES, asked.basis),
        },
    ]
}

fn words(words: &[(&str, &str)], chosen: &str) -> Vec<Choice> {
    let choice = |(value, name): &(&str, &str)| Choice {
        value: (*value).to_owned(),
        name: (*name).to_owned(),
        chosen: *value == chosen,
    };
    words.iter().map(choice).collect()
}

/// What a filter offers; what is chosen is there even if it is not known (yet).
fn offered(values: &[Named], chosen: Option<&str>) -> Vec<Choice> {
    let choice = |named: &Named| Choice {
        value: named.value.clone(),
        name: named.name.clone(),
        chosen: Some(named.value.as_str()) == chosen,
    };
    let mut choices: Vec<Choice> = values.iter().map(choice).collect();
    choices.sort_by_key(|choice| choice.name.to_lowercase());
    if let Some(other) = chosen.filter(|_| !choices.iter().any(|choice| choice.chosen)) {
        choices.push(Choice {
            value: other.to_owned(),
            name: other.to_owned(),
            chosen: true,
        });
    }
    choices
}

#[derive(Template)]
#[template(path = "hooks.html")]
struct Hooks<'a> {
    here: Board,
    viewer: &'a Viewer,
    csv: &'static str,
}

/// Renders the board *Connections*; its panel fetches what it shows.
pub fn connections(viewer: &Viewer) -> String {
    render(&Hooks {
        here: Board::Connections,
        viewer,
        csv: "format=csv",
    })
}

#[derive(Template)]
#[template(path = "login.html")]
struct Login<'a> {
    link: Option<&'a str>,
    told: Option<&'a str>,
}

/// Renders the login page: a form for a token or, with the name of a link, one that uses the link.
pub fn login(link: Option<&str>, told: Option<&str>) -> String {
    render(&Login { link, told })
}

#[derive(Template)]
#[template(path = "once_more.html")]
struct OnceMore;

/// Renders a page that loads itself once more: a browser that comes from another site shows the
/// cookie of a login only to what our own pages load.
pub fn once_more() -> String {
    render(&OnceMore)
}

#[derive(Template)]
#[template(path = "error.html")]
struct Failed<'a> {
    missing: &'a Missing,
    told: String,
}

/// Renders why a page cannot be shown.
pub fn error(missing: &Missing) -> String {
    let told = if missing.is_away() {
        "ClickHouse does not answer. Events are still taken in; try again in a moment.".to_owned()
    } else {
        missing.detail.clone()
    };
    render(&Failed { missing, told })
}
