//! Who gets which number, and for how long.

use super::*;

fn shown(decision: &Decision) -> (&str, bool) {
    (decision.number.as_deref().unwrap(), decision.served)
}

#[test]
fn never_used_numbers_come_first_in_the_order_of_the_settings() {
    let mut fold = Fold::new(pool_of(3));
    for (place, visitor) in [(1, "ann"), (2, "bob"), (3, "cid")] {
        let decision = fold.visit(0, visitor);
        assert_eq!(shown(&decision), (&*number(place), true));
        assert!(decision.is_new);
        assert_eq!(decision.expires_at, at(30));
    }
}

#[test]
fn a_visitor_goes_on_with_the_visit_that_lives_and_its_number() {
    let mut fold = Fold::new(pool_of(2));
    let first = fold.visit(0, "ann");
    let again = fold.visit(29, "ann");
    assert_eq!((&again.visit, &again.number), (&first.visit, &first.number));
    assert_eq!((again.is_new, again.expires_at), (false, at(59)));
    // The second renewed it until 59, excluded.
    assert!(fold.beat(58, &first.visit));
    let third = fold.visit(88, "ann");
    assert_ne!(third.visit, first.visit);
}

#[test]
fn a_visit_that_is_silent_for_hold_is_over_to_the_millisecond() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let ask = |fold: &mut Fold, now: i64| {
        let ask = Ask {
            site: "main",
            visitor: "bob",
            new_visit: "main-b",
        };
        fold.tracking.decide(Time(now), &ask).unwrap()
    };
    let last = START + 30 * MINUTE - 1;
    assert_eq!(shown(&ask(&mut fold, last)), ("+34911999999", false));
    // A visit without a number lives as well: bob's goes on, and is served as soon as one is free.
    let later = ask(&mut fold, last + 1);
    let number = ann.number.as_deref().unwrap();
    assert_eq!((shown(&later), later.is_new), ((number, true), false));
    assert_eq!(shown(&fold.ask(30, "main", "cid")), ("+34911999999", false));
}

#[test]
fn a_returning_visitor_gets_the_number_he_had_last_if_it_is_free() {
    let mut fold = Fold::new(pool_of(3));
    let ann = fold.visit(0, "ann");
    fold.visit(1, "bob");
    // The third was never used, but ann had the first.
    let again = fold.visit(40, "ann");
    assert_ne!(again.visit, ann.visit);
    assert_eq!(again.number, ann.number);
    // It is not free when she comes a third time: a never-used one goes before what was released.
    let cid = fold.visit(80, "cid");
    assert_eq!(shown(&cid), (&*number(3), true));
    let mut taken = Fold::new(pool_of(2));
    taken.visit(0, "ann");
    taken.visit(40, "bob");
    taken.visit(80, "cid");
    // The first was released at 30, the second at 70: cid has the first now.
    let ann = taken.visit(81, "ann");
    assert_eq!(shown(&ann), (&*number(2), true));
}

#[test]
fn of_used_numbers_that_goes_first_which_was_released_longest_ago() {
    let mut fold = Fold::new(pool_of(3));
    let [ann, bob, cid] = ["ann", "bob", "cid"].map(|visitor| fold.visit(0, visitor));
    fold.beat(20, &ann.visit);
    fold.beat(10, &cid.visit);
    fold.beat(15, &bob.visit);
    // Released at 50, 45 and 40.
    let order = [(100, "dan"), (100, "eve"), (100, "fay")]
        .map(|(minute, visitor)| fold.visit(minute, visitor).number);
    assert_eq!(order, [cid.number, bob.number, ann.number]);
}

#[test]
fn an_end_releases_at_once() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.end(5, &ann.visit);
    assert!(!fold.beat(6, &ann.visit));
    let bob = fold.visit(6, "bob");
    assert_eq!(bob.number, ann.number);
    assert!(bob.served);
}

#[test]
fn a_call_renews_its_lease_to_its_end_and_hold_and_holds_it_while_it_goes_on() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.call("k", &number(1), "+34600000001", 29, None);
    assert!(!fold.visit(60, "bob").served);
    fold.call("k", &number(1), "+34600000001", 29, Some(70));
    // Until 70 + 30.
    assert!(!fold.ask(99, "main", "cid").served);
    assert_eq!(fold.tracking.leases(at(99))[0].visit, ann.visit);
    assert!(fold.tracking.sign(at(99), &ann.visit).is_some());
    let mut other = Fold::new(pool_of(1));
    other.visit(0, "ann");
    other.call("k", &number(1), "+34600000001", 29, Some(70));
    assert!(other.ask(100, "main", "dan").served);
}

