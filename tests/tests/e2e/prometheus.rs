//! Alerts and the dashboard *Operations* on a real Prometheus that scrapes the real service with the configuration of
//! `deploy/prometheus`: every expression is answered, and its figures are those of what was sent.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::clock::{SECOND, wall};
use e2e::config::{Config, token};
use e2e::prometheus::Prometheus;
use e2e::service::Service;
use e2e::stream::{Heard, Knock};
use serde_json::{Value, json};

/// Old enough to be told from what is just sent, by the bounds of the lag's buckets.
const LATE: i64 = 90 * SECOND;

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// One panel's expression.
struct Shown {
    panel: String,
    legend: String,
    expression: String,
}

fn operations() -> Vec<Shown> {
    let text = fs::read_to_string(repository("grafana/dashboards/operations.json")).expect("it");
    let board: Value = serde_json::from_str(&text).expect("JSON");
    let mut shown = Vec::new();
    for panel in board["panels"].as_array().expect("panels") {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let word = |value: &Value| value.as_str().expect("text").to_owned();
            shown.push(Shown {
                panel: word(&panel["title"]),
                legend: word(&target["legendFormat"]),
                expression: word(&target["expr"]),
            });
        }
    }
    assert!(shown.len() > 30, "only {} expressions", shown.len());
    shown
}

/// Writes an expression as Grafana sends it, with a value of `$instance`.
fn expanded(expression: &str, instance: &str) -> String {
    let expanded = expression
        .replace("$__rate_interval", "1m")
        .replace("$instance", instance);
    assert!(!expanded.contains('$'), "{expanded}");
    expanded
}

#[test]
fn the_alerts_pass_their_tests() {
    let promtool = |arguments: &[&str]| {
        let output = Command::new("promtool")
            .args(arguments)
            .current_dir(repository("deploy/prometheus"))
            .output()
            .expect("promtool (`make setup` fetches it; or `apt-get install prometheus`)");
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{arguments:?}: {said}");
    };
    promtool(&["check", "rules", "--lint=all", "--lint-fatal", "rules.yml"]);
    promtool(&["test", "rules", "rules.test.yml"]);
}

/// Sends 40 new messages, 10 of them again, 1 with other content, 2 that are no events and a body
/// that is none; then 5 messages through a stream, which stays open.
fn send(service: &Service) -> e2e::stream::Stream {
    let at = wall() - LATE;
    let message = |id: i64, contact: &str| {
        json!({"type": "message", "id": id.to_string(), "conversation": format!("c{}", id % 7),
               "contact": contact, "channel": "web", "author": "contact", "at": at + id})
    };
    let door = service.door("acme");
    let new: Vec<Value> = (0..40).map(|id| message(id, "p")).collect();
    door.post_json(&Value::Array(new.clone()))
        .expect_status(202);
    door.post_json(&Value::Array(new[..10].to_vec()))
        .expect_status(202);
    let mixed = json!([message(0, "another"), {"type": "nonsense"}, {"no": "type"}]);
    door.post_json(&mixed).expect_status(202);
    door.post("application/json", None, b"{")
        .expect_problem(400, "malformed");
    let knock = Knock::new(service.port()).token(&token("acme", "ingest"));
    let (mut stream, _) = knock.greeted();
    for id in 40..45 {
        stream.send(&message(id, "p").to_string());
    }
    while stream.hear() != Heard::Ack(5) {}
    door.flush();
    stream
}

#[test]
fn every_expression_is_answered_with_the_figures_of_what_was_sent() {
    let service = Service::start(Config::acme());
    let prometheus = Prometheus::scraping(service.port(), "acme");
    // Answers of a door are counted by status from the first on: rates begin with the second.
    service.door("acme").send(&[]);
    prometheus.wait_for_scrapes(2);
    let open = send(&service);
    prometheus.wait_for_scrapes(3);

    let instance = format!("127.0.0.1:{}", service.port());
    let mut values = BTreeMap::new();
    for Shown {
        panel,
        legend,
        expression,
    } in operations()
    {
        let all = prometheus.query(&expanded(&expression, ".*"));
        let one = prometheus.query(&expanded(&expression, &instance));
        assert!(
            !all.is_empty(),
            "{panel}, {legend}: no data of {expression}"
        );
        let labels = |series: &[e2e::prometheus::Series]| -> BTreeSet<_> {
            series.iter().map(|(labels, _)| labels.clone()).collect()
        };
        assert_eq!(labels(&all), labels(&one), "{panel}, {legend}");
        assert!(
            prometheus
                .query(&expanded(&expression, "another:1"))
                .is_empty()
        );
        for (labels, value) in all {
            let mut name = legend.clone();
            for (label, value) in labels {
                name = name.replace(&format!("{{{{{label}}}}}"), &value);
            }
            assert!(!name.contains('{'), "{panel}: no label for {name}");
            if name.starts_with("hooks") && value.is_nan() {
                // Of what nobody sent there is no median.
                continue;
            }
            assert!(value.is_finite(), "{panel}, {name}: {value}");
            values.insert((panel.clone(), name), value);
        }
    }
    figures_are_those_of_what_was_sent(&values);
    let scrape = service.door("acme").metrics();
    let shown = |panel: &str, name: &str| values[&(panel.to_owned(), name.to_owned())];
    let size = scrape.total("trunkline_journal_disk_bytes");
    assert_eq!(
        shown("Journal and free disk", "journal").to_string(),
        size.to_string()
    );
    drop(open);
}

