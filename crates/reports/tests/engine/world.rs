//! An engine of its own for one test, with facts written by hand and questions in the words of a
//! URL's query.

use std::sync::LazyLock;

use clickhouse::Client;
use serde_json::{Value, json};
use trunkline_model::time::{Time, Tz};
use trunkline_reports::{
    AccountView, Aliases, Context, Error, PageKey, Reports, Restriction, Schedules, Targets,
};
use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::Stale;

pub(crate) const ACCOUNT: &str = "acme";

/// The instant of every question: Friday, 3 April 2026, noon in Madrid.
pub(crate) const NOW: &str = "2026-04-03T10:00:00Z";

/// What all its figures are at least as new as.
pub(crate) const AS_OF: &str = "2026-04-03T09:59:58Z";

/// The targets of an account that sets none.
static NO_TARGETS: LazyLock<Targets> = LazyLock::new(Targets::default);

/// The schedules of an account that sets none.
static NO_SCHEDULES: LazyLock<Schedules> = LazyLock::new(Schedules::default);

pub(crate) fn at(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

/// A public message, by default of an unnamed contact.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) account: &'static str,
    pub(crate) channel: &'static str,
    pub(crate) conversation: String,
    pub(crate) contact: &'static str,
    pub(crate) at: Time,
    pub(crate) id: String,
    pub(crate) author: &'static str,
    pub(crate) manager: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) integrity: &'static str,
    pub(crate) chars: Option<u32>,
    /// Milliseconds by definition: kommo, turn, wait, assigned, first.
    pub(crate) samples: [Option<i64>; 5],
    /// The same in business hours.
    pub(crate) business: [Option<i64>; 5],
    /// Which of them are within their target, if not by 300 s for first and 900 s for any other.
    pub(crate) within: Option<u16>,
}

pub(crate) const WAIT: usize = 2;

/// A contact's message.
pub(crate) fn contact(conversation: &str, time: &str) -> Message {
    let at = at(time);
    Message {
        account: ACCOUNT,
        channel: "whatsapp",
        conversation: conversation.to_owned(),
        contact: "maria",
        at,
        id: format!("in-{}", at.0),
        author: "contact",
        manager: "",
        kind: "text",
        integrity: "verified",
        chars: None,
        samples: [None; 5],
        business: [None; 5],
        within: None,
    }
}

/// A manager's message that gives no sample; an empty name is an unknown manager.
pub(crate) fn manager(name: &'static str, conversation: &str, time: &str) -> Message {
    let message = contact(conversation, time);
    let id = format!("out-{name}-{}", message.at.0);
    Message {
        author: "manager",
        manager: name,
        id,
        ..message
    }
}

/// A manager's reply after so many milliseconds, by `wait`.
pub(crate) fn reply(name: &'static str, conversation: &str, time: &str, wait_ms: i64) -> Message {
    let mut message = manager(name, conversation, time);
    message.samples[WAIT] = Some(wait_ms);
    message
}

/// A cycle of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cycle {
    pub(crate) started: &'static str,
    pub(crate) contact: &'static str,
    pub(crate) closed: Option<(&'static str, &'static str)>,
    pub(crate) reopened: Option<&'static str>,
    /// A manager answered what was pending.
    pub(crate) answered: bool,
    /// A reply was owed when it was closed.
    pub(crate) owed: bool,
}

/// Who owes a reply in a conversation, and since when; nobody and none by default.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Owed {
    pub(crate) assignee: &'static str,
    pub(crate) last_manager: &'static str,
    pub(crate) since: Option<&'static str>,
}

/// A cycle that began.
pub(crate) fn cycle(contact: &'static str, started: &'static str) -> Cycle {
    Cycle {
        started,
        contact,
        ..Cycle::default()
    }
}

impl Cycle {
    /// The cycle was closed; an empty name is nobody known.
    pub(crate) fn closed(self, time: &'static str, by: &'static str) -> Self {
        Self {
            closed: Some((time, by)),
            ..self
        }
    }

    pub(crate) fn answered(self) -> Self {
        Self {
            answered: true,
            ..self
        }
    }

    /// A reply was owed at its closing.
    pub(crate) fn owed(self) -> Self {
        Self { owed: true, ..self }
    }

    pub(crate) fn reopened(self, time: &'static str) -> Self {
        Self {
            reopened: Some(time),
            ..self
        }
    }
}

/// A migrated engine, gone when dropped.
pub(crate) struct World {
    client: Client,
    reports: Reports,
    engine: TestEngine,
}

impl World {
    pub(crate) async fn start() -> Self {
        let engine = TestEngine::start().await;
        let writer = engine.writer.connection();
        let client = Client::default()
            .with_url(writer.url())
            .with_user(writer.user())
            .with_password(writer.password())
            .with_database(writer.database());
        Self {
            client,
            reports: Reports::new(engine.reader.clone(), PageKey::new([7; 32])),
            engine,
        }
    }

