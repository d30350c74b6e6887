//! Plain HTTP over a connection of its own, for questions whose answer may be long: the answer ends
//! with the connection.

use std::io::{BufRead, BufReader, Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::time::Duration;

const WITHIN: Duration = Duration::from_mins(1);

/// Sends a request, and gives the status and a reader of the body.
pub(super) fn open(
    port: u16,
    line: &str,
    headers: &str,
    body: &[u8],
) -> Result<(u16, BufReader<TcpStream>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(WITHIN))?;
    stream.set_write_timeout(Some(WITHIN))?;
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-length: {length}\r\n{headers}\r\n"
    )?;
    stream.write_all(body)?;
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    answer.read_line(&mut head)?;
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))?;
    while head != "\r\n" {
        head.clear();
        if answer.read_line(&mut head)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok((status, answer))
}

/// The way to a service.
#[derive(Clone, Debug)]
pub(super) struct Way {
    pub(super) port: u16,
    pub(super) token: String,
}

impl Way {
    /// Posts events, as lines or as an array.
    pub(super) fn post(&self, query: &str, body: &[u8]) -> Result<(u16, String)> {
        self.ask(&format!("POST /v1/events{query}"), body)
    }

    /// Gets a path.
    pub(super) fn get(&self, path: &str) -> Result<(u16, String)> {
        self.ask(&format!("GET {path}"), b"")
    }

    fn ask(&self, line: &str, body: &[u8]) -> Result<(u16, String)> {
        let form = if body.starts_with(b"[") {
            "json"
        } else {
            "x-ndjson"
        };
        let headers = format!(
            "authorization: Bearer {}\r\ncontent-type: application/{form}\r\n",
            self.token
        );
        let (status, mut answer) = open(self.port, line, &headers, body)?;
        let mut text = String::new();
        answer.read_to_string(&mut text)?;
        Ok((status, text))
    }
}
