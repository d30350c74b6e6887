//! What call tracking hears of events: visits, and which visitor is which caller.
//!
//! Forms and messages link by themselves, each until it is taken back. A lead links by what it comes to: who it names is asked
//! of the fold whenever a word of it was told or taken back.

use std::collections::BTreeMap;

use compact_str::CompactString;
use trunkline_calltracking::{Caller, LeadLink, Linked, Position as Place, Teller, Tracking};
use trunkline_model::event::{Event, Form, Message};
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;
use trunkline_model::time::Time;
use trunkline_rollup::entities::LeadPeople;
use trunkline_rollup::{Account, Told};

use super::place;

/// Leads of which something was told or taken back.
#[derive(Default)]
pub(super) struct Leads {
    named: BTreeMap<CompactString, Place>,
    /// The first record that took something back, maybe of any.
    retracted: Option<Place>,
    scratch: Vec<u8>,
}

/// Who is outside, and since when.
struct Outside<'a> {
    linked: Linked<'a>,
    since: Time,
    by: Teller<'a>,
}

impl Leads {
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
            Event::Message(it) => message(tracking, it, country, at),
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
        outside.is_phone(tracking, form.phone.as_deref(), country, at);
        if let Some(contact) = form.contact.as_deref() {
            outside.is_contact(tracking, contact, at);
        }
    }

    /// Tells call tracking whom the noted leads link as they stand.
    pub(super) fn settle(self, tracking: &mut Tracking, fold: &Account) {
        let mut due = self.named;
        if let Some(at) = self.retracted {
            for lead in tracking.linking_leads() {
                due.entry(lead).or_insert(at);
            }
        }
        for (lead, at) in due {
            fold.people_of_lead(&lead, |people| {
                tracking.lead(&lead, &links(people), at);
            });
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

fn message(tracking: &mut Tracking, message: &Message<'_>, country: Option<Country>, at: Place) {
    let linked = Linked {
        visitor: message.visitor.as_deref(),
        visit: message.visit.as_deref(),
    };
    if linked.is_nobody() {
        return;
    }
    let outside = Outside {
        linked,
        since: message.at,
        by: Teller {
            event: &message.effective_id(),
            run: message.batch.as_deref(),
            within: Some([&message.channel, &message.conversation]),
        },
    };
    let contact = &*message.contact;
    outside.is_phone(tracking, Some(contact), country, at);
    outside.is_contact(tracking, contact, at);
}

impl Outside<'_> {
    /// Links a visitor to a phone number, if it is one.
    fn is_phone(
        &self,
        tracking: &mut Tracking,
        phone: Option<&str>,
        country: Option<Country>,
        at: Place,
    ) {
        if let Some(phone) = phone.and_then(|phone| e164(phone, country)) {
            tracking.link(self.linked, Caller::Phone(&phone), self.since, self.by, at);
        }
    }

    fn is_contact(&self, tracking: &mut Tracking, contact: &str, at: Place) {
        tracking.link(
            self.linked,
            Caller::Contact(contact),
            self.since,
            self.by,
            at,
        );
    }
}
