//! The hooks of an account for the board *Connections*: what `GET /v1/admin/hooks` says of each, and
//! how its provider is connected.

use trunkline_board::{Connection, Guide};
use trunkline_providers as providers;
use trunkline_providers::Replies;

use super::book::{Entry, Hooks};
use crate::problem::{Code, Problem};

/// Lists the hooks of an account, by id.
pub(crate) fn of(hooks: &Hooks, account: &str) -> Result<Vec<Connection>, Problem> {
    let connections: Result<_, serde_json::Error> = hooks.own(account).map(connection).collect();
    connections.map_err(|error| {
        tracing::error!(%error, "the list of hooks could not be read");
        Problem::new(Code::Internal, "the list of hooks could not be read")
    })
}

fn connection(entry: &Entry) -> Result<Connection, serde_json::Error> {
    // As every other reader of the list gets it.
    let told = serde_json::from_value(serde_json::to_value(entry.listed())?)?;
    Ok(Connection {
        told,
        guide: guide(entry.hook.provider.guide()),
    })
}

fn guide(guide: &providers::Guide) -> Guide {
    Guide {
        title: guide.title,
        secret: guide.secret,
        steps: guide.steps,
        integrity: guide.integrity,
        retries: guide.retries,
        replies: replies(guide.replies),
        notes: guide.notes,
    }
}

/// Says where replies come from, in words.
fn replies(replies: Replies) -> &'static str {
    match replies {
        Replies::None => "",
        Replies::Echoes => "The provider sends what managers write, too.",
        Replies::Statuses => {
            "Its delivery reports reveal that something was written; whose it is says default_manager \
             of the hook."
        }
        Replies::Posted => {
            "The provider never tells of them: the tool in which managers write has to post message \
             events to /v1/events."
        }
    }
}
