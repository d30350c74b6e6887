//! Callbacks, told as phases.
//!
//! `CallSid` is a leg. One without `ParentCallSid` is the call itself, and what answers it is the program:
//! a menu, not a person. One with it was dialled by that program. A client or SIP address that it dials
//! is one of ours; a number is told as the leg's own, so that it is one that a call from outside was
//! forwarded to, and whoever is outside of a call that one of ours began.

use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use super::verify::is_hashed;
use crate::vendors::telephony::{Fields, Whose, addressed, extension, is_station, party, whose};
use crate::{Draft, Hook, Parsed, Request};

/// Reads a callback.
pub(in crate::vendors) fn parse(hook: &Hook, request: &Request<'_>) -> Parsed {
    if is_hashed(request) {
        return streamed(request.body);
    }
    let fields = Fields::sent(request);
    let Some(sid) = fields.get("CallSid") else {
        let kind = fields.get("StatusCallbackEvent");
        return Parsed::unknown(kind.unwrap_or("a callback without CallSid"));
    };
    let callback = Callback {
        hook,
        request,
        fields: &fields,
        sid,
        parent: fields.get("ParentCallSid").filter(|parent| *parent != sid),
    };
    callback.parsed()
}

/// Event Streams tell of more than calls, in a way of their own.
fn streamed(body: &[u8]) -> Parsed {
    let body = serde_json::from_slice(body).unwrap_or_default();
    let events = match body {
        serde_json::Value::Array(events) => events,
        event => vec![event],
    };
    let kind = |event: &serde_json::Value| {
        let kind = event.get("type").and_then(serde_json::Value::as_str);
        kind.unwrap_or("JSON without a type").to_owned()
    };
    Parsed {
        events: Vec::new(),
        unknown: events.iter().map(kind).collect(),
    }
}

struct Callback<'a> {
    hook: &'a Hook,
    request: &'a Request<'a>,
    fields: &'a Fields<'a>,
    sid: &'a str,
    parent: Option<&'a str>,
}

