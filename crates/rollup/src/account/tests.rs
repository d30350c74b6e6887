//! Expected figures are worked out by hand from `metrics.md` §1.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use trunkline_model::event::{Author, Integrity};
use trunkline_model::settings::BotReplies;
use trunkline_model::word::Word;

use super::*;
use crate::cells::{Cell, Definition, SETS};
use crate::facts::{CellFact, ChangeFact, ConversationFact, MessageFact, Samples, Within};

mod cells;
mod shrinking;

const MINUTE: i64 = 60_000;
const CONFIG: Config = Config {
    window: 7 * 24 * 60 * MINUTE,
    seed: 42,
};

/// Rows, copied.
#[derive(Default)]
struct Taken {
    messages: Vec<MessageRow>,
    changes: Vec<(String, u64, bool)>,
    conversations: Vec<ConversationRow>,
    /// Cells by start and manager; none for one to be computed.
    cells: BTreeMap<(Time, Option<String>), Option<Cell>>,
    recut: Option<u8>,
}

#[derive(Debug, PartialEq, Clone)]
struct MessageRow {
    conversation: String,
    at: Time,
    message: String,
    manager: Option<String>,
    samples: Samples,
    business: Samples,
    within: Within,
    author: Author,
    integrity: Integrity,
    version: u64,
    deleted: bool,
}

#[derive(Debug, PartialEq)]
struct ConversationRow {
    conversation: String,
    pending_at: Option<Time>,
    unserved_at: Option<Time>,
    assignee: Option<String>,
    cycles: Vec<CycleRow>,
    first_at: Time,
    last_at: Time,
    version: u64,
    deleted: bool,
}

#[derive(Debug, PartialEq)]
struct CycleRow {
    started_at: Time,
    answered: bool,
    closed_at: Option<Time>,
    closed_by: Option<String>,
    pending_at_close: bool,
    reopened_at: Option<Time>,
    owed_by: Option<String>,
    handed_off_at: Option<Time>,
}

impl Rows for Taken {
    fn cell(&mut self, fact: &CellFact<'_>) {
        let key = (fact.start, fact.manager.map(str::to_owned));
        self.cells.insert(key, fact.cell.cloned());
    }

    fn recut(&mut self, _: &str, minutes: u8, _: u64) {
        self.recut = Some(minutes);
    }

    fn message(&mut self, fact: &MessageFact<'_>) {
        self.messages.push(MessageRow {
            conversation: fact.conversation.to_owned(),
            at: fact.at,
            message: fact.message.to_owned(),
            manager: fact.manager.map(str::to_owned),
            samples: fact.samples,
            business: fact.business,
            within: fact.within,
            author: fact.author,
            integrity: fact.integrity,
            version: fact.version,
            deleted: fact.deleted,
        });
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        let row = (fact.id.to_owned(), fact.version, fact.deleted);
        self.changes.push(row);
    }

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        let cycles = fact.cycles.iter().map(|cycle| CycleRow {
            started_at: cycle.started_at,
            answered: cycle.answered,
            closed_at: cycle.closed_at,
            closed_by: cycle.closed_by.map(str::to_owned),
            pending_at_close: cycle.pending_at_close,
            reopened_at: cycle.reopened_at,
            owed_by: cycle.owed_by.map(str::to_owned),
            handed_off_at: cycle.handed_off_at,
        });
        self.conversations.push(ConversationRow {
            conversation: fact.conversation.to_owned(),
            pending_at: fact.pending_at,
            unserved_at: fact.unserved_at,
            assignee: fact.assignee.map(str::to_owned),
            cycles: cycles.collect(),
            first_at: fact.first_at,
            last_at: fact.last_at,
            version: fact.version,
            deleted: fact.deleted,
        });
    }
}

/// An account that is told events one by one, a second apart in arrival.
struct Fold {
    account: Account,
    offset: u64,
}

impl Fold {
    fn new() -> Self {
        Self {
            account: Account::new(Arc::from("acme"), CONFIG),
            offset: 0,
        }
    }

    fn at(&mut self) -> Position {
        let at = Position {
            offset: self.offset,
            received_at: Time(self.offset as i64 * 1000),
        };
        self.offset += 1;
        at
    }

    fn tell(&mut self, raw: &str) -> Outcome {
        let at = self.at();
        self.account.observe(&Event::parse(raw).unwrap(), "api", at)
    }

