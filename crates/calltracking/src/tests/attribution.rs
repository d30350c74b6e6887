//! Each rule of attribution, with its borders.

use super::*;

const EVA: &str = "+34600000001";
const MAX: &str = "+34600000002";

#[test]
fn rule_0_a_static_number_is_certain_by_when_the_call_began() {
    let json = format!(
        r#"{{"id":"a","number":[
        {{"number":"+34911000077","source":"flyer","until":"{border}"}},
        {{"number":"+34911000077","source":"radio","medium":"offline","campaign":"spring","from":"{border}"}}]}}"#,
        border = at(100)
    );
    let mut fold = Fold::new(rules(&json));
    // Before the first `until` for all time; the border belongs to the later one.
    for (call, minute, source) in [
        ("long-ago", -400 * DAY, "flyer"),
        ("before", 99, "flyer"),
        ("border", 100, "radio"),
        ("after", 900 * DAY, "radio"),
    ] {
        fold.call(call, "+34911000077", EVA, minute, Some(minute + 200));
        assert_eq!(fold.brought(call), (0, "certain", "", vec![]), "{call}");
        let attribution = fold.tracking.attribution(call).unwrap();
        let of = &attribution.candidates[0].source;
        assert_eq!(of.source.as_deref(), Some(source), "{call}");
        assert_eq!(of.campaign.is_some(), source == "radio");
        assert_eq!(of.origin.unwrap().as_str(), "calltracking");
    }
}

#[test]
fn rule_0_does_not_hold_before_an_explicit_from() {
    let json = format!(
        r#"{{"id":"a","number":[{{"number":"+34911000077","source":"radio","from":"{}"}}]}}"#,
        at(100)
    );
    let mut fold = Fold::new(rules(&json));
    fold.call("before", "+34911000077", EVA, 99, None);
    assert_eq!(
        fold.brought("before"),
        (7, "unattributed", "unknown_number", vec![])
    );
}

#[test]
fn rule_1_a_live_lease_of_a_visitor_who_was_linked_before_is_certain() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    let bob = fold.visit(40, "bob");
    fold.call("unlinked", &number(1), EVA, 45, Some(46));
    // The lease before ended at 30, within grace: ambiguous, unless the visitor is known to be the caller.
    assert_eq!(fold.brought("unlinked").0, 4);
    fold.link("bob", MAX, 41);
    fold.call("linked", &number(1), MAX, 45, Some(46));
    assert_eq!(
        fold.brought("linked"),
        (1, "certain", "", vec![(bob.visit.to_string(), 1.0)])
    );
    // A link of the instant of the call counts, a later one does not.
    fold.link("bob", "+34600000003", 45);
    fold.call("same", &number(1), "+34600000003", 45, None);
    assert_eq!(fold.brought("same").0, 1);
    fold.link("bob", "+34600000004", 46);
    fold.call("later", &number(1), "+34600000004", 45, None);
    assert_eq!(fold.brought("later").0, 4);
}

#[test]
fn rule_1_knows_links_by_visit_and_by_earlier_certain_calls() {
    let mut fold = Fold::new(pool_of(2));
    let ann = fold.visit(0, "ann");
    fold.hear(Record::Link {
        visitor: None,
        visit: Some(ann.visit.to_string()),
        phone: EVA.to_owned(),
        at: at(1),
        event: "f-1".to_owned(),
    });
    fold.call("by-visit", &number(1), EVA, 5, Some(6));
    assert_eq!(fold.brought("by-visit").0, 1);
    // max is linked to bob by a call of rule 3, on another number than that of bob's next visit.
    let mut fold = Fold::new(pool_of(2));
    fold.visit(0, "ann");
    fold.visit(1, "bob");
    fold.call("first", &number(2), MAX, 5, Some(6));
    assert_eq!(fold.brought("first").0, 3);
    let quarantined = r#"{"id":"a","pool":[{"id":"web","numbers":["+34911000001"],"quarantined":["+34911000002"]}],
        "site":[{"key":"main","pool":"web"}]}"#;
    fold.hear(Record::Settings(rules(quarantined)));
    let bob = fold.visit(100, "bob");
    fold.call("second", &number(1), MAX, 105, None);
    assert_eq!(
        fold.brought("second"),
        (1, "certain", "", vec![(bob.visit.to_string(), 1.0)])
    );
}

