//! `Signature`: base64 of the lower-case hexadecimal text of HMAC-SHA1 over some fields, one after the
//! other. Which ones depends on the kind of notice.

use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, same, sha1};
use crate::vendors::telephony::Fields;
use crate::{Hook, Refused, Request};

const INBOUND: &[&str] = &["caller_id", "called_did", "call_start"];
const ANSWER: &[&str] = &["caller_id", "destination", "call_start"];
const OUTBOUND: &[&str] = &["internal", "destination", "call_start"];
const RECORD: &[&str] = &["pbx_call_id", "call_id_with_rec"];
const RESULT: &[&str] = &["result"];

/// Gives the fields that a notice signs; all that are known for one of a kind we do not know.
fn signed(event: &str) -> &'static [&'static [&'static str]] {
    match event {
        "NOTIFY_START" | "NOTIFY_INTERNAL" | "NOTIFY_END" | "NOTIFY_IVR" => &[INBOUND],
        "NOTIFY_ANSWER" => &[ANSWER],
        "NOTIFY_OUT_START" | "NOTIFY_OUT_END" => &[OUTBOUND],
        "NOTIFY_RECORD" => &[RECORD],
        "NOTIFY_SMS" | "SMS" | "NOTIFY_SPEECH_RECOGNITION" | "SPEECH_RECOGNITION" => &[RESULT],
        _ => &[INBOUND, ANSWER, OUTBOUND, RECORD, RESULT],
    }
}

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header("signature");
    let given = given.ok_or(Refused::Missing("Signature"))?.trim();
    let fields = Fields::sent(request);
    let event = fields.raw("event");
    let texts: Vec<String> = signed(event)
        .iter()
        .map(|names| text(&fields, names))
        .filter(|text| !text.is_empty())
        .collect();
    any(hook, |secret| {
        let mut found = false;
        for text in &texts {
            found |= same(given.as_bytes(), signature(secret, text).as_bytes());
        }
        found
    })?;
    // Of all notices only that of a recording signs all that it says.
    Ok(match event {
        "NOTIFY_RECORD" => Integrity::Verified,
        _ => Integrity::Weak,
    })
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let fields = Fields::sent(request);
    let texts = signed(fields.raw("event"))
        .iter()
        .map(|names| text(&fields, names));
    let text = texts.max_by_key(String::len).unwrap_or_default();
    vec![("signature", signature(secret.as_bytes(), &text))]
}

fn text(fields: &Fields<'_>, names: &[&str]) -> String {
    names.iter().map(|name| fields.raw(name)).collect()
}

fn signature(secret: &[u8], text: &str) -> String {
    base64(hex::encode(sha1(secret, &[text.as_bytes()])).as_bytes())
}
