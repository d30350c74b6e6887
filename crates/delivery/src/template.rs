//! The `body` of a webhook: a text with fields of the notice in it, like
//! `{"text": "Missed: {{caller}}", "call": {{call}}}`.
//!
//! How a field is put in follows from the `Content-Type` among the webhook's headers, so that nothing
//! that a caller says can break out of its place: in JSON (the default) as a JSON value, or, within
//! quotes, as text escaped for JSON; in a form percent-encoded; in other media types as it is. What is
//! null is nothing within a text.

use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use crate::webhook::{find, sample, unknown_field};

/// A template that was read and is sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String, Form),
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    /// Within the quotes of JSON.
    Quoted,
    Encoded,
    Plain,
}

impl Template {
    /// Reads a template of a body of a media type; the error says what is wrong and how to mend it.
    pub(crate) fn parse(text: &str, media: &str) -> Result<Self, String> {
        let is_json = media.contains("json");
        let plain = if media.contains("form-urlencoded") {
            Form::Encoded
        } else {
            Form::Plain
        };
        let sample = sample();
        let (mut parts, mut rest, mut quoted) = (Vec::new(), text, false);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((field, after)) = after.split_once("}}") else {
                return Err("a `{{` is not closed with `}}`".to_owned());
            };
            let field = field.trim();
            if find(&sample, field).is_none() {
                return Err(unknown_field(field));
            }
            quoted = ends_quoted(before, quoted);
            let form = match (is_json, quoted) {
                (true, true) => Form::Quoted,
                (true, false) => Form::Json,
                (false, _) => plain,
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Field(field.to_owned(), form));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        let template = Self(parts);
        if is_json && let Err(error) = serde_json::from_str::<Value>(&template.write(&sample)) {
            return Err(format!(
                "with its fields put in it is no JSON: {error}; for another body set Content-Type \
                 among the headers"
            ));
        }
        Ok(template)
    }

    /// Writes the body for a notice.
    pub(crate) fn write(&self, notice: &Value) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Field(field, form) => {
                    form.put(find(notice, field).unwrap_or(&Value::Null), &mut out);
                }
            }
        }
        out
    }
}

impl Form {
    fn put(self, value: &Value, out: &mut String) {
        let text = match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        match self {
            Self::Json => out.push_str(&value.to_string()),
            Self::Plain => out.push_str(&text),
            Self::Encoded => out.extend(byte_serialize(text.as_bytes())),
            Self::Quoted => {
                let json = Value::String(text).to_string();
                out.push_str(&json[1..json.len() - 1]);
            }
        }
    }
}

/// Says whether a text of JSON ends within quotes, having begun so or not.
fn ends_quoted(text: &str, mut quoted: bool) -> bool {
    let mut escaped = false;
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JSON: &str = "application/json";

    fn written(text: &str, media: &str, notice: &Value) -> String {
        Template::parse(text, media).unwrap().write(notice)
    }

    #[test]
    fn fields_are_values_or_parts_of_texts() {
        let notice = json!({"event": "missed_call", "call": {
            "caller": "+34911222333", "talk_s": 1.5, "recording": null, "tags": ["a"],
        }});
        let text = r#"{"text": "\"{{ event }}\": {{caller}}{{recording}}", "s": {{talk_s}},
            "r": {{recording}}, "tags": {{call.tags}}, "who": {{caller}}}"#;
        let expected = json!({
            "text": "\"missed_call\": +34911222333", "s": 1.5, "r": null, "tags": ["a"],
            "who": "+34911222333",
        });
        let body: Value = serde_json::from_str(&written(text, JSON, &notice)).unwrap();
        assert_eq!(body, expected);
    }

    #[test]
    fn what_others_say_never_leaves_its_place() {
        let evil = r#"","admin":true,"x":"\"#;
        let notice = json!({"call": {"caller": evil}});
        for text in [r#"{"a": "{{caller}}"}"#, r#"{"a": {{caller}}}"#] {
            let body: Value = serde_json::from_str(&written(text, JSON, &notice)).unwrap();
            assert_eq!(body, json!({"a": evil}));
        }
        let form = "application/x-www-form-urlencoded";
        let notice = json!({"call": {"caller": "a&admin=1"}});
        assert_eq!(
            written("who={{caller}}", form, &notice),
            "who=a%26admin%3D1"
        );
        assert_eq!(
            written("who {{caller}}", "text/plain", &notice),
            "who a&admin=1"
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            (r#"{"a": "{{caler}}"}"#, "did you mean `caller`"),
            (r#"{"a": "{{caller"}"#, "not closed"),
            (r#"{"a": {{caller}}"#, "no JSON"),
            ("Missed: {{caller}}", "Content-Type"),
        ] {
            let error = Template::parse(text, JSON).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
