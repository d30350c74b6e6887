//! Names, teams, extensions, stages, numbers and rates from the configuration to ClickHouse's tables of settings.

use anyhow::Result;
use trunkline_model::settings::{Account, TrackingRules};
use trunkline_warehouse::writer::{
    AliasRow, ChannelRow, ExtensionRow, ManagerRow, OPEN_END, PoolNumberRow, Settings,
    SourceTagRow, StageRow, StaticNumberRow, TeamMemberRow, TeamRow,
};

use super::rates;

/// Gives all that the configuration says of names and teams, and the rates of the files that it names.
pub(super) fn settings(accounts: &[Account]) -> Result<Settings> {
    let mut settings = Settings::default();
    for account in accounts {
        add(&mut settings, account);
        settings.rates.extend(rates::of(account)?);
    }
    Ok(settings)
}

fn add(settings: &mut Settings, account: &Account) {
    let id = &account.id;
    settings.accounts.push(id.clone());
    for (alias, manager) in account.aliases() {
        settings.aliases.push(AliasRow::new(id, alias, manager));
    }
    for of in account.extensions() {
        settings.extensions.push(ExtensionRow::new(
            id,
            of.extension,
            of.validity.from.map_or(0, |from| from.0),
            of.manager,
            of.validity.until.map_or(OPEN_END, |until| until.0),
        ));
    }
    for manager in &account.managers {
        let name = manager.name.as_ref().unwrap_or(&manager.id);
        settings
            .managers
            .push(ManagerRow::new(id, &manager.id, name));
    }
    for channel in &account.channels {
        let name = channel.name.as_ref().unwrap_or(&channel.id);
        settings
            .channels
            .push(ChannelRow::new(id, &channel.id, name));
    }
    for team in &account.teams {
        let name = team.name.as_ref().unwrap_or(&team.id);
        settings.teams.push(TeamRow::new(id, &team.id, name));
    }
    add_sources(settings, account);
    for membership in account.memberships() {
        settings.team_members.push(TeamMemberRow::new(
            id,
            membership.manager,
            membership.team,
            membership.validity.from.map_or(0, |from| from.0),
            membership.validity.until.map_or(OPEN_END, |until| until.0),
        ));
    }
}

/// Adds what leads and calls are counted by: stages, static numbers, tags that name sources.
fn add_sources(settings: &mut Settings, account: &Account) {
    let id = &account.id;
    for pipeline in &account.pipelines {
        let stages = (1..).zip(&pipeline.stages);
        settings.stages.extend(stages.map(|(position, stage)| {
            let name = stage.name.as_ref().unwrap_or(&stage.id);
            let kind = stage.kind.as_str();
            StageRow::new(id, &pipeline.id, &stage.id, name, kind, position as u32)
        }));
    }
    static_numbers(settings, account);
    pool_numbers(settings, account);
    let tags = account.source_tags.iter();
    let tags = tags.map(|tag| SourceTagRow::new(id, tag));
    settings.source_tags.extend(tags);
}

fn static_numbers(settings: &mut Settings, account: &Account) {
    let id = &account.id;
    for entry in TrackingRules::of(account).numbers {
        settings.static_numbers.push(StaticNumberRow::new(
            id,
            entry.number,
            entry.validity.from.map_or(0, |from| from.0),
            entry.source,
            entry.medium.unwrap_or_default(),
            entry.campaign.unwrap_or_default(),
            entry.validity.until.map_or(OPEN_END, |until| until.0),
        ));
    }
}

fn pool_numbers(settings: &mut Settings, account: &Account) {
    for pool in TrackingRules::of(account).pools {
        for (state, numbers) in [
            ("in_service", pool.numbers),
            ("draining", pool.draining),
            ("quarantined", pool.quarantined),
        ] {
            let rows = numbers.into_iter();
            let rows = rows.map(|number| PoolNumberRow::new(&account.id, number, &pool.id, state));
            settings.pool_numbers.extend(rows);
        }
    }
}
