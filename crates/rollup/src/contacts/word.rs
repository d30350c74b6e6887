//! What events say of a contact, one word each, and what a contact is known by.

use std::cmp::Ordering;

use compact_str::{CompactString, ToCompactString};
use serde::{Deserialize, Serialize};
use trunkline_model::event::{ContactChange, ContactChangeKind};
use trunkline_model::order::compare_ids;
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;
use trunkline_model::time::Time;

use crate::plain;

/// Digits that a phone number has at least; what is shorter is an extension or a service number.
const DIGITS: usize = 7;

/// What sort of thing a contact is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Sort {
    /// A phone number in E.164.
    Phone,
    /// A phone number as it was told: what it is depends on the account's country.
    National,
    /// An e-mail address in lower case.
    Email,
    /// An id on a channel.
    Channel,
    /// The id of a contact: before a merge in a row, after it in a word.
    Contact,
}

impl Sort {
    /// Gives the word in the column `kind`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Phone | Self::National => "phone",
            Self::Email => "email",
            Self::Channel => "channel",
            Self::Contact => "contact",
        }
    }
}

/// What a contact is known by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) sort: Sort,
    /// The channel of an id on a channel; else empty.
    pub(super) channel: CompactString,
    pub(super) text: CompactString,
}

impl Identity {
    fn new(sort: Sort, text: &str) -> Self {
        Self {
            sort,
            channel: CompactString::default(),
            text: CompactString::from(text),
        }
    }

    /// Makes that of a contact's own id.
    pub(super) fn contact(id: &str) -> Self {
        Self::new(Sort::Contact, id)
    }

    /// Makes that of an id on a channel.
    pub(super) fn on_channel(channel: &str, id: &str) -> Self {
        Self {
            channel: CompactString::from(channel),
            ..Self::new(Sort::Channel, id)
        }
    }

    /// Makes that of a phone number in E.164.
    pub(super) fn e164(number: &str) -> Self {
        Self::new(Sort::Phone, number)
    }

    /// Reads a phone number; none if it can be none in any country.
    fn phone(told: &str) -> Option<Self> {
        let told = told.trim();
        if told.starts_with('+') {
            return e164(told, None).map(|number| Self::new(Sort::Phone, &number));
        }
        let digits = told.bytes().filter(u8::is_ascii_digit).count();
        (digits >= DIGITS).then(|| Self::new(Sort::National, told))
    }

    fn email(told: &str) -> Option<Self> {
        let told = told.trim();
        let is = told.contains('@');
        is.then(|| Self::new(Sort::Email, &told.to_lowercase()))
    }

    /// Gives the identity under which it is found where national numbers are those of `country`;
    /// none if it is no number there.
    pub(super) fn key(&self, country: Option<Country>) -> Option<Self> {
        match self.sort {
            Sort::National => {
                e164(&self.text, country).map(|number| Self::new(Sort::Phone, &number))
            }
            _ => Some(self.clone()),
        }
    }
}

/// What is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Said {
    /// The contact is known by the identity.
    Has,
    /// It no longer is.
    HasNot,
    /// It became part of the contact that the identity names.
    PartOf,
    /// It was deleted.
    Gone,
}

/// One word of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Word {
    /// When it was said (the sender's clock).
    #[serde(with = "plain")]
    pub(super) at: Time,
    /// The event's id, or the hash that stands for it.
    pub(super) id: CompactString,
    pub(super) said: Said,
    /// The place of the identity in its contact's list; 0 for [`Said::Gone`].
    pub(super) about: u32,
    /// When it arrived (our clock).
    #[serde(with = "plain")]
    pub(super) received_at: Time,
    /// Offset of the last record that changed it.
    pub(super) changed: u64,
    /// Whether it was taken back.
    pub(super) retracted: bool,
}

impl Word {
    /// Compares when words were said: by time, then by id.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let ids = || compare_ids(&self.id, &other.id);
        let times = self.at.cmp(&other.at).then_with(ids);
        times.then_with(|| self.said.cmp(&other.said))
    }
}

/// All that is known of one contact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contact {
    /// What it was ever known by, and the contacts that it was ever said to be part of.
    pub(super) identities: Vec<Identity>,
    /// In no order.
    pub(super) words: Vec<Word>,
}

impl Contact {
    /// Gives the place of an identity in the list, and whether it is new there.
    pub(super) fn place(&mut self, identity: Identity) -> (u32, bool) {
        let known = self.identities.iter().position(|known| *known == identity);
        let place = known.unwrap_or_else(|| {
            self.identities.push(identity);
            self.identities.len() - 1
        });
        (place as u32, known.is_none())
    }

    /// Gives what a word is about.
    pub(super) fn about(&self, word: &Word) -> Option<&Identity> {
        self.identities.get(word.about as usize)
    }

    /// Gives the last word by which it became part of another contact, and that contact.
    pub(super) fn part_of(&self) -> Option<(&Word, &str)> {
        let merges = self.words.iter().filter(|word| word.said == Said::PartOf);
        let standing = merges.filter(|word| !word.retracted);
        let into = standing.filter_map(|word| Some((word, self.about(word)?.text.as_str())));
        into.max_by(|one, other| one.0.order(other.0).then_with(|| one.1.cmp(other.1)))
    }

    /// Gives the last word by which it was deleted.
    pub(super) fn gone(&self) -> Option<&Word> {
        let gone = self.words.iter().filter(|word| word.said == Said::Gone);
        let standing = gone.filter(|word| !word.retracted);
        standing.max_by(|one, other| one.order(other))
    }

    /// Whether it was ever said to be part of another.
    pub(super) fn was_merged(&self) -> bool {
        self.words.iter().any(|word| word.said == Said::PartOf)
    }
}

/// Gives what a change says, with what it says it about; none if it is of those that wait for their
/// room.
pub(super) fn said(change: &ContactChange<'_>) -> Option<Vec<(Said, Option<Identity>)>> {
    let said = match change.change {
        ContactChangeKind::Created | ContactChangeKind::Updated | ContactChangeKind::Linked => {
            Said::Has
        }
        ContactChangeKind::Unlinked => Said::HasNot,
        ContactChangeKind::Merged => {
            let into = change
                .into
                .as_deref()
                .filter(|into| *into != &*change.contact);
            let words = into.map(|into| (Said::PartOf, Some(Identity::contact(into))));
            return Some(words.into_iter().collect());
        }
        ContactChangeKind::Deleted => return Some(vec![(Said::Gone, None)]),
        ContactChangeKind::Tagged
        | ContactChangeKind::Untagged
        | ContactChangeKind::Assigned
        | ContactChangeKind::State => return None,
    };
    let phone = change.phone.as_deref().and_then(Identity::phone);
    let email = change.email.as_deref().and_then(Identity::email);
    let pair = change.channel.as_ref().zip(change.channel_contact.as_ref());
    let channel = pair.map(|(channel, contact)| Identity {
        channel: channel.to_compact_string(),
        ..Identity::new(Sort::Channel, contact)
    });
    let identities = [phone, email, channel].into_iter().flatten();
    Some(identities.map(|identity| (said, Some(identity))).collect())
}
