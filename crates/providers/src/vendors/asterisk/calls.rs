//! From what happens to channels to the phases of calls: several signs make one phase.
//!
//! A channel is a leg, the oldest channel it is linked with names the call. Legs of persons are those
//! of extensions that were dialled, of numbers outside to which an inbound call was given on, and, of
//! an outbound call, the extension that dialled. What holds:
//!
//! - a call is `started` by its first channel, and `ended`, with a disposition, when its last one is
//!   gone; `ended` with a leg ends that leg alone;
//! - a leg rings when its telephone does, not when it is dialled, and is answered once, by whichever
//!   sign comes first: it is up, its dialling succeeded, or it shares a bridge with the other side;
//! - two calls that meet in a bridge (a transfer after a word with the colleague) go on as the older;
//! - whatever channel is unknown is nobody's: a sign of it changes nothing.
//!
//! After a loss of the connection the exchange's list of channels says what is still there. A call
//! that is not ended when the connection was lost, the last moment it is known to have lived: as
//! `answered` if it had been, else `timed_out`, tagged `gap`. A call that is new is told of as it
//! stands. Ids of phases are made of call, leg and phase (those that repeat: and their time), so that
//! what was told before a restart is not told as another.

mod call;

use std::collections::{BTreeMap, BTreeSet};

use call::{Call, Leg};
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use super::line::{Channel, End, Lines, State, is_extension, is_number, number};
use crate::{Draft, Hook};

/// How many calls that ended are remembered, so that their records are not told again.
const REMEMBERED: usize = 4_096;

/// The calls of one exchange.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) hook: Hook,
    lines: Lines,
    going: BTreeMap<String, Call>,
    /// The call of each channel.
    of: BTreeMap<String, String>,
    /// The channels in each bridge.
    bridges: BTreeMap<String, BTreeSet<String>>,
    /// The calls told of before, oldest first.
    told: Vec<String>,
    /// How many lists were asked for; a channel that is newer than the list is not missed in it.
    round: u64,
    listed: BTreeSet<String>,
    /// When the connection was lost, until the next list.
    lost: Option<Time>,
    out: Vec<Draft>,
}

/// How dialling a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialled {
    Answered,
    Busy,
    NoAnswer,
    Failed,
}

impl Dialled {
    /// Reads `DIALSTATUS`; none while it goes on.
    pub(super) fn read(word: &str) -> Option<Self> {
        match word {
            "ANSWER" => Some(Self::Answered),
            "BUSY" => Some(Self::Busy),
            "NOANSWER" | "CANCEL" | "DONTCALL" | "TORTURE" => Some(Self::NoAnswer),
            "CHANUNAVAIL" | "CONGESTION" | "INVALIDARGS" => Some(Self::Failed),
            _ => None,
        }
    }
}

impl Calls {
    pub(super) fn new(hook: Hook, lines: Lines) -> Self {
        Self {
            hook,
            lines,
            going: BTreeMap::new(),
            of: BTreeMap::new(),
            bridges: BTreeMap::new(),
            told: Vec::new(),
            round: 0,
            listed: BTreeSet::new(),
            lost: None,
            out: Vec::new(),
        }
    }

    /// Gives the events made since the last time.
    pub(super) fn take(&mut self) -> Vec<Draft> {
        std::mem::take(&mut self.out)
    }

    /// Adds an event.
    pub(super) fn note(&mut self, event: Draft) {
        self.out.push(event);
    }

    /// Says where a channel leads.
    pub(super) fn end_of(&self, channel: &Channel) -> End {
        self.lines.end(channel)
    }