#[test]
fn rule_2_the_same_number_again_within_caller_memory_is_a_repeat() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.call("first", &number(1), EVA, 5, Some(6));
    fold.visit(20 * DAY, "bob");
    fold.call("again", &number(1), EVA, 20 * DAY + 1, Some(20 * DAY + 2));
    // Before rule 3: bob's lease lives, but eva has this number from ann's.
    let repeat = (2, "repeat", "", vec![(ann.visit.to_string(), 1.0)]);
    assert_eq!(fold.brought("again"), repeat);
    // 30 days after the repeat to the millisecond; then it is forgotten.
    fold.call("third", &number(1), EVA, 50 * DAY + 1, Some(50 * DAY + 2));
    assert_eq!(fold.brought("third"), repeat);
    fold.call("fourth", &number(1), EVA, 80 * DAY + 2, Some(80 * DAY + 3));
    assert_eq!(fold.brought("fourth").0, 7);
    // Another caller is not he.
    fold.call("other", &number(1), MAX, 20 * DAY + 3, None);
    assert_eq!(fold.brought("other").0, 3);
}

#[test]
fn rule_2_repeats_an_ambiguous_call_as_such_and_no_unattributed_one() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let bob = fold.visit(30, "bob");
    // Ann's ended 30 minutes before: 1 and 2^-1.
    fold.call("first", &number(1), EVA, 60 - 1, Some(60));
    fold.call("again", &number(1), EVA, 10 * DAY, None);
    let (rule, certainty, _, visits) = fold.brought("again");
    assert_eq!((rule, certainty), (2, "ambiguous"));
    let half = (-29.0_f64 / 30.0).exp2();
    assert_weights(
        &visits,
        &[
            (&bob.visit, 1.0 / (1.0 + half)),
            (&ann.visit, half / (1.0 + half)),
        ],
    );
    // Somebody else holds the number now: that is not he for certain.
    fold.visit(12 * DAY, "max");
    fold.call("still", &number(1), EVA, 12 * DAY + 1, Some(12 * DAY + 2));
    let (rule, certainty, _, still) = fold.brought("still");
    assert_eq!((rule, certainty, still), (2, "ambiguous", visits));
    fold.call("none", &number(1), MAX, 10 * DAY, Some(10 * DAY + 1));
    assert_eq!(fold.brought("none").0, 7);
    fold.call("none-again", &number(1), MAX, 11 * DAY, None);
    assert_eq!(fold.brought("none-again").0, 7);
}

#[test]
fn rule_3_a_live_lease_alone_is_certain_once_the_one_before_is_older_than_grace() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    let bob = fold.visit(140, "bob");
    // Ann's lease ended at 30; at 150 that is two hours to the minute: not more.
    fold.call("within", &number(1), EVA, 150, Some(151));
    assert_eq!(fold.brought("within").0, 4);
    fold.call("beyond", &number(1), MAX, 151, Some(152));
    assert_eq!(
        fold.brought("beyond"),
        (3, "certain", "", vec![(bob.visit.to_string(), 1.0)])
    );
    fold.call("anonymous", &number(1), "anonymous", 151, Some(152));
    assert_eq!(fold.brought("anonymous").0, 3);
}

#[test]
fn rule_4_a_live_lease_and_earlier_ones_are_weighted_by_their_age() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    let bob = fold.visit(30, "bob");
    let cid = fold.visit(60, "cid");
    // At 75 cid's lives; bob's ended 15 minutes ago, ann's 45: 1, 2^-0.5, 2^-1.5.
    fold.call("k", &number(1), EVA, 75, Some(76));
    let (rule, certainty, _, visits) = fold.brought("k");
    assert_eq!((rule, certainty), (4, "ambiguous"));
    let (half, eighth) = (
        std::f64::consts::FRAC_1_SQRT_2,
        std::f64::consts::FRAC_1_SQRT_2 / 2.0,
    );
    let sum = 1.0 + half + eighth;
    assert_weights(
        &visits,
        &[
            (&cid.visit, 1.0 / sum),
            (&bob.visit, half / sum),
            (&ann.visit, eighth / sum),
        ],
    );
    // 0.4852, 0.3431, 0.1716.
    assert!((visits[0].1 - 0.4852).abs() < 0.0001, "{visits:?}");
}

