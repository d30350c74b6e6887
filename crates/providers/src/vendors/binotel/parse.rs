//! The kinds of request: notifications during a call, and the record after it.

use serde_json::Value;
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::fields::{Fields, body};
use crate::{Draft, Hook, Parsed, Record, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = body(request)?;
    let fields = Fields(&body);
    let now = request.received_at;
    let kind = fields.get("requestType").unwrap_or_default();
    let call = fields.get("generalCallID").unwrap_or_default();
    let leg = Leg::of(fields);
    Ok(match kind.as_ref() {
        "receivedTheCall" if !call.is_empty() => {
            let one = One::new(hook, &call, fields, "");
            let rings = one.inbound && !leg.extension.is_empty();
            let rings = rings.then(|| leg.on(one.phase(Phase::Ringing, &leg.extension, now)));
            Parsed::events(
                [one.phase(Phase::Started, "", now)]
                    .into_iter()
                    .chain(rings),
            )
        }
        "answeredTheCall" if !call.is_empty() => {
            let one = One::new(hook, &call, fields, "");
            Parsed::events([leg.on(one.phase(Phase::Answered, &leg.extension, now))])
        }
        // It names who the call goes to; who gives it on is the one who talks.
        "transferredTheCall" if !call.is_empty() => {
            let one = One::new(hook, &call, fields, "");
            let given = one.phase(Phase::Transferred, &leg.extension, now);
            Parsed::events([
                given,
                leg.on(one.phase(Phase::Ringing, &leg.extension, now)),
            ])
        }
        "hangupTheCall" if !call.is_empty() => {
            let one = One::new(hook, &call, fields, "");
            // It does not say which way the call went: what depends on that comes with the record.
            let word = fields.get("disposition").unwrap_or_default();
            let ended = one.phase(Phase::Ended, "", now);
            Parsed::events([ended.maybe("disposition", disposition(&word, None))])
        }
        "apiCallCompleted" => {
            let details = fields.at("callDetails");
            let single = details.get("generalCallID").is_some();
            let records = if single {
                vec![details]
            } else {
                details.items()
            };
            Parsed::events(
                records
                    .into_iter()
                    .flat_map(|record| completed(hook, record)),
            )
        }
        // It asks who calls; the answer is that we do not say.
        "apiCallSettings" | "gettingCallSettings" => Parsed::nothing(),
        other => Parsed::unknown(other),
    })
}

/// One call of a request.
struct One<'h> {
    hook: &'h Hook,
    call: String,
    /// Tells the ids of the record's phases from those of the notifications.
    of: &'static str,
    inbound: bool,
    direction: &'static str,
    outside: String,
    number: String,
}

impl<'h> One<'h> {
    fn new(hook: &'h Hook, call: &str, fields: Fields<'_>, of: &'static str) -> Self {
        let text = |paths: &[&str]| fields.first(paths).unwrap_or_default().into_owned();
        let direction = match fields.get("callType").as_deref() {
            Some("0") => "inbound",
            Some("1") => "outbound",
            _ => "",
        };
        Self {
            hook,
            call: call.to_owned(),
            of,
            inbound: direction == "inbound",
            direction,
            outside: text(&["externalNumber", "srcNumber"]),
            number: text(&["pbxNumber", "pbxNumberData.number", "didNumber", "did"]),
        }
    }

    fn phase(&self, phase: Phase, leg: &str, at: Time) -> Draft {
        let (from, to) = match self.direction {
            "inbound" => (self.outside.as_str(), self.number.as_str()),
            "outbound" => (self.number.as_str(), self.outside.as_str()),
            _ => ("", ""),
        };
        let (call, of) = (&self.call, self.of);
        let id = match leg {
            "" => format!("{call}:{phase}{of}"),
            leg => format!("{call}:{leg}:{phase}{of}"),
        };
        Draft::call(self.hook, call, phase, at)
            .with("id", id)
            .with("direction", self.direction)
            .with("from", from)
            .with("to", to)
    }
}

/// Who is rung or talks.
struct Leg {
    extension: String,
}

impl Leg {
    fn of(fields: Fields<'_>) -> Self {
        let number = fields.first(&["internalNumber", "internalAdditionalData"]);
        Self {
            extension: number.unwrap_or_default().into_owned(),
        }
    }

