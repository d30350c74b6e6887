//! Managers by any name, and how far messages are vouched for.

use serde_json::{Value, json};
use trunkline_reports::{AccountView, Aliases, Cells, Context, Restriction};

use super::world::{ACCOUNT, Message, Owed, World, contact, context, cycle, manager, pairs, reply};

const DAY: &str = "from=2026-03-02&to=2026-03-03";

/// Ana writes as herself and as number 7 of a provider, Luis as himself alone.
async fn world() -> World {
    let world = World::start().await;
    world
        .messages(&[
            reply("ana", "c1", "2026-03-02T09:00:00Z", 60_000),
            reply("chatwoot:7", "c1", "2026-03-02T09:10:00Z", 120_000),
            reply("chatwoot:7", "c2", "2026-03-02T10:10:00Z", 240_000),
            manager("luis", "c2", "2026-03-02T10:20:00Z"),
            contact("c3", "2026-03-02T10:30:00Z"),
        ])
        .await;
    let owed = Owed {
        assignee: "chatwoot:7",
        since: Some("2026-03-02T10:30:00Z"),
        ..Owed::default()
    };
    let closed =
        cycle("maria", "2026-03-02T08:00:00Z").closed("2026-03-02T11:00:00Z", "chatwoot:7");
    world.owing("whatsapp", "c3", &[closed], owed).await;
    world.manager("ana", "Ana").await;
    world
        .member("ana", "sales", "2026-01-01T00:00:00Z", "open")
        .await;
    world
}

fn aliases() -> Aliases {
    let account = json!({"id": ACCOUNT, "timezone": "Europe/Madrid",
        "manager": [{"id": "ana", "aliases": {"chatwoot": "7"}}]});
    Aliases::of(&serde_json::from_value(account).expect("an account"))
}

fn resolving<'a>(aliases: &'a Aliases, only: Restriction<'a>, cells: bool) -> Context<'a> {
    let context = context(only);
    let cells = cells.then_some(Cells {
        minutes: 60,
        teams: true,
    });
    let account = AccountView {
        aliases,
        ..context.account
    };
    Context {
        account,
        cells,
        ..context
    }
}

async fn rows(world: &World, context: &Context<'_>, report: &str, query: &str) -> Vec<Value> {
    let query = pairs(&format!("{DAY}&{query}"));
    let table = world.reports().run(report, &query, context).await;
    let table = serde_json::to_value(table.expect("an answer")).expect("a table is JSON");
    table["rows"].as_array().expect("rows").clone()
}

/// The columns of rows that are asked for.
fn picked(rows: &[Value], places: &[usize]) -> Value {
    let row = |row: &Value| places.iter().map(|place| row[*place].clone()).collect();
    rows.iter().map(row).collect::<Vec<Value>>().into()
}

#[tokio::test]
async fn an_alias_added_today_mends_the_past() {
    let world = world().await;
    let before = resolving(Aliases::NONE, Restriction::default(), false);
    let by = "by=manager";
    let told = rows(&world, &before, "conversations", by).await;
    // Manager, name, participations, conversations.
    let apart = json!([
        ["ana", "Ana", 1, 1],
        ["chatwoot:7", "chatwoot:7", 2, 2],
        ["luis", "luis", 1, 1]
    ]);
    assert_eq!(picked(&told, &[0, 1, 2, 3]), apart);
    let aliases = aliases();
    let after = resolving(&aliases, Restriction::default(), false);
    let told = rows(&world, &after, "conversations", by).await;
    let together = json!([["ana", "Ana", 2, 2], ["luis", "luis", 1, 1]]);
    assert_eq!(picked(&told, &[0, 1, 2, 3]), together);
    let told = rows(&world, &after, "conversations", "").await;
    assert_eq!(picked(&told, &[0, 1]), json!([[3, 2]]));
    let told = rows(&world, &after, "response-times", "by=team&team=sales").await;
    assert_eq!(picked(&told, &[0, 1, 2]), json!([["sales", 3, 420.0]]));
}