    fn rows(&mut self) -> Taken {
        let mut rows = Taken::default();
        let written = self.account.gather(1, usize::MAX, &mut rows);
        assert_eq!(written, rows.messages.len() + rows.changes.len());
        self.account.gather_cells(1 << 48 | self.offset, &mut rows);
        rows
    }

    /// Samples by message id, of the rows gathered now.
    fn samples(&mut self) -> BTreeMap<String, Samples> {
        let rows = self.rows().messages;
        rows.into_iter()
            .map(|row| (row.message, row.samples))
            .collect()
    }
}

/// An event of a conversation at a clock time `hh:mm`: a change, or a message by `contact`,
/// `system`, `bot`, `campaign` or a manager's name.
fn event(conversation: &str, time: &str, who: &str, id: Option<&str>) -> String {
    let what = match who {
        "assigned" | "handed_off" | "closed" | "reopened" => {
            format!(r#""type":"conversation","change":"{who}","manager":"ana""#)
        }
        "contact" | "system" | "bot" | "campaign" => {
            format!(r#""type":"message","contact":"c1","author":"{who}""#)
        }
        manager => {
            format!(r#""type":"message","contact":"c1","author":"manager","manager":"{manager}""#)
        }
    };
    let id = id.map_or_else(String::new, |id| format!(r#","id":"{id}""#));
    format!(
        r#"{{{what},"conversation":"{conversation}","channel":"web","at":"2026-03-02T{time}:00Z"{id}}}"#
    )
}

/// A message of conversation `k`; its id is its time.
fn message(time: &str, who: &str) -> String {
    event("k", time, who, Some(time))
}

fn change(time: &str, change: &str, manager: &str) -> String {
    event("k", time, change, Some(&format!("x{time}")))
        .replace("\"ana\"", &format!("\"{manager}\""))
}

fn minutes(kommo: i64, turn: i64, wait: i64, first: i64) -> Samples {
    let some = |minutes: i64| (minutes >= 0).then_some(minutes * MINUTE);
    Samples {
        kommo: some(kommo),
        turn: some(turn),
        wait: some(wait),
        assigned: some(wait),
        first: some(first),
        first_from_start: some(first),
    }
}

const WORKED: [(&str, &str); 7] = [
    ("10:00", "contact"),
    ("10:02", "contact"),
    ("10:05", "ana"),
    ("10:06", "ana"),
    ("10:07", "system"),
    ("10:10", "contact"),
    ("10:40", "luis"),
];

#[test]
fn the_worked_example_gives_its_published_samples() {
    let mut fold = Fold::new();
    for (time, who) in WORKED {
        assert_eq!(fold.tell(&message(time, who)), Outcome::Observed);
    }
    let samples = fold.samples();
    assert_eq!(samples["10:05"], minutes(3, 3, 5, 5));
    assert_eq!(samples["10:06"], minutes(4, -1, -1, -1));
    assert_eq!(samples["10:40"], minutes(30, 30, 30, -1));
    assert_eq!(samples["10:07"], Samples::default());
}

#[test]
fn a_late_message_rewrites_only_the_rows_whose_samples_it_changes() {
    let mut fold = Fold::new();
    for (time, who) in WORKED {
        fold.tell(&message(time, who));
    }
    fold.samples();
    fold.tell(&message("10:04", "contact"));
    let samples = fold.samples();
    assert_eq!(
        samples.keys().collect::<Vec<_>>(),
        ["10:04", "10:05", "10:06"]
    );
    assert_eq!(samples["10:05"], minutes(1, 1, 5, 5));
    assert_eq!(samples["10:06"], minutes(2, -1, -1, -1));
}

#[test]
fn once_in_effect() {
    let mut fold = Fold::new();
    assert_eq!(fold.tell(&message("10:00", "contact")), Outcome::Observed);
    assert_eq!(fold.tell(&message("10:00", "contact")), Outcome::Duplicate);
    assert_eq!(fold.tell(&message("10:00", "ana")), Outcome::Conflict);
    assert_eq!(fold.rows().messages.len(), 1);
    assert_eq!(fold.rows().messages.len(), 0);
    let counts = fold.account.counts();
    assert_eq!(
        (counts.observed, counts.duplicate, counts.conflict),
        (1, 1, 1)
    );
}

#[test]
fn a_message_seen_again_after_the_window_is_found_in_its_conversation() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.offset += (3 * CONFIG.window / 1000) as u64;
    assert_eq!(fold.tell(&message("10:00", "contact")), Outcome::Duplicate);
    fold.offset += (3 * CONFIG.window / 1000) as u64;
    assert_eq!(fold.tell(&message("10:00", "ana")), Outcome::Conflict);
    let moved = message("10:00", "contact").replace("10:00:00Z", "11:00:00Z");
    fold.offset += (3 * CONFIG.window / 1000) as u64;
    // What would have to be looked for in all of a long past is another message.
    assert_eq!(fold.tell(&moved), Outcome::Observed);
    let moved = message("10:00", "contact").replace("10:00:00Z", "09:00:00Z");
    fold.offset += (3 * CONFIG.window / 1000) as u64;
    assert_eq!(fold.tell(&moved), Outcome::Conflict);
}

#[test]
fn a_note_a_system_message_and_a_campaign_move_no_clock() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "system"));
    fold.tell(&message("10:02", "campaign"));
    let note =
        message("10:03", "ana").replace("\"conversation\"", "\"private\":true,\"conversation\"");
    fold.tell(&note);
    fold.tell(&message("10:09", "ana"));
    let samples = fold.samples();
    assert_eq!(samples["10:09"], minutes(9, 9, 9, 9));
    assert!(!samples.contains_key("10:03"));
}

#[test]
fn a_bot_clears_until_hand_off_and_then_people_are_measured_from_it() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "bot"));
    fold.tell(&change("10:20", "handed_off", "ana"));
    fold.tell(&message("10:21", "bot"));
    fold.tell(&message("10:30", "ana"));
    let samples = fold.samples();
    assert_eq!(
        samples["10:01"],
        Samples {
            wait: Some(MINUTE),
            ..Samples::default()
        }
    );
    assert_eq!(samples["10:21"], Samples::default());
    let expected = Samples {
        first_from_start: Some(30 * MINUTE),
        ..minutes(30, 10, 10, 10)
    };
    assert_eq!(samples["10:30"], expected);
}

