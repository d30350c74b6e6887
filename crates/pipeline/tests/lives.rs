//! The pipeline through several lives of a process, with ClickHouse away all the time: what was
//! answered is there again, in the same figures.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_delivery::{Handle as Delivery, Webhooks};
use trunkline_model::batch::{Batch, Limits, Shape};
use trunkline_model::settings::{Account, BotReplies, FoldRules, Span};
use trunkline_model::time::Time;
use trunkline_pipeline::{
    AccountSettings, Config, Error, Handle, KeepConfig, Phase, Receipt, Service, Submission,
    VisitAsk, World,
};
use trunkline_rollup::Counts;
use trunkline_warehouse::{Client, Connection};

const DAY: i64 = 24 * 3_600_000;
const START: i64 = 1_767_225_600_000;

/// One life of the process.
struct Life {
    runtime: Runtime,
    handle: Handle,
    stop: CancellationToken,
    service: JoinHandle<Result<(), Error>>,
}

struct Place<'a> {
    dir: &'a Path,
    now: Arc<AtomicI64>,
    checkpoint_records: u64,
    rules: FoldRules,
    delivery: Option<Delivery>,
}

impl<'a> Place<'a> {
    fn new(dir: &'a Path) -> Self {
        let now = Arc::new(AtomicI64::new(START));
        Self {
            dir,
            now,
            checkpoint_records: u64::MAX,
            rules: FoldRules::default(),
            delivery: None,
        }
    }

    fn live(&self) -> Life {
        let life = self.start();
        life.until(|handle| handle.status().phase == Phase::Ready);
        life
    }

    fn start(&self) -> Life {
        let now = Arc::clone(&self.now);
        let world = World {
            clock: Arc::new(move || Time(now.load(Ordering::Relaxed))),
            elapsed: Arc::new(|| Duration::ZERO),
            random: 7,
        };
        let mut journal = trunkline_journal::Config::new(self.dir.join("journal"));
        journal.segment_bytes = 64 << 10;
        journal.reserve_bytes = 0;
        let keep = KeepConfig {
            checkpoint_records: self.checkpoint_records,
            checkpoint_every: Duration::from_hours(1),
            retention: 14 * DAY,
            facts: Span::Months(25),
            window: 7 * DAY,
        };
        let config = Config {
            data_dir: self.dir.to_owned(),
            journal,
            workers: 2,
            horizon: 2 * DAY,
            keep,
        };
        // Port 1 on loopback: nobody is there.
        let away = Connection::new("http://127.0.0.1:1", "nobody", "", "trunkline").unwrap();
        let accounts = vec![AccountSettings {
            account: "acme".into(),
            rules: self.rules.clone(),
        }];
        let (_, settings) = watch::channel(Arc::default());
        let (service, handle) =
            Service::open(config, world, Client::new(away), accounts, settings).unwrap();
        let service = match &self.delivery {
            Some(delivery) => service.telling(delivery.clone()).unwrap(),
            None => service,
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let stop = CancellationToken::new();
        let service = runtime.spawn(service.run(stop.clone()));
        Life {
            runtime,
            handle,
            stop,
            service,
        }
    }
}

impl Life {
    /// Waits for the service to end by itself, and says why it did.
    fn service_error(self) -> String {
        self.runtime
            .block_on(self.service)
            .unwrap()
            .unwrap_err()
            .to_string()
    }

