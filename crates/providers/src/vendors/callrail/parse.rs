//! The call as CallRail sees it, before, after, and when something about it was changed.

use sha2::{Digest, Sha256};
use trunkline_model::event::Phase;
use trunkline_model::time::{Time, Tz};

use crate::fields::{Fields, json};
use crate::{Draft, Hook, Parsed, Request, Unreadable};

pub(super) fn parse(hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
    let body = json(request.body)?;
    let fields = Fields(&body);
    let id = fields.first(&["resource_id", "id"]).unwrap_or_default();
    if fields.at("form_data").0.is_object() || fields.get("form_url").is_some() {
        return Ok(Parsed::unknown("form_submission"));
    }
    if fields.get("conversation_id").is_some() || fields.get("message_type").is_some() {
        return Ok(Parsed::unknown("text_message"));
    }
    let number = fields.first(&["tracking_phone_number", "trackingnum"]);
    if id.is_empty() || number.is_none() {
        return Ok(Parsed::unknown("unknown"));
    }
    let at = began(fields, hook.zone).unwrap_or(request.received_at);
    let call = Call {
        hook,
        id: &id,
        fields,
        at,
    };
    Ok(Parsed::events(call.events()))
}

/// Gives the beginning: `start_time` has an offset, `datetime` is UTC without one.
fn began(fields: Fields<'_>, zone: Tz) -> Option<Time> {
    let own = fields.time("start_time", zone);
    own.or_else(|| fields.time("datetime", Tz::UTC))
}

struct Call<'a> {
    hook: &'a Hook,
    id: &'a str,
    fields: Fields<'a>,
    at: Time,
}

impl Call<'_> {
    fn is_outbound(&self) -> bool {
        self.fields.get("direction").as_deref() == Some("outbound")
    }

    fn phase(&self, phase: Phase, at: Time) -> Draft {
        let outside = self.fields.first(&["customer_phone_number", "callernum"]);
        let own = self.fields.first(&["tracking_phone_number", "trackingnum"]);
        let (direction, from, to) = if self.is_outbound() {
            ("outbound", own, outside)
        } else {
            ("inbound", outside, own)
        };
        Draft::call(self.hook, self.id, phase, at)
            .with("id", format!("{}:{phase}", self.id))
            .with("direction", direction)
            .maybe("from", from.as_deref())
            .maybe("to", to.as_deref())
    }

    fn events(&self) -> Vec<Draft> {
        let mut drafts = vec![self.phase(Phase::Started, self.at)];
        // Before the call there is no length; whether somebody answered is told after it.
        let Some(seconds) = self
            .fields
            .number("duration")
            .filter(|it| (0..864_000).contains(it))
        else {
            return drafts;
        };
        let end = Time(self.at.millis() + seconds * 1_000);
        let ended = self.phase(Phase::Ended, end);
        drafts.push(
            ended
                .maybe("disposition", self.disposition())
                .maybe("manager", self.manager()),
        );
        if let Some(link) = self.fields.get("recording") {
            let recorded = self.phase(Phase::Recorded, end);
            drafts.push(recorded.with("recording", link));
        }
        drafts.extend(self.tagged(end));
        drafts
    }

    /// Says what people made of the call. Tags change later: what they are is part of the id.
    fn tagged(&self, at: Time) -> Option<Draft> {
        let tags = self.fields.at("tags").items();
        let tags: Vec<String> = tags
            .iter()
            .filter_map(|tag| crate::record::text(tag.0).or_else(|| tag.get("name")))
            .map(std::borrow::Cow::into_owned)
            .collect();
        let value = self.fields.get("value").unwrap_or_default();
        let value: String = value
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        let spam = self.fields.get("spam").as_deref() == Some("true");
        if tags.is_empty() && value.is_empty() && !spam {
            return None;
        }
        let of = format!("{}:{value}:{spam}", tags.join(","));
        let tagged = self.phase(Phase::Tagged, at);
        let id = format!("{}:tagged:{}", self.id, short(&of));
        let tagged = tagged
            .with("id", id)
            .with("tags", tags)
            .with("value", value);
        Some(if spam {
            tagged.with("spam", true)
        } else {
            tagged
        })
    }

    fn manager(&self) -> Option<String> {
        let person = self.fields.first(&["agent_email", "agent"])?;
        Some(self.hook.manager(&person))
    }

    fn disposition(&self) -> Option<String> {
        let is = |name: &str| self.fields.get(name).as_deref() == Some("true");
        let kind = self
            .fields
            .first(&["call_type", "formatted_duration"])
            .unwrap_or_default();
        match kind.as_ref() {
            _ if is("voicemail") => Some("voicemail".to_owned()),
            _ if is("answered") => Some("answered".to_owned()),
            _ if self.is_outbound() => Some("no_answer".to_owned()),
            "abandoned" => Some("abandoned".to_owned()),
            "voicemail" => Some("voicemail".to_owned()),
            _ if self.fields.get("answered").is_some() => Some("missed".to_owned()),
            _ => None,
        }
    }
}

/// Gives a short name of a text that tells it apart from others.
fn short(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hex::encode(hash).chars().take(16).collect()
}
