//! P14: `POST /v1/visits` and its beats beside what they cannot do without: one durable event posted to
//! `/v1/events` of the same service.
//!
//! Many connections, each with one request in flight, kinds in turns. Every visit of a round is a new
//! visitor's, and gets a number of its own; each then shows life once and ends, so that the next round finds
//! all numbers free, and released.

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, ensure};
use e2e::config::{Account, Config, token};
use e2e::hooks::Webhook;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::args::Args;
use crate::clock;
use crate::cpu::Meter;
use crate::crowd::drive;
use crate::door;
use crate::served::observed;
use crate::spread::{Spread, rank};
use crate::table::{Mark, Table};
use crate::webhooks::{CONNECTIONS, connections, written};
use crate::workload::Workload;

const SEED: u64 = 114;
/// Of all events asked for, the part that is posted: each costs as much as some twenty of a batch.
const PART: usize = 16;
/// What a visit may cost, and how many there may be in a second, beside plain events.
const COST: f64 = 1.25;
const RATE: f64 = 0.9;

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let a_round = (args.events / (args.rounds + 1) / PART).max(CONNECTIONS);
    let workload = Workload::generate((args.rounds + 1) * a_round, SEED);
    let service = Service::start(config(a_round));
    let mut lines = workload.lines();
    let mut rounds = BTreeMap::<_, Vec<Round>>::new();
    for number in 0..=args.rounds {
        let plain = lines.by_ref().take(a_round).map(event);
        let plain = plain.collect::<Result<Vec<_>>>()?;
        let mut visits = Vec::<String>::new();
        for kind in Kind::ALL {
            let requests = match kind {
                Kind::Event => plain.clone(),
                Kind::Visit => (0..a_round).map(|place| visit(number, place)).collect(),
                Kind::Beat => visits.iter().map(|visit| sign(visit, "beat")).collect(),
                Kind::End => visits.iter().map(|visit| sign(visit, "end")).collect(),
            };
            let (round, answers) = drive_all(&service, &requests)?;
            if kind == Kind::Visit {
                visits = answers
                    .iter()
                    .map(|body| shown(body))
                    .collect::<Result<_>>()?;
            }
            if number > 0 {
                rounds.entry(kind).or_default().push(round);
            }
        }
    }
    let plain = &rounds[&Kind::Event];
    for (kind, name) in [
        (Kind::Visit, "visit"),
        (Kind::Beat, "beat"),
        (Kind::End, "end"),
    ] {
        compare(table, name, plain, &rounds[&kind]);
    }
    let p99 = Spread::of(plain.iter().map(|round| round.p99));
    table.figure("    one event answered, p99 ms", p99, Mark::None);
    table.note(format!(
        "visits over {CONNECTIONS} connections, {a_round} requests of each kind a round; all numbers are \
         free when a round begins"
    ));
    Ok(())
}

fn compare(table: &mut Table, name: &str, plain: &[Round], own: &[Round]) {
    let of = |pick: fn(&Round) -> f64| {
        let columns = [plain, own].map(|rounds| Spread::of(rounds.iter().map(pick)));
        let ratios = plain
            .iter()
            .zip(own)
            .map(|(plain, own)| pick(own) / pick(plain));
        (columns, Spread::of(ratios))
    };
    let (columns, ratio) = of(|round| round.cpu);
    let what = format!("P14 {name} ÷ one event at /v1/events, CPU µs");
    table.compare(&what, columns, ratio, Mark::AtMost(COST));
    let (columns, ratio) = of(|round| round.rate);
    let what = format!("    {name}s ÷ events a second");
    table.compare(&what, columns, ratio, Mark::AtLeast(RATE));
    let p99 = Spread::of(own.iter().map(|round| round.p99));
    table.figure(&format!("    {name} answered, p99 ms"), p99, Mark::None);
}

/// What is posted, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Event,
    Visit,
    Beat,
    End,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Event, Self::Visit, Self::Beat, Self::End];
}

/// What the requests of one kind came to in one round.
#[derive(Debug)]
struct Round {
    /// Microseconds of CPU a request.
    cpu: f64,
    /// Requests answered in a second.
    rate: f64,
    /// How many milliseconds 99 of 100 answers took at most.
    p99: f64,
}

fn config(numbers: usize) -> Config {
    let numbers: Vec<_> = (0..numbers)
        .map(|place| format!("+34911{place:06}"))
        .collect();
    let section = format!(
        "[[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = {}\nfallback = \"+34910000000\"\n",
        json!(numbers)
    );
    Config::of([Account::new("acme").section(&section)]).journal("")
}

/// Posts all requests; gives what they came to, and the answers' bodies.
fn drive_all(service: &Service, requests: &[Vec<u8>]) -> Result<(Round, Vec<Vec<u8>>)> {
    let bodies = Mutex::new(Vec::with_capacity(requests.len()));
    let mut meter = Meter::new(service.pid());
    let before = meter.read();
    let connections = connections(service.port())?;
    let began = clock::now();
    let mut took = drive(
        connections,
        requests,
        |stream, request| {
            let mut answer = Vec::new();
            let status = door::exchange(stream, request, &mut answer)?;
            let said = || String::from_utf8_lossy(&answer).into_owned();
            ensure!((200..300).contains(&status), "not taken: {}", said());
            let mut bodies = bodies.lock().map_err(|_| anyhow!("another failed"))?;
            bodies.push(answer);
            Ok(())
        },
        || _ = meter.read(),
    )?;
    let wall = began.elapsed();
    observed(service);
    let cpu = meter.read() - before;
    let count = requests.len() as f64;
    let round = Round {
        cpu: cpu as f64 / count / 1e3,
        rate: count / wall.as_secs_f64(),
        p99: rank(&mut took, 0.99),
    };
    let bodies = bodies.into_inner().map_err(|_| anyhow!("another failed"))?;
    Ok((round, bodies))
}

fn event(line: &[u8]) -> Result<Vec<u8>> {
    let mut plain = Webhook::json("/v1/events", std::str::from_utf8(line)?.trim_end());
    let token = format!("Bearer {}", token("acme", "all"));
    plain.headers.insert("authorization", token.parse()?);
    Ok(written(&plain))
}

fn visit(round: usize, place: usize) -> Vec<u8> {
    let page = json!({
        "visitor": format!("visitor-{round:02}-{place:06}"),
        "url": "https://shop.example/boilers?utm_source=google&utm_medium=cpc&utm_campaign=spring&gclid=abc123",
        "referrer": "https://www.google.com/",
        "title": "Boilers",
    });
    written(&Webhook::json("/v1/visits?site=shop", &page.to_string()))
}

/// Writes down what a page tells of a visit.
pub(crate) fn sign(visit: &str, what: &str) -> Vec<u8> {
    written(&Webhook::json(&format!("/v1/visits/{visit}/{what}"), ""))
}

/// Reads the visit out of an answer, which must have a number of its own.
fn shown(answer: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(answer)?;
    let (_, body) = text
        .split_once("\r\n\r\n")
        .context("an answer without a body")?;
    let shown: Value = serde_json::from_str(body)?;
    ensure!(shown["served"] == true, "without a number: {body}");
    Ok(shown["visit"].as_str().context("no visit")?.to_owned())
}
