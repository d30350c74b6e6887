//! Facts written down as rows of their tables, in ClickHouse's format `RowBinary`: the values of the
//! columns one after the other, numbers little endian, a text or list as its length (a varint) and
//! what is in it, a nullable value behind a byte that is 1 for null.
//!
//! Written by hand and not through serde, because every row that the fold gathers goes through
//! here on the fold's own thread. The order of the columns is that of each [`Table`]; tests read
//! back what was written.

use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;
use trunkline_rollup::cells::{Figures, Part};
use trunkline_rollup::facts::{
    CallFact, CellFact, ChangeFact, ConversationFact, Cycle, IdentityFact, LegFact, MessageFact,
};

mod leads;
mod tracking;

pub(super) use leads::{FORMS, LEADS, SPEND, TAGS, TOUCHES, form, lead, spend, tag, touch};
pub(super) use tracking::{ATTRIBUTIONS, VISITS, attribution, visit};

/// A table and its columns in the order in which a row has them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static str,
}

pub(super) const MESSAGES: Table = Table {
    name: "messages",
    columns: "account, channel, conversation, contact, at, message, author, manager, kind, chars, \
              assignee, expects_reply, integrity, run, kommo_ms, turn_ms, wait_ms, assigned_ms, first_ms, \
              first_from_start_ms, kommo_business_ms, turn_business_ms, wait_business_ms, \
              assigned_business_ms, first_business_ms, first_from_start_business_ms, \
              within_target, received_at, version, deleted",
};

pub(super) const CHANGES: Table = Table {
    name: "changes",
    columns: "account, channel, conversation, at, id, change, manager, run, received_at, version, \
              deleted",
};

pub(super) const CONVERSATIONS: Table = Table {
    name: "conversations",
    columns: "account, channel, conversation, contact, first_at, last_at, assignee, last_manager, \
              pending_at, unserved_at, `cycles.started_at`, `cycles.contact`, `cycles.answered`, \
              `cycles.closed_at`, `cycles.closed_by`, `cycles.pending_at_close`, \
              `cycles.reopened_at`, `cycles.owed_by`, `cycles.handed_off_at`, received_at, version, deleted",
};

pub(super) const CALLS: Table = Table {
    name: "calls",
    columns: "account, call, hook, direction, origin, caller, known, number, started_at, queued_at, \
              ringing_at, answered_at, ended_at, disposition, ghost, menu_ms, queue_ms, ring_ms, \
              hold_ms, wait_ms, talk_ms, tags, spam, value, recording, integrity, `legs.leg`, \
              `legs.manager`, `legs.extension`, `legs.ringing_at`, `legs.answered_at`, \
              `legs.ended_at`, `legs.ring_ms`, `legs.talk_ms`, `legs.hold_ms`, \
              `legs.transferred_out`, `legs.transferred_in`, last_received_at, received_at, version, \
              deleted",
};

pub(super) const IDENTITIES: Table = Table {
    name: "identities",
    columns: "account, kind, channel, identity, contact, received_at, version, deleted",
};

pub(super) const ANSWERS: Table = Table {
    name: "answers",
    columns: "account, definition, hours, at, channel, author, manager, minutes, count, sum_ms, \
              min_ms, max_ms, within_target, outside_hours, queue_count, queue_ms, \
              from_start_count, from_start_ms, buckets, version, deleted",
};

pub(super) fn message(to: &mut Vec<u8>, fact: &MessageFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.channel);
    row.text(fact.conversation);
    row.text(fact.contact);
    row.time(fact.at);
    row.text(fact.message);
    row.text(fact.author.as_str());
    row.text(fact.manager.unwrap_or_default());
    row.text(fact.kind.as_str());
    row.nullable(fact.chars, |row, chars| row.bytes(chars.to_le_bytes()));
    row.text(fact.assignee.unwrap_or_default());
    row.flag(fact.expects_reply);
    row.text(fact.integrity.as_str());
    row.text(fact.run.unwrap_or_default());
    for sample in fact.samples.all().into_iter().chain(fact.business.all()) {
        row.nullable(sample, |row, ms| row.bytes(ms.to_le_bytes()));
    }
    row.bytes(fact.within.0.to_le_bytes());
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(super) fn change(to: &mut Vec<u8>, fact: &ChangeFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.channel);
    row.text(fact.conversation);
    row.time(fact.at);
    row.text(fact.id);
    row.text(fact.change.as_str());
    row.text(fact.manager.unwrap_or_default());
    row.text(fact.run.unwrap_or_default());
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(super) fn conversation(to: &mut Vec<u8>, fact: &ConversationFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.channel);
    row.text(fact.conversation);
    row.text(fact.contact);
    row.time(fact.first_at);
    row.time(fact.last_at);
    row.text(fact.assignee.unwrap_or_default());
    row.text(fact.last_manager.unwrap_or_default());
    row.nullable(fact.pending_at, Row::time);
    row.nullable(fact.unserved_at, Row::time);
    let cycles = fact.cycles.as_slice();
    row.list(cycles, |row, cycle| row.time(cycle.started_at));
    row.list(cycles, |row, cycle| row.text(cycle.contact));
    row.list(cycles, |row, cycle| row.flag(cycle.answered));
    row.times(cycles, |cycle| cycle.closed_at);
    row.list(cycles, |row, cycle| {
        row.text(cycle.closed_by.unwrap_or_default());
    });
    row.list(cycles, |row, cycle| row.flag(cycle.pending_at_close));
    row.times(cycles, |cycle| cycle.reopened_at);
    row.list(cycles, |row, cycle| {
        row.text(cycle.owed_by.unwrap_or_default());
    });
    row.times(cycles, |cycle| cycle.handed_off_at);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(super) fn call(to: &mut Vec<u8>, fact: &CallFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.call);
    row.text(fact.hook);
    row.text(fact.direction.as_str());
    row.text(fact.origin);
    row.text(fact.caller);
    row.flag(fact.known);
    row.text(fact.number);
    row.time(fact.started_at);
    for at in [
        fact.queued_at,
        fact.ringing_at,
        fact.answered_at,
        fact.ended_at,
    ] {
        row.nullable(at, Row::time);
    }
    row.text(fact.disposition);
    row.flag(fact.ghost);
    for ms in [fact.menu_ms, fact.queue_ms, fact.ring_ms, fact.hold_ms] {
        row.bytes(ms.to_le_bytes());
    }
    row.nullable(fact.wait_ms, |row, ms| row.bytes(ms.to_le_bytes()));
    row.bytes(fact.talk_ms.to_le_bytes());
    row.list(fact.tags, |row, tag| row.text(tag));
    row.flag(fact.spam);
    row.nullable(fact.value, Row::amount);
    row.text(fact.recording);
    row.text(fact.integrity.as_str());
    row.legs(fact.legs);
    row.time(fact.last_received_at);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(super) fn identity(to: &mut Vec<u8>, fact: &IdentityFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.kind);
    row.text(fact.channel);
    row.text(fact.identity);
    row.text(fact.contact.unwrap_or_default());
    row.end(fact.received_at, fact.version, fact.contact.is_none());
}

