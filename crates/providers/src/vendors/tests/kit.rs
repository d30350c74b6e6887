//! What every adapter is put through by its own tests.
//!
//! A sample is a file `samples/NAME.http`: a line with method and path, headers, an empty line, the
//! body. Without a signature of its own it is signed by the adapter. What it tells must be that of
//! `samples/NAME.json`; `TRUNKLINE_SNAPSHOTS=1` writes that file, to be read with care before it is
//! kept.

use std::fs;
use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, Method};
use serde_json::{Value, json};
use trunkline_model::event::Event;
use trunkline_model::settings::Account;
use trunkline_model::time::Time;

use crate::{Hook, Parsed, Provider, Refused, Request};

/// When samples arrive, unless they are signed for another time: 2026-03-02T12:00:00Z.
pub(crate) const NOW: i64 = 1_772_452_800_000;
/// The public address of the hook `h`.
const PUBLIC: &str = "https://in.example.com";

/// Makes the hook `h` of a provider, in Madrid.
pub(crate) fn hook(provider: &'static dyn Provider, secrets: &[&str]) -> Hook {
    let name = provider.guide().name;
    let address = provider.is_called().then_some("ami://pbx.lan");
    let account: Account = serde_json::from_value(json!({
        "id": "demo", "timezone": "Europe/Madrid", "country": "ES",
        "hook": [{"id": "h", "provider": name, "secrets": secrets, "default_manager": "desk",
            "address": address}],
    }))
    .expect("these are settings");
    Hook::new(&account, &account.hooks[0], None).expect("this is a hook")
}

/// Makes a request to the path and shows it.
pub(crate) fn request<T>(
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
    received_at: i64,
    see: impl FnOnce(&Request<'_>) -> T,
) -> T {
    Sample::new("POST", path, headers, body).show(received_at, see)
}

/// A request on file.
#[derive(Clone)]
pub(crate) struct Sample {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sample {
    pub(crate) fn new(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let header = |(name, value): &(&str, &str)| {
            let name: HeaderName = name.parse().expect("this is a header's name");
            (name, value.parse().expect("this is a header's value"))
        };
        Self {
            method: method.parse().expect("this is a method"),
            url: format!("{PUBLIC}{path}"),
            headers: headers.iter().map(header).collect(),
            body: body.to_owned(),
        }
    }

    /// Reads a sample's file. The line break that ends the file is not part of the body.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).expect("the sample is there");
        let (head, body) = text
            .split_once("\n\n")
            .expect("an empty line ends the head");
        let mut lines = head.lines();
        let first = lines.next().expect("there is a first line");
        let (method, path) = first.split_once(' ').expect("method and path");
        let headers: Vec<_> = lines
            .map(|line| line.split_once(": ").expect("a header"))
            .collect();
        let body = body.strip_suffix('\n').unwrap_or(body);
        Self::new(method, path, &headers, body.as_bytes())
    }

    pub(crate) fn show<T>(&self, received_at: i64, see: impl FnOnce(&Request<'_>) -> T) -> T {
        see(&Request {
            method: &self.method,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
            peer: None,
            received_at: Time(received_at),
        })
    }

    /// Signs it, in its headers or its body.
    pub(crate) fn signed(&self, provider: &dyn Provider, secret: &str) -> Self {
        let mut signed = self.clone();
        if let Some(body) = self.show(NOW, |request| provider.signed_body(secret, request)) {
            signed.body = body;
        }
        for (name, value) in self.show(NOW, |request| provider.sign(secret, request)) {
            signed
                .headers
                .insert(name, value.parse().expect("a header's value"));
        }
        signed
    }
}

/// Puts all samples of a provider through its adapter: verified, read as on file, taken by the
/// contract; refused with another secret; never a panic, whatever is cut or changed.
pub(crate) fn samples(provider: &'static dyn Provider, secret: &str) {
    let good = hook(provider, &["not-the-one", secret]);
    let bad = hook(provider, &["another-secret"]);
    let files = files(provider);
    assert!(!files.is_empty(), "there are no samples");
    for file in files {
        let name = file.display();
        let sample = Sample::read(&file).signed(provider, secret);
        let verified = sample.show(NOW, |request| provider.verify(&good, request));
        assert!(verified.is_ok(), "{name}: {verified:?}");
        if !provider.guide().secret.is_empty() {
            let verified = sample.show(NOW, |request| provider.verify(&bad, request));
            assert!(verified.is_err(), "{name}: another secret is taken");
            let unsigned = Sample::read(&file);
            let verified = unsigned.show(NOW, |request| provider.verify(&good, request));
            assert!(verified.is_err(), "{name}: it is taken without a signature");
            let none = hook(provider, &[]);
            let verified = sample.show(NOW, |request| provider.verify(&none, request));
            assert_eq!(verified, Err(Refused::NoSecret), "{name}");
        }
        let parsed = sample.show(NOW, |request| provider.parse(&good, request));
        let parsed = parsed.unwrap_or_else(|error| panic!("{name}: {error}"));
        is_as_on_file(&file.with_extension("json"), &parsed);
        spoiled(provider, &good, &sample);
    }
}

fn files(provider: &dyn Provider) -> Vec<PathBuf> {
    let folder = provider.guide().name.replace('-', "_");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/vendors")
        .join(folder)
        .join("samples");
    let mut files: Vec<_> = fs::read_dir(samples)
        .expect("there is a folder of samples")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "http")
        })
        .collect();
    files.sort();
    files
}

