//! The files of `migrations/`, embedded in the program.

use include_dir::{Dir, include_dir};

use super::{Applied, State, split};
use crate::checksum::sha256_hex;

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");

/// The table that says what was applied.
pub(super) const OWN_TABLE: &str = "\
CREATE TABLE IF NOT EXISTS {database}.schema_migrations{on_cluster}
(
    version UInt32 COMMENT 'Number of the migration',
    name String COMMENT 'Name of the migration',
    checksum String COMMENT 'SHA-256 of its file, in hexadecimal',
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied',
    app_version String COMMENT 'Version of the program that applied it'
)
ENGINE = {engine}ReplacingMergeTree(applied_at)
ORDER BY version
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
COMMENT 'Migrations that were applied to this database'";

/// One numbered file.
pub(super) struct Migration {
    pub(super) version: u32,
    pub(super) name: &'static str,
    pub(super) checksum: String,
    text: &'static str,
}

/// On what the schema is laid out.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// One server.
    Single,
    /// A cluster of that name: replicated tables, statements sent to all its members.
    #[cfg(test)]
    Cluster(&'static str),
}

impl Layout {
    /// Puts values in the place of a template's tokens.
    pub(super) fn expand(self, template: &str, database: &str) -> String {
        let (on_cluster, engine) = match self {
            Self::Single => (String::new(), ""),
            #[cfg(test)]
            Self::Cluster(name) => (format!(" ON CLUSTER '{name}'"), "Replicated"),
        };
        template
            .replace("{database}", database)
            .replace("{on_cluster}", &on_cluster)
            .replace("{engine}", engine)
    }
}

impl Migration {
    /// Names a file's content; `file` is `NNNN_name.sql`, anything else is no migration.
    pub(super) fn of(file: &'static str, text: &'static str) -> Option<Self> {
        let (version, name) = file.strip_suffix(".sql")?.split_once('_')?;
        let version = version.parse().ok()?;
        Some(Self {
            version,
            name,
            checksum: sha256_hex(text),
            text,
        })
    }

    /// Gives the statements in order, ready to be sent.
    pub(super) fn statements(&self, database: &str, layout: Layout) -> Vec<String> {
        split::statements(self.text)
            .into_iter()
            .map(|statement| layout.expand(statement, database))
            .collect()
    }

    /// Compares with what the database says.
    pub(super) fn state(&self, applied: Option<&Applied>) -> State {
        match applied {
            None => State::Pending,
            Some(row) if row.checksum == self.checksum => State::Applied,
            Some(_) => State::Changed,
        }
    }
}

/// Gives the program's migrations by number.
pub(super) fn embedded() -> Vec<Migration> {
    let read = |file: &'static include_dir::File<'static>| {
        Migration::of(file.path().file_name()?.to_str()?, file.contents_utf8()?)
    };
    let mut migrations = FILES.files().filter_map(read).collect::<Vec<_>>();
    migrations.sort_by_key(|migration| migration.version);
    migrations
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_and_numbers_run_from_one() {
        let versions = embedded()
            .iter()
            .map(|known| known.version)
            .collect::<Vec<_>>();
        let expected = (1..).take(FILES.files().count()).collect::<Vec<u32>>();
        assert_eq!(versions, expected);
    }

    #[test]
    fn no_token_is_left_over() {
        for migration in embedded() {
            for statement in migration.statements("db", Layout::Single) {
                assert!(!statement.contains('{'), "{statement}");
            }
        }
    }

    #[test]
    fn every_column_of_every_table_and_view_has_a_comment() {
        for migration in embedded() {
            for statement in migration.statements("db", Layout::Single) {
                let columns = statement.lines().filter(|line| line.starts_with("    "));
                for column in columns.filter(|line| is_column(line)) {
                    assert!(
                        column.contains(" COMMENT '"),
                        "{}: {column}",
                        migration.name
                    );
                }
            }
        }
    }

    fn is_column(line: &str) -> bool {
        const TYPES: [&str; 10] = [
            "String",
            "LowCardinality(",
            "DateTime64(",
            "Nullable(",
            "UInt",
            "Int64",
            "Array(",
            "Decimal(",
            "Float64",
            "Date",
        ];
        let kind = line.split_whitespace().nth(1).unwrap_or_default();
        TYPES.iter().any(|start| kind.starts_with(start))
    }

    #[test]
    fn a_cluster_gets_replicated_tables_on_all_members() {
        let sql = Layout::Cluster("two").expand(OWN_TABLE, "db");
        assert!(sql.contains("db.schema_migrations ON CLUSTER 'two'\n"));
        assert!(sql.contains("ENGINE = ReplicatedReplacingMergeTree(applied_at)"));
    }
}
