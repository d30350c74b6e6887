//! What must hold of the events that an adapter makes.

use serde_json::Value;
use trunkline_model::batch::{Batch, Limits, Shape};
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_providers::Draft;

/// When everything comes: 2026-03-02T12:00:00Z.
pub(crate) const NOW: Time = Time(1_772_452_800_000);

/// Each is a JSON object in one line, which the contract takes or refuses by name; so it does with all
/// of them together, as the door asks it.
pub(crate) fn hold<'a>(events: impl IntoIterator<Item = &'a str>) {
    let mut body = String::new();
    let (mut count, mut taken) = (0, 0);
    for json in events {
        assert!(!json.contains('\n'), "an event of two lines: {json}");
        let read: Result<Value, _> = serde_json::from_str(json);
        assert!(
            read.as_ref().is_ok_and(Value::is_object),
            "no JSON object: {json}"
        );
        match Event::parse(json) {
            Ok(_) => taken += 1,
            Err(refusal) => assert!(!refusal.code.as_str().is_empty(), "{json}"),
        }
        body.push_str(json);
        body.push('\n');
        count += 1;
    }
    let limits = Limits::default();
    if count > limits.items {
        return;
    }
    let batch = Batch::parse(body.into_bytes(), Shape::Ndjson, NOW, &limits);
    let batch = batch.unwrap_or_else(|refusal| panic!("refused as a whole: {refusal}"));
    assert_eq!(
        batch.events.len() + batch.rejected.len(),
        count,
        "some are gone"
    );
    assert!(batch.events.len() <= taken, "the batch takes more");
}

/// Writes events down.
pub(crate) fn written(drafts: &[Draft]) -> Vec<String> {
    drafts.iter().map(Draft::to_json).collect()
}
