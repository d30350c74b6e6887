//! The fold: how events become figures.
//!
//! Pure: no clock, no disk, no socket; time comes with the records. Start at [`Account::observe`],
//! follow an event into its conversation's timeline and see what `clock` makes of it.
//!
//! - [`account`]: the state of one account, what is observed and what is gathered
//! - `conversation`, [`timeline`], `clock`: one conversation, its order, its response times
//! - `calls`: calls, their phases and what they come to
//! - [`entities`]: leads, forms, spend, touches: what is said of each, and the row it comes to
//! - [`seen`]: duplicates and conflicts
//! - [`trunkline_model::shelf`]: where what went cold is put
//! - [`contacts`]: who is who
//! - [`facts`]: the rows that come out
//! - [`cells`]: figures by manager, channel and hour, for what is shown live

#![forbid(unsafe_code)]

pub mod account;
mod calls;
pub mod cells;
mod chunks;
mod clock;
pub mod contacts;
mod conversation;
pub mod entities;
pub mod facts;
mod moment;
pub mod names;
mod packed;
mod plain;
pub mod rules;
pub mod seen;
mod shrunk;
mod submap;
pub mod timeline;
mod version;

pub use account::{Account, Config, Counts, Outcome, Position, Told};
pub use version::{FOLD_VERSION, STATE_LAYOUT};
