//! `X-Twilio-Signature`: base64 of HMAC-SHA1 over the address and the sorted names and values of a form.
//!
//! Whether the port of the scheme stands in the signed address is not always the same, so both ways are
//! tried. A body that is no form is signed by its hash in the address, `bodySHA256`.

use std::borrow::Cow;

use http::Method;
use sha2::{Digest, Sha256};
use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, same, sha1};
use crate::vendors::telephony::Fields;
use crate::{Hook, Refused, Request};

/// The header.
pub(in crate::vendors) const HEADER: &str = "x-twilio-signature";
/// What of the address is the hash of a body.
const HASH: &str = "bodySHA256";

/// Verifies the signature that was given.
pub(in crate::vendors) fn verify(
    hook: &Hook,
    request: &Request<'_>,
    given: &str,
) -> Result<Integrity, Refused> {
    let parameters = parameters(request);
    let given = given.trim();
    let is_hashed = body_is_as_hashed(request);
    any(hook, |secret| {
        // The first that is right ends it: which one tells nothing of the secret.
        let is = |url: String| {
            let own = signature(secret, &url, &parameters);
            same(given.as_bytes(), own.as_bytes())
        };
        addresses(request.url).any(is) & is_hashed
    })?;
    Ok(Integrity::Verified)
}

/// Makes the signature.
pub(in crate::vendors) fn sign(secret: &str, request: &Request<'_>) -> String {
    signature(secret.as_bytes(), request.url, &parameters(request))
}

/// Says whether the body is that of its hash in the address, if there is one.
fn body_is_as_hashed(request: &Request<'_>) -> bool {
    hash(request).is_none_or(|hash| {
        let own = hex::encode(Sha256::digest(request.body));
        same(hash.to_ascii_lowercase().as_bytes(), own.as_bytes())
    })
}

fn hash(request: &Request<'_>) -> Option<String> {
    request.asked(HASH).map(Cow::into_owned)
}

/// Says whether the body is signed by its hash, and is no form.
pub(in crate::vendors) fn is_hashed(request: &Request<'_>) -> bool {
    *request.method != Method::GET && hash(request).is_some()
}

/// Gives the names and values of a form, sorted and without repetitions; nothing for GET, whose fields
/// stand in the address, and for a body that is signed by its hash.
fn parameters(request: &Request<'_>) -> String {
    if *request.method == Method::GET || is_hashed(request) {
        return String::new();
    }
    let fields = Fields::sent(request);
    let mut pairs: Vec<(&str, &str)> = fields.pairs().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut text = String::with_capacity(request.body.len());
    text.extend(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    text
}

/// Gives the address as it is, then without a port and with that of its scheme, where these differ.
pub(in crate::vendors) fn addresses(url: &str) -> impl Iterator<Item = String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let port = if scheme == "http" { 80 } else { 443 };
    // Made one by one: the first is nearly always the right one.
    let ports = [String::new(), format!(":{port}")].into_iter();
    let others = ports.map(move |port| format!("{scheme}://{host}{port}{path}"));
    std::iter::once(url.to_owned()).chain(others.filter(move |other| other != url))
}

fn signature(secret: &[u8], url: &str, parameters: &str) -> String {
    base64(&sha1(secret, &[url.as_bytes(), parameters.as_bytes()]))
}
