//! Ids that are phone numbers, masked for tokens that may not see phones (contract §4).
//!
//! An id is one if nothing but a phone number is in it: see [`is_phone`].

use serde_json::Value as Json;
pub(crate) use trunkline_model::phone::{is_phone, masked};
use trunkline_model::settings::Scope;
use trunkline_reports::{Page, Value};

use crate::directory::Grant;

/// The columns whose ids are as a channel gives them, often phone numbers.
const COLUMNS: [&str; 3] = ["contact", "conversation", "caller"];

/// The fields of things that hold such ids; an extension may be the number that a call was
/// forwarded to, the id of a contact on a channel is often his number.
const THINGS: [&str; 5] = ["contact", "conversation", "caller", "extension", "id"];

/// The fields of things that are lists of such ids, or of numbers.
const LISTS: [&str; 2] = ["phones", "contacts"];

/// Masks the phone numbers of a page.
pub(crate) fn mask(page: &mut Page) {
    let named = page.columns.iter().map(|column| column.name);
    let hidden: Vec<bool> = named.map(|name| COLUMNS.contains(&name)).collect();
    for row in &mut page.rows {
        for (value, _) in row.iter_mut().zip(&hidden).filter(|(_, hidden)| **hidden) {
            if let Value::Text(text) = value {
                *text = masked(std::mem::take(text));
            }
        }
    }
}

/// Masks the phone numbers of a thing: ids of contacts and their numbers, wherever they stand in it.
pub(crate) fn mask_thing(thing: &mut Json) {
    match thing {
        Json::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Json::String(text) if THINGS.contains(&name.as_str()) => {
                        *text = masked(std::mem::take(text));
                    }
                    Json::Array(texts) if LISTS.contains(&name.as_str()) => {
                        texts.iter_mut().for_each(mask_text);
                    }
                    value => mask_thing(value),
                }
            }
        }
        Json::Array(values) => values.iter_mut().for_each(mask_thing),
        _ => {}
    }
}

fn mask_text(value: &mut Json) {
    if let Json::String(text) = value {
        *text = masked(std::mem::take(text));
    }
}

/// Gives where the conversation of each row can be opened: nowhere where its id is masked.
pub(crate) fn links(page: &Page, grant: &Grant) -> Vec<Option<String>> {
    let place = |name| page.columns.iter().position(|column| column.name == name);
    let places = (place("channel"), place("conversation"));
    let link = |row: &Vec<Value>| {
        let (Value::Text(channel), Value::Text(conversation)) =
            (row.get(places.0?)?, row.get(places.1?)?)
        else {
            return None;
        };
        link(grant, channel, conversation)
    };
    page.rows.iter().map(link).collect()
}

/// Gives where a conversation can be opened, unless its id is masked.
pub(crate) fn link(grant: &Grant, channel: &str, conversation: &str) -> Option<String> {
    let shown = grant.may(Scope::ReadPhones) || !is_phone(conversation);
    let link = || grant.people().link(channel, conversation);
    shown.then(link).flatten()
}

#[cfg(test)]
mod tests {
    use trunkline_model::time::Time;
    use trunkline_reports::{Column, Unit};

    use super::*;

    fn page(values: &[[&str; 3]]) -> Page {
        let column = |name| Column {
            name,
            unit: Unit::Text,
        };
        let text = |text: &&str| Value::Text((*text).to_owned());
        Page {
            report: "messages",
            from: Time(0),
            to: Time(1),
            tz: "UTC",
            columns: ["manager", "contact", "conversation"].map(column).to_vec(),
            rows: values
                .iter()
                .map(|row| row.iter().map(text).collect())
                .collect(),
            next: None,
            as_of: Time(1),
        }
    }

    #[test]
    fn a_phone_number_keeps_its_first_and_last_digits_in_json_and_csv() {
        let mut page = page(&[["+79161234567", "+79161231234", "+3460012"]]);
        mask(&mut page);
        let json = serde_json::to_string(&page.rows).unwrap();
        assert_eq!(json, r#"[["+79161234567","+7***1234","+3***0012"]]"#);
        let csv = page.to_csv();
        assert!(
            csv.contains("+7***1234") && !csv.contains("9161231234"),
            "{csv}"
        );
    }

    #[test]
    fn a_number_is_one_however_a_channel_writes_it() {
        for (id, shown) in [
            ("34600111222", "3***1222"),
            ("79161231234", "7***1234"),
            ("+34 600 11-12.22", "+3***1222"),
            ("(600) 111/222", "6***1222"),
            ("34600111222@c.us", "3***1222"),
            ("wa:+79161231234", "+7***1234"),
            ("tel:0034600111222", "0***1222"),
            ("1234567", "1***4567"),
        ] {
            assert_eq!(masked(id.to_owned()), shown, "{id}");
        }
    }

    #[test]
    fn an_id_that_is_no_phone_number_stays() {
        let rows = [
            ["x", "+123456", "+1234567890123456"],
            ["x", "123456", "+7916123a234"],
            ["x", "", "+"],
            ["x", "k-34600111222", "+７９１６１２３"],
            [
                "34600111222",
                "maria@acme.example",
                "0190f5e2-7c4b-7c3a-9d2e-000000000001",
            ],
        ];
        let mut masked = page(&rows);
        mask(&mut masked);
        assert_eq!(masked, page(&rows));
    }
}
