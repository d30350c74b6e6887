//! A cheap way to send through a WebSocket: one connection, blocking, with so many frames in
//! flight. Frames are encoded before, so that what is measured is the door and not who knocks.

use std::io::{Read, Write};
use std::net::TcpStream;

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;

/// Frames that are sent before an answer is waited for.
const IN_FLIGHT: usize = 32;
const TEXT: u8 = 0x81;

/// Frames of text as they travel, masked with zeros, which leaves the text as it is.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    bytes: Vec<u8>,
    /// Where each frame ends.
    ends: Vec<usize>,
}

impl Frames {
    /// Adds a frame.
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.push(TEXT);
        match text.len() {
            short @ ..126 => self.bytes.push(0x80 | short as u8),
            middle @ ..0x1_0000 => {
                self.bytes.push(0xfe);
                self.bytes.extend_from_slice(&(middle as u16).to_be_bytes());
            }
            long => {
                self.bytes.push(0xff);
                self.bytes.extend_from_slice(&(long as u64).to_be_bytes());
            }
        }
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn between(&self, from: usize, to: usize) -> &[u8] {
        let end = |frames: usize| frames.checked_sub(1).map_or(0, |last| self.ends[last]);
        &self.bytes[end(from)..end(to)]
    }
}

/// How answers are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// One message for each frame.
    Each,
    /// `{"ack":n}` for all frames up to n; other messages count nothing.
    Acks,
}

/// One connection.
pub(crate) struct Sender {
    socket: TcpStream,
    answers: Answers,
    heard: Vec<u8>,
    buffer: Vec<u8>,
}

impl Sender {
    /// Opens the WebSocket on a port of this machine.
    pub(crate) fn open(port: u16, token: &str, answers: Answers) -> Result<Self> {
        let mut socket = TcpStream::connect(("127.0.0.1", port))?;
        socket.set_nodelay(true)?;
        write!(
            socket,
            "GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Protocol: trunkline.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
        )?;
        let mut this = Self {
            socket,
            answers,
            heard: Vec::new(),
            buffer: vec![0; 64 * 1024],
        };
        let end = loop {
            if let Some(end) = memmem::find(&this.heard, b"\r\n\r\n") {
                break end;
            }
            this.read()?;
        };
        let accepted = this.heard.starts_with(b"HTTP/1.1 101");
        ensure!(accepted, "{}", String::from_utf8_lossy(&this.heard));
        this.heard.drain(..end + 4);
        Ok(this)
    }

    /// Sends all frames and returns when each has its answer.
    pub(crate) fn send(&mut self, frames: &Frames) -> Result<()> {
        let (mut sent, mut answered) = (0, 0);
        while answered < frames.len() {
            let upto = frames.len().min(answered + IN_FLIGHT);
            if upto > sent {
                self.socket.write_all(frames.between(sent, upto))?;
                sent = upto;
            }
            self.read()?;
            answered = self.count(answered)?;
        }
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        let count = self.socket.read(&mut self.buffer)?;
        ensure!(count > 0, "the door closed the connection");
        self.heard.extend_from_slice(&self.buffer[..count]);
        Ok(())
    }

    /// Takes the whole messages that were heard and gives how many frames are answered now.
    fn count(&mut self, mut answered: usize) -> Result<usize> {
        let mut start = 0;
        while let Some((opcode, text, end)) = message(&self.heard, start) {
            start = end;
            match (opcode, self.answers) {
                (TEXT, Answers::Each) => answered += 1,
                (TEXT, Answers::Acks) => answered = ack(text).unwrap_or(answered),
                (0x88, _) => bail!("closed: {}", String::from_utf8_lossy(text)),
                _ => {}
            }
        }
        self.heard.drain(..start);
        Ok(answered)
    }
}

/// Gives the first message from `start` on: its first byte, its text, and where it ends.
fn message(heard: &[u8], start: usize) -> Option<(u8, &[u8], usize)> {
    let rest = heard.get(start..)?;
    let (opcode, short) = (*rest.first()?, *rest.get(1)?);
    let (head, length) = match short {
        126 => (
            4,
            usize::from(u16::from_be_bytes(rest.get(2..4)?.try_into().ok()?)),
        ),
        127 => (
            10,
            u64::from_be_bytes(rest.get(2..10)?.try_into().ok()?) as usize,
        ),
        short => (2, usize::from(short)),
    };
    let text = rest.get(head..head + length)?;
    Some((opcode, text, start + head + length))
}

fn ack(text: &[u8]) -> Option<usize> {
    let digits = text.strip_prefix(b"{\"ack\":")?.strip_suffix(b"}")?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Shares lines out over so many connections, `size` to a frame.
pub(crate) fn shares<'a>(
    lines: impl Iterator<Item = &'a [u8]>,
    size: usize,
    connections: usize,
) -> Result<Vec<Frames>> {
    let mut shares = Vec::new();
    shares.resize_with(connections, Frames::default);
    let lines: Vec<&[u8]> = lines.map(<[u8]>::trim_ascii).collect();
    for (number, part) in lines.chunks(size).enumerate() {
        let frames = shares
            .get_mut(number % connections)
            .context("no connection")?;
        match part {
            [one] if size == 1 => frames.push(one),
            several => frames.push(&[b"[".as_slice(), &several.join(&b','), b"]"].concat()),
        }
    }
    Ok(shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_lengths_are_encoded_as_the_protocol_says() {
        let mut frames = Frames::default();
        for length in [1, 200, 70_000] {
            frames.push(&vec![b'x'; length]);
        }
        assert_eq!(frames.len(), 3);
        assert_eq!(frames.between(0, 1), b"\x81\x81\0\0\0\0x");
        assert_eq!(&frames.between(1, 2)[..8], b"\x81\xfe\x00\xc8\0\0\0\0");
        assert_eq!(frames.between(1, 2).len(), 208);
        assert_eq!(
            &frames.between(2, 3)[..10],
            b"\x81\xff\0\0\0\0\x00\x01\x11\x70"
        );
    }

    #[test]
    fn messages_are_found_whole_or_not_at_all() {
        let heard = b"\x81\x09{\"ack\":7}\x89\x00\x81\x7e\x00\x03abc";
        let (opcode, text, end) = message(heard, 0).unwrap();
        assert_eq!((opcode, ack(text), end), (TEXT, Some(7), 11));
        assert_eq!(message(heard, 11), Some((0x89, &b""[..], 13)));
        assert_eq!(message(heard, 13), Some((TEXT, &b"abc"[..], 20)));
        assert_eq!(message(heard, 20), None);
        assert_eq!(message(&heard[..10], 0), None);
    }
}
