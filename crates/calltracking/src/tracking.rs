//! Call tracking of one account: what is kept, and what the records of the journal add to it.
//!
//! Visits, calls, links, settings and retractions are sets of what was told: a record that comes again, or late, leaves them
//! as if it had come once and in time. Leases and attributions follow from them by pure functions (`leases`,
//! `attribution`), so figures do not depend on the order of arrival. What a record can have changed is marked, and computed
//! anew when [`Tracking::settle`] is called, after each batch, or somebody asks.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use trunkline_model::event::{Retract, Visit as VisitEvent};
use trunkline_model::settings::TrackingRules;
use trunkline_model::time::Time;

use crate::attribution::Outcome;
use crate::calls::{self, CallSeen, Key, Known};
use crate::decide::Overlay;
use crate::leases::{self, Lease, Lives};
use crate::links::taken_back;
use crate::names::Name;
use crate::people::{Caller, People};
use crate::pools::Numbers;
use crate::rules::Rules;
use crate::settle::Mark;
use crate::settled::Settled;
use crate::store::Store;
use crate::sweep::Sweep;
use crate::visits::{PageKey, Said, Texts, Visit, Visits};

/// Where a record stands in the journal.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// Its offset.
    pub offset: u64,
    /// When it arrived.
    pub received_at: Time,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Visits.
    pub visits: usize,
    /// Those of them whose texts are on a shelf.
    pub cold_visits: usize,
    /// Calls from outside.
    pub calls: usize,
    /// Leases of a number that another visit lived on: must be 0. They hold nothing.
    pub doubled: usize,
}

/// What has a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Item {
    Call(u32),
    Visit(u32),
}

/// The state of one account.
#[derive(Debug)]
pub struct Tracking {
    pub(crate) account: Arc<str>,
    pub(crate) seed: u64,
    pub(crate) texts: Texts,
    pub(crate) rules: Rules,
    pub(crate) visits: Visits,
    pub(crate) calls: Store<Known>,
    pub(crate) numbers: Numbers,
    pub(crate) people: People,
    pub(crate) overlay: Overlay,
    /// Hashes of events and runs that were taken back.
    pub(crate) retracted: HashSet<u64, foldhash::fast::RandomState>,
    /// Calls to be attributed anew, each with the records that may have changed it.
    pub(crate) marks: BTreeMap<Key, Mark>,
    pub(crate) settled: Settled,
    /// Rows to be gathered, each with an offset not above that of the first record that it lacks.
    pub(crate) dirty: BTreeSet<(u64, Item)>,
    pub(crate) waits: HashMap<Item, u64, foldhash::fast::RandomState>,
    /// All visits whose rows are to be gathered, be they dirty or not.
    pub(crate) sweep: Option<Sweep>,
    /// The highest offset that was told of.
    pub(crate) head: u64,
    /// What was noted since a checkpoint began to be taken, while it is.
    pub(crate) recent: Option<BTreeSet<Item>>,
    /// Whether what follows from a checkpoint is still to be computed.
    pub(crate) is_unread: bool,
    pub(crate) doubled: usize,
}

/// What leases are made of: visits, and the calls on one number.
struct Evidence<'a> {
    visits: &'a Visits,
    calls: &'a Store<Known>,
    on_number: &'a [Key],
}

impl Lives for Evidence<'_> {
    fn end(&self, visit: u32) -> i64 {
        let core = self.visits.core(visit);
        let on_number = calls::from(self.on_number, core.begins_lease());
        core.end(on_number.iter().map(|key| {
            let call = self.calls.get(key.2);
            (call.started, call.renews_to())
        }))
    }

    fn shows_life(&self, visit: u32, at: i64) -> bool {
        self.visits.core(visit).shows_life(at)
    }
}

