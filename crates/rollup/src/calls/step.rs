//! A phase of a call as it is looked at, and the order in which phases are looked at, which no arrival
//! has a part in.
//!
//! Phases of one leg go in the order of their `seq` where they have one, the others in that of their
//! times; what is of the same time goes by rank, then by the hash of its id. A time that runs behind
//! an earlier `seq` of its leg counts as that one's. The rows of all legs, those with a `seq` and
//! those without apart, are then merged by time and rank: a function of the set of phases, whatever
//! contradicts itself in it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use trunkline_model::amount::Decimal;
use trunkline_model::event::{Direction, Integrity, Phase};

use super::log::IdHash;

/// A phase. Times and lengths are milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Step<'a> {
    pub(super) at: i64,
    pub(super) kind: Phase,
    pub(super) leg: Option<&'a str>,
    pub(super) extension: Option<&'a str>,
    pub(super) manager: Option<&'a str>,
    pub(super) from: Option<&'a str>,
    pub(super) to: Option<&'a str>,
    pub(super) direction: Option<Direction>,
    pub(super) hook: &'a str,
    pub(super) integrity: Integrity,
    pub(super) seq: Option<u64>,
    pub(super) id: IdHash,
    pub(super) disposition: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    pub(super) talk: Option<i64>,
    pub(super) wait: Option<i64>,
    pub(super) tags: Vec<&'a str>,
    pub(super) value: Option<Decimal>,
    pub(super) recording: Option<&'a str>,
    pub(super) spam: Option<bool>,
}

impl Default for Step<'_> {
    fn default() -> Self {
        Self {
            at: 0,
            kind: Phase::Started,
            leg: None,
            extension: None,
            manager: None,
            from: None,
            to: None,
            direction: None,
            hook: "",
            integrity: Integrity::Verified,
            seq: None,
            id: [0; 16],
            disposition: None,
            origin: None,
            talk: None,
            wait: None,
            tags: Vec::new(),
            value: None,
            recording: None,
            spam: None,
        }
    }
}

impl Step<'_> {
    /// Says whether it tells of the call itself, and not of a recording or a tag.
    pub(super) fn is_of_call(&self) -> bool {
        self.kind <= Phase::Ended
    }

    /// Says whether it names a person.
    pub(super) fn names_person(&self) -> bool {
        self.extension.is_some() || self.manager.is_some()
    }
}

/// Puts phases into their order.
pub(super) fn ordered(steps: Vec<Step<'_>>) -> Vec<Step<'_>> {
    let mut rows: BTreeMap<(Option<&str>, bool), Vec<Step<'_>>> = BTreeMap::new();
    let count = steps.len();
    for step in steps {
        let row = (step.leg, step.seq.is_some());
        rows.entry(row).or_default().push(step);
    }
    let mut rows: Vec<_> = rows.into_values().map(row).collect();
    let mut heads: BinaryHeap<_> = (0..)
        .zip(&rows)
        .filter_map(|(number, row)| head(row, number))
        .collect();
    let mut ordered = Vec::with_capacity(count);
    while let Some(Reverse((.., number))) = heads.pop() {
        let row: &mut Vec<(i64, Step<'_>)> = &mut rows[number];
        ordered.extend(row.pop().map(|(_, step)| step));
        heads.extend(head(row, number));
    }
    ordered
}

/// Orders the phases of one leg, the first one last, each with the time that it counts as.
fn row(mut steps: Vec<Step<'_>>) -> Vec<(i64, Step<'_>)> {
    steps.sort_by_key(|step| (step.seq, step.at, step.kind, step.id));
    let mut latest = i64::MIN;
    let timed = steps.into_iter().map(|step| {
        latest = latest.max(step.at);
        (latest, step)
    });
    let mut row: Vec<_> = timed.collect();
    row.reverse();
    row
}

type Head = Reverse<(i64, Phase, IdHash, usize)>;

fn head(row: &[(i64, Step<'_>)], number: usize) -> Option<Head> {
    let (at, step) = row.last()?;
    Some(Reverse((*at, step.kind, step.id, number)))
}
