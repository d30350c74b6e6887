//! What decides every event of a demo. It is kept in the data folder, so that the next start makes
//! the same events again and goes on behind the last that the service has.

use std::fmt::Display;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use trunkline_model::time::Time;
use trunkline_simulate::Config;
use trunkline_simulate::shop::Shop;

use crate::cli::Demo;
use crate::commands::first_start::write_private;

const FILE: &str = "demo.toml";
/// Days of history, and all days there are: what comes after them is quiet.
const HISTORY: u32 = 30;
const DAYS: u32 = 1_000;
const DAY: i64 = 86_400_000;

/// What decides every event of a demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    /// When the demo was first started: until then everything is history.
    pub(super) begun: Time,
    /// Days of history.
    pub(super) days: u32,
    seed: u64,
    managers: u32,
    rate: u32,
    /// Calls of a weekday; none in a demo from before there were any.
    #[serde(default)]
    calls: u32,
    /// Of a thousand new people, those of whom a lead is made; likewise.
    #[serde(default)]
    leads: u32,
    /// Visits of the site on a weekday, by people who are new; likewise.
    #[serde(default)]
    visits: u32,
}

impl Plan {
    /// Reads the plan of a data folder, or makes one for a new folder.
    pub(super) fn of(folder: &Path, options: &Demo, now: Time) -> Result<Self> {
        let path = folder.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Self::new(folder, options, now);
            }
            Err(error) => {
                return Err(error).with_context(|| format!("could not read {}", path.display()));
            }
        };
        let kept: Self = toml::from_str(&text)
            .with_context(|| format!("{} cannot be understood", path.display()))?;
        kept.agrees("--days", options.days, &kept.days, folder)?;
        kept.agrees("--managers", options.managers, &kept.managers, folder)?;
        kept.agrees("--rate", options.rate, &kept.rate, folder)?;
        kept.agrees("--seed", options.seed, &kept.seed, folder)?;
        Ok(kept)
    }

    fn new(folder: &Path, options: &Demo, now: Time) -> Result<Self> {
        let unfinished = Path::new(FILE).with_extension("toml.new");
        let taken = fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| *entry.file_name() != *unfinished))
        });
        if taken {
            bail!(
                "{} is not empty and holds no demo: give another folder with --data, or start what \
                 is there with `trunkline serve --data-dir {0}`",
                folder.display()
            );
        }
        Ok(Self {
            begun: now,
            days: options.days.unwrap_or(HISTORY),
            seed: options.seed.unwrap_or(1),
            managers: options.managers.unwrap_or(12),
            rate: options.rate.unwrap_or(400),
            calls: options.rate.unwrap_or(400) / 2,
            leads: 250,
            visits: options.rate.unwrap_or(400) * 3 / 4,
        })
    }

    fn agrees<T: PartialEq + Display>(
        &self,
        option: &str,
        given: Option<T>,
        kept: &T,
        folder: &Path,
    ) -> Result<()> {
        match given {
            Some(given) if given != *kept => bail!(
                "the demo in {} began at {} with {option} {kept}: leave {option} {given} out, or \
                 give a new folder with --data",
                folder.display(),
                self.begun
            ),
            _ => Ok(()),
        }
    }

    /// Keeps the plan in the data folder.
    pub(super) fn keep(&self, folder: &Path) -> Result<()> {
        let text = format!(
            "# Written by `trunkline demo`, which goes on from this. Times are in UTC.\n{}",
            toml::to_string(self)?
        );
        write_private(&folder.join(FILE), &text)
    }

    /// Takes the plan out of the data folder, and the folder itself, if there is nothing else in it.
    pub(super) fn forget(folder: &Path) {
        let alone = fs::read_dir(folder).is_ok_and(|entries| entries.count() == 1);
        if alone && fs::remove_file(folder.join(FILE)).is_ok() {
            // One that is left, empty, does no harm.
            let _ = fs::remove_dir(folder);
        }
    }

    /// Gives the centre that the company is.
    pub(super) fn centre(&self) -> Config {
        Config {
            seed: self.seed,
            start: self.start(),
            days: DAYS,
            managers: self.managers,
            rate: self.rate,
            calls: self.calls,
            leads: self.leads,
            ..Config::default()
        }
    }

    /// Gives the company's site, if it has one: what began before the demo is history, what begins later asks for numbers.
    pub(super) fn shop(&self) -> Result<Option<Shop>> {
        let shop = || Shop::new(&self.centre(), self.visits, self.begun);
        Ok((self.visits > 0).then(shop).transpose()?)
    }

    /// Gives the first instant of history.
    pub(super) fn start(&self) -> Time {
        self.begun.plus(-i64::from(self.days) * DAY)
    }

    /// Says what there is, for people.
    pub(super) fn told(&self) -> String {
        let Self {
            managers,
            rate,
            calls,
            ..
        } = self;
        format!("{managers} managers, {rate} new conversations and {calls} calls on a weekday")
    }
}

/// Names a new folder for a demo that was given none.
pub(super) fn new_folder(now: Time) -> PathBuf {
    let digits = |c: &char| c.is_ascii_digit();
    let at: String = now.to_string().chars().filter(digits).take(14).collect();
    Path::new("data").join(format!("demo-{at}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(1_772_409_600_000);

    fn options(rate: Option<u32>) -> Demo {
        Demo {
            data: None,
            listen: String::new(),
            days: None,
            managers: None,
            rate,
            seed: None,
            no_live: false,
        }
    }

    #[test]
    fn a_kept_plan_holds_at_every_later_start() {
        let dir = tempfile::tempdir().unwrap();
        let first = Plan::of(dir.path(), &options(Some(50)), NOW).unwrap();
        first.keep(dir.path()).unwrap();
        let later = NOW.plus(5 * DAY);
        for given in [None, Some(50)] {
            assert_eq!(Plan::of(dir.path(), &options(given), later).unwrap(), first);
        }
        assert_eq!(first.start().to_string(), "2026-01-31T00:00:00.000Z");
        let other = Plan::of(dir.path(), &options(Some(60)), later).unwrap_err();
        assert!(other.to_string().contains("--rate 50"), "{other}");
    }

    #[test]
    fn a_folder_with_something_else_in_it_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("trunkline.toml"), "").unwrap();
        let error = Plan::of(dir.path(), &options(None), NOW).unwrap_err();
        assert!(error.to_string().contains("holds no demo"), "{error}");
    }

    #[test]
    fn a_plan_that_came_to_nothing_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("demo");
        let plan = Plan::of(&folder, &options(None), NOW).unwrap();
        plan.keep(&folder).unwrap();
        fs::write(folder.join("more"), "").unwrap();
        Plan::forget(&folder);
        assert!(folder.join(FILE).exists());
        fs::remove_file(folder.join("more")).unwrap();
        Plan::forget(&folder);
        assert!(!folder.exists());
    }

    #[test]
    fn a_new_folder_is_named_after_the_second() {
        assert_eq!(new_folder(NOW), Path::new("data/demo-20260302000000"));
    }
}
