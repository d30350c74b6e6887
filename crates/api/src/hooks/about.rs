//! What the document says of the hooks.

use serde_json::json;

use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

const ABOUT: &str = "For providers alone: a request is verified as its provider signs, and answered \
                     once it is on stable storage. Whatever is verified is answered 200, also what we \
                     do not understand: that is kept as it came, and counted. `trunkline hook add` says \
                     how a provider is connected.";

/// Describes GET: handshakes, and providers that send queries.
pub(crate) fn get() -> Operation {
    told(Operation::new(
        Group::Events,
        "askHook",
        "Answers a provider's handshake, or takes a webhook in its query",
    ))
}

/// Describes POST.
pub(crate) fn post() -> Operation {
    let operation = Operation::new(
        Group::Events,
        "sendWebhook",
        "Takes a provider's webhook in",
    )
    .body("application/json", Shape::Is(json!({})))
    .body("application/x-www-form-urlencoded", Shape::Is(json!({})))
    .refuses(&[
        Code::IncompleteBody,
        Code::BodyTooLarge,
        Code::BatchTooLarge,
    ]);
    told(operation)
}

fn told(operation: Operation) -> Operation {
    let text = json!({ "type": "string" });
    operation
        .about(ABOUT)
        .takes(Place::Path, "hook", text, "The hook's id.")
        .answers(
            200,
            "Taken in; the body is the one that the provider expects.",
            "text/plain",
            Shape::text(),
        )
        .answers(
            200,
            "Taken in; the body is the one that the provider expects.",
            "application/json",
            Shape::Is(json!({})),
        )
        .answers_nothing(200, "Taken in.")
        .refuses(&[
            Code::Unauthorized,
            Code::Overloaded,
            Code::JournalUnavailable,
            Code::Starting,
            Code::Draining,
        ])
}
