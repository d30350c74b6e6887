//! The line to ClickHouse is slow, breaks, is half open, swallows everything, is down; ClickHouse
//! is frozen and killed. Events are taken all the time, memory stays bounded, and in the end
//! ClickHouse holds exactly what was sent.

use std::time::Duration;

use e2e::clock::pause;
use e2e::config::Config;
use e2e::engine::Engine;
use e2e::generate::seed;
use e2e::ledger::{Ledger, seconds};
use e2e::link::{Link, Weather};
use e2e::load::under_load;
use e2e::service::{Service, freeze, thaw};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// Every piece of 4 KiB takes 30 ms instead of less than 0.3.
const SLOW: Weather = Weather::Slow(30);
const GROWS_AT_MOST: u64 = 200 << 20;

#[test]
fn a_bad_line_to_clickhouse_delays_rows_and_nothing_else() {
    let seed = seed();
    let mut engine = Engine::start();
    let link = Link::to(engine.port(), seed);
    let settings = engine.settings_through(link.port(), engine.password());
    let service = Service::start(Config::acme().warehouse(&settings));
    let before = service.peak_memory();
    let door = service.door("acme");
    let each = seconds(12) * 1_000 / 6;
    let (sent, ()) = under_load(&door, seed, || {
        let mut phases = [
            Some(SLOW),
            Some(Weather::Resets(3)),
            Some(Weather::HalfOpen),
            Some(Weather::Swallows),
            Some(Weather::Down),
            None,
        ];
        phases.shuffle(&mut StdRng::seed_from_u64(seed));
        for phase in phases {
            if let Some(weather) = phase {
                link.set(weather);
                pause(each);
            } else {
                freeze(engine.pid());
                pause(each);
                thaw(engine.pid());
                engine.kill9();
                pause(200);
                engine.restart();
            }
            link.set(Weather::Fair);
            pause(300);
        }
    });
    let grown = service.peak_memory().saturating_sub(before);
    let (connections, resets) = link.counts();
    let ledger = Ledger::draw("bad line", &service, &engine.views(), &sent);
    let slowest = sent.slowest;
    let (unanswered, refused) = (sent.unanswered, sent.refused);
    ledger
        .with(format!(
            "seed {seed}, connections {connections}, resets {resets}; slowest acknowledgement \
             {slowest:?}, memory grew by {} MiB",
            grown >> 20
        ))
        .close();
    assert_eq!((unanswered, refused), (0, 0), "the doors noticed");
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    assert!(resets > 0 && grown < GROWS_AT_MOST, "{resets}, {grown}");
}
