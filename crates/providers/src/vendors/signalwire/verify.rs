//! `X-SignalWire-Signature`, or `X-Twilio-Signature` of older ones. A form is signed as Twilio does; any
//! body also by the hexadecimal text of HMAC-SHA1 over the address and the body as it is.

use http::Method;
use trunkline_model::event::Integrity;

use crate::secrets::{any, same, sha1};
use crate::vendors::twilio;
use crate::{Hook, Refused, Request};

/// The header.
pub(super) const HEADER: &str = "x-signalwire-signature";

/// Says whether a body is no form.
pub(super) fn is_json(request: &Request<'_>) -> bool {
    let first = request.body.iter().find(|byte| !byte.is_ascii_whitespace());
    *request.method != Method::GET && matches!(first, Some(b'{' | b'['))
}

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let own = request.header(HEADER);
    let given = own.or_else(|| request.header(twilio::verify::HEADER));
    let given = given
        .ok_or(Refused::Missing("X-SignalWire-Signature"))?
        .trim();
    let whole = any(hook, |secret| {
        let mut found = false;
        for url in twilio::verify::addresses(request.url) {
            found |= same(given.as_bytes(), whole(secret, &url, request).as_bytes());
        }
        found
    });
    match (whole, twilio::verify::verify(hook, request, given)) {
        (Ok(()), _) | (_, Ok(_)) => Ok(Integrity::Verified),
        (_, Err(refused)) => Err(refused),
    }
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> String {
    if is_json(request) {
        whole(secret.as_bytes(), request.url, request)
    } else {
        twilio::verify::sign(secret, request)
    }
}

/// Signs the address and the body; GET has none, whatever came with it.
fn whole(secret: &[u8], url: &str, request: &Request<'_>) -> String {
    let body = match *request.method {
        Method::GET => &[],
        _ => request.body,
    };
    hex::encode(sha1(secret, &[url.as_bytes(), body]))
}
