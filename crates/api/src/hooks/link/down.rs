//! Why a connection ended, and how long to wait before the next one.

use std::time::Duration;

/// The first pause; it doubles with each connection that came to nothing, up to the longest.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// The pause when every login was refused: an exchange may lock out who tries often.
const REFUSED: Duration = Duration::from_mins(1);
/// A connection that stood for so long came to something.
const STEADY: Duration = Duration::from_secs(10);

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Down {
    /// It was told to.
    Stopped,
    /// The login was not taken.
    Refused(String),
    /// Anything else.
    Lost(String),
}

impl Down {
    pub(super) fn lost(why: impl Into<String>) -> Self {
        Self::Lost(why.into())
    }
}

/// Counts connections that came to nothing.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    failed: u32,
    refused: usize,
}

impl Pauses {
    /// Gives the pause after a connection that stood for `stood`; of `logins` each is tried before a
    /// refusal is final.
    pub(super) fn after(&mut self, down: &Down, stood: Duration, logins: usize) -> Duration {
        if stood >= STEADY {
            self.failed = 0;
        }
        if let Down::Refused(_) = down {
            self.refused += 1;
            if self.refused >= logins {
                self.refused = 0;
                return REFUSED;
            }
            return FIRST;
        }
        let pause = FIRST.saturating_mul(1 << self.failed.min(16));
        self.failed += 1;
        pause.min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_begin_anew_after_a_steady_connection() {
        let mut pauses = Pauses::default();
        let lost = Down::lost("x");
        let told: Vec<_> = (0..8)
            .map(|_| pauses.after(&lost, NONE, 1).as_millis())
            .collect();
        assert_eq!(told, [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000]);
        assert_eq!(pauses.after(&lost, STEADY, 1), FIRST);
    }

    #[test]
    fn each_login_is_tried_at_once_and_then_none_for_a_minute() {
        let mut pauses = Pauses::default();
        let refused = Down::Refused("x".into());
        let told: Vec<_> = (0..4)
            .map(|_| pauses.after(&refused, NONE, 2).as_secs_f64())
            .collect();
        assert_eq!(told, [0.5, 60.0, 0.5, 60.0]);
    }
}
