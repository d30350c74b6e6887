//! The black box: everything the end-to-end tests need to drive the real `trunkline` binary, with
//! the real ClickHouse, through its public doors only.
//!
//! - [`service`] starts, kills, restarts and stops the binary and checks that nothing is left over;
//! - [`engine`] is a ClickHouse of our own, for `warehouse.url`;
//! - [`doors`] speaks to it: events in, reports, rows and metrics out; [`stream`] through the
//!   WebSocket; [`views`] is SQL on the
//!   views;
//! - [`events`], [`chats`], [`bank`] and [`generate`] make what is sent: by hand, from real
//!   conversations and calls, from a seed;
//! - [`centre`] makes a day of calls, as plain events and as providers tell it;
//! - [`accuracy`] says how well calls were attributed whose truth is known;
//! - [`mod@reference`] computes the expected figures from the definitions alone, without one line
//!   of the product;
//! - [`shim`] and [`link`] put faults of the machine and of the network under it; [`load`] sends
//!   meanwhile, and [`ledger`] says on one line what became of it;
//! - [`prometheus`] is a real Prometheus that scrapes it;
//! - [`receiver`] takes its outgoing webhooks;
//! - [`grafana`] expands the queries of its dashboards as Grafana does;
//! - [`counter`] stands in for those who count clicks;
//! - [`compare`] and [`facts`] hold the service's answers and every row of ClickHouse against it.
//!
//! Nothing here depends on a crate of the product but [`hooks`], which sends the samples of providers and signs them
//! with their adapters; that these sign right is shown by the vendors' own vectors and libraries; and [`accuracy`], which
//! reads what happens on a simulated site.
#![forbid(unsafe_code)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test harness fails by panicking and speaks through the test's own output"
)]

pub mod accuracy;
pub mod bank;
pub mod centre;
pub mod chats;
pub mod clock;
pub mod compare;
pub mod config;
pub mod counter;
pub mod doors;
pub mod engine;
pub mod events;
pub mod exchange;
pub mod facts;
pub mod generate;
pub mod grafana;
pub mod hooks;
pub mod ledger;
pub mod link;
pub mod load;
pub mod mount;
pub mod prometheus;
pub mod receiver;
pub mod reference;
pub mod scrape;
pub mod service;
pub mod shared;
pub mod shim;
pub mod site;
pub mod stream;
pub mod table;
pub mod views;
