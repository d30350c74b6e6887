//! What the address of the board asks for: period, filters, definition, hours, and how it is shown.
//!
//! An empty value is none, so that a form can be sent as it is. `from` and `to` are local dates, both
//! included; without them a `period` to date is shown, today unless another is named.

use chrono::{Datelike, Days, LocalResult, TimeZone, Timelike};
use trunkline_model::time::{Day, Time, start_of_day};

use crate::boards::Board;
use crate::question::{Question, pair, written};
use crate::shown;
use crate::source::{Missing, Pair, Viewer};

/// Periods to date and what people call them.
pub(crate) const PERIODS: [(&str, &str); 5] = [
    ("today", "Today"),
    ("week", "This week"),
    ("month", "This month"),
    ("quarter", "This quarter"),
    ("year", "This year"),
];
/// Definitions of a response time and what people call them.
pub(crate) const DEFINITIONS: [(&str, &str); 5] = [
    ("wait", "Wait of the contact"),
    ("first", "First reply"),
    ("turn", "Since last message"),
    ("assigned", "Since assigned"),
    ("kommo", "Every reply (kommo)"),
];
/// Which time counts.
pub(crate) const HOURS: [(&str, &str); 2] =
    [("calendar", "All hours"), ("business", "Business hours")];
/// What the heat map shows.
pub(crate) const HEATS: [(&str, &str); 3] = [
    ("p50_s", "Median response"),
    ("count", "Replies"),
    ("received", "Inquiries"),
];
/// The same of calls.
pub(crate) const CALL_HEATS: [(&str, &str); 3] = [
    ("calls", "Calls"),
    ("missed", "Missed"),
    ("wait_p90_s", "Wait (p90)"),
];
/// Directions of calls, how far calls are vouched for, and whose a call is unless it is the first's
/// who talked.
pub(crate) const DIRECTIONS: [(&str, &str); 3] = [
    ("inbound", "Inbound"),
    ("outbound", "Outbound"),
    ("internal", "Internal"),
];
pub(crate) const INTEGRITIES: [(&str, &str); 3] = [
    ("verified", "Verified"),
    ("weak", "Weak"),
    ("unverified", "Unverified"),
];
pub(crate) const CREDITS: [(&str, &str); 2] = [
    ("last", "Last who talked"),
    ("longest", "Who talked longest"),
];
/// What may be filtered by.
pub(crate) const FILTERS: [&str; 3] = ["team", "manager", "channel"];

/// The same of calls.
pub(crate) const CALL_FILTERS: [&str; 6] = [
    "team",
    "manager",
    "number",
    "direction",
    "integrity",
    "credit",
];

/// What sources may be filtered by, from the widest: each is told apart by the next.
pub(crate) const SOURCE_FILTERS: [&str; 5] = ["source", "medium", "campaign", "content", "term"];

/// What sources may be told apart by.
pub(crate) const SOURCE_BYS: [(&str, &str); 7] = [
    ("source", "Source"),
    ("medium", "Medium"),
    ("campaign", "Campaign"),
    ("content", "Content"),
    ("term", "Term"),
    ("origin", "Known by"),
    ("channel", "Channel"),
];
/// Which touch earns a conversion, unless it is as the account says; whose wins count, unless it is
/// those of the leads of the period.
pub(crate) const MODELS: [(&str, &str); 4] = [
    ("first", "First touch"),
    ("last", "Last touch"),
    ("last_non_direct", "Last but direct"),
    ("linear", "All touches alike"),
];
pub(crate) const BASES: [(&str, &str); 1] = [("closed", "Won in the period")];

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub(crate) board: Board,
    pub(crate) period: &'static str,
    pub(crate) dates: Option<(Day, Day)>,
    pub(crate) filters: Vec<Pair>,
    pub(crate) definition: &'static str,
    pub(crate) hours: &'static str,
    pub(crate) heat: &'static str,
    /// What sources are told apart by, how they are found and whose wins count; empty: as usual.
    pub(crate) apart: &'static str,
    pub(crate) model: &'static str,
    pub(crate) basis: &'static str,
    /// The column that the table is sorted by, with a leading `-` the greatest first.
    pub(crate) sort: String,
}