    fn on(&self, draft: Draft) -> Draft {
        let extension = self.extension.as_str();
        draft.with("leg", extension).with("extension", extension)
    }
}

/// Reads a row of the statistics, which is the record that is sent after the call.
pub(super) fn export(hook: &Hook, row: &Record) -> Result<Vec<Draft>, Unreadable> {
    let fields = row
        .fields()
        .map(|(name, value)| (name.to_owned(), value.clone()));
    let row = Value::Object(fields.collect());
    let fields = Fields(&row);
    if fields.get("generalCallID").is_none() || fields.time("startTime", hook.zone).is_none() {
        let detail = "the row has no `generalCallID`, or no `startTime` that can be read";
        return Err(Unreadable::new(detail));
    }
    Ok(completed(hook, fields))
}

/// Reads the record: the call's phases from its beginning and the seconds of each attempt.
fn completed(hook: &Hook, record: Fields<'_>) -> Vec<Draft> {
    let call = record.get("generalCallID").unwrap_or_default();
    let word = record.get("disposition").unwrap_or_default();
    let Some(start) = record.time("startTime", hook.zone) else {
        return Vec::new();
    };
    if call.is_empty() || word.starts_with("SMS") {
        return Vec::new();
    }
    let one = One::new(hook, &call, record, ":record");
    let mut drafts = vec![one.phase(Phase::Started, "", start)];
    let mut at = start;
    let attempts = record.at("historyData").items();
    let attempts = if attempts.is_empty() {
        vec![record]
    } else {
        attempts
    };
    for attempt in attempts {
        at = tried(&one, attempt, at, &mut drafts);
    }
    let whole = later(start, record, &["waitsec", "billsec"]);
    let ended = one.phase(Phase::Ended, "", whole.max(at));
    drafts.push(ended.maybe("disposition", disposition(&word, Some(one.inbound))));
    let recording = record.first(&["linkToCallRecordInMyBusiness", "recordingUrl"]);
    if let Some(link) = recording.filter(|link| link.starts_with("http")) {
        let recorded = one.phase(Phase::Recorded, "", whole.max(at));
        drafts.push(recorded.with("recording", link));
    }
    drafts
}

/// Reads one attempt to reach an extension; gives when it was over.
fn tried(one: &One<'_>, attempt: Fields<'_>, at: Time, drafts: &mut Vec<Draft>) -> Time {
    let leg = Leg::of(attempt);
    let answer = later(at, attempt, &["waitsec"]);
    let end = later(at, attempt, &["waitsec", "billsec"]);
    let word = attempt.get("disposition").unwrap_or_default();
    if leg.extension.is_empty() {
        return end;
    }
    let mut add = |phase, at| drafts.push(leg.on(one.phase(phase, &leg.extension, at)));
    if one.inbound {
        add(Phase::Ringing, at);
    }
    if disposition(&word, Some(one.inbound)).as_deref() == Some("answered") {
        add(Phase::Answered, answer);
    }
    add(Phase::Ended, end);
    end
}

/// Adds seconds of a record to a time.
fn later(at: Time, fields: Fields<'_>, lengths: &[&str]) -> Time {
    let seconds = lengths.iter().filter_map(|name| fields.number(name));
    let millis = seconds.fold(0_i64, |sum, it| sum.saturating_add(it.clamp(0, 86_400)));
    Time(at.millis().saturating_add(millis.saturating_mul(1_000)))
}

/// Says how a call ended in our words; unknown words are kept, and none while it goes on. A word that
/// depends on the way of the call is none where that is not known.
fn disposition(word: &str, inbound: Option<bool>) -> Option<String> {
    let of = |inside: &str, outside: &str| match inbound {
        Some(true) => Some(inside.to_owned()),
        Some(false) => Some(outside.to_owned()),
        None => None,
    };
    match word {
        "" | "ONLINE" | "CALLING" => None,
        "ANSWER" | "TRANSFER" => Some("answered".to_owned()),
        "VM" | "VM-SUCCESS" => Some("voicemail".to_owned()),
        "BUSY" => of("missed", "busy"),
        "NOANSWER" | "CANCEL" => of("missed", "no_answer"),
        "CONGESTION" | "CHANUNAVAIL" => of("missed", "failed"),
        "FAILED" => Some("failed".to_owned()),
        other => Some(other.to_owned()),
    }
}
