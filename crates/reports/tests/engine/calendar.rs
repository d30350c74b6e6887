//! Intervals follow the calendar of the zone, through clock changes (`metrics.md` §0; the bugs of
//! G10: counts that differ by the zone, days cut by the server's).

use serde_json::{Value, json};

use crate::world::{World, lines, manager};

/// The rows of `messages`, its only figure behind the time.
async fn series(world: &World, query: &str) -> Vec<(String, u64)> {
    let answer = world.ask("messages", query).await;
    let row = |row: &Value| {
        let time = row[0].as_str().expect("a time").to_owned();
        (time, row[1].as_u64().expect("a count"))
    };
    answer["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(row)
        .collect()
}

fn expected(rows: &[(&str, u64)]) -> Vec<(String, u64)> {
    rows.iter()
        .map(|(time, count)| (format!("{time}:00.000Z"), *count))
        .collect()
}

#[tokio::test]
async fn g10_a_day_of_23_hours_in_madrid_has_23_hours() {
    let world = World::start().await;
    world
        .messages(&[
            // The first and the last instant of local 29 March, and their neighbours.
            manager("ana", "c1", "2026-03-28T22:59:59.999Z"),
            manager("ana", "c1", "2026-03-28T23:00:00Z"),
            manager("ana", "c1", "2026-03-29T00:59:59.999Z"),
            manager("ana", "c1", "2026-03-29T01:00:00Z"),
            manager("ana", "c1", "2026-03-29T21:59:59.999Z"),
            manager("ana", "c1", "2026-03-29T22:00:00Z"),
        ])
        .await;
    let days = series(&world, "from=2026-03-28&to=2026-03-31&interval=day").await;
    assert_eq!(
        days,
        expected(&[
            ("2026-03-27T23:00", 1),
            ("2026-03-28T23:00", 4),
            ("2026-03-29T22:00", 1)
        ])
    );
    let hours = series(&world, "from=2026-03-29&to=2026-03-30&interval=hour").await;
    assert_eq!(hours.len(), 23);
    let counted: Vec<_> = hours.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        counted,
        expected(&[
            ("2026-03-28T23:00", 1),
            // 01:00 local, then 03:00: there is no 02:00.
            ("2026-03-29T00:00", 1),
            ("2026-03-29T01:00", 1),
            ("2026-03-29T21:00", 1)
        ])
    );
    let by = world
        .ask("messages", "from=2026-03-29&to=2026-03-30&by=hour")
        .await;
    assert_eq!(lines(&by), ["[0,1]", "[1,1]", "[3,1]", "[23,1]"]);
}

#[tokio::test]
async fn a_day_of_25_hours_has_the_doubled_hour_twice() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2025-10-26T00:30:00Z"),
            manager("ana", "c1", "2025-10-26T01:30:00Z"),
        ])
        .await;
    let hours = series(&world, "from=2025-10-26&to=2025-10-27&interval=hour").await;
    assert_eq!(hours.len(), 25);
    let counted: Vec<_> = hours.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        counted,
        expected(&[("2025-10-26T00:00", 1), ("2025-10-26T01:00", 1)])
    );
    // As an hour of the clock both are 02.
    let by = world
        .ask("messages", "from=2025-10-26&to=2025-10-27&by=hour")
        .await;
    assert_eq!(lines(&by), ["[2,2]"]);
}

#[tokio::test]
async fn a_half_hour_zone_is_cut_at_its_own_hours_and_days() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-09T18:29:59.999Z"),
            manager("ana", "c1", "2026-03-09T18:30:00Z"),
            manager("ana", "c1", "2026-03-10T04:29:59.999Z"),
            manager("ana", "c1", "2026-03-10T04:30:00Z"),
        ])
        .await;
    let zone = "tz=Asia/Kolkata";
    let days = series(
        &world,
        &format!("{zone}&from=2026-03-09&to=2026-03-11&interval=day"),
    )
    .await;
    assert_eq!(
        days,
        expected(&[("2026-03-08T18:30", 1), ("2026-03-09T18:30", 3)])
    );
    let hours = series(
        &world,
        &format!("{zone}&from=2026-03-10&to=2026-03-11&interval=hour"),
    )
    .await;
    assert_eq!(hours.len(), 24);
    let counted: Vec<_> = hours.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!(
        counted,
        expected(&[
            ("2026-03-09T18:30", 1),
            ("2026-03-10T03:30", 1),
            ("2026-03-10T04:30", 1)
        ])
    );
}

#[tokio::test]
async fn jerusalem_changes_its_clock_on_a_friday_and_its_week_begins_on_monday() {
    // 27 March 2026, 02:00 becomes 03:00: the offset goes from two hours to three.
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-26T22:00:00Z"),
            manager("ana", "c1", "2026-03-27T20:59:59.999Z"),
            manager("ana", "c1", "2026-03-27T21:00:00Z"),
            manager("ana", "c1", "2026-03-29T21:00:00Z"),
        ])
        .await;
    let zone = "tz=Asia/Jerusalem";
    let days = series(
        &world,
        &format!("{zone}&from=2026-03-27&to=2026-03-29&interval=day"),
    )
    .await;
    assert_eq!(
        days,
        expected(&[("2026-03-26T22:00", 2), ("2026-03-27T21:00", 1)])
    );
    let weeks = series(
        &world,
        &format!("{zone}&from=2026-03-23&to=2026-04-06&interval=week"),
    )
    .await;
    assert_eq!(
        weeks,
        expected(&[("2026-03-22T22:00", 3), ("2026-03-29T21:00", 1)])
    );
}

