//! `Trunkline-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA256 with the webhook's secret over the time, a
//! dot and the body as sent (`contract.md` §4). The time lets receivers refuse what is old.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use trunkline_model::time::Time;

/// Signs a body as of `now`.
pub(crate) fn signature(secret: &str, body: &[u8], now: Time) -> String {
    let seconds = now.0.div_euclid(1000);
    // A key of any length is one.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    format!(
        "t={seconds},v1={}",
        hex::encode(mac.finalize().into_bytes())
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_openssl() {
        // printf '1770000000.{"a":1}' | openssl dgst -sha256 -hmac hush
        let expected =
            "t=1770000000,v1=b62dc527b3ad19edafdfe66432cdd1a07c3f6897e3eda2ee6fb798fe4b1efd4f";
        assert_eq!(
            signature("hush", br#"{"a":1}"#, Time(1_770_000_000_999)),
            expected
        );
    }
}
