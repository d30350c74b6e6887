//! Calls written by hand into an engine's tables, with who is who.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World, at};

/// A call: inbound, of a known caller, to one number, over after its talk.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) at: i64,
    pub(crate) hook: &'static str,
    pub(crate) direction: &'static str,
    pub(crate) origin: &'static str,
    pub(crate) caller: String,
    pub(crate) number: &'static str,
    pub(crate) disposition: &'static str,
    pub(crate) wait_ms: i64,
    pub(crate) talk_ms: i64,
    pub(crate) hold_ms: i64,
    pub(crate) tags: Vec<&'static str>,
    pub(crate) spam: bool,
    pub(crate) integrity: &'static str,
    pub(crate) legs: Vec<Leg>,
    /// When its last phase arrived; a call that has not ended has no disposition.
    pub(crate) received: i64,
}

/// A person's leg; it rang when the call began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leg {
    pub(crate) manager: String,
    pub(crate) extension: &'static str,
    /// Milliseconds since the call's start; none if it was not answered.
    pub(crate) answered: Option<i64>,
    pub(crate) talk_ms: i64,
    pub(crate) hold_ms: i64,
    pub(crate) away: bool,
    pub(crate) took: bool,
}

/// A leg that rang and was not answered.
pub(crate) fn rang(manager: &str) -> Leg {
    Leg {
        manager: manager.to_owned(),
        ..Leg::default()
    }
}

/// A leg that was answered after so many seconds, for so many.
pub(crate) fn spoke(manager: &str, after_s: i64, talk_s: i64) -> Leg {
    Leg {
        answered: Some(after_s * 1_000),
        talk_ms: talk_s * 1_000,
        ..rang(manager)
    }
}

/// A call that nobody took, after so many seconds.
pub(crate) fn missed(id: &str, time: &str, caller: &str, wait_s: i64, rung: &[&str]) -> Call {
    let at = at(time).0;
    Call {
        id: id.to_owned(),
        at,
        hook: "pbx",
        direction: "inbound",
        origin: "",
        caller: caller.to_owned(),
        number: "+34910000001",
        disposition: "missed",
        wait_ms: wait_s * 1_000,
        talk_ms: 0,
        hold_ms: 0,
        tags: Vec::new(),
        spam: false,
        integrity: "verified",
        legs: rung.iter().map(|manager| rang(manager)).collect(),
        received: at + 3_600_000,
    }
}

/// A call that was answered: it waited until the first leg was, and was talked in as long as all.
pub(crate) fn answered(id: &str, time: &str, caller: &str, legs: &[Leg]) -> Call {
    let answers = legs.iter().filter_map(|leg| leg.answered);
    Call {
        disposition: "answered",
        wait_ms: answers.min().unwrap_or_default(),
        talk_ms: legs.iter().map(|leg| leg.talk_ms).sum(),
        hold_ms: legs.iter().map(|leg| leg.hold_ms).sum(),
        legs: legs.to_vec(),
        ..missed(id, time, caller, 0, &[])
    }
}

impl Call {
    /// The same from us to somebody.
    pub(crate) fn outbound(self) -> Self {
        Self {
            direction: "outbound",
            ..self
        }
    }

    /// The same with another end.
    pub(crate) fn ended(self, disposition: &'static str) -> Self {
        Self {
            disposition,
            ..self
        }
    }

    /// The same, marked as spam.
    pub(crate) fn spam(self) -> Self {
        Self { spam: true, ..self }
    }

    fn is_known(&self) -> bool {
        self.caller.starts_with('+')
    }

    /// When somebody answered first, in milliseconds.
    pub(crate) fn answered_at(&self) -> Option<i64> {
        let first = self.legs.iter().filter_map(|leg| leg.answered).min();
        first.map(|after| self.at + after)
    }

