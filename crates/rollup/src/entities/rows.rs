//! Rows of entities out of their words.

use trunkline_model::phone::e164;
use trunkline_model::time::Time;

use super::lead::LeadPeople;
use super::log::{Form, Key, Log, Said, Word};
use crate::calls::Context;
use crate::facts::{FormFact, Rows, SourceFact, SpendFact, TagFact, TouchFact};
use crate::names::Name;

/// What rows are made of.
pub(super) struct Standing<'a> {
    pub(super) context: &'a Context<'a>,
    /// The words that were not taken back, in the order in which they were said.
    pub(super) words: Vec<&'a Word<'a>>,
    /// The time of the first word, whatever became of it.
    pub(super) first_at: Time,
    /// When the latest of all words arrived.
    pub(super) received_at: Time,
    pub(super) version: u64,
}

impl<'a> Standing<'a> {
    fn of(log: &'a Log<'a>, context: &'a Context<'a>, changed: u64) -> Self {
        let all = log.words.iter();
        let mut words: Vec<_> = all.clone().filter(|word| !word.retracted).collect();
        words.sort_by(|one, other| one.order(other, context.names));
        let first_at = all.clone().map(|word| word.at).min();
        let received_at = all.map(|word| word.received_at).max();
        Self {
            context,
            words,
            first_at: Time(first_at.unwrap_or_default()),
            received_at: Time(received_at.unwrap_or_default()),
            version: context.generation | changed,
        }
    }
}

/// Tells who a lead names.
pub(super) fn people<'a>(log: &'a Log<'a>, context: &'a Context<'a>) -> LeadPeople<'a> {
    Standing::of(log, context, 0).people()
}

/// Shows the rows of an entity that a record at `changed` changed last.
pub(super) fn show(log: &Log<'_>, context: &Context<'_>, changed: u64, rows: &mut impl Rows) {
    let entity = Standing::of(log, context, changed);
    match log.key {
        Key::Lead(lead) => entity.lead(lead, rows),
        Key::Form(form, at) => entity.form(form, Time(at), rows),
        Key::Spend(day, tags) => entity.spend(day, tags, rows),
        Key::Touch(channel, conversation, message) => {
            entity.touch(channel, [conversation, message], rows);
        }
        Key::Tag(contact, tag) => entity.tags(&log.words, [contact, tag], rows),
    }
}

impl Standing<'_> {
    /// Of each thing that a form tells the last word counts.
    fn form(&self, form: &str, at: Time, rows: &mut impl Rows) {
        let told = self.words.iter().filter_map(|word| match &word.said {
            Said::Form(form) => Some((word.run.is_some(), form)),
            _ => None,
        });
        let told: Vec<(bool, &Form<'_>)> = told.collect();
        let last = |of: for<'f> fn(&Form<'f>) -> Option<&'f str>| {
            let mut told = told.iter().rev();
            told.find_map(|(_, form)| of(form)).unwrap_or_default()
        };
        let typed = last(|form| form.phone).trim();
        let phone = e164(typed, self.context.rules.calls(at).country);
        let mut sources = told.iter().rev();
        let source = sources.find(|(_, form)| form.source.is_named());
        rows.form(&FormFact {
            account: self.context.account,
            form,
            at,
            visit: last(|form| form.visit),
            visitor: last(|form| form.visitor),
            contact: last(|form| form.contact),
            phone: phone.as_deref().unwrap_or(typed),
            known: phone.is_some(),
            email: &last(|form| form.email).trim().to_lowercase(),
            source: source.map_or_else(SourceFact::default, |(imported, form)| {
                form.source.fact(*imported)
            }),
            received_at: self.received_at,
            version: self.version,
            deleted: told.is_empty(),
        });
    }

    /// Words stand in the order of `as_of`, then of their ids: the last replaces the others.
    fn spend(&self, day: u16, tags: [&str; 5], rows: &mut impl Rows) {
        let row = SpendFact {
            account: self.context.account,
            day,
            tags,
            received_at: self.received_at,
            version: self.version,
            deleted: true,
            ..SpendFact::default()
        };
        rows.spend(&match self.words.last().map(|word| (word, &word.said)) {
            Some((word, Said::Spend(spend))) => SpendFact {
                amount: spend.amount.decimal(),
                currency: spend.currency,
                as_of: Time(word.at),
                deleted: false,
                ..row
            },
            _ => row,
        });
    }

    /// A message has one word, whatever it came through.
    fn touch(&self, channel: Name, [conversation, message]: [&str; 2], rows: &mut impl Rows) {
        let row = TouchFact {
            account: self.context.account,
            channel: self.context.names.text(channel),
            conversation,
            message,
            at: self.first_at,
            received_at: self.received_at,
            version: self.version,
            deleted: true,
            ..TouchFact::default()
        };
        rows.touch(&match self.words.first().map(|word| (word, &word.said)) {
            Some((word, Said::Touch(touch))) => TouchFact {
                contact: touch.contact,
                visit: touch.visit.unwrap_or_default(),
                visitor: touch.visitor.unwrap_or_default(),
                source: touch.source.fact(word.run.is_some()),
                deleted: false,
                ..row
            },
            _ => row,
        });
    }

    /// Shows a row for each word, a deleted one for a word that tells nothing new: who has a tag does not get it
    /// again, however often that is said. Two hooks that gave a word of the same id said the same.
    fn tags(&self, words: &[Word<'_>], [contact, tag]: [&str; 2], rows: &mut impl Rows) {
        let words = words.iter().filter_map(|word| match word.said {
            Said::Tag(tagged) => Some((word.at, word.id, tagged, word.received_at, word.retracted)),
            _ => None,
        });
        let mut words: Vec<_> = words.collect();
        words.sort_unstable();
        words.dedup_by_key(|(at, id, tagged, ..)| (*at, *id, *tagged));
        let mut has = None;
        for (at, id, tagged, received_at, retracted) in words {
            let deleted = retracted || has == Some(tagged);
            if !retracted {
                has = Some(tagged);
            }
            rows.tag(&TagFact {
                account: self.context.account,
                contact,
                tag,
                at: Time(at),
                id,
                tagged,
                received_at: Time(received_at),
                version: self.version,
                deleted,
            });
        }
    }
}
