//! What outgoing webhooks are told of: the calls that a batch changed, as they stand after it.

use trunkline_delivery::{Call, Handle, Leg};
use trunkline_model::event::Direction;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{
    CallFact, ChangeFact, ConversationFact, LegFact, MessageFact, OFFSET, Rows,
};

use super::Worker;

impl Worker {
    /// Tells of the calls of an account that changed since the last time. Those that only records
    /// changed which were told before the start are passed over.
    pub(super) fn tell_news(&mut self, account: &str) {
        let Some(delivery) = &self.delivery else {
            return;
        };
        let Some(account) = self.accounts.get_mut(account) else {
            return;
        };
        let from = if delivery.wants(account.id()) {
            delivery.told_below()
        } else {
            u64::MAX
        };
        let mut news = News {
            delivery,
            now: self.newest,
        };
        account.changed_calls(from, &mut news);
    }
}

/// Hands on calls as they are derived.
struct News<'a> {
    delivery: &'a Handle,
    /// When the batch arrived.
    now: Time,
}

impl Rows for News<'_> {
    fn message(&mut self, _: &MessageFact<'_>) {}

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, _: &ConversationFact<'_>) {}

    fn call(&mut self, fact: &CallFact<'_>) {
        if !fact.deleted {
            let offset = fact.version & OFFSET;
            self.delivery
                .tell(fact.account, &call(fact), offset, self.now);
        }
    }
}

/// Gives a call in the form in which it is told.
fn call(fact: &CallFact<'_>) -> Call {
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
        // Call tracking says it, once it observes.
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
