//! P14: how long after a provider's webhook tells of a ringing call its source is in `/v1/live`, and with a
//! receiver of an outgoing webhook.
//!
//! Rings come one every [`EVERY`], signed as the provider signs, from callers whom nobody knows, on numbers
//! that visits hold. Meanwhile other connections beat for all visits and post messages, paced so that
//! the machine is busy and not full. A reader asks `/v1/live` all the time; a ring counts as shown when an
//! answer has it with its source, and its latency is from before the webhook is sent until that answer
//! is read. Calls end when 32 go on, so that what is shown stays a call centre's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::clock::{pause, rfc3339, wall};
use e2e::config::{Account, Config, token};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::receiver::Receiver;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};
use trunkline_providers::named;

use crate::args::Args;
use crate::clock;
use crate::door;
use crate::spread::{Spread, rank};
use crate::table::{Mark, Table};
use crate::visits::sign;
use crate::webhooks::{connections, written};
use crate::workload::Workload;

const SEED: u64 = 115;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NUMBERS: usize = 300;
/// Rings of one round, and how long it is between them, in milliseconds.
const RINGS: usize = 200;
const EVERY: u64 = 25;
/// Calls that go on at once.
const GO_ON: usize = 32;
/// Connections of the others, and how many milliseconds each waits after an answer.
const OTHERS: usize = 8;
const REST: u64 = 8;
/// How long the last ones are waited for, in milliseconds.
const LAST: u64 = 2_000;
/// The goal, in milliseconds.
const WITHIN: f64 = 150.0;

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let receiver = Receiver::start();
    let service = Service::start(config(receiver.port()));
    let pages = Pages::new(service.port(), "shop");
    let visits: Vec<_> = (0..NUMBERS).map(|place| begun(&pages, place)).collect();
    let load = Workload::generate(args.rounds * RINGS * 3 * OTHERS, SEED);
    let load = others(&load, &visits)?;
    // A visit's lease begins before the calls that it brings.
    pause(100);
    let stop = AtomicBool::new(false);
    let mut rounds = Vec::new();
    thread::scope(|scope| -> Result<()> {
        let others: Vec<_> = (0..OTHERS)
            .map(|place| {
                let (port, own, stop) = (service.port(), &load[place..], &stop);
                scope.spawn(move || busy(port, own, stop))
            })
            .collect();
        for round in 0..args.rounds {
            rounds.push(self::round(&service, &receiver, &visits, round));
        }
        stop.store(true, Ordering::Relaxed);
        for other in others {
            let ended = other.join();
            ended.map_err(|_| anyhow::anyhow!("a connection panicked"))??;
        }
        Ok(())
    })?;
    let rounds = rounds.into_iter().collect::<Result<Vec<_>>>()?;
    for (what, pick) in [
        ("P14 a call's source in /v1/live, p99 ms", 0),
        ("P14 a call's source at a webhook's receiver, p99 ms", 1),
    ] {
        let at = |part: f64| {
            let ranks = rounds
                .iter()
                .map(|round| rank(&mut round[pick].clone(), part));
            Spread::of(ranks)
        };
        table.figure(what, at(0.99), Mark::AtMost(WITHIN));
        table.figure("    median, ms", at(0.5), Mark::None);
    }
    table.note(format!(
        "rings: {RINGS} a round, one every {EVERY} ms, from before the provider's webhook is sent; {OTHERS} \
         connections beat and post beside them, {REST} ms after each answer"
    ));
    Ok(())
}

fn config(receiver: u16) -> Config {
    let numbers: Vec<_> = (0..NUMBERS).map(number).collect();
    let section = format!(
        "[[account.hook]]\nid = \"pbx\"\nprovider = \"standard\"\nsecrets = [\"{SECRET}\"]\n\
         [[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{receiver}/\"\n\
         events = [\"attributed_call\"]\n\
         [[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = {}\n",
        json!(numbers)
    );
    let config = Config::of([Account::new("acme").section(&section)]);
    config
        .journal("")
        .server(&format!("public_url = \"{PUBLIC}\"\n"))
}

fn number(place: usize) -> String {
    format!("+34911{place:06}")
}

/// What a visit is, and the number it holds.
struct Held {
    visit: String,
    number: String,
}

fn begun(pages: &Pages, place: usize) -> Held {
    let url = "https://shop.example/?utm_source=google&utm_medium=cpc";
    let shown = pages.ask(&format!("visitor-{place}"), url).json();
    let text = |field: &str| shown[field].as_str().unwrap_or_default().to_owned();
    Held {
        visit: text("visit"),
        number: text("number"),
    }
}

