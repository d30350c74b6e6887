//! Whatever a sender writes, by a map: the door for webhooks that are templates, and for the provider
//! that has no adapter yet.

mod record;

use trunkline_model::event::{Integrity, Kind};

use crate::shown::{show, shown};
use crate::{
    Draft, Guide, Hook, Made, Map, Parsed, Provider, Record, Refused, Replies, Request, Talk,
    Unreadable,
};

/// The adapter.
#[derive(Debug)]
pub struct Mapped;

static GUIDE: Guide = Guide {
    name: "map",
    title: "Any webhook, by a map",
    talk: Talk::Anything,
    secret: "a text that you make up, long and random; without one anyone who knows the address can send",
    steps: &[
        "write a map, or take one of docs/maps (uis, ringostat, 3cx, calltouch, roistat) as it stands, and name it in the hook's `map`",
        "try it: `trunkline hook test MAP SAMPLE` shows the events of a sample",
        "paste {url}?token=SECRET as the address there; where headers can be set, `Authorization: Bearer SECRET` instead of the query",
        "name the sender's addresses in `allow_ips` if it publishes them",
    ],
    integrity: "nothing is signed. With a secret, which is shown with each request: weak. Without: unverified. A secret in an address stands in the logs of proxies; a header does not",
    retries: "the sender's; most of those with a map of ours do not repeat at all",
    replies: Replies::Posted,
    notes: &[
        "what no event of the map is meant for is kept and counted, and is no error",
        "give events an `id` of the sender's where it repeats requests",
        "calls are named HOOK:ID, so that two hooks cannot meet in one call",
    ],
    cycle_gap: None,
};

impl Provider for Mapped {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        if hook.secrets.is_empty() {
            return Ok(Integrity::Unverified);
        }
        shown(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        let none = || Unreadable::new("the hook has no map: set account.hook.map");
        let map = hook.map.as_deref().ok_or_else(none)?;
        parse(hook, map, &record::records(hook, request)?)
    }

    fn new_secret(&self, random: &[u8; 32]) -> Option<String> {
        Some(hex::encode(random))
    }

    fn sign(&self, secret: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        show(secret)
    }
}

/// Makes the events of all records. One that cannot be read harms no others.
fn parse(hook: &Hook, map: &Map, records: &[Record]) -> Result<Parsed, Unreadable> {
    let mut parsed = Parsed::nothing();
    let mut wrong = None;
    for record in records {
        match map.events(record) {
            Ok(Made::Skipped) => {}
            Ok(Made::Events(events)) => {
                parsed
                    .events
                    .extend(events.iter().filter_map(|event| draft(hook, event)));
            }
            // No event is meant for it.
            Err(error) if error.key == "event" => parsed.unknown.push("unmapped".into()),
            Err(error) => {
                parsed.unknown.push(error.key.clone());
                wrong.get_or_insert(error);
            }
        }
    }
    match wrong {
        Some(error) if parsed.events.is_empty() => Err(Unreadable::new(error.to_string())),
        _ => Ok(parsed),
    }
}

/// Takes an event over; calls become the hook's.
fn draft(hook: &Hook, event: &str) -> Option<Draft> {
    let fields: serde_json::Map<_, _> = serde_json::from_str(event).ok()?;
    let call = match fields.get("call") {
        Some(call) if fields["type"] == Kind::Call.as_str() => call.as_str().map(str::to_owned),
        _ => None,
    };
    let draft = Draft::written(fields);
    let prefix = hook.call("");
    Some(match call {
        Some(call) if !call.starts_with(&prefix) => draft.with("call", hook.call(&call)),
        _ => draft,
    })
}

#[cfg(test)]
mod tests;
