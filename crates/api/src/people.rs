//! Who is who in an account, as its configuration says at a time.

use std::collections::BTreeMap;

use trunkline_model::settings::{Account, Roster, Validity};
use trunkline_model::time::Time;
use trunkline_pipeline::{Cell, Waits};
use trunkline_reports::Aliases;
use url::form_urlencoded::byte_serialize;

/// The managers, teams and channels that the configuration names.
#[derive(Debug, Default)]
pub(crate) struct People {
    /// Names and times of each manager; the last entry's name is shown.
    managers: BTreeMap<String, (String, Vec<Validity>)>,
    /// Who is in which team, and when.
    members: Vec<(String, String, Validity)>,
    /// What managers are called at providers.
    aliases: Aliases,
    /// Whose each extension is, and when.
    extensions: BTreeMap<String, Vec<(String, Validity)>>,
    /// Where a channel's conversations can be opened.
    links: BTreeMap<String, String>,
    /// Whether only declared managers count.
    closed: bool,
}

impl People {
    pub(crate) fn of(account: &Account) -> Self {
        let mut managers = BTreeMap::<String, (String, Vec<Validity>)>::new();
        for manager in &account.managers {
            let (name, times) = managers.entry(manager.id.clone()).or_default();
            name.clone_from(manager.name.as_ref().unwrap_or(&manager.id));
            times.push(manager.validity(account.zone()));
        }
        let members = account.memberships().into_iter();
        let link = |(id, link): (&String, &Option<String>)| Some((id.clone(), link.clone()?));
        let channels = account.channels.iter();
        let mut extensions = BTreeMap::<String, Vec<_>>::new();
        for of in account.extensions() {
            let whose = (of.manager.to_owned(), of.validity);
            extensions
                .entry(of.extension.to_owned())
                .or_default()
                .push(whose);
        }
        Self {
            managers,
            members: members
                .map(|of| (of.manager.to_owned(), of.team.to_owned(), of.validity))
                .collect(),
            aliases: Aliases::of(account),
            extensions,
            links: channels
                .filter_map(|channel| link((&channel.id, &channel.link)))
                .collect(),
            closed: account.roster == Roster::Closed,
        }
    }

    /// What managers are called at providers.
    pub(crate) fn aliases(&self) -> &Aliases {
        &self.aliases
    }

    /// Gives a conversation with its managers by their ids, whatever they were called.
    pub(crate) fn resolved(&self, waits: Waits) -> Waits {
        let resolved = |name: Option<String>| name.map(|name| self.aliases.resolved(&name).into());
        Waits {
            assignee: resolved(waits.assignee),
            last_manager: resolved(waits.last_manager),
            ..waits
        }
    }

    /// Gives who is at a call: by his id, whatever he was called, else whose the extension was then.
    pub(crate) fn at_call(
        &self,
        manager: Option<String>,
        extension: Option<&str>,
        at: Time,
    ) -> Option<String> {
        let named = manager.map(|name| self.aliases.resolved(&name).to_owned());
        let whose = || {
            let mut whose = self.extensions.get(extension?)?.iter();
            let then = whose.find(|(_, when)| when.holds(at));
            then.map(|(manager, _)| manager.clone())
        };
        named.or_else(whose)
    }

    /// Gives the figures of managers by their ids: those of one who has several names together.
    pub(crate) fn together(
        &self,
        cells: BTreeMap<Option<String>, Cell>,
    ) -> BTreeMap<Option<String>, Cell> {
        if self.aliases.is_empty() {
            return cells;
        }
        let mut together = BTreeMap::<_, Cell>::new();
        for (name, cell) in cells {
            let manager = name.map(|name| self.aliases.resolved(&name).to_owned());
            together.entry(manager).or_default().merge(&cell);
        }
        together
    }

    /// Gives the name of a manager that people see; the id of one who is not declared.
    pub(crate) fn name(&self, manager: &str) -> String {
        let known = self.managers.get(manager);
        known.map_or_else(|| manager.to_owned(), |(name, _)| name.clone())
    }

    /// Gives the team that a manager is in.
    pub(crate) fn team(&self, manager: &str, now: Time) -> Option<&str> {
        let mut members = self.members.iter();
        let of = members.find(|(known, _, when)| known == manager && when.holds(now));
        of.map(|(_, team, _)| team.as_str())
    }

