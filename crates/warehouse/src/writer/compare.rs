//! Cells of figures against what the messages give, all of them: for the audit.

use trunkline_rollup::facts::OFFSET;

use clickhouse::Row;
use serde::Deserialize;

use super::Writer;
use super::cells::{VALUES, added_up, sampled};
use crate::client::{DDL_LIMIT, Fault};

/// How the rows of one account and month compare.
#[derive(Clone, Debug, PartialEq, Eq, Row, Deserialize)]
pub struct Compared {
    /// `same`, `newer` (than the watermark), `different`, `missing` or `surplus`.
    pub state: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them, described.
    pub described: Vec<String>,
}

/// Differences that are described of each state.
const DESCRIBED: u32 = 100;

impl Writer {
    /// Compares the cells of an account, so many minutes long, with its messages. What records
    /// from `below` on changed is passed over.
    pub async fn compare_cells(
        &self,
        account: &str,
        minutes: u8,
        below: u64,
    ) -> Result<Vec<Compared>, Fault> {
        let mut all = Vec::new();
        for month in self.months(account).await? {
            let sql = self.comparison(minutes, month, below);
            let query = self.client.http().query_raw(&sql).param("account", account);
            let compared = query.fetch_all::<Compared>();
            all.append(&mut self.client.within(DDL_LIMIT, compared).await?);
        }
        Ok(all)
    }

    /// Lists the accounts that have cells.
    pub async fn accounts_with_cells(&self) -> Result<Vec<String>, Fault> {
        let database = self.client.database();
        let sql = format!("SELECT DISTINCT toString(account) FROM {database}.answers FINAL");
        self.client.rows(&sql).await
    }

    async fn months(&self, account: &str) -> Result<Vec<u32>, Fault> {
        let database = self.client.database();
        let of = |table: &str| {
            format!(
                "SELECT toYYYYMM(at) AS month FROM {database}.{table} \
                 WHERE account = {{account:String}} GROUP BY month"
            )
        };
        let sql = format!(
            "SELECT DISTINCT month FROM ({} UNION ALL {}) ORDER BY month",
            of("messages"),
            of("answers")
        );
        let query = self.client.http().query_raw(&sql).param("account", account);
        self.client.within(DDL_LIMIT, query.fetch_all()).await
    }

    fn comparison(&self, minutes: u8, month: u32, below: u64) -> String {
        const KEY: &str = "definition, hours, cell, channel, author, manager";
        let database = self.client.database();
        let place = format!("account = {{account:String}} AND toYYYYMM(at) = {month}");
        let given = added_up(
            &sampled(database, minutes, &place),
            minutes,
            "max(version) AS last",
        );
        let side = |at: &str, ours: u8, last: &str, from: &str| {
            format!(
                "SELECT toString(definition) AS definition, toString(hours) AS hours, {at} AS cell, \
                 toString(channel) AS channel, toString(author) AS author, \
                 toString(manager) AS manager, toString(tuple({VALUES})) AS says, {ours} AS ours, \
                 toInt64(bitAnd({last}, {OFFSET})) - {ours} AS newest FROM {from}"
            )
        };
        // A cell's version is one past the last record in it.
        let ours = format!("{database}.answers FINAL WHERE {place}");
        let sides = [
            side("at", 1, "version", &ours),
            side("cell", 0, "last", &format!("({given})")),
        ];
        format!(
            "SELECT if(found != 'same' AND latest >= {below}, 'newer', found) AS state, \
             count() AS rows, groupArray({DESCRIBED})(text) AS described FROM (\
             SELECT max(newest) AS latest, countIf(ours = 1) AS held, countIf(ours = 0) AS given, \
             anyIf(says, ours = 1) AS held_says, anyIf(says, ours = 0) AS given_says, \
             multiIf(held = 0, 'missing', given = 0, 'surplus', held_says = given_says, 'same', \
             'different') AS found, \
             if(found = 'same', '', concat('cell ', {{account:String}}, '/', toString(cell), '/', \
             definition, '/', hours, '/', channel, '/', author, '/', manager, '; clickhouse says: ', held_says, '; its messages: ', given_says)) AS text \
             FROM ({sides}) GROUP BY {KEY}) GROUP BY state",
            sides = sides.join(" UNION ALL "),
        )
    }
}
