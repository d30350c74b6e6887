//! Webhooks: a byte for the provider, a byte for its map, then a request as in the samples: a line with
//! method and path, headers, an empty line, the body.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use trunkline_model::time::Time;
use trunkline_providers::{ALL, Hook, Parsed, Request};

use crate::drafts::{self, NOW};
use crate::hooks::{Hooks, hooks};

/// The public address of the hooks.
const PUBLIC: &str = "https://in.example.com";

/// A request, read leniently: what is no header is left out.
pub struct Sent {
    method: Method,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Sent {
    /// Reads a request.
    pub fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(2).position(|two| two == b"\n\n");
        let (head, body) = end.map_or((bytes, &b""[..]), |end| (&bytes[..end], &bytes[end + 2..]));
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = String::from_utf8_lossy(lines.next().unwrap_or_default());
        let (method, path) = first.split_once(' ').unwrap_or(("POST", &first));
        let mut headers = HeaderMap::new();
        for line in lines {
            let colon = line.windows(2).position(|two| two == b": ");
            let Some((name, value)) = colon.map(|colon| (&line[..colon], &line[colon + 2..]))
            else {
                continue;
            };
            if let Ok(name) = HeaderName::from_bytes(name)
                && let Ok(value) = HeaderValue::from_bytes(value)
            {
                headers.append(name, value);
            }
        }
        Self {
            method: if method == "GET" { Method::GET } else { Method::POST },
            url: format!("{PUBLIC}{path}"),
            headers,
            body: body.to_vec(),
        }
    }

    /// Shows it at a time.
    pub fn show<T>(&self, received_at: Time, see: impl FnOnce(&Request<'_>) -> T) -> T {
        see(&Request {
            method: &self.method,
            url: &self.url,
            headers: &self.headers,
            body: &self.body,
            peer: None,
            received_at,
        })
    }

    /// Signs it as its provider does, and writes it down.
    pub fn signed(&self, provider: &dyn trunkline_providers::Provider, secret: &str) -> Vec<u8> {
        let body = self.show(NOW, |request| provider.signed_body(secret, request));
        let signed = Self {
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: body.unwrap_or_else(|| self.body.clone()),
        };
        let added = signed.show(NOW, |request| provider.sign(secret, request));
        let path = signed.url.strip_prefix(PUBLIC).unwrap_or_default();
        let mut bytes = format!("{} {path}\n", signed.method).into_bytes();
        for (name, value) in &signed.headers {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        for (name, value) in added {
            bytes.extend(format!("{name}: {value}\n").into_bytes());
        }
        bytes.push(b'\n');
        bytes.extend(signed.body);
        bytes
    }
}

/// Nothing panics; nobody else's secret is taken; the same bytes always tell the same; events are the
/// contract's to judge; ids do not depend on when it came.
pub fn holds(bytes: &[u8]) {
    let [which, map, request @ ..] = bytes else {
        return;
    };
    let which = usize::from(*which) % ALL.len();
    let (provider, Hooks { own, none }) = (ALL[which], hooks(which, *map));
    let name = provider.guide().name;
    let sent = Sent::read(request);
    sent.show(NOW, |request| {
        let _ = own.admit(request);
        let _ = provider.greeting(own, request);
        let verified = provider.verify(own, request);
        assert_eq!(verified, provider.verify(own, request), "{name}");
        if provider.guide().secret.is_empty() || name == "map" {
            return;
        }
        assert!(provider.verify(none, request).is_err(), "{name}: no secret");
    });
    let Some(parsed) = parsed(own, &sent, NOW) else {
        return;
    };
    let again = parsed_again(own, &sent);
    let events = drafts::written(&parsed.events);
    assert_eq!(events, drafts::written(&again.events), "{name}");
    assert_eq!(parsed.unknown, again.unknown, "{name}");
    drafts::hold(events.iter().map(String::as_str));
    same_ids_later(own, &sent, &parsed);
}

fn parsed(hook: &Hook, sent: &Sent, at: Time) -> Option<Parsed> {
    sent.show(at, |request| hook.provider.parse(hook, request)).ok()
}

fn parsed_again(hook: &Hook, sent: &Sent) -> Parsed {
    parsed(hook, sent, NOW).expect("it was read before")
}

/// A request that is repeated an hour later tells of the same events.
fn same_ids_later(hook: &Hook, sent: &Sent, now: &Parsed) {
    let later = parsed(hook, sent, NOW.plus(3_600_000)).expect("it was read before");
    let ids = |parsed: &Parsed| -> Vec<Option<Value>> {
        let mut ids: Vec<_> = parsed.events.iter().map(|it| it.field("id").cloned()).collect();
        ids.sort_by_key(|id| id.as_ref().map(Value::to_string));
        ids
    };
    let name = hook.provider.guide().name;
    assert_eq!(ids(now), ids(&later), "{name}: ids are of the arrival");
}
