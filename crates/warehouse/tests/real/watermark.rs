//! How far the facts go, and whose they are.

use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::{Watermark, WatermarkError, Writer};

const OURS: u64 = 0xfeed_0000_0000_0001;
const THEIRS: u64 = 0xbeef_0000_0000_0002;

fn mark(journal: u64, generation: u64, flushed: u64) -> Watermark {
    Watermark {
        journal,
        generation,
        flushed,
    }
}

async fn start() -> (TestEngine, Writer) {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    (engine, writer)
}

#[tokio::test]
async fn a_new_database_has_no_watermark() {
    let (_engine, writer) = start().await;
    assert_eq!(writer.watermark().await, Ok(None));
    assert_eq!(writer.own_watermark(OURS).await, Ok(None));
}

#[tokio::test]
async fn the_latest_watermark_of_the_highest_generation_counts() {
    let (_engine, writer) = start().await;
    for (generation, flushed) in [(1, 500), (1, 900), (2, 10), (2, 30)] {
        writer
            .set_watermark(mark(OURS, generation, flushed))
            .await
            .expect("it is ours");
    }
    assert_eq!(
        writer.own_watermark(OURS).await,
        Ok(Some(mark(OURS, 2, 30)))
    );
}

#[tokio::test]
async fn a_watermark_never_goes_back_within_a_generation() {
    let (_engine, writer) = start().await;
    for flushed in [900, 400] {
        writer
            .set_watermark(mark(OURS, 1, flushed))
            .await
            .expect("it is ours");
    }
    assert_eq!(writer.watermark().await, Ok(Some(mark(OURS, 1, 900))));
}

#[tokio::test]
async fn the_database_of_another_journal_is_refused() {
    let (_engine, writer) = start().await;
    writer
        .set_watermark(mark(THEIRS, 4, 77))
        .await
        .expect("nobody was there");
    let foreign = WatermarkError::Foreign {
        journal: THEIRS,
        generation: 4,
    };
    assert_eq!(writer.own_watermark(OURS).await, Err(foreign.clone()));
    for generation in [3, 4] {
        let refused = writer.set_watermark(mark(OURS, generation, 1)).await;
        assert_eq!(refused, Err(foreign.clone()));
    }
    assert_eq!(writer.watermark().await, Ok(Some(mark(THEIRS, 4, 77))));
}

#[tokio::test]
async fn a_new_journal_takes_over_with_a_higher_generation() {
    let (_engine, writer) = start().await;
    writer
        .set_watermark(mark(THEIRS, 4, 77))
        .await
        .expect("nobody was there");
    writer
        .set_watermark(mark(OURS, 5, 0))
        .await
        .expect("the generation is higher");
    assert_eq!(writer.own_watermark(OURS).await, Ok(Some(mark(OURS, 5, 0))));
    let foreign = WatermarkError::Foreign {
        journal: OURS,
        generation: 5,
    };
    assert_eq!(
        writer.set_watermark(mark(THEIRS, 4, 78)).await,
        Err(foreign)
    );
}
