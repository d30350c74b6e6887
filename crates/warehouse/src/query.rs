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

/// ClickHouse's codes for a query that needs more than it may: memory, rows or bytes to read.
const TOO_HEAVY: [u32; 4] = [158, 241, 307, 396];

/// ClickHouse's codes for a state that passes: too many queries at once (202); a table (60), a
/// database (81) or the right to read it (497) that is not there before the migrations.
const PASSING: [u32; 4] = [60, 81, 202, 497];

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
    /// ClickHouse is away, frozen, does not let us in, is busy, or has no tables yet: try again
    /// later.
    #[error("reports are not available: {0}")]
    Unavailable(Fault),
    /// The query takes longer than it may.
    #[error("the query took longer than {} s: ask for less at a time", .0.as_secs_f64())]
    TooSlow(Duration),
    /// The query needs more memory than it may, or has more to read: ClickHouse's code.
    #[error("the query needs more than ClickHouse grants it (code {0}): ask for less at a time")]
    TooHeavy(u32),
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
        .with_setting("optimize_and_compare_chain", "0")
}

impl QueryError {
    fn of(fault: Fault, limit: Duration) -> Self {
        match fault.code() {
            // Without a code it was not ClickHouse that answered: a proxy, or half an answer.
            None => Self::Unavailable(fault),
            Some(code) if PASSING.contains(&code) => Self::Unavailable(fault),
            Some(code) if TIMED_OUT.contains(&code) => Self::TooSlow(limit),
            Some(code) if TOO_HEAVY.contains(&code) => Self::TooHeavy(code),
            Some(_) => Self::Bad(fault.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: Option<u32>) -> QueryError {
        let message = "as it says".to_owned();
        QueryError::of(Fault::Rejected { code, message }, Duration::from_secs(3))
    }

    #[test]
    fn codes_of_clickhouse_say_who_must_act() {
        for code in [159, 160] {
            assert_eq!(of(Some(code)), QueryError::TooSlow(Duration::from_secs(3)));
        }
        for code in [158, 241, 307, 396] {
            assert_eq!(of(Some(code)), QueryError::TooHeavy(code));
        }
        for code in [Some(60), Some(81), Some(202), Some(497), None] {
            assert!(matches!(of(code), QueryError::Unavailable(_)), "{code:?}");
        }
        for code in [47, 62, 164] {
            let bad = of(Some(code));
            assert!(
                matches!(&bad, QueryError::Bad(said) if said.contains("as it says")),
                "{bad}"
            );
        }
        let away = QueryError::of(Fault::Unreachable("refused".into()), Duration::ZERO);
        assert!(matches!(away, QueryError::Unavailable(_)));
    }
}
