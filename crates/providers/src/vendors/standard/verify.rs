//! `webhook-signature`: HMAC-SHA256 over `id.time.body`, in base64, one or several after `v1,`.

use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, from_base64, same, sha256};
use crate::{Hook, Refused, Request};

/// What stands before the key in a secret.
const PREFIX: &str = "whsec_";
/// How far the time may be from our clock, in seconds.
const WINDOW_S: i64 = 300;

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let header = |name| request.header(name).ok_or(Refused::Missing(name));
    let id = header("webhook-id")?;
    let time = header("webhook-timestamp")?;
    let signatures = header("webhook-signature")?;
    let seconds: i64 = time
        .parse()
        .map_err(|_| Refused::Malformed("webhook-timestamp"))?;
    any(hook, |secret| {
        // Without anything behind it the prefix is no secret: anybody could sign.
        if secret == PREFIX.as_bytes() {
            return false;
        }
        let expected = signature(secret, id, time, request.body);
        let mut given = signatures
            .split(' ')
            .filter_map(|one| one.strip_prefix("v1,"));
        given.any(|one| same(one.as_bytes(), expected.as_bytes()))
    })?;
    // The time is looked at last: what is told of it is told to those who can sign.
    let away = request
        .received_at
        .0
        .div_euclid(1000)
        .saturating_sub(seconds);
    if away.saturating_abs() > WINDOW_S {
        return Err(Refused::Stale(away, WINDOW_S));
    }
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let (id, time) = ("msg_1", request.received_at.0.div_euclid(1000).to_string());
    let signed = signature(secret.as_bytes(), id, &time, request.body);
    vec![
        ("webhook-id", id.to_owned()),
        ("webhook-signature", format!("v1,{signed}")),
        ("webhook-timestamp", time),
    ]
}

fn signature(secret: &[u8], id: &str, time: &str, body: &[u8]) -> String {
    let key = std::str::from_utf8(secret).ok();
    let key = key.and_then(|text| from_base64(text.strip_prefix(PREFIX)?));
    let key = key.as_deref().unwrap_or(secret);
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", time.as_bytes(), b".", body];
    base64(&sha256(key, &parts))
}
