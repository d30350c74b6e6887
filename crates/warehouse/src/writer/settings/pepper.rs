//! The secrets that phone numbers are hashed with: one an account, made once, never shown by a view.

use clickhouse::Row;
use serde::{Deserialize, Serialize};

use crate::client::Fault;
use crate::writer::Writer;

#[derive(Row, Serialize, Deserialize)]
struct PepperRow {
    account: String,
    pepper: String,
    version: u64,
}

impl Writer {
    /// Makes a pepper for each account that has none.
    pub(super) async fn pepper(&self, accounts: &[String]) -> Result<(), Fault> {
        let table = format!("{}.peppers", self.client.database());
        let held = format!("SELECT DISTINCT toString(account) FROM {table}");
        let held: Vec<String> = self.client.rows(&held).await?;
        let new: Vec<_> = accounts
            .iter()
            .filter(|account| !held.contains(account))
            .map(|account| PepperRow {
                account: account.clone(),
                pepper: secret(),
                version: 1,
            })
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        self.insert_rows::<PepperRow>("peppers", new.into_iter())
            .await
    }
}

/// Makes 32 random bytes as hexadecimal digits.
fn secret() -> String {
    let half = || format!("{:032x}", rand::random::<u128>());
    [half(), half()].concat()
}
