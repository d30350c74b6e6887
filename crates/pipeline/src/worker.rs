//! A fold worker: one thread, the only writer of its accounts.
//!
//! Work comes in one bounded queue, in journal order, so whoever asks something of a worker after
//! a record was dispatched gets an answer that includes the record. While too many conversations
//! wait to be read back the fold is paused: what comes is kept aside, in order, and only questions
//! are answered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, never, select};
use hashbrown::HashMap;
use tokio::sync::mpsc;
use trunkline_delivery::Handle as Delivery;
use trunkline_journal::{Appended, Batch};
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_rollup::account::Seeing;
use trunkline_rollup::{Config, Counts, Position, Told};
use trunkline_warehouse::writer::Batch as Rows;
use xxhash_rust::xxh3::xxh3_64;

use crate::checkpoint::{Round, Sections};
use crate::handle::{Reply, Token, TokenWork};
use crate::ledger::Ledger;
use crate::quarantine::{Quarantine, Quarantined};
use crate::read_back::{Answer, Question};
use crate::record::{self, Record};
use crate::shelf::Shelves;
use crate::tracked::Tracked;

mod cold;
mod horizon;
pub(crate) mod news;
mod work;

use work::Next;
pub(crate) use work::{Census, Gathering, Pools, Work};

/// Gives the worker of an account; recomputed at each start, so workers may come and go.
pub(crate) fn worker_of(account: &str, workers: usize) -> usize {
    (xxh3_64(account.as_bytes()) % workers.max(1) as u64) as usize
}

/// Events of a replay that are observed together.
const GROUP: usize = 32;
/// Conversations of a worker that may wait to be read back before the fold pauses.
const PARKED: usize = 10_000;

/// An event read back from the journal.
struct Replayed<'b> {
    account: &'b str,
    origin: &'b str,
    event: Event<'b>,
    at: Position,
}

/// The state of a worker.
pub(crate) struct Worker {
    pub(crate) number: usize,
    pub(crate) workers: usize,
    pub(crate) accounts: HashMap<String, Tracked>,
    pub(crate) config: Config,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) quarantine: Arc<Quarantine>,
    /// One past the last record observed here.
    pub(crate) next: u64,
    pub(crate) round: Option<Round>,
    pub(crate) questions: mpsc::Sender<Question>,
    pub(crate) answers: Receiver<Answer>,
    /// How long after its last arrival a conversation keeps its timeline, in milliseconds.
    pub(crate) horizon: i64,
    /// Where calls go cold.
    pub(crate) shelves: Shelves,
    /// Accounts in which retractions are still to be carried out in cold calls.
    pub(crate) sweeping: Vec<Arc<str>>,
    /// A shelf cannot be read: the state is not to be relied on.
    pub(crate) is_torn: bool,
    /// How much waits to be read back, of the accounts of which anything does.
    pub(crate) parked: HashMap<Arc<str>, usize>,
    /// What came while the fold was paused, and how much, for others to see.
    pub(crate) aside: VecDeque<Work>,
    pub(crate) is_behind: Arc<AtomicUsize>,
    /// Nothing is read back any more.
    pub(crate) is_ending: bool,
    /// What becomes of events goes into the sums: the journal is read.
    pub(crate) is_counting: bool,
    /// The arrival of the newest record.
    pub(crate) newest: Time,
    pub(crate) shrunk_early: u64,
    /// The length of cells, as the flush was told.
    pub(crate) told: HashMap<Arc<str>, u8>,
    /// Who is told of calls that changed.
    pub(crate) delivery: Option<Delivery>,
    /// Accounts of the batch that is replayed, to be told of at its end.
    pub(crate) replayed: Vec<Arc<str>>,
}

impl Worker {
    /// Works until it is dismissed, or its state is not to be relied on.
    pub(crate) fn run(mut self, queue: &Receiver<Work>) {
        while let Some(work) = self.next(queue) {
            match work {
                Next::Work(Work::Dismiss) => return,
                Next::Work(work) if self.is_paused() && work.waits() => self.keep_aside(work),
                Next::Work(work) => self.work(work),
                Next::Answer(answer) => self.go_on(answer),
                Next::Sweep => {}
            }
            self.sweep();
            if self.is_torn {
                return;
            }
            self.ask();
        }
    }

