//! Transfers, legs that end while the call goes on, several ends.

use super::{E101, E102, IN, LegRow, call};

const A: &str = r#""leg":"a","extension":"101""#;
const B: &str = r#""leg":"b","extension":"102""#;

fn transferred(legs: &[LegRow]) -> Vec<[bool; 2]> {
    legs.iter().map(|leg| leg.transferred).collect()
}

#[test]
fn a_blind_transfer_ends_one_part_and_the_next_begins_with_its_answer() {
    let row = call(&[
        (0, "started", IN),
        (2, "ringing", E101),
        (6, "answered", E101),
        (36, "transferred", E101),
        (37, "ringing", E102),
        (47, "answered", E102),
        (67, "ended", ""),
    ]);
    // From the first answer to the end: ringing at the other one is no hold.
    assert_eq!(row.brief(), ("answered", Some(4), 61));
    assert_eq!(row.talks(), [("101", Some(6), 30), ("102", Some(47), 20)]);
    assert_eq!(transferred(&row.legs), [[true, false], [false, true]]);
    // Waiting was over with the first answer.
    assert_eq!(row.lengths, [0, 0, 4, 0, 61]);
    assert_eq!(row.legs[1].lengths[0], 10);
}

#[test]
fn in_an_attended_transfer_who_was_asked_takes_the_call() {
    let row = call(&[
        (0, "started", IN),
        (2, "ringing", A),
        (6, "answered", A),
        (20, "held", A),
        (21, "ringing", B),
        (25, "answered", B),
        (40, "transferred", A),
        (40, "ended", A),
        (70, "ended", B),
    ]);
    assert_eq!(row.times[4], Some(70));
    // On hold from 20 to 40, when the one who held it gave it on.
    assert_eq!(row.lengths, [0, 0, 4, 20, 44]);
    assert_eq!(row.talks(), [("101", Some(6), 14), ("102", Some(25), 45)]);
    assert_eq!(transferred(&row.legs), [[true, false], [false, true]]);
}

#[test]
fn a_transfer_that_nobody_takes_went_to_whom_it_rang() {
    let row = call(&[
        (0, "started", IN),
        (6, "answered", E101),
        (
            20,
            "transferred",
            r#""extension":"101","to":"+34600999888""#,
        ),
        (21, "ringing", E102),
        (40, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(6), 34));
    assert_eq!(row.talks(), [("101", Some(6), 14), ("102", None, 0)]);
    let [a, b] = [0, 1].map(|place| row.legs[place].transferred);
    assert_eq!((a, b), ([true, false], [false, true]));
    assert_eq!(row.number, "+34600100200");
}

#[test]
fn the_end_of_a_leg_is_not_that_of_the_call() {
    let phases = [
        (0, "started", IN),
        (2, "ringing", A),
        (12, "ended", A),
        (13, "ringing", B),
        (15, "answered", B),
        (45, "ended", B),
    ];
    let row = call(&phases[..4]);
    assert_eq!((row.times[4], row.disposition.as_str()), (None, ""));
    let row = call(&phases[..5]);
    assert_eq!((row.times[4], row.brief()), (None, ("", Some(13), 0)));
    let row = call(&phases);
    assert_eq!(row.times[4], Some(45));
    assert_eq!(row.brief(), ("answered", Some(13), 30));
    assert_eq!(row.talks(), [("101", None, 0), ("102", Some(15), 30)]);
    // Who gives on to somebody whose phone rings has left, and the call goes on.
    let row = call(&[
        (0, "started", IN),
        (2, "answered", A),
        (9, "transferred", A),
        (9, "ended", A),
        (9, "ringing", B),
    ]);
    assert_eq!(row.times[4], None);
    let row = call(&[
        (0, "started", IN),
        (2, "answered", A),
        (9, "transferred", A),
        (9, "ended", A),
        (10, "ringing", B),
        (30, "ended", B),
    ]);
    assert_eq!((row.times[4], row.brief().2), (Some(30), 28));
}

#[test]
fn phones_that_rang_beside_the_one_that_was_answered_need_no_end() {
    let row = call(&[
        (0, "started", IN),
        (2, "ringing", A),
        (2, "ringing", B),
        (8, "answered", B),
        (20, "ended", B),
    ]);
    assert_eq!(row.times[4], Some(20));
    assert_eq!(row.legs[0].lengths, [6, 0, 0]);
}

#[test]
fn of_several_ends_of_the_call_the_first_counts_and_the_others_fill_in() {
    let row = call(&[
        (0, "started", IN),
        (5, "answered", E101),
        (30, "ended", r#""id":"e1","disposition":"answered""#),
        (31, "ended", r#""id":"e2","disposition":"busy","talk_s":24"#),
    ]);
    assert_eq!(row.times[4], Some(30));
    assert_eq!(row.brief(), ("answered", Some(5), 24));
    // By the sender's number, whatever the clocks say.
    let row = call(&[
        (0, "started", IN),
        (5, "answered", E101),
        (32, "ended", r#""id":"e1","seq":8,"disposition":"answered""#),
        (31, "ended", r#""id":"e2","seq":9,"disposition":"busy""#),
    ]);
    assert_eq!(row.brief(), ("answered", Some(5), 27));
    // An end behind which the call went on was that of a leg.
    let row = call(&[
        (0, "started", IN),
        (5, "answered", E101),
        (30, "ended", E101),
        (31, "ringing", E102),
        (35, "answered", E102),
        (60, "ended", E102),
    ]);
    assert_eq!(row.brief(), ("answered", Some(5), 55));
    assert_eq!(row.talks(), [("101", Some(5), 25), ("102", Some(35), 25)]);
}

#[test]
fn hold_is_of_the_leg_and_counted_once() {
    let row = call(&[
        (0, "started", IN),
        (5, "answered", E101),
        (10, "held", ""),
        (15, "held", ""),
        (20, "resumed", ""),
        (30, "held", ""),
        (40, "ended", ""),
    ]);
    assert_eq!(row.lengths, [0, 0, 0, 20, 15]);
    assert_eq!(row.legs[0].lengths, [0, 15, 20]);
    // A hold before the answer, and a resumption of nothing, are none.
    let row = call(&[
        (0, "started", IN),
        (3, "resumed", E101),
        (4, "held", E101),
        (5, "answered", E101),
        (7, "resumed", E101),
        (15, "ended", ""),
    ]);
    assert_eq!(row.lengths, [0, 0, 0, 2, 8]);
}