    fn until(&self, done: impl Fn(&Handle) -> bool) {
        self.runtime.block_on(async {
            for _ in 0..2000 {
                if done(&self.handle) {
                    return;
                }
                assert!(!self.service.is_finished(), "the service ended early");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            panic!("it did not come about: {:?}", self.handle.status());
        });
    }

    fn submit(&self, account: &str, lines: &[String]) -> Receipt {
        self.submit_from("api", account, lines)
    }

    fn submit_from(&self, origin: &str, account: &str, lines: &[String]) -> Receipt {
        let body = lines.join("\n").into_bytes();
        let now = Time(START + 400 * DAY);
        let batch = Batch::parse(body, Shape::Ndjson, now, &Limits::default()).unwrap();
        assert!(batch.rejected.is_empty(), "{:?}", batch.rejected);
        let submission = Submission {
            account: account.into(),
            origin: origin.into(),
            events: batch.events,
            webhook: None,
        };
        self.runtime
            .block_on(self.handle.submit(submission))
            .unwrap()
    }

    fn outcomes(&self) -> Counts {
        let sums = self.handle.sums();
        assert!(sums.balance(), "{sums:?}");
        sums.outcomes
    }

    /// Ends as a crash does: nothing is said, nothing is finished.
    fn crash(self) {
        self.service.abort();
        drop(self.handle);
        self.runtime.shutdown_timeout(Duration::from_secs(10));
    }

    fn stop(self) {
        self.stop.cancel();
        self.runtime.block_on(self.service).unwrap().unwrap();
        drop(self.handle);
        self.runtime.shutdown_timeout(Duration::from_secs(10));
    }
}

fn messages(from: usize, to: usize) -> Vec<String> {
    let line = |n: usize| {
        format!(
            r#"{{"type":"message","id":"{n}","conversation":"k{}","contact":"c","channel":"web","author":"{}","manager":"ana","at":{}}}"#,
            n % 7,
            if n.is_multiple_of(2) {
                "contact"
            } else {
                "manager"
            },
            START / 1000 + n as i64 * 60,
        )
    };
    (from..to).map(line).collect()
}

fn rating() -> Vec<String> {
    vec![r#"{"type":"rating","contact":"c","kind":"nps","value":9,"at":1767225600}"#.to_owned()]
}

#[test]
fn acknowledged_is_durable() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    for life in 0..4usize {
        let now = place.live();
        assert_eq!(now.outcomes().observed, life as u64 * 50);
        let receipt = now.submit("acme", &messages(life * 50, life * 50 + 50));
        assert_eq!((receipt.accepted, receipt.observed), (50, true));
        now.crash();
    }
}

#[test]
fn what_was_seen_before_a_clean_stop_or_a_crash_is_a_duplicate_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    let first = place.live();
    first.submit("acme", &messages(0, 30));
    first.submit("other", &messages(0, 30));
    first.stop();
    let second = place.live();
    assert_eq!(second.submit("acme", &messages(10, 40)).duplicates, 20);
    second.crash();
    let third = place.live();
    assert_eq!(third.submit("acme", &messages(0, 45)).accepted, 5);
    assert_eq!(third.submit("other", &messages(0, 31)).accepted, 1);
    let other = messages(0, 1)[0].replace("\"c\"", "\"d\"");
    assert_eq!(third.submit("acme", &[other]).conflicts, 1);
    let counts = third.outcomes();
    assert_eq!(
        (counts.observed, counts.duplicate, counts.conflict),
        (76, 90, 1)
    );
    third.stop();
}

#[test]
fn a_damaged_checkpoint_is_passed_over_and_the_state_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place {
        checkpoint_records: 40,
        ..Place::new(dir.path())
    };
    let first = place.live();
    first.submit("acme", &messages(0, 60));
    first.until(|_| checkpoints(dir.path()).len() == 1);
    first.submit("acme", &messages(60, 120));
    first.stop();
    let files = checkpoints(dir.path());
    assert_eq!(files.len(), 2);
    for damaged in 1..=2 {
        let file = &files[files.len() - damaged];
        let mut bytes = std::fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(file, bytes).unwrap();
        let life = place.live();
        assert_eq!(life.outcomes().observed, 120);
        life.crash();
    }
    let last = place.live();
    assert_eq!(last.submit("acme", &messages(0, 121)).duplicates, 120);
    last.stop();
}

fn checkpoints(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir.join("state/checkpoints"));
    let mut files: Vec<_> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "checkpoint")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn settings_are_journalled_once_and_hold_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    let first = place.live();
    let before = first.handle.status().durable;
    first.stop();
    place.rules = FoldRules {
        bot_replies: BotReplies::Ignore,
        ..FoldRules::default()
    };
    let second = place.live();
    assert_eq!(second.handle.status().durable, before + 1);
    assert_eq!(second.outcomes(), Counts::default());
    second.crash();
    let third = place.live();
    assert_eq!(third.handle.status().durable, before + 1);
    third.stop();
}

