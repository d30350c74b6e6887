//! The pipeline's metrics, declared once. Labels are words of our own, never from a payload.

#![expect(
    clippy::disallowed_macros,
    reason = "this is the room's metrics module"
)]

use std::time::Duration;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
};
use trunkline_model::time::Time;

use crate::handle::Handle;
use crate::status::{Status, WarehouseState};

/// Histograms and their bounds: the exporter must be told, or it would render summaries.
pub const BUCKETS: &[(&str, &[f64])] = &[
    (
        "trunkline_journal_sync_seconds",
        &[
            0.000_05, 0.000_1, 0.000_2, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0,
        ],
    ),
    (
        "trunkline_journal_batch_records",
        &[1.0, 4.0, 16.0, 64.0, 256.0, 1024.0, 4096.0, 16384.0],
    ),
    (
        "trunkline_flush_duration_seconds",
        &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
    ),
    (
        "trunkline_flush_rows",
        &[1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0, 1_000_000.0],
    ),
    (
        "trunkline_checkpoint_duration_seconds",
        &[0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0],
    ),
];

const COUNTERS: &[(&str, &str)] = &[
    (
        "trunkline_events_received_total",
        "Events that came in, since the journal began",
    ),
    (
        "trunkline_events_refused_total",
        "Events answered with a refusal",
    ),
    (
        "trunkline_events_appended_total",
        "Events in the journal, since it began",
    ),
    (
        "trunkline_events_observed_total",
        "Events that are in the figures",
    ),
    (
        "trunkline_events_duplicate_total",
        "Events seen before with the same content",
    ),
    (
        "trunkline_events_conflict_total",
        "Events seen before with other content; the first stays. Not zero: a sender changes what it sent",
    ),
    (
        "trunkline_events_quarantined_total",
        "Events in the journal that the fold could not apply. Not zero: look at the log",
    ),
    ("trunkline_journal_batches_total", "Batches made durable"),
    ("trunkline_journal_bytes_total", "Bytes of durable batches"),
    (
        "trunkline_journal_failures_total",
        "Batches or segments that could not be made durable, by kind of fault",
    ),
    (
        "trunkline_flush_rows_written_total",
        "Rows confirmed by ClickHouse, by table",
    ),
    (
        "trunkline_facts_expired_total",
        "Rows of facts removed because they were older than their retention",
    ),
    (
        "trunkline_flush_cell_statements_total",
        "Statements that computed cells of figures from the messages in ClickHouse: old messages that came or changed",
    ),
    (
        "trunkline_flush_failures_total",
        "Failed tries to write to ClickHouse, by kind of fault",
    ),
    (
        "trunkline_conversations_read_back_total",
        "Conversations read back from ClickHouse",
    ),
    (
        "trunkline_read_back_failures_total",
        "Failed tries to read conversations back from ClickHouse, by kind of fault",
    ),
];

