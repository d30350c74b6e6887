//! One running `trunkline serve` on a fresh data directory: started, killed, frozen, restarted and
//! stopped by its own process id, never by name. Dropping it kills it and then checks that its
//! ClickHouse is gone too.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::clock::{holds_within, wait_until};
use crate::config::Config;
use crate::doors::Door;
use crate::views::Views;

const READY_WITHIN: Duration = Duration::from_mins(1);
/// The last flush and the engine's end have their own limits, 20 s and 5 s, which a frozen
/// ClickHouse uses up.
const STOPS_WITHIN: Duration = Duration::from_secs(45);
const GONE_WITHIN: Duration = Duration::from_secs(20);

/// A service under test.
pub struct Service {
    dir: TempDir,
    port: u16,
    config: Config,
    child: Option<Child>,
    /// Where the data is, if not in `dir`.
    data: Option<PathBuf>,
    environment: Vec<(&'static str, OsString)>,
}

impl Service {
    /// Starts a service on a fresh data directory and waits until it is ready, its ClickHouse too.
    #[track_caller]
    pub fn start(config: Config) -> Self {
        let service = Self::start_without_warehouse(config);
        service.wait_for_warehouse();
        service
    }

    /// Starts a service whose ClickHouse may be away: waits only until it takes events.
    #[track_caller]
    pub fn start_without_warehouse(config: Config) -> Self {
        let mut service = Self::prepare(config);
        service.restart();
        service
    }

    /// Makes a service on a fresh directory that is not started yet.
    pub fn prepare(config: Config) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("trunkline-e2e-")
            .tempdir()
            .expect("a directory");
        Self {
            dir,
            port: free_port(),
            config,
            child: None,
            data: None,
            environment: Vec::new(),
        }
    }

    /// Sets where its data is from the next start on.
    pub fn keep_data_in(&mut self, data: &Path) {
        self.data = Some(data.to_owned());
    }

    /// Adds to its environment from the next start on.
    pub fn set_environment(
        &mut self,
        more: impl IntoIterator<Item = (&'static str, impl Into<OsString>)>,
    ) {
        let more = more.into_iter().map(|(name, value)| (name, value.into()));
        self.environment.extend(more);
    }

    /// Replaces the configuration; the next start reads it.
    pub fn configure(&mut self, config: Config) {
        self.config = config;
    }

    /// Writes the configuration that a reload will read.
    #[track_caller]
    pub fn write_configuration(&self) {
        self.break_configuration("");
    }

    /// Writes it with lines before it, such as ones that make it invalid.
    #[track_caller]
    pub fn break_configuration(&self, lines: &str) {
        let text = self
            .config
            .text(self.port, &self.data_dir().to_string_lossy());
        fs::write(self.config_path(), format!("{lines}{text}")).expect("written");
    }

    fn config_path(&self) -> PathBuf {
        self.dir.path().join("trunkline.toml")
    }

    /// Starts the stopped or killed service again, on the same directory and port, and waits until
    /// it is ready.
    #[track_caller]
    pub fn restart(&mut self) {
        self.launch();
        self.wait_until_ready();
    }

    /// Starts the stopped or killed service and returns at once.
    #[track_caller]
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "the service runs already");
        self.write_configuration();
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
            .expect("a log");
        let child = Command::new(binary())
            .args(["serve", "--config"])
            .arg(self.config_path())
            .current_dir(self.dir.path())
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap_or_else(|why| {
            panic!(
                "{} does not start: {why} (make build makes it)",
                binary().display()
            )
        }));
    }

    /// Waits until `/readyz` answers 200.
    #[track_caller]
    pub fn wait_until_ready(&mut self) {
        let door = self.door("nobody");
        let ready = holds_within(READY_WITHIN, || {
            if let Some(status) = self.exited() {
                panic!(
                    "the service ended at its start, {status}:\n{}",
                    self.log_tail()
                );
            }
            door.try_get("/readyz")
                .is_some_and(|answer| answer.status == 200)
        });
        assert!(
            ready,
            "the service is not ready after {READY_WITHIN:?}:\n{}",
            self.log_tail()
        );
    }

    /// Waits until `/readyz` says that ClickHouse is up.
    #[track_caller]
    pub fn wait_for_warehouse(&self) {
        let up = holds_within(READY_WITHIN, || self.warehouse_state() == "up");
        assert!(
            up,
            "ClickHouse is not up after {READY_WITHIN:?}:\n{}",
            self.log_tail()
        );
    }

    /// Returns what `/readyz` says of ClickHouse, or nothing while nobody answers.
    pub fn warehouse_state(&self) -> String {
        let answer = self
            .door("nobody")
            .try_get("/readyz")
            .filter(|answer| answer.status == 200);
        let json = answer.map(|answer| answer.json()).unwrap_or_default();
        json["warehouse"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the door of an account, with its token for everything.
    pub fn door(&self, account: &str) -> Door {
        Door::new(self.port, account, "all")
    }

    /// Returns the port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the service's process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running service").id()
    }

    /// Returns the most memory it ever held, in bytes, without its ClickHouse.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        kibibytes.unwrap_or(u64::MAX >> 10) << 10
    }

    /// Returns its directory for data.
    pub fn data_dir(&self) -> PathBuf {
        self.data
            .clone()
            .unwrap_or_else(|| self.dir.path().join("data"))
    }

    /// Returns the process id of its embedded ClickHouse: its one child.
    pub fn engine(&self) -> Option<u32> {
        children(self.pid()).first().copied()
    }

    /// Kills the service as a power cut would (SIGKILL) and reaps it.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops the service in order, as a service manager does (SIGTERM), waits, and returns how it
    /// ended.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running service");
        terminate(child.id());
        let mut status = None;
        let ended = holds_within(STOPS_WITHIN, || {
            status = child.try_wait().expect("a child");
            status.is_some()
        });
        if !ended {
            let _ = child.kill();
            let _ = child.wait();
            panic!(
                "the service did not stop within {STOPS_WITHIN:?}:\n{}",
                self.log_tail()
            );
        }
        status.expect("ended")
    }

    /// Waits until the service ended by itself, and returns how.
    #[track_caller]
    pub fn wait_for_end(&mut self, limit: Duration) -> ExitStatus {
        let ended = holds_within(limit, || self.exited().is_some());
        assert!(
            ended,
            "the service runs on after {limit:?}:\n{}",
            self.log_tail()
        );
        let mut child = self.child.take().expect("a child");
        child.wait().expect("its end")
    }

    /// Returns a reader of the views of its embedded ClickHouse, with the reader's rights.
    #[track_caller]
    pub fn views(&self) -> Views {
        self.reader("reader")
    }

    /// Returns a reader of the tables of its embedded ClickHouse, with the service's own rights.
    #[track_caller]
    pub fn tables(&self) -> Views {
        self.reader("writer")
    }

    #[track_caller]
    fn reader(&self, who: &str) -> Views {
        let path = self.data_dir().join("clickhouse/credentials");
        let text = fs::read_to_string(path).expect("the embedded ClickHouse's credentials");
        let value = |name: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
            lines
                .find(|(known, _)| *known == name)
                .expect("a line of the credentials")
                .1
        };
        let url = format!("http://127.0.0.1:{}", value("port"));
        Views::new(&url, "trunkline", who, value(who))
    }

    /// Waits until ClickHouse has another process id than `before`, and runs.
    #[track_caller]
    pub fn wait_for_other_engine(&self, before: u32) {
        wait_until("another ClickHouse process", READY_WITHIN, || {
            self.engine().is_some_and(|engine| engine != before)
        });
    }

    /// Returns everything the service wrote to its two outputs.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    /// Returns the last lines of the log.
    pub fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let left_over = self
            .child
            .as_ref()
            .map(|child| children(child.id()))
            .unwrap_or_default();
        self.kill9();
        let gone = holds_within(GONE_WITHIN, || left_over.iter().all(|&pid| !runs(pid)));
        if std::thread::panicking() {
            eprintln!("the service's log ends with:\n{}", self.log_tail());
        } else {
            assert!(
                gone,
                "ClickHouse outlived its service by {GONE_WITHIN:?}: {left_over:?}"
            );
        }
    }
}