/// With what a period is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// The same day of the week before, until the same minute.
    Week(Time, Time),
    /// What `compare=previous` of the reports compares with.
    Previous,
}

impl Asked {
    /// Reads the query of the board. A parameter that cannot be followed is named.
    pub fn read(board: Board, pairs: &[Pair]) -> Result<Self, Missing> {
        let mut asked = Self {
            board,
            period: board.period(),
            dates: None,
            filters: Vec::new(),
            definition: "wait",
            hours: "calendar",
            heat: usual_heat(board),
            apart: "",
            model: "",
            basis: "",
            sort: board.sort().to_owned(),
        };
        let mut dates = [None, None];
        for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
            match name.as_str() {
                "format" => {}
                name if board.filters().contains(&name) => asked.filters.push(pair(name, value)),
                other if !board.has_period() => return Err(unknown(other)),
                "period" if value == "dates" => {}
                "period" => asked.period = word(name, value, &PERIODS)?,
                "definition" if board == Board::Today => {
                    asked.definition = word(name, value, &DEFINITIONS)?;
                }
                "hours" if board == Board::Today => asked.hours = word(name, value, &HOURS)?,
                "by" if board == Board::Sources => asked.apart = word(name, value, &SOURCE_BYS)?,
                "model" if board == Board::Sources => asked.model = word(name, value, &MODELS)?,
                "basis" if board == Board::Sources => asked.basis = word(name, value, &BASES)?,
                "heat" => asked.heat = word(name, value, board.heats())?,
                "from" => dates[0] = Some(date(name, value)?),
                "to" => dates[1] = Some(date(name, value)?),
                "sort" => asked.sort.clone_from(value),
                other => return Err(unknown(other)),
            }
        }
        if let [Some(from), to] = dates {
            let to = to.unwrap_or(from);
            asked.dates = Some((from, to));
            if to.date() < from.date() {
                return Err(Missing::bad("`to` lies before `from`".to_owned()));
            }
        }
        Ok(asked)
    }

    /// Writes the same as a query, without what holds anyway.
    pub fn query(&self) -> String {
        let mut pairs = Vec::new();
        match &self.dates {
            Some((from, to)) => pairs.extend([pair("from", from), pair("to", to)]),
            None if self.period != self.board.period() => pairs.push(pair("period", self.period)),
            None => {}
        }
        pairs.extend(self.filters.iter().cloned());
        for (name, value, usual) in [
            ("definition", self.definition, "wait"),
            ("hours", self.hours, "calendar"),
            ("heat", self.heat, usual_heat(self.board)),
            ("by", self.apart, ""),
            ("model", self.model, ""),
            ("basis", self.basis, ""),
            ("sort", self.sort.as_str(), self.board.sort()),
        ] {
            if value != usual {
                pairs.push(pair(name, value));
            }
        }
        written(&pairs)
    }

    /// Asks for the same with one value of a filter alone.
    pub(crate) fn with(&self, filter: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.filters.retain(|(name, _)| name != filter);
        other.filters.push(pair(filter, value));
        other
    }

    /// What sources are told apart by: as asked, else by the widest that is not filtered by.
    pub(crate) fn by(&self) -> &'static str {
        let mut levels = SOURCE_FILTERS.iter();
        let next = levels.find(|level| self.filter(level).is_none());
        match (self.apart, next) {
            ("", next) => next.copied().unwrap_or("term"),
            (by, _) => by,
        }
    }

    /// Asks for the same, told apart by something else; by nothing: as usual.
    pub(crate) fn told_by(&self, by: &'static str) -> Self {
        let mut other = self.clone();
        other.apart = by;
        // A column of words is of the one that was told apart.
        if SOURCE_BYS.iter().any(|(by, _)| self.sort.ends_with(by)) {
            self.board.sort().clone_into(&mut other.sort);
        }
        other
    }

    /// Asks for the same without the filters from the `kept`th on.
    pub(crate) fn widened(&self, kept: usize) -> Self {
        let mut other = self.told_by("");
        let gone = SOURCE_FILTERS.get(kept..).unwrap_or_default();
        other
            .filters
            .retain(|(name, _)| !gone.contains(&name.as_str()));
        other
    }

    /// The value that a filter has, if it has one.
    pub(crate) fn filter(&self, name: &str) -> Option<&str> {
        let mut filters = self.filters.iter();
        let found = filters.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it is about today, so that what is live belongs to it.
    pub(crate) fn is_today(&self) -> bool {
        self.dates.is_none() && self.period == "today"
    }

    /// Asks a report about the period, with the filters.
    pub(crate) fn of(&self, report: &'static str) -> Question {
        let mut pairs = match &self.dates {
            Some((from, to)) => {
                let end = to.date().checked_add_days(Days::new(1));
                vec![
                    pair("from", from),
                    pair("to", end.unwrap_or_else(|| to.date())),
                ]
            }
            None => vec![pair("period", self.period)],
        };
        // An episode is of inbound calls, and credited to nobody who talked.
        let strange =
            |name: &str| report == "missed-calls" && (name == "direction" || name == "credit");
        // A pool is of all sources.
        let filters = self
            .filters
            .iter()
            .filter(|(name, _)| !strange(name) && report != "pools");
        pairs.extend(filters.cloned());
        if report == "sources" {
            let chosen = [("model", self.model), ("basis", self.basis)];
            let chosen = chosen.into_iter().filter(|(_, word)| !word.is_empty());
            pairs.extend(chosen.map(|(name, word)| pair(name, word)));
        }
        if report == "response-times" {
            pairs.push(pair("definition", self.definition));
            pairs.push(pair("hours", self.hours));
        }
        Question::new(report, pairs)
    }

    /// Asks about the calls of the directions chosen, inbound ones if none is.
    pub(crate) fn of_direction(&self) -> Question {
        let question = self.of("calls");
        match self.filter("direction") {
            Some(_) => question,
            None => question.and("direction", "inbound"),
        }
    }

    /// Gives what the period is compared with.
    pub(crate) fn before(&self, viewer: &Viewer) -> Before {
        if !self.is_today() {
            return Before::Previous;
        }
        let (from, _) = day(viewer, 7);
        let local = shown::local(viewer.now, viewer.zone);
        let clock = local.naive_local().checked_sub_days(Days::new(7));
        let clock = clock.and_then(|clock| clock.with_second(0)?.with_nanosecond(0));
        let to = clock.map(|clock| viewer.zone.from_local_datetime(&clock));
        let to = match to {
            Some(LocalResult::Single(at) | LocalResult::Ambiguous(at, _)) => {
                Time(at.timestamp_millis())
            }
            // The clock skipped that minute.
            _ => viewer.now.plus(-7 * 86_400_000),
        };
        Before::Week(from, to.max(from))
    }

    /// Says what the period is compared with.
    pub(crate) fn told(&self, viewer: &Viewer) -> String {
        match self.before(viewer) {
            Before::Week(_, to) => {
                let to = shown::local(to, viewer.zone);
                format!("last {} until {}", to.format("%A"), to.format("%H:%M"))
            }
            Before::Previous if self.dates.is_some() => "the days before".to_owned(),
            Before::Previous => format!("the same part of last {}", self.period),
        }
    }
}

