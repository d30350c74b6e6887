//! What must hold whatever comes in from outside: one module for each door, each with `holds`, which
//! panics with the law that is broken. `targets/` gives them to libFuzzer, which looks for bytes that
//! break one; [`seeds`] writes down what it begins with.
#![forbid(unsafe_code)]

pub mod asterisk;
mod drafts;
pub mod event;
pub mod hooks;
pub mod map;
pub mod seeds;
pub mod source;
pub mod webhook;
