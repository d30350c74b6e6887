//! One of the 256 parts of an account's conversations. A checkpoint takes them one by one between
//! batches, so that nothing ever pauses for the whole.

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
pub(crate) fn key(seed: u64, channel: Name, id: &str) -> u128 {
    xxh3_128_with_seed(id.as_bytes(), seed ^ (u64::from(channel.number()) << 32))
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
