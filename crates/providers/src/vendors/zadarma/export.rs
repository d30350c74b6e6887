//! The statistics of the exchange: rows of `/v1/statistics/pbx/`, or of a file with the same columns.
//!
//! A row is told as the notices that would have told of it, come late. The columns `callstart`, `clid`,
//! `destination`, `sip`, `disposition`, `seconds`, `is_recorded` and `pbx_call_id` are the vendor's
//! client's; that ids begin with `in_` and `out_`, and the other names that are taken, are recalled.

use trunkline_model::time::Time;

use super::parse;
use crate::vendors::export::{Row, sent};
use crate::vendors::telephony::time;
use crate::{Draft, Hook, Record, Unreadable};

/// The most digits of an extension.
const EXTENSION: usize = 6;

pub(super) fn read(hook: &Hook, record: &Record) -> Result<Vec<Draft>, Unreadable> {
    let row = Row::of(record);
    let missing = |what: &str| Unreadable::new(format!("the row has no {what}"));
    let line = Line::of(&row);
    if line.call.is_empty() {
        return Err(missing("`pbx_call_id`"));
    }
    time(line.start, hook.zone).ok_or_else(|| missing("`callstart` that can be read"))?;
    let notice = |event: &&str| {
        // As late as can be: then times are those of the row.
        sent(&line.fields(event), Time::MAX, |request| {
            parse::parse(hook, request).events
        })
    };
    Ok(line.notices().iter().flat_map(notice).collect())
}

/// What a row says.
struct Line<'r> {
    call: &'r str,
    start: &'r str,
    caller: &'r str,
    called: &'r str,
    did: &'r str,
    extension: &'r str,
    outbound: bool,
    disposition: String,
    seconds: &'r str,
    recording: &'r str,
}

impl<'r> Line<'r> {
    fn of(row: &'r Row) -> Self {
        let get = |names: &[&str]| row.get(names).unwrap_or_default();
        let call = get(&["pbxcallid"]);
        let caller = get(&["clid", "callerid", "from"]);
        let called = get(&["destination", "to"]);
        let outbound =
            call.starts_with("out_") || (!call.starts_with("in_") && is_extension(caller));
        let ours = if outbound { caller } else { called };
        let all = [get(&["internal", "extension"]), get(&["sip"]), ours];
        let extension = all.into_iter().find(|it| is_extension(it));
        let dialled = [get(&["calleddid", "did"]), called];
        let did = dialled.into_iter().find(|it| !is_extension(it));
        let recorded = matches!(get(&["isrecorded"]), "true" | "True" | "1");
        Self {
            call,
            start: get(&["callstart", "start"]),
            caller: if outbound && is_extension(caller) {
                ""
            } else {
                caller
            },
            called,
            did: did.unwrap_or_default(),
            extension: extension.unwrap_or_default(),
            outbound,
            disposition: get(&["disposition", "status"]).to_lowercase(),
            seconds: get(&["seconds", "duration"]),
            recording: if recorded { get(&["callid"]) } else { "" },
        }
    }

    /// Names the notices that would have told of it.
    fn notices(&self) -> Vec<&'static str> {
        let known = !self.extension.is_empty();
        let all = [
            ("NOTIFY_OUT_START", self.outbound),
            ("NOTIFY_START", !self.outbound),
            ("NOTIFY_INTERNAL", !self.outbound && known),
            ("NOTIFY_ANSWER", known && self.disposition == "answered"),
            ("NOTIFY_OUT_END", self.outbound),
            ("NOTIFY_END", !self.outbound),
        ];
        let told = all.into_iter().filter(|(_, told)| *told);
        told.map(|(event, _)| event).collect()
    }

    fn fields<'a>(&'a self, event: &'a str) -> [(&'static str, &'a str); 11] {
        let only = |on: bool, text: &'a str| if on { text } else { "" };
        [
            ("event", event),
            ("pbx_call_id", self.call),
            ("call_start", self.start),
            ("caller_id", self.caller),
            ("called_did", only(!self.outbound, self.did)),
            ("destination", only(self.outbound, self.called)),
            ("internal", self.extension),
            ("duration", self.seconds),
            ("disposition", &self.disposition),
            ("is_recorded", only(!self.recording.is_empty(), "1")),
            ("call_id_with_rec", self.recording),
        ]
    }
}

fn is_extension(text: &str) -> bool {
    (1..=EXTENSION).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
