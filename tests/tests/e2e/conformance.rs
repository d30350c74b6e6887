//! The conformance kit: every adapter through the public doors, by one table of checks. What each
//! adapter was put through stands in `docs/providers/README.md`; `make references` writes it anew.
//!
//! One account has the samples once; another has each twice, and then all of them again. Both have the
//! same rows in the end. (Samples of one call may contradict each other, so that their order matters:
//! whole calls in any order are sent in `five_providers`.) In between come requests that are forged,
//! replayed or of the other account, of which none is taken; a third account gets what is cut and
//! hostile, which harms nobody.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use e2e::clock;
use e2e::config::{Account, Config};
use e2e::doors::Answer;
use e2e::hooks::{PUBLIC, Webhook, samples};
use e2e::service::Service;
use trunkline_providers::{ALL, Provider, named};

/// The secrets of the two accounts' hooks.
pub(crate) fn secrets(provider: &str) -> [String; 2] {
    let pair = match provider {
        "standard" => [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        ],
        // The test signs as the vendor does, so it needs the private keys.
        "telnyx" | "telnyx-texml" => [
            "seed:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "seed:HxoeHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE=",
        ],
        "mango" => ["first-key:first-salt", "other-key:other-salt"],
        _ => ["first_secret-0123456789", "other_secret-9876543210"],
    };
    pair.map(str::to_owned)
}

/// An adapter under test, and the samples it has.
struct Tried {
    provider: &'static dyn Provider,
    /// The provider's name, or that of a map.
    name: String,
    /// The map, of a provider that has one.
    map: Option<PathBuf>,
    samples: Vec<Webhook>,
}

impl Tried {
    fn new(provider: &'static dyn Provider) -> Self {
        let name = provider.guide().name.to_owned();
        let hook = format!("first-{name}");
        let samples = samples(provider);
        Self {
            samples: samples
                .iter()
                .map(|file| Webhook::sample(file, &hook))
                .collect(),
            map: None,
            provider,
            name,
        }
    }

    /// A map of `docs/maps` that has samples.
    fn mapped(map: PathBuf) -> Option<Self> {
        let name = map.file_stem()?.to_str()?.to_owned();
        let (hook, folder) = (format!("first-{name}"), map.parent()?.join("samples"));
        let files = fs::read_dir(folder).expect("there are samples");
        let mut files: Vec<_> = files
            .map(|file| file.expect("it can be read").path())
            .collect();
        let own = format!("{name}-");
        files.retain(|file| {
            let is = file
                .extension()
                .is_some_and(|extension| extension == "http");
            let stem = file.file_stem().and_then(|stem| stem.to_str());
            is && stem.is_some_and(|stem| stem.starts_with(&own))
        });
        files.sort();
        (!files.is_empty()).then(|| Self {
            provider: named("map").expect("it is a provider"),
            samples: files
                .iter()
                .map(|file| Webhook::sample(file, &hook))
                .collect(),
            map: Some(map),
            name,
        })
    }

    fn signs(&self) -> bool {
        !self.provider.guide().secret.is_empty()
    }

    /// Whether signatures are good for a while only.
    fn has_window(&self) -> bool {
        let sample = &self.samples[0];
        let [secret, _] = secrets(&self.name);
        let at = |time: i64| sample.signed_at(self.provider, &secret, time).headers;
        let now = clock::wall();
        at(now) != at(now - HOUR)
    }
}

/// A provider that a connection of ours asks, and the one that does nothing without a map.
const NO_SAMPLES: [&str; 2] = ["asterisk", "map"];
const HOUR: i64 = 3_600_000;
/// Once; again and again; what is strange, under the secrets of the first.
const ACCOUNTS: [&str; 3] = ["first", "other", "third"];

fn account(which: usize, tried: &[Tried]) -> Account {
    let id = ACCOUNTS[which];
    let mut account = Account::new(id).setting("country = \"ES\"");
    for Tried {
        name,
        provider,
        map,
        ..
    } in tried
    {
        let secret = &secrets(name)[which % 2];
        let secret = if provider.guide().secret.is_empty() {
            String::new()
        } else {
            format!("secrets = [\"{secret}\"]\n")
        };
        let map = map
            .as_ref()
            .map_or_else(String::new, |map| format!("map = \"{}\"\n", map.display()));
        account = account.section(&format!(
            "[[account.hook]]\nid = \"{id}-{name}\"\nprovider = \"{}\"\n{secret}{map}\
             default_manager = \"desk\"\nallow_ips = [\"127.0.0.1\"]\n",
            provider.guide().name
        ));
    }
    account
}

