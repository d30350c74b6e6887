//! What is known of one call: its phases in the order of arrival, packed.
//!
//! A text stands once for all phases of a call that have it; a phase without anything but its time and
//! its parties takes some 45 bytes. An event's id is kept as a hash of 16 bytes without a seed, so
//! that what goes by it is the same in every fold.

use serde::{Deserialize, Serialize};
use trunkline_model::amount::Decimal;
use trunkline_model::event::{Call, Direction, Integrity, Phase};
use trunkline_model::time::{Elapsed, Time};
use trunkline_model::word::Word;
use xxhash_rust::xxh3::xxh3_128;

use super::step::Step;
use crate::account::Position;
use crate::names::{Name, Names};

/// Phases of one call that are kept; what comes beyond them is not observed.
pub(super) const PHASES: usize = if cfg!(test) { 100 } else { 4_096 };

/// An event's id, hashed.
pub(super) type IdHash = [u8; 16];

/// Hashes an event's id.
pub(super) fn id_hash(id: &str) -> IdHash {
    xxh3_128(id.as_bytes()).to_le_bytes()
}

/// A call, unpacked.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Log<'a> {
    pub(super) call: &'a str,
    #[serde(borrow)]
    pub(super) texts: Vec<&'a str>,
    pub(super) phases: Vec<Kept>,
}

/// The place of a text, from 1; 0 is none.
type Text = u32;

/// A phase as it is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    at: i64,
    phase: u8,
    leg: Text,
    extension: Text,
    from: Text,
    to: Text,
    manager: Option<Name>,
    hook: Name,
    direction: u8,
    integrity: u8,
    seq: Option<u64>,
    said: Option<Said>,
    pub(super) id: IdHash,
    /// The first bytes of a hash of what it says.
    content: [u8; 4],
    pub(super) run: Option<Name>,
    pub(super) retracted: bool,
    pub(super) received_at: i64,
    pub(super) offset: u64,
}

/// What few phases say.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    disposition: Text,
    origin: Text,
    talk: Option<u64>,
    wait: Option<u64>,
    tags: Vec<Text>,
    value: Text,
    recording: Text,
    spam: Option<bool>,
}

/// A phase to be kept, and what is not in its event.
pub(super) struct New<'e> {
    pub(super) call: &'e Call<'e>,
    pub(super) hook: Name,
    pub(super) manager: Option<Name>,
    pub(super) run: Option<Name>,
    pub(super) retracted: bool,
    pub(super) id: IdHash,
    /// What it is worth, as digits.
    pub(super) value: Option<&'e str>,
    /// A hash of what it says, without a seed.
    pub(super) content: u64,
    pub(super) at: Position,
}

/// What is known of an event in its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Same,
    Other,
}

impl<'a> Log<'a> {
    /// Gives that of a call of which nothing is known.
    pub(super) fn of(call: &'a str) -> Self {
        Self {
            call,
            ..Self::default()
        }
    }

    /// Gives the id of a packed one, which stands first.
    pub(super) fn id_of(bytes: &'a [u8]) -> &'a str {
        postcard::take_from_bytes(bytes).map_or("", |(id, _)| id)
    }

    pub(super) fn unpack(bytes: &'a [u8]) -> Self {
        // They were packed here, or come from a checkpoint whose checksum was right.
        postcard::from_bytes(bytes).unwrap_or_default()
    }

    pub(super) fn pack(&self) -> Box<[u8]> {
        // Plain data in memory: encoding it cannot fail.
        let bytes = postcard::to_allocvec(self).unwrap_or_default();
        bytes.into_boxed_slice()
    }

    /// Finds an event that arrived before, which its identity tells: hook and id.
    pub(super) fn find(&self, new: &New<'_>) -> Option<Known> {
        let same = |kept: &&Kept| kept.id == new.id && kept.hook == new.hook;
        let known = self.phases.iter().find(same)?;
        Some(if known.content == first_bytes(new.content) {
            Known::Same
        } else {
            Known::Other
        })
    }

    /// Appends a phase.
    pub(super) fn push(&mut self, new: &New<'a>) {
        let call = new.call;
        let said = Said {
            disposition: self.text(call.disposition.as_deref()),
            origin: self.text(call.origin.as_deref()),
            talk: call.talk_s.map(Elapsed::millis),
            wait: call.wait_s.map(Elapsed::millis),
            tags: call.tags.iter().map(|tag| self.text(Some(tag))).collect(),
            value: self.text(new.value),
            recording: self.text(call.recording.as_deref()),
            spam: call.spam,
        };
        let kept = Kept {
            at: call.at.0,
            phase: call.phase as u8,
            leg: self.text(call.leg.as_deref()),
            extension: self.text(call.extension.as_deref()),
            from: self.text(call.from.as_deref()),
            to: self.text(call.to.as_deref()),
            manager: new.manager,
            hook: new.hook,
            direction: call.direction.map_or(0, |direction| 1 + direction as u8),
            integrity: call.integrity as u8,
            seq: call.seq,
            said: (said != Said::default()).then_some(said),
            id: new.id,
            content: first_bytes(new.content),
            run: new.run,
            retracted: new.retracted,
            received_at: new.at.received_at.0,
            offset: new.at.offset,
        };
        self.phases.push(kept);
    }

    fn text(&mut self, text: Option<&'a str>) -> Text {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return 0;
        };
        let known = self.texts.iter().position(|known| *known == text);
        let place = known.unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        place as Text + 1
    }
}

impl Log<'_> {
    /// Gives a phase with its texts in their places.
    pub(super) fn step<'s>(&'s self, kept: &'s Kept, names: &'s Names) -> Step<'s> {
        let text = |place: Text| {
            let place = (place as usize).checked_sub(1)?;
            self.texts.get(place).copied()
        };
        let mut step = Step {
            at: kept.at,
            kind: member(kept.phase).unwrap_or(Phase::Tagged),
            leg: text(kept.leg),
            extension: text(kept.extension),
            manager: kept.manager.map(|name| names.text(name)),
            from: text(kept.from),
            to: text(kept.to),
            direction: kept.direction.checked_sub(1).and_then(member::<Direction>),
            hook: names.text(kept.hook),
            integrity: member(kept.integrity).unwrap_or(Integrity::Unverified),
            seq: kept.seq,
            id: kept.id,
            ..Step::default()
        };
        if let Some(said) = &kept.said {
            step.disposition = text(said.disposition);
            step.origin = text(said.origin);
            step.talk = said.talk.map(u64::cast_signed);
            step.wait = said.wait.map(u64::cast_signed);
            step.tags = said.tags.iter().filter_map(|tag| text(*tag)).collect();
            step.value = text(said.value).and_then(Decimal::parse);
            step.recording = text(said.recording);
            step.spam = said.spam;
        }
        step
    }

    /// Gives when the latest phase arrived, whatever became of it.
    pub(super) fn arrival(&self) -> Time {
        let last = self.phases.iter().map(|kept| kept.received_at).max();
        Time(last.unwrap_or_default())
    }

    /// Gives the time of its first phase, whatever became of it.
    pub(super) fn first_at(&self) -> Time {
        let times = self.phases.iter().map(|kept| kept.at);
        Time(times.min().unwrap_or_default())
    }
}

fn member<W: Word>(place: u8) -> Option<W> {
    W::ALL.get(usize::from(place)).copied()
}

fn first_bytes(content: u64) -> [u8; 4] {
    (content as u32).to_le_bytes()
}