    /// Gives what is to be done next; none if nobody can ask for anything any more.
    fn next(&mut self, queue: &Receiver<Work>) -> Option<Next> {
        if !self.is_paused()
            && let Some(work) = self.aside.pop_front()
        {
            self.is_behind.store(self.aside.len(), Ordering::Relaxed);
            return Some(Next::Work(work));
        }
        select! {
            recv(self.answers) -> answer => if let Ok(answer) = answer {
                Some(Next::Answer(answer))
            } else {
                // Nobody reads back any more: the process is ending, and must not wait for it.
                (self.answers, self.is_ending) = (never(), true);
                self.next(queue)
            },
            recv(queue) -> work => work.ok().map(Next::Work),
            default(self.idle()) => Some(Next::Sweep),
        }
    }

    /// Counts from here on what becomes of events; gives what became of those before, and how many
    /// are parked.
    fn begin(&mut self) -> (Counts, u64) {
        self.is_counting = true;
        let mut counts = Counts::default();
        let mut parked = 0;
        for account in self.accounts.values() {
            counts += account.counts();
            parked += account.parked_events();
        }
        (counts, parked)
    }

    fn keep_aside(&mut self, work: Work) {
        self.aside.push_back(work);
        self.is_behind.store(self.aside.len(), Ordering::Relaxed);
    }

    fn is_paused(&self) -> bool {
        !self.is_ending && self.parked.values().sum::<usize>() > PARKED
    }

    fn work(&mut self, work: Work) {
        match work {
            Work::Commit {
                received_at,
                appends,
            } => {
                self.newest = received_at;
                for append in appends {
                    self.commit(received_at, append);
                    if self.is_torn {
                        return;
                    }
                }
            }
            Work::Replay(batch) => self.replay(&batch),
            Work::Gather {
                below,
                generation,
                limit,
                reply,
            } => {
                let gathering = self.gather(below, generation, limit);
                // Nobody waits for the answer any more only when the process is ending.
                if !self.is_torn {
                    let _ = reply.send(gathering);
                }
            }
            Work::Rewind(offset, reply) => {
                let _ = reply.send(self.rewind(offset));
            }
            Work::Shrink { flushed } => self.shrink(flushed),
            Work::Checkpoint {
                begin,
                below,
                reply,
            } => {
                let _ = reply.send(self.checkpoint(begin, below));
            }
            Work::Fresh(reply) => {
                let _ = reply.send(self.fresh());
            }
            Work::Census(reply) => {
                let _ = reply.send(self.census());
            }
            Work::Begin(reply) => {
                let _ = reply.send(self.begin());
            }
            // What is shown would not be as new as it says, and what is kept aside may have taken any number.
            Work::Show { .. } | Work::Visit { .. } if !self.aside.is_empty() => {}
            Work::Show { live, as_of, reply } => {
                self.show(&live, as_of);
                let _ = reply.send(());
            }
            Work::Visit { account, asked } => {
                self.account(&account).asked(asked);
                self.note_cold(&account);
            }
            Work::Dismiss => {}
        }
    }

    fn account(&mut self, id: &str) -> &mut Tracked {
        let config = self.config;
        self.accounts
            .entry_ref(id)
            .or_insert_with(|| Tracked::new(Arc::from(id), config))
    }

