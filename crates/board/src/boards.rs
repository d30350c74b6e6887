//! The boards, and what the address of each may ask for.

use crate::asked::{CALL_FILTERS, CALL_HEATS, FILTERS, HEATS, SOURCE_FILTERS};

/// A board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Board {
    /// How the day goes with messages.
    Today,
    /// How the day goes with calls.
    Calls,
    /// What advertising brings, and costs.
    Sources,
    /// What providers send.
    Connections,
}

/// All of them, in the order of the top bar.
pub(crate) const ALL: [Board; 4] = [
    Board::Today,
    Board::Calls,
    Board::Sources,
    Board::Connections,
];

impl Board {
    /// Gives its address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Today => "/",
            Self::Calls => "/calls",
            Self::Sources => "/sources",
            Self::Connections => "/connections",
        }
    }

    /// Gives what people call it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Calls => "Calls",
            Self::Sources => "Sources",
            Self::Connections => "Connections",
        }
    }

    /// Finds the board whose figures a report has.
    pub(crate) fn of_report(report: &str) -> Self {
        match report {
            "calls" | "missed-calls" => Self::Calls,
            "sources" | "pools" => Self::Sources,
            _ => Self::Today,
        }
    }

    /// Gives what it can be filtered by.
    pub(crate) fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Today => &FILTERS,
            Self::Calls => &CALL_FILTERS,
            Self::Sources => &SOURCE_FILTERS,
            Self::Connections => &[],
        }
    }

    /// Gives what its heat map can show, the usual first.
    pub(crate) fn heats(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Today => &HEATS,
            Self::Calls => &CALL_HEATS,
            Self::Sources | Self::Connections => &[],
        }
    }

    /// Gives the column that its table is usually sorted by.
    pub(crate) fn sort(self) -> &'static str {
        match self {
            Self::Today => "-count",
            Self::Calls => "-calls",
            Self::Sources => "-inquiries",
            Self::Connections => "",
        }
    }

    /// Gives the period that is shown unless another is asked for.
    pub(crate) fn period(self) -> &'static str {
        match self {
            // What a day of advertising cost is known the day after.
            Self::Sources => "month",
            _ => "today",
        }
    }

    /// Whether its figures belong to a period.
    pub(crate) fn has_period(self) -> bool {
        self != Self::Connections
    }
}
