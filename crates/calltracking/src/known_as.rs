//! Callers who turn out to be contacts: what is told of a phone number holds for its calls of all time, and links of a
//! contact, or of an id on a channel, are those of the contact that it is now.

use crate::calls;
use crate::people::Caller;
use crate::tracking::{Position, Tracking};

impl Tracking {
    /// Hears whose a phone number is; none if it is nobody's any more.
    pub fn known_as(&mut self, phone: &str, contact: Option<&str>, at: Position) {
        self.reach(at);
        let Some(phone) = self.texts.people.find(&Caller::Phone(phone).text()) else {
            return;
        };
        let contact = contact.map(|contact| Caller::Contact(contact).text());
        let contact = contact.map(|text| self.texts.people.number(&text));
        for key in self.people.calls(phone).to_vec() {
            let before = self.calls.get(key.2).parties[1];
            if before == contact {
                continue;
            }
            self.disregard(key.2);
            if let Some(before) = before {
                calls::remove(self.people.calls_mut(before), key);
                self.mark_caller(before, key.0, at.offset);
            }
            if let Some(contact) = contact {
                calls::add(self.people.calls_mut(contact), key);
                self.mark_caller(contact, key.0, at.offset);
            }
            self.calls.get_mut(key.2).parties[1] = contact;
            self.mark(key, at.offset);
        }
    }

    /// Hears whose a contact that was merged is, or an id on a channel; none if nobody else's. Of who was linked to nobody
    /// nothing is kept.
    pub fn same_as(&mut self, told: Caller<'_>, contact: Option<&str>, at: Position) {
        self.reach(at);
        let Some(name) = self.texts.people.find(&told.text()) else {
            return;
        };
        let contact = contact.map(|contact| Caller::Contact(contact).text());
        let contact = contact.map(|text| self.texts.people.number(&text));
        let contact = contact.filter(|contact| *contact != name);
        if self.people.same(name) == contact {
            return;
        }
        // Of both, who it was and who it is.
        self.mark_caller(name, i64::MIN, at.offset);
        self.people.set_same(name, contact);
        self.mark_caller(name, i64::MIN, at.offset);
    }
}
