//! What `response-times` knows beside the replies: what was received, what waits, what was closed
//! without an answer, what routing took, and the replies of bots (`metrics.md` 1.1).

use serde_json::{Value, json};
use trunkline_reports::Restriction;

use crate::rows::pages;
use crate::world::{Message, Owed, World, columns, contact, cycle, lines, manager, reply};

const MARCH: &str = "from=2026-03-01&to=2026-04-01";

/// Figures of the only row, or of the row whose first dimension is `of`.
fn figures(answer: &Value, of: Option<&Value>, names: &[&str]) -> Vec<Value> {
    let rows = answer["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| of.is_none_or(|of| row[0] == *of));
    let row = row.expect("a row of it");
    let place = |name: &&str| columns(answer).iter().position(|column| column == name);
    let value = |name| row[place(name).expect("a column")].clone();
    names.iter().map(value).collect()
}

const OPEN: [&str; 6] = [
    "received",
    "answered",
    "answered_share",
    "awaiting",
    "closed_unanswered",
    "longest_wait_s",
];

/// Three received in March, of which one was answered; two wait, of Ana and of nobody.
async fn world() -> World {
    let world = World::start().await;
    let answered = cycle("maria", "2026-03-02T10:00:00Z").answered();
    let closed = answered.clone().closed("2026-03-02T12:00:00Z", "ana");
    world.conversation("whatsapp", "c1", &[closed]).await;
    let ana = Owed {
        assignee: "ana",
        last_manager: "luis",
        since: Some("2026-04-03T09:00:00Z"),
    };
    let waits = [cycle("rosa", "2026-04-03T09:00:00Z")];
    world.owing("whatsapp", "c2", &waits, ana).await;
    let nobody = Owed {
        since: Some("2026-03-31T10:00:00Z"),
        ..Owed::default()
    };
    let waits = [cycle("pedro", "2026-03-31T10:00:00Z")];
    world.owing("telegram", "c3", &waits, nobody).await;
    // Closed while a reply was owed, and reopened at once: it stays closed unanswered. Nobody is
    // assigned, so it belongs to the last who wrote.
    let dropped = cycle("inés", "2026-03-05T10:00:00Z")
        .closed("2026-03-06T10:00:00Z", "eva")
        .owed()
        .reopened("2026-03-06T10:05:00Z");
    let luis = Owed {
        last_manager: "luis",
        ..Owed::default()
    };
    world.owing("whatsapp", "c4", &[dropped], luis).await;
    world
}

#[tokio::test]
async fn what_was_received_is_at_its_first_message_and_what_waits_at_its_own() {
    let world = world().await;
    let march = world.ask("response-times", MARCH).await;
    // From 31 March, 10:00, until 3 April, 09:59:58.
    let longest = json!(259_198.0);
    let want = [
        json!(3),
        json!(1),
        json!(0.3333),
        json!(1),
        json!(1),
        longest,
    ];
    assert_eq!(figures(&march, None, &OPEN), want);
    let april = world.ask("response-times", "period=month").await;
    let want = [
        json!(1),
        json!(0),
        json!(0.0),
        json!(1),
        json!(0),
        json!(3_598.0),
    ];
    assert_eq!(figures(&april, None, &OPEN), want);
    let telegram = world
        .ask("response-times", &format!("{MARCH}&by=channel"))
        .await;
    assert_eq!(
        figures(&telegram, Some(&json!("telegram")), &OPEN[..4]),
        [json!(1), json!(0), json!(0.0), json!(1)]
    );
}

#[tokio::test]
async fn by_manager_what_waits_is_the_assignees_else_the_last_participants_else_nobodys() {
    let world = world().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    let query = "from=2026-03-01&to=2026-04-03T10:00:00Z";
    let managers = world
        .ask("response-times", &format!("{query}&by=manager"))
        .await;
    let of = |name: Value| figures(&managers, Some(&name), &OPEN);
    let null = || json!(null);
    let row = |awaiting: u32, dropped: u32, longest: Value| {
        vec![
            null(),
            null(),
            null(),
            json!(awaiting),
            json!(dropped),
            longest,
        ]
    };
    assert_eq!(of(null()), row(1, 0, json!(259_198.0)));
    assert_eq!(of(json!("ana")), row(1, 0, json!(3_598.0)));
    assert_eq!(of(json!("luis")), row(0, 1, null()));
    assert_eq!(lines(&managers).len(), 3);
    let teams = world
        .ask("response-times", &format!("{query}&by=team"))
        .await;
    assert_eq!(
        figures(&teams, Some(&json!("sales")), &OPEN),
        row(1, 0, json!(3_598.0))
    );
    let only = ["luis".to_owned()];
    let only = Restriction {
        managers: &only,
        teams: &[],
    };
    let seen = world.ask_as(only, "response-times", query).await;
    assert_eq!(
        figures(&seen.expect("an answer"), None, &OPEN),
        row(0, 1, null())
    );
}

#[tokio::test]
async fn the_rows_of_each_are_as_many_as_it_says() {
    let world = world().await;
    world
        .messages(&[reply("ana", "c1", "2026-03-02T10:05:00Z", 300_000)])
        .await;
    let mut opened = 0;
    for filter in [
        "",
        "&channel=telegram",
        "&manager=luis",
        "&manager=",
        "&hour=12",
    ] {
        let question = format!("from=2026-03-01&to=2026-04-03T10:00:00Z{filter}");
        let table = world.ask("response-times", &question).await;
        for figure in [
            "count",
            "received",
            "answered",
            "awaiting",
            "closed_unanswered",
        ] {
            let query = format!("{question}&figure={figure}&limit=1");
            let rows = pages(&world, "response-times", &query).await.concat();
            let says = figures(&table, None, &[figure])[0].as_u64();
            assert_eq!(rows.len() as u64, says.unwrap_or_default(), "{query}");
            opened += rows.len();
        }
    }
    assert!(opened > 10, "{opened} rows are too few to show anything");
    let page = world
        .open("response-times", "period=month&figure=awaiting")
        .await;
    assert_eq!(
        lines(&page),
        [r#"["2026-04-03T09:00:00.000Z","ana","ana",null,"whatsapp","c2","maria",3598.0,null]"#]
    );
}

#[tokio::test]
async fn what_routing_took_is_the_mean_of_wait_less_assigned() {
    let world = World::start().await;
    let routed = |conversation: &str, wait: i64, assigned: Option<i64>| {
        let mut message = reply("ana", conversation, "2026-03-10T10:00:00Z", wait);
        message.samples[3] = assigned;
        message
    };
    world
        .messages(&[
            routed("c1", 300_000, Some(100_000)),
            routed("c2", 60_000, Some(60_000)),
            routed("c3", 60_001, Some(60_000)),
            routed("c4", 500_000, None),
        ])
        .await;
    let answer = world.ask("response-times", MARCH).await;
    // 200, 0 and 0.001 s of three: half a millisecond and more rounds up.
    assert_eq!(
        figures(&answer, None, &["count", "queue_s"]),
        [json!(4), json!(66.667)]
    );
    let none = world
        .ask("response-times", &format!("{MARCH}&definition=turn"))
        .await;
    assert_eq!(figures(&none, None, &["queue_s"]), [json!(null)]);
}

#[tokio::test]
async fn a_bots_replies_are_asked_for_by_name_and_are_nobodys() {
    let world = World::start().await;
    let bot = |conversation: &str, wait: i64| Message {
        author: "bot",
        ..reply("", conversation, "2026-03-10T10:00:00Z", wait)
    };
    world
        .messages(&[
            contact("c1", "2026-03-10T09:59:59Z"),
            bot("c1", 1_000),
            bot("c2", 3_000),
            reply("ana", "c3", "2026-03-10T10:00:00Z", 60_000),
            manager("ana", "c1", "2026-03-10T10:01:00Z"),
        ])
        .await;
    let bots = format!("{MARCH}&responder=bot");
    let answer = world.ask("response-times", &bots).await;
    let names = ["count", "mean_s", "max_s"];
    assert_eq!(
        figures(&answer, None, &names),
        [json!(2), json!(2.0), json!(3.0)]
    );
    let people = world.ask("response-times", MARCH).await;
    assert_eq!(
        figures(&people, None, &names),
        [json!(1), json!(60.0), json!(60.0)]
    );
    assert_eq!(lines(&world.open("response-times", &bots).await).len(), 2);
    let by = world
        .ask("response-times", &format!("{bots}&by=manager"))
        .await;
    assert_eq!(figures(&by, Some(&json!(null)), &["count"]), [json!(2)]);
}
