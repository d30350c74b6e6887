//! `calls`: how many there were, how they ended, how long contacts waited and managers talked
//! (`metrics.md` §2; S52).
//!
//! One list of samples serves all figures, see [`samples`]. A call and its figures belong to its
//! start. A call in progress, and one that timed out, is in `calls` alone: nobody knows how it ended.

pub(crate) mod counted;
mod figures;
mod opened;
mod samples;
pub(crate) mod sourced;
mod spans;

use crate::dimension::Dimension;
use crate::report::{Choice, Report};

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "calls",
    title: "Calls",
    about: "Calls at their start: how they ended, how long contacts waited, how long managers \
            talked; without internal calls (direction=internal), those of a dialler \
            (origin=dialler) and spam (spam=include)",
    by: &[
        Dimension::Direction,
        Dimension::Disposition,
        Dimension::Number,
        Dimension::Source,
        Dimension::Medium,
        Dimension::Campaign,
    ],
    filters: FILTERS,
    of_calls: true,
    of_managers: true,
    choices: &[CREDIT, SPAM],
    figures: figures::FIGURES,
    samples: samples::samples,
    cells: None,
    opened: opened::OPENED,
};

/// What calls may be filtered by alone.
pub(crate) const FILTERS: &[Dimension] = &[Dimension::Tag, Dimension::Origin];

const CREDIT: Choice = Choice {
    name: "credit",
    about: "whose a call is of those who talked in it",
    values: &["first", "last", "longest"],
    needs: &[],
    default: Some("first"),
};

/// Whether spam counts.
pub(crate) const SPAM: Choice = Choice {
    name: "spam",
    about: "counts spam too",
    values: &["include"],
    needs: &[],
    default: None,
};
