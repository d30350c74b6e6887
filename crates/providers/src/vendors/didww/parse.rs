//! The events of a call while it goes on, and its record after it.

use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::fields::{Fields, json};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = json(request.body)?;
    let fields = Fields(&body);
    let kind = fields.get("type").unwrap_or_default();
    let data = fields.at("data");
    let call = fields
        .get("global_tag")
        .or_else(|| data.first(&["global_tag", "call_id"]));
    let told = fields.time("ts", hook.zone).unwrap_or(request.received_at);
    let one = One {
        hook,
        fields,
        data,
        call: call.unwrap_or_default().into_owned(),
        told,
    };
    let events = match kind.as_ref() {
        "call.cdr.transcript_created"
        | "call.cdr.summary_created"
        | "call.cdr.scoring_created"
        | "call.cdr.ai_processing_failed"
        | "call.cdr.attachment_failed" => return Ok(Parsed::nothing()),
        // A leg of no call that we could name tells nothing.
        _ if one.call.is_empty() => return Ok(Parsed::unknown(kind)),
        "call.started" => vec![
            one.phase(Phase::Started, &["started_at", "start_time"]),
            one.rings(),
        ],
        "call.connected" => vec![one.phase(Phase::Answered, &["connected_at", "connect_time"])],
        "call.ended" | "call.cdr.created" | "call.cdr.updated" | "call.cdr.resolved" => {
            one.ended(kind.as_ref())
        }
        "call.cdr.attachment_created" => one.recorded(),
        other => return Ok(Parsed::unknown(other)),
    };
    Ok(Parsed::events(events))
}

struct One<'a> {
    hook: &'a Hook,
    fields: Fields<'a>,
    data: Fields<'a>,
    call: String,
    told: Time,
}

impl One<'_> {
    fn text(&self, names: &[&str]) -> String {
        self.data.first(names).unwrap_or_default().into_owned()
    }

    fn phase(&self, phase: Phase, times: &[&str]) -> Draft {
        let zone = self.hook.zone;
        let at = times.iter().find_map(|name| self.data.time(name, zone));
        let event = self.fields.get("id").unwrap_or_default();
        let id = match event.as_ref() {
            "" => format!("{}:{phase}", self.call),
            event => format!("{event}:{phase}"),
        };
        let leg = self.text(&["leg_id", "channel_id", "leg"]);
        let extension = self.text(&[
            "extension",
            "user_extension",
            "user.extension",
            "answered_by",
        ]);
        let draft = Draft::call(self.hook, &self.call, phase, at.unwrap_or(self.told))
            .with("id", id)
            .with("direction", self.direction())
            .with(
                "from",
                self.text(&["from", "src_number", "caller", "caller_number"]),
            )
            .with(
                "to",
                self.text(&["to", "dst_number", "callee", "did_number", "did"]),
            );
        match phase {
            Phase::Started | Phase::Ended | Phase::Recorded => draft,
            _ => draft.with("leg", leg).with("extension", extension),
        }
    }

    /// A started call rings where it says at whom.
    fn rings(&self) -> Draft {
        self.phase(Phase::Ringing, &["started_at", "start_time"])
    }

    fn ended(&self, kind: &str) -> Vec<Draft> {
        let ended = self.phase(Phase::Ended, &["ended_at", "end_time"]);
        let ended = ended.with("disposition", self.disposition());
        if kind == "call.ended" {
            return vec![ended];
        }
        // A record says when it all was, also where the events of the call itself were lost.
        let started = self.data.first(&["started_at", "start_time"]);
        let started = started.map(|_| self.phase(Phase::Started, &["started_at", "start_time"]));
        let talked = self.data.first(&["connected_at", "connect_time"]);
        let talked = talked.map(|_| self.phase(Phase::Answered, &["connected_at", "connect_time"]));
        started.into_iter().chain(talked).chain([ended]).collect()
    }

    fn recorded(&self) -> Vec<Draft> {
        let link = self.text(&["url", "attachment.url", "recording_url"]);
        if link.is_empty() {
            return Vec::new();
        }
        vec![
            self.phase(Phase::Recorded, &["created_at"])
                .with("recording", link),
        ]
    }

    fn direction(&self) -> &'static str {
        match self
            .text(&["direction", "call_direction"])
            .to_lowercase()
            .as_str()
        {
            "in" | "inbound" | "incoming" => "inbound",
            "out" | "outbound" | "outgoing" => "outbound",
            "internal" | "local" => "internal",
            _ => "",
        }
    }

    /// Says how it ended in our words; unknown ones are kept.
    fn disposition(&self) -> String {
        let word = self.text(&["disposition", "result", "status", "hangup_reason"]);
        let inbound = self.direction() != "outbound";
        match word.to_lowercase().replace([' ', '-'], "_").as_str() {
            "answered" | "connected" | "completed" | "success" => "answered".into(),
            "missed" | "no_answer" | "unanswered" | "cancelled" | "canceled" if inbound => {
                "missed".into()
            }
            "no_answer" | "unanswered" | "missed" | "cancelled" | "canceled" => "no_answer".into(),
            "busy" if inbound => "missed".into(),
            known @ ("busy" | "failed" | "voicemail" | "abandoned" | "blocked") => known.into(),
            "rejected" => "blocked".into(),
            _ => word,
        }
    }
}
