//! Google Ads: conversions of clicks.
//!
//! The file is the template of *Goals, Uploads*: a row that says the zone of the times, then the
//! names of the columns. The request is `customers/{id}:uploadClickConversions` of the REST interface
//! (`ClickConversion`, `UploadClickConversionsRequest`): exactly one of gclid, gbraid and wbraid; times
//! as `yyyy-mm-dd hh:mm:ss+hh:mm`; `partialFailure` always true; at most 2,000 conversions. The order
//! id is our id: what Google has already it answers with `ORDER_ID_ALREADY_IN_USE`. A click is taken
//! for 90 days, and known 6 hours after it was made (`EXPIRED_EVENT`, `TOO_RECENT_EVENT`).

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, from_slice};
use trunkline_model::time::Time;

use super::answer::{Reading, Verdict, short};
use super::conversion::Conversion;
use super::destination::{DAY, HOUR, Request, is_id};
use super::reason::Reason;
use super::setup::Setup;
use super::table::{civil, row};

/// How old a conversion and its click may be.
pub(super) const OLDEST: i64 = 90 * DAY;
/// The most conversions in a request.
pub(super) const MOST: usize = 2_000;
/// How old a click must be.
const KNOWN_AFTER: i64 = 6 * HOUR;
/// The longest click id; the longest seen have some 100 characters.
const LONGEST_ID: usize = 512;

/// Errors of a conversion that Google has already.
const KNOWN: [&str; 3] = [
    "ORDER_ID_ALREADY_IN_USE",
    "CLICK_CONVERSION_ALREADY_EXISTS",
    "CALL_CONVERSION_ALREADY_EXISTS",
];
/// Errors that pass.
const PASSING: [&str; 9] = [
    "TOO_RECENT_EVENT",
    "TOO_RECENT_CALL",
    "TOO_RECENT_CONVERSION_ACTION",
    "INTERNAL_ERROR",
    "TRANSIENT_ERROR",
    "DEADLINE_EXCEEDED",
    "RESOURCE_EXHAUSTED",
    "RESOURCE_TEMPORARILY_EXHAUSTED",
    "CONCURRENT_MODIFICATION",
];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Upload<T> {
    conversions: Vec<T>,
    partial_failure: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    validate_only: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ClickConversion<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    gclid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gbraid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wbraid: Option<&'a str>,
    conversion_action: &'a str,
    conversion_date_time: String,
    order_id: &'a str,
    #[serde(flatten)]
    money: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<Consent>,
}

/// What a conversion is worth.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Money {
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion_value: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency_code: Option<String>,
}

/// What the visitor agreed to.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consent {
    ad_user_data: &'static str,
    ad_personalization: &'static str,
}

impl Money {
    /// Takes what a conversion says.
    pub(super) fn of(one: &Conversion) -> Self {
        let digits = |value| RawValue::from_string(format!("{value}")).ok();
        Self {
            conversion_value: one.value.and_then(digits),
            currency_code: one.value.and_then(|_| one.currency.clone()),
        }
    }
}

impl Consent {
    /// Takes what a conversion says; who did not agree is not sent at all.
    pub(super) fn of(one: &Conversion, setup: &Setup) -> Option<Self> {
        let granted = one.consent.or(setup.consent)?;
        let word = if granted { "GRANTED" } else { "DENIED" };
        Some(Self {
            ad_user_data: word,
            ad_personalization: word,
        })
    }
}

/// The click ids of a conversion, at most one of them there: the first of gclid, gbraid and wbraid.
fn click(one: &Conversion) -> [Option<&str>; 3] {
    let clicks = &one.clicks;
    let mut ids = [&clicks.gclid, &clicks.gbraid, &clicks.wbraid].map(Option::as_deref);
    let first = ids.iter().position(Option::is_some);
    for (place, id) in ids.iter_mut().enumerate() {
        if Some(place) != first {
            *id = None;
        }
    }
    ids
}

pub(super) fn check(one: &Conversion, now: Time) -> Result<(), Reason> {
    let id = click(one).into_iter().flatten().next();
    if !is_id(id.ok_or(Reason::NoClickId)?, LONGEST_ID) {
        return Err(Reason::BadClickId);
    }
    let Some(clicked) = one.clicked_at else {
        return Ok(());
    };
    if one.at < clicked {
        return Err(Reason::BeforeClick);
    }
    match now.since(clicked) {
        age if age > OLDEST => Err(Reason::TooOld),
        age if age < KNOWN_AFTER => Err(Reason::TooFresh),
        _ => Ok(()),
    }
}

/// A conversion action is named by its resource.
pub(super) fn name_problem(name: &str) -> Option<String> {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = name.split('/').collect();
    match parts.as_slice() {
        ["customers", account, "conversionActions", id] if number(account) && number(id) => None,
        _ => Some(
            "write its resource name, like customers/1234567890/conversionActions/987654321".into(),
        ),
    }
}

/// The word of a template for what the visitor agreed to; empty if not told.
pub(super) fn agreed(one: &Conversion, setup: &Setup) -> &'static str {
    Consent::of(one, setup).map_or("", |consent| consent.ad_user_data)
}