impl Tracking {
    /// Makes the state of an account of which nothing is known; `seed` keys the hashes of names.
    pub fn new(account: Arc<str>, seed: u64) -> Self {
        Self {
            account,
            seed,
            texts: Texts::default(),
            rules: Rules::default(),
            visits: Visits::new(seed),
            calls: Store::new(seed),
            numbers: Numbers::default(),
            people: People::default(),
            overlay: Overlay::default(),
            retracted: HashSet::default(),
            marks: BTreeMap::new(),
            settled: Settled::default(),
            dirty: BTreeSet::new(),
            waits: HashMap::default(),
            sweep: None,
            head: 0,
            recent: None,
            is_unread: false,
            doubled: 0,
        }
    }

    /// Says whether calls can come out otherwise than by a number that nobody knows.
    pub fn is_used(&self) -> bool {
        let rules = self.rules.latest();
        !rules.numbers.is_empty() || !rules.pools.is_empty() || self.visits.len() > 0
    }

    /// Gives how much there is.
    pub fn counts(&mut self) -> Counts {
        self.read();
        Counts {
            visits: self.visits.len(),
            cold_visits: self.visits.cold(),
            calls: self.calls.len(),
            doubled: self.doubled,
        }
    }

    /// Hears a record of a visit. Only one whose origin is a site's (`site:KEY`) can lease, lengthen or end.
    pub fn visit(&mut self, event: &VisitEvent<'_>, origin: &str, at: Position) {
        self.reach(at);
        let said = Said::of(event, origin, &mut self.texts);
        let known = self.visits.find(&event.visit);
        let place = known.unwrap_or_else(|| self.visits.insert(Visit::new(&event.visit, &said)));
        let before = self.visits.core(place);
        let laid = self.laid(place);
        let mut change = self.visits.hear(place, said, at.received_at.0);
        change.head |= known.is_none();
        if before.visitor != self.visitor_of(place) {
            self.mark_visitor(before.visitor, place, at.offset);
        }
        if change.any() {
            self.follow(place);
            self.lay_visit(place, laid, at.offset);
            if change.head || change.pages {
                self.mark_visit(place, at.offset);
            }
            self.note(Item::Visit(place), at.offset);
        }
        let until = event.expires_at.filter(|_| !event.ended);
        self.settle_decision(&event.visit, until.map(|time| time.0));
    }

    /// Takes an event or an import's run back: a visit is gone once all its pages are, a link at once.
    pub fn retract(&mut self, retract: &Retract<'_>, at: Position) {
        self.reach(at);
        let taken @ [event, run] = taken_back(retract);
        self.retracted.extend(taken.into_iter().flatten());
        self.unlink(retract, at.offset);
        let all: Vec<u32> = self.visits.with_page_keys().collect();
        for place in all {
            let is_meant =
                |page: &PageKey| Some(page.id) == event || (page.run.is_some() && page.run == run);
            if self.visits.page_keys(place).iter().any(is_meant) {
                let laid = self.laid(place);
                self.follow(place);
                self.lay_visit(place, laid, at.offset);
                self.mark_visit(place, at.offset);
                self.note(Item::Visit(place), at.offset);
            }
        }
    }

    /// Finds out whether a visit is gone.
    pub(crate) fn follow(&mut self, place: u32) {
        if self.retracted.is_empty() {
            return;
        }
        let pages = self.visits.page_keys(place);
        let gone = !pages.is_empty() && pages.iter().all(|page| self.is_retracted(*page));
        self.visits.set_gone(place, gone);
    }

    pub(crate) fn is_retracted(&self, page: PageKey) -> bool {
        let run = page.run.is_some_and(|run| self.retracted.contains(&run));
        run || self.retracted.contains(&page.id)
    }

    /// Hears how a call stands; none if it is gone. `at` is the record that changed it last.
    pub fn call(&mut self, call: &str, seen: Option<&CallSeen<'_>>, at: Position) {
        self.reach(at);
        let seen = seen.filter(|seen| seen.inbound);
        let known = self.calls.find(call);
        let Some(place) = known.or_else(|| seen.map(|seen| self.new_call(call, seen))) else {
            return;
        };
        if at.offset < self.calls.get(place).told {
            return;
        }
        if known.is_some() {
            self.unlist(place, at.offset);
        }
        let parties = seen.map(|seen| self.parties(seen));
        let number = seen.map(|seen| self.texts.numbers.number(seen.number));
        let call = self.calls.get_mut(place);
        (call.told, call.gone) = (at.offset, seen.is_none());
        call.received_at = call.received_at.max(at.received_at.0);
        if let (Some(seen), Some(parties), Some(number)) = (seen, parties, number) {
            (call.number, call.parties) = (number, parties);
            (call.started, call.ended) = (seen.started_at.0, seen.ended_at.map(|time| time.0));
            self.list(place, at.offset);
        }
        let key = self.key(place);
        self.mark(key, at.offset);
    }

