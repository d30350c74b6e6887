//! Signatures by the vendors' own client libraries: what they sign is taken, and what we sign for our
//! tests is good to them. So neither side of the other tests rests on our own reading of a scheme.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use e2e::clock;
use e2e::config::{Account, Config};
use e2e::hooks::{PUBLIC, Webhook, samples};
use e2e::service::Service;
use http::{HeaderName, Method};
use serde_json::{Map, Value, json};
use trunkline_providers::named;

use crate::conformance::secrets;

/// The providers that have a library which signs or verifies.
const PROVIDERS: [&str; 7] = [
    "plivo",
    "signalwire",
    "slack",
    "standard",
    "telnyx",
    "twilio",
    "vonage",
];

/// The libraries, in a process of their own.
struct Libraries {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Libraries {
    fn start() -> Self {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut child = Command::new(top.join(".tools/vendors/bin/python"))
            .arg(top.join("tests/vendors/signatures.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the vendors' libraries are there: `make setup` fetches them");
        let to = child.stdin.take().expect("it listens");
        let from = BufReader::new(child.stdout.take().expect("it speaks"));
        Self { child, to, from }
    }

    fn ask(&mut self, what: &str, provider: &str, secret: &str, webhook: &Webhook) -> Value {
        let headers = webhook.headers.iter();
        let headers: Map<String, Value> = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().into()))
            .collect();
        let question = json!({
            "do": what, "provider": provider, "secret": secret,
            "method": webhook.method.as_str(), "url": format!("{PUBLIC}{}", webhook.path),
            "headers": headers, "body": String::from_utf8_lossy(&webhook.body),
            "time": clock::wall().div_euclid(1000),
        });
        writeln!(self.to, "{question}").expect("it listens");
        let mut line = String::new();
        self.from.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("it answers in JSON; its trouble is above")
    }
}

impl Drop for Libraries {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_the_vendors_own_libraries_sign_is_taken_and_what_we_sign_is_good_to_them() {
    let mut account = Account::new("acme");
    for name in PROVIDERS {
        let [secret, _] = secrets(name);
        account = account.section(&format!(
            "[[account.hook]]\nid = \"{name}\"\nprovider = \"{name}\"\nsecrets = [\"{secret}\"]\n"
        ));
    }
    let config = Config::of([account]).server(&format!("public_url = \"{PUBLIC}\"\n"));
    let service = Service::start(config);
    let mut libraries = Libraries::start();
    for name in PROVIDERS {
        let provider = named(name).expect("it is a provider");
        let [secret, _] = secrets(name);
        let samples = samples(provider);
        let samples = samples.iter().map(|file| Webhook::sample(file, name));
        let posts: Vec<_> = samples.filter(|it| it.method == Method::POST).collect();
        assert!(!posts.is_empty(), "{name} has no samples");
        for sample in posts {
            let made = libraries.ask("sign", name, &secret, &sample);
            let mut theirs = sample.clone();
            let headers = made["headers"].as_object().expect("it signs");
            for (header, value) in headers {
                let header: HeaderName = header.parse().expect("a header's name");
                let value = value.as_str().expect("a text").parse().expect("a value");
                theirs.headers.insert(header, value);
            }
            let answer = theirs.send(service.port());
            assert_eq!(
                answer.status,
                200,
                "{name}, signed by its library: {}",
                answer.text()
            );
            let ours = sample.signed(provider, &secret);
            let judged = libraries.ask("verify", name, &secret, &ours);
            assert_eq!(judged["good"], true, "{name}, signed by us: {judged}");
            let mut changed = ours;
            changed.path.push_str("?x=1");
            changed.body.extend_from_slice(b"&x=1");
            let judged = libraries.ask("verify", name, &secret, &changed);
            // The library of Vonage looks at the token alone, not at what the token says of the body.
            assert_eq!(
                judged["good"],
                name == "vonage",
                "{name}, changed: {judged}"
            );
        }
    }
}
