//! Whole pages: the board without its figures, which its panels fetch, the login page, and errors.

use askama::Template;
use trunkline_reports::Named;

use crate::asked::{Asked, DEFINITIONS, FILTERS, HOURS, PERIODS};
use crate::assets;
use crate::boards::{self, Board};
use crate::panels::render;
use crate::source::{Missing, Source, Viewer};

/// What the filters offer: teams, managers, channels.
#[derive(Clone, Debug, Default)]
pub struct Choices([Vec<Named>; 3]);

/// Asks what the filters can offer; nothing while ClickHouse is away.
pub async fn choices(source: &dyn Source) -> Choices {
    let [team, manager, channel] = FILTERS.map(|name| source.values(name));
    let (team, manager, channel) = tokio::join!(team, manager, channel);
    Choices([team, manager, channel].map(|values| values.map(|it| it.values).unwrap_or_default()))
}

#[derive(Template)]
#[template(path = "home.html")]
struct Home<'a> {
    here: Board,
    viewer: &'a Viewer,
    query: String,
    periods: Vec<Choice>,
    from: String,
    to: String,
    filters: Vec<Filter>,
    definitions: Vec<Choice>,
    hours: Vec<Choice>,
    kept: Vec<(&'static str, String)>,
    filtered: bool,
    csv: &'static str,
}

struct Filter {
    name: &'static str,
    title: &'static str,
    choices: Vec<Choice>,
}

struct Choice {
    value: String,
    name: String,
    chosen: bool,
}

/// Renders the board; its panels fetch their figures themselves.
pub fn home(asked: &Asked, viewer: &Viewer, choices: &Choices) -> String {
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
    let filters = FILTERS.iter().zip(["Team", "Manager", "Channel"]);
    let filters = filters
        .zip(&choices.0)
        .map(|((name, title), values)| Filter {
            name,
            title,
            choices: offered(values, asked.filter(name)),
        });
    render(&Home {
        here: Board::Today,
        viewer,
        query: asked.query(),
        periods,
        from: asked
            .dates
            .map_or_else(String::new, |(from, _)| from.to_string()),
        to: asked
            .dates
            .map_or_else(String::new, |(_, to)| to.to_string()),
        filters: filters.collect(),
        definitions: words(&DEFINITIONS, asked.definition),
        hours: words(&HOURS, asked.hours),
        kept: vec![
            ("heat", asked.heat.to_owned()),
            ("sort", asked.sort.clone()),
        ],
        filtered: !asked.query().is_empty(),
        csv: "format=csv",
    })
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
