//! Reports' SQL: static text with named server-side parameters, read as the user that may only read.
//!
//! Values never become part of the text: `{account:String}` in the SQL, `.param("account", ..)`
//! beside it. ClickHouse stops at the time limit by itself and also when the caller goes away: a
//! dropped future closes the connection, which cancels the query.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::client::{Client, Fault};

/// The most bytes of an answer that are read.
pub const MAX_ANSWER: usize = 64 << 20;

/// ClickHouse's codes for a query that ran into its time limit.
const TIMED_OUT: [u32; 2] = [159, 160];

/// One query being put together.
#[must_use]
pub struct Query<'a> {
    client: &'a Client,
    inner: clickhouse::query::Query,
    limit: Duration,
}

/// An answer: named columns, and rows of as many values. Integers are exact up to 64 bits.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Table {
    /// The columns in the order of the values.
    #[serde(rename = "meta")]
    pub columns: Vec<Column>,
    /// The rows.
    #[serde(rename = "data")]
    pub rows: Vec<Vec<Value>>,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its ClickHouse type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Says why a query gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueryError {
    /// ClickHouse is away, frozen, or does not let us in: try again later.
    #[error("reports are not available: {0}")]
    Unavailable(Fault),
    /// The query takes longer than it may.
    #[error("the query took longer than {} s: ask for less at a time", .0.as_secs_f64())]
    TooSlow(Duration),
    /// The answer is larger than it may be.
    #[error("the answer is larger than {} MiB: ask for less at a time", MAX_ANSWER >> 20)]
    TooLarge,
    /// ClickHouse rejected the query, or its answer cannot be read: a mistake of ours.
    #[error("the query is wrong: {0}")]
    Bad(String),
}

impl Client {
    /// Starts a query with a time limit. `sql` must be put together from static pieces only.
    pub fn query(&self, sql: &str, limit: Duration) -> Query<'_> {
        Query {
            client: self,
            inner: self.http().query_raw(sql),
            limit,
        }
    }
}

impl Query<'_> {
    /// Gives the value of `{name:Type}`. Slices and vectors become arrays (Rust's own arrays become
    /// tuples), `None` becomes null.
    pub fn param(mut self, name: &str, value: impl Serialize) -> Self {
        self.inner = self.inner.param(name, value);
        self
    }

    /// Runs the query and reads the whole answer.
    pub async fn fetch(self) -> Result<Table, QueryError> {
        let limit = self.limit;
        let query = read_only(self.inner, limit);
        let answer = async {
            let mut pieces = query.fetch_bytes("JSONCompact")?;
            let mut body = Vec::new();
            while let Some(piece) = pieces.next().await? {
                if body.len() + piece.len() > MAX_ANSWER {
                    return Ok(None);
                }
                body.extend_from_slice(&piece);
            }
            Ok(Some(body))
        };
        let body = self.client.within(limit + GRACE, answer).await;
        let body = body
            .map_err(|fault| QueryError::of(fault, limit))?
            .ok_or(QueryError::TooLarge)?;
        serde_json::from_slice(&body)
            .map_err(|error| QueryError::Bad(format!("its answer cannot be read: {error}")))
    }
}

/// What ClickHouse gets beyond the limit, to say itself that the limit has passed.
const GRACE: Duration = Duration::from_secs(2);

/// Makes a query that can only read, whoever runs it, and that stops by itself. The embedded
/// engine's reader may change `max_execution_time` alone: its profile has the other settings
/// already, and a setting that does not change is not checked.
fn read_only(query: clickhouse::query::Query, limit: Duration) -> clickhouse::query::Query {
    let seconds = limit.as_secs().max(1);
    query
        .with_setting("readonly", "1")
        .with_setting("max_execution_time", seconds.to_string())
        .with_setting("output_format_json_quote_64bit_integers", "0")
        .with_setting("cancel_http_readonly_queries_on_client_close", "1")
        .with_setting("wait_end_of_query", "1")
}

impl QueryError {
    fn of(fault: Fault, limit: Duration) -> Self {
        match fault {
            Fault::Rejected {
                code: Some(code), ..
            } if TIMED_OUT.contains(&code) => Self::TooSlow(limit),
            Fault::Rejected { message, .. } => Self::Bad(message),
            fault => Self::Unavailable(fault),
        }
    }
}
