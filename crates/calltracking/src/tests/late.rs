//! What comes late, again, or in another order.

use proptest::prelude::*;

use super::traffic::{Chance, all_rows, fold_all, records};
use super::*;

const EVA: &str = "+34600000001";

/// Takes the last record of each kind out of a fold's log, so that it can be told late.
fn rule(fold: &mut Fold) -> u8 {
    fold.brought("k").0
}

#[test]
fn a_lease_that_is_told_late_attributes_the_call_anew() {
    let mut fold = Fold::new(pool_of(1));
    let decision = fold.ask(0, "main", "ann");
    fold.call("k", &number(1), EVA, 5, Some(6));
    assert_eq!(rule(&mut fold), 7);
    fold.hear(record(&decision, 0, ""));
    assert_eq!(rule(&mut fold), 3);
}

#[test]
fn a_link_that_is_told_late_attributes_the_call_anew() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.visit(40, "bob");
    fold.call("k", &number(1), EVA, 45, Some(46));
    assert_eq!(rule(&mut fold), 4);
    fold.link("bob", EVA, 44);
    assert_eq!(rule(&mut fold), 1);
}

#[test]
fn a_link_by_a_visit_that_is_told_late_attributes_the_call_anew() {
    let mut fold = Fold::new(pool_of(2));
    let decision = fold.ask(0, "main", "ann");
    let visit = decision.visit.to_string();
    fold.hear(Record::Link {
        visitor: None,
        visit: Some(visit),
        phone: EVA.to_owned(),
        at: at(1),
        event: "f-1".to_owned(),
    });
    fold.call("k", "+34911999999", EVA, 5, Some(6));
    assert_eq!(rule(&mut fold), 7);
    fold.hear(record(&decision, 0, ""));
    assert_eq!(rule(&mut fold), 6);
}

#[test]
fn a_static_number_that_is_told_late_attributes_the_call_anew() {
    let mut fold = Fold::new(pool_of(1));
    fold.call("k", "+34911000077", EVA, 45, Some(46));
    assert_eq!(rule(&mut fold), 7);
    fold.hear(Record::Settings(traffic::settings(true)));
    assert_eq!(rule(&mut fold), 0);
}

#[test]
fn an_earlier_call_that_is_told_late_makes_a_repeat_and_its_going_undoes_it() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.visit(DAY, "bob");
    fold.call("k", &number(1), EVA, DAY + 5, None);
    assert_eq!(rule(&mut fold), 3);
    fold.call("earlier", &number(1), EVA, 5, Some(6));
    assert_eq!(rule(&mut fold), 2);
    fold.hear(Record::Call("earlier".to_owned(), None));
    assert_eq!(rule(&mut fold), 3);
}

#[test]
fn a_call_that_is_found_to_have_begun_earlier_is_attributed_anew() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.call("k", &number(1), EVA, 31, None);
    assert_eq!(rule(&mut fold), 5);
    fold.call("k", &number(1), EVA, 29, Some(35));
    assert_eq!(rule(&mut fold), 3);
    // The lease went on to 35 + 30.
    assert!(fold.tracking.leases(at(64)).len() == 1 && fold.tracking.leases(at(65)).is_empty());
}

#[test]
fn an_older_view_of_a_call_does_not_undo_a_newer_one() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.call("k", &number(1), EVA, 5, Some(6));
    let older = Record::Call("k".to_owned(), None);
    hear(&mut fold.tracking, &older, 1);
    assert_eq!(rule(&mut fold), 3);
}

#[test]
fn a_visit_that_is_taken_back_holds_and_brings_nothing_also_beforehand() {
    for before in [false, true] {
        let mut fold = Fold::new(pool_of(1));
        let decision = fold.ask(0, "main", "ann");
        let records = [
            Record::Retract(format!(
                r#"{{"type":"retract","target":"e-1","at":"{}"}}"#,
                at(1)
            )),
            record(&decision, 0, r#","id":"e-1""#),
        ];
        let [first, second] = if before { [0, 1] } else { [1, 0] };
        fold.hear(records[first].clone());
        fold.hear(records[second].clone());
        fold.call("k", &number(1), EVA, 5, Some(6));
        assert_eq!(rule(&mut fold), 7, "{before}");
        assert_eq!(fold.tracking.leases(at(1)), []);
        let mut rows = Rows::default();
        fold.tracking.gather(1, 10, &mut rows);
        assert!(rows.visits[&*decision.visit].1.contains("deleted: true"));
    }
}

#[test]
fn an_imports_run_is_taken_back_as_a_whole() {
    let visit = |name: &str, run: &str| Record::Visit {
        json: format!(
            r#"{{"type":"visit","visit":"{name}","visitor":"w","url":"https://x.example","at":"{}","batch":"{run}"}}"#,
            at(0)
        ),
        origin: "api".to_owned(),
    };
    let mut fold = Fold::new(pool_of(1));
    fold.hear(visit("one", "r1"));
    fold.hear(visit("two", "r2"));
    fold.hear(Record::Retract(format!(
        r#"{{"type":"retract","batch":"r1","at":"{}"}}"#,
        at(1)
    )));
    fold.hear(visit("three", "r1"));
    let rows = all_rows(&mut fold.tracking);
    let gone: Vec<_> = rows
        .visits
        .iter()
        .filter(|(_, row)| row.1.contains("deleted: true"))
        .collect();
    assert_eq!(
        gone.iter()
            .map(|(visit, _)| visit.as_str())
            .collect::<Vec<_>>(),
        ["one", "three"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Any permutation and duplication of a log gives the same rows.
    #[test]
    fn the_order_of_arrival_has_no_part_in_any_row(seed in any::<u64>(), order in any::<u64>()) {
        let log = records(seed, 120);
        let expected = all_rows(&mut fold_all(&log));
        let mut chance = Chance::new(order);
        let (settings, mut rest): (Vec<_>, Vec<_>) =
            log.into_iter().partition(|record| matches!(record, Record::Settings(_)));
        let again = rest.iter().filter(|_| chance.one_in(3)).cloned().collect::<Vec<_>>();
        rest.extend(again);
        chance.shuffle(&mut rest);
        // Settings stay in their order: the last word counts.
        let mut places: Vec<u64> = settings.iter().map(|_| chance.below(rest.len() as u64)).collect();
        places.sort_unstable();
        for (before, (place, settings)) in places.into_iter().zip(settings).enumerate() {
            rest.insert(place as usize + before, settings);
        }
        let got = all_rows(&mut fold_all(&rest));
        prop_assert_eq!(got, expected);
    }
}
