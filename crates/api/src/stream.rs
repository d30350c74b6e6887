//! `GET /v1/stream`: a WebSocket that takes events in and acknowledges them once they are on stable
//! storage (contract §3).
//!
//! ```text
//! handshake (token or origin, subprotocol) -> 101 -> first frame with the token, if no header had it
//!   -> the name, taken from whoever has it -> hello -> frames in, acknowledgements out -> close
//! ```
//! Frames that are ready together are parsed together and become one append of the journal; one
//! append of a stream is on its way at a time, and what comes meanwhile is the next. So frames share
//! commits and acknowledgements without a timer, and an append that failed is never followed by
//! another. Reading stops while too much waits: the peer's socket fills, and nothing is dropped.
//!
//! The WebSocket engine is tungstenite with lowered limits, driven by this room directly: its tokio
//! wrapper can neither change the limits after the first frame nor read a message without
//! registering wakers in between.

mod crowd;
mod ending;
mod gathered;
mod handshake;
mod login;
mod socket;
mod talk;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Uri;
use axum::response::Response;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use trunkline_model::settings::Scope;
use trunkline_model::text::Id;

use crate::config::ms;
use crate::directory::Key;
use crate::events;
use crate::metrics;
use crate::openapi::{Group, Operation, Place};
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;
use crate::watched::Watched;

pub(crate) use crowd::Crowd;
use ending::Ending;
pub(crate) use ending::endings;
use socket::Socket;
use talk::Talk;

/// A handshake that was accepted: what the connection goes on with once its answer is sent.
#[derive(Clone)]
pub(crate) struct Opening {
    shared: Shared,
    upgrade: OnUpgrade,
    key: Option<Key>,
    page: Option<String>,
    asked: Asked,
}

/// What the address of a stream asks for.
#[derive(Clone, Default)]
struct Asked {
    name: Option<Arc<str>>,
    /// The hook that the events are as good as from.
    hook: Option<String>,
}

/// Answers the handshake.
pub(crate) async fn open(
    State(shared): State<Shared>,
    mut request: Request,
) -> Result<Response, Problem> {
    let key = handshake::key(&shared, request.headers())?;
    let accept = handshake::accept(&request)?;
    let page = handshake::origin(request.headers(), key.as_ref())?;
    let asked = asked(request.uri())?;
    if let Some(key) = &key {
        events::origin(&shared, &key.grant.account, asked.hook.as_deref())?;
    }
    events::open(&shared)?;
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let mut answer = handshake::switch(accept);
    answer.extensions_mut().insert(Opening {
        shared,
        upgrade: upgrade.ok_or_else(handshake::required)?,
        key,
        page,
        asked,
    });
    Ok(answer)
}

pub(crate) fn about() -> Operation {
    let name = json!({ "type": "string", "minLength": 1, "maxLength": 200 });
    Operation::new(
        Group::Events,
        "stream",
        "Takes events in through a WebSocket",
    )
    .about(
        "Offer the subprotocol `trunkline.v1`. The token stands in the header or, from a page \
             in a browser, in the first frame: `{\"token\":\"...\"}`, within 2 s.\n\n\
             Each text frame is an event or an array of events, and counts 1, 2, 3 … The service \
             sends `{\"hello\":{\"stream\":\"...\",\"ack\":n}}` first, then `{\"ack\":n}` when all \
             frames up to n are on stable storage, and \
             `{\"reject\":{\"frame\":n,\"index\":i,\"code\":\"...\"}}` for what it refused.",
    )
    .scope(Scope::Ingest)
    .or_without_token()
    .takes(
        Place::Query,
        "stream",
        name,
        "A name makes the stream resumable: `hello.ack` is the last frame on stable storage.",
    )
    .takes(Place::Query, "hook", events::hook(), events::HOOK)
    .answers_nothing(101, "The WebSocket is open.")
    .refuses(&[
        Code::BadParameter,
        Code::BadHandshake,
        Code::OriginRefused,
        Code::UpgradeRequired,
        Code::Starting,
        Code::Draining,
    ])
}

