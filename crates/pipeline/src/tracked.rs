//! An account's state as its worker has it: the fold, and beside it call tracking, which is told of what the
//! fold observed.
//!
//! Call tracking hears visits and links from events, and calls as they come out of all their phases. What it is told
//! again changes nothing, so it needs no memory of its own for duplicates, and what a checkpoint has
//! too is only read twice.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use compact_str::CompactString;
use trunkline_calltracking::{
    Ask, Attribution, Decision as Decided, Position as Place, Tracking, TrackingRows,
};
use trunkline_delivery::Call;
use trunkline_model::settings::FoldRules;
use trunkline_model::shelf::Torn;
use trunkline_model::time::Time;
use trunkline_rollup::facts::Rows;
use trunkline_rollup::{Account, Config, Outcome, Position, Told};

mod changed;
mod links;
mod tapped;

use changed::Changed;
pub(crate) use changed::News;
use links::Heard;
use tapped::Tapped;

use crate::live::Writing;
use crate::shelf::{Of, Shelf};
use crate::visits::{Asked, Decision, Sign, Signed, VisitAsk};
use crate::worker::Pools;

/// The state of one account.
pub(crate) struct Tracked {
    fold: Account,
    tracking: Tracking,
    /// Calls that outgoing webhooks are to be told of, and the records that changed them last.
    news: Vec<(News, u64)>,
    /// Visits on a number that another visit lived on, as was logged.
    doubled: usize,
}

/// What is called on the account and not here is the fold's own.
impl Deref for Tracked {
    type Target = Account;

    fn deref(&self) -> &Account {
        &self.fold
    }
}

impl DerefMut for Tracked {
    fn deref_mut(&mut self) -> &mut Account {
        &mut self.fold
    }
}

impl Tracked {
    /// Makes the state of an account of which nothing is known.
    pub(crate) fn new(id: Arc<str>, config: Config) -> Self {
        Self {
            tracking: Tracking::new(Arc::clone(&id), config.seed),
            fold: Account::new(id, config),
            news: Vec::new(),
            doubled: 0,
        }
    }

    /// Gives call tracking's own state.
    pub(crate) fn tracking(&mut self) -> &mut Tracking {
        &mut self.tracking
    }

    /// Gives why a shelf cannot be read, once one could not: nothing of this account is to be relied on then.
    pub(crate) fn torn(&self) -> Option<&Torn> {
        self.fold.torn().or_else(|| self.tracking.torn())
    }

    /// Takes a shelf. Fails if something that is cold cannot be there.
    pub(crate) fn put_shelf(&mut self, of: Of, shelf: Shelf) -> Result<(), Torn> {
        let shelf = Box::new(shelf);
        match of {
            Of::Calls => self.fold.shelve(shelf),
            Of::Visits => self.tracking.shelve(shelf),
            Of::Entities => self.fold.shelve_entities(shelf),
        }
    }

    /// Lists its shelves that are missing though there is something for them.
    pub(crate) fn without_shelf(&mut self) -> impl Iterator<Item = Of> + use<> {
        let calls = self.fold.calls().0 > 0 && self.fold.shelf::<Shelf>().is_none();
        let entities =
            self.fold.entities().0 > 0 && self.fold.shelf_of_entities::<Shelf>().is_none();
        let visits = self.tracking.counts().visits > 0 && self.tracking.shelf::<Shelf>().is_none();
        let all = [
            (Of::Calls, calls),
            (Of::Visits, visits),
            (Of::Entities, entities),
        ];
        all.into_iter()
            .filter_map(|(of, lacks)| lacks.then_some(of))
    }

    /// Forgets the files of its shelves of which nothing is needed, at the beginning of a checkpoint.
    pub(crate) fn forget_files(&mut self) {
        self.fold.shelf_mut::<Shelf>().map(Shelf::forget_files);
        self.fold
            .shelf_of_entities_mut::<Shelf>()
            .map(Shelf::forget_files);
        self.tracking.shelf_mut::<Shelf>().map(Shelf::forget_files);
    }

