//! Offline conversions: what came of a click on an advertisement (a call, a lead, a won deal), told to
//! the systems that count clicks (B15, B16).
//!
//! - `conversion`: what is told of one, as `GET /v1/conversions` gives it
//! - [`Setup`]: what the things are called at the destination
//! - [`Destination`]: which conversions it takes and why not the others, the rows of its file, its
//!   requests, and what its answers mean
//! - `google_ads`, `google_ads_calls`, `ga4`, `metrica`: one file for each vendor's format
//!
//! Everything is a function of its arguments: the same conversions and settings always give the same
//! bytes, so that what is sent again is known again where the destination knows repetitions.

mod answer;
mod conversion;
mod destination;
mod ga4;
mod google_ads;
mod google_ads_calls;
mod metrica;
mod reason;
mod setup;
mod table;

pub use answer::{Reading, Verdict};
pub use conversion::{Call, Clicks, Conversion, Kind};
pub use destination::{Destination, Format, Part, Plan, Request};
pub use reason::Reason;
pub use setup::Setup;

#[cfg(test)]
mod tests;
