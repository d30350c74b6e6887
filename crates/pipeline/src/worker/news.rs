//! What outgoing webhooks are told of: the calls that a batch changed, as they stand after it, and those of which something
//! else changed what brought them.
//!
//! The second are told at once where a record that was not told before the start may have changed them. What is found out
//! only when rows are gathered (whose a phone number is), or was found out in a replay of what was told, is looked at when
//! all rows are gathered: in between some stand as they will not stay.

use std::mem;
use std::sync::Arc;

use compact_str::CompactString;
use trunkline_calltracking::{self as calltracking, Source};
use trunkline_delivery::{Attribution, Call, Cause, Handle as Delivery, Leg};
use trunkline_model::event::Direction;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{CallFact, LegFact};

use super::Worker;
use crate::tracked::{News, Tracked};

/// How long after it began a call's source is looked at, in milliseconds: longer than any news of it is told.
const WATCHED: i64 = 8 * 24 * 3_600_000;

impl Worker {
    /// Gives the offset from which on records make news of an account; none if nobody wants any. What
    /// only records below it changed was told before the start.
    pub(super) fn news_from(&self, account: &str) -> Option<u64> {
        let delivery = self.delivery.as_ref()?;
        delivery.wants(account).then(|| delivery.told_below())
    }

    /// Tells of the calls of an account that changed.
    pub(super) fn tell_news(&mut self, account: &str) {
        let Some(delivery) = &self.delivery else {
            return;
        };
        let Some(account) = self.accounts.get_mut(account) else {
            return;
        };
        let sources = Sources::of(delivery, account, self.newest);
        sources.tell(account, delivery.told_below());
        for (news, offset) in account.take_news() {
            match news {
                News::Call(call) => sources.tell_call(account, *call, offset),
                News::Gone(call) => sources.tell_gone(account, &call, offset),
            }
        }
    }

    /// Notes that something of an account was replayed.
    pub(super) fn note_replayed(&mut self, account: &str) {
        if self.delivery.is_some() && !self.replayed.iter().any(|known| **known == *account) {
            let id = Arc::clone(self.account(account).id());
            self.replayed.push(id);
        }
    }

    /// Tells of what was replayed of a batch. Not after each group of events: what was made durable together was told
    /// together, and in between calls stand as nobody was told of them.
    pub(super) fn tell_replayed(&mut self) {
        for account in mem::take(&mut self.replayed) {
            self.tell_news(&account);
        }
    }

    /// Tells of calls of which it was found out late what brought them, of accounts of which all rows are gathered.
    pub(super) fn tell_late_news(&mut self) {
        let Some(delivery) = self.delivery.as_ref().filter(|_| self.is_counting) else {
            return;
        };
        for account in self.accounts.values_mut() {
            if delivery.wants_sources(account.id()) && account.dirty() == 0 {
                Sources::of(delivery, account, self.newest).tell(account, 0);
            }
        }
    }
}

/// How sources are told.
struct Sources<'d> {
    delivery: &'d Delivery,
    is_wanted: bool,
    now: Time,
}

impl<'d> Sources<'d> {
    /// Makes it for an account, whose calls are watched from now on if anybody wants that.
    fn of(delivery: &'d Delivery, account: &mut Tracked, now: Time) -> Self {
        let is_wanted = delivery.wants_sources(account.id());
        account.watch(is_wanted.then_some(Time(now.0 - WATCHED)));
        Self {
            delivery,
            is_wanted,
            now,
        }
    }

    /// Tells what brought the calls that records from `offset` on may have changed.
    fn tell(&self, account: &mut Tracked, offset: u64) {
        if !self.is_wanted {
            return;
        }
        for (call, last) in account.take_settled(offset) {
            self.tell_one(account, &call, last);
        }
    }

    /// Tells of a call as it stands after the record at `offset`.
    fn tell_call(&self, account: &mut Tracked, mut call: Call, offset: u64) {
        let id = Arc::clone(account.id());
        call.attribution = account.attribution(&call.call).map(brought);
        let when = (offset, self.now);
        self.delivery
            .tell(&id, &call, when, |other| whole(account, other));
    }

    /// Tells that a call never was, and what is to be told of its twins then.
    fn tell_gone(&self, account: &mut Tracked, call: &CompactString, offset: u64) {
        let id = Arc::clone(account.id());
        if !self.delivery.was_told(&id, call) {
            return;
        }
        let Some(was) = account.told_before(call) else {
            return;
        };
        for twin in self.delivery.tell_gone(&id, &was, offset, self.now) {
            if let Some(twin) = account.told_as(&twin) {
                let name = CompactString::from(&twin.call);
                self.tell_call(account, twin, offset);
                if self.is_wanted {
                    self.tell_one(account, &name, offset);
                }
            }
        }
    }

