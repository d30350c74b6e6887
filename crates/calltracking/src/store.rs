//! Calls by their id, in parts that a checkpoint takes one by one.
//!
//! A place stays the same for good, also through checkpoints: its part follows from the id, its index from the order of
//! appearance in the part.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The number of parts.
pub const PARTS: u8 = 64;

/// What has an id.
pub(crate) trait Named {
    fn id(&self) -> &str;
}

/// What is kept by its id.
#[derive(Debug)]
pub(crate) struct Store<T> {
    parts: Vec<Vec<T>>,
    /// Hash and place.
    places: HashTable<(u64, u32)>,
    seed: u64,
}

impl<T: Named> Store<T> {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            parts: (0..PARTS).map(|_| Vec::new()).collect(),
            places: HashTable::new(),
            seed,
        }
    }

    pub(crate) fn hash(&self, id: &str) -> u64 {
        xxh3_64_with_seed(id.as_bytes(), self.seed)
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        let hash = self.hash(id);
        let is = |known: &(u64, u32)| known.0 == hash && self.get(known.1).id() == id;
        self.places.find(hash, is).map(|known| known.1)
    }

    /// Adds what is not there yet; gives its place.
    pub(crate) fn insert(&mut self, item: T) -> u32 {
        let hash = self.hash(item.id());
        let part = hash % u64::from(PARTS);
        let own = &mut self.parts[part as usize];
        let place = own.len() as u32 * u32::from(PARTS) + part as u32;
        own.push(item);
        self.places
            .insert_unique(hash, (hash, place), |known| known.0);
        place
    }

    pub(crate) fn get(&self, place: u32) -> &T {
        let (part, index) = split(place);
        &self.parts[part][index]
    }

    pub(crate) fn get_mut(&mut self, place: u32) -> &mut T {
        let (part, index) = split(place);
        &mut self.parts[part][index]
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    /// Lists all places, in an order that follows from the places alone.
    pub(crate) fn all(&self) -> Vec<u32> {
        let parts = (0..u32::from(PARTS)).zip(&self.parts);
        let of_part = |(part, of): (u32, &Vec<T>)| {
            (0..of.len() as u32).map(move |index| index * u32::from(PARTS) + part)
        };
        parts.flat_map(of_part).collect()
    }

    pub(crate) fn part(&self, part: u8) -> &[T] {
        &self.parts[usize::from(part)]
    }

    /// Puts a part in the place of what was there.
    pub(crate) fn restore(&mut self, part: u8, list: Vec<T>) {
        self.places
            .retain(|known| known.1 % u32::from(PARTS) != u32::from(part));
        for (index, item) in (0..).zip(&list) {
            let hash = xxh3_64_with_seed(item.id().as_bytes(), self.seed);
            let place = index * u32::from(PARTS) + u32::from(part);
            self.places
                .insert_unique(hash, (hash, place), |known| known.0);
        }
        self.parts[usize::from(part)] = list;
    }
}

const fn split(place: u32) -> (usize, usize) {
    let parts = PARTS as u32;
    ((place % parts) as usize, (place / parts) as usize)
}
