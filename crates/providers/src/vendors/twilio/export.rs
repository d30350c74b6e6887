//! The list of calls: rows of the resource `Calls` (JSON), or of the console's call log (CSV).
//!
//! A leg that ended is told as the one callback that Twilio sends by default. The names of the JSON are
//! the vendor's documentation's; those of the CSV are recalled, and found whatever their case and
//! punctuation. Times are in UTC.

use trunkline_model::time::{Time, Tz};

use super::parse;
use crate::vendors::export::{Row, sent};
use crate::vendors::telephony::{seconds, time};
use crate::{Draft, Hook, Record, Unreadable};

pub(super) fn read(hook: &Hook, record: &Record) -> Result<Vec<Draft>, Unreadable> {
    let row = Row::of(record);
    let missing = |what: &str| Unreadable::new(format!("the row has no {what}"));
    let sid = row.get(&["sid", "callsid"]);
    let sid = sid.ok_or_else(|| missing("call SID (`sid`)"))?;
    let status = row.get(&["status", "callstatus"]);
    let status = status.ok_or_else(|| missing("`status`"))?;
    let status = status.to_lowercase().replace([' ', '_'], "-");
    if !parse::is_end(&status) {
        return Ok(Vec::new());
    }
    let moment = |names: &[&str]| row.get(names).and_then(utc);
    let began = moment(&["starttime", "datecreated", "date"]);
    let began = began.ok_or_else(|| missing("`start_time` that can be read"))?;
    let length = row.get(&["duration", "callduration"]).unwrap_or_default();
    let whole = i64::try_from(seconds(length).unwrap_or(0)).unwrap_or(0);
    let ended = moment(&["endtime"]).unwrap_or_else(|| began.plus(whole * 1_000));
    let direction = row.get(&["direction"]).unwrap_or_default();
    let direction = direction.to_lowercase().replace([' ', '_'], "-");
    let parent = row.get(&["parentcallsid", "parentsid"]).unwrap_or_default();
    let told = |status: &str, at: Time, length: &str| {
        let fields = [
            ("CallSid", sid),
            ("ParentCallSid", parent),
            ("From", row.get(&["from"]).unwrap_or_default()),
            ("To", row.get(&["to"]).unwrap_or_default()),
            ("Direction", &direction),
            ("CallStatus", status),
            ("CallDuration", length),
            ("Timestamp", &at.to_string()),
        ];
        sent(&fields, at, |request| parse::parse(hook, request).events)
    };
    let mut events = told(&status, ended, length);
    // A dialled leg begins with its call; the call itself with the row, however it ended.
    let has_start = events.iter().any(|event| {
        let phase = event.field("phase").and_then(|phase| phase.as_str());
        phase == Some("started")
    });
    if parent.is_empty() && !has_start {
        events.extend(told("initiated", began, ""));
    }
    Ok(events)
}

fn utc(text: &str) -> Option<Time> {
    time(text.trim_end_matches("UTC"), Tz::UTC)
}
