//! The life of the company in frames, the same ones at every start: history at once, everything
//! after it when it happens.

use std::time::Duration;

use anyhow::Result;
use trunkline_model::time::Time;
use trunkline_simulate::shop::Shop;
use trunkline_simulate::{Sending, Simulation, merged};

use super::plan::Plan;
use crate::commands::simulate::{Frames, Pace};
use crate::stream::{Frame, Source};

/// The frames of a plan from its first on.
pub(super) struct Life {
    frames: Frames<Box<dyn Iterator<Item = Sending>>>,
    begun: Time,
    now: Time,
    past_only: bool,
}

impl Life {
    /// Gives what is sent until now, if `past_only`; else everything, from now on at its time.
    pub(super) fn new(plan: &Plan, now: Time, past_only: bool) -> Result<Self> {
        let pace = Pace::Times {
            from: plan.begun,
            speed: 1,
        };
        let centre = Simulation::new(plan.centre())?;
        let shop = plan.shop()?.into_iter().flat_map(Shop::past);
        let all: Box<dyn Iterator<Item = Sending>> = Box::new(merged(centre, shop));
        Ok(Self {
            frames: Frames::new(plan.start(), pace, all),
            begun: plan.begun,
            now,
            past_only,
        })
    }
}

impl Source for Life {
    fn next(&mut self) -> Result<Option<Frame>> {
        let Some(frame) = self.frames.next()? else {
            return Ok(None);
        };
        let due = self.begun.plus(frame.after.as_millis() as i64);
        let ahead = u64::try_from(due.since(self.now)).unwrap_or(0);
        if self.past_only && ahead > 0 {
            return Ok(None);
        }
        Ok(Some(Frame {
            after: Duration::from_millis(ahead),
            ..frame
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Demo;

    const HOUR: i64 = 3_600_000;

    fn plan() -> Plan {
        let options = Demo {
            data: None,
            listen: String::new(),
            days: Some(2),
            managers: None,
            rate: Some(100),
            seed: Some(7),
            no_live: false,
        };
        let folder = tempfile::tempdir().unwrap();
        // Monday noon: there is something to do in the hours after it.
        Plan::of(folder.path(), &options, Time(1_772_452_800_000)).unwrap()
    }

    fn frames(now: Time, past_only: bool) -> Vec<Frame> {
        let mut life = Life::new(&plan(), now, past_only).unwrap();
        let all = std::iter::from_fn(|| life.next().unwrap());
        all.take_while(|frame| frame.after < Duration::from_hours(3))
            .collect()
    }

    #[test]
    fn every_start_gives_the_same_frames_and_only_their_time_differs() {
        let begun = plan().begun;
        let history = frames(begun, true);
        assert!(history.len() > 2 && history.iter().all(|frame| frame.after.is_zero()));
        let whole = frames(begun, false);
        let later = begun.plus(2 * HOUR);
        let caught_up = frames(later, true);
        assert!(history.len() < caught_up.len() && caught_up.len() < whole.len());
        for (frame, expected) in frames(later, false).iter().zip(&whole) {
            assert_eq!(frame.body, expected.body);
            let wait = expected.after.saturating_sub(Duration::from_hours(2));
            assert_eq!(frame.after, wait);
        }
    }
}
