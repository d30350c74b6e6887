//! What outgoing webhooks are told of: the calls that a batch changed, as they stand after it.

use std::sync::Arc;

use compact_str::CompactString;
use trunkline_calltracking as calltracking;
use trunkline_delivery::{Attribution, Call, Leg};
use trunkline_model::event::Direction;
use trunkline_rollup::facts::{CallFact, LegFact};

use super::Worker;

impl Worker {
    /// Gives the offset from which on records make news of an account; none if nobody wants any. What
    /// only records below it changed was told before the start.
    pub(super) fn news_from(&self, account: &str) -> Option<u64> {
        let delivery = self.delivery.as_ref()?;
        delivery.wants(account).then(|| delivery.told_below())
    }

    /// Tells of the calls of an account that changed.
    pub(super) fn tell_news(&mut self, account: &str) {
        let Some(account) = self.accounts.get_mut(account) else {
            return;
        };
        let Some(delivery) = &self.delivery else {
            return;
        };
        let id = Arc::clone(account.id());
        for (mut call, offset) in account.take_news() {
            call.attribution = account.attribution(&call.call).map(brought);
            delivery.tell(&id, &call, offset, self.newest);
        }
    }
}

/// Gives what brought a call in the form in which it is told. The source is told where all that may
/// have brought it agree.
fn brought(by: calltracking::Attribution) -> Attribution {
    let calltracking::Attribution {
        certainty,
        reason,
        candidates,
        ..
    } = by;
    let mut candidates = candidates.into_iter();
    let Some(first) = candidates.next() else {
        return Attribution::default();
    };
    let visit = first.visit_key();
    let of = first.source;
    let agree = candidates
        .all(|other| (&other.source.source, &other.source.medium) == (&of.source, &of.medium));
    let text = |text: Option<CompactString>| text.map(String::from).filter(|_| agree);
    Attribution {
        certainty: Some(certainty.as_str().to_owned()),
        reason: reason.map(|reason| reason.as_str().to_owned()),
        visit,
        source: text(of.source),
        medium: text(of.medium),
        campaign: text(of.campaign),
        content: text(of.content),
        term: text(of.term),
        gclid: text(of.gclid),
        gbraid: text(of.gbraid),
        wbraid: text(of.wbraid),
        fbclid: text(of.fbclid),
        yclid: text(of.yclid),
        msclkid: text(of.msclkid),
        ctwa_clid: text(of.ctwa_clid),
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
