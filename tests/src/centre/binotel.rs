//! Binotel's records of calls that are over. What it tells during a call has no time, so it says nothing
//! of a day that is over.

use super::{Call, NUMBER, Says};
use crate::hooks::Webhook;

/// A record has the seconds of waiting and talking at each extension, one after the other, from the
/// call's beginning on: nothing of a queue, of hold, of several that ring at once.
pub const SAYS: Says = Says {
    queue: false,
    hold: false,
    transfer: false,
    group: false,
    ring: false,
    ..super::ALL
};

/// Encodes calls.
pub fn webhooks(calls: &[Call], hook: &str) -> Vec<Webhook> {
    let webhook = |call: &Call| {
        let pairs = record(call);
        let pairs: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        Webhook::form(&format!("/v1/hooks/{hook}"), &super::form(&pairs))
    };
    calls.iter().map(webhook).collect()
}

fn record(call: &Call) -> Vec<(String, String)> {
    let national = |number: &str| number.trim_start_matches("34").to_owned();
    let word = match (call.talks.is_empty(), call.busy) {
        (false, _) => "ANSWER",
        (true, true) => "BUSY",
        (true, false) if call.inbound => "CANCEL",
        (true, false) => "NOANSWER",
    };
    let answer = call.talks.first().map_or(call.end, |talk| talk.from);
    let tried = tried(call, word);
    let details = [
        ("companyID", "1001".to_owned()),
        ("generalCallID", format!("46833{:05}", call.id)),
        ("startTime", call.start.to_string()),
        ("callType", u8::from(!call.inbound).to_string()),
        (
            "internalNumber",
            tried.last().map(|it| it.0.to_owned()).unwrap_or_default(),
        ),
        ("externalNumber", national(&call.contact)),
        ("waitsec", (answer - call.start).to_string()),
        ("billsec", (call.end - answer).to_string()),
        ("disposition", word.to_owned()),
        ("pbxNumberData][number", national(NUMBER)),
    ];
    let mut pairs = vec![("requestType".to_owned(), "apiCallCompleted".to_owned())];
    for (name, value) in details {
        pairs.push((format!("callDetails[{name}]"), value));
    }
    for (place, (extension, wait, bill, word)) in tried.into_iter().enumerate() {
        let fields = [
            ("waitsec", wait.to_string()),
            ("billsec", bill.to_string()),
            ("disposition", word.to_owned()),
            ("internalNumber", extension.to_owned()),
        ];
        for (name, value) in fields {
            pairs.push((format!("callDetails[historyData][{place}][{name}]"), value));
        }
    }
    pairs
}

/// The attempts: extension, seconds of waiting and of talking, and how each ended.
fn tried(call: &Call, word: &'static str) -> Vec<(&'static str, i64, i64, &'static str)> {
    if call.talks.is_empty() {
        let rung = call.rings.first().map(|ring| ring.extension);
        let who = if call.inbound {
            rung
        } else {
            Some(call.dialled_by)
        };
        return who
            .map(|who| (who, call.end - call.start, 0, word))
            .into_iter()
            .collect();
    }
    let mut before = call.start;
    let attempt = |talk: &super::Part| {
        let word = if talk.until < call.end {
            "TRANSFER"
        } else {
            "ANSWER"
        };
        let attempt = (
            talk.extension,
            talk.from - before,
            talk.until - talk.from,
            word,
        );
        before = talk.until;
        attempt
    };
    call.talks.iter().map(attempt).collect()
}
