//! Cells that are to be computed from the messages in ClickHouse, noted as they are gathered.
//!
//! What is noted is where they are: accounts, months, starts and managers, never a list of cells. So
//! memory is bounded by hours and managers, whatever comes in whatever order. Computing a cell that
//! did not change is harmless.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_model::time::Time;
use trunkline_rollup::facts::CellFact;

use super::months::Months;

/// Cells that one statement computes, as far as they are known; one start goes into one statement.
const AT_ONCE: u64 = 10_000;
/// Starts that one statement names: ClickHouse refuses a parameter of more than 128 KiB.
const STARTS: usize = 4_000;
/// Managers that one statement names; more are not told apart.
const MANAGERS: usize = 256;

/// Cells by account.
#[derive(Debug, Default)]
pub struct Stale {
    accounts: BTreeMap<String, Account>,
    months: Months,
}

#[derive(Debug, Default)]
struct Account {
    minutes: u8,
    version: u64,
    /// All its cells are, for they have another length.
    all: bool,
    months: BTreeMap<i32, Month>,
}

#[derive(Debug, Default)]
struct Month {
    /// Starts, and how many cells were noted at each.
    starts: BTreeMap<i64, u64>,
    managers: BTreeSet<String>,
}

/// Cells of one month and account that one statement computes: of those managers, or of all, at
/// those starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chunk<'a> {
    pub(super) account: &'a str,
    pub(super) minutes: u8,
    pub(super) version: u64,
    pub(super) starts: Vec<i64>,
    pub(super) managers: Option<Vec<&'a str>>,
}

impl Stale {
    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Lists the accounts of which all cells are to be made anew.
    pub fn recut(&self) -> impl Iterator<Item = &str> {
        let recut = self.accounts.iter().filter(|(_, account)| account.all);
        recut.map(|(id, _)| id.as_str())
    }

    /// Takes over what another one notes, which was noted later.
    pub fn append(&mut self, other: Self) {
        for (id, more) in other.accounts {
            let account = self.accounts.entry(id).or_default();
            if account.minutes != more.minutes {
                // Starts of cells of another length mean nothing now: all are made anew.
                account.months.clear();
            }
            (account.minutes, account.version) = (more.minutes, more.version);
            account.all |= more.all;
            for (month, more) in more.months {
                let month = account.months.entry(month).or_default();
                for (start, cells) in more.starts {
                    *month.starts.entry(start).or_default() += cells;
                }
                month.managers.extend(more.managers);
            }
        }
    }

    pub(super) fn note(&mut self, fact: &CellFact<'_>) {
        let month = self.months.of(fact.start);
        let account = self.account(fact.account, fact.minutes, fact.version);
        let month = account.months.entry(month).or_default();
        *month.starts.entry(fact.start.0).or_default() += 1;
        let manager = fact.manager.unwrap_or_default();
        if month.managers.len() <= MANAGERS && !month.managers.contains(manager) {
            month.managers.insert(manager.to_owned());
        }
    }

    /// Notes all cells of an account, to be so many minutes long: they are made anew whole.
    pub fn note_all(&mut self, account: &str, minutes: u8, version: u64) {
        self.account(account, minutes, version).all = true;
    }

    /// Notes all cells of an account that begin at `start`, to be computed as they stand at a version.
    pub fn note_start(&mut self, account: &str, minutes: u8, version: u64, start: Time) {
        self.account(account, minutes, version);
        self.note_starts(account, &[(start.0, 1)]);
    }

    /// Notes cells of an account by their starts, with how many there are at each.
    pub(super) fn note_starts(&mut self, account: &str, starts: &[(i64, u64)]) {
        let Some(account) = self.accounts.get_mut(account) else {
            return;
        };
        for (start, cells) in starts {
            let month = self.months.of(Time(*start));
            let month = account.months.entry(month).or_default();
            month.starts.insert(*start, *cells);
            // One more than are told apart: all.
            month.managers = (0..=MANAGERS).map(|number| number.to_string()).collect();
        }
    }

    fn account(&mut self, id: &str, minutes: u8, version: u64) -> &mut Account {
        if !self.accounts.contains_key(id) {
            self.accounts.insert(id.to_owned(), Account::default());
        }
        let account = self.accounts.entry(id.to_owned()).or_default();
        (account.minutes, account.version) = (minutes, version);
        account
    }

