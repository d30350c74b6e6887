//! The warehouse on the real engine: each test starts its own.
#![expect(
    clippy::expect_used,
    reason = "what fails in a test's helper fails the test"
)]

mod answers;
mod calls;
mod closed;
mod faults;
mod leads;
mod lifecycle;
mod migrations;
mod query;
mod raw;
mod settings;
mod tracking;
mod views;
mod watermark;
mod writer;

use trunkline_warehouse::testing;

#[test]
#[ignore = "the engine's process, started by the other tests"]
fn engine_child() {
    testing::run_child();
}

#[tokio::test]
#[ignore = "a service with an engine, started and killed by another test"]
async fn engine_parent() {
    let Some(folder) = std::env::args_os().skip_while(|arg| arg != "--").nth(1) else {
        return;
    };
    let _engine = testing::TestEngine::start_in(folder.as_ref()).await;
    std::future::pending::<()>().await;
}
