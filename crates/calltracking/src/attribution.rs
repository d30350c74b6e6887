//! Which visits brought a call: a pure function of the evidence (`metrics.md` §3, Attribution of a call).

use crate::leases::Lease;
use crate::rules::Windows;

/// How sure an attribution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// One visit, or a static number.
    Certain,
    /// The visit of the caller's call before on this number.
    Repeat,
    /// One visit, without a live lease.
    Likely,
    /// Several visits, weighted.
    Ambiguous,
    /// None: see the reason.
    Unattributed,
}

/// Why a call has no visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It came on the number that is shown when none is free.
    Unserved,
    /// It came on a number of a pool that no visit held lately.
    Expired,
    /// It came on a number that is neither static nor of a pool.
    UnknownNumber,
}

impl Certainty {
    /// Gives the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Repeat => "repeat",
            Self::Likely => "likely",
            Self::Ambiguous => "ambiguous",
            Self::Unattributed => "unattributed",
        }
    }
}

impl Reason {
    /// Gives the word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unserved => "unserved",
            Self::Expired => "expired",
            Self::UnknownNumber => "unknown_number",
        }
    }
}

/// What an attribution came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The rule of `metrics.md` §3 that matched first: 0 to 7.
    pub(crate) rule: u8,
    pub(crate) certainty: Certainty,
    pub(crate) reason: Option<Reason>,
    /// Visits with their weights, the heaviest first; the weights sum to 1. None for rules 0 and 7.
    pub(crate) visits: Vec<(u32, f64)>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self::none(Reason::UnknownNumber)
    }
}

/// All that the attribution of a call depends on.
#[derive(Debug)]
pub(crate) struct Evidence<'a> {
    /// When the call began.
    pub(crate) started: i64,
    pub(crate) windows: Windows,
    /// Whether its number was static then.
    pub(crate) fixed: bool,
    /// The leases of its number that began before it, in order, from the last on that ended longer ago than any counts.
    pub(crate) leases: Vec<Lease>,
    /// What the caller's last attributed call on this number came to, if that is not too long ago.
    pub(crate) before: Option<&'a Outcome>,
    /// Why no visit can be told.
    pub(crate) reason: Reason,
}

/// A lease after this many minutes weighs half as much.
const HALF: f64 = 30.0;
const MINUTE: f64 = 60_000.0;

impl Outcome {
    fn one(rule: u8, certainty: Certainty, visit: u32) -> Self {
        Self {
            rule,
            certainty,
            reason: None,
            visits: vec![(visit, 1.0)],
        }
    }

    fn none(reason: Reason) -> Self {
        Self {
            rule: 7,
            certainty: Certainty::Unattributed,
            reason: Some(reason),
            visits: Vec::new(),
        }
    }

    fn fixed() -> Self {
        Self {
            rule: 0,
            certainty: Certainty::Certain,
            reason: None,
            visits: Vec::new(),
        }
    }

    /// Says whether it links the caller to the visitor: it is certain by a lease.
    pub(crate) fn links(&self) -> bool {
        matches!(self.rule, 1 | 3)
    }

    /// Says whether it names visits, so that the caller's next call on the number may repeat it.
    pub(crate) fn can_repeat(&self) -> bool {
        !self.visits.is_empty()
    }

    /// Gives the same for the caller's next call; what was ambiguous stays so. It goes before a lease that lives:
    /// who dials a number again mostly has it from before, and somebody else may hold it now.
    fn again(&self) -> Self {
        let certainty = match self.visits[..] {
            [_] => Certainty::Repeat,
            _ => Certainty::Ambiguous,
        };
        Self {
            rule: 2,
            certainty,
            reason: None,
            visits: self.visits.clone(),
        }
    }
}

/// Attributes a call: the first rule that matches. `is_linked` says whether a visit's visitor was linked to the caller
/// before; `last_visit` gives the caller's own last visit on any pool, if that is not too long ago.
pub(crate) fn attribute(
    of: &Evidence<'_>,
    is_linked: impl Fn(u32) -> bool,
    last_visit: impl Fn() -> Option<u32>,
) -> Outcome {
    if of.fixed {
        return Outcome::fixed();
    }
    let begun = of.leases.iter().rev();
    let held: Vec<&Lease> = begun
        .filter(|lease| !lease.doubled)
        .take_while(|lease| of.started - lease.end <= of.windows.grace)
        .collect();
    let live = held.first().filter(|lease| lease.is_live(of.started));
    if let Some(live) = live
        && is_linked(live.visit)
    {
        return Outcome::one(1, Certainty::Certain, live.visit);
    }
    if let Some(before) = of.before {
        return before.again();
    }
    match (live, &held[..]) {
        (Some(live), [_]) => Outcome::one(3, Certainty::Certain, live.visit),
        (Some(_), held) => weighted(4, held, of.started),
        (None, [one]) => Outcome::one(5, Certainty::Likely, one.visit),
        (None, held @ [_, ..]) => weighted(5, held, of.started),
        (None, []) => last_visit().map_or_else(
            || Outcome::none(of.reason),
            |visit| Outcome::one(6, Certainty::Likely, visit),
        ),
    }
}

/// Weighs leases by how long ago they ended.
fn weighted(rule: u8, held: &[&Lease], at: i64) -> Outcome {
    let weigh = |lease: &&Lease| {
        let since = (at - lease.end).max(0) as f64 / MINUTE;
        (lease.visit, (-since / HALF).exp2())
    };
    let mut visits: Vec<(u32, f64)> = held.iter().map(weigh).collect();
    let sum: f64 = visits.iter().map(|(_, weight)| weight).sum();
    for (_, weight) in &mut visits {
        *weight /= sum;
    }
    Outcome {
        rule,
        certainty: Certainty::Ambiguous,
        reason: None,
        visits,
    }
}
