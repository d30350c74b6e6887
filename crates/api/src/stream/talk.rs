//! One stream after its token: frames in, acknowledgements out.
//!
//! Each turn of the loop does all that is ready: reads what came, hands it on if nothing of this
//! stream is on its way, and writes what there is to say at once. The reply to a commit, not the
//! reading, paces it.

use std::fmt::Write;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use trunkline_model::batch::{FrameRefusal, Frames};
use trunkline_pipeline::{Durable, Lease, Mark, Submission, SubmitError};
use tungstenite::Message;

use super::ending::Ending;
use super::gathered::Gathered;
use super::socket::Socket;
use crate::config::ms;
use crate::directory::Key;
use crate::events::refusals;
use crate::metrics::{self, Arrival, Source};
use crate::routes::Shared;

/// How long the disk may take for one append.
const DISK_ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// A stream.
pub(super) struct Talk<'a> {
    shared: &'a Shared,
    socket: &'a mut Socket,
    key: Key,
    /// The hook that the events are as good as from, or this door.
    origin: Arc<str>,
    lease: Option<Arc<Lease>>,
    gathered: Gathered,
    /// The number of the last frame that was handed on.
    handed_on: u64,
    on_its_way: Option<OnItsWay>,
    heard_at: Instant,
    pinged_at: Instant,
    /// Since when the peer does not take what is written.
    behind_since: Option<Instant>,
    /// Whether the peer hears nothing any more.
    deaf: bool,
    /// Whether frames were taken up that are not on their way: nothing behind them may be then, for
    /// a mark speaks for all frames before it.
    gap: bool,
}

/// Frames up to `through` in the journal's hands.
struct OnItsWay {
    through: u64,
    since: Instant,
    arrival: Option<Arrival>,
    durable: Durable,
}

/// What a turn begins with.
enum News {
    /// Frames, or a sign of life, came.
    Heard,
    /// An append is settled.
    Settled(Result<(), SubmitError>),
    /// Time to look after it.
    Look,
    Ended(Ending),
}

/// The first message.
#[derive(Serialize)]
struct Hello<'a> {
    hello: Welcome<'a>,
}

#[derive(Serialize)]
struct Welcome<'a> {
    /// The stream's name; `null` without one.
    stream: Option<&'a str>,
    /// The highest frame in the journal.
    ack: u64,
}

#[derive(Serialize)]
struct Reject {
    reject: Refused,
}

