//! A process of this program that serves, so that it is metered as the service is.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use crate::frames::{Answers, Sender};

/// A process of this program that serves; dropping it ends it.
pub(crate) struct Serving {
    process: Child,
    port: u16,
}

impl Serving {
    /// Starts the process and waits for its port.
    pub(crate) fn start(words: &[&std::ffi::OsStr]) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().context("no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let port = line.trim().parse().context("it did not start")?;
        Ok(Self { process, port })
    }

    /// Gives its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Gives the port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Opens a stream.
    pub(crate) fn open(&self, token: &str, answers: Answers) -> Result<Sender> {
        Sender::open(self.port, token, answers)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself when its input does; there is nothing to do about an error.
        let _ = self.process.wait();
    }
}