/// The same for another account's hook.
fn to(account: &str, webhook: &Webhook, name: &str) -> Webhook {
    let (first, other) = (format!("first-{name}"), format!("{account}-{name}"));
    let mut webhook = webhook.clone();
    webhook.path = webhook.path.replacen(&first, &other, 1);
    webhook
}

fn events(service: &Service, account: &str) -> BTreeMap<&'static str, Vec<String>> {
    let rows = |sql: &str| -> Vec<String> {
        let text = service.views().text(&format!("{sql} FORMAT TSV"));
        let same = |line: &str| line.replace(&format!("{account}-"), "");
        text.lines().map(same).collect()
    };
    let of = |what: &str, order: &str| {
        rows(&format!(
            "SELECT {what} AND account = '{account}' ORDER BY {order}"
        ))
    };
    BTreeMap::from([
        (
            "messages",
            of(
                "* EXCEPT account FROM trunkline.whole_messages WHERE 1",
                "channel, conversation, message",
            ),
        ),
        (
            "changes",
            of(
                "* EXCEPT account FROM trunkline.whole_timeline WHERE change = 1",
                "channel, conversation, id",
            ),
        ),
        (
            "calls",
            of(
                "* EXCEPT (account, version, received_at, last_received_at) FROM trunkline.calls FINAL WHERE deleted = 0",
                "call",
            ),
        ),
    ])
}

#[track_caller]
fn refused(answer: &Answer, of: &str) {
    assert_eq!(answer.status, 401, "{of}: {}", answer.text());
}

/// All that is put through: the adapters, and the maps that have samples.
fn all() -> Vec<Tried> {
    let mut tried: Vec<Tried> = ALL
        .iter()
        .filter(|it| !NO_SAMPLES.contains(&it.guide().name))
        .map(|provider| Tried::new(*provider))
        .collect();
    let maps = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/maps");
    let maps = fs::read_dir(maps).expect("there are maps");
    let mut maps: Vec<_> = maps
        .map(|map| map.expect("it can be read").path())
        .collect();
    maps.sort();
    tried.extend(maps.into_iter().filter_map(Tried::mapped));
    tried
}

#[test]
fn every_adapter_takes_what_is_its_providers_once_and_nothing_else() {
    let tried = all();
    let config = Config::of([0, 1, 2].map(|which| account(which, &tried)))
        .server(&format!("public_url = \"{PUBLIC}\"\n"));
    let service = Service::start(config);
    let mut table = Vec::new();
    for it in &tried {
        put_through(&service, it);
        table.push(row(it));
    }
    for account in ["first", "other"] {
        service.door(account).flush();
    }
    let (first, other) = (events(&service, "first"), events(&service, "other"));
    assert!(first.values().map(Vec::len).sum::<usize>() > 0);
    same_rows(&first, &other);
    let sums = service.door("first").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    documented(&table);
}

/// Sends an adapter's samples to both accounts, and to the third what is strange.
fn put_through(service: &Service, it: &Tried) {
    let port = service.port();
    assert!(!it.samples.is_empty(), "{} has no samples", &it.name);
    let [secret, others] = secrets(&it.name);
    for sample in &it.samples {
        let good = sample.signed(it.provider, &secret);
        let answer = good.send(port);
        assert_eq!(answer.status, 200, "{}: {}", it.name, why(service, "first"));
        if it.signs() {
            refuses(it, sample, port);
            // What the one account's provider sent is not the other's.
            refused(&to("other", &good, &it.name).send(port), &it.name);
        }
        survives(it, sample, port);
    }
    let twice = it.samples.iter().flat_map(|sample| [sample, sample]);
    for sample in twice.chain(&it.samples) {
        let there = to("other", sample, &it.name).signed(it.provider, &others);
        let answer = there.send(port);
        assert_eq!(answer.status, 200, "{}: {}", it.name, why(service, "other"));
    }
}

