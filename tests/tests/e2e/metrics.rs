//! `/metrics`, `/healthz`, `/readyz`.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use e2e::clock::pause;
use e2e::config::Config;
use e2e::events::Thread;
use e2e::generate::{self, disorder};
use e2e::service::Service;

#[test]
fn sums_balance_at_every_scrape_under_load() {
    let mut service = Service::start(Config::acme());
    let door = service.door("acme");
    let (stop, sent) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let (door, stop, sent) = (door.clone(), &stop, &sent);
            scope.spawn(move || {
                for round in 0.. {
                    let events = disorder(&generate::log(sender * 1_000 + round, 20), round, 30);
                    for batch in events.chunks(50) {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        door.post("application/x-ndjson", None, b"not an event\n");
                        door.post("application/x-ndjson", None, &e2e::doors::lines(batch));
                        sent.fetch_add(1 + batch.len() as u64, Ordering::Relaxed);
                    }
                }
            });
        }
        let mut scrapes = Vec::new();
        for _ in 0..150 {
            scrapes.push(door.metrics().sums());
            pause(10);
        }
        stop.store(true, Ordering::Relaxed);
        for sums in &scrapes {
            assert!(sums.balance(), "{sums:?}");
        }
        let grows = scrapes
            .windows(2)
            .all(|two| two[0].received <= two[1].received);
        assert!(grows, "received went back");
    });
    let sums = door.metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(
        (sums.received, sums.in_flight),
        (sent.into_inner(), 0),
        "{sums:?}"
    );
    assert!(sums.refused > 0 && sums.duplicate > 0, "{sums:?}");

    // The second sum goes on through a crash.
    service.kill9();
    service.restart();
    let after = door.metrics().sums();
    assert!(after.balance(), "{after:?}");
    let journalled = |sums: e2e::scrape::Sums| {
        (
            sums.appended,
            sums.observed + sums.pending,
            sums.duplicate,
            sums.conflict,
        )
    };
    assert_eq!(journalled(after), journalled(sums));
}

#[test]
fn every_metric_is_described_and_promtool_finds_nothing() {
    let service = Service::start(Config::acme());
    let door = service.door("acme");
    door.send_flushed(
        &Thread::new("1")
            .contact("10:00")
            .manager("ana", "10:05")
            .events(),
    );
    door.post("application/json", None, b"{");
    let text = door.get("/metrics", &[]).expect_status(200).text();
    let scrape = e2e::scrape::Scrape::parse(&text);
    assert_eq!(scrape.undescribed(), Vec::<String>::new());
    for name in scrape.names() {
        assert!(name.starts_with("trunkline_"), "{name}");
        assert!(
            name.ends_with("_total") == (scrape.kind(name) == Some("counter")),
            "{name}"
        );
        assert_ne!(scrape.kind(name), Some("summary"), "{name} has no buckets");
    }
    for about in [
        "trunkline_journal_",
        "trunkline_flush_",
        "trunkline_warehouse_",
        "trunkline_http_",
    ] {
        assert!(
            scrape.names().any(|name| name.starts_with(about)),
            "nothing of {about}"
        );
    }
    assert!(scrape.total("trunkline_flush_rows_written_total") >= 3.0);
    promtool(&text);
}

fn promtool(text: &str) {
    let child = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        println!(
            "\npromtool IS NOT INSTALLED: /metrics was not checked with it \
             (Debian: apt-get install prometheus)\n"
        );
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "promtool is missing in CI");
        return;
    };
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(text.as_bytes())
        .expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn health_says_nothing_but_ok_and_readiness_says_how_clickhouse_is() {
    let service = Service::start(Config::acme());
    let door = service.door("nobody");
    assert!(
        door.get("/healthz", &[])
            .expect_status(200)
            .text()
            .contains("ok")
    );
    let ready = door.get("/readyz", &[]).expect_status(200).json();
    assert_eq!(ready["warehouse"], "up");
    assert!(!ready.to_string().contains("acme"), "{ready}");
}
