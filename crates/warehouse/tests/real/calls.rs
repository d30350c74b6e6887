//! Calls with their legs, as the fold shows them.

use trunkline_model::amount::Decimal;
use trunkline_model::event::{Direction, Integrity};
use trunkline_model::time::Time;
use trunkline_rollup::facts::{CallFact, LegFact, Rows};
use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::Batch;

use super::raw::{MINUTE, TEN, ask};

/// A column for each field of a call, of its tables' names.
const COLUMNS: &str = "call, hook, direction, origin, caller, known, number, started_at, queued_at, \
                       ringing_at, answered_at, ended_at, disposition, ghost, menu_ms, queue_ms, \
                       ring_ms, hold_ms, wait_ms, talk_ms, tags, spam, value, recording, \
                       integrity, last_received_at, received_at, version";

fn fact<'a>(call: &'a str, legs: &'a [LegFact<'a>]) -> CallFact<'a> {
    CallFact {
        account: "acme",
        call,
        hook: "pbx",
        direction: Direction::Outbound,
        origin: "dialler",
        caller: "+34911222333",
        known: true,
        number: "+34600100200",
        started_at: Time(TEN),
        queued_at: None,
        ringing_at: Some(Time(TEN + 1_500)),
        answered_at: Some(Time(TEN + MINUTE)),
        ended_at: None,
        disposition: "answered",
        ghost: true,
        menu_ms: 1,
        queue_ms: 2,
        ring_ms: 3,
        hold_ms: 4,
        wait_ms: Some(58_500),
        talk_ms: 5,
        tags: &["a", "b"],
        spam: true,
        value: Decimal::parse("-12.345678901"),
        recording: "https://r.example/1",
        integrity: Integrity::Weak,
        legs,
        last_received_at: Time(TEN + 2),
        received_at: Time(TEN + 3),
        version: 1 << 48 | 7,
        deleted: false,
    }
}

#[tokio::test]
async fn a_call_reads_as_it_was_written_with_its_legs() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let first = LegFact {
        leg: "l1",
        manager: "ana",
        extension: "101",
        ringing_at: Some(Time(TEN)),
        answered_at: None,
        ended_at: Some(Time(TEN + 9_000)),
        ring_ms: 11,
        talk_ms: 12,
        hold_ms: 13,
        transferred_out: true,
        transferred_in: false,
    };
    let second = LegFact {
        leg: "l2",
        answered_at: Some(Time(TEN)),
        transferred_in: true,
        ..LegFact::default()
    };
    let mut batch = Batch::default();
    batch.call(&fact("k1", &[first, second]));
    batch.call(&CallFact {
        deleted: true,
        ..fact("k2", &[])
    });
    let legs = [];
    let other = CallFact {
        call: "k3",
        value: None,
        wait_ms: None,
        ..fact("k3", &legs)
    };
    batch.call(&other);
    assert_eq!(batch.calls(), 3);
    let written = writer.write(&mut batch).await.expect("they are written");
    assert_eq!((written.rows, written.inserts), (3, 1));
    let sql = format!("SELECT {COLUMNS} FROM trunkline.calls FINAL ORDER BY call FORMAT CSV");
    let rows = ask(&engine.writer, &sql);
    let expected = [
        r#""k1","pbx","outbound","dialler","+34911222333",1,"+34600100200","2026-03-01 10:00:00.000",\N,"2026-03-01 10:00:01.500","2026-03-01 10:01:00.000",\N,"answered",1,1,2,3,4,58500,5,"['a','b']",1,-12.345678901,"https://r.example/1","weak","2026-03-01 10:00:00.002","2026-03-01 10:00:00.003",281474976710663"#,
        r#""k3","pbx","outbound","dialler","+34911222333",1,"+34600100200","2026-03-01 10:00:00.000",\N,"2026-03-01 10:00:01.500","2026-03-01 10:01:00.000",\N,"answered",1,1,2,3,4,\N,5,"['a','b']",1,\N,"https://r.example/1","weak","2026-03-01 10:00:00.002","2026-03-01 10:00:00.003",281474976710663"#,
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
    let legs = ask(
        &engine.writer,
        "SELECT legs.leg, legs.manager, legs.extension, legs.ringing_at, legs.answered_at, \
         legs.ended_at, legs.ring_ms, legs.talk_ms, legs.hold_ms, legs.transferred_out, \
         legs.transferred_in FROM trunkline.calls FINAL WHERE call = 'k1' FORMAT CSV",
    );
    let expected = r#""['l1','l2']","['ana','']","['101','']","['2026-03-01 10:00:00.000',NULL]","[NULL,'2026-03-01 10:00:00.000']","['2026-03-01 10:00:09.000',NULL]","[11,0]","[12,0]","[13,0]","[1,0]","[0,1]""#;
    assert_eq!(legs, expected);
}

#[tokio::test]
async fn calls_expire_by_their_arrival() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut batch = Batch::default();
    batch.call(&CallFact {
        received_at: Time(TEN - 1),
        ..fact("old", &[])
    });
    batch.call(&CallFact {
        received_at: Time(TEN),
        ..fact("new", &[])
    });
    writer.write(&mut batch).await.expect("they are written");
    let removed = writer.expire(Time(TEN)).await.expect("they are removed");
    assert_eq!(removed, 1);
    let left = ask(
        &engine.writer,
        "SELECT call FROM trunkline.calls FORMAT TSV",
    );
    assert_eq!(left, "new");
}
