//! P12: a signed webhook with a durable answer, against a bare axum door that takes the same bytes
//! and forgets them.
//!
//! Many connections, each with one request in flight. A round of ours ends when the fold has observed
//! its events. What a plain event costs at `/v1/events` stands beside it: the difference is what
//! signature, adapter and the record of the request cost.

use std::collections::BTreeMap;
use std::net::TcpStream;

use anyhow::{Context, Result, ensure};
use e2e::config::{Account, Config, token};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use trunkline_model::time::Time;
use trunkline_providers::named;

use crate::args::Args;
use crate::cpu::Meter;
use crate::crowd::drive;
use crate::door;
use crate::floor_door::FloorDoor;
use crate::served::observed;
use crate::spread::{Spread, rank};
use crate::table::{Mark, Table};
use crate::workload::Workload;

const SEED: u64 = 112;
pub(crate) const CONNECTIONS: usize = 16;
/// Of all events asked for, the part that is posted: each costs as much as some twenty of a batch.
const PART: usize = 16;
const SECRETS: [(&str, &str); 2] = [
    ("twilio", "first_secret-0123456789"),
    ("standard", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
];
/// When the calls of Twilio happen, all of them on that Monday: 2026-03-02T12:00:00Z.
const CALLS_FROM: i64 = 1_772_452_800_000;

/// Measures all rounds.
pub(crate) fn measure(args: &Args, table: &mut Table) -> Result<()> {
    let a_round = (args.events / (args.rounds + 1) / PART).max(CONNECTIONS);
    let workload = Workload::generate(2 * (args.rounds + 1) * a_round, SEED);
    let mut bench = Bench::start(&workload)?;
    let mut rounds = BTreeMap::<_, Vec<Round>>::new();
    for round in 0..=args.rounds {
        for kind in [Kind::Twilio, Kind::Standard, Kind::Plain] {
            let cost = bench.round(kind, a_round)?;
            if round > 0 {
                rounds.entry(kind).or_default().push(cost);
            }
        }
    }
    for (kind, rounds) in &rounds {
        let of = |pick: fn(&Round) -> f64| Spread::of(rounds.iter().map(pick));
        let columns = [of(|round| round.floor), of(|round| round.ours)];
        let ratio = of(|round| round.ours / round.floor);
        let mark = match kind {
            Kind::Plain => Mark::None,
            Kind::Twilio | Kind::Standard => Mark::AtMost(1.25),
        };
        table.compare(kind.row(), columns, ratio, mark);
        table.figure(kind.answered(), of(|round| round.p99), Mark::AtMost(50.0));
    }
    for kind in [Kind::Twilio, Kind::Standard] {
        let pairs = rounds[&kind].iter().zip(&rounds[&Kind::Plain]);
        let ratio = Spread::of(pairs.map(|(signed, plain)| signed.ours / plain.ours));
        table.figure(kind.beside(), ratio, Mark::AtMost(1.25));
    }
    table.note(format!(
        "webhooks over {CONNECTIONS} connections, {a_round} requests of each kind a round, each \
         answered once it is durable"
    ));
    Ok(())
}

/// What is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A form, signed by HMAC-SHA1.
    Twilio,
    /// An event, signed by HMAC-SHA256.
    Standard,
    /// An event with a token.
    Plain,
}

impl Kind {
    const fn row(self) -> &'static str {
        match self {
            Self::Twilio => "P12 webhook ÷ bare axum POST, Twilio, CPU µs",
            Self::Standard => "P12 webhook ÷ bare axum POST, standard, CPU µs",
            Self::Plain => "P12 one event ÷ bare axum POST with parse, CPU µs",
        }
    }

    const fn answered(self) -> &'static str {
        match self {
            Self::Twilio => "P12 webhook answered once durable, Twilio, p99 ms",
            Self::Standard => "P12 webhook answered once durable, standard, p99 ms",
            Self::Plain => "P12 one event answered once durable, p99 ms",
        }
    }

    const fn beside(self) -> &'static str {
        match self {
            Self::Twilio => "P12 webhook ÷ one event at /v1/events, Twilio",
            Self::Standard | Self::Plain => "P12 webhook ÷ one event at /v1/events, standard",
        }
    }
}

/// What the requests of one kind came to in one round.
struct Round {
    /// Microseconds of CPU a request at the bare door, and at ours.
    floor: f64,
    ours: f64,
    /// How many milliseconds 99 of 100 answers of ours took at most.
    p99: f64,
}

/// Both doors, metered.
struct Bench<'w> {
    floor: FloorDoor,
    service: Service,
    lines: Box<dyn Iterator<Item = &'w [u8]> + 'w>,
    calls: u64,
}

