//! The embedded engine, from outside: closed, restarted, frozen.

use trunkline_warehouse::testing::{self, TestEngine};

#[test]
#[ignore = "the engine's process, started by the other tests"]
fn engine_child() {
    testing::run_child();
}

#[tokio::test]
async fn a_new_engine_answers_and_is_migrated() {
    let engine = TestEngine::start().await;
    let version = engine.reader.health().await.expect("the reader is let in");
    assert!(version.starts_with("26."), "{version}");
}
