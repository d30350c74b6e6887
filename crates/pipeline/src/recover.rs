//! From disk back to the state of the fold: newest valid checkpoint, else the one before, else the
//! journal's base; then what was seen; then the journal from there.

use std::io;
use std::path::Path;
use std::sync::Arc;

use hashbrown::HashMap;
use trunkline_journal::{Journal, ReadError, segments};
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_rollup::{Config, Position};

use crate::checkpoint;
use crate::crew::Crew;
use crate::dedup::{Dedup, RANGE};
use crate::handle::Token;
use crate::record::{self, Record};
use crate::shelf::Shelves;
use crate::streams::Streams;
use crate::tracked::Tracked;

/// Why the state cannot be had back.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// The journal cannot be read.
    #[error("{0}")]
    Journal(#[from] ReadError),
    /// A file of the state cannot be read or written.
    #[error("could not read the state in {path}: {source}")]
    Io {
        /// The folder.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// It was told to stop.
    #[error("reading the journal was interrupted")]
    Stopped,
    /// A checkpoint knows records that the journal has not: its newest segment is missing.
    #[error(
        "the journal ends at offset {end}, but {known} were in it when a checkpoint was taken: bring \
         the missing newest segment back. To go on without those events, remove {dir}"
    )]
    JournalShort {
        /// Where the journal ends.
        end: u64,
        /// Where it ended when the checkpoint was taken.
        known: u64,
        /// The folder of checkpoints.
        dir: String,
    },
    /// No checkpoint can be read, and the journal's beginning was removed by retention.
    #[error(
        "no checkpoint can be read and the journal begins at offset {base}: bring a checkpoint \
         back from a backup into {dir}, and the folder shelves beside it"
    )]
    NoCheckpoint {
        /// Where the journal begins.
        base: u64,
        /// The folder of checkpoints.
        dir: String,
    },
}

/// What a journal held when it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    pub(crate) id: u64,
    pub(crate) base: u64,
    pub(crate) next: u64,
}

/// The journal to recover from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) journal: &'a Journal<Token>,
    pub(crate) dir: &'a Path,
    pub(crate) extent: Extent,
}

/// State as a checkpoint and the dedup files give it, before replay.
pub(crate) struct Recovered {
    pub(crate) accounts: HashMap<String, Tracked>,
    pub(crate) replay_from: u64,
    pub(crate) dedup: Dedup,
}

/// Reads checkpoint and marks.
pub(crate) fn recover(
    source: Source<'_>,
    state: &Path,
    config: Config,
) -> Result<Recovered, RecoverError> {
    let extent = source.extent;
    let checkpoints = checkpoint::folder(state);
    let shelves = Shelves::new(state, extent.id);
    let io = |source| RecoverError::Io {
        path: state.display().to_string(),
        source,
    };
    let mut accounts = HashMap::new();
    let mut replay_from = None;
    for path in checkpoint::list(&checkpoints).map_err(io)? {
        match checkpoint::read(&path, extent.id, config, &shelves) {
            Ok(loaded) if loaded.ended > extent.next => {
                return Err(RecoverError::JournalShort {
                    end: extent.next,
                    known: loaded.ended,
                    dir: checkpoints.display().to_string(),
                });
            }
            Ok(loaded) if loaded.began >= extent.base => {
                accounts = loaded.accounts;
                replay_from = Some(loaded.began);
                break;
            }
            Ok(_) => {
                tracing::warn!(path = %path.display(), "the journal begins behind this checkpoint");
            }
            Err(damaged) => {
                tracing::warn!(path = %path.display(), %damaged, "a checkpoint was passed over");
            }
        }
    }
    let replay_from = match replay_from {
        Some(from) => from,
        None if extent.base == 0 => 0,
        None => {
            let dir = checkpoints.display().to_string();
            return Err(RecoverError::NoCheckpoint {
                base: extent.base,
                dir,
            });
        }
    };
    let mut dedup = Dedup::new(&state.join("seen"), extent.id);
    // Marks of records that the journal has not would make their events duplicates for ever.
    dedup.forget_from(extent.next).map_err(io)?;
    let mut memory = Memory {
        accounts: &mut accounts,
        dedup: &mut dedup,
        config,
    };
    memory.recall(source, replay_from)?;
    Ok(Recovered {
        accounts,
        replay_from,
        dedup,
    })
}

