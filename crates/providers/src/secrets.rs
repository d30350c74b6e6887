//! Comparing signatures: always in constant time, always with every secret of a hook.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::hook::Hook;
use crate::refused::Refused;
use crate::request::Request;

/// Makes HMAC-SHA1 of the parts one after the other.
pub(crate) fn sha1(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else {
        return [0; 20];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Makes HMAC-SHA256 of the parts one after the other.
pub(crate) fn sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return [0; 32];
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Says whether two texts are the same, in a time that tells nothing but their lengths.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// Writes bytes in base64.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads base64.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Asks of each secret of a hook whether it is the one; all are tried.
pub(crate) fn any(hook: &Hook, is: impl Fn(&[u8]) -> bool) -> Result<(), Refused> {
    if hook.secrets.is_empty() {
        return Err(Refused::NoSecret);
    }
    let mut found = false;
    for secret in &hook.secrets {
        // Anybody could sign with an empty one.
        let secret = secret.expose().as_bytes();
        found |= !secret.is_empty() & is(secret);
    }
    if found { Ok(()) } else { Err(Refused::Wrong) }
}

/// Says whether a header is `prefix` and the hexadecimal digits of a signature.
pub(crate) fn same_hex(header: &str, prefix: &str, signature: &[u8]) -> bool {
    header
        .trim()
        .strip_prefix(prefix)
        .is_some_and(|digits| same(digits.as_bytes(), hex::encode(signature).as_bytes()))
}

/// How far a signed time may be from our clock, in seconds.
const WINDOW_S: i64 = 300;

/// Refuses what was signed, at the seconds in `header`, too long ago or in the future. To be asked last:
/// what is told of the time is told to those who can sign.
pub(crate) fn fresh(
    request: &Request<'_>,
    seconds: &str,
    header: &'static str,
) -> Result<(), Refused> {
    let seconds: i64 = seconds.parse().map_err(|_| Refused::Malformed(header))?;
    let now = request.received_at.0.div_euclid(1000);
    let away = now.saturating_sub(seconds);
    if away.saturating_abs() > WINDOW_S {
        return Err(Refused::Stale(away, WINDOW_S));
    }
    Ok(())
}
