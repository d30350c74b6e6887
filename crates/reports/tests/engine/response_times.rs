//! `response-times` (`metrics.md` 1.1; S2, S3, S33 to S38).

use serde_json::json;

use crate::world::{Message, WAIT, World, columns, contact, lines, manager, of_replies, reply};

/// The worked example of `metrics.md` 1.1, its samples written out from the text.
fn worked_example() -> Vec<Message> {
    let minutes = |samples: [Option<i64>; 5]| samples.map(|sample| sample.map(|m| m * 60_000));
    let day = "2026-03-10T";
    let time = |clock: &str| format!("{day}{clock}:00Z");
    vec![
        contact("c1", &time("10:00")),
        contact("c1", &time("10:02")),
        Message {
            samples: minutes([Some(3), Some(3), Some(5), Some(5), Some(5)]),
            ..manager("ana", "c1", &time("10:05"))
        },
        Message {
            samples: minutes([Some(4), None, None, None, None]),
            ..manager("ana", "c1", &time("10:06"))
        },
        Message {
            author: "system",
            ..contact("c1", &time("10:07"))
        },
        contact("c1", &time("10:10")),
        Message {
            samples: minutes([Some(30), Some(30), Some(30), Some(30), None]),
            ..manager("luis", "c1", &time("10:40"))
        },
    ]
}

#[tokio::test]
async fn the_worked_example_comes_out_for_each_definition() {
    let world = World::start().await;
    world.messages(&worked_example()).await;
    let ask = async |definition: &str| {
        let query = format!("from=2026-03-10&to=2026-03-11&by=manager&definition={definition}");
        lines(&of_replies(&world.ask("response-times", &query).await))
    };
    // kommo: Ana 3 and 4 minutes, Luis 30.
    assert_eq!(
        ask("kommo").await,
        [
            r#"["ana","ana",2,420.0,210.0,180.0,240.0,240.0,240.0,180.0,240.0]"#,
            r#"["luis","luis",1,1800.0,1800.0,1800.0,1800.0,1800.0,1800.0,1800.0,1800.0]"#,
        ]
    );
    let one =
        |name: &str, s: &str| format!(r#"["{name}","{name}",1,{s},{s},{s},{s},{s},{s},{s},{s}]"#);
    assert_eq!(
        ask("turn").await,
        [one("ana", "180.0"), one("luis", "1800.0")]
    );
    assert_eq!(
        ask("wait").await,
        [one("ana", "300.0"), one("luis", "1800.0")]
    );
    assert_eq!(ask("first").await, [one("ana", "300.0")]);
    // All three samples of kommo together: 37 minutes by 3 are 12 minutes 20 (S3, S34).
    let all = world
        .ask(
            "response-times",
            "from=2026-03-10&to=2026-03-11&definition=kommo",
        )
        .await;
    assert_eq!(all["rows"][0][2], json!(740.0));
    assert_eq!(
        columns(&all),
        [
            "count",
            "sum_s",
            "mean_s",
            "p50_s",
            "p90_s",
            "p95_s",
            "p99_s",
            "min_s",
            "max_s",
            "queue_s",
            "first_from_start_s",
            "within_target",
            "within_target_share",
            "outside_hours",
            "received",
            "answered",
            "answered_share",
            "awaiting",
            "closed_unanswered",
            "longest_wait_s",
        ]
    );
}

#[tokio::test]
async fn no_data_is_null_but_counts_and_sums_are_zero() {
    let world = World::start().await;
    let empty = r"[0,0.0,null,null,null,null,null,null,null,null,null,0,null,0,0,0,null,0,0,null]";
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11")
        .await;
    assert_eq!(lines(&answer), [empty]);
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11&by=manager")
        .await;
    assert_eq!(lines(&answer), [""; 0]);
}

#[tokio::test]
async fn s38_one_long_wait_moves_the_mean_but_not_the_quantiles() {
    // 99 replies of 30 to 180 s and one of 12 hours: the mean is theirs to move, p50 to p95 not.
    let world = World::start().await;
    let mut messages = Vec::new();
    let mut sum = 0;
    for place in 0..99_i64 {
        let wait = 30_000 + place * 150_000 / 98;
        sum += wait;
        let time = format!("{}", 1_773_136_800 + place * 60);
        messages.push(reply("ana", &format!("c{place}"), &time, wait));
    }
    messages.push(reply("ana", "slow", "2026-03-10T20:00:00Z", 43_200_000));
    sum += 43_200_000;
    world.messages(&messages).await;
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11")
        .await;
    let row = answer["rows"][0].as_array().expect("a row");
    assert_eq!(row[0], json!(100));
    assert_eq!(row[1].as_f64(), Some(sum as f64 / 1000.0));
    assert_eq!(row[2].as_f64(), Some(((sum + 50) / 100) as f64 / 1000.0));
    // Nearest rank: the 50th, 90th, 95th and 99th of the hundred in order.
    for (column, place) in [(3, 50), (4, 90), (5, 95), (6, 99)] {
        let exact = f64::from(30_000 + (place - 1) * 150_000 / 98) / 1000.0;
        let got = row[column].as_f64().expect("a quantile");
        assert!(
            (got - exact).abs() <= exact * 0.01,
            "rank {place}: {got} for {exact}"
        );
    }
    assert_eq!((&row[7], &row[8]), (&json!(30.0), &json!(43_200.0)));
}

#[tokio::test]
async fn a_mean_is_rounded_from_whole_milliseconds() {
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-10T10:00:00Z", 1),
            reply("ana", "c2", "2026-03-10T10:00:01Z", 0),
            reply("luis", "c3", "2026-03-10T10:00:02Z", 1),
            reply("luis", "c4", "2026-03-10T10:00:03Z", 0),
            reply("luis", "c5", "2026-03-10T10:00:04Z", 0),
        ])
        .await;
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11&by=manager")
        .await;
    // A half is rounded up, a third down.
    assert_eq!(
        (&answer["rows"][0][4], &answer["rows"][1][4]),
        (&json!(0.001), &json!(0.0))
    );
}

