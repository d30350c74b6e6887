//! The schema: numbered files of SQL, applied once each and never changed after.
//!
//! ClickHouse has no transactions over statements, so a file counts as applied only after its last
//! statement, and every statement may be run again (`IF NOT EXISTS`, `CREATE OR REPLACE`). Tokens
//! in the files: `{database}`; `{on_cluster}` and `{engine}`, empty on a single server.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::client::{Client, DDL_LIMIT, Fault, INSERT_LIMIT};

mod catalogue;
mod split;

use catalogue::{Layout, Migration};

/// ClickHouse's code for a database that does not exist.
const UNKNOWN_DATABASE: u32 = 81;

/// What is known of one migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its number.
    pub version: u32,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub state: State,
}

/// Where a migration stands in a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was applied as it is in this program.
    Applied,
    /// It was not applied yet.
    Pending,
    /// It was applied with another content than this program has.
    Changed,
    /// It was applied by a newer program; this one does not know it.
    Unknown,
}

impl State {
    /// Gives the word to show.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
        }
    }
}

/// Says why a database could not be migrated.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MigrateError {
    /// The database was migrated by a newer program.
    #[error(
        "database {database:?} has migration {version:04} ({name}), which this program does not \
         know: it was written by a newer version; start that version, or use another database"
    )]
    Newer {
        /// The database.
        database: String,
        /// The first unknown migration.
        version: u32,
        /// Its name.
        name: String,
    },
    /// An applied migration is not the one that this program has.
    #[error(
        "migration {version:04} ({name}) was applied to database {database:?} with another content \
         than this program has: an applied migration must never change; use the program that \
         applied it, or another database"
    )]
    Changed {
        /// The database.
        database: String,
        /// The migration.
        version: u32,
        /// Its name.
        name: String,
    },
    /// ClickHouse did not do it.
    #[error("migration {step}: {fault}")]
    Fault {
        /// What was being done.
        step: String,
        /// Why it failed.
        fault: Fault,
    },
}

/// A row of `schema_migrations`.
#[derive(Clone, Debug, Row, Serialize, Deserialize)]
struct Applied {
    version: u32,
    name: String,
    checksum: String,
    app_version: String,
}

/// Applies what is pending and gives how many migrations that were. Does nothing, and says why, if
/// the database is newer than the program or an applied migration differs.
pub async fn migrate(client: &Client) -> Result<u32, MigrateError> {
    apply(client, &catalogue::embedded()).await
}

/// Lists all migrations that the program or the database knows, by number. Changes nothing; a
/// database that does not exist yet has none applied.
pub async fn status(client: &Client) -> Result<Vec<Status>, Fault> {
    let applied = if exists(client).await? {
        applied(client).await?
    } else {
        BTreeMap::new()
    };
    let mut states = BTreeMap::new();
    for row in applied.values() {
        let status = Status {
            version: row.version,
            name: row.name.clone(),
            state: State::Unknown,
        };
        states.insert(row.version, status);
    }
    for migration in catalogue::embedded() {
        let state = migration.state(applied.get(&migration.version));
        let status = Status {
            version: migration.version,
            name: migration.name.into(),
            state,
        };
        states.insert(migration.version, status);
    }
    Ok(states.into_values().collect())
}

async fn apply(client: &Client, migrations: &[Migration]) -> Result<u32, MigrateError> {
    let at = |step: &str| {
        let step = step.to_owned();
        move |fault| MigrateError::Fault { step, fault }
    };
    prepare(client)
        .await
        .map_err(at("table schema_migrations"))?;
    let applied = applied(client)
        .await
        .map_err(at("table schema_migrations"))?;
    check(client.database(), migrations, &applied)?;

    let mut count = 0;
    for migration in migrations
        .iter()
        .filter(|known| !applied.contains_key(&known.version))
    {
        let step = format!("{:04} ({})", migration.version, migration.name);
        for statement in migration.statements(client.database(), Layout::Single) {
            client
                .execute(&statement, DDL_LIMIT)
                .await
                .map_err(at(&step))?;
        }
        note(client, migration).await.map_err(at(&step))?;
        tracing::info!(migration = %step, database = client.database(), "migration applied");
        count += 1;
    }
    Ok(count)
}

/// Refuses a database that a newer program migrated, or one with a changed migration.
fn check(
    database: &str,
    migrations: &[Migration],
    applied: &BTreeMap<u32, Applied>,
) -> Result<(), MigrateError> {
    let known = |version| {
        migrations
            .iter()
            .find(|migration| migration.version == version)
    };
    for row in applied.values() {
        let (database, version, name) = (database.to_owned(), row.version, row.name.clone());
        match known(row.version).map(|migration| migration.state(Some(row))) {
            None => {
                return Err(MigrateError::Newer {
                    database,
                    version,
                    name,
                });
            }
            Some(State::Changed) => {
                return Err(MigrateError::Changed {
                    database,
                    version,
                    name,
                });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

async fn exists(client: &Client) -> Result<bool, Fault> {
    let sql = format!(
        "SELECT count() FROM system.tables WHERE database = '{}' AND name = 'schema_migrations'",
        client.database()
    );
    match client.rows::<u64>(&sql).await {
        Ok(counts) => Ok(counts.first().is_some_and(|count| *count > 0)),
        // Said to an account of ClickHouse whose own database is yet to be made.
        Err(fault) if fault.code() == Some(UNKNOWN_DATABASE) => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Makes the database, if it may be made, and the table of migrations.
async fn prepare(client: &Client) -> Result<(), Fault> {
    let sql = format!(
        "SELECT count() FROM system.databases WHERE name = '{}'",
        client.database()
    );
    if client
        .rows::<u64>(&sql)
        .await?
        .first()
        .is_none_or(|count| *count == 0)
    {
        let sql =
            Layout::Single.expand("CREATE DATABASE {database}{on_cluster}", client.database());
        client.execute(&sql, DDL_LIMIT).await?;
    }
    let sql = Layout::Single.expand(catalogue::OWN_TABLE, client.database());
    client.execute(&sql, DDL_LIMIT).await
}

async fn applied(client: &Client) -> Result<BTreeMap<u32, Applied>, Fault> {
    let sql = format!(
        "SELECT version, name, checksum, app_version FROM {}.schema_migrations FINAL",
        client.database()
    );
    let rows = client.rows::<Applied>(&sql).await?;
    Ok(rows.into_iter().map(|row| (row.version, row)).collect())
}

async fn note(client: &Client, migration: &Migration) -> Result<(), Fault> {
    let table = format!("{}.schema_migrations", client.database());
    let row = Applied {
        version: migration.version,
        name: migration.name.to_owned(),
        checksum: migration.checksum.clone(),
        app_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let work = async {
        let insert = client.http().insert_unescaped::<Applied>(&table).await?;
        let mut insert = insert.with_setting("async_insert", "0");
        insert.write(&row).await?;
        insert.end().await
    };
    client.within(INSERT_LIMIT, work).await
}