#[test]
fn a_hand_off_keeps_the_clock_of_a_contact_who_already_waits() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "bot"));
    fold.tell(&message("10:10", "contact"));
    fold.tell(&change("10:20", "handed_off", "ana"));
    fold.tell(&message("10:30", "ana"));
    let expected = Samples {
        assigned: Some(10 * MINUTE),
        first_from_start: Some(30 * MINUTE),
        ..minutes(20, 20, 20, 10)
    };
    assert_eq!(fold.samples()["10:30"], expected);
}

#[test]
fn bots_can_be_ignored_by_a_setting_also_for_the_past() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "bot"));
    fold.tell(&message("10:30", "ana"));
    assert_eq!(fold.samples()["10:30"], minutes(30, -1, -1, 30));
    let at = fold.at();
    let rules = FoldRules {
        bot_replies: BotReplies::Ignore,
        ..FoldRules::default()
    };
    fold.account.settings(rules, at);
    let samples = fold.samples();
    assert_eq!(samples["10:01"], Samples::default());
    assert_eq!(samples["10:30"], minutes(30, 30, 30, 30));
}

#[test]
fn a_closing_clears_the_clock_and_only_kommo_looks_behind_it() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&change("10:05", "closed", "ana"));
    fold.tell(&message("10:10", "ana"));
    fold.tell(&message("11:00", "contact"));
    fold.tell(&message("11:03", "ana"));
    let rows = fold.rows();
    let samples: BTreeMap<_, _> = rows
        .messages
        .iter()
        .map(|row| (&*row.message, row.samples))
        .collect();
    assert_eq!(samples["10:10"], minutes(10, -1, -1, -1));
    assert_eq!(samples["11:03"], minutes(3, 3, 3, 3));
    let cycles = &rows.conversations[0].cycles;
    assert_eq!(cycles.len(), 2);
    assert!(cycles[0].pending_at_close && !cycles[0].answered);
    assert_eq!(cycles[0].closed_by.as_deref(), Some("ana"));
    assert!(cycles[1].answered && cycles[1].closed_at.is_none());
}

