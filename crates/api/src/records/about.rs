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
            "value": { "anyOf": [
                { "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?$" },
                { "type": "number" },
            ] },
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
    one("contact", "Shows what a contact is known by", "contact").about(
        "What a contact is known by, after all merges, with the sources of the first and the last touch.",
    )
}

pub(crate) fn timeline() -> Operation {
    let operation = one("timeline", "Lists what happened with a contact", "contact");
    paged(operation.about(
        "Calls, messages and visits of all that the contact is known by, newest first. A visit has its pages \
         with their times; `certainty` and `weight` say how sure it is that it was the contact's: `certain` of \
         a visitor who told who he is or certainly called, else as the call that it may have brought.",
    ))
}

/// The parameters of a period, for lists that have one.
const PERIOD: [(&str, &str); 4] = [
    (
        "from",
        "The start, inclusive; with `to`, or `period` in place of both.",
    ),
    ("to", "The end, exclusive."),
    ("period", "A calendar period to date, like `week`."),
    ("tz", "The zone of local dates; the account's by default."),
];

pub(crate) fn visits() -> Operation {
    let operation = read("visits", "Lists visits")
        .about(
            "The visits of a period, newest first, with their pages and the calls that they may have brought. \
             A visit is named by a key: its id, which lets one tell of it and end it, is shown nowhere, and so \
             are visitors. Several values of a filter are alternatives.",
        )
        .sample(
            "The last visits of a week",
            "/v1/visits?from=2026-03-02&to=2026-03-09&limit=10",
        )
        .refuses(&[Code::Forbidden]);
    let filters = ["site", "pool", "number", "visitor"];
    listed(operation, &filters, &[("served", &["true", "false"])])
}

pub(crate) fn visit() -> Operation {
    one("visit", "Shows a visit by its key or its id", "visit").refuses(&[Code::Forbidden])
}

pub(crate) fn conversations() -> Operation {
    let operation = read("conversations", "Lists conversations")
        .about(
            "The conversations whose last event is in a period, newest first, as they stand, with their cycles. \
             `manager` is whose one is: its assignee's, else who wrote last. Several values of a filter are \
             alternatives. Ids that are phone numbers are masked unless the token has the scope read:phones.",
        )
        .sample(
            "The last conversations of a week",
            "/v1/conversations?from=2026-03-02&to=2026-03-09&limit=10",
        );
    let flags: &[&str] = &["true", "false"];
    filtered(
        of_period(operation),
        &["channel", "contact", "manager", "team"],
        &[("closed", flags), ("pending", flags)],
    )
}

pub(crate) fn conversation() -> Operation {
    one(
        "conversation",
        "Shows a conversation with its cycles",
        "conversation",
    )
    .takes(
        Place::Query,
        "channel",
        json!({ "type": "string", "minLength": 1 }),
        "Its channel: needed where several have a conversation of this id.",
    )
}

pub(crate) fn leads() -> Operation {
    let operation = read("leads", "Lists leads")
        .about(
            "The leads that were made in a period, newest first, with the stages they came to and what they \
             were worth; those that were deleted only with `removed=true`. Several values of a filter are \
             alternatives. Phone numbers are masked unless the token has the scope read:phones.",
        )
        .sample("The last leads of a week", "/v1/leads?from=2026-03-02&to=2026-03-09&limit=10");
    let words: [(_, &[_]); 2] = [
        ("kind", &["incoming", "open", "won", "lost"]),
        ("removed", &["true", "false"]),
    ];
    modelled(listed(operation, &["pipeline", "stage", "manager"], &words))
}

pub(crate) fn lead() -> Operation {
    modelled(one("lead", "Shows a lead", "lead").about(
        "A lead with its moves and amounts. Its source is that of the touches of its contact, as in the report of \
         sources, as far as all that brought it agree; they are `candidates` of its `attribution`. What its own events \
         said is under `told`.",
    ))
}

/// What has a source by a model.
fn modelled(operation: Operation) -> Operation {
    let models =
        json!({ "type": "string", "enum": ["first", "last", "last_non_direct", "linear"] });
    operation.takes(
        Place::Query,
        "model",
        models,
        "Which touch of the contact earns a lead; by default as attribution.model says.",
    )
}

/// A list with a period and filters, some of them by certain words, and a source.
fn listed(
    operation: Operation,
    filters: &[&'static str],
    words: &[(&'static str, &[&str])],
) -> Operation {
    let operation = filtered(of_period(operation), filters, words);
    filtered(operation, &["source", "medium", "campaign"], &[])
}

fn of_period(operation: Operation) -> Operation {
    let period = PERIOD.into_iter();
    period.fold(paged(operation), |operation, (name, about)| {
        operation.takes(Place::Query, name, json!({ "type": "string" }), about)
    })
}

fn filtered(
    operation: Operation,
    filters: &[&'static str],
    words: &[(&'static str, &[&str])],
) -> Operation {
    let about = "Only with one of these; empty for none.";
    let operation = filters.iter().fold(operation, |operation, name| {
        let texts = json!({ "type": "array", "items": { "type": "string" } });
        operation.takes(Place::Query, name, texts, about)
    });
    words.iter().fold(operation, |operation, (name, words)| {
        let words = json!({ "type": "array", "items": { "type": "string", "enum": words } });
        operation.takes(Place::Query, name, words, "Only with one of these.")
    })
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
