//! Google Ads, as its reference of `ConversionUploadService` says.

use chrono::DateTime;
use serde_json::{Value, from_slice, json};

use super::{Asked, Books, Told, keys, money, must};
use crate::clock::{DAY, wall};

pub(super) const CLICKS: &str = "/v20/customers/1234567890:uploadClickConversions";
pub(super) const CALLS: &str = "/v20/customers/1234567890:uploadCallConversions";

/// The conversion actions of the account.
const ACTIONS: [&str; 2] = [
    "customers/1234567890/conversionActions/11",
    "customers/1234567890/conversionActions/22",
];

/// A click that is too old, one that is not known yet, one of nobody.
const ODD: [(&str, &str); 3] = [
    ("G-expired", "EXPIRED_EVENT"),
    ("G-fresh", "TOO_RECENT_EVENT"),
    ("G-broken", "UNPARSEABLE_GCLID"),
];

pub(super) fn clicks(asked: &Asked, books: &mut Books) -> Told {
    must(asked.path == CLICKS, || format!("path {}", asked.path))?;
    upload(asked, books, |one, books| {
        let known = [
            "gclid",
            "gbraid",
            "wbraid",
            "conversionAction",
            "conversionDateTime",
            "conversionValue",
            "currencyCode",
            "orderId",
            "consent",
        ];
        keys(
            one,
            &known,
            &["conversionAction", "conversionDateTime", "orderId"],
        )?;
        let ids = ["gclid", "gbraid", "wbraid"].map(|id| one[id].as_str());
        must(ids.iter().flatten().count() == 1, || {
            format!("click ids {ids:?}")
        })?;
        let order = one["orderId"].as_str().unwrap_or_default();
        must((1..=64).contains(&order.len()), || {
            format!("order id {order}")
        })?;
        let odd = ODD.iter().find(|(id, _)| ids.contains(&Some(*id)));
        if let Some((_, code)) = odd {
            return Ok(Some(*code));
        }
        let is_new = books.orders.insert(order.to_owned());
        Ok((!is_new).then_some("ORDER_ID_ALREADY_IN_USE"))
    })
}

pub(super) fn calls(asked: &Asked, books: &mut Books) -> Told {
    must(asked.path == CALLS, || format!("path {}", asked.path))?;
    upload(asked, books, |one, books| {
        let known = [
            "callerId",
            "callStartDateTime",
            "conversionAction",
            "conversionDateTime",
            "conversionValue",
            "currencyCode",
            "consent",
        ];
        keys(one, &known, &known[..4])?;
        let caller = one["callerId"].as_str().unwrap_or_default();
        let digits = caller.strip_prefix('+').unwrap_or_default();
        let is_one =
            (8..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit());
        must(is_one, || format!("caller {caller}"))?;
        let (began, at) = (
            time(&one["callStartDateTime"])?,
            time(&one["conversionDateTime"])?,
        );
        must(at > began, || format!("{at} is not after {began}"))?;
        let key = format!("{caller} {began} {at} {}", one["conversionAction"]);
        let is_new = books.orders.insert(key);
        Ok((!is_new).then_some("CALL_CONVERSION_ALREADY_EXISTS"))
    })
}

/// Checks what both uploads have, and answers with what was taken and what was not.
fn upload(
    asked: &Asked,
    books: &mut Books,
    check: impl Fn(&Value, &mut Books) -> Result<Option<&'static str>, String>,
) -> Told {
    let login = (
        asked.header("authorization"),
        asked.header("developer-token"),
    );
    if login != ("Bearer t-1", "d-1") {
        return Ok((
            401,
            json!({ "error": { "code": 401, "message": "no login" } }),
        ));
    }
    must(asked.header("content-type") == "application/json", || {
        "media type".into()
    })?;
    let body: Value = from_slice(&asked.body).map_err(|error| error.to_string())?;
    let known = ["conversions", "partialFailure", "validateOnly"];
    keys(&body, &known, &known[..2])?;
    must(body["partialFailure"] == true, || {
        "partialFailure must be true".into()
    })?;
    let all = body["conversions"].as_array().ok_or("no list")?;
    must((1..=2_000).contains(&all.len()), || {
        format!("{} conversions", all.len())
    })?;
    let before = (books.counted.len(), books.orders.clone());
    let (mut errors, mut results) = (Vec::new(), Vec::new());
    for (place, one) in all.iter().enumerate() {
        common(one)?;
        if let Some(code) = check(one, books)? {
            errors.push(error(code, place));
            results.push(json!({}));
        } else {
            results.push(json!({ "conversionAction": one["conversionAction"] }));
            books.counted.push(one.clone());
        }
    }
    let mut answer = json!({ "results": results, "jobId": "1" });
    if !errors.is_empty() {
        answer["partialFailureError"] = json!({
            "code": 3, "message": "Multiple errors", "details": [{ "errors": errors }],
        });
    }
    if body["validateOnly"] == true {
        books.counted.truncate(before.0);
        books.orders = before.1;
        answer["results"] = json!([]);
    }
    Ok((200, answer))
}

fn common(one: &Value) -> Result<(), String> {
    let action = one["conversionAction"].as_str().unwrap_or_default();
    must(ACTIONS.contains(&action), || format!("action {action}"))?;
    let at = time(&one["conversionDateTime"])?;
    must(at <= wall() && wall() - at <= 90 * DAY, || {
        format!("{at} is too far from now")
    })?;
    money(one.get("conversionValue"), one.get("currencyCode"))?;
    let Some(consent) = one.get("consent") else {
        return Ok(());
    };
    let both = ["adUserData", "adPersonalization"];
    keys(consent, &both, &both)?;
    let is_word = |name: &str| consent[name] == "GRANTED" || consent[name] == "DENIED";
    must(both.into_iter().all(is_word), || {
        format!("consent {consent}")
    })
}

/// Reads `yyyy-mm-dd hh:mm:ss+|-hh:mm`.
fn time(value: &Value) -> Result<i64, String> {
    let text = value.as_str().unwrap_or_default();
    must(text.len() == "2019-01-01 12:32:45-08:00".len(), || {
        format!("time {text}")
    })?;
    let at = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%:z");
    at.map(|at| at.timestamp_millis())
        .map_err(|error| format!("time {text}: {error}"))
}

fn error(code: &str, place: usize) -> Value {
    json!({
        "errorCode": { "conversionUploadError": code }, "message": "It was not taken.",
        "location": { "fieldPathElements": [{ "fieldName": "conversions", "index": place }] },
    })
}
