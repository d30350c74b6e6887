//! The notices of Zadarma's exchange, after the fields of its own client.
//!
//! `call_start` is in the zone of the account and says none. `duration` is what was talked.

use chrono::DateTime;

use super::{Call, NUMBER, Says};
use crate::hooks::Webhook;

/// Notices of a day that is over say when each call began and how long was talked: nothing of menus,
/// queues, hold and transfers, and no time of anything between.
pub const SAYS: Says = Says {
    queue: false,
    hold: false,
    transfer: false,
    legs: false,
    ..super::ALL
};

/// Encodes calls, for an account `zone_s` seconds before UTC.
pub fn webhooks(calls: &[Call], hook: &str, zone_s: i64) -> Vec<Webhook> {
    let notices = calls.iter().flat_map(|call| notices(call, zone_s));
    let webhook = |pairs: Vec<(&str, String)>| {
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, &**value))
            .collect();
        Webhook::form(&format!("/v1/hooks/{hook}"), &super::form(&pairs))
    };
    notices.map(webhook).collect()
}

fn notices(call: &Call, zone_s: i64) -> Vec<Vec<(&'static str, String)>> {
    let start = DateTime::from_timestamp(call.start + zone_s, 0).expect("a time");
    let start = start.format("%Y-%m-%d %H:%M:%S").to_string();
    let way = if call.inbound { "in" } else { "out" };
    let base = |event: &str| {
        vec![
            ("event", event.to_owned()),
            ("call_start", start.clone()),
            ("pbx_call_id", format!("{way}_{:040x}", call.id)),
        ]
    };
    let came = || {
        vec![
            ("caller_id", format!("+{}", call.contact)),
            ("called_did", NUMBER.to_owned()),
        ]
    };
    let answered = |extension: &str, caller: String| {
        let destination = ("destination", extension.to_owned());
        vec![
            ("caller_id", caller),
            destination,
            ("internal", extension.to_owned()),
        ]
    };
    let result = || result(call);
    let mut all = Vec::new();
    if call.inbound {
        all.push([base("NOTIFY_START"), came()].concat());
        for ring in &call.rings {
            let internal = vec![("internal", ring.extension.to_owned())];
            all.push([base("NOTIFY_INTERNAL"), came(), internal].concat());
        }
        for talk in &call.talks {
            let caller = format!("+{}", call.contact);
            all.push([base("NOTIFY_ANSWER"), answered(talk.extension, caller)].concat());
        }
        let last = call.talks.last().map_or("", |talk| talk.extension);
        let internal = vec![("internal", last.to_owned())];
        all.push([base("NOTIFY_END"), came(), internal, result()].concat());
    } else {
        let to = || {
            let internal = ("internal", call.dialled_by.to_owned());
            vec![internal, ("destination", call.contact.clone())]
        };
        all.push([base("NOTIFY_OUT_START"), to()].concat());
        for talk in &call.talks {
            let fields = answered(talk.extension, NUMBER.to_owned());
            all.push([base("NOTIFY_ANSWER"), fields].concat());
        }
        let caller = vec![("caller_id", NUMBER.to_owned())];
        all.push([base("NOTIFY_OUT_END"), to(), caller, result()].concat());
    }
    all
}

/// What is told of the end of a call.
fn result(call: &Call) -> Vec<(&'static str, String)> {
    let duration = call.talks.first().map_or(0, |talk| call.end - talk.from);
    let word = match (call.talks.is_empty(), call.busy) {
        (false, _) => "answered",
        (true, true) => "busy",
        (true, false) if call.inbound => "cancel",
        (true, false) => "no answer",
    };
    vec![
        ("duration", duration.to_string()),
        ("disposition", word.to_owned()),
        ("status_code", "16".to_owned()),
        ("is_recorded", "0".to_owned()),
        ("call_id_with_rec", String::new()),
    ]
}
