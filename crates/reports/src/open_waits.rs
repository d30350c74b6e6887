//! Business time of waits that are still open (`metrics.md` 1.1): from the pending message to
//! `as_of`, inside the schedule of whose the wait is (his own, else his team's, else the account's)
//! as it holds at `as_of`; of nobody's waits, the account's.
//!
//! A schedule is put into the statement as its open spans, each with the time open after it; so one
//! look-up gives the business time of any wait. Only the schedules of those who owe a reply, and
//! only from the first message that awaits one.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use trunkline_model::settings::{Account, OpenHours, ScheduleOf, Whose};
use trunkline_model::time::{Time, Tz};

use crate::error::Error;
use crate::request::Request;
use crate::statement::{NOT_OVER, OWED_BY, Parameter, Source, Statement, WITHIN, parameters};

/// Open spans that a statement takes.
const MOST_SPANS: usize = 20_000;

/// Tells the times of one schedule from those of the next; later than any time.
const STEP: i64 = 10_000_000_000_000;

/// What a wait without a schedule is.
const NONE: &str = "toInt64(-1)";

/// The schedules of an account.
#[derive(Debug, Default)]
pub struct Schedules {
    of: Vec<ScheduleOf>,
    open: Vec<OpenHours>,
}

impl Schedules {
    /// Reads the schedules that an account's settings name.
    pub fn of(account: &Account) -> Self {
        let of = account.fold_rules().schedules;
        // Each of them knows its zone.
        let open = of.iter().map(|of| OpenHours::new(&of.schedule, Tz::UTC));
        Self {
            open: open.collect(),
            of,
        }
    }

    /// Gives the place of the schedule that holds for a manager at a time; of equal ones the first.
    fn place(&self, manager: &str, at: Time) -> Option<usize> {
        let width = |of: &ScheduleOf| match &of.whose {
            Whose::Manager(own) => (own == manager).then_some(0),
            Whose::Team { managers, .. } => managers.iter().any(|own| own == manager).then_some(1),
            Whose::Account => Some(2),
        };
        let holding = self.of.iter().filter(|of| of.validity.holds(at));
        let (_, found) = holding
            .filter_map(|of| Some((width(of)?, of)))
            .min_by_key(|(width, _)| *width)?;
        let mut all = self.of.iter();
        all.position(|of| of.schedule == found.schedule)
    }
}

/// The open spans by which a statement knows business time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OpenWaits {
    /// Who owes a reply, and the place of his schedule from 1; 0 has none.
    owners: Vec<(String, i64)>,
    /// The spans by schedule and time: begin, end, milliseconds open after it.
    spans: Vec<[i64; 3]>,
}

/// Whether a question needs to know it.
pub(crate) fn are_asked_for(request: &Request) -> bool {
    request.choice("hours") == Some("business")
}

/// The statement that tells who owes replies, and since when the first.
pub(crate) fn owners(request: &Request, source: Source<'_>) -> Statement {
    Statement {
        sql: format!(
            "SELECT ifNull(toString({OWED_BY}), '') AS owner, \
             toUnixTimestamp64Milli(min(least(at, ifNull(unserved_at, at)))) FROM (\
             SELECT *, assumeNotNull(pending_at) AS at FROM {conversations} \
             WHERE account = {{account:String}} AND pending_at IS NOT NULL) \
             WHERE {WITHIN} AND {NOT_OVER} GROUP BY owner ORDER BY owner",
            conversations = source.views.named("v_conversations"),
        ),
        parameters: parameters(request, source.account, 0),
    }
}

impl OpenWaits {
    /// Reads what [`owners`] gave.
    pub(crate) fn of(
        schedules: &Schedules,
        owed: Vec<Vec<Json>>,
        as_of: Time,
    ) -> Result<Self, Error> {
        let mut owners = Vec::new();
        let mut since = BTreeMap::<usize, Time>::new();
        for row in owed {
            let [Json::String(owner), first] = row.as_slice() else {
                let wrong = "a row of those who owe replies is none";
                return Err(Error::Failed(wrong.into()));
            };
            let first = Time(first.as_i64().unwrap_or_default());
            let place = schedules.place(owner, as_of);
            if let Some(place) = place {
                let known = since.entry(place).or_insert(first);
                *known = first.min(*known);
            }
            owners.push((owner.clone(), place.map_or(0, |place| place as i64 + 1)));
        }
        let mut spans = Vec::new();
        for (place, first) in since {
            let base = (place as i64 + 1) * STEP;
            let open = schedules.open[place].within(first, as_of);
            let mut left: i64 = open.iter().map(|(from, until)| until.since(*from)).sum();
            // What is pending before the first span has all of them before it.
            spans.push([base, base, left]);
            for (from, until) in open {
                left -= until.since(from);
                spans.push([base + from.0, base + until.0, left]);
            }
        }
        if spans.len() > MOST_SPANS {
            let far = "replies have been owed for too long, under too many schedules";
            let mend = "ask for a later period, or for hours=calendar";
            return Err(Error::TooMuch(format!("{far}: {mend}")));
        }
        Ok(Self { owners, spans })
    }

    /// The business time of a wait since `ms` as SQL, in milliseconds; -1 without a schedule.
    pub(crate) fn elapsed_sql(&self, ms: &str) -> String {
        if self.spans.is_empty() {
            return NONE.into();
        }
        let [from, until, left] =
            ["from", "until", "left"].map(|name| format!("{{open_{name}:Array(Int64)}}"));
        let place = format!(
            "transform(ifNull(toString({OWED_BY}), ''), {{open_owners:Array(String)}}, \
             {{open_places:Array(Int64)}}, toInt64(0))"
        );
        let key = format!("({place} * {STEP} + {ms})");
        let begin = format!("roundDown({key}, {from})");
        let of_span = |list: &str| format!("transform({begin}, {from}, {list}, toInt64(0))");
        format!(
            "if({place} = 0, {NONE}, {left} + greatest(toInt64(0), {until} - {key}))",
            left = of_span(&left),
            until = of_span(&until),
        )
    }

    /// The parameters of a statement that say it.
    pub(crate) fn parameters(&self) -> Vec<(String, Parameter)> {
        let (owners, places) = self.owners.iter().cloned().unzip();
        let mut parameters = vec![
            ("open_owners".to_owned(), Parameter::Texts(owners)),
            ("open_places".to_owned(), Parameter::Wholes(places)),
        ];
        for (number, name) in ["from", "until", "left"].into_iter().enumerate() {
            let numbers = self.spans.iter().map(|span| span[number]).collect();
            parameters.push((format!("open_{name}"), Parameter::Wholes(numbers)));
        }
        parameters
    }
}
