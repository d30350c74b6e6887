//! Black-box tests of the real binary with the real ClickHouse, through sockets only.
//!
//! They need `target/release/trunkline` (`make build`) or `TRUNKLINE_BIN`. `TRUNKLINE_SEED` repeats
//! a run with the seed it printed; `TRUNKLINE_KILL_SECONDS` sets how long the kill test goes on
//! (60).
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print their seeds and counts"
)]

mod accounts;
mod accuracy;
mod asterisk;
mod attribution;
mod audit;
mod bad_clients;
mod bad_input;
mod bank_calls;
mod board;
mod bugs;
mod business;
mod calls;
mod cells;
mod centre;
mod cold_calls;
mod cold_visits;
mod commands;
mod commands_state;
mod conformance;
mod contact_scope;
mod conversions;
mod conversions_kills;
mod conversions_twins;
mod corners;
mod demo;
mod deploy;
mod exports;
mod faults;
mod grafana;
mod hooks;
mod horizon;
mod idempotency;
mod import;
mod intervals;
mod kill;
mod kommo_leads;
mod leads;
mod lifecycle;
mod live;
mod metrics;
mod openapi;
mod pages;
mod permutation;
mod prometheus;
mod real_chats;
mod records;
mod reload;
mod reports;
mod requirements;
mod requirements_calls;
mod requirements_sources;
mod retract;
mod signatures;
mod snippet;
mod stream;
mod stream_limits;
mod stream_names;
mod taken_back;
mod tellings;
mod traps;
mod visit_ids;
mod visits;
mod visits_crowd;
mod waiting;
mod warehouse_away;
mod webhooks;
mod webhooks_hang;
mod who;
