//! The body of a conversation's webhook, read leniently: what is missing, or written otherwise than we
//! know, is absent and harms nothing else. Of a text only its length is taken.

use std::borrow::Cow;

use serde_json::{Value, json};
use trunkline_model::event::{Author, MessageKind};
use trunkline_model::time::Time;

use crate::record;
use crate::{Draft, Hook, Parsed, Unreadable};

/// The most characters of a short text of the contract.
const SHORT: usize = 256;
/// Marketing tags and click ids of an address, and the fields of an event that they become.
const TAGS: [(&str, &str); 12] = [
    ("utm_source", "source"),
    ("utm_medium", "medium"),
    ("utm_campaign", "campaign"),
    ("utm_content", "content"),
    ("utm_term", "term"),
    ("gclid", "gclid"),
    ("gbraid", "gbraid"),
    ("wbraid", "wbraid"),
    ("fbclid", "fbclid"),
    ("yclid", "yclid"),
    ("msclkid", "msclkid"),
    ("ctwa_clid", "ctwa_clid"),
];

/// Reads a body that must be JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, Unreadable> {
    serde_json::from_slice(body)
        .map_err(|error| Unreadable::new(format!("the body is no JSON: {error}")))
}

/// Gives what stands at a path like `/message/id` as trimmed text; a number becomes its digits.
pub(crate) fn text<'a>(value: &'a Value, path: &str) -> Option<Cow<'a, str>> {
    record::text(value.pointer(path)?)
}

/// Gives the first of the paths at which there is a text.
pub(crate) fn first<'a>(value: &'a Value, paths: &[&str]) -> Option<Cow<'a, str>> {
    paths.iter().find_map(|path| text(value, path))
}

/// Gives a time: RFC 3339, or an epoch number of seconds, milliseconds or microseconds.
pub(crate) fn time(value: &Value, path: &str) -> Option<Time> {
    let text = text(value, path)?;
    // Ruby and others write a zone by its name.
    match text.strip_suffix(" UTC") {
        Some(plain) => Time::parse(&format!("{plain}Z")).ok(),
        None => Time::parse(&text).ok(),
    }
}

/// Gives the items of a list; nothing if it is none.
pub(crate) fn items<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    let list = value.pointer(path).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

/// Says whether something true stands there.
pub(crate) fn flag(value: &Value, path: &str) -> bool {
    text(value, path).is_some_and(|text| matches!(&*text, "true" | "1"))
}

/// Says whether something stands there at all: neither null nor blank.
pub(crate) fn some(value: &Value, path: &str) -> bool {
    match value.pointer(path) {
        Some(Value::Object(_) | Value::Array(_)) => true,
        Some(other) => record::text(other).is_some(),
        None => false,
    }
}

/// Gives a whole number.
pub(crate) fn number(value: &Value, path: &str) -> Option<u64> {
    text(value, path)?.parse().ok()
}

/// What a message consists of.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    kind: MessageKind,
    chars: Option<u64>,
    file: Option<Value>,
}

impl Content {
    /// Makes content without a text or a file.
    pub(crate) const fn of(kind: MessageKind) -> Self {
        Self {
            kind,
            chars: None,
            file: None,
        }
    }

    /// Counts the characters of the text at a path, if there is one.
    pub(crate) fn said(mut self, value: &Value, path: &str) -> Self {
        let text = value.pointer(path).and_then(Value::as_str);
        let chars = text.map(|text| text.chars().count() as u64);
        self.chars = chars.filter(|chars| *chars > 0).or(self.chars);
        self
    }

    /// Counts the characters that a reader of the HTML at a path would see.
    pub(crate) fn shown(mut self, value: &Value, path: &str) -> Self {
        let html = value.pointer(path).and_then(Value::as_str);
        let chars = html.map(seen).filter(|chars| *chars > 0);
        self.chars = chars.or(self.chars);
        self
    }

    /// Adds a file; without a name of its own it is named after its kind.
    pub(crate) fn file(
        mut self,
        name: Option<&str>,
        size: Option<u64>,
        mime: Option<&str>,
    ) -> Self {
        let mut file = json!({"name": short(name.unwrap_or(self.kind.as_str()))});
        if let Some(size) = size {
            file["size"] = size.into();
        }
        if let Some(mime) = mime {
            file["mime"] = short(mime).into();
        }
        self.file = Some(file);
        self
    }

    /// Puts it into a message.
    pub(crate) fn onto(self, draft: Draft) -> Draft {
        draft
            .with("kind", self.kind.as_str())
            .maybe("chars", self.chars)
            .maybe("file", self.file)
    }
}

