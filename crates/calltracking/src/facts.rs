//! Rows of visits and attributions, as they are shown to whoever writes or displays them.

use std::fmt::Write;

use compact_str::CompactString;
use sha2::{Digest, Sha256};
use trunkline_model::time::Time;

use crate::attribution::{Certainty, Reason};
use crate::touch::Source;

/// Random characters at the end of the id of a visit of a site.
const SECRET: usize = 22;

/// Takes rows as they are gathered.
pub trait TrackingRows {
    /// Takes the row of a visit.
    fn visit(&mut self, fact: &VisitFact<'_>);
    /// Takes the row of a call's attribution.
    fn attribution(&mut self, fact: &AttributionFact<'_>);
}

/// A visit, absolute: as it stands after its last known record.
#[expect(
    clippy::struct_excessive_bools,
    reason = "facts that have nothing to do with each other"
)]
#[derive(Clone, Debug)]
pub struct VisitFact<'a> {
    /// The account.
    pub account: &'a str,
    /// The visit.
    pub visit: &'a str,
    /// The visitor.
    pub visitor: &'a str,
    /// The site, by its key; empty if another tracker told of it.
    pub site: &'a str,
    /// The pool of the site; empty if none.
    pub pool: &'a str,
    /// The number that was shown; empty if none.
    pub number: &'a str,
    /// Whether the number was the visit's own.
    pub served: bool,
    /// Since when it was; later than the start of one that came when none was free.
    pub served_at: Option<Time>,
    /// Whether another visit lived on the number, so that this one held nothing.
    pub doubled: bool,
    /// Its first sign of life.
    pub started_at: Time,
    /// Its last sign of life.
    pub last_at: Time,
    /// Until when it lives, or lived, a call on its number included.
    pub expires_at: Time,
    /// Whether it was ended, and did not expire.
    pub ended: bool,
    /// The pages, in the order in which they were seen; the first 50.
    pub pages: &'a [PageFact<'a>],
    /// The page before the first; empty if not told.
    pub referrer: &'a str,
    /// Where it came from.
    pub source: &'a Source,
    /// What Google Analytics knows the visitor by; empty if not told.
    pub ga_client_id: &'a str,
    /// What Yandex Metrica knows the visitor by; empty if not told.
    pub ym_client_id: &'a str,
    /// Whether those who sell advertising may be told what came of it, if that was told.
    pub consent: Option<bool>,
    /// When its last record arrived.
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed the row.
    pub version: u64,
    /// Whether all its pages were taken back.
    pub deleted: bool,
}

/// A page of a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFact<'a> {
    /// When it was seen.
    pub at: Time,
    /// Its address.
    pub url: &'a str,
    /// Its title; empty if not told.
    pub title: &'a str,
}

/// What brought a call, absolute.
#[derive(Clone, Debug)]
pub struct AttributionFact<'a> {
    /// The account.
    pub account: &'a str,
    /// The call.
    pub call: &'a str,
    /// The number of ours.
    pub number: &'a str,
    /// When it began.
    pub started_at: Time,
    /// What it came to.
    pub attribution: &'a Attribution,
    /// When the last record that it depends on and that is about the call arrived.
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that may have changed the row.
    pub version: u64,
    /// Whether the call is gone, or not from outside.
    pub deleted: bool,
}

/// What brought a call (`metrics.md` §3, Attribution of a call).
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// The rule that matched first: 0 to 7.
    pub rule: u8,
    /// How sure it is.
    pub certainty: Certainty,
    /// Why there is no visit.
    pub reason: Option<Reason>,
    /// What it may have been, the heaviest first; never empty, and the weights sum to 1.
    pub candidates: Vec<Candidate>,
}

/// One of the things that may have brought a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The visit; none of a static number, or of a call without one.
    pub visit: Option<String>,
    /// Its share.
    pub weight: f64,
    /// Its source: that of the visit, of the static number or of the pool; `direct` for a number that nobody knows, unless
    /// the contact's touches say more.
    pub source: Source,
}

impl Candidate {
    /// Gives what the visit is shown by, for its id is the right to tell of it and to end it: the id with a hash in
    /// place of the secret part, if it has one (22 letters and digits behind the last hyphen). The column `visit_key`
    /// in ClickHouse says the same.
    pub fn visit_key(&self) -> Option<String> {
        let visit = self.visit.as_ref()?;
        let is_secret = |part: &str| {
            part.len() == SECRET && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let (site, secret) = visit.rsplit_once('-').unwrap_or_default();
        if !is_secret(secret) {
            return Some(visit.clone());
        }
        let hash = Sha256::digest(visit);
        let mut key = format!("{site}-");
        for byte in &hash[..8] {
            // Writing to a string cannot fail.
            let _ = write!(key, "{byte:02x}");
        }
        Some(key)
    }
}

/// A lease that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseNow<'a> {
    /// The number.
    pub number: &'a str,
    /// The pool.
    pub pool: &'a str,
    /// The visit.
    pub visit: CompactString,
    /// The visitor.
    pub visitor: CompactString,
    /// Since when.
    pub since: Time,
    /// Until when, without a further sign of life.
    pub until: Time,
}

/// How a pool stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolNow<'a> {
    /// The pool.
    pub pool: &'a str,
    /// All its numbers.
    pub numbers: usize,
    /// Those that may be leased.
    pub in_service: usize,
    /// Those of all that a visit holds.
    pub leased: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_visit_hides_what_nobody_can_guess_and_nothing_else() {
        let key = |visit: &str| {
            let candidate = Candidate {
                visit: Some(visit.to_owned()),
                weight: 1.0,
                source: Source::default(),
            };
            candidate.visit_key().unwrap()
        };
        // The first 16 digits of the SHA-256 of the whole id.
        let visit = "main-0123456789abcdefghijkl";
        assert_eq!(key(visit), "main-5ca4f37a6472e5ea");
        for other in [
            "main-1",
            "0123456789abcdefghijkl",
            "x-0123456789abcdefghij_l",
        ] {
            assert_eq!(key(other), other);
        }
    }
}
