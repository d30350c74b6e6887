//! A receiver of outgoing webhooks: it keeps what it is sent, and answers as it is told.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::clock::{pause, wall};
use crate::config::hex;

/// How often a waiting thread looks whether the receiver still exists.
const LOOK: Duration = Duration::from_millis(20);

/// A request that came.
#[derive(Clone, Debug)]
pub struct Notice {
    /// When it came, in milliseconds since 1970.
    pub at: i64,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// The status it was answered with.
    pub status: u16,
}

impl Notice {
    /// Returns a header, empty if it did not come.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// Parses the body.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// Says whether it is signed with a secret, as the contract says.
    pub fn is_signed(&self, secret: &str) -> bool {
        let signature = self.header("trunkline-signature");
        let time = signature
            .split(',')
            .find_map(|part| part.strip_prefix("t="));
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
        let signed = format!("{}.{}", time.unwrap_or_default(), self.body);
        let expected = hex(&mac.chain_update(signed).finalize().into_bytes());
        signature.ends_with(&format!(",v1={expected}"))
    }
}

struct Shared {
    status: AtomicU16,
    ended: AtomicBool,
    came: Mutex<Vec<Notice>>,
}

/// The receiver; it ends with the value.
pub struct Receiver {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Receiver {
    /// Starts one that takes all.
    #[track_caller]
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("set");
        let shared = Arc::new(Shared {
            status: AtomicU16::new(200),
            ended: AtomicBool::new(false),
            came: Mutex::default(),
        });
        let listening = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || listen(&listener, &shared))
        };
        Self {
            port,
            shared,
            listening: Some(listening),
        }
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Sets what it answers from now on.
    pub fn answer(&self, status: u16) {
        self.shared.status.store(status, Ordering::Relaxed);
    }

    /// Returns all that came, in order.
    pub fn came(&self) -> Vec<Notice> {
        lock(&self.shared.came).clone()
    }

    /// Returns what it took.
    pub fn taken(&self) -> Vec<Notice> {
        let mut came = self.came();
        came.retain(|notice| notice.status == 200);
        came
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut open: Vec<JoinHandle<()>> = Vec::new();
    while !shared.ended.load(Ordering::Relaxed) {
        match listener.accept() {
            Ok((stream, _)) => {
                let shared = Arc::clone(shared);
                open.push(std::thread::spawn(move || {
                    // How a connection ends is the sender's affair.
                    let _ = serve(&stream, &shared);
                }));
            }
            Err(_) => pause(1),
        }
    }
    for thread in open {
        let _ = thread.join();
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(LOOK))?;
    let mut reader = BufReader::new(stream);
    while let Some(head) = head(&mut reader, shared)? {
        let length = head.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let status = shared.status.load(Ordering::Relaxed);
        lock(&shared.came).push(Notice {
            at: wall(),
            headers: head,
            body: String::from_utf8_lossy(&body).into_owned(),
            status,
        });
        let answer = format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\n\r\n");
        (&mut &*stream).write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Reads the headers of a request; nothing at the end of the connection or of the receiver.
fn head(
    reader: &mut BufReader<&TcpStream>,
    shared: &Shared,
) -> std::io::Result<Option<Vec<(String, String)>>> {
    let mut text = String::new();
    while !text.ends_with("\r\n\r\n") {
        match reader.read_line(&mut text) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                if shared.ended.load(Ordering::Relaxed) {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error),
        }
    }
    let headers = text.lines().filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Ok(Some(headers.collect()))
}
