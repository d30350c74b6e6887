//! The fold: how events become figures.
//!
//! Pure: no clock, no disk, no socket; time comes with the records. Start at [`Account::observe`],
//! follow an event into its conversation's timeline and see what [`clock`] makes of it.
//!
//! - [`account`]: the state of one account, what is observed and what is gathered
//! - `conversation`, [`timeline`], [`clock`]: one conversation, its order, its response times
//! - [`seen`]: duplicates and conflicts
//! - [`facts`]: the rows that come out

pub mod account;
mod clock;
mod conversation;
pub mod facts;
mod moment;
pub mod names;
mod plain;
pub mod rules;
pub mod seen;
mod submap;
pub mod timeline;

pub use account::{Account, Config, Counts, Gathered, Outcome, Position};

/// Raised when the layout of the state in a checkpoint changes; a checkpoint of another layout is
/// passed over.
pub const STATE_LAYOUT: u32 = 2;

/// Raised when the same journal gives other figures than before: all rows are then written anew
/// under the next generation.
pub const FOLD_VERSION: u32 = 1;