/// Gives the start and the end of the local day so many days back.
pub(crate) fn day(viewer: &Viewer, back: u64) -> (Time, Time) {
    let today = shown::local(viewer.now, viewer.zone).date_naive();
    let date = today.checked_sub_days(Days::new(back)).unwrap_or(today);
    let next = date.succ_opt().unwrap_or(date);
    (
        start_of_day(viewer.zone, date),
        start_of_day(viewer.zone, next),
    )
}

/// Gives the day of the week, 1 for Monday.
pub(crate) fn weekday(viewer: &Viewer) -> u64 {
    let today = shown::local(viewer.now, viewer.zone).date_naive();
    u64::from(today.weekday().number_from_monday())
}

fn usual_heat(board: Board) -> &'static str {
    board.heats().first().map_or("", |(heat, _)| heat)
}

fn unknown(name: &str) -> Missing {
    Missing::bad(format!("the board knows no parameter {name:?}"))
}

fn word(
    name: &str,
    value: &str,
    words: &'static [(&'static str, &'static str)],
) -> Result<&'static str, Missing> {
    let mut known = words.iter().map(|(word, _)| *word);
    known.find(|word| *word == value).ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let known = known.join(", ");
        Missing::bad(format!("`{name}`: {value:?} is none of {known}"))
    })
}

