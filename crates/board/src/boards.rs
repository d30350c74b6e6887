//! The boards, and what the address of each may ask for.

use crate::asked::{FILTERS, HEATS};

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// How the day goes with messages.
    Today,
    /// What providers send.
    Connections,
}

/// All of them, in the order of the top bar.
pub(crate) const ALL: [Board; 2] = [Board::Today, Board::Connections];

impl Board {
    /// Gives its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Today => "/",
            Self::Connections => "/connections",
        }
    }

    /// Gives what people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Connections => "Connections",
        }
    }

    /// Finds the board whose figures a report has.
    pub(crate) fn of_report(_: &str) -> Self {
        Self::Today
    }

    /// Gives what it can be filtered by.
    pub(crate) fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Today => &FILTERS,
            Self::Connections => &[],
        }
    }

    /// Gives what its heat map can show, the usual first.
    pub(crate) fn heats(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Today => &HEATS,
            Self::Connections => &[],
        }
    }

    /// Gives the column that its managers are usually sorted by.
    pub(crate) fn sort(self) -> &'static str {
        match self {
            Self::Today => "-count",
            Self::Connections => "",
        }
    }

    /// Whether its figures belong to a period.
    pub(crate) fn has_period(self) -> bool {
        self != Self::Connections
    }
}
