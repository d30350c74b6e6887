//! A block of the manager interface.

use std::collections::BTreeMap;

/// Keys and values of a block; of a key that stands there twice, the last.
#[derive(Debug, Default)]
pub(super) struct Block(BTreeMap<String, String>);

impl Block {
    /// Takes the first whole block out of what was received.
    pub(super) fn cut(buffer: &mut Vec<u8>) -> Option<Self> {
        let end = buffer.windows(4).position(|four| four == b"\r\n\r\n")?;
        let bytes: Vec<u8> = buffer.drain(..end + 4).collect();
        let text = String::from_utf8_lossy(&bytes);
        let lines = text.lines().filter_map(|line| line.split_once(':'));
        let pairs = lines.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()));
        Some(Self(pairs.collect()))
    }

    /// Gives a value; empty if there is none, or if Asterisk does not know it.
    pub(super) fn get(&self, key: &str) -> &str {
        let value = self.0.get(key).map_or("", String::as_str);
        if value == "<unknown>" || value == "<none>" {
            ""
        } else {
            value
        }
    }

    /// Gives the value of a key with what tells the channel apart before it, like `Dest`.
    pub(super) fn of(&self, whose: &str, key: &str) -> &str {
        self.get(&format!("{whose}{key}"))
    }
}
