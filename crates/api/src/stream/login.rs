//! The token in the first frame, for browsers, which cannot send it in a header.

use std::future::poll_fn;

use serde::Deserialize;
use tokio::time::timeout;
use trunkline_model::settings::Scope;
use tungstenite::Message;

use super::ending::Ending;
use super::socket::Socket;
use crate::config::ms;
use crate::directory::Key;
use crate::routes::Shared;

/// The first frame.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    token: String,
}

/// Waits for the first frame and looks its token up. The frame is not counted.
pub(super) async fn first_frame(shared: &Shared, socket: &mut Socket) -> Result<Key, Ending> {
    let limit = ms(shared.config.streams.token_ms);
    let text = timeout(limit, text(socket))
        .await
        .map_err(|_| Ending::NoToken)??;
    let first: First = serde_json::from_str(&text).map_err(|_| Ending::Unauthorized)?;
    let now = (shared.clock)();
    let directory = shared.directory.load();
    directory
        .key(Some(first.token.as_bytes()), Scope::Ingest, now)
        .map_err(|problem| match problem.code() {
            "forbidden" => Ending::Forbidden,
            _ => Ending::Unauthorized,
        })
}

async fn text(socket: &mut Socket) -> Result<String, Ending> {
    loop {
        match poll_fn(|cx| socket.poll_message(cx)).await? {
            Message::Text(text) => return Ok(text.as_str().to_owned()),
            Message::Binary(_) => return Err(Ending::Binary),
            Message::Close(_) => return Err(Ending::Closed),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}
