//! `compare`: the rows of the period before beside those of a question (`metrics.md` §0; S36, S37).

use serde_json::{Value, json};
use trunkline_reports::Restriction;

use crate::world::{World, columns, context, lines, manager, pairs, reply};

/// The rows of the period before as compact JSON text.
fn previous(answer: &Value) -> Vec<String> {
    let rows = answer["previous"].as_array().expect("a comparison");
    rows.iter().map(Value::to_string).collect()
}

#[tokio::test]
async fn s36_the_period_before_lies_beside_the_selected_one_at_the_same_offsets() {
    // Now is Friday, 3 April 2026, noon in Madrid; on Sunday the clocks went forward.
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-29T22:00:00Z", 60_000),
            reply("ana", "c2", "2026-04-03T09:59:59.999Z", 120_000),
            // The week before, at the same times by the clock on the wall.
            reply("ana", "c3", "2026-03-22T23:00:00Z", 10_000),
            reply("ana", "c4", "2026-03-24T23:30:00Z", 20_000),
            reply("ana", "c5", "2026-03-24T23:40:00Z", 40_000),
            // One second too late for the same elapsed part.
            reply("ana", "c6", "2026-03-27T11:00:00Z", 1_000),
        ])
        .await;
    let query = "period=week&interval=day&compare=previous";
    let answer = world.ask("response-times", query).await;
    let mean = columns(&answer)
        .iter()
        .position(|name| *name == "mean_s")
        .expect("a column");
    let line = |rows: &Value| -> Vec<(Value, Value)> {
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (row[0].clone(), row[mean].clone()))
            .collect()
    };
    let expected = |days: [(&str, Value); 5]| {
        days.map(|(time, mean)| (json!(format!("2026-{time}:00:00.000Z")), mean))
            .to_vec()
    };
    assert_eq!(
        line(&answer["rows"]),
        expected([
            ("03-29T22", json!(60.0)),
            ("03-30T22", json!(null)),
            ("03-31T22", json!(null)),
            ("04-01T22", json!(null)),
            ("04-02T22", json!(120.0)),
        ])
    );
    assert_eq!(
        line(&answer["previous"]),
        expected([
            ("03-22T23", json!(10.0)),
            ("03-23T23", json!(null)),
            ("03-24T23", json!(30.0)),
            ("03-25T23", json!(null)),
            ("03-26T23", json!(null)),
        ])
    );
    assert_eq!(answer["previous_from"], json!("2026-03-22T23:00:00.000Z"));
    assert_eq!(answer["previous_to"], json!("2026-03-27T11:00:00.000Z"));
    // Without `compare` nothing is said of it.
    let plain = world
        .ask("response-times", "period=week&interval=day")
        .await;
    assert_eq!(plain["rows"], answer["rows"]);
    assert_eq!(plain.get("previous"), None);
    assert_eq!(plain.get("previous_from"), None);
}

#[tokio::test]
async fn s37_both_points_of_an_offset_open_to_their_rows() {
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-17T10:00:00Z", 60_000),
            reply("ana", "c2", "2026-03-10T10:00:00Z", 10_000),
            reply("ana", "c3", "2026-03-10T11:00:00Z", 30_000),
        ])
        .await;
    let query = "from=2026-03-16&to=2026-03-23&interval=day&compare=previous";
    let answer = world.ask("response-times", query).await;
    let points = |day: usize| {
        ["rows", "previous"].map(|rows| {
            let rows = &answer[rows];
            (
                rows[day][0].clone(),
                rows[day + 1][0].clone(),
                rows[day][1].clone(),
            )
        })
    };
    for ((from, to, count), expected) in points(1).into_iter().zip([1, 2]) {
        assert_eq!(count, json!(expected));
        let (from, to) = (from.as_str().expect("a time"), to.as_str().expect("a time"));
        let page = world
            .open("response-times", &format!("from={from}&to={to}"))
            .await;
        assert_eq!(lines(&page).len(), expected);
    }
}

