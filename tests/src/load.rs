//! Senders that go on while something is broken: generated conversations in disorder and partly
//! twice, each batch again and again until it is acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::{now, pause};
use crate::doors::{Door, Receipt};
use crate::events::Event;
use crate::generate::{conversation, disorder};

/// Conversations whose events are mixed.
const WINDOW: u64 = 12;
/// Conversations between the first ones of two senders.
const APART: u64 = 1_000_000;
/// The largest batch.
const BATCH: usize = 80;
const GIVES_UP_AFTER: Duration = Duration::from_mins(2);

/// What was sent, and what became of the requests.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// Every event once, in the order of the conversations.
    pub events: Vec<Event>,
    /// Events sent, repetitions included.
    pub sent: u64,
    /// Events of acknowledged batches.
    pub acknowledged: u64,
    /// Requests without an answer.
    pub unanswered: u64,
    /// Requests refused with 503.
    pub refused: u64,
    /// The longest that one acknowledged request took.
    pub slowest: Duration,
}

impl Sent {
    /// Takes another sender's part to this one.
    pub fn add(&mut self, other: Self) {
        self.events.extend(other.events);
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.unanswered += other.unanswered;
        self.refused += other.refused;
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// One sender.
#[derive(Debug)]
pub struct Sender {
    door: Door,
    seed: u64,
    next: u64,
    /// Milliseconds between two batches.
    pace: u64,
    /// What it sent so far.
    pub sent: Sent,
}

impl Sender {
    /// Makes a sender; those of one seed and different numbers send different conversations.
    pub fn new(door: Door, seed: u64, number: u64) -> Self {
        Self {
            door,
            seed,
            next: number * APART,
            pace: 10,
            sent: Sent::default(),
        }
    }

    /// Returns the events of the next window.
    pub fn next_window(&self) -> Vec<Event> {
        let range = self.next..self.next + WINDOW;
        range.flat_map(|it| conversation(self.seed, it)).collect()
    }

    /// Sends the next window of conversations until it is acknowledged.
    #[track_caller]
    pub fn window(&mut self) {
        let events = self.next_window();
        self.next += WINDOW;
        let mixed = disorder(&events, self.seed ^ self.next, 20);
        self.sent.events.extend(events);
        for batch in mixed.chunks(BATCH) {
            self.until_acknowledged(batch);
            pause(self.pace);
        }
    }

    /// Sends windows until told to stop; at least one.
    #[track_caller]
    pub fn windows_until(&mut self, stop: &AtomicBool) {
        loop {
            self.window();
            if stop.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Sends a batch until it is acknowledged; gives what became of it at last.
    #[track_caller]
    pub fn until_acknowledged(&mut self, batch: &[Event]) -> Receipt {
        let start = now();
        loop {
            self.sent.sent += batch.len() as u64;
            let asked = now();
            match self.door.try_send(batch) {
                Ok(answer) if answer.status == 202 => {
                    let receipt = Receipt::of(&answer);
                    let all = (batch.len() as u64, 0);
                    assert_eq!((receipt.items(), receipt.rejected), all, "{receipt:?}");
                    self.sent.acknowledged += batch.len() as u64;
                    self.sent.slowest = self.sent.slowest.max(asked.elapsed());
                    return receipt;
                }
                Ok(answer) => {
                    assert_eq!(answer.status, 503, "{}", answer.text());
                    self.sent.refused += 1;
                }
                Err(_) => self.sent.unanswered += 1,
            }
            assert!(
                start.elapsed() < GIVES_UP_AFTER,
                "no acknowledgement for two minutes"
            );
            pause(20);
        }
    }
}

/// Sends from two senders while `fault` does its work, and gives what was sent with what it gave.
#[track_caller]
pub fn under_load<T>(door: &Door, seed: u64, fault: impl FnOnce() -> T) -> (Sent, T) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let send = |number| {
            let mut sender = Sender::new(door.clone(), seed, number);
            let stop = &stop;
            scope.spawn(move || {
                sender.windows_until(stop);
                sender.sent
            })
        };
        let senders = [send(0), send(1)];
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(fault));
        stop.store(true, Ordering::Relaxed);
        let mut sent = Sent::default();
        for sender in senders {
            let part = sender.join();
            if done.is_ok() {
                sent.add(part.expect("a sender"));
            }
        }
        let done = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (sent, done)
    })
}
