//! What was read of a service: how it says it stands, and its metrics at two moments.

use serde_json::Value;
use trunkline_model::time::Time;

use super::scrape::Scrape;

/// A mean over a shorter life says nothing about the days to come.
const STEADY_S: f64 = 3_600.0;

/// All that is read of a service.
pub(super) struct Reading {
    /// The body of `/readyz`.
    pub(super) ready: Value,
    /// The metrics at the beginning.
    pub(super) before: Scrape,
    /// The metrics at the end.
    pub(super) now: Scrape,
    /// Seconds between the two.
    pub(super) seconds: f64,
    /// The time of the second, for how long the service has been up.
    pub(super) at: Time,
}

/// How long the disk lasts.
#[derive(Debug, PartialEq)]
pub(super) struct DiskLeft {
    /// Bytes of journal in a second.
    pub(super) rate: f64,
    /// Seconds until the reserve is reached; none if nothing is written.
    pub(super) seconds: Option<f64>,
    /// Whether the rate is the mean of an hour or more, and not that of a moment.
    pub(super) steady: bool,
}

impl Reading {
    /// Gives a word of `/readyz`.
    pub(super) fn word(&self, name: &str) -> &str {
        self.ready[name].as_str().unwrap_or_default()
    }

    /// Gives a sum of events.
    pub(super) fn events(&self, name: &str) -> u64 {
        self.now.count(&format!("trunkline_events_{name}"))
    }

    /// Gives by how much a counter grew in a second.
    pub(super) fn rate(&self, name: &str) -> f64 {
        (self.now.total(name) - self.before.total(name)).max(0.0) / self.seconds
    }

    /// Gives the seconds since the service started.
    pub(super) fn up(&self) -> f64 {
        (self.at.0 as f64 / 1000.0 - self.now.total("trunkline_start_time_seconds")).max(0.0)
    }

    /// Gives the bytes that may be written before events are refused.
    pub(super) fn room(&self) -> f64 {
        let free = self.now.total("trunkline_disk_free_bytes");
        (free - self.now.total("trunkline_disk_reserve_bytes")).max(0.0)
    }

    /// Says how long the disk lasts: by the mean since the start once that says something, else by
    /// the rate of this moment.
    pub(super) fn disk_left(&self) -> DiskLeft {
        const BYTES: &str = "trunkline_journal_bytes_total";
        let steady = self.up() >= STEADY_S;
        let rate = if steady {
            self.now.total(BYTES) / self.up()
        } else {
            self.rate(BYTES)
        };
        DiskLeft {
            rate,
            seconds: (rate > 0.0).then(|| self.room() / rate),
            steady,
        }
    }

    /// Says whether the two sums of the events hold.
    pub(super) fn balances(&self) -> bool {
        let [received, refused, in_flight, appended] = [
            "received_total",
            "refused_total",
            "in_flight",
            "appended_total",
        ]
        .map(|name| self.events(name));
        let outcomes = [
            "observed_total",
            "duplicate_total",
            "conflict_total",
            "quarantined_total",
        ];
        let open = ["waiting", "pending"];
        let after: u64 = outcomes
            .iter()
            .chain(&open)
            .map(|name| self.events(name))
            .sum();
        received == appended + refused + in_flight && appended == after
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// Reads a service that is well, with other metrics on top.
    pub(in crate::commands::status) fn reading(ready: Value, metrics: &str) -> Reading {
        let well = "trunkline_events_received_total 10\ntrunkline_events_appended_total 10\n\
                    trunkline_events_observed_total 10\ntrunkline_disk_free_bytes 100000\n\
                    trunkline_warehouse_up 1\n";
        Reading {
            ready,
            before: Scrape::parse(well),
            now: Scrape::parse(&format!("{well}{metrics}")),
            seconds: 2.0,
            at: Time(10_000_000),
        }
    }

    pub(in crate::commands::status) fn well() -> Value {
        json!({ "status": "ready", "warehouse": "up", "journal": "writable" })
    }

    #[test]
    fn days_left_are_told_by_the_moment_first_and_by_the_mean_later() {
        let written = "trunkline_journal_bytes_total 1000\ntrunkline_disk_reserve_bytes 50000\n";
        let young = reading(
            well(),
            &format!("{written}trunkline_start_time_seconds 9990\n"),
        );
        let expected = |rate, seconds, steady| DiskLeft {
            rate,
            seconds: Some(seconds),
            steady,
        };
        assert_eq!(young.disk_left(), expected(500.0, 100.0, false));
        let old = reading(
            well(),
            &format!("{written}trunkline_start_time_seconds 5000\n"),
        );
        assert_eq!(old.disk_left(), expected(0.2, 250_000.0, true));
        let silent = reading(well(), "trunkline_start_time_seconds 9990\n");
        assert_eq!(silent.disk_left().seconds, None);
    }

    #[test]
    fn a_sum_that_is_out_by_one_is_seen() {
        assert!(reading(well(), "").balances());
        assert!(!reading(well(), "trunkline_events_pending 1\n").balances());
        assert!(!reading(well(), "trunkline_events_in_flight 1\n").balances());
    }
}
