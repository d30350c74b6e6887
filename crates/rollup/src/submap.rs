//! One of the 256 parts of an account's conversations. A checkpoint takes them one by one between
//! batches, so that nothing ever pauses for the whole.

use std::collections::VecDeque;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::chunks::Chunks;
use crate::conversation::Conversation;
use crate::names::Name;

/// The number of parts.
pub(crate) const COUNT: usize = 256;

/// Where a conversation is kept: its part, and its place there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) submap: u8,
    pub(crate) index: u32,
}

/// Conversations that changed: each is in a list once.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Those with rows to gather, and the offset of the record that changed each first.
    pub(crate) dirty: VecDeque<(u64, Place)>,
    /// Those to be shown live.
    pub(crate) touched: Vec<Place>,
}

impl Changed {
    /// Notes that the record at `offset` changed a conversation.
    pub(crate) fn note(&mut self, conversation: &mut Conversation, place: Place, offset: u64) {
        if !conversation.dirty {
            conversation.dirty = true;
            self.dirty.push_back((offset, place));
        }
        if !conversation.touched {
            conversation.touched = true;
            self.touched.push(place);
        }
    }
}

/// Conversations in order of appearance.
pub(crate) type List = Chunks<Conversation, 128>;

/// A part of the conversations.
#[derive(Debug, Default)]
pub(crate) struct Submap {
    pub(crate) conversations: List,
    /// Hash and place: growing and searching touch no conversation but the one that is found.
    places: HashTable<(u64, u32)>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    pub(crate) taken: u64,
}

/// Hashes a conversation's identity: 16 bytes, keyed, so that no two are ever taken for one.
///
/// The channel is hashed with the id, never put into the seed: of short ids the hash adds the seed to
/// the bytes, and ids of two channels would cancel their difference out.
pub(crate) fn key(seed: u64, channel: Name, id: &str) -> u128 {
    let (channel, id) = (channel.number().to_le_bytes(), id.as_bytes());
    let length = channel.len() + id.len();
    let mut bytes = [0; 64];
    let Some(short) = bytes.get_mut(..length) else {
        return xxh3_128_with_seed(&[&channel, id].concat(), seed);
    };
    let (first, rest) = short.split_at_mut(channel.len());
    first.copy_from_slice(&channel);
    rest.copy_from_slice(id);
    xxh3_128_with_seed(short, seed)
}

/// Gives the part that a key belongs to.
pub(crate) fn part(key: u128) -> u8 {
    (key >> 120) as u8
}

/// The half of a key that the place is found by.
fn hash(key: u128) -> u64 {
    key as u64
}

/// The half of a key that the conversation itself is compared by.
pub(crate) fn check(key: u128) -> u64 {
    (key >> 64) as u64
}

/// Shows every conversation to `change`, with the offset below which its part has all records; what
/// was changed has rows to gather.
pub(crate) fn each(
    submaps: &mut [Submap],
    changed: &mut Changed,
    offset: u64,
    mut change: impl FnMut(u64, &mut Conversation) -> bool,
) {
    for (part, submap) in (0..=u8::MAX).zip(submaps) {
        for (index, conversation) in (0..).zip(submap.conversations.iter_mut()) {
            if change(submap.taken, conversation) {
                let place = Place {
                    submap: part,
                    index,
                };
                changed.note(conversation, place, offset);
            }
        }
    }
}

impl Submap {
    /// Restores a part from a checkpoint taken when all records below `taken` were in it.
    pub(crate) fn restore(conversations: List, seed: u64, taken: u64) -> Self {
        let mut places = HashTable::with_capacity(conversations.len());
        for (index, conversation) in conversations.iter().enumerate() {
            let hash = hash(key(seed, conversation.channel, conversation.id()));
            places.insert_unique(hash, (hash, index as u32), |place| place.0);
        }
        Self {
            conversations,
            places,
            taken,
        }
    }

    /// Finds a conversation, or makes it.
    pub(crate) fn entry(&mut self, key: u128, make: impl FnOnce() -> Conversation) -> u32 {
        if let Some(index) = self.find(key) {
            return index;
        }
        let (hash, index) = (hash(key), self.conversations.len() as u32);
        self.conversations.push(make());
        self.places
            .insert_unique(hash, (hash, index), |place| place.0);
        index
    }

    /// Reads what an event of this conversation will need, and nothing else.
    pub(crate) fn touch(&self, key: u128) -> u64 {
        self.find(key)
            .map_or(0, |index| self.conversations[index].touch())
    }

    fn find(&self, key: u128) -> Option<u32> {
        let (hash, conversations) = (hash(key), &self.conversations);
        let is = |place: &(u64, u32)| place.0 == hash && conversations[place.1].check == check(key);
        self.places.find(hash, is).map(|place| place.1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn conversations_of_two_channels_never_share_a_key() {
        let mut keys = HashSet::new();
        for channel in 1..=8 {
            let channel = Name::of_number(channel).unwrap();
            for number in 0..10_000 {
                for id in [format!("k200{number:04}"), format!("{number}")] {
                    assert!(keys.insert(key(7, channel, &id)), "{channel:?} {id}");
                }
            }
        }
        let long = "x".repeat(200);
        let [one, two] = [1, 2].map(|channel| Name::of_number(channel).unwrap());
        assert_ne!(key(7, one, &long), key(7, two, &long));
    }
}
