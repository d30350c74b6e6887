//! Starting the child, watching it, starting it again.

use std::ffi::OsString;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Engine, EngineKind, child, config, listener};
use crate::client::Client;

mod backoff;

use backoff::Backoff;

/// How often a starting engine is asked whether it answers.
const POLL: Duration = Duration::from_millis(25);
/// After how long a start that has not succeeded is worth a warning.
const SLOW_START: Duration = Duration::from_secs(20);
/// How long an engine must have answered to count as healthy again.
const STEADY: Duration = Duration::from_secs(30);
/// How long the child may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// What is known of a child that ended.
#[derive(Default)]
struct Life {
    /// It answered for [`STEADY`].
    steady: bool,
    /// Another process still held the lock on its data.
    locked: bool,
}

/// Runs the child again and again until `stop`.
pub(super) async fn run(engine: &Engine, stop: &CancellationToken) {
    let mut backoff = Backoff::default();
    while !stop.is_cancelled() {
        let life = match start(engine) {
            Ok(child) => live(engine, child, stop).await,
            Err(error) => {
                let program = engine.config.spawn.program.display();
                tracing::error!(%error, %program, "engine cannot be started");
                Life::default()
            }
        };
        let delay = backoff.after(life.steady, life.locked);
        tokio::select! {
            () = stop.cancelled() => {}
            () = sleep(delay) => {}
        }
    }
    tracing::info!("engine stopped");
}

/// Starts the child. Its environment is empty: it needs none, and ours may hold secrets. It has a
/// process group of its own, so that an interrupt from the terminal reaches the service alone.
fn start(engine: &Engine) -> io::Result<Child> {
    let spawn = &engine.config.spawn;
    Command::new(&spawn.program)
        .args(&spawn.prefix)
        .args(arguments(engine))
        .env_clear()
        .current_dir(&engine.config.dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Gives the arguments that [`child::run`] takes.
fn arguments(engine: &Engine) -> Vec<OsString> {
    let dir = &engine.config.dir;
    let kind = match &engine.config.kind {
        EngineKind::Library(_) => child::LIBRARY,
        EngineKind::Binary(_) => child::BINARY,
    };
    vec![
        std::process::id().to_string().into(),
        kind.into(),
        engine.config.kind.path().into(),
        "--path".into(),
        dir.join("data").into(),
        "--config-file".into(),
        dir.join("config.xml").into(),
        "--log-level=warning".into(),
        format!("--http_port={}", engine.port).into(),
        "--listen_host=127.0.0.1".into(),
        "--query".into(),
        config::QUERIES.into(),
    ]
}

/// Accompanies a child until it has ended.
async fn live(engine: &Engine, mut child: Child, stop: &CancellationToken) -> Life {
    let pid = child.id().unwrap_or_default();
    let (input, output) = (child.stdin.take(), child.stderr.take());
    let over = CancellationToken::new();
    let life = async {
        let ended = tokio::select! {
            ended = child.wait() => ended,
            () = stop.cancelled() => end(&mut child, input).await,
        };
        engine.gate.send_replace(false);
        over.cancel();
        ended
    };
    let readiness = async {
        tokio::select! {
            () = over.cancelled() => false,
            () = becomes_steady(engine, pid) => true,
        }
    };
    let (ended, steady, locked) = tokio::join!(life, readiness, relay(output));
    if !stop.is_cancelled() {
        let ended = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::warn!(
            engine.pid = pid,
            engine.ended = ended,
            "engine ended, starting it again"
        );
    }
    Life { steady, locked }
}

/// Asks the child to end, and kills it if it does not: it may be frozen.
async fn end(child: &mut Child, input: Option<ChildStdin>) -> io::Result<ExitStatus> {
    drop(input);
    let pid = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    if let Some(pid) = pid {
        // It may have ended in this moment; waiting tells.
        let _ = kill_process(pid, Signal::TERM);
    }
    if let Ok(ended) = timeout(STOP_LIMIT, child.wait()).await {
        return ended;
    }
    child.start_kill()?;
    child.wait().await
}

/// Opens the gate as soon as the child answers; returns when it has done so for a while.
async fn becomes_steady(engine: &Engine, pid: u32) {
    let client = Client::new(engine.writer.clone());
    let answers = async {
        while !(listener::is_listening(pid, engine.port) && client.health().await.is_ok()) {
            sleep(POLL).await;
        }
    };
    let mut answers = std::pin::pin!(answers);
    while timeout(SLOW_START, answers.as_mut()).await.is_err() {
        tracing::warn!(
            engine.pid = pid,
            port = engine.port,
            "engine does not answer yet"
        );
    }
    tracing::info!(engine.pid = pid, port = engine.port, "engine answers");
    engine.gate.send_replace(true);
    sleep(STEADY).await;
    // The rest of its life changes nothing: the caller has a token for its end.
}

/// Logs what the child says until it closes its end; tells whether it found its data locked.
async fn relay(output: Option<impl AsyncRead + Unpin>) -> bool {
    let Some(mut output) = output else {
        return false;
    };
    let mut locked = false;
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = output.read(&mut buffer).await {
        for line in String::from_utf8_lossy(&buffer[..length]).lines() {
            locked |= line.contains("Code: 76.") || line.contains("Cannot lock file");
            if line.contains("Exception") || line.starts_with("engine:") {
                tracing::warn!(engine.says = line, "engine reports");
            } else {
                tracing::debug!(engine.says = line, "engine reports");
            }
        }
    }
    locked
}
