//! Answers of commands, on standard output.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Writes a line. A reader that has gone away (`| head`) is no failure.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}