#[test]
fn a_call_whose_end_nobody_told_holds_a_number_for_four_hours_and_hold() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.call("k", &number(1), "+34600000001", 10, None);
    assert!(!fold.ask(10 + 4 * HOUR + 29, "main", "bob").served);
    assert!(fold.ask(10 + 4 * HOUR + 30, "main", "cid").served);
}

#[test]
fn when_none_is_free_the_fallback_is_shown() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    let bob = fold.visit(1, "bob");
    assert_eq!(shown(&bob), ("+34911999999", false));
    // The visit goes on, and is served late: its lease begins there.
    fold.beat(20, &bob.visit);
    let again = fold.visit(40, "bob");
    assert_eq!(again.visit, bob.visit);
    assert_eq!(shown(&again), (&*number(1), true));
    let leases = fold.tracking.leases(at(41));
    let lease = leases.first().unwrap();
    assert_eq!((&lease.visit, lease.since), (&bob.visit, at(40)));
    let json = r#"{"id":"a","pool":[{"id":"web"}],"site":[{"key":"main","pool":"web"}]}"#;
    let mut none = Fold::new(rules(json));
    let decision = none.visit(0, "ann");
    assert_eq!((decision.number, decision.served), (None, false));
}

#[test]
fn draining_and_quarantined_numbers_are_never_leased_and_live_leases_stay() {
    let mut fold = Fold::new(pool_of(2));
    let ann = fold.visit(0, "ann");
    let draining = r#"{"id":"a","pool":[{"id":"web","numbers":["+34911000002"],"draining":["+34911000001"],
        "quarantined":["+34911000003"]}],"site":[{"key":"main","pool":"web"}]}"#;
    fold.hear(Record::Settings(rules(draining)));
    let again = fold.visit(10, "ann");
    assert_eq!((&again.visit, &again.number), (&ann.visit, &ann.number));
    assert_eq!(shown(&fold.visit(11, "bob")), (&*number(2), true));
    let cid = fold.visit(12, "cid");
    assert_eq!((cid.number, cid.served), (None, false));
    // She had it last, but it is draining now.
    assert_eq!(shown(&fold.visit(200, "ann")), (&*number(2), true));
}

#[test]
fn a_number_that_left_the_pool_is_no_longer_shown() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let other = r#"{"id":"a","pool":[{"id":"web","numbers":["+34911000002"]}],"site":[{"key":"main","pool":"web"}]}"#;
    fold.hear(Record::Settings(rules(other)));
    let again = fold.visit(1, "ann");
    assert_ne!(again.visit, ann.visit);
    assert_eq!(shown(&again), (&*number(2), true));
}

#[test]
fn a_number_that_is_still_static_is_not_leased() {
    let json = format!(
        r#"{{"id":"a","number":[{{"number":"+34911000001","source":"flyer","until":"{}"}}],
        "pool":[{{"id":"web","numbers":["+34911000001","+34911000002"]}}],"site":[{{"key":"main","pool":"web"}}]}}"#,
        at(60)
    );
    let mut fold = Fold::new(rules(&json));
    assert_eq!(shown(&fold.visit(0, "ann")), (&*number(2), true));
    assert_eq!(shown(&fold.visit(59, "bob")), (&*number(2), true));
    assert_eq!(shown(&fold.visit(60, "cid")), (&*number(1), true));
}

#[test]
fn what_is_decided_is_held_before_its_record_is_read() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.ask(0, "main", "ann");
    assert!(ann.served);
    // Lost or not, nobody else has it for a hold.
    assert!(!fold.ask(29, "main", "bob").served);
    assert_eq!(fold.ask(10, "main", "ann").visit, ann.visit);
    assert!(fold.ask(60, "main", "cid").served);
    assert_eq!(fold.tracking.leases(at(10)), []);
}