#[tokio::test]
async fn a_bots_reply_is_not_a_managers() {
    let world = World::start().await;
    world
        .messages(&[
            Message {
                author: "bot",
                ..reply("", "c1", "2026-03-10T10:00:01Z", 1_000)
            },
            reply("ana", "c1", "2026-03-10T10:01:00Z", 60_000),
        ])
        .await;
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11&by=manager")
        .await;
    assert_eq!(answer["rows"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["rows"][0][0], json!("ana"));
}

#[tokio::test]
async fn managers_have_their_latest_name_and_null_comes_first() {
    let world = World::start().await;
    world.manager("m-2", "Ana García").await;
    world
        .messages(&[
            reply("m-2", "c1", "2026-03-10T10:00:01Z", 1_000),
            reply("m-1", "c1", "2026-03-10T10:00:02Z", 1_000),
            reply("", "c1", "2026-03-10T10:00:03Z", 1_000),
        ])
        .await;
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11&by=manager")
        .await;
    let named: Vec<_> = answer["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(
        named,
        [
            (json!(null), json!(null)),
            (json!("m-1"), json!("m-1")),
            (json!("m-2"), json!("Ana García")),
        ]
    );
}

#[tokio::test]
async fn rows_go_by_the_column_asked_for_and_stop_at_the_limit() {
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-10T10:00:01Z", 3_000),
            reply("luis", "c1", "2026-03-10T10:00:02Z", 1_000),
            reply("eva", "c1", "2026-03-10T10:00:03Z", 2_000),
            reply("zoe", "c1", "2026-03-10T10:00:04Z", 2_000),
        ])
        .await;
    let names = async |query: &str| {
        let query = format!("from=2026-03-10&to=2026-03-11&by=manager&{query}");
        let answer = world.ask("response-times", &query).await;
        let rows = answer["rows"].as_array().expect("rows").clone();
        let names: Vec<_> = rows
            .iter()
            .map(|row| row[0].as_str().unwrap_or_default().to_owned())
            .collect();
        (names.join(" "), answer["truncated"] == json!(true))
    };
    assert_eq!(
        names("order=-p90_s").await,
        ("ana eva zoe luis".into(), false)
    );
    assert_eq!(
        names("order=p90_s").await,
        ("luis eva zoe ana".into(), false)
    );
    assert_eq!(
        names("order=-manager").await,
        ("zoe luis eva ana".into(), false)
    );
    assert_eq!(
        names("order=-p90_s&limit=2").await,
        ("ana eva".into(), true)
    );
    assert_eq!(names("limit=4").await, ("ana eva luis zoe".into(), false));
    // With intervals and without dimensions the order holds for empty ones too.
    let answer = world
        .ask(
            "response-times",
            "from=2026-03-09&to=2026-03-12&interval=day&order=-mean_s&limit=2",
        )
        .await;
    assert_eq!(answer["truncated"], json!(true));
    let times: Vec<_> = lines(&answer);
    assert!(
        times[0].starts_with(r#"["2026-03-09T23:00:00.000Z",4,"#),
        "{times:?}"
    );
    assert!(
        times[1].starts_with(r#"["2026-03-08T23:00:00.000Z",0,"#),
        "{times:?}"
    );
}

#[tokio::test]
async fn repeated_filters_are_or_and_several_names_are_and() {
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-10T10:00:01Z", 1_000),
            Message {
                channel: "telegram",
                ..reply("ana", "c2", "2026-03-10T11:00:01Z", 2_000)
            },
            reply("luis", "c3", "2026-03-10T10:00:02Z", 4_000),
            reply("", "c4", "2026-03-10T10:00:03Z", 8_000),
        ])
        .await;
    let sum = async |query: &str| {
        let query = format!("from=2026-03-10&to=2026-03-11&{query}");
        world.ask("response-times", &query).await["rows"][0][1]
            .as_f64()
            .unwrap_or(-1.0)
    };
    let close = |got: f64, want: f64| assert!((got - want).abs() < 1e-9, "{got} for {want}");
    close(sum("manager=ana&manager=luis").await, 7.0);
    close(sum("manager=ana&channel=telegram").await, 2.0);
    close(sum("manager=").await, 8.0);
    close(sum("manager=&manager=luis").await, 12.0);
    close(sum("manager=nobody").await, 0.0);
    close(sum("manager=x') OR 1=1 --").await, 0.0);
    close(sum("manager=\\").await, 0.0);
    // 10:00 UTC is 11:00 in Madrid, a Tuesday.
    close(sum("hour=11").await, 13.0);
    close(sum("weekday=2&hour=12").await, 2.0);
}

