//! `scope=contact` and calls (`metrics.md` 1.1): a call in which a person talked with the contact clears
//! what is pending with him, and is no reply.

use serde_json::{Value, json};

use crate::ringing::{answered, figure, missed, of_row, spoke};
use crate::world::{Owed, World, contact, cycle, reply};

const MARIA: &str = "+34600111222";
const DAY: &str = "from=2026-03-10&to=2026-03-11";
const FIGURES: [&str; 6] = [
    "count",
    "sum_s",
    "received",
    "answered",
    "awaiting",
    "closed_unanswered",
];

async fn figures(world: &World, scope: &str) -> Value {
    let table = world
        .ask("response-times", &format!("{DAY}&scope={scope}"))
        .await;
    json!(FIGURES.map(|name| figure(&table, name).clone()))
}

/// Maria asks at 10:00 and 10:30, Ana replies at 10:40; asks at 12:00, Ana replies at 12:15; asks at
/// 13:00, at 14:00, and at 15:00, which is closed at 15:10.
async fn a_day_of_chats() -> World {
    let world = World::start().await;
    let asked = |thread: &str, time: &str| contact(thread, &format!("2026-03-10T{time}Z"));
    world
        .messages(&[
            asked("c1", "10:00:00"),
            asked("c1", "10:30:00"),
            reply("ana", "c1", "2026-03-10T10:40:00Z", 2_400_000),
            asked("c2", "12:00:00"),
            reply("ana", "c2", "2026-03-10T12:15:00Z", 900_000),
            asked("c3", "13:00:00"),
            asked("c4", "14:00:00"),
            asked("c5", "15:00:00"),
        ])
        .await;
    for (thread, started) in [
        ("c1", "2026-03-10T10:00:00Z"),
        ("c2", "2026-03-10T12:00:00Z"),
    ] {
        let cycle = cycle("maria", started).answered();
        world.conversation("whatsapp", thread, &[cycle]).await;
    }
    for (thread, started) in [
        ("c3", "2026-03-10T13:00:00Z"),
        ("c4", "2026-03-10T14:00:00Z"),
    ] {
        let owed = Owed {
            since: Some(started),
            ..Owed::default()
        };
        let waits = [cycle("maria", started)];
        world.owing("whatsapp", thread, &waits, owed).await;
    }
    let dropped = cycle("maria", "2026-03-10T15:00:00Z")
        .closed("2026-03-10T15:10:00Z", "ana")
        .owed();
    world.conversation("whatsapp", "c5", &[dropped]).await;
    let closed = json!({
        "account": crate::world::ACCOUNT, "channel": "whatsapp", "conversation": "c5",
        "at": "1773155400.000", "id": "closed-5", "change": "closed", "manager": "ana",
        "received_at": 0, "version": 1, "deleted": 0,
    });
    world.insert("changes", vec![closed]).await;
    world
}

#[tokio::test]
async fn an_answered_call_clears_what_is_pending_gives_no_sample_and_may_be_linked_late() {
    let world = a_day_of_chats().await;
    let talk = |id: &str, time: &str| {
        answered(
            id,
            &format!("2026-03-10T{time}Z"),
            MARIA,
            &[spoke("luis", 10, 60)],
        )
    };
    world
        .calls(&[
            // Answered at 10:20, between Maria's two messages.
            talk("k1", "10:19:50"),
            // At 12:10, so that of what Ana writes at 12:15 nothing was pending.
            talk("k2", "12:10:00"),
            // From us, at the very instant of her message.
            talk("k3", "12:59:50").outbound(),
            // Nobody talked, so she still waits.
            talk("k4", "14:10:00").outbound().ended("no_answer"),
            missed("k5", "2026-03-10T14:20:00Z", MARIA, 20, &["luis"]),
        ])
        .await;
    // Waits of 40 and 15 minutes; 13:00 and 14:00 wait, and 15:00 was closed.
    let by_conversation = json!([2, 3300.0, 5, 2, 2, 1]);
    assert_eq!(figures(&world, "conversation").await, by_conversation);
    assert_eq!(
        figures(&world, "contact").await,
        by_conversation,
        "the number is nobody's yet"
    );
    world.linked("phone", "", MARIA, "maria").await;
    // 10 minutes since 10:30; 14:00 waits; no call answered the closed one.
    assert_eq!(
        figures(&world, "contact").await,
        json!([1, 600.0, 5, 1, 1, 1])
    );
    assert_eq!(figures(&world, "conversation").await, by_conversation);
    world.calls(&[talk("k6", "15:05:00")]).await;
    assert_eq!(
        figures(&world, "contact").await,
        json!([1, 600.0, 5, 1, 0, 0])
    );
}

#[tokio::test]
async fn what_awaits_a_reply_says_by_which_call_the_contact_was_talked_with_since() {
    let world = a_day_of_chats().await;
    let talk = |id: &str, time: &str| answered(id, time, MARIA, &[spoke("luis", 10, 60)]);
    world
        .calls(&[
            talk("k1", "2026-03-10T12:59:49Z"),
            talk("k2", "2026-03-10T13:20:00Z").outbound(),
            talk("k3", "2026-03-10T13:40:00Z"),
        ])
        .await;
    for (contact, handled) in [
        ("rosa", json!(null)),
        ("maria", json!("2026-03-10T13:20:10.000Z")),
    ] {
        world.linked("phone", "", MARIA, contact).await;
        let page = world
            .open("response-times", &format!("{DAY}&figure=awaiting"))
            .await;
        let said: Vec<_> = (0..2)
            .map(|row| ["conversation", "handled_by_call"].map(|name| of_row(&page, row, name)))
            .collect();
        assert_eq!(json!(said), json!([["c4", null], ["c3", handled]]));
        world.execute("TRUNCATE TABLE identities").await;
    }
}

#[tokio::test]
async fn spam_internal_calls_and_those_of_others_clear_nothing() {
    let world = a_day_of_chats().await;
    world.linked("phone", "", MARIA, "maria").await;
    world.linked("phone", "", "+34600999888", "rosa").await;
    let talk = |id: &str, caller: &str| {
        answered(id, "2026-03-10T16:00:00Z", caller, &[spoke("luis", 10, 60)])
    };
    let spam = crate::ringing::Call {
        spam: true,
        ..talk("k1", MARIA)
    };
    let internal = crate::ringing::Call {
        direction: "internal",
        ..talk("k2", MARIA)
    };
    let others = [talk("k3", "+34600999888"), talk("k4", "anonymous")];
    world.calls(&[spam, internal]).await;
    world.calls(&others).await;
    assert_eq!(
        figures(&world, "contact").await,
        json!([2, 3300.0, 5, 2, 2, 1])
    );
}
