//! What must hold beyond the types of single keys, so that a configuration that is valid can be
//! served: all problems at once, each with its key and how to mend it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use trunkline_warehouse::Connection;
use trunkline_warehouse::client::ConnectionError;
use trunkline_warehouse::engine::find;

use super::{File, Server, Warehouse};
use crate::wiring::rates;

/// Sizes in MiB beyond which no machine goes; their bytes fit into 64 bits.
const MOST_MB: u64 = 1 << 40;

/// Lists what is wrong with a configuration.
pub(super) fn problems(file: &File) -> Vec<String> {
    let mut problems = Vec::new();
    server(&file.server, &mut problems);
    let sizes = [
        ("journal.segment_mb", file.journal.segment_mb, 1..=1024),
        ("journal.reserve_mb", file.journal.reserve_mb, 0..=MOST_MB),
        ("journal.wait_ms", file.journal.wait_ms, 1..=60_000),
        ("warehouse.memory_mb", file.warehouse.memory_mb, 1..=MOST_MB),
    ];
    for (key, value, range) in sizes {
        within(key, value, range, &mut problems);
    }
    warehouse(&file.warehouse, &mut problems);
    let spans = [
        ("fold.horizon", file.fold.horizon),
        ("fold.window", file.fold.window),
        ("retention.journal", file.retention.journal),
    ];
    for (key, _) in spans.iter().filter(|(_, span)| span.millis().is_none()) {
        let differ = "months and years differ in length; write days, such as 400d";
        problems.push(format!("{key}: {differ}"));
    }
    accounts(file, &mut problems);
    let webhooks = trunkline_delivery::Webhooks::new(&file.accounts).err();
    let webhooks = webhooks.into_iter().flatten();
    problems.extend(webhooks.map(|it| format!("{}: {}", it.key, it.message)));
    problems
}

fn within<N: Copy + PartialOrd + Display>(
    key: &str,
    value: N,
    range: RangeInclusive<N>,
    problems: &mut Vec<String>,
) {
    if !range.contains(&value) {
        let (least, most) = (range.start(), range.end());
        problems.push(format!(
            "{key}: {value} is out of range; write a number from {least} to {most}"
        ));
    }
}

fn server(server: &Server, problems: &mut Vec<String>) {
    if server.listen.parse::<SocketAddr>().is_err() {
        problems.push(format!(
            "server.listen: {:?} is no address with a port, such as 127.0.0.1:8080",
            server.listen
        ));
    }
    for proxy in &server.trusted_proxies {
        if proxy.parse::<IpAddr>().is_err() {
            problems.push(format!(
                "server.trusted_proxies: {proxy:?} is no address, such as 10.0.0.1"
            ));
        }
    }
    let counts = [
        ("server.max_connections", server.max_connections, 1_000_000),
        (
            "server.max_connections_per_ip",
            server.max_connections_per_ip,
            1_000_000,
        ),
        ("server.workers", server.workers.unwrap_or(1), 1024),
    ];
    for (key, value, most) in counts {
        within(key, value, 1..=most, problems);
    }
    let limits = [
        ("server.header_timeout_s", server.header_timeout_s),
        ("server.body_timeout_s", server.body_timeout_s),
    ];
    for (key, value) in limits {
        within(key, value, 1..=3600, problems);
    }
}

fn warehouse(warehouse: &Warehouse, problems: &mut Vec<String>) {
    let Warehouse {
        url,
        user,
        password,
        database,
        engine,
        ..
    } = warehouse;
    let embedded = "http://127.0.0.1";
    match Connection::new(url.as_deref().unwrap_or(embedded), user, password, database) {
        Ok(_) => {}
        Err(error @ ConnectionError::Database(_)) => {
            problems.push(format!("warehouse.database: {error}"));
        }
        Err(error) => problems.push(error.to_string()),
    }
    if url.is_none()
        && let Some(engine) = engine
        && let Err(error) = find(Some(engine), engine, None)
    {
        problems.push(error.to_string());
    }
}

