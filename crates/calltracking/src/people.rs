//! Callers, and the visitors of sites that they are linked to.
//!
//! A caller is a phone number, a contact, or both. What is kept is who was told to be whom, and when; links by attribution
//! follow from the calls.

use std::collections::{BTreeMap, BTreeSet};

use compact_str::CompactString;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::calls::Key;
use crate::links::By;
use crate::names::Name;

/// Who calls, as a link names him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A phone number, as calls have it.
    Phone(&'a str),
    /// A contact.
    Contact(&'a str),
    /// Who has an id on a channel.
    OnChannel(&'a str, &'a str),
}

impl Caller<'_> {
    /// Gives the text by which the caller is numbered: kinds do not meet.
    pub(crate) fn text(self) -> CompactString {
        match self {
            Self::Phone(phone) => compact_str::format_compact!("p{phone}"),
            Self::Contact(contact) => compact_str::format_compact!("c{contact}"),
            // How long the channel is says where the id begins.
            Self::OnChannel(channel, id) => {
                compact_str::format_compact!("h{}:{channel}{id}", channel.len())
            }
        }
    }
}

/// A visitor by 80 bits of a hash of his name: of a billion two are the same once in two million such tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Visitor([u16; 5]);

impl Visitor {
    pub(crate) fn of(visitor: &str, seed: u64) -> Self {
        let hash = xxh3_128_with_seed(visitor.as_bytes(), seed);
        Self([0, 16, 32, 48, 64].map(|shift| (hash >> shift) as u16))
    }

    /// Gives a part of it as the hash that it is.
    pub(crate) const fn hash(self) -> u64 {
        let [a, b, c, d, _] = self.0;
        a as u64 | (b as u64) << 16 | (c as u64) << 32 | (d as u64) << 48
    }
}

/// The side of a link that is on the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Side {
    /// A visitor.
    Visitor(Visitor),
    /// The visitor of a visit, by a hash of its id: it may be told later.
    Visit(u64),
}

/// What was told of a visitor and a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) caller: Name,
    pub(crate) side: Side,
    pub(crate) at: i64,
    pub(crate) by: By,
}

/// What a checkpoint has of links.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptLinks {
    told: Vec<Link>,
    leads: BTreeMap<CompactString, Vec<Link>>,
    same: BTreeMap<Name, Name>,
}

/// Callers, and who was linked to them.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// The calls of each caller, in order, by the number of his name.
    calls: Vec<Vec<Key>>,
    /// Callers that were ever linked to a site's side.
    linked: HashMap<Side, BTreeSet<Name>, foldhash::fast::RandomState>,
    links: BTreeSet<Link>,
    /// Who was linked since when, by hashes of what told it.
    tellers: BTreeSet<(u64, Name, i64)>,
    /// The links of each lead that has any; they are among the links.
    leads: BTreeMap<CompactString, Vec<Link>>,
    /// Names of callers that are a contact's: of those it was merged from, and its ids on channels.
    same: BTreeMap<Name, Name>,
    /// The other way.
    names: HashMap<Name, BTreeSet<Name>, foldhash::fast::RandomState>,
    /// Calls that link their caller to the visitor of a visit.
    pub(crate) linking: BTreeSet<(Name, u32, Key)>,
    /// Calls of a caller on a number that came to visits.
    pub(crate) repeatable: BTreeSet<(Name, Name, Key)>,
}

/// Less than the key of any call.
const FIRST: Key = (i64::MIN, 0, 0);

impl People {
    /// Says whether a call before `key` links a caller to a visit's visitor.
    pub(crate) fn is_linking(&self, caller: Name, visit: u32, key: Key) -> bool {
        let before = (caller, visit, FIRST)..(caller, visit, key);
        self.linking.range(before).next().is_some()
    }

    /// Lists the visits to whose visitors a caller is linked by calls before `key`.
    pub(crate) fn linking(&self, caller: Name, key: Key) -> impl Iterator<Item = u32> {
        let own = self.linking.range((caller, 0, FIRST)..);
        let own = own.take_while(move |known| known.0 == caller);
        own.filter(move |known| known.2 < key).map(|known| known.1)
    }

    /// Gives the last call of a caller on a number before `key` that came to visits.
    pub(crate) fn repeatable(&self, caller: Name, number: Name, key: Key) -> Option<Key> {
        let before = (caller, number, FIRST)..(caller, number, key);
        self.repeatable
            .range(before)
            .next_back()
            .map(|known| known.2)
    }

