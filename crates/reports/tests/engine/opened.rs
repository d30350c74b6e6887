//! The rows behind every figure: as many as the figure says, whatever the question (S11).

use serde_json::{Value, json};
use trunkline_reports::Restriction;

use crate::rows::pages;
use crate::world::{Message, World, columns, contact, cycle, lines, manager};

const MARCH: &str = "from=2026-03-01&to=2026-04-01";

/// Two channels; Ana, Luis and somebody unknown; cycles that went on, stayed closed, began again.
async fn world() -> World {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    let telegram = |message: Message| Message {
        channel: "telegram",
        ..message
    };
    world
        .messages(&[
            contact("c1", "2026-03-10T10:00:00Z"),
            manager("ana", "c1", "2026-03-10T10:01:00Z"),
            manager("ana", "c1", "2026-03-11T09:00:00Z"),
            manager("luis", "c1", "2026-03-10T10:03:00Z"),
            telegram(manager("ana", "c1", "2026-03-10T11:00:00Z")),
            manager("", "c3", "2026-03-10T12:00:00Z"),
            manager("luis", "c4", "2026-02-10T12:00:00Z"),
        ])
        .await;
    let closed = cycle("maria", "2026-03-02T10:00:00Z").closed("2026-03-02T12:00:00Z", "ana");
    let again = cycle("maria", "2026-03-09T10:00:00Z").closed("2026-03-09T10:30:00Z", "luis");
    world
        .conversation("whatsapp", "c1", &[closed.clone(), again])
        .await;
    let went_on = closed.clone().reopened("2026-03-03T11:00:00Z");
    world.conversation("telegram", "c1", &[went_on]).await;
    let instant = cycle("rosa", "2026-03-05T08:00:00Z").closed("2026-03-05T08:00:00Z", "");
    // Closed and begun again in the same millisecond: two cycles of one instant.
    let twins = [instant, cycle("rosa", "2026-03-05T08:00:00Z")];
    world.conversation("telegram", "c5", &twins).await;
    let old = cycle("pedro", "2026-02-05T08:00:00Z").closed("2026-03-01T08:00:00Z", "ana");
    world.conversation("whatsapp", "c6", &[old]).await;
    world
}

const FIGURES: [&str; 8] = [
    "participations",
    "conversations",
    "received",
    "new",
    "new_contacts",
    "reopened",
    "closed",
    "closed_by",
];

#[tokio::test]
async fn the_rows_of_every_figure_are_as_many_as_it_says() {
    let world = world().await;
    let mut opened = 0;
    for filter in [
        "",
        "&channel=telegram",
        "&hour=11&hour=10",
        "&weekday=1",
        "&manager=ana",
        "&manager=",
        "&team=sales",
        "&channel=nowhere",
    ] {
        let question = format!("{MARCH}{filter}");
        let table = world.ask("conversations", &question).await;
        for figure in FIGURES {
            let place = columns(&table).iter().position(|column| *column == figure);
            let says = &table["rows"][0][place.expect("a column")];
            let rows = pages(
                &world,
                "conversations",
                &format!("{question}&figure={figure}&limit=2"),
            )
            .await
            .concat();
            // What cannot be divided among managers is nothing, and opens to nothing.
            let says = says.as_u64().unwrap_or_default();
            assert_eq!(rows.len() as u64, says, "{figure} of {question}: {rows:?}");
            let mut distinct = rows.clone();
            distinct.sort();
            distinct.dedup();
            assert_eq!(distinct.len(), rows.len(), "{figure}: no row comes twice");
            opened += rows.len();
        }
    }
    assert!(opened > 60, "{opened} rows are too few to show anything");
}

#[tokio::test]
async fn each_figure_opens_to_what_it_counts_newest_first() {
    let world = world().await;
    let open = async |figure: &str| {
        let page = world
            .open("conversations", &format!("{MARCH}&figure={figure}"))
            .await;
        (columns(&page).join(" "), lines(&page))
    };
    let cycles = "at channel conversation cycle contact";
    let (names, rows) = open("reopened").await;
    assert_eq!(names, cycles);
    assert_eq!(
        rows,
        [
            r#"["2026-03-09T10:00:00.000Z","whatsapp","c1",2,"maria"]"#,
            r#"["2026-03-05T08:00:00.000Z","telegram","c5",2,"rosa"]"#,
        ]
    );
    let (_, new) = open("new").await;
    assert_eq!(new, open("received").await.1);
    assert_eq!(
        new[1..3],
        [
            r#"["2026-03-05T08:00:00.000Z","telegram","c5",2,"rosa"]"#,
            r#"["2026-03-05T08:00:00.000Z","telegram","c5",1,"rosa"]"#,
        ]
    );
    assert_eq!(
        open("new_contacts").await,
        (
            "at contact channel conversation".to_owned(),
            vec![
                r#"["2026-03-05T08:00:00.000Z","rosa","telegram","c5"]"#.to_owned(),
                r#"["2026-03-02T10:00:00.000Z","maria","telegram","c1"]"#.to_owned(),
            ]
        )
    );
    let (names, closed) = open("closed").await;
    let columns = "at manager manager_name team channel conversation cycle contact resolution_s";
    assert_eq!(names, columns);
    assert_eq!(
        closed,
        [
            r#"["2026-03-09T10:30:00.000Z","luis","luis",null,"whatsapp","c1",2,"maria",1800.0]"#,
            r#"["2026-03-02T12:00:00.000Z","ana","ana","sales","whatsapp","c1",1,"maria",7200.0]"#,
            r#"["2026-03-01T08:00:00.000Z","ana","ana","sales","whatsapp","c6",1,"pedro",2073600.0]"#,
        ]
    );
    let (_, conversations) = open("conversations").await;
    assert_eq!(
        conversations[0],
        r#"["2026-03-11T09:00:00.000Z","2026-03-10T10:01:00.000Z","whatsapp","c1","maria",2,3]"#
    );
    assert_eq!(open("participations").await.1.len(), 4);
}

#[tokio::test]
async fn a_dimension_or_an_interval_asked_for_beside_changes_no_rows() {
    let world = world().await;
    let plain = world
        .open("conversations", &format!("{MARCH}&figure=new"))
        .await;
    let query = format!("{MARCH}&figure=new&by=manager&interval=day&order=-closed");
    let beside = world.open("conversations", &query).await;
    assert_eq!(beside["rows"], plain["rows"]);
    assert_ne!(plain["rows"], json!([]));
}

#[tokio::test]
async fn who_may_see_some_managers_opens_theirs_alone() {
    let world = world().await;
    let teams = ["sales".to_owned()];
    let only = Restriction {
        managers: &[],
        teams: &teams,
    };
    let table = world
        .ask_as(only, "conversations", MARCH)
        .await
        .expect("it");
    for (place, figure) in FIGURES.into_iter().enumerate() {
        let query = format!("{MARCH}&figure={figure}");
        let page = world.open_as(only, "conversations", &query).await;
        let page = page.expect("a page");
        let says = table["rows"][0][place].as_u64().unwrap_or_default();
        assert_eq!(lines(&page).len() as u64, says, "{figure}: {page}");
        assert!(!page.to_string().contains("luis"), "{page}");
    }
    assert_eq!(table["rows"][0][7], json!(2), "Ana closed two");
    assert_eq!(table["rows"][0][2], Value::Null);
}