#[test]
fn a_closing_without_an_answer_is_whose_the_conversation_was_then() {
    let mut fold = Fold::new();
    let told = [
        message("10:00", "contact"),
        change("10:01", "assigned", "ana"),
        change("10:10", "closed", "luis"),
        change("10:20", "assigned", "eva"),
        message("11:00", "contact"),
        message("11:05", "luis"),
        change("11:10", "closed", "ana"),
    ];
    for event in told {
        assert_eq!(fold.tell(&event), Outcome::Observed);
    }
    // Nobody has the other one, and Luis wrote last in it.
    for (time, who) in [("10:00", "luis"), ("10:05", "contact"), ("10:10", "closed")] {
        fold.tell(&event("other", time, who, Some(time)));
    }
    let rows = fold.rows().conversations;
    let owed = |conversation: &str| -> Vec<_> {
        let row = rows.iter().find(|row| row.conversation == conversation);
        let cycles = row.unwrap().cycles.iter();
        cycles
            .map(|cycle| (cycle.pending_at_close, cycle.owed_by.as_deref()))
            .collect()
    };
    assert_eq!(owed("k"), [(true, Some("ana")), (false, None)]);
    assert_eq!(owed("other"), [(true, Some("luis"))]);
    // An assignment that comes late mends it.
    fold.tell(&change("10:05", "assigned", "eva"));
    let rows = fold.rows().conversations;
    assert_eq!(rows[0].cycles[0].owed_by.as_deref(), Some("eva"));
}

#[test]
fn a_first_reply_is_owed_from_the_first_message_or_the_hand_off_until_a_manager_writes() {
    let mut fold = Fold::new();
    let mut owed = |time: &str, who: &str| {
        fold.tell(&message(time, who));
        let row = fold.rows().conversations.remove(0);
        let clock = |at: Time| at.to_string()[11..16].to_owned();
        (row.unserved_at.map(clock), row.pending_at.map(clock))
    };
    let at = |time: &str| Some(time.to_owned());
    assert_eq!(owed("10:00", "contact"), (at("10:00"), at("10:00")));
    // The bot has answered: nothing is owed; then it is again, since the first message of all.
    assert_eq!(owed("10:01", "bot"), (None, None));
    assert_eq!(owed("10:10", "contact"), (at("10:00"), at("10:10")));
    assert_eq!(owed("10:20", "handed_off"), (at("10:20"), at("10:10")));
    assert_eq!(owed("10:30", "ana"), (None, None));
    assert_eq!(owed("10:40", "contact"), (None, at("10:40")));
}

#[test]
fn a_message_that_expects_no_reply_starts_nothing_but_kommo_counts_it() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "ana"));
    let thanks = message("10:02", "contact").replace(
        "\"conversation\"",
        "\"expects_reply\":false,\"conversation\"",
    );
    fold.tell(&thanks);
    fold.tell(&message("10:07", "ana"));
    let rows = fold.rows();
    let last = rows
        .messages
        .iter()
        .find(|row| &*row.message == "10:07")
        .unwrap();
    assert_eq!(last.samples, minutes(5, -1, -1, -1));
    assert_eq!(rows.conversations[0].pending_at, None);
}

#[test]
fn an_assignment_shortens_only_the_assigned_sample_of_its_manager() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&change("10:10", "assigned", "ana"));
    fold.tell(&change("10:15", "assigned", "luis"));
    fold.tell(&message("10:30", "ana"));
    let expected = Samples {
        assigned: Some(20 * MINUTE),
        ..minutes(30, 30, 30, 30)
    };
    assert_eq!(fold.samples()["10:30"], expected);
}

#[test]
fn other_types_wait_for_their_room_and_are_counted_once() {
    let mut fold = Fold::new();
    let rating = r#"{"type":"rating","contact":"c","kind":"nps","value":9,"at":1772445600}"#;
    assert_eq!(fold.tell(rating), Outcome::Waiting);
    assert_eq!(fold.tell(rating), Outcome::Duplicate);
    assert_eq!(fold.account.counts().waiting, 1);
    assert_eq!(fold.account.waiting_blocks().collect::<Vec<_>>(), [0]);
}

