//! What an answer means for the conversions of its request.

use serde_json::Value;

/// What became of one conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken.
    Taken,
    /// It was taken before.
    Known,
    /// It was not taken now and may be later; why.
    Later(String),
    /// It will never be taken as it is; why.
    Never(String),
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Of each conversion of the request, in their order.
    Each(Vec<Verdict>),
    /// The request may succeed later; why it did not.
    Again(String),
    /// No request will succeed until somebody mends what is said here.
    Stop(String),
}

/// The most of what a destination says that is kept, in characters.
const KEPT: usize = 300;

impl Reading {
    /// Says the same of all conversions.
    pub(super) fn all(many: usize, verdict: &Verdict) -> Self {
        Self::Each(vec![verdict.clone(); many])
    }

    /// Reads what a status says alone; none if it is a good one, whose body says the rest.
    pub(super) fn of_status(status: u16, body: &[u8], many: usize) -> Option<Self> {
        let why = || format!("{status} {}", told(body)).trim_end().to_owned();
        match status {
            200..=299 => None,
            408 | 425 | 429 | 500..=599 => Some(Self::Again(why())),
            400 | 409 | 413 | 422 => Some(Self::all(many, &Verdict::Never(why()))),
            // Not allowed, not there, gone elsewhere: not about these conversions.
            _ => Some(Self::Stop(why())),
        }
    }
}

/// Gives what a body says in words.
fn told(body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let message = ["/error/message", "/message", "/0/error/message"];
    let message = message
        .iter()
        .find_map(|place| json.pointer(place)?.as_str());
    let text = message.map_or_else(|| String::from_utf8_lossy(body), Into::into);
    short(&text)
}

/// Cuts what a destination said to what is kept of it, on one line.
pub(super) fn short(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(KEPT).collect()
}
