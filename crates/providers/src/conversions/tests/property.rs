//! Whatever conversions there are: each is in exactly one request or left out with a reason, no request
//! is larger than the destination takes, and the same conversions give the same bytes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;

use super::{Clicks, Conversion, Destination, Kind, NOW, call, setup};

fn text(values: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(values).prop_map(str::to_owned))
}

fn one() -> impl Strategy<Value = Conversion> {
    let ids = || text(&["", "Cj0-abc", "wb 1", "12345", "9\u{e9}"]);
    let times = -30_i64 * 86_400_000..3_600_000;
    let parts = (
        prop::sample::select(Kind::ALL.as_slice()),
        times.clone(),
        text(&["+34911222333", "+3***2333", "101", ""]),
        prop::option::of(-2_i64..5_000),
        text(&["EUR", "eur", "RUB"]),
        (ids(), ids(), ids(), ids()),
        prop::option::of(times),
        (ids(), text(&["133591247640966458", "x"])),
        prop::option::of(prop::bool::ANY),
        prop::option::of((prop::bool::ANY, 0_i64..100_000)),
    );
    parts.prop_map(
        move |(kind, at, phone, value, currency, clicks, clicked, (ga, ym), consent, told)| {
            let mut one = call("c");
            (one.kind, one.at, one.phone) = (kind, NOW.plus(at), phone);
            one.value = value.and_then(|value| Decimal::parse(&value.to_string()));
            (one.currency, one.consent) = (currency, consent);
            let (gclid, gbraid, wbraid, yclid) = clicks;
            one.clicks = Clicks {
                gclid,
                gbraid,
                wbraid,
                yclid,
            };
            one.clicked_at = clicked.map(|clicked| NOW.plus(clicked));
            (one.ga_client_id, one.ym_client_id) = (ga, ym);
            match told {
                Some((open, length)) => {
                    let at = one.at;
                    let call = one.call.as_mut().expect("there is one");
                    (call.at, call.ended_at) = (at, (!open).then_some(at.plus(length)));
                }
                None => one.call = None,
            }
            one
        },
    )
}

/// As many conversions as fill two requests of most destinations.
fn several() -> impl Strategy<Value = Vec<Conversion>> {
    prop::collection::vec(one(), 0..60).prop_map(|mut all| {
        for (place, one) in all.iter_mut().enumerate() {
            one.id = format!("c-{place}");
        }
        all
    })
}

proptest! {
    #[test]
    fn each_conversion_is_told_once_or_left_out(all in several(), most in 1_usize..40) {
        for destination in Destination::ALL {
            let setup = setup(destination);
            let plan = destination.plan(&all, &setup, NOW);
            let requests = destination.requests(&plan.going, &setup, most);
            let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
            for request in &requests {
                prop_assert!((1..=most.min(destination.most())).contains(&request.ids.len()));
                for id in &request.ids {
                    *seen.entry(id).or_default() += 1;
                }
            }
            for (one, _) in &plan.left {
                *seen.entry(&one.id).or_default() += 1;
            }
            prop_assert_eq!(seen.len(), all.len());
            prop_assert!(seen.values().all(|times| *times == 1), "{seen:?}");
            for one in &plan.going {
                prop_assert!(one.at <= NOW && NOW.since(one.at) <= destination.oldest());
                prop_assert!(one.value.is_none() || one.currency.is_some());
            }
            let mut turned = all.clone();
            turned.reverse();
            let again = destination.plan(&turned, &setup, NOW);
            prop_assert_eq!(destination.requests(&again.going, &setup, most), requests);
        }
    }

    #[test]
    fn a_click_conversion_has_exactly_one_click_id(all in several()) {
        let google = Destination::GoogleAds;
        for body in super::bodies(google, &all) {
            for one in body["conversions"].as_array().expect("a list") {
                let ids = ["gclid", "gbraid", "wbraid"].iter().filter(|id| one.get(**id).is_some());
                prop_assert_eq!(ids.count(), 1);
            }
        }
    }
}

#[test]
fn the_generator_makes_conversions_that_go_everywhere() {
    let one = call("c");
    for destination in Destination::ALL {
        let plan_of = [one.clone()];
        assert_eq!(
            destination
                .plan(&plan_of, &setup(destination), NOW)
                .going
                .len(),
            1
        );
        assert!(
            destination
                .plan(&plan_of, &setup(destination), Time(0))
                .going
                .is_empty()
        );
    }
}
