//! `X-Slack-Signature`: HMAC-SHA256 over `v0:time:body`.

use trunkline_model::event::Integrity;

use crate::secrets::{any, fresh, same_hex, sha256};
use crate::{Hook, Refused, Request};

const HEADER: &str = "x-slack-signature";
const TIME: &str = "x-slack-request-timestamp";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let time = request.header(TIME).ok_or(Refused::Missing(TIME))?;
    let given = request.header(HEADER).ok_or(Refused::Missing(HEADER))?;
    any(hook, |secret| {
        same_hex(given, "v0=", &signature(secret, time, request.body))
    })?;
    fresh(request, time, TIME)?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let time = request.received_at.0.div_euclid(1000).to_string();
    let signed = hex::encode(signature(secret.as_bytes(), &time, request.body));
    vec![(HEADER, format!("v0={signed}")), (TIME, time)]
}

fn signature(secret: &[u8], time: &str, body: &[u8]) -> [u8; 32] {
    sha256(secret, &[b"v0:", time.as_bytes(), b":", body])
}
