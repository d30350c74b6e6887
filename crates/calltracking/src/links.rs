//! Which visitor of a site is which caller, as forms, leads and messages tell.
//!
//! A link keeps who told it: the event and the run of its import, or the lead of which it follows. What is taken back links
//! nobody, whether the retraction came before or after; a lead's links are told as a whole each time it changes, so those of
//! a corrected lead go.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::event::Retract;
use trunkline_model::time::Time;
use xxhash_rust::xxh3::Xxh3;

use crate::people::{Caller, Link, Side, Visitor};
use crate::tracking::{Position, Tracking};
use crate::visits::{id_hash, run_hash};

/// The site's side of a link: a visitor, a visit, or both.
#[derive(Clone, Copy, Debug, Default)]
pub struct Linked<'a> {
    /// The visitor.
    pub visitor: Option<&'a str>,
    /// The visit, whose visitor is meant.
    pub visit: Option<&'a str>,
}

impl Linked<'_> {
    /// Says whether nobody is named.
    pub const fn is_nobody(&self) -> bool {
        self.visitor.is_none() && self.visit.is_none()
    }
}

/// The event that tells a link, as a retraction names it.
#[derive(Clone, Copy, Debug)]
pub struct Teller<'a> {
    /// Its id, or what stands for it.
    pub event: &'a str,
    /// The run of its import.
    pub run: Option<&'a str>,
    /// Of a message its channel and its conversation: its id is unique there and no wider.
    pub within: Option<[&'a str; 2]>,
}

/// What links a visitor and a contact, of a lead as it stands.
#[derive(Clone, Copy, Debug)]
pub struct LeadLink<'a> {
    /// The site's side.
    pub linked: Linked<'a>,
    /// The contact.
    pub contact: &'a str,
    /// Since when both are known.
    pub since: Time,
}

/// Who told a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum By {
    /// An event, by hashes of its id, its run, its channel and its conversation.
    Event {
        id: u64,
        run: Option<u64>,
        within: Option<[u64; 2]>,
    },
    /// A lead, by a hash of its id.
    Lead(u64),
}

impl By {
    /// Comes before all others.
    pub(crate) const FIRST: Self = Self::Event {
        id: 0,
        run: None,
        within: None,
    };

    fn event(of: &Teller<'_>) -> Self {
        Self::Event {
            id: id_hash(of.event),
            run: of.run.map(run_hash),
            within: of.within.map(|within| within.map(id_hash)),
        }
    }

    /// Lists the hashes of who told it: of the event's id, wherever that is, and of the run.
    pub(crate) fn tellers(&self) -> impl Iterator<Item = u64> + use<> {
        let (id, run) = match *self {
            Self::Event { id, run, .. } => (Some(id), run),
            Self::Lead(_) => (None, None),
        };
        id.into_iter().chain(run)
    }

    /// Lists the hashes under which a retraction may name it.
    fn names(&self) -> impl Iterator<Item = u64> {
        let (ids, run) = match *self {
            Self::Event { id, run, within } => {
                let [channel, conversation] = within.map_or([None; 2], |within| within.map(Some));
                let places = [
                    [None, None],
                    [channel, None],
                    [None, conversation],
                    [channel, conversation],
                ];
                (Some(places.map(|place| named(id, place))), run)
            }
            Self::Lead(_) => (None, None),
        };
        ids.into_iter().flatten().chain(run)
    }
}

/// Hashes the id of an event with the channel and the conversation that it is named with.
fn named(id: u64, within: [Option<u64>; 2]) -> u64 {
    if within == [None; 2] {
        return id;
    }
    let mut hash = Xxh3::with_seed(3);
    hash.update(&id.to_le_bytes());
    for part in within {
        hash.update(&[u8::from(part.is_some())]);
        hash.update(&part.unwrap_or_default().to_le_bytes());
    }
    hash.digest()
}

/// Gives the hashes under which what a retraction names is known: an event, and a run.
pub(crate) fn taken_back(of: &Retract<'_>) -> [Option<u64>; 2] {
    let within = [of.channel.as_deref(), of.conversation.as_deref()];
    let within = within.map(|part| part.map(id_hash));
    let event = of.target.as_deref().map(|id| named(id_hash(id), within));
    [event, of.batch.as_deref().map(run_hash)]
}

impl Tracking {
    /// Hears that a visitor is a caller, since `since`.
    pub fn link(
        &mut self,
        linked: Linked<'_>,
        caller: Caller<'_>,
        since: Time,
        by: Teller<'_>,
        at: Position,
    ) {
        self.reach(at);
        for link in self.links_of(linked, caller, since, By::event(&by)) {
            if self.people.link(link) {
                self.mark_caller(link.caller, since.0, at.offset);
            }
        }
    }

    /// Hears all that links visitors and the contacts of a lead as it stands: what was told of it before and is not among
    /// it holds no more.
    pub fn lead(&mut self, lead: &str, links: &[LeadLink<'_>], at: Position) {
        self.reach(at);
        let by = By::Lead(id_hash(lead));
        let mut all = Vec::new();
        for link in links {
            all.extend(self.links_of(link.linked, Caller::Contact(link.contact), link.since, by));
        }
        all.sort_unstable();
        all.dedup();
        for link in self.people.set_lead(lead, all) {
            self.mark_caller(link.caller, link.at, at.offset);
        }
    }

    /// Lists the leads that link anybody.
    pub fn linking_leads(&self) -> Vec<CompactString> {
        self.people.leads().keys().cloned().collect()
    }

    fn links_of(
        &mut self,
        linked: Linked<'_>,
        caller: Caller<'_>,
        since: Time,
        by: By,
    ) -> Vec<Link> {
        let visitor = linked.visitor.map(|name| Visitor::of(name, self.seed));
        let visit = linked.visit.map(|visit| self.visits.hash(visit));
        if linked.is_nobody() {
            return Vec::new();
        }
        let caller = self.texts.people.number(&caller.text());
        let sides = visitor.map(Side::Visitor).into_iter();
        sides
            .chain(visit.map(Side::Visit))
            .map(|side| Link {
                caller,
                side,
                at: since.0,
                by,
            })
            .collect()
    }

    /// Marks the calls of those whom what is taken back linked.
    pub(crate) fn unlink(&mut self, of: &Retract<'_>, offset: u64) {
        let event = of.target.as_deref().map(id_hash);
        let run = of.batch.as_deref().map(run_hash);
        for teller in event.into_iter().chain(run) {
            for (caller, at) in self.people.told_by(teller) {
                self.mark_caller(caller, at, offset);
            }
        }
    }

    /// Says whether a link was taken back.
    pub(crate) fn is_unlinked(&self, link: &Link) -> bool {
        !self.retracted.is_empty() && link.by.names().any(|name| self.retracted.contains(&name))
    }
}
