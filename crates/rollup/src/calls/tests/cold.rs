//! Calls that go cold at any moment, beside an account that never lets go of any: nobody can tell them
//! apart.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trunkline_model::event::Event;
use trunkline_model::settings::{Country, FoldRules};
use trunkline_model::time::Time;

use super::memory::Memory;
use super::property::{Record, logs};
use super::{Fold, IN, Row, Taken, phase};
use crate::account::{CallHorizon, CallNow, View, Waiting};
use crate::cells::Cell;
use crate::{Account, Outcome};

/// The rows that ClickHouse would keep, and what is shown live.
#[derive(Default)]
struct Store {
    rows: BTreeMap<String, (u64, Row)>,
    open: BTreeMap<String, String>,
    /// What was told of calls, as it was told last.
    told: BTreeMap<String, Row>,
}

impl Store {
    fn hear(&mut self, told: Taken) {
        let told = told.0.into_iter().map(|row| (row.call.clone(), row));
        self.told.extend(told);
    }

    fn rows(&self) -> Vec<Row> {
        self.rows.values().map(|(_, row)| row.clone()).collect()
    }
}

impl View for Store {
    fn waiting(&mut self, _: &Waiting<'_>) {}
    fn settled(&mut self, _: &str, _: &str) {}
    fn forget_cells(&mut self) {}
    fn cell(&mut self, _: Time, _: Option<&str>, _: &str, _: &Cell) {}

    fn call(&mut self, now: &CallNow<'_>) {
        self.open.insert(now.call.to_owned(), format!("{now:?}"));
    }

    fn call_over(&mut self, call: &str) {
        self.open.remove(call);
    }
}

impl Fold {
    fn on_shelf(shelf: &Memory) -> Self {
        let mut fold = Self::new();
        fold.account.shelve(Box::new(shelf.clone())).unwrap();
        fold
    }

    fn gather(&mut self, limit: usize, store: &mut Store) {
        let mut rows = Taken::default();
        self.account.gather(1, limit, &mut rows);
        for (row, version) in rows.0.into_iter().zip(rows.1) {
            let known = store.rows.entry(row.call.clone()).or_default();
            if version >= known.0 {
                *known = (version, row);
            }
        }
    }

    fn flush(&mut self, store: &mut Store) {
        while self.account.dirty() > 0 {
            self.gather(usize::MAX, store);
        }
    }

    fn cool(&mut self, unended: Time) -> usize {
        // A call that somebody is still to hear of stays.
        self.account.tell_calls(true, &mut Taken::default());
        let horizon = CallHorizon {
            flushed: self.account.oldest_dirty().unwrap_or(self.offset),
            quiet: Time::MAX,
            unended,
        };
        self.account.cool(&horizon, usize::MAX)
    }

    fn sweep(&mut self, store: &mut Store) {
        while self.account.is_sweeping() {
            self.sweep_once(store);
        }
    }

    fn sweep_once(&mut self, store: &mut Store) {
        let mut told = Taken::default();
        self.account.sweep(&mut told);
        store.hear(told);
        self.tell_calls(store);
    }

    fn tell_calls(&mut self, store: &mut Store) {
        let mut told = Taken::default();
        self.account.tell_calls(true, &mut told);
        store.hear(told);
    }

