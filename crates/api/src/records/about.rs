//! What the document says of single calls and contacts.

use serde_json::json;
use trunkline_model::event::Code as EventCode;
use trunkline_model::settings::Scope;
use trunkline_model::word::Word;

use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

pub(crate) fn calls() -> Operation {
    let operation = read("calls", "Lists calls")
        .about(
            "The calls of a period, newest first, by the filters of the report `calls`. Phone numbers are \
             masked unless the token has the scope read:phones.",
        )
        .sample("The last calls of a week", "/v1/calls?from=2026-03-02&to=2026-03-09&limit=10");
    let operation = paged(operation);
    let period = ["from", "to", "period", "tz"];
    let filters = [
        "manager",
        "team",
        "number",
        "direction",
        "disposition",
        "tag",
        "origin",
        "integrity",
        "source",
        "hour",
        "weekday",
        "spam",
        "credit",
    ];
    let named = period.iter().chain(&filters);
    named.fold(operation, |operation, name| {
        let about = "As in the report `calls`.";
        let schema = if period.contains(name) || matches!(*name, "spam" | "credit") {
            json!({ "type": "string" })
        } else {
            json!({ "type": "array", "items": { "type": "string" } })
        };
        operation.takes(Place::Query, name, schema, about)
    })
}

pub(crate) fn call() -> Operation {
    one("call", "Shows a call with its legs", "call")
}

pub(crate) fn mend() -> Operation {
    let flushed = json!({ "type": "string", "enum": ["flushed"] });
    let changed = json!({
        "type": "object", "minProperties": 1, "additionalProperties": false,
        "properties": {
            "tags": { "type": "array", "items": { "type": "string" } },
            "value": { "type": ["string", "number"] },
            "spam": { "type": "boolean" },
        },
    });
    let operation = Operation::new(
        Group::Events,
        "mendCall",
        "Changes tags, value or spam of a call",
    )
    .about("Appends an event that says so: it is in the journal, as all others.")
    .scope(Scope::Ingest)
    .takes(
        Place::Path,
        "call",
        json!({ "type": "string" }),
        "The call's id.",
    )
    .takes(Place::Query, "wait", flushed, "As at `POST /v1/events`.")
    .body("application/json", Shape::Is(changed))
    .answers(
        202,
        "On stable storage.",
        "application/json",
        Shape::object(),
    )
    .answers(
        200,
        "On stable storage and in ClickHouse.",
        "application/json",
        Shape::object(),
    )
    .refuses(&[
        Code::BadParameter,
        Code::NotFound,
        Code::BadEncoding,
        Code::IncompleteBody,
        Code::BodyTooLarge,
        Code::UnsupportedEncoding,
        Code::Overloaded,
        Code::JournalUnavailable,
        Code::WarehouseUnavailable,
        Code::Starting,
        Code::Draining,
    ]);
    let codes = EventCode::ALL.iter();
    codes.fold(operation, |operation, code| {
        operation.refuses_as(400, code.as_str())
    })
}

pub(crate) fn contacts() -> Operation {
    let operation = read("contacts", "Lists contacts")
        .about("Contacts with what they are known by, after all merges.")
        .sample("Ten contacts", "/v1/contacts?limit=10");
    paged(operation)
}

pub(crate) fn contact() -> Operation {
    one("contact", "Shows what a contact is known by", "contact")
}

pub(crate) fn timeline() -> Operation {
    let operation = one("timeline", "Lists what happened with a contact", "contact");
    paged(operation.about("Calls and messages of all that the contact is known by, newest first."))
}

fn read(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(Group::Figures, id, summary)
        .scope(Scope::Read)
        .answers(
            200,
            "What was asked for.",
            "application/json",
            Shape::object(),
        )
        .refuses(&[
            Code::BadParameter,
            Code::TooMuch,
            Code::Overloaded,
            Code::WarehouseUnavailable,
        ])
}

fn one(id: &'static str, summary: &'static str, name: &'static str) -> Operation {
    read(id, summary)
        .takes(Place::Path, name, json!({ "type": "string" }), "Its id.")
        .refuses(&[Code::NotFound])
}

fn paged(operation: Operation) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1 });
    operation
        .takes(Place::Query, "limit", limit, "How many.")
        .takes(
            Place::Query,
            "cursor",
            json!({ "type": "string" }),
            "The page that an answer's `cursor` names.",
        )
}
