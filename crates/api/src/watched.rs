//! A socket that gives up on a peer that is too slow: the timeouts of heads, of idle connections
//! and of answers nobody takes.
//!
//! hyper has a timeout for heads, but it runs from the moment a connection goes idle: with 5 s for
//! a head, a kept-alive connection would be closed after 5 s without a request, under the hands of
//! every usual connection pool (which keep theirs 60 to 90 s). So hyper's is off, and the socket
//! itself knows where in a request it stands ([`Phase`]):
//!
//! ```text
//! Head (new connection) --head read--> Busy --answered--> Idle or Refused
//! Idle --first byte--> Head;  Refused --next head read--> Busy
//! ```
//!
//! All but Busy have a deadline for the reads (bodies and handlers have their own). That of Idle is
//! kept late rather than early: an idle connection is closed after one to two times its limit. A
//! write that makes no progress has a deadline in every phase. A missed deadline is an
//! `io::ErrorKind::TimedOut`, which ends hyper's connection; a head that came too slowly is
//! answered with 408 first, as hyper would not. After an early refusal the rest of the request is
//! read and thrown away for a moment before the socket is closed: closing over unread bytes resets
//! the connection, and the peer would never see the answer. One timer serves a connection's reads,
//! and is only touched when a read would block.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::metrics::{self, Reason};

/// Where in a request a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A head is being read.
    Head = 0,
    /// A request is with its handler, or its answer on the way.
    Busy = 1,
    /// Kept alive, no byte of a next request yet.
    Idle = 2,
    /// As Idle, but after a refusal that may have left a body unread.
    Refused = 3,
}

/// The phase of one connection, shared by its socket and its requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stage(Arc<AtomicU8>);

impl Stage {
    pub(crate) fn set(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> Phase {
        match self.0.load(Ordering::Relaxed) {
            0 => Phase::Head,
            1 => Phase::Busy,
            2 => Phase::Idle,
            _ => Phase::Refused,
        }
    }
}

/// The limits that a [`Watched`] socket keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) write: Duration,
    pub(crate) linger: Duration,
}

/// The most that is read and thrown away after a refusal.
const LINGER_BYTES: usize = 32 * 1024 * 1024;

/// The answer to a head that came too slowly.
const TOO_SLOW: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\
    content-type: application/problem+json\r\ncontent-length: 164\r\n\r\n\
    {\"type\":\"urn:trunkline:problem:request_timeout\",\"title\":\"Request too slow\",\
    \"status\":408,\"code\":\"request_timeout\",\"detail\":\"the head of the request came too slowly\"}";

/// The deadline that a peer missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missed {
    /// The head did not end in time; some of it had come if `begun`.
    Head { begun: bool },
    /// No next request came.
    Idle,
    /// The answer was not taken.
    Write,
}

/// A socket with deadlines.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    socket: S,
    stage: Stage,
    limits: Limits,
    /// The phase that `deadline` is for.
    seen: Phase,
    deadline: Instant,
    reading: Pin<Box<Sleep>>,
    writing: Option<Pin<Box<Sleep>>>,
    lingering: Option<(Pin<Box<Sleep>>, usize)>,
    begun: bool,
    ended: bool,
    missed: Option<Missed>,
}

impl<S> Watched<S> {
    pub(crate) fn new(socket: S, stage: Stage, limits: Limits) -> Self {
        let deadline = Instant::now() + limits.head;
        let reading = Box::pin(sleep_until(deadline));
        Self {
            socket,
            stage,
            limits,
            seen: Phase::Head,
            deadline,
            reading,
            writing: None,
            lingering: None,
            begun: false,
            ended: false,
            missed: None,
        }
    }

    /// Gives the socket to whoever keeps deadlines of its own.
    pub(crate) fn into_socket(self) -> S {
        self.socket
    }

