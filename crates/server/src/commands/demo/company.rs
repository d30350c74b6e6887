//! The company of the demo, as its configuration says it: people with their shifts, two teams, four
//! channels, opening hours and targets.

use std::fmt::Write;

use trunkline_simulate::shop::MAIN;
use trunkline_simulate::{ADVERTS, CHANNELS, OnShift, PIPELINE, Simulation};

/// Family names; whoever is beyond is called by a number.
const FAMILIES: [&str; 20] = [
    "Ruiz", "Vidal", "Soto", "Ferrer", "Campos", "Navarro", "Prieto", "Molina", "Iglesias",
    "Rojas", "Serra", "Blanco", "Cano", "Duarte", "Lozano", "Pascual", "Reyes", "Bravo", "Vega",
    "Costa",
];
/// The key of the site.
pub(super) const SITE: &str = "shop";
const TEAMS: [(&str, &str); 2] = [("sales", "Sales"), ("support", "Support")];

/// Writes the configuration of the company with one token, known by its hash.
pub(super) fn text(centre: &Simulation, hash: &str) -> String {
    let managers: Vec<OnShift<'_>> = centre.managers().collect();
    let mut text = format!(
        "# The company of `trunkline demo`. `trunkline config example` shows what else can stand here.\n\
         [[account]]\nid = \"demo\"\nname = \"Casa Clara\"\ntimezone = \"Europe/Madrid\"\n\
         country = \"ES\"\ncurrency = \"EUR\"\ntargets = {{ first_s = 300, wait_s = 900 }}\n\
         schedule = {{ {}, sat = [\"08:00-16:00\"] }}\n\n\
         [[account.token]]\nname = \"first\"\nsha256 = \"{hash}\"\n\
         scopes = [\"ingest\", \"read\", \"read:phones\", \"admin\"]\n",
        weekdays(8 * 60, 20 * 60)
    );
    for (team, (id, name)) in TEAMS.iter().enumerate() {
        let of_team = managers.iter().enumerate();
        let of_team = of_team.filter(|(number, _)| number / 2 % TEAMS.len() == team);
        let ids: Vec<&str> = of_team.map(|(_, manager)| manager.id).collect();
        let _ = write!(
            text,
            "\n[[account.team]]\nid = \"{id}\"\nname = \"{name}\"\nmanagers = {ids:?}\n"
        );
    }
    for (number, manager) in managers.iter().enumerate() {
        let OnShift { id, from, to, .. } = *manager;
        let name = name(number, id);
        let mut schedule = weekdays(from, to);
        if manager.saturdays {
            let _ = write!(schedule, ", sat = [\"{}\"]", hours(from, to));
        }
        let _ = write!(
            text,
            "\n[[account.manager]]\nid = \"{id}\"\nname = \"{name}\"\nschedule = {{ {schedule} }}\n"
        );
    }
    for channel in CHANNELS {
        let _ = write!(
            text,
            "\n[[account.channel]]\nid = \"{channel}\"\n{}",
            of(channel)
        );
    }
    text.push_str(&advertising());
    text.push_str(&site());
    text
}

/// Gives the site, and the numbers that its visits are shown.
fn site() -> String {
    let numbers: Vec<String> = (111..123).map(|it| format!("+34910000{it}")).collect();
    format!(
        "\n[[account.site]]\nkey = \"{SITE}\"\norigins = [\"https://www.shop.example\"]\npool = \"web\"\n\
         \n[[account.pool]]\nid = \"web\"\nnumbers = {numbers:?}\nfallback = \"{MAIN}\"\nhold = \"5m\"\n"
    )
}

/// Gives the numbers that stand in advertisements, and the pipeline of what comes of them.
fn advertising() -> String {
    let mut text = String::new();
    for advert in ADVERTS {
        let (number, source) = (advert.number, advert.source);
        let (medium, campaign) = (advert.medium, advert.campaign);
        let _ = write!(
            text,
            "\n[[account.number]]\nnumber = \"{number}\"\nsource = \"{source}\"\n\
             medium = \"{medium}\"\ncampaign = \"{campaign}\"\n"
        );
    }
    let (pipeline, [new, won, lost]) = PIPELINE;
    let _ = write!(
        text,
        "\n[[account.pipeline]]\nid = \"{pipeline}\"\nname = \"Sales\"\nstages = [\n  \
         {{ id = \"{new}\", name = \"New\" }},\n  {{ id = \"{won}\", name = \"Won\", kind = \"won\" }},\n  \
         {{ id = \"{lost}\", name = \"Lost\", kind = \"lost\" }},\n]\n"
    );
    text
}

/// Gives what is set for a channel: letters may take longer than chats.
fn of(channel: &str) -> String {
    let name = match channel {
        "whatsapp" => "WhatsApp",
        "telegram" => "Telegram",
        "email" => {
            return "name = \"E-mail\"\ncycle_gap = \"72h\"\n\
                    targets = { first_s = 3600, wait_s = 7200 }\n"
                .to_owned();
        }
        _ => "Web chat",
    };
    format!("name = \"{name}\"\ncycle_gap = \"24h\"\n")
}

fn name(number: usize, id: &str) -> String {
    let Some(family) = FAMILIES.get(number) else {
        return format!("Manager {}", number + 1);
    };
    let (first, rest) = id.split_at(1);
    format!("{}{rest} {family}", first.to_uppercase())
}

fn weekdays(from: u32, to: u32) -> String {
    let hours = hours(from, to);
    let days = ["mon", "tue", "wed", "thu", "fri"].map(|day| format!("{day} = [\"{hours}\"]"));
    days.join(", ")
}

fn hours(from: u32, to: u32) -> String {
    let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", time(from), time(to))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use trunkline_simulate::Config;

    use super::*;
    use crate::config::{Environment, read};

    #[test]
    fn whoever_answers_is_declared_and_in_one_team() {
        for managers in [1, 5, 25] {
            let config = Config {
                managers,
                days: 3,
                ..Config::default()
            };
            let centre = Simulation::new(config).unwrap();
            let text = text(&centre, &"0".repeat(64));
            let file = read(&text, Path::new("."), &Environment::new()).unwrap();
            let account = &file.accounts[0];
            let declared: BTreeSet<&str> =
                account.managers.iter().map(|it| it.id.as_str()).collect();
            assert_eq!(declared.len(), managers as usize);
            let in_teams: Vec<&str> = account.memberships().iter().map(|it| it.manager).collect();
            assert_eq!(in_teams.len(), declared.len());
            assert_eq!(in_teams.into_iter().collect::<BTreeSet<_>>(), declared);
            let channels = account.channels.iter().map(|it| it.id.as_str());
            let channels: BTreeSet<&str> = channels.collect();
            for sending in centre {
                let event: serde_json::Value = serde_json::from_str(&sending.event).unwrap();
                assert!(channels.contains(event["channel"].as_str().unwrap()));
                if let Some(manager) = event["manager"].as_str() {
                    assert!(declared.contains(manager), "{manager}");
                }
            }
        }
    }
}
