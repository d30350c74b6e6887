//! What is sent: messages of our own format, about 240 bytes each, from a seed.
//!
//! 400,000 conversations, drawn by Zipf's law with exponent 0.8, of 10,000 managers; 60 % are from
//! contacts; all happen within 17 minutes in the order they are sent, several in a millisecond.
//! `text` is a field that our format does not know: it is journalled and skipped.

use std::io::Write;
use std::slice::ChunksExact;

const CONVERSATIONS: usize = 400_000;
const EXPONENT: f64 = 0.8;
const MANAGERS: usize = 10_000;
const FROM_CONTACTS: f64 = 0.6;
const START_MS: u64 = 1_767_225_600_000;
const SPAN_MS: u64 = 17 * 60_000;
const CHANNELS: [&str; 4] = ["whatsapp", "telegram", "webchat", "vk"];
const TEXTS: [&str; 4] = [
    "Hello, could you please tell me how far my order 48213 is?",
    "Sure, let me look at that for you, one moment please",
    "Is the delivery today? They said between 10 and 12 o'clock",
    "Yes, the courier calls you half an hour before, all is well",
];

/// Messages, one a line.
#[derive(Debug)]
pub(crate) struct Workload {
    body: Vec<u8>,
    /// Where each line begins, and where the last one ends.
    starts: Vec<usize>,
}

impl Workload {
    /// Makes `events` messages; the same seed gives the same, another one other ids.
    pub(crate) fn generate(events: usize, seed: u64) -> Self {
        let zipf = Zipf::new(CONVERSATIONS, EXPONENT);
        let mut chance = Chance::new(seed);
        let mut body = Vec::with_capacity(events * 256);
        let mut starts = vec![0];
        for number in 0..events {
            let at = START_MS + number as u64 * SPAN_MS / events as u64;
            let conversation = zipf.draw(&mut chance);
            write_message(&mut body, at, conversation, &mut chance);
            starts.push(body.len());
        }
        Self { body, starts }
    }

    /// Counts the messages.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Gives the messages, each with its line break.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.starts
            .windows(2)
            .map(|ends| &self.body[ends[0]..ends[1]])
    }

    /// Gives bodies of `count` messages; what does not fill one is left out.
    pub(crate) fn bodies(&self, count: usize) -> Bodies<'_> {
        Bodies {
            body: &self.body,
            starts: self.starts[..self.len()].chunks_exact(count),
            count,
            ends: &self.starts,
            place: 0,
        }
    }
}

/// Bodies of several messages.
pub(crate) struct Bodies<'a> {
    body: &'a [u8],
    starts: ChunksExact<'a, usize>,
    count: usize,
    ends: &'a [usize],
    place: usize,
}

impl<'a> Iterator for Bodies<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let start = *self.starts.next()?.first()?;
        self.place += self.count;
        Some(&self.body[start..self.ends[self.place]])
    }
}

fn write_message(body: &mut Vec<u8>, at: u64, conversation: usize, chance: &mut Chance) {
    let id = chance.next();
    let author = if chance.part() < FROM_CONTACTS {
        "contact"
    } else {
        "manager"
    };
    let channel = CHANNELS[conversation % CHANNELS.len()];
    let text = TEXTS[chance.next() as usize % TEXTS.len()];
    let manager = conversation % MANAGERS;
    // Writing to a `Vec` cannot fail.
    let _ = writeln!(
        body,
        "{{\"type\":\"message\",\"id\":\"msg-{id:016x}\",\"at\":{at},\"channel\":\"{channel}\",\
         \"conversation\":\"c-{conversation:08}\",\"contact\":\"p-{conversation:08}\",\
         \"author\":\"{author}\",\"manager\":\"m-{manager:05}\",\"text\":\"{text}\"}}"
    );
}

/// Gives another seed for each round of a measurement.
pub(crate) fn other(seed: u64, round: u64) -> u64 {
    seed + ((round + 1) << 32)
}

/// Numbers by SplitMix64.
pub(crate) struct Chance(u64);

impl Chance {
    /// Makes the numbers of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Gives the next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to below 1.
    fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Zipf's law over `0..count` by its cumulated weights.
pub(crate) struct Zipf(Vec<f64>);

impl Zipf {
    /// Makes the law for so many.
    pub(crate) fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weight = |place: usize| {
            sum += (place as f64).powf(-exponent);
            sum
        };
        Self((1..=count).map(weight).collect())
    }

    /// Draws one of `0..count`.
    pub(crate) fn draw(&self, chance: &mut Chance) -> usize {
        let all = self.0.last().copied().unwrap_or_default();
        let wanted = chance.part() * all;
        self.0.partition_point(|sum| *sum < wanted)
    }
}

#[cfg(test)]
mod tests {
    use trunkline_model::batch::{Batch, Limits, Shape};
    use trunkline_model::time::Time;

    use super::*;

    #[test]
    fn every_message_is_valid_and_of_about_240_bytes() {
        let workload = Workload::generate(2000, 7);
        let mean = workload.body.len() / workload.len();
        assert!((230..250).contains(&mean), "{mean} bytes");
        let now = Time((START_MS + SPAN_MS) as i64);
        let body = workload.body.clone();
        let batch = Batch::parse(body, Shape::Ndjson, now, &Limits::default()).unwrap();
        assert_eq!((batch.events.len(), batch.rejected), (2000, vec![]));
    }

    #[test]
    fn a_seed_gives_the_same_messages_and_another_one_others() {
        let [one, same, other] = [7, 7, 8].map(|seed| Workload::generate(100, seed));
        assert_eq!(one.body, same.body);
        assert_ne!(one.body, other.body);
    }

    #[test]
    fn bodies_hold_the_lines_in_order() {
        let workload = Workload::generate(1100, 7);
        let bodies: Vec<&[u8]> = workload.bodies(500).collect();
        let lines: Vec<&[u8]> = workload.lines().take(1000).collect();
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies.concat(), lines.concat());
    }

    #[test]
    fn six_of_ten_messages_are_from_contacts_and_few_conversations_have_many() {
        let workload = Workload::generate(20_000, 7);
        let text = String::from_utf8(workload.body).unwrap();
        let contacts = text.matches("\"contact\",\"manager\"").count();
        assert!((11_600..12_400).contains(&contacts), "{contacts}");
        let first = text.matches("\"c-00000000\"").count();
        assert!((200..450).contains(&first), "{first}");
    }
}
