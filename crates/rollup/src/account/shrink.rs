//! Beyond the horizon: conversations let go of entries that ClickHouse holds, and wake when
//! something comes that needs more than what is left (`architecture.md` §6).
//!
//! When a conversation shrinks changes no figure, so it may be told by anything: by the flush, by a
//! cap, or never, as in the audit's own fold.

use trunkline_model::time::Time;

use super::Account;
use crate::chunks::Chunks;
use crate::conversation::Conversation;
use crate::submap::{self, Place};

/// Places beyond two a conversation from which on the list of those to be shown is made anew.
const TOUCHED: usize = if cfg!(test) { 8 } else { 4096 };

/// How far what was let go of reaches.
#[derive(Clone, Copy, Debug)]
pub(super) struct LetGo {
    /// All records that changed it lie below this offset.
    pub(super) below: u64,
    /// Its entries are not after this time.
    pub(super) until: Time,
}

impl Default for LetGo {
    fn default() -> Self {
        Self {
            below: 0,
            until: Time::MIN,
        }
    }
}

impl LetGo {
    pub(super) fn of(known: &Conversation) -> Self {
        Self {
            below: known.head_changed().map_or(0, |last| last + 1),
            until: known.head_span().map_or(Time::MIN, |(_, until)| until),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.below = self.below.max(other.below);
        self.until = self.until.max(other.until);
    }
}

/// What may be let go.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    /// All rows changed by records below this offset are in ClickHouse for certain.
    pub flushed: u64,
    /// Conversations of which something arrived from here on stay.
    pub quiet: Time,
    /// Whether those stay that have entries in hot cells; to let them go costs time when the length
    /// of cells changes.
    pub spares_hot: bool,
}

impl Account {
    /// Shrinks conversations beyond the horizon, going on where it stopped the last time: about
    /// `most` are looked at, so that nothing waits for all. Gives how many shrank.
    pub fn shrink(&mut self, horizon: Horizon, most: usize) -> usize {
        self.list_touched_anew();
        let (mut looked, mut shrunk) = (0, 0);
        for _ in 0..submap::COUNT {
            if looked >= most {
                break;
            }
            let part = self.shrinks_next;
            self.shrinks_next = part.wrapping_add(1);
            looked += self.submaps[usize::from(part)].conversations.len();
            shrunk += self.shrink_part(part, horizon);
        }
        shrunk
    }

    /// Lists each conversation that is to be shown once, when places have been listed again and again
    /// because nobody looks.
    fn list_touched_anew(&mut self) {
        let (awake, shrunk) = self.conversations();
        if self.changed.touched.len() <= 2 * (awake + shrunk) + TOUCHED {
            return;
        }
        self.changed.touched = Chunks::default();
        for (submap, part) in (0..=u8::MAX).zip(&self.submaps) {
            let awake = part.awake().filter(|(_, known)| known.touched);
            let shrunk = part.shrunk().filter(|(_, shrunk)| shrunk.is_touched());
            let indices = awake.map(|(index, _)| index);
            for index in indices.chain(shrunk.map(|(index, _)| index)) {
                self.changed.touched.push(Place { submap, index });
            }
        }
    }

    fn shrink_part(&mut self, part: u8, horizon: Horizon) -> usize {
        let cold = if horizon.spares_hot {
            self.cells.cold()
        } else {
            Time::MAX
        };
        let submap = &self.submaps[usize::from(part)];
        let all = (0..).zip(submap.conversations.iter());
        let due = all.filter(|(_, known)| {
            !known.is_nobody() && known.may_shrink(horizon.flushed, horizon.quiet, cold)
        });
        let due: Vec<u32> = due.map(|(index, _)| index).collect();
        for index in &due {
            self.shrink_one(Place {
                submap: part,
                index: *index,
            });
        }
        due.len()
    }

    fn shrink_one(&mut self, place: Place) {
        let submap = &mut self.submaps[usize::from(place.submap)];
        let known = &mut submap.conversations[place.index];
        known.shrink();
        // What was never shown and does not wait is nothing to show.
        known.touched &= known.shown || known.is_waiting();
        let (touched, let_go) = (known.touched, LetGo::of(known));
        let index = submap.pack(place.index, self.config.seed);
        if touched {
            self.changed.touched.push(Place { index, ..place });
        }
        self.let_go.add(let_go);
    }

    /// Wakes a conversation if it has shrunk; gives its place.
    pub(super) fn awake(&mut self, place: Place) -> Place {
        if place.shrunk().is_none() {
            return place;
        }
        let submap = &mut self.submaps[usize::from(place.submap)];
        let index = submap.wake(place.index, self.config.seed);
        let woken = Place { index, ..place };
        if submap.conversations[index].touched {
            self.changed.touched.push(woken);
        }
        woken
    }

    /// Wakes the shrunk conversations that settings which differ from `from` on concern, of parts
    /// that do not have the record at `offset`.
    pub(super) fn wake_reached(&mut self, from: Time, offset: u64) {
        for part in 0..=u8::MAX {
            let submap = &self.submaps[usize::from(part)];
            if offset < submap.taken {
                continue;
            }
            let reached = submap
                .shrunk()
                .filter(|(_, shrunk)| shrunk.unpack().head_reaches(from));
            let reached: Vec<u32> = reached.map(|(index, _)| index).collect();
            for index in reached {
                let submap = part;
                self.awake(Place { submap, index });
            }
        }
    }
}
