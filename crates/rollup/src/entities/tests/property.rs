//! Any order, any repetition, any stop in between: the same rows.

use proptest::prelude::*;
use trunkline_model::event::Event;
use trunkline_model::time::Time;

use super::{Fold, Table, event, lead, retract};
use crate::account::CallHorizon;
use crate::calls::tests::memory::Memory;
use crate::entities::PARTS;
use crate::{Account, Outcome};

/// A record of a journal.
#[derive(Clone, Debug)]
enum Record {
    Event(String),
    /// Settings, told once: they hold for all time.
    Settings,
}

const CHANGES: [&str; 8] = [
    "created", "moved", "valued", "assigned", "deleted", "restored", "merged", "linked",
];

/// What a change may say beside.
const OF_LEAD: [&str; 10] = [
    r#""pipeline":"p","stage":"a""#,
    r#""stage":"b","manager":"ana""#,
    r#""pipeline":"q""#,
    r#""amount":"10.5","currency":"EUR""#,
    r#""amount":7,"manager":"luis""#,
    r#""contacts":["c1","c2"],"company":"k""#,
    r#""contact":"c3""#,
    r#""source":"google","gclid":"g","batch":"run""#,
    r#""source":"mail","visit":"v""#,
    r#""into":"m","stage":"won""#,
];

