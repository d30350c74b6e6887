//! The data folder: whether it may be written, what disk it is on, and who else may read it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfsMountFlags, access, statfs, statvfs};

use super::Finding;
use crate::commands::amounts::bytes;
use crate::config::File;
use crate::disk;

/// File systems by their magic numbers (`statfs(2)`), and what is wrong with them for a journal.
const DOUBTFUL: [(i64, &str, &str); 8] = [
    (0x0102_1994, "tmpfs", MEMORY),
    (0x8584_58f6, "ramfs", MEMORY),
    (0x6969, "nfs", NETWORK),
    (0x517b, "smb", NETWORK),
    (0xff53_4d42, "cifs", NETWORK),
    (0xfe53_4d42, "smb2", NETWORK),
    (0x0102_1997, "9p", NETWORK),
    (0x794c_7630, "overlayfs", LAYER),
];
const MEMORY: &str = "it is memory: everything is gone when the machine stops";
const NETWORK: &str =
    "a network's file system may lie about what is on stable storage, and its locks";
const LAYER: &str = "it is the layer of a container, and goes with it: mount a volume here";

/// Looks at folder, disk and permissions.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let folder = &file.server.data_dir;
    let there = existing(folder);
    let mut found = vec![writable(folder, &there), disk(file, &there)];
    found.extend(file_system(&there));
    found.extend(readable_by_others(folder));
    found
}

/// Gives the folder itself, or the nearest one above that is there.
fn existing(folder: &Path) -> PathBuf {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let found = whole.ancestors().find(|path| path.exists());
    found.map_or_else(|| PathBuf::from("/"), Path::to_owned)
}

fn writable(folder: &Path, there: &Path) -> Finding {
    const WHAT: &str = "data folder";
    let (shown, at) = (folder.display(), there.display());
    if !there.is_dir() {
        let mend = "say with --data-dir, or server.data_dir, where the data is kept";
        return Finding::problem(WHAT, format!("{at} is no folder"), mend);
    }
    if let Err(error) = access(there, Access::WRITE_OK | Access::EXEC_OK) {
        let mend =
            format!("let this account of the system write to {at}, or choose another folder");
        return Finding::problem(WHAT, format!("{at} cannot be written: {error}"), mend);
    }
    if folder.exists() {
        Finding::good(WHAT, format!("{shown} can be written"))
    } else {
        Finding::good(WHAT, format!("{shown} is not there yet, and can be made"))
    }
}

fn disk(file: &File, there: &Path) -> Finding {
    const WHAT: &str = "disk";
    let free = match disk::free(there) {
        Ok(free) => free,
        Err(error) => {
            return Finding::problem(
                WHAT,
                format!("it says nothing: {error}"),
                "look at the disk",
            );
        }
    };
    let (reserve, segment) = (file.journal.reserve_mb << 20, file.journal.segment_mb << 20);
    let shown = |amount: u64| bytes(amount as f64);
    let said = format!(
        "{} free; events are refused below the reserve of {}",
        shown(free),
        shown(reserve)
    );
    let mend = "make room, or put server.data_dir on a larger disk";
    let needed = reserve.saturating_add(segment);
    if free < needed {
        Finding::problem(
            WHAT,
            format!("{said}, and the next segment needs {}", shown(segment)),
            mend,
        )
    } else if free < needed.saturating_mul(4) {
        Finding::warning(WHAT, said, mend)
    } else {
        Finding::good(WHAT, said)
    }
}

fn file_system(there: &Path) -> Option<Finding> {
    const WHAT: &str = "file system";
    let mount = statvfs(there).ok()?;
    if mount.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let mend = "mount it for writing; a disk with errors is often mounted so: see `dmesg`";
        return Some(Finding::problem(WHAT, "it may only be read", mend));
    }
    let kind = statfs(there).ok()?.f_type as i64;
    let doubt = DOUBTFUL
        .iter()
        .find(|(magic, ..)| *magic == kind & 0xffff_ffff);
    Some(match doubt {
        Some((_, name, why)) => Finding::warning(
            WHAT,
            format!("{name}: {why}"),
            "use a local disk, such as ext4 or xfs, for server.data_dir",
        ),
        None => Finding::good(WHAT, "a local disk"),
    })
}

/// Looks at the files that hold secrets.
fn readable_by_others(folder: &Path) -> Vec<Finding> {
    const WHAT: &str = "permissions";
    let files = ["clickhouse/credentials", "page.key", "trunkline.toml"];
    let files = files.map(|name| folder.join(name));
    let mut found = Vec::new();
    let mut closed = 0;
    for path in files {
        let Ok(data) = fs::metadata(&path) else {
            continue;
        };
        let mode = data.permissions().mode() & 0o777;
        let others = mode & 0o077;
        if others == 0 {
            closed += 1;
            continue;
        }
        let (said, mend) = (
            format!("others may use {} (mode {mode:o})", path.display()),
            format!("chmod 600 {}", path.display()),
        );
        // Passwords and key stand there as they are; of tokens only hashes do.
        found.push(if path.ends_with("trunkline.toml") {
            Finding::warning(WHAT, said, mend)
        } else {
            Finding::problem(WHAT, said, mend)
        });
    }
    if found.is_empty() && closed > 0 {
        let said = "passwords and configuration are for their owner alone";
        found.push(Finding::good(WHAT, said));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn file(folder: &Path) -> File {
        let mut file = File::default();
        file.server.data_dir = folder.to_owned();
        file
    }

    #[test]
    fn a_folder_that_is_not_there_is_looked_at_where_it_would_be_made() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("a/b");
        let found = check(&file(&folder));
        assert!(found[0].said.ends_with("and can be made"), "{found:?}");
        assert!(!folder.exists());
        let not = dir.path().join("file");
        fs::write(&not, "").unwrap();
        assert!(matches!(check(&file(&not))[0].state, State::Problem(_)));
    }

    #[test]
    fn too_little_disk_is_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = file(dir.path());
        file.journal.reserve_mb = 1 << 40;
        let found = disk(&file, dir.path());
        assert!(matches!(found.state, State::Problem(_)), "{found:?}");
    }

    #[test]
    fn passwords_that_others_may_read_are_a_problem() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("clickhouse/credentials");
        fs::create_dir(dir.path().join("clickhouse")).unwrap();
        fs::write(&path, "").unwrap();
        let mut states = [0o644, 0o600].map(|mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            readable_by_others(dir.path()).remove(0).state
        });
        assert!(matches!(&mut states[0], State::Problem(mend) if mend.starts_with("chmod 600")));
        assert_eq!(states[1], State::Good);
    }
}