    pub(crate) async fn insert(&self, table: &str, rows: Vec<Value>) {
        let lines: Vec<_> = rows.iter().map(Value::to_string).collect();
        let sql = format!(
            "INSERT INTO {table} FORMAT JSONEachRow {}",
            lines.join("\n")
        );
        self.client
            .query(&sql.replace('?', "??"))
            .execute()
            .await
            .expect("rows");
    }

    pub(crate) async fn messages(&self, messages: &[Message]) {
        self.insert("messages", messages.iter().map(row).collect())
            .await;
    }

    pub(crate) async fn conversation(&self, channel: &str, conversation: &str, cycles: &[Cycle]) {
        self.owing(channel, conversation, cycles, Owed::default())
            .await;
    }

    /// Writes a conversation in which a reply is owed.
    pub(crate) async fn owing(
        &self,
        channel: &str,
        conversation: &str,
        cycles: &[Cycle],
        owed: Owed,
    ) {
        fn each<T>(cycles: &[Cycle], part: impl Fn(&Cycle) -> T) -> Vec<T> {
            cycles.iter().map(part).collect()
        }
        let time = |text: &str| decimal(at(text));
        let last = cycles.iter().flat_map(|cycle| {
            let closed = cycle.closed.map(|(at, _)| at);
            [Some(cycle.started), closed, cycle.reopened, owed.since]
        });
        let last = last.flatten().map(at).max().unwrap_or(Time(0));
        let row = json!({
            "account": ACCOUNT, "channel": channel, "conversation": conversation,
            "contact": "maria", "first_at": 0, "last_at": decimal(last), "assignee": owed.assignee, "last_manager": owed.last_manager,
            "pending_at": owed.since.map(time),
            "cycles.started_at": each(cycles, |cycle| time(cycle.started)),
            "cycles.contact": each(cycles, |cycle| cycle.contact),
            "cycles.answered": each(cycles, |cycle| u8::from(cycle.answered)),
            "cycles.closed_at": each(cycles, |cycle| cycle.closed.map(|(at, _)| time(at))),
            "cycles.closed_by": each(cycles, |cycle| cycle.closed.map_or("", |(_, by)| by)),
            "cycles.pending_at_close": each(cycles, |cycle| u8::from(cycle.owed)),
            "cycles.reopened_at": each(cycles, |cycle| cycle.reopened.map(time)),
            "cycles.owed_by": each(cycles, |cycle| match (cycle.owed, owed.assignee) {
                (false, _) => "",
                (true, "") => owed.last_manager,
                (true, assignee) => assignee,
            }),
            "cycles.handed_off_at": each(cycles, |_| Value::Null),
            "received_at": 0, "version": 1, "deleted": 0,
        });
        self.insert("conversations", vec![row]).await;
    }

    pub(crate) async fn manager(&self, manager: &str, name: &str) {
        self.named("managers", manager, name).await;
    }

    /// Names a channel or a team, as the table says.
    pub(crate) async fn named(&self, table: &str, id: &str, name: &str) {
        let key = table.trim_end_matches('s');
        let row = json!({
            "account": ACCOUNT, key: id, "name": name, "version": 1, "deleted": 0,
        });
        self.insert(table, vec![row]).await;
    }

    /// Puts a manager into a team from an instant until another.
    pub(crate) async fn member(&self, manager: &str, team: &str, from: &str, until: &str) {
        let secs = |t: &str| {
            if t == "open" {
                "2299-01-01 00:00:00".into()
            } else {
                decimal(at(t))
            }
        };
        let row = json!({"account": ACCOUNT, "manager": manager, "team": team,
            "valid_from": secs(from), "valid_until": secs(until), "version": 1, "deleted": 0});
        self.insert("team_members", vec![row]).await;
    }

    /// Writes a row of `messages` once more, with a later version: changed, or taken back.
    pub(crate) async fn rewrite(&self, message: &Message, deleted: bool) {
        let mut row = row(message);
        row["version"] = json!(2);
        row["deleted"] = json!(u8::from(deleted));
        self.insert("messages", vec![row]).await;
    }

    /// Adds all messages up to cells of so many minutes.
    pub(crate) async fn add_up(&self, minutes: u8, version: u64) {
        let mut all = Stale::default();
        all.note_all(ACCOUNT, minutes, version);
        let writer = Writer::new(self.engine.writer.clone());
        writer.compute(&mut all).await.expect("they are added up");
    }

    /// Runs a statement of the test's own.
    pub(crate) async fn execute(&self, sql: &str) {
        self.client.query(sql).execute().await.expect("it runs");
    }

