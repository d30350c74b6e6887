//! Bodies of events, as `/v1/events` and a stream get them.

use trunkline_model::batch::{Batch, Frames, Limits, Shape};
use trunkline_model::event::Event;

use crate::drafts::NOW;

/// Nothing panics; an event is the same whenever it is read, alone, in a body or in a frame; of a body
/// every item is taken or refused.
pub fn holds(bytes: &[u8]) {
    let limits = Limits::default();
    for shape in [Shape::Json, Shape::Ndjson] {
        let Ok(batch) = Batch::parse(bytes.to_vec(), shape, NOW, &limits) else {
            continue;
        };
        let items = batch.events.len() + batch.rejected.len();
        assert_eq!(items, batch.items as usize, "an item is gone");
        for item in batch.events.items() {
            let alone = Event::parse(item.raw).expect("it was taken in a body");
            assert_eq!(hashes(&alone), hashes(&item.event), "{}", item.raw);
            assert_eq!(alone.at(), item.event.at(), "{}", item.raw);
        }
    }
    let whole = Batch::parse(bytes.to_vec(), Shape::Json, NOW, &limits);
    let frames = Frames::parse(bytes.to_vec(), &[bytes.len()], NOW, &limits);
    let taken = whole.map_or(0, |batch| batch.events.len());
    assert_eq!(frames.events.len(), taken, "a frame is another body");
    if let Ok(text) = std::str::from_utf8(bytes) {
        let refusal = Event::parse(text).err();
        assert_eq!(refusal, Event::parse(text).err(), "judged otherwise");
    }
}

fn hashes(event: &Event<'_>) -> (u128, u64) {
    let mut scratch = Vec::new();
    let identity = event.identity(&mut scratch, "demo", "h", 7);
    (identity, event.content(&mut scratch, 7))
}
