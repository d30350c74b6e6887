//! What may be shown of a refused event: its shape, not its words.
//!
//! Keys stay (they tell what was wrong), and the values of `type` and `id`, with phone numbers in
//! them masked. Every other text becomes its length, every number `"number"`. Depth, width and
//! lengths are bounded.

use serde_json::{Map, Value};

/// Items larger than this are only described by their size.
const LARGEST: usize = 64 * 1024;
/// Levels of nesting, keys of an object, items of an array and characters of a key that are shown.
const DEPTH: usize = 4;
const KEYS: usize = 40;
const ITEMS: usize = 3;
const CHARS: usize = 64;

/// Redacts an event as it was received.
pub(crate) fn redact(raw: &[u8]) -> Value {
    if raw.len() > LARGEST {
        return Value::String(format!("{} bytes", raw.len()));
    }
    match serde_json::from_slice(raw) {
        Ok(value) => shape(&value, DEPTH),
        Err(_) => Value::String(format!("{} bytes that are not JSON", raw.len())),
    }
}

fn shape(value: &Value, depth: usize) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::Number(_) => "number".into(),
        Value::String(text) => format!("text of {}", text.chars().count()).into(),
        Value::Array(_) | Value::Object(_) if depth == 0 => "…".into(),
        Value::Array(items) => {
            let mut shown: Vec<_> = items
                .iter()
                .take(ITEMS)
                .map(|item| shape(item, depth - 1))
                .collect();
            if items.len() > ITEMS {
                shown.push(format!("… of {}", items.len()).into());
            }
            shown.into()
        }
        Value::Object(fields) => {
            let mut shown = Map::new();
            for (key, value) in fields.iter().take(KEYS) {
                shown.insert(mask(key, CHARS), field(key, value, depth));
            }
            if fields.len() > KEYS {
                shown.insert("…".into(), format!("of {}", fields.len()).into());
            }
            shown.into()
        }
    }
}

fn field(key: &str, value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) if depth == DEPTH && matches!(key, "type" | "id") => {
            mask(text, CHARS).into()
        }
        _ => shape(value, depth - 1),
    }
}

/// Shortens a text to `longest` characters and masks what could be a phone number in it: of seven digits or more, also
/// with the usual signs between them, the first and the last two stay.
pub(crate) fn mask(text: &str, longest: usize) -> String {
    let chars: Vec<char> = text.chars().take(longest).collect();
    let mut masked = String::with_capacity(chars.len());
    let mut at = 0;
    while at < chars.len() {
        let (length, digits) = if date_like(&chars[at..]) {
            (DATE.len(), 0)
        } else {
            phone_like(&chars[at..])
        };
        if digits >= 7 {
            let number = chars[at..at + length]
                .iter()
                .filter(|char| char.is_numeric());
            masked.extend(number.clone().take(1));
            masked.push_str("***");
            masked.extend(number.skip(digits - 2));
            at += length;
        } else {
            masked.extend(&chars[at..at + length.max(1)]);
            at += length.max(1);
        }
    }
    masked
}

/// The form of a date: `0` stands for a digit.
const DATE: &[u8] = b"0000-00-00";

/// Whether a date begins here, which is no phone number.
fn date_like(chars: &[char]) -> bool {
    let fits = |(char, form): (&char, &u8)| match form {
        b'0' => char.is_ascii_digit(),
        _ => *char == char::from(*form),
    };
    chars.len() >= DATE.len()
        && chars.iter().zip(DATE).all(fits)
        && !chars.get(DATE.len()).is_some_and(char::is_ascii_digit)
}

/// Measures the run of digits that begins here: its length with the signs between, and its digits.
fn phone_like(chars: &[char]) -> (usize, usize) {
    let (mut length, mut digits) = (0, 0);
    for (at, char) in chars.iter().enumerate() {
        if char.is_numeric() {
            digits += 1;
            length = at + 1;
        } else if digits == 0 || !matches!(char, ' ' | '-' | '.' | '(' | ')' | '/') {
            break;
        }
    }
    (length, digits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_words_and_no_numbers_of_a_body_are_shown() {
        let raw = r#"{"type":"message","id":"m-7","text":"call me: +34 600 123 456","at":1772319600,
            "private":true,"file":{"name":"passport.pdf","id":"secret"},"tags":["a","b","c","d"]}"#;
        assert_eq!(
            redact(raw.as_bytes()),
            json!({
                "type": "message", "id": "m-7", "text": "text of 24", "at": "number",
                "private": true, "file": {"name": "text of 12", "id": "text of 6"},
                "tags": ["text of 1", "text of 1", "text of 1", "… of 4"],
            })
        );
    }

    #[test]
    fn phone_numbers_are_masked_in_ids_and_keys() {
        assert_eq!(mask("whatsapp:+34600123456", CHARS), "whatsapp:+3***56");
        assert_eq!(mask("+1 (555) 010-9999 x", CHARS), "+1***99 x");
        assert_eq!(mask("order 123456, line 7", CHARS), "order 123456, line 7");
        assert_eq!(mask("", CHARS), "");
        let dated = "2027-01-01T10:00:00.000Z and 2027-01-01 34600123456";
        assert_eq!(
            mask(dated, CHARS),
            "2027-01-01T10:00:00.000Z and 2027-01-01 3***56"
        );
        let raw = r#"{"34600123456":1}"#;
        assert_eq!(redact(raw.as_bytes()), json!({"3***56": "number"}));
    }

    #[test]
    fn what_is_not_json_or_too_large_is_only_measured() {
        assert_eq!(redact(b"{\"a\":"), json!("5 bytes that are not JSON"));
        assert_eq!(redact(b"\xff"), json!("1 bytes that are not JSON"));
        assert_eq!(redact(&vec![b' '; LARGEST + 1]), json!("65537 bytes"));
    }

    #[test]
    fn deep_and_wide_bodies_are_cut() {
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(redact(deep.as_bytes()), json!([[[["…"]]]]));
        let wide: Map<String, Value> = (0..100).map(|n| (format!("key{n:03}"), json!(n))).collect();
        let shown = redact(Value::Object(wide).to_string().as_bytes());
        assert_eq!(shown.as_object().unwrap().len(), KEYS + 1);
    }
}
