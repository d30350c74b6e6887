//! Every metric as Markdown, from the declarations of the rooms: a recorder that only listens hears name, kind and help;
//! the labels stand where the source records.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};

/// Where the rooms declare and record.
const SOURCES: [&str; 3] = [
    include_str!("../../../pipeline/src/metrics.rs"),
    include_str!("../../../api/src/metrics.rs"),
    include_str!("../../../delivery/src/metrics.rs"),
];

/// The sections, and how the names in them go on behind `trunkline_`.
const SECTIONS: [(&str, &[&str]); 10] = [
    ("Events", &["events_"]),
    ("Journal and disk", &["journal_", "disk_"]),
    ("ClickHouse", &["flush_", "warehouse_", "facts_"]),
    (
        "Fold",
        &[
            "checkpoint_",
            "conversations_",
            "read_back_",
            "open_",
            "shrunk_",
            "held_",
            "cold_",
            "parked_",
            "dirty_",
            "remembered_",
            "managers_",
        ],
    ),
    ("Visits and pools", &["visits_", "pool_", "pools_"]),
    ("Requests", &["http_", "request_"]),
    ("Streams", &["stream"]),
    ("Outgoing webhooks", &["webhook_"]),
    ("Where events come from", &["source_", "ingest_"]),
    ("The process, and the rest", &[""]),
];

struct Metric {
    kind: &'static str,
    help: String,
}

#[derive(Default)]
struct Listener(Mutex<BTreeMap<String, Metric>>);

impl Listener {
    fn hear(&self, kind: &'static str, name: &KeyName, help: &SharedString) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let help = help.trim_end_matches('.').to_owned();
        heard.insert(name.as_str().to_owned(), Metric { kind, help });
    }
}

impl Recorder for Listener {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.hear("counter", &name, &help);
    }

    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.hear("gauge", &name, &help);
    }

    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, help: SharedString) {
        self.hear("histogram", &name, &help);
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// Gives the reference.
pub(super) fn reference() -> String {
    let listener = Listener::default();
    with_local_recorder(&listener, || {
        trunkline_pipeline::metrics::describe();
        trunkline_api::metrics::describe();
        trunkline_delivery::metrics::describe();
    });
    let mut declared = listener
        .0
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let labels = labels();
    let mut text = String::new();
    for (title, marks) in SECTIONS {
        let _ = write!(
            text,
            "\n## {title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n"
        );
        let of_section = |name: &String, _: &mut Metric| {
            let rest = name.trim_start_matches("trunkline_");
            marks.iter().any(|mark| rest.starts_with(mark))
        };
        for (name, metric) in declared.extract_if(.., of_section) {
            let labels = labels.get(&name).map_or_else(String::new, |labels| {
                let quoted = labels.iter().map(|label| format!("`{label}`"));
                quoted.collect::<Vec<_>>().join(", ")
            });
            let Metric { kind, help } = metric;
            let _ = writeln!(
                text,
                "| `{name}` | {kind}{} | {labels} | {help} |",
                unit(&name)
            );
        }
    }
    text
}

/// Gives the unit, which by Prometheus' rule ends the name.
fn unit(name: &str) -> &'static str {
    let name = name.trim_end_matches("_total");
    let units = [("_seconds", ", seconds"), ("_bytes", ", bytes")];
    let unit = units.into_iter().find(|(mark, _)| name.ends_with(mark));
    unit.map_or("", |(_, unit)| unit)
}

/// Gives the labels with which each metric is recorded: `counter!(NAME, "label" => ...)`.
fn labels() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in SOURCES {
        let constants: BTreeMap<&str, &str> = source
            .lines()
            .filter_map(|line| {
                line.trim_start_matches("pub ")
                    .strip_prefix("const ")?
                    .split_once(": &str = \"")
            })
            .map(|(constant, value)| (constant, value.trim_end_matches("\";")))
            .collect();
        let calls = ["counter!(", "gauge!(", "histogram!("];
        for call in calls.iter().flat_map(|call| source.split(call).skip(1)) {
            let arguments = call.split(';').next().unwrap_or_default();
            let name = arguments
                .split([',', ')'])
                .next()
                .unwrap_or_default()
                .trim();
            let name = constants
                .get(name)
                .copied()
                .unwrap_or(name.trim_matches('"'));
            let labels = arguments
                .split("=>")
                .filter_map(|part| part.trim_end().strip_suffix('"')?.rsplit('"').next());
            found
                .entry(name.to_owned())
                .or_default()
                .extend(labels.map(str::to_owned));
        }
    }
    found
}

#[test]
fn labels_are_found_where_the_source_records() {
    let labels = labels();
    let of = |name: &str| labels[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(
        of("trunkline_http_request_duration_seconds"),
        ["method", "route", "status"]
    );
    assert_eq!(of("trunkline_flush_rows_written_total"), ["table"]);
    assert_eq!(of("trunkline_memory_bytes"), [""; 0]);
}
