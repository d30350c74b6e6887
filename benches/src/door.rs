//! A cheap way to post to an HTTP door: one keep-alive connection, blocking, one request at a
//! time, so that what is measured is the door and not who knocks.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::ops::Range;

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use serde::Deserialize;

/// What became of a batch; both our door and its floor say it.
#[derive(Debug, Deserialize)]
pub(crate) struct Receipt {
    /// How many events were taken.
    pub(crate) accepted: u64,
    /// Whether the rows are in ClickHouse; absent unless it was asked for.
    #[serde(default)]
    pub(crate) flushed: Option<bool>,
}

/// One connection.
pub(crate) struct Door {
    stream: TcpStream,
    head: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Door {
    /// Connects to a port of this machine and will post to `path` with `token`.
    pub(crate) fn open(port: u16, path: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/x-ndjson\r\nContent-Length: "
        );
        Ok(Self {
            stream,
            head,
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    /// Posts a body of lines and gives what became of it.
    pub(crate) fn post(&mut self, body: &[u8]) -> Result<Receipt> {
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        write!(self.request, "{}\r\n\r\n", body.len())?;
        self.request.extend_from_slice(body);
        self.stream.write_all(&self.request)?;
        let body = self.read()?;
        serde_json::from_slice(body)
            .with_context(|| format!("not taken: {}", String::from_utf8_lossy(body)))
    }

    fn read(&mut self) -> Result<&[u8]> {
        let body = read(&mut self.stream, &mut self.answer)?;
        Ok(&self.answer[body])
    }
}

/// Sends a request as it is written and gives the status of the answer, which `answer` then holds.
pub(crate) fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    answer: &mut Vec<u8>,
) -> Result<u16> {
    stream.write_all(request)?;
    read(stream, answer)?;
    let status = answer.get(9..12).context("an answer without a status")?;
    Ok(std::str::from_utf8(status)?.parse()?)
}

/// Reads an answer and gives the place of its body.
fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<Range<usize>> {
    answer.clear();
    let mut part = [0; 4096];
    loop {
        let count = stream.read(&mut part)?;
        ensure!(count > 0, "the door closed the connection");
        answer.extend_from_slice(&part[..count]);
        let Some(end) = memmem::find(answer, b"\r\n\r\n") else {
            continue;
        };
        let body = end + 4..end + 4 + content_length(&answer[..end])?;
        if answer.len() >= body.end {
            return Ok(body);
        }
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    let head = std::str::from_utf8(head)?.to_ascii_lowercase();
    let mut lines = head.lines();
    if lines.next().is_some_and(|status| status.contains(" 204")) {
        // It has no body, and says so by its status.
        return Ok(0);
    }
    let length = lines.find_map(|line| line.strip_prefix("content-length:"));
    Ok(length
        .context("an answer without a length")?
        .trim()
        .parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_found_whatever_the_case() {
        let head = b"HTTP/1.1 202 Accepted\r\nContent-Length: 17\r\nx: y";
        assert_eq!(content_length(head).unwrap(), 17);
        assert_eq!(content_length(b"HTTP/1.1 204 No Content").unwrap(), 0);
        assert!(content_length(b"HTTP/1.1 200 OK").is_err());
    }
}
