//! How long an append would wait, from how long commits took lately and from how much waits.

use std::time::Duration;

/// Commits lately, by a monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// How long a commit takes: each counts for a quarter, those before for the rest.
    commit: Duration,
    /// Since when one is in flight.
    began: Option<Duration>,
}

impl Pace {
    pub(crate) fn begin(&mut self, now: Duration) {
        self.began = Some(now);
    }

    pub(crate) fn end(&mut self, now: Duration) {
        if let Some(began) = self.began.take() {
            self.commit = (self.commit * 3 + now.saturating_sub(began)) / 4;
        }
    }

    /// Gives how long it probably takes until the last of so many batches is durable. A commit in
    /// flight that takes longer than others is thought to be half over.
    pub(crate) fn wait(&self, now: Duration, batches: u32) -> Duration {
        let in_flight = self.began.map_or(Duration::ZERO, |began| {
            let age = now.saturating_sub(began);
            self.commit.checked_sub(age).unwrap_or(age)
        });
        in_flight + self.commit.saturating_mul(batches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn the_wait_is_the_rest_of_the_commit_in_flight_and_those_to_come() {
        let mut pace = Pace::default();
        assert_eq!(pace.wait(ms(5), 3), ms(0));
        for turn in 0..40 {
            pace.begin(ms(turn * 100));
            pace.end(ms(turn * 100 + 40));
        }
        let usual = pace.wait(ms(5_000), 1);
        assert!((ms(39)..=ms(40)).contains(&usual), "{usual:?}");
        pace.begin(ms(5_000));
        assert_eq!(pace.wait(ms(5_010), 2) + ms(10), usual * 3);
        assert_eq!(pace.wait(ms(5_900), 2), usual * 2 + ms(900));
    }
}
