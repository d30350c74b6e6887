//! The manager interface: blocks of `Key: Value` lines over TCP, each ended by an empty line.
//!
//! After the greeting line we log in, then ask for the list of channels, then only listen. Nothing here
//! waits or retries: [`Ami::opened`] begins a connection, [`Ami::lost`] ends it, [`Ami::list`] asks
//! for the list again, as often as whoever holds the socket likes.

mod block;
mod signs;

use block::Block;
use thiserror::Error;
use trunkline_model::settings::Secret;
use trunkline_model::time::Time;

use super::calls::Calls;
use super::line::Lines;
use crate::{Draft, Hook};

/// The longest block that is waited for, in bytes.
const LONGEST: usize = 64 * 1024;
const LOGIN: &str = "trunkline-login";
const LIST: &str = "trunkline-list";

/// A connection to the manager interface, and the calls that are seen through it. It outlives its TCP
/// connections.
#[derive(Debug)]
pub struct Ami {
    calls: Calls,
    user: String,
    secret: Secret,
    buffer: Vec<u8>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Greeting,
    Login,
    In,
}

/// What came of some bytes or a frame.
#[derive(Debug, Default)]
pub struct Heard {
    /// The events, in the order of what told of them.
    pub events: Vec<Draft>,
    /// What is to be sent.
    pub send: Vec<u8>,
}

/// Why a connection is of no use: close it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Broken {
    /// The other side is something else.
    #[error("no manager interface of Asterisk answers there, but {0:?}")]
    Stranger(String),
    /// User or password is wrong, or may not log in from here.
    #[error("the login was refused: {0}; see secret, permit and read in manager.conf")]
    Refused(String),
    /// A block is longer than any is.
    #[error("a block of more than 64 KiB came")]
    TooLong,
}

impl Ami {
    /// Makes it, without a connection. `user` and `secret` are those of manager.conf.
    pub fn new(hook: Hook, user: impl Into<String>, secret: Secret, lines: Lines) -> Self {
        Self {
            calls: Calls::new(hook, lines),
            user: user.into(),
            secret,
            buffer: Vec::new(),
            stage: Stage::Greeting,
        }
    }

    /// Begins a connection: whatever of an earlier one was not whole is forgotten.
    pub fn opened(&mut self) {
        self.buffer.clear();
        self.stage = Stage::Greeting;
    }

    /// Sets who logs in from the next connection on.
    pub fn login_as(&mut self, user: impl Into<String>, secret: Secret) {
        self.user = user.into();
        self.secret = secret;
    }

    /// Ends a connection. Calls that are not there any more after the next one ended now.
    pub fn lost(&mut self, now: Time) {
        self.calls.lost(now);
    }

    /// Says whether the login was taken.
    pub fn is_in(&self) -> bool {
        self.stage == Stage::In
    }

    /// Gives the bytes that ask for the list of channels, which mends what was not told; they also
    /// show whether the other side is still there.
    pub fn list(&mut self) -> Vec<u8> {
        self.calls.list();
        action(&[("Action", "CoreShowChannels"), ("ActionID", LIST)])
    }

    /// Takes bytes in, cut anywhere.
    ///
    /// Errors where the connection is of no use; the events before that come with the next ones.
    pub fn receive(&mut self, bytes: &[u8], now: Time) -> Result<Heard, Broken> {
        let mut heard = Heard::default();
        self.buffer.extend_from_slice(bytes);
        if self.stage == Stage::Greeting {
            self.greeting(&mut heard)?;
        }
        if self.stage != Stage::Greeting {
            while let Some(block) = Block::cut(&mut self.buffer) {
                self.block(&block, now, &mut heard)?;
            }
        }
        if self.buffer.len() > LONGEST {
            return Err(Broken::TooLong);
        }
        heard.events = self.calls.take();
        Ok(heard)
    }

    fn greeting(&mut self, heard: &mut Heard) -> Result<(), Broken> {
        let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') else {
            return Ok(());
        };
        let line: Vec<u8> = self.buffer.drain(..=end).collect();
        let line = String::from_utf8_lossy(&line);
        if !line.starts_with("Asterisk Call Manager") {
            let start = line.trim().chars().take(40).collect();
            return Err(Broken::Stranger(start));
        }
        self.stage = Stage::Login;
        heard.send.extend(action(&[
            ("Action", "Login"),
            ("ActionID", LOGIN),
            ("Username", &self.user),
            ("Secret", self.secret.expose()),
        ]));
        Ok(())
    }

    fn block(&mut self, block: &Block, now: Time, heard: &mut Heard) -> Result<(), Broken> {
        if block.get("ActionID") == LOGIN && self.stage == Stage::Login {
            if block.get("Response") != "Success" {
                return Err(Broken::Refused(block.get("Message").to_owned()));
            }
            self.stage = Stage::In;
            heard.send.extend(self.list());
        } else {
            signs::read(&mut self.calls, block, now);
        }
        Ok(())
    }
}

/// Writes an action. Line breaks in a value would be lines of their own: they are left out.
fn action(lines: &[(&str, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for (key, value) in lines {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        text.extend([key, ": ", &value, "\r\n"]);
    }
    text.push_str("\r\n");
    text.into_bytes()
}
