//! What is shown live, and how much memory a call takes.

use trunkline_model::time::Time;

use super::{E101, E102, Fold, IN, phase};
use crate::account::{CallNow, View, Waiting};
use crate::cells::Cell;

/// What was told live: state and person of a call that goes on, nothing of one that is over.
#[derive(Default)]
struct Shown(Vec<(String, Option<[String; 3]>)>);

impl View for Shown {
    fn waiting(&mut self, _: &Waiting<'_>) {}
    fn settled(&mut self, _: &str, _: &str) {}
    fn forget_cells(&mut self) {}
    fn cell(&mut self, _: Time, _: Option<&str>, _: &str, _: &Cell) {}

    fn call(&mut self, now: &CallNow<'_>) {
        let extension = now.extension.unwrap_or_default();
        let state = [now.state, extension, now.caller].map(str::to_owned);
        self.0.push((now.call.to_owned(), Some(state)));
    }

    fn call_over(&mut self, call: &str) {
        self.0.push((call.to_owned(), None));
    }
}

fn shown(fold: &mut Fold) -> Vec<(String, Option<[String; 3]>)> {
    let mut view = Shown::default();
    fold.account.show(&mut view);
    view.0
}

#[test]
fn a_call_is_shown_as_it_goes_on_until_it_is_over() {
    let mut fold = Fold::new();
    let mut goes = |at: i64, name: &str, more: &str| {
        fold.tell(&phase(at, name, more));
        let mut all = shown(&mut fold);
        assert!(shown(&mut fold).is_empty());
        assert_eq!(all.len(), 1);
        all.remove(0).1.map(|[state, who, _]| (state, who))
    };
    let now = |state: &str, who: &str| Some((state.to_owned(), who.to_owned()));
    assert_eq!(goes(0, "started", IN), now("started", ""));
    assert_eq!(goes(1, "menu", ""), now("menu", ""));
    assert_eq!(goes(5, "queued", ""), now("queued", ""));
    assert_eq!(goes(9, "ringing", E101), now("ringing", "101"));
    assert_eq!(goes(12, "ringing", E102), now("ringing", "102"));
    assert_eq!(goes(20, "answered", E101), now("talking", "101"));
    assert_eq!(goes(22, "held", E101), now("held", "101"));
    assert_eq!(goes(29, "resumed", E101), now("talking", "101"));
    assert_eq!(goes(40, "ended", ""), None);
    // What was never shown is not told to be over.
    fold.tell(&phase(0, "ended", "").replace("\"k\"", "\"l\""));
    assert!(shown(&mut fold).is_empty());
}

#[test]
fn after_a_restart_what_may_go_on_is_shown_again() {
    let mut fold = Fold::new();
    let events = [
        phase(0, "started", IN),
        phase(0, "started", IN).replace("\"k\"", "\"over\""),
        phase(9, "ended", "").replace("\"k\"", "\"over\""),
    ];
    for event in &events {
        fold.tell(event);
    }
    // What is over is known once rows were made.
    fold.rows();
    let mut again = Fold::new();
    for part in 0..=u8::MAX {
        let bytes = postcard::to_allocvec(&fold.account.part_of_calls(part)).unwrap();
        let calls = postcard::from_bytes(&bytes).unwrap();
        again.account.restore_calls(part, calls, fold.offset);
    }
    let ledger = fold.account.ledger();
    again.account.restore_ledger(ledger, fold.offset);
    let all = shown(&mut again);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].0, "k");
}

#[test]
fn a_call_of_five_phases_takes_half_a_kilobyte() {
    let mut fold = Fold::new();
    let mut tell = |at: i64, name: &str, more: &str| {
        let id = format!(r#""id":"pbx:in_5f3c9d2e71a04b{at}:{name}:101:{at}","seq":{at}"#);
        let comma = if more.is_empty() { "" } else { "," };
        let raw = phase(at, name, &format!("{id}{comma}{more}"));
        fold.tell(&raw.replace("\"k\"", "\"pbx:in_5f3c9d2e71a04b8899aa\""));
    };
    tell(0, "started", IN);
    tell(5, "ringing", E101);
    tell(9, "answered", E101);
    tell(
        69,
        "ended",
        r#""extension":"101","disposition":"answered","talk_s":60"#,
    );
    tell(
        99,
        "recorded",
        r#""recording":"https://recordings.pbx.example/5f3c9d2e71a04b8899aa""#,
    );
    let bytes = fold.account.bytes_of_calls();
    assert!((300..512).contains(&bytes), "{bytes}");
}
