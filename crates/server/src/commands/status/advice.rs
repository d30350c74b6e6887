//! What is out of order, and what to do about it: one rule each, the grave ones first.

use super::reading::Reading;
use crate::commands::amounts::{bytes, grouped, span};

/// Rows that are so late while ClickHouse is up are out of order.
const LATE_S: f64 = 60.0;
/// So little time until the disk is full is out of order.
const SOON_S: f64 = 7.0 * 86_400.0;
/// Events that the fold may be behind without a word.
const BEHIND: u64 = 200_000;

/// One thing that is out of order.
#[derive(Debug)]
pub(super) struct Advice {
    /// Whether figures or events suffer now.
    pub(super) grave: bool,
    /// What is out of order.
    pub(super) what: String,
    /// What to do.
    pub(super) todo: String,
}

/// Lists what is out of order.
pub(super) fn advice(reading: &Reading) -> Vec<Advice> {
    let rules = [
        phase,
        journal,
        disk,
        warehouse,
        unreached,
        late,
        sums,
        quarantined,
        refused,
        conflicts,
        behind,
        failures,
        crowds,
        dead_letters,
    ];
    let mut found: Vec<Advice> = rules.iter().filter_map(|rule| rule(reading)).collect();
    found.sort_by_key(|advice| !advice.grave);
    found
}

/// Gives the advice if it holds.
fn when(
    holds: bool,
    grave: bool,
    what: impl Into<String>,
    todo: impl Into<String>,
) -> Option<Advice> {
    holds.then(|| Advice {
        grave,
        what: what.into(),
        todo: todo.into(),
    })
}

fn phase(reading: &Reading) -> Option<Advice> {
    let status = reading.word("status");
    let (grave, what, todo) = match status {
        "starting" => (
            false,
            "the service is starting: it reads its journal, and answers 503 until then".to_owned(),
            "wait; the log says how far it is",
        ),
        "draining" => (
            true,
            "the service is stopping, and takes nothing any more".to_owned(),
            "start it again with `trunkline serve`",
        ),
        other => (
            true,
            format!("/readyz says {other:?}"),
            "is this address that of a Trunkline? See --url",
        ),
    };
    when(status != "ready", grave, what, todo)
}

fn journal(reading: &Reading) -> Option<Advice> {
    let todo = if reading.room() > 0.0 {
        "look at the disk: the log has the error; senders may go on trying, nothing acknowledged is \
         lost"
    } else {
        "make room on the disk: it heals by itself; senders may go on trying"
    };
    let what = "the journal cannot be written: events are refused with 503";
    when(reading.word("journal") == "refusing", true, what, todo)
}

fn disk(reading: &Reading) -> Option<Advice> {
    let left = reading.disk_left();
    let seconds = left.seconds.filter(|_| left.steady)?;
    let what = format!(
        "the disk has room for {} more: {} free above the reserve, {} of journal a day",
        span(seconds),
        bytes(reading.room()),
        bytes(left.rate * 86_400.0)
    );
    let todo = "give it more room, or set a shorter retention.journal";
    when(seconds < SOON_S, false, what, todo)
}

fn warehouse(reading: &Reading) -> Option<Advice> {
    let fault = reading.word("warehouse_fault");
    let todo = match fault {
        "refused" => "correct warehouse.user and warehouse.password, and start again",
        "rejected" => {
            "see the log for what ClickHouse said; `trunkline migrate status` shows its tables"
        }
        "timeout" => "see whether ClickHouse is overloaded, frozen or out of memory",
        _ => {
            "see whether it runs and warehouse.url is right; the embedded one is started again by \
             itself, its log is clickhouse/engine.log in the data folder"
        }
    };
    let what = format!("ClickHouse is down ({fault}): events are taken in, reports answer 503");
    when(reading.word("warehouse") == "down", true, what, todo)
}

fn unreached(reading: &Reading) -> Option<Advice> {
    let what = "ClickHouse was not reached yet; events are taken in";
    let todo = "wait a minute; then see the log, and `trunkline doctor`";
    when(reading.word("warehouse") == "connecting", false, what, todo)
}

fn late(reading: &Reading) -> Option<Advice> {
    let age = reading.now.total("trunkline_flush_age_seconds");
    let what = format!("reports are {} behind, though ClickHouse is up", span(age));
    let todo = "it has more to write than it can: see trunkline_flush_duration_seconds and the log; \
                larger batches and a faster disk help";
    let late = reading.word("warehouse") == "up" && age >= LATE_S;
    when(late, true, what, todo)
}

fn sums(reading: &Reading) -> Option<Advice> {
    let what = "the sums of the events do not hold: one was lost sight of";
    let todo = "this is a bug: keep the log and what /metrics says, and report it";
    when(!reading.balances(), true, what, todo)
}

