//! What call tracking hears of events: visits, and which visitor is which caller.
//!
//! Forms and messages link by themselves, each until it is taken back. A lead links by what it comes to: who it names is asked
//! of the fold whenever a word of it was told or taken back.

use std::collections::BTreeMap;
use std::mem;

use compact_str::CompactString;
use trunkline_calltracking::{Caller, LeadLink, Linked, Position as Place, Teller, Tracking};
use trunkline_model::event::{Event, Form, Message};
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;
use trunkline_model::time::Time;
use trunkline_rollup::entities::LeadPeople;
use trunkline_rollup::{Account, Told};

use super::place;

/// What is to be asked of the fold: leads of which something was told or taken back, and who is who.
#[derive(Default)]
pub(super) struct Heard {
    named: BTreeMap<CompactString, Place>,
    /// The first record that took something back, maybe of any.
    retracted: Option<Place>,
    /// Contacts, and ids on channels, that were linked: who they are now is asked of the fold.
    contacts: BTreeMap<CompactString, Place>,
    on_channels: BTreeMap<(CompactString, CompactString), Place>,
    scratch: Vec<u8>,
}

/// Who is outside, and since when.
struct Outside<'a> {
    linked: Linked<'a>,
    since: Time,
    by: Teller<'a>,
}

impl Heard {
    /// Tells call tracking of an event that the fold observed; leads are noted.
    pub(super) fn hear(
        &mut self,
        tracking: &mut Tracking,
        told: &Told<'_>,
        country: Option<Country>,
    ) {
        let at = place(told.at);
        match told.event {
            Event::Visit(visit) => tracking.visit(visit, told.origin, at),
            Event::Retract(retract) => {
                tracking.retract(retract, at);
                self.retracted.get_or_insert(at);
            }
            Event::Form(form) => self.form(tracking, (told.event, form), country, at),
            Event::Lead(lead) => {
                self.named.entry((&*lead.lead).into()).or_insert(at);
            }
            Event::Message(message) => self.message(tracking, message, at),
            _ => {}
        }
    }

    fn form(
        &mut self,
        tracking: &mut Tracking,
        (event, form): (&Event<'_>, &Form<'_>),
        country: Option<Country>,
        at: Place,
    ) {
        let linked = Linked {
            visitor: form.visitor.as_deref(),
            visit: form.visit.as_deref(),
        };
        if linked.is_nobody() {
            return;
        }
        // As the fold calls an event without an id.
        let content = || format!("h:{:016x}", event.content(&mut self.scratch, 0));
        let id = event.id().map_or_else(content, str::to_owned);
        let outside = Outside {
            linked,
            since: form.at,
            by: Teller {
                event: &id,
                run: form.batch.as_deref(),
                within: None,
            },
        };
        if let Some(phone) = form.phone.as_deref().and_then(|phone| e164(phone, country)) {
            outside.is(Caller::Phone(&phone), tracking, at);
        }
        if let Some(contact) = form.contact.as_deref() {
            outside.is(Caller::Contact(contact), tracking, at);
            self.contacts.entry(contact.into()).or_insert(at);
        }
    }

    fn message(&mut self, tracking: &mut Tracking, message: &Message<'_>, at: Place) {
        let linked = Linked {
            visitor: message.visitor.as_deref(),
            visit: message.visit.as_deref(),
        };
        if linked.is_nobody() {
            return;
        }
        let (channel, contact) = (&*message.channel, &*message.contact);
        let outside = Outside {
            linked,
            since: message.at,
            by: Teller {
                event: &message.effective_id(),
                run: message.batch.as_deref(),
                within: Some([channel, &message.conversation]),
            },
        };
        if let Some(phone) = phone_of(contact) {
            outside.is(Caller::Phone(&phone), tracking, at);
        }
        outside.is(Caller::Contact(contact), tracking, at);
        outside.is(Caller::OnChannel(channel, contact), tracking, at);
        self.contacts.entry(contact.into()).or_insert(at);
        let on_channel = (channel.into(), contact.into());
        self.on_channels.entry(on_channel).or_insert(at);
    }

    /// Tells call tracking whom the noted leads link as they stand, and who those who were linked are.
    pub(super) fn settle(mut self, tracking: &mut Tracking, fold: &mut Account) {
        let mut due = mem::take(&mut self.named);
        if let Some(at) = self.retracted {
            for lead in tracking.linking_leads() {
                due.entry(lead).or_insert(at);
            }
        }
        for (lead, at) in due {
            fold.people_of_lead(&lead, |people| {
                tracking.lead(&lead, &links(people), at);
                for (contact, _) in &people.contacts {
                    self.contacts.entry((*contact).into()).or_insert(at);
                }
            });
        }
        for (contact, at) in self.contacts {
            let survivor = fold.survivor_of(&contact);
            tracking.same_as(Caller::Contact(&contact), survivor.as_deref(), at);
        }
        for ((channel, id), at) in self.on_channels {
            let contact = fold.contact_on_channel(&channel, &id);
            tracking.same_as(Caller::OnChannel(&channel, &id), contact.as_deref(), at);
        }
    }
}

/// Lists whom a lead links: each side with each contact, since both are known.
fn links<'a>(people: &LeadPeople<'a>) -> Vec<LeadLink<'a>> {
    let visitor = people.visitor.map(|(visitor, since)| {
        let linked = Linked {
            visitor: Some(visitor),
            visit: None,
        };
        (linked, since)
    });
    let visit = people.visit.map(|(visit, since)| {
        let linked = Linked {
            visitor: None,
            visit: Some(visit),
        };
        (linked, since)
    });
    let sides = visitor.into_iter().chain(visit);
    let links = sides.flat_map(|(linked, side)| {
        let contacts = people.contacts.iter();
        contacts.map(move |(contact, since)| LeadLink {
            linked,
            contact,
            since: side.max(*since),
        })
    });
    links.collect()
}

impl Outside<'_> {
    fn is(&self, caller: Caller<'_>, tracking: &mut Tracking, at: Place) {
        tracking.link(self.linked, caller, self.since, self.by, at);
    }
}

/// Gives the phone number that an id is: with a `+`, or as WhatsApp writes it. Digits alone may be anything.
fn phone_of(id: &str) -> Option<String> {
    if id.starts_with('+') {
        return e164(id, None);
    }
    let (digits, host) = id.split_once('@')?;
    let is_number = matches!(host, "c.us" | "s.whatsapp.net")
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| e164(&format!("+{digits}"), None))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_digits_is_no_phone_number() {
        for id in ["612345678", "34612345678", "x@c.us", "a@b.example", "@c.us"] {
            assert_eq!(phone_of(id), None, "{id}");
        }
        for id in [
            "+34612345678",
            "34612345678@c.us",
            "34612345678@s.whatsapp.net",
        ] {
            assert_eq!(phone_of(id).as_deref(), Some("+34612345678"), "{id}");
        }
    }
}
