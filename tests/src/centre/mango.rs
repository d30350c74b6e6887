//! Mango Office's notifications: what each leg does, counted within the leg, and the result of the call.

use serde_json::{Value, json};

use super::{Call, NUMBER, Part, Says};
use crate::hooks::Webhook;

/// Why somebody outside did not answer is a number of which the meaning is not known.
pub const SAYS: Says = Says {
    busy: false,
    ..super::ALL
};

/// Encodes calls.
pub fn webhooks(calls: &[Call], hook: &str) -> Vec<Webhook> {
    let webhook = |(kind, body): (&str, Value)| {
        let body = super::form(&[("json", &body.to_string())]);
        Webhook::form(&format!("/v1/hooks/{hook}/events/{kind}"), &body)
    };
    calls.iter().flat_map(notifications).map(webhook).collect()
}

fn notifications(call: &Call) -> Vec<(&'static str, Value)> {
    let mut all = Vec::new();
    if let Some(queued) = call.queued {
        let until = call.rings.first().map_or(call.end, |ring| ring.from);
        let to = json!({"number": NUMBER, "line_number": NUMBER, "acd_group": "100"});
        let from = json!({"number": call.contact});
        all.push((
            "call",
            leg(call, "q", 1, queued, "Appeared", "queue", &from, &to),
        ));
        all.push((
            "call",
            leg(call, "q", 2, until, "Disconnected", "queue", &from, &to),
        ));
    }
    for ring in &call.rings {
        all.extend(person(call, ring));
    }
    if !call.inbound {
        let until = call.talks.first().map_or(call.end, |talk| talk.from);
        let ring = Part {
            extension: call.dialled_by,
            from: call.start,
            until,
        };
        all.extend(person(call, &ring));
    }
    all.push(("summary", summary(call)));
    all
}

/// What is told of the leg of a person.
fn person(call: &Call, ring: &Part) -> Vec<(&'static str, Value)> {
    let sip = format!("sip:{}@example.mangosip.ru", ring.extension);
    let (from, to) = if call.inbound {
        let to = json!({"extension": ring.extension, "number": sip, "line_number": NUMBER});
        (json!({"number": call.contact}), to)
    } else {
        let from = json!({"extension": ring.extension, "number": sip});
        (from, json!({"number": call.contact, "line_number": NUMBER}))
    };
    let talk = call
        .talks
        .iter()
        .find(|talk| talk.extension == ring.extension);
    let mut told = vec![("Appeared", ring.from)];
    if let Some(talk) = talk {
        told.push(("Connected", talk.from));
        if let Some((from, until)) = call.held {
            told.extend([("OnHold", from), ("Connected", until)]);
        }
    }
    told.push(("Disconnected", talk.map_or(ring.until, |talk| talk.until)));
    let last = told.len();
    let one = |(place, (state, at)): (usize, (&str, i64))| {
        let mut body = leg(
            call,
            ring.extension,
            place + 1,
            at,
            state,
            "abonent",
            &from,
            &to,
        );
        if place + 1 == last {
            body["disconnect_reason"] = json!(1110);
            if talk.is_some_and(|talk| talk.until < call.end) {
                body["transfer"] = json!("blind");
            }
        }
        ("call", body)
    };
    told.into_iter().enumerate().map(one).collect()
}

#[expect(clippy::too_many_arguments, reason = "the fields of the notification")]
fn leg(
    call: &Call,
    id: &str,
    seq: usize,
    at: i64,
    state: &str,
    location: &str,
    from: &Value,
    to: &Value,
) -> Value {
    json!({"entry_id": format!("entry-{}", call.id), "call_id": format!("{}-{id}", call.id),
        "timestamp": at, "seq": seq, "call_state": state, "location": location,
        "from": from, "to": to})
}

/// The result: `to` is who answered, or the first who did not.
fn summary(call: &Call) -> Value {
    let who = call.talks.last().or(call.rings.first());
    let extension = who.map_or("", |part| part.extension);
    let (from, to, direction) = if call.inbound {
        (
            json!({"number": call.contact}),
            json!({"extension": extension}),
            1,
        )
    } else {
        let from = json!({"extension": call.dialled_by});
        (from, json!({"number": call.contact}), 2)
    };
    json!({"entry_id": format!("entry-{}", call.id), "call_direction": direction, "from": from,
        "to": to, "line_number": NUMBER, "create_time": call.start,
        "forward_time": call.rings.first().map_or(call.start, |ring| ring.from),
        "talk_time": call.talks.first().map_or(0, |talk| talk.from), "end_time": call.end,
        "entry_result": i32::from(!call.talks.is_empty()), "disconnect_reason": 1110})
}
