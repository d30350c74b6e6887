//! P8, P11, P15: an account that grows to very many conversations: how much memory each takes, how
//! long the longest pause of observing is, and what an event costs then against a small account.
//!
//! A process of its own makes messages, parses them and observes them in groups of 32, as a replay
//! does; only observing is timed. Rows are gathered and marks taken between the groups, as the
//! pipeline does; nobody looks at the live view, so what is to be shown piles up, as it would.
//!
//! Memory is what the kernel says the process holds. It is taken in a second process that grows a
//! fifth as far, whose allocator gives back at once what is freed, which costs time, and whose
//! account counts nothing into cells, for those are the managers' (P9).

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;
use trunkline_rollup::Account;
use trunkline_rollup::seen::{Mark as SeenMark, Seen};

use crate::args::Args;
use crate::clock;
use crate::cpu;
use crate::folded::{
    GIVE_BACK, Lines, Nobody, account, account_without_cells, held, observe, told, write_message,
};
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::{Chance, Zipf};

/// Conversations of the small account.
const SMALL: usize = 10_000;
const MANAGERS: usize = 10_000;
const GROUP: usize = 32;
/// Events between two times that rows are gathered and marks taken.
const SETTLE: usize = 1 << 17;
/// Rows gathered in one step.
const ROWS: usize = 10_000;
/// How many conversations later the manager answers, and the contact writes once more.
const LATER: [usize; 2] = [1_000, 5_000];
/// Messages of two conversations.
const OF_TWO: usize = 5;
/// Events of one comparison of costs.
const COMPARED: usize = 100_000;
const EXPONENT: f64 = 0.8;
const START: Time = Time(1_767_225_600_000);
const SPAN_MS: usize = 17 * 60_000;

/// What growing cost.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Growth {
    conversations: usize,
    events: u64,
    /// Memory of all, and of the ids that were seen alone.
    bytes: u64,
    seen_bytes: u64,
    pauses: Pauses,
    /// CPU nanoseconds an event of the small account and of this one, in turns.
    costs: Vec<[f64; 2]>,
}

/// The longest of all, in nanoseconds.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pauses {
    /// Observing a group, by the thread's CPU time and by the clock.
    observe_cpu: u64,
    observe_wall: u64,
    /// Gathering 10,000 rows, and taking the marks since the last time, by CPU time.
    gather: u64,
    marks: u64,
}

/// Measures once: it is one growth, and its longest pause is what counts.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let once = |figure: f64| Spread::of([figure]);
    let small = (args.conversations / 5).max(1);
    let memory = in_a_process(small, 0, &[GIVE_BACK])?;
    let each = |bytes: u64| once(bytes as f64 / small as f64);
    table.figure(
        "P8 an open conversation, 2.5 messages, bytes",
        each(memory.bytes.saturating_sub(memory.seen_bytes)),
        Mark::AtMost(240.0),
    );
    table.figure(
        "P8 the ids seen of its messages, bytes",
        each(memory.seen_bytes),
        Mark::None,
    );
    let growth = in_a_process(args.conversations, args.rounds, &[])?;
    let pauses = &growth.pauses;
    table.figure(
        "P11 longest observe of 32 events, CPU ms",
        once(pauses.observe_cpu as f64 / 1e6),
        Mark::AtMost(5.0),
    );
    table.figure(
        "P11 the same by the clock, ms",
        once(pauses.observe_wall as f64 / 1e6),
        Mark::None,
    );
    table.compare(
        "P15 small account, grown one; grown ÷ small, ns/event",
        [0, 1].map(|which| Spread::of(growth.costs.iter().map(|costs| costs[which]))),
        Spread::of(growth.costs.iter().map(|[small, grown]| grown / small)),
        Mark::AtMost(2.0),
    );
    table.note(format!(
        "grown to {} conversations by {} events in one account, {} MiB; the account's longest \
         other steps: {:.1} ms of CPU to gather {ROWS} message rows, {:.1} ms to hand over the \
         marks of {SETTLE} events",
        growth.conversations,
        growth.events,
        growth.bytes >> 20,
        pauses.gather as f64 / 1e6,
        pauses.marks as f64 / 1e6,
    ));
    Ok(())
}

fn in_a_process(
    conversations: usize,
    rounds: usize,
    environment: &[(&str, &str)],
) -> Result<Growth> {
    let output = Command::new(std::env::current_exe()?)
        .arg("grow")
        .args([conversations, rounds].map(|number| number.to_string()))
        .envs(environment.iter().copied())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "growing failed: {}", output.status);
    serde_json::from_slice(&output.stdout).context("could not read what growing cost")
}