#[tokio::test]
async fn a_dimensions_row_before_lies_beside_it_in_whatever_order_and_the_gone_come_last() {
    let world = World::start().await;
    let mut messages = Vec::new();
    for (name, day, many) in [
        ("ana", 20, 3),
        ("luis", 20, 5),
        ("eva", 20, 1),
        ("ana", 19, 4),
        ("luis", 19, 1),
        ("ines", 19, 2),
        ("zoe", 19, 9),
    ] {
        for place in 0..many {
            let time = format!("2026-03-{day}T10:0{place}:00Z");
            messages.push(manager(name, "c1", &time));
        }
    }
    world.messages(&messages).await;
    let query = "from=2026-03-20&to=2026-03-21&by=manager&compare=previous";
    let answer = world
        .ask("messages", &format!("{query}&order=-messages"))
        .await;
    assert_eq!(
        lines(&answer),
        [
            r#"["luis","luis",5]"#,
            r#"["ana","ana",3]"#,
            r#"["eva","eva",1]"#
        ]
    );
    let beside = [
        r#"["luis","luis",1]"#,
        r#"["ana","ana",4]"#,
        r#"["eva","eva",0]"#,
        r#"["ines","ines",2]"#,
        r#"["zoe","zoe",9]"#,
    ];
    assert_eq!(previous(&answer), beside);
    assert_eq!(answer.get("truncated"), None);
    // The first of a ranking keep theirs, whatever the others had.
    let answer = world
        .ask("messages", &format!("{query}&order=-messages&limit=2"))
        .await;
    assert_eq!(previous(&answer), beside[..2]);
    assert_eq!(answer["truncated"], json!(true));
    // With an interval too: the hour is that of the day before.
    let hours = world
        .ask(
            "messages",
            &format!("{query}&interval=hour&manager=eva&manager=ines"),
        )
        .await;
    assert_eq!(
        lines(&hours),
        [r#"["2026-03-20T10:00:00.000Z","eva","eva",1]"#]
    );
    assert_eq!(
        previous(&hours),
        [
            r#"["2026-03-19T10:00:00.000Z","eva","eva",0]"#,
            r#"["2026-03-19T10:00:00.000Z","ines","ines",2]"#,
        ]
    );
}

#[tokio::test]
async fn the_rows_before_are_the_answer_to_the_same_question_about_them() {
    let world = World::start().await;
    let mut messages = Vec::new();
    for place in 0..400_i64 {
        let name = ["ana", "luis", "eva", ""][place as usize % 4];
        let time = 1_770_000_000 + place * 9_973;
        messages.push(reply(
            name,
            &format!("c{}", place % 31),
            &time.to_string(),
            place * 100,
        ));
    }
    world.messages(&messages).await;
    let (now, before) = (
        "from=2026-02-23&to=2026-03-09",
        "from=2026-02-09&to=2026-02-23",
    );
    for report in ["response-times", "conversations", "messages"] {
        for rest in [
            "",
            "&interval=day",
            "&interval=week",
            "&by=manager",
            "&by=weekday,hour",
        ] {
            let compared = world
                .ask(report, &format!("{now}{rest}&compare=previous"))
                .await;
            let alone = world.ask(report, &format!("{before}{rest}")).await;
            let mut rows = previous(&compared);
            // Beside what did not occur before stand rows of nothing.
            let occurred = lines(&alone);
            rows.retain(|row| occurred.contains(row));
            rows.sort();
            let mut sorted = occurred.clone();
            sorted.sort();
            assert_eq!(rows, sorted, "{report}{rest}");
            assert!(!occurred.is_empty());
            assert_eq!(
                lines(&compared),
                lines(&world.ask(report, &format!("{now}{rest}")).await)
            );
        }
    }
}

#[tokio::test]
async fn the_31st_has_nothing_beside_it_in_february_and_not_zero() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-01T09:00:00Z"),
            manager("ana", "c1", "2026-03-31T09:00:00Z"),
            manager("ana", "c1", "2026-02-28T22:00:00Z"),
        ])
        .await;
    let context = trunkline_reports::Context {
        now: crate::world::at("2026-03-31T18:00:00Z"),
        ..context(Restriction::default())
    };
    let ask = async |query: &str| {
        let table = world
            .reports()
            .run("messages", &pairs(query), &context)
            .await;
        serde_json::to_value(table.expect("an answer")).expect("it is JSON")
    };
    let days = ask("period=month&tz=UTC&interval=day&compare=previous").await;
    let rows = previous(&days);
    assert_eq!(rows.len(), 31);
    assert_eq!(rows[26], r#"["2026-02-27T00:00:00.000Z",0]"#);
    assert_eq!(rows[27], r#"["2026-02-28T00:00:00.000Z",1]"#);
    assert_eq!(rows[28..], ["[null,null]"; 3]);
    let whole = ask("period=month&tz=UTC&compare=previous").await;
    assert_eq!(
        (lines(&whole), previous(&whole)),
        (vec!["[2]".into()], vec!["[1]".into()])
    );
    // A whole month by its ends has the same length before it.
    let whole = ask("from=2026-03-01&to=2026-04-01&tz=UTC&compare=year").await;
    assert_eq!(whole["previous_from"], json!("2025-03-01T00:00:00.000Z"));
}

#[tokio::test]
async fn in_csv_a_column_tells_the_periods_apart() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T09:00:00Z"),
            manager("ana", "c1", "2026-03-09T09:00:00Z"),
            manager("ana", "c1", "2026-03-09T10:00:00Z"),
        ])
        .await;
    let query = pairs("from=2026-03-10&to=2026-03-11&compare=previous&by=channel&format=csv");
    let context = context(Restriction::default());
    let table = world.reports().run("messages", &query, &context).await;
    assert_eq!(
        table.expect("an answer").to_csv(),
        "period,channel,messages\r\ncurrent,whatsapp,1\r\nprevious,whatsapp,2\r\n"
    );
}
