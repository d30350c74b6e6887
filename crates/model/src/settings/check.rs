//! What must agree between the settings of an account.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::net::{IpAddr, Ipv6Addr};

use super::{Account, ExtensionOf, Funnel, GoalWho, Schedule, Span, Validity};
use crate::text::Id;

mod tracking;

/// Settings that do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, like `account.demo.team.sales.managers`.
    pub key: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

struct Check<'a> {
    account: &'a Account,
    problems: Vec<Problem>,
}

pub(super) fn account(account: &Account) -> Vec<Problem> {
    let mut check = Check {
        account,
        problems: Vec::new(),
    };
    check.id("id", &account.id);
    check.schedule("schedule", account.schedule.as_ref());
    check.rules();
    check.tokens();
    check.people();
    check.names();
    check.teams();
    check.channels();
    check.doors();
    check.tracking();
    check.stages();
    check.goals();
    check.problems
}

impl Check<'_> {
    fn add(&mut self, key: impl Display, message: impl Into<String>) {
        let key = format!("account.{}.{key}", self.account.id);
        self.problems.push(Problem {
            key,
            message: message.into(),
        });
    }

    fn id(&mut self, key: impl Display, id: &str) {
        if let Err(error) = Id::new(id) {
            self.add(key, format!("the id is not one: {error}"));
        }
    }

    fn fixed(&mut self, key: impl Display, span: Span) {
        if span.millis().is_none() {
            self.add(
                key,
                "months and years have no fixed length: write days, like \"30d\"",
            );
        }
    }

    /// A number that is held for no time is nobody's.
    fn held(&mut self, key: impl Display, hold: Span) {
        match hold.millis() {
            Some(0) => self.add(
                key,
                "nobody holds a number for no time: write a span, like \"30m\"",
            ),
            _ => self.fixed(key, hold),
        }
    }

    fn schedule(&mut self, key: impl Display, schedule: Option<&Schedule>) {
        for (part, message) in schedule.map(Schedule::problems).unwrap_or_default() {
            self.add(format_args!("{key}.{part}"), message);
        }
    }

    /// Ids that stand alone must differ.
    fn distinct<'i>(&mut self, section: &str, ids: impl Iterator<Item = &'i str>) {
        let mut seen = BTreeSet::new();
        for id in ids {
            self.id(format_args!("{section}.{id}"), id);
            if !seen.insert(id) {
                self.add(
                    format_args!("{section}.{id}"),
                    "the id is taken: choose another",
                );
            }
        }
    }

    /// Entries of one id must hold at different times.
    fn at_different_times<'i>(
        &mut self,
        section: &str,
        entries: impl Iterator<Item = (&'i str, Validity)>,
    ) {
        let mut before: Vec<(&str, Validity)> = Vec::new();
        for (id, validity) in entries {
            let key = format!("{section}.{id}");
            self.id(&key, id);
            if validity.is_empty() {
                self.add(&key, "`until` is not after `from`");
            } else if before
                .iter()
                .any(|(other, held)| *other == id && held.overlaps(validity))
            {
                self.add(
                    &key,
                    "two entries hold at the same time: set `from` and `until`",
                );
            }
            before.push((id, validity));
        }
    }

    fn rules(&mut self) {
        let Account {
            calls, attribution, ..
        } = self.account;
        self.fixed("calls.recovery_window", calls.recovery_window);
        self.held("attribution.hold", attribution.hold);
        self.fixed("attribution.grace", attribution.grace);
        self.fixed("attribution.caller_memory", attribution.caller_memory);
        self.fixed("attribution.lookback", attribution.lookback);
    }

    fn tokens(&mut self) {
        let tokens = &self.account.tokens;
        self.distinct("token", tokens.iter().map(|token| token.name.as_str()));
        let mut digests = BTreeMap::new();
        for token in tokens {
            let key = format!("token.{}", token.name);
            match token.digest() {
                None => self.add(
                    format_args!("{key}.sha256"),
                    "not a SHA-256: write the 64 hexadecimal digits of the token's hash",
                ),
                Some(digest) => {
                    if let Some(other) = digests.insert(digest, &token.name) {
                        let message = format!(
                            "token `{other}` has the same hash: make another with `trunkline token new`"
                        );
                        self.add(format_args!("{key}.sha256"), message);
                    }
                }
            }
            let teams = &self.account.teams;
            for team in &token.only.teams {
                if teams.iter().all(|known| known.id != *team) {
                    self.add(
                        format_args!("{key}.only.teams"),
                        format!("there is no team `{team}`: declare it, or take it out"),
                    );
                }
            }
            if token.scopes.is_empty() {
                self.add(
                    format_args!("{key}.scopes"),
                    "without a scope the token may do nothing",
                );
            }
        }
    }

    fn people(&mut self) {
        let zone = self.account.zone();
        let managers = &self.account.managers;
        let entries = managers
            .iter()
            .map(|manager| (manager.id.as_str(), manager.validity(zone)));
        self.at_different_times("manager", entries);
        for manager in managers {
            self.schedule(
                format_args!("manager.{}.schedule", manager.id),
                manager.schedule.as_ref(),
            );
        }
    }

    /// A name at a provider, or an extension at a time, is one manager's.
    fn names(&mut self) {
        let aliases = self.account.aliases();
        for manager in &self.account.managers {
            for (provider, id) in &manager.aliases {
                let name = format!("{provider}:{id}");
                if let Some(other) = aliases.get(&name).filter(|other| **other != manager.id) {
                    let message = format!("manager `{other}` has the alias `{name}` too");
                    self.add(format_args!("manager.{}.aliases", manager.id), message);
                }
            }
        }
        for same in self
            .account
            .extensions()
            .chunk_by(|a, b| a.extension == b.extension)
        {
            for (place, one) in same.iter().enumerate() {
                let meets = |other: &&ExtensionOf<'_>| {
                    other.manager != one.manager && other.validity.overlaps(one.validity)
                };
                if let Some(other) = same[..place].iter().find(meets) {
                    let message = format!(
                        "extension `{}` is manager `{}`'s at the same time: set `from` and `until` \
                         of the managers",
                        one.extension, other.manager
                    );
                    self.add(format_args!("manager.{}.extensions", one.manager), message);
                }
            }
        }
    }

    fn teams(&mut self) {
        let zone = self.account.zone();
        let teams = &self.account.teams;
        let entries = teams
            .iter()
            .map(|team| (team.id.as_str(), team.validity(zone)));
        self.at_different_times("team", entries);
        for team in teams {
            self.schedule(
                format_args!("team.{}.schedule", team.id),
                team.schedule.as_ref(),
            );
        }
        let mut members = self.account.memberships();
        members.sort_by_key(|member| member.manager);
        for same in members.chunk_by(|a, b| a.manager == b.manager) {
            for (place, one) in same.iter().enumerate() {
                let other = same[..place]
                    .iter()
                    .find(|other| other.team != one.team && other.validity.overlaps(one.validity));
                if let Some(other) = other {
                    let (manager, other) = (one.manager, other.team);
                    let message = format!(
                        "manager `{manager}` is in team `{other}` at the same time: set `from` and \
                         `until` of the teams"
                    );
                    self.add(format_args!("team.{}.managers", one.team), message);
                }
            }
        }
    }

    fn channels(&mut self) {
        let channels = &self.account.channels;
        self.distinct(
            "channel",
            channels.iter().map(|channel| channel.id.as_str()),
        );
        for channel in channels {
            let key = format!("channel.{}", channel.id);
            if let Some(gap) = channel.cycle_gap {
                self.fixed(format_args!("{key}.cycle_gap"), gap);
            }
            if let Some(hook) = &channel.hook
                && self.account.hooks.iter().all(|known| known.id != *hook)
            {
                self.add(
                    format_args!("{key}.hook"),
                    format!("there is no hook `{hook}`"),
                );
            }
        }
    }

    fn doors(&mut self) {
        let Account {
            hooks, webhooks, ..
        } = self.account;
        self.distinct("hook", hooks.iter().map(|hook| hook.id.as_str()));
        for hook in hooks {
            if hook.id == "api" {
                self.add(
                    "hook.api",
                    "`api` names events that come without a hook: choose another id",
                );
            }
            if hook.id.contains(':') {
                self.add(
                    format_args!("hook.{}", hook.id),
                    "what Trunkline itself writes has a colon in its origin: choose an id without one",
                );
            }
            for network in hook.allow_ips.iter().filter(|network| !is_network(network)) {
                let message = format!("`{network}` is no address or network, like 185.45.152.0/24");
                self.add(format_args!("hook.{}.allow_ips", hook.id), message);
            }
        }
        self.distinct(
            "webhook",
            webhooks.iter().map(|webhook| webhook.id.as_str()),
        );
    }

    fn stages(&mut self) {
        let Account {
            pipelines,
            funnels,
            routings,
            ..
        } = self.account;
        self.distinct(
            "pipeline",
            pipelines.iter().map(|pipeline| pipeline.id.as_str()),
        );
        for pipeline in pipelines {
            let section = format!("pipeline.{}.stages", pipeline.id);
            self.distinct(
                &section,
                pipeline.stages.iter().map(|stage| stage.id.as_str()),
            );
        }
        self.distinct("funnel", funnels.iter().map(|funnel| funnel.id.as_str()));
        for funnel in funnels {
            let section = format!("funnel.{}.stages", funnel.id);
            self.distinct(&section, funnel.stages.iter().map(String::as_str));
            if funnel.stages.len() > Funnel::MAX_STAGES {
                self.add(
                    section,
                    format!("a funnel has at most {} stages", Funnel::MAX_STAGES),
                );
            }
        }
        self.distinct(
            "routing",
            routings.iter().map(|routing| routing.id.as_str()),
        );
    }

    fn goals(&mut self) {
        for (place, goal) in self.account.goals.iter().enumerate() {
            if goal.won_count.is_none() && goal.won_amount.is_none() {
                self.add(
                    format_args!("goal.{place}"),
                    "set `won_count` or `won_amount`",
                );
            }
            let teams = &self.account.teams;
            if let GoalWho::Team(team) = &goal.who
                && teams.iter().all(|known| known.id != *team)
            {
                self.add(
                    format_args!("goal.{place}.who"),
                    format!("there is no team `{team}`"),
                );
            }
        }
    }
}

/// Says whether `text` can be a host: labels with dots between them, without scheme, port and path.
fn is_host(text: &str) -> bool {
    text.contains('.') && are_labels(text)
}

fn are_labels(text: &str) -> bool {
    let in_label = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let is_label = |label: &str| !label.is_empty() && label.chars().all(in_label);
    text.split('.').all(is_label)
}

/// Says whether `text` is an origin of pages: http or https, a host, perhaps a port, and nothing behind.
fn is_origin(text: &str) -> bool {
    let rest = text.strip_prefix("https://");
    let Some(rest) = rest.or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let within = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let is_name = within.map_or_else(|| are_labels(host), |it| it.parse::<Ipv6Addr>().is_ok());
    let is_port = |port: &str| {
        port.bytes().all(|it| it.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|it| it > 0)
    };
    is_name && port.is_none_or(is_port)
}

/// Says whether `text` is an address, or an address and the length of its network's prefix.
fn is_network(text: &str) -> bool {
    let (address, prefix) = text
        .split_once('/')
        .map_or((text, None), |(a, p)| (a, Some(p)));
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    prefix.is_none_or(|prefix| prefix.parse::<u8>().is_ok_and(|length| length <= most))
}
