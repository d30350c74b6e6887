//! What others send, told in our own events: the doors of providers, and the mapping language.
//!
//! A [`Provider`] says whether a request is truly from who it says (`verify`) and which events of the
//! contract it tells of (`parse`); each is a folder of [`vendors`]. [`Map`] turns one record of
//! somebody else's (a row of a file, a JSON object, the fields of a form) into events by a file of
//! rules. [`conversions`] goes the other way: offline conversions in the
//! words of those who count clicks. Everything here is pure: the same bytes and settings always give the same events.
#![forbid(unsafe_code)]

mod address;
mod body;
pub mod conversions;
mod draft;
mod fields;
mod guide;
mod hook;
mod map;
mod moment;
mod provider;
mod record;
mod refused;
mod request;
mod secrets;
mod shown;
pub mod spend;
pub mod vendors;

pub use draft::Draft;
pub use guide::{Guide, Replies, Talk};
pub use hook::{Hook, HookError, Link};
pub use map::{FileShape, Made, Map, MapError, RowError};
pub use provider::{Answer, Parsed, Provider, Unreadable};
pub use record::Record;
pub use refused::Refused;
pub use request::Request;
pub use shown::QUERY as SECRETS_IN_QUERY;
pub use vendors::{ALL, named, unknown};
