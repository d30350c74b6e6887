//! CPU time, in nanoseconds: of this thread, of this process, and of another process.

use std::collections::HashMap;
use std::fs;

use rustix::time::{ClockId, clock_gettime};

/// CPU time of the calling thread.
pub(crate) fn of_thread() -> u64 {
    read(ClockId::ThreadCPUTime)
}

/// CPU time of this process, threads that have ended included.
pub(crate) fn of_process() -> u64 {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Meters another process by the `schedstat` of its threads. A thread that has ended counts with
/// what it was last seen to have used, so read often while threads may end.
#[derive(Debug)]
pub(crate) struct Meter {
    pid: u32,
    threads: HashMap<u32, u64>,
}

impl Meter {
    /// Meters the process `pid`.
    pub(crate) fn new(pid: u32) -> Self {
        Self {
            pid,
            threads: HashMap::new(),
        }
    }

    /// Gives the CPU time used so far.
    pub(crate) fn read(&mut self) -> u64 {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid));
        for task in tasks.into_iter().flatten().flatten() {
            let Some(thread) = task.file_name().to_str().and_then(|id| id.parse().ok()) else {
                continue;
            };
            let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            if let Some(used) = stat.split(' ').next().and_then(|used| used.parse().ok()) {
                self.threads.insert(thread, used);
            }
        }
        self.threads.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_ended_still_counts() {
        let mut meter = Meter::new(std::process::id());
        let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(0);
        let thread = std::thread::spawn(move || {
            let mut sum = 0_u64;
            while of_thread() < 20_000_000 {
                sum = std::hint::black_box(sum + 1);
            }
            stopped.recv().is_ok()
        });
        while meter.read() < 20_000_000 {
            std::thread::yield_now();
        }
        let before = meter.read();
        stop.send(()).unwrap();
        assert!(thread.join().unwrap());
        assert!(meter.read() >= before);
    }
}
