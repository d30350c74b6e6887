//! Events of leads, forms, spend and tags, and messages that tell a source.

use std::any::Any;

use trunkline_model::amount::Currency;
use trunkline_model::event::{
    Author, ContactChange, ContactChangeKind, Event, Form, Lead, Message, Spend,
};
use trunkline_model::shelf::{Shelf, Torn};
use trunkline_model::time::Time;

use super::retract::Within;
use super::{Account, Outcome, Position};
use crate::calls::{Context, effective_id};
use crate::entities::{
    self, Amount, KeptEntities, Key, LeadPeople, PartOfEntities, Said, Sources, Word,
};
use crate::names::Name;

/// Something said of an entity, when, and in which run of an import.
type Saying<'e> = (Key<'e>, Time, Option<&'e str>, Said<'e>);

impl Account {
    /// Observes a change of a lead.
    pub(super) fn lead(
        &mut self,
        event: &Event<'_>,
        lead: &Lead<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let cap = self.rules.managers_cap(at.offset);
        let (names, counted) = (&mut self.names, at.offset >= self.taken);
        let manager = lead.manager.as_deref();
        let manager = manager.map(|name| names.manager(name, cap, counted));
        let said = Said::Lead(Box::new(entities::Lead {
            change: lead.change,
            pipeline: lead.pipeline.as_deref(),
            stage: lead.stage.as_deref(),
            amount: lead.amount.map(Amount::of),
            currency: lead.currency.as_ref().map(Currency::as_str),
            manager,
            contacts: lead.contacts.iter().map(|contact| &**contact).collect(),
            company: lead.company.as_deref(),
            visit: lead.visit.as_deref(),
            visitor: lead.visitor.as_deref(),
            channel: lead.channel.as_deref(),
            into: lead.into.as_deref(),
            source: Sources::of(lead.source.as_deref()),
        }));
        let saying = (Key::Lead(&lead.lead), lead.at, lead.batch.as_deref(), said);
        self.say(event, saying, hook, at)
    }

    /// Observes a form.
    pub(super) fn form(
        &mut self,
        event: &Event<'_>,
        form: &Form<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let said = Said::Form(entities::Form {
            visit: form.visit.as_deref(),
            visitor: form.visitor.as_deref(),
            contact: form.contact.as_deref(),
            phone: form.phone.as_deref(),
            email: form.email.as_deref(),
            source: Sources::of(form.source.as_deref()),
        });
        let key = Key::Form(&form.form, form.at.0);
        let saying = (key, form.at, form.batch.as_deref(), said);
        self.say(event, saying, hook, at)
    }

    /// Observes a statement of what a day cost.
    pub(super) fn spend(
        &mut self,
        event: &Event<'_>,
        spend: &Spend<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let tags = [&spend.medium, &spend.campaign, &spend.content, &spend.term];
        let [medium, campaign, content, term] = tags.map(|tag| tag.as_deref().unwrap_or_default());
        let tags = [&*spend.source, medium, campaign, content, term];
        let said = Said::Spend(entities::Spend {
            amount: Amount::of(spend.amount),
            currency: spend.currency.as_str(),
        });
        // A day is not after 2100, which is before the end of what a `u16` counts.
        let key = Key::Spend(spend.date.number() as u16, tags);
        let saying = (key, spend.as_of, spend.batch.as_deref(), said);
        self.say(event, saying, hook, at)
    }

    /// Observes that a contact got or lost a tag; other changes wait for their room.
    pub(super) fn tag(
        &mut self,
        event: &Event<'_>,
        change: &ContactChange<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let tagged = match change.change {
            ContactChangeKind::Tagged => true,
            ContactChangeKind::Untagged => false,
            _ => return Outcome::Waiting,
        };
        let Some(tag) = change.tag.as_deref() else {
            return Outcome::Observed;
        };
        let key = Key::Tag(&change.contact, tag);
        let run = change.batch.as_deref();
        self.say(event, (key, change.at, run, Said::Tag(tagged)), hook, at)
    }

