//! Callbacks, told as phases.
//!
//! `CallUUID` is the call, `DialBLegUUID` a leg that was dialled for it. A SIP address is one of ours; a
//! number is told as the leg's own, so that it is what a call from outside was forwarded to, or whoever
//! is outside of one that went out. Times are local to the account, but for `SessionStart`, which is UTC.

use trunkline_model::event::Phase;
use trunkline_model::time::{Time, Tz};

use crate::vendors::telephony::{Fields, Whose, addressed, extension, is_station, party, whose};
use crate::{Draft, Hook, Parsed, Request};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Parsed {
    let fields = Fields::sent(request);
    let event = fields.get("Event").unwrap_or_default();
    let call = fields
        .get("DialALegUUID")
        .or_else(|| fields.get("CallUUID"));
    let Some(call) = call else {
        return Parsed::unknown(match event {
            "" => "a callback without CallUUID",
            event => event,
        });
    };
    let told = Told {
        hook,
        request,
        fields: &fields,
        call,
    };
    match event {
        _ if fields.get("DialAction").is_some() => told.dialled(),
        _ if fields.get("RecordUrl").is_some() => told.recorded(),
        "Hangup" => told.hung_up(),
        "StartApp" => told.began(),
        "Ring" => told.rings(),
        // Steps of the program, and what it learns on its way.
        "Redirect" | "DialAction" | "MachineDetection" | "PlayBack" | "Speak" => Parsed::nothing(),
        _ if fields.get("ConferenceAction").is_some() => Parsed::nothing(),
        "" => Parsed::unknown("a callback without Event"),
        other => Parsed::unknown(other),
    }
}

/// Whose a call is, seen from its first leg.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// Someone outside calls.
    Caller,
    /// One of ours is on this leg, and someone outside is dialled.
    Station,
    /// Someone outside is called.
    Contact,
}

struct Told<'a> {
    hook: &'a Hook,
    request: &'a Request<'a>,
    fields: &'a Fields<'a>,
    call: &'a str,
}

impl Told<'_> {
    fn side(&self) -> Side {
        let told = self.fields.get("Direction");
        let outbound = addressed(self.request).or(told) == Some("outbound");
        let station = |name: &str| self.fields.get(name).is_some_and(is_station);
        match whose(self.request) {
            Some(Whose::Manager) => Side::Station,
            Some(Whose::Contact) => Side::Contact,
            None if outbound => Side::Contact,
            None if station("From") => Side::Station,
            None => Side::Caller,
        }
    }

    /// The whole call, when it is over.
    fn hung_up(&self) -> Parsed {
        let side = self.side();
        let disposition = match (side, self.fields.get("CallStatus").unwrap_or_default()) {
            (Side::Caller | Side::Station, "failed") => "failed",
            (Side::Caller | Side::Station, _) | (_, "" | "completed") => "",
            (Side::Contact, "busy") => "busy",
            (Side::Contact, "no-answer" | "timeout" | "cancel") => "no_answer",
            (Side::Contact, other) => other,
        };
        let ended = self.local("EndTime").unwrap_or(self.request.received_at);
        let ended = self.of_call(side, Phase::Ended, ended, "");
        let mut drafts = vec![ended.with("disposition", disposition)];
        if let Some(at) = self.local("StartTime").or_else(|| self.began_at()) {
            drafts.push(self.of_call(side, Phase::Started, at, "told-last"));
        }
        if let Some(at) = self.local("AnswerTime").filter(|_| side == Side::Contact) {
            drafts.push(self.of_call(side, Phase::Answered, at, "told-last"));
        }
        Parsed::events(drafts)
    }

    /// The program is asked what to do: with a call that comes in at its beginning, with one that goes
    /// out when it was answered.
    fn began(&self) -> Parsed {
        let side = self.side();
        let came = self.request.received_at;
        Parsed::events(match side {
            Side::Contact => Some(self.of_call(side, Phase::Answered, came, "")),
            Side::Caller | Side::Station => {
                let at = self.began_at().unwrap_or(came);
                Some(self.of_call(side, Phase::Started, at, ""))
            }
        })
    }

    fn rings(&self) -> Parsed {
        let side = self.side();
        let phase = match side {
            Side::Contact => Phase::Ringing,
            Side::Caller | Side::Station => Phase::Started,
        };
        Parsed::events([self.of_call(side, phase, self.request.received_at, "")])
    }

    /// A leg that `<Dial>` dialled.
    fn dialled(&self) -> Parsed {
        let Some(leg) = self.fields.get("DialBLegUUID") else {
            return Parsed::nothing();
        };
        let action = self.fields.get("DialAction").unwrap_or_default();
        let (phase, time) = match action {
            "answer" => (Phase::Answered, "AnswerTime"),
            "hangup" => (Phase::Ended, "EndTime"),
            "connected" | "digits" => return Parsed::nothing(),
            other => return Parsed::unknown(other),
        };
        let at = self.local(time).unwrap_or(self.request.received_at);
        let draft = Draft::call(self.hook, self.call, phase, at);
        let draft = draft.with("id", format!("{leg}:{}", phase.as_str()));
        let talked = self.fields.seconds("DialBLegDuration");
        let talked = talked.filter(|seconds| *seconds > 0 && phase == Phase::Ended);
        let draft = draft.with("leg", leg).maybe("talk_s", talked);
        let to = self.fields.get("DialBLegTo").unwrap_or_default();
        Parsed::events([match whose(self.request) {
            Some(Whose::Contact) => draft.with("direction", "outbound").with("to", party(to)),
            None if !is_station(to) => draft.with("to", party(to)),
            _ => draft.with("extension", extension(to)),
        }])
    }

    fn recorded(&self) -> Parsed {
        let id = self.fields.get("RecordingID").unwrap_or(self.call);
        let ended = self.fields.get("RecordingEndMs").filter(|ms| *ms != "-1");
        let ended = ended.and_then(|ms| Time::parse(ms).ok());
        let at = ended.unwrap_or(self.request.received_at);
        let draft = Draft::call(self.hook, self.call, Phase::Recorded, at);
        let url = self.fields.get("RecordUrl");
        Parsed::events([draft
            .with("id", format!("{id}:recorded"))
            .maybe("recording", url)])
    }

    /// Begins a phase of the call. Its id is the same however often it is told.
    fn of_call(&self, side: Side, phase: Phase, at: Time, part: &str) -> Draft {
        let call = self.call;
        let id = match part {
            "" => format!("{call}:{}", phase.as_str()),
            part => format!("{call}:{}:{part}", phase.as_str()),
        };
        let from = self.fields.get("From");
        let to = self.fields.get("To");
        let draft = Draft::call(self.hook, call, phase, at).with("id", id);
        let outbound = draft.clone().with("direction", "outbound");
        match side {
            Side::Caller => draft
                .with("direction", "inbound")
                .maybe("from", from.map(party))
                .maybe("to", to.map(party)),
            Side::Contact => outbound
                .maybe("from", from.map(party))
                .maybe("to", to.map(party)),
            // One who calls with a telephone of ours dials; one who is called first does not.
            Side::Station if from.is_some_and(is_station) => outbound
                .maybe("extension", from.map(extension))
                .maybe("to", to.map(party)),
            Side::Station => outbound.maybe("extension", to.map(extension)),
        }
    }

    fn began_at(&self) -> Option<Time> {
        self.fields.time("SessionStart", Tz::UTC)
    }

    fn local(&self, name: &str) -> Option<Time> {
        self.fields.time(name, self.hook.zone)
    }
}
