//! Real support conversations as events: `data/support-chats-a.csv`.
//!
//! A row with `direction` out is a manager's message, the manager being the company's account; a
//! row with in is the contact's own. The contact of an out row is the author of the conversation's
//! first in row (by time, then id), or the conversation's id where nobody ever wrote in. The
//! channel is `twitter`.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::clock::at;
use crate::events::{Author, Event, Message};

/// Reads all rows in file order.
pub fn real() -> Vec<Event> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/support-chats-a.csv");
    let mut reader = csv::Reader::from_path(&path).expect("the data file opens");
    let rows: Vec<Row> = reader
        .records()
        .map(|record| Row::of(&record.expect("a row")))
        .collect();
    let contacts = contacts(&rows);
    rows.into_iter()
        .map(|row| row.into_event(&contacts))
        .collect()
}

struct Row {
    message: String,
    conversation: String,
    author: String,
    outbound: bool,
    at: i64,
    chars: u32,
}

impl Row {
    fn of(record: &csv::StringRecord) -> Self {
        Self {
            message: record[0].into(),
            conversation: record[1].into(),
            author: record[2].into(),
            outbound: &record[3] == "out",
            at: at(&record[4]),
            chars: record[6].parse().expect("a number of characters"),
        }
    }

    fn into_event(self, contacts: &HashMap<String, String>) -> Event {
        let contact = if self.outbound {
            contacts
                .get(&self.conversation)
                .unwrap_or(&self.conversation)
                .clone()
        } else {
            self.author.clone()
        };
        Event::Message(Message {
            channel: "twitter".into(),
            conversation: self.conversation,
            contact,
            author: if self.outbound {
                Author::Manager
            } else {
                Author::Contact
            },
            at: self.at,
            manager: self.outbound.then_some(self.author),
            id: Some(self.message),
            kind: None,
            private: false,
            expects_reply: true,
            chars: Some(self.chars),
        })
    }
}

fn contacts(rows: &[Row]) -> HashMap<String, String> {
    let mut inbound: Vec<&Row> = rows.iter().filter(|row| !row.outbound).collect();
    inbound.sort_by_key(|row| (row.at, row.message.len(), &row.message));
    let mut contacts = HashMap::new();
    for row in inbound {
        contacts
            .entry(row.conversation.clone())
            .or_insert_with(|| row.author.clone());
    }
    contacts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_holds_what_its_readme_says() {
        assert_eq!(real().len(), 2_411);
    }
}
