//! `within_target` (`metrics.md` 1.1): as the fold says of each reply. What still awaits one is compared
//! with the target as it is now: the channel's, else the team's at the time, else the account's.

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::world::{Message, Owed, World, columns, context, cycle, pairs, reply};

/// (within_target, within_target_share) of each row, with the targets of some settings.
async fn within(world: &World, settings: Value, query: &str) -> Vec<(Value, Value)> {
    let account: Account = serde_json::from_value(settings).expect("settings");
    let targets = Targets::of(&account);
    let context = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let period = if query.contains("from") {
        ""
    } else {
        "from=2026-03-01&to=2026-04-01&"
    };
    let pairs = pairs(&format!("{period}{query}"));
    let table = world
        .reports()
        .run("response-times", &pairs, &context)
        .await;
    let json = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
    let place = |name: &str| columns(&json).iter().position(|column| *column == name);
    let (count, share) = (place("within_target"), place("within_target_share"));
    let (count, share) = (count.expect("a column"), share.expect("a column"));
    let rows = json["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row[count].clone(), row[share].clone()))
        .collect()
}

/// A reply of each definition after so many seconds.
fn answer(name: &'static str, channel: &'static str, day: u32, seconds: i64) -> Message {
    let time = format!("2026-03-{day:02}T10:00:00Z");
    let message = reply(name, &format!("c{seconds}"), &time, 0);
    Message {
        channel,
        samples: [Some(seconds * 1_000); 5],
        ..message
    }
}

fn no_targets() -> Value {
    json!({"id": "acme"})
}

#[tokio::test]
async fn what_the_fold_says_of_each_reply_and_definition_is_counted() {
    let world = World::start().await;
    // Bits of kommo, turn, wait, assigned, first; business from the ninth on.
    let verdicts = [0b1_1111, 0b0_0101, 0b1_0000_0000 << 4, 0b100 << 8, 0];
    let replies = (0..5).zip(verdicts).map(|(place, within)| Message {
        within: Some(within),
        business: [Some(1); 5],
        ..answer("ana", "web", 10, place)
    });
    world.messages(&replies.collect::<Vec<_>>()).await;
    for (query, expected) in [
        ("definition=kommo", 2),
        ("definition=turn", 1),
        ("definition=wait", 2),
        ("definition=assigned", 1),
        ("definition=first", 1),
        ("definition=wait&hours=business", 1),
        ("definition=first&hours=business", 1),
        ("definition=kommo&hours=business", 0),
    ] {
        let rows = within(&world, no_targets(), query).await;
        assert_eq!(rows[0].0, json!(expected), "{query}");
    }
    // Of nothing there is no share.
    assert_eq!(
        within(&world, no_targets(), "manager=nobody").await,
        [(json!(0), json!(null))]
    );
}

#[tokio::test]
async fn what_awaits_a_reply_for_longer_than_its_target_lowers_the_share() {
    let world = World::start().await;
    world
        .messages(&[
            answer("ana", "web", 10, 100),
            answer("ana", "web", 10, 1_000),
        ])
        .await;
    let since = |since| Owed {
        assignee: "ana",
        last_manager: "",
        since: Some(since),
    };
    let begun = [cycle("maria", "2026-03-10T10:00:00Z")];
    world
        .owing("web", "old", &begun, since("2026-03-31T10:00:00Z"))
        .await;
    assert_eq!(
        within(&world, no_targets(), "by=manager").await,
        [(json!(1), json!(0.3333))]
    );
    // As of 09:59:58 this one has waited for 898 seconds: not yet too long.
    world
        .owing("web", "new", &begun, since("2026-04-03T09:45:00Z"))
        .await;
    let query = "from=2026-04-03&to=2026-04-04";
    let context = context(Restriction::default());
    let table = world
        .reports()
        .run("response-times", &pairs(query), &context)
        .await;
    let json = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
    let place = columns(&json)
        .iter()
        .position(|name| *name == "within_target_share");
    assert_eq!(json["rows"][0][place.expect("a column")], json!(null));
}

#[tokio::test]
async fn of_first_only_a_cycle_without_a_managers_message_is_unanswered() {
    let world = World::start().await;
    world.messages(&[answer("ana", "web", 10, 100)]).await;
    let begun = [cycle("maria", "2026-03-10T10:00:00Z")];
    let since = Owed {
        assignee: "ana",
        last_manager: "",
        since: Some("2026-04-03T09:52:00Z"),
    };
    // Ana has written in one cycle before; in the other nobody has, and it began long ago.
    world.owing("web", "served", &begun, since).await;
    let share = async |definition: &str| {
        let pairs = pairs(&format!(
            "from=2026-01-01&to=2026-04-04&definition={definition}"
        ));
        let context = context(Restriction::default());
        let table = world
            .reports()
            .run("response-times", &pairs, &context)
            .await;
        let json = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
        let place = columns(&json)
            .iter()
            .position(|name| *name == "within_target_share");
        json["rows"][0][place.expect("a column")].clone()
    };
    assert_eq!(share("first").await, json!(1.0));
    world
        .execute(
            "INSERT INTO trunkline.conversations SELECT * REPLACE('unserved' AS conversation, \
             toDateTime64('2026-04-03 09:40:00', 3, 'UTC') AS unserved_at) \
             FROM trunkline.conversations",
        )
        .await;
    // Its first reply has been owed for 20 minutes, what is pending now for 8.
    assert_eq!(share("first").await, json!(0.5));
    assert_eq!(share("wait").await, json!(1.0));
}

#[tokio::test]
async fn what_awaits_a_reply_is_late_by_its_channels_target_else_its_teams_else_the_accounts() {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[reply("ana", "c1", "2026-04-03T09:00:00Z", 1_000)])
        .await;
    let begun = [cycle("maria", "2026-04-03T09:57:00Z")];
    for assignee in ["ana", "luis"] {
        for channel in ["web", "mail"] {
            let owed = Owed {
                assignee,
                last_manager: "",
                // 150 s before the answer.
                since: Some("2026-04-03T09:57:28Z"),
            };
            world.owing(channel, assignee, &begun, owed).await;
        }
    }
    let account = json!({
        "id": "acme", "timezone": "UTC", "targets": {"wait_s": 100},
        "team": [{"id": "sales", "managers": ["ana"], "targets": {"wait_s": 200}}],
        "channel": [{"id": "mail", "targets": {"wait_s": 60}}, {"id": "web"}],
    });
    // All but Ana's on the web, whose team has 200 s.
    let rows = within(&world, account, "from=2026-04-03&to=2026-04-04").await;
    assert_eq!(rows, [(json!(1), json!(0.25))]);
}
