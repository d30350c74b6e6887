//! Yandex Metrica, as its guides of offline conversions and calls say.

use serde_json::{Value, json};

use super::{Asked, Books, Told, must};
use crate::clock::{DAY, wall};

pub(super) const CONVERSIONS: &str = "/management/v1/counter/2215573/offline_conversions/upload";
pub(super) const CALLS: &str = "/management/v1/counter/2215573/offline_conversions/upload_calls";

pub(super) fn upload(asked: &Asked, books: &mut Books) -> Told {
    if asked.header("authorization") != "OAuth y-1" {
        return Ok((403, json!({ "code": 403, "message": "Access is denied" })));
    }
    let is_call = asked.path == CALLS;
    must(is_call || asked.path == CONVERSIONS, || {
        format!("path {}", asked.path)
    })?;
    let by = match asked.query("client_id_type") {
        "CLIENT_ID" => "ClientId",
        "YCLID" => "Yclid",
        other => return Err(format!("client_id_type {other}")),
    };
    let file = file(asked)?;
    let mut rows = csv::Reader::from_reader(file.as_bytes());
    let columns = rows.headers().map_err(|error| error.to_string())?.clone();
    let columns: Vec<&str> = columns.iter().collect();
    let (needed, known): (&[&str], &[&str]) = if is_call {
        (&["DateTime"], &CALL)
    } else {
        (
            &["Target", "DateTime"],
            &["Target", "DateTime", "Price", "Currency"],
        )
    };
    must(columns.first() == Some(&by), || {
        format!("columns {columns:?}")
    })?;
    for name in &columns[1..] {
        must(known.contains(name), || format!("column {name}"))?;
    }
    must(needed.iter().all(|name| columns.contains(name)), || {
        format!("columns {columns:?}")
    })?;
    let mut many = 0;
    for line in rows.records() {
        let line = line.map_err(|error| error.to_string())?;
        let fields = columns.iter().zip(line.iter());
        let one: Value = fields
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        row(&one, by, is_call)?;
        books.counted.push(one);
        many += 1;
    }
    must(many > 0, || "no rows".into())?;
    Ok((
        200,
        json!({ "uploading": { "id": 7, "source_quantity": many, "status": "UPLOADED" } }),
    ))
}

/// The columns of calls beside the visitor's.
const CALL: [&str; 11] = [
    "DateTime",
    "StaticCall",
    "Price",
    "Currency",
    "PhoneNumber",
    "TalkDuration",
    "HoldDuration",
    "CallMissed",
    "Tag",
    "FirstTimeCaller",
    "URL",
];

fn row(one: &Value, by: &str, is_call: bool) -> Result<(), String> {
    let text = |name: &str| one[name].as_str().unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    must(digits(text(by)), || format!("{by} {}", text(by)))?;
    must(is_call || !text("Target").is_empty(), || "no target".into())?;
    let at = text("DateTime").parse::<i64>().unwrap_or_default() * 1000;
    must(at <= wall() && wall() - at <= 21 * DAY, || {
        format!("{at} is too far from now")
    })?;
    let price = text("Price");
    must(price.is_empty() || price.parse::<f64>().is_ok(), || {
        format!("price {price}")
    })?;
    must(price.is_empty() || text("Currency").len() == 3, || {
        format!("currency of {price}")
    })?;
    if !is_call {
        return Ok(());
    }
    for name in ["StaticCall", "CallMissed"] {
        must(["0", "1"].contains(&text(name)), || {
            format!("{name} {}", text(name))
        })?;
    }
    for name in ["TalkDuration", "HoldDuration"] {
        must(digits(text(name)), || format!("{name} {}", text(name)))?;
    }
    let phone = text("PhoneNumber");
    must(
        phone.is_empty() || phone.strip_prefix('+').is_some_and(digits),
        || format!("phone {phone}"),
    )
}

/// Takes the file out of the form.
fn file(asked: &Asked) -> Result<String, String> {
    let media = asked.header("content-type");
    let boundary = media
        .strip_prefix("multipart/form-data; boundary=")
        .ok_or("media type")?;
    let body = String::from_utf8(asked.body.clone()).map_err(|error| error.to_string())?;
    let parts: Vec<&str> = body.split(&format!("--{boundary}")).collect();
    let [before, part, "--\r\n"] = parts.as_slice() else {
        return Err(format!("{} parts", parts.len()));
    };
    must(before.is_empty(), || format!("before the form: {before}"))?;
    let (head, file) = part.split_once("\r\n\r\n").ok_or("no head of the part")?;
    must(head.contains("name=\"file\""), || format!("head {head}"))?;
    Ok(file.trim_end().to_owned() + "\r\n")
}
