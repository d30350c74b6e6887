//! Who is in a call, and what is told of it beside.

use trunkline_model::settings::{Country, FoldRules};

use super::{E101, Fold, IN, call, phase, under};

#[test]
fn numbers_are_read_with_the_country_and_others_are_kept_as_told() {
    let spain = FoldRules {
        country: Country::parse("es"),
        ..FoldRules::default()
    };
    let caller = |from: &str| {
        let parties = format!(r#""direction":"inbound","from":"{from}","to":"600 100 200""#);
        let row = under(&spain, &[(0, "started", &parties), (9, "ended", "")]);
        assert_eq!(row.number, "+34600100200");
        (row.caller, row.known)
    };
    assert_eq!(caller("911 22 23 33"), ("+34911222333".into(), true));
    assert_eq!(caller("34911222333"), ("+34911222333".into(), true));
    assert_eq!(caller("sip:bob@pbx"), ("sip:bob@pbx".into(), false));
    for nobody in ["Anonymous", "restricted", " unknown ", "PRIVATE"] {
        assert_eq!(caller(nobody), (String::new(), false), "{nobody}");
    }
    let row = call(&[(0, "started", r#""direction":"outbound","to":"911222333""#)]);
    assert_eq!((row.caller.as_str(), row.known), ("911222333", false));
    assert_eq!(row.direction, "outbound");
}

#[test]
fn the_country_that_is_told_first_holds_for_the_past() {
    let mut fold = Fold::new();
    fold.settle(&FoldRules::default());
    fold.tell(&phase(0, "started", r#""from":"911222333""#));
    assert!(!fold.rows()[0].known);
    fold.settle(&FoldRules {
        country: Country::parse("ES"),
        ..FoldRules::default()
    });
    assert_eq!(fold.rows()[0].caller, "+34911222333");
    // The same again changes no row.
    fold.settle(&FoldRules {
        country: Country::parse("ES"),
        ..FoldRules::default()
    });
    assert_eq!(fold.rows(), []);
}

#[test]
fn a_forwarded_number_is_a_person() {
    let child = r#""leg":"b","from":"+34911222333","to":"+34600999888""#;
    let row = call(&[
        (0, "started", IN),
        (0, "answered", r#""leg":"a","to":"+34600100200""#),
        (5, "ringing", child),
        (12, "answered", child),
        (42, "ended", child),
        (42, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(7), 30));
    assert_eq!(row.talks(), [("+34600999888", Some(12), 30)]);
    assert_eq!(row.number, "+34600100200");
}

#[test]
fn the_last_word_counts_of_value_recording_and_spam() {
    let mut phases = vec![
        (0, "started", IN),
        (3, "answered", E101),
        (9, "ended", r#""value":5,"recording":"r1","tags":["b"]"#),
        (
            5,
            "tagged",
            r#""value":"7.50","spam":true,"tags":["a","b"]"#,
        ),
        (20, "recorded", r#""recording":"r2""#),
    ];
    let row = call(&phases);
    assert_eq!(row.value.as_deref(), Some("7.5"));
    assert_eq!(row.recording, "r2");
    assert_eq!((row.tags, row.spam), (vec!["a".into(), "b".into()], true));
    phases.push((6, "tagged", r#""value":0,"spam":false,"tags":"spam""#));
    let row = call(&phases);
    assert_eq!((row.value.as_deref(), row.spam), (Some("0"), false));
    phases[5].2 = r#""tags":"spam""#;
    phases[3].2 = "";
    assert!(call(&phases).spam);
}

#[test]
fn a_correction_after_the_fact_goes_before_what_ended_it() {
    let row = call(&[
        (0, "started", IN),
        (3, "answered", E101),
        (9, "ended", r#""disposition":"answered""#),
        (900, "tagged", r#""disposition":"voicemail""#),
        (800, "tagged", r#""disposition":"busy""#),
    ]);
    assert_eq!(row.brief(), ("voicemail", Some(9), 0));
}

#[test]
fn the_weakest_vouches_and_the_first_hook_is_told() {
    let mut fold = Fold::new();
    fold.tell_by("api", &phase(0, "started", IN));
    fold.tell_by("pbx", &phase(5, "answered", r#""integrity":"weak""#));
    fold.tell_by("cdr", &phase(9, "ended", ""));
    let rows = fold.rows();
    assert_eq!((rows[0].hook.as_str(), rows[0].integrity), ("pbx", "weak"));
}
