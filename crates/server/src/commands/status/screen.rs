//! The screen: a line for each part of the service, then what to do, then what was refused last.

use std::fmt::Write;

use serde_json::Value;

use super::advice::Advice;
use super::reading::Reading;
use crate::commands::amounts::{bytes, grouped, short, span};

/// How many of the last refused events are shown.
const SHOWN: usize = 5;

/// Writes a line for each part.
pub(super) fn parts(reading: &Reading) -> String {
    let lines = [
        ("ingest", ingest(reading)),
        ("figures", figures(reading)),
        ("clickhouse", clickhouse(reading)),
        ("journal", journal(reading)),
        ("disk", disk(reading)),
        ("webhooks", webhooks(reading)),
        ("events", received(reading)),
        ("", appended(reading)),
    ];
    let lines = lines.map(|(name, line)| format!("{name:<11} {line}"));
    lines.join("\n")
}

fn count(reading: &Reading, name: &str) -> String {
    grouped(reading.now.count(name))
}

fn ingest(reading: &Reading) -> String {
    format!(
        "{} events a second; open streams: {}, connections: {}",
        short(reading.rate("trunkline_events_received_total")),
        count(reading, "trunkline_streams"),
        count(reading, "trunkline_http_connections"),
    )
}

fn figures(reading: &Reading) -> String {
    format!(
        "{} events behind the journal; {} conversations in memory",
        grouped(reading.events("pending")),
        count(reading, "trunkline_open_conversations"),
    )
}

fn clickhouse(reading: &Reading) -> String {
    let state = reading.word("warehouse");
    let fault = match reading.word("warehouse_fault") {
        "" => String::new(),
        fault => format!(" ({fault})"),
    };
    let durable = reading.now.count("trunkline_journal_durable_offset");
    let behind = durable.saturating_sub(reading.now.count("trunkline_flush_offset"));
    if behind == 0 {
        return format!("{state}{fault}; it has every row");
    }
    format!(
        "{state}{fault}; {} records behind the journal, the oldest came {} ago",
        grouped(behind),
        span(reading.now.total("trunkline_flush_age_seconds"))
    )
}

fn journal(reading: &Reading) -> String {
    format!(
        "{}; {} on disk, growing by {} a second",
        reading.word("journal"),
        bytes(reading.now.total("trunkline_journal_disk_bytes")),
        bytes(reading.rate("trunkline_journal_bytes_total"))
    )
}

fn disk(reading: &Reading) -> String {
    let left = reading.disk_left();
    let rate = if left.steady {
        "the mean rate since the start"
    } else {
        "the rate of this moment"
    };
    let lasts = match left.seconds {
        Some(seconds) => format!("at {rate} enough for {}", span(seconds)),
        None => "nothing is being written".to_owned(),
    };
    format!(
        "{} free, of which {} are the reserve; {lasts}",
        bytes(reading.now.total("trunkline_disk_free_bytes")),
        bytes(reading.now.total("trunkline_disk_reserve_bytes"))
    )
}

fn webhooks(reading: &Reading) -> String {
    format!(
        "{} notices wait to be delivered; dead letters: {}",
        count(reading, "trunkline_webhook_waiting"),
        count(reading, "trunkline_webhook_dead"),
    )
}

fn received(reading: &Reading) -> String {
    let [received, appended, refused, in_flight] = [
        "received_total",
        "appended_total",
        "refused_total",
        "in_flight",
    ]
    .map(|name| grouped(reading.events(name)));
    format!("received {received} = appended {appended} + refused {refused} + in flight {in_flight}")
}

fn appended(reading: &Reading) -> String {
    let parts = [
        ("observed", "observed_total"),
        ("duplicate", "duplicate_total"),
        ("conflict", "conflict_total"),
        ("quarantined", "quarantined_total"),
        ("waiting", "waiting"),
        ("pending", "pending"),
    ];
    let parts = parts.map(|(word, name)| format!("{word} {}", grouped(reading.events(name))));
    let appended = grouped(reading.events("appended_total"));
    format!("appended {appended} = {}", parts.join(" + "))
}

