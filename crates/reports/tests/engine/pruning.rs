//! How much ClickHouse reads for a question: only what can hold the answer.

use trunkline_reports::{AccountView, Aliases, Context, Restriction};

use crate::world::{World, context, pairs};

const MARCH: &str = "from=2026-03-01&to=2026-04-01&tz=UTC";

/// A month of 500,000 replies of twenty managers, m0 to m19.
async fn with_a_month() -> World {
    let world = World::start().await;
    let fill = "INSERT INTO messages (account, channel, conversation, contact, at, message, \
        author, manager, kind, chars, kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, \
        received_at, version, deleted) SELECT 'acme', 'whatsapp', toString(intDiv(number, 9)), 'x', \
        toDateTime64('2026-03-01 00:00:00', 3, 'UTC') + number * 5, toString(number), 'manager', \
        concat('m', toString(number % 20)), 'text', NULL, 1, 2, 3, 4, 5, now64(3), 1, 0 \
        FROM numbers(500000)";
    world.execute(fill).await;
    world
}

#[tokio::test]
async fn aliases_cost_no_reading_of_what_is_not_asked_for() {
    let world = with_a_month().await;
    let account = serde_json::json!({"id": "acme", "timezone": "UTC",
        "manager": [{"id": "m4", "aliases": {"m": "5"}}]});
    let aliases = Aliases::of(&serde_json::from_value(account).expect("an account"));
    for report in ["messages", "response-times", "conversations"] {
        for query in [
            "from=2026-03-01&to=2026-04-01&manager=m4",
            "from=2026-03-02&to=2026-03-03&by=manager",
        ] {
            let mut read = Vec::new();
            for aliases in [Aliases::NONE, &aliases] {
                let asked = context(Restriction::default());
                let account = AccountView {
                    aliases,
                    ..asked.account
                };
                let asked = Context { account, ..asked };
                let before = world.marks().await;
                let answer = world.reports().run(report, &pairs(query), &asked).await;
                answer.expect("an answer");
                read.push(world.marks().await - before);
            }
            assert!(
                read[0] > 0 && read[1] <= read[0],
                "{report} {query}: {read:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_question_about_one_manager_reads_one_managers_messages() {
    let world = with_a_month().await;
    let managers = ["m4".to_owned()];
    let only = Restriction {
        managers: &managers,
        teams: &[],
    };
    let all = Restriction::default();
    for report in ["messages", "response-times", "conversations"] {
        let mut read = Vec::new();
        for (only, filter) in [
            (all, ""),
            (all, "&manager=m4"),
            (all, "&manager=m4&manager="),
            (all, "&manager=m4&by=team"),
            (only, ""),
        ] {
            let query = format!("{MARCH}{filter}");
            let before = world.marks().await;
            let answer = world.ask_as(only, report, &query).await.expect("an answer");
            let figures = world.marks().await;
            world.open_as(only, report, &query).await.expect("a page");
            read.push((figures - before, world.marks().await - figures));
            let count = answer["rows"][0]
                .as_array()
                .and_then(|row| row.iter().find_map(serde_json::Value::as_u64));
            let all = if read.len() == 1 { 500_000 } else { 25_000 };
            if report != "conversations" {
                assert_eq!(count, Some(all), "{report} {filter}");
            }
        }
        // 62 marks of 8,192 rows, of which one manager has three or four.
        let (whole, parts) = read.split_first().expect("what was read");
        assert!(whole.0 > 50 && whole.1 > 50, "{report}: {read:?}");
        for part in parts {
            assert!(part.0 < 10 && part.1 < 10, "{report}: {read:?}");
        }
    }
}

#[tokio::test]
async fn cycles_are_read_once_for_the_period_and_once_for_new_contacts() {
    let world = World::start().await;
    let fill = "INSERT INTO conversations (account, channel, conversation, contact, first_at, \
        last_at, assignee, last_manager, pending_at, cycles.started_at, cycles.contact, \
        cycles.answered, cycles.closed_at, cycles.closed_by, cycles.pending_at_close, \
        cycles.reopened_at, received_at, version, deleted) SELECT 'acme', 'whatsapp', toString(number), \
        toString(number), at, at, '', '', NULL, [at], [toString(number)], [0], [at], ['ana'], \
        [0], [NULL], now64(3), 1, 0 FROM (SELECT number, \
        toDateTime64('2026-02-01 00:00:00', 3, 'UTC') + number * 12 AS at FROM numbers(400000))";
    world.execute(fill).await;
    let read = async |filter: &str| {
        let before = world.marks().await;
        let answer = world
            .ask("conversations", &format!("{MARCH}{filter}"))
            .await;
        (world.marks().await - before, answer["rows"][0].clone())
    };
    // 49 marks of 8,192 rows; 201,600 seconds of twelve are February.
    let (marks, row) = read("").await;
    assert!(marks > 80 && marks < 110, "{marks}");
    let counts = serde_json::json!([0, 0, 198_400, 198_400, 198_400, 0, 198_400, 198_400]);
    assert_eq!(
        row.as_array().map(|row| &row[..8]),
        counts.as_array().map(Vec::as_slice)
    );
    let (marks, row) = read("&manager=ana").await;
    assert!(marks < 60, "{marks}");
    assert_eq!(row[7], serde_json::json!(198_400));
}
