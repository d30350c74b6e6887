//! What is kept of refused items for `GET /v1/admin/rejects`.

use serde_json::Value;
use serde_json::value::RawValue;
use trunkline_model::batch::{Batch, Frames, Shape};
use trunkline_model::time::Time;

use crate::redact::{mask, redact};
use crate::rejects::{Reject, TAKEN};

/// Bodies larger than this are not searched for their refused items.
const SEARCHED: usize = 256 * 1024;
/// Characters of a detail that are kept.
const DETAIL: usize = 300;

/// Describes the first refused items of a batch.
pub(crate) fn of_batch(batch: &Batch, shape: Shape, at: Time) -> Vec<Reject> {
    let refused = &batch.rejected[..batch.rejected.len().min(TAKEN)];
    if refused.is_empty() {
        return Vec::new();
    }
    let indices: Vec<_> = refused.iter().map(|it| it.index as usize).collect();
    let bodies = find(batch.events.body(), shape, &indices);
    let described = refused.iter().zip(bodies).map(|(it, body)| Reject {
        at,
        origin: super::ORIGIN,
        index: Some(it.index),
        code: it.code.as_str(),
        detail: mask(&it.detail, DETAIL),
        body: body.map_or(Value::Null, redact),
    });
    described.collect()
}

/// Describes the first refused items of frames, each of which ends at its place in `ends`.
pub(crate) fn of_frames(frames: &Frames, ends: &[usize], at: Time) -> Vec<Reject> {
    let refused = frames.refused.iter().take(TAKEN);
    let described = refused.map(|it| {
        let start = it.frame.checked_sub(1).map_or(0, |before| ends[before]);
        let frame = &frames.events.body()[start..ends[it.frame]];
        let found = it.index.and_then(|index| {
            let mut found = find(frame, Shape::Json, &[index as usize]);
            found.pop().flatten()
        });
        Reject {
            at,
            origin: super::ORIGIN,
            index: it.index,
            code: it.code.as_str(),
            detail: mask(&it.detail, DETAIL),
            body: found.map_or(Value::Null, redact),
        }
    });
    described.collect()
}

/// Describes a webhook that was refused, or not understood.
pub(crate) fn of_hook(code: &'static str, detail: &str, at: Time) -> Reject {
    Reject {
        origin: "hook",
        ..of_body(code, detail, at)
    }
}

/// Describes a body that was refused as a whole.
pub(super) fn of_body(code: &'static str, detail: &str, at: Time) -> Reject {
    let detail = mask(detail, DETAIL);
    Reject {
        at,
        origin: super::ORIGIN,
        index: None,
        code,
        detail,
        body: Value::Null,
    }
}

/// Finds items of a body by their ascending places.
fn find<'a>(body: &'a [u8], shape: Shape, indices: &[usize]) -> Vec<Option<&'a [u8]>> {
    if body.len() > SEARCHED {
        return vec![None; indices.len()];
    }
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(body)
        .trim_ascii();
    match shape {
        Shape::Ndjson => {
            let lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
            pick(lines.filter(|line| !line.is_empty()), indices)
        }
        Shape::Json if body.starts_with(b"[") => {
            let items: Vec<&RawValue> = serde_json::from_slice(body).unwrap_or_default();
            pick(items.into_iter().map(|item| item.get().as_bytes()), indices)
        }
        Shape::Json => pick([body].into_iter(), indices),
    }
}

fn pick<'a>(items: impl Iterator<Item = &'a [u8]>, indices: &[usize]) -> Vec<Option<&'a [u8]>> {
    let mut items = items.enumerate();
    let mut item_at = |place| items.find(|(at, _)| *at == place).map(|(_, item)| item);
    indices.iter().map(|place| item_at(*place)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &str, shape: Shape, indices: &[usize]) -> Vec<Option<String>> {
        let text = |item: &[u8]| String::from_utf8(item.to_vec()).unwrap();
        find(body.as_bytes(), shape, indices)
            .into_iter()
            .map(|it| it.map(text))
            .collect()
    }

    #[test]
    fn refused_items_are_found_by_their_place() {
        let (one, three) = (Some("{\"a\":1}".to_owned()), Some("{\"c\":3}".to_owned()));
        let lines = "\n{\"a\":1}\r\n\n{\"b\":2}\n {\"c\":3} ";
        assert_eq!(
            found(lines, Shape::Ndjson, &[0, 2]),
            [one.clone(), three.clone()]
        );
        let array = "\u{feff} [{\"a\":1}, {\"b\":2},{\"c\":3}]";
        assert_eq!(found(array, Shape::Json, &[0, 2]), [one.clone(), three]);
        assert_eq!(found(" {\"a\":1} ", Shape::Json, &[0]), [one]);
        assert_eq!(found("[]", Shape::Json, &[3]), [None]);
    }

    #[test]
    fn a_large_body_is_not_searched() {
        let lines = "{}\n".repeat(SEARCHED / 3 + 1);
        assert_eq!(find(lines.as_bytes(), Shape::Ndjson, &[0]), [None]);
    }

    #[test]
    fn a_refused_item_is_kept_redacted() {
        let limits = trunkline_model::batch::Limits::default();
        let body = br#"[{"type":"nonsense","id":"7","text":"call +34600123456"}]"#;
        let batch = Batch::parse(body.to_vec(), Shape::Json, Time(0), &limits).unwrap();
        let kept = of_batch(&batch, Shape::Json, Time(1));
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].index, kept[0].code), (Some(0), "unknown_type"));
        let shown = serde_json::json!({"type": "nonsense", "id": "7", "text": "text of 17"});
        assert_eq!(kept[0].body, shown);
    }
}
