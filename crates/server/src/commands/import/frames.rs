//! Rows become events, and events frames: frame n always holds the same rows.
//!
//! What fails here, by the map or by the contract's own rules, is not sent, whenever it is tried.
//! So neither a clock nor the service has a say in what a frame holds.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Result;
use trunkline_model::batch::{Batch, Limits, Shape};
use trunkline_model::event::{Kind, Refusal};
use trunkline_model::time::Time;
use trunkline_providers::{Draft, Hook, Made, Map, Record, RowError};

use super::rows::Rows;
use super::tally::Tally;
use crate::stream::{Frame, Source};

/// Events of a frame.
const EVENTS: usize = 200;
/// Bytes of a frame of several events.
const BYTES: usize = 500_000;

/// How rows become events.
#[derive(Clone, Copy)]
pub(super) enum By<'m> {
    /// By a map.
    Map(&'m Map),
    /// As the provider of a hook writes its export.
    Export(&'m Hook),
}

impl By<'_> {
    fn events(self, record: &Record) -> Result<Made, RowError> {
        match self {
            Self::Map(map) => map.events(record),
            Self::Export(hook) => {
                let made = hook.provider.export(hook, record);
                let made = made.map_err(|error| RowError {
                    key: "row".into(),
                    detail: error.to_string(),
                })?;
                let events: Vec<String> = made.iter().map(Draft::to_json).collect();
                Ok(if events.is_empty() {
                    Made::Skipped
                } else {
                    Made::Events(events)
                })
            }
        }
    }
}

/// Makes frames of rows.
pub(super) struct Framer<'m> {
    rows: Rows,
    by: By<'m>,
    run: &'m str,
    now: Time,
    limits: Limits,
    ready: VecDeque<(u64, String)>,
    upto: u64,
    tally: Tally,
}

impl<'m> Framer<'m> {
    /// Makes frames of the run `run`; what happens more than a day after `now` is refused.
    pub(super) fn new(rows: Rows, by: By<'m>, run: &'m str, now: Time) -> Self {
        Self {
            rows,
            by,
            run,
            now,
            limits: Limits::default(),
            ready: VecDeque::new(),
            upto: 0,
            tally: Tally::default(),
        }
    }

    /// Gives the counts of everything that was read.
    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }

    /// Reads the next row; says whether there was one.
    fn read(&mut self) -> Result<bool> {
        let Some(row) = self.rows.next()? else {
            return Ok(false);
        };
        self.upto = row.upto;
        self.tally.row();
        let made = match row.record {
            Ok(record) => self.by.events(&record),
            Err(why) => {
                self.tally.refuse("row", row.number, &why);
                return Ok(true);
            }
        };
        match made {
            Ok(Made::Skipped) => self.tally.skipped(),
            Ok(Made::Events(events)) => {
                for event in events {
                    self.take(row.number, &event);
                }
            }
            Err(why) => self.tally.refuse(&why.key, row.number, &why.detail),
        }
        Ok(true)
    }

    /// Checks an event as the service will, and keeps it for the next frame.
    fn take(&mut self, row: u64, event: &str) {
        let event = marked(event, self.run);
        let (kind, at) = match self.checked(&event) {
            Ok(known) => known,
            Err(refusal) => return self.tally.refuse_of_contract(row, &refusal),
        };
        self.tally.event(kind, at);
        self.ready.push_back((row, event));
    }

    fn checked(&self, event: &str) -> Result<(Kind, Time), Refusal> {
        let body = event.as_bytes().to_vec();
        let mut batch = Batch::parse(body, Shape::Json, self.now, &self.limits)?;
        if let Some(rejected) = batch.rejected.pop() {
            return Err(Refusal::new(rejected.code, rejected.detail));
        }
        let known = batch.events.items().first();
        let known = known.map(|item| (item.event.kind(), item.event.at()));
        Ok(known.unwrap_or((Kind::Message, Time::MIN)))
    }

    /// Says how many of the events that are ready make a frame, none if more may come.
    fn full(&self) -> Option<usize> {
        let mut bytes = 0;
        for (place, (_, event)) in self.ready.iter().enumerate() {
            bytes += event.len() + 1;
            if bytes > BYTES {
                return Some(place.max(1));
            }
            if place + 1 == EVENTS {
                return Some(EVENTS);
            }
        }
        None
    }

    fn frame(&mut self, events: usize) -> Frame {
        let mut rows = Vec::with_capacity(events);
        let mut body = String::new();
        for (row, event) in self.ready.drain(..events) {
            body.push(if rows.is_empty() { '[' } else { ',' });
            body.push_str(&event);
            rows.push(row);
        }
        // A lone event goes without brackets: it may be as long as a frame.
        let body = if events == 1 {
            body.split_off(1)
        } else {
            body + "]"
        };
        Frame {
            body: body.into(),
            rows,
            upto: self.upto,
            after: Duration::ZERO,
        }
    }
}

impl Source for Framer<'_> {
    fn next(&mut self) -> Result<Option<Frame>> {
        loop {
            if let Some(events) = self.full() {
                return Ok(Some(self.frame(events)));
            }
            if !self.read()? {
                break;
            }
        }
        let rest = self.ready.len();
        Ok((rest > 0).then(|| self.frame(rest)))
    }
}

/// Marks an event with its run; a retraction names the run that it takes back.
fn marked(event: &str, run: &str) -> String {
    match event.strip_suffix('}') {
        Some(open) if !event.starts_with("{\"type\":\"retract\"") => {
            format!("{open},\"batch\":\"{run}\"}}")
        }
        _ => event.to_owned(),
    }
}
