//! What rules ask of a visit: it follows from the visit, and is in memory also while that is on the shelf. So nothing comes
//! out otherwise of a visit that is cold.
//!
//! There are many for good, so they are kept [`Packed`]: times as what lies between them, and site, pool and hold, of which
//! few go together, as one [`Kind`].

use serde::{Deserialize, Serialize};

use super::Visit;
use crate::names::Name;
use crate::people::Visitor;

/// A visit without its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Core {
    pub(crate) visitor: Visitor,
    /// A hash of its id.
    pub(crate) hash: u64,
    pub(crate) first: i64,
    /// The start of its lease; of one that has none its first.
    start: i64,
    /// Where its last sign of life expires, or it was ended.
    until: i64,
    /// What calls cannot renew it beyond: when it was ended; far ahead if it was not.
    ended: i64,
    hold: i64,
    /// The number that it has, or had, a lease of.
    leased: Option<Name>,
    pub(crate) site: Option<Name>,
    pub(crate) pool: Option<Name>,
    /// Whether all its pages were taken back.
    pub(crate) gone: bool,
}

/// What many visits have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kind {
    site: Option<Name>,
    pool: Option<Name>,
    hold: i64,
}

/// A core as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[repr(C, packed(2))]
pub(super) struct Packed {
    pub(super) hash: u64,
    pub(super) visitor: Visitor,
    first: Short,
    /// Behind the first.
    start: u32,
    until: u32,
    leased: Option<Name>,
    kind: u8,
    flags: u8,
}

/// A number below 2^48.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Short([u16; 3]);

const GONE: u8 = 1;
/// Its last sign of life expires when it was ended, or later.
const ENDED: u8 = 2;
/// It is too wide, and kept elsewhere.
const WIDE: u8 = 4;

impl Short {
    pub(super) fn of(number: u64) -> Option<Self> {
        let part = |shift: u32| (number >> shift) as u16;
        (number >> 48 == 0).then(|| Self([part(0), part(16), part(32)]))
    }

    pub(super) fn get(self) -> u64 {
        let [low, middle, high] = self.0.map(u64::from);
        low | middle << 16 | high << 32
    }
}

impl Core {
    /// Makes that of a visit: a hash of its id, its visitor, and whether it is gone.
    pub(super) fn of(visit: &Visit, hash: u64, visitor: Visitor, gone: bool) -> Self {
        let granted = visit.grant.filter(|_| !gone && visit.signs.is_some());
        let (signed, until) = visit.signs.unwrap_or((visit.first, visit.first));
        let start = visit.grant.map_or(signed, |grant| grant.at);
        let ended = visit.ended.map_or(i64::MAX, |ended| ended.max(start));
        Self {
            visitor,
            hash,
            first: visit.first,
            start: granted.map_or(visit.first, |_| start),
            until: until.min(ended),
            ended,
            hold: visit.head.hold,
            leased: granted.map(|grant| grant.number),
            site: visit.head.site,
            pool: visit.head.pool,
            gone,
        }
    }

    /// Gives the number of its own and the start of its lease, if it ever had one.
    pub(crate) fn lease(&self) -> Option<(Name, i64)> {
        Some((self.leased?, self.start))
    }

    /// Gives the start of its lease; of one that has none its first.
    pub(crate) fn begins_lease(&self) -> i64 {
        self.start
    }

    /// Gives the first instant that it may matter to a call.
    pub(crate) fn begins(&self) -> i64 {
        self.first.min(self.start)
    }

    /// Gives the end of its life, if `renewals` (the calls on its number from the start of its lease on: start and end, by
    /// start) renew it. No more of them are looked at than can.
    ///
    /// Between its first sign and where the last expires it lives: a sign is only ever heard of a visit that does.
    pub(crate) fn end(&self, renewals: impl IntoIterator<Item = (i64, i64)>) -> i64 {
        let mut end = self.until;
        for call in renewals {
            if call.0 >= end {
                break;
            }
            end = end.max(call.1 + self.hold);
        }
        end.min(self.ended)
    }

    /// Says whether a sign of life of its own, without a call, has it alive at `at`.
    pub(crate) fn shows_life(&self, at: i64) -> bool {
        self.start <= at && at < self.until
    }

    pub(super) fn kind(&self) -> Kind {
        Kind {
            site: self.site,
            pool: self.pool,
            hold: self.hold,
        }
    }
}

impl Packed {
    /// Packs a core whose kind has this number; none if it is too wide.
    pub(super) fn of(core: &Core, kind: u8) -> Option<Self> {
        let ended = match core.ended {
            i64::MAX => 0,
            ended if ended == core.until => ENDED,
            _ => return None,
        };
        let behind = |time: i64| u32::try_from(time.checked_sub(core.first)?).ok();
        Some(Self {
            first: Short::of(u64::try_from(core.first).ok()?)?,
            start: behind(core.start)?,
            until: behind(core.until)?,
            leased: core.leased,
            kind,
            flags: ended | if core.gone { GONE } else { 0 },
            ..Self::wide(core)
        })
    }

    /// Gives what is kept of a core that is too wide, beside it.
    pub(super) fn wide(core: &Core) -> Self {
        Self {
            hash: core.hash,
            visitor: core.visitor,
            first: Short::default(),
            start: 0,
            until: 0,
            leased: None,
            kind: 0,
            flags: WIDE,
        }
    }

    /// Gives the core; none of one that is too wide.
    pub(super) fn core(&self, kinds: &[Kind]) -> Option<Core> {
        let kind = kinds.get(usize::from(self.kind))?;
        let first = self.first.get() as i64;
        let until = first + i64::from(self.until);
        (self.flags & WIDE == 0).then(|| Core {
            visitor: self.visitor,
            hash: self.hash,
            first,
            start: first + i64::from(self.start),
            until,
            ended: if self.flags & ENDED == 0 {
                i64::MAX
            } else {
                until
            },
            hold: kind.hold,
            leased: self.leased,
            site: kind.site,
            pool: kind.pool,
            gone: self.flags & GONE != 0,
        })
    }
}