impl Callback<'_> {
    fn parsed(&self) -> Parsed {
        if self.fields.get("RecordingSid").is_some() && self.fields.get("CallStatus").is_none() {
            return self.recording();
        }
        if let Some(kind) = self.fields.get("StatusCallbackEvent")
            && self.fields.get("ConferenceSid").is_some()
        {
            return self.conference(kind);
        }
        if self.fields.get("DialCallSid").is_some() {
            return Parsed::events([self.dial_ended()]);
        }
        let Some(status) = self.fields.get("CallStatus") else {
            return Parsed::unknown("a callback without CallStatus");
        };
        match (self.parent, whose(self.request)) {
            (Some(_), whose) => self.dialled(status, whose),
            (None, Some(Whose::Manager)) => self.of_station(status, "To", None),
            (None, _) if self.is_from_station() => self.of_station(status, "From", Some("To")),
            (None, _) if self.direction() == Some("outbound") => self.contact(status),
            (None, _) => self.came_in(status),
        }
    }

    /// A call from outside, which the program answers.
    fn came_in(&self, status: &str) -> Parsed {
        let draft = match status {
            "queued" | "initiated" | "ringing" => self.draft(Phase::Started, self.at()),
            "in-progress" | "answered" => self.draft(Phase::Menu, self.at()),
            "failed" => self.end().with("disposition", "failed"),
            "completed" | "busy" | "no-answer" | "canceled" => self.end(),
            other => return Parsed::unknown(other),
        };
        let mut drafts = vec![self.with_parties(draft)];
        if is_end(status) && self.tells_all() {
            let began = self.time("CallInitiatedAt").or_else(|| self.picked_up());
            drafts.extend(began.map(|at| self.with_parties(self.draft(Phase::Started, at))));
        }
        Parsed::events(drafts)
    }

    /// A call that somebody outside gets.
    fn contact(&self, status: &str) -> Parsed {
        let draft = match status {
            "queued" | "initiated" => self.draft(Phase::Started, self.at()),
            "ringing" => self.draft(Phase::Ringing, self.at()),
            "in-progress" | "answered" => self.draft(Phase::Answered, self.at()),
            "completed" => self.end().with("disposition", self.machine()),
            "busy" => self.end().with("disposition", "busy"),
            "no-answer" | "canceled" => self.end().with("disposition", "no_answer"),
            "failed" => self.end().with("disposition", "failed"),
            other => return Parsed::unknown(other),
        };
        let mut drafts = vec![self.with_parties(draft)];
        if status == "completed" && self.tells_all() && self.machine().is_empty() {
            let answered = self.picked_up();
            drafts.extend(answered.map(|at| self.with_parties(self.draft(Phase::Answered, at))));
        }
        Parsed::events(drafts)
    }

    /// A leg that was dialled for the call.
    fn dialled(&self, status: &str, whose: Option<Whose>) -> Parsed {
        let draft = match status {
            "queued" | "initiated" => return Parsed::nothing(),
            "ringing" => self.draft(Phase::Ringing, self.at()),
            "in-progress" | "answered" => self.draft(Phase::Answered, self.at()),
            "completed" => self.end().maybe("talk_s", self.talked("CallDuration")),
            "busy" | "failed" if whose == Some(Whose::Contact) => {
                self.end().with("disposition", status)
            }
            "busy" | "no-answer" | "canceled" | "failed" => self.end(),
            other => return Parsed::unknown(other),
        };
        let to = self.fields.get("To").unwrap_or_default();
        let leg = |draft: Draft| match whose {
            Some(Whose::Contact) => self.with_parties(draft).with("direction", "outbound"),
            None if !is_station(to) => self.with_parties(draft),
            _ => draft.with("extension", extension(to)),
        };
        let leg = |draft: Draft| leg(draft.with("leg", self.sid));
        let mut drafts = vec![leg(draft)];
        if status == "completed" && self.tells_all() {
            let answered = self.picked_up();
            drafts.extend(answered.map(|at| leg(self.draft(Phase::Answered, at))));
        }
        Parsed::events(drafts)
    }

    /// One of ours begins a call, or is called first; whom he reaches is told by a leg that is dialled
    /// for it.
    fn of_station(&self, status: &str, station: &str, to: Option<&str>) -> Parsed {
        let draft = match status {
            "queued" | "initiated" | "ringing" => self.draft(Phase::Started, self.at()),
            "in-progress" | "answered" => return Parsed::nothing(),
            status if is_end(status) => self.end(),
            other => return Parsed::unknown(other),
        };
        let to = to.and_then(|name| self.fields.get(name)).map(party);
        let draft = draft
            .with("direction", "outbound")
            .maybe("to", to)
            .maybe("extension", self.fields.get(station).map(extension));
        Parsed::events([draft])
    }

    /// What became of a dialled leg, told to the address that goes on with the call.
    fn dial_ended(&self) -> Draft {
        let leg = self.fields.get("DialCallSid").unwrap_or_default();
        let call = self.parent.unwrap_or(self.sid);
        Draft::call(self.hook, call, Phase::Ended, self.at())
            .with("id", format!("{leg}:dialled"))
            .with("leg", leg)
            .maybe("talk_s", self.talked("DialCallDuration"))
    }

    fn recording(&self) -> Parsed {
        if self.fields.get("RecordingUrl").is_none() {
            return Parsed::nothing();
        }
        let id = self.fields.get("RecordingSid").unwrap_or_default();
        let began = self.time("RecordingStartTime");
        let ended = began.map(|at| after(at, self.fields.seconds("RecordingDuration")));
        let at = ended.unwrap_or_else(|| self.at());
        let draft = self.draft(Phase::Recorded, at);
        Parsed::events([draft.with("id", format!("{id}:recorded"))])
    }

    fn conference(&self, kind: &str) -> Parsed {
        let phase = match kind {
            "participant-hold" => Phase::Held,
            "participant-unhold" => Phase::Resumed,
            _ if kind.starts_with("conference-") || kind.starts_with("participant-") => {
                return Parsed::nothing();
            }
            _ => return Parsed::unknown(kind),
        };
        Parsed::events([self.draft(phase, self.at())])
    }

    /// Begins a phase. Its id is the same however often it is told, by callbacks or by an export: only
    /// what happens again is numbered.
    fn draft(&self, phase: Phase, at: Time) -> Draft {
        let call = self.parent.unwrap_or(self.sid);
        let again = matches!(phase, Phase::Held | Phase::Resumed);
        let id = match self.fields.get("SequenceNumber").filter(|_| again) {
            Some(number) => format!("{}:{}:{number}", self.sid, phase.as_str()),
            None => format!("{}:{}", self.sid, phase.as_str()),
        };
        Draft::call(self.hook, call, phase, at)
            .with("id", id)
            .maybe("recording", self.fields.get("RecordingUrl"))
    }

    fn end(&self) -> Draft {
        self.draft(Phase::Ended, self.at())
    }

    fn with_parties(&self, draft: Draft) -> Draft {
        // A leg that is dialled goes out of every call, and says nothing of this one's direction.
        let direction = self.direction().filter(|_| self.parent.is_none());
        draft
            .maybe("direction", direction)
            .maybe("from", self.fields.get("From").map(party))
            .maybe("to", self.fields.get("To").map(party))
    }

    /// Gives the direction: what the hook's address says goes first.
    fn direction(&self) -> Option<&'static str> {
        let told = || match self.fields.get("Direction")? {
            word if word.starts_with("inbound") => Some("inbound"),
            word if word.starts_with("outbound") => Some("outbound"),
            _ => None,
        };
        addressed(self.request).or_else(told)
    }

    fn is_from_station(&self) -> bool {
        self.direction() != Some("outbound") && self.fields.get("From").is_some_and(is_station)
    }

    /// Says whether this callback is the only one of its leg: those that follow others are counted.
    fn tells_all(&self) -> bool {
        matches!(self.fields.get("SequenceNumber"), None | Some("0"))
    }

    /// Gives when a leg that ended was picked up, by whomever.
    fn picked_up(&self) -> Option<Time> {
        let told = self.time("AnsweredTime");
        let talked = self.talked("CallDuration");
        told.or_else(|| Some(self.at().plus(-millis(talked?))))
    }

    /// Gives how long a leg was connected; nothing if it was not.
    fn talked(&self, name: &str) -> Option<u64> {
        self.fields.seconds(name).filter(|seconds| *seconds > 0)
    }

    /// Gives the word for a machine that answered; empty if none did.
    fn machine(&self) -> &'static str {
        match self.fields.get("AnsweredBy") {
            Some(by) if by.starts_with("machine") || by == "fax" => "voicemail",
            _ => "",
        }
    }

    fn at(&self) -> Time {
        let told = self.time("Timestamp").or_else(|| self.time("OccurredAt"));
        told.unwrap_or(self.request.received_at)
    }

    fn time(&self, name: &str) -> Option<Time> {
        self.fields.time(name, self.hook.zone)
    }
}

pub(super) fn is_end(status: &str) -> bool {
    matches!(
        status,
        "completed" | "busy" | "no-answer" | "canceled" | "failed"
    )
}

fn after(at: Time, seconds: Option<u64>) -> Time {
    at.plus(millis(seconds.unwrap_or(0)))
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000)
}