/// Writes what a cell holds of one kind.
pub(super) fn cell(to: &mut Vec<u8>, fact: &CellFact<'_>, part: &Part<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(part.definition);
    row.text(part.hours);
    row.time(fact.start);
    row.text(fact.channel);
    row.text(part.author.as_str());
    row.text(fact.manager.unwrap_or_default());
    row.bytes([fact.minutes]);
    row.count(part.count);
    match part.figures {
        Some(figures) => row.figures(figures),
        None => row.figures(&Figures::default()),
    }
    row.bytes(fact.version.to_le_bytes());
    row.flag(part.count == 0);
}

/// A row that is being written.
struct Row<'b>(&'b mut Vec<u8>);

impl Row<'_> {
    fn bytes<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&bytes);
    }

    fn length(&mut self, mut length: usize) {
        while length >= 0x80 {
            self.0.push(length as u8 | 0x80);
            length >>= 7;
        }
        self.0.push(length as u8);
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Milliseconds since 1970, as `DateTime64(3)` holds them.
    fn time(&mut self, time: Time) {
        self.bytes(time.millis().to_le_bytes());
    }

    fn flag(&mut self, flag: bool) {
        self.0.push(flag.into());
    }

    fn nullable<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.flag(value.is_none());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn list<T>(&mut self, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        for item in items {
            write(self, item);
        }
    }

    /// As `Decimal(38, 9)` holds it: a whole number of billionths.
    fn amount(&mut self, amount: Decimal) {
        let billionths = 10_i128.pow(9 - u32::from(amount.scale()));
        let units = i128::from(amount.units()) * billionths;
        self.bytes(units.to_le_bytes());
    }

    fn legs(&mut self, legs: &[LegFact<'_>]) {
        self.list(legs, |row, leg| row.text(leg.leg));
        self.list(legs, |row, leg| row.text(leg.manager));
        self.list(legs, |row, leg| row.text(leg.extension));
        for time in [
            |leg: &LegFact<'_>| leg.ringing_at,
            |leg: &LegFact<'_>| leg.answered_at,
            |leg: &LegFact<'_>| leg.ended_at,
        ] {
            self.list(legs, |row, leg| row.nullable(time(leg), Self::time));
        }
        for ms in [
            |leg: &LegFact<'_>| leg.ring_ms,
            |leg: &LegFact<'_>| leg.talk_ms,
            |leg: &LegFact<'_>| leg.hold_ms,
        ] {
            self.list(legs, |row, leg| row.bytes(ms(leg).to_le_bytes()));
        }
        self.list(legs, |row, leg| row.flag(leg.transferred_out));
        self.list(legs, |row, leg| row.flag(leg.transferred_in));
    }

    fn times(&mut self, cycles: &[Cycle<'_>], time: impl Fn(&Cycle<'_>) -> Option<Time>) {
        self.list(cycles, |row, cycle| row.nullable(time(cycle), Self::time));
    }

    fn count(&mut self, count: u32) {
        self.bytes(u64::from(count).to_le_bytes());
    }

    fn figures(&mut self, figures: &Figures) {
        let Figures {
            times,
            within,
            outside,
            queue,
            from_start,
        } = figures;
        self.bytes(times.sum().to_le_bytes());
        self.bytes(times.least().unwrap_or_default().to_le_bytes());
        self.bytes(times.greatest().unwrap_or_default().to_le_bytes());
        self.count(*within);
        self.count(*outside);
        for sum in [queue, from_start] {
            self.count(sum.count);
            self.bytes(sum.ms.to_le_bytes());
        }
        let buckets = times.buckets();
        self.length(buckets.len());
        for (bucket, count) in buckets {
            self.bytes(bucket.to_le_bytes());
            self.count(count);
        }
    }

    /// Writes the columns that end a row of every fact.
    fn end(&mut self, received_at: Time, version: u64, deleted: bool) {
        self.time(received_at);
        self.bytes(version.to_le_bytes());
        self.flag(deleted);
    }
}
