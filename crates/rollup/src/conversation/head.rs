//! The beginning of a conversation that is in ClickHouse alone, and the way there and back.

use serde::{Deserialize, Serialize};
use trunkline_model::event::Author;
use trunkline_model::time::Time;

use super::Conversation;
use super::block::Mark;
use crate::moment::Moment;
use crate::packed::Packed;
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::Entry;

/// What is kept of the entries that are in ClickHouse alone: as much as the conversation's own row
/// needs, and to know them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// How many they are, those taken back included.
    entries: u32,
    /// Offset of the last record that changed any row of the conversation before it shrank.
    changed: u64,
    /// When the last of them arrived: what arrived later is none of them.
    #[serde(with = "plain")]
    arrived: Time,
    /// Times of the first and of the last.
    #[serde(with = "plain")]
    began_at: Time,
    #[serde(with = "plain")]
    ended_at: Time,
    /// Times of the first and of the last that stand.
    pub(super) first_at: Moment,
    pub(super) standing_at: Moment,
    pub(super) contacts: Contacts,
}

/// Places in the list of contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contacts {
    /// The author of the first contact message.
    pub(super) author: Option<u32>,
    /// The contact of the first message.
    pub(super) any: Option<u32>,
}

/// What was read back is not what was written: retention or somebody has removed rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Torn;

impl Contacts {
    /// Completes them from entries that follow.
    pub(super) fn or(mut self, entries: impl Iterator<Item = Entry>) -> Self {
        for entry in entries {
            let Some(message) = entry.body.message() else {
                continue;
            };
            self.any.get_or_insert(message.contact);
            if message.author == Author::Contact {
                self.author = Some(message.contact);
                break;
            }
        }
        self
    }
}

impl Head {
    fn begin(first: &Entry) -> Self {
        Self {
            entries: 0,
            changed: 0,
            arrived: first.received_at,
            began_at: first.at,
            ended_at: first.at,
            first_at: Moment::NONE,
            standing_at: Moment::NONE,
            contacts: Contacts::default(),
        }
    }

    fn take(&mut self, entry: &Entry) {
        self.entries += 1;
        self.ended_at = entry.at;
        if entry.retracted {
            return;
        }
        self.first_at.set_if_none(entry.at);
        self.standing_at = entry.at.into();
        if self.contacts.author.is_none() {
            self.contacts = self.contacts.or(std::iter::once(entry.clone()));
        }
    }
}

impl Conversation {
    pub(super) fn head(&self) -> Option<&Head> {
        self.long.as_ref()?.head.as_ref()
    }

    /// Says whether it has entries that are in ClickHouse alone.
    pub(crate) fn is_shrunk(&self) -> bool {
        self.head().is_some()
    }

    /// Says whether it has no entry at all.
    pub(super) fn is_empty(&self) -> bool {
        self.tail.is_empty() && !self.is_shrunk()
    }

    /// Gives the times of the first and of the last entry that are in ClickHouse alone.
    pub(crate) fn head_span(&self) -> Option<(Time, Time)> {
        self.head().map(|head| (head.began_at, head.ended_at))
    }

    /// Says whether settings that differ from `from` on change what the head was folded with.
    pub(crate) fn head_reaches(&self, from: Time) -> bool {
        self.head().is_some_and(|head| head.ended_at >= from)
    }

    /// Says whether the place of an entry cannot be told without those that are in ClickHouse alone.
    pub(crate) fn needs_head(&self, entry: &Entry, window: i64) -> bool {
        self.head().is_some_and(|head| {
            !self.is_newest(entry) && (entry.at <= head.ended_at || self.outlives(window, entry))
        })
    }

    /// Says whether an entry read back is of the head: ClickHouse may hold later ones already, of
    /// records that are observed again after a restart.
    pub(crate) fn head_has(&self, at: Time, received_at: Time) -> bool {
        self.head()
            .is_some_and(|head| at <= head.ended_at && received_at <= head.arrived)
    }

    /// Gives the offset of the last record that changed what is in ClickHouse alone.
    pub(crate) fn head_changed(&self) -> Option<u64> {
        self.head().map(|head| head.changed)
    }

    /// Says whether it may shrink: its rows are in ClickHouse (all changed by records below
    /// `flushed` are), nothing arrived from `quiet` on, and its entries are older than `cold`.
    pub(crate) fn may_shrink(&self, flushed: u64, quiet: Time, cold: Time) -> bool {
        !self.dirty
            && !self.parked
            && self.changed < flushed
            && self.last_arrival < quiet
            && self.last_at < cold
    }

    /// Lets go of all entries, which are in ClickHouse, to be packed: the mark before the first block
    /// is left out, for [`Conversation::unfold`] knows it.
    pub(crate) fn shrink(&mut self) {
        let mut head = self.head().copied();
        for entry in self.entries() {
            head.get_or_insert_with(|| Head::begin(&entry)).take(&entry);
        }
        if let Some(head) = &mut head {
            (head.changed, head.arrived) = (self.changed, self.last_arrival);
        }
        let long = self.long.get_or_insert_default();
        long.blocks = Vec::new();
        long.before = Mark::default();
        long.head = head;
        self.tail = Packed::default();
        self.untouched = 0;
    }

    /// Completes a conversation that was packed: with no entry after the head, the clock stands at
    /// its end.
    pub(crate) fn unfold(&mut self) {
        let past = self.past().len() as u32;
        let clock = self.clock.clone();
        if let Some(long) = self.long.as_mut() {
            long.before = Mark { past, clock };
        }
        self.forget_gathering();
    }

    /// Takes back the entries of the head, in order, under the rules that it was folded with.
    pub(crate) fn make_whole(
        &mut self,
        head: &[Entry],
        rules: ChannelRules<'_>,
    ) -> Result<(), Torn> {
        let count = self.head().map_or(0, |head| head.entries);
        if head.len() != count as usize || !self.agrees(head, rules) {
            return Err(Torn);
        }
        let kept: Vec<Entry> = self.entries().collect();
        if let Some(long) = self.long.as_mut() {
            long.head = None;
            long.blocks.clear();
            long.before = Mark::default();
        }
        self.set_back();
        for entry in head.iter().chain(&kept) {
            self.append(entry, rules);
        }
        Ok(())
    }

    /// Says whether entries bring the clock to where it stood at the end of the head.
    fn agrees(&self, head: &[Entry], rules: ChannelRules<'_>) -> bool {
        let mut mark = Mark::default();
        for entry in head {
            let step = mark.clock.step(entry, rules.at(entry.at));
            mark.past += u32::from(step.finished.is_some());
        }
        let known = self.mark_before(0);
        known.past == mark.past && known.clock.is_but_for_contact(&mark.clock)
    }
}
