//! `X-Chatwoot-Signature`: HMAC-SHA256 over `time.body`; versions that do not sign yet are known by the
//! secret in the hook's address.

use trunkline_model::event::Integrity;

use crate::secrets::{any, fresh, same_hex, sha256};
use crate::shown::shown;
use crate::{Hook, Refused, Request};

const HEADER: &str = "x-chatwoot-signature";
const TIME: &str = "x-chatwoot-timestamp";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    if !request.headers.contains_key(HEADER) {
        return shown(hook, request);
    }
    let given = request.header(HEADER).ok_or(Refused::Malformed(HEADER))?;
    let time = request.header(TIME).ok_or(Refused::Missing(TIME))?;
    any(hook, |secret| {
        same_hex(given, "sha256=", &signature(secret, time, request.body))
    })?;
    fresh(request, time, TIME)?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let time = request.received_at.0.div_euclid(1000).to_string();
    let signed = hex::encode(signature(secret.as_bytes(), &time, request.body));
    vec![(HEADER, format!("sha256={signed}")), (TIME, time)]
}

fn signature(secret: &[u8], time: &str, body: &[u8]) -> [u8; 32] {
    sha256(secret, &[time.as_bytes(), b".", body])
}
