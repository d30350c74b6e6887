//! Reports on the real engine: facts are written by hand, and every expected figure is worked out
//! by hand from the definitions of `metrics.md`, never by the code under test.
#![expect(
    clippy::expect_used,
    reason = "a test whose world cannot be set up must fail"
)]

mod answers;
mod calendar;
mod cells;
mod combinations;
mod compare;
mod conversations;
mod dimensions;
mod hdr;
mod messages;
mod open_waits;
mod opened;
mod pruning;
mod response_times;
mod restriction;
mod rows;
mod targets;
mod unanswered;
mod who;
mod world;

#[test]
#[ignore = "the engine's process, started by the other tests"]
fn engine_child() {
    trunkline_warehouse::testing::run_child();
}
