//! Notices, told as phases.
//!
//! `call_start` is the start of the call on every notice, and no notice says when it was made. So the
//! time of ringing, answer, menu and end is that of arrival; only a notice that came more than an hour
//! after the call could have got there counts from `call_start` and `duration` instead.

use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::vendors::telephony::{Fields, party};
use crate::{Draft, Hook, Parsed, Request};

/// How late a notice may be and still be believed to come at what it tells, in milliseconds.
const PROMPT_MS: i64 = 3_600_000;
/// Where a recording is asked for.
const RECORDS: &str = "https://api.zadarma.com/v1/pbx/record/request/?call_id=";

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Parsed {
    let fields = Fields::sent(request);
    let Some(event) = fields.get("event") else {
        return Parsed::unknown("a notice without event");
    };
    let Some(call) = fields.get("pbx_call_id") else {
        return Parsed::unknown(format!("{event} without pbx_call_id"));
    };
    let notice = Notice {
        hook,
        request,
        fields: &fields,
        call,
    };
    let draft = match event {
        "NOTIFY_START" => notice.started(),
        "NOTIFY_INTERNAL" => notice.rings(),
        "NOTIFY_ANSWER" => notice.answered(),
        "NOTIFY_END" => notice.ended(),
        "NOTIFY_OUT_START" => notice.dialled(),
        "NOTIFY_OUT_END" => notice.ended_out(),
        "NOTIFY_RECORD" => notice.recorded(),
        "NOTIFY_IVR" => notice.menu(),
        "NOTIFY_SPEECH_RECOGNITION" | "SPEECH_RECOGNITION" => return Parsed::nothing(),
        _ => return Parsed::unknown(event),
    };
    Parsed::events([draft])
}

struct Notice<'a> {
    hook: &'a Hook,
    request: &'a Request<'a>,
    fields: &'a Fields<'a>,
    call: &'a str,
}

impl Notice<'_> {
    fn started(&self) -> Draft {
        let at = self.start().unwrap_or(self.request.received_at);
        self.inbound(self.draft(Phase::Started, at, ""))
    }

    fn menu(&self) -> Draft {
        let name = self.fields.get("wait_dtmf[name]").unwrap_or_default();
        self.inbound(self.draft(Phase::Menu, self.now(0), name))
    }

    /// Repeated for every extension that rings.
    fn rings(&self) -> Draft {
        let leg = self.fields.get("internal").unwrap_or_default();
        let draft = self.draft(Phase::Ringing, self.now(0), leg);
        self.inbound(draft.with("leg", leg).with("extension", leg))
    }

    /// The same for calls in and out: it says nothing of the direction. Without an extension a
    /// forwarded number answered.
    fn answered(&self) -> Draft {
        let internal = self.fields.get("internal");
        let leg = internal.or_else(|| self.fields.get("destination"));
        let leg = leg.unwrap_or_default();
        self.draft(Phase::Answered, self.now(0), internal.unwrap_or_default())
            .with("leg", leg)
            .with("extension", leg)
    }

    /// `answered` may be the answer of a greeting, so it is left to the notices of answers.
    fn ended(&self) -> Draft {
        let draft = self.inbound(self.end());
        match self.fields.get("disposition") {
            None | Some("answered" | "busy" | "cancel" | "no answer") => draft,
            Some(word) => draft.with("disposition", failed(word)),
        }
    }

    fn dialled(&self) -> Draft {
        let at = self.start().unwrap_or(self.request.received_at);
        let leg = self.fields.get("internal").unwrap_or_default();
        self.outbound(self.draft(Phase::Started, at, ""))
            .with("leg", leg)
            .with("extension", leg)
    }

    fn ended_out(&self) -> Draft {
        let draft = self.outbound(self.end());
        let draft = draft.maybe("extension", self.fields.get("internal"));
        match self.fields.get("disposition") {
            None => draft,
            Some("busy") => draft.with("disposition", "busy"),
            Some("cancel" | "no answer") => draft.with("disposition", "no_answer"),
            Some("answered") => draft.with("disposition", "answered"),
            Some(word) => draft.with("disposition", failed(word)),
        }
    }

    fn recorded(&self) -> Draft {
        let id = self.fields.get("call_id_with_rec").unwrap_or_default();
        let draft = self.draft(Phase::Recorded, self.request.received_at, id);
        self.with_recording(draft)
    }

    fn end(&self) -> Draft {
        let seconds = self.fields.seconds("duration").unwrap_or(0);
        let draft = self.draft(Phase::Ended, self.now(seconds), "");
        match self.fields.get("is_recorded") {
            Some("1") => self.with_recording(draft),
            _ => draft,
        }
    }

    fn with_recording(&self, draft: Draft) -> Draft {
        let id = self.fields.get("call_id_with_rec");
        draft.maybe("recording", id.map(|id| format!("{RECORDS}{id}")))
    }

    /// Begins a phase. Its id is the same however often and whenever it is told.
    fn draft(&self, phase: Phase, at: Time, part: &str) -> Draft {
        let call = self.call;
        let id = match part {
            "" => format!("{call}:{}", phase.as_str()),
            part => format!("{call}:{}:{part}", phase.as_str()),
        };
        Draft::call(self.hook, call, phase, at).with("id", id)
    }

    fn inbound(&self, draft: Draft) -> Draft {
        draft
            .with("direction", "inbound")
            .maybe("from", self.fields.get("caller_id").map(party))
            .maybe("to", self.fields.get("called_did").map(party))
    }

    /// `caller_id` is the number that is shown to the one who is called.
    fn outbound(&self, draft: Draft) -> Draft {
        draft
            .with("direction", "outbound")
            .maybe("from", self.fields.get("caller_id").map(party))
            .maybe("to", self.fields.get("destination").map(party))
    }

    fn start(&self) -> Option<Time> {
        self.fields.time("call_start", self.hook.zone)
    }

    /// Gives the time of something that is at least so many seconds after the start.
    fn now(&self, seconds: u64) -> Time {
        let came = self.request.received_at;
        let Some(start) = self.start() else {
            return came;
        };
        let least = start.plus(i64::try_from(seconds).unwrap_or(0).saturating_mul(1_000));
        match came.0.saturating_sub(least.0) {
            0..=PROMPT_MS => came,
            _ => least,
        }
    }
}

/// Gives the word for a call that did not get through.
fn failed(word: &str) -> &str {
    match word {
        "failed" | "no money" | "unallocated number" | "no limit" | "no day limit"
        | "line limit" | "no money, no limit" => "failed",
        other => other,
    }
}
