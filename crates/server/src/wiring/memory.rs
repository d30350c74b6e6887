//! The memory of this process, as `/metrics` shows it.

use std::fs;

use trunkline_pipeline::metrics;

/// Exports it; where the kernel does not say it, it stays as it was.
pub(super) fn export() {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(bytes) = resident(&status) {
        metrics::memory(bytes);
    }
}

/// Reads the resident set, which the kernel gives in KiB.
fn resident(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_set_is_read_in_bytes() {
        let status = "VmHWM:\t  900 kB\nVmRSS:\t    64 kB\n";
        assert_eq!(resident(status), Some(65_536));
        assert_eq!(resident("VmHWM:\t 900 kB\n"), None);
    }
}
