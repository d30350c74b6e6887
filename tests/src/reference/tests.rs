//! The reference against examples worked out by hand.

use super::*;
use crate::clock::{MINUTE, SECOND, at};
use crate::events::Thread;

fn minutes(reference: &Reference, definition: Definition, manager: &str) -> Vec<i64> {
    let manager = (!manager.is_empty()).then(|| manager.to_owned());
    let mut samples: Vec<&Sample> = reference
        .samples()
        .iter()
        .filter(|sample| sample.definition == definition && sample.manager == manager)
        .collect();
    samples.sort_by_key(|sample| sample.at);
    samples
        .iter()
        .map(|sample| sample.millis / MINUTE)
        .collect()
}

fn worked_example() -> Thread {
    Thread::new("1")
        .contact("10:00")
        .contact("10:02")
        .manager("ana", "10:05")
        .manager("ana", "10:06")
        .system("10:07")
        .contact("10:10")
        .manager("luis", "10:40")
}

#[test]
fn the_worked_example_gives_its_figures() {
    let reference = Reference::of(&worked_example().events());
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [3, 4]);
    assert_eq!(minutes(&reference, Definition::Kommo, "luis"), [30]);
    assert_eq!(minutes(&reference, Definition::Turn, "ana"), [3]);
    assert_eq!(minutes(&reference, Definition::Turn, "luis"), [30]);
    assert_eq!(minutes(&reference, Definition::Wait, "ana"), [5]);
    assert_eq!(minutes(&reference, Definition::Wait, "luis"), [30]);
    assert_eq!(minutes(&reference, Definition::First, "ana"), [5]);
    assert_eq!(minutes(&reference, Definition::First, "luis"), [0; 0]);
    let kommo = reference.responses(|sample| sample.definition == Definition::Kommo);
    assert_eq!(kommo.mean(), Some((12 * MINUTE + 20 * SECOND) as f64));
}

#[test]
fn the_late_message_changes_three_samples_of_the_worked_example() {
    let reference = Reference::of(&worked_example().contact("10:04").events());
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [1, 2]);
    assert_eq!(minutes(&reference, Definition::Turn, "ana"), [1]);
    assert_eq!(minutes(&reference, Definition::Wait, "ana"), [5]);
    assert_eq!(minutes(&reference, Definition::First, "ana"), [5]);
    assert_eq!(minutes(&reference, Definition::Kommo, "luis"), [30]);
}

#[test]
fn only_kommo_looks_behind_a_closed() {
    let thread = Thread::new("1")
        .contact("10:00")
        .closed(None, "10:10")
        .manager("ana", "10:30");
    let reference = Reference::of(&thread.events());
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [30]);
    assert_eq!(reference.samples().len(), 1);
    let figures = reference.conversation_figures(Span {
        from: 0,
        to: i64::MAX,
    });
    assert_eq!(
        (
            figures.closed_unanswered,
            figures.answered,
            figures.received
        ),
        (1, 0, 1)
    );
}

#[test]
fn a_hand_off_starts_the_clock_of_people() {
    let thread = Thread::new("1")
        .contact("10:00")
        .bot("10:01")
        .handed_off(Some("ana"), "10:10")
        .bot("10:11")
        .manager("ana", "10:13");
    let reference = Reference::of(&thread.events());
    assert_eq!(minutes(&reference, Definition::Wait, ""), [1]);
    for definition in [
        Definition::Turn,
        Definition::Wait,
        Definition::Assigned,
        Definition::First,
    ] {
        assert_eq!(
            minutes(&reference, definition, "ana"),
            [3],
            "{definition:?}"
        );
    }
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [13]);
}

#[test]
fn a_message_pending_at_the_hand_off_keeps_its_clock() {
    let thread = Thread::new("1")
        .contact("10:00")
        .bot("10:01")
        .contact("10:05")
        .handed_off(Some("ana"), "10:10")
        .manager("ana", "10:13");
    let reference = Reference::of(&thread.events());
    assert_eq!(minutes(&reference, Definition::Wait, "ana"), [8]);
    assert_eq!(minutes(&reference, Definition::Turn, "ana"), [8]);
    assert_eq!(minutes(&reference, Definition::Assigned, "ana"), [3]);
    assert_eq!(minutes(&reference, Definition::First, "ana"), [3]);
}

#[test]
fn thanks_by_a_button_start_nothing_but_kommo_counts_them() {
    let thread = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:02")
        .thanks("10:05")
        .manager("ana", "10:09");
    let reference = Reference::of(&thread.events());
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [2, 4]);
    assert_eq!(minutes(&reference, Definition::Wait, "ana"), [2]);
}

#[test]
fn notes_are_never_messages() {
    let thread = Thread::new("1")
        .contact("10:00")
        .note("ana", "10:01")
        .manager("ana", "10:05");
    let reference = Reference::of(&thread.events());
    assert_eq!(minutes(&reference, Definition::Kommo, "ana"), [5]);
    assert_eq!(reference.messages().len(), 2);
}

#[test]
fn a_closing_taken_back_within_a_day_leaves_the_figures() {
    let thread = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .closed(Some("ana"), "10:30")
        .contact("11:00")
        .closed(Some("luis"), "12:00")
        .day("2026-03-09")
        .contact("10:00");
    let reference = Reference::of(&thread.events());
    let figures = reference.conversation_figures(Span {
        from: 0,
        to: i64::MAX,
    });
    assert_eq!(
        (figures.received, figures.reopened, figures.new_contacts),
        (3, 2, 1)
    );
    assert_eq!(
        (figures.closed, figures.closed_unanswered, figures.awaiting),
        (1, 1, 1)
    );
    assert_eq!(
        figures.closed_by,
        BTreeMap::from([(Some("luis".into()), 1)])
    );
    assert_eq!(figures.resolutions, [60 * MINUTE]);
}

#[test]
fn two_managers_in_one_conversation_are_two_participations() {
    let reference = Reference::of(&worked_example().events());
    let day = Span {
        from: at("2026-03-02T00:00:00Z"),
        to: at("2026-03-03T00:00:00Z"),
    };
    let figures = reference.conversation_figures(day);
    assert_eq!((figures.participations, figures.conversations), (2, 1));
}

#[test]
fn ids_of_digits_come_first_and_by_number() {
    let mut ids = ["b", "10", "9", "a1", "100", "A"];
    ids.sort_by(|a, b| timeline::ids(a, b));
    assert_eq!(ids, ["9", "10", "100", "A", "a1", "b"]);
}

#[test]
fn quantiles_are_nearest_ranks() {
    let hundred: Vec<i64> = (1..=100).collect();
    assert_eq!(nearest_rank(&hundred, 50), Some(50));
    assert_eq!(nearest_rank(&hundred, 99), Some(99));
    assert_eq!(nearest_rank(&[7, 9], 50), Some(7));
    assert_eq!(nearest_rank(&[7, 9, 11], 50), Some(9));
    assert_eq!(nearest_rank(&[], 50), None);
}

#[test]
fn a_repeated_event_counts_once_and_the_first_content_wins() {
    let mut events = worked_example().events();
    events.extend(worked_example().events());
    let mut other = Thread::new("1").contact("09:00").events();
    events.append(&mut other);
    let reference = Reference::of(&events);
    assert_eq!(reference.messages().len(), 7);
    assert_eq!(minutes(&reference, Definition::Wait, "ana"), [5]);
}
