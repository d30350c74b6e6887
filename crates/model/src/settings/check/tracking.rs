//! What must agree between sites, static numbers and pools: a number that is called leads to one place.

use std::collections::BTreeMap;

use super::super::tracking_rules::normal;
use super::super::{Account, Pool};
use super::{Check, is_host, is_origin};
use crate::phone::e164;

impl Check<'_> {
    pub(super) fn tracking(&mut self) {
        let Account { sites, pools, .. } = self.account;
        self.distinct("pool", pools.iter().map(|pool| pool.id.as_str()));
        self.distinct("site", sites.iter().map(|site| site.key.as_str()));
        for site in sites {
            if let Some(pool) = &site.pool
                && pools.iter().all(|known| known.id != *pool)
            {
                let message = format!("there is no pool `{pool}`: declare it, or take it out");
                self.add(format_args!("site.{}.pool", site.key), message);
            }
            if !site
                .key
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"_-".contains(&it))
            {
                let message = "the key stands in addresses of pages: letters A to Z, digits, `_` and `-` alone";
                self.add(format_args!("site.{}.key", site.key), message);
            }
            for origin in site.origins.iter().filter(|origin| !is_origin(origin)) {
                let message = format!(
                    "`{origin}` is no origin of pages: write scheme and host, like https://shop.example or \
                     https://shop.example:8443, and nothing behind"
                );
                self.add(format_args!("site.{}.origins", site.key), message);
            }
            for host in site.own_domains.iter().filter(|host| !is_host(host)) {
                let message = format!("`{host}` is no host alone, like pay.example.com");
                self.add(format_args!("site.{}.own_domains", site.key), message);
            }
        }
        for pool in pools {
            if let Some(hold) = pool.hold {
                self.held(format_args!("pool.{}.hold", pool.id), hold);
            }
            self.phones(pool);
        }
        self.static_numbers();
        let pooled = self.pooled();
        self.fallbacks(&pooled);
        self.static_or_pooled(&pooled);
    }

    /// What a page shows must be a number that can be dialled, if only in a plan of numbers that is not known here.
    fn phones(&mut self, pool: &Pool) {
        let no_phone = |number: &&String| {
            e164(number, self.account.country).is_none() && !is_international(number)
        };
        let fallback = pool.fallback.iter().map(|it| ("fallback", it));
        let lists = [
            ("numbers", &pool.numbers),
            ("draining", &pool.draining),
            ("quarantined", &pool.quarantined),
        ];
        let listed = lists
            .into_iter()
            .flat_map(|(key, list)| list.iter().map(move |it| (key, it)));
        let wrong = listed
            .chain(fallback)
            .filter(|(_, number)| no_phone(number));
        for (key, number) in wrong.collect::<Vec<_>>() {
            let message = format!(
                "`{number}` is no valid phone number: write it with + and its country code, or as in the \
                 account's `country`"
            );
            self.add(format_args!("pool.{}.{key}", pool.id), message);
        }
    }

    fn static_numbers(&mut self) {
        let Account {
            numbers, country, ..
        } = self.account;
        let zone = self.account.zone();
        let normal: Vec<String> = numbers
            .iter()
            .map(|entry| normal(&entry.number, *country))
            .collect();
        let entries = normal.iter().map(String::as_str).zip(numbers);
        self.at_different_times(
            "number",
            entries.map(|(number, entry)| (number, entry.validity(zone))),
        );
    }

    /// Gives whose pool's which number is to be leased; a number may stand in one place only.
    fn pooled(&mut self) -> BTreeMap<String, String> {
        let Account { pools, country, .. } = self.account;
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for pool in pools {
            for number in all(pool).map(|number| normal(number, *country)) {
                if let Some(other) = seen.get(&number) {
                    let message = format!(
                        "number `{number}` stands in pool `{other}` already: a number belongs to one list of one pool"
                    );
                    self.add(format_args!("pool.{}", pool.id), message);
                }
                seen.insert(number, pool.id.clone());
            }
        }
        seen
    }

    fn fallbacks(&mut self, pooled: &BTreeMap<String, String>) {
        for pool in &self.account.pools {
            let fallback = pool.fallback.as_ref();
            let fallback = fallback.map(|number| normal(number, self.account.country));
            if let Some(number) = fallback
                && let Some(other) = pooled.get(&number)
            {
                let message = format!(
                    "`{number}` stands in pool `{other}`, so a visit may hold it: take a number that is never leased"
                );
                self.add(format_args!("pool.{}.fallback", pool.id), message);
            }
        }
    }

    /// A pool holds from now on, so a static number of it must have an end.
    fn static_or_pooled(&mut self, pooled: &BTreeMap<String, String>) {
        for entry in &self.account.numbers {
            let number = normal(&entry.number, self.account.country);
            if entry.until.is_none()
                && let Some(pool) = pooled.get(&number)
            {
                let message = format!(
                    "it stands in pool `{pool}` too: set `until`, or take it out of the pool"
                );
                self.add(format_args!("number.{number}"), message);
            }
        }
    }
}

/// Walks over all numbers of a pool but its fallback.
/// Says whether a text is a plus and 3 to 15 digits, which is all that E.164 asks of a number.
fn is_international(number: &str) -> bool {
    let digits = number.trim().strip_prefix('+').unwrap_or_default();
    (3..=15).contains(&digits.len()) && digits.bytes().all(|it| it.is_ascii_digit())
}

fn all(pool: &Pool) -> impl Iterator<Item = &String> {
    let rest = pool.draining.iter().chain(&pool.quarantined);
    pool.numbers.iter().chain(rest)
}
