//! Conversations in lists and one by one: order and pages, filters, masks, scopes.

use e2e::config::{Account, Config, hex, token};
use e2e::doors::Door;
use e2e::service::Service;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::all;
use crate::accounts::MARCH;

const PHONE: &str = "+34600111222";

/// What happens in a conversation: when on 2 March, who wrote or what changed, and the manager.
fn events(channel: &str, conversation: &str, steps: &[(&str, &str, &str)]) -> Vec<Value> {
    let event = |(nth, &(at, what, manager)): (usize, &(&str, &str, &str))| {
        let mut event = json!({"channel": channel, "conversation": conversation, "at": format!("2026-03-02T{at}:00Z"),
            "id": format!("{channel}-{nth}-{}", conversation.len())});
        if ["contact", "manager"].contains(&what) {
            (event["type"], event["author"], event["contact"]) =
                (json!("message"), json!(what), json!(conversation));
        } else {
            (event["type"], event["change"]) = (json!("conversation"), json!(what));
        }
        if !manager.is_empty() {
            event["manager"] = json!(manager);
        }
        event
    };
    steps.iter().enumerate().map(event).collect()
}

fn start() -> (Service, Door) {
    let phones = hex(&Sha256::digest(token("acme", "phones")));
    let account = Account::new("acme")
        .restricted("some", "teams = [\"front\"]")
        .section(&format!(
            "[[account.token]]\nname = \"phones\"\nsha256 = \"{phones}\"\nscopes = [\"read\", \"read:phones\"]\n"
        ))
        .section(
            "[[account.manager]]\nid = \"ana\"\naliases = { crm = \"7\" }\n\
             [[account.team]]\nid = \"front\"\nmanagers = [\"ana\"]\n",
        );
    let service = Service::start(Config::of([account]));
    let door = service.door("acme");
    let told = [
        // Answered, closed, written to again and waiting; Ana by her name elsewhere.
        events(
            "web",
            PHONE,
            &[
                ("10:00", "contact", ""),
                ("10:05", "manager", "crm:7"),
                ("10:10", "closed", "crm:7"),
                ("11:00", "contact", ""),
            ],
        ),
        // Ana wrote, Luis has it now; closed.
        events(
            "web",
            "maria",
            &[
                ("09:00", "contact", ""),
                ("09:05", "manager", "ana"),
                ("09:06", "assigned", "luis"),
                ("09:10", "closed", "luis"),
            ],
        ),
        // Of the same id on another channel; given to Luis alone.
        events(
            "mail",
            "maria",
            &[("09:10", "contact", ""), ("09:11", "assigned", "luis")],
        ),
        // Closed and opened again.
        events(
            "mail",
            "eva",
            &[
                ("08:00", "contact", ""),
                ("08:01", "manager", "luis"),
                ("08:02", "closed", "luis"),
                ("08:03", "reopened", ""),
            ],
        ),
    ];
    door.post_json(&json!(told.concat())).expect_status(202);
    door.flush();
    (service, door)
}

/// Channel and id of each.
fn names(found: &[Value]) -> Vec<String> {
    let name = |it: &Value| {
        let text = |name: &str| it[name].as_str().expect("a text").to_owned();
        format!("{} {}", text("channel"), text("conversation"))
    };
    found.iter().map(name).collect()
}

fn list(door: &Door, filters: &[(&str, &str)]) -> Vec<Value> {
    let asked = [&[("from", "2026-03-02"), ("to", "2026-03-03")], filters].concat();
    let page = door.get("/v1/conversations", &asked);
    let page = page.expect_status(200).json();
    page["conversations"].as_array().expect("a list").clone()
}

#[test]
fn conversations_come_by_their_last_event_in_pages_and_as_they_stand() {
    let (service, door) = start();
    let whole = Door::new(service.port(), "acme", "phones");
    let found = list(&whole, &[]);
    let expected = [
        format!("web {PHONE}"),
        "mail maria".to_owned(),
        "web maria".to_owned(),
        "mail eva".to_owned(),
    ];
    assert_eq!(names(&found), expected);
    // Page by page the same.
    let march = format!("/v1/conversations?from={}&to={}", MARCH[0].1, MARCH[1].1);
    assert_eq!(names(&all(&whole, &march, "conversations")), expected);
    let at = |time: &str| json!(format!("2026-03-02T{time}:00.000Z"));
    let cycle = |start: &str, answered: bool, closed: Value, by: Value| {
        json!({"started_at": at(start), "contact": PHONE, "answered": answered, "handed_off_at": null,
            "closed_at": closed, "closed_by": by, "pending_at_close": false, "owed_by": null, "reopened_at": null})
    };
    let cycles = [
        cycle("10:00", true, at("10:10"), json!("ana")),
        cycle("11:00", false, Value::Null, Value::Null),
    ];
    let expected = json!({"conversation": PHONE, "channel": "web", "contact": PHONE, "first_at": at("10:00"),
        "last_at": at("11:00"), "closed": false, "manager": "ana", "assignee": null, "last_manager": "ana",
        "pending_at": at("11:00"), "unserved_at": at("11:00"), "cycles": cycles});
    assert_eq!(found[0], expected);
    let one = whole.get("/v1/conversations/%2B34600111222", &[]);
    assert_eq!(one.expect_status(200).json(), expected);

    // The contact's timeline knows managers by any name too.
    let timeline = whole.get("/v1/contacts/%2B34600111222/timeline", &[]);
    let wrote = &timeline.expect_status(200).json()["timeline"][1];
    assert_eq!(wrote["manager"], "ana");
    let contacts = whole.get("/v1/contacts", &[]).expect_status(200).json();
    assert_eq!(contacts["contacts"][0]["contact"], PHONE);

    // Phones are masked for who may not see them.
    let masked = list(&door, &[]);
    assert_eq!(masked[0]["conversation"], "+3***1222");
    assert!(!json!(masked).to_string().contains("600111"), "{masked:?}");
}

