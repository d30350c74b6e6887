//! A list that grows without moving what is in it: the state of an account is large, and copying
//! it to a larger place now and then would cost as much as observing.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A list in chunks of `N`; the first chunk grows as it is needed, for most lists are short.
#[derive(Debug)]
pub(crate) struct Chunks<T, const N: usize> {
    chunks: Vec<Vec<T>>,
}

impl<T, const N: usize> Chunks<T, N> {
    /// Counts the items.
    pub(crate) fn len(&self) -> usize {
        self.chunks
            .last()
            .map_or(0, |last| (self.chunks.len() - 1) * N + last.len())
    }

    /// Appends an item.
    pub(crate) fn push(&mut self, item: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < N => last.push(item),
            None => self.chunks.push(vec![item]),
            Some(_) => {
                let mut chunk = Vec::with_capacity(N);
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
    }

    /// Walks over the items.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    /// Walks over the items, to change them.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

impl<T, const N: usize> Default for Chunks<T, N> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T, const N: usize> Index<u32> for Chunks<T, N> {
    type Output = T;

    fn index(&self, index: u32) -> &T {
        &self.chunks[index as usize / N][index as usize % N]
    }
}

impl<T, const N: usize> IndexMut<u32> for Chunks<T, N> {
    fn index_mut(&mut self, index: u32) -> &mut T {
        &mut self.chunks[index as usize / N][index as usize % N]
    }
}

impl<T, const N: usize> FromIterator<T> for Chunks<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut chunks = Self::default();
        items.into_iter().for_each(|item| chunks.push(item));
        chunks
    }
}

impl<T, const N: usize> IntoIterator for Chunks<T, N> {
    type Item = T;
    type IntoIter = std::iter::Flatten<std::vec::IntoIter<Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.into_iter().flatten()
    }
}

/// As a plain list: how it lies in memory is nobody's business on disk.
impl<T: Serialize, const N: usize> Serialize for Chunks<T, N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut list = to.serialize_seq(Some(self.len()))?;
        self.iter()
            .try_for_each(|item| list.serialize_element(item))?;
        list.end()
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Chunks<T, N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_found_where_they_were_put_over_chunks_and_through_a_checkpoint() {
        let mut list: Chunks<u32, 4> = (0..11).collect();
        list[7] = 70;
        assert_eq!((list.len(), list[0], list[7], list[10]), (11, 0, 70, 10));
        let bytes = postcard::to_allocvec(&list).unwrap();
        let again: Chunks<u32, 4> = postcard::from_bytes(&bytes).unwrap();
        assert_eq!(
            again.into_iter().collect::<Vec<_>>(),
            list.iter().copied().collect::<Vec<_>>()
        );
        assert_eq!(Chunks::<u32, 4>::default().len(), 0);
    }
}
