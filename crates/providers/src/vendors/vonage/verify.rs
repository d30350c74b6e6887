//! `Authorization: Bearer`: a JSON Web Token, signed with HMAC-SHA256, whose `payload_hash` is SHA-256 of
//! the body. Of a GET it is that of its query as a JSON object, in its order and without spaces.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use trunkline_model::event::Integrity;

use crate::secrets::{any, same, sha256};
use crate::{Hook, Refused, Request};

/// How far the time may be from our clock, in seconds.
const WINDOW_S: i64 = 300;

pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let header = request.header("authorization");
    let header = header.ok_or(Refused::Missing("Authorization"))?.trim();
    let malformed = Refused::Malformed("Authorization");
    let (scheme, token) = header.split_once(' ').ok_or_else(|| malformed.clone())?;
    let (signed, signature) = token
        .trim()
        .rsplit_once('.')
        .ok_or_else(|| malformed.clone())?;
    let (head, claims) = signed.split_once('.').ok_or_else(|| malformed.clone())?;
    let head = decoded(head).ok_or_else(|| malformed.clone())?;
    if !scheme.eq_ignore_ascii_case("bearer") || head["alg"] != "HS256" {
        return Err(malformed);
    }
    let claims = decoded(claims).ok_or(malformed)?;
    any(hook, |secret| {
        let expected = encoded(&sha256(secret, &[signed.as_bytes()]));
        same(signature.as_bytes(), expected.as_bytes())
    })?;
    let hash = claims["payload_hash"].as_str();
    let hash = hash
        .ok_or(Refused::Missing("payload_hash"))?
        .to_ascii_lowercase();
    if !same(hash.as_bytes(), hashed(request).as_bytes()) {
        return Err(Refused::Wrong);
    }
    let seconds = claims["iat"].as_i64().ok_or(Refused::Missing("iat"))?;
    let now = request.received_at.0.div_euclid(1000);
    let away = now.saturating_sub(seconds);
    if away.saturating_abs() > WINDOW_S {
        return Err(Refused::Stale(away, WINDOW_S));
    }
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let head = json!({"alg": "HS256", "typ": "JWT"});
    let claims = json!({
        "iat": request.received_at.0.div_euclid(1000),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashed(request),
        "api_key": "a1b2c3d4",
    });
    let signed = [head, claims].map(|part| encoded(part.to_string().as_bytes()));
    let signed = signed.join(".");
    let signature = encoded(&sha256(secret.as_bytes(), &[signed.as_bytes()]));
    vec![("authorization", format!("Bearer {signed}.{signature}"))]
}

fn hashed(request: &Request<'_>) -> String {
    let hash = match *request.method {
        Method::GET => Sha256::digest(query(request).as_bytes()),
        _ => Sha256::digest(request.body),
    };
    hex::encode(hash)
}

/// Writes the query as a JSON object, in its order.
fn query(request: &Request<'_>) -> String {
    let pairs = request.query_pairs();
    let pairs = pairs.iter().map(|(name, value)| {
        let text = |text: &str| Value::from(text).to_string();
        format!("{}:{}", text(name), text(value))
    });
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn decoded(part: &str) -> Option<Value> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    value.is_object().then_some(value)
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
