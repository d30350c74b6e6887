//! What became of the conversions of a run, for whoever runs it.

use std::collections::BTreeMap;
use std::fmt;

use trunkline_providers::conversions::{Destination, Reason};

/// The counts of a run. Every conversion is in exactly one of them.
#[derive(Debug)]
pub(super) struct Tally {
    destination: Destination,
    all: usize,
    /// Sent, or given up, by earlier runs.
    pub(super) before: usize,
    /// Taken there or written.
    pub(super) sent: usize,
    /// Taken there before.
    pub(super) known: usize,
    /// Checked there and good.
    pub(super) good: usize,
    /// Checked there and bad.
    pub(super) bad: usize,
    /// What would go.
    pub(super) would: usize,
    /// Given up.
    pub(super) dead: usize,
    /// Not taken now.
    pub(super) waiting: usize,
    /// Not tried, for the run ended before.
    pub(super) untried: usize,
    /// Why the run ended before.
    pub(super) stopped: Option<String>,
    left: BTreeMap<Reason, usize>,
    reasons: BTreeMap<String, usize>,
}

impl Tally {
    /// Begins to count.
    pub(super) fn new(destination: Destination, all: usize) -> Self {
        Self {
            destination,
            all,
            before: 0,
            sent: 0,
            known: 0,
            good: 0,
            bad: 0,
            would: 0,
            dead: 0,
            waiting: 0,
            untried: 0,
            stopped: None,
            left: BTreeMap::new(),
            reasons: BTreeMap::new(),
        }
    }

    /// Counts one that is left out.
    pub(super) fn leave(&mut self, reason: Reason) {
        *self.left.entry(reason).or_default() += 1;
    }

    /// Counts why so many were not taken.
    pub(super) fn why(&mut self, why: &str, many: usize) {
        if many > 0 {
            *self.reasons.entry(why.to_owned()).or_default() += many;
        }
    }

    /// Says whether nothing needs a look.
    pub(super) fn is_well(&self) -> bool {
        self.dead + self.waiting + self.bad + self.untried == 0 && self.stopped.is_none()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} conversions", self.destination.name(), self.all)?;
        let counts = [
            ("would be sent", self.would),
            ("sent", self.sent),
            ("known there", self.known),
            ("good", self.good),
            ("bad", self.bad),
            ("done before", self.before),
            ("wait", self.waiting),
            ("not tried", self.untried),
            ("given up", self.dead),
            ("left out", self.left.values().sum()),
        ];
        for (name, many) in counts.into_iter().filter(|(_, many)| *many > 0) {
            write!(f, "\n{many:>9}  {name}")?;
        }
        for (reason, many) in &self.left {
            write!(f, "\n{many:>13}  {}: {reason}", reason.code())?;
        }
        for (why, many) in &self.reasons {
            write!(f, "\n{many:>13}  {why}")?;
        }
        match &self.stopped {
            Some(why) => write!(f, "\nstopped: {why}"),
            None => Ok(()),
        }
    }
}
