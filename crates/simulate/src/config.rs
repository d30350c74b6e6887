//! What a simulated centre is like.

use thiserror::Error;
use trunkline_model::time::{Time, Tz};

/// A centre, a stretch of time and a seed. Shares are in events or conversations of a thousand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Decides everything that chance decides. Default 1.
    pub seed: u64,
    /// When it begins. Default 2 March 2026 in UTC, a Monday.
    pub start: Time,
    /// How many days it goes on. Default 7.
    pub days: u32,
    /// Where shifts and quiet hours are. Default Europe/Madrid.
    pub zone: Tz,
    /// How many managers there are. Default 12.
    pub managers: u32,
    /// New conversations of a weekday, without bursts; a day of the weekend has 2 in 5 of them.
    /// Default 400.
    pub rate: u32,
    /// Days of a thousand on which a quarter of an hour brings six times as much. Default 250.
    pub bursts: u32,
    /// Conversations of a thousand that a bot takes first. Default 350.
    pub bots: u32,
    /// Replies of a thousand before which a manager hands the conversation to another. Default 40.
    pub hand_offs: u32,
    /// Conversations of a thousand that are closed when they are over. Default 800.
    pub closings: u32,
    /// New calls of a weekday, without calls back; they come as conversations do. Default 0.
    pub calls: u32,
    /// People of a thousand who are talked to for the first time, of whom a lead is made. With any,
    /// advertisements tell what they cost and first messages what brought them. Default 0.
    pub leads: u32,
    /// Events of a thousand that are sent minutes to hours late; a call is late as a whole. Default 20.
    pub late: u32,
    /// Events of a thousand that are sent twice. Default 10.
    pub repeated: u32,
}

/// A configuration that no centre can follow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{key}: {value} is out of range; give a number from {least} to {most}")]
pub struct BadConfig {
    /// The field.
    pub key: &'static str,
    /// What it says.
    pub value: u64,
    /// The least that it may say.
    pub least: u64,
    /// The most that it may say.
    pub most: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            start: Time(1_772_409_600_000),
            days: 7,
            zone: Tz::Europe__Madrid,
            managers: 12,
            rate: 400,
            bursts: 250,
            bots: 350,
            hand_offs: 40,
            closings: 800,
            calls: 0,
            leads: 0,
            late: 20,
            repeated: 10,
        }
    }
}

impl Config {
    /// Gives the instant at which it ends; nothing happens then or later.
    pub fn end(&self) -> Time {
        self.start.plus(i64::from(self.days) * 86_400_000)
    }

    pub(crate) fn checked(self) -> Result<Self, BadConfig> {
        let ranges = [
            (
                "start",
                self.start.millis().unsigned_abs(),
                0,
                4_000_000_000_000,
            ),
            ("days", self.days.into(), 1, 1_000),
            ("managers", self.managers.into(), 1, 10_000),
            ("rate", self.rate.into(), 1, 10_000_000),
            ("bursts", self.bursts.into(), 0, 1_000),
            ("bots", self.bots.into(), 0, 1_000),
            ("hand_offs", self.hand_offs.into(), 0, 1_000),
            ("closings", self.closings.into(), 0, 1_000),
            ("calls", self.calls.into(), 0, 10_000_000),
            ("leads", self.leads.into(), 0, 1_000),
            ("late", self.late.into(), 0, 1_000),
            ("repeated", self.repeated.into(), 0, 1_000),
        ];
        within(&ranges)?;
        Ok(self)
    }
}

/// Checks fields, each with its value and the least and most that it may say.
pub(crate) fn within(ranges: &[(&'static str, u64, u64, u64)]) -> Result<(), BadConfig> {
    for &(key, value, least, most) in ranges {
        if !(least..=most).contains(&value) {
            return Err(BadConfig {
                key,
                value,
                least,
                most,
            });
        }
    }
    Ok(())
}