    fn tell_one(&self, account: &mut Tracked, call: &CompactString, last: u64) {
        let id = Arc::clone(account.id());
        let Some(brought) = account.attribution(call).map(brought) else {
            return;
        };
        if !self.delivery.lacks_source(&id, call, &brought) {
            return;
        }
        if let Some(mut told) = account.told_as(call) {
            told.attribution = Some(brought);
            let cause = Cause {
                offset: last,
                is_new: last >= self.delivery.told_below(),
            };
            self.delivery
                .tell_source(&id, &told, (cause, self.now), |other| whole(account, other));
        }
    }
}

/// Gives a call in the form in which it is told, with what brought it; none if it is not known or gone.
fn whole(account: &mut Tracked, call: &str) -> Option<Call> {
    let mut told = account.told_as(call)?;
    told.attribution = account.attribution(call).map(brought);
    Some(told)
}

/// Gives what brought a call in the form in which it is told. Of several that may have, only that is told on which all
/// agree, and which is the likeliest visit.
fn brought(by: calltracking::Attribution) -> Attribution {
    let calltracking::Attribution {
        certainty,
        reason,
        candidates,
        ..
    } = by;
    // Of several visits none is told.
    let sole = candidates.first().filter(|_| candidates.len() == 1);
    let agreed = |field: fn(&Source) -> &Option<CompactString>| {
        let mut all = candidates.iter().map(|one| field(&one.source));
        let first = all.next()?.as_ref()?;
        let agree = all.all(|other| other.as_ref() == Some(first));
        agree.then(|| first.to_string())
    };
    Attribution {
        certainty: Some(certainty.as_str().to_owned()),
        reason: reason.map(|reason| reason.as_str().to_owned()),
        visit: sole.and_then(calltracking::Candidate::visit_key),
        source: agreed(|of| &of.source),
        medium: agreed(|of| &of.medium),
        campaign: agreed(|of| &of.campaign),
        content: agreed(|of| &of.content),
        term: agreed(|of| &of.term),
        gclid: agreed(|of| &of.gclid),
        gbraid: agreed(|of| &of.gbraid),
        wbraid: agreed(|of| &of.wbraid),
        fbclid: agreed(|of| &of.fbclid),
        yclid: agreed(|of| &of.yclid),
        msclkid: agreed(|of| &of.msclkid),
        ctwa_clid: agreed(|of| &of.ctwa_clid),
    }
}

/// Gives a call in the form in which it is told.
pub(crate) fn call(fact: &CallFact<'_>) -> Call {
    let direction = match fact.origin {
        "callback" => Direction::Inbound,
        _ => fact.direction,
    };
    Call {
        call: fact.call.to_owned(),
        hook: fact.hook.to_owned(),
        direction,
        origin: text(fact.origin),
        caller: text(fact.caller),
        number: text(fact.number),
        at: fact.started_at,
        queued_at: fact.queued_at,
        ringing_at: fact.ringing_at,
        answered_at: fact.answered_at,
        ended_at: fact.ended_at,
        disposition: text(fact.disposition),
        ghost: fact.ghost,
        menu_s: seconds(fact.menu_ms),
        queue_s: seconds(fact.queue_ms),
        ring_s: seconds(fact.ring_ms),
        hold_s: seconds(fact.hold_ms),
        wait_s: fact.wait_ms.map(seconds),
        talk_s: seconds(fact.talk_ms),
        tags: fact.tags.iter().map(|&tag| tag.to_owned()).collect(),
        spam: fact.spam,
        value: fact.value.map(|value| value.to_string()),
        recording: text(fact.recording),
        integrity: fact.integrity.to_string(),
        attribution: None,
        legs: fact.legs.iter().map(leg).collect(),
    }
}

fn leg(fact: &LegFact<'_>) -> Leg {
    Leg {
        leg: text(fact.leg),
        manager: text(fact.manager),
        extension: text(fact.extension),
        ringing_at: fact.ringing_at,
        answered_at: fact.answered_at,
        ended_at: fact.ended_at,
        ring_s: seconds(fact.ring_ms),
        talk_s: seconds(fact.talk_ms),
        hold_s: seconds(fact.hold_ms),
        transferred_out: fact.transferred_out,
        transferred_in: fact.transferred_in,
    }
}

fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use trunkline_calltracking::{Candidate, Certainty};

    use super::*;

    fn candidate(fields: [Option<&str>; 3]) -> Candidate {
        let [source, campaign, gclid] = fields.map(|field| field.map(CompactString::from));
        Candidate {
            visit: None,
            weight: 0.5,
            source: Source {
                source,
                campaign,
                gclid,
                ..Source::default()
            },
        }
    }

    #[test]
    fn of_an_ambiguous_call_only_that_is_told_on_which_all_agree() {
        let by = calltracking::Attribution {
            rule: 4,
            certainty: Certainty::Ambiguous,
            reason: None,
            candidates: vec![
                candidate([Some("google"), Some("x"), Some("G10")]),
                candidate([Some("google"), Some("y"), None]),
            ],
        };
        let told = brought(by);
        assert_eq!(told.source.as_deref(), Some("google"));
        assert_eq!((told.campaign, told.gclid), (None, None));
    }
}