/// Returns the binary under test: `TRUNKLINE_BIN`, else the workspace's release build.
pub fn binary() -> PathBuf {
    std::env::var_os("TRUNKLINE_BIN").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/trunkline"),
        PathBuf::from,
    )
}

/// Sends a signal to a process by its id; a process that is gone already is left in peace.
fn signal(pid: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// Asks a process to read its configuration again (SIGHUP), by its id.
pub fn hang_up(pid: u32) {
    signal(pid, Signal::HUP);
}

/// Asks a process to stop (SIGTERM), by its id.
pub fn terminate(pid: u32) {
    signal(pid, Signal::TERM);
}

/// Interrupts a process as Ctrl-C does (SIGINT), by its id.
pub fn interrupt(pid: u32) {
    signal(pid, Signal::INT);
}

/// Kills a process by its id as a power cut would.
pub fn kill(pid: u32) {
    signal(pid, Signal::KILL);
}

/// Stops a process from running until [`thaw`].
pub fn freeze(pid: u32) {
    signal(pid, Signal::STOP);
}

/// Lets a frozen process run again.
pub fn thaw(pid: u32) {
    signal(pid, Signal::CONT);
}

/// Returns the ids of a process's children, in no order.
pub fn children(parent: u32) -> Vec<u32> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let ids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&pid: &u32| stat(pid).is_some_and(|(state, ppid)| ppid == parent && state != "Z"))
        .collect()
}

/// Returns whether a process runs: it exists and is no zombie.
pub fn runs(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != "Z")
}

/// Returns a process's state letter and its parent.
fn stat(pid: u32) -> Option<(String, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// Finds a loopback port below the range from which the kernel takes the ports of outgoing
/// connections, so that only another harness could take it before the service does; those begin at
/// a place of their own.
pub fn free_port() -> u16 {
    const SPAN: u32 = 8_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = (std::process::id() * 37 % SPAN) as u16;
    loop {
        let port = 12_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % SPAN as u16;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