#[tokio::test]
async fn a_team_is_the_one_of_the_samples_time() {
    let world = World::start().await;
    world
        .member(
            "ana",
            "sales",
            "1970-01-01T00:00:00Z",
            "2026-03-10T12:00:00Z",
        )
        .await;
    world
        .member(
            "ana",
            "support",
            "2026-03-10T12:00:00Z",
            "2026-03-11T00:00:00Z",
        )
        .await;
    world
        .member("luis", "support", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-10T11:59:59.999Z", 1_000),
            reply("ana", "c1", "2026-03-10T12:00:00Z", 2_000),
            reply("ana", "c1", "2026-03-12T12:00:00Z", 4_000),
            reply("luis", "c1", "2026-03-12T12:00:00Z", 8_000),
            reply("", "c1", "2026-03-12T12:00:01Z", 16_000),
        ])
        .await;
    let answer = world
        .ask("response-times", "from=2026-03-01&to=2026-04-01&by=team")
        .await;
    let sums: Vec<_> = answer["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| (row[0].clone(), row[2].clone()))
        .collect();
    assert_eq!(
        sums,
        [
            (json!(null), json!(20.0)),
            (json!("sales"), json!(1.0)),
            (json!("support"), json!(10.0)),
        ]
    );
    let query = "from=2026-03-01&to=2026-04-01&team=support&by=manager";
    assert_eq!(lines(&world.ask("response-times", query).await).len(), 2);
}

#[tokio::test]
async fn another_accounts_samples_are_not_seen() {
    let world = World::start().await;
    world
        .messages(&[
            Message {
                account: "other",
                ..reply("ana", "c1", "2026-03-10T10:00:00Z", 1_000)
            },
            reply("ana", "c1", "2026-03-10T10:00:00Z", 2_000),
        ])
        .await;
    let answer = world
        .ask("response-times", "from=2026-03-10&to=2026-03-11")
        .await;
    assert_eq!(answer["rows"][0][1], json!(2.0));
}

#[tokio::test]
async fn in_business_hours_a_wait_outside_the_schedule_is_zero_and_counted_or_left_out() {
    let world = World::start().await;
    let business = |conversation: &str, wait: i64, business: Option<i64>| {
        let mut message = reply("ana", conversation, "2026-03-10T10:00:00Z", wait);
        message.business[WAIT] = business;
        message
    };
    world
        .messages(&[
            business("c1", 60_000, Some(60_000)),
            business("c2", 7_200_000, Some(3_600_000)),
            business("c3", 7_200_000, Some(0)),
            business("c4", 7_200_000, None),
            // At once, inside the schedule.
            business("c5", 0, Some(0)),
        ])
        .await;
    let ask = async |rest: &str| {
        let query = format!("from=2026-03-10&to=2026-03-11{rest}");
        let answer = world.ask("response-times", &query).await;
        let place = |name| columns(&answer).iter().position(|column| *column == name);
        let value = |name| answer["rows"][0][place(name).expect("a column")].clone();
        ["count", "sum_s", "outside_hours"].map(value)
    };
    assert_eq!(ask("").await, [json!(5), json!(21_660.0), json!(1)]);
    assert_eq!(
        ask("&hours=business").await,
        [json!(4), json!(3_660.0), json!(1)]
    );
    let excluded = ask("&hours=business&exclude=outside_hours").await;
    assert_eq!(excluded, [json!(3), json!(3_660.0), json!(0)]);
    let excluded = ask("&exclude=outside_hours").await;
    assert_eq!(excluded, [json!(4), json!(14_460.0), json!(0)]);
}
