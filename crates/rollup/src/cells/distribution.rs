//! Response times whose quantiles can be had over any set of cells: exact count and sum, and the
//! bucket of each. Few samples are a list of buckets, two bytes each; many are an HDR histogram,
//! which has the same buckets.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use trunkline_model::hdr;

/// Samples that are kept as a list: up to there it is the smaller.
const FEW: usize = 1024;
/// The longest time told apart, in milliseconds: 400 days.
const LONGEST: u64 = 400 * 86_400_000;

/// Response times in milliseconds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Distribution {
    count: u32,
    sum: i64,
    least: i64,
    greatest: i64,
    /// Whether the least and the greatest are known: what was taken out may have been it.
    lost: [bool; 2],
    /// Whether there ever was a sample.
    ever: bool,
    /// Samples that are longer than the longest told apart.
    beyond: u32,
    buckets: Buckets,
}

/// By what there is; what is not known of one is the same as anything.
impl PartialEq for Distribution {
    fn eq(&self, other: &Self) -> bool {
        let known = |left: Option<i64>, right: Option<i64>| {
            left.zip(right).is_none_or(|(left, right)| left == right)
        };
        (self.count, self.sum, &self.buckets) == (other.count, other.sum, &other.buckets)
            && known(self.least(), other.least())
            && known(self.greatest(), other.greatest())
    }
}

impl Eq for Distribution {}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(from = "Vec<(u16, u32)>", into = "Vec<(u16, u32)>")]
enum Buckets {
    Few(Vec<u16>),
    Many(Box<Histogram<u32>>),
}

/// How often each bucket is there, whatever the form.
impl PartialEq for Buckets {
    fn eq(&self, other: &Self) -> bool {
        Vec::from(self.clone()) == Vec::from(other.clone())
    }
}

impl Eq for Buckets {}

impl Distribution {
    /// Counts the samples.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Gives their sum in milliseconds.
    pub fn sum(&self) -> i64 {
        self.sum
    }

    /// Gives the least in milliseconds; none of nothing, or if it is not known any more.
    pub fn least(&self) -> Option<i64> {
        (self.count > 0 && !self.lost[0]).then_some(self.least)
    }

    /// Gives the greatest, likewise.
    pub fn greatest(&self) -> Option<i64> {
        (self.count > 0 && !self.lost[1]).then_some(self.greatest)
    }

    /// Says whether there ever was a sample.
    pub(super) fn ever(&self) -> bool {
        self.ever
    }

    /// Says whether its extremes and all its buckets are known.
    pub(super) fn is_known(&self) -> bool {
        self.lost == [false; 2] && self.beyond == 0
    }

    /// Gives the buckets with how many samples are in each, ascending.
    pub fn buckets(&self) -> Vec<(u16, u32)> {
        self.buckets.clone().into()
    }

    /// Gives their mean in milliseconds; none of nothing.
    pub fn mean(&self) -> Option<i64> {
        (self.count > 0).then(|| self.sum / i64::from(self.count))
    }

    /// Gives the quantile `level` (0 to 1) in milliseconds by nearest rank, at most 0.4 % off; none
    /// of nothing.
    pub fn quantile(&self, level: f64) -> Option<i64> {
        let rank = ((f64::from(self.count) * level).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in Vec::from(self.buckets.clone()) {
            seen += u64::from(count);
            if seen >= rank {
                return Some(hdr::middle(bucket).cast_signed());
            }
        }
        None
    }

    pub(super) fn add(&mut self, ms: i64) {
        let first = self.count == 0;
        if first || ms <= self.least {
            (self.least, self.lost[0]) = (ms, false);
        }
        if first || ms >= self.greatest {
            (self.greatest, self.lost[1]) = (ms, false);
        }
        self.ever = true;
        self.beyond += u32::from(is_beyond(ms));
        self.count += 1;
        self.sum += ms;
        self.buckets.add(bucket(ms), 1);
    }

    pub(super) fn remove(&mut self, ms: i64) {
        self.count = self.count.saturating_sub(1);
        self.sum -= ms;
        self.lost[0] |= ms <= self.least;
        self.lost[1] |= ms >= self.greatest;
        if self.count == 0 {
            self.lost = [false; 2];
        }
        self.beyond = self.beyond.saturating_sub(u32::from(is_beyond(ms)));
        self.buckets.remove(bucket(ms));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        if other.count > 0 {
            if self.count == 0 {
                (self.least, self.greatest) = (other.least, other.greatest);
            }
            self.least = self.least.min(other.least);
            self.greatest = self.greatest.max(other.greatest);
        }
        self.lost[0] |= other.lost[0];
        self.lost[1] |= other.lost[1];
        self.ever |= other.ever;
        self.beyond += other.beyond;
        self.count += other.count;
        self.sum += other.sum;
        match &other.buckets {
            Buckets::Few(list) => list.iter().for_each(|bucket| self.buckets.add(*bucket, 1)),
            many @ Buckets::Many(_) => {
                for (bucket, count) in Vec::from(many.clone()) {
                    self.buckets.add(bucket, count);
                }
            }
        }
    }
}

fn is_beyond(ms: i64) -> bool {
    ms.max(0).cast_unsigned() > LONGEST
}

fn bucket(ms: i64) -> u16 {
    hdr::index(ms.max(0).cast_unsigned().min(LONGEST))
}

impl Buckets {
    fn add(&mut self, bucket: u16, count: u32) {
        match self {
            Self::Few(list) if list.len() + count as usize <= FEW => {
                list.extend(std::iter::repeat_n(bucket, count as usize));
            }
            Self::Few(list) => {
                let Some(mut many) = histogram() else { return };
                for bucket in std::mem::take(list) {
                    many.saturating_record(hdr::middle(bucket));
                }
                many.saturating_record_n(hdr::middle(bucket), count);
                *self = Self::Many(Box::new(many));
            }
            Self::Many(many) => many.saturating_record_n(hdr::middle(bucket), count),
        }
    }

