//! Facts: absolute rows, written once or many times.

use trunkline_model::event::Change;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{ChangeFact, ConversationFact, MessageFact, Rows, Samples};
use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::Batch;

use super::raw::{MINUTE, TEN, ask, conversation, conversations, message, messages, reply};

async fn start() -> (TestEngine, Writer) {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    (engine, writer)
}

#[tokio::test]
async fn a_message_reads_as_it_was_written() {
    let (engine, writer) = start().await;
    let facts = [
        message("m1", TEN),
        reply("m2", TEN + 5 * MINUTE, 300_000, 180_000),
    ];
    writer
        .write(&mut messages(&facts))
        .await
        .expect("they are written");
    let rows = ask(
        &engine.reader,
        "SELECT account, channel, conversation, contact, at, message, author, manager, kind, \
         chars, kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms \
         FROM trunkline.v_messages ORDER BY at FORMAT CSV",
    );
    let expected = [
        r#""acme","whatsapp","c1","maria","2026-03-01 10:00:00.000","m1","contact",\N,"text",\N,\N,\N,\N,\N,\N"#,
        r#""acme","whatsapp","c1","maria","2026-03-01 10:05:00.000","m2","manager","ana","text",12,\N,180000,300000,\N,\N"#,
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn business_time_and_what_is_taken_back_read_as_they_were_written() {
    let (engine, writer) = start().await;
    let business = Samples {
        wait: Some(60_000),
        first: Some(0),
        first_from_start: Some(7),
        ..Samples::default()
    };
    let facts = [
        MessageFact {
            business,
            assignee: Some("luis"),
            expects_reply: false,
            run: Some("run-7"),
            ..reply("m2", TEN, 300_000, 180_000)
        },
        MessageFact {
            deleted: true,
            ..reply("m3", TEN, 1, 1)
        },
    ];
    writer
        .write(&mut messages(&facts))
        .await
        .expect("they are written");
    let rows = ask(
        &engine.reader,
        "SELECT message, wait_business_ms, turn_business_ms, first_business_ms, \
         first_from_start_business_ms FROM trunkline.v_messages FORMAT CSV",
    );
    assert_eq!(rows, r#""m2",60000,\N,0,7"#);
    let rows = ask(
        &engine.reader,
        "SELECT definition, ms, business_ms FROM trunkline.v_responses ORDER BY 1 FORMAT CSV",
    );
    assert_eq!(rows, "\"turn\",180000,\\N\n\"wait\",300000,60000");
    let rows = ask(
        &engine.writer,
        "SELECT assignee, expects_reply, run FROM trunkline.messages FINAL FORMAT CSV",
    );
    assert_eq!(rows, r#""luis",0,"run-7""#);
}

#[tokio::test]
async fn changes_read_as_they_were_written() {
    let (engine, writer) = start().await;
    let mut batch = Batch::default();
    let change = ChangeFact {
        account: "acme",
        channel: "whatsapp",
        conversation: "c1",
        at: Time(TEN),
        id: "x1",
        change: Change::HandedOff,
        manager: Some("ana"),
        run: None,
        received_at: Time(TEN + 1),
        version: 1 << 48,
        deleted: false,
    };
    batch.change(&change);
    batch.change(&ChangeFact {
        id: "x2",
        deleted: true,
        ..change
    });
    writer.write(&mut batch).await.expect("they are written");
    let rows = ask(
        &engine.writer,
        "SELECT conversation, at, id, change, manager, run FROM trunkline.changes FINAL FORMAT CSV",
    );
    assert_eq!(
        rows,
        r#""c1","2026-03-01 10:00:00.000","x1","handed_off","ana","""#
    );
}

#[tokio::test]
async fn writing_again_changes_nothing() {
    let (engine, writer) = start().await;
    let facts = [message("m1", TEN), reply("m2", TEN + MINUTE, 1, 2)];
    for _ in 0..3 {
        writer
            .write(&mut messages(&facts))
            .await
            .expect("they are written");
        writer
            .write(&mut conversations(&[conversation()]))
            .await
            .expect("it is written");
    }
    assert_eq!(
        ask(&engine.reader, "SELECT count() FROM trunkline.v_messages"),
        "2"
    );
    assert_eq!(
        ask(&engine.reader, "SELECT count() FROM trunkline.v_responses"),
        "2"
    );
    assert_eq!(
        ask(
            &engine.reader,
            "SELECT count() FROM trunkline.v_conversations"
        ),
        "1"
    );
    assert_eq!(
        ask(&engine.reader, "SELECT count() FROM trunkline.v_cycles"),
        "2"
    );
}

#[tokio::test]
async fn the_higher_version_wins_in_whatever_order() {
    let (engine, writer) = start().await;
    let old = reply("m2", TEN, 100, 100);
    let new = MessageFact {
        version: old.version + 1,
        ..reply("m2", TEN, 60, 50)
    };
    let newest = MessageFact {
        version: 2 << 48,
        ..reply("m2", TEN, 7, 6)
    };
    for fact in [newest, old, new] {
        writer
            .write(&mut messages(&[fact]))
            .await
            .expect("it is written");
    }
    assert_eq!(
        ask(&engine.reader, "SELECT wait_ms FROM trunkline.v_messages"),
        "7"
    );
}

#[tokio::test]
async fn each_month_is_one_insert_and_one_part() {
    let (engine, writer) = start().await;
    let last_of_february = 1_772_323_199_999;
    let facts = [
        message("a", TEN),
        message("b", last_of_february),
        message("c", last_of_february + 1),
    ];
    let written = writer
        .write(&mut messages(&facts))
        .await
        .expect("they are written");
    assert_eq!((written.rows, written.inserts), (3, 2));
    let parts = ask(
        &engine.writer,
        "SELECT partition, count(), sum(rows) FROM system.parts \
         WHERE active AND table = 'messages' GROUP BY partition ORDER BY partition FORMAT CSV",
    );
    assert_eq!(parts, "\"202602\",1,1\n\"202603\",1,2");
}

#[tokio::test]
async fn a_large_batch_is_cut_at_a_hundred_thousand_rows() {
    let (engine, writer) = start().await;
    let ids: Vec<String> = (0..100_001).map(|n| n.to_string()).collect();
    let facts: Vec<_> = ids.iter().map(|id| message(id, TEN)).collect();
    let written = writer
        .write(&mut messages(&facts))
        .await
        .expect("they are written");
    assert_eq!((written.rows, written.inserts), (100_001, 2));
    let rows = "SELECT groupArray(rows) FROM (SELECT rows FROM system.parts \
                WHERE table = 'messages' AND min_block_number = max_block_number ORDER BY rows)";
    assert_eq!(ask(&engine.writer, rows), "[1,100000]");
}

#[tokio::test]
async fn nothing_to_write_is_nothing_done() {
    let (_engine, writer) = start().await;
    let written = writer
        .write(&mut messages(&[]))
        .await
        .expect("nothing is written");
    assert_eq!((written.rows, written.inserts), (0, 0));
}

#[tokio::test]
async fn a_conversation_reads_as_it_was_written() {
    let (engine, writer) = start().await;
    writer
        .write(&mut conversations(&[conversation()]))
        .await
        .expect("it is written");
    let row = ask(
        &engine.reader,
        "SELECT account, channel, conversation, contact, first_at, last_at, assignee, \
         last_manager, pending_at, unserved_at, cycles FROM trunkline.v_conversations FORMAT CSV",
    );
    let expected = r#""acme","whatsapp","c1","maria","2026-03-01 10:00:00.000","2026-03-01 11:00:00.000",\N,"ana","2026-03-01 11:00:00.000","2026-03-01 11:02:00.000",2"#;
    assert_eq!(row, expected);
}

#[tokio::test]
async fn cycles_are_rows_in_their_order() {
    let (engine, writer) = start().await;
    writer
        .write(&mut conversations(&[conversation()]))
        .await
        .expect("it is written");
    let rows = ask(
        &engine.reader,
        "SELECT cycle, started_at, contact, answered, closed_at, closed_by, pending_at_close, \
         reopened_at, next_started_at, assignee, last_manager, owed_by, handed_off_at \
         FROM trunkline.v_cycles ORDER BY cycle FORMAT CSV",
    );
    let expected = [
        r#"1,"2026-03-01 10:00:00.000","maria",1,"2026-03-01 10:30:00.000","ana",1,\N,"2026-03-01 11:00:00.000",\N,"ana","luis",\N"#,
        r#"2,"2026-03-01 11:00:00.000","jose",0,\N,\N,0,\N,\N,\N,"ana",\N,"2026-03-01 11:02:00.000""#,
    ];
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn words_of_any_script_and_the_longest_waits_survive() {
    let (engine, writer) = start().await;
    let fact = MessageFact {
        conversation: "диалог №1 'quoted' \\ 💬",
        received_at: Time(TEN),
        ..reply("ключ\t1", TEN, i64::MAX, 0)
    };
    writer
        .write(&mut messages(&[fact]))
        .await
        .expect("it is written");
    let row = ask(
        &engine.reader,
        "SELECT conversation, message, wait_ms FROM trunkline.v_messages FORMAT JSONCompactEachRow",
    );
    let expected = r#"["диалог №1 'quoted' \\ 💬", "ключ\t1", 9223372036854775807]"#;
    assert_eq!(row, expected);
}

#[tokio::test]
async fn facts_go_by_their_arrival_and_never_by_when_they_happened() {
    const DAY: i64 = 24 * 60 * MINUTE;
    let (engine, writer) = start().await;
    let arrived = |fact, received_at| MessageFact {
        received_at: Time(received_at),
        ..fact
    };
    // An old message imported lately stays; a late one that came long ago goes.
    let facts = [
        arrived(message("old-new", TEN - 900 * DAY), TEN + 10 * DAY),
        arrived(message("new-old", TEN), TEN + DAY),
        arrived(message("at-the-bound", TEN), TEN + 2 * DAY),
    ];
    let mut batch = messages(&facts);
    for (id, received_at) in [("c-old", TEN), ("c-new", TEN + 9 * DAY)] {
        batch.change(&ChangeFact {
            account: "acme",
            channel: "whatsapp",
            conversation: "c1",
            at: Time(TEN),
            id,
            change: Change::Closed,
            manager: None,
            run: None,
            received_at: Time(received_at),
            version: 1,
            deleted: false,
        });
    }
    // Its row of before, which ClickHouse may still hold, arrived long ago; the one of now did not.
    let later = conversation();
    let earlier = ConversationFact {
        received_at: Time(TEN),
        version: later.version - 1,
        ..conversation()
    };
    let later = ConversationFact {
        received_at: Time(TEN + 3 * DAY),
        ..later
    };
    let over = ConversationFact {
        conversation: "c2",
        received_at: Time(TEN + DAY),
        ..conversation()
    };
    writer.write(&mut batch).await.expect("they are written");
    for row in [earlier, later, over] {
        let written = writer.write(&mut conversations(&[row])).await;
        written.expect("it is written");
    }
    let removed = writer.expire(Time(TEN + 2 * DAY)).await;
    assert_eq!(removed, Ok(4));
    let left = |what: &str, table: &str| {
        let sql = format!("SELECT {what} FROM trunkline.{table} FINAL ORDER BY {what}");
        ask(&engine.writer, &sql)
    };
    assert_eq!(left("message", "messages"), "at-the-bound\nold-new");
    assert_eq!(left("id", "changes"), "c-new");
    assert_eq!(left("conversation", "conversations"), "c1");
    assert_eq!(writer.expire(Time(TEN + 2 * DAY)).await, Ok(0));
}