    /// Observes events in their order; calls that records from `news` on changed are kept to be told of.
    pub(crate) fn observe_all(&mut self, told: &[Told<'_>], news: Option<u64>) {
        let Self { fold, tracking, .. } = self;
        let country = fold.rules().and_then(|rules| rules.country);
        let mut heard = Heard::default();
        fold.observe_each(told, |told, outcome| {
            if matches!(outcome, Outcome::Observed | Outcome::Parked) {
                heard.hear(tracking, told, country);
            }
        });
        heard.settle(tracking, fold);
        self.tell_calls(news);
    }

    /// Applies a change of settings, told by a record.
    pub(crate) fn settings(&mut self, rules: FoldRules, at: Position) {
        let was_used = self.tracking.is_used();
        self.tracking.settings(rules.tracking.clone(), place(at));
        self.fold.settings(rules, at);
        if !was_used && self.tracking.is_used() {
            self.fold.tell_all_calls(at.offset);
        }
        self.tell_calls(None);
    }

    /// Takes the calls that outgoing webhooks are to be told of, and the records that changed them last.
    pub(crate) fn take_news(&mut self) -> Vec<(News, u64)> {
        mem::take(&mut self.news)
    }

    /// Has calls that began at `from` or later noted whenever what brought them is found anew; none without it.
    pub(crate) fn watch(&mut self, from: Option<Time>) {
        self.tracking.watch(from);
    }

    /// Takes those that records from `offset` on may have changed, each with the last such record.
    pub(crate) fn take_settled(&mut self, offset: u64) -> Vec<(CompactString, u64)> {
        self.tracking.take_settled(offset)
    }

    /// Gives a call in the form in which it is told, without what brought it; none if it is not known or gone.
    pub(crate) fn told_as(&mut self, call: &str) -> Option<Call> {
        let mut changed = Changed::default();
        self.fold.tell_call(call, &mut changed);
        changed.told()
    }

    /// Gives a call of which everything was taken back as it was, in the form in which it was told; none if it is not
    /// known.
    pub(crate) fn told_before(&mut self, call: &str) -> Option<Call> {
        let mut changed = Changed::default();
        self.fold.tell_call_as_was(call, &mut changed);
        changed.told()
    }

    /// Gives what brought a call; none if it is not known, not from outside or not tracked.
    pub(crate) fn attribution(&mut self, call: &str) -> Option<Attribution> {
        self.tracking.attribution(call)
    }

    /// Tells call tracking, and who sends outgoing webhooks, of the calls that changed.
    fn tell_calls(&mut self, news: Option<u64>) {
        let is_used = self.tracking.is_used();
        let mut changed = Changed {
            is_used,
            news_from: news.unwrap_or(u64::MAX),
            ..Changed::default()
        };
        self.fold
            .tell_calls(is_used || news.is_some(), &mut changed);
        self.hear_calls(changed);
    }

    /// Goes on with what concerns all cold calls; those of which phases were taken back by records from
    /// `news` on are kept to be told of.
    pub(crate) fn sweep(&mut self, news: Option<u64>) {
        let mut changed = Changed {
            is_used: self.tracking.is_used(),
            news_from: u64::MAX,
            ..Changed::default()
        };
        self.fold.sweep(&mut changed);
        self.hear_calls(changed);
        self.tell_calls(news);
    }

    fn hear_calls(&mut self, mut changed: Changed) {
        self.news.append(&mut changed.news);
        for call in changed.calls {
            let contact = call.known.then(|| self.fold.contact_of_phone(&call.caller));
            call.tell(&mut self.tracking, contact.flatten().as_deref());
        }
    }

    /// Counts rows to gather.
    pub(crate) fn dirty(&mut self) -> usize {
        self.fold.dirty() + self.tracking.dirty()
    }

    /// Gives the offset below which all changes have been gathered, if rows are left to gather.
    pub(crate) fn oldest_dirty(&mut self) -> Option<u64> {
        let both = [self.fold.oldest_dirty(), self.tracking.oldest_dirty()];
        both.into_iter().flatten().min()
    }

    /// Shows changed rows until there were about `limit`; gives how many.
    pub(crate) fn gather(
        &mut self,
        generation: u64,
        limit: usize,
        rows: &mut (impl Rows + TrackingRows),
    ) -> usize {
        let mut tapped = Tapped::new(rows);
        let shown = self.fold.gather(generation, limit, &mut tapped);
        for known in tapped.known() {
            known.tell(&mut self.tracking);
        }
        let left = limit.saturating_sub(shown);
        shown + self.tracking.gather(generation, left, rows)
    }

    /// Makes all rows changed by records from `offset` on be gathered again.
    pub(crate) fn rewind(&mut self, offset: u64) {
        self.fold.rewind(offset);
        self.tracking.rewind(offset);
    }

    /// Answers what a page asks. Where nobody waits any more no number is held.
    pub(crate) fn asked(&mut self, asked: Asked) {
        match asked {
            Asked::Decide(_, reply) if reply.is_closed() => {}
            // Of a site that is not known here yet the page learns from its door.
            Asked::Decide(ask, reply) => {
                let decided = self.decide(&ask).filter(|_| self.torn().is_none());
                drop(decided.map(|it| reply.send(it)));
            }
            Asked::TakeBack(visit) => self.tracking.take_back(&visit),
            Asked::Sign {
                visit,
                sign,
                now,
                reply,
            } => {
                let signed = self.sign(&visit, sign, now);
                if self.torn().is_none() {
                    drop(reply.send(signed));
                }
            }
        }
    }

    fn decide(&mut self, ask: &VisitAsk) -> Option<Decision> {
        let own = Ask {
            site: &ask.site,
            visitor: &ask.visitor,
            new_visit: &ask.visit,
        };
        self.tracking.decide(ask.now, &own).map(Decision::from)
    }

    fn sign(&mut self, visit: &str, sign: Sign, now: Time) -> Option<Signed> {
        let decided = match sign {
            Sign::Page | Sign::Beat => self.tracking.sign(now, visit)?,
            Sign::End => self.tracking.end(now, visit)?,
        };
        let visitor = decided.visitor.clone();
        let mut decision = Decision::from(decided);
        if sign == Sign::End {
            decision.expires_at = now;
        }
        Some(Signed { visitor, decision })
    }

    /// Gives how pools stand at `now`; that two visits live on one number, which no rule allows, is logged.
    pub(crate) fn pools(&mut self, now: Time) -> Pools {
        let doubled = self.tracking.counts().doubled;
        if doubled > self.doubled {
            let account = &**self.fold.id();
            tracing::error!(account, doubled, "two live visits were given one number");
        }
        self.doubled = doubled;
        let mut all = Pools {
            doubled,
            ..Pools::default()
        };
        for pool in self.tracking.pools(now) {
            all.in_service += pool.in_service;
            all.leased += pool.leased;
            all.empty += usize::from(pool.in_service > 0 && pool.leased >= pool.in_service);
        }
        all
    }

    /// Tells what changed since the last time, what brought the calls that go on, and how pools stand.
    pub(crate) fn show_all(&mut self, view: &mut Writing<'_>, as_of: Time) {
        self.fold.show(view);
        view.brought(|call| self.tracking.attribution(call));
        view.pools(&self.tracking.pools(as_of));
    }
}

impl From<Decided> for Decision {
    fn from(decided: Decided) -> Self {
        Self {
            visit: decided.visit,
            number: decided.number,
            served: decided.served,
            expires_at: decided.expires_at,
        }
    }
}

const fn place(at: Position) -> Place {
    Place {
        offset: at.offset,
        received_at: at.received_at,
    }
}