    /// Follows the phase; a phase that is new sets its deadline.
    fn follow(&mut self) -> Phase {
        let phase = self.stage.get();
        if phase != self.seen {
            self.seen = phase;
            match phase {
                Phase::Idle | Phase::Refused => {
                    self.deadline = Instant::now() + self.limits.idle;
                }
                Phase::Head => self.deadline = Instant::now() + self.limits.head,
                Phase::Busy => {}
            }
        }
        phase
    }

    /// Waits for the read deadline of the phase.
    ///
    /// hyper does not read again when a connection goes idle: it trusts that its last read, made
    /// while busy, will wake it. So the timer runs on while busy, and wakes the connection to see
    /// that it has gone idle.
    fn poll_deadline(&mut self, phase: Phase, cx: &mut Context<'_>) -> Poll<Missed> {
        if phase != Phase::Busy && self.reading.deadline() > self.deadline {
            self.reading.as_mut().reset(self.deadline);
        }
        loop {
            ready!(self.reading.as_mut().poll(cx));
            let now = Instant::now();
            let begun = self.begun;
            match phase {
                Phase::Busy => self.reading.as_mut().reset(now + self.limits.idle),
                _ if now < self.deadline => self.reading.as_mut().reset(self.deadline),
                Phase::Head => return Poll::Ready(Missed::Head { begun }),
                Phase::Idle | Phase::Refused => return Poll::Ready(Missed::Idle),
            }
        }
    }

    fn give_up(&mut self, missed: Missed) {
        self.missed = Some(missed);
        match missed {
            Missed::Head { .. } => metrics::connection_refused(Reason::SlowHead),
            Missed::Write => metrics::connection_refused(Reason::SlowReader),
            Missed::Idle => {}
        }
    }

    /// Waits for a blocked write's deadline, or forgets it when the write went on.
    fn watch_write<T>(&mut self, done: Poll<T>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let Poll::Pending = done else {
            self.writing = None;
            return done.map(Ok);
        };
        let limit = self.limits.write;
        let writing = self
            .writing
            .get_or_insert_with(|| Box::pin(sleep_until(Instant::now() + limit)));
        ready!(writing.as_mut().poll(cx));
        self.give_up(Missed::Write);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let phase = this.follow();
        let before = buf.filled().len();
        let polled = Pin::new(&mut this.socket).poll_read(cx, buf);
        match polled {
            Poll::Pending => {
                let missed = ready!(this.poll_deadline(phase, cx));
                if missed == (Missed::Head { begun: true }) {
                    // Best effort: nothing else is being written, and an answer that does not fit
                    // into an empty socket buffer is of no use to anyone.
                    let _ = Pin::new(&mut this.socket).poll_write(cx, TOO_SLOW);
                }
                this.give_up(missed);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(())) if buf.filled().len() == before => {
                this.ended = true;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Ok(())) => {
                if phase == Phase::Idle {
                    this.stage.set(Phase::Head);
                    this.follow();
                }
                this.begun = this.stage.get() == Phase::Head;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write(cx, buf);
        self.watch_write(done, cx).map(Result::flatten)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.socket).poll_write_vectored(cx, bufs);
        self.watch_write(done, cx).map(Result::flatten)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.socket).poll_shutdown(cx))?;
        if this.stage.get() != Phase::Refused || this.ended {
            return Poll::Ready(Ok(()));
        }
        let limit = this.limits.linger;
        let (lingering, left) = this
            .lingering
            .get_or_insert_with(|| (Box::pin(sleep_until(Instant::now() + limit)), LINGER_BYTES));
        while *left > 0 && lingering.as_mut().poll(cx).is_pending() {
            let mut scratch = [MaybeUninit::uninit(); 8192];
            let mut thrown_away = ReadBuf::uninit(&mut scratch);
            let read = ready!(Pin::new(&mut this.socket).poll_read(cx, &mut thrown_away));
            let bytes = thrown_away.filled().len();
            if read.is_err() || bytes == 0 {
                break;
            }
            *left = left.saturating_sub(bytes);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests;
