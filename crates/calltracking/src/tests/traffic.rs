//! Generated traffic on one pool: visitors who come, browse, leave, come again and call, some of whom are known.

use super::*;

/// Chance from a seed (xorshift): the same traffic for the same seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Gives a number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }

    pub(super) fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for place in (1..list.len()).rev() {
            list.swap(place, self.below(place as u64 + 1) as usize);
        }
    }
}

/// Gives the settings of the traffic; `changed` moves a number and sets a static one.
pub(super) fn settings(changed: bool) -> TrackingRules {
    let json = if changed {
        r#"{"id":"a","number":[{"number":"+34911000077","source":"flyer"}],
            "pool":[{"id":"web","numbers":["+34911000001","+34911000002","+34911000003"],"draining":["+34911000004"],
            "fallback":"+34911999999"}],"site":[{"key":"main","pool":"web"}]}"#
    } else {
        r#"{"id":"a","pool":[{"id":"web","numbers":["+34911000001","+34911000002","+34911000003","+34911000004"],
            "fallback":"+34911999999"}],"site":[{"key":"main","pool":"web"}]}"#
    };
    rules(json)
}

/// Gives the records of some hours, in order: settings, visits, calls, links and retractions.
pub(super) fn records(seed: u64, steps: usize) -> Vec<Record> {
    let mut chance = Chance::new(seed);
    let mut fold = Fold::new(settings(false));
    let mut minute = 0;
    let mut visits: Vec<Decision> = Vec::new();
    for step in 0..steps {
        minute += chance.below(12) as i64;
        let visitor = format!("v{}", chance.below(12));
        match chance.below(10) {
            0..=3 => visits.push(fold.visit(minute, &visitor)),
            4 | 5 if !visits.is_empty() => {
                let visit = visits[chance.below(visits.len() as u64) as usize]
                    .visit
                    .clone();
                if chance.one_in(4) && fold.tracking.sign(at(minute), &visit).is_some() {
                    fold.end(minute, &visit);
                } else {
                    fold.beat(minute, &visit);
                }
            }
            6 => fold.link(
                &visitor,
                &phone(chance.below(5)),
                minute - chance.below(60) as i64,
            ),
            7 if chance.one_in(3) && !visits.is_empty() => {
                let visit = &visits[chance.below(visits.len() as u64) as usize].visit;
                let id = format!("e-{visit}");
                let json = format!(
                    r#"{{"type":"retract","target":"{id}","at":"{}"}}"#,
                    at(minute)
                );
                fold.hear(Record::Retract(json));
            }
            8 if step == steps / 2 => fold.hear(Record::Settings(settings(true))),
            _ => {
                let called = match chance.below(8) {
                    0 => "+34911999999".to_owned(),
                    1 => "+34911000077".to_owned(),
                    other => number(other as usize % 4 + 1),
                };
                let caller = match chance.below(6) {
                    5 => "anonymous".to_owned(),
                    other => phone(other),
                };
                let begun = minute - chance.below(90) as i64;
                let end = begun + chance.below(20) as i64;
                fold.call(
                    &format!("c{step}"),
                    &called,
                    &caller,
                    begun,
                    (!chance.one_in(9)).then_some(end),
                );
            }
        }
    }
    fold.log
}

fn phone(of: u64) -> String {
    format!("+3460000000{of}")
}

/// Gives all rows of a fold that hears these records in this order.
pub(super) fn fold_all(records: &[Record]) -> Tracking {
    let mut tracking = Tracking::new("acme".into(), 7);
    for (offset, record) in (1..).zip(records) {
        hear(&mut tracking, record, offset);
        if offset % 5 == 0 {
            tracking.settle();
        }
    }
    tracking
}

/// Gives all rows that a state has, without their versions.
pub(super) fn all_rows(tracking: &mut Tracking) -> Rows {
    tracking.rewind(0);
    let mut rows = Rows::default();
    while tracking.gather(1, 7, &mut rows) > 0 {}
    let versions = rows
        .visits
        .values_mut()
        .chain(rows.attributions.values_mut());
    versions.for_each(|row| row.0 = 0);
    rows
}
