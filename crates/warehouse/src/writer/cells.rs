//! Cells of figures computed from the messages that ClickHouse holds: those that the fold does not
//! hold in memory, or of which it does not know all any more.
//!
//! One statement per account, month and some thousand cells. Of a cell that holds nothing any more
//! the row is marked deleted, for what is there already is joined with what the messages give. Only
//! messages of the writer's own generation count: rows of an older one are on their way out.

use std::time::Duration;

use trunkline_model::time::Time;

use super::stale::{Chunk, Stale};
use super::{Writer, Written};
use crate::client::{DDL_LIMIT, Fault};
use crate::hdr;

/// How long one statement may take; ClickHouse ends it by itself shortly before.
const LIMIT: Duration = Duration::from_mins(2);

/// The columns of a row before its version.
const KEY: &str = "account, definition, hours, at, channel, author, manager";
pub(super) const VALUES: &str = "minutes, count, sum_ms, min_ms, max_ms, within_target, outside_hours, queue_count, queue_ms, \
     from_start_count, from_start_ms, buckets";

const NONE: &str = "CAST(NULL, 'Nullable(Int64)')";
const DEFINITIONS: [&str; 5] = ["kommo", "turn", "wait", "assigned", "first"];
/// The values of a row behind its length.
const FIGURES: &str = "sum(n) AS count, sum(ms) AS sum_ms, minIf(ms, n > 0) AS min_ms, \
     maxIf(ms, n > 0) AS max_ms, sum(within) AS within_target, sum(outside) AS outside_hours, \
     count(queue) AS queue_count, ifNull(sum(queue), 0) AS queue_ms, \
     count(from_start) AS from_start_count, ifNull(sum(from_start), 0) AS from_start_ms, \
     sumMapIf(map(bucket, n), definition != 'messages' AND n > 0) AS buckets";

impl Writer {
    /// Computes cells from the messages, and waits until ClickHouse has them on disk. `stale` is
    /// told which cells there are in accounts that are made anew whole.
    ///
    /// After an error some of it may have been done: doing all of it again is right.
    pub async fn compute(&self, stale: &mut Stale) -> Result<Written, Fault> {
        self.compute_kept(stale, Time::MIN).await
    }

    /// Computes cells as if the messages that arrived before `kept_from` were gone already.
    pub async fn compute_kept(&self, stale: &mut Stale, kept_from: Time) -> Result<Written, Fault> {
        let mut written = Written::default();
        for (account, minutes) in stale.whole() {
            let starts = self.starts(&account, minutes).await?;
            stale.note_starts(&account, &starts);
        }
        for chunk in stale.chunks() {
            written.rows += chunk.starts.len() as u64;
            written.inserts += 1;
            self.compute_chunk(&chunk, kept_from).await?;
        }
        for (account, minutes) in stale.whole() {
            let database = self.client.database();
            let sql = format!(
                "DELETE FROM {database}.answers \
                 WHERE account = {{account:String}} AND minutes != {minutes}"
            );
            let query = self.client.http().query_raw(&sql).param("account", account);
            self.client.within(DDL_LIMIT, query.execute()).await?;
        }
        Ok(written)
    }

    /// Lists where an account's cells begin, and how many there are at each.
    async fn starts(&self, account: &str, minutes: u8) -> Result<Vec<(i64, u64)>, Fault> {
        let database = self.client.database();
        let sql = format!(
            "SELECT {start} AS start, uniqExact(manager, channel) FROM {database}.messages \
             WHERE account = {{account:String}} GROUP BY start",
            start = start(minutes),
        );
        let query = self.client.http().query_raw(&sql).param("account", account);
        self.client.within(LIMIT, query.fetch_all()).await
    }

    async fn compute_chunk(&self, chunk: &Chunk<'_>, kept_from: Time) -> Result<(), Fault> {
        let database = self.client.database();
        let (minutes, version) = (chunk.minutes, chunk.version);
        let place = place(chunk);
        // Rows of an older generation are on their way out.
        let own = format!(
            "{place} AND version >= {} AND received_at >= fromUnixTimestamp64Milli(toInt64({}), 'UTC')",
            version >> 48 << 48,
            kept_from.0,
        );
        let samples = sampled(database, minutes, &own);
        let samples = format!("{samples} UNION ALL {}", there(database, &place));
        let ending = format!("toUInt64({version}), toUInt8(sum(n) = 0)");
        let sql = format!(
            "INSERT INTO {database}.answers ({KEY}, {VALUES}, version, deleted) {}",
            added_up(&samples, minutes, &ending),
        );
        let query = self.client.http().query_raw(&sql);
        let query = parameters(query, chunk)
            .with_setting("max_execution_time", (LIMIT.as_secs() - 10).to_string());
        self.client.within(LIMIT, query.execute()).await
    }
}