/// Grows an account in this process and prints what it cost.
#[expect(clippy::print_stdout, reason = "another process reads it")]
pub(crate) fn grow(conversations: usize, rounds: usize) -> Result<()> {
    let mut growth = Growth {
        conversations,
        ..Growth::default()
    };
    let before = held()?;
    // Without comparisons it is for memory.
    let mut grown = Grown::new(match rounds {
        0 => account_without_cells("acme"),
        _ => account("acme"),
    });
    grown.grow(conversations, &mut growth.pauses)?;
    growth.events = grown.offset;
    growth.bytes = held()?.saturating_sub(before);
    growth.seen_bytes = seen_alone(growth.events)?;
    for round in 0..rounds {
        growth
            .costs
            .push(compare(&mut grown, conversations, round)?);
    }
    println!("{}", serde_json::to_string(&growth)?);
    // The account is not taken apart: that would only take time.
    std::process::exit(0)
}

/// An account, and how far its journal is.
struct Grown {
    account: Account,
    offset: u64,
    lines: Lines,
}

impl Grown {
    fn new(account: Account) -> Self {
        Self {
            account,
            offset: 0,
            lines: Lines::default(),
        }
    }

    /// Opens conversations one by one; each is answered, and every other one goes on.
    fn grow(&mut self, conversations: usize, pauses: &mut Pauses) -> Result<()> {
        for step in 0..conversations + LATER[1] {
            self.say(step, 0, conversations);
            if let Some(earlier) = step.checked_sub(LATER[0]) {
                self.say(earlier, 1, conversations);
            }
            if let Some(earlier) = step.checked_sub(LATER[1]).filter(|it| it % 2 == 0) {
                self.say(earlier, 2, conversations);
            }
            if self.lines.len() >= SETTLE {
                self.observe(pauses)?;
            }
        }
        self.observe(pauses)
    }

    /// Writes one of a conversation's messages, unless there are enough conversations.
    fn say(&mut self, conversation: usize, message: usize, conversations: usize) {
        if conversation >= conversations {
            return;
        }
        let step = conversation + [0, LATER[0], LATER[1]][message];
        let at = Time(START.0 + (step * SPAN_MS / (conversations + LATER[1])) as i64);
        let id = (conversation * OF_TWO + message) as u64;
        let (manager, answer) = (conversation % MANAGERS, message == 1);
        self.lines.push(at, |to| {
            write_message(to, id, at, conversation, manager, answer);
        });
    }

    fn observe(&mut self, pauses: &mut Pauses) -> Result<()> {
        let events = self.lines.events()?;
        let told = told(&events, self.offset);
        for group in told.chunks(GROUP) {
            let (wall, cpu) = (clock::now(), cpu::of_thread());
            self.account.observe_all(group);
            pauses.observe_cpu = pauses.observe_cpu.max(cpu::of_thread() - cpu);
            pauses.observe_wall = pauses.observe_wall.max(nanos(wall.elapsed()));
        }
        self.offset += told.len() as u64;
        drop(told);
        drop(events);
        self.lines.clear();
        while self.account.dirty() > 0 {
            let cpu = cpu::of_thread();
            self.account.gather(1, ROWS, &mut Nobody);
            pauses.gather = pauses.gather.max(cpu::of_thread() - cpu);
        }
        let cpu = cpu::of_thread();
        drop(self.account.take_fresh());
        pauses.marks = pauses.marks.max(cpu::of_thread() - cpu);
        Ok(())
    }

    /// Observes messages of conversations there are, and gives the CPU nanoseconds an event.
    fn cost(&mut self, conversations: usize, seed: u64) -> Result<f64> {
        let (zipf, mut chance) = (Zipf::new(conversations, EXPONENT), Chance::new(seed));
        let at = Time(START.0 + SPAN_MS as i64);
        for number in 0..COMPARED {
            // Spread over the account: the busy ones are not neighbours.
            let conversation = zipf.draw(&mut chance) * 7_919 % conversations;
            let id = (seed << 32) + number as u64;
            let answer = number % 5 > 2;
            self.lines.push(at, |to| {
                write_message(to, id, at, conversation, conversation % MANAGERS, answer);
            });
        }
        let events = self.lines.events()?;
        let took = observe(&mut self.account, &told(&events, self.offset));
        self.offset += events.len() as u64;
        drop(events);
        self.lines.clear();
        crate::folded::settle(&mut self.account);
        Ok(took as f64 / COMPARED as f64)
    }
}

/// Compares a fresh small account with the grown one.
fn compare(grown: &mut Grown, conversations: usize, round: usize) -> Result<[f64; 2]> {
    let mut small = Grown::new(account("acme"));
    small.grow(SMALL, &mut Pauses::default())?;
    let seed = 1_000_000 + round as u64;
    Ok([small.cost(SMALL, seed)?, grown.cost(conversations, seed)?])
}

/// Gives the memory that the set of seen ids takes by itself.
fn seen_alone(events: u64) -> Result<u64> {
    let before = held()?;
    let (mut seen, mut chance) = (Seen::new(i64::MAX), Chance::new(8));
    for _ in 0..events {
        let identity = u128::from(chance.next()) << 64 | u128::from(chance.next());
        let content = chance.next();
        seen.see(SeenMark { identity, content }, START);
    }
    let bytes = held()?.saturating_sub(before);
    ensure!(seen.len() as u64 == events, "ids were lost");
    Ok(bytes)
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
