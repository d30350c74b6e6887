//! `telnyx-signature-ed25519`: Ed25519 over `time|body`, in base64.
//!
//! A hook knows the public key only, so it cannot sign. For trying one out its secret may be `seed:` and
//! base64 of a private key of one's own, of which the public one follows.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use http::Method;
use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, from_base64};
use crate::{Hook, Refused, Request};

/// What the secret is.
pub(in crate::vendors) const SECRET: &str = "the public key of the account: portal.telnyx.com, Account Settings, Keys & Credentials, Public Key";
/// What the signature covers.
pub(in crate::vendors) const INTEGRITY: &str = "all of the body is signed, with the time: verified; older than 5 \
    minutes is refused. The query is not signed, so GET is refused, too";

const SIGNATURE: &str = "telnyx-signature-ed25519";
const TIME: &str = "telnyx-timestamp";
/// How far the time may be from our clock, in seconds.
const WINDOW_S: i64 = 300;

/// Verifies a request.
pub(in crate::vendors) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    if *request.method == Method::GET {
        return Err(Refused::Missing(
            "the body (a query is not signed: choose POST)",
        ));
    }
    let signature = request
        .header(SIGNATURE)
        .ok_or(Refused::Missing(SIGNATURE))?;
    let time = request.header(TIME).ok_or(Refused::Missing(TIME))?;
    let seconds: i64 = time.parse().map_err(|_| Refused::Malformed(TIME))?;
    let signature = from_base64(signature.trim()).ok_or(Refused::Malformed(SIGNATURE))?;
    let signature = Signature::from_slice(&signature);
    let signature = signature.map_err(|_| Refused::Malformed(SIGNATURE))?;
    let text = text(time, request.body);
    any(hook, |secret| {
        key(secret).is_some_and(|key| key.verify_strict(&text, &signature).is_ok())
    })?;
    // The time is looked at last: what is told of it is told to those who can sign.
    let now = request.received_at.0.div_euclid(1000);
    let away = now.saturating_sub(seconds);
    if away.saturating_abs() > WINDOW_S {
        return Err(Refused::Stale(away, WINDOW_S));
    }
    Ok(Integrity::Verified)
}

/// Signs a request with a private key; nothing without one.
pub(in crate::vendors) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let Some(key) = private(secret) else {
        return Vec::new();
    };
    let time = request.received_at.0.div_euclid(1000).to_string();
    let signature = key.sign(&text(&time, request.body));
    vec![(SIGNATURE, base64(&signature.to_bytes())), (TIME, time)]
}

fn text(time: &str, body: &[u8]) -> Vec<u8> {
    [time.as_bytes(), b"|", body].concat()
}

fn key(secret: &[u8]) -> Option<VerifyingKey> {
    let secret = std::str::from_utf8(secret).ok()?;
    match private(secret) {
        Some(private) => Some(private.verifying_key()),
        None => VerifyingKey::from_bytes(&bytes(secret)?).ok(),
    }
}

fn private(secret: &str) -> Option<SigningKey> {
    let seed = bytes(secret.strip_prefix("seed:")?)?;
    Some(SigningKey::from_bytes(&seed))
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    from_base64(text.trim())?.try_into().ok()
}
