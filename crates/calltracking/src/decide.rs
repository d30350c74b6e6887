//! Which visit a visitor is in, and which number it is shown.
//!
//! A decision is held until its record comes back from the journal, or would have expired: it is no part of the state.
//! One that is known not to be on its way is taken back; of others a failed append costs a number for one hold at most.

use std::collections::VecDeque;

use compact_str::CompactString;
use hashbrown::{HashMap, HashSet};
use trunkline_model::time::Time;

use crate::names::Name;
use crate::people::Visitor;
use crate::tracking::Tracking;

/// A visitor who shows up on a site.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The site, by its key.
    pub site: &'a str,
    /// The visitor.
    pub visitor: &'a str,
    /// The id of the visit, should it be a new one.
    pub new_visit: &'a str,
}

/// What is to be recorded and answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The visit.
    pub visit: CompactString,
    /// Its visitor.
    pub visitor: CompactString,
    /// Its site.
    pub site: CompactString,
    /// The pool of the site.
    pub pool: Option<CompactString>,
    /// The number to show: the visit's own, or the pool's fallback; none leaves the real one.
    pub number: Option<CompactString>,
    /// Whether the number is the visit's own.
    pub served: bool,
    /// Until when the visit lives without a further sign.
    pub expires_at: Time,
    /// Whether the visit begins here.
    pub is_new: bool,
}

/// Decisions whose records have not come back.
#[derive(Debug, Default)]
pub(crate) struct Overlay {
    held: HashMap<(Visitor, Name), Held, foldhash::fast::RandomState>,
    visits: HashMap<u64, (Visitor, Name), foldhash::fast::RandomState>,
    /// Hashes of visits whose end is on its way.
    ending: HashSet<u64, foldhash::fast::RandomState>,
    /// When each expires at the earliest, with the hash of its visit.
    order: VecDeque<(i64, u64)>,
}

#[derive(Clone, Debug)]
struct Held {
    visit: CompactString,
    hash: u64,
    visitor: CompactString,
    place: Place,
    until: i64,
    /// Whether it was told once: then one record at most is on its way.
    once: bool,
}

/// Where a visit is, and what it has.
#[derive(Clone, Copy, Debug)]
struct Place {
    site: Name,
    pool: Option<usize>,
    /// Its own number.
    number: Option<Name>,
}

/// How many expired decisions are let go of with each new one.
const SWEPT: usize = 2;

impl Overlay {
    fn hold(&mut self, key: (Visitor, Name), held: Held, now: i64) {
        for _ in 0..SWEPT {
            let Some((until, visit)) = self.order.front().copied() else {
                break;
            };
            if now < until {
                break;
            }
            self.order.pop_front();
            let old = self.visits.get(&visit).copied();
            let is_over = |old: &_| self.held.get(old).is_some_and(|held| held.until <= now);
            if let Some(old) = old.filter(is_over) {
                self.forget(old);
            }
        }
        let hash = held.hash;
        self.order.push_back((held.until, hash));
        self.visits.insert(hash, key);
        if let Some(before) = self.held.insert(key, held)
            && before.hash != hash
        {
            self.visits.remove(&before.hash);
        }
    }

    fn forget(&mut self, key: (Visitor, Name)) -> Option<Held> {
        let held = self.held.remove(&key)?;
        self.visits.remove(&held.hash);
        Some(held)
    }
}

impl Tracking {
    /// Decides on a visitor who shows up: his visit goes on if it lives, else a new one begins with a number by the order of
    /// allocation. None if there is no such site.
    pub fn decide(&mut self, now: Time, ask: &Ask<'_>) -> Option<Decision> {
        self.read();
        let (site, pool) = self.rules.site(ask.site)?;
        let visitor = Visitor::of(ask.visitor, self.seed);
        if let Some(mut held) = self.living(visitor, site, pool, now.0) {
            // Who came when none was free is served as soon as one is.
            held.place.number = held
                .place
                .number
                .or_else(|| pool.and_then(|pool| self.allocate(visitor, pool, now.0)));
            return Some(self.go_on(held, visitor, now.0, false));
        }
        let number = pool.and_then(|pool| self.allocate(visitor, pool, now.0));
        let held = Held {
            visit: ask.new_visit.into(),
            hash: self.visits.hash(ask.new_visit),
            visitor: ask.visitor.into(),
            place: Place { site, pool, number },
            until: now.0,
            once: true,
        };
        Some(self.go_on(held, visitor, now.0, true))
    }

