//! Expected figures are worked out by hand from `metrics.md` §2.

use std::collections::BTreeMap;
use std::sync::Arc;

use trunkline_model::event::Event;
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use crate::facts::{CallFact, ChangeFact, ConversationFact, LegFact, MessageFact, Rows};
use crate::{Account, Config, Outcome, Position};

mod cold;
mod events;
mod ledger;
pub(crate) mod memory;
mod parties;
mod property;
mod reference;
mod transfers;

const SECOND: i64 = 1000;
/// 2026-03-02T10:00:00Z.
const TEN: i64 = 1_772_445_600_000;
const WINDOW: i64 = 7 * 24 * 3_600_000;

/// A row, copied, without versions and arrivals; times are seconds from ten o'clock.
#[expect(clippy::struct_excessive_bools, reason = "as the row that it copies")]
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    pub(super) call: String,
    pub(super) hook: String,
    pub(super) direction: &'static str,
    pub(super) origin: String,
    pub(super) caller: String,
    pub(super) known: bool,
    pub(super) number: String,
    /// Start, first queueing, first ringing, answer, end.
    pub(super) times: [Option<i64>; 5],
    pub(super) disposition: String,
    pub(super) ghost: bool,
    /// Menu, queue, ring, hold, talk.
    pub(super) lengths: [i64; 5],
    pub(super) wait: Option<i64>,
    pub(super) tags: Vec<String>,
    pub(super) spam: bool,
    pub(super) value: Option<String>,
    pub(super) recording: String,
    pub(super) integrity: &'static str,
    pub(super) legs: Vec<LegRow>,
    pub(super) deleted: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LegRow {
    /// Id, manager, extension.
    pub(super) who: [String; 3],
    /// Ringing, answer, end.
    pub(super) times: [Option<i64>; 3],
    /// Ring, talk, hold.
    pub(super) lengths: [i64; 3],
    /// Out, in.
    pub(super) transferred: [bool; 2],
}

impl Row {
    fn of(fact: &CallFact<'_>) -> Self {
        let started = Some(fact.started_at).filter(|_| !fact.deleted);
        let times = [
            started,
            fact.queued_at,
            fact.ringing_at,
            fact.answered_at,
            fact.ended_at,
        ];
        let lengths = [
            fact.menu_ms,
            fact.queue_ms,
            fact.ring_ms,
            fact.hold_ms,
            fact.talk_ms,
        ];
        Self {
            call: fact.call.to_owned(),
            hook: fact.hook.to_owned(),
            direction: fact.direction.as_str(),
            origin: fact.origin.to_owned(),
            caller: fact.caller.to_owned(),
            known: fact.known,
            number: fact.number.to_owned(),
            times: times.map(seconds),
            disposition: fact.disposition.to_owned(),
            ghost: fact.ghost,
            lengths: lengths.map(|ms| ms / SECOND),
            wait: fact.wait_ms.map(|ms| ms / SECOND),
            tags: fact.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            spam: fact.spam,
            value: fact.value.map(|value| value.to_string()),
            recording: fact.recording.to_owned(),
            integrity: fact.integrity.as_str(),
            legs: fact.legs.iter().map(LegRow::of).collect(),
            deleted: fact.deleted,
        }
    }

    /// Gives what `check` most often is about: disposition, wait, talk.
    pub(super) fn brief(&self) -> (&str, Option<i64>, i64) {
        (&self.disposition, self.wait, self.lengths[4])
    }

    /// Gives extension, answer, talk of each leg.
    pub(super) fn talks(&self) -> Vec<(&str, Option<i64>, i64)> {
        let legs = self.legs.iter();
        legs.map(|leg| (leg.who[2].as_str(), leg.times[1], leg.lengths[1]))
            .collect()
    }
}

impl LegRow {
    fn of(fact: &LegFact<'_>) -> Self {
        let times = [fact.ringing_at, fact.answered_at, fact.ended_at];
        Self {
            who: [fact.leg, fact.manager, fact.extension].map(str::to_owned),
            times: times.map(seconds),
            lengths: [fact.ring_ms, fact.talk_ms, fact.hold_ms].map(|ms| ms / SECOND),
            transferred: [fact.transferred_out, fact.transferred_in],
        }
    }
}

fn seconds(at: Option<Time>) -> Option<i64> {
    at.map(|at| (at.0 - TEN).div_euclid(SECOND))
}

/// Rows as they are gathered.
#[derive(Default)]
pub(super) struct Taken(pub(super) Vec<Row>, pub(super) Vec<u64>);