fn retract(target: &str) -> String {
    format!(r#"{{"type":"retract","target":"{target}","at":"2026-03-02T12:00:00Z"}}"#)
}

#[test]
fn what_is_taken_back_leaves_the_figures_as_if_it_had_never_come() {
    let mut fold = Fold::new();
    for (time, who) in WORKED {
        fold.tell(&message(time, who));
    }
    fold.rows();
    assert_eq!(fold.tell(&retract("10:05")), Outcome::Observed);
    let rows = fold.rows();
    let of = |id: &str| rows.messages.iter().find(|row| row.message == id).unwrap();
    assert!(of("10:05").deleted);
    // Without Ana's first reply her second is the one that cleared the clock.
    assert_eq!(of("10:06").samples, minutes(4, 4, 6, 6));
    assert!(!rows.messages.iter().any(|row| row.message == "10:40"));
    assert_eq!(fold.tell(&message("10:05", "ana")), Outcome::Duplicate);
    assert_eq!(fold.rows().messages.len(), 0);
}

#[test]
fn an_id_is_taken_back_everywhere_or_in_the_conversation_that_is_named() {
    let mut fold = Fold::new();
    for conversation in ["k1", "k2"] {
        fold.tell(&event(conversation, "10:00", "contact", Some("17")));
    }
    let only = retract("17").replace(
        "\"at\"",
        "\"channel\":\"web\",\"conversation\":\"k1\",\"at\"",
    );
    fold.tell(&only);
    fold.tell(&event("k3", "10:00", "contact", Some("17")));
    let standing = |fold: &mut Fold| {
        fold.account.rewind(0);
        let rows = fold.rows().messages;
        let standing = rows.into_iter().filter(|row| !row.deleted);
        standing
            .map(|row| row.conversation)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        standing(&mut fold).into_iter().collect::<Vec<_>>(),
        ["k2", "k3"]
    );
    fold.tell(&retract("17"));
    fold.tell(&event("k4", "10:00", "contact", Some("17")));
    assert!(standing(&mut fold).is_empty());
}

#[test]
fn a_run_is_taken_back_whole_and_a_conversation_without_events_with_it() {
    let mut fold = Fold::new();
    let of_run = |time: &str, who: &str| {
        message(time, who).replace("\"conversation\"", "\"batch\":\"run-7\",\"conversation\"")
    };
    fold.tell(&of_run("10:00", "contact"));
    let change = change("10:01", "closed", "ana");
    fold.tell(&change.replace("\"conversation\":", "\"batch\":\"run-7\",\"conversation\":"));
    fold.tell(r#"{"type":"retract","batch":"run-7","at":"2026-03-02T12:00:00Z"}"#);
    fold.tell(&of_run("10:09", "ana"));
    let rows = fold.rows();
    assert_eq!(
        rows.messages
            .iter()
            .map(|row| row.deleted)
            .collect::<Vec<_>>(),
        [true, true]
    );
    assert!(rows.changes[0].2 && rows.conversations[0].deleted);
    assert!(rows.conversations[0].cycles.is_empty());
}

fn schedule(rules: &str) -> FoldRules {
    serde_json::from_str(rules).unwrap()
}

#[test]
fn business_time_is_by_the_managers_schedule_else_the_accounts_and_mends_the_past() {
    let mut fold = Fold::new();
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("13:30", "ana"));
    fold.tell(&message("14:00", "contact"));
    fold.tell(&message("14:30", "luis"));
    let none = fold.rows().messages;
    assert!(none.iter().all(|row| row.business == Samples::default()));
    // 2 March 2026 is a Monday.
    let rules = schedule(
        r#"{"bot_replies":"clear","cycle_gaps":{},"schedules":[
            {"whose":{"manager":"ana"},"schedule":{"zone":"UTC","mon":["09:00-11:00","13:00-14:00"]}},
            {"whose":"account","schedule":{"zone":"UTC","tue":["09:00-18:00"]}}]}"#,
    );
    let at = fold.at();
    fold.account.settings(rules, at);
    let rows = fold.rows().messages;
    let business: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (&*row.message, row.business))
        .collect();
    assert_eq!(business.keys().collect::<Vec<_>>(), [&"13:30", &"14:30"]);
    assert_eq!(business["13:30"], minutes(90, 90, 90, 90));
    assert_eq!(business["14:30"], minutes(0, 0, 0, -1));
}

