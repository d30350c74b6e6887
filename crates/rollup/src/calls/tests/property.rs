//! Any order, any repetition, any stop in between: the same rows.

use proptest::prelude::*;
use trunkline_model::event::Event;
use trunkline_model::settings::{Country, FoldRules};

use super::{Fold, phase};
use crate::{Account, Outcome};

/// A record of a journal.
#[derive(Clone, Debug)]
pub(super) enum Record {
    Event(String),
    /// Settings, told once: they hold for all time.
    Settings,
}

const PHASES: [&str; 11] = [
    "started",
    "menu",
    "queued",
    "ringing",
    "answered",
    "held",
    "resumed",
    "transferred",
    "ended",
    "recorded",
    "tagged",
];

/// What a phase may say beside, each on its own.
const SAID: [&str; 18] = [
    r#""value":4,"recording":"s","spam":false"#,
    r#""leg":"a","manager":"eva","extension":"103""#,
    r#""direction":"inbound","from":"911222333","to":"+34600100200""#,
    r#""direction":"outbound","from":"+34600100200","to":"911222333""#,
    r#""from":"anonymous""#,
    r#""leg":"a""#,
    r#""leg":"b","to":"+34600999888""#,
    r#""leg":"a","extension":"101""#,
    r#""extension":"101""#,
    r#""extension":"102","manager":"luis""#,
    r#""manager":"ana""#,
    r#""disposition":"answered""#,
    r#""leg":"b","disposition":"busy","talk_s":3"#,
    r#""disposition":"busy""#,
    r#""talk_s":7,"wait_s":2"#,
    r#""value":"3.5","tags":["x","y"],"batch":"run""#,
    r#""recording":"r","spam":true"#,
    r#""integrity":"weak","tags":"spam""#,
];