impl Rows for Taken {
    fn message(&mut self, _: &MessageFact<'_>) {}
    fn change(&mut self, _: &ChangeFact<'_>) {}
    fn conversation(&mut self, _: &ConversationFact<'_>) {}
    fn call(&mut self, fact: &CallFact<'_>) {
        self.0.push(Row::of(fact));
        self.1.push(fact.version);
    }
}

/// An account that is told events, a second apart in arrival.
pub(super) struct Fold {
    pub(super) account: Account,
    pub(super) offset: u64,
    /// The rows as they were gathered last.
    latest: BTreeMap<String, Row>,
}

impl Fold {
    pub(super) fn new() -> Self {
        let config = Config {
            window: WINDOW,
            seed: 42,
        };
        let account = Account::new(Arc::from("acme"), config);
        let latest = BTreeMap::new();
        Self {
            account,
            offset: 0,
            latest,
        }
    }

    pub(super) fn at(&mut self) -> Position {
        let received_at = Time(TEN + self.offset as i64 * SECOND);
        self.offset += 1;
        let offset = self.offset - 1;
        Position {
            offset,
            received_at,
        }
    }

    pub(super) fn settle(&mut self, rules: &FoldRules) {
        let at = self.at();
        self.account.settings(rules.clone(), at);
    }

    pub(super) fn tell(&mut self, raw: &str) -> Outcome {
        self.tell_by("api", raw)
    }

    pub(super) fn tell_by(&mut self, hook: &str, raw: &str) -> Outcome {
        let at = self.at();
        let event = Event::parse(raw).unwrap_or_else(|refusal| panic!("{raw}: {refusal}"));
        self.account.observe(&event, hook, at)
    }

    pub(super) fn rows(&mut self) -> Vec<Row> {
        let mut rows = Taken::default();
        self.account.gather(1, usize::MAX, &mut rows);
        let known = rows.0.iter().map(|row| (row.call.clone(), row.clone()));
        self.latest.extend(known);
        rows.0
    }

    /// Gives all rows as they were written last, in the order of their calls.
    pub(super) fn all(&mut self) -> Vec<Row> {
        self.rows();
        self.latest.values().cloned().collect()
    }
}

/// A phase of call `k` so many seconds after ten; `more` goes into the JSON.
pub(super) fn phase(at: i64, phase: &str, more: &str) -> String {
    let at = Time(TEN + at * SECOND);
    let comma = if more.is_empty() { "" } else { "," };
    format!(r#"{{"type":"call","call":"k","phase":"{phase}","at":"{at}"{comma}{more}}}"#)
}

/// Gives the row of call `k`, told in order and back to front.
pub(super) fn call(phases: &[(i64, &str, &str)]) -> Row {
    under(&FoldRules::default(), phases)
}

/// The same under other settings.
pub(super) fn under(rules: &FoldRules, phases: &[(i64, &str, &str)]) -> Row {
    let mut fold = Fold::new();
    let mut back = Fold::new();
    for (at, name, more) in phases {
        assert_eq!(fold.tell(&phase(*at, name, more)), Outcome::Observed);
    }
    fold.settle(rules);
    back.settle(rules);
    for (at, name, more) in phases.iter().rev() {
        assert_eq!(back.tell(&phase(*at, name, more)), Outcome::Observed);
    }
    let rows = fold.rows();
    assert_eq!(rows, back.rows());
    assert_eq!(rows.len(), 1);
    rows[0].clone()
}

const IN: &str = r#""direction":"inbound","from":"+34911222333","to":"+34600100200""#;
const OUT: &str = r#""direction":"outbound","from":"+34600100200","to":"+34911222333""#;
const E101: &str = r#""extension":"101""#;
const E102: &str = r#""extension":"102""#;

#[test]
fn a_call_through_menu_and_queue_has_each_of_its_times() {
    let row = call(&[
        (0, "started", IN),
        (2, "menu", ""),
        (10, "queued", ""),
        (30, "ringing", E101),
        (36, "answered", E101),
        (50, "held", E101),
        (60, "resumed", E101),
        (96, "ended", ""),
    ]);
    let expected = Row {
        call: "k".into(),
        hook: "api".into(),
        direction: "inbound",
        caller: "+34911222333".into(),
        known: true,
        number: "+34600100200".into(),
        times: [Some(0), Some(10), Some(30), Some(36), Some(96)],
        disposition: "answered".into(),
        lengths: [8, 20, 6, 10, 50],
        wait: Some(26),
        integrity: "verified",
        legs: vec![LegRow {
            who: ["", "", "101"].map(str::to_owned),
            times: [Some(30), Some(36), None],
            lengths: [6, 50, 10],
            transferred: [false; 2],
        }],
        ..Row::default()
    };
    assert_eq!(row, expected);
}

#[test]
fn a_call_that_nobody_took_is_missed_abandoned_or_ended_in_the_menu() {
    let missed = call(&[
        (0, "started", IN),
        (3, "ringing", E101),
        (3, "ringing", E102),
        (20, "ended", ""),
    ]);
    assert_eq!(missed.brief(), ("missed", Some(17), 0));
    assert_eq!(missed.lengths, [0, 0, 17, 0, 0]);
    assert_eq!(missed.legs.len(), 2);
    let queue = call(&[(0, "started", IN), (5, "queued", ""), (45, "ended", "")]);
    assert_eq!(queue.brief(), ("abandoned", Some(40), 0));
    let menu = call(&[(0, "started", IN), (1, "menu", ""), (9, "ended", "")]);
    assert_eq!(menu.brief(), ("menu", Some(9), 0));
    assert_eq!(menu.lengths, [8, 0, 0, 0, 0]);
    let nothing = call(&[(0, "started", IN), (4, "ended", "")]);
    assert_eq!(nothing.brief(), ("missed", Some(4), 0));
    let out = call(&[(0, "started", OUT), (4, "ringing", ""), (30, "ended", "")]);
    assert_eq!(out.brief(), ("no_answer", Some(26), 0));
}

#[test]
fn a_phone_that_stops_ringing_gives_the_call_back_to_its_queue() {
    let row = call(&[
        (0, "started", IN),
        (0, "queued", ""),
        (10, "ringing", r#""leg":"a","extension":"101""#),
        (25, "ended", r#""leg":"a","extension":"101""#),
        (40, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("abandoned", Some(40), 0));
    assert_eq!(row.lengths, [0, 25, 15, 0, 0]);
}

#[test]
fn only_a_person_answers_an_inbound_call() {
    // A menu answers first: it is nobody.
    let menu = call(&[
        (0, "started", IN),
        (1, "answered", ""),
        (1, "menu", ""),
        (20, "ended", ""),
    ]);
    assert_eq!(menu.brief(), ("menu", Some(20), 0));
    let mut phases = vec![
        (0, "started", IN),
        (1, "answered", r#""leg":"caller""#),
        (1, "menu", ""),
        (15, "ringing", E101),
        (18, "answered", E101),
        (78, "ended", ""),
    ];
    let row = call(&phases);
    assert_eq!(row.brief(), ("answered", Some(3), 60));
    // An answer that names nobody is that of the only phone that rings.
    phases[4].2 = "";
    assert_eq!(call(&phases).talks(), [("101", Some(18), 60)]);
    // Of two it is nobody's.
    phases[1] = (15, "ringing", E102);
    assert_eq!(call(&phases).disposition, "missed");
    // Nor if somebody is named: what tells of the whole call tells nothing new.
    phases.push((18, "answered", E101));
    let talks = [("101", Some(18), 60), ("102", None, 0)];
    assert_eq!(call(&phases).talks(), talks);
}

#[test]
fn who_is_outside_answers_an_outbound_call() {
    let row = call(&[
        (0, "started", &format!("{OUT},{E101}")),
        (2, "ringing", ""),
        (9, "answered", ""),
        (69, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(7), 60));
    assert_eq!(row.talks(), [("101", Some(9), 60)]);
    // The manager's own phone is taken up first; who is outside has a leg of his own.
    let click = [
        (0, "started", OUT),
        (1, "ringing", r#""leg":"a","extension":"101""#),
        (3, "answered", r#""leg":"a","extension":"101""#),
        (4, "ringing", r#""leg":"b""#),
        (24, "ended", ""),
    ];
    let row = call(&click);
    assert_eq!(row.brief(), ("no_answer", Some(23), 0));
    assert_eq!(row.talks(), [("101", None, 0)]);
    let row = call(&[&click[..4], &[(14, "answered", r#""leg":"b""#), click[4]]].concat());
    assert_eq!(row.brief(), ("answered", Some(13), 10));
    assert_eq!(row.talks(), [("101", Some(14), 10)]);
}

#[test]
fn what_the_sender_says_is_taken_as_given() {
    let said = |more: &str| {
        call(&[
            (0, "started", IN),
            (5, "ringing", E101),
            (9, "answered", E101),
            (60, "ended", more),
        ])
    };
    let row = said(r#""talk_s":50,"wait_s":10"#);
    assert_eq!(row.brief(), ("answered", Some(10), 50));
    assert_eq!(row.talks(), [("101", Some(9), 50)]);
    // His word that nobody answered makes the answer void.
    let row = said(r#""disposition":"voicemail","talk_s":50"#);
    assert_eq!(row.brief(), ("voicemail", Some(55), 0));
    assert_eq!(row.times[3], None);
    assert_eq!(row.talks(), [("101", None, 0)]);
    // A word of his own says nothing about that.
    let row = said(r#""disposition":"no money""#);
    assert_eq!(row.brief(), ("no money", Some(4), 51));
}

#[test]
fn a_missing_answer_is_filled_in_from_the_end() {
    let end = r#""extension":"101","talk_s":40"#;
    let row = call(&[(0, "started", IN), (60, "ended", end)]);
    assert_eq!(row.brief(), ("answered", Some(20), 40));
    assert_eq!(row.talks(), [("101", Some(20), 40)]);
    // Nobody is named: by the word of the sender, as of when it can be told.
    let end = r#""disposition":"answered","talk_s":40"#;
    let row = call(&[(0, "started", IN), (60, "ended", end)]);
    assert_eq!(row.brief(), ("answered", Some(20), 40));
    let row = call(&[
        (0, "started", IN),
        (60, "ended", r#""disposition":"answered""#),
    ]);
    assert_eq!(row.brief(), ("answered", Some(60), 0));
    // Of the end alone the beginning is told too.
    let end = format!(r#"{IN},"extension":"101","talk_s":40,"wait_s":15"#);
    let row = call(&[(60, "ended", &end)]);
    assert_eq!(row.brief(), ("answered", Some(15), 40));
    assert_eq!(row.times, [Some(5), None, None, Some(20), Some(60)]);
    // Who is named by the end did not answer if somebody else did.
    let row = call(&[
        (0, "started", IN),
        (2, "ringing", E101),
        (2, "ringing", E102),
        (9, "answered", E102),
        (60, "ended", r#""extension":"101","talk_s":40"#),
    ]);
    assert_eq!(row.talks(), [("101", None, 0), ("102", Some(9), 40)]);
}

#[test]
fn a_short_talk_is_a_ghost_whatever_the_sender_says() {
    let rules = FoldRules {
        min_answer_s: 10,
        ..FoldRules::default()
    };
    let mut phases = vec![
        (0, "started", IN),
        (5, "ringing", E101),
        (9, "answered", E101),
        (18, "ended", r#""disposition":"answered","talk_s":9"#),
    ];
    let row = under(&rules, &phases);
    assert_eq!((row.brief(), row.ghost), (("missed", Some(13), 0), true));
    assert_eq!(row.talks(), [("101", None, 0)]);
    assert_eq!(row.legs[0].lengths, [13, 0, 0]);
    phases[3] = (19, "ended", r#""disposition":"answered","talk_s":10"#);
    let row = under(&rules, &phases);
    assert_eq!((row.brief(), row.ghost), (("answered", Some(4), 10), false));
    // What goes out is no ghost.
    phases[0].2 = OUT;
    phases[3] = (18, "ended", "");
    assert_eq!(under(&rules, &phases).brief(), ("answered", Some(4), 9));
}

#[test]
fn ringing_before_the_start_at_the_same_time_changes_nothing() {
    let row = call(&[
        (0, "ringing", &format!("{IN},{E101}")),
        (0, "started", IN),
        (7, "answered", E101),
        (17, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(7), 10));
    assert_eq!(row.lengths, [0, 0, 7, 0, 10]);
    // A clock that runs behind makes nothing negative.
    let row = call(&[
        (2, "started", IN),
        (1, "ringing", E101),
        (7, "answered", E101),
        (6, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(6), 0));
}

#[test]
fn a_recording_before_the_end_is_the_calls_and_one_alone_is_no_call() {
    let recording = r#""recording":"https://r.example/1""#;
    let row = call(&[
        (0, "started", IN),
        (3, "answered", E101),
        (20, "recorded", recording),
        (23, "ended", ""),
    ]);
    assert_eq!(row.brief(), ("answered", Some(3), 20));
    assert_eq!(row.recording, "https://r.example/1");
    let row = call(&[(20, "recorded", recording), (21, "tagged", r#""tags":"x""#)]);
    assert!(row.deleted);
}
