//! Whose an identity is, against the rules of `metrics.md` §4 worked out by hand, and against a
//! reference that knows all words at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use trunkline_model::event::Event;
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;

use super::PARTS;
use crate::account::{Account, Config, Outcome, Position};
use crate::facts::{ChangeFact, ConversationFact, IdentityFact, MessageFact, Rows};

/// What ClickHouse would hold: of each identity the row of the highest version.
#[derive(Clone, Default)]
struct Table {
    rows: BTreeMap<(String, String, String), (u64, Option<String>)>,
    written: usize,
}

impl Rows for Table {
    fn message(&mut self, _: &MessageFact<'_>) {}

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, _: &ConversationFact<'_>) {}

    fn identity(&mut self, fact: &IdentityFact<'_>) {
        let key = [fact.kind, fact.channel, fact.identity].map(str::to_owned);
        let row = (fact.version, fact.contact.map(str::to_owned));
        let held = self.rows.entry(key.into()).or_insert_with(|| row.clone());
        if held.0 <= row.0 {
            *held = row;
        }
        self.written += 1;
    }
}

impl Table {
    /// What belongs to somebody, as `kind channel identity` to contact.
    fn owned(&self) -> BTreeMap<String, String> {
        let standing = self
            .rows
            .iter()
            .filter_map(|((kind, channel, identity), row)| {
                Some((format!("{kind} {channel} {identity}"), row.1.clone()?))
            });
        standing.collect()
    }
}

struct Fold {
    account: Account,
    offset: u64,
    table: Table,
}

impl Fold {
    fn new() -> Self {
        let config = Config {
            window: 10_000,
            seed: 7,
        };
        Self {
            account: Account::new(Arc::from("acme"), config),
            offset: 0,
            table: Table::default(),
        }
    }

    fn at(&mut self) -> Position {
        self.offset += 1;
        Position {
            offset: self.offset - 1,
            received_at: Time(self.offset as i64 * 1000),
        }
    }

    fn tell(&mut self, raw: &str) -> Outcome {
        let at = self.at();
        let event = Event::parse(raw).unwrap_or_else(|refusal| panic!("{refusal}: {raw}"));
        self.account.observe(&event, "api", at)
    }