#[test]
fn rule_5_leases_that_ended_within_grace_are_weighted_and_one_alone_is_likely() {
    let mut fold = Fold::new(pool_of(1));
    let ann = fold.visit(0, "ann");
    fold.call("one", &number(1), EVA, 90, Some(91));
    assert_eq!(
        fold.brought("one"),
        (5, "likely", "", vec![(ann.visit.to_string(), 1.0)])
    );
    let bob = fold.visit(92, "bob");
    // Bob's ended at 122, ann's at 30: at 150 that is 28 and 120 minutes, 2^-0.9333 and 2^-4.
    fold.call("two", &number(1), MAX, 150, None);
    let (rule, certainty, _, visits) = fold.brought("two");
    assert_eq!((rule, certainty), (5, "ambiguous"));
    let (near, far) = ((-28.0_f64 / 30.0).exp2(), 0.0625);
    assert_weights(
        &visits,
        &[
            (&bob.visit, near / (near + far)),
            (&ann.visit, far / (near + far)),
        ],
    );
    // It links nobody: a guess is none.
    fold.visit(200, "ann");
    fold.call("next", &number(1), "+34600000009", 210, None);
    assert_eq!(fold.brought("next").0, 4);
}

#[test]
fn rule_6_the_callers_own_last_visit_on_any_pool_is_likely() {
    let mut fold = Fold::new(pool_of(2));
    fold.visit(0, "ann");
    let last = fold.visit(10 * DAY, "ann");
    fold.link("ann", EVA, 11 * DAY);
    // On the fallback, and 30 days after the visit to the millisecond.
    fold.call("k", "+34911999999", EVA, 40 * DAY, None);
    let likely = (6, "likely", "", vec![(last.visit.to_string(), 1.0)]);
    assert_eq!(fold.brought("k"), likely);
    fold.link("ann", MAX, 11 * DAY);
    fold.call("late", "+34911999999", MAX, 40 * DAY + 1, None);
    assert_eq!(
        fold.brought("late"),
        (7, "unattributed", "unserved", vec![])
    );
    // Also on a number that nobody knows.
    fold.call("else", "+34933333333", EVA, 12 * DAY, None);
    assert_eq!(fold.brought("else"), likely);
    // A site without a pool has no visits that count.
    let bare = fold.ask(11 * DAY, "bare", "ann");
    fold.hear(record(&bare, 11 * DAY, ""));
    assert_eq!(fold.brought("else"), likely);
}

#[test]
fn rule_7_is_the_pools_source_with_the_reason() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    let cases = [
        ("fallback", "+34911999999", 5, "unserved", Some("site")),
        ("old", "+34911000001", 151, "expired", Some("site")),
        ("never", "+34911000001", -1, "expired", Some("site")),
        (
            "stranger",
            "+34933333333",
            5,
            "unknown_number",
            Some("direct"),
        ),
    ];
    for (call, number, minute, reason, source) in cases {
        fold.call(call, number, "anonymous", minute, Some(minute + 1));
        assert_eq!(
            fold.brought(call),
            (7, "unattributed", reason, vec![]),
            "{call}"
        );
        let attribution = fold.tracking.attribution(call).unwrap();
        assert_eq!(attribution.candidates[0].source.source.as_deref(), source);
    }
    // A number that left all pools is still known by its leases.
    fold.hear(Record::Settings(rules(
        r#"{"id":"a","site":[{"key":"main"}]}"#,
    )));
    assert_eq!(fold.brought("old"), (7, "unattributed", "expired", vec![]));
    assert_eq!(
        fold.brought("fallback"),
        (7, "unattributed", "unknown_number", vec![])
    );
}

#[test]
fn grace_and_memory_are_those_of_the_calls_time_and_the_first_hold_for_all_time_before() {
    let with = |grace: &str| {
        let json = format!(
            r#"{{"id":"a","attribution":{{"grace":"{grace}"}},"pool":[{{"id":"web","numbers":["+34911000001"]}}],
            "site":[{{"key":"main","pool":"web"}}]}}"#
        );
        rules(&json)
    };
    // Records arrive a minute after each other: the second settings hold from minute 4 on.
    let mut fold = Fold::new(with("2h"));
    let ann = fold.visit(-200, "ann");
    fold.call("before", &number(1), EVA, -100, Some(-99));
    fold.hear(Record::Settings(with("10m")));
    fold.call("after", &number(1), MAX, 60, Some(61));
    assert_eq!(
        fold.brought("before"),
        (5, "likely", "", vec![(ann.visit.to_string(), 1.0)])
    );
    assert_eq!(fold.brought("after").0, 7);
}

#[test]
fn calls_that_do_not_come_from_outside_have_no_source() {
    let mut fold = Fold::new(pool_of(1));
    fold.visit(0, "ann");
    fold.call("k", &number(1), EVA, 5, None);
    assert!(fold.tracking.attribution("k").is_some());
    fold.hear(Record::Call("k".to_owned(), None));
    assert_eq!(fold.tracking.attribution("k"), None);
    assert_eq!(fold.tracking.attribution("unheard-of"), None);
}