/// No door writes such records: a fault of ours would have to. It is counted, and what is counted is seen.
#[test]
fn two_live_visits_on_one_number_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    let account = r#"{"id": "acme", "site": [{"key": "shop", "pool": "web"}],
        "pool": [{"id": "web", "numbers": ["+34911000001", "+34911000002"]}]}"#;
    let account: Account = serde_json::from_str(account).unwrap();
    place.rules = account.fold_rules();
    let visit = |visit: &str, number: &str| {
        let (at, until) = (Time(START), Time(START + 1_800_000));
        format!(
            r#"{{"type":"visit","visit":"{visit}","visitor":"{visit}","url":"/","at":"{at}","site":"shop","pool":"web","number":"{number}","served":true,"expires_at":"{until}"}}"#
        )
    };
    let life = place.live();
    life.submit_from("site:shop", "acme", &[visit("shop-1", "+34911000001")]);
    life.until(|handle| handle.status().pool_numbers == [2, 1]);
    assert_eq!(life.handle.status().visits_doubled, 0);
    life.submit_from("site:shop", "acme", &[visit("shop-2", "+34911000001")]);
    life.until(|handle| handle.status().visits_doubled == 1);
    assert_eq!(life.handle.status().pools_empty, 0);
    life.submit_from("site:shop", "acme", &[visit("shop-3", "+34911000002")]);
    life.until(|handle| handle.status().pools_empty == 1);
    life.stop();
}

#[test]
fn a_page_that_goes_away_before_its_visit_is_recorded_takes_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    let account = r#"{"id": "acme", "site": [{"key": "shop", "pool": "web"}],
        "pool": [{"id": "web", "numbers": ["+34911000001"]}]}"#;
    let account: Account = serde_json::from_str(account).unwrap();
    place.rules = account.fold_rules();
    let life = place.live();
    let acme = Arc::from("acme");
    let ask = |visit: &str| VisitAsk {
        site: "shop".into(),
        pool: Some("web".into()),
        visitor: visit.into(),
        visit: visit.into(),
        now: Time(START),
    };
    life.runtime.block_on(async {
        let decided = async |visit: &str| life.handle.decide(&acme, ask(visit)).await.unwrap();
        let (first, held) = decided("shop-1").await;
        assert!(first.served);
        assert!(!decided("shop-2").await.0.served);
        drop(held);
        // One goes away while it waits for the answer.
        let gone = tokio::time::timeout(Duration::ZERO, decided("shop-3")).await;
        drop(gone);
        let (last, held) = decided("shop-4").await;
        assert_eq!((last.number, last.served), (first.number, true));
        drop(held);
    });
    life.stop();
}

#[test]
fn nothing_needed_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    let first = place.live();
    first.submit("acme", &messages(0, 100));
    first.submit("acme", &rating());
    first.stop();
    place.now.fetch_add(100 * DAY, Ordering::Relaxed);
    let second = place.live();
    second.submit("acme", &messages(100, 200));
    assert_eq!(second.outcomes().waiting, 1);
    second.stop();
    let kept = trunkline_journal::verify(dir.path().join("journal")).unwrap();
    // Nothing was ever confirmed by ClickHouse, so nothing may go, however old it is.
    assert_eq!((kept.base, kept.next_offset), (0, 201));
}

#[test]
fn a_room_that_does_not_exist_yet_makes_events_wait_and_counts_them_once() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    let first = place.live();
    assert_eq!(first.submit("acme", &rating()).accepted, 1);
    assert_eq!(first.submit("acme", &rating()).duplicates, 1);
    first.crash();
    let second = place.live();
    let counts = second.outcomes();
    assert_eq!((counts.waiting, counts.duplicate), (1, 1));
    second.stop();
}

#[test]
fn clickhouse_away_is_said_and_disturbs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    let life = place.live();
    assert!(life.submit("acme", &messages(0, 10)).observed);
    life.until(|handle| handle.status().warehouse.word() == "down");
    let flushed = life.handle.flushed(None, Duration::from_millis(50));
    assert!(!life.runtime.block_on(flushed));
    assert_eq!(life.handle.status().oldest_unflushed, Some(Time(START)));
    life.stop();
}

