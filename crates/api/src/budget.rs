//! The memory of bodies in flight: one budget of bytes, from which each body claims as it grows.
//!
//! A claim is taken before the memory and given back when the [`Claim`] is dropped. A claim that
//! cannot be had within the wait is [`Full`]: bodies that wait for each other are refused, never
//! stuck.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Permits are of this many bytes, so that a budget of terabytes still fits.
const UNIT: usize = 4096;

/// The budget was full for the whole wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The bytes that all bodies together may hold.
#[derive(Debug, Clone)]
pub(crate) struct Budget {
    permits: Arc<Semaphore>,
    units: usize,
    wait: Duration,
}

impl Budget {
    pub(crate) fn new(bytes: usize, wait: Duration) -> Self {
        let units = bytes.div_ceil(UNIT).clamp(1, u32::MAX as usize);
        Self {
            permits: Arc::new(Semaphore::new(units)),
            units,
            wait,
        }
    }

    /// Starts a claim of nothing.
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            budget: self.clone(),
            held: None,
        }
    }

    /// Bytes claimed now.
    pub(crate) fn claimed(&self) -> usize {
        (self.units - self.permits.available_permits().min(self.units)) * UNIT
    }
}

/// A body's share of the budget; given back on drop.
#[derive(Debug)]
pub(crate) struct Claim {
    budget: Budget,
    held: Option<OwnedSemaphorePermit>,
}

impl Claim {
    /// Grows the claim by `bytes` (rounded up to the unit), waiting shortly for others.
    pub(crate) async fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).map_err(|_| Full)?;
        let more = Arc::clone(&self.budget.permits);
        let more = match Arc::clone(&more).try_acquire_many_owned(units) {
            Ok(more) => more,
            Err(_) => timeout(self.budget.wait, more.acquire_many_owned(units))
                .await
                .map_err(|_| Full)?
                .map_err(|_| Full)?,
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_claim_waits_for_another_and_then_gives_up() {
        let budget = Budget::new(3 * UNIT, Duration::from_secs(1));
        let mut first = budget.claim();
        first.grow(2 * UNIT).await.unwrap();
        let mut second = budget.claim();
        assert_eq!(second.grow(2 * UNIT).await, Err(Full));
        assert_eq!(budget.claimed(), 2 * UNIT);
        let (got, ()) = tokio::join!(second.grow(2 * UNIT), async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            drop(first);
        });
        assert_eq!(got, Ok(()));
        second.grow(1).await.unwrap();
        drop(second);
        assert_eq!(budget.claimed(), 0);
    }
}
