//! Faults and what must happen, row by row of the list in the security specification, as far as
//! HTTP, WebSocket, journal, fold and ClickHouse are concerned. Each test prints one line with its
//! figures and its seed (`TRUNKLINE_SEED` repeats it); `TRUNKLINE_FAULT_SECONDS` makes each fault go
//! on longer, `TRUNKLINE_FAULT_MANAGERS` sets the crowd of row 21, and with `TRUNKLINE_FAULTS_ALL`
//! set a fault that cannot be made here (no root, no C compiler) is a failure and not only a line
//! that begins with `NOT RUN`. `trunkline torture` does rows 1, 3, 4, 13 and 14 for hours, anywhere.
//!
//! | row | fault | test |
//! |---|---|---|
//! | 1 | random `kill -9` of the service | `kill`, `stream_names`, [`torture`] |
//! | 2 | `kill -9` at every point | [`points`] |
//! | 3 | `kill -9` of ClickHouse | `kill`, `warehouse_away::clickhouse_killed_again_and_again_loses_nothing` |
//! | 4 | ClickHouse frozen | `warehouse_away::a_frozen_clickhouse_…`, `warehouse_away::a_stop_while_clickhouse_is_frozen_…`, [`link`] |
//! | 5 | ClickHouse away for long | `warehouse_away` (also wrong password, restart, refused rows, lost rows), [`link`] (`Down`) |
//! | 6 | slow, resets, half open, swallowed | [`link`] |
//! | 7 | disk full | [`disk`]; `lifecycle::a_disk_with_less_than_the_reserve_…`, `stream_limits::a_journal_that_cannot_be_written_…` |
//! | 8 | EIO on write and fsync | [`disk`]; every single call: the journal's `tests/faults.rs` and `tests/model.rs` on a simulated disk |
//! | 9 | power cut | [`power`]; at every byte: the journal's `tests/model.rs` |
//! | 10 | torn tail | [`damage`]; every cut: the journal's `tests/damage.rs` |
//! | 11 | flipped bits | [`damage`], `lifecycle::a_damaged_journal_…`; every byte: the journal's `tests/damage.rs` |
//! | 12 | damaged, missing, old checkpoint | [`damage`], `lifecycle::damaged_checkpoints_…`, the pipeline's `tests/lives.rs` |
//! | 13 | repeated deliveries, other bodies | [`order`], `idempotency` |
//! | 14 | disorder and lateness | [`order`], `permutation` |
//! | 15 | clock jumps | [`order`] |
//! | 19 | ten times too much | [`crowds`] |
//! | 20 | slow peers | `bad_clients`; silent and idle ones: [`crowds`], `stream_limits::a_silent_stream_…` |
//! | 20 | bombs of bodies and frames | `bad_input::floods_of_bombs_…`, `bad_input::bodies_too_large_…`, `stream_limits` (announced sizes, fragments, tiny frames, deaf peers) |
//! | 21 | a manager for every message | [`crowds`]: exact; what it costs is printed |
//! | 24 | upgrade | [`upgrade`], [`waited`]; a newer format: the journal's `tests/damage.rs` |
//! | | slow fsync (3 ms more) | [`disk`] |

mod crowds;
mod damage;
mod disk;
mod link;
mod order;
mod points;
mod power;
mod torture;
mod upgrade;
mod waited;
