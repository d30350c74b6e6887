use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;
use trunkline_journal::{Config, Journal, Records, World};
use trunkline_model::settings::FoldRules;

use super::*;
use crate::handle::{Token, TokenWork};
use crate::recover::{Extent, Source};

const DAY: i64 = 24 * 3_600_000;

fn acme() -> Arc<str> {
    "acme".into()
}

async fn attach(streams: &Streams, name: &str) -> Arc<Lease> {
    streams.attach(&acme(), name).await.unwrap()
}

/// Makes frames durable at a time.
fn commit(streams: &Streams, lease: &Arc<Lease>, frame: u64, at: i64) {
    let next = streams.through() + 1;
    streams.committed(next, at, [(&**lease, frame)].into_iter());
}

#[tokio::test]
async fn a_stream_goes_on_where_its_last_mark_stands() {
    let streams = Streams::default();
    let first = attach(&streams, "crm").await;
    assert_eq!(first.began_at(), 0);
    commit(&streams, &first, 7, DAY);
    commit(&streams, &first, 9, DAY);
    drop(first);
    assert_eq!(attach(&streams, "crm").await.began_at(), 9);
    assert_eq!(attach(&streams, "other").await.began_at(), 0);
    let other: Arc<str> = "bolt".into();
    let elsewhere = streams.attach(&other, "crm").await.unwrap();
    assert_eq!(elsewhere.began_at(), 0);
}

#[tokio::test]
async fn a_connection_that_replaces_another_waits_until_its_appends_are_settled() {
    let streams = Streams::default();
    let first = attach(&streams, "crm").await;
    let on_its_way = Arc::clone(&first);
    let account = acme();
    let second = streams.attach(&account, "crm");
    tokio::pin!(second);
    let early = timeout(Duration::from_millis(50), &mut second).await;
    assert!(early.is_err(), "{early:?}");
    assert!(first.replaced().is_cancelled());
    drop(first);
    commit(&streams, &on_its_way, 3, DAY);
    drop(on_its_way);
    let second = second.await.unwrap();
    assert_eq!(second.began_at(), 3);
    assert!(!second.replaced().is_cancelled());
}

#[tokio::test]
async fn of_two_that_wait_for_a_name_the_last_gets_it() {
    let streams = Streams::default();
    let first = attach(&streams, "crm").await;
    let account = acme();
    let waiting = streams.attach(&account, "crm");
    tokio::pin!(waiting);
    assert!(
        timeout(Duration::from_millis(20), &mut waiting)
            .await
            .is_err()
    );
    let last = streams.attach(&account, "crm");
    tokio::pin!(last);
    assert!(timeout(Duration::from_millis(20), &mut last).await.is_err());
    assert_eq!(waiting.await.unwrap_err(), AttachError::Replaced);
    drop(first);
    assert!(last.await.is_ok());
}

#[tokio::test]
async fn a_name_is_forgotten_seven_days_after_its_last_frame() {
    let streams = Streams::default();
    let (old, busy) = (
        attach(&streams, "old").await,
        attach(&streams, "busy").await,
    );
    commit(&streams, &old, 5, DAY);
    drop(old);
    commit(&streams, &busy, 1, 8 * DAY - 1);
    assert_eq!(attach(&streams, "old").await.began_at(), 5);
    commit(&streams, &busy, 2, 8 * DAY);
    assert_eq!(attach(&streams, "old").await.began_at(), 0);
}

#[tokio::test]
async fn an_account_has_a_thousand_names_and_a_forgotten_one_makes_room() {
    let streams = Streams::default();
    for number in 0..1000 {
        let lease = attach(&streams, &format!("n{number}")).await;
        commit(&streams, &lease, 1, if number == 0 { 0 } else { DAY });
    }
    let refused = streams.attach(&acme(), "more").await;
    assert_eq!(refused.unwrap_err(), AttachError::TooMany);
    assert_eq!(attach(&streams, "n0").await.began_at(), 1);
    let lease = attach(&streams, "n1").await;
    commit(&streams, &lease, 2, 7 * DAY);
    attach(&streams, "more").await;
    // `more` left no frame: it makes room for the next.
    attach(&streams, "another").await;
}

/// A journal whose records arrive a day apart, in segments of a few.
fn journal(dir: &Path, records: &[Vec<u8>]) -> (Journal<Token>, u64) {
    let day = std::sync::atomic::AtomicI64::new(0);
    let clock = move || day.fetch_add(DAY, std::sync::atomic::Ordering::Relaxed);
    let world = World {
        clock: Arc::new(clock),
        observer: Arc::new(()),
        new_id: 77,
    };
    let mut config = Config::new(dir);
    (config.segment_bytes, config.reserve_bytes) = (512, 0);
    let (done, wait) = std::sync::mpsc::sync_channel(records.len());
    let opened = Journal::open(&config, world, move |commit| {
        done.send(commit.outcome.is_ok()).unwrap();
    });
    let journal = opened.unwrap().journal;
    for record in records {
        let mut one = Records::new();
        one.push(record);
        let token = Token {
            work: TokenWork::Settings {
                account: acme(),
                rules: FoldRules::default(),
            },
            reply: None,
            frames: None,
            durable: Arc::default(),
            permit: None,
        };
        journal.append(one, token).unwrap();
        assert!(wait.recv().unwrap());
    }
    (journal, records.len() as u64)
}

fn frames(streams: &Streams) -> Vec<(String, u64)> {
    let registry = lock(&streams.0);
    let names = registry.accounts.values().flat_map(HashMap::values);
    let known = names.filter(|stream| stream.is_known(registry.newest));
    let mut all: Vec<_> = known
        .map(|stream| (stream.name.to_string(), lock(&stream.state).frame))
        .collect();
    all.sort();
    all
}

#[test]
fn the_journal_alone_says_where_streams_stand_and_a_saved_file_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let event = |n: u8| [record::event_head("acme", "api", ""), vec![n; 90]].concat();
    let mut records = vec![
        record::mark("acme", "old", 40),
        record::mark("acme", "crm", 1),
    ];
    records.extend((0..5).map(event));
    records.push(record::mark("acme", "crm", 5));
    records.push(record::mark("bolt", "crm", 2));
    records.push(event(9));
    let (journal, next) = journal(&dir.path().join("journal"), &records);
    let extent = Extent {
        id: journal.id(),
        base: 0,
        next,
    };
    let folder = dir.path().join("journal");
    let source = Source {
        journal: &journal,
        dir: &folder,
        extent,
    };
    let expected = [("crm".to_owned(), 2), ("crm".to_owned(), 5)];
    let state = dir.path().join("state");
    let again = |below: u64| {
        let streams = Streams::default();
        catch_up(&streams, source, &state, below).unwrap();
        for batch in journal.reader(below.min(next - 1)).unwrap() {
            streams.learn(&batch.unwrap(), next);
        }
        assert_eq!(streams.through(), next);
        frames(&streams)
    };
    // Replay from every place, without a file.
    for below in 0..=next {
        assert_eq!(again(below), expected, "from {below}");
    }
    // With a file of every place, replay from every place.
    for saved in 0..=next {
        let streams = Streams::default();
        for batch in journal.reader(0).unwrap() {
            streams.learn(&batch.unwrap(), saved);
        }
        streams.save(&state, journal.id()).unwrap();
        for below in 0..=next {
            assert_eq!(again(below), expected, "file {saved}, from {below}");
        }
    }
    let mut damaged = std::fs::read(state.join("streams")).unwrap();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    std::fs::write(state.join("streams"), damaged).unwrap();
    assert_eq!(again(next), expected);
    journal.shutdown().unwrap();
}
