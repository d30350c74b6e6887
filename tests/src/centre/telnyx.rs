//! Telnyx's webhooks of Call Control: each leg tells of itself, in one `call_session_id`.

use serde_json::{Value, json};

use super::{Call, NUMBER, Says};
use crate::clock::rfc3339;
use crate::hooks::Webhook;

/// All of it.
pub const SAYS: Says = super::ALL;

struct Leg {
    call: String,
    id: String,
    from: String,
    to: String,
}

impl Leg {
    fn told(&self, path: &str, kind: &str, at: i64, more: &Value) -> Webhook {
        let mut payload = json!({"call_control_id": format!("v3:{}", self.id), "call_leg_id": self.id,
            "call_session_id": self.call, "client_state": null, "connection_id": "2811",
            "from": self.from, "to": self.to});
        let fields = payload.as_object_mut().expect("an object");
        fields.extend(more.as_object().expect("an object").clone());
        let body = json!({
            "data": {"event_type": kind, "id": format!("{}-{kind}-{at}", self.id),
                "occurred_at": rfc3339(at * 1_000), "payload": payload, "record_type": "event"},
            "meta": {"attempt": 1, "delivered_to": path},
        });
        Webhook::json(path, &body.to_string())
    }
}

/// Encodes calls.
pub fn webhooks(calls: &[Call], hook: &str) -> Vec<Webhook> {
    let path = format!("/v1/hooks/{hook}");
    let all = calls.iter().flat_map(|call| {
        if call.inbound {
            came_in(call, &path)
        } else {
            went_out(call, &path)
        }
    });
    all.collect()
}

fn leg(call: &Call, number: usize, from: String, to: String) -> Leg {
    Leg {
        call: format!("{:08x}-1111-11f1-abac-02420aef93a0", call.id),
        id: format!("{:08x}-{number:04x}-11f1-afbb-02420aef93a0", call.id),
        from,
        to,
    }
}

fn station(extension: &str) -> String {
    format!("sip:{extension}@acme.sip.telnyx.example")
}

fn came_in(call: &Call, path: &str) -> Vec<Webhook> {
    let (contact, number) = (format!("+{}", call.contact), format!("+{NUMBER}"));
    let whole = leg(call, 0, contact, number.clone());
    let none = json!({});
    let arrives = json!({"direction": "incoming", "state": "parked"});
    let mut all = vec![
        whole.told(path, "call.initiated", call.start, &arrives),
        whole.told(
            path,
            "call.answered",
            call.start,
            &json!({"state": "answered"}),
        ),
    ];
    if let Some(queued) = call.queued {
        all.push(whole.told(path, "call.enqueued", queued, &json!({"queue": "desk"})));
    }
    for (place, ring) in call.rings.iter().enumerate() {
        let own = leg(call, place + 1, number.clone(), station(ring.extension));
        let goes = json!({"direction": "outgoing", "state": "bridging"});
        all.push(own.told(path, "call.initiated", ring.from, &goes));
        let Some(talk) = call.talk_of(ring) else {
            let cause = json!({"hangup_cause": "originator_cancel"});
            all.push(own.told(path, "call.hangup", ring.until, &cause));
            continue;
        };
        all.push(own.told(path, "call.answered", talk.from, &none));
        all.push(whole.told(path, "call.bridged", talk.from, &none));
        if talk.until < call.end {
            let done = json!({"sip_notify_response": 200});
            all.push(own.told(path, "call.refer.completed", talk.until, &done));
        }
        let cause = json!({"hangup_cause": "normal_clearing", "hangup_source": "callee"});
        all.push(own.told(path, "call.hangup", talk.until, &cause));
    }
    if let Some((from, until)) = call.held {
        all.push(whole.told(path, "call.hold", from, &none));
        all.push(whole.told(path, "call.unhold", until, &none));
    }
    let cause = json!({"hangup_cause": "normal_clearing", "hangup_source": "caller"});
    all.push(whole.told(path, "call.hangup", call.end, &cause));
    all
}

fn went_out(call: &Call, path: &str) -> Vec<Webhook> {
    let contact = format!("+{}", call.contact);
    let whole = leg(call, 0, station(call.dialled_by), contact.clone());
    let own = leg(call, 1, format!("+{NUMBER}"), contact);
    let outside = format!("{path}?leg=contact");
    let arrives = json!({"direction": "incoming", "state": "parked"});
    let goes = json!({"direction": "outgoing", "state": "bridging"});
    let mut all = vec![
        whole.told(path, "call.initiated", call.start, &arrives),
        own.told(&outside, "call.initiated", call.start, &goes),
    ];
    if let Some(talk) = call.talks.first() {
        all.push(own.told(&outside, "call.answered", talk.from, &json!({})));
    }
    let cause = match (call.talks.is_empty(), call.busy) {
        (false, _) => "normal_clearing",
        (true, true) => "user_busy",
        (true, false) => "timeout",
    };
    let cause = json!({"hangup_cause": cause});
    all.push(own.told(&outside, "call.hangup", call.end, &cause));
    let cause = json!({"hangup_cause": "normal_clearing"});
    all.push(whole.told(path, "call.hangup", call.end, &cause));
    all
}
