//! Maps: the text of a map, a line `---`, then a record: a JSON object or a form.

use serde_json::Value;
use trunkline_providers::{Made, Map, Record};

use crate::drafts;

/// What stands between map and record.
pub const BETWEEN: &[u8] = b"\n---\n";

/// Nothing panics; the same record always makes the same events, which are the contract's to judge.
pub fn holds(bytes: &[u8]) {
    let place = bytes.windows(BETWEEN.len()).position(|own| own == BETWEEN);
    let Some(place) = place else { return };
    let Ok(text) = std::str::from_utf8(&bytes[..place]) else {
        return;
    };
    let read = Map::parse(text);
    assert_eq!(read, Map::parse(text), "the same text is two maps");
    let Ok(map) = read else { return };
    let columns = map.columns();
    assert!(columns.is_sorted_by(|left, right| left < right), "a column twice");
    let Some(record) = record(&bytes[place + BETWEEN.len()..]) else {
        return;
    };
    let made = map.events(&record);
    assert_eq!(made, map.events(&record), "the same record is two");
    if let Ok(Made::Events(events)) = made {
        assert!(!events.is_empty(), "no events, and not left out");
        drafts::hold(events.iter().map(String::as_str));
    }
}

fn record(bytes: &[u8]) -> Option<Record> {
    if bytes.first() == Some(&b'{') {
        let value: Value = serde_json::from_slice(bytes).ok()?;
        return Record::nested(value);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    Some(Record::flat(
        text.split('&').filter_map(|pair| pair.split_once('=')),
    ))
}
