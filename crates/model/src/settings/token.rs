//! Tokens: who may use an account, for what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Moment;
use crate::word::words;

words! {
    /// What a token may do.
    Scope {
        /// Send events.
        Ingest = "ingest",
        /// Read reports; phones are masked.
        Read = "read",
        /// See phones in full.
        ReadPhones = "read:phones",
        /// Administer.
        Admin = "admin",
    }
}

/// A token, known by its hash only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The name under which it appears in logs.
    pub name: String,
    /// The SHA-256 of the token: 64 hexadecimal digits.
    pub sha256: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The part of the account that it may read; all by default.
    #[serde(default)]
    pub only: Only,
    /// The web origins from which a browser may use it; none by default.
    #[serde(default)]
    pub origins: Vec<String>,
    /// The moment from which it is no longer admitted; never by default.
    #[serde(default)]
    pub expires: Option<Moment>,
}

/// The part of an account that a token may read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Only {
    /// These teams; all by default.
    #[serde(default)]
    pub teams: Vec<String>,
    /// These managers; all by default.
    #[serde(default)]
    pub managers: Vec<String>,
}

impl Only {
    /// Says whether the token may read all of the account.
    pub fn is_all(&self) -> bool {
        self.teams.is_empty() && self.managers.is_empty()
    }
}

impl Token {
    /// Gives the bytes of [`Self::sha256`], if it is well-formed.
    pub fn digest(&self) -> Option<[u8; 32]> {
        let digits: &[u8; 64] = self.sha256.as_bytes().try_into().ok()?;
        let mut digest = [0; 32];
        for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
            let high = char::from(pair[0]).to_digit(16)?;
            let low = char::from(pair[1]).to_digit(16)?;
            *byte = (high * 16 + low) as u8;
        }
        Some(digest)
    }

    /// Says whether the token has a scope.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}