/// Sent once, or again and again: the rows are the same. Those with a time of arrival in them, because
/// their provider tells none, are only counted.
#[track_caller]
fn same_rows(
    first: &BTreeMap<&'static str, Vec<String>>,
    other: &BTreeMap<&'static str, Vec<String>>,
) {
    let today = clock::rfc3339(clock::wall())[..10].to_owned();
    for (table, rows) in first {
        let others = &other[table];
        assert_eq!(rows.len(), others.len(), "{table}");
        let is_told = |row: &&String| !row.contains(&today);
        let (rows, others): (Vec<_>, Vec<_>) = (
            rows.iter().filter(is_told).collect(),
            others.iter().filter(is_told).collect(),
        );
        assert!(!rows.is_empty(), "{table}");
        assert_eq!(rows, others, "{table}");
    }
}

/// Says why the last request was refused.
fn why(service: &Service, account: &str) -> String {
    let rejects = service.door(account).get("/v1/admin/rejects", &[]).json();
    rejects["refused"][0].to_string()
}

/// Requests that are not the provider's are refused.
fn refuses(it: &Tried, sample: &Webhook, port: u16) {
    let [secret, _] = secrets(&it.name);
    refused(&sample.send(port), &format!("{} unsigned", it.name));
    let forged = sample.signed(it.provider, "not-the-secret-of-this-hook");
    refused(&forged.send(port), &format!("{} forged", it.name));
    if it.has_window() {
        for away in [-HOUR, HOUR] {
            let late = sample.signed_at(it.provider, &secret, clock::wall() + away);
            refused(&late.send(port), &format!("{} replayed", it.name));
        }
    }
}

/// Whatever is signed and strange is answered, and never by a fault of ours.
fn survives(it: &Tried, sample: &Webhook, port: u16) {
    let [secret, _] = secrets(&it.name);
    let sample = &to("third", sample, &it.name);
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let bodies: [&[u8]; 6] = [
        b"",
        &sample.body[..sample.body.len() / 2],
        b"\xff\xfe\x00{",
        deep.as_bytes(),
        b"{\"a\":1e999,\"a\":[null]}",
        b"a=%ff&a=%00&&&=;",
    ];
    for body in bodies {
        let strange = Webhook {
            body: body.to_owned(),
            ..sample.clone()
        };
        let answer = strange.signed(it.provider, &secret).send(port);
        let fine = matches!(answer.status, 200 | 401);
        assert!(fine, "{} {}: {}", it.name, answer.status, answer.text());
    }
    let mut other = sample.signed(it.provider, &secret);
    other
        .headers
        .insert("content-type", "text/plain".parse().expect("a value"));
    let status = other.send(port).status;
    assert!(matches!(status, 200 | 401), "{} {status}", &it.name);
}

/// A provider's line of the table of the docs.
fn row(it: &Tried) -> String {
    let guide = it.provider.guide();
    let checks = [
        (true, "duplicated, late"),
        (it.signs(), "forged, unsigned, cross-account"),
        (it.has_window(), "replayed"),
        (true, "cut, hostile, wrong type"),
    ];
    let checks = checks.iter().filter(|(is, _)| *is).map(|(_, what)| *what);
    let name = match &it.map {
        None => format!("[{}]({}.md)", guide.title, guide.name),
        Some(_) => format!("map [{name}](../maps/{name}.toml)", name = it.name),
    };
    format!(
        "| {name} | {} | {} | {} |",
        it.samples.len(),
        checks.collect::<Vec<_>>().join("; "),
        if it.has_window() {
            "5 min"
        } else {
            "none: repetitions are known by their ids"
        },
    )
}

/// Holds the table against the docs, or writes it there.
fn documented(rows: &[String]) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/providers/README.md");
    let text = fs::read_to_string(path).expect("the docs have a page of providers");
    let begin = "<!-- conformance -->\n";
    let (before, _) = text
        .split_once(begin)
        .expect("the page has a place for the table");
    let head = "| provider | samples | put through | replay window |\n|---|---|---|---|\n";
    let made = format!("{before}{begin}{head}{}\n", rows.join("\n"));
    if std::env::var_os("TRUNKLINE_REFERENCES").is_some() {
        fs::write(path, made).expect("the page can be written");
    } else {
        assert_eq!(text, made, "`make references` writes the table anew");
    }
}
