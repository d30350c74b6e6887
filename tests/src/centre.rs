//! A day of a call centre from a seed, told as plain events and in the formats of providers.
//!
//! Calls come one after the other, so that no two overlap; all ten kinds of `Kind` are there. What a
//! format cannot say is left out of a day by [`told`]: then its plain events say no more than
//! the format does, and all figures must be equal.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use crate::clock::{at, rfc3339};

pub mod binotel;
pub mod mango;
pub mod telnyx;
pub mod twilio;
pub mod zadarma;

/// The number of the centre, without a plus.
pub const NUMBER: &str = "34944555666";

/// Extensions and whose they are.
pub const DESKS: [(&str, &str); 4] = [
    ("101", "ana"),
    ("102", "luis"),
    ("103", "eva"),
    ("104", "teo"),
];

/// A call; times are seconds since 1970.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its number in the day.
    pub id: usize,
    /// Whether it came in.
    pub inbound: bool,
    /// The number outside, without a plus.
    pub contact: String,
    /// When it began.
    pub start: i64,
    /// When a menu took it, where the format tells that as the call's own.
    pub menu: Option<i64>,
    /// When it was put into the queue.
    pub queued: Option<i64>,
    /// Where it rang, in the order of ringing; of an outbound call, nowhere.
    pub rings: Vec<Part>,
    /// Who talked; two after a transfer.
    pub talks: Vec<Part>,
    /// From when until when it was on hold.
    pub held: Option<(i64, i64)>,
    /// When it ended.
    pub end: i64,
    /// Who called, of an outbound call.
    pub dialled_by: &'static str,
    /// Whether the one called was busy.
    pub busy: bool,
}

/// What an extension did in a call.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// The extension.
    pub extension: &'static str,
    /// From when.
    pub from: i64,
    /// Until when.
    pub until: i64,
}

impl Call {
    /// Returns the person who talks with whom it rang, and from when until when.
    pub fn talk_of(&self, ring: &Part) -> Option<&Part> {
        let own = |talk: &&Part| talk.extension == ring.extension && talk.from == ring.until;
        self.talks.iter().find(own)
    }

    /// Returns when it was given on.
    pub fn given(&self) -> Option<i64> {
        (self.talks.len() > 1).then(|| self.talks[0].until)
    }
}

/// What happens in a call.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Answered,
    AnsweredByOneOfSeveral,
    AnsweredFromQueue,
    Abandoned,
    Missed,
    MissedBySeveral,
    Transferred,
    Held,
    OutAnswered,
    OutUnanswered,
    OutBusy,
}

const KINDS: [Kind; 11] = [
    Kind::Answered,
    Kind::AnsweredByOneOfSeveral,
    Kind::AnsweredFromQueue,
    Kind::Abandoned,
    Kind::Missed,
    Kind::MissedBySeveral,
    Kind::Transferred,
    Kind::Held,
    Kind::OutAnswered,
    Kind::OutUnanswered,
    Kind::OutBusy,
];

/// Makes a day of so many calls, on 2 March 2026.
pub fn day(seed: u64, count: usize) -> Vec<Call> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut now = at("2026-03-02T04:00:00Z") / 1_000;
    (0..count)
        .map(|id| {
            let kind = match KINDS.get(id) {
                Some(kind) => *kind,
                None => *KINDS.choose(&mut random).expect("there are kinds"),
            };
            let call = call(&mut random, id, now, kind);
            now = call.end + random.random_range(20..700);
            call
        })
        .collect()
}

fn call(random: &mut StdRng, id: usize, start: i64, kind: Kind) -> Call {
    let mut desks: Vec<&'static str> = DESKS.iter().map(|(extension, _)| *extension).collect();
    desks.rotate_left(random.random_range(0..DESKS.len()));
    let mut call = Call {
        id,
        inbound: true,
        contact: format!("346007010{:02}", random.random_range(0..15)),
        start,
        menu: None,
        queued: None,
        rings: Vec::new(),
        talks: Vec::new(),
        held: None,
        end: start,
        dialled_by: desks[0],
        busy: false,
    };
    match kind {
        Kind::Answered => answered(random, &mut call, &desks[..1]),
        Kind::AnsweredByOneOfSeveral => answered(random, &mut call, &desks[..3]),
        Kind::AnsweredFromQueue => {
            call.queued = Some(start + 1);
            answered(random, &mut call, &desks[..2]);
        }
        Kind::Abandoned => {
            call.queued = Some(start + 2);
            call.end = start + random.random_range(8..200);
        }
        Kind::Missed => missed(random, &mut call, &desks[..1]),
        Kind::MissedBySeveral => missed(random, &mut call, &desks[..2]),
        Kind::Transferred => {
            answered(random, &mut call, &desks[..1]);
            transferred(random, &mut call, desks[1]);
        }
        Kind::Held => {
            answered(random, &mut call, &desks[..1]);
            let from = call.talks[0].from + random.random_range(1..5);
            call.held = Some((from, from + random.random_range(2..15)));
        }
        Kind::OutAnswered => {
            let from = start + random.random_range(3..30);
            called_out(&mut call, from + random.random_range(10..200));
            let extension = call.dialled_by;
            let until = call.end;
            call.talks = vec![Part {
                extension,
                from,
                until,
            }];
        }
        Kind::OutUnanswered => called_out(&mut call, start + random.random_range(15..45)),
        Kind::OutBusy => {
            called_out(&mut call, start + random.random_range(2..6));
            call.busy = true;
        }
    }
    call
}

