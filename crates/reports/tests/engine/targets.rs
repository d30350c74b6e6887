//! `within_target` (`metrics.md` 1.1): the channel's target, else the team's at the time, else the
//! account's, else 300 s for `first` and 900 s for all other definitions.

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
    let pairs = pairs(&format!("from=2026-03-01&to=2026-04-01&{query}"));
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
async fn without_settings_a_first_reply_has_300_seconds_and_any_other_900() {
    let world = World::start().await;
    let replies = [299, 300, 301, 900, 901].map(|seconds| answer("ana", "web", 10, seconds));
    world.messages(&replies).await;
    let of = async |definition: &str| {
        within(&world, no_targets(), &format!("definition={definition}")).await
    };
    assert_eq!(of("first").await, [(json!(2), json!(0.4))]);
    for definition in ["kommo", "turn", "wait", "assigned"] {
        assert_eq!(
            of(definition).await,
            [(json!(4), json!(0.8))],
            "{definition}"
        );
    }
    let account = json!({"id": "acme", "targets": {"wait_s": 299, "first_s": 900}});
    let wait = within(&world, account.clone(), "").await;
    assert_eq!(wait, [(json!(1), json!(0.2))]);
    let first = within(&world, account, "definition=first").await;
    assert_eq!(first, [(json!(4), json!(0.8))]);
    // Of nothing there is no share.
    assert_eq!(
        within(&world, no_targets(), "manager=nobody").await,
        [(json!(0), json!(null))]
    );
}

#[tokio::test]
async fn a_channels_target_goes_before_a_teams_and_that_before_the_accounts() {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    let mut messages = Vec::new();
    for name in ["ana", "luis"] {
        for channel in ["web", "mail"] {
            messages.extend([50, 150, 250].map(|seconds| answer(name, channel, 10, seconds)));
        }
    }
    world.messages(&messages).await;
    let account = json!({
        "id": "acme", "timezone": "UTC", "targets": {"wait_s": 100},
        "team": [{"id": "sales", "managers": ["ana"], "targets": {"wait_s": 200}},
                 {"id": "idle", "targets": {"first_s": 1}}],
        "channel": [{"id": "mail", "targets": {"wait_s": 60}}, {"id": "web"}],
    });
    let rows = within(&world, account.clone(), "by=manager,channel").await;
    let counts: Vec<_> = rows.into_iter().map(|(count, _)| count).collect();
    // Ana by mail 60 s, on the web her team's 200; Luis by mail 60, on the web the account's 100.
    assert_eq!(counts, [json!(1), json!(2), json!(1), json!(1)]);
    assert_eq!(
        within(&world, account, "").await,
        [(json!(5), json!(0.4167))]
    );
}

#[tokio::test]
async fn a_teams_first_target_holds_before_it_and_a_later_one_from_its_day() {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[5, 15, 25].map(|day| answer("ana", "web", day, 150)))
        .await;
    let team = |from: &str, until: Option<&str>, seconds: u32| {
        json!({"id": "sales", "managers": ["ana"], "from": from, "until": until,
               "targets": {"wait_s": seconds}})
    };
    let account = json!({
        "id": "acme", "timezone": "UTC", "targets": {"wait_s": 1},
        "team": [team("2026-03-20", None, 100), team("2026-03-10", Some("2026-03-20"), 200)],
    });
    let rows = within(
        &world,
        account,
        "interval=day&tz=UTC&order=-within_target&limit=3",
    )
    .await;
    let counts: Vec<_> = rows.into_iter().map(|(count, _)| count).collect();
    assert_eq!(counts, [json!(1), json!(1), json!(0)]);
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
