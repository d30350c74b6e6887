//! A site that never was: visits whose true source is known, and the calls that come of them.
//!
//! What happens is told in the order of time: pages with their addresses, signs of life, withdrawn consent, forms, calls.
//! Beside it stands the truth, which nothing that is measured may see: whose visit it was, what brought it, and in which way
//! somebody came to call. Who calls dials the number that the visit was shown, which is not known here; a call without a
//! visit goes to the number that everybody knows, to an advertisement's, or to a wrong one. A visitor comes back hours
//! later at the soonest, so visits of one do not overlap; with another device the same person is another visitor.
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
use crate::hours::{HOUR, QUARTER, SECOND};

mod callers;
mod sources;

pub use callers::{ADVERTISEMENTS, Advertisement, Way};
pub use sources::{SOURCES, Truth};

/// How long a page is looked at, and how long after a visit people come back, with the same device and another: medians.
const PAGE: i64 = 45 * SECOND;
const RETURN: i64 = 24 * HOUR;
const OTHER: i64 = 2 * HOUR;
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
    /// After how many minutes they do: the median; none comes sooner than a quarter of it, or later than six times it. Default 40.
    pub late_min: u32,
    /// First calls that come hours to days later, from a number written down; and advertisements that are kept when their
    /// number is another's already. Default 0.
    pub noted: u32,
    /// Calls after which the caller calls the same number again, a day later or so. Default 100.
    pub again: u32,
    /// Calls after which somebody else calls the same number, who was given it. Default 0.
    pub passed: u32,
    /// Visits after which the visitor comes back, hours to days later. Default 150.
    pub returns: u32,
    /// Visits after which the same person comes with another device. Default 0.
    pub devices: u32,
    /// Callers who send a form with their number first. Default 0.
    pub forms: u32,
    /// Calls that nobody's visit brought, for each thousand visits that did. Default 100.
    pub strangers: u32,
    /// Calls to the numbers of advertisements, likewise. Default 0.
    pub printed: u32,
    /// Calls to any number by mistake, likewise. Default 0.
    pub stray: u32,
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
            late_min: 40,
            noted: 0,
            again: 100,
            passed: 0,
            returns: 150,
            devices: 0,
            forms: 0,
            strangers: 100,
            printed: 0,
            stray: 0,
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
    /// The number of the person, from 0.
    pub person: u64,
    /// The visitor's number: a person has one for each device.
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
    /// A form is sent.
    Form {
        /// The visitor's number, as E.164.
        phone: String,
    },
    /// Somebody calls.
    Call {
        /// In which way he came to: what he dials. Part of the truth.
        way: Way,
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
    people: u64,
}

#[derive(Debug)]
enum Step {
    /// A quarter of an hour begins.
    Quarter,
    /// A person comes, with one of two devices.
    Come(u64, u64),
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
            ("late_min", site.late_min.into(), 1, 10_000),
            ("noted", site.noted.into(), 0, 1_000),
            ("again", site.again.into(), 0, 900),
            ("passed", site.passed.into(), 0, 1_000),
            ("returns", site.returns.into(), 0, 900),
            ("devices", site.devices.into(), 0, 900),
            ("forms", site.forms.into(), 0, 1_000),
            ("strangers", site.strangers.into(), 0, 1_000),
            ("printed", site.printed.into(), 0, 1_000),
            ("stray", site.stray.into(), 0, 1_000),
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
            people: 0,
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
            self.plan(comes, Step::Come(self.people, 0));
            self.people += 1;
        }
        let next = Time((at.millis().div_euclid(QUARTER) + 1) * QUARTER);
        self.plan(next, Step::Quarter);
    }

    /// Works out a visit whole: its pages, signs of life, calls, and when the person comes back.
    fn come(&mut self, at: Time, person: u64, device: u64) {
        let truth = sources::draw(&mut self.chance);
        let visit = Visit {
            number: self.visits,
            person,
            visitor: 2 * person + device,
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
            self.plan(back, Step::Come(person, device));
        }
        if device == 0 && self.chance.happens(self.site.devices) {
            let other = left.plus(self.chance.around(OTHER));
            self.plan(other, Step::Come(person, 1));
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
}

impl Iterator for Traffic {
    type Item = Happening;

    fn next(&mut self) -> Option<Happening> {
        loop {
            let ((at, _), step) = self.agenda.pop_first()?;
            match step {
                Step::Quarter => self.quarter(at),
                Step::Come(person, device) => self.come(at, person, device),
                Step::Tell(visit, what) => return Some(Happening { at, visit, what }),
            }
        }
    }
}

#[cfg(test)]
mod tests;
