//! A WebSocket over our own socket: messages by polling, writes gathered until they are flushed.
//!
//! The engine is synchronous and calls the socket; the socket answers `WouldBlock` and remembers
//! whom to wake. Only one task ever polls it.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use super::ending::Ending;

/// Bytes read from the socket at once, and held by every open stream.
const READ_BUFFER: usize = 32 * 1024;
/// Bytes that wait to be written before a message is written at once.
const WRITE_BUFFER: usize = 16 * 1024;
/// The most that waits to be written.
const MOST_UNWRITTEN: usize = 64 * 1024;
/// The most that is read and thrown away after a close.
const LINGER_BYTES: usize = 32 * 1024 * 1024;

/// The WebSocket of one stream.
#[derive(Debug)]
pub(super) struct Socket {
    engine: WebSocket<Io>,
    /// Whether something waits to be written.
    behind: bool,
    /// Whether the peer did not take the last of it.
    crowded: bool,
}

#[derive(Debug)]
struct Io {
    socket: TcpStream,
    waker: Waker,
}

impl Socket {
    /// Speaks over a socket from which `read_ahead` was read before; at first frames may be small
    /// only.
    pub(super) fn new(socket: TcpStream, read_ahead: Vec<u8>, first_bytes: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .write_buffer_size(WRITE_BUFFER)
            .max_write_buffer_size(MOST_UNWRITTEN)
            .max_message_size(Some(first_bytes))
            .max_frame_size(Some(first_bytes));
        let waker = Waker::noop().clone();
        let io = Io { socket, waker };
        Self {
            engine: WebSocket::from_partially_read(io, read_ahead, Role::Server, Some(config)),
            behind: false,
            crowded: false,
        }
    }

    /// Sets the limit of the frames behind the first.
    pub(super) fn widen(&mut self, bytes: usize) {
        self.engine.set_config(|config| {
            config.max_message_size = Some(bytes);
            config.max_frame_size = Some(bytes);
        });
    }

    /// Reads a message. Answers to pings and closes are written by the way.
    pub(super) fn poll_message(&mut self, cx: &Context<'_>) -> Poll<Result<Message, Error>> {
        self.engine.get_mut().waker.clone_from(cx.waker());
        pending(self.engine.read())
    }

    /// Puts a message behind those that wait to be written. While [`Self::is_crowded`], flush first.
    pub(super) fn write(&mut self, message: Message) -> Result<(), Error> {
        self.behind = true;
        match self.engine.write(message) {
            // It was taken, and waits with the others.
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.crowded = true;
                Ok(())
            }
            written => written,
        }
    }

    /// Whether so much waits to be written that the peer must take some of it first.
    pub(super) fn is_crowded(&self) -> bool {
        self.crowded
    }

    /// Whether something waits to be written.
    pub(super) fn is_behind(&self) -> bool {
        self.behind
    }

    /// Writes what waits.
    pub(super) fn poll_flush(&mut self, cx: &Context<'_>) -> Poll<Result<(), Error>> {
        self.engine.get_mut().waker.clone_from(cx.waker());
        ready!(pending(self.engine.flush()))?;
        (self.behind, self.crowded) = (false, false);
        Poll::Ready(Ok(()))
    }

    /// Says why it ends, and reads and throws away what still comes, for at most `limit`: closing
    /// over unread bytes resets the connection, and the peer would never see why.
    pub(super) async fn close(mut self, ending: Ending, limit: Duration) {
        if ending == Ending::Lost {
            return;
        }
        let closed = timeout(limit, async {
            // With the peer's close at hand this only sends the answer to it.
            let queued = pending(self.engine.close(ending.frame()));
            if matches!(queued, Poll::Ready(Err(_))) {
                return;
            }
            // An error says that the peer is gone, or that both have closed.
            let _ = poll_fn(|cx| self.poll_flush(cx)).await;
            let Io { mut socket, .. } = self.engine.into_inner();
            let (mut left, mut thrown_away) = (LINGER_BYTES, [0; 8192]);
            if socket.shutdown().await.is_err() {
                return;
            }
            while left > 0 {
                match socket.read(&mut thrown_away).await {
                    Ok(bytes) if bytes > 0 => left = left.saturating_sub(bytes),
                    _ => return,
                }
            }
        });
        // Whoever does not close in time is cut.
        let _ = closed.await;
    }
}

fn pending<T>(done: Result<T, Error>) -> Poll<Result<T, Error>> {
    match done {
        Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        done => Poll::Ready(done),
    }
}

impl Read for Io {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.socket).poll_read(&mut cx, &mut buffer) {
            Poll::Ready(read) => read.map(|()| buffer.filled().len()),
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Write for Io {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.socket).poll_write(&mut cx, bytes) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // The socket itself holds nothing back.
        Ok(())
    }
}
