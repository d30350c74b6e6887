//! What holds for the answers of every report.

use serde_json::json;
use trunkline_model::time::Time;
use trunkline_reports::{Context, Error, PageKey, Reports, Restriction};
use trunkline_warehouse::{Client, Connection};

use crate::world::{Message, World, contact, context, lines, manager, pairs, reply};

const DAY: &str = "from=2026-03-10&to=2026-03-11";

#[tokio::test]
async fn equal_facts_give_equal_bytes_in_whatever_order_they_came() {
    let mut messages = Vec::new();
    for place in 0..60_i64 {
        let name = ["ana", "luis", "eva"][place as usize % 3];
        let conversation = format!("c{}", place % 7);
        messages.push(reply(
            name,
            &conversation,
            &(1_773_140_400 + place / 3).to_string(),
            place,
        ));
    }
    let mut answers = Vec::new();
    for turn in 0..2 {
        let world = World::start().await;
        // Backwards, a third of them twice, in many parts.
        if turn == 1 {
            messages.reverse();
            for part in messages.chunks(7) {
                world.messages(part).await;
            }
            world.messages(&messages[..20]).await;
        } else {
            world.messages(&messages).await;
        }
        let mut texts = Vec::new();
        for report in ["response-times", "conversations", "messages"] {
            for query in [
                "",
                "&by=manager,channel&order=-manager",
                "&interval=minute",
                "&by=hour",
            ] {
                let table = world.ask(report, &format!("{DAY}{query}")).await;
                texts.push(table.to_string());
            }
            texts.push(
                world
                    .open(report, &format!("{DAY}&limit=50"))
                    .await
                    .to_string(),
            );
        }
        answers.push(texts);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_corrected_row_replaces_the_one_before_and_a_deleted_one_is_gone() {
    let world = World::start().await;
    let message = reply("ana", "c1", "2026-03-10T10:00:00Z", 5_000);
    let other = reply("ana", "c2", "2026-03-10T11:00:00Z", 7_000);
    world.messages(&[message.clone(), other.clone()]).await;
    let corrected = Message {
        samples: [None, None, Some(3_000), None, None],
        ..message
    };
    world.rewrite(&corrected, false).await;
    world.rewrite(&other, true).await;
    let answer = world.ask("response-times", DAY).await;
    assert_eq!(answer["rows"][0][0], json!(1));
    assert_eq!(answer["rows"][0][1], json!(3.0));
    assert_eq!(lines(&world.open("messages", DAY).await).len(), 1);
}

#[tokio::test]
async fn ids_may_hold_whatever_sql_and_urls_make_something_of() {
    let world = World::start().await;
    let ids = [
        "o'brien",
        r"back\slash",
        r"\'",
        "a\"b",
        "a,b",
        "[x]",
        "null",
        "NULL",
        "{p:Int8}",
        "мама",
        "%",
    ];
    let mut messages = Vec::new();
    for id in ids {
        messages.push(reply(id, id, "2026-03-10T10:00:00Z", 1_000));
    }
    world.messages(&messages).await;
    for id in ids {
        let query = format!("{DAY}&manager={id}&by=manager");
        let answer = world.ask("response-times", &query).await;
        assert_eq!(
            answer["rows"].as_array().map(Vec::len),
            Some(1),
            "{id}: {answer}"
        );
        assert_eq!(answer["rows"][0][0], json!(id));
    }
    // They also make positions of pages: every row comes once.
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = world
            .open("response-times", &format!("{DAY}&limit=1{after}"))
            .await;
        seen.push(page["rows"][0][1].as_str().unwrap_or_default().to_owned());
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
    }
    seen.sort_unstable();
    let mut ids = ids.map(str::to_owned);
    ids.sort_unstable();
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn managers_may_be_ordered_by_name() {
    let world = World::start().await;
    for (id, name) in [("m1", "Zoe"), ("m2", "Ana"), ("m3", "Luis")] {
        world.manager(id, name).await;
        world
            .messages(&[manager(id, "c1", "2026-03-10T10:00:00Z")])
            .await;
    }
    let answer = world
        .ask("messages", &format!("{DAY}&by=manager&order=-manager_name"))
        .await;
    assert_eq!(
        lines(&answer),
        [
            r#"["m1","Zoe",1]"#,
            r#"["m3","Luis",1]"#,
            r#"["m2","Ana",1]"#
        ]
    );
}

#[tokio::test]
async fn a_period_asked_for_at_its_first_instant_is_empty() {
    let world = World::start().await;
    world
        .messages(&[contact("c1", "2026-03-31T22:00:00Z")])
        .await;
    let midnight = Context {
        now: Time(1_774_994_400_000),
        ..context(Restriction::default())
    };
    let table = world
        .reports()
        .run("messages", &pairs("period=today"), &midnight)
        .await;
    let table = table.expect("an answer");
    assert_eq!(table.to_csv(), "messages\r\n0\r\n");
    let query = pairs("period=today&interval=hour");
    let table = world
        .reports()
        .run("messages", &query, &midnight)
        .await
        .expect("an answer");
    assert_eq!(table.to_csv(), "time,messages\r\n");
    assert_eq!((table.from, table.to), (midnight.now, midnight.now));
}

#[tokio::test]
async fn more_starts_than_one_parameter_holds_are_all_asked_for() {
    let world = World::start().await;
    world
        .messages(&[
            contact("c1", "2026-01-01T00:00:30Z"),
            contact("c1", "2026-01-31T23:59:59.999Z"),
        ])
        .await;
    let query = "tz=UTC&from=2026-01-01&to=2026-02-01&interval=minute&limit=100000";
    let answer = world.ask("messages", query).await;
    let rows = answer["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 31 * 24 * 60);
    assert_eq!(
        (&rows[0][1], &rows[rows.len() - 1][1]),
        (&json!(1), &json!(1))
    );
    let sum: u64 = rows.iter().filter_map(|row| row[1].as_u64()).sum();
    assert_eq!(sum, 2);
}

#[tokio::test]
async fn an_answer_says_how_new_it_is_as_it_was_told() {
    let world = World::start().await;
    for answer in [
        world.ask("messages", DAY).await,
        world.open("messages", DAY).await,
    ] {
        assert_eq!(answer["as_of"], json!("2026-04-03T09:59:58.000Z"));
    }
}

#[tokio::test]
async fn a_report_that_does_not_exist_is_said_so() {
    let nowhere = Connection::new("http://127.0.0.1:9", "reader", "", "trunkline").expect("valid");
    let reports = Reports::new(Client::new(nowhere), PageKey::new([7; 32]));
    let context = context(Restriction::default());
    let Err(Error::UnknownReport { name, suggestion }) =
        reports.run("response-time", &[], &context).await
    else {
        panic!("must be unknown");
    };
    assert_eq!(
        (name.as_str(), suggestion.as_deref()),
        ("response-time", Some("response-times"))
    );
    // A good question that nobody answers is another matter.
    let away = reports.rows("messages", &[], &context).await;
    assert!(matches!(away, Err(Error::Unavailable(_))), "{away:?}");
}

#[tokio::test]
async fn intervals_in_another_order_than_times_keep_their_figures() {
    let world = World::start().await;
    // 10, 11, 12 and 14 March with 2, 3, 1 and 2 of everything, and slower replies where there are
    // fewer; nothing on the 13th.
    for (day, count) in [(10, 2), (11, 3), (12, 1), (14, 2)] {
        for place in 0..count {
            let conversation = format!("c{day}{place}");
            let time = format!("2026-03-{day}T10:0{place}:00Z");
            let reply = reply("ana", &conversation, &time, 60_000 / count);
            world.messages(&[reply]).await;
        }
    }
    // The first column after the time and its values from 10 to 14 March.
    let ascending = [(13, 0), (12, 1), (10, 2), (14, 2), (11, 3)];
    let descending = [(11, 3), (10, 2), (14, 2), (12, 1), (13, 0)];
    for (report, column) in [
        ("response-times", "count"),
        ("conversations", "participations"),
        ("messages", "messages"),
    ] {
        for (way, expected) in [("", ascending), ("-", descending)] {
            let query = format!("from=2026-03-10&to=2026-03-15&tz=UTC&interval=day&order={way}");
            let answer = world.ask(report, &format!("{query}{column}")).await;
            let rows = answer["rows"].as_array().expect("rows");
            let rows: Vec<_> = rows
                .iter()
                .map(|row| (row[0].clone(), row[1].clone()))
                .collect();
            let expected = expected
                .map(|(day, count)| (json!(format!("2026-03-{day}T00:00:00.000Z")), json!(count)));
            assert_eq!(rows, expected, "{report} by {way}{column}");
            // The greatest alone is the first of all.
            let first = world.ask(report, &format!("{query}{column}&limit=1")).await;
            assert_eq!(first["rows"][0], answer["rows"][0]);
            let latest = world.ask(report, &format!("{query}time&limit=1")).await;
            let day = if way == "-" { 14 } else { 10 };
            let time = format!("2026-03-{day}T00:00:00.000Z");
            assert_eq!(latest["rows"][0][0], json!(time));
            assert_eq!(latest["rows"][0][1], json!(2), "{report} by {way}time");
        }
    }
    // What nothing has none of comes first, or last.
    let query = "from=2026-03-10&to=2026-03-15&tz=UTC&interval=day&order=-max_s";
    let answer = world.ask("response-times", query).await;
    let slowest = answer["rows"].as_array().expect("rows");
    let slowest: Vec<_> = slowest.iter().map(|row| row[9].clone()).collect();
    assert_eq!(
        slowest,
        [
            json!(60.0),
            json!(30.0),
            json!(30.0),
            json!(20.0),
            json!(null)
        ]
    );
}
