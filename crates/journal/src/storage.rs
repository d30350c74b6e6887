//! The few things a journal asks of a disk, so that tests can bring one that fails, tears and
//! forgets. [`os::Os`] is the real one.
//!
//! What an implementation must keep: after `sync_data` of a file that is returned `Ok`, its bytes
//! (and its length) survive a power cut; after `sync_dir`, all names do. Anything else may be lost,
//! in any order.

use std::any::Any;
use std::io;
use std::path::PathBuf;

pub mod os;

/// A directory on a disk.
pub trait Storage: Send + Sync {
    /// Locks the directory against other writers until the guard is dropped. `None`: it is locked
    /// already.
    fn lock(&self) -> io::Result<Option<Box<dyn Any + Send>>>;

    /// Lists the names in the directory, in any order.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file to write and read; one of that name is emptied.
    fn create(&self, name: &str) -> io::Result<Box<dyn SegmentFile>>;

    /// Opens a file to read, and to write if asked for.
    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn SegmentFile>>;

    /// Gives a file another name at once, in place of a file that has it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes all names durable.
    fn sync_dir(&self) -> io::Result<()>;

    /// Returns the free bytes of the disk.
    fn free(&self) -> io::Result<u64>;

    /// Returns the path of a file, for messages.
    fn path(&self, name: &str) -> PathBuf;
}

/// An open file.
pub trait SegmentFile: Send + Sync {
    /// Reads at a position into `buffer`; fewer bytes, or 0, at the end of the file.
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize>;

    /// Writes all bytes at a position, with one call to the system where possible.
    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Makes the bytes and the length durable. After an error it is never called again.
    fn sync_data(&self) -> io::Result<()>;

    /// Returns the length.
    fn length(&self) -> io::Result<u64>;
}

/// Reads until `buffer` is full or the file ends; returns how much was read.
pub(crate) fn read_full(
    file: &dyn SegmentFile,
    buffer: &mut [u8],
    mut at: u64,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], at) {
            Ok(0) => break,
            Ok(read) => {
                filled += read;
                at += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
