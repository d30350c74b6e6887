//! P14: how long the decision takes which visit a visitor is in and which number it is shown, without a socket and a
//! journal.
//!
//! 100,000 visitors share 10,000 numbers. They come by chance, so that some nine in ten numbers are held: most visits are new,
//! some go on. Each decision is recorded and read back before the next, as in service, outside of what is measured.

use anyhow::{Result, anyhow, bail};
use trunkline_calltracking::{Ask, Decision, Position, Tracking};
use trunkline_model::event::Event;
use trunkline_model::settings::{Account, Pool, Site};
use trunkline_model::time::Time;

use crate::args::Args;
use crate::clock;
use crate::spread::{Spread, rank};
use crate::table::{Mark, Table};

const NUMBERS: usize = 10_000;
const VISITORS: u64 = 100_000;
/// Milliseconds between two decisions: 9,000 visits in a hold of half an hour.
const STEP: i64 = 200;
const START: i64 = 1_790_000_000_000;
/// Decisions before measuring: all numbers were used, and most visitors were here.
const WARM: usize = 100_000;
const DECISIONS: usize = 50_000;
const GOAL_NS: f64 = 1_000.0;

pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let mut door = Door::new();
    for _ in 0..WARM {
        door.decide()?;
    }
    let mut percentiles = Vec::new();
    let mut medians = Vec::new();
    for _ in 0..args.rounds {
        let mut took = Vec::with_capacity(DECISIONS);
        for _ in 0..DECISIONS {
            took.push(door.decide()?);
        }
        percentiles.push(rank(&mut took, 0.99));
        medians.push(rank(&mut took, 0.5));
    }
    let what = "P14 lease of a number, p99, ns";
    table.figure(what, Spread::of(percentiles), Mark::AtMost(GOAL_NS));
    table.figure("    median, ns", Spread::of(medians), Mark::None);
    let Door { new, served, .. } = door;
    table.note(format!(
        "P14: {new} of {} decisions were new visits, {served} had a number of their own",
        door.made
    ));
    Ok(())
}

/// The state with what comes next.
struct Door {
    tracking: Tracking,
    now: i64,
    made: u64,
    new: u64,
    served: u64,
    chance: u64,
}

impl Door {
    fn new() -> Self {
        let mut account = Account::new("acme");
        account.pools.push(Pool {
            id: "web".to_owned(),
            numbers: (0..NUMBERS)
                .map(|place| format!("+34911{place:06}"))
                .collect(),
            draining: Vec::new(),
            quarantined: Vec::new(),
            fallback: Some("+34910000000".to_owned()),
            hold: None,
            source: None,
        });
        account.sites.push(Site {
            key: "main".to_owned(),
            origins: Vec::new(),
            own_domains: Vec::new(),
            pool: Some("web".to_owned()),
        });
        let mut tracking = Tracking::new("acme".into(), 7);
        tracking.settings(account.fold_rules().tracking, position(0));
        Self {
            tracking,
            now: START,
            made: 0,
            new: 0,
            served: 0,
            chance: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Decides on the next visitor and reads the record back; gives how long the decision took, in ns.
    fn decide(&mut self) -> Result<f64> {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        let visitor = format!("visitor-{:08x}", (self.chance >> 11) % VISITORS);
        self.made += 1;
        self.now += STEP;
        let new_visit = format!("main-{:022}", self.made);
        let ask = Ask {
            site: "main",
            visitor: &visitor,
            new_visit: &new_visit,
        };
        let now = Time(self.now);
        let (decision, took) = clock::timed(|| self.tracking.decide(now, &ask));
        let decision = decision.ok_or_else(|| anyhow!("the site is not known"))?;
        self.new += u64::from(decision.is_new);
        self.served += u64::from(decision.served);
        self.read_back(&decision)?;
        Ok(took.as_nanos() as f64)
    }

    fn read_back(&mut self, decision: &Decision) -> Result<()> {
        let record = serde_json::json!({
            "type": "visit", "visit": decision.visit, "visitor": decision.visitor, "site": decision.site,
            "url": "https://acme.example/?utm_source=google", "at": Time(self.now), "pool": decision.pool,
            "number": decision.number, "served": decision.served, "expires_at": decision.expires_at,
        });
        let record = record.to_string();
        let Event::Visit(visit) =
            Event::parse(&record).map_err(|refusal| anyhow!("{refusal:?}"))?
        else {
            bail!("not a visit");
        };
        self.tracking
            .visit(&visit, "site:main", position(self.made));
        Ok(())
    }
}

fn position(offset: u64) -> Position {
    Position {
        offset,
        received_at: Time(START),
    }
}
