//! What an adapter does.

use thiserror::Error;
use trunkline_model::event::Integrity;

use crate::draft::Draft;
use crate::guide::Guide;
use crate::hook::Hook;
use crate::record::Record;
use crate::refused::Refused;
use crate::request::Request;

/// The adapter of a provider: one folder of [`crate::vendors`].
///
/// The door calls `greeting`, then `verify`, and `parse` only of what was verified.
pub trait Provider: Sync + Send {
    /// Says what there is to know about it.
    fn guide(&self) -> &'static Guide;

    /// Says whether it calls nobody, so that we connect to it.
    fn is_called(&self) -> bool {
        false
    }

    /// Answers a handshake, by which the provider asks whether the address is ours. It tells of no
    /// event and is answered before anything is verified, unless the adapter does so itself.
    ///
    /// Errors where the handshake itself proves something and is wrong.
    fn greeting(&self, _: &Hook, _: &Request<'_>) -> Result<Option<Answer>, Refused> {
        Ok(None)
    }

    /// Says whether the request is the provider's, and how far its events are vouched for. The address
    /// has been looked at already.
    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused>;

    /// Reads what it tells.
    ///
    /// Errors where the body is not written as the provider writes; it is then kept raw, and counted.
    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable>;

    /// Says what export of its call records can be read, and where it is had; empty if none can.
    fn exports(&self) -> &'static str {
        ""
    }

    /// Reads a row of that export. Its events have the ids that the same things have when the provider
    /// tells them, so that whichever comes first stays.
    ///
    /// Errors where the row is not written as the provider writes, or there is no such export.
    fn export(&self, _: &Hook, _: &Record) -> Result<Vec<Draft>, Unreadable> {
        let name = self.guide().name;
        let detail = format!("no export of {name} can be read; write a map for it");
        Err(Unreadable::new(detail))
    }

    /// Gives the answer that the provider takes for success.
    fn answer(&self) -> Answer {
        Answer::EMPTY
    }

    /// Makes a secret of random bytes, where the secret is ours to choose.
    fn new_secret(&self, _: &[u8; 32]) -> Option<String> {
        None
    }

    /// Signs a request as the provider does: gives the headers to add. For tests and for trying a hook.
    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)>;

    /// Gives the body as it is signed, where the signature stands in it.
    fn signed_body(&self, _secret: &str, _request: &Request<'_>) -> Option<Vec<u8>> {
        None
    }
}

/// What a request tells.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The events, in the order of the request; what the contract refuses of them is listed, and harms
    /// no others.
    pub events: Vec<Draft>,
    /// The kinds of what it tells that we do not know: kept raw, and counted.
    pub unknown: Vec<String>,
}

impl Parsed {
    /// Makes it of events alone.
    pub fn events(events: impl IntoIterator<Item = Draft>) -> Self {
        Self {
            events: events.into_iter().collect(),
            unknown: Vec::new(),
        }
    }

    /// Makes it of a kind that we do not know.
    pub fn unknown(kind: impl Into<String>) -> Self {
        Self {
            events: Vec::new(),
            unknown: vec![kind.into()],
        }
    }

    /// Says that it tells of nothing that concerns us, as we know.
    pub fn nothing() -> Self {
        Self::default()
    }
}

/// Why a verified body cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(pub String);

impl Unreadable {
    /// Makes it of what was expected.
    pub fn new(detail: impl Into<String>) -> Self {
        Self(detail.into())
    }
}

/// An answer of 200.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The media type; empty without a body.
    pub media: &'static str,
    /// The body.
    pub body: String,
}

impl Answer {
    /// No body.
    pub const EMPTY: Self = Self {
        media: "",
        body: String::new(),
    };

    /// Makes an answer in plain text.
    pub fn text(body: impl Into<String>) -> Self {
        Self {
            media: "text/plain; charset=utf-8",
            body: body.into(),
        }
    }

    /// Makes an answer in JSON.
    pub fn json(body: impl Into<String>) -> Self {
        Self {
            media: "application/json",
            body: body.into(),
        }
    }
}
