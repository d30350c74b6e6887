//! Conversations that shrink at any moment and are read back, beside an account that never lets go
//! of anything: nobody can tell them apart.

use trunkline_model::event::{Change, Integrity, MessageKind};

use super::*;

/// What ClickHouse would hold: every row that was ever written.
#[derive(Default)]
struct Store {
    rows: Vec<Written>,
    taken: Taken,
}

/// A row as it was written, to be read back.
#[derive(Clone)]
enum Written {
    Message(Box<MessageRow>, MessageRest),
    Change(ChangeRow),
}

#[derive(Clone)]
struct MessageRest {
    contact: String,
    author: Author,
    kind: MessageKind,
    assignee: Option<String>,
    expects_reply: bool,
    integrity: Integrity,
    run: Option<String>,
    received_at: Time,
}

#[derive(Clone)]
struct ChangeRow {
    conversation: String,
    at: Time,
    id: String,
    change: Change,
    manager: Option<String>,
    received_at: Time,
    version: u64,
    deleted: bool,
}

impl Rows for Store {
    fn message(&mut self, fact: &MessageFact<'_>) {
        self.taken.message(fact);
        let row = self.taken.messages.last().unwrap().clone();
        let rest = MessageRest {
            contact: fact.contact.to_owned(),
            author: fact.author,
            kind: fact.kind,
            assignee: fact.assignee.map(str::to_owned),
            expects_reply: fact.expects_reply,
            integrity: fact.integrity,
            run: fact.run.map(str::to_owned),
            received_at: fact.received_at,
        };
        self.rows.push(Written::Message(Box::new(row), rest));
    }

    fn change(&mut self, fact: &ChangeFact<'_>) {
        self.rows.push(Written::Change(ChangeRow {
            conversation: fact.conversation.to_owned(),
            at: fact.at,
            id: fact.id.to_owned(),
            change: fact.change,
            manager: fact.manager.map(str::to_owned),
            received_at: fact.received_at,
            version: fact.version,
            deleted: fact.deleted,
        }));
    }

    fn conversation(&mut self, fact: &ConversationFact<'_>) {
        self.taken.conversation(fact);
    }
}

impl Store {
    /// Shows all rows of the times asked for.
    fn show(&self, wanted: &Wanted, timelines: &mut Timelines) {
        for row in &self.rows {
            match row {
                Written::Message(row, rest) if (wanted.from..=wanted.until).contains(&row.at) => {
                    timelines.message(&row.fact(rest));
                }
                Written::Change(row) if (wanted.from..=wanted.until).contains(&row.at) => {
                    timelines.change(&row.fact());
                }
                Written::Message(..) | Written::Change(_) => {}
            }
        }
    }

    /// Finds the conversations that hold an event.
    fn find(&self, sought: &Sought) -> Vec<(String, String)> {
        let found = self.rows.iter().filter_map(|row| match row {
            Written::Message(row, _) if sought.events.contains(&row.message) => {
                Some(&row.conversation)
            }
            Written::Change(row) if sought.events.contains(&row.id) => Some(&row.conversation),
            Written::Message(..) | Written::Change(_) => None,
        });
        found
            .map(|conversation| ("web".to_owned(), conversation.clone()))
            .collect()
    }

    /// Gives the last row of every key, as `figures` writes them.
    fn figures(&mut self) -> (Vec<String>, Vec<String>) {
        let taken = &mut self.taken;
        taken.messages.sort_by_key(|row| row.version);
        taken.conversations.sort_by_key(|row| row.version);
        let mut messages = BTreeMap::new();
        for row in taken.messages.drain(..) {
            messages.insert((row.conversation.clone(), row.at, row.message.clone()), row);
        }
        let mut conversations = BTreeMap::new();
        for row in taken.conversations.drain(..) {
            conversations.insert(row.conversation.clone(), row);
        }
        written(Taken {
            messages: messages.into_values().collect(),
            conversations: conversations.into_values().collect(),
            ..Taken::default()
        })
    }
}

impl MessageRow {
    fn fact<'a>(&'a self, rest: &'a MessageRest) -> MessageFact<'a> {
        MessageFact {
            account: "acme",
            channel: "web",
            conversation: &self.conversation,
            contact: &rest.contact,
            at: self.at,
            message: &self.message,
            author: rest.author,
            manager: self.manager.as_deref(),
            kind: rest.kind,
            chars: None,
            assignee: rest.assignee.as_deref(),
            expects_reply: rest.expects_reply,
            integrity: rest.integrity,
            run: rest.run.as_deref(),
            samples: self.samples,
            business: self.business,
            within: Within::default(),
            received_at: rest.received_at,
            version: self.version,
            deleted: self.deleted,
        }
    }
}

impl ChangeRow {
    fn fact(&self) -> ChangeFact<'_> {
        ChangeFact {
            account: "acme",
            channel: "web",
            conversation: &self.conversation,
            at: self.at,
            id: &self.id,
            change: self.change,
            manager: self.manager.as_deref(),
            run: None,
            received_at: self.received_at,
            version: self.version,
            deleted: self.deleted,
        }
    }
}

