//! Who is in a call, and what is told of it beside.

use trunkline_model::settings::{Country, FoldRules};

use super::{E101, Fold, IN, OUT, call, phase, under};

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

#[test]
fn the_leg_of_who_is_outside_says_why_a_call_that_went_out_was_not_answered() {
    let busy = r#""leg":"b","disposition":"busy""#;
    let row = call(&[
        (0, "started", &format!("{OUT},{E101}")),
        (1, "ringing", r#""leg":"b""#),
        (4, "ended", busy),
        (5, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("busy", Some(4), 0));
    let inbound = call(&[
        (0, "started", IN),
        (1, "ringing", r#""leg":"b","extension":"101""#),
        (4, "ended", busy),
        (5, "ended", ""),
    ]);
    assert_eq!(inbound.disposition, "missed");
}

#[test]
fn an_answer_said_again_of_the_call_is_that_of_who_answered_then() {
    let [a, b] = ["a", "b"].map(|leg| format!("\"leg\":\"{leg}\",\"extension\":\"10{leg}\""));
    let row = call(&[
        (0, "started", IN),
        (2, "ringing", &a),
        (2, "ringing", &b),
        (9, "answered", &a),
        (9, "answered", ""),
        (9, "ended", &b),
        (60, "ended", ""),
    ]);
    assert_eq!(row.talks(), [("10a", Some(9), 51), ("10b", None, 0)]);
}

#[test]
fn a_call_that_rang_after_the_menu_is_missed_even_if_the_ringing_ends_first() {
    let mut phases = vec![
        (0, "started", IN),
        (1, "menu", ""),
        (5, "ringing", r#""leg":"a","extension":"101""#),
        (25, "ended", r#""leg":"a","extension":"101""#),
        (26, "ended", ""),
    ];
    let row = call(&phases);
    assert_eq!(row.brief(), ("missed", Some(21), 0));
    assert_eq!(row.lengths, [4, 0, 20, 0, 0]);
    phases.insert(4, (25, "menu", ""));
    assert_eq!(call(&phases).disposition, "menu");
}
