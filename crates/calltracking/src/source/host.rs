//! The host of an address as it is compared: ASCII (punycode), lower case, without port and last dot.

use std::net::Ipv4Addr;

use compact_str::{CompactString, ToCompactString};
use url::Url;

/// A host, or the name of an app (`android-app://com.example`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host {
    /// Its name, never empty.
    pub(super) name: CompactString,
    /// Whether it is an app's name, which is no domain.
    is_app: bool,
}

impl Host {
    /// Finds the host of an address of the web or of an app, or takes a bare host; `None` for anything else.
    pub(super) fn of(address: &str) -> Option<Self> {
        let address = address.trim();
        let parsed = if address.contains("://") {
            Url::parse(address)
        } else {
            Url::parse(&format!("https://{}", address.trim_start_matches('/')))
        };
        let url = parsed.ok()?;
        let is_app = matches!(url.scheme(), "android-app" | "ios-app");
        if !is_app && !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        let name = url.host_str()?.trim_end_matches('.').to_ascii_lowercase();
        (!name.is_empty()).then(|| Self {
            name: name.to_compact_string(),
            is_app,
        })
    }

    /// Says whether this is a domain or below it.
    pub(super) fn is_in(&self, domain: &str) -> bool {
        let above = self.name.strip_suffix(domain);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }

    /// Gives the domain somebody registered; an address, an app or a name without dots is its own.
    pub(super) fn registrable(&self) -> &str {
        if !self.is_domain() {
            return &self.name;
        }
        psl::domain_str(&self.name).unwrap_or(&self.name)
    }

    /// Gives what stands before the public suffix, like `www.google` of `www.google.co.uk`; `None` under suffixes that
    /// companies let others have names below (`github.io`).
    pub(super) fn stem(&self) -> Option<&str> {
        let suffix = psl::suffix(self.name.as_bytes()).filter(|_| self.is_domain())?;
        if suffix.typ() != Some(psl::Type::Icann) {
            return None;
        }
        let length = self.name.len().checked_sub(suffix.as_bytes().len() + 1)?;
        self.name.get(..length)
    }

    /// Writes it for people: in its own script, without `www.`.
    pub(super) fn shown(&self) -> String {
        if !self.is_domain() {
            return self.name.to_string();
        }
        let (shown, _) = idna::domain_to_unicode(&self.name);
        match shown.strip_prefix("www.") {
            Some(rest) if rest.contains('.') => rest.to_owned(),
            _ => shown,
        }
    }

    fn is_domain(&self) -> bool {
        !self.is_app && !self.name.starts_with('[') && self.name.parse::<Ipv4Addr>().is_err()
    }
}