impl Fold {
    fn flush(&mut self, store: &mut Store) {
        self.account.gather(1, usize::MAX, store);
    }

    fn shrink(&mut self) {
        let flushed = self.account.oldest_dirty().unwrap_or(self.offset);
        let horizon = Horizon {
            flushed,
            quiet: Time::MAX,
            spares_hot: false,
        };
        self.account.shrink(horizon, usize::MAX);
    }

    fn answer(&mut self, store: &Store) {
        while self.account.parked() > 0 {
            self.answer_sought(store);
            self.answer_wanted(store);
        }
    }

    fn answer_sought(&mut self, store: &Store) {
        for sought in self.account.sought() {
            let found = store.find(&sought);
            self.account.take_back_in(&sought, &found);
        }
    }

    fn answer_wanted(&mut self, store: &Store) {
        for wanted in self.account.wanted() {
            let mut timelines = Timelines::default();
            store.show(&wanted, &mut timelines);
            let timeline = timelines.take(&wanted.channel, &wanted.conversation);
            let refused = self.account.make_whole(&wanted, timeline);
            assert!(refused.is_empty(), "{refused:?}");
        }
    }

    fn step(&mut self, seed: u64, store: &mut Store) {
        if seed & 0b11 != 0 {
            self.flush(store);
        }
        if seed & 0b1100 != 0 {
            self.shrink();
        }
        match (seed >> 4) & 0b11 {
            0 => self.answer_sought(store),
            1 => self.answer_wanted(store),
            2 => self.answer(store),
            _ => {}
        }
    }
}

fn rules(number: usize) -> FoldRules {
    schedule(match number % 3 {
        0 => r#"{"bot_replies":"ignore","cycle_gaps":{}}"#,
        1 => r#"{"bot_replies":"clear","cycle_gaps":{"web":600000}}"#,
        _ => {
            r#"{"bot_replies":"clear","cycle_gaps":{"web":600000},"cell_minutes":30,"schedules":
                [{"whose":"account","schedule":{"zone":"UTC","mon":["09:00-10:20"]}}]}"#
        }
    })
}

/// Arrival is soon after what happened.
const SOON: u64 = 1_772_500_000;
/// Arrival is days after what happened, so that all cells are cold.
const LATER: u64 = 1_773_000_000;

proptest! {
    #[test]
    fn conversations_that_shrink_and_are_read_back_give_the_figures_of_those_that_never_did(
        log in log(),
        seeds in prop::collection::vec(any::<u64>(), 130),
        told in prop::collection::vec(0..130usize, 0..4),
        silence in 0..130usize,
        hot in any::<bool>(),
    ) {
        let mut never = Fold::new();
        let mut now_and_then = Fold::new();
        let mut store = Store::default();
        let (mut seen, mut shown) = (Shown::default(), Shown::default());
        let begins = if hot { SOON } else { LATER };
        (never.offset, now_and_then.offset) = (begins, begins);
        // All of it twice, so that it is told again what is known.
        let events: Vec<&String> = log.iter().chain(&log).collect();
        for (number, raw) in events.into_iter().enumerate() {
            for fold in [&mut never, &mut now_and_then] {
                if number == silence {
                    fold.offset += 3 * CONFIG.window as u64 / 1000;
                }
                for (which, _) in told.iter().enumerate().filter(|(_, at)| **at == number) {
                    let at = fold.at();
                    fold.account.settings(rules(which), at);
                }
                fold.tell(raw);
            }
            now_and_then.step(seeds[number], &mut store);
            if seeds[number] & 0x700 == 0 {
                now_and_then.account.show(&mut shown);
            }
        }
        now_and_then.answer(&store);
        now_and_then.flush(&mut store);
        prop_assert_eq!(now_and_then.account.parked(), 0);
        prop_assert_eq!(now_and_then.account.oldest_dirty(), None);
        prop_assert_eq!(now_and_then.account.counts(), never.account.counts());
        never.account.show(&mut seen);
        now_and_then.account.show(&mut shown);
        prop_assert_eq!(&shown.waiting, &seen.waiting);
        for (key, cell) in &seen.cells {
            prop_assert!(shown.cells.get(key).is_none_or(|own| own == cell), "{:?}", key);
        }
        prop_assert_eq!(store.figures(), figures(&mut never));
        // And so does what a checkpoint gives.
        now_and_then.shrink();
        let mut again = Fold::new();
        again.offset = now_and_then.offset;
        let ledger = from_bytes(&bytes(&now_and_then.account.ledger()));
        again.account.restore_ledger(ledger, again.offset);
        for part in 0..=u8::MAX {
            let conversations = from_bytes(&bytes(&now_and_then.account.part(part)));
            again.account.restore_part(part, conversations, again.offset);
        }
        let mut shown = Shown::default();
        again.account.show(&mut shown);
        prop_assert_eq!(&shown.waiting, &seen.waiting);
        for fold in [&mut never, &mut again] {
            fold.tell(&event("k0", "10:05", "contact", Some("late")));
            fold.tell(&event("k1", "10:50", "ana", Some("new")));
        }
        again.answer(&store);
        again.flush(&mut store);
        store.taken.messages.extend(store.rows.iter().filter_map(|row| match row {
            Written::Message(row, _) => Some((**row).clone()),
            Written::Change(_) => None,
        }));
        prop_assert_eq!(store.figures().0, figures(&mut never).0);
    }
}

