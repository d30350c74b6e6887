//! The words of the field as types: times, ids, events, batches and an account's settings.
//!
//! Everything here is pure: no clock, no disk, no socket, no environment. Where "now" matters it is
//! an argument. What a type admits is what `contract` promises to outsiders: parsing is validation,
//! and a value that exists is a valid one.
#![forbid(unsafe_code)]

pub mod amount;
pub mod batch;
pub mod event;
pub mod hdr;
pub mod order;
pub mod phone;
pub mod settings;
pub mod shelf;
pub mod text;
pub mod time;
pub mod word;