/// The place of a chunk: its messages, and the rows of its cells, which begin within it.
fn place(chunk: &Chunk<'_>) -> String {
    let managers = match chunk.managers {
        Some(_) => " AND manager IN {managers:Array(String)}",
        None => "",
    };
    let from = chunk.starts.first().copied().unwrap_or_default();
    let until = chunk.starts.last().copied().unwrap_or_default() + length(chunk.minutes);
    format!(
        "account = {{account:String}} AND at >= fromUnixTimestamp64Milli(toInt64({from}), 'UTC') \
         AND at < fromUnixTimestamp64Milli(toInt64({until}), 'UTC'){managers} \
         AND start IN {{starts:Array(Int64)}}"
    )
}

/// Selects, with a count of 0, the rows of cells that are there.
fn there(database: &str, place: &str) -> String {
    format!(
        "SELECT account, toUnixTimestamp64Milli(at) AS start, channel, author, manager, \
         toString(definition), toString(hours), toUInt64(0), toInt64(0), toUInt8(0), toUInt8(0), \
         {NONE}, {NONE}, toUInt16(0), toUInt64(0) FROM {database}.answers FINAL WHERE {place}"
    )
}

/// Selects the samples of messages, one a row, with the start of their cells.
pub(super) fn sampled(database: &str, minutes: u8, place: &str) -> String {
    format!(
        "SELECT account, start, channel, author, manager, sample.1 AS definition, sample.2 AS hours, \
         toUInt64(1) AS n, assumeNotNull(sample.3) AS ms, sample.4 AS within, sample.5 AS outside, \
         sample.6 AS queue, sample.7 AS from_start, toUInt16({bucket}) AS bucket, version FROM (\
         SELECT account, {start} AS start, channel, author, manager, version, \
         arrayJoin(arrayFilter(sample -> sample.3 IS NOT NULL, [{samples}])) AS sample \
         FROM {database}.messages FINAL WHERE {place})",
        bucket = hdr::index_sql("ms"),
        start = start(minutes),
        samples = samples(),
    )
}

/// Adds samples up by cell; the first columns of the table, `ending` behind them.
pub(super) fn added_up(samples: &str, minutes: u8, ending: &str) -> String {
    format!(
        "SELECT account, definition, hours, fromUnixTimestamp64Milli(start, 'UTC') AS cell, channel, \
         author, manager, toUInt8({minutes}) AS minutes, {FIGURES}, {ending} FROM ({samples}) \
         GROUP BY account, definition, hours, start, channel, author, manager"
    )
}

fn parameters(query: clickhouse::query::Query, chunk: &Chunk<'_>) -> clickhouse::query::Query {
    let query = query
        .param("account", chunk.account)
        .param("starts", &chunk.starts);
    match &chunk.managers {
        Some(managers) => query.param("managers", managers),
        None => query,
    }
}

fn length(minutes: u8) -> i64 {
    i64::from(minutes) * 60_000
}

/// The start of the cell that `at` lies in, in milliseconds.
pub(super) fn start(minutes: u8) -> String {
    let length = length(minutes);
    format!(
        "toInt64(toUnixTimestamp64Milli(at) - positiveModulo(toUnixTimestamp64Milli(at), {length}))"
    )
}

/// The samples of a message: what they are of, how long, and what is counted beside them.
fn samples() -> String {
    let mut all = vec![format!(
        "('messages', 'calendar', CAST(0, 'Nullable(Int64)'), toUInt8(0), toUInt8(0), {NONE}, {NONE})"
    )];
    for (hours, infix, first_bit) in [("calendar", "", 0), ("business", "_business", 8)] {
        for (place, name) in DEFINITIONS.iter().enumerate() {
            let from_start = match *name {
                "first" => format!("first_from_start{infix}_ms"),
                _ => NONE.to_owned(),
            };
            all.push(format!(
                "('{name}', '{hours}', {name}{infix}_ms, bitTest(within_target, {bit}), \
                 toUInt8(ifNull({name}_business_ms = 0 AND {name}_ms > 0, 0)), \
                 wait{infix}_ms - assigned{infix}_ms, {from_start})",
                bit = first_bit + place,
            ));
        }
    }
    all.join(", ")
}
