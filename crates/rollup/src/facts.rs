//! The rows that ClickHouse holds, as the fold knows them: absolute, versioned, harmless to write
//! again (invariant `rows_are_absolute`). They are shown one by one, borrowed from the state, to
//! whoever takes them ([`Rows`]): `warehouse` writes them down as its tables' rows.
//!
//! Times are milliseconds, samples are milliseconds, `None` means "no sample" or "nobody".

use trunkline_model::amount::Decimal;
use trunkline_model::event::{Author, Change, Direction, Integrity, MessageKind};
use trunkline_model::time::Time;

use crate::cells::Cell;

mod leads;

pub use leads::{
    FormFact, LeadAmount, LeadFact, LeadMove, SOURCE, SourceFact, SpendFact, TagFact, TouchFact,
};

/// The offset's part of a row's version; the generation stands above it.
pub const OFFSET: u64 = (1 << 48) - 1;

/// Takes rows as they are gathered.
pub trait Rows {
    /// Takes a message.
    fn message(&mut self, fact: &MessageFact<'_>);

    /// Takes a change of a conversation.
    fn change(&mut self, fact: &ChangeFact<'_>);

    /// Takes a conversation.
    fn conversation(&mut self, fact: &ConversationFact<'_>);

    /// Takes a call.
    fn call(&mut self, _: &CallFact<'_>) {}

    /// Takes a lead.
    fn lead(&mut self, _: &LeadFact<'_>) {}

    /// Takes a form.
    fn form(&mut self, _: &FormFact<'_>) {}

    /// Takes what a day of advertising cost.
    fn spend(&mut self, _: &SpendFact<'_>) {}

    /// Takes a message that tells a source.
    fn touch(&mut self, _: &TouchFact<'_>) {}

    /// Takes a tag of a contact.
    fn tag(&mut self, _: &TagFact<'_>) {}

    /// Takes whose an identity is.
    fn identity(&mut self, _: &IdentityFact<'_>) {}

    /// Takes a cell of figures, after the messages that it is made of.
    fn cell(&mut self, _: &CellFact<'_>) {}

    /// Takes that all cells of an account are to be made anew, so many minutes long, as of a
    /// version.
    fn recut(&mut self, _account: &str, _minutes: u8, _version: u64) {}
}

/// Response times that one public message gives, in milliseconds (`metrics.md` 1.1).
///
/// On a manager's message all five may be set; a bot's reply that cleared a pending message has
/// `wait` alone (`responder=bot`); every other message has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// Since the last contact message before it (S34, S35): the literal Kommo rule.
    pub kommo: Option<i64>,
    /// Since the last contact message, for the reply that cleared the clock.
    pub turn: Option<i64>,
    /// Since the first pending contact message, for the reply that cleared the clock.
    pub wait: Option<i64>,
    /// As `wait`, but not before the conversation was assigned to this manager.
    pub assigned: Option<i64>,
    /// Since the start of the cycle (or its hand-off), for the cycle's first manager message.
    pub first: Option<i64>,
    /// As `first`, but since the cycle's first contact message also when a bot spoke first.
    pub first_from_start: Option<i64>,
}

impl Samples {
    /// Lists them in the order of their columns.
    pub fn all(&self) -> [Option<i64>; 6] {
        [
            self.kommo,
            self.turn,
            self.wait,
            self.assigned,
            self.first,
            self.first_from_start,
        ]
    }

    /// Changes each that is there.
    #[must_use]
    pub fn map(&self, change: impl Fn(i64) -> i64) -> Self {
        let [kommo, turn, wait, assigned, first, first_from_start] =
            self.all().map(|sample| sample.map(&change));
        Self {
            kommo,
            turn,
            wait,
            assigned,
            first,
            first_from_start,
        }
    }
}

/// Which samples of a message are within their target: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Within(pub u16);

impl Within {
    /// The first bit of those in business time; those in calendar time begin at 0.
    pub const BUSINESS: u32 = 8;

    /// Says whether the sample of a place is within its target.
    pub fn holds(self, place: u32) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Judges samples in calendar and in business time against how soon, in milliseconds, a
    /// cycle's first reply and any other is due.
    pub(crate) fn of(calendar: Samples, business: Samples, [first, wait]: [i64; 2]) -> Self {
        let bits = |samples: Samples| {
            let dues = [wait, wait, wait, wait, first];
            let samples = samples.all().into_iter().zip(dues);
            samples.zip(0..).fold(0, |bits, ((sample, due), place)| {
                bits | (u16::from(sample.is_some_and(|ms| ms <= due)) << place)
            })
        };
        Self(bits(calendar) | (bits(business) << Self::BUSINESS))
    }
}

/// All that is measured at a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The response times it gives.
    pub calendar: Samples,
    /// The same in business time; none without a schedule.
    pub business: Samples,
    /// Which of them are within their target.
    pub within: Within,
}

/// Figures of a cell of time (`cells`), or that they are to be computed from the messages.
#[derive(Clone, Copy, Debug)]
pub struct CellFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// When the cell begins.
    pub start: Time,
    /// How long it is.
    pub minutes: u8,
    /// The manager who wrote, if one did and is known.
    pub manager: Option<&'a str>,
    /// The channel's id.
    pub channel: &'a str,
    /// Its figures; none if they are not known any more.
    pub cell: Option<&'a Cell>,
    /// `generation << 48 | offset`: all records below are in it.
    pub version: u64,
}

/// Which contact something belongs to that contacts are known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// What it is: `phone`, `email`, `channel` or `contact`.
    pub kind: &'a str,
    /// The channel of an id on a channel; else empty.
    pub channel: &'a str,
    /// The number in E.164, the address in lower case, or the id.
    pub identity: &'a str,
    /// The contact after all merges; none if it is nobody's any more.
    pub contact: Option<&'a str>,
    /// When it was told last (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
}

/// One public message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The channel's id.
    pub channel: &'a str,
    /// The conversation's id, unique within its channel.
    pub conversation: &'a str,
    /// The contact the message is from or to.
    pub contact: &'a str,
    /// When it was sent (the vendor's clock).
    pub at: Time,
    /// The message's id, unique within its conversation.
    pub message: &'a str,
    /// Who wrote it.
    pub author: Author,
    /// The manager who wrote it, if one did and is known.
    pub manager: Option<&'a str>,
    /// What it is.
    pub kind: MessageKind,
    /// Its length in characters, if told.
    pub chars: Option<u32>,
    /// The assignee it tells of.
    pub assignee: Option<&'a str>,
    /// Whether a contact's message waits for a reply.
    pub expects_reply: bool,
    /// How far it is vouched for.
    pub integrity: Integrity,
    /// The run of the import that brought it.
    pub run: Option<&'a str>,
    /// The response times it gives.
    pub samples: Samples,
    /// The same in business time; none without a schedule.
    pub business: Samples,
    /// Which of them are within their target.
    pub within: Within,
    /// When it arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether it was taken back.
    pub deleted: bool,
}

/// One change of a conversation: kept so that a timeline can be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The channel's id.
    pub channel: &'a str,
    /// The conversation's id, unique within its channel.
    pub conversation: &'a str,
    /// When it happened (the vendor's clock).
    pub at: Time,
    /// The event's id, or the hash that stands for it.
    pub id: &'a str,
    /// What changed.
    pub change: Change,
    /// Whom it concerns: the new assignee, or who closed it.
    pub manager: Option<&'a str>,
    /// The run of the import that brought it.
    pub run: Option<&'a str>,
    /// When it arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether it was taken back.
    pub deleted: bool,
}

/// One conversation as it stands after its last known event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversationFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The channel's id.
    pub channel: &'a str,
    /// The conversation's id, unique within its channel.
    pub conversation: &'a str,
    /// The author of the first contact message, else the contact of the first message.
    pub contact: &'a str,
    /// Time of its first event.
    pub first_at: Time,
    /// Time of its last event.
    pub last_at: Time,
    /// The manager it is assigned to now.
    pub assignee: Option<&'a str>,
    /// The manager who wrote last.
    pub last_manager: Option<&'a str>,
    /// Start of the people's clock if a reply is owed.
    pub pending_at: Option<Time>,
    /// Since when the first reply of its cycle is owed, if no manager has written in it yet.
    pub unserved_at: Option<Time>,
    /// Its cycles in order of time.
    pub cycles: Vec<Cycle<'a>>,
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether all its events were taken back.
    pub deleted: bool,
}

/// One cycle of a conversation (`metrics.md` §1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle<'a> {
    /// Time of its first contact message.
    pub started_at: Time,
    /// Author of its first contact message.
    pub contact: &'a str,
    /// Whether a manager's message cleared a pending one within it.
    pub answered: bool,
    /// When it was closed; a cycle may also end where the next begins.
    pub closed_at: Option<Time>,
    /// The manager who closed it, if told.
    pub closed_by: Option<&'a str>,
    /// Whether a reply was still owed when it was closed (`closed_unanswered`).
    pub pending_at_close: bool,
    /// The first `reopened` after its closing, before the next cycle.
    pub reopened_at: Option<Time>,
    /// Who owed the reply that was pending at its closing: the assignee of then, else who had
    /// written last.
    pub owed_by: Option<&'a str>,
    /// When people took it over from the bot, if a bot had it.
    pub handed_off_at: Option<Time>,
}

/// One call as it stands after its last known phase (`metrics.md` §2).
#[expect(clippy::struct_excessive_bools, reason = "a column each")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFact<'a> {
    /// The account's id.
    pub account: &'a str,
    /// The call's id, unique within its account.
    pub call: &'a str,
    /// The hook that told of it first; `api` if none did.
    pub hook: &'a str,
    /// Which way it goes.
    pub direction: Direction,
    /// What made it, like `callback`; empty for a person.
    pub origin: &'a str,
    /// Who is outside: E.164 where it is a phone number, else as told; empty if unknown.
    pub caller: &'a str,
    /// Whether who is outside is told by a phone number.
    pub known: bool,
    /// The number of ours: E.164 where it is one, else as told.
    pub number: &'a str,
    /// When it began.
    pub started_at: Time,
    /// When it was queued first.
    pub queued_at: Option<Time>,
    /// When it rang first.
    pub ringing_at: Option<Time>,
    /// When a person answered first.
    pub answered_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// How it ended, a word of `metrics.md` §2 or of the sender; empty while it has not.
    pub disposition: &'a str,
    /// Whether it was answered for less than `min_answer_s`.
    pub ghost: bool,
    /// Time in menus, before a person answered, in milliseconds, like all that follow.
    pub menu_ms: i64,
    /// Time in queues, before a person answered.
    pub queue_ms: i64,
    /// Time of ringing, before a person answered.
    pub ring_ms: i64,
    /// Time on hold.
    pub hold_ms: i64,
    /// From the first queueing, else ringing, else the start, to the answer by a person or the end;
    /// none while it waits.
    pub wait_ms: Option<i64>,
    /// From the answer to the end without hold.
    pub talk_ms: i64,
    /// Its tags, in order.
    pub tags: &'a [&'a str],
    /// Whether it is spam.
    pub spam: bool,
    /// What it is worth, in the account's currency.
    pub value: Option<Decimal>,
    /// The address of its recording; empty if none.
    pub recording: &'a str,
    /// The weakest of what told of it.
    pub integrity: Integrity,
    /// The legs of persons, in order of ringing.
    pub legs: &'a [LegFact<'a>],
    /// When its latest phase arrived (our clock), of those not taken back.
    pub last_received_at: Time,
    /// When its latest event arrived (our clock).
    pub received_at: Time,
    /// `generation << 48 | offset` of the last record that changed this row.
    pub version: u64,
    /// Whether nothing is left of it but what was taken back, or a recording or tag.
    pub deleted: bool,
}

