//! Who told that a visitor is a caller, and what is left when that is taken back.

use proptest::prelude::*;

use super::snapshot::{restore, take};
use super::traffic::{Chance, all_rows, fold_all, records};
use super::*;

const EVA: &str = "+34600000001";

/// A fold in which a call came that two visits may have brought.
fn ambiguous() -> Fold {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.visit(40, "bob");
    fold.call("k", &number(1), EVA, 45, Some(46));
    assert_eq!(fold.brought("k").0, 4);
    fold
}

fn taken_back(fields: &str) -> Record {
    Record::Retract(format!(
        r#"{{"type":"retract",{fields},"at":"{}"}}"#,
        at(50)
    ))
}

fn told_by(fold: &mut Fold, event: &str, run: Option<&str>, within: Option<[&str; 2]>) {
    let linked = Linked {
        visitor: Some("bob"),
        visit: None,
    };
    let by = Teller { event, run, within };
    let position = Position {
        offset: fold.next,
        received_at: at(0),
    };
    fold.next += 1;
    let tracking = &mut fold.tracking;
    tracking.link(linked, Caller::Phone(EVA), at(44), by, position);
}

#[test]
fn a_link_goes_with_the_event_that_told_it_also_beforehand() {
    for before in [false, true] {
        let mut fold = ambiguous();
        let retract = taken_back(r#""target":"f-1""#);
        if before {
            fold.hear(retract.clone());
        }
        told_by(&mut fold, "f-1", None, None);
        if !before {
            assert_eq!(fold.brought("k").0, 1);
            fold.hear(retract);
        }
        assert_eq!(fold.brought("k").0, 4, "{before}");
        // Another event says so too.
        told_by(&mut fold, "f-2", Some("run"), None);
        assert_eq!(fold.brought("k").0, 1);
        fold.hear(taken_back(r#""batch":"run""#));
        assert_eq!(fold.brought("k").0, 4);
    }
}

#[test]
fn a_link_of_a_message_goes_with_what_names_its_place() {
    let within = Some(["wa", "c1"]);
    for (fields, rule) in [
        (r#""target":"m""#, 4),
        (r#""target":"m","channel":"wa""#, 4),
        (r#""target":"m","conversation":"c1""#, 4),
        (r#""target":"m","channel":"wa","conversation":"c1""#, 4),
        (r#""target":"m","channel":"wa","conversation":"c2""#, 1),
        (r#""target":"m","channel":"tg""#, 1),
        (r#""target":"n","channel":"wa","conversation":"c1""#, 1),
    ] {
        let mut fold = ambiguous();
        told_by(&mut fold, "m", None, within);
        fold.hear(taken_back(fields));
        assert_eq!(fold.brought("k").0, rule, "{fields}");
    }
    // And what names a place means no event without one.
    let mut fold = ambiguous();
    told_by(&mut fold, "m", None, None);
    fold.hear(taken_back(r#""target":"m","channel":"wa""#));
    assert_eq!(fold.brought("k").0, 1);
}

#[test]
fn a_link_by_a_visit_that_is_taken_back_links_nobody() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    let second = fold.visit(40, "bob").visit.to_string();
    fold.hear(Record::Link {
        visitor: None,
        visit: Some(second.clone()),
        phone: EVA.to_owned(),
        at: at(41),
        event: "f-1".to_owned(),
    });
    fold.visit(80, "bob");
    fold.call("k", &number(1), EVA, 85, Some(86));
    assert_eq!(fold.brought("k").0, 1);
    fold.hear(taken_back(&format!(r#""target":"e-{second}""#)));
    assert_ne!(fold.brought("k").0, 1);
}

#[test]
fn a_corrected_lead_links_those_whom_it_names_now() {
    let mut fold = ambiguous();
    let position = |fold: &mut Fold| {
        fold.next += 1;
        Position {
            offset: fold.next - 1,
            received_at: at(0),
        }
    };
    // The caller is the contact `eva`.
    let at_next = position(&mut fold);
    fold.tracking.known_as(EVA, Some("eva"), at_next);
    let lead = |visitor: &str, contact: &str| {
        let since = vec![(contact.to_owned(), at(44))];
        Record::Lead("l1".to_owned(), visitor.to_owned(), since)
    };
    fold.hear(lead("bob", "eva"));
    assert_eq!(fold.brought("k").0, 1);
    fold.hear(lead("bob", "leo"));
    assert_eq!(fold.brought("k").0, 4);
    fold.hear(lead("bob", "eva"));
    assert_eq!(fold.brought("k").0, 1);
    fold.hear(lead("ann", "eva"));
    assert_eq!(fold.brought("k").0, 4);
    fold.hear(Record::Lead("l1".to_owned(), "bob".to_owned(), Vec::new()));
    assert_eq!(fold.brought("k").0, 4);
    assert!(fold.tracking.linking_leads().is_empty());
}

#[test]
fn a_link_of_a_contact_is_that_of_whom_he_was_merged_into_and_an_id_on_a_channel_his() {
    for first in [false, true] {
        for told in [Caller::Contact("old"), Caller::OnChannel("wa", "id")] {
            let mut fold = ambiguous();
            let mut next = || {
                fold.next += 1;
                Position {
                    offset: fold.next - 1,
                    received_at: at(0),
                }
            };
            let [known, one, other, undone] = [next(), next(), next(), next()];
            fold.tracking.known_as(EVA, Some("eva"), known);
            let linked = Linked {
                visitor: Some("bob"),
                visit: None,
            };
            let by = Teller {
                event: "f-1",
                run: None,
                within: None,
            };
            let tracking = &mut fold.tracking;
            if first {
                // Of a name that nobody was linked by nothing is kept: it is told again after the link.
                tracking.same_as(told, Some("eva"), one);
            }
            tracking.link(linked, told, at(44), by, one);
            assert_eq!(fold.brought("k").0, 4);
            fold.tracking.same_as(told, Some("eva"), other);
            assert_eq!(fold.brought("k").0, 1);
            let (checkpoint, _) = take(&mut fold.tracking, &[], fold.next, &mut Chance::new(1));
            let (mut restored, _) = restore(&checkpoint);
            assert_eq!(restored.attribution("k").unwrap().rule, 1, "over a restart");
            fold.tracking.same_as(told, None, undone);
            assert_eq!(fold.brought("k").0, 4);
        }
    }
}

#[test]
fn names_of_channels_and_ids_do_not_run_together() {
    let text = |channel: &'static str, id: &'static str| Caller::OnChannel(channel, id).text();
    assert_ne!(text("a", "bc"), text("ab", "c"));
    assert_ne!(text("1", "1:x"), text("11", ":x"));
}

#[test]
fn who_watches_hears_of_each_call_that_is_attributed_anew_and_of_no_older_one() {
    let mut fold = Fold::new(pool_of(1));
    fold.tracking.watch(Some(at(40)));
    fold.visit(0, "ann");
    fold.call("old", &number(1), "+34600000009", 5, Some(6));
    fold.visit(40, "bob");
    fold.call("k", &number(1), EVA, 45, Some(46));
    let offset = fold.next - 1;
    let news = |fold: &mut Fold, offset| fold.tracking.take_settled(offset);
    assert_eq!(news(&mut fold, offset + 1), []);
    assert_eq!(news(&mut fold, offset), [("k".into(), offset)]);
    assert_eq!(news(&mut fold, 0), []);
    fold.link("bob", EVA, 44);
    assert_eq!(news(&mut fold, 0), [("k".into(), offset + 1)]);
    fold.hear(taken_back(&format!(r#""target":"l-bob-{EVA}-44""#)));
    assert_eq!(news(&mut fold, 0), [("k".into(), offset + 2)]);
    fold.tracking.watch(None);
    fold.link("bob", EVA, 44);
    assert_eq!(news(&mut fold, 0), []);
}

#[test]
fn what_comes_out_of_a_checkpoint_is_no_news() {
    let log = records(3, 60);
    let mut tracking = fold_all(&log);
    let next = log.len() as u64 + 1;
    let (checkpoint, _) = take(&mut tracking, &[], next, &mut Chance::new(1));
    let (mut restored, _) = restore(&checkpoint);
    restored.watch(Some(Time(0)));
    assert_eq!(restored.take_settled(0), []);
    restored.rewind(0);
    assert_eq!(restored.take_settled(0), []);
}

/// Gives the retraction of a link.
fn undone(record: &Record) -> Option<Record> {
    match record {
        Record::Link { event, .. } => Some(taken_back(&format!(r#""target":"{event}""#))),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Links taken back, in any order and over a restart, are as if they had never been told.
    #[test]
    fn a_link_that_is_taken_back_was_never_told(seed in any::<u64>(), order in any::<u64>()) {
        let mut chance = Chance::new(order);
        let (settings, mut rest): (Vec<_>, Vec<_>) = records(seed, 120)
            .into_iter()
            .partition(|record| matches!(record, Record::Settings(_)));
        let events = |record: &Record| match record {
            Record::Link { event, .. } => Some(event.clone()),
            _ => None,
        };
        let gone: std::collections::BTreeSet<String> =
            rest.iter().filter_map(events).filter(|_| chance.one_in(2)).collect();
        let is_gone = |record: &Record| events(record).is_some_and(|event| gone.contains(&event));
        let never: Vec<Record> = settings
            .iter()
            .chain(rest.iter().filter(|record| !is_gone(record)))
            .cloned()
            .collect();
        let undone: Vec<Record> = rest.iter().filter(|it| is_gone(it)).filter_map(undone).collect();
        rest.extend(undone);
        chance.shuffle(&mut rest);
        let log: Vec<Record> = settings.into_iter().chain(rest).collect();
        let expected = all_rows(&mut fold_all(&never));
        prop_assert_eq!(&all_rows(&mut fold_all(&log)), &expected);
        let begin = chance.below(log.len() as u64) + 1;
        let mut tracking = fold_all(&log[..begin as usize - 1]);
        let (checkpoint, _) = take(&mut tracking, &log, begin, &mut chance);
        let (mut restored, first) = restore(&checkpoint);
        for (offset, record) in (1..).zip(&log).skip(first as usize - 1) {
            hear(&mut restored, record, offset);
        }
        prop_assert_eq!(&all_rows(&mut restored), &expected);
    }
}
