//! Reports on the real engine: facts are written by hand, and every expected figure is worked out
//! by hand from the definitions of `metrics.md`, never by the code under test.
#![expect(
    clippy::expect_used,
    reason = "a test whose world cannot be set up must fail"
)]

mod answers;
mod calendar;
mod call_views;
mod calls;
mod calls_opened;
mod cells;
mod combinations;
mod compare;
mod contact_calls;
mod conversations;
mod conversions;
mod crowd;
mod dimensions;
mod hdr;
mod marketing;
mod messages;
mod missed_calls;
mod open_waits;
mod opened;
mod pools;
mod pruning;
mod records;
mod response_times;
mod restriction;
mod ringing;
mod rows;
mod sourced;
mod sources;
mod spend;
mod targets;
mod touched;
mod unanswered;
mod who;
mod world;

#[test]
#[ignore = "the engine's process, started by the other tests"]
fn engine_child() {
    trunkline_warehouse::testing::run_child();
}