/// Writes what is out of order with what to do.
pub(super) fn todo(advice: &[Advice]) -> String {
    if advice.is_empty() {
        return "Nothing is out of order.".to_owned();
    }
    let mut text = "Out of order, and what to do:".to_owned();
    for Advice { grave, what, todo } in advice {
        let mark = if *grave { "!" } else { "-" };
        let _ = write!(text, "\n {mark} {what}\n   > {todo}");
    }
    text
}

/// Writes why requests were refused as a whole, and failed tries to write to ClickHouse.
pub(super) fn refusals(reading: &Reading) -> Option<String> {
    let told = |title: &str, name: &str, label: &str| {
        let found = reading.now.by(name, label);
        let found = found
            .iter()
            .map(|(word, count)| format!("{word} {}", grouped(*count)));
        let found: Vec<String> = found.collect();
        (!found.is_empty()).then(|| format!("{title}: {}", found.join(", ")))
    };
    let lines = [
        told(
            "requests refused as a whole, by code",
            "trunkline_http_problems_total",
            "code",
        ),
        told(
            "failed flushes, by fault",
            "trunkline_flush_failures_total",
            "kind",
        ),
        told(
            "failed journal batches, by fault",
            "trunkline_journal_failures_total",
            "kind",
        ),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    (!lines.is_empty()).then(|| format!("Since the start: {}", lines.join("; ")))
}

/// Writes the last refused events, of the body of `/v1/admin/rejects`.
pub(super) fn rejects(lists: &Value) -> String {
    let list = |name: &str| lists[name].as_array().cloned().unwrap_or_default();
    let (refused, quarantined) = (list("refused"), list("quarantined"));
    if refused.is_empty() && quarantined.is_empty() {
        return "No event of this token's account was refused since the start.".to_owned();
    }
    let word = |it: &Value, name: &str| it[name].as_str().unwrap_or("-").to_owned();
    let mut text = "Last refused of this token's account, newest first:".to_owned();
    for it in refused.iter().take(SHOWN) {
        let (at, code, detail) = (word(it, "at"), word(it, "code"), word(it, "detail"));
        let _ = write!(text, "\n   {at}  {code}: {detail}");
    }
    for it in quarantined.iter().take(SHOWN) {
        let (at, offset, reason) = (
            word(it, "received_at"),
            word(it, "offset"),
            word(it, "reason"),
        );
        let _ = write!(
            text,
            "\n   {at}  in the journal at {offset}, not understood: {reason}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::reading::tests::{reading, well};
    use super::*;

    #[test]
    fn the_screen_has_a_line_for_each_part() {
        let metrics = "trunkline_events_received_total 30\ntrunkline_streams 2\n\
                       trunkline_journal_durable_offset 1500\ntrunkline_flush_offset 200\n\
                       trunkline_flush_age_seconds 3.5\ntrunkline_events_pending 7\n";
        let screen = parts(&reading(well(), metrics));
        for told in [
            "10 events a second; open streams: 2",
            "7 events behind the journal",
            "up; 1 300 records behind the journal, the oldest came 3.5 s ago",
            "received 30 = appended 10",
            "appended 10 = observed 10 + duplicate 0",
        ] {
            assert!(screen.contains(told), "{told}:\n{screen}");
        }
        assert!(parts(&reading(well(), "")).contains("it has every row"));
    }

    #[test]
    fn refusals_are_told_newest_first_and_at_most_five() {
        let one = |n: u32| json!({ "at": n.to_string(), "code": "future", "detail": "too far" });
        let lists = json!({ "refused": (0..9).map(one).collect::<Vec<_>>(), "quarantined": [] });
        assert_eq!(rejects(&lists).matches("future: too far").count(), 5);
        assert!(rejects(&json!({})).starts_with("No event"));
    }

    #[test]
    fn codes_are_told_only_where_there_are_any() {
        assert_eq!(refusals(&reading(well(), "")), None);
        let metrics = "trunkline_http_problems_total{code=\"unauthorized\"} 4\n";
        let told = refusals(&reading(well(), metrics)).unwrap();
        assert!(told.ends_with("by code: unauthorized 4"), "{told}");
    }
}
