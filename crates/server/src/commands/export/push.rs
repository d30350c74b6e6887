//! Sends conversions, request by request, and remembers what became of each before it goes on.
//!
//! A request that fails is tried again with growing pauses, as long as `--patience` says; then the run
//! ends and the next one goes on. Where the destination does not know repetitions, a request of which
//! nobody knows whether it arrived is given up rather than sent twice.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use tokio::time::sleep;
use tokio_util::task::TaskTracker;
use trunkline_delivery::wire::{Posted, Poster, Unanswered};
use trunkline_providers::conversions::{Conversion, Destination, Reading, Request, Setup, Verdict};
use url::Url;

use super::length;
use super::state::{Entry, Stage, State, entry};
use super::tally::Tally;
use crate::cli::Conversions;
use crate::clock;
use crate::commands::import::bar;

/// Why what a crash interrupted is given up where repetitions are not known.
pub(super) const INTERRUPTED: &str =
    "the run was interrupted while it was being sent: look there before it is sent again";
/// The pause after the first failure; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// In how many runs a conversion may not be taken before it is given up.
const MOST_RUNS: u32 = 100;

/// Where requests go, and how.
pub(super) struct Push<'a> {
    destination: Destination,
    setup: &'a Setup,
    address: Url,
    headers: HeaderMap,
    poster: Poster,
    patience: Duration,
    most: usize,
}

impl<'a> Push<'a> {
    /// Checks the address and reads the headers.
    pub(super) fn new(address: &str, options: &Conversions, setup: &'a Setup) -> Result<Self> {
        let destination = options.destination();
        let address = Url::parse(address).context("--push is no address")?;
        if !matches!(address.scheme(), "http" | "https") {
            bail!("--push is no address: write http:// or https:// before it");
        }
        let headers = options.headers.as_deref().map(headers).transpose()?;
        Ok(Self {
            destination,
            setup,
            address,
            headers: headers.unwrap_or_default(),
            poster: Poster::new(&TaskTracker::new()).context("could not set up TLS")?,
            patience: length(options.patience),
            most: if options.retry_dead {
                1
            } else {
                destination.most()
            },
        })
    }