#[derive(Serialize)]
struct Refused {
    frame: u64,
    /// The item's place in the frame; `null` when the frame is refused as a whole.
    index: Option<u32>,
    code: &'static str,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        socket: &'a mut Socket,
        key: Key,
        origin: Arc<str>,
        lease: Option<Arc<Lease>>,
    ) -> Self {
        let now = Instant::now();
        Self {
            shared,
            socket,
            key,
            origin,
            handed_on: lease.as_ref().map_or(0, |lease| lease.began_at()),
            lease,
            gathered: Gathered::new(&shared.config.streams),
            on_its_way: None,
            heard_at: now,
            pinged_at: now,
            behind_since: None,
            deaf: false,
            gap: false,
        }
    }

    /// Takes frames in until something ends it; then settles what came.
    pub(super) async fn run(mut self, name: Option<&str>, stop: &CancellationToken) -> Ending {
        let ending = match self.hello(name) {
            Ok(()) => self.turns(stop).await,
            Err(ending) => ending,
        };
        self.settle(ending).await;
        ending
    }

    fn hello(&mut self, name: Option<&str>) -> Result<(), Ending> {
        let hello = Welcome {
            stream: name,
            ack: self.handed_on,
        };
        let text = serde_json::to_string(&Hello { hello }).map_err(|_| Ending::Internal)?;
        self.say(text)
    }

    async fn turns(&mut self, stop: &CancellationToken) -> Ending {
        let mut look = interval(ms(self.shared.config.streams.ping_ms) / 2);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let lease = self.lease.clone();
        let replaced = async {
            match &lease {
                Some(lease) => lease.replaced().cancelled().await,
                None => pending().await,
            }
        };
        let mut ends = std::pin::pin!(async {
            tokio::select! {
                () = stop.cancelled() => Ending::Restart,
                () = replaced => Ending::Replaced,
            }
        });
        loop {
            let news = tokio::select! {
                biased;
                ending = &mut ends => return ending,
                news = poll_fn(|cx| self.poll_news(cx)) => news,
                _ = look.tick() => News::Look,
            };
            let turned = tokio::select! {
                biased;
                turned = self.turn(news) => turned,
                ending = &mut ends => return ending,
            };
            if let Err(ending) = turned {
                return ending;
            }
        }
    }

    /// Does all that needs no more waiting: settles, writes, reads.
    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<News> {
        if let Some(on_its_way) = &mut self.on_its_way
            && let Poll::Ready(settled) = std::pin::Pin::new(&mut on_its_way.durable).poll(cx)
        {
            return Poll::Ready(News::Settled(settled));
        }
        if self.socket.is_behind() {
            match self.socket.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.behind_since = None,
                Poll::Ready(Err(error)) => return Poll::Ready(News::Ended(error.into())),
                Poll::Pending => {
                    self.behind_since.get_or_insert_with(Instant::now);
                    return Poll::Pending;
                }
            }
        }
        let (mut heard, before) = (false, self.gathered.frames());
        while !self.gathered.is_full() {
            match self.socket.poll_message(cx) {
                Poll::Ready(Ok(Message::Text(frame))) => self.gathered.push(frame.as_str()),
                Poll::Ready(Ok(Message::Binary(_))) => {
                    return Poll::Ready(News::Ended(Ending::Binary));
                }
                Poll::Ready(Ok(Message::Close(_))) => {
                    return Poll::Ready(News::Ended(Ending::Closed));
                }
                Poll::Ready(Ok(_)) => heard = true,
                Poll::Ready(Err(error)) => return Poll::Ready(News::Ended(error.into())),
                Poll::Pending => break,
            }
        }
        if heard || self.gathered.frames() > before {
            return Poll::Ready(News::Heard);
        }
        Poll::Pending
    }

    async fn turn(&mut self, news: News) -> Result<(), Ending> {
        match news {
            News::Heard => self.heard_at = Instant::now(),
            News::Settled(settled) => self.settled(settled)?,
            News::Look => self.look()?,
            News::Ended(ending) => return Err(ending),
        }
        if self.on_its_way.is_none() && self.gathered.frames() > 0 {
            self.hand_on().await?;
        }
        Ok(())
    }

    /// Acknowledges an append that is durable.
    fn settled(&mut self, settled: Result<(), SubmitError>) -> Result<(), Ending> {
        let on_its_way = self.on_its_way.take();
        settled?;
        let Some(it) = on_its_way else {
            return Ok(());
        };
        metrics::acknowledged(it.since.elapsed());
        if let Some(arrival) = it.arrival {
            metrics::arrived(Source::Stream, arrival);
        }
        self.acknowledge(it.through)
    }

    fn acknowledge(&mut self, through: u64) -> Result<(), Ending> {
        let mut text = String::with_capacity(32);
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{{\"ack\":{through}}}");
        self.say(text)
    }

    /// Parses what was gathered and hands it to the journal, as one append.
    async fn hand_on(&mut self) -> Result<(), Ending> {
        self.gap = true;
        let (body, ends) = self.gathered.take();
        metrics::frames(ends.len());
        let first = self.handed_on + 1;
        self.handed_on += ends.len() as u64;
        let through = self.handed_on;
        let Frames { events, refused } = self.parse(body, ends).await?;
        self.tell_refused(first, &refused).await?;
        if events.is_empty() && self.lease.is_none() {
            self.gap = false;
            return self.acknowledge(through);
        }
        let mark = self.lease.as_ref().map(|lease| Mark {
            lease: Arc::clone(lease),
            frame: through,
        });
        let arrival = Arrival::of(&events, (self.shared.clock)());
        let submission = Submission {
            account: Arc::clone(&self.key.grant.account),
            origin: Arc::clone(&self.origin),
            events,
            webhook: None,
        };
        let durable = self.shared.pipeline.append_frames(submission, mark).await?;
        self.on_its_way = Some(OnItsWay {
            through,
            since: Instant::now(),
            arrival,
            durable,
        });
        self.gap = false;
        Ok(())
    }

    async fn parse(&self, body: Vec<u8>, ends: Vec<usize>) -> Result<Frames, Ending> {
        let (now, limits, size) = ((self.shared.clock)(), self.shared.limits, body.len());
        let parse = move || {
            let frames = Frames::parse(body, &ends, now, &limits);
            let refused = refusals::of_frames(&frames, &ends, now);
            (frames, refused)
        };
        let (frames, refused) = if size <= self.shared.config.requests.inline_bytes {
            parse()
        } else {
            let parsed = tokio::task::spawn_blocking(parse).await;
            parsed.map_err(|_| Ending::Internal)?
        };
        if !refused.is_empty() {
            self.shared.pipeline.refuse(frames.refused.len() as u64);
            self.shared.rejects.add(&self.key.grant.account, refused);
        }
        Ok(frames)
    }

    /// Says what was refused; waits for the peer to take it when that is much.
    async fn tell_refused(&mut self, first: u64, refused: &[FrameRefusal]) -> Result<(), Ending> {
        for refusal in refused {
            let reject = Refused {
                frame: first + refusal.frame as u64,
                index: refusal.index,
                code: refusal.code.as_str(),
            };
            let text = serde_json::to_string(&Reject { reject }).map_err(|_| Ending::Internal)?;
            if self.socket.is_crowded() {
                let limit = ms(self.shared.config.connections.write_ms);
                let flushed = timeout(limit, poll_fn(|cx| self.socket.poll_flush(cx)));
                flushed.await.map_err(|_| Ending::Lost)??;
            }
            self.say(text)?;
        }
        Ok(())
    }

    fn say(&mut self, text: String) -> Result<(), Ending> {
        if self.deaf {
            return Ok(());
        }
        Ok(self.socket.write(Message::text(text))?)
    }

    /// Looks after the peer, the disk and the token, now and then.
    fn look(&mut self) -> Result<(), Ending> {
        let (now, limits) = (Instant::now(), &self.shared.config.streams);
        let longer = |since: Instant, limit: Duration| now.duration_since(since) >= limit;
        let write_limit = ms(self.shared.config.connections.write_ms);
        if self.behind_since.is_some_and(|it| longer(it, write_limit)) {
            return Err(Ending::Lost);
        }
        let slow = |it: &OnItsWay| longer(it.since, DISK_ANSWERS_WITHIN);
        if self.on_its_way.as_ref().is_some_and(slow) {
            return Err(Ending::JournalUnavailable);
        }
        if self.behind_since.is_some() || self.gathered.is_full() {
            // We do not listen: its silence says nothing.
            self.heard_at = now;
        }
        if longer(self.heard_at, ms(limits.idle_ms)) {
            return Err(Ending::Idle);
        }
        if !super::still_admits(self.shared, &self.key) {
            return Err(Ending::Unauthorized);
        }
        if longer(self.pinged_at, ms(limits.ping_ms)) && !self.socket.is_behind() {
            self.pinged_at = now;
            self.socket.write(Message::Ping(bytes::Bytes::new()))?;
        }
        Ok(())
    }

    /// Waits for what is on its way, and, if they are to be kept, for the frames that were read
    /// before the end; acknowledges them. The name is free after that.
    async fn settle(&mut self, ending: Ending) {
        self.deaf = matches!(ending, Ending::Closed | Ending::Lost);
        let settled = timeout(DISK_ANSWERS_WITHIN, async {
            loop {
                if let Some(on_its_way) = &mut self.on_its_way {
                    let settled = (&mut on_its_way.durable).await;
                    if self.settled(settled).is_err() {
                        return;
                    }
                }
                let rest = self.gathered.frames() > 0 && ending.takes_the_rest();
                if !rest || self.gap {
                    return;
                }
                if self.hand_on().await.is_err() {
                    return;
                }
            }
        });
        if settled.await.is_err() {
            tracing::warn!("a stream ended before the disk had answered for its last frames");
        }
        self.lease = None;
    }
}
