//! The panels of the board: each is asked for by itself, shown as HTML and written as CSV.

mod calls;
mod compared;
mod connections;
mod heat;
mod live;
mod managers;
mod sheet;
mod sources;
mod tiles;
mod times;

use askama::Template;

use crate::asked::Asked;
use crate::boards::Board;
use crate::kept::Rendered;
use crate::source::{Missing, Source, Viewer};

/// A panel of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// Who waits now.
    Live,
    /// The six tiles.
    Tiles,
    /// The managers.
    Managers,
    /// Response time over time.
    Times,
    /// By hour and weekday.
    Heat,
    /// What providers send.
    Connections,
    /// Calls in progress.
    CallsNow,
    /// Whom to call back now.
    CallsBack,
    /// The six tiles of calls.
    CallsTiles,
    /// The managers' calls.
    CallsManagers,
    /// Calls over time.
    CallsTimes,
    /// Calls by hour and weekday.
    CallsHeat,
    /// The six tiles of sources.
    SourcesTiles,
    /// Sources side by side.
    Sources,
    /// Pools of tracking numbers.
    Pools,
}

const NAMES: [(&str, Panel); 15] = [
    ("live", Panel::Live),
    ("tiles", Panel::Tiles),
    ("managers", Panel::Managers),
    ("times", Panel::Times),
    ("heat", Panel::Heat),
    ("connections", Panel::Connections),
    ("calls-now", Panel::CallsNow),
    ("calls-back", Panel::CallsBack),
    ("calls-tiles", Panel::CallsTiles),
    ("calls-managers", Panel::CallsManagers),
    ("calls-times", Panel::CallsTimes),
    ("calls-heat", Panel::CallsHeat),
    ("sources-tiles", Panel::SourcesTiles),
    ("sources", Panel::Sources),
    ("pools", Panel::Pools),
];

impl Panel {
    /// Finds a panel by its name in the path.
    pub fn find(name: &str) -> Option<Self> {
        let mut names = NAMES.iter();
        let found = names.find(|(known, _)| *known == name);
        found.map(|(_, panel)| *panel)
    }

    /// Gives the board that it is a part of.
    pub fn board(self) -> Board {
        match self {
            Self::Connections => Board::Connections,
            Self::Live | Self::Tiles | Self::Managers | Self::Times | Self::Heat => Board::Today,
            Self::SourcesTiles | Self::Sources | Self::Pools => Board::Sources,
            _ => Board::Calls,
        }
    }

    /// How old it may be when it is shown, in milliseconds.
    pub fn fresh(self) -> i64 {
        match self {
            Self::Live | Self::Connections | Self::CallsNow => 250,
            Self::Tiles | Self::Managers => 1_000,
            // Calls and sources take longer to add up than messages.
            _ => 5_000,
        }
    }
}

/// Renders a panel. What cannot be answered is said in it.
pub async fn panel(panel: Panel, asked: &Asked, viewer: &Viewer, source: &dyn Source) -> Rendered {
    // Boxed: together they would be larger than a thread's stack likes.
    let html = match panel {
        Panel::Live => Box::pin(live::html(asked, viewer, source)).await,
        Panel::Tiles => Box::pin(tiles::html(asked, viewer, source)).await,
        Panel::Managers => Box::pin(managers::html(asked, viewer, source)).await,
        Panel::Times => Box::pin(times::html(asked, viewer, source)).await,
        Panel::Heat | Panel::CallsHeat => Box::pin(heat::html(asked, viewer, source)).await,
        Panel::CallsNow => Box::pin(calls::now::html(asked, viewer, source)).await,
        Panel::CallsBack => Box::pin(calls::back::html(asked, viewer, source)).await,
        Panel::CallsTiles => Box::pin(calls::tiles::html(asked, viewer, source)).await,
        Panel::CallsManagers => Box::pin(calls::managers::html(asked, source)).await,
        Panel::CallsTimes => Box::pin(calls::times::html(asked, viewer, source)).await,
        Panel::SourcesTiles => Box::pin(sources::tiles::html(asked, viewer, source)).await,
        Panel::Sources => Box::pin(sources::table::html(asked, viewer, source)).await,
        Panel::Pools => Box::pin(sources::pools::html(asked, viewer, source)).await,
        Panel::Connections => Box::pin(connections::html(viewer, source)).await,
    };
    Rendered::new(html)
}

/// Writes a panel as CSV. Fails with what keeps its figures away.
pub async fn csv(
    panel: Panel,
    asked: &Asked,
    viewer: &Viewer,
    source: &dyn Source,
) -> Result<String, Missing> {
    let table = match panel {
        Panel::Live => Box::pin(live::table(asked, viewer, source)).await,
        Panel::Tiles => Box::pin(tiles::table(asked, viewer, source)).await,
        Panel::Managers => Box::pin(managers::table(asked, viewer, source)).await,
        Panel::Times => Box::pin(times::table(asked, viewer, source)).await,
        Panel::Heat | Panel::CallsHeat => Box::pin(heat::table(asked, viewer, source)).await,
        Panel::CallsNow => Box::pin(calls::now::table(asked, viewer, source)).await,
        Panel::CallsBack => Box::pin(calls::back::table(asked, viewer, source)).await,
        Panel::CallsTiles => Box::pin(calls::tiles::table(asked, viewer, source)).await,
        Panel::CallsManagers => Box::pin(calls::managers::table(asked, viewer, source)).await,
        Panel::CallsTimes => Box::pin(calls::times::table(asked, viewer, source)).await,
        Panel::SourcesTiles => Box::pin(sources::tiles::table(asked, viewer, source)).await,
        Panel::Sources => Box::pin(sources::table::table(asked, source)).await,
        Panel::Pools => Box::pin(sources::pools::table(asked, source)).await,
        Panel::Connections => Box::pin(connections::table(viewer, source)).await,
    };
    Ok(table?.to_csv())
}

/// Writes a template; its own failure is a mistake of ours, and is said.
pub(crate) fn render(template: &impl Template) -> String {
    template
        .render()
        .unwrap_or_else(|error| format!("<p class=\"notice\">This cannot be shown: {error}.</p>"))
}

/// Says why a panel has no figures.
fn told(missing: &Missing) -> String {
    if missing.is_away() {
        "ClickHouse does not answer, so there are no reports now. What is live goes on, and events \
         are still taken in."
            .to_owned()
    } else {
        format!("There are no figures here now: {}.", missing.detail)
    }
}

/// A panel that only says why it has no figures.
#[derive(Template)]
#[template(
    source = "<p class=\"notice\" role=\"status\">{{ told }}</p>",
    ext = "html"
)]
struct Notice {
    told: String,
}

fn notice(missing: &Missing) -> String {
    render(&Notice {
        told: told(missing),
    })
}

#[cfg(test)]
pub(crate) mod tests;
