//! How often one address may ask for numbers, so that nobody fills the journal. It does not guard a pool: all the people
//! of a company may come from one address, and whoever takes care can hold `visits_per_minute` times the minutes of
//! `hold`, more than any usual pool has. That is seen by its visits that are not served (`trunkline_visits_total`)
//! and by `trunkline_pools_empty`. An IPv6 address counts by its /64; addresses of this machine are spared.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::caps::neighbourhood;
use crate::problem::{Code, Problem};

/// So many beats and pages may come for each visit.
const SIGNS: u32 = 10;
/// Addresses that are remembered before those that rest are forgotten.
const ADDRESSES: usize = 10_000;

/// The limits of all addresses.
pub(crate) struct Limits {
    visits: Limiter,
    signs: Limiter,
}

type Limiter = Option<DefaultKeyedRateLimiter<IpAddr>>;

impl Limits {
    /// Allows so many visits a minute, all of them at once if need be; 0 allows any number.
    pub(crate) fn new(visits_per_minute: u32) -> Self {
        let limiter = |per_minute| {
            NonZeroU32::new(per_minute)
                .map(Quota::per_minute)
                .map(RateLimiter::keyed)
        };
        Self {
            visits: limiter(visits_per_minute),
            signs: limiter(visits_per_minute.saturating_mul(SIGNS)),
        }
    }

    /// Lets a visit in.
    pub(crate) fn visit(&self, from: Option<IpAddr>) -> Result<(), Problem> {
        admit(self.visits.as_ref(), from)
    }

    /// Lets a sign of life in: a beat, a page, an end.
    pub(crate) fn sign(&self, from: Option<IpAddr>) -> Result<(), Problem> {
        admit(self.signs.as_ref(), from)
    }
}

fn admit(
    limiter: Option<&DefaultKeyedRateLimiter<IpAddr>>,
    from: Option<IpAddr>,
) -> Result<(), Problem> {
    let Some((limiter, from)) = limiter.zip(from).filter(|(_, from)| !from.is_loopback()) else {
        return Ok(());
    };
    if limiter.len() > ADDRESSES {
        limiter.retain_recent();
    }
    limiter.check_key(&neighbourhood(from)).map_err(|until| {
        let wait = until.wait_time_from(DefaultClock::default().now());
        let detail = "too many visits from this address (`server.visits_per_minute`)";
        Problem::new(Code::TooManyRequests, detail).retry_after(wait.as_secs() as u32 + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    #[test]
    fn an_address_has_its_share_and_another_has_its_own() {
        let limits = Limits::new(3);
        for _ in 0..3 {
            limits.visit(from("203.0.113.7")).unwrap();
        }
        let problem = limits.visit(from("203.0.113.7")).unwrap_err();
        assert_eq!(problem.code(), "too_many_requests");
        limits.visit(from("203.0.113.8")).unwrap();
        for _ in 0..30 {
            limits.sign(from("203.0.113.7")).unwrap();
        }
        assert!(limits.sign(from("203.0.113.7")).is_err());
    }

    #[test]
    fn a_household_is_one_address_and_this_machine_is_spared() {
        let limits = Limits::new(1);
        limits.visit(from("2001:db8:1:2::1")).unwrap();
        assert!(limits.visit(from("2001:db8:1:2::ffff")).is_err());
        limits.visit(from("2001:db8:1:3::1")).unwrap();
        for _ in 0..100 {
            limits.visit(from("127.0.0.1")).unwrap();
            limits.visit(from("::1")).unwrap();
        }
        let unlimited = Limits::new(0);
        for _ in 0..100 {
            unlimited.visit(from("203.0.113.7")).unwrap();
        }
    }
}