fn is_as_on_file(file: &Path, parsed: &Parsed) {
    let events = parsed.events.iter().map(|event| {
        let json = event.to_json();
        if let Err(refusal) = Event::parse(&json) {
            panic!(
                "{}: the contract refuses {json}: {refusal:?}",
                file.display()
            );
        }
        serde_json::from_str::<Value>(&json).expect("it is JSON")
    });
    let mut made = json!({ "events": events.collect::<Vec<_>>() });
    if !parsed.unknown.is_empty() {
        made["unknown"] = json!(parsed.unknown);
    }
    as_on_file(file, &made);
}

/// Compares what was made with a snapshot, or writes it.
pub(crate) fn as_on_file(file: &Path, made: &Value) {
    if std::env::var_os("TRUNKLINE_SNAPSHOTS").is_some() {
        let text = format!("{made:#}\n");
        return fs::write(file, text).expect("the snapshot can be written");
    }
    let text = fs::read_to_string(file).unwrap_or_else(|_| panic!("no {}", file.display()));
    let expected: Value = serde_json::from_str(&text).expect("the snapshot is JSON");
    assert_eq!(*made, expected, "{}", file.display());
}

/// Cuts and changes the body at every byte: nothing panics, whatever comes of it.
fn spoiled(provider: &'static dyn Provider, hook: &Hook, sample: &Sample) {
    let mut spoiled = sample.clone();
    for end in 0..sample.body.len() {
        for byte in [0, b'"', b'{', b'9', 0xff] {
            spoiled.body.clone_from(&sample.body);
            spoiled.body[end] = byte;
            spoiled.show(NOW, |request| {
                drop((
                    provider.verify(hook, request),
                    provider.parse(hook, request),
                ));
            });
        }
        spoiled.body.truncate(end);
        spoiled.show(NOW, |request| {
            drop((
                provider.verify(hook, request),
                provider.parse(hook, request),
            ));
        });
    }
}

/// Gives the events of a request, as JSON.
pub(crate) fn events(provider: &'static dyn Provider, sample: &Sample) -> Vec<Value> {
    let hook = hook(provider, &["secret"]);
    let parsed = sample.show(NOW, |request| provider.parse(&hook, request));
    let events = parsed.expect("it can be read").events.into_iter();
    events
        .map(|event| serde_json::from_str(&event.to_json()).expect("it is JSON"))
        .collect()
}
