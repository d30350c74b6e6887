//! Exports of call records: a row is told as the requests that would have told of its call, so that
//! both make the same events, with the same ids.

use http::{HeaderMap, Method};
use trunkline_model::time::Time;

use crate::record::text;
use crate::{Record, Request};

/// A row, whose columns are found whatever their case and punctuation: `Call Sid`, `call_sid`.
pub(super) struct Row(Vec<(String, String)>);

impl Row {
    pub(super) fn of(record: &Record) -> Self {
        let fields = record.fields().filter_map(|(name, value)| {
            let value = text(value)?.into_owned();
            Some((folded(name), value))
        });
        Self(fields.collect())
    }

    /// Gives the first of these columns that is not blank; names are written folded: `callsid`.
    pub(super) fn get(&self, names: &[&str]) -> Option<&str> {
        let find = |name: &&str| self.0.iter().find(|(own, _)| own == name);
        names.iter().find_map(find).map(|(_, value)| value.as_str())
    }
}

fn folded(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// Shows a form as if it had been sent; what is empty is left out.
pub(super) fn sent<T>(
    fields: &[(&str, &str)],
    received_at: Time,
    see: impl FnOnce(&Request<'_>) -> T,
) -> T {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields.iter().filter(|(_, value)| !value.is_empty()));
    see(&Request {
        method: &Method::POST,
        url: "",
        headers: &HeaderMap::new(),
        body: form.finish().as_bytes(),
        peer: None,
        received_at,
    })
}
