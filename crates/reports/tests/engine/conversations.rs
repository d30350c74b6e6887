//! `conversations` (`metrics.md` 1.2; S30, S31).

use serde_json::{Value, json};

use crate::world::{Message, World, columns, contact, cycle, lines, manager};

const MARCH: &str = "from=2026-03-01&to=2026-04-01";

/// A figure of the only row of an answer.
fn figure<'a>(answer: &'a Value, name: &str) -> &'a Value {
    assert_eq!(lines(answer).len(), 1, "{answer}");
    let place = columns(answer)
        .iter()
        .position(|column| *column == name)
        .expect("a column");
    &answer["rows"][0][place]
}

#[tokio::test]
async fn s31_two_managers_are_two_participations_of_one_conversation() {
    let world = World::start().await;
    world
        .messages(&[
            contact("c1", "2026-03-10T10:00:00Z"),
            manager("ana", "c1", "2026-03-10T10:01:00Z"),
            manager("ana", "c1", "2026-03-10T10:02:00Z"),
            manager("luis", "c1", "2026-03-10T10:03:00Z"),
            // Nobody of ours wrote in this one.
            contact("c2", "2026-03-10T10:00:00Z"),
            // The same id on another channel is another conversation.
            Message {
                channel: "telegram",
                ..manager("ana", "c1", "2026-03-10T11:00:00Z")
            },
            // Unknown managers are one, whoever they are.
            manager("", "c3", "2026-03-10T12:00:00Z"),
            manager("", "c3", "2026-03-10T12:01:00Z"),
        ])
        .await;
    let all = world.ask("conversations", MARCH).await;
    assert_eq!(figure(&all, "participations"), 4);
    assert_eq!(figure(&all, "conversations"), 3);
    let by = world
        .ask("conversations", &format!("{MARCH}&by=manager"))
        .await;
    assert_eq!(
        lines(&by),
        [
            "[null,null,1,1,null,null,null,null,null,0,null,null,null]",
            r#"["ana","ana",2,2,null,null,null,null,null,0,null,null,null]"#,
            r#"["luis","luis",1,1,null,null,null,null,null,0,null,null,null]"#,
        ]
    );
    let ana = world
        .ask(
            "conversations",
            &format!("{MARCH}&manager=ana&channel=telegram"),
        )
        .await;
    assert_eq!(figure(&ana, "participations"), 1);
    assert_eq!(figure(&ana, "received"), &json!(null));
}

#[tokio::test]
async fn conversations_are_distinct_over_the_whole_period_and_over_each_interval() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("ana", "c1", "2026-03-11T10:00:00Z"),
        ])
        .await;
    let all = world.ask("conversations", MARCH).await;
    assert_eq!(figure(&all, "conversations"), 1);
    let query = "from=2026-03-10&to=2026-03-13&interval=day";
    let days = world.ask("conversations", query).await;
    assert_eq!(
        lines(&days),
        [
            r#"["2026-03-09T23:00:00.000Z",1,1,0,0,0,0,0,0,null,null,null]"#,
            r#"["2026-03-10T23:00:00.000Z",1,1,0,0,0,0,0,0,null,null,null]"#,
            r#"["2026-03-11T23:00:00.000Z",0,0,0,0,0,0,0,0,null,null,null]"#,
        ]
    );
    // An empty interval knows as little of what managers cannot be given as a full one.
    let ana = world
        .ask("conversations", &format!("{query}&manager=ana"))
        .await;
    assert_eq!(
        lines(&ana)[0],
        r#"["2026-03-09T23:00:00.000Z",1,1,null,null,null,null,null,0,null,null,null]"#
    );
    assert_eq!(
        lines(&ana)[2],
        r#"["2026-03-11T23:00:00.000Z",0,0,null,null,null,null,null,0,null,null,null]"#
    );
}