/// Brings back what was seen before the place where replay starts.
struct Memory<'a> {
    accounts: &'a mut HashMap<String, Tracked>,
    dedup: &'a mut Dedup,
    config: Config,
}

impl Memory<'_> {
    fn recall(&mut self, source: Source<'_>, below: u64) -> Result<(), RecoverError> {
        let mut from = oldest_needed(source, below, self.config.window)?;
        while from < below {
            let range = from / RANGE;
            let end = ((range + 1) * RANGE).min(below);
            match self.dedup.read_file(range) {
                Ok(marks) => {
                    for mark in marks
                        .into_iter()
                        .filter(|mark| mark.seeing.at.offset < below)
                    {
                        self.account(&mark.account).remember(mark.seeing);
                    }
                }
                Err(_) => self.rebuild(source, from, end)?,
            }
            from = end;
        }
        Ok(())
    }

    fn rebuild(&mut self, source: Source<'_>, from: u64, end: u64) -> Result<(), RecoverError> {
        for batch in source.journal.reader(from)? {
            let batch = batch?;
            for (offset, bytes) in (batch.first_offset..).zip(batch.records()) {
                if offset >= end {
                    return Ok(());
                }
                let at = Position {
                    offset,
                    received_at: Time(batch.received_at),
                };
                self.rebuild_mark(bytes, at);
            }
        }
        Ok(())
    }

    fn rebuild_mark(&mut self, bytes: &[u8], at: Position) {
        let Ok(Record::Event {
            account,
            origin,
            raw,
            ..
        }) = record::read(bytes)
        else {
            return;
        };
        let Ok(event) = Event::parse(raw) else { return };
        let account = self.account(account);
        let id = Arc::clone(account.id());
        let seeing = account.recall(&event, origin, at);
        self.dedup.add(&id, seeing);
    }

    fn account(&mut self, id: &str) -> &mut Tracked {
        let config = self.config;
        self.accounts
            .entry_ref(id)
            .or_insert_with(|| Tracked::new(Arc::from(id), config))
    }
}

/// Gives an offset below which no record arrived within the two windows before the last one.
pub(crate) fn oldest_needed(
    source: Source<'_>,
    below: u64,
    window: i64,
) -> Result<u64, RecoverError> {
    if below == 0 {
        return Ok(0);
    }
    let reader = match source.journal.reader(below - 1) {
        // Retention has taken all that the checkpoint covers.
        Err(ReadError::Retired { .. }) => return Ok(below),
        reader => reader?,
    };
    let Some(last) = reader.into_iter().next() else {
        return Ok(below);
    };
    let cutoff = last?.received_at.saturating_sub(2 * window);
    let mut from = source.extent.base;
    for segment in segments(source.dir)? {
        let old = segment
            .received_before
            .is_some_and(|received_at| received_at < cutoff);
        if old && segment.base <= below {
            from = segment.base;
        }
    }
    Ok(from)
}

/// Observes the journal from `from` to its end as it was opened.
pub(crate) fn replay(
    source: Source<'_>,
    from: u64,
    crew: &Crew,
    streams: &Streams,
    ended: impl Fn() -> bool,
) -> Result<(), RecoverError> {
    if from >= source.extent.next {
        return Ok(());
    }
    for batch in source.journal.reader(from)? {
        let batch = batch?;
        streams.learn(&batch, source.extent.next);
        if ended() || !crew.replay(batch, &ended) {
            return Err(RecoverError::Stopped);
        }
    }
    Ok(())
}
