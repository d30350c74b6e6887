//! What the document says of `POST /v1/events`.

use serde_json::json;
use trunkline_model::event::Code as EventCode;
use trunkline_model::settings::Scope;
use trunkline_model::word::Word;

use super::answer::{Answer, NothingTaken};
use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const FIRST: &str = r#"{"type":"message","id":"1","conversation":"c-17","contact":"p-9","channel":"whatsapp","author":"contact","at":"2026-03-02T10:00:00Z"}"#;
const BOTH: &str = r#"[{"type":"message","id":"1","conversation":"c-17","contact":"p-9","channel":"whatsapp","author":"contact","at":"2026-03-02T10:00:00Z"},
{"type":"message","id":"2","conversation":"c-17","contact":"p-9","channel":"whatsapp","author":"manager","manager":"ana","at":"2026-03-02T10:05:00Z"}]"#;
const TWO_LINES: &str = r#"{"type":"message","id":"1","conversation":"c-17","contact":"p-9","channel":"whatsapp","author":"contact","at":"2026-03-02T10:00:00Z"}
{"type":"message","id":"3","conversation":"c-17","contact":"p-9","channel":"whatsapp","author":"contact","at":"2026-03-02T11:00:00Z"}"#;

/// What the parameter `hook` does, here and at streams.
pub(crate) const HOOK: &str = "A hook of the token's account: the events count as its own, so that \
                               what its provider told already is not counted again.";

/// The form of the parameter `hook`.
pub(crate) fn hook() -> serde_json::Value {
    json!({ "type": "string", "minLength": 1 })
}

pub(crate) fn about() -> Operation {
    let operation = Operation::new(Group::Events, "sendEvents", "Takes events in")
        .about(
            "One event, an array of events, or one event a line, as it is or with \
             `Content-Encoding: gzip` or `zstd`; at most 20 MB and 10,000 events, \
             each of at most 1 MB. Accepted events are on stable storage and in the live figures, \
             unless the answer says `\"observed\":false`: then they are on their way there. \
             One bad event never harms its neighbours: `rejected` names it. An event sent again \
             counts once.",
        )
        .scope(Scope::Ingest)
        .json::<Answer<'_>>(202, "On stable storage.")
        .json::<Answer<'_>>(200, "On stable storage and in ClickHouse: `wait=flushed`.")
        .sample_of("One event", "/v1/events?wait=flushed", JSON, FIRST)
        .sample_of("An array", "/v1/events", JSON, BOTH)
        .sample_of("One event a line", "/v1/events", LINES, TWO_LINES)
        .sample_gzip("Compressed", "/v1/events", LINES, FIRST);
    refused(taken(operation))
}

fn taken(operation: Operation) -> Operation {
    let flushed = json!({ "type": "string", "enum": ["flushed"] });
    let wait = "Answers 200 when ClickHouse holds all up to the batch's last event, or 202 with \
                `\"flushed\":false` after 30 s.";
    let event = || json!({ "$ref": "#/components/schemas/Event" });
    let array = json!({ "type": "array", "items": event(), "maxItems": 10_000 });
    let mut lines = array.clone();
    lines["description"] = "One a line.".into();
    operation
        .takes(Place::Query, "wait", flushed, wait)
        .takes(Place::Query, "hook", hook(), HOOK)
        .body(JSON, Shape::Is(json!({ "oneOf": [event(), array] })))
        .body(LINES, Shape::Is(lines))
}

fn refused(operation: Operation) -> Operation {
    let operation = operation
        .refuses(&[
            Code::BadParameter,
            Code::BadEncoding,
            Code::IncompleteBody,
            Code::BodyTooLarge,
            Code::BatchTooLarge,
            Code::UnsupportedMediaType,
            Code::UnsupportedEncoding,
            Code::Overloaded,
            Code::JournalUnavailable,
            Code::Starting,
            Code::Draining,
        ])
        .refuses_as(413, EventCode::TooLarge.as_str())
        .refuses_as(413, EventCode::TooMany.as_str())
        .refuses_with::<NothingTaken<'_>>(400)
        .refuses_with::<NothingTaken<'_>>(413);
    // Of a batch that has only bad events, the first says why nothing was taken.
    let codes = EventCode::ALL.iter();
    let codes = codes.filter(|code| **code != EventCode::TooMany);
    codes.fold(operation, |operation, code| {
        operation.refuses_as(400, code.as_str())
    })
}