#[tokio::test]
async fn cycles_are_counted_where_they_begin_and_contacts_at_their_very_first() {
    let world = World::start().await;
    world
        .conversation(
            "whatsapp",
            "c1",
            &[
                cycle("maria", "2026-02-27T10:00:00Z").closed("2026-02-28T10:00:00Z", "ana"),
                cycle("maria", "2026-03-05T10:00:00Z"),
            ],
        )
        .await;
    // Known since February by another channel, so not new in March.
    world
        .conversation("telegram", "c2", &[cycle("maria", "2026-03-06T10:00:00Z")])
        .await;
    world
        .conversation(
            "telegram",
            "c3",
            &[
                cycle("pedro", "2026-03-07T10:00:00Z").closed("2026-03-08T10:00:00Z", "ana"),
                cycle("pedro", "2026-03-20T10:00:00Z"),
                cycle("rosa", "2026-03-31T21:59:59.999Z"),
            ],
        )
        .await;
    let all = world.ask("conversations", MARCH).await;
    for (name, want) in [
        ("received", 5),
        ("new", 5),
        ("new_contacts", 2),
        ("reopened", 3),
    ] {
        assert_eq!(figure(&all, name), want, "{name}");
    }
    let channels = world
        .ask("conversations", &format!("{MARCH}&by=channel"))
        .await;
    assert_eq!(
        lines(&channels),
        [
            r#"["telegram",0,0,4,4,2,2,1,1,86400.0,86400.0,86400.0]"#,
            r#"["whatsapp",0,0,1,1,0,1,0,0,null,null,null]"#
        ]
    );
}

#[tokio::test]
async fn g6_what_went_on_within_24_hours_was_not_closed() {
    let world = World::start().await;
    let closed = cycle("maria", "2026-03-02T10:00:00Z").closed("2026-03-02T12:00:00Z", "ana");
    let cases: [(&str, Vec<crate::world::Cycle>, u32); 6] = [
        ("stays", vec![closed.clone()], 1),
        (
            "reopened in 24 h",
            vec![closed.clone().reopened("2026-03-03T12:00:00Z")],
            0,
        ),
        (
            "reopened later",
            vec![closed.clone().reopened("2026-03-03T12:00:00.001Z")],
            1,
        ),
        (
            "next in 24 h",
            vec![closed.clone(), cycle("maria", "2026-03-03T12:00:00Z")],
            0,
        ),
        (
            "next later",
            vec![closed, cycle("maria", "2026-03-03T12:00:00.001Z")],
            1,
        ),
        (
            "nobody known",
            vec![cycle("maria", "2026-03-02T10:00:00Z").closed("2026-03-02T12:00:00Z", "")],
            1,
        ),
    ];
    let mut total = 0;
    for (name, cycles, _) in &cases {
        world.conversation("whatsapp", name, cycles).await;
    }
    for (_, _, closings) in &cases {
        total += closings;
    }
    let all = world.ask("conversations", MARCH).await;
    assert_eq!(figure(&all, "closed"), total);
    // One of the four has no known closer.
    assert_eq!(figure(&all, "closed_by"), 3);
    assert_eq!(figure(&all, "new"), 8);
    let by = world
        .ask("conversations", &format!("{MARCH}&by=manager"))
        .await;
    assert_eq!(
        lines(&by),
        [r#"["ana","ana",0,0,null,null,null,null,null,3,7200.0,7200.0,7200.0]"#]
    );
}

#[tokio::test]
async fn g8_a_closing_counts_at_its_own_time_not_at_its_cycles() {
    let world = World::start().await;
    let over = cycle("maria", "2026-02-20T10:00:00Z").closed("2026-03-02T12:00:00Z", "ana");
    world.conversation("whatsapp", "c1", &[over]).await;
    let march = world.ask("conversations", MARCH).await;
    assert_eq!(
        (figure(&march, "closed"), figure(&march, "new")),
        (&json!(1), &json!(0))
    );
    let february = world
        .ask("conversations", "from=2026-02-01&to=2026-03-01")
        .await;
    assert_eq!(
        (figure(&february, "closed"), figure(&february, "new")),
        (&json!(0), &json!(1))
    );
}

#[tokio::test]
async fn by_team_a_manager_without_one_is_null() {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .member("eva", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("eva", "c1", "2026-03-10T10:01:00Z"),
            manager("luis", "c1", "2026-03-10T10:02:00Z"),
        ])
        .await;
    let closed = cycle("maria", "2026-03-10T09:00:00Z").closed("2026-03-10T12:00:00Z", "eva");
    world.conversation("whatsapp", "c1", &[closed]).await;
    let by = world
        .ask("conversations", &format!("{MARCH}&by=team"))
        .await;
    assert_eq!(
        lines(&by),
        [
            "[null,1,1,null,null,null,null,null,0,null,null,null]",
            r#"["sales",2,1,null,null,null,null,null,1,10800.0,10800.0,10800.0]"#
        ]
    );
}
