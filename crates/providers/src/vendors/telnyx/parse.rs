//! Webhooks, told as phases.
//!
//! The legs of a call share `call_session_id`; only the first webhook of a leg says which way it goes.
//! So a leg is one of ours if the hook's address says `leg=manager`, or if a SIP address is dialled. Any
//! other is told with its own parties: it is what a call from outside was forwarded to, or whoever is
//! outside of one that went out.

use serde_json::Value;
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::record::text;
use crate::vendors::telephony::{Whose, extension, is_station, party, time, whose};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

/// What tells of nothing that becomes a phase, by the beginning of its kind.
const SILENT: [&str; 18] = [
    "call.ai",
    "call.bridged",
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
    /// It brings a call from outside.
    Caller,
    /// It brings a call from a telephone of ours.
    Station,
    /// It rings one of ours.
    Manager,
    /// It rings someone outside.
    Contact,
    /// It is dialled, and nothing says whose it is.
    Dialled,
    /// Nothing says even that.
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
            "call.initiated" => self.initiated(side),
            "call.ringing" => self.of_leg(side, Phase::Ringing),
            "call.answered" => match side {
                Side::Caller => self.of_call(side, Phase::Menu),
                Side::Station => return Parsed::nothing(),
                _ => self.of_leg(side, Phase::Answered),
            },
            "call.hangup" => self.ended(side),
            // Both put the contact on hold, whichever leg they name.
            "call.hold" => self.draft(Phase::Held),
            "call.unhold" => self.draft(Phase::Resumed),
            "call.enqueued" => self.draft(Phase::Queued),
            "call.gather.ended" => self.draft(Phase::Menu),
            "call.refer.completed" if side == Side::Manager => {
                self.of_leg(side, Phase::Transferred)
            }
            "call.refer.completed" => self.draft(Phase::Transferred),
            "call.recording.saved" => self.recorded(),
            _ if SILENT.iter().any(|known| kind.starts_with(known)) => return Parsed::nothing(),
            _ => return Parsed::unknown(kind),
        };
        Parsed::events([draft])
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
            Some("outgoing") => Side::Dialled,
            _ if station("from") => Side::Station,
            _ => Side::Unknown,
        }
    }

    fn initiated(&self, side: Side) -> Draft {
        match side {
            Side::Caller | Side::Station => self.of_call(side, Phase::Started),
            _ => self.of_leg(side, Phase::Ringing),
        }
    }

    /// Begins a phase. What is without a leg is of the call.
    fn draft(&self, phase: Phase) -> Draft {
        let id = self.data.get("id").and_then(text).map(String::from);
        let id = id.unwrap_or_else(|| format!("{}:{}", self.leg, phase.as_str()));
        Draft::call(self.hook, &self.call, phase, self.at()).with("id", id)
    }

    fn of_call(&self, side: Side, phase: Phase) -> Draft {
        let draft = self.draft(phase);
        let to = self.get("to").as_deref().map(party);
        if side == Side::Station {
            let station = self.get("from");
            return draft
                .with("direction", "outbound")
                .maybe("extension", station.as_deref().map(extension))
                .maybe("to", to);
        }
        draft
            .with("direction", "inbound")
            .maybe("from", self.get("from").as_deref().map(party))
            .maybe("to", to)
    }

    fn of_leg(&self, side: Side, phase: Phase) -> Draft {
        let draft = self.draft(phase).with("leg", self.leg.as_str());
        let to = self.get("to");
        let direction = match side {
            Side::Manager => {
                return draft.maybe("extension", to.as_deref().map(extension));
            }
            Side::Contact | Side::Dialled => "outbound",
            Side::Caller => "inbound",
            Side::Station | Side::Unknown => "",
        };
        draft
            .with("direction", direction)
            .maybe("from", self.get("from").as_deref().map(party))
            .maybe("to", to.as_deref().map(party))
    }

    /// A leg ends; the call does with the last of them. Only of someone outside it is told why: of the
    /// others the phases say it.
    fn ended(&self, side: Side) -> Draft {
        let draft = match side {
            Side::Station => return self.of_call(side, Phase::Ended),
            side => self.of_leg(side, Phase::Ended),
        };
        let cause = self.get("hangup_cause").unwrap_or_default();
        let disposition = match cause.as_str() {
            _ if side != Side::Contact => "",
            "normal_clearing" | "time_limit" | "unspecified" => "",
            "user_busy" => "busy",
            "not_found" => "failed",
            "no_answer" | "timeout" | "originator_cancel" | "call_rejected" => "no_answer",
            other => other,
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
