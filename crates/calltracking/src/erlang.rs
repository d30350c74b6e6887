//! How many numbers a pool needs: Erlang's loss formula (metrics, 3: Pools).
//!
//! It assumes that visits come by chance and independently of each other (Poisson); how long each holds its number may be
//! spread in any way. The load is in erlangs: how many numbers would be held at once, if there were enough.

/// The most numbers that are ever asked for; a load that needs more is a mistake.
pub const MOST: u32 = 1_000_000;

/// Gives the share of visits that find no free number, of `numbers` under a load: B(A, N).
///
/// B(A, 0) = 1 and B(A, n) = A B(A, n-1) / (n + A B(A, n-1)): no step loses digits, whatever the sizes. A load below zero, or
/// that is no number, is none.
pub fn blocking(load: f64, numbers: u32) -> f64 {
    (1..=numbers).fold(1.0, |before, n| step(load, n, before))
}

/// Gives the fewest numbers with which at most the share `most` of visits finds none free.
///
/// `None` where no number of numbers does: of a load that is none or not finite, a share that is not above 0, or beyond
/// [`MOST`].
pub fn numbers_for(load: f64, most: f64) -> Option<u32> {
    if !load.is_finite() || load < 0.0 || most.is_nan() || most <= 0.0 {
        return None;
    }
    let mut share = 1.0;
    for numbers in 0..=MOST {
        if numbers > 0 {
            share = step(load, numbers, share);
        }
        if share <= most {
            return Some(numbers);
        }
    }
    None
}

/// Gives B(A, n) from B(A, n-1).
fn step(load: f64, n: u32, before: f64) -> f64 {
    let tried = load.max(0.0) * before;
    tried / (f64::from(n) + tried)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Visits an hour that hold a number for so many minutes.
    fn load(visits: f64, minutes: f64) -> f64 {
        visits * minutes / 60.0
    }

    /// In percent with two decimals, as the definitions are written.
    fn percent(load: f64, numbers: u32) -> String {
        format!("{:.2}", blocking(load, numbers) * 100.0)
    }

    #[test]
    fn the_worked_examples_of_the_definition_hold() {
        assert_eq!(percent(10.0, 10), "21.46");
        assert_eq!(percent(10.0, 18), "0.71");
        assert!(blocking(66.67, 82) < 0.01);
        assert!(blocking(66.67, 81) > 0.01);
    }

    #[test]
    fn the_published_table_holds_row_by_row() {
        let table = [
            (10.0, 20.0, [7, 9, 11]),
            (30.0, 20.0, [15, 18, 21]),
            (60.0, 30.0, [36, 42, 47]),
            (120.0, 20.0, [46, 53, 60]),
            (200.0, 20.0, [72, 82, 91]),
            (600.0, 30.0, [298, 324, 344]),
        ];
        for (visits, minutes, numbers) in table {
            let found = [0.05, 0.01, 0.001].map(|most| numbers_for(load(visits, minutes), most));
            assert_eq!(found, numbers.map(Some), "{visits} x {minutes}");
        }
    }

    #[test]
    fn rules_of_thumb_leave_many_without_a_number() {
        // 200 visits an hour of 3 minutes, 10 numbers.
        assert_eq!(percent(load(200.0, 3.0), 10), "21.46");
        assert_eq!(numbers_for(load(200.0, 3.0), 0.01), Some(18));
        // A number for every fourth visit of an hour, 20 minutes each.
        assert_eq!(percent(load(200.0, 20.0), 50), "28.34");
        assert_eq!(numbers_for(load(200.0, 20.0), 0.01), Some(82));
        // Four numbers, 20 minutes: 1 % up to 2.6 visits an hour, 5 % up to 4.6 (rounded).
        assert!(blocking(load(2.6, 20.0), 4) < 0.01 && blocking(load(2.7, 20.0), 4) > 0.01);
        assert!(blocking(load(4.5, 20.0), 4) < 0.05 && blocking(load(4.65, 20.0), 4) > 0.05);
    }

    #[test]
    fn what_is_no_load_needs_no_answer() {
        for nonsense in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(numbers_for(nonsense, 0.01), None);
        }
        for share in [0.0, -0.1, f64::NAN] {
            assert_eq!(numbers_for(10.0, share), None);
        }
        assert_eq!(numbers_for(1e9, 0.01), None);
        assert_eq!(numbers_for(0.0, 0.01), Some(1));
        assert_eq!(numbers_for(10.0, 1.0), Some(0));
        assert!((blocking(f64::NAN, 5)).abs() < f64::EPSILON);
    }

    /// The definition: A^N / N! over the sum of A^k / k!, each term from the largest down so that none overflows.
    fn by_definition(load: f64, numbers: u32) -> f64 {
        let mut sum = 0.0;
        let mut ratio = 1.0;
        for k in (0..=numbers).rev() {
            sum += ratio;
            ratio *= f64::from(k) / load;
        }
        1.0 / sum
    }

    proptest! {
        #[test]
        fn more_numbers_block_less_and_more_load_blocks_more(
            load in 0.01_f64..500.0, more in 0.01_f64..50.0, numbers in 1_u32..600,
        ) {
            let here = blocking(load, numbers);
            prop_assert!((0.0..=1.0).contains(&here));
            // Below this a share is lost in the smallest numbers there are.
            prop_assume!(here > 1e-290);
            prop_assert!(blocking(load, numbers + 1) < here);
            prop_assert!(blocking(load + more, numbers) > here);
        }

        #[test]
        fn the_recurrence_is_the_formula(load in 0.5_f64..200.0, numbers in 0_u32..120) {
            let (found, defined) = (blocking(load, numbers), by_definition(load, numbers));
            prop_assert!((found / defined - 1.0).abs() < 1e-9, "{found} {defined}");
        }

        #[test]
        fn numbers_are_the_fewest_that_do(load in 0.0_f64..400.0, most in 1e-6_f64..0.9) {
            let numbers = numbers_for(load, most).unwrap();
            prop_assert!(blocking(load, numbers) <= most);
            prop_assert!(numbers == 0 || blocking(load, numbers - 1) > most);
        }
    }
}
