//! Ids that are phone numbers, masked for tokens that may not see phones (contract §4).

use trunkline_model::settings::Scope;
use trunkline_reports::{Page, Value};

use crate::directory::Grant;

/// The columns whose ids are as a channel gives them, often phone numbers.
const COLUMNS: [&str; 2] = ["contact", "conversation"];

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

/// Masks a text if it is a phone number.
pub(crate) fn masked(text: String) -> String {
    if is_phone(&text) {
        format!("{}***{}", &text[..2], &text[text.len() - 4..])
    } else {
        text
    }
}

/// Whether a text is a phone number in E.164: a `+` and 7 to 15 digits, and nothing else.
pub(crate) fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
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
    fn an_id_that_is_no_phone_number_stays() {
        let rows = [
            ["x", "+123456", "+1234567890123456"],
            ["x", "79161231234", "+7916123a234"],
            ["x", "", "+"],
            ["x", "wa:+79161231234", "+７９１６１２３"],
        ];
        let mut masked = page(&rows);
        mask(&mut masked);
        assert_eq!(masked, page(&rows));
    }
}
