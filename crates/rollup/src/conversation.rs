//! One conversation: its timeline, its clock, and the rows made of them.
//!
//! An entry newer than all others moves the clock one step. A late one is put in its place and the
//! clock is run again from the last mark before it, beside the clock of before, until both agree:
//! exactly the rows whose samples changed are written anew, and a long conversation costs no more
//! than a short one.

use std::sync::Arc;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;

use crate::clock::{self, Clock};
use crate::facts::Samples;
use crate::names::Name;
use crate::plain;
use crate::rules::ChannelRules;
use crate::timeline::{Body, Entry, Message};

mod rows;

pub(crate) use rows::Context;

/// Entries between two marks; few in tests, so that short logs have some.
const MARK_EVERY: usize = if cfg!(test) { 4 } else { 64 };
/// The place of no contact.
const NOBODY: u32 = u32::MAX;
/// How many contacts of a conversation are compared before a new place is given.
const CONTACTS_LOOKED_AT: usize = 32;

/// One conversation of an account.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    /// 16-byte hash of channel and id, what it is found by.
    pub(crate) key: u128,
    pub(crate) channel: Name,
    /// Hash of the contact found last and his place: the others are seldom asked for.
    recent_contact: (u64, u32),
    clock: Clock,
    #[serde(with = "plain")]
    first_arrival: Time,
    #[serde(with = "plain")]
    last_arrival: Time,
    /// Offset of the last record that changed any row of it.
    changed: u64,
    /// All rows changed by records below this offset were gathered.
    #[serde(skip)]
    gathered: u64,
    /// No entry before this one was changed since.
    #[serde(skip)]
    untouched: u32,
    /// Whether it waits in the account's dirty list.
    #[serde(skip)]
    pub(crate) dirty: bool,
    entries: Vec<Entry>,
    /// The cycles before the clock's.
    past: Vec<clock::Cycle>,
    marks: Vec<Mark>,
    pub(crate) id: CompactString,
    /// Those its messages are from or to; as a rule one.
    contacts: Vec<Contact>,
}

/// Someone outside, with the hash that he is compared by.
#[derive(Debug, Serialize, Deserialize)]
struct Contact {
    hash: u64,
    id: Arc<str>,
}

/// Where the clock stood after some entries.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Mark {
    entries: u32,
    /// How many cycles were past.
    past: u32,
    clock: Clock,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    /// It is in the timeline now.
    New,
    /// It was there already.
    Same,
    /// Its id was there with other content.
    Other,
}

impl Conversation {
    /// Makes an empty conversation that has nothing to gather yet.
    pub(crate) fn new(key: u128, channel: Name, id: &str, received_at: Time) -> Self {
        Self {
            key,
            channel,
            recent_contact: (0, NOBODY),
            clock: Clock::default(),
            first_arrival: received_at,
            last_arrival: received_at,
            changed: 0,
            gathered: 0,
            untouched: 0,
            dirty: false,
            entries: Vec::new(),
            past: Vec::new(),
            marks: Vec::new(),
            id: CompactString::from(id),
            contacts: Vec::new(),
        }
    }

    /// Reads the end of its timeline.
    pub(crate) fn touch(&self) -> u64 {
        self.entries.last().map_or(0, |last| last.changed)
    }

    /// Puts an entry in its place. `window` is how long (in ms of arrival) ids are remembered
    /// elsewhere; older ones are looked up in the timeline itself.
    pub(crate) fn insert(
        &mut self,
        entry: Entry,
        rules: ChannelRules<'_>,
        window: i64,
    ) -> Inserted {
        let newest = self
            .entries
            .last()
            .is_none_or(|last| last.order(&entry).is_lt());
        let place = if newest {
            Err(self.entries.len())
        } else {
            self.place_of(&entry)
        };
        let place = match place {
            Ok(found) if self.says_the_same(&self.entries[found].body, &entry.body) => {
                return Inserted::Same;
            }
            Ok(_) => return Inserted::Other,
            Err(place) => place,
        };
        // Within the window an id that was seen is known elsewhere; here it may stand at another
        // time.
        if entry.received_at.since(self.first_arrival) >= window && self.knows_id(&entry) {
            return Inserted::Other;
        }
        self.changed = self.changed.max(entry.changed);
        self.last_arrival = entry.received_at;
        if newest {
            self.append(entry, rules);
        } else {
            self.insert_late(place, entry, rules);
        }
        Inserted::New
    }

