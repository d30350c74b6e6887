//! One call: what is known of it, and how it is told.

use std::collections::BTreeMap;

use trunkline_model::event::{Direction, Phase};
use trunkline_model::time::Time;

use super::{Channel, Dialled, End, is_extension, is_number};
use crate::{Draft, Hook};

/// A call that goes on.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that happened"
)]
pub(super) struct Call {
    id: String,
    began: Time,
    direction: Option<Direction>,
    from: String,
    to: String,
    /// The channel that began it.
    leader: String,
    pub(super) legs: BTreeMap<String, Leg>,
    pub(super) menu: bool,
    pub(super) queued: bool,
    pub(super) rung: bool,
    pub(super) answered: bool,
    pub(super) voicemail: bool,
    pub(super) dialled: Option<Dialled>,
}

/// A channel of it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing of its own that happened"
)]
pub(super) struct Leg {
    pub(super) end: End,
    /// The number that was dialled to reach it, if it is outside.
    pub(super) number: Option<String>,
    pub(super) dialled: bool,
    pub(super) rung: bool,
    pub(super) up: bool,
    /// That it was answered has been told.
    pub(super) told: bool,
    /// How many lists had been asked for when it was first seen.
    pub(super) round: u64,
}

impl Leg {
    pub(super) fn new(end: End, channel: &Channel, round: u64) -> Self {
        // A channel of a call that another one began was dialled.
        let dialled = !channel.linked.is_empty() && channel.linked != channel.id;
        Self {
            end,
            number: Some(channel.number.clone()).filter(|number| !number.is_empty()),
            dialled,
            rung: false,
            up: false,
            told: false,
            round,
        }
    }

    fn extension(&self) -> Option<&str> {
        match &self.end {
            End::Inside(extension) => Some(extension),
            End::Outside => self.number.as_deref(),
            End::Glue => None,
        }
    }
}

impl Call {
    pub(super) fn new(id: &str, began: Time) -> Self {
        Self {
            id: id.to_owned(),
            began,
            direction: None,
            from: String::new(),
            to: String::new(),
            leader: String::new(),
            legs: BTreeMap::new(),
            menu: false,
            queued: false,
            rung: false,
            answered: false,
            voicemail: false,
            dialled: None,
        }
    }

    /// Learns who calls whom from the first channel that is anybody's.
    pub(super) fn look(&mut self, id: &str, channel: &Channel) {
        let Some(leg) = self.legs.get(id).filter(|leg| leg.end != End::Glue) else {
            return;
        };
        if !self.leader.is_empty() {
            return;
        }
        let dialled = Some(channel.dialled.as_str()).filter(|it| is_number(it));
        let dialled = dialled.unwrap_or_default().to_owned();
        // Of a call that is met midway the first channel may be gone: who was dialled began nothing.
        self.direction = match &leg.end {
            _ if leg.dialled => None,
            End::Outside => Some(Direction::Inbound),
            _ if dialled.is_empty() => None,
            _ if is_extension(&dialled) || dialled.starts_with('*') => Some(Direction::Internal),
            _ => Some(Direction::Outbound),
        };
        if leg.dialled {
            return;
        }
        id.clone_into(&mut self.leader);
        self.to = dialled;
        if self.direction != Some(Direction::Outbound) {
            self.from.clone_from(&channel.number);
        }
    }

    /// Learns from whom it dials.
    pub(super) fn dials(&mut self, channel: &Channel) {
        let Some(leg) = self.legs.get(&channel.id) else {
            return;
        };
        let leader = self.legs.get(&self.leader).map(|leg| &leg.end);
        let (Some(End::Inside(_)), false) = (leader, leg.end == End::Glue) else {
            return;
        };
        if leg.end == End::Outside {
            self.direction = Some(Direction::Outbound);
            if self.to.is_empty() || is_extension(&self.to) {
                self.to = leg.number.clone().unwrap_or_default();
            }
            let shown = Some(&channel.connected).filter(|it| it.len() > 6);
            self.from = shown.cloned().unwrap_or_default();
        } else if self.direction.is_none() {
            self.direction = Some(Direction::Internal);
        }
    }

