//! Webhooks, told as phases.
//!
//! The legs of a call share `call_session_id`; only the first webhook of a leg says which way it goes.
//! So whose a leg is follows from, in this order: the hook's address (`leg`), that direction, a SIP
//! address that is dialled, the hook's address (`direction`); else it is not known.

use serde_json::Value;
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::record::text;
use crate::vendors::telephony::{Whose, addressed, extension, is_station, party, time, whose};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of nothing that becomes a phase, by the beginning of its kind.
const SILENT: [&str; 17] = [
    "call.ai",
    "call.conversation",
    "call.cost",
    "call.deepfake",
    "call.dequeued",
    "call.dtmf",
    "call.fork",
    "call.gather",
    "call.machine",
    "call.playback",
    "call.recording",
    "call.refer",
    "call.siprec",
    "call.speak",
    "call.streaming",
    "call.transcription",
    "streaming",
];

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body: Value = serde_json::from_slice(request.body)
        .map_err(|error| Unreadable::new(format!("the body is no JSON: {error}")))?;
    // Version 1 has no envelope, and an underline for the first point.
    let data = body.get("data").unwrap_or(&body);
    let Some(kind) = data.get("event_type").and_then(text) else {
        return Ok(Parsed::unknown("JSON without event_type"));
    };
    let kind = kind.replace('_', ".");
    let payload = data.get("payload").unwrap_or(&Value::Null);
    let get = |name: &str| payload.get(name).and_then(text).map(String::from);
    let leg = get("call_leg_id").or_else(|| get("call_control_id"));
    let (Some(call), Some(leg)) = (get("call_session_id").or_else(|| leg.clone()), leg) else {
        return Ok(Parsed::unknown(kind));
    };
    let told = Told {
        hook,
        request,
        data,
        payload,
        call,
        leg,
    };
    Ok(told.parsed(&kind))
}

/// Whose a leg is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// It brought the call from outside.
    Caller,
    /// It brought the call from a telephone of ours.
    Station,
    /// It rings one of ours.
    Manager,
    /// It rings someone outside.
    Contact,
    /// Nothing says it.
    Unknown,
}

struct Told<'a> {
    hook: &'a Hook,
    request: &'a Request<'a>,
    data: &'a Value,
    payload: &'a Value,
    call: String,
    leg: String,
}

impl Told<'_> {
    fn parsed(&self, kind: &str) -> Parsed {
        let side = self.side();
        let draft = match kind {
            "call.initiated" => match side {
                Side::Manager => Some(self.draft(side, Phase::Ringing)),
                _ => Some(self.draft(side, Phase::Started)),
            },
            "call.ringing" => match side {
                Side::Manager | Side::Contact => Some(self.draft(side, Phase::Ringing)),
                Side::Caller | Side::Station | Side::Unknown => None,
            },
            "call.answered" => match side {
                Side::Manager | Side::Contact => Some(self.draft(side, Phase::Answered)),
                Side::Caller | Side::Unknown => Some(self.draft(side, Phase::Menu)),
                Side::Station => None,
            },
            // The legs that are known to be somebody's told their answer themselves.
            "call.bridged" if side == Side::Unknown => Some(self.draft(side, Phase::Answered)),
            "call.bridged" => None,
            "call.hangup" => Some(self.ended(side)),
            "call.hold" => Some(self.draft(side, Phase::Held)),
            "call.unhold" => Some(self.draft(side, Phase::Resumed)),
            "call.enqueued" => Some(self.draft(side, Phase::Queued)),
            "call.refer.completed" => Some(self.draft(side, Phase::Transferred)),
            "call.recording.saved" => Some(self.recorded()),
            _ if SILENT.iter().any(|known| kind.starts_with(known)) => None,
            _ => return Parsed::unknown(kind),
        };
        Parsed::events(draft)
    }

    fn side(&self) -> Side {
        match whose(self.request) {
            Some(Whose::Manager) => return Side::Manager,
            Some(Whose::Contact) => return Side::Contact,
            None => {}
        }
        let station = |name: &str| self.get(name).is_some_and(|party| is_station(&party));
        match self.get("direction").as_deref() {
            Some("incoming") if station("from") => Side::Station,
            Some("incoming") => Side::Caller,
            _ if station("to") => Side::Manager,
            Some("outgoing") => Side::Contact,
            _ => match addressed(self.request) {
                Some("inbound") => Side::Caller,
                Some("outbound") => Side::Contact,
                _ => Side::Unknown,
            },
        }
    }

    /// Begins a phase of the call or, if it is a manager's, of the leg.
    fn draft(&self, side: Side, phase: Phase) -> Draft {
        let id = self.data.get("id").and_then(text).map(String::from);
        let id = id.unwrap_or_else(|| format!("{}:{}", self.leg, phase.as_str()));
        let draft = Draft::call(self.hook, &self.call, phase, self.at()).with("id", id);
        let from = self.get("from");
        let to = self.get("to");
        let draft = match side {
            Side::Manager => {
                let to = to.as_deref().map(extension);
                return draft.with("leg", self.leg.as_str()).maybe("extension", to);
            }
            Side::Caller => draft.with("direction", "inbound"),
            Side::Contact => draft.with("direction", "outbound"),
            Side::Station => {
                let station = from.as_deref().map(extension);
                let draft = draft.with("direction", "outbound");
                return draft
                    .maybe("extension", station)
                    .maybe("to", to.as_deref().map(party));
            }
            Side::Unknown => draft,
        };
        draft
            .maybe("from", from.as_deref().map(party))
            .maybe("to", to.as_deref().map(party))
    }

    fn ended(&self, side: Side) -> Draft {
        let draft = self.draft(side, Phase::Ended);
        let cause = self.get("hangup_cause").unwrap_or_default();
        let disposition = match (side, cause.as_str()) {
            // How a call from outside ended, and a leg of a manager, is told by the other phases.
            (Side::Caller | Side::Station | Side::Manager, _)
            | (_, "normal_clearing" | "time_limit" | "unspecified") => "",
            (_, "user_busy") => "busy",
            (_, "not_found") => "failed",
            (Side::Unknown, _) => "",
            (_, "no_answer" | "timeout" | "originator_cancel" | "call_rejected") => "no_answer",
            (_, other) => other,
        };
        draft.with("disposition", disposition)
    }

    fn recorded(&self) -> Draft {
        let of = |name: &str| {
            let urls = self.payload.get(name)?;
            let url = urls.get("mp3").or_else(|| urls.get("wav"));
            url.and_then(text).map(String::from)
        };
        let expiring = || {
            let url = of("recording_urls")?;
            let plain = url.split('?').next().unwrap_or_default();
            Some(plain.to_owned())
        };
        let url = of("public_recording_urls").or_else(expiring);
        let call = Draft::call(self.hook, &self.call, Phase::Recorded, self.at());
        let id = self.data.get("id").and_then(text).map(String::from);
        call.with("id", id.unwrap_or_else(|| format!("{}:recorded", self.leg)))
            .maybe("recording", url)
    }

    fn at(&self) -> Time {
        let of = |value: &Value, name: &str| {
            let text = value.get(name).and_then(text)?;
            time(&text, self.hook.zone)
        };
        of(self.data, "occurred_at")
            .or_else(|| of(self.payload, "occurred_at"))
            .or_else(|| of(self.data, "created_at"))
            .unwrap_or(self.request.received_at)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.payload.get(name).and_then(text).map(String::from)
    }
}