/// Rings at desks, of which the first answers.
fn answered(random: &mut StdRng, call: &mut Call, desks: &[&'static str]) {
    let from = call
        .queued
        .map_or(call.start + 1, |queued| queued + random.random_range(2..60));
    let answer = from + random.random_range(2..40);
    call.end = answer + random.random_range(25..180);
    call.rings = ringing(desks, from, answer);
    call.talks = vec![Part {
        extension: desks[0],
        from: answer,
        until: call.end,
    }];
}

/// Rings at desks until nobody did, by the caller or a second before he goes.
fn missed(random: &mut StdRng, call: &mut Call, desks: &[&'static str]) {
    let from = call.start + 1;
    call.end = from + random.random_range(7..40);
    let until = call.end - random.random_range(0..2);
    call.rings = ringing(desks, from, until);
}

fn ringing(desks: &[&'static str], from: i64, until: i64) -> Vec<Part> {
    let part = |extension: &&'static str| Part {
        extension,
        from,
        until,
    };
    desks.iter().map(part).collect()
}

/// Gives the call on to another desk, which rings and answers.
fn transferred(random: &mut StdRng, call: &mut Call, extension: &'static str) {
    let given = call.talks[0].from + random.random_range(5..20);
    let from = given + random.random_range(2..5);
    call.talks[0].until = given;
    call.rings.push(Part {
        extension,
        from: given,
        until: from,
    });
    call.talks.push(Part {
        extension,
        from,
        until: call.end,
    });
}

fn called_out(call: &mut Call, end: i64) {
    call.inbound = false;
    call.end = end;
}

/// What a format can say of a day.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "a list of what is said and what is not"
)]
pub struct Says {
    /// That a call waits in a queue.
    pub queue: bool,
    /// That a call is on hold.
    pub hold: bool,
    /// That a call was given on, beside the legs of both.
    pub transfer: bool,
    /// When who talked in a call that was given on, so that it can be divided.
    pub legs: bool,
    /// That several extensions ring at once.
    pub group: bool,
    /// That the one called was busy.
    pub busy: bool,
    /// When it began to ring, else with the call.
    pub ring: bool,
    /// That the program took the call before it rang, which is told as the menu.
    pub program: bool,
}

/// All of it.
pub const ALL: Says = Says {
    queue: true,
    hold: true,
    transfer: true,
    legs: true,
    group: true,
    busy: true,
    ring: true,
    program: false,
};

/// Leaves out of a day what a format cannot say.
pub fn told(day: &[Call], says: Says) -> Vec<Call> {
    let mut calls = day.to_vec();
    calls.retain(|call| says.legs || call.talks.len() < 2);
    for call in &mut calls {
        if !says.queue {
            call.queued = None;
        }
        if !says.hold {
            call.held = None;
        }
        if !says.group && call.given().is_none() {
            call.rings.truncate(1);
        }
        if !says.ring
            && let Some(first) = call.rings.first_mut()
        {
            first.from = call.start;
        }
        call.busy &= says.busy;
        call.menu = Some(call.start).filter(|_| says.program && call.inbound);
    }
    calls
}

/// Tells a day as plain events.
pub fn plain(calls: &[Call], says: Says) -> Vec<Value> {
    calls.iter().flat_map(|call| events(call, says)).collect()
}

fn events(call: &Call, says: Says) -> Vec<Value> {
    let mut events = Vec::new();
    let mut add = |phase: &str, seconds: i64, leg: Option<&str>, more: Value| {
        let own = format!("{}-{phase}-{seconds}-{}", call.id, leg.unwrap_or_default());
        let mut event = json!({"type": "call", "call": call.id.to_string(), "phase": phase,
            "at": rfc3339(seconds * 1_000), "id": own});
        let fields = event.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        if let Some(extension) = leg {
            let known = DESKS.iter().find(|(own, _)| *own == extension);
            fields.insert("leg".into(), json!(format!("leg-{extension}")));
            fields.insert("extension".into(), json!(extension));
            fields.insert("manager".into(), json!(known.expect("a desk").1));
        }
        events.push(event);
    };
    let (contact, number) = (format!("+{}", call.contact), format!("+{NUMBER}"));
    if call.inbound {
        add(
            "started",
            call.start,
            None,
            json!({"direction": "inbound", "from": contact, "to": number}),
        );
    } else {
        let parties = json!({"direction": "outbound", "from": number, "to": contact});
        add("started", call.start, Some(call.dialled_by), parties);
    }
    if let Some(menu) = call.menu {
        add("menu", menu, None, json!({}));
    }
    if let Some(queued) = call.queued {
        add("queued", queued, None, json!({}));
    }
    for ring in &call.rings {
        add("ringing", ring.from, Some(ring.extension), json!({}));
        if call.talk_of(ring).is_none() {
            add("ended", ring.until, Some(ring.extension), json!({}));
        }
    }
    for talk in &call.talks {
        add("answered", talk.from, Some(talk.extension), json!({}));
        if talk.until < call.end {
            if says.transfer {
                add("transferred", talk.until, Some(talk.extension), json!({}));
            }
            add("ended", talk.until, Some(talk.extension), json!({}));
        }
    }
    if let Some((from, until)) = call.held {
        add("held", from, Some(call.talks[0].extension), json!({}));
        add("resumed", until, Some(call.talks[0].extension), json!({}));
    }
    let more = if call.busy {
        json!({"disposition": "busy"})
    } else {
        json!({})
    };
    add("ended", call.end, None, more);
    events
}

/// Writes a form of names and values.
pub fn form(pairs: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    pairs.join("&").into_bytes()
}

fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