    fn row(&self) -> Value {
        let each = |part: fn(&Leg) -> Value| self.legs.iter().map(part).collect::<Vec<_>>();
        let answers = self.legs.iter();
        let answers = answers.map(|leg| leg.answered.map(|after| decimal(self.at + after)));
        let over = !self.disposition.is_empty();
        json!({
            "account": ACCOUNT, "call": self.id, "hook": self.hook, "direction": self.direction,
            "origin": self.origin, "caller": self.caller, "known": u8::from(self.is_known()),
            "number": self.number, "started_at": decimal(self.at),
            "answered_at": self.answered_at().map(decimal),
            "ended_at": over.then(|| decimal(self.at + self.wait_ms + self.talk_ms)),
            "disposition": self.disposition, "ghost": 0, "menu_ms": 0, "queue_ms": 0, "ring_ms": 0,
            "hold_ms": self.hold_ms, "wait_ms": self.wait_ms, "talk_ms": self.talk_ms,
            "tags": self.tags, "spam": u8::from(self.spam), "integrity": self.integrity,
            "legs.leg": self.legs.iter().enumerate().map(|(nth, _)| nth.to_string()).collect::<Vec<_>>(),
            "legs.manager": each(|leg| json!(leg.manager)),
            "legs.extension": each(|leg| json!(leg.extension)),
            "legs.ringing_at": self.legs.iter().map(|_| decimal(self.at)).collect::<Vec<_>>(),
            "legs.answered_at": answers.collect::<Vec<_>>(),
            "legs.ended_at": each(|_| Value::Null),
            "legs.ring_ms": each(|_| json!(0)),
            "legs.talk_ms": each(|leg| json!(leg.talk_ms)),
            "legs.hold_ms": each(|leg| json!(leg.hold_ms)),
            "legs.transferred_out": each(|leg| json!(u8::from(leg.away))),
            "legs.transferred_in": each(|leg| json!(u8::from(leg.took))),
            "last_received_at": decimal(self.received), "received_at": decimal(self.received),
            "version": 1, "deleted": 0,
        })
    }
}

impl World {
    /// The rows of a statement over the views, as compact JSON, one a line.
    pub(crate) async fn read(&self, sql: &str) -> Vec<String> {
        let read = self.engine().reader.query(sql, Duration::from_secs(30));
        let rows = read.fetch().await.expect("it is answered").rows;
        rows.iter().map(|row| json!(row).to_string()).collect()
    }

    pub(crate) async fn calls(&self, calls: &[Call]) {
        self.insert("calls", calls.iter().map(Call::row).collect())
            .await;
    }

    /// Says whose a phone number, or an id on a channel, is.
    pub(crate) async fn linked(&self, kind: &str, channel: &str, identity: &str, contact: &str) {
        let row = json!({
            "account": ACCOUNT, "kind": kind, "channel": channel, "identity": identity,
            "contact": contact, "received_at": 0, "version": 1, "deleted": 0,
        });
        self.insert("identities", vec![row]).await;
    }

    /// Gives a manager an extension from an instant until another.
    pub(crate) async fn extension(&self, extension: &str, manager: &str, from: &str, until: &str) {
        let time = |text: &str| match text {
            "open" => "2299-12-31 23:59:59".to_owned(),
            text => decimal(at(text).0),
        };
        let row = json!({
            "account": ACCOUNT, "extension": extension, "manager": manager,
            "valid_from": time(from), "valid_until": time(until),
            "version": 1, "deleted": 0,
        });
        self.insert("extensions", vec![row]).await;
    }

    /// Says what a manager is called at a provider.
    pub(crate) async fn alias(&self, alias: &str, manager: &str) {
        let row = json!({
            "account": ACCOUNT, "alias": alias, "manager": manager, "version": 1, "deleted": 0,
        });
        self.insert("aliases", vec![row]).await;
    }
}

fn decimal(ms: i64) -> String {
    format!("{:010}.{:03}", ms / 1000, ms % 1000)
}

/// A column of an answer's first row.
pub(crate) fn figure<'a>(answer: &'a Value, name: &str) -> &'a Value {
    of_row(answer, 0, name)
}

/// A column of one of its rows.
pub(crate) fn of_row<'a>(answer: &'a Value, row: usize, name: &str) -> &'a Value {
    let columns = answer["columns"].as_array().expect("columns");
    let place = columns.iter().position(|column| column["name"] == name);
    &answer["rows"][row][place.expect(name)]
}
