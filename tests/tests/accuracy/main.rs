//! How well calls are attributed whose true source is known, on pools of several sizes: `metrics.md` §3, Attribution of a call.
//!
//! `make accuracy` prints the tables; `TRUNKLINE_RUNS` sets how many seeds it tries. What the columns mean stands at the head of
//! `e2e::accuracy`. Two kinds of people: *prompt* ones call for the first time within `grace` of their visit; *noting* ones do
//! all that people do besides, and what then goes wrong has to be explained.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and print their tables"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use e2e::accuracy::log::Why;
use e2e::accuracy::{Tally, calibration, certainties, outcomes, rightness};
use trunkline_simulate::site::SiteConfig;

mod world;

/// The sizes of the pools: from too few for half of the load to so many that each number rests for longer than `grace`.
const NUMBERS: [usize; 5] = [20, 40, 60, 120, 300];

/// Ten days of people who call while they look at the site, or until an hour or two later; who call again days later,
/// come back, use other devices, send forms, hide their numbers, and call the numbers of advertisements.
fn prompt(seed: u64) -> SiteConfig {
    SiteConfig {
        seed,
        days: 10,
        visits: 700,
        calls: 250,
        late: 300,
        late_min: 24,
        devices: 150,
        forms: 100,
        printed: 60,
        beat_s: 60,
        ..SiteConfig::default()
    }
}

/// The same, but some call what they noted for the first time after hours or days, give it to others, keep advertisements,
/// and dial wrong numbers.
fn noting(seed: u64) -> SiteConfig {
    SiteConfig {
        noted: 30,
        passed: 20,
        stray: 10,
        ..prompt(seed)
    }
}

/// Gives how many seeds to try.
fn runs(fewest: u64) -> u64 {
    let runs = std::env::var("TRUNKLINE_RUNS").ok();
    let runs = runs.map_or(0, |text| text.parse().expect("a number of seeds"));
    fewest.max(runs)
}

/// All calls of a scenario by the size of the pool, and the reasons of what is certain and wrong.
struct Scenario {
    pools: Vec<(String, Tally)>,
    why: BTreeMap<(usize, Why), u64>,
}

impl Scenario {
    fn run(name: &str, of: fn(u64) -> SiteConfig, seeds: u64) -> Self {
        let outcomes: Vec<_> = thread::scope(|scope| {
            let start = |numbers| {
                scope.spawn(move || {
                    let runs = (1..=seeds).map(|seed| world::run(&of(seed), numbers));
                    runs.collect::<Vec<_>>()
                })
            };
            let all = NUMBERS.map(start).into_iter();
            all.map(|run| run.join().unwrap()).collect()
        });
        let (mut pools, mut why) = (Vec::new(), BTreeMap::new());
        println!("\n{name}: seeds 1 to {seeds}");
        for (numbers, runs) in NUMBERS.into_iter().zip(outcomes) {
            let mut tally = Tally::default();
            for (seed, run) in (1..).zip(&runs) {
                tally.join(&run.tally);
                for wrong in &run.wrong {
                    println!("{numbers} numbers, seed {seed}: {wrong}");
                    assert!(wrong.why.is_ok(), "certain, wrong and not explained");
                    let reasons = wrong.why.iter().map(|why| (numbers, *why));
                    reasons.for_each(|reason| *why.entry(reason).or_default() += 1);
                }
            }
            let load = runs.iter().map(|run| run.load).sum::<f64>() / runs.len() as f64;
            pools.push((format!("{numbers} ({:.1})", numbers as f64 / load), tally));
        }
        let scenario = Self { pools, why };
        scenario.print();
        scenario
    }

    fn print(&self) {
        let all = self.all();
        println!("\n{}", outcomes(&self.pools));
        println!("{}", rightness(&self.pools));
        println!("{}", certainties(&all));
        println!("{}", calibration(&all));
        let [weights, equal] = all.brier_of_ambiguous();
        println!(
            "Brier score of ambiguous calls: {weights:.3}; with equal weights it were {equal:.3}"
        );
        for ((numbers, why), count) in &self.why {
            println!("certain and wrong, {numbers} numbers: {count} {why}");
        }
    }

    fn all(&self) -> Tally {
        let mut all = Tally::default();
        self.pools.iter().for_each(|(_, tally)| all.join(tally));
        all
    }
}

#[test]
fn what_is_certain_is_right_in_999_of_1000_if_people_call_within_grace() {
    let scenario = Scenario::run("prompt", prompt, runs(2));
    let all = scenario.all();
    assert!(all.calls.all >= 20_000, "{:?}", all.calls);
    for rule in [0, 1, 3] {
        let share = all.certain[rule];
        assert!(share.all > 500, "rule {rule}: {share:?}");
        assert!(share.percent() >= 99.9, "rule {rule}: {share:?}");
    }
    // Of a pool with few calls that are certain, the wrong one that comes first does not count.
    for (pool, tally) in &scenario.pools {
        let share = tally.all_certain();
        let wrong = share.all - share.right;
        assert!(wrong <= share.all.div_ceil(1_000), "{pool}: {share:?}");
    }
    // More numbers are better, and the weights better than none.
    let scores = scenario.pools.iter().map(|(_, tally)| tally.brier());
    assert!(scores.is_sorted_by(|few, more| more < few));
    let [weights, equal] = all.brier_of_ambiguous();
    assert!(weights < equal, "{weights} {equal}");
}

#[test]
fn what_is_certain_and_wrong_all_the_same_is_explained() {
    let scenario = Scenario::run("noting", noting, runs(1));
    let reasons: BTreeSet<Why> = scenario.why.keys().map(|(_, why)| *why).collect();
    // The traffic is worth the name.
    for why in [Why::Noted, Why::Given, Why::Mistaken, Why::Kept] {
        assert!(reasons.contains(&why), "{reasons:?}");
    }
}
