//! The dashboards *Answers*, *Calls* and *Sources* on the real ClickHouse, as Grafana's user of `deploy/clickhouse/users.xml`: every query of every
//! panel and variable runs whatever is chosen, and its figures are those of the report API for the same question.

mod calls;
mod figures;
mod sources;

use std::collections::BTreeMap;
use std::path::Path;

use e2e::chats;
use e2e::clock::at;
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::engine::Engine;
use e2e::events::Thread;
use e2e::generate;
use e2e::grafana::{ALL, Chosen, Query, dashboard, queries};
use e2e::service::Service;
use e2e::table::Table;
use e2e::views::Views;
use serde_json::{Value, json};

const SEED: u64 = 7;

/// A service over a ClickHouse with the users of `deploy/`, and what was sent to it.
pub(crate) struct World {
    pub(crate) service: Service,
    grafana: Views,
    queries: Vec<Query>,
    _engine: Engine,
}

impl World {
    /// Sends made-up and real conversations to account `main`, others to an account that Grafana must not see.
    fn start() -> Self {
        Self::of("answers.json", |door| {
            println!("seed {SEED}");
            door.send(&generate::log(SEED, 150));
            for part in chats::real().chunks(1_000) {
                door.send(part);
            }
            let odd = Thread::new("odd").on("o'channel");
            door.send(
                &odd.contact("10:59:59.999")
                    .manager("o'neil", "11:00")
                    .events(),
            );
        })
    }

    /// Sends what `send` does to account `main`, for a dashboard.
    fn of(board: &str, send: impl FnOnce(&Door)) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/clickhouse/users.xml");
        let users = std::fs::read_to_string(file).expect("the users");
        let passwords = vec![
            ("CLICKHOUSE_TRUNKLINE_PASSWORD", "secret-t".to_owned()),
            ("CLICKHOUSE_GRAFANA_PASSWORD", "secret-g".to_owned()),
        ];
        let engine = Engine::with_users("secret-t", users, passwords);
        let settings = format!(
            "url = \"{}\"\nuser = \"trunkline\"\npassword = \"secret-t\"\n",
            engine.url()
        );
        let config = Config::of([account(), Account::new("other")]).warehouse(&settings);
        let service = Service::start(config);
        let door = service.door("main");
        send(&door);
        door.flush();
        service
            .door("other")
            .send_flushed(&generate::log(SEED + 1, 20));
        Self {
            grafana: Views::new(&engine.url(), "trunkline", "grafana", "secret-g"),
            queries: queries(&dashboard(board)),
            service,
            _engine: engine,
        }
    }

    /// Runs a query as Grafana would.
    #[track_caller]
    pub(crate) fn run(&self, query: &Query, chosen: &Chosen) -> Table {
        let sql = chosen.expand(&query.sql);
        let (status, text) = self.grafana.ask(
            &format!("{sql}\nFORMAT JSONCompact"),
            &[("max_execution_time", "30")],
        );
        assert_eq!(status, 200, "{}: {text}\n{sql}", query.of);
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        if query.is_series {
            let time = &answer["meta"][0];
            let kind = time["type"].as_str().unwrap_or_default();
            assert!(
                time["name"] == "time" && kind.starts_with("DateTime"),
                "{time}"
            );
        }
        Table::of(json!({"columns": answer["meta"], "rows": answer["data"]}))
    }

    /// Finds the query of a panel.
    #[track_caller]
    pub(crate) fn query(&self, of: &str) -> &Query {
        let found = self.queries.iter().find(|query| query.of == of);
        found.unwrap_or_else(|| panic!("no panel {of}"))
    }

    /// Runs the query of a panel.
    #[track_caller]
    pub(crate) fn panel(&self, of: &str, chosen: &Chosen) -> Table {
        self.run(self.query(of), chosen)
    }
}

/// Teams of which two exchange a manager in the middle of an hour.
const TEAMS: &str = r#"
[[account.team]]
id = "north"
name = "North"
managers = ["manager-1", "manager-3"]
until = "2026-03-01T10:30:15.250Z"

[[account.team]]
id = "north"
name = "North"
managers = ["manager-1", "manager-4"]
from = "2026-03-01T10:30:15.250Z"

[[account.team]]
id = "south"
managers = ["manager-3"]
from = "2026-03-01T10:30:15.250Z"

[[account.team]]
id = "o'team"
managers = ["o'neil", "manager-5"]
"#;