proptest! {
    #[test]
    fn a_restart_from_an_older_checkpoint_reads_back_rows_that_were_written_since(
        log in log(),
        seeds in prop::collection::vec(any::<u64>(), 260),
        told in prop::collection::vec(0..130usize, 0..3),
        cut in 0..60usize,
        hot in any::<bool>(),
    ) {
        let mut never = Fold::new();
        let mut killed = Fold::new();
        let mut store = Store::default();
        let begins = if hot { SOON } else { LATER };
        (never.offset, killed.offset) = (begins, begins);
        let tell = |fold: &mut Fold, number: usize, raw: &str| {
            for (which, _) in told.iter().enumerate().filter(|(_, at)| **at == number) {
                let at = fold.at();
                fold.account.settings(rules(which), at);
            }
            fold.tell(raw);
        };
        let cut = cut % log.len();
        let mut checkpoint = None;
        for (number, raw) in log.iter().enumerate() {
            if number == cut {
                killed.flush(&mut store);
                killed.shrink();
                killed.answer(&store);
                killed.flush(&mut store);
                let mut restored = Account::new(Arc::from("acme"), CONFIG);
                for part in 0..=u8::MAX {
                    let conversations = from_bytes(&bytes(&killed.account.part(part)));
                    restored.restore_part(part, conversations, killed.offset);
                }
                for set in 0..SETS {
                    let cells = from_bytes(&bytes(&killed.account.cells(set)));
                    restored.restore_cells(set, cells, killed.offset);
                }
                let ledger = from_bytes(&bytes(&killed.account.ledger()));
                restored.restore_ledger(ledger, killed.offset);
                for seeing in killed.account.take_fresh() {
                    restored.remember(seeing);
                }
                checkpoint = Some((restored, killed.offset));
            }
            tell(&mut never, number, raw);
            tell(&mut killed, number, raw);
            killed.step(seeds[number], &mut store);
        }
        // What it flushed after the checkpoint stays.
        let (account, offset) = checkpoint.unwrap();
        let mut again = Fold { account, offset };
        for (number, raw) in log.iter().enumerate().skip(cut) {
            tell(&mut again, number, raw);
            again.step(seeds[130 + number], &mut store);
        }
        again.answer(&store);
        again.account.rewind(0);
        again.flush(&mut store);
        prop_assert_eq!(again.account.counts(), never.account.counts());
        prop_assert_eq!(store.figures(), figures(&mut never));
    }
}

#[test]
fn a_conversation_is_read_back_only_when_something_comes_that_is_not_newer_than_all_it_knows() {
    let (mut fold, mut store) = (Fold::new(), Store::default());
    fold.offset = LATER;
    fold.tell(&message("10:00", "contact"));
    fold.flush(&mut store);
    fold.shrink();
    assert_eq!(fold.account.conversations(), (0, 1));
    assert_eq!(fold.tell(&message("10:05", "ana")), Outcome::Observed);
    assert_eq!(fold.account.conversations(), (1, 0));
    // Newer than what has been let go, though not than all.
    assert_eq!(fold.tell(&message("10:03", "contact")), Outcome::Observed);
    assert_eq!(fold.samples()["10:05"].wait, Some(5 * MINUTE));
    assert_eq!(fold.tell(&message("09:58", "contact")), Outcome::Parked);
    assert_eq!(fold.account.oldest_dirty(), Some(fold.offset - 1));
    // What comes later waits as well, and nothing is counted yet.
    assert_eq!(fold.tell(&message("10:06", "contact")), Outcome::Parked);
    assert_eq!(fold.account.counts().total(), 3);
    fold.answer(&store);
    assert_eq!(fold.account.counts().observed, 5);
    assert_eq!(fold.samples()["10:05"].wait, Some(7 * MINUTE));
}

#[test]
fn it_is_too_late_for_a_conversation_of_which_rows_are_missing() {
    let (mut fold, mut store) = (Fold::new(), Store::default());
    fold.offset = LATER;
    fold.tell(&message("10:00", "contact"));
    fold.tell(&message("10:01", "contact"));
    fold.flush(&mut store);
    fold.shrink();
    fold.tell(&message("10:00", "luis"));
    assert_eq!(fold.account.counts().conflict, 1);
    fold.tell(&event("k", "10:00", "luis", Some("late")));
    store.rows.remove(0);
    let wanted = fold.account.wanted().remove(0);
    let mut timelines = Timelines::default();
    store.show(&wanted, &mut timelines);
    let refused = fold.account.make_whole(&wanted, timelines.take("web", "k"));
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].0.offset, fold.offset - 1);
    assert_eq!(fold.account.counts().quarantined, 1);
    // It goes on from where it stood.
    fold.tell(&message("10:03", "ana"));
    assert_eq!(fold.samples()["10:03"].wait, Some(3 * MINUTE));
}
