use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::hours::MINUTE;

fn traffic(config: &SiteConfig) -> Vec<Happening> {
    Traffic::new(config).unwrap().collect()
}

fn small() -> SiteConfig {
    SiteConfig {
        days: 3,
        visits: 2_000,
        calls: 300,
        ..SiteConfig::default()
    }
}

#[test]
fn the_same_seed_gives_the_same_and_another_gives_others() {
    let one = traffic(&small());
    assert_eq!(one, traffic(&small()));
    let other = SiteConfig { seed: 2, ..small() };
    assert_ne!(one, traffic(&other));
    assert!(one.is_sorted_by_key(|happening| happening.at));
    assert!(one.len() > 10_000, "{}", one.len());
}

#[test]
fn a_visit_begins_with_the_page_that_its_source_brought_it_to() {
    let mut seen = BTreeSet::new();
    let mut shares: BTreeMap<(&str, Option<&str>), u32> = BTreeMap::new();
    for happening in traffic(&small()) {
        let Some(visit) = happening.visit else {
            continue;
        };
        if !seen.insert(visit.number) {
            continue;
        }
        let What::Page { url, referrer } = &happening.what else {
            panic!("{happening:?}");
        };
        let truth = visit.truth;
        assert!(url.starts_with("https://www.shop.example/"), "{url}");
        if let Some(campaign) = truth.campaign {
            assert!(url.contains(&format!("utm_campaign={campaign}")), "{url}");
        }
        if truth.source == "direct" {
            assert_eq!(
                (url.as_str(), referrer),
                ("https://www.shop.example/", &None)
            );
        }
        *shares.entry((truth.source, truth.medium)).or_default() += 1;
    }
    let all: u32 = shares.values().sum();
    assert!(all > 5_000, "{all}");
    let google = shares[&("google", Some("cpc"))];
    assert!(
        (260..340).contains(&(google * 1_000 / all)),
        "{google} of {all}"
    );
    assert_eq!(SOURCES.iter().map(|truth| truth.share).sum::<u32>(), 1_000);
}

#[test]
fn visits_of_one_visitor_do_not_overlap() {
    let mut last: BTreeMap<u64, (u64, Time)> = BTreeMap::new();
    let mut back = 0;
    for happening in traffic(&small()) {
        let Some(visit) = happening.visit else {
            continue;
        };
        if matches!(happening.what, What::Call { .. }) {
            continue;
        }
        let before = last.insert(visit.visitor, (visit.number, happening.at));
        if let Some((number, at)) = before.filter(|(number, _)| *number != visit.number) {
            back += 1;
            assert!(number < visit.number);
            assert!(happening.at.millis() - at.millis() > HOUR, "{happening:?}");
        }
    }
    assert!(back > 300, "{back}");
}

#[test]
fn calls_come_in_visits_after_them_again_and_of_strangers() {
    let mut left: BTreeMap<u64, Time> = BTreeMap::new();
    let mut callers: BTreeMap<u64, u32> = BTreeMap::new();
    let (mut soon, mut late, mut strangers, mut hidden, mut untaken) = (0, 0, 0, 0, 0);
    for happening in traffic(&small()) {
        let What::Call { caller, talk, .. } = &happening.what else {
            if let Some(visit) = happening.visit {
                left.insert(visit.number, happening.at);
            }
            continue;
        };
        untaken += u32::from(*talk == 0);
        hidden += u32::from(caller.is_none());
        assert!(
            caller.as_ref().is_none_or(|it| it.len() == 12),
            "{caller:?}"
        );
        let Some(visit) = happening.visit else {
            strangers += 1;
            continue;
        };
        *callers.entry(visit.visitor).or_default() += 1;
        let since = happening.at.millis() - left[&visit.number].millis();
        if since > 6 * MINUTE {
            late += 1;
        } else {
            soon += 1;
        }
    }
    let again = callers.values().filter(|calls| **calls > 1).count();
    for (what, count) in [
        ("soon", soon),
        ("late", late),
        ("strangers", strangers),
        ("hidden", hidden),
        ("untaken", untaken),
        ("again", again as u32),
    ] {
        assert!(count > 10, "{what}: {count}");
    }
    assert!(soon > late, "{soon} {late}");
}

#[test]
fn a_share_out_of_range_is_named() {
    let config = SiteConfig {
        calls: 1_001,
        ..SiteConfig::default()
    };
    assert_eq!(Traffic::new(&config).unwrap_err().key, "calls");
    let config = SiteConfig {
        days: 0,
        ..SiteConfig::default()
    };
    assert_eq!(Traffic::new(&config).unwrap_err().key, "days");
}
