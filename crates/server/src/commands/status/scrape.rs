//! `/metrics` as it is read: names with their labels, and values.

use std::collections::BTreeMap;

/// One scrape.
#[derive(Clone, Debug, Default)]
pub(super) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    /// Reads the text format; what is no sample is passed over.
    pub(super) fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// Gives the sum over all labels of a metric, 0 if it is not shown.
    pub(super) fn total(&self, name: &str) -> f64 {
        self.of(name).map(|(_, value)| value).sum()
    }

    /// Gives a count, or an amount of bytes.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.total(name) as u64
    }

    /// Lists the values of a metric's label that are not 0, the greatest first.
    pub(super) fn by<'a>(&'a self, name: &'a str, label: &str) -> Vec<(&'a str, u64)> {
        let quoted = format!("{label}=\"");
        let mut found: Vec<_> = self
            .of(name)
            .filter_map(|(labels, value)| {
                let (_, rest) = labels.split_once(&quoted)?;
                Some((rest.split_once('"')?.0, value as u64))
            })
            .filter(|(_, value)| *value > 0)
            .collect();
        found.sort_by_key(|(_, value)| std::cmp::Reverse(*value));
        found
    }

    fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let samples = self.0.iter();
        samples.filter_map(move |(sample, value)| {
            let labels = sample.strip_prefix(name)?;
            (labels.is_empty() || labels.starts_with('{')).then_some((labels, *value))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_added_up_and_told_apart_by_a_label() {
        let scrape = Scrape::parse(
            "# TYPE a counter\na 3\nab 50\nb{kind=\"x\",c=\"1\"} 2\nb{kind=\"y\"} 5\nb{kind=\"z\"} 0\n\n",
        );
        assert_eq!(
            (scrape.count("a"), scrape.count("b"), scrape.count("c")),
            (3, 7, 0)
        );
        assert_eq!(scrape.by("b", "kind"), [("y", 5), ("x", 2)]);
    }
}