pub(super) fn csv(going: &[&Conversion], setup: &Setup) -> String {
    let mut out = "Parameters:TimeZone=+0000\r\n".to_owned();
    let columns = [
        "Google Click ID",
        "GBRAID",
        "WBRAID",
        "Conversion Name",
        "Conversion Time",
        "Conversion Value",
        "Conversion Currency",
        "Order ID",
        "Ad User Data",
        "Ad Personalization",
    ];
    row(&mut out, &columns);
    for one in going {
        let [gclid, gbraid, wbraid] = click(one).map(Option::unwrap_or_default);
        let action = setup.action(one.kind).unwrap_or_default();
        let (value, currency) = price(one);
        let agreed = agreed(one, setup);
        let at = civil(one.at, "");
        let fields = [
            gclid, gbraid, wbraid, action, &at, &value, &currency, &one.id, agreed, agreed,
        ];
        row(&mut out, &fields);
    }
    out
}

/// The value and its currency, empty if there is none.
pub(super) fn price(one: &Conversion) -> (String, String) {
    match one.value {
        Some(value) => (value.to_string(), one.currency.clone().unwrap_or_default()),
        None => Default::default(),
    }
}

pub(super) fn requests(going: &[&Conversion], setup: &Setup, most: usize) -> Vec<Request> {
    uploads(going, setup, most, |one| {
        let [gclid, gbraid, wbraid] = click(one);
        ClickConversion {
            gclid,
            gbraid,
            wbraid,
            conversion_action: setup.action(one.kind).unwrap_or_default(),
            conversion_date_time: civil(one.at, "+00:00"),
            order_id: &one.id,
            money: Money::of(one),
            consent: Consent::of(one, setup),
        }
    })
}

/// Makes requests of conversions that are written so.
pub(super) fn uploads<'a, T: Serialize>(
    going: &[&'a Conversion],
    setup: &Setup,
    most: usize,
    write: impl Fn(&'a Conversion) -> T,
) -> Vec<Request> {
    let request = |part: &[&'a Conversion]| {
        let upload = Upload {
            conversions: part.iter().copied().map(&write).collect(),
            partial_failure: true,
            validate_only: setup.validate,
        };
        Request {
            ids: part.iter().map(|one| one.id.clone()).collect(),
            prefix: "",
            query: Vec::new(),
            media: "application/json".into(),
            body: serde_json::to_vec(&upload).unwrap_or_default(),
        }
    };
    going.chunks(most).map(request).collect()
}

/// Reads `partialFailureError`, whose details name conversions by their places, and `results`, which
/// has an empty object for each that was not taken.
pub(super) fn read(many: usize, setup: &Setup, body: &[u8]) -> Reading {
    let Ok(json) = from_slice::<Value>(body) else {
        return Reading::Again("the answer is no JSON".into());
    };
    let details = json
        .pointer("/partialFailureError/details")
        .and_then(Value::as_array);
    let errors = details
        .into_iter()
        .flatten()
        .filter_map(|it| it.get("errors")?.as_array());
    let (placed, whole): (Vec<_>, Vec<_>) = errors
        .flatten()
        .map(|error| (place(error), verdict_of(error)))
        .partition(|(place, _)| place.is_some_and(|place| place < many));
    // What is wrong with the whole holds for all of which nothing else is said.
    let open = whole.into_iter().next().map(|(_, verdict)| verdict);
    // Where nothing failed all was taken, also by what does not repeat it in `results`.
    let failed = json
        .get("partialFailureError")
        .is_some_and(|it| !it.is_null());
    let open = open.unwrap_or_else(|| {
        if failed && !setup.validate {
            Verdict::Later("the answer does not say what became of it".into())
        } else {
            Verdict::Taken
        }
    });
    let results = json.get("results");
    let is_taken = |place: usize| {
        let result = results.and_then(|all| all.get(place)?.as_object());
        result.is_some_and(|result| !result.is_empty())
    };
    let verdict = |place| {
        if is_taken(place) {
            Verdict::Taken
        } else {
            open.clone()
        }
    };
    let mut verdicts: Vec<Verdict> = (0..many).map(verdict).collect();
    for (place, verdict) in placed {
        if let Some(open) = place.and_then(|place| verdicts.get_mut(place)) {
            *open = verdict;
        }
    }
    Reading::Each(verdicts)
}

fn place(error: &Value) -> Option<usize> {
    let elements = error.pointer("/location/fieldPathElements")?.as_array()?;
    let named = elements
        .iter()
        .find(|it| it["fieldName"] == "conversions")?;
    // Numbers that are 0 may be left out.
    let place = named.get("index").map_or(Some(0), Value::as_u64)?;
    usize::try_from(place).ok()
}

fn verdict_of(error: &Value) -> Verdict {
    let codes = error.get("errorCode").and_then(Value::as_object);
    let code = codes.and_then(|codes| codes.values().next()?.as_str());
    let code = code.unwrap_or("UNKNOWN");
    let message = error.get("message").and_then(Value::as_str);
    let why = format!("{code}: {}", short(message.unwrap_or_default()));
    if KNOWN.contains(&code) {
        Verdict::Known
    } else if PASSING.contains(&code) {
        Verdict::Later(why)
    } else {
        Verdict::Never(why)
    }
}
