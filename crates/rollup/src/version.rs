//! Numbers that tell state and rows of different programs apart.

/// Raised when the layout of the state in a checkpoint changes; a checkpoint of another layout is
/// passed over.
pub const STATE_LAYOUT: u32 = 9;

/// Raised when the same journal gives other figures than before: all rows are then written anew
/// under the next generation.
pub const FOLD_VERSION: u32 = 8;