    /// Does some of what is done between events.
    fn step(&mut self, seed: u32, unended: Time, store: &mut Store) {
        match seed & 0b111 {
            0 => {}
            1 => self.gather(1, store),
            _ => self.flush(store),
        }
        if seed & 0b1_1000 != 0 {
            self.cool(unended);
        }
        if seed & 0b10_0000 != 0 {
            self.sweep_once(store);
        }
    }
}

/// Gives settings that calls are derived by.
fn rules(number: usize) -> FoldRules {
    FoldRules {
        country: Country::parse(if number == 1 { "ES" } else { "IL" }),
        min_answer_s: number as u32 * 3,
        ..FoldRules::default()
    }
}

fn tell(fold: &mut Fold, record: &Record, told: &mut usize) -> Option<Outcome> {
    match record {
        Record::Event(raw) => Some(fold.tell(raw)),
        Record::Settings => {
            *told += 1;
            fold.settle(&rules(*told));
            None
        }
    }
}

/// Records in any order, all of them twice, some the second time with other content, so that
/// retractions and settings come also when all is cold.
fn histories() -> impl Strategy<Value = Vec<Record>> {
    logs().prop_flat_map(|log| {
        // Of many calls, so that the shelf is read in many steps.
        let spread = log
            .into_iter()
            .enumerate()
            .map(|(number, record)| match record {
                Record::Event(raw) => {
                    Record::Event(raw.replace("\"k1\"", &format!("\"k{}\"", number % 12)))
                }
                settings @ Record::Settings => settings,
            });
        let log: Vec<_> = spread.collect();
        let again = log.iter().enumerate().map(|(number, record)| match record {
            Record::Event(raw) if number % 9 == 4 => {
                Record::Event(raw.replace("\"ringing\"", "\"held\""))
            }
            record => record.clone(),
        });
        let all: Vec<_> = log.iter().cloned().chain(again).collect();
        Just(all).prop_shuffle()
    })
}

const WINDOW: u64 = 3 * super::WINDOW as u64 / 1_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn calls_that_go_cold_give_the_rows_of_those_that_never_did(
        log in histories(),
        seeds in prop::collection::vec(any::<u32>(), 150),
        silences in prop::collection::vec(0..150usize, 0..3),
        stays in any::<bool>(),
    ) {
        let shelf = Memory::default();
        let (mut never, mut cold) = (Fold::new(), Fold::on_shelf(&shelf));
        let unended = if stays { Time::MIN } else { Time::MAX };
        let (mut store, mut seen) = (Store::default(), Store::default());
        let mut told = [0; 2];
        for (number, record) in log.iter().enumerate() {
            if silences.contains(&number) {
                // What was seen is forgotten.
                never.offset += WINDOW;
                cold.offset += WINDOW;
            }
            let outcomes = [
                tell(&mut never, record, &mut told[0]),
                tell(&mut cold, record, &mut told[1]),
            ];
            prop_assert_eq!(outcomes[0], outcomes[1]);
            never.sweep_once(&mut seen);
            cold.tell_calls(&mut store);
            let seed = seeds[number % seeds.len()];
            cold.step(seed, unended, &mut store);
            if seed & 0x700 == 0 {
                cold.account.show(&mut store);
            }
            if seed & 0x3800 == 0 {
                cold.account.rewind(u64::from(seed >> 16) % (cold.offset + 1));
            }
        }
        cold.flush(&mut store);
        cold.sweep(&mut store);
        cold.flush(&mut store);
        prop_assert_eq!(cold.account.oldest_dirty(), None);
        prop_assert_eq!(cold.account.torn(), None);
        prop_assert_eq!(cold.account.counts(), never.account.counts());
        prop_assert_eq!(store.rows(), never.all());
        prop_assert_eq!(&store.told, &seen.told);
        prop_assert_eq!(cold.account.calls().1, shelf.needed());
        if stays {
            never.account.show(&mut seen);
            cold.account.show(&mut store);
            prop_assert_eq!(&store.open, &seen.open);
        }
        // And all of it can be told again from the shelf.
        cold.cool(Time::MAX);
        prop_assert_eq!(cold.account.calls().0, 0);
        let mut again = Store::default();
        cold.account.rewind(0);
        cold.flush(&mut again);
        prop_assert_eq!(again.rows(), never.all());
    }

    #[test]
    fn a_checkpoint_at_any_moment_and_what_was_on_the_shelf_then_give_the_same_rows(
        log in histories(),
        seeds in prop::collection::vec(any::<u32>(), 150),
        moments in any::<[prop::sample::Index; 3]>(),
    ) {
        let mut moments = moments.map(|moment| moment.index(log.len() + 1));
        moments.sort_unstable();
        let shelf = Memory::default();
        let (mut never, mut cold) = (Fold::new(), Fold::on_shelf(&shelf));
        let mut again = Fold::new();
        let mut store = Store::default();
        let mut told = [0; 2];
        let mut found = Memory::default();
        for (number, record) in log.iter().map(Some).chain([None]).enumerate() {
            let take = |part: u8, from: &Account, to: &mut Account| {
                let bytes = postcard::to_allocvec(&from.part_of_calls(part)).unwrap();
                to.restore_calls(part, postcard::from_bytes(&bytes).unwrap(), number as u64);
            };
            if moments.contains(&number) {
                // Until that is done there is no checkpoint.
                cold.sweep(&mut store);
            }
            if number == moments[0] {
                (0..=127).for_each(|part| take(part, &cold.account, &mut again.account));
            }
            if number == moments[1] {
                (128..=255).for_each(|part| take(part, &cold.account, &mut again.account));
            }
            if number == moments[2] {
                let bytes = postcard::to_allocvec(&cold.account.ledger()).unwrap();
                let ledger = postcard::from_bytes(&bytes).unwrap();
                again.account.restore_ledger(ledger, number as u64);
                found = shelf.found();
            }
            if let Some(record) = record {
                tell(&mut never, record, &mut told[0]);
                tell(&mut cold, record, &mut told[1]);
                cold.step(seeds[number % seeds.len()], Time::MAX, &mut store);
            }
        }
        again.account.shelve(Box::new(found.clone())).unwrap();
        prop_assert_eq!(again.account.calls().1, found.needed());
        let mut told = 0;
        for (number, record) in log.iter().enumerate() {
            match record {
                record if number >= moments[0] => {
                    tell(&mut again, record, &mut told);
                    again.step(seeds[(number + 7) % seeds.len()], Time::MAX, &mut store);
                }
                Record::Event(raw) => {
                    let at = again.at();
                    again.account.recall(&Event::parse(raw).unwrap(), "api", at);
                }
                Record::Settings => {
                    told += 1;
                    again.at();
                }
            }
        }
        again.sweep(&mut store);
        again.account.rewind(0);
        again.flush(&mut store);
        prop_assert_eq!(again.account.torn(), None);
        prop_assert_eq!(again.account.counts(), never.account.counts());
        prop_assert_eq!(store.rows(), never.all());
    }
}

