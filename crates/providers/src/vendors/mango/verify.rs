//! `sign`: hexadecimal SHA-256 of the exchange's code, the JSON as it was sent, and the key.

use sha2::{Digest, Sha256};
use trunkline_model::event::Integrity;

use crate::secrets::{any, same};
use crate::{Hook, Refused, Request};

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let form = request.form();
    let field = |name: &'static str| {
        let found = form.iter().find(|(own, _)| own == name);
        found
            .map(|(_, value)| value.as_ref())
            .ok_or(Refused::Missing(name))
    };
    let signed = (field("vpbx_api_key"), field("sign"), field("json"));
    any(hook, |secret| {
        let (Ok(code), Ok(sign), Ok(json)) = &signed else {
            return false;
        };
        let (own, key) = parts(secret);
        let expected = signature(code.as_bytes(), json, key);
        let sign = sign.to_ascii_lowercase();
        let is_ours = own.is_empty() | same(own, code.as_bytes());
        // Without a key anyone could sign.
        !key.is_empty() & is_ours & same(sign.as_bytes(), expected.as_bytes())
    })
    .or_else(|refused| match (refused, signed) {
        (Refused::Wrong, (code, sign, json)) => {
            code.and(sign).and(json)?;
            Err(Refused::Wrong)
        }
        (refused, _) => Err(refused),
    })?;
    Ok(Integrity::Verified)
}

/// Makes the form of a body that has only its `json`.
pub(super) fn signed(secret: &str, request: &Request<'_>) -> Vec<u8> {
    let form = request.form();
    let json = form.iter().find(|(own, _)| own == "json");
    let json = json.map_or("", |(_, value)| value.as_ref());
    let (code, key) = parts(secret.as_bytes());
    let code = String::from_utf8_lossy(code);
    let sign = signature(code.as_bytes(), json, key);
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("vpbx_api_key", &code);
    form.append_pair("sign", &sign).append_pair("json", json);
    form.finish().into_bytes()
}

/// Gives code and key of a secret; without a colon all of it is the key.
fn parts(secret: &[u8]) -> (&[u8], &[u8]) {
    match secret.iter().position(|byte| *byte == b':') {
        Some(colon) => (&secret[..colon], &secret[colon + 1..]),
        None => (&[], secret),
    }
}

fn signature(code: &[u8], json: &str, key: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(code);
    hash.update(json.as_bytes());
    hash.update(key);
    hex::encode(hash.finalize())
}