fn accounts(file: &File, problems: &mut Vec<String>) {
    let mut ids = BTreeMap::new();
    let mut tokens = BTreeMap::new();
    let mut hooks = BTreeMap::new();
    let mut sites = BTreeMap::new();
    for (place, account) in file.accounts.iter().enumerate() {
        for problem in account.check() {
            problems.push(format!("{}: {}", problem.key, problem.message));
        }
        let id = &account.id;
        if let Some(first) = ids.insert(id, place) {
            problems.push(format!(
                "account.{id}: entries {} and {} of [[account]] have this id; choose another",
                first + 1,
                place + 1
            ));
        }
        for hook in &account.hooks {
            // Two in one account are the account's own problem, and were told.
            if let Some(other) = hooks.insert(&hook.id, id).filter(|other| *other != id) {
                problems.push(format!(
                    "account.{id}.hook.{}: account {other} has a hook of this id, and it ends the \
                     address of both; choose another",
                    hook.id
                ));
            }
        }
        if let Err(error) = rates::of(account) {
            problems.push(format!("{error:#}"));
        }
        for site in &account.sites {
            if let Some(other) = sites.insert(&site.key, id).filter(|other| *other != id) {
                problems.push(format!(
                    "account.{id}.site.{}: account {other} has a site of this key, which names it to \
                     its pages; choose another",
                    site.key
                ));
            }
        }
        for token in &account.tokens {
            let here = (place, format!("account.{id}.token.{}", token.name));
            let Some(digest) = token.digest() else {
                continue;
            };
            // Two in one account are the account's own problem, and were told.
            if let Some((_, other)) = tokens
                .insert(digest, here.clone())
                .filter(|it| it.0 != place)
            {
                problems.push(format!(
                    "{}.sha256: {other} has the same hash, and a token belongs to one account; \
                     make another with `trunkline token new`",
                    here.1
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        problems(&toml::from_str(text).unwrap())
    }

    fn keys(text: &str) -> Vec<String> {
        let key = |problem: &String| problem.split([':', ' ']).next().unwrap().to_owned();
        found(text).iter().map(key).collect()
    }

    #[test]
    fn what_could_not_be_served_is_refused_all_at_once() {
        let text = r#"
            [server]
            listen = "8080"
            trusted_proxies = ["10.0.0.0/8", "10.0.0.1"]
            workers = 0
            header_timeout_s = 0
            body_timeout_s = 18446744073709551
            max_connections = 0
            max_connections_per_ip = 0
            [journal]
            segment_mb = 1025
            reserve_mb = 9223372036854775807
            [warehouse]
            url = "https://host"
            memory_mb = 0
            [retention]
            journal = "2 months"
        "#;
        let expected = [
            "server.listen",
            "server.trusted_proxies",
            "server.max_connections",
            "server.max_connections_per_ip",
            "server.workers",
            "server.header_timeout_s",
            "server.body_timeout_s",
            "journal.segment_mb",
            "journal.reserve_mb",
            "warehouse.memory_mb",
            "warehouse.url",
            "retention.journal",
        ];
        assert_eq!(keys(text), expected);
    }

    #[test]
    fn the_edges_of_the_ranges_are_admitted() {
        let text = "[journal]\nsegment_mb = 1024\nreserve_mb = 0\n[server]\nworkers = 1";
        assert_eq!(found(text), [""; 0]);
        assert_eq!(keys("[journal]\nsegment_mb = 0"), ["journal.segment_mb"]);
        assert!(toml::from_str::<File>("[retention]\nfacts = \"long\"").is_err());
    }

    #[test]
    fn a_database_is_a_plain_name_and_an_engine_a_file_also_for_the_embedded_one() {
        let text = "[warehouse]\ndatabase = \"a-b\"\nengine = \"/nowhere/libchdb.so\"";
        assert_eq!(keys(text), ["warehouse.database", "warehouse.engine"]);
    }

    #[test]
    fn rates_that_cannot_be_read_are_told_before_the_start() {
        let text = "[[account]]\nid = \"a\"\nrates = \"/nowhere/rates.csv\"";
        assert_eq!(keys(text), ["account.a.rates"]);
    }

    #[test]
    fn a_hash_of_two_accounts_is_refused_and_both_tokens_are_named() {
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let token = |name: &str, hash: &str| {
            format!("token = [{{ name = \"{name}\", sha256 = \"{hash}\", scopes = [\"read\"] }}]\n")
        };
        let text = format!(
            "[[account]]\nid = \"a\"\n{}[[account]]\nid = \"b\"\n{}",
            token("one", hash),
            token("two", &hash.to_uppercase())
        );
        let found = found(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("account.b.token.two.sha256: account.a.token.one has"));
        assert_eq!(
            keys("account = [{ id = \"a\" }, { id = \"a\" }]"),
            ["account.a"]
        );
    }
}
