//! `X-Plivo-Signature-V3`: base64 of HMAC-SHA256 over the address with its query sorted, the sorted fields
//! and a number used once. There may be several, with commas between them, and those of the main
//! account in `X-Plivo-Signature-Ma-V3`.

use std::borrow::Cow;

use http::Method;
use trunkline_model::event::Integrity;

use crate::secrets::{any, base64, same, sha256};
use crate::{Hook, Refused, Request};

const SIGNATURES: [&str; 2] = ["x-plivo-signature-v3", "x-plivo-signature-ma-v3"];
const NONCE: &str = "x-plivo-signature-v3-nonce";

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let headers = SIGNATURES.iter().filter_map(|name| request.header(name));
    let given: Vec<&str> = headers.flat_map(|header| header.split(',')).collect();
    if given.is_empty() {
        return Err(Refused::Missing("X-Plivo-Signature-V3"));
    }
    let nonce = request.header(NONCE);
    let nonce = nonce.ok_or(Refused::Missing("X-Plivo-Signature-V3-Nonce"))?;
    let text = text(request);
    any(hook, |secret| {
        let expected = signature(secret, &text, nonce);
        let mut found = false;
        for one in &given {
            found |= same(one.trim().as_bytes(), expected.as_bytes());
        }
        found
    })?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let nonce = "12345";
    let signature = signature(secret.as_bytes(), &text(request), nonce);
    vec![(SIGNATURES[0], signature), (NONCE, nonce.to_owned())]
}

fn signature(secret: &[u8], text: &str, nonce: &str) -> String {
    let parts: [&[u8]; 3] = [text.as_bytes(), b".", nonce.as_bytes()];
    base64(&sha256(secret, &parts))
}

fn text(request: &Request<'_>) -> String {
    let address = request.url.split('?').next().unwrap_or_default();
    let query: Vec<String> = sorted(request.query_pairs())
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let query = query.join("&");
    let form = match *request.method {
        Method::GET => Vec::new(),
        _ => request.form(),
    };
    let form: String = sorted(form)
        .flat_map(|(name, value)| [name, value])
        .collect();
    match (query.is_empty(), form.is_empty()) {
        (true, true) => address.to_owned(),
        (false, false) => format!("{address}?{query}.{form}"),
        _ => format!("{address}?{query}{form}"),
    }
}

fn sorted<'a>(
    mut pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
    pairs.sort();
    pairs.into_iter()
}
