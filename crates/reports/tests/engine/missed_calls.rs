//! `missed-calls` (`metrics.md` §2; S44): episodes worked out by hand.

use serde_json::{Value, json};

use crate::ringing::{Call, answered, figure, missed, of_row, spoke};
use crate::rows::pages;
use crate::world::{Message, World, manager};

const MARCH: &str = "from=2026-03-01&to=2026-04-01";

/// A phone of its own for each contact of the tests.
fn phone(contact: u8) -> String {
    format!("+346001112{contact:02}")
}

fn lost(id: &str, time: &str, contact: u8) -> Call {
    missed(id, time, &phone(contact), 20, &["ana"])
}

fn called(id: &str, time: &str, contact: u8) -> Call {
    answered(id, time, &phone(contact), &[spoke("luis", 10, 60)])
}

fn wrote(contact: &'static str, time: &str) -> Message {
    Message {
        contact,
        ..manager("eva", contact, time)
    }
}

/// What the episodes of a contact are, oldest first: begin, calls, status, how, by whom, seconds to
/// the first attempt and to the recovery.
async fn episodes(world: &World, contact: u8) -> Vec<Value> {
    let page = world.open("missed-calls", MARCH).await;
    let many = page["rows"].as_array().expect("rows").len();
    let of = |row: usize| {
        let names = [
            "at",
            "calls",
            "status",
            "recovered_how",
            "recovered_by",
            "first_attempt_s",
            "recovery_s",
        ];
        json!(names.map(|name| of_row(&page, row, name).clone()))
    };
    let own = |row: &usize| of_row(&page, *row, "caller") == &json!(phone(contact));
    (0..many).rev().filter(own).map(of).collect()
}

/// Calls of five contacts.
fn five_contacts() -> Vec<Call> {
    vec![
        // Missed twice, called in vain, called back: one episode.
        lost("a1", "2026-03-10T09:00:00Z", 1),
        lost("a2", "2026-03-10T09:30:00Z", 1),
        called("a3", "2026-03-10T09:40:00Z", 1)
            .outbound()
            .ended("no_answer"),
        called("a4", "2026-03-10T10:00:00Z", 1).outbound(),
        // And after that another one, which the contact ends himself.
        lost("a5", "2026-03-10T10:30:00Z", 1),
        called("a6", "2026-03-10T11:00:00Z", 1),
        // Nobody cares for a day: lost; the next missed call begins another.
        lost("b1", "2026-03-11T09:00:00Z", 2),
        lost("b2", "2026-03-12T08:59:59Z", 2),
        lost("b3", "2026-03-12T09:00:00Z", 2),
        lost("b4", "2026-03-13T08:00:00Z", 2),
        called("b5", "2026-03-13T08:30:00Z", 2),
        // Short ones are in none.
        missed("c1", "2026-03-10T09:00:00Z", &phone(3), 4, &["ana"]),
        // Called back at the last moment, and a moment too late.
        lost("d1", "2026-03-10T09:00:00Z", 4),
        called("d2", "2026-03-11T08:59:50Z", 4).outbound(),
        lost("e1", "2026-03-10T09:00:00Z", 5),
        called("e2", "2026-03-11T08:59:51Z", 5).outbound(),
    ]
}

#[tokio::test]
async fn s44_an_episode_ends_at_the_first_contact_or_when_its_time_has_run_out() {
    let world = World::start().await;
    world.calls(&five_contacts()).await;
    assert_eq!(
        json!(episodes(&world, 1).await),
        json!([
            [
                "2026-03-10T09:00:00.000Z",
                2,
                "recovered",
                "called_back",
                "luis",
                2400.0,
                3610.0
            ],
            [
                "2026-03-10T10:30:00.000Z",
                1,
                "recovered",
                "called_again",
                "luis",
                null,
                1810.0
            ],
        ])
    );
    assert_eq!(
        json!(episodes(&world, 2).await),
        json!([
            [
                "2026-03-11T09:00:00.000Z",
                2,
                "lost",
                null,
                null,
                null,
                null
            ],
            [
                "2026-03-12T09:00:00.000Z",
                2,
                "recovered",
                "called_again",
                "luis",
                null,
                84610.0
            ],
        ])
    );
}

#[tokio::test]
async fn s44_short_calls_are_in_no_episode_and_a_moment_too_late_recovers_none() {
    let world = World::start().await;
    world.calls(&five_contacts()).await;
    assert!(episodes(&world, 3).await.is_empty());
    assert_eq!(
        json!(episodes(&world, 4).await),
        json!([[
            "2026-03-10T09:00:00.000Z",
            1,
            "recovered",
            "called_back",
            "luis",
            86390.0,
            86400.0
        ]])
    );
    assert_eq!(
        json!(episodes(&world, 5).await),
        json!([[
            "2026-03-10T09:00:00.000Z",
            1,
            "lost",
            null,
            null,
            86391.0,
            null
        ]])
    );
}