    fn commit(&mut self, received_at: Time, append: Appended<Token>) {
        let Token {
            work,
            reply,
            permit,
            ..
        } = append.token;
        let first = append.first_offset;
        let before = self.account(work.account()).counts();
        let mut last_offset = first;
        match &work {
            TokenWork::Events(submission) => {
                let told: Vec<Told<'_>> = (first..)
                    .zip(submission.events.items())
                    .map(|(offset, item)| Told {
                        event: &item.event,
                        origin: &submission.origin,
                        at: Position {
                            offset,
                            received_at,
                        },
                    })
                    .collect();
                let news = self.news_from(&submission.account);
                self.account(&submission.account).observe_all(&told, news);
                last_offset += (told.len() as u64).saturating_sub(1);
            }
            TokenWork::Settings { account, rules } => {
                let at = Position {
                    offset: first,
                    received_at,
                };
                self.account(account).settings(rules.clone(), at);
            }
        }
        self.next = last_offset + 1;
        self.tell_news(work.account());
        self.note_parked(work.account());
        if self.is_torn {
            // It is durable; what became of it nobody knows before the next start.
            return;
        }
        let outcomes = self.account(work.account()).counts() - before;
        self.ledger.settle(&outcomes);
        drop(permit);
        if let Some(reply) = reply {
            // Some may be parked: what becomes of them is not known yet.
            let observed = outcomes.total() >= work.events();
            // The sender may have gone away: its events are in the figures all the same.
            let _ = reply.send(if observed {
                Reply::Observed {
                    outcomes,
                    last_offset,
                }
            } else {
                Reply::Durable { last_offset }
            });
        }
    }

    fn replay(&mut self, batch: &Batch) {
        let received_at = Time(batch.received_at);
        self.newest = received_at;
        let mut group = Vec::with_capacity(GROUP);
        // Neighbours are as a rule of one account; a record without a readable one is counted with
        // the account that has no name.
        let (mut last, mut owner) = (None, 0);
        for (offset, bytes) in (batch.first_offset..).zip(batch.records()) {
            let account = record::account_bytes(bytes);
            if account != last || last.is_none() {
                let account_id = record::account(bytes).unwrap_or_default();
                owner = worker_of(account_id, self.workers);
                last = account;
                self.observe_group(&mut group);
            }
            if owner == self.number {
                self.replay_record(
                    &mut group,
                    bytes,
                    Position {
                        offset,
                        received_at,
                    },
                );
                self.next = offset + 1;
            }
        }
        self.observe_group(&mut group);
        self.tell_replayed();
    }

