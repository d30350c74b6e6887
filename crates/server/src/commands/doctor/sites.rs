//! Sites and pools: whether pages may ask, and whether there is a number to show.

use std::collections::BTreeMap;

use trunkline_model::phone::e164;
use trunkline_model::settings::{Account, Pool, Site, TrackingRules};

use super::Finding;
use crate::config::File;

const SITE: &str = "site";
const POOL: &str = "pool";
/// A page is heard of once a minute: with a shorter hold it loses its number while it shows it.
const HOLD_MS: i64 = 120_000;

/// Looks at every site and every pool of the configuration.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let of_account = |account: &Account| {
        let sites = account.sites.iter().map(site);
        sites
            .chain(account.pools.iter().map(|it| pool(account, it)))
            .collect::<Vec<_>>()
    };
    let mut found: Vec<_> = file.accounts.iter().flat_map(of_account).collect();
    found.extend(lent_twice(&file.accounts));
    found
}

/// Finds numbers in service in two accounts: each lends them, so two visitors may be shown one at once.
fn lent_twice(accounts: &[Account]) -> Vec<Finding> {
    let mut lent = BTreeMap::new();
    let mut found = Vec::new();
    for account in accounts {
        let pools = TrackingRules::of(account).pools;
        for number in pools.into_iter().flat_map(|pool| pool.numbers) {
            let said = format!("{number} is lent by account {} too", account.id);
            if let Some(other) = lent.insert(number, &account.id)
                && *other != account.id
            {
                let mend = "take it out of a pool of one: two visitors may be shown it at once";
                found.push(Finding::warning(POOL, format!("{other}: {said}"), mend));
            }
        }
    }
    found
}

fn site(site: &Site) -> Finding {
    let key = &site.key;
    if site.origins.is_empty() {
        let mend = "set account.site.origins to the site's own, like [\"https://shop.example\"]";
        return Finding::warning(SITE, format!("{key}: no page may ask for a number"), mend);
    }
    let origins = site.origins.join(", ");
    let Some(pool) = &site.pool else {
        let mend = "set account.site.pool if its visitors are to be shown numbers";
        let said = format!(
            "{key}: pages of {origins}, without a pool: visits are kept, no number is shown"
        );
        return Finding::warning(SITE, said, mend);
    };
    Finding::good(
        SITE,
        format!("{key}: pages of {origins}, numbers of the pool {pool}"),
    )
}

fn pool(account: &Account, pool: &Pool) -> Finding {
    let Pool {
        id,
        numbers,
        draining,
        quarantined,
        fallback,
        ..
    } = pool;
    let common = match fallback {
        Some(number) => format!("who finds none is shown {number}"),
        None => "who finds none keeps the number of the page".to_owned(),
    };
    if numbers.is_empty() {
        let mend = "add numbers to account.pool.numbers; `trunkline pool size` says how many";
        return Finding::warning(POOL, format!("{id}: no number in service; {common}"), mend);
    }
    let hold = pool.hold.unwrap_or(account.attribution.hold);
    if hold.millis().is_some_and(|millis| millis < HOLD_MS) {
        let mend = "set the pool's hold, or attribution.hold, to 2m or more";
        let said = format!(
            "{id}: a number is free {hold} after a page was heard of, and pages tell once a minute that they show it"
        );
        return Finding::warning(POOL, said, mend);
    }
    if let Some(strange) = numbers
        .iter()
        .find(|it| e164(it, account.country).is_none())
    {
        let mend = "see that it is written as in calls, and that it can be dialled";
        let said = format!("{id}: {strange} is of no known plan of numbers");
        return Finding::warning(POOL, said, mend);
    }
    let aside = [("draining", draining), ("quarantined", quarantined)];
    let aside = aside.iter().filter(|(_, list)| !list.is_empty());
    let aside: Vec<_> = aside
        .map(|(word, list)| format!(", {word} {}", list.len()))
        .collect();
    let (some, aside) = (numbers.len(), aside.concat());
    Finding::good(
        POOL,
        format!("{id}: numbers in service {some}{aside}; {common}"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn a_site_without_origins_or_pool_and_a_pool_without_numbers_are_warned_of() {
        let text = r#"
            [[account]]
            id = "b"
            country = "ES"
            pool = [{ id = "web", numbers = ["911 000 001"] }]
            [[account]]
            id = "a"
            site = [
                { key = "good", origins = ["https://a.example", "https://b.example"], pool = "web" },
                { key = "closed", pool = "web" },
                { key = "bare", origins = ["https://a.example"] },
            ]
            pool = [
                { id = "web", numbers = ["+34911000001", "+34911000002"], draining = ["+34911000002"], fallback = "+34911000009" },
                { id = "brief", numbers = ["+34911000003"], hold = "119s" },
                { id = "odd", numbers = ["+15550000001"] },
                { id = "empty", quarantined = ["+34911000004"] },
            ]
        "#;
        let file: File = toml::from_str(text).unwrap();
        let found = check(&file);
        let said: Vec<(bool, &str)> = found
            .iter()
            .map(|it| (it.state == State::Good, it.said.as_str()))
            .collect();
        assert_eq!(
            said,
            [
                (
                    true,
                    "web: numbers in service 1; who finds none keeps the number of the page"
                ),
                (
                    true,
                    "good: pages of https://a.example, https://b.example, numbers of the pool web"
                ),
                (false, "closed: no page may ask for a number"),
                (
                    false,
                    "bare: pages of https://a.example, without a pool: visits are kept, no number is shown"
                ),
                (
                    true,
                    "web: numbers in service 2, draining 1; who finds none is shown +34911000009"
                ),
                (
                    false,
                    "brief: a number is free 119s after a page was heard of, and pages tell once a minute that they \
                     show it"
                ),
                (false, "odd: +15550000001 is of no known plan of numbers"),
                (
                    false,
                    "empty: no number in service; who finds none keeps the number of the page"
                ),
                (false, "b: +34911000001 is lent by account a too"),
            ]
        );
    }
}
