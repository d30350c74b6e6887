//! A site that never was: visits whose true source is known, and the calls that come of them.
//!
//! What happens is told in the order of time: pages with their addresses, signs of life, withdrawn consent, calls. Beside it
//! stands the truth, which nothing that is measured may see: whose visit it was and what brought it. Who calls
//! dials the number that the visit was shown, which is not known here; a call without a visit goes to the number that
//! everybody knows. A visitor comes back hours later at the soonest, so visits of one do not overlap.
//!
//! ```
//! use trunkline_simulate::site::{SiteConfig, Traffic};
//!
//! let config = SiteConfig { days: 1, visits: 100, ..SiteConfig::default() };
//! let traffic: Vec<_> = Traffic::new(&config)?.collect();
//! assert!(traffic.is_sorted_by_key(|happening| happening.at));
//! assert_eq!(traffic, Traffic::new(&config)?.collect::<Vec<_>>());
//! # Ok::<(), trunkline_simulate::BadConfig>(())
//! ```

use std::collections::BTreeMap;

use trunkline_model::time::{Time, Tz};

use crate::arrivals::Arrivals;
use crate::chance::Chance;
use crate::config::{BadConfig, Config, within};
use crate::hours::{HOUR, MINUTE, QUARTER, SECOND};

mod sources;

pub use sources::{SOURCES, Truth};

/// How long a page is looked at, how long after a visit people call, call again, and come back: medians.
const PAGE: i64 = 45 * SECOND;
const LATE: i64 = 40 * MINUTE;
const AGAIN: i64 = 30 * HOUR;
const RETURN: i64 = 24 * HOUR;
const TALK: i64 = 150 * SECOND;
/// The most pages of a visit.
const PAGES: u64 = 8;

/// A site, a stretch of time and a seed. Shares are of a thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteConfig {
    /// Decides everything that chance decides. Default 1.
    pub seed: u64,
    /// When it begins. Default 2 March 2026 in UTC, a Monday.
    pub start: Time,
    /// How many days it goes on. Default 7.
    pub days: u32,
    /// Where day and night are. Default Europe/Madrid.
    pub zone: Tz,
    /// Visits of a weekday by visitors who come for the first time; they come as conversations do. Default 1,000.
    pub visits: u32,
    /// Days on which a quarter of an hour brings six times as many. Default 0.
    pub bursts: u32,
    /// Visits of which a call comes. Default 60.
    pub calls: u32,
    /// Of these, calls that come minutes to hours after the visit. Default 300.
    pub late: u32,
    /// Calls after which the caller calls the same number again, a day later or so. Default 100.
    pub again: u32,
    /// Visits after which the visitor comes back, hours to days later. Default 150.
    pub returns: u32,
    /// Calls that nobody's visit brought, for each thousand that a visit did. Default 100.
    pub strangers: u32,
    /// Callers who show no number. Default 20.
    pub hidden: u32,
    /// Visits whose consent is withdrawn at their end. Default 20.
    pub ended: u32,
    /// Seconds between signs of life; 0 for none but the pages. Default 30.
    pub beat_s: u32,
}

impl Default for SiteConfig {
    fn default() -> Self {
        let Config {
            seed,
            start,
            days,
            zone,
            ..
        } = Config::default();
        Self {
            seed,
            start,
            days,
            zone,
            visits: 1_000,
            bursts: 0,
            calls: 60,
            late: 300,
            again: 100,
            returns: 150,
            strangers: 100,
            hidden: 20,
            ended: 20,
            beat_s: 30,
        }
    }
}

/// Something that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Time,
    /// In which visit, or after which; nothing for a call that no visit brought.
    pub visit: Option<Visit>,
    /// What.
    pub what: What,
}

/// A visit, with the truth of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// Its number, from 0.
    pub number: u64,
    /// The visitor's number, from 0.
    pub visitor: u64,
    /// What brought it.
    pub truth: &'static Truth,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A page is opened.
    Page {
        /// Its address.
        url: String,
        /// The page before.
        referrer: Option<String>,
    },
    /// A sign of life between pages.
    Beat,
    /// Consent is withdrawn.
    End,
    /// Somebody calls the number that the visit was shown.
    Call {
        /// Who, as E.164; nothing if the number is hidden.
        caller: Option<String>,
        /// How long it is talked, in milliseconds; 0 if nobody takes it.
        talk: i64,
    },
}

/// Draws what happens on a site, in the order of time.
#[derive(Debug)]
pub struct Traffic {
    site: SiteConfig,
    /// How the arrivals are drawn.
    config: Config,
    chance: Chance,
    arrivals: Arrivals,
    agenda: BTreeMap<(Time, u64), Step>,
    steps: u64,
    visits: u64,
    visitors: u64,
}

#[derive(Debug)]
enum Step {
    /// A quarter of an hour begins.
    Quarter,
    /// A visitor comes.
    Come(u64),
    /// Something is told.
    Tell(Option<Visit>, What),
}

