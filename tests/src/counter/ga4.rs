//! Google Analytics 4, as its reference of the Measurement Protocol says. What is wrong is taken all the
//! same there; here the test is told of it.

use serde_json::{Value, from_slice, json};

use super::{Asked, Books, Told, keys, money, must};
use crate::clock::{HOUR, wall};

pub(super) const QUERY: &str = "measurement_id=G-TEST123&api_secret=s-1";

pub(super) fn collect(asked: &Asked, books: &mut Books) -> Told {
    let is_debug = asked.path == "/debug/mp/collect";
    must(is_debug || asked.path == "/mp/collect", || {
        format!("path {}", asked.path)
    })?;
    let stream = (asked.query("measurement_id"), asked.query("api_secret"));
    must(stream == ("G-TEST123", "s-1"), || {
        format!("stream {stream:?}")
    })?;
    must(asked.body.len() < 130_000, || {
        format!("{} bytes", asked.body.len())
    })?;
    let body: Value = from_slice(&asked.body).map_err(|error| error.to_string())?;
    let known = [
        "client_id",
        "events",
        "timestamp_micros",
        "consent",
        "user_id",
    ];
    keys(&body, &known, &known[..2])?;
    must(
        body["client_id"].as_str().is_some_and(|id| !id.is_empty()),
        || "client id".into(),
    )?;
    let events = body["events"].as_array().ok_or("no list")?;
    must((1..=25).contains(&events.len()), || {
        format!("{} events", events.len())
    })?;
    events.iter().try_for_each(event)?;
    if is_debug {
        let bad = events.iter().position(|event| event["name"] == "bad_name");
        let messages: Vec<_> = bad
            .map(|place| {
                json!({ "fieldPath": format!("events[{place}].name"),
                    "description": "It is reserved.", "validationCode": "NAME_RESERVED" })
            })
            .into_iter()
            .collect();
        return Ok((200, json!({ "validationMessages": messages })));
    }
    let of_visitor = |event: &Value| {
        let mut event = event.clone();
        event["client_id"] = body["client_id"].clone();
        event
    };
    books.counted.extend(events.iter().map(of_visitor));
    Ok((204, Value::Null))
}

fn event(event: &Value) -> Result<(), String> {
    keys(
        event,
        &["name", "params", "timestamp_micros"],
        &["name", "timestamp_micros"],
    )?;
    let name = event["name"].as_str().unwrap_or_default();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    must(
        (1..=40).contains(&name.len()) && name.bytes().all(word),
        || format!("name {name}"),
    )?;
    let at = event["timestamp_micros"].as_i64().unwrap_or_default() / 1000;
    must(at <= wall() && wall() - at <= 72 * HOUR, || {
        format!("{at} is too far from now")
    })?;
    let params = event["params"].as_object().ok_or("no params")?;
    must(params.len() <= 25, || format!("{} params", params.len()))?;
    for (name, value) in params {
        let length = value.as_str().map_or(0, str::len);
        must(name.len() <= 40 && length <= 100, || {
            format!("param {name}")
        })?;
    }
    money(params.get("value"), params.get("currency"))
}