/// Gives an account with so many calls that have all gone cold.
fn all_cold(calls: usize, shelf: &Memory, store: &mut Store) -> Fold {
    let mut fold = Fold::on_shelf(shelf);
    for number in 0..calls {
        for event in [
            phase(0, "started", &format!(r#"{IN},"id":"{number}a""#)),
            phase(9, "ended", &format!(r#""id":"{number}z""#)),
        ] {
            fold.tell(&event.replace("\"k\"", &format!("\"k{number}\"")));
        }
    }
    fold.flush(store);
    while fold.cool(Time::MIN) > 0 {}
    assert_eq!(fold.account.calls(), (0, calls));
    fold
}

#[test]
fn a_cold_call_takes_some_bytes_of_memory() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(20_000, &shelf, &mut store);
    let cold = fold.account.bytes_of_calls() as f64 / 20_000.0;
    println!("a cold call takes {cold:.1} bytes");
    assert!(cold < 36.0, "{cold}");
    // Those that follow them take no more than before.
    fold.tell(&phase(0, "started", IN));
    assert_eq!(fold.account.calls(), (1, 20_000));
    assert!(fold.account.bytes_of_calls() < 20_000 * 36 + 1_000);
}

#[test]
fn what_is_known_of_a_cold_call_leaves_it_cold_and_what_is_new_brings_it_back() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(10, &shelf, &mut store);
    fold.offset += WINDOW;
    let known = phase(9, "ended", r#""id":"3z""#).replace("\"k\"", "\"k3\"");
    assert_eq!(fold.tell(&known), Outcome::Duplicate);
    let other = phase(8, "ended", r#""id":"3z""#).replace("\"k\"", "\"k3\"");
    assert_eq!(fold.tell(&other), Outcome::Conflict);
    assert_eq!(fold.account.calls(), (0, 10));
    let new = phase(5, "ringing", r#""extension":"101""#).replace("\"k\"", "\"k3\"");
    assert_eq!(fold.tell(&new), Outcome::Observed);
    assert_eq!((fold.account.calls(), shelf.needed()), ((1, 9), 9));
    fold.flush(&mut store);
    let row = &store.rows["k3"].1;
    assert_eq!(row.times, [Some(0), None, Some(5), None, Some(9)]);
    assert_eq!(fold.cool(Time::MIN), 1);
}

#[test]
fn a_call_stays_until_its_row_is_written_and_it_is_quiet_and_over() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = Fold::on_shelf(&shelf);
    fold.tell(&phase(0, "started", IN));
    assert_eq!(fold.cool(Time::MAX), 0);
    fold.flush(&mut store);
    assert_eq!(fold.cool(Time::MIN), 0);
    let arrived = Time(super::TEN);
    let mut cool = |flushed, quiet, unended| {
        let horizon = CallHorizon {
            flushed,
            quiet,
            unended,
        };
        fold.account.cool(&horizon, usize::MAX)
    };
    let later = Time(arrived.0 + 2_000);
    assert_eq!(cool(0, later, later), 0);
    assert_eq!(cool(1, arrived, later), 0);
    // It goes on, as far as is told.
    assert_eq!(cool(1, later, arrived), 0);
    assert_eq!(cool(1, later, later), 1);
}

#[test]
fn a_retraction_of_cold_calls_is_carried_out_bit_by_bit_and_holds_up_the_watermark() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(30, &shelf, &mut store);
    let retract = r#"{"type":"retract","at":"2026-03-03T00:00:00Z","target":"28z"}"#;
    let at = fold.offset;
    fold.tell(retract);
    fold.flush(&mut store);
    assert_eq!(fold.account.oldest_dirty(), Some(at));
    // Who looks at the call finds it carried out.
    let late = phase(3, "ringing", r#""id":"28r""#).replace("\"k\"", "\"k28\"");
    fold.tell(&late);
    let mut steps = 0;
    while fold.account.is_sweeping() {
        fold.sweep_once(&mut store);
        steps += 1;
    }
    // What came for it is written with it, not before.
    assert_eq!((steps, fold.account.oldest_dirty()), (30, Some(at)));
    fold.flush(&mut store);
    assert_eq!(store.rows["k28"].1.times[4], None);
    assert_eq!(fold.account.calls(), (1, 29));
    assert_eq!(fold.account.oldest_dirty(), None);
}

#[test]
fn a_retraction_that_comes_while_others_are_carried_out_reaches_the_calls_that_were_passed() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(12, &shelf, &mut store);
    let retract = |target: &str| {
        format!(r#"{{"type":"retract","at":"2026-03-03T00:00:00Z","target":"{target}"}}"#)
    };
    fold.tell(&retract("nothing"));
    (0..6).for_each(|_| fold.sweep_once(&mut store));
    for call in 0..12 {
        fold.tell(&retract(&format!("{call}z")));
    }
    fold.sweep(&mut store);
    fold.flush(&mut store);
    assert!(store.rows().iter().all(|row| row.times[4].is_none()));
    assert_eq!(fold.account.calls(), (12, 0));
}

#[test]
fn rows_of_cold_calls_are_those_of_all_that_was_told_whatever_is_still_to_be_done() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(12, &shelf, &mut store);
    fold.tell(r#"{"type":"retract","at":"2026-03-03T00:00:00Z","target":"5z"}"#);
    fold.settle(&rules(1));
    for _ in 0..4 {
        fold.gather(1, &mut store);
    }
    assert_eq!(fold.account.dirty(), 8);
    // Others in the middle of it: all from the beginning.
    fold.settle(&FoldRules {
        min_answer_s: 9,
        ..rules(1)
    });
    let versions: Vec<u64> = {
        fold.flush(&mut store);
        store.rows.values().map(|(version, _)| *version).collect()
    };
    assert_eq!(versions, [1 << 48 | (fold.offset - 1); 12]);
    assert_eq!(store.rows["k5"].1.times[4], None);
    // Who hears of calls is told all, with the same.
    assert!(fold.account.is_sweeping());
    let mut heard = Store::default();
    fold.sweep_once(&mut heard);
    assert_eq!(heard.told.len(), 1);
    // Somebody new begins to hear: from the beginning.
    fold.account.tell_all_calls(fold.offset - 1);
    for _ in 0..11 {
        fold.sweep_once(&mut heard);
    }
    assert!(fold.account.is_sweeping());
    assert_eq!(fold.account.oldest_dirty(), Some(fold.offset - 3));
    fold.sweep(&mut heard);
    fold.flush(&mut store);
    assert_eq!(fold.account.oldest_dirty(), None);
    assert_eq!(heard.told.into_values().collect::<Vec<_>>(), store.rows());
    // Nobody hears any more.
    fold.settle(&rules(1));
    fold.account.tell_calls(false, &mut Taken::default());
    assert!(!fold.account.is_sweeping());
}

#[test]
fn a_shelf_that_cannot_be_read_is_said_and_nothing_passes_for_done() {
    let (shelf, mut store) = (Memory::default(), Store::default());
    let mut fold = all_cold(5, &shelf, &mut store);
    shelf.0.lock().unwrap().torn = Some(3);
    let counts = fold.account.counts();
    let late = (0..5).map(|number| {
        let raw = phase(5, "menu", &format!(r#""id":"{number}m""#));
        raw.replace("\"k\"", &format!("\"k{number}\""))
    });
    let outcomes: Vec<_> = late.map(|raw| fold.tell(&raw)).collect();
    let is = |outcome| outcomes.iter().filter(|own| **own == outcome).count();
    assert_eq!((is(Outcome::Observed), is(Outcome::Parked)), (2, 3));
    assert_eq!(fold.account.counts().total(), counts.total() + 2);
    assert!(fold.account.torn().is_some());
    fold.account.rewind(0);
    fold.gather(usize::MAX, &mut store);
    assert_eq!(fold.account.oldest_dirty(), Some(0));
    // Nor can an account begin with it.
    let mut again = Fold::new();
    for part in 0..=u8::MAX {
        let bytes = postcard::to_allocvec(&fold.account.part_of_calls(part)).unwrap();
        let calls = postcard::from_bytes(&bytes).unwrap();
        again.account.restore_calls(part, calls, fold.offset);
    }
    let none = again.account.shelve(Box::new(Memory::default()));
    assert!(none.is_err());
}