fn account() -> Account {
    let office = "schedule = { zone = \"Europe/Madrid\", mon = [\"09:00-13:00\", \"14:00-18:00\"], \
                  sat = [\"08:00-20:00\"] }";
    let rates = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/rates.csv");
    let money = format!("currency = \"EUR\"\nrates = \"{}\"", rates.display());
    Account::new("main")
        .zone("Europe/Madrid")
        .setting(office)
        .setting(&money)
        .section("[[account.manager]]\nid = \"manager-1\"\nname = \"Ana Pérez\"\n")
        .section("[[account.channel]]\nid = \"web\"\nname = \"Site\"\n")
        .section(TEAMS)
        .section(sources::TRACKING)
}

/// All of everything between two instants, both included.
pub(crate) fn all(from: &str, to: &str) -> Chosen {
    Chosen {
        period: [at(from), at(to)],
        interval: 3600,
        zone: "Europe/Madrid".into(),
        values: BTreeMap::new(),
    }
    .with("account", &["main"])
    .with("manager", &[ALL])
    .with("team", &[ALL])
    .with("channel", &[ALL])
    .with("definition", &["wait"])
    .with("hours", &["calendar"])
}

/// Days of the made-up conversations, cut within hours.
pub(crate) fn days() -> Chosen {
    all("2026-02-27T10:17:33.123Z", "2026-03-02T11:05:00.999Z")
}

/// Choices of each kind: all, one, two, none of that name, and nothing.
fn choices() -> Vec<Chosen> {
    let mut choices = vec![days()];
    for (variable, two) in [
        ("manager", ["manager-1", "o'neil"]),
        ("team", ["north", "o'team"]),
        ("channel", ["web", "o'channel"]),
    ] {
        let of = |values: &[&str]| days().with(variable, values);
        choices.extend([
            of(&two[..1]),
            of(&two[1..]),
            of(&two),
            of(&["nobody"]),
            of(&[""]),
        ]);
    }
    for definition in ["wait", "turn", "first", "assigned", "kommo"] {
        for hours in ["calendar", "business"] {
            choices.push(
                days()
                    .with("definition", &[definition])
                    .with("hours", &[hours]),
            );
        }
    }
    choices.extend(times());
    choices
}

/// Periods, parts and zones of all kinds.
fn times() -> Vec<Chosen> {
    let mut choices = Vec::new();
    for account in ["other", "", "it's nobody's"] {
        choices.push(days().with("account", &[account]));
    }
    for period in [
        ["2026-03-02T10:05:00Z", "2026-03-02T10:05:00Z"],
        ["2026-03-02T10:05:00Z", "2026-03-02T10:25:00Z"],
        ["2026-03-02T00:00:00Z", "2026-03-02T23:59:59.999Z"],
        ["1990-01-01T00:00:00Z", "1990-01-02T00:00:00Z"],
        ["1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z"],
    ] {
        choices.push(all(period[0], period[1]));
    }
    for interval in [
        0,
        60,
        3600,
        7200,
        86_400,
        7 * 86_400,
        30 * 86_400,
        400 * 86_400,
    ] {
        choices.push(Chosen { interval, ..days() });
    }
    for zone in [
        "utc",
        "",
        "browser",
        "UTC",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
    ] {
        choices.push(Chosen {
            zone: zone.into(),
            ..days()
        });
    }
    choices
}

#[test]
fn every_query_runs_whatever_is_chosen() {
    let world = World::start();
    assert!(world.queries.len() >= 14, "{}", world.queries.len());
    let choices = choices();
    for query in &world.queries {
        for chosen in &choices {
            world.run(query, chosen);
        }
    }
    println!(
        "{} queries, {} choices each",
        world.queries.len(),
        choices.len()
    );

    let offered = |variable: &str, column: &str| world.panel(variable, &days()).column(column);
    assert_eq!(
        offered("account", "account"),
        [json!("main")],
        "one account, not the other"
    );
    assert_eq!(
        offered("team", "text"),
        [json!("North"), json!("o'team"), json!("south")]
    );
    let channels = offered("channel", "text");
    assert!(
        channels.contains(&json!("Site")) && channels.contains(&json!("o'channel")),
        "{channels:?}"
    );
    let managers = world.panel("manager", &days());
    let named = managers.row("value", &json!("manager-1"));
    assert_eq!(managers.value(named, "text"), "Ana Pérez");
    assert_eq!(
        managers.value(managers.row("value", &json!("o'neil")), "text"),
        "o'neil"
    );
}