/// One leg of a call: a person who was rung, or answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LegFact<'a> {
    /// Its id; empty if it was told without.
    pub leg: &'a str,
    /// Its manager as told; empty if not told.
    pub manager: &'a str,
    /// Its extension or forwarded number; empty if not told.
    pub extension: &'a str,
    /// When it rang first.
    pub ringing_at: Option<Time>,
    /// When it was answered.
    pub answered_at: Option<Time>,
    /// When it ended.
    pub ended_at: Option<Time>,
    /// Time of ringing, in milliseconds, like all that follow.
    pub ring_ms: i64,
    /// From its answer to its end without hold.
    pub talk_ms: i64,
    /// Time on hold.
    pub hold_ms: i64,
    /// Whether it gave the call on.
    pub transferred_out: bool,
    /// Whether the call was given to it.
    pub transferred_in: bool,
}

impl Default for CallFact<'_> {
    fn default() -> Self {
        Self {
            account: "",
            call: "",
            hook: "",
            direction: Direction::Inbound,
            origin: "",
            caller: "",
            known: false,
            number: "",
            started_at: Time(0),
            queued_at: None,
            ringing_at: None,
            answered_at: None,
            ended_at: None,
            disposition: "",
            ghost: false,
            menu_ms: 0,
            queue_ms: 0,
            ring_ms: 0,
            hold_ms: 0,
            wait_ms: None,
            talk_ms: 0,
            tags: &[],
            spam: false,
            value: None,
            recording: "",
            integrity: Integrity::Verified,
            legs: &[],
            last_received_at: Time(0),
            received_at: Time(0),
            version: 0,
            deleted: false,
        }
    }
}
