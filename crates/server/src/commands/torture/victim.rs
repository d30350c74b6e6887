//! The service that is killed: this program, started as `serve` on a folder, with its ClickHouse.

use std::fmt::{Display, Formatter};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};

use super::ask::Way;
use crate::{clock, secret};

/// The account that everything is sent to.
pub(super) const ACCOUNT: &str = "torture";
/// How long a start, a stop and catching up may take.
const READY_WITHIN: Duration = Duration::from_mins(5);
const STOPS_WITHIN: Duration = Duration::from_mins(1);
const FLUSHED_WITHIN: Duration = Duration::from_mins(30);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What was done to the service.
#[derive(Debug, Default)]
pub(super) struct Kills {
    service: u64,
    starting: u64,
    stopped: u64,
    engine: u64,
    frozen: u64,
    slowest_start: Duration,
}

impl Kills {
    /// Counts them.
    pub(super) fn all(&self) -> u64 {
        self.service + self.starting + self.stopped + self.engine + self.frozen
    }
}

impl Display for Kills {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "killed: service {}, at its start {}, ClickHouse {}; ClickHouse frozen {}; stopped in \
             order {}; slowest start {:.1?}",
            self.service, self.starting, self.engine, self.frozen, self.stopped, self.slowest_start
        )
    }
}

/// A service and where it lives; killed with the value.
pub(super) struct Victim {
    folder: PathBuf,
    pub(super) way: Way,
    child: Option<Child>,
}

impl Victim {
    /// Writes the configuration of a service.
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let (port, token) = (free_port()?, secret::new_token());
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\n\n[journal]\nsegment_mb = 8\n\n\
             [[account]]\nid = \"{ACCOUNT}\"\nname = \"Torture\"\ntimezone = \"UTC\"\n\n\
             [[account.token]]\nname = \"torture\"\nsha256 = \"{}\"\n\
             scopes = [\"ingest\", \"read\"]\n",
            secret::sha256_hex(&token)
        );
        fs::write(folder.join("trunkline.toml"), text).context("could not write trunkline.toml")?;
        Ok(Self {
            folder: folder.to_owned(),
            way: Way { port, token },
            child: None,
        })
    }

    /// Gives the folder of its data.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Starts it and waits until it is ready.
    pub(super) fn start(&mut self) -> Result<()> {
        self.launch()?;
        let since = clock::elapsed();
        loop {
            if matches!(self.way.get("/readyz"), Ok((200, _))) {
                return Ok(());
            }
            if let Some(ended) = self.running()?.try_wait()? {
                bail!(
                    "the service ended at its start, {ended}: see {}",
                    self.log().display()
                );
            }
            if clock::elapsed().saturating_sub(since) > READY_WITHIN {
                bail!(
                    "the service does not get ready: see {}",
                    self.log().display()
                );
            }
            sleep(LOOK_EVERY);
        }
    }

    /// Does something bad to it, and has it running again.
    pub(super) fn harm(&mut self, random: &mut StdRng, kills: &mut Kills) -> Result<()> {
        match random.random_range(0..20) {
            0 => {
                // In order for once: the next kill then recovers from a checkpoint.
                self.stop()?;
                kills.stopped += 1;
                self.start()
            }
            1..11 => {
                self.kill()?;
                kills.service += 1;
                sleep(Duration::from_millis(random.random_range(0..300)));
                while random.random_bool(0.3) {
                    self.launch()?;
                    sleep(Duration::from_millis(random.random_range(0..400)));
                    self.kill()?;
                    kills.starting += 1;
                }
                let since = clock::elapsed();
                self.start()?;
                let took = clock::elapsed().saturating_sub(since);
                kills.slowest_start = kills.slowest_start.max(took);
                Ok(())
            }
            more => {
                for engine in self.engines()? {
                    if more < 18 {
                        signal(engine, Signal::KILL);
                        kills.engine += 1;
                    } else {
                        signal(engine, Signal::STOP);
                        sleep(Duration::from_millis(random.random_range(100..2_000)));
                        signal(engine, Signal::CONT);
                        kills.frozen += 1;
                    }
                }
                Ok(())
            }
        }
    }

    /// Waits until ClickHouse is there and holds everything.
    pub(super) fn wait_until_flushed(&self) -> Result<()> {
        let since = clock::elapsed();
        loop {
            match self.way.post("?wait=flushed", b"[]") {
                Ok((200, _)) if self.warehouse_is_up() => return Ok(()),
                Ok((status @ 400..500, text)) => bail!("the service answers {status}: {text}"),
                _ => {}
            }
            if clock::elapsed().saturating_sub(since) > FLUSHED_WITHIN {
                bail!("ClickHouse does not catch up: see {}", self.log().display());
            }
            sleep(Duration::from_millis(200));
        }
    }

    /// Says whether its ClickHouse was reached since it was last started.
    fn warehouse_is_up(&self) -> bool {
        matches!(self.way.get("/readyz"), Ok((200, text)) if text.contains("\"warehouse\":\"up\""))
    }

    /// Stops it in order.
    pub(super) fn stop(&mut self) -> Result<()> {
        let mut child = self.child.take().context("the service is not running")?;
        signal(child.id(), Signal::TERM);
        let since = clock::elapsed();
        while child.try_wait()?.is_none() {
            if clock::elapsed().saturating_sub(since) > STOPS_WITHIN {
                child.kill()?;
                child.wait()?;
                bail!("the service does not stop: see {}", self.log().display());
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn launch(&mut self) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        let child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg("--config")
            .arg(self.folder.join("trunkline.toml"))
            .arg("--data-dir")
            .arg(self.data())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("could not start this program as a service")?;
        self.child = Some(child);
        Ok(())
    }

    fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Kills it for good.
    pub(super) fn abandon(&mut self) {
        // Nothing can be done about one that cannot be killed.
        let _ = self.kill();
    }

    fn running(&mut self) -> Result<&mut Child> {
        self.child.as_mut().context("the service is not running")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Lists the processes of its ClickHouse: its children.
    fn engines(&mut self) -> Result<Vec<u32>> {
        let parent = self.running()?.id().to_string();
        let processes = fs::read_dir("/proc").context("there is no /proc here")?;
        let ids = processes.flatten().filter_map(|entry| {
            let id: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
            (fields.next()? != "Z" && fields.next()? == parent).then_some(id)
        });
        Ok(ids.collect())
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// Finds a port below those that the kernel gives to outgoing connections: while the service is down
/// a sender would else now and then be connected to itself, and keep the port.
fn free_port() -> Result<u16> {
    let first = 20_000 + (std::process::id() * 37 % 6_000) as u16;
    (first..30_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("there is no free port")
}

/// Sends a signal to a process, which may be gone already.
fn signal(id: u32, signal: Signal) {
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}
