//! The loopback port: finding a free one, and telling whose listener is on it.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use rand::RngExt;

/// Where a port is looked for: below the range from which the kernel takes ports for outgoing
/// connections, so that none of them is in the way when the engine starts again.
const RANGE: Range<u16> = 20_000..32_000;
const ATTEMPTS: usize = 100;

/// Gives `preferred` if it can be bound, else a random free port; 0 prefers none.
pub(super) fn free_port(preferred: u16) -> io::Result<u16> {
    let mut rng = rand::rng();
    let first = (preferred != 0).then_some(preferred);
    let others = std::iter::repeat_with(|| rng.random_range(RANGE)).take(ATTEMPTS);
    let mut outcome = Err(io::ErrorKind::AddrInUse.into());
    for port in first.into_iter().chain(others) {
        outcome = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map(|_| port);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// Tells whether process `pid` listens on `port` of 127.0.0.1: passwords are sent to nobody else.
pub(super) fn is_listening(pid: u32, port: u16) -> bool {
    let Ok(table) = fs::read_to_string("/proc/net/tcp") else {
        return false;
    };
    let Some(inode) = table.lines().find_map(|line| listening_inode(line, port)) else {
        return false;
    };
    let wanted = format!("socket:[{inode}]");
    let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    files.flatten().any(|file| {
        fs::read_link(file.path()).is_ok_and(|target| target.as_os_str() == wanted.as_str())
    })
}

/// Reads one line of `/proc/net/tcp`: the socket's inode if it listens on 127.0.0.1 and `port`.
fn listening_inode(line: &str, port: u16) -> Option<&str> {
    const LISTEN: &str = "0A";
    let address = u32::from_ne_bytes(Ipv4Addr::LOCALHOST.octets());
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = words.next()?;
    let state = words.nth(1)?;
    let inode = words.nth(5)?;
    (state == LISTEN && local == format!("{address:08X}:{port:04X}")).then_some(inode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_not_given() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind any port");
        let taken = held.local_addr().expect("it has an address").port();
        let free = free_port(taken).expect("some port is free");
        assert_ne!(free, taken);
        assert_eq!(free_port(free).expect("it is still free"), free);
    }

    #[test]
    fn our_own_listener_is_ours_and_nobody_elses() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind any port");
        let port = held.local_addr().expect("it has an address").port();
        assert!(is_listening(std::process::id(), port));
        assert!(!is_listening(1, port));
        drop(held);
        assert!(!is_listening(std::process::id(), port));
    }
}
