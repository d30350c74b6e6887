//! Faults of the machine under the unchanged program: `shim.c` is compiled by the test and loaded
//! into the service with `LD_PRELOAD`. It kills the process exactly before or after a chosen call
//! to the system, makes calls fail or slow, and moves the clocks.
//!
//! Why not failpoints in the product (the crate `fail` behind a feature): the points that decide
//! are those at which the outside world sees something, and each of them is a call to the system:
//! a write, a sync, a rename, an answer, an INSERT. Between two calls there is only memory, which a
//! kill takes whole, so a kill "in the fold" is the same as one between the sync and the answer.
//! This way the very bytes that are shipped are tested, and the product has no code for it.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A call to the system. The numbers are those of `shim.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A write at a place of a file, as the journal does.
    WriteAt = 1,
    /// A write to a file.
    Write,
    /// `fdatasync`.
    SyncData,
    /// `fsync`, also of a folder.
    Sync,
    /// A rename, matched by the old name.
    Rename,
    /// A removal.
    Remove,
    /// The sending of an answer 202.
    Answer,
    /// The sending of an INSERT to ClickHouse.
    Insert,
    /// The coming in of ClickHouse's confirmation of an INSERT; only [`Point::after`].
    Confirmed,
}

/// What happens at a call.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The process is killed, as by `kill -9`.
    Kill,
    /// The call fails with this `errno`, from now on.
    Fail(i32),
    /// The call takes so many microseconds longer, from now on.
    Delay(u64),
}

/// The errno of a broken disk.
pub const EIO: i32 = 5;

/// Where something happens.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The call.
    pub call: Call,
    /// After the call succeeded, not before it.
    pub after: bool,
    /// What its path contains, or, with `$` at its end, how the path ends; empty: any.
    pub path: &'static str,
}

impl Point {
    /// Names the moment before a call.
    pub const fn before(call: Call, path: &'static str) -> Self {
        Self {
            call,
            after: false,
            path,
        }
    }

    /// Names the moment after a call.
    pub const fn after(call: Call, path: &'static str) -> Self {
        Self {
            call,
            after: true,
            path,
        }
    }
}

const WORDS: u64 = 9;
const LENGTH: u64 = WORDS * 8 + 184;
const SEEN: u64 = 6 * 8;
const CLOCKS: u64 = 7 * 8;
const PATH: u64 = WORDS * 8;

/// The compiled shim with the file through which it is told what to do.
#[derive(Debug)]
pub struct Shim {
    dir: TempDir,
    control: File,
}

impl Shim {
    /// Compiles it; says why that cannot be, where it cannot.
    pub fn build() -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("trunkline-shim-").tempdir();
        let dir = dir.expect("a directory");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/shim/shim.c");
        let compiled = Command::new("cc")
            .args(["-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
            .arg(dir.path().join("shim.so"))
            .arg(source)
            .arg("-ldl")
            .output()
            .map_err(|why| format!("there is no C compiler: {why}"))?;
        if !compiled.status.success() {
            return Err(String::from_utf8_lossy(&compiled.stderr).into_owned());
        }
        let mut options = File::options();
        let control = options.read(true).write(true).create_new(true);
        let control = control.open(dir.path().join("control")).expect("a file");
        control.set_len(LENGTH).expect("room");
        Ok(Self { dir, control })
    }

    /// Returns the environment of a service that is to have it.
    pub fn environment(&self) -> [(&'static str, OsString); 2] {
        let path = |name: &str| -> PathBuf { self.dir.path().join(name) };
        [
            ("LD_PRELOAD", path("shim.so").into()),
            ("TRUNKLINE_SHIM", path("control").into()),
        ]
    }

    /// Lets something happen at the `nth` call (from 1) at a point that comes from now on.
    pub fn arm(&self, point: Point, nth: u64, act: Act) {
        self.disarm();
        let (act, number) = match act {
            Act::Kill => (1, 0),
            Act::Fail(errno) => (2, u64::from(errno.unsigned_abs())),
            Act::Delay(micros) => (3, micros),
        };
        let words = [point.call as u64, point.after.into(), act, nth, number, 0];
        for (place, word) in (1..).zip(words) {
            self.write(place * 8, &word.to_ne_bytes());
        }
        let mut path = [0; 184];
        path[..point.path.len()].copy_from_slice(point.path.as_bytes());
        self.write(PATH, &path);
        self.write(0, &1_u64.to_ne_bytes());
    }

    /// Lets nothing happen any more.
    pub fn disarm(&self) {
        self.write(0, &0_u64.to_ne_bytes());
    }

    /// Returns how many matching calls there were since it was armed.
    pub fn seen(&self) -> u64 {
        let mut word = [0; 8];
        self.control.read_exact_at(&mut word, SEEN).expect("read");
        u64::from_ne_bytes(word)
    }

    /// Sets the two clocks apart from the real ones: that of the wall, and the monotonic one, which
    /// must only grow.
    pub fn set_clocks(&self, wall_ms: i64, monotonic_ms: i64) {
        self.write(CLOCKS, &wall_ms.to_ne_bytes());
        self.write(CLOCKS + 8, &monotonic_ms.to_ne_bytes());
    }

    fn write(&self, at: u64, bytes: &[u8]) {
        self.control.write_all_at(bytes, at).expect("written");
    }
}
