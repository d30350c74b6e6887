//! Statuses, told as phases.
//!
//! `conversation_uuid` is the call, `uuid` a leg. A leg that comes in is the call itself, which the
//! program answers: a menu, not a person. One that goes out rings one of ours if the hook's address says
//! `leg=manager`, or if it is a SIP address or an app's user. Any other is told with its own parties: it
//! is what a call from outside was forwarded to, or whoever is outside of one that went out.

use serde_json::{Map, Value};
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::record::text;
use crate::vendors::telephony::{
    Whose, addressed, extension, is_station, party, seconds, time, whose,
};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let fields = match *request.method {
        http::Method::GET => {
            let pairs = request.query_pairs().into_iter();
            let pairs = pairs.map(|(name, value)| (name.into_owned(), Value::from(value)));
            pairs.collect::<Map<_, _>>().into()
        }
        _ => serde_json::from_slice(request.body)
            .map_err(|error| Unreadable::new(format!("the body is no JSON: {error}")))?,
    };
    let told = Told {
        hook,
        request,
        fields: &fields,
    };
    Ok(told.parsed())
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
    /// It rings a number.
    Number,
    /// It is a program.
    Program,
}

struct Told<'a> {
    hook: &'a Hook,
    request: &'a Request<'a>,
    fields: &'a Value,
}

