//! Values on their way into an event, written as JSON in the order given.

use serde_json::Value;

/// A value of an event's field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Out {
    Text(String),
    /// The digits of a JSON number, as they stand.
    Number(String),
    Flag(bool),
    List(Vec<String>),
    Object(Vec<(String, Out)>),
}

impl Out {
    /// Gives the value as it is written.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// Appends the value.
    pub(super) fn write(&self, to: &mut String) {
        match self {
            Self::Text(text) => quoted(text, to),
            Self::Number(digits) => to.push_str(digits),
            Self::Flag(flag) => to.push_str(if *flag { "true" } else { "false" }),
            Self::List(texts) => {
                to.push('[');
                for (place, text) in texts.iter().enumerate() {
                    if place > 0 {
                        to.push(',');
                    }
                    quoted(text, to);
                }
                to.push(']');
            }
            Self::Object(fields) => {
                to.push('{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    if place > 0 {
                        to.push(',');
                    }
                    quoted(name, to);
                    to.push(':');
                    value.write(to);
                }
                to.push('}');
            }
        }
    }
}

fn quoted(text: &str, to: &mut String) {
    to.push_str(&Value::from(text).to_string());
}