#[test]
fn a_decision_that_is_taken_back_leaves_the_number_as_it_was() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.ask(0, "main", "ann");
    fold.tracking.take_back(&ann.visit);
    let bob = fold.ask(1, "main", "bob");
    assert_eq!(shown(&bob), (&*number(1), true));
    assert_ne!(fold.ask(2, "main", "ann").visit, ann.visit);
    // Another page of his knows the visit: its record may be on its way.
    assert_eq!(fold.ask(3, "main", "bob").visit, bob.visit);
    fold.tracking.take_back(&bob.visit);
    assert!(!fold.ask(4, "main", "cid").served);
    fold.tracking.take_back("main-unknown");
}

#[test]
fn what_was_recorded_is_not_taken_back() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.tracking.take_back(&ann.visit);
    assert!(!fold.ask(1, "main", "bob").served);
}

#[test]
fn sites_are_apart_and_an_unknown_one_gets_nothing() {
    let mut fold = Fold::new(pool_of(2));
    let main = fold.visit(0, "ann");
    let bare = fold.ask(0, "bare", "ann");
    assert_ne!(bare.visit, main.visit);
    assert_eq!((bare.number, bare.pool, bare.served), (None, None, false));
    let ask = Ask {
        site: "other",
        visitor: "ann",
        new_visit: "x",
    };
    assert_eq!(fold.tracking.decide(at(0), &ask), None);
}

#[test]
fn only_a_sites_own_records_lease_lengthen_or_end() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.ask(0, "main", "ann");
    let Record::Visit { json, .. } = record(&ann, 0, "") else {
        panic!()
    };
    let forged = |json: String| Record::Visit {
        json,
        origin: "api".to_owned(),
    };
    let mut other = Fold::new(pool_of(1));
    other.hear(forged(json));
    assert_eq!(other.tracking.leases(at(1)), []);
    assert!(other.ask(1, "main", "bob").served);
    fold.hear(record(&ann, 0, ""));
    for more in [r#","ended":true"#, r#","beat":true"#] {
        let Record::Visit { json, .. } = record(&ann, 20, more) else {
            panic!()
        };
        fold.hear(forged(json));
    }
    assert_eq!(fold.tracking.leases(at(29)).len(), 1);
    assert_eq!(fold.tracking.leases(at(30)), []);
}

#[test]
fn a_call_that_is_told_late_takes_no_number_away() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let bob = fold.visit(31, "bob");
    assert_eq!(bob.number, ann.number);
    fold.call("k", &number(1), "+34600000001", 29, Some(45));
    assert_eq!(fold.tracking.leases(at(32))[0].visit, bob.visit);
    assert_eq!(fold.tracking.counts().doubled, 0);
    assert!(fold.tracking.sign(at(32), &ann.visit).is_none());
    // Nor while the decision of the other is on its way.
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let bob = fold.ask(31, "main", "bob");
    fold.call("k", &number(1), "+34600000001", 29, Some(45));
    assert!(fold.tracking.sign(at(32), &ann.visit).is_none());
    fold.hear(record(&bob, 31, ""));
    assert_eq!(fold.tracking.leases(at(32))[0].visit, bob.visit);
}

#[test]
fn two_live_leases_of_one_number_are_counted_and_the_first_stays() {
    let mut fold = Fold::new(pool_of(2));
    let ann = fold.visit(0, "ann");
    let mut bob = fold.ask(1, "main", "bob");
    bob.number.clone_from(&ann.number);
    fold.hear(record(&bob, 1, ""));
    assert_eq!(fold.tracking.counts().doubled, 1);
    let leases = fold.tracking.leases(at(2));
    assert_eq!((leases.len(), &leases[0].visit), (1, &ann.visit));
    fold.call("k", &number(1), "+34600000001", 2, Some(3));
    let (rule, _, _, visits) = fold.brought("k");
    assert_eq!((rule, &*visits[0].0), (3, &*ann.visit));
}

#[test]
fn a_pool_says_how_many_of_its_numbers_are_held() {
    let mut fold = Fold::new(pool_of(3));
    fold.visit(0, "ann");
    fold.visit(10, "bob");
    let pools = fold.tracking.pools(at(20));
    let pool = &pools[0];
    assert_eq!(
        (pool.pool, pool.numbers, pool.in_service, pool.leased),
        ("web", 3, 3, 2)
    );
    assert_eq!(fold.tracking.pools(at(35))[0].leased, 1);
}
