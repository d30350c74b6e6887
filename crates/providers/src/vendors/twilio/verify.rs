//! `X-Twilio-Signature`: base64 of HMAC-SHA1 over the address and the sorted names and values of a form.
//!
//! Whether the port of the scheme stands in the signed address is not always the same, so both ways are
//! tried. A body that is no form is signed by its hash in the address, `bodySHA256`.

use std::borrow::Cow;
use std::collections::BTreeSet;

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
    let signed = signed(request);
    let given = given.trim();
    any(hook, |secret| {
        let mut found = false;
        for text in &signed.texts {
            found |= same(given.as_bytes(), signature(secret, text).as_bytes());
        }
        found & signed.body_is_as_hashed
    })?;
    Ok(Integrity::Verified)
}

/// Makes the signature.
pub(in crate::vendors) fn sign(secret: &str, request: &Request<'_>) -> String {
    let text = format!("{}{}", request.url, parameters(request));
    signature(secret.as_bytes(), &text)
}

struct Signed {
    texts: Vec<String>,
    body_is_as_hashed: bool,
}

fn signed(request: &Request<'_>) -> Signed {
    let hash = hash(request);
    let body_is_as_hashed = hash.is_none_or(|hash| {
        let own = hex::encode(Sha256::digest(request.body));
        same(hash.to_ascii_lowercase().as_bytes(), own.as_bytes())
    });
    let parameters = parameters(request);
    let texts = addresses(request.url);
    Signed {
        texts: texts.map(|url| format!("{url}{parameters}")).collect(),
        body_is_as_hashed,
    }
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
    let pairs: BTreeSet<(&str, &str)> = fields.pairs().collect();
    let pairs = pairs.into_iter().flat_map(|(name, value)| [name, value]);
    pairs.collect()
}

/// Gives the address as it is, without a port and with that of its scheme.
pub(in crate::vendors) fn addresses(url: &str) -> impl Iterator<Item = String> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let port = if scheme == "http" { 80 } else { 443 };
    let all = [
        url.to_owned(),
        format!("{scheme}://{host}{path}"),
        format!("{scheme}://{host}:{port}{path}"),
    ];
    let different: BTreeSet<String> = all.into_iter().collect();
    different.into_iter()
}

fn signature(secret: &[u8], text: &str) -> String {
    base64(&sha1(secret, &[text.as_bytes()]))
}
