//! The client of `GET /v1/stream` (`contract.md` §3): frames go out, acknowledgements come back,
//! and a connection that breaks is made again where the service says it stands.
//!
//! Frames are counted 1, 2, 3 … over the life of a named stream. A frame is kept until it is
//! acknowledged, so a new connection sends again exactly those that the service does not have.
//! Source, sender and receiver run in one task: nothing is read from the source while the window of
//! frames that wait for an acknowledgement is full.

use std::cell::RefCell;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error as Broken, Message, Utf8Bytes};

mod connect;
mod flight;

use crate::clock;
pub(crate) use connect::Target;
use connect::{Failure, Socket, connect};
use flight::Flight;
pub(crate) use flight::Reject;

/// Frames that may wait for an acknowledgement.
const WINDOW: usize = 64;
/// How long the service may take for its first word, and for the acknowledgement of a full window.
const PATIENCE: Duration = Duration::from_mins(1);
/// The first pause before a new connection; it doubles each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Connections in a row that may bring nothing: fewer where there never was one.
const ATTEMPTS: u32 = 12;
const FIRST_ATTEMPTS: u32 = 4;

/// One frame: an event, or an array of events.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The JSON.
    pub(crate) body: Utf8Bytes,
    /// Where each of its events comes from, such as the line of a file.
    pub(crate) rows: Vec<u64>,
    /// How far the source is with it, for the progress bar.
    pub(crate) upto: u64,
    /// When it may be sent, counted from the start.
    pub(crate) after: Duration,
}

/// Where frames come from: the same ones in the same order whenever it is asked anew.
pub(crate) trait Source {
    /// Gives the next frame, none at the end.
    fn next(&mut self) -> Result<Option<Frame>>;
}

/// What became of all frames of a source.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Frames that were sent and are on stable storage.
    pub(crate) frames: u64,
    /// Their events.
    pub(crate) events: u64,
    /// Frames that the service had already.
    pub(crate) had: u64,
    /// What the service refused.
    pub(crate) rejects: Vec<Reject>,
}

/// Sends all frames of a source, and returns once the last is on stable storage.
///
/// A stream with a name goes on where it stood, also in another run of the program. `progress` is
/// told of every frame that the service has.
pub(crate) async fn send(
    target: &Target,
    name: Option<&str>,
    source: &mut dyn Source,
    progress: &dyn Fn(&Frame),
) -> Result<Sent> {
    let flight = RefCell::new(Flight::new(name.is_some(), progress));
    let (mut failed, mut pause) = (0, FIRST_PAUSE);
    let start = clock::elapsed();
    loop {
        let before = flight.borrow().acked();
        match once(target, name, source, &flight, start).await {
            Ok(()) => return Ok(flight.into_inner().sent()),
            Err(Failure::Final(why)) => return Err(why),
            Err(Failure::Passing(why)) => {
                if flight.borrow().acked() > before {
                    (failed, pause) = (0, FIRST_PAUSE);
                }
                failed += 1;
                let most = if flight.borrow().began() {
                    ATTEMPTS
                } else {
                    FIRST_ATTEMPTS
                };
                if failed == most {
                    return Err(why.context(
                        "the service does not take the stream; the same command goes on where it \
                         stopped",
                    ));
                }
                tracing::warn!(error = %why, "stream broken, connecting again");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Sends over one connection until everything is acknowledged or the connection ends.
async fn once(
    target: &Target,
    name: Option<&str>,
    source: &mut dyn Source,
    flight: &RefCell<Flight<'_>>,
    start: Duration,
) -> Result<(), Failure> {
    let mut socket = connect(target, name).await?;
    let hello = timeout(PATIENCE, hello(&mut socket))
        .await
        .map_err(|_| Failure::Passing(anyhow::anyhow!("the service says no hello")))??;
    flight.borrow_mut().begin(hello)?;
    let (mut out, mut back) = socket.split();
    let news = Notify::new();
    let sending = async {
        loop {
            let next = flight.borrow_mut().next(source);
            let Some(frame) = next.map_err(Failure::Final)? else {
                break;
            };
            let ahead = (start + frame.after).saturating_sub(clock::elapsed());
            if !ahead.is_zero() {
                sleep(ahead).await;
            }
            out.send(Message::Text(frame.body)).await?;
            until(&news, || flight.borrow().waiting() < WINDOW).await?;
        }
        until(&news, || flight.borrow().waiting() == 0).await?;
        // The service has everything; how the connection ends makes no difference.
        let _ = out.close().await;
        Ok(())
    };
    let receiving = async {
        loop {
            let text = heard(back.next().await)?;
            flight.borrow_mut().told(&text)?;
            news.notify_one();
        }
    };
    let end = tokio::select! {
        biased;
        end = sending => end,
        end = receiving => end,
    };
    // The last acknowledgement and the end of the connection may come together.
    if flight.borrow().finished() {
        return Ok(());
    }
    end
}

/// Waits until something holds that acknowledgements bring about.
async fn until(news: &Notify, holds: impl Fn() -> bool) -> Result<(), Failure> {
    while !holds() {
        let told = timeout(PATIENCE, news.notified()).await;
        told.map_err(|_| Failure::Passing(anyhow::anyhow!("the service acknowledges nothing")))?;
    }
    Ok(())
}

async fn hello(socket: &mut Socket) -> Result<u64, Failure> {
    let text = heard(socket.next().await)?;
    let hello: Option<u64> = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|hello| hello["hello"]["ack"].as_u64());
    match hello {
        Some(acked) => Ok(acked),
        None => Err(Failure::Final(anyhow::anyhow!(
            "the first word of the service is no hello but {text}"
        ))),
    }
}

/// Gives the text of what came, empty for pings and the like.
fn heard(came: Option<Result<Message, Broken>>) -> Result<Utf8Bytes, Failure> {
    match came {
        Some(Ok(Message::Text(text))) => Ok(text),
        Some(Ok(Message::Close(frame))) => Err(Failure::closed(frame)),
        Some(Ok(_)) => Ok(Utf8Bytes::default()),
        Some(Err(broken)) => Err(broken.into()),
        None => Err(Failure::closed(None)),
    }
}

/// One frame as a source.
pub(crate) struct Once(Option<Frame>);

impl Once {
    /// Makes a source of one event.
    pub(crate) fn new(event: String) -> Self {
        Self(Some(Frame {
            body: event.into(),
            rows: vec![1],
            upto: 1,
            after: Duration::ZERO,
        }))
    }
}

impl Source for Once {
    fn next(&mut self) -> Result<Option<Frame>> {
        Ok(self.0.take())
    }
}

/// Runs a client on a runtime of its own.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    runtime.block_on(future)
}

/// Gives what a command needs to reach a service.
pub(crate) fn target(url: &str, token: Option<&str>) -> Result<Target> {
    match token {
        Some(token) if !token.is_empty() => Target::new(url, token),
        _ => bail!(
            "there is no token: give one with the scope ingest in TRUNKLINE_TOKEN, or with --token"
        ),
    }
}

#[cfg(test)]
mod tests;
