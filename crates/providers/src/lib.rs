//! What others send, told in our own events: the mapping language.
//!
//! [`Map`] turns one record of somebody else's (a row of a file, a JSON object, the fields of a
//! form) into the events of the contract. Everything here is pure: a map is made from text, a record
//! is a value, and the same two always give the same events.
#![forbid(unsafe_code)]

mod map;
mod record;

pub use map::{FileShape, Made, Map, MapError, RowError};
pub use record::Record;
