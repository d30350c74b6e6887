//! A disk in memory that knows what is durable and what is only in the cache. A power cut keeps of
//! the rest what chance wants, byte by byte and name by name. A failed sync leaves the bytes in
//! the cache, no longer to be synced, as Linux does.

use std::any::Any;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::storage::{SegmentFile, Storage};

#[derive(Clone, Default)]
pub(super) struct Sim(Arc<Shared>);

#[derive(Default)]
struct Shared {
    disk: Mutex<Disk>,
    /// Syncs wait while it is held.
    gate: Mutex<Gate>,
    moved: Condvar,
}

#[derive(Default)]
struct Gate {
    closed: bool,
    waiting: usize,
}

#[derive(Default, Clone)]
struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending: Vec<NameOp>,
    lock: Arc<()>,
    free: Option<u64>,
    fault: Faults,
    written: u64,
    dead: bool,
    chance: u64,
}

#[derive(Default, Clone)]
struct Inode {
    cache: Vec<u8>,
    durable: Vec<u8>,
    dirty: Vec<(usize, Vec<u8>)>,
}

#[derive(Clone)]
enum NameOp {
    Link(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

/// What is to fail; each counts down the calls that still succeed.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Faults {
    pub(super) write: Option<u64>,
    pub(super) sync: Option<u64>,
    pub(super) dir_sync: Option<u64>,
    pub(super) rename: Option<u64>,
    pub(super) create: Option<u64>,
    /// The disk dies in the middle of a write, after so many bytes.
    pub(super) die_after: Option<u64>,
}

impl Sim {
    pub(super) fn new(seed: u64) -> Self {
        let sim = Self::default();
        sim.disk().chance = seed | 1;
        sim
    }

    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.disk.lock().expect("no test panics in here")
    }

    pub(super) fn fail(&self, fault: Faults) {
        self.disk().fault = fault;
    }

    pub(super) fn set_free(&self, free: Option<u64>) {
        self.disk().free = free;
    }

    pub(super) fn written(&self) -> u64 {
        self.disk().written
    }

    /// Lets a disk that died answer again, with all that is in its cache: the process died, the
    /// machine did not.
    pub(super) fn revive(&self) {
        let mut disk = self.disk();
        disk.dead = false;
        disk.fault = Faults::default();
    }

    /// Forgets what was not durable, but for what chance keeps.
    pub(super) fn cut_power(&self) {
        self.revive();
        self.disk().cut_power();
    }

    /// The disk as it would be after a power cut now.
    pub(super) fn after_power_cut(&self) -> Self {
        let mut disk = self.disk().clone();
        disk.lock = Arc::new(());
        disk.cut_power();
        let sim = Self::default();
        *sim.disk() = disk;
        sim
    }

    pub(super) fn hold_syncs(&self, closed: bool) {
        self.0.gate.lock().expect("no test panics in here").closed = closed;
        self.0.moved.notify_all();
    }

    /// Waits until a sync is held up.
    pub(super) fn wait_for_held_sync(&self) {
        let mut gate = self.0.gate.lock().expect("no test panics in here");
        while gate.waiting == 0 {
            gate = self.0.moved.wait(gate).expect("no test panics in here");
        }
    }

    fn pass_gate(&self) {
        let mut gate = self.0.gate.lock().expect("no test panics in here");
        gate.waiting += 1;
        self.0.moved.notify_all();
        while gate.closed {
            gate = self.0.moved.wait(gate).expect("no test panics in here");
        }
        gate.waiting -= 1;
    }

    /// Waits until the maker of segments has one of this size ready, and leaves the disk alone.
    pub(super) fn wait_for_spare(&self, segment_bytes: u64) {
        loop {
            let disk = self.disk();
            let spare = disk
                .names
                .get("next.tmp")
                .map(|inode| disk.inodes[*inode].durable.len());
            if spare == Some(segment_bytes as usize) {
                return;
            }
            drop(disk);
            std::thread::yield_now();
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.disk().names.keys().cloned().collect()
    }
}

fn broken() -> io::Error {
    io::Error::from_raw_os_error(5)
}

fn missing() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

/// Says whether this call fails.
fn fails(countdown: &mut Option<u64>) -> bool {
    match countdown {
        None => false,
        Some(0) => {
            *countdown = None;
            true
        }
        Some(left) => {
            *left -= 1;
            false
        }
    }
}

impl Disk {
    fn chance(&mut self, below: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below.max(1)
    }

    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(broken()) } else { Ok(()) }
    }

    /// Keeps of the writes that were not synced nothing, all, the begin, or any bytes.
    fn settle(&mut self, inode: usize) {
        for (at, bytes) in std::mem::take(&mut self.inodes[inode].dirty) {
            let kept: Vec<bool> = match self.chance(4) {
                0 => vec![false; bytes.len()],
                1 => vec![true; bytes.len()],
                2 => {
                    let cut = self.chance(bytes.len() + 1);
                    (0..bytes.len()).map(|index| index < cut).collect()
                }
                _ => (0..bytes.len()).map(|_| self.chance(2) == 0).collect(),
            };
            if let Some(last) = kept.iter().rposition(|kept| *kept) {
                let durable = &mut self.inodes[inode].durable;
                durable.resize(durable.len().max(at + last + 1), 0);
                for (index, byte) in bytes.iter().enumerate().filter(|(index, _)| kept[*index]) {
                    durable[at + index] = *byte;
                }
            }
        }
    }

    fn cut_power(&mut self) {
        for inode in 0..self.inodes.len() {
            self.settle(inode);
            self.inodes[inode].cache = self.inodes[inode].durable.clone();
        }
        for op in std::mem::take(&mut self.pending) {
            if self.chance(2) == 0 {
                op.apply(&mut self.durable_names);
            }
        }
        self.names = self.durable_names.clone();
    }

    fn rename_op(&mut self, op: NameOp) {
        op.apply(&mut self.names);
        self.pending.push(op);
    }
}