    fn place_of(&self, entry: &Entry) -> Result<usize, usize> {
        self.entries.binary_search_by(|known| known.order(entry))
    }

    fn knows_id(&self, entry: &Entry) -> bool {
        let message = entry.body.message().is_some();
        let mut known = self.entries.iter();
        known.any(|known| known.id == entry.id && known.body.message().is_some() == message)
    }

    /// Compares what two entries say; a contact may stand in the list more than once.
    fn says_the_same(&self, known: &Body, new: &Body) -> bool {
        let (Body::Message(left), Body::Message(right)) = (known, new) else {
            return known == new;
        };
        let alike = Message {
            contact: left.contact,
            ..right.clone()
        };
        *left == alike && self.contact_at(left.contact) == self.contact_at(right.contact)
    }

    fn append(&mut self, entry: Entry, rules: ChannelRules<'_>) {
        self.past
            .extend(self.clock.step(&entry, rules.at(entry.at)).finished);
        make_room(&mut self.entries);
        self.entries.push(entry);
        if self.entries.len().is_multiple_of(MARK_EVERY) {
            self.marks.push(Mark {
                entries: self.entries.len() as u32,
                past: self.past.len() as u32,
                clock: self.clock.clone(),
            });
        }
    }

    fn insert_late(&mut self, place: usize, entry: Entry, rules: ChannelRules<'_>) {
        let offset = entry.changed;
        let mut old = self.run_to(place, rules);
        self.mark_before(place, &old);
        let mut new = old.clone();
        new.step(&entry, rules);
        let mut at = place;
        let mut next_mark = self
            .marks
            .partition_point(|mark| mark.entries as usize <= place);
        while at < self.entries.len() && !new.clock.goes_on_as(&old.clock) {
            let later = &mut self.entries[at];
            if old.step(later, rules) != new.step(later, rules) {
                later.changed = offset;
            }
            at += 1;
            if let Some(mark) = self.marks.get_mut(next_mark)
                && mark.entries as usize == at
            {
                *mark = new.mark(at + 1);
                next_mark += 1;
            }
        }
        if at == self.entries.len() {
            self.clock = new.clock.clone();
        }
        self.take_over(&old, new, next_mark);
        make_room(&mut self.entries);
        self.entries.insert(place, entry);
        self.untouched = self.untouched.min(place as u32);
    }

    /// Takes over the cycles of the `new` run up to where it goes on as the `old` one did; marks
    /// from `next_mark` on lie behind that.
    fn take_over(&mut self, old: &Run, new: Run, next_mark: usize) {
        let (was, is) = (old.past(), new.past());
        self.past.splice(old.before..was as usize, new.finished);
        for mark in &mut self.marks[next_mark..] {
            mark.entries += 1;
            mark.past = mark.past + is - was;
        }
        let Some(begun) = new.clock.cycle else { return };
        let same = self.marks[next_mark..]
            .iter_mut()
            .take_while(|mark| mark.past == is);
        let clocks = same.filter_map(|mark| mark.clock.cycle.as_mut());
        clocks.for_each(|cycle| cycle.begin_as(&begun));
        let cycle = match self.past.get_mut(is as usize) {
            Some(cycle) => Some(cycle),
            None => self.clock.cycle.as_mut(),
        };
        if let Some(cycle) = cycle {
            cycle.begin_as(&begun);
        }
    }

    /// Sets a mark before `place`, where `run` stands, if the last one is far.
    fn mark_before(&mut self, place: usize, run: &Run) {
        let before = self
            .marks
            .partition_point(|mark| mark.entries as usize <= place);
        let last = before
            .checked_sub(1)
            .map_or(0, |last| self.marks[last].entries);
        if place - last as usize >= MARK_EVERY {
            self.marks.insert(before, run.mark(place));
        }
    }