    fn new_call(&mut self, call: &str, seen: &CallSeen<'_>) -> u32 {
        let number = self.texts.numbers.number(seen.number);
        self.calls.insert(Known {
            id: call.into(),
            number,
            parties: [None; 2],
            started: seen.started_at.0,
            ended: None,
            gone: true,
            told: 0,
            changed: 0,
            received_at: 0,
            outcome: Outcome::default(),
        })
    }

    fn parties(&mut self, seen: &CallSeen<'_>) -> [Option<Name>; 2] {
        let phone = seen.known.then(|| Caller::Phone(seen.caller).text());
        let contact = seen.contact.map(|contact| Caller::Contact(contact).text());
        [phone, contact].map(|text| text.map(|text| self.texts.people.number(&text)))
    }

    pub(crate) fn key(&self, place: u32) -> Key {
        let call = self.calls.get(place);
        (call.started, self.calls.hash(&call.id), place)
    }

    /// Takes a call out of the lists of its number and its caller.
    fn unlist(&mut self, place: u32, offset: u64) {
        let key = self.key(place);
        let call = self.calls.get(place);
        if call.gone {
            return;
        }
        let (number, parties) = (call.number, call.parties);
        self.disregard(place);
        for party in parties.into_iter().flatten() {
            calls::remove(self.people.calls_mut(party), key);
            self.mark_caller(party, key.0, offset);
        }
        calls::remove(&mut self.numbers.get_mut(number).calls, key);
        self.renew(number, key.0, offset);
    }

    /// Puts a call into the lists of its number and its caller.
    pub(crate) fn list(&mut self, place: u32, offset: u64) {
        let key = self.key(place);
        let call = self.calls.get(place);
        let (number, parties) = (call.number, call.parties);
        for party in parties.into_iter().flatten() {
            calls::add(self.people.calls_mut(party), key);
        }
        calls::add(&mut self.numbers.get_mut(number).calls, key);
        self.renew(number, key.0, offset);
    }

    /// Computes the leases anew on which a call at `at` may have fallen.
    fn renew(&mut self, number: Name, at: i64, offset: u64) {
        let begun = self.begun(number, at);
        if begun > 0 {
            self.lay(number, begun - 1, None, offset);
        }
    }

    /// Hears other settings.
    pub fn settings(&mut self, rules: TrackingRules, at: Position) {
        self.reach(at);
        let before = self.rules.latest().clone();
        let texts = &mut self.texts;
        if !self.rules.tell(rules, at.received_at, at.offset, texts) {
            return;
        }
        self.numbers.set(&self.rules, &mut self.texts.numbers);
        self.mark_changed(&before, at.offset);
        // What a page says of its source depends on the site.
        if before.sites != self.rules.latest().sites {
            self.visits.floor = self.visits.floor.max(self.head);
            self.sweep_visits(at.offset);
        }
    }

    pub(crate) fn reach(&mut self, at: Position) {
        self.read();
        self.head = self.head.max(at.offset);
    }

    /// Gives the number of a visit and its lease as it lies there, if it has one.
    pub(crate) fn laid(&self, place: u32) -> Option<(Name, Lease)> {
        let core = self.visits.core(place);
        let (number, _) = core.lease()?;
        Some((number, self.numbers.lease(place, &core)?))
    }

