//! `/metrics` as a scraper reads it.

use std::collections::{BTreeMap, BTreeSet};

/// One scrape.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    /// Name with labels, as written, and value.
    samples: BTreeMap<String, f64>,
    described: BTreeSet<String>,
    typed: BTreeMap<String, String>,
}

/// The parts of the two sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of the dictionary, section 7"
)]
pub struct Sums {
    pub received: u64,
    pub refused: u64,
    pub appended: u64,
    pub in_flight: u64,
    pub observed: u64,
    pub duplicate: u64,
    pub conflict: u64,
    pub quarantined: u64,
    pub waiting: u64,
    pub pending: u64,
}

impl Sums {
    /// Returns whether both sums hold.
    pub fn balance(self) -> bool {
        let after = self.observed + self.duplicate + self.conflict;
        self.received == self.appended + self.refused + self.in_flight
            && self.appended == after + self.quarantined + self.waiting + self.pending
    }
}

impl Scrape {
    /// Parses the text format.
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                scrape
                    .described
                    .extend(help.split(' ').next().map(Into::into));
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let mut words = kind.split(' ').map(str::to_owned);
                scrape.typed.extend(words.next().zip(words.next()));
            } else if let Some((name, value)) = line.rsplit_once(' ')
                && let Ok(value) = value.parse()
            {
                scrape.samples.insert(name.into(), value);
            }
        }
        scrape
    }

    /// Returns the sum over all labels of a metric; a metric that is not shown is an error of the
    /// service.
    #[track_caller]
    pub fn total(&self, name: &str) -> f64 {
        let labelled = format!("{name}{{");
        let mut values = self
            .samples
            .iter()
            .filter(|(sample, _)| *sample == name || sample.starts_with(&labelled))
            .map(|(_, value)| *value)
            .peekable();
        assert!(
            values.peek().is_some(),
            "no metric {name} in {:?}",
            self.samples.keys()
        );
        values.sum()
    }

    /// Returns the parts of the two sums.
    #[track_caller]
    pub fn sums(&self) -> Sums {
        let part = |name: &str| self.total(&format!("trunkline_events_{name}")) as u64;
        Sums {
            received: part("received_total"),
            refused: part("refused_total"),
            appended: part("appended_total"),
            in_flight: part("in_flight"),
            observed: part("observed_total"),
            duplicate: part("duplicate_total"),
            conflict: part("conflict_total"),
            quarantined: part("quarantined_total"),
            waiting: part("waiting"),
            pending: part("pending"),
        }
    }

    /// Returns the metrics that have a type but no description.
    pub fn undescribed(&self) -> Vec<String> {
        self.typed
            .keys()
            .filter(|name| !self.described.contains(*name))
            .cloned()
            .collect()
    }

    /// Returns the type of a metric.
    pub fn kind(&self, name: &str) -> Option<&str> {
        self.typed.get(name).map(String::as_str)
    }

    /// Returns the names of all metrics.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.typed.keys().map(String::as_str)
    }
}
