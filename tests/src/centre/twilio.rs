//! Twilio's status callbacks of a program that takes each call and dials SIP telephones, and of telephones
//! that dial out through it.

use chrono::DateTime;

use super::{Call, NUMBER, Part, Says};
use crate::hooks::Webhook;

/// The program takes each call that comes in. Its queue and hold are its own, and a transfer is one
/// more leg: callbacks of calls do not tell them.
pub const SAYS: Says = Says {
    queue: false,
    hold: false,
    transfer: false,
    program: true,
    ..super::ALL
};

struct Leg<'a> {
    sid: String,
    parent: Option<String>,
    from: String,
    to: String,
    direction: &'static str,
    path: &'a str,
}

impl Leg<'_> {
    fn callback(&self, number: usize, status: &str, at: i64, length: Option<i64>) -> Webhook {
        let time = DateTime::from_timestamp(at, 0)
            .expect("a time")
            .to_rfc2822();
        let number = number.to_string();
        let length = length.map(|length| length.to_string());
        let mut pairs = vec![
            ("CallSid", self.sid.as_str()),
            ("AccountSid", "AC00000000000000000000000000000001"),
            ("ApiVersion", "2010-04-01"),
            ("From", &self.from),
            ("To", &self.to),
            ("Caller", &self.from),
            ("Called", &self.to),
            ("Direction", self.direction),
            ("CallStatus", status),
            ("Timestamp", &time),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", &number),
        ];
        if let Some(parent) = &self.parent {
            pairs.push(("ParentCallSid", parent));
        }
        if let Some(length) = &length {
            pairs.push(("CallDuration", length));
            pairs.push(("Duration", "1"));
        }
        Webhook::form(self.path, &super::form(&pairs))
    }
}

/// Encodes calls.
pub fn webhooks(calls: &[Call], hook: &str) -> Vec<Webhook> {
    let path = format!("/v1/hooks/{hook}");
    calls
        .iter()
        .flat_map(|call| callbacks(call, &path))
        .collect()
}

fn callbacks(call: &Call, path: &str) -> Vec<Webhook> {
    let station = |extension: &str| format!("sip:{extension}@acme.sip.example");
    let sid = format!("CA{:032x}", call.id);
    let (from, to) = if call.inbound {
        (format!("+{}", call.contact), format!("+{NUMBER}"))
    } else {
        (station(call.dialled_by), format!("+{}", call.contact))
    };
    let whole = Leg {
        sid,
        parent: None,
        from,
        to,
        direction: "inbound",
        path,
    };
    let mut all = vec![
        whole.callback(0, "ringing", call.start, None),
        whole.callback(1, "in-progress", call.start, None),
    ];
    let leg = |number: usize, to: String, path| Leg {
        sid: format!("CA{number:02x}{:030x}", call.id),
        parent: Some(whole.sid.clone()),
        from: format!("+{NUMBER}"),
        to,
        direction: "outbound-dial",
        path,
    };
    let outside = format!("{path}?leg=contact");
    if call.inbound {
        for (number, ring) in call.rings.iter().enumerate() {
            let leg = leg(number + 1, station(ring.extension), path);
            all.extend(dialled(&leg, call, ring, call.talk_of(ring)));
        }
    } else {
        let leg = leg(1, format!("+{}", call.contact), &outside);
        let talk = call.talks.first();
        let until = talk.map_or(call.end, |talk| talk.from);
        let ring = Part {
            extension: "",
            from: call.start,
            until,
        };
        all.extend(dialled(&leg, call, &ring, talk));
    }
    all.push(whole.callback(2, "completed", call.end, Some(call.end - call.start)));
    all
}

/// The callbacks of a leg that is dialled.
fn dialled(leg: &Leg<'_>, call: &Call, ring: &Part, talk: Option<&Part>) -> Vec<Webhook> {
    let mut all = vec![
        leg.callback(0, "initiated", ring.from, None),
        leg.callback(1, "ringing", ring.from, None),
    ];
    if let Some(talk) = talk {
        all.push(leg.callback(2, "in-progress", talk.from, None));
        let length = Some(talk.until - talk.from);
        all.push(leg.callback(3, "completed", talk.until, length));
    } else {
        let status = match (call.busy, call.talks.is_empty()) {
            (true, _) => "busy",
            (false, true) if ring.until < call.end || !call.inbound => "no-answer",
            (false, _) => "canceled",
        };
        all.push(leg.callback(2, status, ring.until, Some(0)));
    }
    all
}