    fn remove(&mut self, bucket: u16) {
        match self {
            Self::Few(list) => {
                if let Some(place) = list.iter().position(|known| *known == bucket) {
                    list.swap_remove(place);
                }
            }
            Self::Many(many) => {
                let Some(mut one) = histogram() else { return };
                one.saturating_record(hdr::middle(bucket));
                // It is in there: it was recorded when the sample came.
                let _ = many.subtract(one);
            }
        }
    }
}

/// None never happens: the bounds are constant and valid.
fn histogram() -> Option<Histogram<u32>> {
    Histogram::new_with_bounds(1, LONGEST, 2).ok()
}

impl Default for Buckets {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

/// Buckets with how many are in each, ascending.
impl From<Buckets> for Vec<(u16, u32)> {
    fn from(buckets: Buckets) -> Self {
        let mut counts: Self = Self::new();
        let mut count = |bucket: u16, more: u32| match counts.last_mut() {
            Some((last, known)) if *last == bucket => *known += more,
            _ => counts.push((bucket, more)),
        };
        match buckets {
            Buckets::Few(mut list) => {
                list.sort_unstable();
                for bucket in list {
                    count(bucket, 1);
                }
            }
            Buckets::Many(many) => {
                for value in many.iter_recorded() {
                    count(
                        hdr::index(value.value_iterated_to()),
                        value.count_at_value(),
                    );
                }
            }
        }
        counts
    }
}

impl From<Vec<(u16, u32)>> for Buckets {
    fn from(counts: Vec<(u16, u32)>) -> Self {
        let mut buckets = Self::default();
        for (bucket, count) in counts {
            buckets.add(bucket, count);
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl IntoIterator<Item = i64>) -> Distribution {
        let mut distribution = Distribution::default();
        samples.into_iter().for_each(|ms| distribution.add(ms));
        distribution
    }

    #[test]
    fn quantiles_are_by_nearest_rank_and_nothing_has_none() {
        let four = of([1, 2, 3, 4]);
        assert_eq!(
            [0.5, 0.9, 0.25].map(|level| four.quantile(level)),
            [Some(2), Some(4), Some(1)]
        );
        assert_eq!((four.count(), four.sum(), four.mean()), (4, 10, Some(2)));
        assert_eq!((of([]).quantile(0.5), of([]).mean()), (None, None));
    }

    #[test]
    fn few_and_many_have_the_same_buckets_and_either_forgets_what_is_taken_out() {
        let samples: Vec<i64> = (0..1000).map(|n| n * n * 37).collect();
        let many = of(samples.clone());
        let mut merged = Distribution::default();
        for part in samples.chunks(50) {
            merged.merge(&of(part.iter().copied()));
        }
        assert_eq!(merged, many);
        for level in [0.01, 0.5, 0.9, 0.99, 1.0] {
            let exact = samples[((1000.0 * level) as usize).max(1) - 1];
            let given = many.quantile(level).unwrap();
            assert!(
                (given - exact).abs() as f64 <= exact as f64 * 0.004 + 1.0,
                "{level}: {given}"
            );
        }
        let mut less = many;
        samples[10..].iter().for_each(|ms| less.remove(*ms));
        let first = of(samples[..10].iter().copied());
        assert_eq!(less, first);
    }

    #[test]
    fn a_distribution_comes_back_from_a_checkpoint() {
        for count in [3, 100, 5000] {
            let before = of((0..count).map(|n| n * 1001));
            let bytes = postcard::to_allocvec(&before).unwrap();
            let after: Distribution = postcard::from_bytes(&bytes).unwrap();
            assert_eq!(after, before);
        }
    }
}