#[tokio::test]
async fn the_parts_of_a_period_sum_to_the_whole_in_every_zone() {
    let world = World::start().await;
    let start = 1_774_500_000;
    let times: Vec<_> = (0..500).map(|place| start + place * 1_337).collect();
    let messages: Vec<_> = times
        .iter()
        .map(|time| manager("ana", "c1", &time.to_string()))
        .collect();
    world.messages(&messages).await;
    for zone in [
        "UTC",
        "Europe/Madrid",
        "Asia/Kolkata",
        "Asia/Jerusalem",
        "Asia/Kathmandu",
    ] {
        let query = format!("from={}&to={}&tz={zone}", times[10] + 1, times[490] + 1);
        assert_eq!(
            lines(&world.ask("messages", &query).await),
            ["[480]"],
            "{zone}"
        );
        for interval in ["minute", "hour", "day", "week", "month", "quarter", "year"] {
            let series = series(&world, &format!("{query}&interval={interval}&limit=100000")).await;
            let sum: u64 = series.iter().map(|(_, count)| count).sum();
            assert_eq!(sum, 480, "{interval} in {zone}");
        }
    }
}

#[tokio::test]
async fn with_an_interval_and_a_dimension_only_what_occurred_has_a_row() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("", "c1", "2026-03-12T10:00:00Z"),
            manager("ana", "c1", "2026-03-12T10:00:00Z"),
        ])
        .await;
    let query = "from=2026-03-10&to=2026-03-14&interval=day&by=manager";
    let answer = world.ask("messages", query).await;
    assert_eq!(
        lines(&answer),
        [
            r#"["2026-03-09T23:00:00.000Z","ana","ana",1]"#,
            r#"["2026-03-11T23:00:00.000Z",null,null,1]"#,
            r#"["2026-03-11T23:00:00.000Z","ana","ana",1]"#,
        ]
    );
}

#[tokio::test]
async fn s25_a_week_is_monday_until_now() {
    // Now is Friday, 3 April 2026, noon in Madrid.
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-29T21:59:59.999Z"),
            manager("ana", "c1", "2026-03-29T22:00:00Z"),
            manager("ana", "c1", "2026-04-03T09:59:59.999Z"),
            manager("ana", "c1", "2026-04-03T10:00:00Z"),
        ])
        .await;
    let answer = world.ask("messages", "period=week").await;
    assert_eq!(lines(&answer), ["[2]"]);
    assert_eq!(answer["from"], json!("2026-03-29T22:00:00.000Z"));
    assert_eq!(answer["to"], json!("2026-04-03T10:00:00.000Z"));
    assert_eq!(answer["tz"], json!("Europe/Madrid"));
    // Without a period it is the month to date.
    let answer = world.ask("messages", "").await;
    assert_eq!(answer["from"], json!("2026-03-31T22:00:00.000Z"));
    assert_eq!(lines(&answer), ["[1]"]);
}

#[tokio::test]
async fn weekdays_and_hours_are_those_of_the_zone_asked_for_through_clock_changes() {
    let world = World::start().await;
    world
        .messages(&[
            // Sunday 23:30 in UTC; Monday 00:30 in Madrid, still winter; Sunday 18:30 in New York,
            // already summer.
            manager("ana", "c1", "2026-03-15T23:30:00Z"),
            // Sunday 22:30 in UTC; Monday 00:30 in Madrid's summer; Monday 04:00 in Kolkata.
            manager("ana", "c1", "2026-04-05T22:30:00Z"),
        ])
        .await;
    let map = async |zone: &str, filter: &str| {
        let query = format!("from=2026-03-01T00:00:00Z&to=2026-05-01T00:00:00Z&tz={zone}{filter}");
        lines(
            &world
                .ask("messages", &format!("{query}&by=weekday,hour"))
                .await,
        )
    };
    assert_eq!(map("UTC", "").await, ["[7,22,1]", "[7,23,1]"]);
    assert_eq!(map("Europe/Madrid", "").await, ["[1,0,2]"]);
    assert_eq!(map("America/New_York", "").await, ["[7,18,1]", "[7,19,1]"]);
    assert_eq!(map("Asia/Kolkata", "").await, ["[1,4,1]", "[1,5,1]"]);
    // Without a zone it is the account's.
    let account = "from=2026-03-01&to=2026-05-01&by=hour,weekday&hour=0&weekday=1";
    assert_eq!(lines(&world.ask("messages", account).await), ["[0,1,2]"]);
    // They are filters too, of the same clock.
    assert_eq!(map("Europe/Madrid", "&weekday=7").await, [""; 0]);
    assert_eq!(map("UTC", "&weekday=7&hour=22").await, ["[7,22,1]"]);
}
