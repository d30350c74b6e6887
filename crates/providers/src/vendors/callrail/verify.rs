//! `Signature`: base64 of HMAC-SHA1 over the body.

use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, same, sha1};
use crate::{Hook, Refused, Request};

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header("signature");
    let found = any(hook, |secret| {
        let expected = base64(&sha1(secret, &[request.body]));
        given.is_some_and(|given| same(given.as_bytes(), expected.as_bytes()))
    });
    match (found, given) {
        (Ok(()), _) => Ok(Integrity::Verified),
        (Err(Refused::Wrong), None) => Err(Refused::Missing("signature")),
        (Err(refused), _) => Err(refused),
    }
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let signature = base64(&sha1(secret.as_bytes(), &[request.body]));
    vec![("signature", signature)]
}