const OTHERS: [(&str, &str); 10] = [
    ("form", r#""form":"f","phone":"911222333","source":"x""#),
    ("form", r#""form":"f","email":"A@b.example","batch":"run""#),
    ("form", r#""form":"f","phone":"+34600100200","contact":"c""#),
    (
        "spend",
        r#""source":"s","date":"2026-03-01","amount":1,"currency":"EUR""#,
    ),
    (
        "spend",
        r#""source":"s","date":"2026-03-01","amount":2,"currency":"USD","batch":"run""#,
    ),
    ("contact", r#""contact":"c","change":"tagged","tag":"t""#),
    (
        "contact",
        r#""contact":"c","change":"untagged","tag":"t","batch":"run""#,
    ),
    (
        "message",
        r#""channel":"web","conversation":"k","contact":"c","author":"contact","source":"s""#,
    ),
    (
        "message",
        r#""channel":"web","conversation":"l","contact":"c","author":"contact","ctwa_clid":"w",
        "batch":"run""#,
    ),
    (
        "message",
        r#""channel":"web","conversation":"k","contact":"c","author":"manager","source":"s""#,
    ),
];

fn any_event() -> impl Strategy<Value = String> {
    let of_lead = (0..2, 0..CHANGES.len(), 0..OF_LEAD.len(), 0..4i64);
    let of_lead = of_lead.prop_map(|(which, change, said, at)| {
        let raw = lead(at, CHANGES[change], OF_LEAD[said]);
        raw.replace("\"l\"", &format!("\"l{which}\""))
    });
    let other = (0..OTHERS.len(), 0..4i64);
    let other = other.prop_map(|(which, at)| event(OTHERS[which].0, at, OTHERS[which].1));
    prop_oneof![of_lead, other]
}

/// A log without conflicts: ids are unique, some events have none.
fn logs() -> impl Strategy<Value = Vec<Record>> {
    let events = prop::collection::vec(any_event(), 1..60);
    let retractions = prop::collection::vec(0..60usize, 0..4);
    (events, retractions, any::<[bool; 2]>()).prop_map(|(events, retractions, [run, settings])| {
        let with_id = |(number, raw): (usize, String)| {
            let named = raw.replacen('{', &format!(r#"{{"id":"e{number}","#), 1);
            if number % 3 == 0 { raw } else { named }
        };
        let events = events.into_iter().enumerate().map(with_id);
        let retractions = retractions
            .into_iter()
            .map(|number| format!(r#""target":"e{number}""#))
            .chain(run.then(|| r#""batch":"run""#.to_owned()))
            .map(|what| retract(&what));
        let all = events.chain(retractions).map(Record::Event);
        all.chain(settings.then_some(Record::Settings)).collect()
    })
}

fn tell(fold: &mut Fold, record: &Record) -> Option<Outcome> {
    match record {
        Record::Event(raw) => Some(fold.tell(raw)),
        Record::Settings => {
            fold.settle("ES");
            None
        }
    }
}

fn told(log: &[Record]) -> Fold {
    let mut fold = Fold::new();
    for (number, record) in log.iter().enumerate() {
        tell(&mut fold, record);
        // Gathering on the way changes nothing.
        if number % 5 == 0 {
            fold.flush();
        }
    }
    fold
}

/// Gives the account as a checkpoint taken at three moments and a replay from the first of them bring
/// it back.
fn restored(log: &[Record], moments: [usize; 3]) -> Fold {
    let mut fold = Fold::new();
    let mut again = Fold::new();
    let [first, second, last] = moments;
    let take = |from: &Account, to: &mut Account, parts: std::ops::Range<u8>, at| {
        for part in parts {
            let bytes = postcard::to_allocvec(&from.part_of_entities(part)).unwrap();
            to.restore_entities(part, postcard::from_bytes(&bytes).unwrap(), at);
        }
    };
    for (number, record) in (0..=log.len()).zip(log.iter().map(Some).chain([None])) {
        let at = number as u64;
        if number == first {
            for part in 0..=u8::MAX {
                let bytes = postcard::to_allocvec(&fold.account.part(part)).unwrap();
                let conversations = postcard::from_bytes(&bytes).unwrap();
                again.account.restore_part(part, conversations, at);
            }
            take(&fold.account, &mut again.account, 0..PARTS / 2, at);
        }
        if number == second {
            take(&fold.account, &mut again.account, PARTS / 2..PARTS, at);
        }
        if number == last {
            let bytes = postcard::to_allocvec(&fold.account.ledger()).unwrap();
            let ledger = postcard::from_bytes(&bytes).unwrap();
            again.account.restore_ledger(ledger, at);
        }
        if let Some(record) = record {
            tell(&mut fold, record);
            if number % 7 == 0 {
                fold.flush();
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
        prop_assert_eq!(fold.rows(), other.rows());
        let counts = [fold.account.counts(), other.account.counts()];
        prop_assert_eq!(counts[0].conflict + counts[1].conflict, 0);
        prop_assert_eq!(counts[0].waiting, 0);
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
        prop_assert_eq!(fold.rows(), again.rows());
    }
}

/// Takes all entities out of the account and puts them back, as a checkpoint does.
fn take_and_restore(fold: &mut Fold) {
    for part in 0..PARTS {
        let bytes = postcard::to_allocvec(&fold.account.part_of_entities(part)).unwrap();
        let kept = postcard::from_bytes(&bytes).unwrap();
        fold.account.restore_entities(part, kept, fold.offset);
    }
    fold.account.rewind(0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn entities_that_go_cold_give_the_rows_of_those_that_never_did(
        log in logs().prop_flat_map(|log| {
            let all = [log.clone(), log].concat();
            Just(all).prop_shuffle()
        }),
        seeds in prop::collection::vec(any::<u16>(), 120),
    ) {
        let shelf = Memory::default();
        let (mut never, mut cold) = (Fold::new(), Fold::new());
        cold.account.shelve_entities(Box::new(shelf.clone())).unwrap();
        for (record, seed) in log.iter().zip(seeds.iter().cycle()) {
            prop_assert_eq!(tell(&mut never, record), tell(&mut cold, record));
            match seed % 8 {
                0 => drop(cold.account.gather(0, 1, &mut cold.table)),
                1 => cold.account.rewind(u64::from(seed >> 4) % cold.offset),
                2 => take_and_restore(&mut cold),
                _ => drop(cold.flush()),
            }
            if seed & 0x300 != 0 {
                cool(&mut cold);
            }
        }
        prop_assert_eq!(cold.rows(), never.rows());
        prop_assert_eq!(cold.account.counts(), never.account.counts());
        cool(&mut cold);
        let (held, all) = cold.account.entities();
        prop_assert_eq!((held, all), (0, shelf.needed()));
        prop_assert_eq!(never.account.entities(), (all, 0));
        // And all of it can be told again from the shelf.
        cold.table = Table::default();
        cold.account.rewind(0);
        prop_assert_eq!(cold.rows(), never.rows());
        prop_assert_eq!(cold.account.torn(), None);
    }
}

fn cool(fold: &mut Fold) {
    let horizon = CallHorizon {
        flushed: fold.account.oldest_dirty().unwrap_or(fold.offset),
        quiet: Time::MAX,
        unended: Time::MAX,
    };
    fold.account.cool(&horizon, usize::MAX);
}

#[test]
fn a_cold_lead_takes_some_bytes_of_memory() {
    const LEADS: usize = 20_000;
    let shelf = Memory::default();
    let mut fold = Fold::new();
    fold.account
        .shelve_entities(Box::new(shelf.clone()))
        .unwrap();
    for number in 0..LEADS * 5 {
        let said = format!(
            r#""stage":"{}","amount":"10.5","currency":"EUR","source":"google","gclid":"g{number}""#,
            number % 5
        );
        let raw = lead(number as i64, CHANGES[number % 5], &said);
        fold.tell(&raw.replace("\"l\"", &format!("\"lead-{:08}\"", number / 5)));
    }
    fold.flush();
    let held = fold.account.bytes_of_entities() as f64 / LEADS as f64;
    while fold.account.entities().0 > 0 {
        cool(&mut fold);
    }
    let cold = fold.account.bytes_of_entities() as f64 / LEADS as f64;
    println!("a lead of five changes takes {held:.0} bytes while held, {cold:.0} when cold");
    assert!(cold < 100.0 && held > 3.0 * cold, "{held} {cold}");
}
