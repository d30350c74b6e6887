//! Calls on their way from the fold to call tracking, and to who sends outgoing webhooks.

use compact_str::CompactString;
use trunkline_calltracking::{CallSeen, Position as Place, Tracking};
use trunkline_delivery::Call;
use trunkline_model::event::Direction;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{CallFact, ChangeFact, ConversationFact, MessageFact, OFFSET, Rows};

use crate::worker::news;

/// Calls that changed.
#[derive(Default)]
pub(super) struct Changed {
    /// Whether call tracking hears of them.
    pub(super) is_used: bool,
    /// From which record on they are news.
    pub(super) news_from: u64,
    pub(super) calls: Vec<ChangedCall>,
    pub(super) news: Vec<(News, u64)>,
}

/// What outgoing webhooks are to be told of.
pub(crate) enum News {
    /// A call as it stands now, without what brought it.
    Call(Box<Call>),
    /// A call of which everything was taken back.
    Gone(CompactString),
}

pub(super) struct ChangedCall {
    call: CompactString,
    pub(super) caller: CompactString,
    pub(super) known: bool,
    number: CompactString,
    inbound: bool,
    started_at: Time,
    ended_at: Option<Time>,
    gone: bool,
    at: Place,
}

impl Changed {
    /// Gives the call that was shown last; none if nothing is left of it.
    pub(super) fn told(mut self) -> Option<Call> {
        match self.news.pop()?.0 {
            News::Call(call) => Some(*call),
            News::Gone(_) => None,
        }
    }
}

impl ChangedCall {
    /// Tells call tracking of it.
    pub(super) fn tell(&self, tracking: &mut Tracking, contact: Option<&str>) {
        let seen = CallSeen {
            number: &self.number,
            caller: &self.caller,
            known: self.known,
            contact,
            inbound: self.inbound,
            started_at: self.started_at,
            ended_at: self.ended_at,
        };
        tracking.call(&self.call, (!self.gone).then_some(&seen), self.at);
    }
}

impl Rows for Changed {
    fn message(&mut self, _: &MessageFact<'_>) {}

    fn change(&mut self, _: &ChangeFact<'_>) {}

    fn conversation(&mut self, _: &ConversationFact<'_>) {}

    fn call(&mut self, fact: &CallFact<'_>) {
        let offset = fact.version & OFFSET;
        if offset >= self.news_from {
            let news = if fact.deleted {
                News::Gone(fact.call.into())
            } else {
                News::Call(Box::new(news::call(fact)))
            };
            self.news.push((news, offset));
        }
        if !self.is_used {
            return;
        }
        let dialled = fact.direction == Direction::Inbound;
        self.calls.push(ChangedCall {
            call: fact.call.into(),
            caller: fact.caller.into(),
            known: fact.known,
            // Of a callback that was dialled out nobody dialled a number of ours.
            number: if dialled { fact.number } else { "" }.into(),
            inbound: dialled || fact.origin == "callback",
            started_at: fact.started_at,
            ended_at: fact.ended_at,
            gone: fact.deleted,
            at: Place {
                offset,
                received_at: fact.received_at,
            },
        });
    }
}
