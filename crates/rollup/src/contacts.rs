//! Who is who: which contact a phone number, an e-mail address, an id on a channel or the id of a
//! merged contact belongs to (`metrics.md` §4, Contacts).
//!
//! What is kept is what was said, in the order of (`at`, id) whatever the order of arrival; whose an
//! identity is follows from all of it (`owner`) and holds for all time, also for the time before it
//! was said. A phone number is read with the country of the account that was told last.
//!
//! Contacts are kept packed, in parts that a checkpoint takes one by one; where each is and who is
//! known by what is found out from them. A row is made when it is gathered; one of an identity that
//! belongs to nobody any more is deleted. Its version is the greatest offset of what it depends on.

use std::collections::BTreeSet;

use compact_str::{CompactString, format_compact};
use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use trunkline_model::event::ContactChange;
use trunkline_model::settings::Country;
use trunkline_model::time::Time;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::facts::{IdentityFact, Rows};

mod owner;
#[cfg(test)]
mod tests;
mod word;

use owner::Survivors;
use word::{Contact, Identity, Said, Sort, Word};

/// The number of parts that a checkpoint takes one by one.
pub const PARTS: u8 = 64;

/// The contacts of an account.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    parts: Vec<Part>,
    /// Hash of a contact's id, and its place.
    places: HashTable<(u64, u32)>,
    /// Hash of an identity, and the place of a contact that was said to be known by it or, of a
    /// contact's id, to be part of it.
    known: HashTable<(u64, u32)>,
    countries: Countries,
    /// Whether `places` and `known` lack what came out of a checkpoint.
    is_unread: bool,
    /// Identities with rows to gather.
    dirty: BTreeSet<Identity>,
    /// Contacts of which all that leads to them has rows to gather.
    moved: BTreeSet<u32>,
    /// An offset not above that of the first record whose rows are to be gathered.
    since: Option<u64>,
}

/// Some of the contacts.
#[derive(Debug, Default)]
struct Part {
    list: Vec<Packed>,
    /// All records below this offset are in it already (it came out of a checkpoint).
    taken: u64,
}

/// A contact by its id, as bytes.
#[derive(Debug, Serialize, Deserialize)]
struct Packed {
    id: CompactString,
    bytes: Vec<u8>,
}

/// The countries that phone numbers were read with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Countries {
    /// Each once: rows may have been written with any of them.
    pub(crate) all: Vec<Option<Country>>,
    pub(crate) current: Option<Country>,
    /// Offset of the record that told it.
    pub(crate) since: u64,
}

/// A part in a checkpoint.
#[derive(Debug, Serialize)]
pub struct Kept<'a>(&'a [Packed]);

impl Kept<'_> {
    /// Says whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A part read from a checkpoint.
#[derive(Debug, Deserialize)]
pub struct Read(Vec<Packed>);

/// What became of an event about a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is known now.
    New,
    /// It was known already.
    Same,
    /// It is not about who is who.
    Other,
}

/// An event about a contact.
pub(crate) struct Event<'a> {
    pub(crate) change: &'a ContactChange<'a>,
    /// The hash that stands for an id.
    pub(crate) content: u64,
    pub(crate) offset: u64,
    pub(crate) received_at: Time,
}

impl Contacts {
    /// Hears an event; `taken_back` says whether one of this id was taken back before it came.
    pub(crate) fn hear(
        &mut self,
        event: &Event<'_>,
        taken_back: impl FnOnce(&str) -> bool,
    ) -> Heard {
        let Some(said) = word::said(event.change) else {
            return Heard::Other;
        };
        self.read();
        let name = &*event.change.contact;
        let part = part_of(name);
        let is_taken = |part: &Part| event.offset < part.taken;
        if said.is_empty() || self.parts.get(part).is_some_and(is_taken) {
            return Heard::New;
        }
        let id = match &event.change.id {
            Some(id) => CompactString::from(&**id),
            None => format_compact!("h:{:016x}", event.content),
        };
        let retracted = taken_back(&id);
        let place = self.place(name, part);
        let (_, mut contact) = self.contact_at(place);
        let mut heard = Heard::Same;
        for (said, identity) in said {
            let (about, is_new) = identity.map_or((0, false), |identity| contact.place(identity));
            if is_new {
                self.note_known(&contact.identities[about as usize], place);
            }
            let same = |known: &Word| {
                (known.at, &known.id, known.said, known.about)
                    == (event.change.at, &id, said, about)
            };
            if contact.words.iter().any(same) {
                continue;
            }
            heard = Heard::New;
            contact.words.push(Word {
                at: event.change.at,
                id: id.clone(),
                said,
                about,
                received_at: event.received_at,
                changed: event.offset,
                retracted,
            });
        }
        if heard == Heard::New {
            self.note(place, &contact, event.offset);
            self.keep(place, &contact);
        }
        heard
    }

