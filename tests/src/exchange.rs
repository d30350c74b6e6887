//! A telephone exchange for tests: the two interfaces of Asterisk, each spoken by the test itself.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use tungstenite::WebSocket;
use tungstenite::handshake::server::{Request, Response};
use tungstenite::http::StatusCode;

use crate::clock::holds_within;

/// How long anything here is waited for.
const WITHIN: Duration = Duration::from_secs(20);

/// A listening exchange.
pub struct Exchange(TcpListener);

impl Exchange {
    /// Listens on a free port.
    #[track_caller]
    pub fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it may not block");
        Self(listener)
    }

    /// Gives the port.
    pub fn port(&self) -> u16 {
        self.0.local_addr().expect("an address").port()
    }

    /// Waits for a connection.
    #[track_caller]
    pub fn accept(&self) -> TcpStream {
        self.accept_within(WITHIN).expect("nobody connects")
    }

    /// Waits so long for a connection.
    #[track_caller]
    pub fn accept_within(&self, limit: Duration) -> Option<TcpStream> {
        let mut accepted = None;
        holds_within(limit, || match self.0.accept() {
            Ok((stream, _)) => {
                accepted = Some(stream);
                true
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => false,
            Err(error) => panic!("it cannot accept: {error}"),
        });
        let stream = accepted?;
        stream.set_nonblocking(false).expect("it may block");
        stream
            .set_read_timeout(Some(WITHIN))
            .expect("a limit of reading");
        Some(stream)
    }

    /// Waits for a connection to the manager interface and says who it is.
    #[track_caller]
    pub fn ami(&self) -> Ami {
        let mut ami = Ami(BufReader::new(self.accept()));
        ami.say("Asterisk Call Manager/9.0.0\r\n");
        ami
    }

    /// Waits for a WebSocket of the REST interface, which is opened if the login is `basic`; gives
    /// the path that was asked for.
    #[track_caller]
    pub fn ari(&self, basic: &str) -> (Option<WebSocket<TcpStream>>, String) {
        let mut path = String::new();
        let expected = format!("Basic {basic}");
        // The library's own type of an answer.
        #[expect(clippy::result_large_err, reason = "the type is the library's")]
        let check = |request: &Request, answer: Response| {
            path = request.uri().to_string();
            let login = request.headers().get("authorization");
            if login.is_some_and(|login| *login == *expected) {
                return Ok(answer);
            }
            let (head, ()) = answer.into_parts();
            let mut refused = Response::from_parts(head, ()).map(|()| None);
            *refused.status_mut() = StatusCode::UNAUTHORIZED;
            Err(refused)
        };
        let socket = tungstenite::accept_hdr(self.accept(), check).ok();
        (socket, path)
    }

    /// Waits for a request for the list of channels and answers it.
    #[track_caller]
    pub fn channels(&self, list: &str) {
        let mut stream = BufReader::new(self.accept());
        let head = block(&mut stream);
        assert!(head.starts_with("GET /ari/channels HTTP/1.1"), "{head}");
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-type: application/json\r\nContent-Length: {}\r\n\r\n{list}",
            list.len()
        );
        let stream = stream.get_mut();
        stream.write_all(answer.as_bytes()).expect("it is read");
    }
}

/// A connection to the manager interface.
pub struct Ami(BufReader<TcpStream>);

impl Ami {
    /// Says something as it is.
    #[track_caller]
    pub fn say(&mut self, text: &str) {
        let stream = self.0.get_mut();
        stream.write_all(text.as_bytes()).expect("it is read");
    }

    /// Waits for the next action, which must be `action`; gives its text.
    #[track_caller]
    pub fn asked(&mut self, action: &str) -> String {
        let text = block(&mut self.0);
        let first = format!("Action: {action}\r\n");
        assert!(text.starts_with(&first), "{text}");
        text
    }

    /// Takes the login in if its password is `password`.
    #[track_caller]
    pub fn log_in(&mut self, password: &str) -> bool {
        let text = self.asked("Login");
        let good = text.contains(&format!("\r\nSecret: {password}\r\n"));
        self.say(if good {
            "Response: Success\r\nActionID: trunkline-login\r\nMessage: Authentication accepted\r\n\r\n"
        } else {
            "Response: Error\r\nActionID: trunkline-login\r\nMessage: Authentication failed\r\n\r\n"
        });
        good
    }

    /// Answers the question for the channels with these, each the lines of one.
    #[track_caller]
    pub fn list(&mut self, channels: &[String]) {
        self.asked("CoreShowChannels");
        self.say("Response: Success\r\nActionID: trunkline-list\r\nEventList: start\r\n\r\n");
        for channel in channels {
            let head = "Event: CoreShowChannel\r\nActionID: trunkline-list\r\n";
            self.say(&format!("{head}{channel}\r\n"));
        }
        self.say("Event: CoreShowChannelsComplete\r\nActionID: trunkline-list\r\n\r\n");
    }

    /// Says whether the other side closes the connection.
    pub fn ends(mut self) -> bool {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).is_ok()
    }
}

/// Reads up to an empty line.
#[track_caller]
fn block(stream: &mut impl BufRead) -> String {
    let mut text = String::new();
    loop {
        let read = stream.read_line(&mut text).expect("a line");
        assert!(read > 0, "the connection ended in {text:?}");
        if text.ends_with("\r\n\r\n") {
            return text;
        }
    }
}

/// Reads a transcript of the adapter's samples.
#[track_caller]
pub fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/providers/src/vendors/asterisk/samples");
    std::fs::read_to_string(folder.join(name)).expect("the sample is there")
}
