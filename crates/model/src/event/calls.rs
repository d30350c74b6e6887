//! Events of calls.

use schemars::JsonSchema;
use serde::Deserialize;

use super::hash::{Fields, Hashed};
use super::{Integrity, Kind, lists, null, whole};
use crate::amount::{self, Decimal};
use crate::text::{Id, LongText, Party, Text};
use crate::time::{Elapsed, Time};
use crate::word::words;

words! {
    /// What happened in a call. For one leg the phases rank in this order.
    Phase {
        /// It began.
        Started = "started",
        /// It is in a voice menu.
        Menu = "menu",
        /// It waits in a queue.
        Queued = "queued",
        /// It rings.
        Ringing = "ringing",
        /// It was answered.
        Answered = "answered",
        /// It was put on hold.
        Held = "held",
        /// It was taken off hold.
        Resumed = "resumed",
        /// It was given on.
        Transferred = "transferred",
        /// It ended.
        Ended = "ended",
        /// Its recording is there.
        Recorded = "recorded",
        /// It was tagged.
        Tagged = "tagged",
    }
}

words! {
    /// Which way a call goes, seen from the company.
    Direction {
        /// From outside.
        Inbound = "inbound",
        /// To outside.
        Outbound = "outbound",
        /// Without an external leg.
        Internal = "internal",
    }
}

/// A phase of a call (`type`: `call`).
///
/// Direction and parties need not be repeated on every phase; a call without `from` comes from an
/// unknown caller.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub struct Call<'a> {
    /// The call.
    #[serde(borrow)]
    pub call: Id<'a>,
    /// What happened.
    pub phase: Phase,
    /// When it happened.
    pub at: Time,
    /// Which way the call goes.
    pub direction: Option<Direction>,
    /// Who calls, as the sender wrote it; a phone number where it is one.
    #[serde(borrow)]
    pub from: Option<Party<'a>>,
    /// Who is called, as the sender wrote it; a phone number where it is one.
    #[serde(borrow)]
    pub to: Option<Party<'a>>,
    /// The manager of the leg.
    #[serde(borrow)]
    pub manager: Option<Id<'a>>,
    /// The extension of the leg.
    #[serde(borrow)]
    pub extension: Option<Id<'a>>,
    /// The leg.
    #[serde(borrow)]
    pub leg: Option<Id<'a>>,
    /// The sender's running number within the call.
    #[serde(default, deserialize_with = "whole::maybe")]
    #[schemars(range(min = 0, max = u64::MAX))]
    pub seq: Option<u64>,
    /// How the call ended, taken as given.
    #[serde(borrow)]
    pub disposition: Option<Text<'a>>,
    /// What made the call, like `callback` or `dialler`.
    #[serde(borrow)]
    pub origin: Option<Text<'a>>,
    /// How long it was talked, in seconds.
    pub talk_s: Option<Elapsed>,
    /// How long the caller waited, in seconds.
    pub wait_s: Option<Elapsed>,
    /// Tags of the call; a single one may be written without a list.
    #[serde(borrow, default, deserialize_with = "lists::one_or_many")]
    #[schemars(schema_with = "lists::schema::<crate::text::ShortRule>")]
    pub tags: Vec<Text<'a>>,
    /// What the call is worth, in the account's currency.
    #[serde(default, deserialize_with = "amount::exact")]
    pub value: Option<Decimal>,
    /// The address of the recording.
    #[serde(borrow)]
    pub recording: Option<LongText<'a>>,
    /// Whether it is spam, said by the sender, a rule or a person; the last word counts.
    pub spam: Option<bool>,
    /// How far it is vouched for; `verified` by default.
    #[serde(default, deserialize_with = "null::is_default")]
    #[schemars(with = "Option<Integrity>")]
    pub integrity: Integrity,
    /// The run of the import that brought it.
    #[serde(borrow)]
    pub batch: Option<Id<'a>>,
    /// The event's id.
    #[serde(borrow)]
    pub id: Option<Id<'a>>,
}

impl Hashed for Call<'_> {
    const KIND: Kind = Kind::Call;

    fn fields(&self, to: &mut Fields<'_>) {
        to.text(1, &self.call);
        to.word(2, self.phase);
        to.time(3, self.at);
        to.maybe_word(4, self.direction);
        to.option(5, self.from.as_ref());
        to.option(6, self.to.as_ref());
        to.option(7, self.manager.as_ref());
        to.option(8, self.extension.as_ref());
        to.option(9, self.leg.as_ref());
        to.number(10, self.seq);
        to.option(11, self.disposition.as_ref());
        to.option(12, self.origin.as_ref());
        to.elapsed(13, self.talk_s);
        to.elapsed(14, self.wait_s);
        to.list(15, &self.tags);
        to.amount(16, self.value);
        to.option(17, self.recording.as_ref());
        if let Some(spam) = self.spam {
            to.flag(18, spam);
        }
    }
}
