//! Call tracking: which visit holds which number, and which source brought a call (`metrics.md` §3).
//!
//! Pure: no clock, no disk, no socket; `now` is an argument, and decisions stand in the journal.

#![forbid(unsafe_code)]

mod attribution;
mod calls;
mod decide;
pub mod erlang;
mod facts;
mod gather;
mod known_as;
mod leases;
mod links;
pub mod load;
mod names;
mod people;
mod pools;
mod rules;
mod settle;
mod settled;
mod snapshot;
pub mod source;
mod store;
mod sweep;
mod touch;
mod tracking;
mod unread;
mod visits;

#[cfg(test)]
mod tests;

pub use attribution::{Certainty, Reason};
pub use calls::CallSeen;
pub use decide::{Ask, Decision};
pub use facts::{
    Attribution, AttributionFact, Candidate, LeaseNow, PageFact, PoolNow, TrackingRows, VisitFact,
};
pub use links::{LeadLink, Linked, Teller};
pub use people::Caller;
pub use snapshot::{Kept, Ledger, PARTS, PartOfVisits, ReadCalls, ReadVisits};
pub use sweep::VisitHorizon;
pub use touch::Source;
pub use tracking::{Counts, Position, Tracking};
