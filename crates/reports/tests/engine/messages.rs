//! `messages` (`metrics.md` 1.3; S32).

use crate::world::{Message, World, contact, lines, manager};

async fn a_day() -> World {
    let world = World::start().await;
    world
        .messages(&[
            contact("c1", "2026-03-10T10:00:00Z"),
            Message {
                kind: "image",
                ..contact("c1", "2026-03-10T10:01:00Z")
            },
            manager("ana", "c1", "2026-03-10T10:02:00Z"),
            Message {
                kind: "file",
                ..manager("ana", "c1", "2026-03-10T10:03:00Z")
            },
            manager("", "c1", "2026-03-10T10:04:00Z"),
            Message {
                author: "bot",
                ..manager("", "c1", "2026-03-10T10:05:00Z")
            },
            Message {
                author: "system",
                ..contact("c1", "2026-03-10T10:06:00Z")
            },
            Message {
                author: "campaign",
                ..contact("c2", "2026-03-10T10:07:00Z")
            },
        ])
        .await;
    world
}

const DAY: &str = "from=2026-03-10&to=2026-03-11";

#[tokio::test]
async fn s32_outgoing_messages_divide_by_person_and_by_kind() {
    let world = a_day().await;
    let ask = async |query: &str| lines(&world.ask("messages", &format!("{DAY}&{query}")).await);
    assert_eq!(ask("").await, ["[8]"]);
    assert_eq!(
        ask("by=direction").await,
        [r#"["inbound",2]"#, r#"["outbound",6]"#]
    );
    assert_eq!(
        ask("by=author").await,
        [
            r#"["bot",1]"#,
            r#"["campaign",1]"#,
            r#"["contact",2]"#,
            r#"["manager",3]"#,
            r#"["system",1]"#
        ]
    );
    assert_eq!(
        ask("author=manager&by=manager,kind").await,
        [
            r#"[null,null,"text",1]"#,
            r#"["ana","ana","file",1]"#,
            r#"["ana","ana","text",1]"#
        ]
    );
    assert_eq!(
        ask("by=kind,direction").await,
        [
            r#"["file","outbound",1]"#,
            r#"["image","inbound",1]"#,
            r#"["text","inbound",1]"#,
            r#"["text","outbound",5]"#
        ]
    );
}

#[tokio::test]
async fn in_and_out_are_short_for_the_directions() {
    let world = a_day().await;
    let ask = async |query: &str| lines(&world.ask("messages", &format!("{DAY}&{query}")).await);
    assert_eq!(ask("direction=in").await, ["[2]"]);
    assert_eq!(ask("direction=out").await, ["[6]"]);
    assert_eq!(ask("direction=inbound&direction=out").await, ["[8]"]);
    assert_eq!(ask("direction=sideways").await, ["[0]"]);
    assert_eq!(ask("direction=in&kind=image").await, ["[1]"]);
    assert_eq!(ask("manager=").await, ["[6]"]);
}
