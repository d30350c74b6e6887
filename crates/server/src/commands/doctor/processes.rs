//! Who holds what, as `/proc` tells: a lock on a file, a port that is listened on.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A process; of others than our own the system may not tell which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    /// Its id, and what it is called.
    known: Option<(u32, String)>,
}

impl Process {
    fn of(id: Option<u32>) -> Self {
        let named = |id: u32| {
            let name = fs::read_to_string(format!("/proc/{id}/comm")).ok()?;
            Some((id, name.trim_end().to_owned()))
        };
        Self {
            known: id.and_then(named),
        }
    }

    /// Says whether it is a Trunkline.
    pub(super) fn is_ours(&self) -> bool {
        self.known
            .as_ref()
            .is_some_and(|(_, name)| name == "trunkline")
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.known {
            Some((id, name)) => write!(f, "process {id} ({name})"),
            None => f.write_str("a process of somebody else"),
        }
    }
}

/// Gives who holds a lock on a file, without touching it.
pub(super) fn locker(path: &Path) -> Option<Process> {
    let inode = fs::metadata(path).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let line = locks.lines().find(|line| locks_inode(line, inode))?;
    let id = line.split_whitespace().nth(4)?.parse().ok();
    Some(Process::of(id))
}

/// Reads a line such as `1: FLOCK  ADVISORY  WRITE 708 08:01:1234 0 EOF`.
fn locks_inode(line: &str, inode: u64) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let is_lock = words.next() == Some("FLOCK");
    let file = words.nth(3).and_then(|file| file.rsplit(':').next());
    is_lock && file.and_then(|inode| inode.parse().ok()) == Some(inode)
}

/// Gives who listens on a port, at whatever address.
pub(super) fn listener(port: u16) -> Option<Process> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let inode = tables.iter().find_map(|table| {
        let text = fs::read_to_string(table).ok()?;
        let inode = text.lines().find_map(|line| listening_inode(line, port))?;
        Some(inode.to_owned())
    })?;
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(Process::of(ids.find(|id| has_open(*id, &socket))))
}

/// Reads one line of `/proc/net/tcp`: the socket's inode if it listens on `port`.
fn listening_inode(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let mut words = line.split_ascii_whitespace().skip(1);
    let (_, local) = words.next()?.split_once(':')?;
    let state = words.nth(1)?;
    let inode = words.nth(5)?;
    (state == LISTEN && u16::from_str_radix(local, 16) == Ok(port)).then_some(inode)
}

fn has_open(id: u32, file: &str) -> bool {
    let Ok(files) = fs::read_dir(format!("/proc/{id}/fd")) else {
        return false;
    };
    files
        .flatten()
        .any(|entry| fs::read_link(entry.path()).is_ok_and(|target| target.as_os_str() == file))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_holder_of_a_lock_and_of_a_port_is_named() {
        let ourselves = std::process::id().to_string();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let file = fs::File::create(&path).unwrap();
        assert_eq!(locker(&path), None);
        file.lock().unwrap();
        let holder = locker(&path).unwrap();
        assert!(holder.to_string().contains(&ourselves), "{holder}");
        drop(file);
        assert_eq!(locker(&path), None);

        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let holder = listener(port).unwrap();
        assert!(
            holder.to_string().contains(&ourselves) && !holder.is_ours(),
            "{holder}"
        );
        drop(held);
        assert_eq!(listener(port), None);
    }
}
