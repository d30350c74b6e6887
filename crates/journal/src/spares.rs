//! Makes the next segment ahead of need, on a thread of its own: zeroed and synced, so that a batch
//! only overwrites blocks that are there, and `fdatasync` has no metadata to write.
//!
//! At most one is made at a time, under the name `next.tmp`. It is made in steps that are synced
//! one by one, so that the committer's small syncs do not queue behind one large one.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use crate::chain::NEXT;
use crate::live::lock;
use crate::storage::{SegmentFile, Storage};

const STEP: usize = 1 << 20;
static ZEROS: [u8; STEP] = [0; STEP];

/// Says why there is no spare segment.
#[derive(Debug)]
pub(crate) enum Lack {
    /// The disk would fall below the reserve.
    Reserve { free: u64, needed: u64 },
    /// It could not be written.
    Io(io::Error),
}

/// A zeroed segment without header or final name.
pub(crate) struct Spare {
    pub(crate) file: Box<dyn SegmentFile>,
    pub(crate) capacity: u64,
}

#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) segment_bytes: u64,
    pub(crate) reserve_bytes: u64,
}

enum Slot {
    Idle,
    Wanted,
    Made(Result<Spare, Lack>),
    Ended,
}

struct Shared {
    slot: Mutex<Slot>,
    changed: Condvar,
}

/// The maker's thread, or none: then a spare is made when it is taken.
pub(crate) struct Spares {
    maker: Maker,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Maker {
    pub(crate) fn make(&self) -> Result<Spare, Lack> {
        let free = self.storage.free().map_err(Lack::Io)?;
        let needed = self.reserve_bytes.saturating_add(self.segment_bytes);
        if free < needed {
            return Err(Lack::Reserve { free, needed });
        }
        let made = self.write();
        if made.is_err() {
            // What is there of it would only take room; open removes it too.
            drop(self.storage.remove(NEXT));
        }
        made.map_err(Lack::Io)
    }

    fn write(&self) -> io::Result<Spare> {
        let file = self.storage.create(NEXT)?;
        let mut at = 0;
        while at < self.segment_bytes {
            let step = STEP.min((self.segment_bytes - at) as usize);
            file.write_all_at(&ZEROS[..step], at)?;
            file.sync_data()?;
            at += step as u64;
        }
        Ok(Spare {
            file,
            capacity: self.segment_bytes,
        })
    }
}

impl Spares {
    /// Makes each spare when it is taken.
    pub(crate) fn inline(maker: Maker) -> Self {
        let shared = Shared {
            slot: Mutex::new(Slot::Idle),
            changed: Condvar::new(),
        };
        Self {
            maker,
            shared: Arc::new(shared),
            thread: None,
        }
    }

    /// Makes spares ahead, the first one at once.
    pub(crate) fn threaded(maker: Maker) -> io::Result<Self> {
        let mut spares = Self::inline(maker);
        let (maker, shared) = (spares.maker.clone(), spares.shared.clone());
        let thread = thread::Builder::new()
            .name("journal-spares".to_owned())
            .spawn(move || run(&maker, &shared))?;
        spares.thread = Some(thread);
        spares.want();
        Ok(spares)
    }

    /// Takes the spare, waiting for it if it is not ready. After a lack it is made anew.
    pub(crate) fn take(&self) -> Result<Spare, Lack> {
        if self.thread.is_none() {
            return self.maker.make();
        }
        if let Ok(spare) = self.wait_for_made() {
            return Ok(spare);
        }
        // The lack may be old: this is the moment to try again.
        self.want();
        self.wait_for_made()
    }

    /// Lets the next spare be made. Called only when the last one got its name, which is the name
    /// this one is made under.
    pub(crate) fn want(&self) {
        let mut slot = lock(&self.shared.slot);
        if self.thread.is_some() && matches!(*slot, Slot::Idle) {
            *slot = Slot::Wanted;
            self.shared.changed.notify_all();
        }
    }

    fn wait_for_made(&self) -> Result<Spare, Lack> {
        let mut slot = lock(&self.shared.slot);
        loop {
            match std::mem::replace(&mut *slot, Slot::Idle) {
                Slot::Made(made) => return made,
                Slot::Ended => {
                    *slot = Slot::Ended;
                    return Err(Lack::Io(io::Error::other(
                        "the maker of segments has ended",
                    )));
                }
                Slot::Idle | Slot::Wanted => *slot = Slot::Wanted,
            }
            self.shared.changed.notify_all();
            slot = self
                .shared
                .changed
                .wait(slot)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }
}

impl Drop for Spares {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        *lock(&self.shared.slot) = Slot::Ended;
        self.shared.changed.notify_all();
        // A panic of the maker has nothing to add here.
        drop(thread.join());
    }
}

fn run(maker: &Maker, shared: &Shared) {
    let _ended = EndedOnDrop(shared);
    let mut slot = lock(&shared.slot);
    loop {
        match *slot {
            Slot::Ended => return,
            Slot::Wanted => {
                drop(slot);
                let made = maker.make();
                slot = lock(&shared.slot);
                if matches!(*slot, Slot::Ended) {
                    return;
                }
                *slot = Slot::Made(made);
                shared.changed.notify_all();
            }
            Slot::Idle | Slot::Made(_) => {
                slot = shared
                    .changed
                    .wait(slot)
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
            }
        }
    }
}

/// Lets nobody wait for a maker that panicked.
struct EndedOnDrop<'a>(&'a Shared);

impl Drop for EndedOnDrop<'_> {
    fn drop(&mut self) {
        *lock(&self.0.slot) = Slot::Ended;
        self.0.changed.notify_all();
    }
}
