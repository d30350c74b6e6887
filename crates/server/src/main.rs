//! The program `trunkline`: reads arguments and settings, wires the rooms together, waits.
#![forbid(unsafe_code)]

mod cli;
mod clock;
mod commands;
mod config;
mod disk;
mod http;
mod print;
mod secret;
mod stream;
mod telemetry;
#[cfg(test)]
mod tests;
mod wiring;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            telemetry::complain(&error);
            ExitCode::FAILURE
        }
    }
}