fn event() -> impl Strategy<Value = String> {
    // Few times, so that many are the same.
    let place = (0..2usize, 0..PHASES.len(), 0..4i64);
    let said = prop::option::of(0..SAID.len());
    (place, said, prop::option::of(0..2u64)).prop_map(|((call, kind, at), said, seq)| {
        let said = said.map_or("", |said| SAID[said]);
        let seq = seq.map_or_else(String::new, |seq| format!(r#""seq":{seq}"#));
        let both = if said.is_empty() || seq.is_empty() {
            ""
        } else {
            ","
        };
        let raw = phase(at, PHASES[kind], &format!("{said}{both}{seq}"));
        raw.replace("\"k\"", &format!("\"k{call}\""))
    })
}

/// A log without conflicts: ids are unique, some events have none.
pub(super) fn logs() -> impl Strategy<Value = Vec<Record>> {
    let events = prop::collection::vec(event(), 1..60);
    let retractions = prop::collection::vec(0..60usize, 0..4);
    (events, retractions, any::<[bool; 2]>()).prop_map(|(events, retractions, [run, settings])| {
        let with_id = |(number, raw): (usize, String)| {
            let id = format!(r#""id":"e{number}""#);
            let named = raw.replacen('{', &format!("{{{id},"), 1);
            if number % 3 == 0 { raw } else { named }
        };
        let events = events.into_iter().enumerate().map(with_id);
        let retract =
            |what: String| format!(r#"{{"type":"retract","at":"2026-03-03T00:00:00Z",{what}}}"#);
        let retractions = retractions
            .into_iter()
            .map(|number| format!(r#""target":"e{number}""#))
            .chain(run.then(|| r#""batch":"run""#.to_owned()))
            .map(retract);
        let all = events.chain(retractions).map(Record::Event);
        all.chain(settings.then_some(Record::Settings)).collect()
    })
}

fn rules() -> FoldRules {
    FoldRules {
        country: Country::parse("ES"),
        min_answer_s: 3,
        ..FoldRules::default()
    }
}

fn tell(fold: &mut Fold, record: &Record) -> Option<Outcome> {
    match record {
        Record::Event(raw) => Some(fold.tell(raw)),
        Record::Settings => {
            fold.settle(&rules());
            None
        }
    }
}

/// Gives the account as a checkpoint taken at three moments and a replay from the first of them bring
/// it back.
fn restored(log: &[Record], moments: [usize; 3]) -> Fold {
    let mut fold = Fold::new();
    let mut again = Fold::new();
    let [first, second, last] = moments;
    let take = |from: &Account, to: &mut Account, parts: std::ops::RangeInclusive<u8>, at| {
        for part in parts {
            let bytes = postcard::to_allocvec(&from.part_of_calls(part)).unwrap();
            to.restore_calls(part, postcard::from_bytes(&bytes).unwrap(), at);
        }
    };
    for (number, record) in (0..=log.len()).zip(log.iter().map(Some).chain([None])) {
        let at = number as u64;
        if number == first {
            take(&fold.account, &mut again.account, 0..=127, at);
        }
        if number == second {
            take(&fold.account, &mut again.account, 128..=255, at);
        }
        if number == last {
            let bytes = postcard::to_allocvec(&fold.account.ledger()).unwrap();
            let ledger = postcard::from_bytes(&bytes).unwrap();
            again.account.restore_ledger(ledger, at);
        }
        if let Some(record) = record {
            tell(&mut fold, record);
            if number % 7 == 0 {
                fold.rows();
            }
        }
    }
    for (number, record) in log.iter().enumerate() {
        if number >= first {
            tell(&mut again, record);
            continue;
        }
        let at = again.at();
        if let Record::Event(raw) = record {
            let event = Event::parse(raw).unwrap();
            again.account.recall(&event, "api", at);
        }
    }
    assert_eq!(again.account.counts(), fold.account.counts());
    // ClickHouse has nothing.
    again.account.rewind(0);
    again
}

fn told(log: &[Record]) -> Fold {
    let mut fold = Fold::new();
    for (number, record) in log.iter().enumerate() {
        tell(&mut fold, record);
        // Gathering on the way changes nothing.
        if number % 5 == 0 {
            fold.rows();
        }
    }
    fold
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_permutation_and_duplication_gives_the_same_rows(
        (log, mixed) in logs().prop_flat_map(|log| {
            let events = log.iter().filter(|record| matches!(record, Record::Event(_)));
            let doubled = [log.clone(), events.cloned().collect()].concat();
            (Just(log), Just(doubled).prop_shuffle())
        })
    ) {
        let (mut fold, mut other) = (told(&log), told(&mixed));
        prop_assert_eq!(fold.all(), other.all());
        let counts = [fold.account.counts(), other.account.counts()];
        prop_assert_eq!(counts[0].observed, counts[1].observed);
        prop_assert_eq!(counts[0].conflict + counts[1].conflict, 0);
    }

    #[test]
    fn a_checkpoint_at_any_moment_gives_the_same_rows(
        log in logs(),
        moments in any::<[prop::sample::Index; 3]>(),
    ) {
        let mut moments = moments.map(|moment| moment.index(log.len() + 1));
        moments.sort_unstable();
        let mut fold = told(&log);
        let mut again = restored(&log, moments);
        prop_assert_eq!(fold.all(), again.all());
    }

    #[test]
    fn no_figure_is_negative_and_parts_are_no_longer_than_the_whole(log in logs()) {
        for row in told(&log).all() {
            prop_assert!(row.lengths.iter().all(|length| *length >= 0), "{row:?}");
            prop_assert!(row.wait.is_none_or(|wait| wait >= 0));
            let legs = row.legs.iter().flat_map(|leg| leg.lengths);
            prop_assert!(legs.min().is_none_or(|least| least >= 0), "{row:?}");
            if let [Some(started), .., Some(ended)] = row.times {
                let before: i64 = row.lengths[..3].iter().sum();
                // A phase may be told before the beginning.
                prop_assert!(before <= (ended - started).max(0) + 4, "{row:?}");
            }
        }
    }
}
