//! From the record of a leg to the phases it stands for.
//!
//! The A-leg is who called: it tells of the call's beginning and end. A B-leg is who was rung: it
//! tells of a person, unless it is the line outside of an outbound call.

use serde_json::Value;
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use crate::fields::Fields;
use crate::{Draft, Hook, Parsed, Unreadable};

pub(super) fn parse(hook: &Hook, record: &Value) -> Result<Parsed, Unreadable> {
    let all = Fields(record);
    let vars = all.at("variables");
    let Some(uuid) = vars.get("uuid") else {
        return Err(Unreadable::new("the record has no variables.uuid"));
    };
    let uuid = uuid.into_owned();
    let main = ["originating_leg_uuid", "originator", "call_uuid"];
    let call = vars
        .first(&main)
        .map_or_else(|| uuid.clone(), std::borrow::Cow::into_owned);
    // The profile that was made last stands first.
    let profiles = all.at("callflow").items();
    let profile = profiles.last().copied().unwrap_or(all).at("caller_profile");
    let leg = Leg {
        hook,
        vars,
        profile,
        uuid,
        call,
    };
    let events = if leg.uuid == leg.call {
        leg.caller()
    } else {
        leg.rung()
    };
    Ok(Parsed::events(events))
}

struct Leg<'a> {
    hook: &'a Hook,
    vars: Fields<'a>,
    profile: Fields<'a>,
    uuid: String,
    call: String,
}

impl Leg<'_> {
    fn text(&self, names: &[&str]) -> String {
        self.vars.first(names).unwrap_or_default().into_owned()
    }

    fn time(&self, what: &str) -> Option<Time> {
        let zone = self.hook.zone;
        let fine = self.vars.time(&format!("{what}_uepoch"), zone);
        fine.or_else(|| self.vars.time(&format!("{what}_epoch"), zone))
    }

    fn from(&self) -> String {
        let own = self
            .profile
            .get("caller_id_number")
            .map(std::borrow::Cow::into_owned);
        own.unwrap_or_else(|| self.text(&["caller_id_number", "sip_from_user"]))
    }

    fn to(&self) -> String {
        let own = self
            .profile
            .get("destination_number")
            .map(std::borrow::Cow::into_owned);
        own.unwrap_or_else(|| self.text(&["destination_number", "sip_to_user"]))
    }

    /// Says which way the call goes.
    fn direction(&self) -> &'static str {
        match self.text(&["call_direction"]).as_str() {
            "inbound" => return "inbound",
            "outbound" => return "outbound",
            "local" => return "internal",
            _ => {}
        }
        match (is_extension(&self.from()), is_extension(&self.to())) {
            (true, true) => "internal",
            (true, false) => "outbound",
            (false, _) => "inbound",
        }
    }

    fn phase(&self, phase: Phase, at: Time) -> Draft {
        Draft::call(self.hook, &self.call, phase, at).with("id", format!("{}:{phase}", self.uuid))
    }

    fn caller(&self) -> Vec<Draft> {
        let direction = self.direction();
        let mut drafts = Vec::new();
        if let Some(at) = self.time("start") {
            let number = match direction {
                "outbound" => {
                    self.text(&["effective_caller_id_number", "outbound_caller_id_number"])
                }
                _ => self.from(),
            };
            let started = self.phase(Phase::Started, at).with("direction", direction);
            drafts.push(started.with("from", number).with("to", self.to()));
        }
        if let Some(at) = self.time("cc_queue_joined") {
            drafts.push(self.phase(Phase::Queued, at));
        }
        let bridged = self.time("bridge");
        if let (Some(at), "outbound") = (bridged, direction) {
            let answered = self
                .phase(Phase::Answered, at)
                .with("leg", self.uuid.as_str());
            drafts.push(answered.with("extension", self.from()));
        }
        if let Some(at) = self.time("end") {
            let ended = self.phase(Phase::Ended, at);
            let disposition = self.disposition(direction, bridged.is_some());
            drafts.push(ended.with("disposition", disposition));
            let link = self.text(&["record_path_url", "recording_url"]);
            if link.starts_with("http") {
                drafts.push(self.phase(Phase::Recorded, at).with("recording", link));
            }
        }
        drafts
    }

    fn rung(&self) -> Vec<Draft> {
        let extension = self.text(&["dialed_user", "dialed_extension"]);
        let extension = match extension.as_str() {
            "" => self.to(),
            _ => extension,
        };
        // The line outside of an outbound call is the contact's: his answer is told by who called.
        if self.direction() == "outbound" && !is_extension(&extension) {
            return Vec::new();
        }
        let on = |draft: Draft| {
            let draft = draft.with("leg", self.uuid.as_str());
            draft.with("extension", extension.as_str())
        };
        let progress = ["progress", "progress_media", "start"];
        let rings = progress.iter().find_map(|what| self.time(what));
        let phases = [
            (Phase::Ringing, rings),
            (Phase::Answered, self.time("answer")),
            (Phase::Ended, self.time("end")),
        ];
        let told = phases
            .into_iter()
            .filter_map(|(phase, at)| Some(on(self.phase(phase, at?))));
        told.collect()
    }

    fn disposition(&self, direction: &str, bridged: bool) -> &'static str {
        let cause = self.text(&[
            "originate_disposition",
            "bridge_hangup_cause",
            "hangup_cause",
        ]);
        let voicemail = self.text(&["last_app", "current_application"]) == "voicemail"
            || self
                .vars
                .number("voicemail_message_len")
                .is_some_and(|it| it > 0);
        let queued = self.time("cc_queue_joined").is_some();
        match (cause.as_str(), direction) {
            _ if bridged => "answered",
            _ if voicemail => "voicemail",
            _ if queued => "abandoned",
            ("USER_BUSY", "outbound") => "busy",
            ("CALL_REJECTED", "inbound") if self.time("progress").is_none() => "blocked",
            (
                "NO_ANSWER" | "ORIGINATOR_CANCEL" | "NO_USER_RESPONSE" | "NORMAL_CLEARING"
                | "CALL_REJECTED",
                "outbound",
            ) => "no_answer",
            (_, "outbound") => "failed",
            _ => "missed",
        }
    }
}

/// Says whether a number is one of the exchange's own.
fn is_extension(number: &str) -> bool {
    (2..=6).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
}
