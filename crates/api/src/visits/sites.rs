//! The sites of all accounts, by their keys: whose pages may ask for numbers, and of which pool.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use compact_str::CompactString;
use trunkline_model::phone::formatted;
use trunkline_model::settings::{Account, Country, Site as Settings};

use crate::problem::{Code, Problem};

/// The sites of one configuration.
#[derive(Debug, Default)]
pub struct Sites(HashMap<Arc<str>, Arc<Site>>);

/// A site whose visitors are shown numbers of a pool.
#[derive(Debug)]
pub(crate) struct Site {
    /// Its public key, which begins the ids of its visits.
    pub(crate) key: Arc<str>,
    /// The account's id.
    pub(crate) account: Arc<str>,
    /// The pool of its numbers; without one its visits are kept and shown nothing.
    pub(crate) pool: Option<Arc<str>>,
    /// The account's country, whose numbers are shown without its code.
    country: Option<Country>,
    /// Numbers that were shown, as people write them: that takes longer than all else of a visit.
    written: RwLock<HashMap<CompactString, String>>,
    /// The origin of what its pages tell, in the journal.
    pub(crate) events: Arc<str>,
    origins: Vec<String>,
}

impl Sites {
    /// Makes the book of the sites of one configuration.
    pub fn new(accounts: &[Account]) -> Self {
        let of_account = |account: &Account| {
            let id: Arc<str> = account.id.as_str().into();
            let country = account.country;
            let site = move |site: &Settings| {
                let key: Arc<str> = site.key.as_str().into();
                let site = Site {
                    key: Arc::clone(&key),
                    account: Arc::clone(&id),
                    pool: site.pool.as_deref().map(Arc::from),
                    country,
                    written: RwLock::default(),
                    events: format!("site:{key}").into(),
                    origins: site.origins.iter().flat_map(|it| with_cache(it)).collect(),
                };
                (key, Arc::new(site))
            };
            account.sites.iter().map(site).collect::<Vec<_>>()
        };
        Self(accounts.iter().flat_map(of_account).collect())
    }

    /// Finds a site by its key.
    pub(crate) fn find(&self, key: &str) -> Result<Arc<Site>, Problem> {
        self.0.get(key).cloned().ok_or_else(|| {
            let detail = "no site has this key: see `[[account.site]]` in the configuration";
            Problem::new(Code::UnknownSite, detail)
        })
    }

    /// Finds the site of a visit: its id begins with the site's key.
    pub(crate) fn of_visit(&self, visit: &str) -> Result<Arc<Site>, Problem> {
        let (key, _) = visit.rsplit_once('-').unwrap_or_default();
        let site = self.0.get(key).cloned();
        site.ok_or_else(|| Problem::new(Code::UnknownVisit, "no visit has this id"))
    }
}

impl Site {
    /// Says whether pages of this origin may ask.
    pub(crate) fn admits(&self, origin: &str) -> bool {
        self.origins.iter().any(|own| own == origin)
    }

    /// Writes one of its numbers as people do.
    pub(crate) fn written(&self, number: &CompactString) -> String {
        let known = self.written.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(written) = known.get(number) {
            return written.clone();
        }
        drop(known);
        let written = formatted(number, self.country).unwrap_or_else(|| number.to_string());
        let mut known = self.written.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(number.clone(), written.clone());
        written
    }
}

/// Gives an origin as browsers write it, and that of its pages in the cache of AMP. What has no host has an
/// origin like no other, which browsers write as `null` for all: it admits nobody.
fn with_cache(origin: &str) -> Vec<String> {
    let parsed = url::Url::parse(origin);
    let Some(url) = parsed.ok().filter(|url| url.origin().is_tuple()) else {
        return Vec::new();
    };
    let own = url.origin().ascii_serialization();
    let host = url.host_str().unwrap_or_default();
    // The cache writes a host as one label: a dash twice, a dot as a dash.
    let label = host.replace('-', "--").replace('.', "-");
    let cache = format!("https://{label}.cdn.ampproject.org");
    vec![own, cache]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites() -> Sites {
        let accounts = serde_json::json!([{
            "id": "acme", "country": "ES",
            "site": [{ "key": "shop", "origins": ["https://Shop.Example-Store.com:443"], "pool": "main" }],
            "pool": [{ "id": "main", "numbers": ["+34911000001"] }],
        }]);
        Sites::new(&serde_json::from_value::<Vec<Account>>(accounts).unwrap())
    }

    #[test]
    fn a_site_admits_its_origins_as_browsers_write_them_and_its_pages_in_the_cache() {
        let site = sites().find("shop").unwrap();
        assert!(site.admits("https://shop.example-store.com"));
        assert!(site.admits("https://shop-example--store-com.cdn.ampproject.org"));
        for other in [
            "http://shop.example-store.com",
            "https://shop.example-store.com:8443",
            "https://example-store.com",
            "null",
            "",
        ] {
            assert!(!site.admits(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_admits_nobody() {
        for text in [
            "shop.example:8080",
            "shop.example",
            "*",
            "",
            "null",
            "data:,x",
            "file:///shop",
        ] {
            let admitted = with_cache(text);
            assert!(admitted.is_empty(), "{text}: {admitted:?}");
        }
    }

    #[test]
    fn a_visit_names_its_site() {
        let sites = sites();
        assert_eq!(
            &*sites.of_visit("shop-0123456789abcdefghijkl").unwrap().key,
            "shop"
        );
        for other in ["shop", "other-0123", "", "-", "shop-a-b"] {
            assert!(sites.of_visit(other).is_err(), "{other}");
        }
    }
}