    /// Sends all; what becomes of each is in the tally and in the state.
    pub(super) async fn all(
        &self,
        going: &[&Conversion],
        mut state: Option<&mut State>,
        tally: &mut Tally,
    ) -> Result<()> {
        let requests = self.destination.requests(going, self.setup, self.most);
        let bar = bar(going.len() as u64);
        for request in requests {
            let of = |id: &String| going.iter().copied().find(|one| one.id == *id);
            let told: Vec<&Conversion> = request.ids.iter().filter_map(of).collect();
            if tally.stopped.is_some() {
                tally.untried += told.len();
                continue;
            }
            let state = state.as_deref_mut().filter(|_| !self.setup.validate);
            self.one(&request, &told, state, tally).await?;
            bar.inc(told.len() as u64);
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn one(
        &self,
        request: &Request,
        told: &[&Conversion],
        mut state: Option<&mut State>,
        tally: &mut Tally,
    ) -> Result<()> {
        if let Some(state) = &mut state {
            let sending = |one: &&Conversion| Entry {
                runs: state.runs(&one.id),
                ..entry(one, Stage::Sending, clock::now())
            };
            let sending: Vec<Entry> = told.iter().map(sending).collect();
            state.note(sending)?;
        }
        let verdicts = match self.patiently(request).await {
            Reading::Each(verdicts) => verdicts,
            Reading::Again(why) | Reading::Stop(why) => {
                tally.stopped = Some(why.clone());
                vec![Verdict::Later(why); told.len()]
            }
        };
        let mut entries = Vec::new();
        for (one, verdict) in told.iter().zip(verdicts) {
            let runs = state.as_ref().map_or(0, |state| state.runs(&one.id));
            entries.push(self.counted(one, verdict, runs, tally));
        }
        match state {
            Some(state) => state.note(entries),
            None => Ok(()),
        }
    }

    /// Counts what became of one, and gives its entry.
    fn counted(&self, one: &Conversion, verdict: Verdict, runs: u32, tally: &mut Tally) -> Entry {
        let stopped = tally.stopped.is_some();
        let is_known = verdict == Verdict::Known;
        let (stage, why) = match verdict {
            Verdict::Taken | Verdict::Known => (Stage::Sent, None),
            Verdict::Later(why) if stopped || runs + 1 < MOST_RUNS => (Stage::Waiting, Some(why)),
            Verdict::Later(why) | Verdict::Never(why) => (Stage::Dead, Some(why)),
        };
        let count = match stage {
            Stage::Sent if self.setup.validate => &mut tally.good,
            _ if self.setup.validate => &mut tally.bad,
            Stage::Sent if is_known => &mut tally.known,
            Stage::Sent => &mut tally.sent,
            Stage::Dead => &mut tally.dead,
            Stage::Sending | Stage::Waiting => &mut tally.waiting,
        };
        *count += 1;
        if let Some(why) = &why {
            tally.why(why, 1);
        }
        Entry {
            runs: if stage == Stage::Waiting && !stopped {
                runs + 1
            } else {
                runs
            },
            why,
            ..entry(one, stage, clock::now())
        }
    }

    /// Makes a request until it is answered, or patience ends.
    async fn patiently(&self, request: &Request) -> Reading {
        let (mut waited, mut pause) = (Duration::ZERO, FIRST_PAUSE);
        loop {
            let (reading, after) = self.tried(request).await;
            let Reading::Again(why) = reading else {
                return reading;
            };
            let pause_now = after.map_or(pause, Duration::from_secs);
            if waited + pause_now > self.patience {
                return Reading::Again(why);
            }
            tracing::warn!(why, "a request failed; it is made again");
            sleep(pause_now).await;
            waited += pause_now;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn tried(&self, request: &Request) -> (Reading, Option<u64>) {
        let mut headers = self.headers.clone();
        if let Ok(media) = HeaderValue::try_from(&request.media) {
            headers.insert(CONTENT_TYPE, media);
        }
        let body = Bytes::copy_from_slice(&request.body);
        let address = self.address(request);
        match self.poster.post(address.as_str(), &headers, body).await {
            Ok(Posted {
                status,
                retry_after_s,
                body,
            }) => {
                let read = self.destination.read(request, self.setup, status, &body);
                (read, retry_after_s)
            }
            Err(Unanswered::Unknown(_)) if self.is_risky() => {
                let why = "there was no answer, and it may have been taken: look there before it is sent again";
                let never = Verdict::Never(why.to_owned());
                (Reading::Each(vec![never; request.ids.len()]), None)
            }
            Err(error) => (Reading::Again(error.to_string()), None),
        }
    }

    /// Whether a request that was taken must not be made again.
    fn is_risky(&self) -> bool {
        !self.destination.knows_repetitions() && !self.setup.validate
    }

    fn address(&self, request: &Request) -> Url {
        let mut address = self.address.clone();
        if !request.prefix.is_empty() {
            address.set_path(&format!("{}{}", request.prefix, self.address.path()));
        }
        if !request.query.is_empty() {
            address.query_pairs_mut().extend_pairs(&request.query);
        }
        address
    }
}

/// Reads headers, one a line; empty lines and those with `#` first are none.
fn headers(path: &Path) -> Result<HeaderMap> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("could not read {}", path.display()))?;
    let mut headers = HeaderMap::new();
    for (place, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let header = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::try_from(name.trim()).ok()?;
            let mut value = HeaderValue::try_from(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let Some((name, value)) = header else {
            bail!(
                "line {} of {} is no header: write Name: value",
                place + 1,
                path.display()
            );
        };
        headers.append(name, value);
    }
    Ok(headers)
}