    /// Runs the clock over the entries before `place`, from the last mark there is.
    fn run_to(&self, place: usize, rules: ChannelRules<'_>) -> Run {
        let before = self
            .marks
            .partition_point(|mark| mark.entries as usize <= place);
        let mark = before
            .checked_sub(1)
            .map_or_else(Mark::default, |last| self.marks[last].clone());
        let from = mark.entries as usize;
        let mut run = Run {
            clock: mark.clock,
            before: mark.past as usize,
            finished: Vec::new(),
        };
        for earlier in &self.entries[from..place] {
            run.step(earlier, rules);
        }
        run.before += run.finished.len();
        run.finished.clear();
        run
    }

    /// Runs the clock anew because settings changed; says whether any figure did.
    pub(crate) fn refold(
        &mut self,
        before: ChannelRules<'_>,
        after: ChannelRules<'_>,
        offset: u64,
    ) -> bool {
        let mut old = Clock::default();
        let was = std::mem::take(&mut self.past);
        self.clock = Clock::default();
        self.marks.clear();
        let mut differs = false;
        for mut entry in std::mem::take(&mut self.entries) {
            let old_step = old.step(&entry, before.at(entry.at));
            let samples = self.clock.clone().step(&entry, after.at(entry.at)).samples;
            if old_step.samples != samples {
                entry.changed = offset;
                differs = true;
            }
            self.append(entry, after);
        }
        differs |= self.clock != old || self.past != was;
        if differs {
            self.changed = self.changed.max(offset);
            self.untouched = 0;
        }
        differs
    }

    /// Says whether rows changed by records from `offset` on may not be in ClickHouse, and
    /// remembers to gather them.
    pub(crate) fn rewind(&mut self, offset: u64) -> bool {
        self.gathered = self.gathered.min(offset);
        self.untouched = 0;
        self.changed >= offset
    }

    /// Takes all rows for gathered, after loading.
    pub(crate) fn forget_gathering(&mut self) {
        self.gathered = self.changed + 1;
        self.untouched = self.entries.len() as u32;
    }

    /// Gives the place of a contact in the list. Only the last few are looked through, so that a
    /// crowd in one conversation costs no more than its messages.
    pub(crate) fn contact_number(&mut self, hash: u64, id: &str) -> u32 {
        if self.recent_contact.0 == hash && self.recent_contact.1 != NOBODY {
            return self.recent_contact.1;
        }
        let mut known = self
            .contacts
            .iter()
            .enumerate()
            .rev()
            .take(CONTACTS_LOOKED_AT);
        let found = known
            .find(|(_, known)| known.hash == hash)
            .map(|(number, _)| number);
        let number = found.unwrap_or_else(|| {
            make_room(&mut self.contacts);
            self.contacts.push(Contact {
                hash,
                id: Arc::from(id),
            });
            self.contacts.len() - 1
        });
        self.recent_contact = (hash, number as u32);
        number as u32
    }

    fn contact_at(&self, number: u32) -> Arc<str> {
        let contact = self.contacts.get(number as usize);
        contact.map_or_else(|| Arc::from(""), |contact| Arc::clone(&contact.id))
    }
}

/// Makes room for one more, and little beyond: most conversations are short, and there are many.
fn make_room<T>(list: &mut Vec<T>) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 2).max(1));
    }
}

/// A clock on its way through the timeline, with the cycles it finished on the way.
#[derive(Clone, Debug)]
struct Run {
    clock: Clock,
    /// How many cycles were past when it set out.
    before: usize,
    finished: Vec<clock::Cycle>,
}

impl Run {
    fn step(&mut self, entry: &Entry, rules: ChannelRules<'_>) -> Samples {
        let step = self.clock.step(entry, rules.at(entry.at));
        self.finished.extend(step.finished);
        step.samples
    }

    fn past(&self) -> u32 {
        (self.before + self.finished.len()) as u32
    }

    fn mark(&self, entries: usize) -> Mark {
        Mark {
            entries: entries as u32,
            past: self.past(),
            clock: self.clock.clone(),
        }
    }
}
