//! The position of a page within the rows behind a cell: the instant and the key of the last row
//! shown. It does not shift when newer rows arrive, as a count of rows to skip would.
//!
//! Outside it is opaque text: unpadded URL-safe base64 of a JSON array. It grants nothing: the
//! account and the restriction of the asker hold for every page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::error::BadParameter;
use crate::report::Opened;

/// Where a page ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct After {
    /// Instant of the last row in milliseconds.
    pub(crate) at: i64,
    /// What tells it from other rows of that instant, in the order of the report's key.
    pub(crate) key: Vec<String>,
}

impl After {
    /// Reads what [`After::encode`] wrote.
    pub(crate) fn parse(text: &str, opened: &Opened) -> Result<Self, BadParameter> {
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|json| serde_json::from_slice::<(i64, Vec<String>)>(&json).ok())
            .filter(|(_, key)| key.len() == opened.key.len())
            .map(|(at, key)| Self { at, key })
            .ok_or_else(|| {
                BadParameter::new("after", "is no position of this list: give a page's `next`")
            })
    }

    /// Writes the position as text for a URL.
    pub(crate) fn encode(&self) -> String {
        // Text and whole numbers always have a JSON form, and its writer cannot fail.
        let json = serde_json::to_vec(&(self.at, &self.key)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_survives_the_way_out_and_back() {
        let after = After {
            at: 1_772_319_600_123,
            key: vec!["whats\"app".into(), "c/1".into(), "мама".into()],
        };
        let text = after.encode();
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        );
        assert_eq!(
            After::parse(&text, &crate::messages::REPORT.opened[0]),
            Ok(after)
        );
    }

    #[test]
    fn a_forged_or_foreign_position_is_refused() {
        let short = After {
            at: 1,
            key: vec!["one".into()],
        }
        .encode();
        for text in ["", "%%%", "eyJ9", short.as_str()] {
            let refused = After::parse(text, &crate::messages::REPORT.opened[0]);
            assert_eq!(
                refused.map_err(|bad| bad.name),
                Err("after".to_owned()),
                "{text}"
            );
        }
    }
}