#[tokio::test]
async fn filters_restrictions_and_cells_know_a_manager_by_any_name() {
    let world = world().await;
    world.add_up(60, 1).await;
    let aliases = aliases();
    for cells in [false, true] {
        let all = resolving(&aliases, Restriction::default(), cells);
        for query in ["manager=ana", "manager=chatwoot:7"] {
            let told = rows(&world, &all, "response-times", query).await;
            assert_eq!(
                picked(&told, &[0, 1]),
                json!([[3, 420.0]]),
                "{query} {cells}"
            );
            let told = rows(&world, &all, "messages", query).await;
            assert_eq!(picked(&told, &[0]), json!([[3]]), "{query} {cells}");
        }
        let managers = ["ana".to_owned()];
        let only = Restriction {
            managers: &managers,
            teams: &[],
        };
        let seen = resolving(&aliases, only, cells);
        let told = rows(&world, &seen, "messages", "by=manager").await;
        assert_eq!(picked(&told, &[0, 2]), json!([["ana", 3]]), "{cells}");
    }
    let all = resolving(&aliases, Restriction::default(), false);
    let scoped = "scope=contact&by=manager";
    let told = rows(&world, &all, "response-times", scoped).await;
    assert_eq!(picked(&told, &[0]), json!([["ana"]]));
    let query = pairs(&format!("{DAY}&figure=awaiting"));
    let page = world.reports().rows("response-times", &query, &all);
    let page = serde_json::to_value(page.await.expect("a page")).expect("it is JSON");
    assert_eq!(page["rows"][0][1], "ana");
    let values = world
        .reports()
        .values("manager", &all)
        .await
        .expect("values");
    let values: Vec<_> = values.values.into_iter().map(|named| named.value).collect();
    assert_eq!(values, ["ana", "luis"]);
    let managers = ["ana".to_owned()];
    let only = Restriction {
        managers: &managers,
        teams: &[],
    };
    let seen = resolving(&aliases, only, false);
    let values = world
        .reports()
        .values("channel", &seen)
        .await
        .expect("values");
    assert_eq!(values.values.len(), 1);
}

#[tokio::test]
async fn every_report_is_filtered_by_how_far_what_it_counts_is_vouched_for() {
    let world = World::start().await;
    let weak = |message: Message, integrity| Message {
        integrity,
        ..message
    };
    world
        .messages(&[
            weak(contact("c1", "2026-03-02T08:00:00Z"), "weak"),
            weak(
                reply("ana", "c1", "2026-03-02T08:10:00Z", 60_000),
                "unverified",
            ),
            reply("ana", "c2", "2026-03-02T09:10:00Z", 240_000),
            weak(contact("c1", "2026-03-02T10:00:00Z"), "weak"),
            contact("c2", "2026-03-02T10:00:00Z"),
        ])
        .await;
    world.add_up(60, 1).await;
    for conversation in ["c1", "c2"] {
        let owed = Owed {
            since: Some("2026-03-02T10:00:00Z"),
            ..Owed::default()
        };
        let begun = cycle(conversation, "2026-03-02T08:00:00Z").answered();
        world.owing("whatsapp", conversation, &[begun], owed).await;
    }
    let context = resolving(Aliases::NONE, Restriction::default(), true);
    let told = rows(&world, &context, "messages", "by=integrity").await;
    let expected = json!([["unverified", 1], ["verified", 2], ["weak", 2]]);
    assert_eq!(picked(&told, &[0, 1]), expected);
    let both = "integrity=weak&integrity=unverified";
    let told = rows(&world, &context, "messages", both).await;
    assert_eq!(picked(&told, &[0]), json!([[3]]));
    // Replies, received and answered cycles, waits.
    for (query, expected) in [
        ("", json!([[2, 2, 2, 2]])),
        ("integrity=verified", json!([[1, 1, 1, 1]])),
        ("integrity=weak", json!([[0, 1, 1, 1]])),
        ("integrity=unverified", json!([[1, 0, 0, 0]])),
        ("integrity=unverified&scope=contact", json!([[1, 0, 0, 0]])),
    ] {
        let query = pairs(&format!("{DAY}&{query}"));
        let table = world
            .reports()
            .run("response-times", &query, &context)
            .await;
        let table = serde_json::to_value(table.expect("an answer")).expect("a table is JSON");
        let place = |name: &str| {
            let columns = table["columns"].as_array().expect("columns");
            let named = columns.iter().position(|column| column["name"] == name);
            named.expect("a column")
        };
        let places = ["count", "received", "answered", "awaiting"].map(place);
        let rows = table["rows"].as_array().expect("rows");
        assert_eq!(picked(rows, &places), expected, "{query:?}");
    }
    // Participations, conversations, received, new, new contacts.
    let told = rows(&world, &context, "conversations", "integrity=verified").await;
    assert_eq!(picked(&told, &[0, 1, 2, 3, 4]), json!([[1, 1, 1, 1, 1]]));
    let bad = pairs(&format!("{DAY}&integrity=maybe"));
    let refused = world.reports().run("messages", &bad, &context).await;
    assert!(refused.is_err());
}
