//! `X-PS-Signature: t=..,v1=..`: hexadecimal HMAC-SHA256 over time, a point, and the body.

use trunkline_model::event::Integrity;

use crate::secrets::{any, same, sha256};
use crate::{Hook, Refused, Request};

/// How far the time may be from our clock, in seconds.
const WINDOW_S: i64 = 300;
const HEADER: &str = "x-ps-signature";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let header = request.header(HEADER);
    let part = |name: &str| {
        let parts = header.unwrap_or_default().split(',');
        let mut pairs = parts.filter_map(|part| part.trim().split_once('='));
        pairs.find(|(own, _)| *own == name).map(|(_, value)| value)
    };
    let (time, given) = (part("t"), part("v1"));
    any(hook, |secret| {
        let (Some(time), Some(given)) = (time, given) else {
            return false;
        };
        let expected = signature(secret, time, request.body);
        same(given.as_bytes(), expected.as_bytes())
    })
    .map_err(|refused| match (refused, header) {
        (Refused::Wrong, None) => Refused::Missing(HEADER),
        (Refused::Wrong, Some(_)) if time.is_none() || given.is_none() => {
            Refused::Malformed(HEADER)
        }
        (refused, _) => refused,
    })?;
    let seconds: i64 = time
        .and_then(|time| time.parse().ok())
        .ok_or(Refused::Malformed(HEADER))?;
    let now = request.received_at.millis().div_euclid(1000);
    let away = now.saturating_sub(seconds);
    if away.saturating_abs() > WINDOW_S {
        return Err(Refused::Stale(away, WINDOW_S));
    }
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let time = request.received_at.millis().div_euclid(1000).to_string();
    let signed = signature(secret.as_bytes(), &time, request.body);
    vec![(HEADER, format!("t={time},v1={signed}"))]
}

fn signature(secret: &[u8], time: &str, body: &[u8]) -> String {
    hex::encode(sha256(secret, &[time.as_bytes(), b".", body]))
}
