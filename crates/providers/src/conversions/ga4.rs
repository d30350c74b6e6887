//! Google Analytics 4: the Measurement Protocol.
//!
//! `POST /mp/collect?measurement_id=…&api_secret=…` with one visitor's `client_id` and at most 25
//! events, each with its own `timestamp_micros`, at most 72 hours ago. Any body is answered with 2xx;
//! `/debug/mp/collect` says what is wrong and counts nothing. `transaction_id` is our id: Analytics
//! counts it once in `purchase`, and not in events of other names.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, from_slice};

use super::answer::{Reading, Verdict, short};
use super::conversion::{Conversion, Kind};
use super::destination::{HOUR, Request, is_id};
use super::reason::Reason;
use super::setup::Setup;

/// How old an event may be.
pub(super) const OLDEST: i64 = 72 * HOUR;
/// The most events in a request.
pub(super) const MOST: usize = 25;
/// The events of each kind: those that Analytics recommends, where it has one.
pub(super) const EVENTS: &[(Kind, &str)] = &[
    (Kind::Call, "phone_call"),
    (Kind::TargetCall, "qualify_lead"),
    (Kind::Form, "form_submitted"),
    (Kind::Lead, "generate_lead"),
    (Kind::Won, "close_convert_lead"),
];

/// The longest client id.
const LONGEST_ID: usize = 100;
/// The longest name of an event.
const LONGEST_NAME: usize = 40;
/// How names of events must not begin.
const RESERVED_PREFIXES: [&str; 4] = ["ga_", "google_", "gtag.", "firebase_"];
/// Names that Analytics keeps for itself (Measurement Protocol reference, reserved names).
const RESERVED: [&str; 19] = [
    "ad_activeview",
    "ad_click",
    "ad_exposure",
    "ad_impression",
    "ad_query",
    "adunit_exposure",
    "app_clear_data",
    "app_remove",
    "app_update",
    "error",
    "first_open",
    "first_visit",
    "in_app_purchase",
    "notification_open",
    "notification_receive",
    "os_update",
    "screen_view",
    "session_start",
    "user_engagement",
];

#[derive(Serialize)]
struct Collect<'a> {
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<Consent>,
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Consent {
    ad_user_data: &'static str,
    ad_personalization: &'static str,
}

#[derive(Serialize)]
struct Event<'a> {
    name: &'a str,
    timestamp_micros: i64,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    transaction_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
}

pub(super) fn check(one: &Conversion) -> Result<(), Reason> {
    let id = one.ga_client_id.as_deref().ok_or(Reason::NoClientId)?;
    if is_id(id, LONGEST_ID) {
        Ok(())
    } else {
        Err(Reason::BadClientId)
    }
}

/// An event is named by letters, digits and underscores, and not as Analytics names its own.
pub(super) fn name_problem(name: &str) -> Option<String> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_one = name.len() <= LONGEST_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(word);
    if !is_one {
        return Some(format!(
            "write 1 to {LONGEST_NAME} letters, digits and underscores, a letter first"
        ));
    }
    let is_reserved = RESERVED.contains(&name)
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix));
    is_reserved.then(|| "Analytics keeps this name for itself".to_owned())
}

pub(super) fn requests(going: &[&Conversion], setup: &Setup, most: usize) -> Vec<Request> {
    let mut visitors: BTreeMap<(&str, bool), Vec<&Conversion>> = BTreeMap::new();
    for one in going {
        let agreed = one.consent.or(setup.consent) == Some(true);
        let visitor = one.ga_client_id.as_deref().unwrap_or_default();
        visitors.entry((visitor, agreed)).or_default().push(one);
    }
    let parts = visitors.iter().flat_map(|((visitor, agreed), all)| {
        let parts = all.chunks(most);
        parts.map(move |part| request(visitor, *agreed, part, setup))
    });
    parts.collect()
}

fn request(visitor: &str, agreed: bool, part: &[&Conversion], setup: &Setup) -> Request {
    let collect = Collect {
        client_id: visitor,
        consent: agreed.then_some(Consent {
            ad_user_data: "GRANTED",
            ad_personalization: "GRANTED",
        }),
        events: part.iter().map(|one| event(one, setup)).collect(),
    };
    Request {
        ids: part.iter().map(|one| one.id.clone()).collect(),
        prefix: if setup.validate { "/debug" } else { "" },
        query: Vec::new(),
        media: "application/json".into(),
        body: serde_json::to_vec(&collect).unwrap_or_default(),
    }
}

fn event<'a>(one: &'a Conversion, setup: &'a Setup) -> Event<'a> {
    let digits = |value| RawValue::from_string(format!("{value}")).ok();
    Event {
        name: setup.action(one.kind).unwrap_or_default(),
        timestamp_micros: one.at.millis() * 1000,
        params: Params {
            transaction_id: &one.id,
            value: one.value.and_then(digits),
            currency: one.value.and(one.currency.as_deref()),
        },
    }
}

/// Reads what `/debug/mp/collect` found, which names events by their places.
pub(super) fn read(many: usize, setup: &Setup, body: &[u8]) -> Reading {
    if !setup.validate {
        return Reading::all(many, &Verdict::Taken);
    }
    let json: Value = from_slice(body).unwrap_or_default();
    let Some(messages) = json.get("validationMessages").and_then(Value::as_array) else {
        return Reading::Stop(
            "the answer has no `validationMessages`: the address checks nothing".into(),
        );
    };
    let mut verdicts = vec![Verdict::Taken; many];
    for message in messages {
        let word = |name: &str| {
            message
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let why = format!("{}: {}", word("validationCode"), short(word("description")));
        match place(word("fieldPath")).and_then(|place| verdicts.get_mut(place)) {
            Some(verdict) => *verdict = Verdict::Never(why),
            None => verdicts.fill(Verdict::Never(why)),
        }
    }
    Reading::Each(verdicts)
}

/// Reads the place of `events[1].name` or `events.1.name`.
fn place(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("events")?.trim_start_matches(['[', '.']);
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