    pub(crate) fn calls(&self, caller: Name) -> &[Key] {
        self.calls.get(caller.place()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn calls_mut(&mut self, caller: Name) -> &mut Vec<Key> {
        if self.calls.len() <= caller.place() {
            self.calls.resize_with(caller.place() + 1, Vec::new);
        }
        &mut self.calls[caller.place()]
    }

    /// Keeps a link; says whether it is new.
    pub(crate) fn link(&mut self, link: Link) -> bool {
        self.meet(link.side, link.caller);
        let tellers = link.by.tellers();
        self.tellers
            .extend(tellers.map(|teller| (teller, link.caller, link.at)));
        self.links.insert(link)
    }

    /// Notes that what is told of a side may matter to a caller.
    pub(crate) fn meet(&mut self, side: Side, caller: Name) {
        self.linked.entry(side).or_default().insert(caller);
    }

    /// Lists the callers to whom a side may matter.
    pub(crate) fn met(&self, side: Side) -> impl Iterator<Item = Name> {
        self.linked.get(&side).into_iter().flatten().copied()
    }

    /// Puts other links of a lead in the place of those it had; gives those that are new or gone.
    pub(crate) fn set_lead(&mut self, lead: &str, links: Vec<Link>) -> Vec<Link> {
        let before = self.leads.remove(lead).unwrap_or_default();
        let gone: Vec<Link> = before
            .into_iter()
            .filter(|it| !links.contains(it))
            .collect();
        for link in &gone {
            self.links.remove(link);
        }
        let mut changed = gone;
        changed.extend(links.iter().filter(|link| self.link(**link)));
        if !links.is_empty() {
            self.leads.insert(lead.into(), links);
        }
        changed
    }

    /// Gives the links of leads.
    pub(crate) fn leads(&self) -> &BTreeMap<CompactString, Vec<Link>> {
        &self.leads
    }

    /// Lists what was told of a caller until `at`.
    pub(crate) fn links_of(&self, caller: Name, at: i64) -> impl Iterator<Item = &Link> {
        let first = Link {
            caller,
            side: Side::Visitor(Visitor([0; 5])),
            at: i64::MIN,
            by: By::FIRST,
        };
        let own = self.links.range(first..);
        let own = own.take_while(move |link| link.caller == caller);
        own.filter(move |link| link.at <= at)
    }

    /// Lists who was linked since when by what an event or a run told.
    pub(crate) fn told_by(&self, teller: u64) -> Vec<(Name, i64)> {
        let own = self.tellers.range((teller, Name::FIRST, i64::MIN)..);
        let own = own.take_while(|known| known.0 == teller);
        own.map(|known| (known.1, known.2)).collect()
    }

    /// Gives what a checkpoint takes: the links that events tell, and those of leads.
    pub(crate) fn keep(&self) -> KeptLinks {
        let links = self.links.iter();
        let told = links.filter(|link| matches!(link.by, By::Event { .. }));
        KeptLinks {
            told: told.copied().collect(),
            leads: self.leads.clone(),
            same: self.same.clone(),
        }
    }

    /// Forgets what follows from visits and calls, and takes links.
    pub(crate) fn restore(&mut self, kept: KeptLinks) {
        *self = Self::default();
        for link in kept.told {
            self.link(link);
        }
        for (lead, links) in kept.leads {
            self.set_lead(&lead, links);
        }
        for (name, contact) in kept.same {
            self.set_same(name, Some(contact));
        }
    }

    /// Gives the contact whose a name is, if it is another's.
    pub(crate) fn same(&self, name: Name) -> Option<Name> {
        self.same.get(&name).copied()
    }

    /// Lists all names of a caller.
    pub(crate) fn names(&self, caller: Name) -> impl Iterator<Item = Name> {
        let names = self.names.get(&caller).into_iter().flatten();
        names.copied().chain([caller])
    }

    pub(crate) fn set_same(&mut self, name: Name, contact: Option<Name>) {
        if let Some(before) = self.same.remove(&name)
            && let Some(names) = self.names.get_mut(&before)
        {
            names.remove(&name);
        }
        if let Some(contact) = contact {
            self.same.insert(name, contact);
            self.names.entry(contact).or_default().insert(name);
        }
    }
}