#[test]
fn an_empty_journal_is_not_flushed_before_clickhouse_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let life = Place::new(dir.path()).live();
    life.until(|handle| handle.status().warehouse.word() == "down");
    assert_eq!(life.handle.status().durable, 0);
    let flushed = life.handle.flushed(None, Duration::from_millis(50));
    assert!(!life.runtime.block_on(flushed));
    life.stop();
}

#[test]
fn a_journal_that_lost_its_newest_segment_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::new(dir.path());
    let first = place.live();
    for part in 0..8 {
        first.submit("acme", &messages(part * 100, part * 100 + 100));
    }
    first.stop();
    let mut segments = trunkline_journal::segments(dir.path().join("journal")).unwrap();
    std::fs::remove_file(segments.pop().unwrap().path).unwrap();
    assert!(!segments.is_empty());
    let error = place.start().service_error();
    assert!(
        error.contains("bring the missing newest segment back"),
        "{error}"
    );
}

/// A fresh handle of the outbox, as each life of a process has one; nothing is sent.
fn delivery(place: &Place<'_>) -> Delivery {
    let now = Arc::clone(&place.now);
    let world = trunkline_delivery::World {
        clock: Arc::new(move || Time(now.load(Ordering::Relaxed))),
        chance: Arc::new(|| 0.5),
    };
    let account = serde_json::from_str(
        r#"{"id": "acme", "webhook": [
            {"id": "crm", "url": "http://127.0.0.1:1/", "events": ["missed_call"]}]}"#,
    );
    let webhooks = Webhooks::new(&[account.unwrap()]).unwrap();
    Delivery::new(&place.dir.join("state"), world, webhooks)
}

fn missed_call(id: usize) -> Vec<String> {
    let phase = |phase: &str, at: i64| {
        let at = START / 1000 + at;
        format!(
            r#"{{"type":"call","call":"{id}","phase":"{phase}","direction":"inbound","from":"+3491122233{id}","to":"+34600100200","at":{at}}}"#
        )
    };
    vec![phase("started", 0), phase("ended", 30)]
}

impl Place<'_> {
    /// Starts a life that tells webhooks, each with an outbox read anew.
    fn live_telling(&mut self) -> (Life, Delivery) {
        let delivery = delivery(self);
        self.delivery = Some(delivery.clone());
        (self.live(), delivery)
    }
}

fn waiting(delivery: &Delivery) -> usize {
    delivery.list("acme")[0].waiting
}

#[test]
fn what_webhooks_were_to_be_told_at_a_crash_or_a_stop_waits_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    for life in 0..6 {
        let (now, delivery) = place.live_telling();
        assert_eq!(waiting(&delivery), life);
        now.submit("acme", &missed_call(life));
        now.submit("other", &missed_call(life));
        assert_eq!(waiting(&delivery), life + 1);
        if life % 3 == 2 {
            now.stop();
        } else {
            now.crash();
        }
    }
}

#[test]
fn a_webhook_that_comes_into_the_configuration_is_not_told_the_past() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    let without = place.live();
    without.submit("acme", &missed_call(1));
    without.crash();
    let (with, delivery) = place.live_telling();
    assert_eq!(waiting(&delivery), 0);
    with.submit("acme", &missed_call(2));
    assert_eq!(waiting(&delivery), 1);
    with.stop();
}

#[test]
fn no_checkpoint_goes_ahead_of_what_webhooks_were_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut place = Place::new(dir.path());
    let (first, _) = place.live_telling();
    // The outbox cannot be written.
    let obstacle = dir.path().join("state/outbox.tmp");
    std::fs::create_dir(&obstacle).unwrap();
    first.submit("acme", &missed_call(1));
    first.stop();
    assert_eq!(checkpoints(dir.path()).len(), 0);
    std::fs::remove_dir(&obstacle).unwrap();
    let (second, delivery) = place.live_telling();
    assert_eq!(waiting(&delivery), 1);
    second.stop();
    assert_eq!(checkpoints(dir.path()).len(), 1);
    let (third, delivery) = place.live_telling();
    assert_eq!(waiting(&delivery), 1);
    third.crash();
}
