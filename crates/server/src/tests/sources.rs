//! The simulated site and the finding of sources, which know nothing of each other, agree.

use std::collections::BTreeSet;

use trunkline_calltracking::source::{Own, classify};
use trunkline_model::settings::Site;
use trunkline_simulate::site::{SiteConfig, Traffic, What};

#[test]
fn the_source_of_every_simulated_visit_is_the_true_one() {
    let config = SiteConfig {
        days: 2,
        ..SiteConfig::default()
    };
    let own = Own::from(&Site {
        key: "shop".to_owned(),
        origins: vec!["https://www.shop.example".to_owned()],
        own_domains: Vec::new(),
        pool: None,
    });
    let mut seen = BTreeSet::new();
    let mut sources = BTreeSet::new();
    for happening in Traffic::new(&config).expect("the site is sound") {
        let (Some(visit), What::Page { url, referrer }) = (happening.visit, &happening.what) else {
            continue;
        };
        let found = classify(url, referrer.as_deref(), &own);
        let found = (
            found.source.as_deref(),
            found.medium.as_deref(),
            found.campaign.as_deref(),
        );
        let truth = visit.truth;
        if seen.insert(visit.number) {
            sources.insert(truth.source);
            let truth = (Some(truth.source), truth.medium, truth.campaign);
            assert_eq!(found, truth, "{url} {referrer:?}");
        } else {
            assert_eq!(found, (Some("direct"), None, None), "{url} {referrer:?}");
        }
    }
    assert!(seen.len() > 1_500, "{}", seen.len());
    assert_eq!(sources.len(), 10, "{sources:?}");
}
