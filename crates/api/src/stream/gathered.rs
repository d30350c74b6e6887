//! Frames that were read and wait to be parsed together.

use crate::config::Streams;

/// Items of one batch, guessed by the commas of arrays: bounds what a batch of tiny items makes.
const ITEMS: usize = 10_000;
/// Room for the first frames of a batch.
const FIRST: usize = 4 * 1024;

/// Frames, one behind the other.
#[derive(Debug)]
pub(super) struct Gathered {
    body: Vec<u8>,
    ends: Vec<usize>,
    items: usize,
    most_frames: usize,
    most_bytes: usize,
    /// How large the last batch was: the next one is probably like it.
    usual: usize,
}

impl Gathered {
    pub(super) fn new(limits: &Streams) -> Self {
        Self {
            body: Vec::new(),
            ends: Vec::new(),
            items: 0,
            most_frames: limits.ahead_frames,
            most_bytes: limits.ahead_bytes,
            usual: FIRST,
        }
    }

    /// Adds a frame.
    pub(super) fn push(&mut self, frame: &str) {
        if self.body.is_empty() {
            self.body.reserve(self.usual.max(frame.len()));
        }
        self.body.extend_from_slice(frame.as_bytes());
        self.ends.push(self.body.len());
        self.items += 1;
        if frame.starts_with('[') {
            self.items += frame.bytes().filter(|byte| *byte == b',').count();
        }
    }

    /// Counts the frames.
    pub(super) fn frames(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing more is to be read for now.
    pub(super) fn is_full(&self) -> bool {
        self.ends.len() >= self.most_frames
            || self.body.len() >= self.most_bytes
            || self.items >= ITEMS
    }

    /// Takes the frames, and where each ends.
    pub(super) fn take(&mut self) -> (Vec<u8>, Vec<usize>) {
        self.items = 0;
        self.usual = self.body.len().min(self.most_bytes).max(FIRST);
        let ends = Vec::with_capacity(self.ends.len());
        (
            std::mem::take(&mut self.body),
            std::mem::replace(&mut self.ends, ends),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered() -> Gathered {
        Gathered::new(&Streams {
            ahead_frames: 3,
            ahead_bytes: 100,
            ..Streams::default()
        })
    }

    #[test]
    fn frames_come_back_in_their_order_and_the_next_batch_is_empty() {
        let mut gathered = gathered();
        for frame in ["one", "", "three"] {
            gathered.push(frame);
        }
        assert!(gathered.is_full());
        assert_eq!(gathered.take(), (b"onethree".to_vec(), vec![3, 3, 8]));
        assert!(!gathered.is_full());
        assert_eq!(gathered.take(), (vec![], vec![]));
    }

    #[test]
    fn bytes_and_tiny_items_fill_it_too() {
        let mut bytes = gathered();
        bytes.push(&"x".repeat(100));
        assert!(bytes.is_full());
        let mut items = Gathered::new(&Streams::default());
        items.push(&"{,}".repeat(10_000));
        assert!(!items.is_full());
        items.push(&format!("[{}0]", "0,".repeat(9_999)));
        assert!(items.is_full());
    }
}