#[test]
fn the_views_show_neither_contacts_nor_conversations_that_are_phone_numbers() {
    let (service, door) = start();
    let ring = json!({"type": "call", "call": "k", "phase": "ringing", "direction": "inbound",
        "from": PHONE, "to": "+34910000001", "at": "2026-03-02T09:00:00Z"});
    door.post_json(&ring).expect_status(202);
    door.flush();
    let views = service.views();
    for view in [
        "v_messages",
        "v_conversations",
        "v_cycles",
        "v_timeline",
        "v_responses",
    ] {
        let all = json!(views.rows(&format!("SELECT * FROM {view}"))).to_string();
        assert!(
            all.contains("+34***1222") && !all.contains("600111"),
            "{view}: {all}"
        );
        // The number is the same as of calls, and other contacts are no numbers.
        let hashed = format!(
            "SELECT DISTINCT contact, contact_hash = (SELECT any(caller_hash) FROM v_calls) FROM {view} \
             WHERE contact != '' ORDER BY contact"
        );
        let rows = views.rows(&hashed);
        assert_eq!(rows[0], json!(["+34***1222", 1]), "{view}");
        assert!(
            rows[1..].iter().all(|row| row[1].is_null()),
            "{view}: {rows:?}"
        );
    }
    // Rows are joined and counted by conversations as by their ids.
    let joined = "SELECT channel, uniqExact(conversation) FROM v_messages INNER JOIN v_conversations \
                  USING (account, channel, conversation) GROUP BY channel ORDER BY channel";
    assert_eq!(views.rows(joined), [json!(["mail", 2]), json!(["web", 2])]);
}

#[test]
fn conversations_are_asked_for_by_channel_contact_manager_team_and_how_they_stand() {
    let (service, door) = start();
    let of = |name: &str, value: &str| names(&list(&door, &[(name, value)]));
    assert_eq!(of("channel", "mail"), ["mail maria", "mail eva"]);
    assert_eq!(of("contact", "maria"), ["mail maria", "web maria"]);
    assert_eq!(of("manager", "ana"), ["web +3***1222"]);
    assert_eq!(of("team", "front"), ["web +3***1222"]);
    assert_eq!(of("closed", "true"), ["web maria"]);
    assert_eq!(of("pending", "true"), ["web +3***1222", "mail maria"]);
    let both = [
        ("channel", "web"),
        ("channel", "mail"),
        ("closed", "false"),
        ("manager", "luis"),
    ];
    assert_eq!(names(&list(&door, &both)), ["mail maria", "mail eva"]);
    assert_eq!(of("channel", "nowhere"), [""; 0]);

    let path = "/v1/conversations/maria";
    door.get(path, &[]).expect_problem(400, "bad_parameter");
    let one = door
        .get(path, &[("channel", "mail")])
        .expect_status(200)
        .json();
    assert_eq!(one["manager"], "luis");
    door.get(path, &[("channel", "chat")])
        .expect_problem(404, "not_found");
    door.get(path, &[("limit", "1")])
        .expect_problem(400, "bad_parameter");
    for (name, value) in [
        ("closed", "maybe"),
        ("chanel", "web"),
        ("limit", "0"),
        ("cursor", "x"),
    ] {
        let bad = door.get("/v1/conversations", &[(name, value)]);
        bad.expect_problem(400, "bad_parameter");
    }

    // A token for a team sees what is its managers', and where they wrote.
    let some = door.with_token(&token("acme", "some"));
    assert_eq!(names(&list(&some, &[])), ["web +3***1222", "web maria"]);
    some.get("/v1/conversations/eva", &[])
        .expect_problem(404, "not_found");
    let one = some.get(path, &[]).expect_status(200).json();
    assert_eq!(one["channel"], "web", "of those it may see one has this id");
    Door::new(service.port(), "acme", "ingest")
        .get("/v1/conversations", &[])
        .expect_problem(403, "forbidden");
}
