//! How much a pool had to bear, and how soon its numbers came back: measured, beside what [`crate::erlang`] predicts
//! (metrics, 3: Pools).

use std::collections::BTreeMap;

use trunkline_model::time::Time;

/// A quarter of an hour, in milliseconds.
const QUARTER: i64 = 15 * 60_000;

/// From when to when (excluded) a visit would hold a number, whether or not it got one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The visit's first sign of life.
    pub from: Time,
    /// When its lease ends, or would.
    pub until: Time,
}

/// Gives the highest mean of demands at once over a quarter of an hour, in erlangs; 0 of none.
///
/// Quarters begin with the hour in UTC, and so in every zone of today.
pub fn offered_load(demands: &[Demand]) -> f64 {
    let mut quarters: BTreeMap<i64, Quarter> = BTreeMap::new();
    for Demand { from, until } in demands.iter().filter(|demand| demand.from < demand.until) {
        let (first, last) = (from.0.div_euclid(QUARTER), until.0.div_euclid(QUARTER));
        let (late, early) = (from.0.rem_euclid(QUARTER), until.0.rem_euclid(QUARTER));
        // From its first quarter on it counts in full, but for what came before it; from its last one on not at all, but
        // for what is left of it there.
        let entry = quarters.entry(first).or_default();
        entry.change += 1;
        entry.partly -= i128::from(late);
        let entry = quarters.entry(last).or_default();
        entry.change -= 1;
        entry.partly += i128::from(early);
        // A quarter that all of those on their way fill starts behind each quarter that something changes in.
        quarters.entry(first.saturating_add(1)).or_default();
    }
    let (mut whole, mut highest) = (0_i128, 0_i128);
    for quarter in quarters.values() {
        whole += quarter.change;
        highest = highest.max(whole * i128::from(QUARTER) + quarter.partly);
    }
    highest as f64 / QUARTER as f64
}

/// What changes in a quarter of an hour.
#[derive(Default)]
struct Quarter {
    /// How many more demands there are from here on.
    change: i128,
    /// Milliseconds to add for those that fill a part of this quarter only.
    partly: i128,
}

/// A number, and from when to when it was leased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held<N> {
    /// The number.
    pub number: N,
    /// When the lease was granted.
    pub from: Time,
    /// When it was released or ran out.
    pub until: Time,
}

/// How long numbers rested from their release to their next lease, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// The shortest rest.
    pub min: i64,
    /// The rest that 1 % of all do not exceed, by nearest rank.
    pub p1: i64,
    /// The median, by nearest rank.
    pub p50: i64,
}

/// Gives how soon numbers were leased again; `None` if none was.
///
/// Leases of a number do not overlap; where they are told so all the same, the rest is 0.
pub fn reuse<N: Copy + Ord>(leases: &[Held<N>]) -> Option<Reuse> {
    let mut leases = leases.to_vec();
    leases.sort_unstable_by_key(|lease| (lease.number, lease.from, lease.until));
    let again = leases
        .windows(2)
        .filter(|pair| pair[0].number == pair[1].number);
    let mut rests: Vec<i64> = again
        .map(|pair| pair[1].from.0.saturating_sub(pair[0].until.0).max(0))
        .collect();
    rests.sort_unstable();
    Some(Reuse {
        min: *rests.first()?,
        p1: nearest_rank(&rests, 1)?,
        p50: nearest_rank(&rests, 50)?,
    })
}

/// Gives the smallest value that so many percent of the sorted values do not exceed.
fn nearest_rank(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000;

    fn demand(from: i64, until: i64) -> Demand {
        Demand {
            from: Time(from),
            until: Time(until),
        }
    }

    fn minutes(spans: &[(i64, i64)]) -> f64 {
        let demands = spans.iter().map(|(a, b)| demand(a * MINUTE, b * MINUTE));
        offered_load(&demands.collect::<Vec<_>>())
    }

    fn is(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}");
    }

    #[test]
    fn the_highest_quarter_counts_by_its_mean() {
        is(minutes(&[]), 0.0);
        is(minutes(&[(0, 15)]), 1.0);
        is(minutes(&[(3, 6)]), 0.2);
        // 10 minutes of the first quarter, 5 of the second.
        is(minutes(&[(5, 20)]), 10.0 / 15.0);
        // The second quarter is full of the first, and has a third of the other.
        is(minutes(&[(5, 100), (20, 25)]), 1.0 + 5.0 / 15.0);
        // Three in full in the quarter between those in which anything begins or ends.
        is(minutes(&[(14, 31), (13, 32), (12, 30)]), 3.0);
        // One ends where the next begins.
        is(minutes(&[(0, 7), (7, 15)]), 1.0);
    }

    #[test]
    fn what_ends_before_it_begins_is_no_demand() {
        is(minutes(&[(20, 20), (30, 10)]), 0.0);
        is(offered_load(&[demand(i64::MIN, i64::MAX); 3]), 3.0);
    }

    #[test]
    fn numbers_rest_from_their_release_to_their_next_lease() {
        let held = |number, from, until| Held {
            number,
            from: Time(from),
            until: Time(until),
        };
        assert_eq!(reuse::<u8>(&[]), None);
        assert_eq!(reuse(&[held(1, 0, 10), held(2, 20, 30)]), None);
        let leases = [
            held(1, 100, 110),
            held(2, 0, 50),
            held(1, 0, 70),
            held(2, 55, 60),
            held(2, 1_060, 1_070),
        ];
        // 1: 30. 2: 5 and 1000.
        let expected = Reuse {
            min: 5,
            p1: 5,
            p50: 30,
        };
        assert_eq!(reuse(&leases), Some(expected));
        assert_eq!(reuse(&[held(1, 0, 10), held(1, 5, 9)]).unwrap().min, 0);
    }

    #[test]
    fn ranks_are_the_nearest() {
        let hundred: Vec<i64> = (1..=200).collect();
        assert_eq!(nearest_rank(&hundred, 1), Some(2));
        assert_eq!(nearest_rank(&hundred, 50), Some(100));
        assert_eq!(nearest_rank(&[7], 1), Some(7));
    }

    proptest! {
        /// Minute by minute: how many hold a number in it, added up by quarters.
        #[test]
        fn the_load_is_what_counting_minutes_gives(
            spans in proptest::collection::vec((-200_i64..200, 0_i64..120), 0..30),
        ) {
            let mut quarters: BTreeMap<i64, i64> = BTreeMap::new();
            for (from, length) in &spans {
                for minute in *from..from + length {
                    *quarters.entry(minute.div_euclid(15)).or_default() += 1;
                }
            }
            let highest = quarters.values().max().copied().unwrap_or_default();
            let spans: Vec<_> = spans.iter().map(|(from, length)| (*from, from + length)).collect();
            prop_assert!((minutes(&spans) - highest as f64 / 15.0).abs() < 1e-9);
        }
    }
}