fn quarantined(reading: &Reading) -> Option<Advice> {
    let count = reading.events("quarantined_total");
    let what = format!(
        "{} events are in the journal, but in no figure",
        grouped(count)
    );
    let todo =
        "/v1/admin/rejects says which and why (below, with a token of scope admin); report it";
    when(count > 0, true, what, todo)
}

fn refused(reading: &Reading) -> Option<Advice> {
    let count = reading.events("refused_total");
    let what = format!("{} events were refused since the start", grouped(count));
    let todo = "correct the sender: the last ones are below, with a token of scope admin; \
                docs/errors.md has every code";
    when(count > 0, false, what, todo)
}

fn conflicts(reading: &Reading) -> Option<Advice> {
    let count = reading.events("conflict_total");
    let what = format!(
        "{} events came again with the same id and other content; the first stays",
        grouped(count)
    );
    let todo = "a sender changes what it sent, or gives an id twice: correct it; a change needs a \
                new id";
    when(count > 0, false, what, todo)
}

fn behind(reading: &Reading) -> Option<Advice> {
    let count = reading.events("pending");
    let what = format!(
        "the figures are {} events behind the journal",
        grouped(count)
    );
    let todo = "wait, if this was a burst; else the processor is too slow for what comes in";
    when(count >= BEHIND, false, what, todo)
}

fn failures(reading: &Reading) -> Option<Advice> {
    let count = reading.now.count("trunkline_journal_failures_total");
    let what = format!("writing the journal failed {count} times since the start, and went on");
    let todo = "the log has the errors: see whether the disk was full, or is failing";
    let went_on = count > 0 && reading.word("journal") != "refusing";
    when(went_on, false, what, todo)
}

fn crowds(reading: &Reading) -> Option<Advice> {
    let codes = reading.now.by("trunkline_http_problems_total", "code");
    let (_, count) = codes.iter().find(|(code, _)| *code == "overloaded")?;
    let what = format!(
        "{} requests were refused as `overloaded` since the start",
        grouped(*count)
    );
    let todo = "senders try again by themselves; larger batches cost less";
    when(true, false, what, todo)
}

fn dead_letters(reading: &Reading) -> Option<Advice> {
    let count = reading.now.count("trunkline_webhook_dead");
    let what = format!(
        "{} notices of outgoing webhooks were given up",
        grouped(count)
    );
    let todo = "GET /v1/admin/webhooks says of which and why; mend the receiver, then POST \
                /v1/admin/webhooks/{webhook}/replay sends them again";
    when(count > 0, false, what, todo)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::reading::tests::{reading, well};
    use super::*;

    #[test]
    fn a_service_that_is_well_gets_no_advice() {
        let found = advice(&reading(well(), ""));
        assert!(found.is_empty(), "{found:?}");
    }

    #[track_caller]
    fn told(ready: Value, metrics: &str, grave: bool, todo: &str) {
        let found = advice(&reading(ready, metrics));
        let told = found
            .iter()
            .any(|it| it.grave == grave && it.todo.contains(todo));
        assert!(told, "{metrics} {todo}: {found:?}");
    }

    #[test]
    fn each_state_that_is_not_well_is_told_with_what_to_do() {
        let state =
            |status: &str, warehouse: &str| json!({ "status": status, "warehouse": warehouse });
        let down = json!({ "status": "ready", "warehouse": "down", "warehouse_fault": "refused",
                           "journal": "refusing" });
        told(state("starting", "up"), "", false, "wait");
        told(state("draining", "up"), "", true, "trunkline serve");
        told(state("ready", "connecting"), "", false, "doctor");
        told(json!(null), "", true, "--url");
        told(down.clone(), "", true, "warehouse.password");
        told(down.clone(), "", true, "the log has the error");
        told(
            down,
            "trunkline_disk_reserve_bytes 100000\n",
            true,
            "make room",
        );
    }

    #[test]
    fn each_figure_out_of_order_is_told_with_what_to_do() {
        let full = "trunkline_journal_bytes_total 5000000\ntrunkline_start_time_seconds 1\n";
        let code = "trunkline_http_problems_total{code=\"overloaded\"} 3\n";
        let cases = [
            ("trunkline_flush_age_seconds 90\n", true, "larger batches"),
            (full, false, "retention.journal"),
            ("trunkline_events_in_flight 1\n", true, "bug"),
            ("trunkline_events_quarantined_total 2\n", true, "rejects"),
            (
                "trunkline_events_refused_total 2\n",
                false,
                "correct the sender",
            ),
            ("trunkline_events_conflict_total 2\n", false, "new id"),
            ("trunkline_events_pending 300000\n", false, "burst"),
            (
                "trunkline_journal_failures_total{kind=\"sync\"} 1\n",
                false,
                "failing",
            ),
            (code, false, "larger batches"),
            ("trunkline_webhook_dead 2\n", false, "replay"),
        ];
        for (metrics, grave, todo) in cases {
            told(well(), metrics, grave, todo);
        }
    }
}
