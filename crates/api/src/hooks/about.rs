//! What the document says of `POST|GET /v1/hooks/{hook}`.

use serde_json::json;

use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

pub(crate) fn about_get() -> Operation {
    about("greetHook")
}

pub(crate) fn about_post() -> Operation {
    let any = || Shape::Is(json!(true));
    about("sendWebhook")
        .body("application/json", any())
        .body("application/x-www-form-urlencoded", Shape::object())
}

fn about(id: &'static str) -> Operation {
    let name = json!({ "type": "string", "minLength": 1 });
    Operation::new(Group::Events, id, "Takes a provider's webhook in")
        .about(
            "For the provider alone: it proves itself in its own way (a signature, an address, a \
             secret in the query), and is answered as it expects once its events are on stable \
             storage. Whoever cannot is told the same, also where there is no such hook. What is \
             verified is never refused because it was not understood: it is kept, and counted.",
        )
        .takes(
            Place::Path,
            "hook",
            name,
            "The hook's id in the configuration.",
        )
        .answers(200, "Taken in.", "text/plain", Shape::text())
        .answers(200, "", "application/json", Shape::Is(json!(true)))
        .refuses(&[
            Code::Unauthorized,
            Code::IncompleteBody,
            Code::BodyTooLarge,
            Code::BatchTooLarge,
            Code::Overloaded,
            Code::JournalUnavailable,
            Code::Starting,
            Code::Draining,
        ])
}
