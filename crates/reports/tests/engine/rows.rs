//! The rows behind a cell (S11).

use serde_json::{Value, json};
use trunkline_reports::Error;

use crate::world::{Message, World, columns, contact, lines, manager, reply};

const DAY: &str = "from=2026-03-10&to=2026-03-11";

/// Opens page after page and returns the rows of each.
pub(crate) async fn pages(world: &World, report: &str, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut after = String::new();
    loop {
        let page = world.open(report, &format!("{query}{after}")).await;
        pages.push(lines(&page));
        match &page["next"] {
            Value::String(next) => after = format!("&after={next}"),
            end => {
                assert_eq!(end, &json!(null));
                return pages;
            }
        }
    }
}

#[tokio::test]
async fn the_replies_behind_a_cell_come_newest_first_page_by_page() {
    let world = World::start().await;
    world.manager("ana", "Ana García").await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    world
        .messages(&[
            contact("c1", "2026-03-10T10:00:00Z"),
            reply("ana", "c1", "2026-03-10T10:05:00Z", 300_000),
            // The same instant in other conversations: told apart by their ids.
            reply("ana", "c2", "2026-03-10T10:05:00Z", 1),
            Message {
                channel: "telegram",
                ..reply("ana", "c2", "2026-03-10T10:05:00Z", 2)
            },
            reply("ana", "c3", "2026-03-10T11:00:00Z", 3),
            reply("luis", "c4", "2026-03-10T12:00:00Z", 4),
            manager("ana", "c5", "2026-03-10T13:00:00Z"),
        ])
        .await;
    let query = format!("{DAY}&manager=ana&by=manager&interval=day&order=-p50_s&limit=2");
    let page = world.open("response-times", &query).await;
    assert_eq!(
        columns(&page),
        [
            "at",
            "manager",
            "manager_name",
            "team",
            "channel",
            "conversation",
            "contact",
            "message",
            "response_s"
        ]
    );
    let ids = |page: &[String]| -> Vec<String> {
        let row = |line: &String| serde_json::from_str::<Value>(line).expect("a row");
        page.iter()
            .map(row)
            .map(|row| format!("{} {}", row[4], row[5]))
            .collect()
    };
    let pages = pages(&world, "response-times", &query).await;
    assert_eq!(
        pages[0][0],
        r#"["2026-03-10T11:00:00.000Z","ana","Ana García","sales","whatsapp","c3","maria","out-ana-1773140400000",0.003]"#
    );
    let pages: Vec<_> = pages.iter().map(|page| ids(page)).collect();
    assert_eq!(
        pages,
        [
            [r#""whatsapp" "c3""#, r#""whatsapp" "c2""#],
            [r#""whatsapp" "c1""#, r#""telegram" "c2""#]
        ]
    );
}

#[tokio::test]
async fn a_cells_count_is_the_number_of_its_rows() {
    let world = World::start().await;
    let mut messages = Vec::new();
    for place in 0..7 {
        messages.push(contact(
            &format!("c{place}"),
            &format!("2026-03-10T10:0{place}:00Z"),
        ));
        messages.push(manager("ana", &format!("c{place}"), "2026-03-10T11:00:00Z"));
    }
    messages.push(Message {
        chars: Some(12),
        ..manager("", "c1", "2026-03-10T11:00:00Z")
    });
    world.messages(&messages).await;
    let all: Vec<_> = pages(&world, "messages", &format!("{DAY}&limit=4"))
        .await
        .concat();
    assert_eq!(all.len(), 15);
    assert_eq!(world.ask("messages", DAY).await["rows"][0][0], json!(15));
    let mut distinct = all.clone();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 15, "no row comes twice");
    assert!(
        all.iter().any(|row| row.ends_with(",\"text\",12]")),
        "{all:?}"
    );
}

#[tokio::test]
async fn a_participation_gathers_its_messages() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("ana", "c1", "2026-03-10T12:00:00Z"),
            manager("", "c1", "2026-03-10T12:00:00Z"),
            manager("luis", "c1", "2026-03-10T11:00:00Z"),
            manager("luis", "c1", "2026-03-12T11:00:00Z"),
        ])
        .await;
    let pages = pages(&world, "conversations", &format!("{DAY}&limit=1")).await;
    let (noon, ten) = ("2026-03-10T12:00:00.000Z", "2026-03-10T10:00:00.000Z");
    let eleven = "2026-03-10T11:00:00.000Z";
    let row = |last: &str, first: &str, manager: Value, count: u32| {
        let row = json!([
            last, first, manager, manager, null, "whatsapp", "c1", "maria", count
        ]);
        vec![row.to_string()]
    };
    assert_eq!(
        pages,
        [
            row(noon, ten, json!("ana"), 2),
            row(noon, noon, json!(null), 1),
            row(eleven, eleven, json!("luis"), 1),
        ]
    );
}

#[tokio::test]
async fn rows_that_arrive_meanwhile_do_not_shift_a_page() {
    let world = World::start().await;
    world
        .messages(&[
            manager("ana", "c1", "2026-03-10T10:00:00Z"),
            manager("ana", "c2", "2026-03-10T11:00:00Z"),
        ])
        .await;
    let first = world.open("messages", &format!("{DAY}&limit=1")).await;
    world
        .messages(&[manager("ana", "c3", "2026-03-10T12:00:00Z")])
        .await;
    let next = first["next"].as_str().expect("a position");
    let second = world
        .open("messages", &format!("{DAY}&limit=1&after={next}"))
        .await;
    assert_eq!(second["rows"][0][7], json!("c1"));
    assert_eq!(second["next"], json!(null));
}

#[tokio::test]
async fn a_table_takes_no_position() {
    let world = World::start().await;
    let refused = world.ask_as(
        trunkline_reports::Restriction::default(),
        "messages",
        "after=x",
    );
    let Err(Error::BadParameter(bad)) = refused.await else {
        panic!("must be refused")
    };
    assert_eq!(bad.name, "after");
}
