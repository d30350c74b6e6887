//! `X-Hub-Signature`: HMAC-SHA1 of the body in hexadecimal digits.

use trunkline_model::event::Integrity;

use crate::secrets::{any, same_hex, sha1};
use crate::{Hook, Refused, Request};

const HEADER: &str = "x-hub-signature";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header(HEADER).ok_or(Refused::Missing(HEADER))?;
    any(hook, |secret| {
        same_hex(given, "sha1=", &sha1(secret, &[request.body]))
    })?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let signed = hex::encode(sha1(secret.as_bytes(), &[request.body]));
    vec![(HEADER, format!("sha1={signed}"))]
}
