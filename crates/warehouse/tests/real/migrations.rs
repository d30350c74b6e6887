//! Migrations: once each, never changed, never from the future.

use trunkline_warehouse::migrations::{self, MigrateError, State};
use trunkline_warehouse::testing::TestEngine;

use super::raw::ask;

async fn states(engine: &TestEngine) -> Vec<(u32, State)> {
    let status = migrations::status(&engine.writer)
        .await
        .expect("the status is read");
    status
        .into_iter()
        .map(|one| (one.version, one.state))
        .collect()
}

#[tokio::test]
async fn migrations_apply_once() {
    let engine = TestEngine::start_empty().await;
    let pending = states(&engine).await;
    assert!(pending.iter().all(|(_, state)| *state == State::Pending));

    let applied = migrations::migrate(&engine.writer)
        .await
        .expect("migrations apply");
    assert_eq!(applied as usize, pending.len());
    assert!(
        states(&engine)
            .await
            .iter()
            .all(|(_, state)| *state == State::Applied)
    );

    assert_eq!(migrations::migrate(&engine.writer).await, Ok(0));
}

#[tokio::test]
async fn a_half_applied_migration_is_applied_again() {
    let engine = TestEngine::start().await;
    let forget = "ALTER TABLE trunkline.schema_migrations DELETE WHERE version >= 2 \
                  SETTINGS mutations_sync = 2";
    assert_eq!(ask(&engine.writer, forget), "");
    assert_eq!(ask(&engine.writer, "DROP VIEW trunkline.v_cycles"), "");
    assert_eq!(migrations::migrate(&engine.writer).await, Ok(4));
    assert_eq!(
        ask(&engine.reader, "SELECT count() FROM trunkline.v_cycles"),
        "0"
    );
}

#[tokio::test]
async fn a_newer_database_is_refused() {
    let engine = TestEngine::start().await;
    let future = "INSERT INTO trunkline.schema_migrations (version, name, checksum, app_version) \
                  VALUES (9000, 'moon', 'x', '9.0.0')";
    assert_eq!(ask(&engine.writer, future), "");
    let refused = migrations::migrate(&engine.writer).await;
    assert!(
        matches!(refused, Err(MigrateError::Newer { version: 9000, .. })),
        "{refused:?}"
    );
    assert!(states(&engine).await.contains(&(9000, State::Unknown)));
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    let engine = TestEngine::start().await;
    let change = "INSERT INTO trunkline.schema_migrations (version, name, checksum, app_version) \
                  VALUES (1, 'facts', 'another', '0.1.0')";
    assert_eq!(ask(&engine.writer, change), "");
    let refused = migrations::migrate(&engine.writer).await;
    assert!(
        matches!(refused, Err(MigrateError::Changed { version: 1, .. })),
        "{refused:?}"
    );
    assert!(states(&engine).await.contains(&(1, State::Changed)));
}

#[tokio::test]
async fn every_column_of_tables_and_views_carries_a_comment() {
    let engine = TestEngine::start().await;
    let bare =
        "SELECT table, name FROM system.columns WHERE database = 'trunkline' AND comment = ''";
    assert_eq!(ask(&engine.writer, bare), "");
    let tables = "SELECT name FROM system.tables WHERE database = 'trunkline' AND comment = ''";
    assert_eq!(ask(&engine.writer, tables), "");
}

#[tokio::test]
async fn tables_of_facts_write_through_to_the_disk() {
    let engine = TestEngine::start().await;
    let engines = "SELECT engine_full FROM system.tables WHERE database = 'trunkline' \
                   AND name IN ('messages', 'conversations', 'trunkline_writer')";
    let engines = ask(&engine.writer, engines);
    assert_eq!(engines.lines().count(), 3);
    for line in engines.lines() {
        for setting in [
            "fsync_after_insert = 1",
            "fsync_part_directory = 1",
            "min_rows_to_fsync_after_merge = 1",
            "min_compressed_bytes_to_fsync_after_merge = 1",
            "old_parts_lifetime = 480",
        ] {
            assert!(line.contains(setting), "{setting}: {line}");
        }
    }
}