impl Traffic {
    /// Makes the traffic of a site; fails if a field is out of range.
    pub fn new(site: &SiteConfig) -> Result<Self, BadConfig> {
        within(&[
            ("visits", site.visits.into(), 1, 10_000_000),
            ("calls", site.calls.into(), 0, 1_000),
            ("late", site.late.into(), 0, 1_000),
            ("again", site.again.into(), 0, 900),
            ("returns", site.returns.into(), 0, 900),
            ("strangers", site.strangers.into(), 0, 1_000),
            ("hidden", site.hidden.into(), 0, 1_000),
            ("ended", site.ended.into(), 0, 1_000),
            ("beat_s", site.beat_s.into(), 0, 3_600),
        ])?;
        let config = Config {
            seed: site.seed,
            start: site.start,
            days: site.days,
            zone: site.zone,
            rate: site.visits,
            bursts: site.bursts,
            ..Config::default()
        };
        let mut traffic = Self {
            site: site.clone(),
            config: config.checked()?,
            chance: Chance::new(site.seed ^ 0x0076_6973_6974),
            arrivals: Arrivals::new(),
            agenda: BTreeMap::new(),
            steps: 0,
            visits: 0,
            visitors: 0,
        };
        traffic.plan(site.start, Step::Quarter);
        Ok(traffic)
    }

    fn plan(&mut self, at: Time, step: Step) {
        if at < self.config.end() {
            self.agenda.insert((at, self.steps), step);
            self.steps += 1;
        }
    }

    fn quarter(&mut self, at: Time) {
        for comes in self.arrivals.of_quarter(&self.config, &mut self.chance, at) {
            self.plan(comes, Step::Come(self.visitors));
            self.visitors += 1;
        }
        let next = Time((at.millis().div_euclid(QUARTER) + 1) * QUARTER);
        self.plan(next, Step::Quarter);
    }

    /// Works out a visit whole: its pages, signs of life, calls, and when the visitor comes back.
    fn come(&mut self, at: Time, visitor: u64) {
        let truth = sources::draw(&mut self.chance);
        let visit = Visit {
            number: self.visits,
            visitor,
            truth,
        };
        self.visits += 1;
        let (mut url, mut referrer) = truth.landing(&mut self.chance);
        let pages = 1 + self.chance.below(PAGES);
        let mut seen = at;
        let mut left = at;
        for page in 0..pages {
            seen = left;
            let next = sources::page(page);
            self.plan(seen, Step::Tell(Some(visit), What::Page { url, referrer }));
            left = seen.plus(self.chance.around(PAGE).max(SECOND));
            self.beats(visit, seen, left);
            referrer = Some(sources::page(page.saturating_sub(1)));
            url = next;
        }
        if self.chance.happens(self.site.ended) {
            self.plan(left, Step::Tell(Some(visit), What::End));
        }
        if self.chance.happens(self.site.calls) {
            self.calls(visit, seen, left);
        }
        if self.chance.happens(self.site.returns) {
            let back = left.plus(self.chance.around(RETURN));
            self.plan(back, Step::Come(visitor));
        }
    }

    fn beats(&mut self, visit: Visit, from: Time, until: Time) {
        let every = i64::from(self.site.beat_s) * SECOND;
        let mut at = from.plus(every);
        while every > 0 && at < until {
            self.plan(at, Step::Tell(Some(visit), What::Beat));
            at = at.plus(every);
        }
    }

    /// Plans a call from the last page or later, perhaps others after it, and perhaps one of a stranger.
    fn calls(&mut self, visit: Visit, seen: Time, left: Time) {
        let hidden = self.chance.happens(self.site.hidden);
        let caller = (!hidden).then(|| format!("+346{:08}", visit.visitor % 100_000_000));
        let mut at = if self.chance.happens(self.site.late) {
            left.plus(self.chance.around(LATE))
        } else {
            Time(self.chance.between(seen.millis(), left.millis()))
        };
        self.call(at, Some(visit), caller.clone());
        while self.chance.happens(self.site.again) {
            at = at.plus(self.chance.around(AGAIN));
            self.call(at, Some(visit), caller.clone());
        }
        if self.chance.happens(self.site.strangers) {
            let stranger = self.chance.below(10_000_000);
            let at = left.plus(self.chance.around(LATE));
            self.call(at, None, Some(format!("+3471{stranger:07}")));
        }
    }

    fn call(&mut self, at: Time, visit: Option<Visit>, caller: Option<String>) {
        let taken = self.chance.happens(850);
        let talk = if taken { self.chance.around(TALK) } else { 0 };
        self.plan(at, Step::Tell(visit, What::Call { caller, talk }));
    }
}

impl Iterator for Traffic {
    type Item = Happening;

    fn next(&mut self) -> Option<Happening> {
        loop {
            let ((at, _), step) = self.agenda.pop_first()?;
            match step {
                Step::Quarter => self.quarter(at),
                Step::Come(visitor) => self.come(at, visitor),
                Step::Tell(visit, what) => return Some(Happening { at, visit, what }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