    /// Gives the leg of the person whose phase a sign of a channel is: its own, or, if it is who an
    /// outbound call reaches, the one of who dialled.
    pub(super) fn person(&self, id: &str) -> Option<String> {
        let leg = self.legs.get(id)?;
        match (&leg.end, self.direction) {
            (End::Glue, _) => None,
            (End::Outside, Some(Direction::Outbound)) => {
                let leader = self.legs.contains_key(&self.leader);
                leader.then(|| self.leader.clone())
            }
            _ if leg.dialled => Some(id.to_owned()),
            (End::Inside(_), Some(Direction::Outbound)) => Some(id.to_owned()),
            // Who began a call that does not lead outside is not reached by it.
            _ => None,
        }
    }

    /// Begins a phase.
    pub(super) fn draft(
        &self,
        hook: &Hook,
        phase: Phase,
        leg: Option<(&str, &Leg)>,
        at: Time,
    ) -> Draft {
        let of = leg.map_or(String::new(), |(id, _)| format!(":{id}"));
        let again = match phase {
            Phase::Held | Phase::Resumed | Phase::Transferred | Phase::Queued => {
                format!(":{}", at.millis())
            }
            _ => String::new(),
        };
        let draft = Draft::call(hook, &self.id, phase, at)
            .with("id", format!("{}{of}:{phase}{again}", self.id))
            .maybe("direction", self.direction.map(Direction::as_str))
            .with("from", party(&self.from))
            .with("to", party(&self.to));
        match leg {
            Some((id, leg)) => draft.with("leg", id).maybe("extension", leg.extension()),
            None => draft,
        }
    }

    /// Ends it.
    pub(super) fn end(&self, hook: &Hook, at: Time, tag: Option<&str>) -> Draft {
        let unseen = tag.is_some() && !self.answered;
        let disposition = if unseen {
            "timed_out"
        } else {
            self.disposition()
        };
        // What is only supposed gets an id of its own: a record may still say better.
        let of = tag.map_or(String::new(), |tag| format!(":{tag}"));
        self.draft(hook, Phase::Ended, None, at.max(self.began))
            .with("id", format!("{}:ended{of}", self.id))
            .with("disposition", disposition)
            .maybe("tags", tag.map(|tag| vec![tag]))
    }

    fn disposition(&self) -> &'static str {
        let outbound = self.direction == Some(Direction::Outbound);
        match self.dialled {
            _ if self.answered => "answered",
            Some(Dialled::Busy) if outbound => "busy",
            Some(Dialled::Failed) if outbound => "failed",
            _ if outbound => "no_answer",
            _ if self.voicemail => "voicemail",
            _ if self.queued => "abandoned",
            _ if self.rung => "missed",
            _ if self.menu => "menu",
            _ => "missed",
        }
    }
}

/// Cuts a party to what the contract takes.
fn party(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Says whether a call began before another: ids are of the form `NAME-SECONDS.COUNT`.
pub(super) fn is_older(left: &str, right: &str) -> bool {
    age(left) < age(right)
}

/// Gives the older of two calls.
pub(super) fn older<'a>(left: &'a String, right: &'a String) -> &'a String {
    if is_older(right, left) { right } else { left }
}

/// Gives when a call began, as its id says.
pub(super) fn start(id: &str) -> Option<Time> {
    let (seconds, _) = age(id);
    Time::parse(&seconds.to_string()).ok()
}

fn age(id: &str) -> (u64, u64) {
    let id = id.rsplit_once('-').map_or(id, |(_, id)| id);
    let (seconds, count) = id.split_once('.').unwrap_or((id, "0"));
    let number = |text: &str| text.parse().unwrap_or(u64::MAX);
    (number(seconds), number(count))
}
