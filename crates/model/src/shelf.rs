//! Where calls and visits are put of which nothing has come for long: outside the memory, and not by
//! the room that holds them.
//!
//! A shelf is a list of entries. A place grows with each that is put, and is never given twice. What is
//! needed no longer stays until the shelf is asked to be rid of it.

use std::any::Any;
use std::fmt::Debug;
use std::ops::Range;

/// Why an entry cannot be read or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn(pub String);

/// Takes what is packed; one for each account and kind, of which the account is the only writer.
pub trait Shelf: Any + Debug + Send {
    /// Puts an entry behind all others; gives its place.
    fn put(&mut self, entry: &[u8]) -> Result<u64, Torn>;

    /// Gives the entry at a place.
    fn get(&self, place: u64) -> Result<Vec<u8>, Torn>;

    /// Shows entries in their order with their places, from the first at or behind `from` on, as many as
    /// are read in a millisecond or so, and also those that nobody needs; gives where the next begins,
    /// none at the end.
    fn some(&self, from: u64, show: &mut dyn FnMut(u64, &[u8])) -> Result<Option<u64>, Torn>;

    /// Notes that the entry at a place is needed, after a restart; fails if there cannot be one.
    fn hold(&mut self, place: u64) -> Result<(), Torn>;

    /// Notes that the entry at a place is needed no longer.
    fn let_go(&mut self, place: u64);

    /// Gives places of which most are needed no longer: those that are, are to be put anew.
    fn waste(&self) -> Option<Range<u64>>;
}
