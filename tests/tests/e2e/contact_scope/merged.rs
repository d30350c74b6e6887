//! The definition walked event by event: one list for each contact, a clock for each conversation,
//! and a manager's message that clears them all.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use e2e::clock::{DAY, rfc3339};
use e2e::events::{Author, Change, Event, Message};
use e2e::reference::Span;

/// The silence after which `whatsapp` begins a new cycle.
pub(super) const GAP: i64 = DAY;

#[derive(Default)]
pub(super) struct Merged {
    replies: Vec<(&'static str, i64, String)>,
    answered: Vec<(i64, String)>,
    dropped: Vec<(i64, String)>,
    awaiting: Vec<(i64, String)>,
}

#[derive(Default)]
struct Clock {
    /// Channel and conversation.
    name: String,
    pending: Option<i64>,
    last_contact: i64,
    last_public: Option<i64>,
    cycle: Option<Cycle>,
    assignee: Option<String>,
    last_manager: Option<String>,
}

#[derive(Clone, Default)]
struct Cycle {
    started: i64,
    bot_spoke: bool,
    /// People have it: handed off to them, or one of them wrote.
    with_people: bool,
    answered: bool,
}

impl Cycle {
    fn is_with_bot(&self) -> bool {
        self.bot_spoke && !self.with_people
    }
}

impl Merged {
    pub(super) fn of(events: &[Event]) -> Self {
        // Conversations are named after their contact.
        let contact = |event: &Event| event.thread().1.split('-').next().unwrap().to_owned();
        let mut contacts = BTreeMap::<String, Vec<&Event>>::new();
        for event in events {
            contacts.entry(contact(event)).or_default().push(event);
        }
        let mut merged = Self::default();
        for mut timeline in contacts.into_values() {
            timeline.sort_by(|a, b| place(a, b));
            merged.walk(&timeline);
        }
        merged
    }

    fn walk(&mut self, timeline: &[&Event]) {
        let mut clocks = BTreeMap::<(&str, &str), Clock>::new();
        let mut given = BTreeMap::<String, i64>::new();
        for event in timeline {
            let (channel, conversation) = event.thread();
            let clock = clocks.entry((channel, conversation)).or_default();
            clock.name = format!("{channel} {conversation}");
            match event {
                Event::Message(message) if message.author == Author::Manager => {
                    self.manager(message, &mut clocks, (channel, conversation), &given);
                }
                Event::Message(message) => self.message(message, clock),
                Event::Change(change) => {
                    self.change(change, clock);
                    if change.change != "closed"
                        && let Some(manager) = &change.manager
                    {
                        given.insert(manager.clone(), change.at);
                    }
                }
            }
        }
        for clock in clocks.into_values() {
            if let Some(pending) = clock.pending {
                let owed_by = clock.assignee.or(clock.last_manager);
                let owed_by = owed_by.as_deref();
                self.awaiting
                    .push((pending, owed(pending, &clock.name, owed_by)));
            }
            self.end(&clock.name, clock.cycle);
        }
    }

    fn end(&mut self, name: &str, cycle: Option<Cycle>) {
        if let Some(cycle) = cycle.filter(|cycle| cycle.answered) {
            let row = format!("{} {name}", rfc3339(cycle.started));
            self.answered.push((cycle.started, row));
        }
    }

    fn message(&mut self, message: &Message, clock: &mut Clock) {
        let at = message.at;
        match message.author {
            Author::Contact if message.expects_reply => {
                let silent = clock.last_public.is_some_and(|last| at - last >= GAP);
                if clock.cycle.is_none() || silent && message.channel == "whatsapp" {
                    let begun = Cycle {
                        started: at,
                        ..Cycle::default()
                    };
                    let before = clock.cycle.replace(begun);
                    self.end(&clock.name, before);
                }
                clock.pending.get_or_insert(at);
                clock.last_contact = at;
            }
            Author::Bot => {
                if let Some(cycle) = &mut clock.cycle {
                    cycle.bot_spoke = true;
                    if cycle.is_with_bot()
                        && let Some(pending) = clock.pending.take()
                    {
                        self.reply("bot", message, at - pending);
                    }
                }
            }
            _ => {}
        }
        clock.last_public = Some(at);
    }