    /// Gives the account's length of a cell, and the version, of those that are made anew whole.
    pub(super) fn whole(&self) -> Vec<(String, u8)> {
        let whole = self.accounts.iter().filter(|(_, account)| account.all);
        whole
            .map(|(id, account)| (id.clone(), account.minutes))
            .collect()
    }

    /// Cuts all into statements.
    pub(super) fn chunks(&self) -> Vec<Chunk<'_>> {
        let mut chunks = Vec::new();
        for (id, account) in &self.accounts {
            for month in account.months.values() {
                let managers = month.managers.iter().map(String::as_str);
                let managers: Vec<_> = managers.collect();
                let mut starts = Vec::new();
                let mut cells = 0;
                let mut push = |starts: &mut Vec<i64>| {
                    chunks.push(Chunk {
                        account: id,
                        minutes: account.minutes,
                        version: account.version,
                        starts: std::mem::take(starts),
                        managers: (managers.len() <= MANAGERS).then(|| managers.clone()),
                    });
                };
                for (start, more) in &month.starts {
                    starts.push(*start);
                    cells += more;
                    if cells >= AT_ONCE || starts.len() == STARTS {
                        push(&mut starts);
                        cells = 0;
                    }
                }
                if !starts.is_empty() {
                    push(&mut starts);
                }
            }
        }
        chunks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn fact(account: &'static str, hour: i64, manager: Option<&'static str>) -> CellFact<'static> {
        CellFact {
            account,
            start: Time(hour * HOUR),
            minutes: 60,
            manager,
            channel: "web",
            cell: None,
            version: 7,
        }
    }

    #[test]
    fn cells_of_one_month_and_account_go_into_one_statement() {
        let mut stale = Stale::default();
        for _ in 0..3 {
            stale.note(&fact("acme", 3, Some("ana")));
            stale.note(&fact("acme", 1, None));
        }
        // February 1970.
        stale.note(&fact("acme", 31 * 24, Some("ana")));
        stale.note(&fact("other", 1, Some("eva")));
        let chunks = stale.chunks();
        let told = chunks
            .iter()
            .map(|chunk| (chunk.account, chunk.starts.clone(), chunk.managers.clone()));
        let expected = [
            ("acme", vec![HOUR, 3 * HOUR], Some(vec!["", "ana"])),
            ("acme", vec![31 * 24 * HOUR], Some(vec!["ana"])),
            ("other", vec![HOUR], Some(vec!["eva"])),
        ];
        assert_eq!(told.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn many_cells_are_cut_into_several_statements_and_many_managers_are_not_named() {
        let mut stale = Stale::default();
        let names: Vec<String> = (0..2_000).map(|number| format!("m{number}")).collect();
        for hour in 0..20 {
            for name in &names {
                stale.note(&CellFact {
                    manager: Some(name),
                    ..fact("acme", hour, None)
                });
            }
        }
        let chunks = stale.chunks();
        let starts = chunks.iter().map(|chunk| chunk.starts.len());
        assert_eq!(starts.collect::<Vec<_>>(), [5, 5, 5, 5]);
        assert!(chunks.iter().all(|chunk| chunk.managers.is_none()));
        let held = &stale.accounts["acme"].months.values().next();
        assert_eq!(held.expect("a month").managers.len(), MANAGERS + 1);
    }

    #[test]
    fn starts_of_another_length_are_forgotten_for_all_are_made_anew() {
        let mut stale = Stale::default();
        stale.note(&fact("acme", 1, None));
        let mut later = Stale::default();
        later.note_all("acme", 15, 9);
        stale.append(later);
        assert_eq!(stale.whole(), [("acme".to_owned(), 15)]);
        assert!(stale.chunks().is_empty());
        stale.note_starts("acme", &[(0, 4), (HOUR, 2)]);
        let chunks = stale.chunks();
        assert_eq!(chunks.len(), 1);
        assert_eq!((chunks[0].minutes, chunks[0].version), (15, 9));
        assert_eq!(chunks[0].managers, None);
    }
}
