//! Who calls, when, and how he came to.

use trunkline_model::time::Time;

use super::{SiteConfig, Step, Traffic, Visit, What};
use crate::hours::{HOUR, MINUTE, SECOND};

/// After how long people call from what they noted, call again, and call what they were given: medians.
const NOTED: i64 = 20 * HOUR;
const AGAIN: i64 = 30 * HOUR;
const PASSED: i64 = 3 * HOUR;
const TALK: i64 = 150 * SECOND;

/// How somebody came to call, and so what he dials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// What the visit shows or showed lately.
    Shown,
    /// What the visit showed, called before: a day later or so.
    Again,
    /// What the visit showed, written down and never called before: hours to days later.
    Noted,
    /// What the visit showed to somebody else.
    Passed,
    /// The number that everybody knows.
    Known,
    /// An advertisement's number.
    Printed(&'static Advertisement),
    /// Any number, by mistake; this draw says which.
    Stray(u64),
}

/// An advertisement with a number of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Advertisement {
    /// The source that its number stands for.
    pub source: &'static str,
    /// Which of the numbers of advertisements it has, from 0.
    pub number: usize,
    /// Whether it has it before [`SiteConfig::moved`] and from then on.
    pub holds: [bool; 2],
}

/// All advertisements. The first number is the leaflet's and then the radio's.
pub static ADVERTISEMENTS: [Advertisement; 3] = [
    Advertisement {
        source: "leaflet",
        number: 0,
        holds: [true, false],
    },
    Advertisement {
        source: "radio",
        number: 0,
        holds: [false, true],
    },
    Advertisement {
        source: "van",
        number: 1,
        holds: [true, true],
    },
];

impl SiteConfig {
    /// Gives when the first number of advertisements becomes another's: half-way.
    pub fn moved(&self) -> Time {
        self.start.plus(i64::from(self.days) * 12 * HOUR)
    }

    fn late(&self) -> i64 {
        i64::from(self.late_min) * MINUTE
    }
}

/// Gives the number that a person calls from.
fn phone(person: u64) -> String {
    format!("+346{:08}", person % 100_000_000)
}

impl Traffic {
    /// Plans a call from the last page or later, perhaps others after it, and perhaps some that no visit brought.
    pub(super) fn calls(&mut self, visit: Visit, seen: Time, left: Time) {
        let hidden = self.chance.happens(self.site.hidden);
        let caller = (!hidden).then(|| phone(visit.person));
        let (way, mut at) = self.first(seen, left);
        if self.chance.happens(self.site.forms) {
            let sent = Time(self.chance.between(seen.millis(), left.millis())).min(at);
            let phone = phone(visit.person);
            self.plan(sent, Step::Tell(Some(visit), What::Form { phone }));
        }
        self.call(at, Some(visit), way, caller.clone());
        if self.chance.happens(self.site.passed) {
            let given = at.plus(self.chance.around(PASSED));
            let other = self.stranger();
            self.call(given, Some(visit), Way::Passed, Some(other));
        }
        while self.chance.happens(self.site.again) {
            at = at.plus(self.chance.around(AGAIN));
            self.call(at, Some(visit), Way::Again, caller.clone());
        }
        self.others(left);
    }

    /// Draws when a visit is called first, and how.
    fn first(&mut self, seen: Time, left: Time) -> (Way, Time) {
        if self.chance.happens(self.site.noted) {
            (Way::Noted, left.plus(self.chance.around(NOTED)))
        } else if self.chance.happens(self.site.late) {
            let late = self.chance.around(self.site.late());
            (Way::Shown, left.plus(late))
        } else {
            let at = self.chance.between(seen.millis(), left.millis());
            (Way::Shown, Time(at))
        }
    }

    /// Plans calls that no visit brought, some time after one.
    fn others(&mut self, left: Time) {
        let ways = [
            (self.site.strangers, Way::Known),
            (self.site.printed, Way::Printed(&ADVERTISEMENTS[0])),
            (self.site.stray, Way::Stray(0)),
        ];
        for (share, way) in ways {
            if !self.chance.happens(share) {
                continue;
            }
            let at = left.plus(self.chance.around(self.site.late()));
            let way = match way {
                Way::Printed(_) => Way::Printed(self.advertisement(at)),
                Way::Stray(_) => Way::Stray(self.chance.draw()),
                other => other,
            };
            let stranger = self.stranger();
            self.call(at, None, way, Some(stranger));
        }
    }

    /// Draws the advertisement that somebody sees at a time, who may have kept it.
    fn advertisement(&mut self, at: Time) -> &'static Advertisement {
        let moved = at >= self.site.moved();
        let kept = self.chance.happens(self.site.noted);
        let number = self.chance.below(2) as usize;
        let mut all = ADVERTISEMENTS.iter().filter(|it| it.number == number);
        let found = all.find(|it| it.holds[usize::from(moved && !kept)]);
        found.unwrap_or(&ADVERTISEMENTS[2])
    }

    fn stranger(&mut self) -> String {
        format!("+3471{:07}", self.chance.below(10_000_000))
    }

    fn call(&mut self, at: Time, visit: Option<Visit>, way: Way, caller: Option<String>) {
        let taken = self.chance.happens(850);
        let talk = if taken { self.chance.around(TALK) } else { 0 };
        self.plan(at, Step::Tell(visit, What::Call { way, caller, talk }));
    }
}
