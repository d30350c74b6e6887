//! `GET /v1/stream`, as a sender uses it: [`Knock`] opens one, [`Stream`] sends frames and hears
//! what comes back, [`Resuming`] sends through a named stream whatever happens to the service.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::handshake::HandshakeError;
use tungstenite::handshake::client::{Request, generate_key};
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use crate::doors::Answer;
use crate::events::Event;

mod resuming;

pub use resuming::Resuming;

/// How long something may be waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a handshake says.
#[derive(Clone, Debug)]
pub struct Knock {
    port: u16,
    path: String,
    headers: Vec<(&'static str, String)>,
}

/// What the service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The first message: the stream's name and its highest frame in the journal.
    Hello(Option<String>, u64),
    /// All frames up to this one are on stable storage.
    Ack(u64),
    /// An item, or a whole frame, was refused.
    Reject(u64, Option<u64>, String),
    /// A ping.
    Ping,
    /// The stream was closed, with code and reason.
    Closed(u16, String),
    /// The connection ended without a word.
    Lost,
}

/// An open stream.
#[derive(Debug)]
pub struct Stream {
    socket: WebSocket<TcpStream>,
}

impl Knock {
    /// Makes a handshake without a token.
    pub fn new(port: u16) -> Self {
        let headers = vec![
            ("host", format!("127.0.0.1:{port}")),
            ("connection", "Upgrade".into()),
            ("upgrade", "websocket".into()),
            ("sec-websocket-version", "13".into()),
            ("sec-websocket-key", generate_key()),
            ("sec-websocket-protocol", "trunkline.v1".into()),
        ];
        let path = "/v1/stream".into();
        Self {
            port,
            path,
            headers,
        }
    }

    /// Names the stream.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.path = format!("/v1/stream?stream={name}");
        self
    }

    /// Adds the token as a header.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a header, in place of one of that name.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Opens the stream, or gives the answer that refuses it.
    pub fn open(&self) -> Result<Stream, Answer> {
        self.try_open().expect("an answer to the handshake")
    }

    /// Opens the stream, or gives the answer that refuses it, or says that nobody answers.
    pub fn try_open(&self) -> std::io::Result<Result<Stream, Answer>> {
        let socket = TcpStream::connect(("127.0.0.1", self.port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut request = Request::builder().uri(format!("ws://127.0.0.1{}", self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(()).expect("a request");
        match tungstenite::client(request, socket) {
            Ok((mut socket, _)) => {
                // Acknowledgements are small: whatever is large is no answer of ours.
                socket.set_config(|config: &mut WebSocketConfig| {
                    config.max_message_size = Some(64 << 10);
                });
                Ok(Ok(Stream { socket }))
            }
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                let headers = answer.headers().iter().map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.to_string(), value)
                });
                Ok(Err(Answer {
                    status: answer.status().as_u16(),
                    headers: headers.collect(),
                    body: answer.body().clone().unwrap_or_default(),
                }))
            }
            Err(why) => Err(std::io::Error::other(why.to_string())),
        }
    }

    /// Opens the stream and hears its hello; gives the highest frame in the journal too.
    #[track_caller]
    pub fn greeted(&self) -> (Stream, u64) {
        let mut stream = self
            .open()
            .unwrap_or_else(|answer| panic!("{}: {}", answer.status, answer.text()));
        match stream.hear() {
            Heard::Hello(_, ack) => (stream, ack),
            heard => panic!("no hello but {heard:?}"),
        }
    }
}

impl Stream {
    /// Sends a frame of text.
    pub fn try_send(&mut self, frame: &str) -> Result<(), Error> {
        self.socket.send(Message::text(frame))
    }

    /// Sends a frame of text.
    #[track_caller]
    pub fn send(&mut self, frame: &str) {
        self.try_send(frame).expect("sent");
    }

    /// Sends frames in one go, as a busy sender does.
    pub fn send_all<'a>(&mut self, frames: impl Iterator<Item = &'a String>) -> Result<(), Error> {
        for frame in frames {
            self.socket.write(Message::text(frame.as_str()))?;
        }
        self.socket.flush()
    }

    /// Sends a message of any kind.
    #[track_caller]
    pub fn send_message(&mut self, message: Message) {
        self.socket.send(message).expect("sent");
    }

    /// Hears the next message, pings too.
    #[track_caller]
    pub fn hear_all(&mut self) -> Heard {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return heard(&text),
                Ok(Message::Ping(_)) => return Heard::Ping,
                Ok(Message::Close(Some(frame))) => {
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Ok(Message::Close(None)) => return Heard::Closed(1005, String::new()),
                Ok(Message::Pong(_)) => {}
                Ok(other) => panic!("an unexpected message: {other:?}"),
                Err(Error::Io(why)) if why.kind() == ErrorKind::WouldBlock => {
                    panic!("nothing came within {PATIENCE:?}")
                }
                Err(_) => return Heard::Lost,
            }
        }
    }

    /// Hears the next message that is no ping.
    #[track_caller]
    pub fn hear(&mut self) -> Heard {
        loop {
            match self.hear_all() {
                Heard::Ping => {}
                heard => return heard,
            }
        }
    }

    /// Hears until all frames up to `frame` are acknowledged; gives what was refused meanwhile.
    #[track_caller]
    pub fn hear_ack(&mut self, frame: u64) -> Vec<Heard> {
        let mut refused = Vec::new();
        loop {
            match self.hear() {
                Heard::Ack(ack) if ack == frame => return refused,
                Heard::Ack(ack) => assert!(ack < frame, "{ack} is acknowledged, {frame} was sent"),
                reject @ Heard::Reject(..) => refused.push(reject),
                heard => panic!("no acknowledgement of {frame} but {heard:?}"),
            }
        }
    }

    /// Gives the bare connection, to write what no library would; what was heard and not read is
    /// lost.
    pub fn raw(&mut self) -> &mut TcpStream {
        self.socket.get_mut()
    }

    /// Writes the head of a masked frame of text that says it is `bytes` long.
    #[track_caller]
    pub fn announce(&mut self, bytes: u64) {
        let mut head = vec![0x81, 0xff];
        head.extend_from_slice(&bytes.to_be_bytes());
        head.extend_from_slice(&[0; 4]);
        self.raw().write_all(&head).expect("written");
    }
}

/// Writes events as a frame: one alone, several as an array.
pub fn frame(events: &[Event]) -> String {
    match events {
        [one] => one.json().to_string(),
        several => several
            .iter()
            .map(Event::json)
            .collect::<Value>()
            .to_string(),
    }
}

#[track_caller]
fn heard(text: &str) -> Heard {
    let json: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    let number = |value: &Value| {
        value
            .as_u64()
            .unwrap_or_else(|| panic!("no number: {text}"))
    };
    if let Some(hello) = json.get("hello") {
        let name = hello["stream"].as_str().map(str::to_owned);
        return Heard::Hello(name, number(&hello["ack"]));
    }
    if let Some(reject) = json.get("reject") {
        let code = reject["code"].as_str().unwrap_or_default().to_owned();
        return Heard::Reject(number(&reject["frame"]), reject["index"].as_u64(), code);
    }
    Heard::Ack(number(&json["ack"]))
}
