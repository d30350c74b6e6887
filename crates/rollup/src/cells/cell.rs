//! What one cell holds.

use serde::{Deserialize, Serialize};
use trunkline_model::event::Author;
use trunkline_model::word::Word;

use super::Distribution;
use crate::facts::Samples;
use crate::timeline::Message;

/// What a response time is measured from, in the order of [`Samples::all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Definition {
    /// See [`Samples::kommo`].
    Kommo,
    /// See [`Samples::turn`].
    Turn,
    /// See [`Samples::wait`].
    Wait,
    /// See [`Samples::assigned`].
    Assigned,
    /// See [`Samples::first`].
    First,
    /// See [`Samples::first_from_start`].
    FirstFromStart,
}

const DEFINITIONS: usize = 6;
const AUTHORS: usize = 5;

/// Messages and response times of one manager on one channel in one cell of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    messages: [u32; AUTHORS],
    calendar: Answers,
    business: Option<Box<Answers>>,
}

/// Response times by definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers([Distribution; DEFINITIONS]);

impl Cell {
    /// Counts the messages of an author.
    pub fn messages(&self, author: Author) -> u32 {
        self.messages[author as usize]
    }

    /// Gives the response times in calendar time.
    pub fn calendar(&self) -> &Answers {
        &self.calendar
    }

    /// Gives the response times in business time, if there was a schedule.
    pub fn business(&self) -> Option<&Answers> {
        self.business.as_deref()
    }

    /// Adds what another cell holds.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.messages.iter_mut().zip(other.messages) {
            *own += more;
        }
        self.calendar.merge(&other.calendar);
        if let Some(business) = &other.business {
            self.business.get_or_insert_default().merge(business);
        }
    }

    pub(super) fn add(&mut self, message: &Message, [calendar, business]: [Samples; 2]) {
        self.messages[message.author as usize] += 1;
        self.calendar.count(calendar, Distribution::add);
        if business != Samples::default() {
            let answers = self.business.get_or_insert_default();
            answers.count(business, Distribution::add);
        }
    }

    pub(super) fn remove(&mut self, message: &Message, [calendar, business]: [Samples; 2]) {
        let messages = &mut self.messages[message.author as usize];
        *messages = messages.saturating_sub(1);
        self.calendar.count(calendar, Distribution::remove);
        if let Some(answers) = self.business.as_mut() {
            answers.count(business, Distribution::remove);
        }
    }
}

impl Answers {
    /// Gives the response times by one definition.
    pub fn by(&self, definition: Definition) -> &Distribution {
        &self.0[definition as usize]
    }

    fn count(&mut self, samples: Samples, count: fn(&mut Distribution, i64)) {
        for (distribution, sample) in self.0.iter_mut().zip(samples.all()) {
            if let Some(ms) = sample {
                count(distribution, ms);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(&other.0) {
            own.merge(more);
        }
    }
}

const _: () = assert!(AUTHORS == Author::ALL.len());
