//! What a token with `only` may see.

use trunkline_reports::Restriction;

use crate::world::{World, contact, cycle, lines, manager, reply};

const DAY: &str = "from=2026-03-10&to=2026-03-11";

#[tokio::test]
async fn a_restricted_asker_sees_his_managers_and_teams_alone() {
    let world = World::start().await;
    world
        .member(
            "eva",
            "sales",
            "1970-01-01T00:00:00Z",
            "2026-03-10T12:00:00Z",
        )
        .await;
    world
        .messages(&[
            contact("c1", "2026-03-10T09:59:00Z"),
            reply("ana", "c1", "2026-03-10T10:00:00Z", 1_000),
            reply("eva", "c1", "2026-03-10T11:00:00Z", 2_000),
            reply("eva", "c1", "2026-03-10T13:00:00Z", 4_000),
            reply("luis", "c1", "2026-03-10T14:00:00Z", 8_000),
            reply("", "c1", "2026-03-10T15:00:00Z", 16_000),
        ])
        .await;
    let closed = cycle("maria", "2026-03-10T09:00:00Z").closed("2026-03-10T12:00:00Z", "luis");
    world.conversation("whatsapp", "c1", &[closed]).await;
    let (managers, teams) = (["ana".to_owned()], ["sales".to_owned()]);
    let only = Restriction {
        managers: &managers,
        teams: &teams,
    };
    let ask = async |report: &str, query: &str| {
        let query = format!("{DAY}&{query}");
        lines(&world.ask_as(only, report, &query).await.expect("an answer"))
    };
    // Ana by her name, Eva while she was in the team.
    let sums = ask("response-times", "by=manager").await;
    assert_eq!(sums.len(), 2, "{sums:?}");
    assert!(sums[0].starts_with(r#"["ana","ana",1,1.0,"#), "{sums:?}");
    assert!(sums[1].starts_with(r#"["eva","eva",1,2.0,"#), "{sums:?}");
    // A filter cannot widen what may be seen.
    assert_eq!(
        ask("response-times", "manager=luis&by=manager").await,
        [""; 0]
    );
    assert_eq!(ask("response-times", "manager=&by=manager").await, [""; 0]);
    // Contacts' messages, cycles and the closings of others belong to none of his managers.
    assert_eq!(ask("messages", "").await, ["[2]"]);
    assert_eq!(
        ask("conversations", "").await,
        ["[2,1,null,null,null,null,null,0,null,null,null]"]
    );
    for report in ["response-times", "messages", "conversations"] {
        let page = world.open_as(only, report, DAY).await.expect("a page");
        assert_eq!(lines(&page).len(), 2, "{report}: {page}");
        assert!(!page.to_string().contains("luis"), "{page}");
    }
}

#[tokio::test]
async fn names_that_are_none_show_nothing() {
    let world = World::start().await;
    world
        .messages(&[manager("", "c1", "2026-03-10T10:00:00Z")])
        .await;
    let nobody = [String::new()];
    for only in [
        Restriction {
            managers: &nobody,
            teams: &[],
        },
        Restriction {
            managers: &[],
            teams: &nobody,
        },
    ] {
        let answer = world
            .ask_as(only, "messages", DAY)
            .await
            .expect("an answer");
        assert_eq!(lines(&answer), ["[0]"]);
    }
}
