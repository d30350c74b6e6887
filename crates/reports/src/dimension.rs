//! What figures may be told apart by: the values of `by`, which are filters of the same name too.
//!
//! Each is an enum value with its own SQL, so nothing a caller sends becomes part of a statement.

use crate::value::Unit;

/// One dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Dimension {
    /// Who sent the message or closed the cycle; none for an unknown manager and for others.
    Manager,
    /// The manager's team at the sample's time; none without a manager or a team.
    Team,
    /// The channel.
    Channel,
    /// `inbound` from a contact, else `outbound`; of calls also `internal`.
    Direction,
    /// Who wrote: contact, manager, bot, system or campaign.
    Author,
    /// What was written: text, image, audio and so on.
    Kind,
    /// How a call ended; none while it has not.
    Disposition,
    /// The number of ours that a call came to or went out from.
    Number,
    /// Where a contact came from; none if nobody knows.
    Source,
    /// The medium of the source.
    Medium,
    /// The campaign of the source.
    Campaign,
    /// The variant of the advertisement.
    Content,
    /// The search term.
    Term,
    /// A pool of tracking numbers.
    Pool,
    /// The pipeline of a lead; a filter alone.
    Pipeline,
    /// A tag; a filter alone, as a call may have several.
    Tag,
    /// What made a call; none for a person. A filter alone. Of sources the way by which they became
    /// known.
    Origin,
    /// How far it is vouched for.
    Integrity,
    /// Hour of the local day, 0 to 23.
    Hour,
    /// Day of the local week, 1 (Monday) to 7.
    Weekday,
}

impl Dimension {
    /// Its name in `by`, as a filter and as a column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Team => "team",
            Self::Channel => "channel",
            Self::Direction => "direction",
            Self::Author => "author",
            Self::Kind => "kind",
            Self::Disposition => "disposition",
            Self::Number => "number",
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
            Self::Content => "content",
            Self::Term => "term",
            Self::Pool => "pool",
            Self::Pipeline => "pipeline",
            Self::Tag => "tag",
            Self::Origin => "origin",
            Self::Integrity => "integrity",
            Self::Hour => "hour",
            Self::Weekday => "weekday",
        }
    }

    /// What its values are.
    pub(crate) const fn unit(self) -> Unit {
        match self {
            Self::Hour | Self::Weekday => Unit::Number,
            _ => Unit::Text,
        }
    }

    /// What it means, for the catalogue.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Manager => "the manager's id; null where there is none or he is unknown",
            Self::Team => "the manager's team at that time; null where there is none",
            Self::Channel => "the channel's id",
            Self::Direction => {
                "inbound (from a contact) or outbound; of calls also internal, if asked for"
            }
            Self::Author => "who wrote: contact, manager, bot, system or campaign",
            Self::Kind => "what was written: text, image, audio, video, file, location, ...",
            Self::Disposition => {
                "how the call ended: answered, missed, abandoned, menu, voicemail, busy, no_answer, \
                 failed, blocked, timed_out or a word of the sender; null while it has not"
            }
            Self::Number => "the number of ours that was called, or called from; null if not told",
            Self::Source => {
                "where the contact came from, like google; null where nobody knows, and for a call \
                 that may have come from several"
            }
            Self::Medium => {
                "the medium of the source, like cpc; null as the source, or if not told"
            }
            Self::Campaign => "the campaign of the source; null as the source, or if not told",
            Self::Content => "the variant of the advertisement; null if not told",
            Self::Term => "the search term; null if not told",
            Self::Pool => "the pool of tracking numbers",
            Self::Pipeline => "the pipeline of the lead; empty for all that is no lead",
            Self::Tag => "a tag of the call",
            Self::Origin => {
                "what made the call, like callback or dialler, empty for a person; of sources the way \
                 by which they became known: calltracking, utm, channel, card or import"
            }
            Self::Integrity => {
                "how far it is vouched for: verified, weak or unverified; a cycle or a wait as the \
                 message that it begins with"
            }
            Self::Hour => "hour of the local day, 0 to 23",
            Self::Weekday => "day of the local week, 1 (Monday) to 7",
        }
    }

    /// Its value as SQL over the columns of a report's samples.
    pub(crate) const fn sql(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Team => "team",
            Self::Channel => "channel",
            Self::Direction => "direction",
            Self::Author => "author",
            Self::Kind => "kind",
            Self::Disposition => "nullIf(disposition, '')",
            Self::Number => "nullIf(number, '')",
            Self::Source => "source",
            Self::Medium => "medium",
            Self::Campaign => "campaign",
            Self::Content => "content",
            Self::Term => "term",
            Self::Pool => "pool",
            Self::Pipeline => "pipeline",
            Self::Tag => "tags",
            Self::Origin => "origin",
            Self::Integrity => "integrity",
            Self::Hour => "toHour(at, {tz:String})",
            Self::Weekday => "toDayOfWeek(at, 0, {tz:String})",
        }
    }

    /// Whether it tells managers apart, so that figures without a manager have no place in it.
    pub(crate) const fn of_people(self) -> bool {
        matches!(self, Self::Manager | Self::Team)
    }

    /// Rewrites a filter's value to the one that is stored.
    pub(crate) fn stored(self, value: &str) -> &str {
        match (self, value) {
            (Self::Direction, "in") => "inbound",
            (Self::Direction, "out") => "outbound",
            _ => value,
        }
    }
}