#[test]
fn a_setting_first_told_later_holds_for_the_past_also_beside_others_told_before() {
    let mut fold = Fold::new();
    let gaps = |text: &str| schedule(&format!(r#"{{"bot_replies":"clear","cycle_gaps":{text}}}"#));
    let at = fold.at();
    fold.account.settings(gaps(r#"{"mail":1000}"#), at);
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:20", "contact"));
    assert_eq!(fold.rows().conversations[0].cycles.len(), 1);
    let at = fold.at();
    fold.account
        .settings(gaps(r#"{"mail":1000,"web":600000}"#), at);
    assert_eq!(fold.rows().conversations[0].cycles.len(), 2);
}

/// What is shown live, kept as readers keep it.
#[derive(Default, Debug, PartialEq)]
struct Shown {
    waiting: BTreeMap<String, Time>,
    cells: BTreeMap<(Time, Option<String>), Cell>,
}

impl View for Shown {
    fn waiting(&mut self, waiting: &Waiting<'_>) {
        self.waiting
            .insert(waiting.conversation.to_owned(), waiting.since);
    }

    fn settled(&mut self, _: &str, conversation: &str) {
        assert!(self.waiting.remove(conversation).is_some(), "it was shown");
    }

    fn forget_cells(&mut self) {
        self.cells.clear();
    }

    fn cell(&mut self, start: Time, manager: Option<&str>, _: &str, cell: &Cell) {
        let key = (start, manager.map(str::to_owned));
        self.cells.insert(key, cell.clone());
    }
}

#[test]
fn cells_of_another_length_hold_the_same_as_if_they_had_always_had_it() {
    let quarters = || schedule(r#"{"bot_replies":"clear","cycle_gaps":{},"cell_minutes":15}"#);
    let tell = |quarters_at: usize| {
        let mut fold = Fold::new();
        fold.offset = 1_772_500_000;
        let mut shown = Shown::default();
        for (number, (time, who)) in WORKED.iter().enumerate() {
            if number == quarters_at {
                let at = fold.at();
                fold.account.settings(quarters(), at);
            }
            fold.tell(&message(time, who));
            fold.account.show(&mut shown);
        }
        shown.cells
    };
    let cells = tell(5);
    assert_eq!(cells, tell(0));
    let starts: Vec<_> = cells
        .keys()
        .map(|(start, who)| (start.0 / MINUTE % 60, who.as_deref()))
        .collect();
    assert_eq!(starts, [(0, None), (0, Some("ana")), (30, Some("luis"))]);
}

/// A log of a few conversations with ties, bots, closings and missing ids.
fn log() -> impl Strategy<Value = Vec<String>> {
    let who = prop_oneof![
        4 => Just("contact"), 3 => Just("ana"), 2 => Just("luis"), 1 => Just("bot"),
        1 => Just("system"), 1 => Just("assigned"), 1 => Just("handed_off"), 1 => Just("closed"),
        1 => Just("reopened"),
    ];
    let one = (0..3u8, 10..40u32, who, any::<bool>());
    prop::collection::vec(one, 1..60).prop_map(|events| {
        let mut log = Vec::new();
        for (number, (conversation, minute, who, with_id)) in events.into_iter().enumerate() {
            let (id, time) = (number.to_string(), format!("10:{minute:02}"));
            let mut raw = event(
                &format!("k{conversation}"),
                &time,
                who,
                with_id.then_some(&*id),
            );
            if with_id {
                let integrity = Integrity::ALL[number % 3];
                raw = raw.replace("\"at\"", &format!("\"integrity\":\"{integrity}\",\"at\""));
            }
            if !log.contains(&raw) {
                log.push(raw);
            }
            if number % 13 == 12 {
                log.push(retract(&(number / 2).to_string()));
            }
        }
        log
    })
}

fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut random = seed | 1;
    for last in (1..list.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        list.swap(last, (random >> 33) as usize % (last + 1));
    }
}

fn figures(fold: &mut Fold) -> (Vec<String>, Vec<String>) {
    fold.account.rewind(0);
    written(fold.rows())
}

/// Writes rows down without their versions, in order.
fn written(rows: Taken) -> (Vec<String>, Vec<String>) {
    let mut messages: Vec<String> = rows
        .messages
        .into_iter()
        .map(|row| {
            format!(
                "{} {} {} {} {:?} {:?} {:?} {}",
                row.conversation,
                row.at,
                row.message,
                row.integrity,
                row.manager,
                row.samples,
                row.business,
                row.deleted
            )
        })
        .collect();
    let mut conversations: Vec<String> = rows
        .conversations
        .into_iter()
        .map(|row| {
            format!(
                "{} {:?} {:?} {:?} {} {} {}",
                row.conversation,
                row.pending_at,
                row.assignee,
                row.cycles,
                row.first_at,
                row.last_at,
                row.deleted
            )
        })
        .collect();
    messages.sort();
    conversations.sort();
    (messages, conversations)
}

/// Counts the samples of rows by hour and manager: how many, and their sum.
fn recount(rows: &[MessageRow]) -> BTreeMap<(Time, Option<String>), (u32, i64)> {
    let mut counted = BTreeMap::<_, (u32, i64)>::new();
    // Nobody's samples are a bot's.
    for row in rows
        .iter()
        .filter(|row| !row.deleted && row.manager.is_some())
    {
        let hour = Time(row.at.0 - row.at.0.rem_euclid(60 * MINUTE));
        let waits = counted.entry((hour, row.manager.clone())).or_default();
        waits.0 += u32::from(row.samples.wait.is_some());
        waits.1 += row.samples.wait.unwrap_or_default();
    }
    counted
}

proptest! {
    #[test]
    fn what_is_shown_live_is_what_the_rows_say(log in log(), every in 1..7usize) {
        let mut fold = Fold::new();
        // Arrival is after what happened, as it is in life.
        fold.offset = 1_772_500_000;
        let mut shown = Shown::default();
        for (number, raw) in log.iter().enumerate() {
            fold.tell(raw);
            if number % every == 0 {
                fold.account.show(&mut shown);
            }
        }
        fold.account.show(&mut shown);
        let rows = fold.rows();
        let of = |cell: &Cell| {
            let waits = cell.calendar().by(Definition::Wait);
            (waits.count(), waits.sum())
        };
        let mut counted = recount(&rows.messages);
        counted.retain(|key, _| shown.cells.contains_key(key));
        let cells: BTreeMap<_, _> =
            shown.cells.iter().map(|(key, cell)| (key.clone(), of(cell))).collect();
        let missing = cells.iter().filter(|(key, _)| !counted.contains_key(*key));
        prop_assert!(missing.clone().all(|(_, waits)| *waits == (0, 0)), "{missing:?}");
        for (key, waits) in &counted {
            prop_assert_eq!(&cells[key], waits);
        }
        let waiting = rows.conversations.iter().filter_map(|row| {
            Some((row.conversation.clone(), row.pending_at?))
        });
        prop_assert_eq!(&shown.waiting, &waiting.collect::<BTreeMap<_, _>>());
        let restored: Ledger = from_bytes(&bytes(&fold.account.ledger()));
        let mut again = Account::new(Arc::from("acme"), CONFIG);
        for set in 0..SETS {
            let cells = from_bytes(&bytes(&fold.account.cells(set)));
            again.restore_cells(set, cells, fold.offset);
        }
        again.restore_ledger(restored, fold.offset);
        let mut same = Shown::default();
        again.show(&mut same);
        prop_assert_eq!(same.cells, shown.cells);
    }

    #[test]
    fn any_permutation_and_duplication_of_a_log_gives_the_same_rows(
        log in log(),
        order in any::<u64>(),
    ) {
        let mut sorted = Fold::new();
        for raw in &log {
            sorted.tell(raw);
        }
        let mut shuffled: Vec<&String> = log.iter().chain(&log).collect();
        shuffle(&mut shuffled, order);
        let mut other = Fold::new();
        for raw in shuffled {
            other.tell(raw);
            if raw.len().is_multiple_of(4) {
                other.rows();
            }
        }
        prop_assert_eq!(other.account.counts().conflict, 0);
        prop_assert_eq!(figures(&mut sorted), figures(&mut other));
    }

    #[test]
    fn rows_are_absolute(log in log(), seed in any::<u64>()) {
        let mut piecemeal = Fold::new();
        let mut written = Vec::new();
        for raw in log.iter().rev() {
            piecemeal.tell(raw);
            written.extend(piecemeal.rows().messages);
        }
        // Written twice and in any order, the highest version of a key is the row that stays.
        let twice = written.clone();
        written.extend(twice);
        shuffle(&mut written, seed);
        let mut table: BTreeMap<String, (u64, Samples)> = BTreeMap::new();
        for row in written {
            let held = table.entry(format!("{} {}", row.conversation, row.message)).or_default();
            if row.version >= held.0 {
                *held = (row.version, row.samples);
            }
        }
        piecemeal.account.rewind(0);
        let all = piecemeal.rows().messages;
        prop_assert_eq!(all.len(), table.len());
        for row in all {
            let key = format!("{} {}", row.conversation, row.message);
            prop_assert_eq!(table[&key], (row.version, row.samples));
        }
    }

    #[test]
    fn figures_are_a_function_of_the_journal(log in log()) {
        let (mut one, mut other) = (Fold::new(), Fold::new());
        for raw in &log {
            one.tell(raw);
        }
        for raw in &log {
            other.tell(raw);
            other.rows();
        }
        other.account.rewind(0);
        one.account.rewind(0);
        let (mut one, mut other) = (one.rows(), other.rows());
        one.messages.sort_by(|a, b| a.version.cmp(&b.version).then(a.message.cmp(&b.message)));
        other.messages.sort_by(|a, b| a.version.cmp(&b.version).then(a.message.cmp(&b.message)));
        prop_assert_eq!(one.messages, other.messages);
        one.conversations.sort_by(|a, b| a.conversation.cmp(&b.conversation));
        other.conversations.sort_by(|a, b| a.conversation.cmp(&b.conversation));
        prop_assert_eq!(one.conversations, other.conversations);
    }

    #[test]
    fn a_state_restored_in_parts_and_replayed_is_the_state_that_went_on(
        log in log(),
        cut in 0..60usize,
        turn in 0..60usize,
        told in 0..60usize,
    ) {
        let mut whole = Fold::new();
        let rules = schedule(
            r#"{"bot_replies":"ignore","cycle_gaps":{"web":600000},"cell_minutes":30,
                "managers_cap":2,"schedules":[{"whose":"account","from":"2026-01-01T00:00:00Z",
                "schedule":{"zone":"UTC","mon":["09:00-10:20"],"closed":["2026-12-25"]}}]}"#,
        );
        let (cut, turn, told) = (cut % log.len(), turn % log.len(), told % log.len());
        // One of the records is of settings.
        let tell = |fold: &mut Fold, number: usize, raw: &str| {
            if number == told {
                let at = fold.at();
                fold.account.settings(rules.clone(), at);
            } else {
                fold.tell(raw);
            }
        };
        let (began, ended) = (cut.min(turn), cut.max(turn));
        let mut restored = Account::new(Arc::from("acme"), CONFIG);
        let mut parts = Vec::new();
        for (number, raw) in log.iter().enumerate() {
            if number == began {
                for part in 0..=255u8 {
                    parts.push((part, bytes(&whole.account.part(part)), number as u64));
                }
            }
            for set in 0..SETS {
                // One after the other, between the parts and the ledger.
                if number == began + (ended - began) * usize::from(set) / usize::from(SETS) {
                    let cells = from_bytes(&bytes(&whole.account.cells(set)));
                    restored.restore_cells(set, cells, number as u64);
                }
            }
            if number == ended {
                let ledger: Ledger = from_bytes(&bytes(&whole.account.ledger()));
                restored.restore_ledger(ledger, number as u64);
            }
            tell(&mut whole, number, raw);
        }
        for (part, body, taken) in parts {
            restored.restore_part(part, from_bytes(&body), taken);
        }
        for seeing in whole.account.take_fresh() {
            if seeing.at.offset < began as u64 {
                restored.remember(seeing);
            }
        }
        let mut again = Fold { account: restored, offset: began as u64 };
        for (number, raw) in log.iter().enumerate().skip(began) {
            tell(&mut again, number, raw);
        }
        let shown = |fold: &mut Fold| {
            let mut shown = Shown::default();
            fold.account.show(&mut shown);
            shown
        };
        prop_assert_eq!(shown(&mut again), shown(&mut whole));
        prop_assert_eq!(again.account.cell_minutes(), whole.account.cell_minutes());
        prop_assert_eq!(again.account.counts(), whole.account.counts());
        prop_assert_eq!(figures(&mut again), figures(&mut whole));
    }
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap()
}

fn from_bytes<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> T {
    postcard::from_bytes(bytes).unwrap()
}
