//! How long to wait before a child is started again.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);
/// Attempts, [`FIRST`] apart, that wait for a dying engine to let go of its data: 20 s.
const LOCKED_ATTEMPTS: u32 = 80;

/// Counts failures in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    locked: u32,
}

impl Backoff {
    /// Gives the delay after a child has ended: the shortest after a healthy one, and while a
    /// predecessor holds the lock; else twice the one before.
    pub(super) fn after(&mut self, steady: bool, locked: bool) -> Duration {
        if steady {
            *self = Self::default();
        }
        if locked && self.locked < LOCKED_ATTEMPTS {
            self.locked += 1;
            return FIRST;
        }
        let delay = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST);
        self.failures += 1;
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(backoff: &mut Backoff, steady: bool, locked: bool) -> u128 {
        backoff.after(steady, locked).as_millis()
    }

    #[test]
    fn delays_double_up_to_ten_seconds() {
        let mut backoff = Backoff::default();
        let delays = [(); 8].map(|()| millis(&mut backoff, false, false));
        assert_eq!(
            delays,
            [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
        );
    }

    #[test]
    fn a_healthy_life_starts_the_count_anew() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.after(false, false);
        }
        assert_eq!(millis(&mut backoff, true, false), 250);
        assert_eq!(millis(&mut backoff, false, false), 500);
    }

    #[test]
    fn a_held_lock_is_tried_again_for_twenty_seconds() {
        let mut backoff = Backoff::default();
        let waited: u128 = (0..80).map(|_| millis(&mut backoff, false, true)).sum();
        assert_eq!(waited, 20_000);
        assert_eq!(millis(&mut backoff, false, true), 250);
        assert_eq!(millis(&mut backoff, false, true), 500);
    }
}
