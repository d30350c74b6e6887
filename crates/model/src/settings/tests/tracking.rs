//! Numbers, pools and sites as the fold is told them, and what is refused.

use super::*;

const TRACKING: &str = r#"
    id = "a"
    country = "ES"
    timezone = "Europe/Madrid"
    attribution = { hold = "20m", grace = "1h", caller_memory = "10d", lookback = "60d" }
    number = [
        { number = "911 00 00 01", source = "flyer", until = "2026-03-01" },
        { number = "+34911000001", source = "radio", medium = "offline", campaign = "spring", from = "2026-03-01" },
    ]
    pool = [
        { id = "web", numbers = ["911000011", "+34 911 000 012"], draining = ["911000013"], quarantined = ["911000014"], fallback = "911000010", hold = "5m", source = "site" },
        { id = "shop", numbers = ["911000021"] },
    ]
    site = [{ key = "main", origins = ["https://acme.example"], pool = "web" }]
"#;

#[test]
fn numbers_are_told_as_calls_have_them() {
    let account = account(TRACKING);
    assert_eq!(account.check(), []);
    let rules = account.fold_rules().tracking;
    let change = Some(at("2026-02-28T23:00:00Z"));
    let [flyer, radio] = &rules.numbers[..] else {
        panic!("{rules:?}")
    };
    assert_eq!(
        (&*flyer.number, &*radio.number),
        ("+34911000001", "+34911000001")
    );
    assert_eq!((flyer.validity.from, flyer.validity.until), (None, change));
    assert_eq!((radio.validity.from, radio.validity.until), (change, None));
    assert_eq!(
        (&*radio.source, radio.campaign.as_deref()),
        ("radio", Some("spring"))
    );
    let [web, shop] = &rules.pools[..] else {
        panic!("{rules:?}")
    };
    assert_eq!(web.numbers, ["+34911000011", "+34911000012"]);
    assert_eq!(
        (&web.draining[..], &web.quarantined[..]),
        (
            &["+34911000013".to_owned()][..],
            &["+34911000014".to_owned()][..]
        )
    );
    assert_eq!(web.fallback.as_deref(), Some("+34911000010"));
    assert_eq!((web.hold, shop.hold), (5 * 60_000, 20 * 60_000));
    let day = 86_400_000;
    assert_eq!(
        (rules.grace, rules.caller_memory, rules.lookback),
        (3_600_000, 10 * day, 60 * day)
    );
    assert_eq!(rules.sites[0].pool.as_deref(), Some("web"));
}

#[test]
fn the_journal_gives_back_what_it_was_told_of_tracking() {
    let rules = account(TRACKING).fold_rules();
    let written = serde_json::to_string(&rules).unwrap();
    assert_eq!(serde_json::from_str::<FoldRules>(&written).unwrap(), rules);
    // What says nothing of it leaves nothing.
    let without = serde_json::to_string(&Account::new("a").fold_rules()).unwrap();
    assert!(!without.contains("tracking"), "{without}");
}

/// Gives what is wrong with settings of a Spanish account: keys and messages.
fn told(text: &str) -> Vec<(String, String)> {
    let problems = account(&format!("id = \"a\"\ncountry = \"ES\"\n{text}")).check();
    let both = problems.into_iter().map(|it| (it.key, it.message));
    both.collect()
}

#[test]
fn origins_are_of_pages_and_nothing_else() {
    let told = |origin: &str| {
        told(&format!(
            "site = [{{ key = \"k\", origins = [\"{origin}\"] }}]"
        ))
    };
    for good in [
        "https://shop.example",
        "http://shop.example:8080",
        "http://localhost:3000",
        "https://xn--e1afmkfd.example",
        "https://пример.example",
        "http://127.0.0.1",
        "http://[::1]:8080",
    ] {
        assert_eq!(told(good), [], "{good}");
    }
    for bad in [
        "shop.example:8080",
        "shop.example",
        "null",
        "*",
        "",
        "https://",
        "https://shop.example/",
        "https://shop.example/page",
        "https://shop.example?x",
        "https://*.shop.example",
        "https://me@shop.example",
        "https://shop.example:0",
        "https://shop.example:+80",
        "https://shop.example:99999",
        "https://[shop.example]",
        "ftp://shop.example",
        "data:,x",
    ] {
        let problems = told(bad);
        assert_eq!(problems.len(), 1, "{bad}: {problems:?}");
        assert_eq!(problems[0].0, "account.a.site.k.origins");
        assert!(problems[0].1.contains("like https://"), "{problems:?}");
    }
}

#[test]
fn a_pool_shows_numbers_that_can_be_dialled_and_a_key_stands_in_addresses() {
    for (pool, key) in [
        (r#"numbers = ["911000011", "abc"]"#, "numbers"),
        (r#"numbers = ["12"]"#, "numbers"),
        (r#"draining = ["+34 11"]"#, "draining"),
        (r#"quarantined = ["x"]"#, "quarantined"),
        (r#"fallback = "x""#, "fallback"),
    ] {
        let problems = told(&format!("pool = [{{ id = \"web\", {pool} }}]"));
        assert_eq!(problems.len(), 1, "{pool}: {problems:?}");
        assert_eq!(problems[0].0, format!("account.a.pool.web.{key}"));
        assert!(problems[0].1.contains("phone number"), "{problems:?}");
    }
    for (key, is_good) in [
        ("Shop_1-a", true),
        ("k/ 1?", false),
        ("k.1", false),
        ("ключ", false),
    ] {
        let problems = told(&format!("site = [{{ key = \"{key}\" }}]"));
        assert_eq!(problems.is_empty(), is_good, "{key}: {problems:?}");
        assert!(
            is_good || problems[0].0.split('.').next_back() == Some("key"),
            "{problems:?}"
        );
    }
}

#[test]
fn a_number_leads_to_one_place() {
    let cases = [
        (
            r#"pool = [{ id = "x", numbers = ["911000011"] }, { id = "y", draining = ["+34911000011"] }]"#,
            "account.a.pool.y",
            "pool `x` already",
        ),
        (
            r#"pool = [{ id = "x", numbers = ["911000011"], fallback = "+34911000011" }]"#,
            "account.a.pool.x.fallback",
            "may hold it",
        ),
        (
            r#"pool = [{ id = "x", numbers = ["911000011"] }]
               number = [{ number = "911 000 011", source = "flyer", from = "2026-01-01" }]"#,
            "account.a.number.+34911000011",
            "pool `x` too",
        ),
        (
            r#"number = [{ number = "911000011", source = "flyer" }, { number = "+34911000011", source = "radio" }]"#,
            "account.a.number.+34911000011",
            "at the same time",
        ),
        (
            r#"hook = [{ id = "site:x", provider = "generic" }]"#,
            "account.a.hook.site:x",
            "colon",
        ),
        (
            r#"site = [{ key = "k", pool = "web" }]"#,
            "account.a.site.k.pool",
            "no pool `web`",
        ),
    ];
    for (text, key, part) in cases {
        let problems = told(text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert_eq!(problems[0].0, key);
        assert!(problems[0].1.contains(part), "{problems:?}");
    }
    // What was a static number until a day may be leased after it.
    let moved = r#"pool = [{ id = "x", numbers = ["911000011"] }]
        number = [{ number = "911000011", source = "flyer", until = "2026-01-01" }]"#;
    assert_eq!(told(moved), []);
}
