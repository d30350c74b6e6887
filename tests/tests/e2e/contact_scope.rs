//! `scope=contact`: what is pending with a contact is cleared by a manager's message anywhere.

mod merged;
mod script;

use std::collections::BTreeSet;

use e2e::clock::{HOUR, rfc3339};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::events::{Event, Thread};
use e2e::generate::{seed, wild};
use e2e::reference::Span;
use e2e::service::Service;
use e2e::table::Table;
use serde_json::{Value, json};

use crate::accounts::MARCH;
use merged::{GAP, Merged};

const CONTACT: (&str, &str) = ("scope", "contact");

fn service(name: &str) -> Service {
    let gap = "[[account.channel]]\nid = \"whatsapp\"\ncycle_gap = \"24h\"\n";
    assert_eq!(GAP, 24 * HOUR);
    Service::start(Config::of([Account::new(name).section(gap)]))
}

/// The rows behind a figure.
fn opened(door: &Door, span: Span, figure: &str, more: &[(&str, &str)]) -> Table {
    let (from, to) = (rfc3339(span.from), rfc3339(span.to));
    let mut asked = vec![("from", from.as_str()), ("to", &to), ("limit", "1000")];
    asked.extend([("figure", figure), CONTACT]);
    asked.extend_from_slice(more);
    let answer = door.get("/v1/reports/response-times/rows", &asked);
    let page = answer.expect_status(200).json();
    assert_eq!(page["next"], Value::Null, "all rows fit on one page");
    Table::of(page)
}

/// Its rows as texts of some columns.
fn texts(table: &Table, columns: &[&str]) -> BTreeSet<String> {
    let rows = (0..table.len()).map(|row| {
        let of = columns.iter().map(|column| match table.value(row, column) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        of.collect::<Vec<_>>().join(" ")
    });
    let texts: BTreeSet<_> = rows.collect();
    assert_eq!(texts.len(), table.len(), "no row comes twice");
    texts
}

#[track_caller]
fn same(what: &str, got: &BTreeSet<String>, want: &BTreeSet<String>) {
    let (more, less): (Vec<_>, Vec<_>) = (
        got.difference(want).collect(),
        want.difference(got).collect(),
    );
    assert!(
        more.is_empty() && less.is_empty(),
        "{what}: {more:#?} are not due, {less:#?} are missing"
    );
}

#[test]
fn a_reply_on_another_channel_answers_the_contact() {
    let service = service("two");
    let door = service.door("two");
    // Maria writes on two channels; Ana answers both on the first, Luis comes too late on the other.
    let web = Thread::new("w").on("web").with("maria");
    let web = web
        .contact("10:00")
        .manager("ana", "10:20")
        .contact("11:00");
    let mail = Thread::new("m").on("mail").with("maria");
    let mail = mail
        .contact("10:05")
        .contact("10:10")
        .manager("luis", "10:30");
    // Rosa's closing clears her own mail alone; Ana's answer on the web is measured from there.
    let closed = Thread::new("rm").on("mail").with("rosa");
    let closed = closed.contact("12:00").closed(Some("luis"), "12:30");
    let rosa = Thread::new("rw").on("web").with("rosa");
    let rosa = rosa.contact("12:10").manager("ana", "12:40");
    let threads = [web, mail, closed, rosa];
    let events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    door.send_flushed(&events);
    let ask = |more: &[(&str, &str)], column: &str| {
        let asked = [&MARCH[..], more].concat();
        door.report("response-times", &asked).column(column)
    };
    let by = ("by", "manager,channel");
    // First what nobody was given: the closing without an answer.
    let [nobodys, anas, luiss] = [0.0, 3000.0, 1500.0].map(|sum| json!(sum));
    let [none, ana] = [nobodys.clone(), anas.clone()];
    assert_eq!(ask(&[by], "sum_s"), [nobodys, anas, luiss]);
    assert_eq!(ask(&[by, CONTACT], "sum_s"), [none, ana]);
    // Of what Ana cleared at 10:20, the last message is that of 10:10.
    let turn = ("definition", "turn");
    assert_eq!(ask(&[CONTACT, turn], "sum_s"), [json!(2400.0)]);
    assert_eq!(ask(&[CONTACT], "count"), [json!(2)]);
    assert_eq!(ask(&[CONTACT], "received"), [json!(4)]);
    assert_eq!(ask(&[CONTACT], "answered"), [json!(3)]);
    assert_eq!(ask(&[CONTACT], "closed_unanswered"), [json!(1)]);
    assert_eq!(ask(&[CONTACT], "awaiting"), [json!(1)]);
    assert_eq!(ask(&[CONTACT], "outside_hours"), [Value::Null]);
    assert_eq!(ask(&[], "count"), [json!(3)]);
    // 15 minutes are the target: of 20 and 30 min none is within it, and one awaits for longer.
    assert_eq!(ask(&[CONTACT], "within_target_share"), [json!(0.0)]);
}

#[test]
fn what_rests_on_no_pending_message_or_on_a_schedule_has_no_such_scope() {
    let service = service("bounds");
    let door = service.door("bounds");
    for (asked, named) in [
        (("definition", "kommo"), "definition"),
        (("definition", "first"), "definition"),
        (("hours", "business"), "hours"),
        (("exclude", "outside_hours"), "scope"),
    ] {
        let answer = door.get("/v1/reports/response-times", &[CONTACT, asked]);
        let problem = answer.expect_problem(400, "bad_parameter").json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("`{named}`")), "{detail}");
    }
}

