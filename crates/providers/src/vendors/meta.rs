//! What all webhooks of Meta share: the handshake with `hub.challenge`, and `X-Hub-Signature-256`.
//!
//! Source: providers.md M-WA and M-FB. A secret written `verify:WORD` is the verify token of the
//! handshake only: it travels in addresses and must not be able to sign.

use trunkline_model::event::Integrity;

use crate::secrets::{any, same, same_hex, sha256};
use crate::{Answer, Hook, Refused, Request};

const HEADER: &str = "x-hub-signature-256";
/// What makes a secret a verify token and nothing else.
const TOKEN: &str = "verify:";
/// The longest challenge that is answered.
const CHALLENGE: usize = 128;

/// Answers the handshake to one who knows a verify token: a secret of the hook with `verify:` before it.
pub(super) fn greeting(hook: &Hook, request: &Request<'_>) -> Result<Option<Answer>, Refused> {
    if request.asked("hub.mode").as_deref() != Some("subscribe") {
        return Ok(None);
    }
    let asked = |name| request.asked(name).ok_or(Refused::Missing(name));
    let token = asked("hub.verify_token")?;
    let challenge = asked("hub.challenge")?;
    any(hook, |secret| {
        let own = secret.strip_prefix(TOKEN.as_bytes()).unwrap_or_default();
        !own.is_empty() & same(own, token.as_bytes())
    })?;
    // What is sent back is no more than an id, so that it can never be read as a page.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if challenge.is_empty() || challenge.len() > CHALLENGE || !challenge.chars().all(plain) {
        return Err(Refused::Malformed("hub.challenge"));
    }
    Ok(Some(Answer::text(challenge)))
}

/// Verifies HMAC-SHA256 of the body under the app's secret.
pub(super) fn verify(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let given = request.header(HEADER).ok_or(Refused::Missing(HEADER))?;
    any(hook, |secret| {
        let signs = !secret.starts_with(TOKEN.as_bytes());
        signs & same_hex(given, "sha256=", &sha256(secret, &[request.body]))
    })?;
    Ok(Integrity::Verified)
}

pub(super) fn sign(secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
    let signed = hex::encode(sha256(secret.as_bytes(), &[request.body]));
    vec![(HEADER, format!("sha256={signed}"))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::kit::{self, Sample, hook};
    use crate::vendors::whatsapp::WhatsApp;

    fn greet(query: &str) -> Result<Option<Answer>, Refused> {
        let hook = hook(&WhatsApp, &["app-secret", "verify:spring-9"]);
        let sample = Sample::new("GET", &format!("/v1/hooks/h?{query}"), &[], b"");
        sample.show(kit::NOW, |request| greeting(&hook, request))
    }

    #[test]
    fn the_challenge_is_answered_to_one_who_knows_the_token() {
        let good = "hub.mode=subscribe&hub.verify_token=spring-9&hub.challenge=1158201444";
        assert_eq!(greet(good), Ok(Some(Answer::text("1158201444"))));
        let bad = "hub.mode=subscribe&hub.verify_token=autumn&hub.challenge=1158201444";
        assert_eq!(greet(bad), Err(Refused::Wrong));
        let none = "hub.mode=subscribe&hub.challenge=1158201444";
        assert_eq!(greet(none), Err(Refused::Missing("hub.verify_token")));
        let page = "hub.mode=subscribe&hub.verify_token=spring-9&hub.challenge=%3Cb%3E";
        assert_eq!(greet(page), Err(Refused::Malformed("hub.challenge")));
        assert_eq!(greet(""), Ok(None));
    }

    /// Computed apart: `printf '{"object":"page"}' | openssl dgst -sha256 -hmac app-secret`.
    #[test]
    fn a_signature_is_over_the_body() {
        let hook = hook(&WhatsApp, &["verify:spring-9", "app-secret"]);
        let signature = "sha256=ae958d6f00b134dd32b95a9a76bedaaeb068c0949769358355023f7d1a0c580b";
        let verdict = |body: &[u8]| {
            let sample = Sample::new("POST", "/", &[("x-hub-signature-256", signature)], body);
            sample.show(kit::NOW, |request| verify(&hook, request))
        };
        assert_eq!(verdict(br#"{"object":"page"}"#), Ok(Integrity::Verified));
        assert_eq!(verdict(br#"{"object":"user"}"#), Err(Refused::Wrong));
    }

    #[test]
    fn a_verify_token_signs_nothing() {
        let hook = hook(&WhatsApp, &["app-secret", "verify:spring-9"]);
        let verdict = |secret: &str| {
            let sample = Sample::new("POST", "/", &[], b"{}").signed(&WhatsApp, secret);
            sample.show(kit::NOW, |request| verify(&hook, request))
        };
        assert_eq!(verdict("app-secret"), Ok(Integrity::Verified));
        assert_eq!(verdict("verify:spring-9"), Err(Refused::Wrong));
        assert_eq!(verdict("spring-9"), Err(Refused::Wrong));
    }
}
