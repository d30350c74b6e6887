//! The panels of the board *Calls*, but its heat map, which is that of all boards.

pub(super) mod back;
pub(super) mod managers;
pub(super) mod now;
pub(super) mod tiles;
pub(super) mod times;