    /// Says whether a channel or a call is or was told of.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.of.contains_key(id) || self.told.iter().any(|told| told == id)
    }

    /// Notes a channel as it stands.
    pub(super) fn see(&mut self, channel: &Channel, at: Time) {
        if channel.id.is_empty() {
            return;
        }
        if !self.of.contains_key(&channel.id) {
            self.begin(channel, at);
        } else if !channel.linked.is_empty() {
            self.join(&channel.id, &channel.linked, at);
        }
        match channel.state {
            State::Rings => self.rings(&channel.id, at),
            State::Up => self.up(&channel.id, at),
            State::Down | State::Dials => {}
        }
    }

    fn begin(&mut self, channel: &Channel, at: Time) {
        let end = self.lines.end(channel);
        let own = match channel.linked.as_str() {
            "" => channel.id.clone(),
            linked => linked.to_owned(),
        };
        let leg = Leg::new(end, channel, self.round);
        self.of.insert(channel.id.clone(), own.clone());
        let known = self.going.contains_key(&own);
        let call = self
            .going
            .entry(own.clone())
            .or_insert_with(|| Call::new(&own, at));
        call.legs.insert(channel.id.clone(), leg);
        call.look(&channel.id, channel);
        if !known {
            let started = call.draft(&self.hook, Phase::Started, None, at);
            self.out.push(started);
        }
    }

    /// Takes a channel over into an older call.
    fn join(&mut self, id: &str, into: &str, at: Time) {
        let Some(from) = self.of.get(id).filter(|own| call::is_older(into, own)) else {
            return;
        };
        let from = from.clone();
        if !self.going.contains_key(into) {
            return;
        }
        let leg = self
            .going
            .get_mut(&from)
            .and_then(|call| call.legs.remove(id));
        let Some(mut leg) = leg else {
            return;
        };
        leg.dialled = true;
        let again = leg.up && leg.told;
        leg.told = false;
        self.of.insert(id.to_owned(), into.to_owned());
        if let Some(call) = self.going.get_mut(into) {
            call.legs.insert(id.to_owned(), leg);
        }
        if again {
            self.answered(id, at);
        }
        self.end_if_empty(&from, at, None);
    }

    /// Notes that a channel is dialled, and by whom.
    pub(super) fn dial(&mut self, by: &str, channel: &Channel, dialled: &str, at: Time) {
        let mut channel = channel.clone();
        if let Some(call) = self.of.get(by) {
            channel.linked.clone_from(call);
        }
        self.see(&channel, at);
        let Some((own, leg)) = self.leg(&channel.id) else {
            return;
        };
        // What nobody dials is called up by the exchange itself, to dial on.
        leg.dialled |= !by.is_empty();
        if leg.end == End::Outside {
            leg.number = number(dialled).map(str::to_owned).or(leg.number.take());
        }
        if let Some(call) = self.going.get_mut(&own) {
            call.dials(&channel);
        }
    }

    /// Notes how dialling a channel ended.
    pub(super) fn dialled(&mut self, id: &str, how: Dialled, at: Time) {
        let Some((own, _)) = self.leg(id) else {
            return;
        };
        if let Some(call) = self.going.get_mut(&own) {
            call.dialled = Some(how);
        }
        if how == Dialled::Answered {
            self.up(id, at);
        }
    }

    fn rings(&mut self, id: &str, at: Time) {
        let Some((call, person)) = self.person(id) else {
            return;
        };
        call.rung = true;
        if let Some(leg) = call.legs.get_mut(&person)
            && !std::mem::replace(&mut leg.rung, true)
        {
            self.tell(&person, Phase::Ringing, at);
        }
    }

    fn up(&mut self, id: &str, at: Time) {
        let Some((_, leg)) = self.leg(id) else {
            return;
        };
        leg.up = true;
        if leg.dialled && leg.end != End::Glue {
            self.answered(id, at);
        }
    }

    /// Notes that the person of a channel talks.
    pub(super) fn answered(&mut self, id: &str, at: Time) {
        let Some((call, person)) = self.person(id) else {
            return;
        };
        call.answered = true;
        if let Some(leg) = call.legs.get_mut(&person)
            && !std::mem::replace(&mut leg.told, true)
        {
            self.tell(&person, Phase::Answered, at);
        }
    }

    /// Notes that a channel entered a bridge.
    pub(super) fn enter(&mut self, bridge: &str, id: &str, at: Time) {
        let Some(own) = self.of.get(id).cloned() else {
            return;
        };
        let with = self.bridges.entry(bridge.to_owned()).or_default();
        with.insert(id.to_owned());
        let with = with.clone();
        let others: Vec<String> = with.into_iter().filter(|it| it != id).collect();
        let calls = others.iter().filter_map(|it| self.of.get(it));
        let oldest = calls.chain([&own]).reduce(call::older).cloned();
        for leg in others.iter().map(String::as_str).chain([id]) {
            if let Some(oldest) = &oldest {
                self.join(leg, oldest, at);
            }
        }
        if others.iter().any(|it| !self.is_glue(it)) && !self.is_glue(id) {
            self.talk(id, &others, at);
        }
    }

    /// Two that share a bridge talk, if one of them is outside or was dialled.
    fn talk(&mut self, id: &str, others: &[String], at: Time) {
        let inside = |calls: &mut Self, id: &str| {
            let leg = calls.leg(id);
            leg.is_some_and(|(_, leg)| matches!(leg.end, End::Inside(_)))
        };
        let mine = inside(self, id);
        for other in others {
            match (mine, inside(self, other)) {
                (true, false) => self.answered(id, at),
                (false, true) => self.answered(other, at),
                (true, true) | (false, false) => {}
            }
        }
    }

    /// Notes that a channel left a bridge.
    pub(super) fn leave(&mut self, bridge: &str, id: &str) {
        if let Some(with) = self.bridges.get_mut(bridge) {
            with.remove(id);
            if with.is_empty() {
                self.bridges.remove(bridge);
            }
        }
    }

    /// Notes a phase that may come again: hold, resume, transfer.
    pub(super) fn again(&mut self, id: &str, phase: Phase, at: Time) {
        if let Some((_, person)) = self.person(id) {
            self.tell(&person, phase, at);
        }
    }

    /// Notes that a caller entered a queue.
    pub(super) fn queued(&mut self, id: &str, at: Time) {
        let Some((own, _)) = self.leg(id) else {
            return;
        };
        if let Some(call) = self.going.get_mut(&own) {
            call.queued = true;
            let queued = call.draft(&self.hook, Phase::Queued, None, at);
            self.out.push(queued);
        }
    }

    /// Notes what the dial plan does with a call.
    pub(super) fn runs(&mut self, id: &str, application: &str, at: Time) {
        let Some((own, _)) = self.leg(id) else {
            return;
        };
        let Some(call) = self.going.get_mut(&own) else {
            return;
        };
        match application.to_ascii_lowercase().as_str() {
            "background" | "waitexten" | "read" if !std::mem::replace(&mut call.menu, true) => {
                let menu = call.draft(&self.hook, Phase::Menu, None, at);
                self.out.push(menu);
            }
            "voicemail" | "minivmrecord" => call.voicemail = true,
            _ => {}
        }
    }

    /// Notes that a channel is gone.
    pub(super) fn hangup(&mut self, id: &str, at: Time) {
        self.gone(id, at, None);
    }

    fn gone(&mut self, id: &str, at: Time, tag: Option<&str>) {
        let Some(own) = self.of.remove(id) else {
            return;
        };
        self.bridges.retain(|_, with| {
            with.remove(id);
            !with.is_empty()
        });
        let Some(call) = self.going.get_mut(&own) else {
            return;
        };
        let leg = call.legs.remove(id);
        let ended = leg.filter(|leg| leg.rung || leg.told);
        if let Some(leg) = ended
            && !call.legs.is_empty()
        {
            let ended = call.draft(&self.hook, Phase::Ended, Some((id, &leg)), at);
            self.out.push(ended);
        }
        self.end_if_empty(&own, at, tag);
    }

    fn end_if_empty(&mut self, own: &str, at: Time, tag: Option<&str>) {
        if self.going.get(own).is_none_or(|call| !call.legs.is_empty()) {
            return;
        }
        if let Some(call) = self.going.remove(own) {
            self.out.push(call.end(&self.hook, at, tag));
            if self.told.len() == REMEMBERED {
                self.told.remove(0);
            }
            self.told.push(own.to_owned());
        }
    }

    /// Notes that the connection was lost.
    pub(super) fn lost(&mut self, at: Time) {
        self.lost.get_or_insert(at);
        self.bridges.clear();
    }

    /// Begins a list of all channels.
    pub(super) fn list(&mut self) {
        self.round += 1;
        self.listed.clear();
    }

    /// Notes a channel of the list.
    pub(super) fn listed(&mut self, channel: &Channel, at: Time) {
        self.listed.insert(channel.id.clone());
        if !self.of.contains_key(&channel.id) {
            let began = call::start(&channel.linked).filter(|began| *began < at);
            self.begin(channel, began.unwrap_or(at));
        }
        self.see(channel, at);
    }

    /// Ends the list: what is not in it is gone.
    pub(super) fn reconcile(&mut self, now: Time) {
        let at = self.lost.take().unwrap_or(now);
        let legs = self.going.values().flat_map(|call| &call.legs);
        let missed = legs.filter(|(id, leg)| leg.round < self.round && !self.listed.contains(*id));
        let missed: Vec<String> = missed.map(|(id, _)| id.clone()).collect();
        for id in missed {
            self.gone(&id, at, Some("gap"));
        }
        self.listed.clear();
    }

    fn leg(&mut self, id: &str) -> Option<(String, &mut Leg)> {
        let own = self.of.get(id)?.clone();
        let leg = self.going.get_mut(&own)?.legs.get_mut(id)?;
        Some((own, leg))
    }

    fn is_glue(&self, id: &str) -> bool {
        let call = self.of.get(id).and_then(|own| self.going.get(own));
        let leg = call.and_then(|call| call.legs.get(id));
        leg.is_none_or(|leg| leg.end == End::Glue)
    }

    /// Finds the call of a channel, and the leg of the person whose phase a sign of it is.
    fn person(&mut self, id: &str) -> Option<(&mut Call, String)> {
        let own = self.of.get(id)?;
        let call = self.going.get_mut(own)?;
        let person = call.person(id)?;
        Some((call, person))
    }

    fn tell(&mut self, id: &str, phase: Phase, at: Time) {
        let call = self.of.get(id).and_then(|own| self.going.get(own));
        if let Some((call, leg)) = call.and_then(|call| Some((call, call.legs.get(id)?))) {
            self.out
                .push(call.draft(&self.hook, phase, Some((id, leg)), at));
        }
    }
}
