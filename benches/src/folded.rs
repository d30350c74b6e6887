//! What the measurements of the fold alone share: an account as a worker holds it, events made from
//! a seed and parsed before the clock runs, and what is done with rows that nobody wants.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_rollup::cells::SETS;
use trunkline_rollup::facts::{ChangeFact, ConversationFact, MessageFact, Rows};
use trunkline_rollup::{Account, Config, Position, Told};

use crate::cpu;

/// Events of one request.
pub(crate) const BATCH: usize = 500;
/// Environment of a process whose memory is looked at: its allocator gives back what is freed.
pub(crate) const GIVE_BACK: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "0");
const WINDOW_MS: i64 = 7 * 24 * 3_600_000;

/// Makes the state of an account of which nothing is known.
pub(crate) fn account(id: &str) -> Account {
    let config = Config {
        window: WINDOW_MS,
        seed: 7,
    };
    Account::new(Arc::from(id), config)
}

/// Makes an account that counts nothing into cells, which the product has no switch for: its
/// checkpoint says that it has the cells of all records already.
pub(crate) fn account_without_cells(id: &str) -> Account {
    let mut account = account(id);
    for set in 0..SETS {
        let cells = account.cells(set);
        account.restore_cells(set, cells, u64::MAX);
    }
    account
}

/// Lines of messages, each with the moment it happened and arrived.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    text: String,
    ends: Vec<(usize, Time)>,
}

impl Lines {
    /// Adds a line that `write` writes.
    pub(crate) fn push(&mut self, at: Time, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.ends.push((self.text.len(), at));
    }

    /// Forgets all lines and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Counts the lines.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Parses all lines.
    pub(crate) fn events(&self) -> Result<Vec<(Event<'_>, Time)>> {
        let mut start = 0;
        let parse = |&(end, at): &(usize, Time)| {
            let line = &self.text[std::mem::replace(&mut start, end)..end];
            let event = Event::parse(line).map_err(|refusal| anyhow!("{line}: {refusal}"))?;
            Ok((event, at))
        };
        self.ends.iter().map(parse).collect()
    }
}

/// Parses lines that all happen to arrive at `now`.
pub(crate) fn parse(body: &[u8], now: Time) -> Result<Vec<(Event<'_>, Time)>> {
    let parse = |line| {
        let event = Event::parse(line).map_err(|refusal| anyhow!("{line}: {refusal}"))?;
        Ok((event, now))
    };
    str::from_utf8(body)?.lines().map(parse).collect()
}

/// Writes a message with numbers for ids.
pub(crate) fn write_message(
    to: &mut String,
    id: u64,
    at: Time,
    conversation: usize,
    manager: usize,
    answer: bool,
) {
    use std::fmt::Write;

    let author = if answer { "manager" } else { "contact" };
    // Writing to a string cannot fail.
    let _ = write!(
        to,
        "{{\"type\":\"message\",\"id\":\"{id}\",\"at\":{},\"channel\":\"whatsapp\",\
         \"conversation\":\"{conversation}\",\"contact\":\"{conversation}\",\
         \"author\":\"{author}\",\"manager\":\"m-{manager:05}\"}}",
        at.0
    );
}

/// Places events in the journal, one behind the other from `offset` on.
pub(crate) fn told<'a>(events: &'a [(Event<'a>, Time)], offset: u64) -> Vec<Told<'a>> {
    let place = |(offset, (event, received_at)): (u64, &'a (Event<'a>, Time))| Told {
        event,
        origin: "api",
        at: Position {
            offset,
            received_at: *received_at,
        },
    };
    (offset..).zip(events).map(place).collect()
}

/// Observes events request by request, and gives the CPU nanoseconds that took.
pub(crate) fn observe(account: &mut Account, told: &[Told<'_>]) -> u64 {
    let before = cpu::of_thread();
    for request in told.chunks(BATCH) {
        account.observe_all(request);
    }
    cpu::of_thread() - before
}

/// Does what the pipeline does beside observing, so that nothing piles up: all rows are gathered
/// and all marks taken.
pub(crate) fn settle(account: &mut Account) {
    account.gather(1, usize::MAX, &mut Nobody);
    drop(account.take_fresh());
}

/// Gives the memory this process holds, in bytes.
pub(crate) fn held() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("no VmRSS")?.parse::<u64>()? << 10)
}

/// Takes rows and forgets them.
pub(crate) struct Nobody;

impl Rows for Nobody {
    fn message(&mut self, fact: &MessageFact<'_>) {
        std::hint::black_box(fact);
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        std::hint::black_box(fact);
    }

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        std::hint::black_box(fact);
    }
}