fn date(name: &str, value: &str) -> Result<Day, Missing> {
    let read = Day::parse(value);
    read.ok_or_else(|| Missing::bad(format!("`{name}`: {value:?} is no date such as 2026-03-01")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Result<Asked, Missing> {
        let pairs: Vec<Pair> = pairs
            .iter()
            .map(|(name, value)| pair(name, value))
            .collect();
        Asked::read(Board::Today, &pairs)
    }

    fn viewer(now: &str) -> Viewer {
        Viewer {
            account: "demo".to_owned(),
            zone: chrono_tz::Europe::Madrid,
            now: Time::parse(now).unwrap(),
            address: String::new(),
            currency: String::new(),
            may_send: false,
        }
    }

    #[test]
    fn an_address_says_only_what_is_not_usual_and_reads_back() {
        let usual = asked(&[("period", "today"), ("manager", ""), ("hours", "calendar")]).unwrap();
        assert_eq!(usual.query(), "");
        let query = [
            ("period", "week"),
            ("team", "a&b"),
            ("channel", "web"),
            ("definition", "first"),
            ("sort", "p90_s"),
        ];
        let other = asked(&query).unwrap();
        let text = other.query();
        assert_eq!(
            text,
            "period=week&team=a%26b&channel=web&definition=first&sort=p90_s"
        );
        let read: Vec<Pair> = url::form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(Asked::read(Board::Today, &read).unwrap(), other);
    }

    #[test]
    fn what_cannot_be_followed_is_named() {
        for (pairs, named) in [
            (vec![("period", "decade")], "`period`"),
            (vec![("from", "yesterday")], "`from`"),
            (vec![("from", "2026-03-02"), ("to", "2026-03-01")], "`to`"),
            (vec![("managr", "ana")], "\"managr\""),
        ] {
            let missing = asked(&pairs).unwrap_err();
            assert!(missing.detail.contains(named), "{missing:?}");
        }
    }

    #[test]
    fn dates_include_both_days() {
        let question = asked(&[("from", "2026-03-01"), ("to", "2026-03-31")]).unwrap();
        let pairs = question.of("messages").pairs;
        assert_eq!(
            pairs,
            [pair("from", "2026-03-01"), pair("to", "2026-04-01")]
        );
    }

    #[test]
    fn today_is_compared_with_the_same_minute_a_week_ago_by_the_local_clock() {
        let today = asked(&[]).unwrap();
        // The clock went forward on the 29th of March: a week ago, 09:30 was an hour later in UTC.
        let viewer = viewer("2026-03-30T07:30:59Z");
        let before = today.before(&viewer);
        let at = |text| Time::parse(text).unwrap();
        assert_eq!(
            before,
            Before::Week(at("2026-03-22T23:00:00Z"), at("2026-03-23T08:30:00Z"))
        );
        assert_eq!(today.told(&viewer), "last Monday until 09:30");
        let month = asked(&[("period", "month")]).unwrap();
        assert_eq!(month.before(&viewer), Before::Previous);
    }
}
