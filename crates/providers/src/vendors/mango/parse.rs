//! What the JSON tells: which of the notifications it is stands in its fields, so that the address
//! may be that of the hook alone.

use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::fields::{Fields, json};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let form = request.form();
    let found = form.iter().find(|(name, _)| name == "json");
    let body = match found {
        Some((_, text)) if !text.trim().is_empty() => json(text.as_bytes())?,
        _ => return Ok(Parsed::nothing()),
    };
    let fields = Fields(&body);
    let has = |name: &str| fields.get(name).is_some();
    let entry = fields.get("entry_id").unwrap_or_default();
    let entry = Entry {
        hook,
        id: &entry,
        fields,
        now: request.received_at,
    };
    if entry.id.is_empty() {
        return Ok(Parsed::unknown(kind(request)));
    }
    if has("call_state") {
        return Ok(Parsed::events(entry.call()));
    }
    if has("entry_result") || has("call_direction") {
        return Ok(Parsed::events(entry.summary()));
    }
    let tagged = !fields.at("tags").0.is_null() || has("category_id");
    if has("recording_id") && !tagged {
        return Ok(Parsed::events(entry.recording()));
    }
    if has("dtmf") || has("sms_id") {
        return Ok(Parsed::nothing());
    }
    Ok(Parsed::unknown(kind(request)))
}

/// Gives the end of the path that Mango added to the hook's address.
fn kind(request: &Request<'_>) -> String {
    let path = request.url.split('?').next().unwrap_or_default();
    let mut parts = path.rsplit('/').take(2).collect::<Vec<_>>();
    parts.reverse();
    parts.join("/")
}

struct Entry<'a> {
    hook: &'a Hook,
    id: &'a str,
    fields: Fields<'a>,
    now: Time,
}

impl Entry<'_> {
    fn text(&self, path: &str) -> String {
        self.fields.get(path).unwrap_or_default().into_owned()
    }

    fn time(&self, path: &str) -> Option<Time> {
        self.fields.time(path, self.hook.zone)
    }

    fn phase(&self, phase: Phase, of: &str, at: Time) -> Draft {
        let (id, direction) = (self.id, self.direction());
        let line = ["to.line_number", "line_number", "dct.number"];
        let line = self.fields.first(&line).unwrap_or_default();
        let (from, to) = match direction {
            "outbound" => (line.into_owned(), self.text("to.number")),
            "internal" => (self.text("from.extension"), self.text("to.extension")),
            _ => (self.text("from.number"), line.into_owned()),
        };
        let callback = self.fields.get("callback_initiator");
        Draft::call(self.hook, id, phase, at)
            .with("id", format!("{id}:{of}{phase}"))
            .with("direction", direction)
            .with("from", from)
            .with("to", to)
            .maybe("origin", callback.as_deref().map(origin))
    }

    /// Says which way the call goes: told by the summary, and before that by whose extension is named.
    fn direction(&self) -> &'static str {
        match self.fields.get("call_direction").as_deref() {
            Some("0") => return "internal",
            Some("1") => return "inbound",
            Some("2") => return "outbound",
            _ => {}
        }
        let has = |path| self.fields.get(path).is_some();
        match (has("from.extension"), has("to.extension")) {
            (true, true) => "internal",
            (true, false) => "outbound",
            (false, _) => "inbound",
        }
    }

    /// Reads `/events/call`.
    fn call(&self) -> Vec<Draft> {
        let at = self.time("timestamp").unwrap_or(self.now);
        let (leg, seq) = (self.text("call_id"), self.fields.number("seq"));
        // Their samples misspell it.
        let location = self
            .fields
            .first(&["location", "locaton"])
            .unwrap_or_default();
        let of = format!("{leg}:{}:", seq.unwrap_or(0));
        let one = |phase| {
            self.phase(phase, &of, at)
                .maybe("seq", seq.filter(|seq| *seq >= 0))
        };
        let person = |phase| {
            let extension = match self.direction() {
                "outbound" => self.fields.get("from.extension"),
                _ => self.fields.first(&["to.extension", "to.number"]),
            };
            one(phase)
                .with("leg", leg.as_str())
                .maybe("extension", extension.as_deref())
        };
        let state = self.text("call_state");
        match (state.as_str(), location.as_ref()) {
            ("Appeared", "ivr") => vec![one(Phase::Menu)],
            ("Appeared", "queue") => vec![one(Phase::Queued)],
            ("Appeared", "abonent") => vec![person(Phase::Ringing)],
            ("Connected", "abonent") if seq.is_some_and(|seq| seq > 2) => {
                vec![person(Phase::Resumed)]
            }
            ("Connected", "abonent") => vec![person(Phase::Answered)],
            ("OnHold", "abonent") => vec![person(Phase::Held)],
            ("Disconnected", "abonent") => {
                let given = self.fields.get("transfer").is_some();
                let given = given.then(|| person(Phase::Transferred));
                given.into_iter().chain([person(Phase::Ended)]).collect()
            }
            // The end of a menu or a queue is the beginning of what follows.
            _ => Vec::new(),
        }
    }

    /// Reads `/events/summary`. Whose leg it was that answered is told by `/events/call` alone.
    fn summary(&self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        if let Some(at) = self.time("create_time") {
            drafts.push(self.phase(Phase::Started, "", at));
        }
        if let Some(at) = self.time("talk_time") {
            drafts.push(self.phase(Phase::Answered, "", at));
        }
        if let Some(at) = self.time("end_time") {
            let ended = self.phase(Phase::Ended, "", at);
            drafts.push(ended.with("disposition", self.disposition()));
        }
        drafts
    }

    /// Of a call from outside that nobody took its phases tell whether it was given up in the queue.
    fn disposition(&self) -> &'static str {
        let reason = self.text("disconnect_reason");
        match (self.text("entry_result").as_str(), self.direction()) {
            ("1", _) => "answered",
            (_, "inbound" | "internal") => "",
            _ if reason.starts_with(['2', '5']) || reason.starts_with("32") => "failed",
            _ => "no_answer",
        }
    }

    /// Reads `/events/recording` and `/events/record/added`.
    fn recording(&self) -> Vec<Draft> {
        let at = self.time("timestamp").unwrap_or(self.now);
        let (state, recording) = (self.text("recording_state"), self.text("recording_id"));
        let of = match state.as_str() {
            "Completed" => format!("{recording}:"),
            "" => format!("{recording}:added:"),
            _ => return Vec::new(),
        };
        // What there is to fetch it by; the address needs a signature of its own.
        let recorded = self.phase(Phase::Recorded, &of, at);
        vec![recorded.with("recording", format!("mango:{recording}"))]
    }
}

/// Says what made a call that no person dialled first.
fn origin(initiator: &str) -> &'static str {
    match initiator {
        "ObDial" => "dialler",
        _ => "callback",
    }
}
