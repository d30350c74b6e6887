//! Callers who turn out to be contacts: what is told of a phone number holds for its calls of all time.

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
}