impl NameOp {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Link(name, inode) => {
                names.insert(name.clone(), *inode);
            }
            Self::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
        }
    }
}

struct SimFile {
    sim: Sim,
    inode: usize,
}

impl Storage for Sim {
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send>>> {
        let disk = self.disk();
        let free = Arc::strong_count(&disk.lock) == 1;
        Ok(free.then(|| Box::new(disk.lock.clone()) as Box<dyn Any + Send>))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let disk = self.disk();
        disk.alive()?;
        Ok(disk.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn SegmentFile>> {
        let mut disk = self.disk();
        disk.alive()?;
        if fails(&mut disk.fault.create) {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        disk.inodes.push(Inode::default());
        let inode = disk.inodes.len() - 1;
        disk.rename_op(NameOp::Link(name.to_owned(), inode));
        Ok(Box::new(SimFile {
            sim: self.clone(),
            inode,
        }))
    }

    fn open(&self, name: &str, _write: bool) -> io::Result<Box<dyn SegmentFile>> {
        let disk = self.disk();
        disk.alive()?;
        let inode = *disk.names.get(name).ok_or_else(missing)?;
        Ok(Box::new(SimFile {
            sim: self.clone(),
            inode,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.alive()?;
        if fails(&mut disk.fault.rename) {
            return Err(broken());
        }
        let inode = *disk.names.get(from).ok_or_else(missing)?;
        disk.rename_op(NameOp::Rename(from.to_owned(), to.to_owned(), inode));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut disk = self.disk();
        disk.alive()?;
        if !disk.names.contains_key(name) {
            return Err(missing());
        }
        disk.rename_op(NameOp::Remove(name.to_owned()));
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut disk = self.disk();
        disk.alive()?;
        if fails(&mut disk.fault.dir_sync) {
            return Err(broken());
        }
        disk.durable_names = disk.names.clone();
        disk.pending.clear();
        Ok(())
    }

    fn free(&self) -> io::Result<u64> {
        Ok(self.disk().free.unwrap_or(u64::MAX))
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/sim").join(name)
    }
}

impl SegmentFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let disk = self.sim.disk();
        disk.alive()?;
        let cache = &disk.inodes[self.inode].cache;
        let start = cache.len().min(at as usize);
        let read = buffer.len().min(cache.len() - start);
        buffer[..read].copy_from_slice(&cache[start..start + read]);
        Ok(read)
    }

    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut disk = self.sim.disk();
        disk.alive()?;
        let mut kept = bytes.len();
        let mut outcome = Ok(());
        if fails(&mut disk.fault.write) {
            kept = disk.chance(bytes.len());
            outcome = Err(broken());
        }
        if let Some(left) = &mut disk.fault.die_after {
            if *left < kept as u64 {
                kept = *left as usize;
                disk.dead = true;
                outcome = Err(broken());
            } else {
                *left -= kept as u64;
            }
        }
        disk.written += kept as u64;
        let inode = &mut disk.inodes[self.inode];
        let at = at as usize;
        inode.cache.resize(inode.cache.len().max(at + kept), 0);
        inode.cache[at..at + kept].copy_from_slice(&bytes[..kept]);
        inode.dirty.push((at, bytes[..kept].to_vec()));
        outcome
    }

    fn sync_data(&self) -> io::Result<()> {
        self.sim.pass_gate();
        let mut disk = self.sim.disk();
        disk.alive()?;
        if fails(&mut disk.fault.sync) {
            disk.settle(self.inode);
            return Err(broken());
        }
        let inode = &mut disk.inodes[self.inode];
        for (at, bytes) in std::mem::take(&mut inode.dirty) {
            inode
                .durable
                .resize(inode.durable.len().max(at + bytes.len()), 0);
            inode.durable[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.sim.disk().inodes[self.inode].cache.len() as u64)
    }
}