    fn manager<'a>(
        &mut self,
        message: &Message,
        clocks: &mut BTreeMap<(&'a str, &'a str), Clock>,
        own: (&'a str, &'a str),
        given: &BTreeMap<String, i64>,
    ) {
        let (mut wait, mut turn) = (i64::MAX, 0);
        for clock in clocks.values_mut() {
            if let Some(pending) = clock.pending.take() {
                wait = wait.min(pending);
                turn = turn.max(pending).max(clock.last_contact);
                if let Some(cycle) = &mut clock.cycle {
                    cycle.answered = true;
                }
            }
        }
        if wait < i64::MAX {
            let to = message.manager.as_ref().and_then(|name| given.get(name));
            let assigned = to.map_or(wait, |to| wait.max(*to));
            self.reply("wait", message, message.at - wait);
            self.reply("turn", message, message.at - turn);
            self.reply("assigned", message, message.at - assigned);
        }
        let clock = clocks.get_mut(&own).unwrap();
        if let Some(cycle) = &mut clock.cycle {
            cycle.with_people = true;
        }
        clock.last_public = Some(message.at);
        if message.manager.is_some() {
            clock.last_manager.clone_from(&message.manager);
        }
    }

    fn change(&mut self, change: &Change, clock: &mut Clock) {
        if change.change == "closed" {
            let owed_by = clock.assignee.clone().or(clock.last_manager.clone());
            if clock.pending.take().is_some() {
                let row = owed(change.at, &clock.name, owed_by.as_deref());
                self.dropped.push((change.at, row));
            }
            let cycle = clock.cycle.take();
            self.end(&clock.name, cycle);
            return;
        }
        if change.change == "handed_off"
            && let Some(cycle) = clock.cycle.as_mut().filter(|cycle| cycle.is_with_bot())
        {
            cycle.with_people = true;
            clock.pending.get_or_insert(change.at);
        }
        clock.assignee.clone_from(&change.manager);
    }

    fn reply(&mut self, definition: &'static str, message: &Message, millis: i64) {
        let manager = message.manager.as_deref().unwrap_or("null");
        let row = format!(
            "{} {} {} {} {manager} {}.{}",
            rfc3339(message.at),
            message.channel,
            message.conversation,
            message.id.as_ref().unwrap(),
            millis / 1000,
            millis % 1000,
        );
        self.replies.push((definition, message.at, row));
    }

    pub(super) fn replies(&self, definition: &str, span: Span) -> BTreeSet<String> {
        let of = self.replies.iter();
        let of = of.filter(|(by, at, _)| *by == definition && span.has(*at));
        of.map(|(_, _, row)| row.clone()).collect()
    }

    pub(super) fn answered(&self, span: Span) -> BTreeSet<String> {
        within(&self.answered, span)
    }

    pub(super) fn dropped(&self, span: Span) -> BTreeSet<String> {
        within(&self.dropped, span)
    }

    pub(super) fn awaiting(&self, span: Span) -> BTreeSet<String> {
        within(&self.awaiting, span)
    }
}

fn within(rows: &[(i64, String)], span: Span) -> BTreeSet<String> {
    let rows = rows.iter().filter(|(at, _)| span.has(*at));
    rows.map(|(_, row)| row.clone()).collect()
}

fn owed(at: i64, name: &str, by: Option<&str>) -> String {
    format!("{} {name} {}", rfc3339(at), by.unwrap_or("null"))
}

/// By time, messages before changes, by id, then by channel and conversation.
fn place(a: &Event, b: &Event) -> Ordering {
    let key = |event: &Event| match event {
        Event::Message(message) => (event.at(), 0, message.id.clone().unwrap()),
        Event::Change(change) => (event.at(), 1, change.id.clone().unwrap()),
    };
    let (left, right) = (key(a), key(b));
    let digits = |id: &str| id.bytes().all(|byte| byte.is_ascii_digit());
    let id = |id: &str| {
        let length = if digits(id) { id.len() } else { 0 };
        (!digits(id), length, id.to_owned())
    };
    (left.0, left.1)
        .cmp(&(right.0, right.1))
        .then_with(|| id(&left.2).cmp(&id(&right.2)))
        .then_with(|| a.thread().cmp(&b.thread()))
}
