//! A sender that never gives up: it goes on after the highest frame in the journal whenever it gets
//! through again, and holds the service to its word.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::{now, pause};
use crate::stream::{Heard, Knock, Stream};

/// Frames that are sent before an acknowledgement is waited for.
const AHEAD: usize = 32;
const GIVES_UP_AFTER: Duration = Duration::from_mins(2);

/// A sender through a named stream.
#[derive(Debug)]
pub struct Resuming {
    knock: Knock,
    stream: Option<Stream>,
    /// Frames that are not acknowledged, by their numbers.
    left: VecDeque<(u64, String)>,
    /// How many of those were sent on this connection.
    sent: usize,
    last: u64,
    acked: u64,
    /// How often it had to connect.
    pub connections: u64,
    /// How often frames were sent.
    pub frames_sent: u64,
}

impl Resuming {
    /// Makes a sender through the stream `name`, which is new.
    pub fn new(port: u16, token: &str, name: &str) -> Self {
        Self {
            knock: Knock::new(port).token(token).name(name),
            stream: None,
            left: VecDeque::new(),
            sent: 0,
            last: 0,
            acked: 0,
            connections: 0,
            frames_sent: 0,
        }
    }

    /// Takes a frame to be sent.
    pub fn push(&mut self, frame: String) {
        self.last += 1;
        self.left.push_back((self.last, frame));
    }

    /// Counts the frames taken so far.
    pub fn frames(&self) -> u64 {
        self.last
    }

    /// Sends until everything is acknowledged, over as many connections as that takes.
    pub fn until_acknowledged(&mut self) {
        let began = now();
        while !self.left.is_empty() {
            if !self.step() {
                self.stream = None;
                pause(20);
            }
            assert!(
                began.elapsed() < GIVES_UP_AFTER,
                "no acknowledgement for two minutes"
            );
        }
        assert_eq!(self.acked, self.last);
    }

    /// Drops the connection without a word.
    pub fn hang_up(&mut self) {
        self.stream = None;
    }

    /// Sends what may be sent and hears one message; says whether the connection still holds.
    fn step(&mut self) -> bool {
        if self.stream.is_none() && !self.connect() {
            return false;
        }
        let Some(stream) = &mut self.stream else {
            return false;
        };
        // The greeting may have acknowledged all: then nothing more will be said.
        if self.left.is_empty() {
            return true;
        }
        let more = self.left.iter().skip(self.sent).take(AHEAD - self.sent);
        let count = more.len();
        if count > 0 {
            self.frames_sent += count as u64;
            if stream.send_all(more.map(|(_, frame)| frame)).is_err() {
                return false;
            }
            self.sent += count;
        }
        match stream.hear() {
            Heard::Ack(ack) => {
                assert!(ack > self.acked, "{ack} after {}", self.acked);
                self.forget(ack);
                true
            }
            Heard::Closed(code, reason) => {
                let transient = [1012, 1013].contains(&code) || reason == "replaced";
                assert!(transient, "closed with {code} {reason}");
                false
            }
            Heard::Lost => false,
            heard => panic!("an unexpected message: {heard:?}"),
        }
    }

    fn connect(&mut self) -> bool {
        let Ok(Ok(mut stream)) = self.knock.try_open() else {
            return false;
        };
        let Heard::Hello(_, ack) = stream.hear() else {
            return false;
        };
        assert!(
            (self.acked..=self.last).contains(&ack),
            "hello.ack is {ack}; acknowledged {}, sent {}",
            self.acked,
            self.last
        );
        self.connections += 1;
        self.sent = 0;
        self.forget(ack);
        self.stream = Some(stream);
        true
    }

    fn forget(&mut self, ack: u64) {
        self.acked = ack;
        while self.left.front().is_some_and(|(number, _)| *number <= ack) {
            self.left.pop_front();
            self.sent = self.sent.saturating_sub(1);
        }
    }
}
