//! Contacts with one to four conversations on two channels, in which anything happens, often in
//! the same minute. Every event has an id, so its place is certain.

use e2e::clock::{DAY, HOUR, MINUTE, at};
use e2e::events::{Author, Change, Event, Message};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub(super) fn begin() -> i64 {
    at("2026-03-02T00:00:00Z")
}

pub(super) fn contacts(seed: u64, count: u32) -> Vec<Event> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut events = Vec::new();
    for contact in 0..count {
        let conversations = random.random_range(1..5);
        let mut now = begin() + random.random_range(0..3) * HOUR;
        for step in 0..45 {
            now += match random.random_range(0..40) {
                0..16 => 0,
                16..36 => random.random_range(1..40) * MINUTE,
                36..39 => random.random_range(1..4) * HOUR,
                _ => random.random_range(1..3) * DAY,
            };
            let conversation = random.random_range(0..conversations);
            let event = event(&mut random, [contact, conversation, step], now);
            events.push(event);
        }
    }
    events
}

fn event(random: &mut StdRng, [contact, conversation, step]: [u32; 3], at: i64) -> Event {
    let channel = if conversation % 2 == 0 {
        "web"
    } else {
        "whatsapp"
    };
    let name = format!("k{contact}-{conversation}");
    let manager = random
        .random_bool(0.9)
        .then(|| format!("manager-{}", random.random_range(0..4)));
    let kind = random.random_range(0..100);
    let change = match kind {
        80..86 => "closed",
        86..93 => "assigned",
        93.. => "handed_off",
        _ => {
            let author = match kind {
                0..34 => Author::Contact,
                34..56 => Author::Manager,
                56..74 => Author::Bot,
                74..77 => Author::System,
                _ => Author::Campaign,
            };
            // Some ids are numbers, whose order is another, and places cross those of the steps.
            let number = random.random_range(0..10_000) * 100 + step;
            let id = match random.random_range(0..3) {
                0 => format!("{number}"),
                1 => format!("m{number}"),
                _ => format!("{}x{step}", random.random_range(0..90)),
            };
            return Event::Message(Message {
                channel: channel.into(),
                conversation: name,
                contact: format!("p{contact}"),
                author,
                at,
                manager: manager.filter(|_| author == Author::Manager),
                id: Some(id),
                kind: None,
                private: false,
                expects_reply: author != Author::Contact || random.random_bool(0.9),
                chars: None,
            });
        }
    };
    Event::Change(Change {
        channel: channel.into(),
        conversation: name,
        change,
        at,
        manager,
        id: Some(format!(
            "{}-{contact}-{step}",
            random.random_range(0..1_000)
        )),
    })
}