impl<'w> Bench<'w> {
    fn start(workload: &'w Workload) -> Result<Self> {
        let hook = |(name, secret): (&str, &str)| {
            format!(
                "[[account.hook]]\nid = \"{name}\"\nprovider = \"{name}\"\nsecrets = [\"{secret}\"]\n"
            )
        };
        let account = Account::new("acme").section(&SECRETS.map(hook).concat());
        let config = Config::of([account])
            .journal("")
            .server(&format!("public_url = \"{PUBLIC}\"\n"));
        Ok(Self {
            floor: FloorDoor::start()?,
            service: Service::start(config),
            lines: Box::new(workload.lines()),
            calls: 0,
        })
    }

    fn round(&mut self, kind: Kind, count: usize) -> Result<Round> {
        let requests: Vec<_> = (0..count)
            .map(|_| self.request(kind))
            .collect::<Result<_>>()?;
        let mut meter = Meter::new(self.floor.pid());
        let before = meter.read();
        let floor = connections(self.floor.port())?;
        drive(
            floor,
            &requests,
            |stream, request| post(stream, request),
            || _ = meter.read(),
        )?;
        let floor = meter.read() - before;
        let mut meter = Meter::new(self.service.pid());
        let before = meter.read();
        let ours = connections(self.service.port())?;
        let mut took = drive(
            ours,
            &requests,
            |stream, request| post(stream, request),
            || _ = meter.read(),
        )?;
        observed(&self.service);
        let ours = meter.read() - before;
        Ok(Round {
            floor: floor as f64 / count as f64 / 1e3,
            ours: ours as f64 / count as f64 / 1e3,
            p99: rank(&mut took, 0.99),
        })
    }

    /// Writes the next request down, as it goes over the line.
    fn request(&mut self, kind: Kind) -> Result<Vec<u8>> {
        let provider = match kind {
            Kind::Twilio => "twilio",
            Kind::Standard => "standard",
            Kind::Plain => {
                let mut plain = Webhook::json("/v1/events", self.line()?);
                let token = format!("Bearer {}", token("acme", "all"));
                plain.headers.insert("authorization", token.parse()?);
                return Ok(written(&plain));
            }
        };
        let path = format!("/v1/hooks/{provider}");
        let webhook = if kind == Kind::Twilio {
            let mut form = Webhook::json(&path, &self.callback());
            let media = "application/x-www-form-urlencoded; charset=UTF-8";
            form.headers.insert("content-type", media.parse()?);
            form
        } else {
            Webhook::json(&path, self.line()?)
        };
        let secret = SECRETS.iter().find(|(name, _)| *name == provider);
        let (_, secret) = secret.context("no secret")?;
        let provider = named(provider).context("no such provider")?;
        Ok(written(&webhook.signed(provider, secret)))
    }

    fn line(&mut self) -> Result<&'w str> {
        let line = self.lines.next().context("the workload is too small")?;
        Ok(std::str::from_utf8(line)?.trim_end())
    }

    /// Makes a callback of Twilio: three for each call.
    fn callback(&mut self) -> String {
        let (call, number) = (self.calls / 3, self.calls % 3);
        self.calls += 1;
        let status = ["ringing", "in-progress", "completed"][number as usize];
        let at = Time(CALLS_FROM + (call as i64) * 20 + (number as i64) * 5_000);
        let clock = at.to_string()[11..19].replace(':', "%3A");
        format!(
            "CallSid=CA{call:032x}&AccountSid=AC5ef8732a3c49700934481addd5ce1659&From=%2B34911222333&\
             To=%2B34944555666&CallStatus={status}&ApiVersion=2010-04-01&Direction=inbound&\
             ForwardedFrom=&CallerName=&CallerCity=Madrid&CallerCountry=ES&CalledCountry=ES&\
             Timestamp=Mon%2C+02+Mar+2026+{clock}+%2B0000&CallbackSource=call-progress-events&SequenceNumber={number}"
        )
    }
}

/// Writes a request down as it goes over the line.
pub(crate) fn written(webhook: &Webhook) -> Vec<u8> {
    let (path, length) = (&webhook.path, webhook.body.len());
    let mut bytes =
        format!("POST {path} HTTP/1.1\r\nHost: in.example.com\r\nContent-Length: {length}\r\n")
            .into_bytes();
    for (name, value) in &webhook.headers {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&webhook.body);
    bytes
}

/// Opens so many connections to a port.
pub(crate) fn connections(port: u16) -> Result<Vec<TcpStream>> {
    let open = |_| {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    (0..CONNECTIONS).map(open).collect()
}

fn post(stream: &mut TcpStream, request: &[u8]) -> Result<()> {
    let mut answer = Vec::new();
    let status = door::exchange(stream, request, &mut answer)?;
    let said = || String::from_utf8_lossy(&answer).into_owned();
    ensure!((200..300).contains(&status), "not taken: {}", said());
    Ok(())
}
