//! The program `bench`: our own paths and their floors in one interleaved run, as a table of
//! ratios. README.md beside `src/` says what is measured and how to read it.

#![forbid(unsafe_code)]

mod ack;
mod args;
mod cells;
mod clock;
mod cpu;
mod crowd;
mod door;
mod floor;
mod floor_door;
mod floor_stream;
mod folded;
mod frames;
mod growth;
mod inserts;
mod lease;
mod ndjson;
mod own_stream;
mod peers;
mod replay;
mod ringing;
mod scaling;
mod served;
mod serving;
mod spread;
mod stream;
mod table;
mod unsynced;
mod visits;
mod webhooks;
mod workload;

use std::process::ExitCode;

use anyhow::Result;

use args::{Args, Command, Goal};
use table::Table;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[expect(clippy::print_stderr, reason = "this program speaks to a terminal")]
fn main() -> ExitCode {
    match args::parse(std::env::args().skip(1)).and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Help => {
            help();
            Ok(())
        }
        Command::Measure(args) => measure(&args),
        Command::Load { dir, events } => replay::load(&dir, events),
        Command::Replay { dir } => replay::life(&dir),
        Command::FloorDoor => floor_door::serve(),
        Command::FloorStream { coalesced } => floor_stream::serve(coalesced),
        Command::Grow {
            conversations,
            rounds,
        } => growth::grow(conversations, rounds),
        Command::Fold { cells, answers } => cells::fold(cells, answers),
        Command::OwnStream { dir, sync } => own_stream::serve(&dir, sync),
    }
}

#[expect(clippy::print_stdout, reason = "it was asked for")]
fn help() {
    println!("{}", args::USAGE);
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn measure(args: &Args) -> Result<()> {
    let mut table = Table::default();
    for goal in &args.goals {
        match goal {
            Goal::P1 => stream::measure(args, &mut table, &stream::SINGLE)?,
            Goal::P3 => stream::measure(args, &mut table, &stream::HUNDREDS)?,
            Goal::P4 => replay::measure(args, &mut table)?,
            Goal::P5 => peers::measure(args, &mut table)?,
            Goal::P6 => ack::measure(args, &mut table)?,
            Goal::P7 => unsynced::measure(args, &mut table)?,
            Goal::P9 => cells::measure(args, &mut table)?,
            Goal::P10 => inserts::measure(args, &mut table)?,
            Goal::P11 => growth::measure(args, &mut table)?,
            Goal::P12 => {
                ndjson::measure(args, &mut table)?;
                webhooks::measure(args, &mut table)?;
            }
            Goal::P13 => scaling::measure(args, &mut table)?,
            Goal::P14 => {
                lease::measure(args, &mut table)?;
                visits::measure(args, &mut table)?;
                ringing::measure(args, &mut table)?;
            }
        }
    }
    println!("{table}");
    Ok(())
}