/// Gives each conversation a contact of its own, and each contact a second conversation beside it, in
/// which nobody ever asks or answers anything.
fn alone(events: &mut Vec<Event>) {
    let mut contacts = BTreeSet::new();
    for event in &mut *events {
        if let Event::Message(message) = event {
            let friend = message.contact.ends_with("-friend");
            message.contact = format!("{}{}", message.conversation, if friend { "f" } else { "" });
            contacts.insert(message.contact.clone());
        }
    }
    for contact in contacts {
        let idle = Thread::new(&format!("idle-{contact}")).with(&contact);
        let idle = idle.day("2026-02-20").campaign("10:00");
        events.extend(idle.day("2026-10-20").campaign("10:00").events());
    }
}

#[test]
fn a_contact_with_one_conversation_has_the_figures_of_the_conversation() {
    let seed = seed();
    println!("TRUNKLINE_SEED={seed}");
    let service = service("alone");
    let door = service.door("alone");
    let mut events = wild(seed, 300);
    alone(&mut events);
    door.send_flushed(&events);
    let mut compared = 0;
    for (from, to) in [
        ("2026-02-01", "2026-06-01"),
        ("2026-03-01", "2026-03-02T13:00:00Z"),
    ] {
        for definition in ["wait", "turn", "assigned"] {
            for by in ["manager,channel", "hour"] {
                for responder in ["manager", "bot"] {
                    if responder == "bot" && definition != "wait" {
                        continue;
                    }
                    let mut asked = vec![("from", from), ("to", to), ("by", by)];
                    asked.extend([("definition", definition), ("responder", responder)]);
                    let one = door.report("response-times", &asked);
                    asked.push(CONTACT);
                    let all = door.report("response-times", &asked);
                    let columns = one.columns().iter().filter(|name| *name != "outside_hours");
                    for column in columns {
                        let (one, all) = (one.column(column), all.column(column));
                        // As of another moment.
                        let moving = column == "longest_wait_s";
                        assert!(moving || one == all, "{asked:?} {column}: {one:?} {all:?}");
                        compared += one.len();
                    }
                }
            }
        }
    }
    assert!(compared > 3_000, "{compared} values are too few");
}

#[test]
fn contacts_with_several_conversations_have_the_figures_of_a_walk_along_all_of_them() {
    let seed = seed();
    println!("TRUNKLINE_SEED={seed}");
    let service = service("several");
    let door = service.door("several");
    let events = script::contacts(seed, 40);
    door.send_flushed(&events);
    let merged = Merged::of(&events);
    let begin = script::begin();
    let all = Span {
        from: begin,
        to: begin + 90 * 24 * HOUR,
    };
    let part = Span {
        from: begin + 5 * HOUR,
        to: begin + 11 * HOUR,
    };
    let mut seen = [0; 5];
    for span in [all, part] {
        let reply = [
            "at",
            "channel",
            "conversation",
            "message",
            "manager",
            "response_s",
        ];
        for definition in ["wait", "turn", "assigned"] {
            let table = opened(&door, span, "count", &[("definition", definition)]);
            let want = merged.replies(definition, span);
            same(definition, &texts(&table, &reply), &want);
            seen[0] += want.len();
        }
        let table = opened(&door, span, "count", &[("responder", "bot")]);
        let want = merged.replies("bot", span);
        same("bots", &texts(&table, &reply), &want);
        seen[1] += want.len();
        let cycle = ["at", "channel", "conversation"];
        let table = opened(&door, span, "answered", &[]);
        let want = merged.answered(span);
        same("answered", &texts(&table, &cycle), &want);
        seen[2] += want.len();
        let owed = ["at", "channel", "conversation", "manager"];
        let table = opened(&door, span, "closed_unanswered", &[]);
        let want = merged.dropped(span);
        same("closed_unanswered", &texts(&table, &owed), &want);
        seen[3] += want.len();
        let table = opened(&door, span, "awaiting", &[]);
        let want = merged.awaiting(span);
        same("awaiting", &texts(&table, &owed), &want);
        seen[4] += want.len();
    }
    println!("replies, bots, answered, dropped, awaiting: {seen:?}");
    assert!(seen.iter().all(|many| *many > 10), "{seen:?} are too few");
}