/// Reads the parameters of this path.
fn asked(uri: &Uri) -> Result<Asked, Problem> {
    let mut found = Asked::default();
    for (parameter, value) in query::pairs(uri)? {
        let twice = |name: &str| {
            let detail = format!("parameter `{name}` may be given once");
            Problem::new(Code::BadParameter, detail)
        };
        if parameter == "hook" {
            if found.hook.replace(value).is_some() {
                return Err(twice("hook"));
            }
            continue;
        }
        if parameter != "stream" {
            let instead = "this path takes `stream=NAME` and `hook=ID`";
            return Err(query::unknown(&parameter, instead));
        }
        let name = Id::new(&value).map_err(|error| {
            let detail =
                format!("parameter `stream` is no name: {error}; it has 1 to 200 characters");
            Problem::new(Code::BadParameter, detail)
        })?;
        if found.name.replace(Arc::from(&*name)).is_some() {
            return Err(twice("stream"));
        }
    }
    Ok(found)
}

impl Opening {
    /// Speaks with the peer to the end. `stop` ends it in order.
    pub(crate) async fn run(self, stop: &CancellationToken) {
        let Ok(upgraded) = self.upgrade.clone().await else {
            // The peer went away before it had the answer.
            return;
        };
        let limits = &self.shared.config.streams;
        let Some((socket, read_ahead)) = own(upgraded) else {
            tracing::error!("an upgraded connection is of an unknown kind");
            return;
        };
        let mut socket = Socket::new(socket, read_ahead, limits.token_bytes);
        let ending = match self.admit(&mut socket).await {
            Ok(key) => {
                socket.widen(limits.frame_bytes);
                self.talk(&mut socket, key, stop).await
            }
            Err(ending) => ending,
        };
        metrics::stream_closed(ending.code());
        socket
            .close(ending, ms(self.shared.config.connections.linger_ms))
            .await;
    }

    /// Gives the token's key, from the header or from the first frame.
    async fn admit(&self, socket: &mut Socket) -> Result<Key, Ending> {
        if let Some(key) = &self.key {
            return Ok(key.clone());
        }
        let key = login::first_frame(&self.shared, socket).await?;
        match &self.page {
            Some(page) if !key.grant.welcomes(page) => Err(Ending::OriginRefused),
            _ => Ok(key),
        }
    }

    async fn talk(&self, socket: &mut Socket, key: Key, stop: &CancellationToken) -> Ending {
        let shared = &self.shared;
        let most = shared.config.streams.max_per_account;
        let Some(_place) = shared.crowd.enter(&key.grant.account, most) else {
            return Ending::TooManyConnections;
        };
        let hook = self.asked.hook.as_deref();
        let Ok(origin) = events::origin(shared, &key.grant.account, hook) else {
            return Ending::Forbidden;
        };
        let name = &self.asked.name;
        let lease = match name {
            None => None,
            Some(name) => match shared.pipeline.attach(&key.grant.account, name).await {
                Ok(lease) => Some(lease),
                Err(error) => return error.into(),
            },
        };
        let talk = Talk::new(shared, socket, key, origin, lease);
        talk.run(name.as_deref(), stop).await
    }
}

/// Gives our own socket back, and what was read of it behind the handshake.
fn own(upgraded: Upgraded) -> Option<(TcpStream, Vec<u8>)> {
    let parts = upgraded.downcast::<TokioIo<Watched<TcpStream>>>().ok()?;
    let socket = parts.io.into_inner().into_socket();
    Some((socket, parts.read_buf.to_vec()))
}

/// Whether a key still opens this door.
fn still_admits(shared: &Shared, key: &Key) -> bool {
    let now = (shared.clock)();
    shared
        .directory
        .load()
        .still_admits(key, Scope::Ingest, now)
}
