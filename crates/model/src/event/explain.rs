//! Says what is wrong with a refused event: which field, and how to mend it.
//!
//! This runs for refused events only, so that the way of the others stays short.

use serde::de::IgnoredAny;
use serde_json::{Deserializer, Error};
use serde_path_to_error::Track;

use super::parse::{self, Typed};
use super::{Code, Kind, Refusal};
use crate::word::Word;

/// The longest piece of input, in characters, that a detail repeats.
const ECHO: usize = 32;
/// The longest detail, in characters.
const DETAIL: usize = 400;

/// Explains why `raw` could not be parsed; `error` is what the parser said.
pub(super) fn refusal(raw: &str, error: &Error) -> Refusal {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(raw) {
        return Refusal::new(Code::Malformed, format!("not JSON: {error}"));
    }
    if !raw.trim_ascii_start().starts_with('{') {
        return Refusal::new(
            Code::Malformed,
            "not a JSON object: an event is {\"type\": ...}",
        );
    }
    let kind = match serde_json::from_str::<Typed>(raw) {
        Ok(typed) => typed.kind,
        Err(error) => return without_kind(&error),
    };
    let mut track = Track::new();
    let mut from = Deserializer::from_str(raw);
    let traced = serde_path_to_error::Deserializer::new(&mut from, &mut track);
    match parse::of_kind(kind, traced) {
        Err(error) => field(kind, &track.path().to_string(), &sentence(&error)),
        Ok(_) => Refusal::new(Code::InvalidField, sentence(error)),
    }
}

fn without_kind(error: &Error) -> Refusal {
    let known = Kind::ALL
        .iter()
        .map(|kind| kind.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let sentence = sentence(error);
    if sentence.starts_with("missing field") {
        return Refusal::new(
            Code::MissingField,
            format!("`type` is missing: write one of {known}"),
        );
    }
    if sentence.starts_with("invalid value: string") {
        return Refusal::new(Code::UnknownType, format!("`type`: {sentence}"));
    }
    Refusal::new(Code::InvalidField, format!("`type`: {sentence}"))
}

fn field(kind: Kind, path: &str, sentence: &str) -> Refusal {
    let missing = sentence
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'));
    if let Some(name) = missing {
        let path = if path == "." {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let detail = format!("`{path}` is missing: an event of type {kind} needs it");
        return Refusal::new(Code::MissingField, detail);
    }
    if path == "." {
        return Refusal::new(Code::InvalidField, sentence);
    }
    Refusal::new(
        Code::InvalidField,
        cut(&format!("`{path}`: {sentence}"), DETAIL),
    )
}

/// Gives the parser's sentence without its place and with only the beginning of what was sent.
fn sentence(error: &Error) -> String {
    let text = error.to_string();
    let text = match text.rfind(" at line ") {
        Some(place) if error.line() > 0 => &text[..place],
        _ => &text,
    };
    cut(&shorten(text), DETAIL)
}

/// Shortens a quoted piece of input: `string "…"` where serde repeats it.
fn shorten(text: &str) -> String {
    const OPEN: &str = ": string \"";
    let Some(start) = text.find(OPEN).map(|place| place + OPEN.len()) else {
        return text.to_owned();
    };
    let end = text
        .rfind("\", expected")
        .filter(|end| *end >= start)
        .unwrap_or(text.len());
    let (head, quoted, tail) = (&text[..start], &text[start..end], &text[end..]);
    format!("{head}{}{tail}", cut(quoted, ECHO))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
