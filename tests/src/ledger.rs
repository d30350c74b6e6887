//! What a fault test found, on one line that is always seen; and what could not be run here.
//!
//! The lines go straight to standard output: the test runner keeps back only what `println!`
//! writes.

use std::fmt::{Display, Formatter};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::facts::Facts;
use crate::load::Sent;
use crate::reference::Reference;
use crate::scrape::Sums;
use crate::service::Service;
use crate::views::Views;

/// Writes a line that is seen whether or not the test passes.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says that a part of the tests cannot run here and counts it; with `TRUNKLINE_FAULTS_ALL` set
/// that is a failure.
#[track_caller]
pub fn not_run(what: &str, why: &str) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
    say(&format!("NOT RUN ({count} so far): {what}: {why}"));
    assert!(
        std::env::var_os("TRUNKLINE_FAULTS_ALL").is_none(),
        "{what} cannot run here: {why}"
    );
}

/// How long a fault goes on: so many seconds in `make test`, more with `TRUNKLINE_FAULT_SECONDS`.
pub fn seconds(short: u64) -> u64 {
    let given = std::env::var("TRUNKLINE_FAULT_SECONDS").ok();
    given.and_then(|text| text.parse().ok()).unwrap_or(short)
}

/// The figures of one fault.
#[derive(Debug)]
pub struct Ledger {
    name: &'static str,
    sent: u64,
    acknowledged: u64,
    unique: u64,
    sums: Sums,
    facts: Facts,
    more: String,
}

impl Ledger {
    /// Waits until ClickHouse has everything and compares every row of account `acme` with the
    /// reference of what was sent.
    #[track_caller]
    pub fn draw(name: &'static str, service: &Service, views: &Views, sent: &Sent) -> Self {
        service.wait_for_warehouse();
        let door = service.door("acme");
        door.flush();
        let facts = Facts::compare(views, "acme", &Reference::of(&sent.events));
        Self {
            name,
            sent: sent.sent,
            acknowledged: sent.acknowledged,
            unique: sent.events.len() as u64,
            sums: door.metrics().sums(),
            facts,
            more: String::new(),
        }
    }

    /// Adds figures of the fault's own.
    #[must_use]
    pub fn with(mut self, more: impl Display) -> Self {
        self.more = format!("; {more}");
        self
    }

    /// Prints the line, and asserts that nothing is lost, doubled or wrong, and that each event is
    /// in the figures once.
    #[track_caller]
    pub fn close(&self) {
        say(&self.to_string());
        let Self { sums, .. } = self;
        assert!(self.facts.are_exact(), "{}", self.facts.first_differences());
        assert!(self.unique > 0, "nothing was sent");
        assert_eq!(sums.observed, self.unique, "{sums:?}");
        assert_eq!((sums.quarantined, sums.pending), (0, 0), "{sums:?}");
        assert!(sums.balance(), "{sums:?}");
    }
}

impl Display for Ledger {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            name,
            sent,
            acknowledged,
            unique,
            sums,
            facts,
            more,
        } = self;
        let [lost, doubled, wrong] = facts.differences();
        write!(
            f,
            "{name}: sent {sent}, acknowledged {acknowledged}, unique {unique}, in journal {}, \
             observed {}, duplicate {}, conflict {}, in ClickHouse {} of {} rows; lost {lost}, \
             doubled {doubled}, wrong {wrong}{more}",
            sums.appended,
            sums.observed,
            sums.duplicate,
            sums.conflict,
            facts.found(),
            facts.expected(),
        )
    }
}