    fn country(&mut self, country: &str) {
        let rules = format!(r#"{{"bot_replies":"clear","cycle_gaps":{{}},"country":{country}}}"#);
        let rules: FoldRules = serde_json::from_str(&rules).unwrap();
        let at = self.at();
        self.account.settings(rules, at);
    }

    fn flush(&mut self) {
        while self.account.dirty() > 0 {
            self.account.gather(1, 2, &mut self.table);
        }
        assert_eq!(self.account.oldest_dirty(), None);
    }

    fn owned(&mut self) -> BTreeMap<String, String> {
        self.flush();
        self.table.owned()
    }

    /// Gives what a checkpoint, taken now, comes back as.
    fn restored(&self) -> Self {
        let mut again = Self::new();
        again.offset = self.offset;
        for part in 0..PARTS {
            let read = from_bytes(&bytes(&self.account.contacts(part)));
            again.account.restore_contacts(part, read, self.offset);
        }
        let ledger = from_bytes(&bytes(&self.account.ledger()));
        again.account.restore_ledger(ledger, self.offset);
        again.table = self.table.clone();
        again
    }
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap()
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> T {
    postcard::from_bytes(bytes).unwrap()
}

/// An event `id` of a contact, so many minutes after ten.
fn event(id: u32, minute: u32, contact: &str, rest: &str) -> String {
    format!(
        r#"{{"type":"contact","id":"{id}","contact":"{contact}","at":"2026-03-02T10:{minute:02}:00Z",{rest}}}"#
    )
}

fn rows(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = list
        .iter()
        .map(|(key, of)| ((*key).to_owned(), (*of).to_owned()));
    owned.collect()
}

#[test]
fn a_contact_is_known_by_what_it_was_told_to_have() {
    let mut fold = Fold::new();
    fold.country("\"ES\"");
    let has = r#""change":"created","phone":"911 22 23 33","email":" Ana@Shop.Example ""#;
    assert_eq!(fold.tell(&event(1, 0, "c1", has)), Outcome::Observed);
    let linked = r#""change":"linked","channel":"whatsapp","channel_contact":"34600""#;
    fold.tell(&event(2, 1, "c1", linked));
    fold.tell(&event(
        3,
        1,
        "c2",
        r#""change":"updated","phone":"anonymous""#,
    ));
    let expected = [
        ("phone  +34911222333", "c1"),
        ("email  ana@shop.example", "c1"),
        ("channel whatsapp 34600", "c1"),
    ];
    assert_eq!(fold.owned(), rows(&expected));
}

#[test]
fn the_last_word_of_a_phone_says_whose_it_is_and_unlinking_gives_it_back() {
    let mut fold = Fold::new();
    let has = |change: &str| format!(r#""change":"{change}","phone":"+34911222333""#);
    fold.tell(&event(1, 1, "c1", &has("linked")));
    fold.tell(&event(2, 3, "c2", &has("linked")));
    assert_eq!(fold.owned(), rows(&[("phone  +34911222333", "c2")]));
    fold.tell(&event(3, 4, "c2", &has("unlinked")));
    assert_eq!(fold.owned(), rows(&[("phone  +34911222333", "c1")]));
    // Told late: c1 lost it before c2 was given it, and c2 has lost it since.
    fold.tell(&event(4, 2, "c1", &has("unlinked")));
    assert_eq!(fold.owned(), rows(&[]));
}

#[test]
fn what_was_merged_is_the_survivors_for_all_time() {
    let mut fold = Fold::new();
    let phone = |last: u8| format!(r#""change":"linked","phone":"+3491122233{last}""#);
    let into = |to: &str| format!(r#""change":"merged","into":"{to}""#);
    fold.tell(&event(1, 1, "c1", &phone(1)));
    fold.tell(&event(2, 2, "c1", &into("c2")));
    fold.tell(&event(3, 3, "c2", &into("c3")));
    // The provider deletes what it merged: that takes nothing away.
    fold.tell(&event(4, 4, "c1", r#""change":"deleted""#));
    fold.tell(&event(5, 5, "c1", &phone(2)));
    let expected = [
        ("contact  c1", "c3"),
        ("contact  c2", "c3"),
        ("phone  +34911222331", "c3"),
        ("phone  +34911222332", "c3"),
    ];
    assert_eq!(fold.owned(), rows(&expected));
    // The merge is taken back: c1 is no part of another, so that its deletion counts, and only what
    // it was told to have later stands.
    fold.tell(r#"{"type":"retract","target":"2","at":"2026-03-02T11:00:00Z"}"#);
    let expected = [("contact  c2", "c3"), ("phone  +34911222332", "c1")];
    assert_eq!(fold.owned(), rows(&expected));
}

#[test]
fn where_merges_lead_in_a_circle_the_one_that_the_latest_names_survives() {
    let mut fold = Fold::new();
    let into = |to: &str| format!(r#""change":"merged","into":"{to}""#);
    fold.tell(&event(9, 9, "c0", &into("c2")));
    fold.tell(&event(1, 1, "c1", &into("c2")));
    fold.tell(&event(3, 3, "c3", &into("c1")));
    fold.tell(&event(2, 2, "c2", &into("c3")));
    let expected = ["c0", "c2", "c3"].map(|from| (format!("contact  {from}"), "c1".to_owned()));
    assert_eq!(fold.owned(), expected.into());
}

#[test]
fn what_is_not_about_who_is_who_waits_for_its_room() {
    let mut fold = Fold::new();
    for rest in [
        r#""change":"assigned","manager":"ana""#,
        r#""change":"state","state":"won""#,
    ] {
        assert_eq!(
            fold.tell(&event(1, 1, "c1", rest)),
            Outcome::Waiting,
            "{rest}"
        );
        fold = Fold::new();
    }
    assert_eq!(
        fold.tell(&event(1, 1, "c1", r#""change":"created""#)),
        Outcome::Observed
    );
    assert_eq!(fold.owned(), rows(&[]));
}

#[test]
fn only_rows_that_an_event_concerns_are_written() {
    let mut fold = Fold::new();
    for number in 10..60 {
        let has = format!(r#""change":"created","phone":"+349112223{number}""#);
        fold.tell(&event(number, 0, &format!("c{number}"), &has));
    }
    fold.flush();
    let before = fold.table.written;
    fold.tell(&event(1, 1, "c10", r#""change":"merged","into":"c11""#));
    fold.flush();
    // The phone of the merged one, and the merged one.
    assert_eq!(fold.table.written - before, 2);
    // Told again long after identities are forgotten.
    fold.offset += 1000;
    let again = event(1, 1, "c10", r#""change":"merged","into":"c11""#);
    assert_eq!(fold.tell(&again), Outcome::Duplicate);
    assert_eq!(fold.account.dirty(), 0);
}

#[test]
fn another_country_reads_all_numbers_anew() {
    let mut fold = Fold::new();
    fold.tell(&event(
        1,
        1,
        "c1",
        r#""change":"created","phone":"911222333""#,
    ));
    fold.tell(&event(
        2,
        1,
        "c2",
        r#""change":"created","phone":"+16502530000""#,
    ));
    assert_eq!(fold.owned(), rows(&[("phone  +16502530000", "c2")]));
    fold.country("\"ES\"");
    let spanish = [("phone  +16502530000", "c2"), ("phone  +34911222333", "c1")];
    assert_eq!(fold.owned(), rows(&spanish));
    fold.country("\"US\"");
    assert_eq!(fold.owned(), rows(&[("phone  +16502530000", "c2")]));
    // What ClickHouse lost of it is written again, the row that is nobody's any more included.
    let mut again = fold.restored();
    again.account.rewind(2);
    again.table.rows.clear();
    assert_eq!(again.owned(), rows(&[]));
    assert_eq!(again.table.rows.len(), 1, "the row is there, and deleted");
}

const PHONES: [(&str, &str); 3] = [
    ("911222331", "+34911222331"),
    ("+34 911 222 331", "+34911222331"),
    ("0034911222332", "+34911222332"),
];

/// What an event says, as the reference understands it.
#[derive(Clone, Debug)]
enum Told {
    Has(u8, usize),
    HasNot(u8, usize),
    PartOf(u8, u8),
    Gone(u8),
    Retract(u32),
}

impl Told {
    fn raw(&self, id: u32, minute: u32) -> String {
        let identity = |of: usize| match of {
            0..3 => format!(r#""phone":"{}""#, PHONES[of].0),
            3 => r#""email":"A@x.example""#.to_owned(),
            _ => r#""channel":"web","channel_contact":"7""#.to_owned(),
        };
        let (contact, rest) = match self {
            Self::Has(contact, of) => (contact, format!(r#""change":"linked",{}"#, identity(*of))),
            Self::HasNot(contact, of) => {
                (contact, format!(r#""change":"unlinked",{}"#, identity(*of)))
            }
            Self::PartOf(contact, into) => {
                (contact, format!(r#""change":"merged","into":"c{into}""#))
            }
            Self::Gone(contact) => (contact, r#""change":"deleted""#.to_owned()),
            Self::Retract(target) => {
                return format!(
                    r#"{{"type":"retract","id":"r{id}","target":"{target}","at":"2026-03-02T11:00:00Z"}}"#
                );
            }
        };
        event(id, minute, &format!("c{contact}"), &rest)
    }
}

fn told() -> impl Strategy<Value = Vec<(u32, Told)>> {
    let contact = 0..5u8;
    let one = prop_oneof![
        5 => (contact.clone(), 0..5usize).prop_map(|(contact, of)| Told::Has(contact, of)),
        2 => (contact.clone(), 0..5usize).prop_map(|(contact, of)| Told::HasNot(contact, of)),
        4 => (contact.clone(), contact.clone()).prop_map(|(from, into)| Told::PartOf(from, into)),
        1 => contact.prop_map(Told::Gone),
        1 => (0..40u32).prop_map(Told::Retract),
    ];
    prop::collection::vec((0..20u32, one), 1..40)
}

/// When each contact was merged last, and into which.
type Merges = BTreeMap<u8, ((u32, u32), u8)>;

fn survivor(contact: u8, merges: &Merges) -> u8 {
    let mut at = contact;
    for _ in 0..5 {
        match merges.get(&at) {
            Some((_, into)) => at = *into,
            None => return at,
        }
    }
    // It goes round: `at` is on the circle.
    let mut circle = vec![merges[&at]];
    while circle.last().unwrap().1 != at {
        circle.push(merges[&circle.last().unwrap().1]);
    }
    circle.into_iter().max().unwrap().1
}

/// Works all out from the whole log, by the rules as they are written.
fn reference(log: &[(u32, Told)]) -> BTreeMap<String, String> {
    let taken_back: BTreeSet<u32> = log
        .iter()
        .filter_map(|(_, told)| match told {
            Told::Retract(target) => Some(*target),
            _ => None,
        })
        .collect();
    let mut order: Vec<((u32, u32), &Told)> = (0..)
        .zip(log)
        .filter(|(id, _)| !taken_back.contains(id))
        .map(|(id, (minute, told))| ((*minute, id), told))
        .collect();
    order.sort_by_key(|(when, _)| *when);
    let mut merges = Merges::new();
    for (when, told) in &order {
        if let Told::PartOf(from, into) = told
            && from != into
        {
            merges.insert(*from, (*when, *into));
        }
    }
    let survivor = |contact: u8| survivor(contact, &merges);
    let mut owned = BTreeMap::new();
    for from in 0..5 {
        if merges.contains_key(&from) && survivor(from) != from {
            owned.insert(format!("contact  c{from}"), format!("c{}", survivor(from)));
        }
    }
    let identities = [
        (vec![0, 1], format!("phone  {}", PHONES[0].1)),
        (vec![2], format!("phone  {}", PHONES[2].1)),
        (vec![3], "email  a@x.example".to_owned()),
        (vec![4], "channel web 7".to_owned()),
    ];
    for (spellings, key) in identities {
        let mut has: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
        for (when, told) in &order {
            match told {
                Told::Has(contact, of) if spellings.contains(of) => {
                    has.insert(survivor(*contact), *when);
                }
                Told::HasNot(contact, of) if spellings.contains(of) => {
                    has.remove(&survivor(*contact));
                }
                Told::Gone(contact) if survivor(*contact) == *contact => {
                    has.remove(contact);
                }
                _ => {}
            }
        }
        if let Some((contact, _)) = has.into_iter().max_by_key(|(_, when)| *when) {
            owned.insert(key, format!("c{contact}"));
        }
    }
    owned
}

fn shuffle<T>(list: &mut [T], seed: u64) {
    let mut random = seed | 1;
    for last in (1..list.len()).rev() {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        list.swap(last, (random >> 33) as usize % (last + 1));
    }
}

proptest! {
    #[test]
    fn any_order_and_repetition_gives_what_the_whole_log_says(
        log in told(),
        seed in any::<u64>(),
        settled in 0..80usize,
        stopped in 0..80usize,
        flushed in any::<u64>(),
    ) {
        let mut raw: Vec<String> = (0..)
            .zip(&log)
            .map(|(id, (minute, told))| told.raw(id, *minute))
            .collect();
        raw.extend(raw.clone());
        shuffle(&mut raw, seed);
        let mut fold = Fold::new();
        // One that is stopped somewhere and goes on from its checkpoint, in parts of several ages.
        let mut older: Option<(u64, Fold)> = None;
        for (number, raw) in raw.iter().enumerate() {
            if number == settled % raw.len() {
                fold.country("\"ES\"");
                if let Some((_, older)) = &mut older {
                    older.country("\"ES\"");
                }
            }
            if number == stopped % 40 {
                fold.flush();
                older = Some((fold.offset, fold.restored()));
            }
            fold.tell(raw);
            if let Some((_, older)) = &mut older {
                older.tell(raw);
            }
            if flushed >> (number % 64) & 1 == 1 {
                fold.flush();
            }
        }
        if settled % raw.len() >= raw.len() || fold.account.rules().is_none() {
            fold.country("\"ES\"");
            if let Some((_, older)) = &mut older {
                older.country("\"ES\"");
            }
        }
        let expected = reference(&log);
        prop_assert_eq!(fold.owned(), expected.clone());
        // All of it written again says the same.
        fold.account.rewind(0);
        fold.table.rows.clear();
        prop_assert_eq!(fold.owned(), expected.clone());
        if let Some((since, mut older)) = older {
            // ClickHouse lost what was written since.
            older.account.rewind(since);
            prop_assert_eq!(older.owned(), expected);
        }
    }
}