    /// Says whether managers join and leave teams only where a cell of so many minutes begins.
    pub(crate) fn teams_change_on(&self, minutes: u8) -> bool {
        let length = i64::from(minutes) * 60_000;
        let mut members = self.members.iter();
        members.all(|(_, _, when)| {
            let mut ends = [when.from, when.until].into_iter().flatten();
            ends.all(|at| at.0.rem_euclid(length) == 0)
        })
    }

    /// Gives whose a waiting conversation is: the assignee's, else the last participant's, if he is
    /// still in the roster.
    pub(crate) fn owner(&self, waits: &Waits, now: Time) -> Option<String> {
        let last = || {
            waits
                .last_manager
                .clone()
                .filter(|manager| self.works(manager, now))
        };
        waits.assignee.clone().or_else(last)
    }

    /// Gives the address of a conversation at its provider, if the channel has one.
    pub(crate) fn link(&self, channel: &str, conversation: &str) -> Option<String> {
        let link = self.links.get(channel)?;
        // The id is an outsider's text: it must not change what the address means.
        let id: String = byte_serialize(conversation.as_bytes()).collect();
        Some(link.replace("{conversation}", &id.replace('+', "%20")))
    }

    /// In an open roster who is not declared works, and who is declared only while that holds.
    fn works(&self, manager: &str, now: Time) -> bool {
        match self.managers.get(manager) {
            Some((_, times)) => times.iter().any(|when| when.holds(now)),
            None => !self.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(roster: &str) -> People {
        let account = format!(
            r#"{{"id":"acme","timezone":"UTC","roster":"{roster}",
                "manager":[{{"id":"ana","name":"Ana","until":"2026-01-01"}},{{"id":"eva","aliases":{{"crm":"5"}}}}],
                "team":[{{"id":"sales","managers":["eva"],"from":"2026-01-01"}}],
                "channel":[{{"id":"web","link":"https://crm.example/{{conversation}}"}}]}}"#
        );
        People::of(&serde_json::from_str(&account).expect("an account"))
    }

    fn waits(assignee: Option<&str>, last_manager: Option<&str>) -> Waits {
        Waits {
            channel: "web".to_owned(),
            conversation: "c1".to_owned(),
            contact: "maria".to_owned(),
            since: Time(0),
            assignee: assignee.map(str::to_owned),
            last_manager: last_manager.map(str::to_owned),
        }
    }

    #[test]
    fn a_conversation_is_its_assignees_else_the_last_participants_who_still_works() {
        let now = Time(1_775_000_000_000);
        let owner = |people: &People, assignee, last| people.owner(&waits(assignee, last), now);
        let open = people("open");
        assert_eq!(
            owner(&open, Some("luis"), Some("eva")).as_deref(),
            Some("luis")
        );
        assert_eq!(owner(&open, None, Some("eva")).as_deref(), Some("eva"));
        assert_eq!(
            owner(&open, None, Some("nobody-declared")).as_deref(),
            Some("nobody-declared")
        );
        assert_eq!(owner(&open, None, Some("ana")), None);
        assert_eq!(owner(&open, None, None), None);
        assert_eq!(
            owner(&people("closed"), None, Some("nobody-declared")),
            None
        );
        assert_eq!(
            (open.name("ana"), open.name("luis")),
            ("Ana".to_owned(), "luis".to_owned())
        );
        assert_eq!(
            (open.team("eva", now), open.team("eva", Time(0))),
            (Some("sales"), None)
        );
        assert_eq!(
            open.link("web", "c1").as_deref(),
            Some("https://crm.example/c1")
        );
        let called = waits(Some("crm:5"), Some("crm:6"));
        let known = open.resolved(called);
        assert_eq!(known.assignee.as_deref(), Some("eva"));
        assert_eq!(known.last_manager.as_deref(), Some("crm:6"));
        assert_eq!(open.link("mail", "c1"), None);
        assert_eq!(
            open.link("web", "a b?x=1#é").as_deref(),
            Some("https://crm.example/a%20b%3Fx%3D1%23%C3%A9")
        );
    }
}