/// Counts what stands outside of tags; `&amp;` is one character.
fn seen(html: &str) -> u64 {
    let mut until = None;
    let mut count = 0;
    for c in html.trim().chars() {
        match (until, c) {
            (None, '<') => until = Some('>'),
            (None, '&') => {
                count += 1;
                until = Some(';');
            }
            (None, _) => count += 1,
            (Some(end), c) if c == end => until = None,
            // No entity is that far from its end: it was an `&` alone.
            (Some(';'), ' ' | '<') => {
                count += 1;
                until = (c == '<').then_some('>');
            }
            _ => {}
        }
    }
    count
}

/// Gives the kind of a file of a media type or a word like `image`.
pub(crate) fn kind_of(word: &str) -> MessageKind {
    match word.split('/').next().unwrap_or_default() {
        "image" | "picture" | "photo" => MessageKind::Image,
        "audio" | "voice" => MessageKind::Audio,
        "video" => MessageKind::Video,
        "location" => MessageKind::Location,
        "sticker" => MessageKind::Sticker,
        "text" if !word.contains('/') => MessageKind::Text,
        "file" | "document" | "application" | "text" => MessageKind::File,
        _ => MessageKind::Other,
    }
}

/// Gives the last part of an address, which may be a file's name.
pub(crate) fn name_of(address: &str) -> Option<&str> {
    let path = address.split(['?', '#']).next()?;
    let (_, name) = path.split_once("://")?.1.rsplit_once('/')?;
    Some(name).filter(|name| name.contains('.'))
}

/// Cuts a text to what the contract takes.
pub(crate) fn short(text: &str) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.take(SHORT).collect()
}

/// Gives the field of an event that a marketing tag or a click id becomes, like `utm_source`.
pub(crate) fn source_field(tag: &str) -> Option<&'static str> {
    let field = TAGS.iter().find(|(own, _)| *own == tag)?;
    Some(field.1)
}

/// Puts the marketing tags of an address into an event.
pub(crate) fn tagged(mut draft: Draft, address: Option<&str>) -> Draft {
    let Some((_, query)) = address.and_then(|address| address.split_once('?')) else {
        return draft;
    };
    let query = query.split('#').next().unwrap_or_default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if let Some(field) = source_field(&name).filter(|_| !value.trim().is_empty()) {
            draft = draft.with(field, short(value.trim())).with("origin", "utm");
        }
    }
    draft
}

/// Makes what a request tells of one event; without it, that could not be made of what was sent, it is
/// of a kind that we do not know.
pub(crate) fn told(event: Option<Draft>, kind: &str) -> Parsed {
    match event {
        Some(event) => Parsed::events([event]),
        None => Parsed::unknown(format!("{kind} without a conversation or a contact")),
    }
}

/// Reads what a tool of the account wrote beside its message to say who wrote it: `bot`, `system`,
/// `campaign`, `manager` or `manager:ID`, where ID is ours.
pub(crate) fn said_by(word: &str) -> Option<(Author, Option<&str>)> {
    let author = match word.trim() {
        "bot" => Author::Bot,
        "system" => Author::System,
        "campaign" => Author::Campaign,
        "manager" => Author::Manager,
        other => {
            return Some((
                Author::Manager,
                Some(other.strip_prefix("manager:")?.trim()),
            ));
        }
    };
    Some((author, None))
}

/// Sets the manager to a provider's id of him, if there is one; else the default of the hook stays.
pub(crate) fn by(draft: Draft, hook: &Hook, id: Option<&str>) -> Draft {
    draft.maybe("manager", id.map(|id| hook.manager(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_by_its_size_and_a_zone_by_its_name() {
        let value = json!({"s": 1_583_240_757, "ms": 1_583_240_757_000_i64, "us": "1583240757000000",
            "text": "2020-03-03 13:05:57 UTC", "slack": "1583240757.000100", "never": "soon"});
        for path in ["/s", "/ms", "/us", "/text", "/slack"] {
            assert_eq!(time(&value, path), Some(Time(1_583_240_757_000)), "{path}");
        }
        assert_eq!(time(&value, "/never"), None);
    }

    #[test]
    fn of_html_only_what_is_seen_counts() {
        for (html, chars) in [
            ("<p>Hola</p>", 4),
            ("a &amp; b", 5),
            ("", 0),
            ("<img src=\"x\">", 0),
        ] {
            assert_eq!(seen(html), chars, "{html}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_address() {
        assert_eq!(name_of("https://x.example/a/b.png?sig=1"), Some("b.png"));
        assert_eq!(name_of("https://x.example/a/b"), None);
        assert_eq!(name_of("https://x.example"), None);
    }

    #[test]
    fn tags_of_an_address_become_source_fields() {
        let draft = tagged(
            Draft::written(serde_json::Map::new()),
            Some("https://shop.example/?utm_source=news&a=b&gclid=g1#utm_term=no"),
        );
        assert_eq!(draft.field("source"), Some(&json!("news")));
        assert_eq!(draft.field("gclid"), Some(&json!("g1")));
        assert_eq!(draft.field("origin"), Some(&json!("utm")));
        assert_eq!(draft.field("term"), None);
    }
}
