//! SQL on the views, as a board or anyone with the reader's password does it.

use serde_json::Value;
use ureq::Agent;

/// A reader of one ClickHouse.
#[derive(Clone, Debug)]
pub struct Views {
    url: String,
    database: String,
    user: String,
    password: String,
    agent: Agent,
}

impl Views {
    /// Makes a reader.
    pub fn new(url: &str, database: &str, user: &str, password: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .build();
        Self {
            url: url.into(),
            database: database.into(),
            user: user.into(),
            password: password.into(),
            agent: config.into(),
        }
    }

    /// Runs a query that names its own format.
    #[track_caller]
    pub fn text(&self, sql: &str) -> String {
        let (status, body) = self.ask(sql, &[]);
        assert_eq!(status, 200, "{sql}: {body}");
        body
    }

    /// Runs a query with settings of its own, and returns the answer's status and text.
    #[track_caller]
    pub fn ask(&self, sql: &str, settings: &[(&str, &str)]) -> (u16, String) {
        let request = self
            .agent
            .post(&self.url)
            .query("database", &self.database)
            .query_pairs(settings.iter().copied())
            .header("x-clickhouse-user", &self.user)
            .header("x-clickhouse-key", &self.password);
        let mut answer = request.send(sql).expect("an answer of ClickHouse");
        let body = answer
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()
            .expect("text");
        (answer.status().as_u16(), body)
    }

    /// Runs a query; each row is an array.
    #[track_caller]
    pub fn rows(&self, sql: &str) -> Vec<Value> {
        let text = self.text(&format!("{sql} FORMAT JSONCompactEachRow"));
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a row"))
            .collect()
    }

    /// Runs a query of one text column; each row is a line.
    #[track_caller]
    pub fn lines(&self, sql: &str) -> Vec<String> {
        self.text(&format!("{sql} FORMAT TSVRaw"))
            .lines()
            .map(Into::into)
            .collect()
    }

    /// Returns the names of all views of the read contract.
    #[track_caller]
    pub fn names(&self) -> Vec<String> {
        let tables = format!("SHOW TABLES FROM `{}` LIKE 'v\\\\_%'", self.database);
        let names = self.lines(&tables);
        assert!(!names.is_empty(), "no views");
        names
    }
}