#[tokio::test]
async fn s44_a_message_of_a_manager_to_the_same_person_recovers_whatever_the_channel() {
    let world = World::start().await;
    world
        .calls(
            &[1, 2, 3, 4, 5]
                .map(|contact| lost(&format!("a{contact}"), "2026-03-10T09:00:00Z", contact)),
        )
        .await;
    // By his number as an id, as WhatsApp writes it, by an id on the channel, by an id before a merge.
    world.linked("phone", "", &phone(3), "rosa").await;
    world.linked("channel", "whatsapp", "wa-77", "rosa").await;
    world.linked("phone", "", &phone(4), "juan").await;
    world.linked("contact", "", "old-juan", "juan").await;
    world
        .messages(&[
            wrote("+34600111201", "2026-03-10T09:05:00Z"),
            wrote("34600111202@c.us", "2026-03-10T09:06:00Z"),
            wrote("wa-77", "2026-03-10T09:07:00Z"),
            wrote("old-juan", "2026-03-10T09:08:00Z"),
            // No manager's, and too late.
            Message {
                author: "bot",
                ..wrote("+34600111205", "2026-03-10T09:09:00Z")
            },
            wrote("+34600111205", "2026-03-11T09:00:01Z"),
        ])
        .await;
    for (contact, seconds) in [(1, 300.0), (2, 360.0), (3, 420.0), (4, 480.0)] {
        assert_eq!(
            json!(episodes(&world, contact).await),
            json!([[
                "2026-03-10T09:00:00.000Z",
                1,
                "recovered",
                "chat",
                "eva",
                seconds,
                seconds
            ]])
        );
    }
    assert_eq!(episodes(&world, 5).await[0][2], "lost");
    let table = world.ask("missed-calls", MARCH).await;
    let say = [
        "episodes",
        "recovered",
        "recovered_rate",
        "lost",
        "open",
        "attempted",
        "chat",
    ]
    .map(|name| figure(&table, name).clone());
    assert_eq!(json!(say), json!([5, 4, 0.8, 1, 0, 4, 4]));
    let times = ["first_attempt_s", "recovery_mean_s"].map(|name| figure(&table, name).clone());
    assert_eq!(json!(times), json!([390.0, 390.0]));
}

#[tokio::test]
async fn open_episodes_are_whom_to_call_back_and_a_caller_without_a_number_is_one_by_himself() {
    let world = World::start().await;
    // Asked at 09:59:58 of 3 April.
    world
        .calls(&[
            lost("a1", "2026-04-02T10:30:00Z", 1),
            lost("b1", "2026-04-02T09:59:58Z", 2),
            missed(
                "c1",
                "2026-04-03T09:00:00Z",
                "anonymous",
                20,
                &["ana", "luis"],
            ),
            missed(
                "c2",
                "2026-04-03T09:10:00Z",
                "anonymous",
                20,
                &["ana", "luis"],
            ),
            answered(
                "c3",
                "2026-04-03T09:20:00Z",
                "anonymous",
                &[spoke("ana", 5, 60)],
            ),
        ])
        .await;
    let page = world.open("missed-calls", "period=month&figure=open").await;
    let rows = page["rows"].as_array().expect("rows").len();
    let calls: Vec<_> = (0..rows)
        .map(|row| of_row(&page, row, "call").clone())
        .collect();
    assert_eq!(json!(calls), json!(["c2", "c1", "a1"]));
    let table = world.ask("missed-calls", "period=month&by=manager").await;
    let say = |row, name| of_row(&table, row, name).clone();
    assert_eq!(
        [say(0, "episodes"), say(0, "open")],
        [json!(2), json!(2)],
        "of several is nobody's"
    );
    assert_eq!(
        [say(1, "open"), say(1, "lost"), say(1, "recovered_rate")],
        [json!(1), json!(1), json!(0.0)]
    );
}

/// Contacts who were missed twice; three of them were reached.
async fn of_seven() -> World {
    let world = World::start().await;
    let mut calls = Vec::new();
    for contact in 1..8 {
        calls.push(lost(
            &format!("a{contact}"),
            "2026-03-10T09:00:00Z",
            contact,
        ));
        calls.push(lost(
            &format!("b{contact}"),
            "2026-03-12T09:00:00Z",
            contact,
        ));
    }
    calls.push(called("c1", "2026-03-10T10:00:00Z", 1).outbound());
    calls.push(called("c2", "2026-03-10T10:00:00Z", 2));
    calls.push(
        called("c3", "2026-03-12T10:00:00Z", 2)
            .outbound()
            .ended("busy"),
    );
    world.calls(&calls).await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[wrote("+34600111203", "2026-03-10T09:05:00Z")])
        .await;
    world
}

#[tokio::test]
async fn the_rows_of_every_figure_are_as_many_as_it_says() {
    let world = of_seven().await;
    let figures = [
        "episodes",
        "recovered",
        "lost",
        "open",
        "attempted",
        "recovered_by",
        "called_back",
        "called_again",
        "chat",
    ];
    let mut opened = 0;
    for filter in [
        "",
        "&manager=ana",
        "&manager=luis",
        "&team=sales",
        "&number=nowhere",
    ] {
        let question = format!("{MARCH}{filter}");
        let table = world.ask("missed-calls", &question).await;
        for name in figures {
            // Pages follow each other in the same way whatever is filtered: three rows a page once.
            let limit = if filter.is_empty() { 3 } else { 1_000 };
            let query = format!("{question}&figure={name}&limit={limit}");
            let rows = pages(&world, "missed-calls", &query).await.concat();
            let says = figure(&table, name).as_u64().expect("a count");
            assert_eq!(rows.len() as u64, says, "{name} of {question}");
            opened += says;
        }
    }
    assert!(opened > 60, "{opened} rows are too few to show anything");
    let table = world
        .ask("missed-calls", &format!("{MARCH}&by=manager"))
        .await;
    let by: Vec<_> = (0..3)
        .map(|row| {
            [
                of_row(&table, row, "manager"),
                of_row(&table, row, "recovered_by"),
            ]
        })
        .collect();
    assert_eq!(json!(by), json!([["ana", 0], ["eva", 1], ["luis", 2]]));
}
