//! The one place of this package that reads the clock.

use std::time::{Duration, Instant};

/// Gives now, for measuring how long something takes.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement is about real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Runs `work` and says how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = now();
    let result = work();
    (result, began.elapsed())
}