const FIRST_SUM: &str = "Received = appended + refused + in flight";
const SECOND_SUM: &str = "Appended = what became of it";

/// Panels, their series, and what they show to the last event.
const EXACT: [(&str, &str, u64); 18] = [
    // 40 + 10 + 3 + 5 events and a body that counts as one; 2 of them and the body refused.
    (FIRST_SUM, "received", 59),
    (FIRST_SUM, "appended", 56),
    (FIRST_SUM, "refused", 3),
    (FIRST_SUM, "in flight", 0),
    (FIRST_SUM, "out of balance", 0),
    (SECOND_SUM, "observed", 45),
    (SECOND_SUM, "duplicate", 10),
    (SECOND_SUM, "conflict", 1),
    (SECOND_SUM, "quarantined", 0),
    (SECOND_SUM, "waiting", 0),
    (SECOND_SUM, "pending", 0),
    (SECOND_SUM, "out of balance", 0),
    ("Events by outcome", "quarantined", 0),
    ("Behind the journal", "figures", 0),
    ("Behind the journal", "ClickHouse", 0),
    ("Flush age", "flush age", 0),
    ("ClickHouse", "ClickHouse", 1),
    ("Connections", "streams", 1),
];

/// Panels, their series, and between what they are.
const WITHIN: [(&str, &str, f64, f64); 12] = [
    // In the bucket from 60 to 300 s, where 90 s are.
    ("Ingest lag", "events median", 60.0, 300.0),
    ("Ingest lag", "stream p90", 60.0, 300.0),
    ("Since the last event", "events", 0.0, 60.0),
    ("Since the last event", "stream", 0.0, 60.0),
    ("fsync and acknowledgement", "fsync p99", 1e-6, 1.0),
    ("fsync and acknowledgement", "stream p99", 1e-6, 5.0),
    (
        "fsync and acknowledgement",
        "POST /v1/events p99",
        1e-6,
        30.0,
    ),
    ("Journal and free disk", "reserve", 64e6, 68e6),
    ("Disk days left", "days", 0.0, 1000.0),
    ("Memory", "Trunkline", 1e6, 1e10),
    ("Connections", "connections", 1.0, 20.0),
    // One refused body; Prometheus extrapolates what it saw to the whole minute.
    ("Errors by code", "malformed", 0.5, 60.0),
];

fn figures_are_those_of_what_was_sent(values: &BTreeMap<(String, String), f64>) {
    let value = |panel: &str, name: &str| {
        let found = values.get(&(panel.to_owned(), name.to_owned()));
        *found.unwrap_or_else(|| panic!("no {panel}, {name} in {:?}", values.keys()))
    };
    for (panel, name, expected) in EXACT {
        assert_eq!(
            value(panel, name).to_string(),
            expected.to_string(),
            "{panel}, {name}"
        );
    }
    for (panel, name, low, high) in WITHIN {
        let value = value(panel, name);
        assert!((low..=high).contains(&value), "{panel}, {name}: {value}");
    }
    // The rates are to each other as what was sent.
    let rate = |name| value("Events by outcome", name);
    let share = |name| (rate(name) / rate("conflict")).round();
    assert!(rate("conflict") > 0.0);
    assert_eq!(
        ["observed", "duplicate", "refused"].map(|name| share(name).to_string()),
        ["45", "10", "3"]
    );
}

#[test]
fn every_alert_is_evaluated_on_metrics_that_exist_and_none_fires() {
    let service = Service::start(Config::acme());
    let prometheus = Prometheus::scraping(service.port(), "acme");
    let open = send(&service);
    prometheus.wait_for_scrapes(3);
    let alerts = prometheus.alerts();
    let names: BTreeSet<&str> = alerts.iter().filter_map(|it| it["name"].as_str()).collect();
    let expected = [
        "FlushStalled",
        "JournalDisk",
        "NumberHeldTwice",
        "PoolEmpty",
        "ServiceDown",
        "SourceSilent",
        "SumsOutOfBalance",
    ];
    assert_eq!(names, BTreeSet::from(expected));
    for alert in &alerts {
        let name = alert["name"].as_str().expect("a name");
        assert_eq!(alert["health"], "ok", "{name}: {alert}");
        assert_eq!(alert["state"], "inactive", "{name}: {alert}");
        let expression = alert["query"].as_str().expect("an expression");
        assert_eq!(prometheus.query(expression), [], "{name}");
        let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for metric in words.filter(|word| *word == "up" || word.starts_with("trunkline_")) {
            let series = prometheus.query(&format!("{metric}{{job=\"trunkline\"}}"));
            assert!(!series.is_empty(), "{name}: no metric {metric}");
        }
    }
    drop(open);
}
