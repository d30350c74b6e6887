//! Call tracking: which visit holds which number, and which source brought a call (`metrics.md` §3).
//!
//! Pure: no clock, no disk, no socket; `now` is an argument, and decisions stand in the journal.

#![forbid(unsafe_code)]

pub mod erlang;
pub mod load;
pub mod source;
mod touch;

pub use touch::Source;