    /// Takes back all words of events whose retraction `of` gives: its offset, of those from a
    /// part's first record on.
    pub(crate) fn take_back(&mut self, of: impl Fn(&str, u64) -> Option<u64>) {
        self.read();
        for place in self.all() {
            let taken = self.parts[place as usize % usize::from(PARTS)].taken;
            let (_, mut contact) = self.contact_at(place);
            let mut first = None;
            for word in contact.words.iter_mut().filter(|word| !word.retracted) {
                if let Some(offset) = of(&word.id, taken) {
                    (word.retracted, word.changed) = (true, offset);
                    first = Some(first.map_or(offset, |first: u64| first.min(offset)));
                }
            }
            if let Some(first) = first {
                self.note(place, &contact, first);
                self.keep(place, &contact);
            }
        }
    }

    /// Gives the contact that a phone number in E.164 belongs to.
    pub(crate) fn of_phone(&mut self, phone: &str) -> Option<CompactString> {
        self.of(&Identity::e164(phone))
    }

    /// Gives the contact that an id on a channel belongs to.
    pub(crate) fn on_channel(&mut self, channel: &str, id: &str) -> Option<CompactString> {
        self.of(&Identity::on_channel(channel, id))
    }

    /// Gives the contact that one became part of; none if of no other.
    pub(crate) fn survivor(&mut self, contact: &str) -> Option<CompactString> {
        self.of(&Identity::contact(contact))
    }

    fn of(&mut self, identity: &Identity) -> Option<CompactString> {
        if self.parts.is_empty() {
            return None;
        }
        self.read();
        self.owner(identity, &mut Survivors::default())?.contact
    }

    /// Reads phone numbers with these countries from now on.
    pub(crate) fn settle(&mut self, countries: Countries) {
        if self.countries == countries {
            return;
        }
        let since = countries.since;
        self.countries = countries;
        self.is_unread = true;
        self.read();
        self.note_national(since);
    }

    /// Counts what has rows to gather.
    pub(crate) fn dirty(&self) -> usize {
        self.dirty.len() + self.moved.len()
    }

    /// Gives an offset not above that of the first record whose rows are to be gathered.
    pub(crate) fn oldest_dirty(&self) -> Option<u64> {
        self.since
    }

    /// Shows changed rows, at most `limit`; gives how many.
    pub(crate) fn gather(
        &mut self,
        account: &str,
        generation: u64,
        limit: usize,
        rows: &mut impl Rows,
    ) -> usize {
        if self.since.is_none() {
            return 0;
        }
        self.read();
        self.follow_moved();
        let mut survivors = Survivors::default();
        let mut shown = 0;
        while shown < limit
            && let Some(key) = self.dirty.pop_first()
        {
            let Some(owned) = self.owner(&key, &mut survivors) else {
                continue;
            };
            rows.identity(&IdentityFact {
                account,
                kind: key.sort.as_str(),
                channel: &key.channel,
                identity: &key.text,
                contact: owned.contact.as_deref(),
                received_at: owned.received_at,
                version: generation << 48 | owned.changed,
            });
            shown += 1;
        }
        if self.dirty.is_empty() {
            self.since = None;
        }
        shown
    }

    /// Makes all rows changed by records from `offset` on be gathered again.
    pub(crate) fn rewind(&mut self, offset: u64) {
        self.read();
        for place in self.all() {
            let (_, contact) = self.contact_at(place);
            self.note(place, &contact, offset);
        }
        if self.countries.since >= offset {
            self.note_national(offset);
        }
    }

