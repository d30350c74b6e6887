//! The accounts of the service that most tests share: one for each test, so that none sees
//! another's events.

use std::sync::Arc;

use e2e::config::Account;
use e2e::doors::Door;
use e2e::events::Event;
use e2e::service::Service;
use e2e::shared::Shared;
use e2e::table::Table;
use serde_json::Value;

/// The shared service, held as long as the test runs, and the test's own account there.
pub(crate) struct Own {
    pub(crate) service: Arc<Service>,
    pub(crate) door: Door,
    pub(crate) account: &'static str,
}

/// The span that most scripted conversations lie in.
pub(crate) const MARCH: [(&str, &str); 2] = [
    ("from", "2026-03-01T00:00:00Z"),
    ("to", "2026-04-01T00:00:00Z"),
];

const PLAIN: [&str; 54] = [
    "worked",
    "s2",
    "s3",
    "s30",
    "s31",
    "s32",
    "s33",
    "s34",
    "s35",
    "s38",
    "g1",
    "g2",
    "g3",
    "g4",
    "g5",
    "g6",
    "g8",
    "g13",
    "g14",
    "closed",
    "system",
    "thanks",
    "group",
    "unknown",
    "numeric",
    "twice",
    "conflict",
    "bare",
    "flushed",
    "waiting",
    "bad",
    "neighbours",
    "bodies",
    "tokens",
    "slow",
    "order",
    "filters",
    "parameters",
    "rows",
    "csv",
    "list",
    "period",
    "targets",
    "outbound",
    "assigned",
    "cycles",
    "private",
    "stranger",
    "at-once",
    "writings",
    "lines",
    "scripts",
    "extremes",
    "weekdays",
];

static SHARED: Shared = Shared::new(all);

fn all() -> Vec<Account> {
    let mut accounts: Vec<Account> = PLAIN.into_iter().map(Account::new).collect();
    accounts.push(Account::new("madrid").zone("Europe/Madrid"));
    accounts.push(Account::new("madrid-hours").zone("Europe/Madrid"));
    accounts.push(Account::new("sao-paulo").zone("America/Sao_Paulo"));
    accounts.push(Account::new("lord-howe").zone("Australia/Lord_Howe"));
    accounts.push(Account::new("g10").zone("America/New_York"));
    accounts.push(Account::new("bots-ignored").setting("bot_replies = \"ignore\""));
    accounts.push(Account::new("gaps").section(
        "[[account.channel]]\nid = \"whatsapp\"\nname = \"WhatsApp\"\ncycle_gap = \"24h\"\n",
    ));
    for account in ["teams", "teams-restricted"] {
        let sales = "id = \"sales\"\nname = \"Sales\"\nmanagers = [\"ana\", \"luis\"]\n";
        let support = "id = \"support\"\nname = \"Support\"\nmanagers = [\"eva\"]\n";
        accounts.push(
            Account::new(account)
                .restricted("of-sales", "teams = [\"sales\"]")
                .restricted("of-eva", "managers = [\"eva\"]")
                .section("[[account.manager]]\nid = \"ana\"\nname = \"Ana Pérez\"\n")
                .section(&format!("[[account.team]]\n{sales}"))
                .section(&format!("[[account.team]]\n{support}")),
        );
    }
    accounts
}

/// Takes the test's account of the shared service.
#[track_caller]
pub(crate) fn own(account: &'static str) -> Own {
    let service = SHARED.service();
    let door = service.door(account);
    Own {
        service,
        door,
        account,
    }
}

/// Takes the test's account and sends it events, up to ClickHouse.
#[track_caller]
pub(crate) fn given(account: &'static str, events: &[Event]) -> Own {
    let own = own(account);
    own.door.send_flushed(events);
    own
}

impl Own {
    /// Asks for a report over March 2026.
    #[track_caller]
    pub(crate) fn march(&self, report: &str, parameters: &[(&str, &str)]) -> Table {
        self.door.report(report, &[&MARCH, parameters].concat())
    }

    /// Asks for response times by a definition and manager over March 2026.
    #[track_caller]
    pub(crate) fn times(&self, definition: &str) -> Table {
        self.march(
            "response-times",
            &[("definition", definition), ("by", "manager")],
        )
    }

    /// Returns the number of samples of a manager and their sum in seconds; nobody's are 0 and 0.
    #[track_caller]
    pub(crate) fn samples(&self, definition: &str, manager: &str) -> (u64, f64) {
        let table = self.times(definition);
        let found = (0..table.len()).find(|&row| table.value(row, "manager") == manager);
        found.map_or((0, 0.0), |row| {
            (
                table.count(row, "count"),
                table.value(row, "sum_s").as_f64().expect("a sum"),
            )
        })
    }

    /// Returns how many samples bots gave, and their sum in milliseconds.
    #[track_caller]
    pub(crate) fn bots(&self) -> (u64, u64) {
        let rows = self.service.views().rows(&format!(
            "SELECT count(), sum(ms) FROM v_responses \
             WHERE account = '{}' AND author = 'bot' AND definition = 'wait'",
            self.account
        ));
        (number(&rows[0][0]), number(&rows[0][1]))
    }

    /// Returns columns of the account's cycles, in the order of their beginning.
    #[track_caller]
    pub(crate) fn cycles(&self, columns: &str) -> Vec<Value> {
        self.service.views().rows(&format!(
            "SELECT {columns} FROM v_cycles WHERE account = '{}' ORDER BY started_at, conversation",
            self.account
        ))
    }
}

/// Reads a number that ClickHouse may have quoted.
pub(crate) fn number(value: &Value) -> u64 {
    let quoted = || value.as_str().and_then(|text| text.parse().ok());
    value
        .as_u64()
        .or_else(quoted)
        .unwrap_or_else(|| panic!("no number: {value}"))
}
