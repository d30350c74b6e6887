//! The position of a page within the rows behind a cell: the instant and the key of the last row
//! shown. It does not shift when newer rows arrive, as a count of rows to skip would.
//!
//! Outside it is sealed: its key may be an id that the asker sees masked, a phone number. Written
//! down as unpadded URL-safe base64 of a nonce and a JSON array encrypted with XChaCha20-Poly1305;
//! account, report and figure are authenticated with it, so a position of another list is none of
//! this. The nonce is a keyed hash of all that, so that equal questions have equal answers. It
//! grants nothing: the account and the restriction of the asker hold for every page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use crate::error::BadParameter;

/// Bytes of a nonce.
const NONCE: usize = 24;

/// The secret that positions are sealed with. It must outlive the process, or links to further
/// pages end with it.
#[derive(Clone)]
pub struct PageKey([u8; 32]);

impl PageKey {
    /// Makes the key from 32 random bytes.
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }

    /// Gives the nonce of a text: another one for every other text.
    fn nonce(&self, list: &[u8], text: &[u8]) -> [u8; NONCE] {
        let mut hash = Sha256::new();
        hash.update(b"nonce of a position");
        hash.update(self.0);
        hash.update((list.len() as u64).to_le_bytes());
        hash.update(list);
        hash.update(text);
        let hash: [u8; 32] = hash.finalize().into();
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&hash[..NONCE]);
        nonce
    }
}

impl std::fmt::Debug for PageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PageKey")
    }
}

/// The list that a position is of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a> {
    /// The account's id.
    pub(crate) account: &'a str,
    /// The report's name.
    pub(crate) report: &'a str,
    /// The figure that is opened.
    pub(crate) figure: &'a str,
}

impl List<'_> {
    fn bytes(self) -> Vec<u8> {
        // No id or name has the character between them.
        format!("{}\0{}\0{}", self.account, self.report, self.figure).into_bytes()
    }
}

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// Instant of the last row in milliseconds.
    pub(crate) at: i64,
    /// What tells it from other rows of that instant, in the order of the report's key.
    pub(crate) key: Vec<String>,
}

impl After {
    /// Reads what [`After::seal`] wrote of the same list.
    pub(crate) fn open(text: &str, key: &PageKey, list: List<'_>) -> Result<Self, BadParameter> {
        let sealed = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
        let open = || {
            let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
            let payload = Payload {
                msg: sealed,
                aad: &list.bytes(),
            };
            let json = key
                .cipher()
                .decrypt(&XNonce::try_from(nonce).ok()?, payload);
            let (at, key) = serde_json::from_slice(&json.ok()?).ok()?;
            Some(Self { at, key })
        };
        open().ok_or_else(|| {
            BadParameter::new("after", "is no position of this list: give a page's `next`")
        })
    }

    /// Writes the position as text for a URL; nothing if it is too large to be encrypted.
    pub(crate) fn seal(&self, key: &PageKey, list: List<'_>) -> Option<String> {
        let json = serde_json::to_vec(&(self.at, &self.key)).ok()?;
        let list = list.bytes();
        let nonce = key.nonce(&list, &json);
        let payload = Payload {
            msg: &json,
            aad: &list,
        };
        let sealed = key.cipher().encrypt(&XNonce::from(nonce), payload).ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PageKey = PageKey::new([7; 32]);
    const LIST: List<'_> = List {
        account: "acme",
        report: "messages",
        figure: "messages",
    };

    fn after() -> After {
        After {
            at: 1_772_319_600_123,
            key: vec!["whats\"app".into(), "+34600111222".into(), "мама".into()],
        }
    }

    #[test]
    fn a_position_survives_the_way_out_and_back_and_says_nothing_on_it() {
        let text = after().seal(&KEY, LIST).expect("it is sealed");
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        let bytes = URL_SAFE_NO_PAD.decode(&text).expect("base64");
        for said in ["34600111222", "app", "1772319600123"] {
            let said = said.as_bytes();
            assert!(!bytes.windows(said.len()).any(|part| part == said));
        }
        assert_eq!(After::open(&text, &KEY, LIST), Ok(after()));
        // The same page has the same link, another one another nonce.
        assert_eq!(after().seal(&KEY, LIST), Some(text.clone()));
        let other = After { at: 1, ..after() };
        let other = other.seal(&KEY, LIST).expect("it is sealed");
        assert_ne!(other[..NONCE], text[..NONCE]);
    }

    #[test]
    fn a_forged_or_foreign_position_is_refused() {
        let text = after().seal(&KEY, LIST).expect("it is sealed");
        let refused = |text: &str, key: &PageKey, list: List<'_>| {
            let opened = After::open(text, key, list);
            assert_eq!(
                opened.map_err(|bad| bad.name),
                Err("after".to_owned()),
                "{text}"
            );
        };
        for text in ["", "%%%", "eyJ9", "WzAsW11d", &text[1..], &text[..40]] {
            refused(text, &KEY, LIST);
        }
        for place in 0..text.len() {
            let mut forged = text.clone().into_bytes();
            // The last character has bits that stand for nothing, which must be zero.
            forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
            refused(&String::from_utf8(forged).expect("text"), &KEY, LIST);
        }
        refused(&text, &PageKey::new([8; 32]), LIST);
        let account = "other";
        refused(&text, &KEY, List { account, ..LIST });
        let figure = "received";
        refused(&text, &KEY, List { figure, ..LIST });
        let report = "conversations";
        refused(&text, &KEY, List { report, ..LIST });
    }
}
