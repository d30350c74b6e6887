//! The panels of the board *Sources*.

pub(super) mod pools;
pub(super) mod table;
pub(super) mod tiles;
mod warnings;
