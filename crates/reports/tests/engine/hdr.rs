//! The buckets of quantiles: SQL, Rust and hdrhistogram say the same.

use hdrhistogram::Histogram;
use serde_json::json;
use trunkline_model::hdr;

use crate::world::{World, reply};

/// Values at the edges of buckets and octaves, and a regular walk over 400 days.
fn values() -> Vec<u64> {
    let mut values: Vec<u64> = (0..600).collect();
    for octave in 9..35 {
        let power = 1_u64 << octave;
        values.extend([
            power - 1,
            power,
            power + 1,
            power + (power >> 7) - 1,
            power + (power >> 7),
        ]);
    }
    let mut walk = 1_000.0_f64;
    while walk < 34_560_000_000.0 {
        values.push(walk as u64);
        walk *= 1.37;
    }
    values.push(34_560_000_000);
    values.sort_unstable();
    values.dedup();
    values
}

#[test]
fn rust_agrees_with_hdrhistogram_and_its_error_is_below_0_39_percent() {
    let histogram = Histogram::<u64>::new_with_bounds(1, 1 << 36, 2).expect("valid bounds");
    for value in values() {
        let middle = hdr::middle(hdr::index(value));
        let (low, high) = (
            histogram.lowest_equivalent(value),
            histogram.highest_equivalent(value),
        );
        assert!(
            (low..=high + 1).contains(&middle),
            "{value}: {middle} is not in {low}..={high}"
        );
        let error = middle.abs_diff(value) as f64;
        assert!(error <= value as f64 / 256.0, "{value}: {middle}");
        let same = |other| hdr::index(other) == hdr::index(value);
        assert!(same(low) && same(high) && !same(high + 1), "{value}");
    }
}

#[tokio::test]
async fn sql_agrees_with_rust_for_every_value() {
    // Each value has a minute of its own, between a smaller and a greater one, so that the median
    // is the middle of its bucket and not one of the ends.
    let world = World::start().await;
    let (start, values) = (1_773_140_400, values());
    let mut messages = Vec::new();
    for (place, value) in values.iter().enumerate() {
        let value = *value as i64;
        for (second, wait) in [0, value, value * 2 + 1].into_iter().enumerate() {
            let time = (start + place * 60 + second).to_string();
            messages.push(reply("ana", "c1", &time, wait));
        }
    }
    world.messages(&messages).await;
    let end = start + values.len() * 60;
    let query = format!("from={start}&to={end}&interval=minute&limit=100000");
    let answer = world.ask("response-times", &query).await;
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(values.len()));
    for (place, value) in values.iter().enumerate() {
        let middle = hdr::middle(hdr::index(*value));
        let seconds = format!("{}.{:03}", middle / 1000, middle % 1000);
        let seconds: serde_json::Value = serde_json::from_str(&seconds).expect("a number");
        assert_eq!(answer["rows"][place][1], json!(3), "{value}");
        assert_eq!(answer["rows"][place][4], seconds, "{value}");
    }
}
