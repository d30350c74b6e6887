//! What one cell holds.

use serde::{Deserialize, Serialize};
use trunkline_model::event::Author;
use trunkline_model::word::Word;

use super::Distribution;
use crate::facts::{Measured, Samples, Within};
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
}

impl Definition {
    /// All of them, in their order.
    pub const ALL: [Self; 5] = [
        Self::Kommo,
        Self::Turn,
        Self::Wait,
        Self::Assigned,
        Self::First,
    ];

    /// Gives its name in reports and tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kommo => "kommo",
            Self::Turn => "turn",
            Self::Wait => "wait",
            Self::Assigned => "assigned",
            Self::First => "first",
        }
    }
}

const AUTHORS: usize = 5;

/// Messages and response times of one manager on one channel in one cell of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    messages: [Count; AUTHORS],
    calendar: Answers,
    business: Option<Box<Answers>>,
    /// Waits that bots' replies ended, in calendar time.
    bots: Option<Box<Figures>>,
}

/// A number of things, and whether there ever was one.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Count {
    now: u32,
    ever: bool,
}

/// Response times by definition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answers([Figures; Definition::ALL.len()]);

/// Response times of one definition, and what is counted beside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The response times.
    pub times: Distribution,
    /// How many are within their target.
    pub within: u32,
    /// How many answered a wait wholly outside the schedule.
    pub outside: u32,
    /// What routing took: wait less assigned, of those that have both.
    pub queue: Sum,
    /// Of first: the times since the cycle's first contact message.
    pub from_start: Sum,
}

/// How many, and their sum in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u32,
    /// Their sum.
    pub ms: i64,
}

/// The figures of a cell that stand in one row of ClickHouse.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// The definition, or `messages`.
    pub definition: &'static str,
    /// `calendar` or `business`.
    pub hours: &'static str,
    /// Who wrote.
    pub author: Author,
    /// How many samples, or messages; where there are none any more, 0.
    pub count: u32,
    /// The samples' figures; none of messages.
    pub figures: Option<&'a Figures>,
}

/// The definition that stands for messages of any kind.
pub const MESSAGES: &str = "messages";

impl Cell {
    /// Counts the messages of an author.
    pub fn messages(&self, author: Author) -> u32 {
        self.messages[author as usize].now
    }

    /// Gives the response times in calendar time.
    pub fn calendar(&self) -> &Answers {
        &self.calendar
    }

    /// Gives the response times in business time, if there was a schedule.
    pub fn business(&self) -> Option<&Answers> {
        self.business.as_deref()
    }

    /// Shows all that it holds or ever held.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let messages = Author::ALL.iter().zip(&self.messages);
        let messages = messages.filter(|(_, count)| count.ever);
        let messages = messages.map(|(author, count)| Part {
            definition: MESSAGES,
            hours: "calendar",
            author: *author,
            count: count.now,
            figures: None,
        });
        let business = self.business.iter().flat_map(|of| of.parts("business"));
        let bots = self.bots.iter().map(|figures| Part {
            definition: Definition::Wait.as_str(),
            hours: "calendar",
            author: Author::Bot,
            count: figures.times.count(),
            figures: Some(figures),
        });
        let calendar = self.calendar.parts("calendar");
        messages.chain(calendar).chain(business).chain(bots)
    }

    /// Says whether all its figures are known: what was taken out may have been the least or the
    /// greatest.
    pub fn is_known(&self) -> bool {
        let mut figures = self.parts().filter_map(|part| part.figures);
        figures.all(|figures| figures.times.is_known())
    }

    /// Adds what another cell holds.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.messages.iter_mut().zip(other.messages) {
            own.now += more.now;
            own.ever |= more.ever;
        }
        self.calendar.merge(&other.calendar);
        if let Some(business) = &other.business {
            self.business.get_or_insert_default().merge(business);
        }
        if let Some(bots) = &other.bots {
            self.bots.get_or_insert_default().merge(bots);
        }
    }

    pub(super) fn add(&mut self, message: &Message, measured: &Measured) {
        let count = &mut self.messages[message.author as usize];
        *count = Count {
            now: count.now + 1,
            ever: true,
        };
        self.count(message, measured, Figures::add);
    }

    pub(super) fn remove(&mut self, message: &Message, measured: &Measured) {
        let count = &mut self.messages[message.author as usize];
        count.now = count.now.saturating_sub(1);
        self.count(message, measured, Figures::remove);
    }

    fn count(&mut self, message: &Message, measured: &Measured, change: Change) {
        let Measured {
            calendar,
            business,
            within,
        } = *measured;
        // A bot's reply is nobody's answer (`responder=bot` is a figure of its own).
        if message.author != Author::Manager {
            if let Some(ms) = calendar.wait {
                let bots = self.bots.get_or_insert_default();
                let within = within.holds(Definition::Wait as u32);
                change(bots, &Sample::of(ms, within));
            }
            return;
        }
        self.calendar
            .count([calendar, business], calendar, within, change);
        if business != Samples::default() {
            let answers = self.business.get_or_insert_default();
            let within = Within(within.0 >> Within::BUSINESS);
            answers.count([calendar, business], business, within, change);
        }
    }
}