    /// Gives one of the [`PARTS`] parts for a checkpoint.
    pub(crate) fn part(&self, part: u8) -> Kept<'_> {
        let part = self.parts.get(usize::from(part));
        Kept(part.map_or(&[], |part| &part.list))
    }

    /// Restores a part, taken when all records below `taken` were in it. Nothing of it is dirty.
    pub(crate) fn restore(&mut self, part: u8, read: Read, taken: u64) {
        self.make_parts();
        self.parts[usize::from(part)] = Part {
            list: read.0,
            taken,
        };
        self.is_unread = true;
    }

    /// Restores the countries; nothing is dirty for them.
    pub(crate) fn restore_countries(&mut self, countries: Countries) {
        self.countries = countries;
        self.is_unread = true;
    }

    fn make_parts(&mut self) {
        if self.parts.is_empty() {
            self.parts.resize_with(usize::from(PARTS), Part::default);
        }
    }

    /// Finds out where contacts are and what they are known by, if that is not known.
    fn read(&mut self) {
        if !std::mem::take(&mut self.is_unread) {
            return;
        }
        self.places.clear();
        self.known.clear();
        for place in self.all() {
            let (name, contact) = self.contact_at(place);
            let hash = xxh3_64(name.as_bytes());
            self.places
                .insert_unique(hash, (hash, place), |known| known.0);
            for identity in &contact.identities {
                self.note_known(identity, place);
            }
        }
    }

    /// Walks over the places of all contacts.
    fn all(&self) -> Vec<u32> {
        let parts = (0..u32::from(PARTS)).zip(&self.parts);
        let of_part = |(part, of): (u32, &Part)| {
            let count = of.list.len() as u32;
            (0..count).map(move |index| index * u32::from(PARTS) + part)
        };
        parts.flat_map(of_part).collect()
    }

    /// Finds a contact.
    fn find(&self, name: &str) -> Option<u32> {
        let hash = xxh3_64(name.as_bytes());
        let is = |known: &(u64, u32)| known.0 == hash && self.packed(known.1).id == name;
        self.places.find(hash, is).map(|known| known.1)
    }

    /// Finds a contact, or makes it in its part.
    fn place(&mut self, name: &str, part: usize) -> u32 {
        if let Some(place) = self.find(name) {
            return place;
        }
        self.make_parts();
        let list = &mut self.parts[part].list;
        let place = list.len() as u32 * u32::from(PARTS) + part as u32;
        list.push(Packed {
            id: CompactString::from(name),
            bytes: Vec::new(),
        });
        let hash = xxh3_64(name.as_bytes());
        self.places
            .insert_unique(hash, (hash, place), |known| known.0);
        place
    }

    fn packed(&self, place: u32) -> &Packed {
        let (part, index) = (place % u32::from(PARTS), place / u32::from(PARTS));
        &self.parts[part as usize].list[index as usize]
    }

    /// Gives a contact and its id.
    fn contact_at(&self, place: u32) -> (&str, Contact) {
        let Packed { id, bytes } = self.packed(place);
        // Nothing but `keep` writes them; an empty one is of a contact that was just made.
        (id, postcard::from_bytes(bytes).unwrap_or_default())
    }

    fn keep(&mut self, place: u32, contact: &Contact) {
        let (part, index) = (place % u32::from(PARTS), place / u32::from(PARTS));
        // Plain data in memory: encoding it cannot fail.
        let mut bytes = postcard::to_allocvec(contact).unwrap_or_default();
        bytes.shrink_to_fit();
        self.parts[part as usize].list[index as usize].bytes = bytes;
    }

    /// Gives the identities under which one is found, with whatever country it is read.
    fn keys(&self, identity: &Identity) -> BTreeSet<Identity> {
        let current = [self.countries.current];
        let countries = self.countries.all.iter().chain(&current);
        match identity.sort {
            Sort::National => countries
                .filter_map(|country| identity.key(*country))
                .collect(),
            _ => [identity.clone()].into(),
        }
    }

    /// Whether an identity is found under a key.
    fn is_known_as(&self, identity: &Identity, key: &Identity) -> bool {
        match identity.sort {
            Sort::National => key.sort == Sort::Phone && self.keys(identity).contains(key),
            _ => identity == key,
        }
    }

    fn note_known(&mut self, identity: &Identity, place: u32) {
        for key in self.keys(identity) {
            let hash = hash(&key);
            self.known
                .insert_unique(hash, (hash, place), |known| known.0);
        }
    }

    /// Gives the contacts that were said to be known by an identity, and perhaps others.
    fn known_by(&self, key: &Identity) -> BTreeSet<u32> {
        let hash = hash(key);
        let all = self.known.iter_hash(hash);
        all.filter(|known| known.0 == hash)
            .map(|known| known.1)
            .collect()
    }

    /// Notes that rows are to be gathered because of words of a contact from offset `since` on.
    fn note(&mut self, place: u32, contact: &Contact, since: u64) {
        for word in contact.words.iter().filter(|word| word.changed >= since) {
            match contact.about(word) {
                Some(about) if word.said <= Said::HasNot => {
                    let keys = self.keys(about);
                    self.dirty.extend(keys);
                }
                _ => {
                    self.moved.insert(place);
                }
            }
        }
        self.note_since(since);
    }

    /// Notes from which offset on rows are to be gathered, if any are.
    fn note_since(&mut self, offset: u64) {
        if self.dirty() > 0 {
            self.since = Some(self.since.map_or(offset, |known| known.min(offset)));
        }
    }

    /// Notes that all phone numbers told without a country are to be gathered.
    fn note_national(&mut self, since: u64) {
        for place in self.all() {
            let (_, contact) = self.contact_at(place);
            for identity in contact
                .identities
                .iter()
                .filter(|of| of.sort == Sort::National)
            {
                let keys = self.keys(identity);
                self.dirty.extend(keys);
            }
        }
        self.note_since(since);
    }

    /// Marks all that leads to contacts that were merged or deleted.
    fn follow_moved(&mut self) {
        let mut reached = std::mem::take(&mut self.moved);
        let mut ahead: Vec<u32> = reached.iter().copied().collect();
        while let Some(place) = ahead.pop() {
            let (name, contact) = self.contact_at(place);
            let own = Identity::contact(name);
            let parts = self.known_by(&own);
            ahead.extend(parts.into_iter().filter(|part| reached.insert(*part)));
            let known = contact
                .identities
                .iter()
                .filter(|of| of.sort != Sort::Contact);
            let keys: Vec<_> = known.flat_map(|identity| self.keys(identity)).collect();
            self.dirty.extend(keys);
            if contact.was_merged() {
                self.dirty.insert(own);
            }
        }
    }
}

fn part_of(name: &str) -> usize {
    (xxh3_64(name.as_bytes()) % u64::from(PARTS)) as usize
}

fn hash(key: &Identity) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&[key.sort as u8]);
    hash.update(key.channel.as_bytes());
    hash.update(&[0]);
    hash.update(key.text.as_bytes());
    hash.digest()
}
