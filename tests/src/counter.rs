//! Stands in for those who count clicks: Google Ads, Google Analytics and Yandex Metrica, on a port of
//! this machine. It takes only what their documents allow, to the letter, says on demand what was
//! wrong, and answers as they do. No real one was ever asked.

use std::collections::{BTreeSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use crate::clock::pause;

mod ga4;
mod google;
mod metrica;

/// Whom it stands in for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vendor {
    /// `uploadClickConversions` of Google Ads.
    GoogleClicks,
    /// `uploadCallConversions` of Google Ads.
    GoogleCalls,
    /// The Measurement Protocol.
    Ga4,
    /// `offline_conversions/upload` of Yandex Metrica.
    Metrica,
    /// `offline_conversions/upload_calls` of Yandex Metrica.
    MetricaCalls,
}

/// What goes wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not taken, and answered with this status.
    Status(u16),
    /// It is taken, and the connection ends without an answer.
    Lost,
}

/// A request as it came.
#[derive(Clone, Debug, Default)]
struct Asked {
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    fn query(&self, name: &str) -> &str {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// What came of requests.
#[derive(Default)]
struct Books {
    faults: VecDeque<Fault>,
    requests: usize,
    wrong: Vec<String>,
    /// What was counted, a value for each conversion.
    counted: Vec<Value>,
    /// The order ids that were counted.
    orders: BTreeSet<String>,
}

/// Status and body of an answer, or what is wrong with the request.
type Told = Result<(u16, Value), String>;

struct Shared {
    vendor: Vendor,
    books: Mutex<Books>,
    ended: AtomicBool,
}

/// The stand-in; it ends with the value.
pub struct Counter {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Counter {
    /// Starts one.
    #[track_caller]
    pub fn start(vendor: Vendor) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("set");
        let shared = Arc::new(Shared {
            vendor,
            books: Mutex::default(),
            ended: AtomicBool::new(false),
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

    /// Returns the address to push to.
    pub fn address(&self) -> String {
        let path = match self.shared.vendor {
            Vendor::GoogleClicks => google::CLICKS.to_owned(),
            Vendor::GoogleCalls => google::CALLS.to_owned(),
            Vendor::Ga4 => format!("/mp/collect?{}", ga4::QUERY),
            Vendor::Metrica => metrica::CONVERSIONS.to_owned(),
            Vendor::MetricaCalls => metrica::CALLS.to_owned(),
        };
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Returns the lines of the file with the headers that it wants.
    pub fn headers(&self) -> &'static str {
        match self.shared.vendor {
            Vendor::GoogleClicks | Vendor::GoogleCalls => {
                "# as the console shows them\nAuthorization: Bearer t-1\ndeveloper-token: d-1\n"
            }
            Vendor::Ga4 => "",
            Vendor::Metrica | Vendor::MetricaCalls => "Authorization: OAuth y-1\n",
        }
    }

    /// Lets the next requests go wrong.
    pub fn fail(&self, faults: &[Fault]) {
        self.books().faults.extend(faults);
    }

    /// Returns what was wrong with requests.
    pub fn wrong(&self) -> Vec<String> {
        self.books().wrong.clone()
    }

    /// Returns how many requests came.
    pub fn requests(&self) -> usize {
        self.books().requests
    }

    /// Returns what was counted.
    pub fn counted(&self) -> Vec<Value> {
        self.books().counted.clone()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.shared
            .books
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Shared) {
    while !shared.ended.load(Ordering::Relaxed) {
        match listener.accept() {
            // How a connection ends is the sender's affair.
            Ok((stream, _)) => drop(serve(&stream, shared)),
            Err(_) => pause(1),
        }
    }
}

fn serve(stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    let asked = read(&mut BufReader::new(stream))?;
    let (status, body) = {
        let mut books = shared.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.requests += 1;
        let fault = books.faults.pop_front();
        if let Some(Fault::Status(status)) = fault {
            (status, Value::Null)
        } else {
            let told = match shared.vendor {
                Vendor::GoogleClicks => google::clicks(&asked, &mut books),
                Vendor::GoogleCalls => google::calls(&asked, &mut books),
                Vendor::Ga4 => ga4::collect(&asked, &mut books),
                Vendor::Metrica | Vendor::MetricaCalls => metrica::upload(&asked, &mut books),
            };
            if fault == Some(Fault::Lost) {
                return Ok(());
            }
            told.unwrap_or_else(|wrong| {
                books.wrong.push(wrong.clone());
                (400, serde_json::json!({ "error": { "message": wrong } }))
            })
        }
    };
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    (&mut &*stream).write_all(format!("{head}{body}").as_bytes())
}

fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Asked> {
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let target = first.strip_prefix("POST ").unwrap_or_default();
    let target = target.split(' ').next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut asked = Asked {
        path: path.to_owned(),
        query: pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..Asked::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        asked
            .headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = asked.header("content-length").parse().unwrap_or(0);
    asked.body.resize(length, 0);
    reader.read_exact(&mut asked.body)?;
    Ok(asked)
}

/// Refuses unless it holds.
fn must(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// Refuses keys of an object beside these.
fn keys(object: &Value, known: &[&str], needed: &[&str]) -> Result<(), String> {
    let fields = object.as_object().ok_or("no object")?;
    for name in fields.keys() {
        must(known.contains(&name.as_str()), || {
            format!("`{name}` is not known")
        })?;
    }
    for name in needed {
        must(fields.contains_key(*name), || {
            format!("`{name}` is missing")
        })?;
    }
    Ok(())
}

/// Refuses a value without a currency, and a currency that is none.
fn money(value: Option<&Value>, currency: Option<&Value>) -> Result<(), String> {
    let is_code = |code: &str| code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase());
    match (value, currency) {
        (None, None) => Ok(()),
        (Some(value), Some(currency)) => {
            must(value.as_f64().is_some_and(|value| value >= 0.0), || {
                format!("value {value}")
            })?;
            must(currency.as_str().is_some_and(is_code), || {
                format!("currency {currency}")
            })
        }
        other => Err(format!("value and currency: {other:?}")),
    }
}