/// Adds a sample to figures, or takes it out.
type Change = fn(&mut Figures, &Sample);

/// A sample of one definition, and what is counted beside it.
#[derive(Clone, Copy, Default)]
struct Sample {
    ms: i64,
    within: bool,
    outside: bool,
    queue: Option<i64>,
    from_start: Option<i64>,
}

impl Sample {
    fn of(ms: i64, within: bool) -> Self {
        Self {
            ms,
            within,
            ..Self::default()
        }
    }
}

impl Answers {
    /// Gives the response times by one definition.
    pub fn by(&self, definition: Definition) -> &Distribution {
        &self.0[definition as usize].times
    }

    fn parts(&self, hours: &'static str) -> impl Iterator<Item = Part<'_>> {
        let figures = Definition::ALL.iter().zip(&self.0);
        let figures = figures.filter(|(_, figures)| figures.times.ever());
        figures.map(move |(definition, figures)| Part {
            definition: definition.as_str(),
            hours,
            author: Author::Manager,
            count: figures.times.count(),
            figures: Some(figures),
        })
    }

    /// Counts the samples `of` the calendar or the business kind.
    fn count(
        &mut self,
        [calendar, business]: [Samples; 2],
        of: Samples,
        within: Within,
        change: Change,
    ) {
        let queue = of.wait.zip(of.assigned).map(|(wait, own)| wait - own);
        let both = calendar.all().into_iter().zip(business.all());
        let samples = of.all().into_iter().zip(both);
        for (place, (figures, (ms, both))) in (0..).zip(self.0.iter_mut().zip(samples)) {
            let Some(ms) = ms else { continue };
            let first = place == Definition::First as u32;
            let sample = Sample {
                ms,
                within: within.holds(place),
                // A wait of no length is outside no schedule.
                outside: matches!(both, (Some(1..), Some(0))),
                queue,
                from_start: of.first_from_start.filter(|_| first),
            };
            change(figures, &sample);
        }
    }

    fn merge(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(&other.0) {
            own.merge(more);
        }
    }
}

impl Figures {
    fn add(&mut self, sample: &Sample) {
        self.times.add(sample.ms);
        self.within += u32::from(sample.within);
        self.outside += u32::from(sample.outside);
        self.queue.add(sample.queue);
        self.from_start.add(sample.from_start);
    }

    fn remove(&mut self, sample: &Sample) {
        self.times.remove(sample.ms);
        self.within = self.within.saturating_sub(u32::from(sample.within));
        self.outside = self.outside.saturating_sub(u32::from(sample.outside));
        self.queue.remove(sample.queue);
        self.from_start.remove(sample.from_start);
    }

    fn merge(&mut self, other: &Self) {
        self.times.merge(&other.times);
        self.within += other.within;
        self.outside += other.outside;
        for (own, more) in [
            (&mut self.queue, other.queue),
            (&mut self.from_start, other.from_start),
        ] {
            own.count += more.count;
            own.ms += more.ms;
        }
    }
}

impl Sum {
    fn add(&mut self, ms: Option<i64>) {
        self.count += u32::from(ms.is_some());
        self.ms += ms.unwrap_or_default();
    }

    fn remove(&mut self, ms: Option<i64>) {
        self.count = self.count.saturating_sub(u32::from(ms.is_some()));
        self.ms -= ms.unwrap_or_default();
    }
}

/// What there is now; what once was is no figure.
impl PartialEq for Count {
    fn eq(&self, other: &Self) -> bool {
        self.now == other.now
    }
}

impl Eq for Count {}

const _: () = assert!(AUTHORS == Author::ALL.len());