    /// Hears a sign of life of a visit; none if it lives no longer or never did.
    pub fn sign(&mut self, now: Time, visit: &str) -> Option<Decision> {
        self.read();
        let hash = self.visits.hash(visit);
        let (visitor, site) = if let Some(key) = self.overlay.visits.get(&hash) {
            *key
        } else {
            let known = self.visits.core(self.visits.find(visit)?);
            (known.visitor, known.site?)
        };
        let (_, pool) = self.rules.site(self.texts.words.text(site))?;
        let held = self.living(visitor, site, pool, now.0)?;
        (held.hash == hash).then(|| self.go_on(held, visitor, now.0, false))
    }

    /// Hears that a visit ends; none if it lives no longer or never did. Its visitor's next is another one, also while the
    /// record of this is on its way.
    pub fn end(&mut self, now: Time, visit: &str) -> Option<Decision> {
        let decision = self.sign(now, visit)?;
        self.overlay.ending.insert(self.visits.hash(visit));
        Some(decision)
    }

    /// Finds the visit of a visitor that lives, and still has a number of the site's pool if it has one of its own.
    fn living(&self, visitor: Visitor, site: Name, pool: Option<usize>, now: i64) -> Option<Held> {
        let held = self.overlay.held.get(&(visitor, site));
        let held =
            held.filter(|held| now < held.until && !self.overlay.ending.contains(&held.hash));
        // It may be on its way to the journal: the visit must not get another number beside it.
        let lost = held.filter(|held| self.is_taken(held, now));
        let lost = lost.map(|held| held.hash);
        let held = held.filter(|_| lost.is_none()).cloned();
        let held = held.or_else(|| {
            let is_lost = |place: u32| Some(self.visits.core(place).hash) == lost;
            let is_here = |place: u32| self.visits.core(place).site == Some(site);
            let last = self.visits.last(visitor);
            match last.filter(|last| is_here(*last) && !is_lost(*last)) {
                Some(last) if self.is_over(last, now) => None,
                Some(last) => self.kept(last, site, pool, now),
                None => {
                    let mut all = self
                        .visits
                        .of_visitor(visitor)
                        .filter(|place| !is_lost(*place));
                    all.find_map(|place| self.kept(place, site, pool, now))
                }
            }
        })?;
        let own = held.place.number;
        (held.place.pool == pool && own.is_none_or(|own| self.numbers.pool(own) == pool))
            .then_some(held)
    }

    /// Says whether another visit has a number that was decided on: a call that was told since has renewed its lease. So the
    /// decision, should its record be lost, does not go on beside it.
    fn is_taken(&self, held: &Held, now: i64) -> bool {
        let slot = held
            .place
            .number
            .and_then(|number| self.numbers.get(number));
        let lease = slot
            .and_then(|slot| slot.last)
            .filter(|lease| lease.is_live(now));
        lease.is_some_and(|lease| self.visits.core(lease.visit).hash != held.hash)
    }

    /// Says whether a visit with a number of its own lives no longer; one without is for [`Self::kept`].
    fn is_over(&self, last: u32, now: i64) -> bool {
        let leased = self.visits.core(last).lease();
        let slot = leased.and_then(|(number, _)| self.numbers.get(number));
        slot.is_some_and(|slot| {
            let own = slot.last.filter(|lease| lease.visit == last);
            own.is_none_or(|lease| lease.end <= now)
        })
    }

