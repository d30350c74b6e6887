//! What call tracking hears of events: visits, and which visitor is which caller.

use trunkline_calltracking::{Caller, Linked, Position as Place, Tracking};
use trunkline_model::event::Event;
use trunkline_model::phone::e164;
use trunkline_model::settings::Country;
use trunkline_model::time::Time;
use trunkline_rollup::Told;

use super::place;

/// Tells call tracking of an event that the fold observed.
pub(super) fn hear(tracking: &mut Tracking, told: &Told<'_>, country: Option<Country>) {
    let at = place(told.at);
    match told.event {
        Event::Visit(visit) => tracking.visit(visit, told.origin, at),
        Event::Retract(retract) => tracking.retract(retract, at),
        Event::Form(form) => {
            let linked = Linked {
                visitor: form.visitor.as_deref(),
                visit: form.visit.as_deref(),
            };
            link(
                tracking,
                linked,
                form.phone.as_deref(),
                country,
                form.at,
                at,
            );
            if let Some(contact) = form.contact.as_deref() {
                link_contact(tracking, linked, contact, form.at, at);
            }
        }
        Event::Lead(lead) => {
            let linked = Linked {
                visitor: lead.visitor.as_deref(),
                visit: lead.visit.as_deref(),
            };
            for contact in &lead.contacts {
                link_contact(tracking, linked, contact, lead.at, at);
            }
        }
        Event::Message(message) => {
            let linked = Linked {
                visitor: message.visitor.as_deref(),
                visit: message.visit.as_deref(),
            };
            let contact = &*message.contact;
            link(tracking, linked, Some(contact), country, message.at, at);
            link_contact(tracking, linked, contact, message.at, at);
        }
        _ => {}
    }
}

/// Links a visitor to a phone number, if it is one.
fn link(
    tracking: &mut Tracking,
    linked: Linked<'_>,
    phone: Option<&str>,
    country: Option<Country>,
    since: Time,
    at: Place,
) {
    if linked.is_nobody() {
        return;
    }
    if let Some(phone) = phone.and_then(|phone| e164(phone, country)) {
        tracking.link(linked, Caller::Phone(&phone), since, at);
    }
}

fn link_contact(
    tracking: &mut Tracking,
    linked: Linked<'_>,
    contact: &str,
    since: Time,
    at: Place,
) {
    if !linked.is_nobody() {
        tracking.link(linked, Caller::Contact(contact), since, at);
    }
}
