//! The other end of a connection, byte by byte.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A connection to the service under test.
pub(super) struct Peer {
    socket: TcpStream,
    received: Vec<u8>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Peer {
    pub(super) async fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        Self {
            socket,
            received: Vec::new(),
        }
    }

    /// Sends what the service will take; that it stops taking is its right.
    pub(super) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.socket.write_all(bytes).await;
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, "").await
    }

    pub(super) async fn get_with(&mut self, path: &str, headers: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes())
            .await;
        self.answer().await
    }

    pub(super) async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n{headers}\r\n");
        self.send(head.as_bytes()).await;
        self.send(body).await;
        self.answer().await
    }

    /// Reads one answer; may be dropped and called again.
    pub(super) async fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, length)) = Answer::parse(&self.received) {
                self.received.drain(..length);
                return answer;
            }
            let read = self.socket.read_buf(&mut self.received).await;
            let got = read.expect("the connection was reset before its answer");
            let so_far = String::from_utf8_lossy(&self.received);
            assert!(
                got > 0,
                "the connection was closed before its answer: {so_far:?}"
            );
        }
    }

    /// Whether the service closes the connection within 3 seconds, without a further answer.
    pub(super) async fn is_closed(&mut self) -> bool {
        assert!(
            self.received.is_empty(),
            "{:?}",
            String::from_utf8_lossy(&self.received)
        );
        let read = timeout(Duration::from_secs(3), self.socket.read(&mut [0; 64])).await;
        matches!(read, Ok(Ok(0) | Err(_)))
    }
}

impl Answer {
    fn parse(received: &[u8]) -> Option<(Self, usize)> {
        let text = String::from_utf8_lossy(received);
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut answer = Self {
            status,
            head: head.to_owned(),
            body: String::new(),
        };
        let length = answer.header("content-length").parse().unwrap_or(0);
        answer.body = rest.get(..length)?.to_owned();
        let whole = head.len() + 4 + length;
        Some((answer, whole))
    }

    /// A header's value, or nothing.
    pub(super) fn header(&self, name: &str) -> String {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.rfind(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned()).unwrap_or_default()
    }

    /// The code of a problem.
    pub(super) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("a problem is JSON");
        body["code"]
            .as_str()
            .expect("a problem has a code")
            .to_owned()
    }
}
