//! One of the 256 parts of an account's conversations. A checkpoint takes them one by one between
//! batches, so that nothing ever pauses for the whole.

use hashbrown::HashTable;
use trunkline_model::time::Time;
use xxhash_rust::xxh3::xxh3_64_with_seed;

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

/// A part of the conversations.
#[derive(Debug, Default)]
pub(crate) struct Submap {
    pub(crate) conversations: Vec<Conversation>,
    places: HashTable<u32>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    pub(crate) taken: u64,
}

/// Hashes a conversation's identity; must never change, for checkpoints keep parts apart by it.
pub(crate) fn hash(channel: Name, id: &str) -> u64 {
    xxh3_64_with_seed(id.as_bytes(), u64::from(channel.number()))
}

/// Gives the part that a hash belongs to.
pub(crate) fn part(hash: u64) -> u8 {
    (hash >> 48) as u8
}

impl Submap {
    /// Restores a part from a checkpoint taken when all records below `taken` were in it.
    pub(crate) fn restore(conversations: Vec<Conversation>, taken: u64) -> Self {
        let mut places = HashTable::with_capacity(conversations.len());
        for (index, conversation) in conversations.iter().enumerate() {
            let hash = hash(conversation.channel, &conversation.id);
            places.insert_unique(hash, index as u32, |index| rehash(&conversations, *index));
        }
        Self {
            conversations,
            places,
            taken,
        }
    }

    /// Finds a conversation, or makes it.
    pub(crate) fn entry(&mut self, hash: u64, channel: Name, id: &str, received_at: Time) -> u32 {
        let conversations = &self.conversations;
        let is = |index: &u32| {
            let known = &conversations[*index as usize];
            known.channel == channel && &*known.id == id
        };
        if let Some(index) = self.places.find(hash, is) {
            return *index;
        }
        let index = self.conversations.len() as u32;
        self.conversations
            .push(Conversation::new(channel, id, received_at));
        let conversations = &self.conversations;
        self.places
            .insert_unique(hash, index, |index| rehash(conversations, *index));
        index
    }
}

fn rehash(conversations: &[Conversation], index: u32) -> u64 {
    let known = &conversations[index as usize];
    hash(known.channel, &known.id)
}
