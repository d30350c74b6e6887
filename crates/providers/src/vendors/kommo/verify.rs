//! `X-Signature`: HMAC-SHA1 of the body in hexadecimal digits. The vendor's library cuts line feeds off
//! both ends of the body first, so both forms are taken.

use trunkline_model::event::Integrity;

use crate::secrets::{any, same_hex, sha1};
use crate::{Hook, Refused, Request};

const HEADER: &str = "x-signature";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header(HEADER).ok_or(Refused::Missing(HEADER))?;
    any(hook, |secret| {
        let whole = same_hex(given, "", &sha1(secret, &[request.body]));
        whole | same_hex(given, "", &sha1(secret, &[trimmed(request.body)]))
    })?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let signed = sha1(secret.as_bytes(), &[trimmed(request.body)]);
    vec![(HEADER, hex::encode(signed))]
}

fn trimmed(mut body: &[u8]) -> &[u8] {
    while let Some(rest) = body.strip_prefix(b"\n") {
        body = rest;
    }
    while let Some(rest) = body.strip_suffix(b"\n") {
        body = rest;
    }
    body
}