impl Told<'_> {
    fn parsed(&self) -> Parsed {
        let status = self.get("status").unwrap_or_default();
        let leg = self.get("uuid").or_else(|| self.get("call_uuid"));
        let call = self.get("conversation_uuid").or_else(|| leg.clone());
        if let Some(from) = self.get("conversation_uuid_from") {
            return self.transferred(&from, &leg.unwrap_or_default());
        }
        let Some(call) = call else {
            return Parsed::unknown(match &*status {
                "" => "an event without status",
                status => status,
            });
        };
        let leg = leg.unwrap_or_default();
        if status.is_empty() {
            return self.without_status(&call, &leg);
        }
        let draft = match self.side() {
            Side::Caller => self.came_in(&call, &leg, &status),
            Side::Station => self.of_station(&call, &leg, &status),
            Side::Manager => self.manager(&call, &leg, &status),
            Side::Number => self.number(&call, &leg, &status),
            Side::Program => return Parsed::nothing(),
        };
        match (draft, &*status) {
            (Some(draft), _) => Parsed::events([draft]),
            (None, "human" | "machine" | "disconnected" | "started" | "answered") => {
                Parsed::nothing()
            }
            (None, status) => Parsed::unknown(status),
        }
    }

    fn side(&self) -> Side {
        let station = |name: &str| self.get(name).is_some_and(|party| is_station(&party));
        let to = self.get("to").unwrap_or_default();
        if to.starts_with("ws:") || to.starts_with("wss:") {
            return Side::Program;
        }
        match whose(self.request) {
            Some(Whose::Manager) => return Side::Manager,
            Some(Whose::Contact) => return Side::Number,
            None => {}
        }
        let direction = self.get("direction");
        match direction.as_deref().or_else(|| addressed(self.request)) {
            Some("outbound") if station("to") || self.get("to_user").is_some() => Side::Manager,
            Some("outbound") => Side::Number,
            _ if station("from") || self.get("from_user").is_some() => Side::Station,
            _ => Side::Caller,
        }
    }

    fn came_in(&self, call: &str, leg: &str, status: &str) -> Option<Draft> {
        let phase = match status {
            "started" | "ringing" => Phase::Started,
            "answered" => Phase::Menu,
            status if is_end(status) => Phase::Ended,
            _ => return None,
        };
        let draft = self.draft(call, leg, phase).with("direction", "inbound");
        let failed = if matches!(status, "failed" | "rejected") {
            "failed"
        } else {
            ""
        };
        Some(self.with_parties(draft).with("disposition", failed))
    }

    /// Why it ended counts if no other leg says how the call did.
    fn number(&self, call: &str, leg: &str, status: &str) -> Option<Draft> {
        let (phase, disposition) = match status {
            "started" => (Phase::Started, ""),
            "ringing" => (Phase::Ringing, ""),
            "answered" => (Phase::Answered, ""),
            "completed" => (Phase::Ended, ""),
            "busy" => (Phase::Ended, "busy"),
            "unanswered" | "timeout" | "cancelled" => (Phase::Ended, "no_answer"),
            "failed" | "rejected" => (Phase::Ended, "failed"),
            _ => return None,
        };
        let draft = self.draft(call, leg, phase).with("leg", leg);
        let draft = self.with_parties(draft.with("direction", "outbound"));
        let talked = self.talked().filter(|_| status == "completed");
        Some(
            draft
                .with("disposition", disposition)
                .maybe("talk_s", talked),
        )
    }

    fn manager(&self, call: &str, leg: &str, status: &str) -> Option<Draft> {
        let phase = match status {
            "ringing" => Phase::Ringing,
            "answered" => Phase::Answered,
            status if is_end(status) => Phase::Ended,
            _ => return None,
        };
        let to = self.get("to_user").or_else(|| self.get("to"));
        let draft = self.draft(call, leg, phase).with("leg", leg);
        let draft = draft.maybe("extension", to.as_deref().map(extension));
        Some(match status {
            "completed" => draft.maybe("talk_s", self.talked()),
            _ => draft,
        })
    }

    fn of_station(&self, call: &str, leg: &str, status: &str) -> Option<Draft> {
        let phase = match status {
            "started" | "ringing" => Phase::Started,
            status if is_end(status) => Phase::Ended,
            _ => return None,
        };
        let from = self.get("from_user").or_else(|| self.get("from"));
        let draft = self.draft(call, leg, phase).with("direction", "outbound");
        let draft = draft.maybe("extension", from.as_deref().map(extension));
        Some(draft.maybe("to", self.get("to").as_deref().map(party)))
    }

    /// Actions of the program tell what they got, and no status.
    fn without_status(&self, call: &str, leg: &str) -> Parsed {
        if let Some(url) = self.get("recording_url") {
            let id = self.get("recording_uuid");
            let id = id.map(|id| format!("{id}:recorded"));
            let draft = self.draft(call, leg, Phase::Recorded).maybe("id", id);
            return Parsed::events([draft.with("recording", url)]);
        }
        if ["dtmf", "speech"]
            .iter()
            .any(|name| self.fields.get(name).is_some())
        {
            // A menu is gone through more than once.
            let time = self.get("timestamp").unwrap_or_default();
            let id = format!("{leg}:menu:{time}");
            return Parsed::events([self.draft(call, leg, Phase::Menu).with("id", id)]);
        }
        Parsed::unknown(match self.get("reason") {
            Some(_) => "error",
            None => "an event without status",
        })
    }

    fn transferred(&self, from: &str, leg: &str) -> Parsed {
        let to = self.get("conversation_uuid_to").unwrap_or_default();
        let draft = self.draft(from, leg, Phase::Transferred);
        Parsed::events([draft.with("id", format!("{leg}:transferred:{to}"))])
    }

    /// Begins a phase. Its id is the same however often it is told.
    fn draft(&self, call: &str, leg: &str, phase: Phase) -> Draft {
        let status = self.get("status");
        let what = status.as_deref().unwrap_or(phase.as_str());
        let draft = Draft::call(self.hook, call, phase, self.at());
        draft.with("id", format!("{leg}:{what}"))
    }

    fn with_parties(&self, draft: Draft) -> Draft {
        draft
            .maybe("from", self.get("from").as_deref().map(party))
            .maybe("to", self.get("to").as_deref().map(party))
    }

    fn talked(&self) -> Option<u64> {
        let seconds = seconds(&self.get("duration")?)?;
        (seconds > 0).then_some(seconds)
    }

    fn at(&self) -> Time {
        let of = |name: &str| time(&self.get(name)?, self.hook.zone);
        let told = of("timestamp").or_else(|| of("end_time"));
        told.unwrap_or(self.request.received_at)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.fields.get(name).and_then(text).map(String::from)
    }
}

fn is_end(status: &str) -> bool {
    matches!(
        status,
        "completed" | "busy" | "cancelled" | "unanswered" | "rejected" | "failed" | "timeout"
    )
}