/// Writes down what the others send: beats and messages in turns.
fn others(load: &Workload, visits: &[Held]) -> Result<Vec<Vec<u8>>> {
    let beats = visits.iter().cycle().map(|held| sign(&held.visit, "beat"));
    let mut both = Vec::new();
    for (line, beat) in load.lines().zip(beats) {
        let mut plain = Webhook::json("/v1/events", std::str::from_utf8(line)?.trim_end());
        let token = format!("Bearer {}", token("acme", "all"));
        plain.headers.insert("authorization", token.parse()?);
        both.extend([written(&plain), beat]);
    }
    Ok(both)
}

/// Sends every so many of the requests from the first on, one after the other.
fn busy(port: u16, requests: &[Vec<u8>], stop: &AtomicBool) -> Result<()> {
    let mut stream = connections(port)?.pop().context("no connection")?;
    let mut answer = Vec::new();
    for request in requests.iter().step_by(OTHERS + 1) {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        door::exchange(&mut stream, request, &mut answer)?;
        pause(REST);
    }
    Ok(())
}

/// Rings, and gives how many milliseconds each took until it was shown, and until it was told.
fn round(
    service: &Service,
    receiver: &Receiver,
    visits: &[Held],
    round: usize,
) -> Result<[Vec<f64>; 2]> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let looking = scope.spawn(|| look(service, round, &stop));
        let sent = ring(service.port(), visits, round);
        pause(LAST);
        stop.store(true, Ordering::Relaxed);
        let shown = looking.join();
        let shown = shown.map_err(|_| anyhow::anyhow!("the reader panicked"))?;
        let sent = sent?;
        let told: HashMap<_, _> = receiver
            .came()
            .iter()
            .map(|notice| {
                let call = notice.json()["call"]["call"].as_str().map(str::to_owned);
                (own(&call.unwrap_or_default()), notice.at)
            })
            .collect();
        let mut took = [Vec::new(), Vec::new()];
        for (call, at) in sent {
            for (took, seen) in took.iter_mut().zip([&shown, &told]) {
                let seen = seen
                    .get(&call)
                    .with_context(|| format!("{call} never came"))?;
                took.push((seen - at) as f64);
            }
        }
        Ok(took)
    })
}

/// Gives a call's id without the name of its hook.
fn own(call: &str) -> String {
    let (_, own) = call.rsplit_once([':', '/']).unwrap_or(("", call));
    own.to_owned()
}

/// Sends the webhooks of a provider; gives when each ring was.
fn ring(port: u16, visits: &[Held], round: usize) -> Result<Vec<(String, i64)>> {
    let mut stream = connections(port)?.pop().context("no connection")?;
    let began = clock::now();
    let mut sent = Vec::new();
    for place in 0..RINGS {
        let next = Duration::from_millis(EVERY * place as u64);
        thread::sleep(next.saturating_sub(began.elapsed()));
        let held = &visits[(place * 7 + round) % visits.len()];
        let at = wall();
        tell(&mut stream, round, place, "ringing", &held.number)?;
        sent.push((id(round, place), at));
        if let Some(over) = place.checked_sub(GO_ON) {
            let held = &visits[(over * 7 + round) % visits.len()];
            tell(&mut stream, round, over, "ended", &held.number)?;
        }
    }
    for over in RINGS - GO_ON..RINGS {
        let held = &visits[(over * 7 + round) % visits.len()];
        pause(EVERY);
        tell(&mut stream, round, over, "ended", &held.number)?;
    }
    Ok(sent)
}

fn id(round: usize, place: usize) -> String {
    format!("call-{round}-{place}")
}

fn tell(
    stream: &mut std::net::TcpStream,
    round: usize,
    place: usize,
    phase: &str,
    number: &str,
) -> Result<()> {
    let event = json!({"type": "call", "call": id(round, place), "phase": phase, "direction": "inbound",
        "from": format!("+3460{round:02}{place:05}"), "to": number, "at": rfc3339(wall())});
    let provider = named("standard").context("no such provider")?;
    let webhook = Webhook::json("/v1/hooks/pbx", &event.to_string()).signed(provider, SECRET);
    let mut answer = Vec::new();
    let status = door::exchange(stream, &written(&webhook), &mut answer)?;
    ensure!(
        (200..300).contains(&status),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    Ok(())
}

/// Reads `/v1/live` until it is told to stop; gives when each call was first seen with its source.
fn look(service: &Service, round: usize, stop: &AtomicBool) -> HashMap<String, i64> {
    let door = service.door("acme");
    let prefix = format!("call-{round}-");
    let mut seen = HashMap::new();
    while !stop.load(Ordering::Relaxed) {
        let now = door.get("/v1/live", &[]).json();
        let at = wall();
        for call in now["calls"].as_array().into_iter().flatten() {
            let id = own(call["call"].as_str().unwrap_or_default());
            if call["source"] != Value::Null && id.starts_with(&prefix) {
                seen.entry(id).or_insert(at);
            }
        }
        pause(2);
    }
    seen
}