    /// Puts a visit's lease where it belongs, and computes it; `laid` is how it lies.
    pub(crate) fn lay_visit(&mut self, place: u32, laid: Option<(Name, Lease)>, offset: u64) {
        let wanted = self.visits.core(place).lease();
        let is_wanted = |laid: &(Name, Lease)| Some((laid.0, laid.1.start)) == wanted;
        if let Some((number, lease)) = laid.filter(|laid| !is_wanted(laid)) {
            let index = self.index_of(number, place);
            self.numbers.get_mut(number).leases.remove(index);
            self.numbers.forget(place);
            self.doubled -= usize::from(lease.doubled);
            self.mark_number(number, lease.start, offset);
            self.lay(number, index, None, offset);
            self.numbers.refresh(number);
        }
        let Some((number, start)) = wanted else {
            return;
        };
        let laid = laid.filter(is_wanted).map(|(_, lease)| lease);
        let index = if laid.is_some() {
            self.index_of(number, place)
        } else {
            let index = self.index_for(number, start, place);
            self.numbers.get_mut(number).add_lease(index, place);
            index
        };
        let lease = laid.unwrap_or(Lease::new(place, start));
        self.lay(number, index, Some(lease), offset);
    }

    /// Finds a visit in the list of a number that it had.
    fn index_of(&self, number: Name, visit: u32) -> usize {
        let mut all = self.leased(number).iter();
        all.rposition(|known| *known == visit).unwrap_or(0)
    }

    /// Finds the place of a lease in the list of its number: by its start and the id of its visit.
    fn index_for(&self, number: Name, start: i64, visit: u32) -> usize {
        let all = self.leased(number);
        let is_before = |known: &u32| {
            let ids = || self.visits.order(*known, visit);
            self.start(*known).cmp(&start).then_with(ids).is_lt()
        };
        match all.last() {
            Some(last) if !is_before(last) => all.partition_point(is_before),
            _ => all.len(),
        }
    }

    /// Lists the visits that had a number, in the order of their leases.
    pub(crate) fn leased(&self, number: Name) -> &[u32] {
        self.numbers.get(number).map_or(&[], |slot| &slot.leases)
    }

    /// Counts the leases of a number that began until `at`.
    pub(crate) fn begun(&self, number: Name, at: i64) -> usize {
        self.leased(number)
            .partition_point(|visit| self.start(*visit) <= at)
    }

    fn start(&self, visit: u32) -> i64 {
        self.visits.core(visit).begins_lease()
    }

    /// Computes the leases of a number anew which a change of the one at `index` can change: from the last before it on that
    /// holds something. Marks what that changes; `laid` is that one as it lay, if its visit changed.
    pub(crate) fn lay(&mut self, number: Name, index: usize, laid: Option<Lease>, offset: u64) {
        let slot = self.numbers.get_mut(number);
        let all = mem::take(&mut slot.leases);
        let mut begun = all[..index.min(all.len())].iter();
        let holds = |visit: &u32| self.lease(*visit).is_some_and(|lease| lease.holds());
        let reached = begun.rposition(holds);
        let reached = &all[reached.unwrap_or(0)..];
        let leases = reached.iter().filter_map(|visit| self.lease(*visit));
        let mut leases: Vec<Lease> = leases.collect();
        let mut before = leases.clone();
        if let Some(laid) = laid {
            for lease in before.iter_mut().filter(|lease| lease.visit == laid.visit) {
                *lease = laid;
            }
        }
        let slot = self.numbers.get_mut(number);
        let evidence = Evidence {
            visits: &self.visits,
            calls: &self.calls,
            on_number: &slot.calls,
        };
        leases::lay(&mut leases, &evidence);
        slot.last = leases.iter().rfind(|lease| lease.holds()).copied();
        slot.leases = all;
        for (before, after) in before.iter().zip(&leases) {
            self.numbers.keep(after, &self.visits.core(after.visit));
            if before != after {
                self.doubled += usize::from(after.doubled);
                self.doubled -= usize::from(before.doubled);
                self.note(Item::Visit(after.visit), offset);
                self.mark_number(number, before.end.min(after.end), offset);
            }
        }
        self.numbers.refresh(number);
    }

    /// Gives the lease of a visit, if it has one.
    pub(crate) fn lease(&self, place: u32) -> Option<Lease> {
        self.numbers.lease(place, &self.visits.core(place))
    }
}
