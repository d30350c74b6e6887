//! The program `bench`: our own paths and their floors in one interleaved run, as a table of
//! ratios. README.md beside `src/` says what is measured and how to read it.

#![forbid(unsafe_code)]

mod ack;
mod args;
mod clock;
mod cpu;
mod door;
mod floor;
mod floor_door;
mod floor_stream;
mod frames;
mod ndjson;
mod own_stream;
mod replay;
mod served;
mod serving;
mod spread;
mod stream;
mod table;
mod unsynced;
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
        Command::Measure(args) => measure(&args),
        Command::Load { dir, events } => replay::load(&dir, events),
        Command::Replay { dir } => replay::life(&dir),
        Command::FloorDoor => floor_door::serve(),
        Command::FloorStream { coalesced } => floor_stream::serve(coalesced),
        Command::OwnStream { dir, sync } => own_stream::serve(&dir, sync),
    }
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn measure(args: &Args) -> Result<()> {
    let mut table = Table::default();
    for goal in &args.goals {
        match goal {
            Goal::P1 => stream::measure(args, &mut table, &stream::SINGLE)?,
            Goal::P3 => stream::measure(args, &mut table, &stream::HUNDREDS)?,
            Goal::P7 => unsynced::measure(args, &mut table)?,
            Goal::P4 => replay::measure(args, &mut table)?,
            Goal::P6 => ack::measure(args, &mut table)?,
            Goal::P12 => ndjson::measure(args, &mut table)?,
        }
    }
    println!("{table}");
    Ok(())
}
