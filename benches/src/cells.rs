//! P9: what cells cost: memory of one manager's cell with so many answers, and their share of the
//! fold's CPU time.
//!
//! The same messages are folded twice, as always and by an account that counts nothing into cells.
//! What the first takes more is the cells'. Memory is what the kernel says of fresh processes, with
//! as many answers in all whatever a cell has; time is that of the workload.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use trunkline_model::time::Time;

use crate::args::Args;
use crate::folded::{
    BATCH, GIVE_BACK, Lines, account, account_without_cells, held, observe, parse, settle, told,
    write_message,
};
use crate::spread::Spread;
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 9;
/// Answers in all, and of one cell.
const ANSWERS: usize = 500_000;
const OF_A_CELL: [usize; 3] = [10, 100, 200];
/// The most managers; with few answers each has cells of several hours.
const MANAGERS: usize = 5_000;
/// Conversations of a cell, so that its answers are first ones and later ones.
const CONVERSATIONS: usize = 5;
const START: Time = Time(1_767_225_600_000);
const HOUR_MS: i64 = 3_600_000;
const NOW: Time = Time(1_767_300_000_000);
/// Processes with cells and without, for each size.
const PAIRS: usize = 3;

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    for answers in OF_A_CELL {
        let mut bytes = Vec::new();
        for _ in 0..PAIRS {
            let [without, with] = ["none", "cells"].map(|how| in_a_process(how, answers));
            bytes.push((with? - without?) / (ANSWERS / answers) as f64);
        }
        let mark = if answers == 100 {
            Mark::AtMost(1024.0)
        } else {
            Mark::None
        };
        table.figure(
            &format!("P9 memory of a cell with {answers} answers, bytes"),
            Spread::of(bytes),
            mark,
        );
    }
    let workload = Workload::generate((args.events / args.rounds).max(1), SEED);
    let body: Vec<u8> = workload.lines().flatten().copied().collect();
    let events = parse(&body, NOW)?;
    let told = told(&events, 0);
    let mut rounds = Vec::new();
    for number in 0..=args.rounds {
        let costs = [account_without_cells, account].map(|make| {
            let took = observe(&mut make("acme"), &told);
            took as f64 / told.len() as f64
        });
        // The first warms up.
        if number > 0 {
            rounds.push(costs);
        }
    }
    table.compare(
        "P9 fold without cells, with, ns/event; their share, %",
        [0, 1].map(|which| Spread::of(rounds.iter().map(|round| round[which]))),
        Spread::of(
            rounds
                .iter()
                .map(|[without, with]| 100.0 * (1.0 - without / with)),
        ),
        Mark::AtMost(10.0),
    );
    Ok(())
}

fn in_a_process(how: &str, answers: usize) -> Result<f64> {
    let output = Command::new(std::env::current_exe()?)
        .args(["fold", how, &answers.to_string()])
        .envs([GIVE_BACK])
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "folding failed: {}", output.status);
    let said = String::from_utf8(output.stdout)?;
    said.trim().parse().context("no number of bytes")
}

/// Folds the messages in this process and prints the bytes that the account then holds.
#[expect(clippy::print_stdout, reason = "another process reads it")]
pub(crate) fn fold(cells: bool, answers: usize) -> Result<()> {
    let mut account = if cells {
        account("acme")
    } else {
        account_without_cells("acme")
    };
    let mut lines = Lines::default();
    let before = held()?;
    for (hour, cells) in hours(answers).into_iter().enumerate() {
        let messages = 2 * answers * cells;
        let mut done = 0;
        while done < messages {
            fill(&mut lines, hour, cells, done..messages.min(done + BATCH));
            let events = lines.events()?;
            let offset = (hour * 2 * ANSWERS + done) as u64;
            observe(&mut account, &told(&events, offset));
            done += events.len();
            settle(&mut account);
        }
    }
    println!("{}", held()?.saturating_sub(before));
    // The account is not taken apart: that would only take time.
    std::process::exit(0)
}

/// Gives how many cells there are in each hour.
fn hours(answers: usize) -> Vec<usize> {
    let cells = ANSWERS / answers;
    (0..cells)
        .step_by(MANAGERS)
        .map(|first| MANAGERS.min(cells - first))
        .collect()
}

/// Writes messages of an hour: one after the other each manager hears from a contact and, when all
/// have, answers.
fn fill(lines: &mut Lines, hour: usize, managers: usize, numbers: std::ops::Range<usize>) {
    lines.clear();
    for number in numbers {
        let (manager, turn) = (number % managers, number / managers);
        let place = hour * CONVERSATIONS + turn / 2 % CONVERSATIONS;
        let conversation = manager + MANAGERS * place;
        // A second between two turns.
        let at = Time(START.0 + hour as i64 * HOUR_MS + 1_000 * turn as i64);
        let id = (hour * 2 * ANSWERS + number) as u64;
        lines.push(at, |to| {
            write_message(to, id, at, conversation, manager, turn % 2 == 1);
        });
    }
}
