//! Finds the items of a body.

use std::fmt;

use memchr::{memchr, memchr_iter};
use serde::de::{self, Deserializer as _};
use serde_json::value::RawValue;

use super::Sorter;
use crate::event::{Code, Refusal};

/// Gives `bytes` as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|error| {
        let detail = format!("not UTF-8 at byte {}: send UTF-8", error.valid_up_to());
        Refusal::new(Code::InvalidUtf8, detail)
    })
}

/// Takes one object or the items of an array.
pub(super) fn json<'a>(
    body: &'a [u8],
    most: usize,
    sorter: &mut Sorter<'a, '_>,
) -> Result<(), Refusal> {
    let body = text(without_mark(body))?.trim_ascii();
    if !body.starts_with('[') {
        sorter.take(body);
        return Ok(());
    }
    let mut items = serde_json::Deserializer::from_str(body);
    let list = items
        .deserialize_seq(ItemsVisitor { most })
        .and_then(|list| {
            items.end()?;
            Ok(list)
        });
    let list = list.map_err(|error| {
        Refusal::new(
            Code::Malformed,
            format!("the array is not JSON, nothing of it was taken: {error}"),
        )
    })?;
    let list = list.ok_or_else(|| too_many(most))?;
    sorter.expect(list.len());
    for item in list {
        sorter.take(item.get());
    }
    Ok(())
}

/// Takes each line that is not blank.
pub(super) fn lines<'a>(
    body: &'a [u8],
    most: usize,
    sorter: &mut Sorter<'a, '_>,
) -> Result<(), Refusal> {
    let body = without_mark(body);
    // Checked as a whole first: one long check costs less than one a line.
    let whole = std::str::from_utf8(body).ok();
    sorter.expect(most.min(memchr_iter(b'\n', body).count() + 1));
    let mut start = 0;
    while start < body.len() {
        let rest = &body[start..];
        let end = start + memchr(b'\n', rest).unwrap_or(rest.len());
        let line = body[start..end].trim_ascii();
        if !line.is_empty() {
            if sorter.items as usize == most {
                return Err(too_many(most));
            }
            match whole.map_or_else(|| text(line), |whole| Ok(whole[start..end].trim_ascii())) {
                Ok(line) => sorter.take(line),
                Err(refusal) => sorter.refuse(refusal),
            }
        }
        start = end + 1;
    }
    Ok(())
}

/// Takes off the byte order mark that some programs write before UTF-8.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn too_many(most: usize) -> Refusal {
    let detail = format!("more than {most} items: split the batch; nothing of it was taken");
    Refusal::new(Code::TooMany, detail)
}

/// Lists the items of an array, unparsed; `None` beyond `most`.
struct ItemsVisitor {
    most: usize,
}

impl<'de> de::Visitor<'de> for ItemsVisitor {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        let mut overflow = false;
        while let Some(item) = items.next_element()? {
            if list.len() == self.most {
                overflow = true;
            } else {
                list.push(item);
            }
        }
        Ok((!overflow).then_some(list))
    }
}