    /// Gives a visit out of the state, if it lives.
    fn kept(&self, place: u32, site: Name, pool: Option<usize>, now: i64) -> Option<Held> {
        let core = self.visits.core(place);
        let is_ending = self.overlay.ending.contains(&core.hash);
        if core.site != Some(site) || core.gone || is_ending {
            return None;
        }
        let until = match core.lease() {
            None => core.end(&[]),
            Some((number, _)) => {
                let slot = self.numbers.get(number)?;
                let lease = slot.last.filter(|lease| lease.visit == place)?;
                if slot.is_reserved_for_another(core.hash, now) {
                    return None;
                }
                lease.end
            }
        };
        let known = core.pool.map(|pool| self.texts.words.text(pool));
        let same = known == pool.map(|pool| &*self.rules.pool(pool).id);
        if now >= until || !same {
            return None;
        }
        let visit = self.visits.read(place);
        let number = visit.own_number();
        // One that was granted and never leased holds nothing.
        (number == core.lease().map(|(number, _)| number)).then(|| Held {
            visit: visit.id.clone(),
            hash: core.hash,
            visitor: visit.head.visitor.clone(),
            place: Place { site, pool, number },
            until,
            once: false,
        })
    }

    /// Finds a free number: the one that this visitor had last, else a never-used one, else the one released longest ago.
    fn allocate(&mut self, visitor: Visitor, pool: usize, now: i64) -> Option<Name> {
        let is_here = |number: &Name| self.numbers.pool(*number) == Some(pool);
        let lease = |place: u32| self.visits.core(place).lease();
        let last = self.visits.last(visitor).and_then(lease);
        let last = last.map(|(number, _)| number);
        let last = last.filter(is_here).or_else(|| {
            let laid = self.visits.of_visitor(visitor).filter_map(lease);
            let laid = laid.filter(|(number, _)| is_here(number));
            let last = laid.max_by_key(|(_, start)| *start);
            last.map(|(number, _)| number)
        });
        let last = last.filter(|number| self.numbers.is_free(pool, *number, now, &self.rules));
        last.or_else(|| self.numbers.next(pool, now, &self.rules))
    }

    /// Lets a visit live from now on, and holds that until its record comes back.
    fn go_on(&mut self, mut held: Held, visitor: Visitor, now: i64, is_new: bool) -> Decision {
        let Place { site, pool, number } = held.place;
        let pool = pool.map(|pool| self.rules.pool(pool));
        let hold = pool.map_or(self.rules.latest().hold, |pool| pool.hold);
        held.until = now + hold;
        held.once = is_new;
        let fallback = pool.and_then(|pool| pool.fallback.as_deref());
        let shown = number.map(|number| self.numbers.text(number));
        let decision = Decision {
            visit: held.visit.clone(),
            visitor: held.visitor.clone(),
            site: self.texts.words.text(site).into(),
            pool: pool.map(|pool| CompactString::from(pool.id.as_str())),
            number: shown.or(fallback).map(CompactString::from),
            served: number.is_some(),
            expires_at: Time(now + hold),
            is_new,
        };
        if let Some(number) = number {
            self.numbers.reserve(number, held.hash, held.until);
        }
        self.overlay.hold((visitor, site), held, now);
        decision
    }

    /// Lets go of what was held for a visit once its record has come back, or it ended.
    pub(crate) fn settle_decision(&mut self, visit: &str, until: Option<i64>) {
        let hash = self.visits.hash(visit);
        if until.is_none() {
            self.overlay.ending.remove(&hash);
        }
        let Some(key) = self.overlay.visits.get(&hash).copied() else {
            return;
        };
        let is_held = |held: &Held| until.is_some_and(|until| until < held.until);
        if !self.overlay.held.get(&key).is_some_and(is_held) {
            self.let_go(key);
        }
    }

    /// Takes back the decision on a new visit, of which no record is on its way: its number is as free as before. A visit that
    /// was told to another page of its visitor since stays.
    pub fn take_back(&mut self, visit: &str) {
        let held = self.overlay.visits.get(&self.visits.hash(visit));
        let Some(key) = held.copied() else {
            return;
        };
        if self.overlay.held.get(&key).is_some_and(|held| held.once) {
            self.let_go(key);
        }
    }

    fn let_go(&mut self, key: (Visitor, Name)) {
        if let Some(Held { place, hash, .. }) = self.overlay.forget(key)
            && let Some(number) = place.number
        {
            self.numbers.release(number, hash);
        }
    }
}
