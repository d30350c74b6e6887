//! One of the 256 parts of an account's conversations. A checkpoint takes them one by one between
//! batches, so that nothing ever pauses for the whole.

use std::collections::VecDeque;

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::chunks::Chunks;
use crate::conversation::Conversation;
use crate::names::Name;
use crate::shrunk::Shrunk;

/// The number of parts.
pub(crate) const COUNT: usize = 256;

/// Where a conversation is kept: its part, and its place there. A place is free for another one when
/// its conversation shrinks or wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) submap: u8,
    pub(crate) index: u32,
}

impl Place {
    /// Gives the index among the shrunk ones, if it is of one.
    pub(crate) fn shrunk(self) -> Option<usize> {
        self.index.checked_sub(SHRUNK).map(|index| index as usize)
    }
}

/// Indices from here on are of shrunk conversations.
pub(crate) const SHRUNK: u32 = 1 << 31;

/// Conversations that changed: each is in a list once.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// Those with rows to gather, and an offset not above that of the record that changed each
    /// first; the first is the least.
    pub(crate) dirty: VecDeque<(u64, Place)>,
    /// Those to be shown live; a place may be another's by now, which then is not marked.
    pub(crate) touched: Chunks<Place, 8192>,
    /// The highest offset noted.
    last: u64,
}

impl Changed {
    /// Notes that the record at `offset` changed a conversation.
    pub(crate) fn note(&mut self, conversation: &mut Conversation, place: Place, offset: u64) {
        if !conversation.dirty {
            conversation.dirty = true;
            match self.dirty.front() {
                // It was parked: what came after it may have been gathered already.
                Some((first, _)) if self.last > offset => {
                    self.dirty.push_front((offset.min(*first), place));
                }
                _ => self.dirty.push_back((offset, place)),
            }
            self.last = self.last.max(offset);
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
    /// Places in the list that nobody has any more.
    free: Vec<u32>,
    /// Those of which only a head is left; an empty one is a free place.
    shrunk: Vec<Shrunk>,
    free_shrunk: Vec<u32>,
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

/// Shows every conversation that is not shrunk to `change`, with the offset below which its part has
/// all records; what was changed has rows to gather.
pub(crate) fn each(
    submaps: &mut [Submap],
    changed: &mut Changed,
    offset: u64,
    mut change: impl FnMut(u64, Place, &mut Conversation) -> bool,
) {
    for (part, submap) in (0..=u8::MAX).zip(submaps) {
        for (index, conversation) in (0..).zip(submap.conversations.iter_mut()) {
            let place = Place {
                submap: part,
                index,
            };
            if !conversation.is_nobody() && change(submap.taken, place, conversation) {
                changed.note(conversation, place, offset);
            }
        }
    }
}

impl Submap {
    /// Restores a part from a checkpoint taken when all records below `taken` were in it.
    pub(crate) fn restore(
        mut conversations: List,
        shrunk: Vec<Shrunk>,
        seed: u64,
        taken: u64,
    ) -> Self {
        let known = conversations.len() + shrunk.len();
        let mut places = HashTable::with_capacity(known);
        let mut insert = |index: u32, conversation: &Conversation| {
            let key = key(seed, conversation.channel, conversation.id());
            places.insert_unique(hash(key), (hash(key), index), |place| place.0);
            check(key)
        };
        for (index, conversation) in (0..).zip(conversations.iter_mut()) {
            conversation.check = insert(index, conversation);
        }
        for (index, shrunk) in (SHRUNK..).zip(&shrunk) {
            insert(index, &shrunk.unpack());
        }
        Self {
            conversations,
            shrunk,
            places,
            taken,
            ..Self::default()
        }
    }

    /// Finds a conversation, or makes it; it may be a shrunk one.
    pub(crate) fn entry(&mut self, key: u128, make: impl FnOnce() -> Conversation) -> u32 {
        if let Some(index) = self.find(key) {
            return index;
        }
        let (hash, index) = (hash(key), self.keep(make()));
        self.places
            .insert_unique(hash, (hash, index), |place| place.0);
        index
    }

    /// Walks over the conversations that are not shrunk, with their indices.
    pub(crate) fn awake(&self) -> impl Iterator<Item = (u32, &Conversation)> {
        let all = (0..).zip(self.conversations.iter());
        all.filter(|(_, known)| !known.is_nobody())
    }

    /// Walks over the shrunk ones, with their indices.
    pub(crate) fn shrunk(&self) -> impl Iterator<Item = (u32, &Shrunk)> {
        let all = (SHRUNK..).zip(&self.shrunk);
        all.filter(|(_, shrunk)| !shrunk.is_nobody())
    }

    /// Gives a shrunk one.
    pub(crate) fn shrunk_at(&mut self, index: usize) -> &mut Shrunk {
        &mut self.shrunk[index]
    }

    /// Counts the conversations that are not shrunk, and those that are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (
            self.conversations.len() - self.free.len(),
            self.shrunk.len() - self.free_shrunk.len(),
        )
    }

    /// Packs a conversation that has shrunk; gives its index among the shrunk.
    pub(crate) fn pack(&mut self, index: u32, seed: u64) -> u32 {
        let conversation = &mut self.conversations[index];
        let hash = hash(key(seed, conversation.channel, conversation.id()));
        let shrunk = Shrunk::pack(conversation);
        conversation.become_nobody();
        self.free.push(index);
        let to = if let Some(free) = self.free_shrunk.pop() {
            self.shrunk[free as usize] = shrunk;
            free
        } else {
            self.shrunk.push(shrunk);
            self.shrunk.len() as u32 - 1
        };
        self.move_to(hash, index, to + SHRUNK);
        to + SHRUNK
    }

    /// Makes a shrunk conversation one that can be changed; gives its new index.
    pub(crate) fn wake(&mut self, index: u32, seed: u64) -> u32 {
        let from = (index - SHRUNK) as usize;
        let conversation = std::mem::take(&mut self.shrunk[from]).unpack();
        self.free_shrunk.push(from as u32);
        let hash = hash(key(seed, conversation.channel, conversation.id()));
        let to = self.keep(conversation);
        self.move_to(hash, index, to);
        to
    }

    fn keep(&mut self, conversation: Conversation) -> u32 {
        let Some(free) = self.free.pop() else {
            self.conversations.push(conversation);
            return self.conversations.len() as u32 - 1;
        };
        self.conversations[free] = conversation;
        free
    }

    fn move_to(&mut self, hash: u64, from: u32, to: u32) {
        if let Some(place) = self.places.find_mut(hash, |place| place.1 == from) {
            place.1 = to;
        }
    }

    /// Reads what an event of this conversation will need, and nothing else.
    pub(crate) fn touch(&self, key: u128) -> u64 {
        self.find(key).map_or(0, |index| match index {
            index if index < SHRUNK => self.conversations[index].touch(),
            index => u64::from(index),
        })
    }

    /// Finds a conversation, which may be a shrunk one.
    pub(crate) fn find(&self, key: u128) -> Option<u32> {
        let hash = hash(key);
        let check_at = |index: u32| match index.checked_sub(SHRUNK) {
            None => self.conversations[index].check,
            Some(shrunk) => self.shrunk[shrunk as usize].check(),
        };
        let is = |place: &(u64, u32)| place.0 == hash && check_at(place.1) == check(key);
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