    /// How many marks of its indexes ClickHouse has chosen to read so far.
    pub(crate) async fn marks(&self) -> u64 {
        let sql = "SELECT value FROM system.events WHERE event = 'SelectedMarks'";
        let read = self.client.query(sql).fetch_optional().await;
        read.expect("it is answered").unwrap_or_default()
    }

    pub(crate) fn engine(&self) -> &TestEngine {
        &self.engine
    }

    /// The reports themselves.
    pub(crate) fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Asks for a table and gives its JSON.
    pub(crate) async fn ask(&self, report: &str, query: &str) -> Value {
        self.ask_as(Restriction::default(), report, query)
            .await
            .expect("an answer")
    }

    pub(crate) async fn ask_as(
        &self,
        only: Restriction<'_>,
        report: &str,
        query: &str,
    ) -> Result<Value, Error> {
        let table = self
            .reports
            .run(report, &pairs(query), &context(only))
            .await?;
        Ok(serde_json::to_value(table).expect("a table is JSON"))
    }

    /// Asks for a page of rows and gives its JSON.
    pub(crate) async fn open(&self, report: &str, query: &str) -> Value {
        self.open_as(Restriction::default(), report, query)
            .await
            .expect("a page")
    }

    pub(crate) async fn open_as(
        &self,
        only: Restriction<'_>,
        report: &str,
        query: &str,
    ) -> Result<Value, Error> {
        let page = self
            .reports
            .rows(report, &pairs(query), &context(only))
            .await?;
        Ok(serde_json::to_value(page).expect("a page is JSON"))
    }
}

fn row(message: &Message) -> Value {
    let Message {
        account,
        channel,
        conversation,
        contact,
        at,
        id,
        ..
    } = message;
    let Message {
        author,
        manager,
        kind,
        integrity,
        chars,
        samples,
        business,
        ..
    } = message;
    json!({
        "account": account, "channel": channel, "conversation": conversation,
        "contact": contact, "at": decimal(*at), "message": id, "author": author,
        "manager": manager, "kind": kind, "integrity": integrity, "chars": chars,
        "kommo_ms": samples[0], "turn_ms": samples[1], "wait_ms": samples[2],
        "assigned_ms": samples[3], "first_ms": samples[4],
        "kommo_business_ms": business[0], "turn_business_ms": business[1],
        "wait_business_ms": business[2], "assigned_business_ms": business[3],
        "first_business_ms": business[4],
        "within_target": message.within.unwrap_or_else(|| by_default(message)),
        "received_at": 0, "version": 1, "deleted": 0,
    })
}

/// The bits of the samples that are within 300 s for first and 900 s for any other.
fn by_default(message: &Message) -> u16 {
    let bits = |samples: [Option<i64>; 5]| {
        let is = |place: usize| {
            let due = if place == 4 { 300_000 } else { 900_000 };
            samples[place].is_some_and(|ms| ms <= due)
        };
        (0..5).fold(0, |bits, place| bits | (u16::from(is(place)) << place))
    };
    bits(message.samples) | (bits(message.business) << 8)
}

fn decimal(time: Time) -> String {
    format!("{:010}.{:03}", time.0 / 1000, time.0 % 1000)
}

/// The context of a question asked now.
pub(crate) fn context(restriction: Restriction<'_>) -> Context<'_> {
    let timezone: Tz = "Europe/Madrid".parse().expect("a zone");
    Context {
        account: AccountView {
            id: ACCOUNT,
            timezone,
            aliases: Aliases::NONE,
        },
        now: at(NOW),
        as_of: at(AS_OF),
        restriction,
        targets: &NO_TARGETS,
        schedules: &NO_SCHEDULES,
        cells: None,
    }
}

/// Splits a query in the words of a URL; `+` and `%` mean themselves here.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// The rows of an answer as compact JSON text, one a line.
pub(crate) fn lines(answer: &Value) -> Vec<String> {
    answer["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(Value::to_string)
        .collect()
}

/// An answer of `response-times` with its columns up to `max_s`, those about replies alone.
pub(crate) fn of_replies(answer: &Value) -> Value {
    let last = columns(answer).iter().position(|name| *name == "max_s");
    let mut answer = answer.clone();
    for row in answer["rows"].as_array_mut().into_iter().flatten() {
        let row = row.as_array_mut().expect("a row");
        row.truncate(last.expect("the slowest reply") + 1);
    }
    answer
}

/// The names of an answer's columns.
pub(crate) fn columns(answer: &Value) -> Vec<&str> {
    let columns = answer["columns"].as_array().expect("columns");
    columns
        .iter()
        .map(|column| column["name"].as_str().expect("a name"))
        .collect()
}
