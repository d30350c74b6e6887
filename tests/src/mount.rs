//! Small file systems of a test's own, which only root may mount: one in memory that can fill up
//! and be made larger, and one in a file that can be copied as a power cut would leave it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::clock::holds_within;

/// A mounted file system; unmounted with the value.
#[derive(Debug)]
pub struct Mounted {
    dir: TempDir,
}

impl Mounted {
    /// Mounts a file system in memory of so many MiB; says why not, where that cannot be.
    pub fn memory(mib: u64) -> Result<Self, String> {
        Self::mount(&["-t", "tmpfs", "-o", &format!("size={mib}m"), "tmpfs"])
    }

    /// Mounts the file system in a file.
    pub fn image(image: &Path) -> Result<Self, String> {
        let image = image.to_string_lossy();
        Self::mount(&["-t", "ext4", "-o", "loop", &image])
    }

    /// Makes it larger.
    #[track_caller]
    pub fn resize(&self, mib: u64) {
        let size = format!("remount,size={mib}m");
        let path = self.path().to_string_lossy().into_owned();
        run("mount", &["-o", &size, &path]).expect("larger");
    }

    /// Returns where it is.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn mount(arguments: &[&str]) -> Result<Self, String> {
        let dir = tempfile::Builder::new().prefix("trunkline-disk-").tempdir();
        let mounted = Self {
            dir: dir.expect("a directory"),
        };
        let path = mounted.path();
        std::fs::create_dir(&path).expect("a directory");
        run("mount", &[arguments, &[&path.to_string_lossy()]].concat())?;
        Ok(mounted)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A process that was just killed may hold it a moment longer.
        let path = self.path().to_string_lossy().into_owned();
        let unmounted = || run("umount", &[&path]).is_ok();
        let is_mount = run("mountpoint", &["-q", &path]).is_ok();
        if is_mount && !holds_within(Duration::from_secs(10), unmounted) {
            let _ = run("umount", &["-l", &path]);
        }
    }
}

/// Makes a file with an empty ext4 of so many MiB in it; says why not, where that cannot be.
pub fn ext4(file: &Path, mib: u64) -> Result<(), String> {
    let made = std::fs::File::create(file).and_then(|file| file.set_len(mib << 20));
    made.expect("a file");
    run("mkfs.ext4", &["-q", "-F", &file.to_string_lossy()])
}

/// Copies an image as it is at this moment.
#[track_caller]
pub fn copy_image(from: &Path, to: &Path) {
    let (from, to) = (from.to_string_lossy(), to.to_string_lossy());
    run("cp", &["--sparse=always", &from, &to]).expect("copied");
}

fn run(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|why| format!("{program}: {why}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program}: {}", said.trim()))
}