    /// Reads a record; an event joins the group of events before it.
    fn replay_record<'b>(&mut self, group: &mut Vec<Replayed<'b>>, bytes: &'b [u8], at: Position) {
        let reason = match record::read(bytes) {
            Ok(Record::Event {
                account,
                origin,
                raw,
                ..
            }) => match Event::parse(raw) {
                Ok(event) => {
                    group.push(Replayed {
                        account,
                        origin,
                        event,
                        at,
                    });
                    if group.len() == GROUP {
                        self.observe_group(group);
                    }
                    return;
                }
                Err(refusal) => refusal.to_string(),
            },
            // How far a stream is: no event, and known before (`crate::streams`).
            // So is what a provider sent: its events stand before it.
            Ok(Record::Mark { .. } | Record::Webhook { .. }) => return,
            Ok(Record::Settings { account, json }) => match serde_json::from_str(json) {
                Ok(rules) => {
                    self.observe_group(group);
                    self.account(account).settings(rules, at);
                    self.note_replayed(account);
                    return self.note_parked(account);
                }
                Err(error) => error.to_string(),
            },
            Err(unreadable) => unreadable.to_string(),
        };
        self.set_aside(record::account(bytes), reason, at);
    }

    /// Observes a group of events of one account.
    fn observe_group(&mut self, group: &mut Vec<Replayed<'_>>) {
        let Some(first) = group.first() else { return };
        let told: Vec<Told<'_>> = group
            .iter()
            .map(|replayed| Told {
                event: &replayed.event,
                origin: replayed.origin,
                at: replayed.at,
            })
            .collect();
        let news = self.news_from(first.account);
        self.account(first.account).observe_all(&told, news);
        self.note_replayed(first.account);
        self.note_parked(first.account);
        group.clear();
    }

    /// Counts and lists a record that cannot be observed; it stays in the journal.
    fn set_aside(&mut self, account: Option<&str>, reason: String, at: Position) {
        self.account(account.unwrap_or_default()).quarantine(at);
        self.quarantine.add(Quarantined {
            offset: at.offset,
            received_at: at.received_at,
            account: account.map(str::to_owned),
            reason,
        });
    }

    fn gather(&mut self, below: u64, generation: u64, limit: usize) -> Gathering {
        let mut rows = Rows::default();
        // The account that has waited longest comes first, so that a busy one starves nobody.
        let accounts = self.accounts.values_mut();
        let waiting = accounts.filter_map(|account| Some((account.oldest_dirty()?, account)));
        let mut waiting: Vec<_> = waiting.collect();
        waiting.sort_by_key(|(oldest, _)| *oldest);
        let mut left = limit;
        for (_, account) in waiting {
            left = left.saturating_sub(account.gather(generation, left, &mut rows));
        }
        self.look_for_tears();
        self.tell_late_news();
        let mut minutes = Vec::new();
        for account in self.accounts.values_mut() {
            // `below` is never less than before, and no record had more when it was written.
            account.gather_cells(generation << 48 | below, &mut rows);
            let told = (Arc::clone(account.id()), account.cell_minutes());
            if self.told.get(&told.0) != Some(&told.1) {
                self.told.insert(Arc::clone(&told.0), told.1);
                minutes.push(told);
            }
        }
        let accounts = self.accounts.values_mut();
        let oldest = accounts.filter_map(Tracked::oldest_dirty).min();
        let aside = self.aside.iter().find_map(Work::first_offset);
        let through = oldest.into_iter().chain(aside).fold(below, u64::min);
        Gathering {
            rows,
            through,
            left: self
                .accounts
                .values_mut()
                .any(|account| account.dirty() > 0),
            minutes,
        }
    }

    fn checkpoint(&mut self, begin: bool, below: u64) -> Sections {
        if !(self.aside.is_empty() && self.parked.is_empty() && self.sweeping.is_empty()) {
            self.round = None;
            return Sections {
                parked: true,
                ..Sections::default()
            };
        }
        let taken = self.next.max(below);
        if begin {
            for account in self.accounts.values_mut() {
                account.forget_files();
                account.tracking().begin_checkpoint();
            }
            self.round = Some(Round::new(
                self.accounts
                    .values()
                    .map(|account| Arc::clone(account.id()))
                    .collect(),
            ));
        }
        match self.round.as_mut() {
            Some(round) => round.step(&mut self.accounts, taken),
            None => Sections::default(),
        }
    }

    fn fresh(&mut self) -> Vec<(Arc<str>, Vec<Seeing>)> {
        let accounts = self.accounts.values_mut();
        accounts
            .map(|account| (Arc::clone(account.id()), account.take_fresh()))
            .collect()
    }

    fn census(&mut self) -> Census {
        let mut census = Census {
            shrunk_early: self.shrunk_early,
            parked: self.parked.values().sum(),
            aside: self.aside.len(),
            behind: self.aside.iter().find_map(Work::first_offset),
            ..Census::default()
        };
        for account in self.accounts.values_mut() {
            let id = Arc::clone(account.id());
            census.counts += account.counts();
            let (held, shrunk) = account.conversations();
            census.conversations += held;
            census.shrunk += shrunk;
            let (held, cold) = account.calls();
            census.calls += held;
            census.cold_calls += cold;
            let (held, cold) = account.entities();
            census.entities += held;
            census.cold_entities += cold;
            let tracked = account.tracking().counts();
            census.visits += tracked.visits - tracked.cold_visits;
            census.cold_visits += tracked.cold_visits;
            census.remembered += account.remembered();
            census.dirty += account.dirty();
            census.beyond_cap += account.beyond_cap();
            census.pools += account.pools(self.newest);
            census.waiting.extend(account.waiting_blocks());
            if let Some(rules) = account.rules() {
                census.rules.insert(id, rules.clone());
            }
        }
        census
    }
}