const GAUGES: &[(&str, &str)] = &[
    ("trunkline_events_in_flight", "Events without an answer yet"),
    (
        "trunkline_events_waiting",
        "Journalled events whose figures come with a later version",
    ),
    (
        "trunkline_events_pending",
        "Journalled events that the fold has not reached",
    ),
    (
        "trunkline_journal_writable",
        "1 while the journal takes events; 0 means 503",
    ),
    (
        "trunkline_journal_durable_offset",
        "The offset after the last durable record",
    ),
    (
        "trunkline_flush_offset",
        "All rows changed below this offset are in ClickHouse",
    ),
    ("trunkline_warehouse_up", "1 while ClickHouse takes rows"),
    (
        "trunkline_open_conversations",
        "Conversations whose timeline is in memory",
    ),
    (
        "trunkline_shrunk_conversations",
        "Conversations beyond fold.horizon: of them only the clock is in memory",
    ),
    (
        "trunkline_held_calls",
        "Calls whose phases are in memory: those within fold.horizon",
    ),
    (
        "trunkline_cold_calls",
        "Calls beyond fold.horizon: their phases are in state/shelves",
    ),
    (
        "trunkline_held_leads",
        "Leads, forms, statements, touches and tags whose changes are in memory: those within fold.horizon",
    ),
    (
        "trunkline_cold_leads",
        "Leads, forms, statements, touches and tags beyond fold.horizon: their changes are in state/shelves",
    ),
    (
        "trunkline_held_visits",
        "Visits whose pages are in memory: those within fold.horizon",
    ),
    (
        "trunkline_cold_visits",
        "Visits beyond fold.horizon: their pages are in state/shelves",
    ),
    (
        "trunkline_parked_conversations",
        "Conversations that wait to be read back from ClickHouse for something late; over 10000 a worker the fold pauses, while the doors stay open",
    ),
    (
        "trunkline_conversations_beyond_cap",
        "How often a conversation shrank before its time because the account held more than caps.conversations",
    ),
    (
        "trunkline_dirty_conversations",
        "Conversations with rows to flush",
    ),
    (
        "trunkline_remembered_events",
        "Identities remembered to find duplicates",
    ),
    (
        "trunkline_managers_beyond_cap",
        "How often a manager beyond caps.managers was named: his figures are those of `__other__`",
    ),
    (
        "trunkline_visits_doubled",
        "Visits that were given a number while another visit lived on it. Must be 0: it is a fault of the service",
    ),
    (
        "trunkline_pool_numbers_in_service",
        "Numbers of all pools that may be leased to visits",
    ),
    (
        "trunkline_pool_numbers_leased",
        "Numbers of all pools that visits hold, at the newest arrival",
    ),
    (
        "trunkline_pools_empty",
        "Pools of which no number is free, at the newest arrival: their next visitors are shown the fallback",
    ),
    (
        "trunkline_journal_disk_bytes",
        "Size of the journal's files",
    ),
    (
        "trunkline_disk_free_bytes",
        "Free bytes of the journal's disk",
    ),
    (
        "trunkline_disk_reserve_bytes",
        "Free bytes of the disk below which events are refused",
    ),
    (
        "trunkline_memory_bytes",
        "Memory of this process, without the embedded ClickHouse",
    ),
    (
        "trunkline_start_time_seconds",
        "When the process started, in seconds since 1970",
    ),
];

/// Registers help and unit of every metric, and makes those without a label show 0.
pub fn describe() {
    for (name, help) in COUNTERS {
        describe_counter!(*name, *help);
    }
    for (name, help) in GAUGES {
        describe_gauge!(*name, *help);
        gauge!(*name).set(0.0);
    }
    for name in [
        "trunkline_journal_batches_total",
        "trunkline_journal_bytes_total",
        "trunkline_conversations_read_back_total",
    ] {
        counter!(name).absolute(0);
    }
    describe_gauge!(
        "trunkline_flush_age_seconds",
        Unit::Seconds,
        "Age of the oldest event that is not in ClickHouse; 0 if all are. The one to watch"
    );
    describe_histogram!(
        "trunkline_journal_sync_seconds",
        Unit::Seconds,
        "Time of one fdatasync: the floor of every answer's time"
    );
    // A histogram that appears with its first value has no rate until the second.
    let _ = histogram!("trunkline_journal_sync_seconds");
    describe_histogram!(
        "trunkline_journal_batch_records",
        "Records of one durable batch: how well commits are shared"
    );
    describe_histogram!(
        "trunkline_flush_duration_seconds",
        Unit::Seconds,
        "Time of one flush"
    );
    describe_histogram!("trunkline_flush_rows", "Rows of one flush");
    describe_histogram!(
        "trunkline_checkpoint_duration_seconds",
        Unit::Seconds,
        "Time to take and write one checkpoint"
    );
}

/// Sets all sums and gauges from one snapshot; called before each scrape is rendered.
pub fn export(handle: &Handle, now: Time) {
    let sums = handle.sums();
    let outcomes = sums.outcomes;
    let totals = [
        ("trunkline_events_received_total", sums.received),
        ("trunkline_events_refused_total", sums.refused),
        ("trunkline_events_appended_total", sums.appended),
        ("trunkline_events_observed_total", outcomes.observed),
        ("trunkline_events_duplicate_total", outcomes.duplicate),
        ("trunkline_events_conflict_total", outcomes.conflict),
        ("trunkline_events_quarantined_total", outcomes.quarantined),
    ];
    for (name, value) in totals {
        counter!(name).absolute(value);
    }
    let status = handle.status();
    let age = status
        .oldest_unflushed
        .map_or(0, |oldest| now.since(oldest));
    let truth = |is: bool| if is { 1.0 } else { 0.0 };
    let levels = [
        ("trunkline_events_in_flight", sums.in_flight as f64),
        ("trunkline_events_waiting", outcomes.waiting as f64),
        ("trunkline_events_pending", sums.pending as f64),
        (
            "trunkline_journal_writable",
            truth(status.journal.is_none()),
        ),
        ("trunkline_journal_durable_offset", status.durable as f64),
        ("trunkline_flush_offset", status.flushed as f64),
        (
            "trunkline_warehouse_up",
            truth(status.warehouse == WarehouseState::Up),
        ),
        ("trunkline_open_conversations", status.conversations as f64),
        ("trunkline_shrunk_conversations", status.shrunk as f64),
        ("trunkline_parked_conversations", status.parked as f64),
        (
            "trunkline_conversations_beyond_cap",
            status.shrunk_early as f64,
        ),
        ("trunkline_dirty_conversations", status.dirty as f64),
        ("trunkline_remembered_events", status.remembered as f64),
        ("trunkline_managers_beyond_cap", status.beyond_cap as f64),
        ("trunkline_visits_doubled", status.visits_doubled as f64),
        ("trunkline_flush_age_seconds", age as f64 / 1000.0),
    ];
    for (name, value) in levels {
        gauge!(name).set(value);
    }
    held(&status);
}

