//! Events seen again, taken back, told late; how many phases a call may have.

use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use super::super::log::PHASES;
use super::{E101, Fold, IN, TEN, Taken, WINDOW, phase};
use crate::Outcome;

#[test]
fn an_event_counts_once_within_the_window_and_after_it() {
    let mut fold = Fold::new();
    let start = phase(0, "started", &format!(r#"{IN},"id":"1""#));
    let bare = phase(1, "ringing", E101);
    let other = phase(2, "started", &format!(r#"{IN},"id":"1""#));
    assert_eq!(fold.tell(&start), Outcome::Observed);
    assert_eq!(fold.tell(&bare), Outcome::Observed);
    for _ in 0..3 {
        assert_eq!(fold.tell(&start), Outcome::Duplicate);
        assert_eq!(fold.tell(&bare), Outcome::Duplicate);
        assert_eq!(fold.tell(&other), Outcome::Conflict);
        fold.offset += (3 * WINDOW / 1000) as u64;
    }
    // The same id of another hook is another event.
    assert_eq!(fold.tell_by("pbx", &start), Outcome::Observed);
    assert_eq!(fold.rows().len(), 1);
    let counts = fold.account.counts();
    assert_eq!(
        (
            counts.observed,
            counts.duplicate,
            counts.conflict,
            counts.waiting
        ),
        (3, 6, 3, 0)
    );
}

#[test]
fn what_is_taken_back_before_or_after_it_came_counts_for_nothing() {
    let retract =
        |what: &str| format!(r#"{{"type":"retract","at":"2026-03-03T00:00:00Z",{what}}}"#);
    let start = phase(0, "started", &format!(r#"{IN},"id":"1","batch":"run""#));
    let answer = phase(5, "answered", &format!(r#"{E101},"id":"2""#));
    let end = phase(9, "ended", r#""id":"3""#);
    let mut fold = Fold::new();
    fold.tell(&retract(r#""target":"2""#));
    for event in [&start, &answer, &end] {
        assert_eq!(fold.tell(event), Outcome::Observed);
    }
    assert_eq!(fold.rows()[0].brief(), ("missed", Some(9), 0));
    // An id of a conversation's message is another one.
    fold.tell(&retract(
        r#""target":"3","channel":"web","conversation":"k""#,
    ));
    assert_eq!(fold.rows(), []);
    fold.tell(&retract(r#""target":"3""#));
    let rows = fold.rows();
    assert_eq!((rows[0].times[4], rows[0].brief()), (None, ("", None, 0)));
    fold.tell(&retract(r#""batch":"run""#));
    assert!(fold.rows()[0].deleted);
    // It is known as it was.
    let mut was = Taken::default();
    fold.account.tell_call_as_was("k", &mut was);
    assert_eq!(
        (was.0[0].deleted, was.0[0].brief()),
        (false, ("answered", Some(5), 4))
    );
    // It stays known.
    assert_eq!(fold.tell(&answer), Outcome::Duplicate);
    // Another phase, and the call is there again.
    fold.tell(&phase(4, "started", r#""id":"4""#));
    let rows = fold.rows();
    assert_eq!((rows[0].times[0], rows[0].deleted), (Some(4), false));
}

#[test]
fn an_event_without_an_id_is_taken_back_by_what_stands_for_it() {
    use trunkline_model::event::Event;
    let raw = phase(0, "started", IN);
    let content = Event::parse(&raw).unwrap().content(&mut Vec::new(), 0);
    let mut fold = Fold::new();
    fold.tell(&raw);
    fold.tell(&format!(
        r#"{{"type":"retract","at":"2026-03-03T00:00:00Z","target":"h:{content:016x}"}}"#
    ));
    assert!(fold.rows()[0].deleted);
}

#[test]
fn a_call_has_only_so_many_phases() {
    let mut fold = Fold::new();
    for at in 0..PHASES as i64 {
        assert_eq!(fold.tell(&phase(at, "ringing", E101)), Outcome::Observed);
    }
    assert_eq!(fold.tell(&phase(-1, "started", IN)), Outcome::Quarantined);
    assert_eq!(fold.account.counts().quarantined, 1);
    assert_eq!(fold.rows()[0].times[0], Some(0));
}

#[test]
fn a_row_has_the_version_of_the_record_that_changed_it_last() {
    let mut fold = Fold::new();
    let versions = |fold: &mut Fold, generation: u64| {
        let mut rows = Taken::default();
        fold.account.gather(generation, usize::MAX, &mut rows);
        rows.1
    };
    fold.tell(&phase(0, "started", IN));
    fold.tell(&phase(9, "ended", ""));
    assert_eq!(fold.account.oldest_dirty(), Some(0));
    assert_eq!(versions(&mut fold, 3), [3 << 48 | 1]);
    assert_eq!(
        (fold.account.dirty(), fold.account.oldest_dirty()),
        (0, None)
    );
    // Nothing new, and what is told of another call, changes nothing.
    fold.tell(&phase(0, "started", IN));
    fold.tell(&phase(0, "started", IN).replace("\"k\"", "\"l\""));
    assert_eq!(versions(&mut fold, 3), [3 << 48 | 3]);
    // ClickHouse lost what records from 2 on changed.
    fold.account.rewind(2);
    assert_eq!(fold.account.oldest_dirty(), Some(2));
    assert_eq!(versions(&mut fold, 4), [4 << 48 | 3]);
    fold.settle(&FoldRules {
        min_answer_s: 9,
        ..FoldRules::default()
    });
    assert_eq!(versions(&mut fold, 4), [4 << 48 | 4, 4 << 48 | 4]);
}

#[test]
fn rows_are_gathered_some_at_a_time_the_oldest_first() {
    let mut fold = Fold::new();
    for number in 0..10 {
        let call = phase(0, "started", IN).replace("\"k\"", &format!("\"k{number}\""));
        fold.tell(&call);
    }
    let mut rows = Taken::default();
    assert_eq!(fold.account.gather(1, 4, &mut rows), 4);
    assert_eq!(fold.account.oldest_dirty(), Some(4));
    let calls: Vec<_> = rows.0.iter().map(|row| row.call.as_str()).collect();
    assert_eq!(calls, ["k0", "k1", "k2", "k3"]);
    assert_eq!(fold.rows().len(), 6);
}

#[test]
fn a_call_is_told_once_after_it_changed_as_it_stands() {
    let mut fold = Fold::new();
    let told = |fold: &mut Fold, is_wanted| {
        let mut rows = Taken::default();
        fold.account.tell_calls(is_wanted, &mut rows);
        let calls = rows.0.iter().zip(rows.1);
        let of = calls.map(|(call, version)| (call.times[4].is_some(), call.deleted, version));
        of.collect::<Vec<_>>()
    };
    let parties = r#""direction":"inbound","from":"+34600000001","to":"+34911000001","id":"e1""#;
    fold.tell(&phase(0, "started", parties));
    fold.tell(&phase(9, "ended", r#""id":"e2""#));
    assert_eq!(told(&mut fold, true), [(true, false, 1)]);
    assert_eq!(told(&mut fold, true), []);
    fold.account.tell_all_calls(fold.offset);
    assert_eq!(told(&mut fold, true), [(true, false, 1)]);
    for id in ["e1", "e2"] {
        let at = Time(TEN);
        fold.tell(&format!(
            r#"{{"type":"retract","target":"{id}","at":"{at}"}}"#
        ));
    }
    let gone = told(&mut fold, true);
    assert_eq!((gone.len(), gone[0].1), (1, true));
    // Nobody hears, and nothing is kept for him.
    fold.account.tell_all_calls(fold.offset);
    assert_eq!(told(&mut fold, false), []);
    assert_eq!(told(&mut fold, true), []);
}
