//! Whose an identity is, from all that was said: a function of the set of words.
//!
//! - A contact that was merged is part of the one named by its last merge, and so on; where that
//!   leads in a circle, the contact that the latest merge of the circle names survives.
//! - Of all that one survivor and its parts said of an identity the last word counts, and what was
//!   said before the survivor was deleted does not. Of several survivors that have it, it is whose
//!   word is the latest.

use compact_str::CompactString;
use hashbrown::HashMap;
use trunkline_model::time::Time;

use super::Contacts;
use super::word::{Identity, Said, Sort, Word};

/// Survivors found out during one gathering.
#[derive(Default)]
pub(super) struct Survivors(HashMap<CompactString, Survivor>);

/// Who a contact is after all merges.
#[derive(Clone)]
struct Survivor {
    contact: CompactString,
    /// The greatest offset of all that it depends on.
    changed: u64,
}

/// What the row of an identity says.
pub(super) struct Owned {
    /// Whose it is; none if it is nobody's.
    pub(super) contact: Option<CompactString>,
    pub(super) received_at: Time,
    /// The greatest offset of all that it depends on; it never becomes less.
    pub(super) changed: u64,
}

impl Contacts {
    /// Says whose an identity is; none if nothing was ever said of it.
    pub(super) fn owner(&self, key: &Identity, survivors: &mut Survivors) -> Option<Owned> {
        if key.sort == Sort::Contact {
            return self.owner_of_contact(key, survivors);
        }
        // The last word of each survivor.
        let mut last: HashMap<CompactString, Word> = HashMap::new();
        let mut owned: Option<Owned> = None;
        for place in self.known_by(key) {
            let (name, contact) = self.contact_at(place);
            let of = survivors.of(self, name);
            for word in &contact.words {
                let about = contact.about(word).filter(|_| word.said <= Said::HasNot);
                let Some(about) = about.filter(|about| self.is_known_as(about, key)) else {
                    continue;
                };
                let recut = match about.sort {
                    Sort::National => self.countries.since,
                    _ => 0,
                };
                let known = owned.get_or_insert(Owned {
                    contact: None,
                    received_at: word.received_at,
                    changed: 0,
                });
                known.changed = known.changed.max(word.changed).max(of.changed).max(recut);
                known.received_at = known.received_at.max(word.received_at);
                if word.retracted || about.key(self.countries.current).as_ref() != Some(key) {
                    continue;
                }
                let before = last.entry_ref(&of.contact).or_insert_with(|| word.clone());
                if before.order(word).is_lt() {
                    *before = word.clone();
                }
            }
        }
        let mut owned = owned?;
        let mut latest: Option<(Word, CompactString)> = None;
        for (survivor, word) in last {
            let gone = self
                .find(&survivor)
                .and_then(|place| self.contact_at(place).1.gone().cloned());
            let stands = gone.is_none_or(|gone| gone.order(&word).is_lt());
            let is_later = latest.as_ref().is_none_or(|(than, whose)| {
                than.order(&word).then_with(|| whose.cmp(&survivor)).is_lt()
            });
            if word.said == Said::Has && stands && is_later {
                latest = Some((word, survivor));
            }
        }
        owned.contact = latest.map(|(_, survivor)| survivor);
        Some(owned)
    }

    /// Who a merged contact is now; nobody else if its merges were taken back.
    fn owner_of_contact(&self, key: &Identity, survivors: &mut Survivors) -> Option<Owned> {
        let (_, contact) = self.contact_at(self.find(&key.text)?);
        let merges = contact
            .words
            .iter()
            .filter(|word| word.said == Said::PartOf);
        let received_at = merges.map(|word| word.received_at).max()?;
        let survivor = survivors.of(self, &key.text);
        Some(Owned {
            contact: (survivor.contact != key.text).then_some(survivor.contact),
            received_at,
            changed: survivor.changed,
        })
    }
}

impl Survivors {
    fn of(&mut self, contacts: &Contacts, name: &str) -> Survivor {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let found = follow(contacts, name);
        self.0.insert(CompactString::from(name), found.clone());
        found
    }
}

/// Follows the merges of a contact to their end.
fn follow(contacts: &Contacts, name: &str) -> Survivor {
    // The contacts on the way, each with the merge that leads on from it.
    let mut way: Vec<(CompactString, Word)> = Vec::new();
    let mut places: HashMap<CompactString, usize> = HashMap::new();
    let mut survivor = Survivor {
        contact: CompactString::from(name),
        changed: 0,
    };
    while let Some(place) = contacts.find(&survivor.contact) {
        if let Some(begin) = places.get(&survivor.contact) {
            let circle = way[*begin..].iter().enumerate();
            let latest = circle.max_by(|(_, one), (_, other)| {
                one.1.order(&other.1).then_with(|| one.0.cmp(&other.0))
            });
            let next = latest.map_or(0, |(place, _)| begin + place + 1);
            let (contact, _) = way.get(next).unwrap_or(&way[*begin]);
            survivor.contact.clone_from(contact);
            return survivor;
        }
        let (_, contact) = contacts.contact_at(place);
        let said = contact
            .words
            .iter()
            .filter(|word| word.said >= Said::PartOf);
        survivor.changed = said.fold(survivor.changed, |most, word| most.max(word.changed));
        let Some((word, into)) = contact.part_of() else {
            return survivor;
        };
        let into = CompactString::from(into);
        let name = std::mem::replace(&mut survivor.contact, into);
        places.insert(name.clone(), way.len());
        way.push((name, word.clone()));
    }
    survivor
}