    fn say(
        &mut self,
        event: &Event<'_>,
        (key, said_at, run, said): Saying<'_>,
        hook: Option<Name>,
        at: Position,
    ) -> Outcome {
        let content = event.content(&mut self.scratch, 0);
        let id = effective_id(event, content);
        let run = run.map(|run| self.names.number(run));
        self.entities.insert(
            &key,
            Word {
                at: said_at.0,
                id: &id,
                hook,
                content: content as u32,
                run,
                retracted: self.retractions.take_back_call(&id, run, at.offset),
                received_at: at.received_at.0,
                offset: at.offset,
                said,
            },
        )
    }

    /// Keeps what a contact's message tells of where the contact came from, a source or a visit. It is
    /// no event of its own: what became of the message is found out elsewhere.
    pub(super) fn touch(&mut self, message: &Message<'_>, at: Position) {
        let source = Sources::of(message.source.as_deref());
        let tells = source.is_named() || message.visit.is_some() || message.visitor.is_some();
        if message.author != Author::Contact || !tells {
            return;
        }
        let id = message.effective_id();
        let run = message.batch.as_deref();
        let run = run.map(|run| self.names.number(run));
        let within = Within {
            channel: self.names.number(&message.channel),
            conversation: &message.conversation,
        };
        let word = Word {
            at: message.at.0,
            id: &id,
            hook: None,
            content: 0,
            run,
            retracted: self.retractions.take_back(&id, within, run, at.offset),
            received_at: at.received_at.0,
            offset: at.offset,
            said: Said::Touch(entities::Touch {
                contact: &message.contact,
                visit: message.visit.as_deref(),
                visitor: message.visitor.as_deref(),
                source,
            }),
        };
        let key = Key::Touch(within.channel, within.conversation, &id);
        self.entities.insert(&key, word);
    }

    /// Tells who a lead names as it stands, without what was taken back of it.
    pub fn people_of_lead<T>(&self, lead: &str, hear: impl FnOnce(&LeadPeople<'_>) -> T) -> T {
        let context = Context {
            account: &self.id,
            names: &self.names,
            rules: &self.rules,
            generation: 0,
        };
        self.entities.people_of_lead(lead, &context, hear)
    }

    /// Counts the leads, forms, statements, and whatever else is kept likewise: those whose words are in memory, and those
    /// that are cold.
    pub fn entities(&self) -> (usize, usize) {
        let cold = self.entities.cold();
        (self.entities.len() - cold, cold)
    }

    /// Takes the shelf on which they are to go cold. Fails if some that are cold cannot be there.
    pub fn shelve_entities(&mut self, shelf: Box<dyn Shelf>) -> Result<(), Torn> {
        self.entities.shelve(shelf)
    }

    /// Gives that shelf, if it is one of this kind.
    pub fn shelf_of_entities<S: Shelf>(&self) -> Option<&S> {
        let shelf: &dyn Any = self.entities.shelf()?;
        shelf.downcast_ref()
    }

    /// Gives that shelf likewise, to be changed.
    pub fn shelf_of_entities_mut<S: Shelf>(&mut self) -> Option<&mut S> {
        let shelf: &mut dyn Any = self.entities.shelf_mut()?;
        shelf.downcast_mut()
    }

    /// Measures the memory that they take, in bytes, without what the allocator adds.
    pub fn bytes_of_entities(&self) -> usize {
        self.entities.bytes()
    }

    /// Gives one of the [`PARTS`](crate::entities::PARTS) parts of them for a checkpoint.
    pub fn part_of_entities(&self, part: u8) -> PartOfEntities<'_> {
        self.entities.part(part)
    }

    /// Restores one part of them, taken when all records below `taken` were in it. Nothing of it is
    /// dirty: what ClickHouse lacks is told by [`Account::rewind`].
    pub fn restore_entities(&mut self, part: u8, entities: KeptEntities, taken: u64) {
        self.entities.restore(part, entities, taken);
    }
}
