//! What the configuration says about names, teams and extensions, kept in ClickHouse by difference.
//!
//! Rows that the configuration no longer has are marked deleted; rows that did not change are not
//! written. A table's `version` counts its changes, so no clock is needed to tell which is newer.

use std::collections::BTreeMap;

use clickhouse::{RowOwned, RowRead, RowWrite};

use super::Writer;
use crate::client::Fault;

mod line;
mod pepper;

pub use line::{
    AliasRow, ChannelRow, ExtensionRow, ManagerRow, PoolNumberRow, RateRow, SourceTagRow, StageRow,
    StaticNumberRow, TeamMemberRow, TeamRow,
};

use line::Line;

/// End of a membership that has no end, in milliseconds since 1970: 2299-12-31T23:59:59.999Z.
pub const OPEN_END: i64 = 10_413_791_999_999;

/// All that the configuration says, of all accounts. Of rows with the same key the last counts.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Managers with a name.
    pub managers: Vec<ManagerRow>,
    /// Channels with a name.
    pub channels: Vec<ChannelRow>,
    /// Teams.
    pub teams: Vec<TeamRow>,
    /// Who was in which team when.
    pub team_members: Vec<TeamMemberRow>,
    /// Whose which extension was when.
    pub extensions: Vec<ExtensionRow>,
    /// What managers are called at providers.
    pub aliases: Vec<AliasRow>,
    /// Stages of pipelines of leads.
    pub stages: Vec<StageRow>,
    /// Tags of contacts that are touches.
    pub source_tags: Vec<SourceTagRow>,
    /// Which source a static number names, and when.
    pub static_numbers: Vec<StaticNumberRow>,
    /// Numbers of pools.
    pub pool_numbers: Vec<PoolNumberRow>,
    /// Daily rates of currencies.
    pub rates: Vec<RateRow>,
    /// The accounts' ids: each is given a pepper, once.
    pub accounts: Vec<String>,
}

/// Says what a synchronisation changed, in rows of all tables but that of peppers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncOutcome {
    /// Rows that are new or were changed.
    pub written: u64,
    /// Rows that were marked deleted.
    pub deleted: u64,
}

impl Writer {
    /// Makes the tables of settings say what `settings` says. After an error it may be half done;
    /// doing it again completes it.
    pub async fn sync_settings(&self, settings: &Settings) -> Result<SyncOutcome, Fault> {
        let mut outcome = SyncOutcome::default();
        self.sync(&settings.managers, &mut outcome).await?;
        self.sync(&settings.channels, &mut outcome).await?;
        self.sync(&settings.teams, &mut outcome).await?;
        self.sync(&settings.team_members, &mut outcome).await?;
        self.sync(&settings.extensions, &mut outcome).await?;
        self.sync(&settings.aliases, &mut outcome).await?;
        self.sync(&settings.stages, &mut outcome).await?;
        self.sync(&settings.source_tags, &mut outcome).await?;
        self.sync(&settings.static_numbers, &mut outcome).await?;
        self.sync(&settings.pool_numbers, &mut outcome).await?;
        self.sync(&settings.rates, &mut outcome).await?;
        self.pepper(&settings.accounts).await?;
        Ok(outcome)
    }

    async fn sync<L>(&self, wanted: &[L], outcome: &mut SyncOutcome) -> Result<(), Fault>
    where
        L: Line + RowOwned + RowRead + RowWrite,
        L: for<'a> clickhouse::Row<Value<'a> = L>,
    {
        let table = format!("{}.{}", self.client.database(), L::TABLE);
        let columns = L::COLUMN_NAMES.join(", ");
        let held = self
            .client
            .rows::<L>(&format!("SELECT {columns} FROM {table} FINAL"))
            .await?;
        let last = self
            .client
            .rows::<u64>(&format!("SELECT max(version) FROM {table}"))
            .await?;
        let version = last.first().map_or(1, |last| last + 1);

        let (changed, gone) = difference(wanted, &held);
        outcome.written += changed.len() as u64;
        outcome.deleted += gone.len() as u64;
        let changed = changed.into_iter().map(|line| line.stamped(version, false));
        let gone = gone.into_iter().map(|line| line.stamped(version, true));
        let lines = changed.chain(gone).collect::<Vec<_>>();
        if lines.is_empty() {
            return Ok(());
        }
        self.insert_rows::<L>(L::TABLE, lines.into_iter()).await
    }
}

/// Gives the wanted lines that are new or differ, and the held ones that are not wanted.
fn difference<'a, L: Line>(wanted: &'a [L], held: &'a [L]) -> (Vec<&'a L>, Vec<&'a L>) {
    let by_key = |lines: &'a [L]| -> BTreeMap<L::Key<'a>, &'a L> {
        lines.iter().map(|line| (line.key(), line)).collect()
    };
    let (wanted, held) = (by_key(wanted), by_key(held));
    let is_new = |key, line: &L| held.get(key).is_none_or(|held| !held.says_as(line));
    let changed = wanted
        .iter()
        .filter(|(key, line)| is_new(key, line))
        .map(|(_, line)| *line);
    let gone = held
        .iter()
        .filter(|(key, _)| !wanted.contains_key(key))
        .map(|(_, line)| *line);
    (changed.collect(), gone.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn team(id: &str, name: &str) -> TeamRow {
        TeamRow::new("acme", id, name)
    }

    #[test]
    fn only_what_differs_is_written() {
        let wanted = [team("a", "same"), team("b", "renamed"), team("d", "new")];
        let held = [team("a", "same"), team("b", "old name"), team("c", "gone")];
        let (changed, gone) = difference(&wanted, &held);
        assert_eq!(changed, [&wanted[1], &wanted[2]]);
        assert_eq!(gone, [&held[2]]);
    }

    #[test]
    fn of_two_lines_with_one_key_the_last_counts() {
        let wanted = [team("a", "first"), team("a", "second")];
        assert_eq!(difference(&wanted, &[]).0, [&wanted[1]]);
    }
}