/// Sets the gauges of what is held in memory or lies on a shelf, and of pools.
fn held(status: &Status) {
    let held = [
        ("trunkline_held_calls", status.calls),
        ("trunkline_cold_calls", status.cold_calls),
        ("trunkline_held_leads", status.entities),
        ("trunkline_cold_leads", status.cold_entities),
        ("trunkline_held_visits", status.visits),
        ("trunkline_cold_visits", status.cold_visits),
        ("trunkline_pool_numbers_in_service", status.pool_numbers[0]),
        ("trunkline_pool_numbers_leased", status.pool_numbers[1]),
        ("trunkline_pools_empty", status.pools_empty),
    ];
    for (name, value) in held {
        gauge!(name).set(value as f64);
    }
}

/// Notes when the process started.
pub fn started(at: Time) {
    gauge!("trunkline_start_time_seconds").set(at.0 as f64 / 1000.0);
}

/// Sets how the journal's disk stands, in bytes; called before each scrape is rendered.
pub fn disk(journal: u64, free: u64, reserve: u64) {
    gauge!("trunkline_journal_disk_bytes").set(journal as f64);
    gauge!("trunkline_disk_free_bytes").set(free as f64);
    gauge!("trunkline_disk_reserve_bytes").set(reserve as f64);
}

/// Sets how much memory the process has, in bytes; called before each scrape is rendered.
pub fn memory(resident: u64) {
    gauge!("trunkline_memory_bytes").set(resident as f64);
}

pub(crate) fn batch(records: u32, bytes: u64, sync: Duration) {
    counter!("trunkline_journal_batches_total").increment(1);
    counter!("trunkline_journal_bytes_total").increment(bytes);
    histogram!("trunkline_journal_batch_records").record(f64::from(records));
    histogram!("trunkline_journal_sync_seconds").record(sync);
}

pub(crate) fn journal_failed(kind: &'static str) {
    counter!("trunkline_journal_failures_total", "kind" => kind).increment(1);
}

/// Notes the rows of a flush, by table.
pub(crate) fn flushed(tables: &[(&'static str, usize)], took: Duration) {
    for (table, rows) in tables {
        counter!("trunkline_flush_rows_written_total", "table" => *table).increment(*rows as u64);
    }
    let rows: usize = tables.iter().map(|(_, rows)| rows).sum();
    histogram!("trunkline_flush_rows").record(rows as f64);
    histogram!("trunkline_flush_duration_seconds").record(took);
}

pub(crate) fn expired(rows: u64) {
    counter!("trunkline_facts_expired_total").increment(rows);
}

/// Notes statements that computed cells.
pub(crate) fn computed(statements: u64) {
    counter!("trunkline_flush_cell_statements_total").increment(statements);
}

pub(crate) fn flush_failed(kind: &'static str) {
    counter!("trunkline_flush_failures_total", "kind" => kind).increment(1);
}

pub(crate) fn checkpoint(took: Duration) {
    histogram!("trunkline_checkpoint_duration_seconds").record(took);
}

pub(crate) fn read_back(conversations: usize) {
    counter!("trunkline_conversations_read_back_total").increment(conversations as u64);
}

pub(crate) fn read_back_failed(kind: &'static str) {
    counter!("trunkline_read_back_failures_total", "kind" => kind).increment(1);
}
