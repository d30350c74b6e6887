//! A first day: starts the service on a fresh data directory, sends it the busiest day of real
//! conversations through its own door, shows the first report, and stays until Ctrl-C.
//!
//! ```text
//! first_day [DIRECTORY]        default ./data; it must be empty or not exist
//! ```
//! The binary is `TRUNKLINE_BIN`, else `target/release/trunkline`; `TRUNKLINE__SERVER__LISTEN`
//! chooses the address, as for `trunkline serve` itself.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program speaks to the person who started it"
)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use e2e::chats;
use e2e::clock::{DAY, holds_within, rfc3339};
use e2e::doors::{Door, Receipt};
use e2e::events::Event;
use e2e::service::{binary, terminate};
use e2e::table::Table;
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error>;

const BATCH: usize = 500;
const SHOWN: usize = 12;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let directory = std::env::args_os()
        .nth(1)
        .map_or_else(|| "./data".into(), PathBuf::from);
    match run(&directory).await {
        Ok(status) => status
            .code()
            .map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn run(directory: &Path) -> Result<ExitStatus, Failure> {
    if directory
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        let name = directory.display();
        return Err(format!("{name} is not empty: remove it, or give another directory").into());
    }
    let (mut interrupt, mut stop) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    let mut service = launch(directory)?;
    let said = service.stdout.take().ok_or("the service has no output")?;
    let shown = tokio::task::spawn_blocking(|| first_day(said));
    let failed = async {
        match shown.await {
            Ok(Ok(())) => std::future::pending().await,
            Ok(Err(why)) => why,
            Err(panic) => panic.to_string(),
        }
    };
    let failure = tokio::select! {
        why = failed => Some(why),
        _ = interrupt.recv() => None,
        _ = stop.recv() => None,
        status = ended(&mut service) => return status,
    };
    terminate(service.id());
    let status = service.wait()?;
    failure.map_or(Ok(status), |why| Err(why.into()))
}

/// Starts the service in a process group of its own, so that Ctrl-C reaches it once, through us.
fn launch(directory: &Path) -> Result<Child, Failure> {
    let binary = binary();
    let started = Command::new(&binary)
        .args(["serve", "--data-dir"])
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn();
    started.map_err(|why| format!("{}: {why}; `make build` makes it", binary.display()).into())
}

async fn ended(service: &mut Child) -> Result<ExitStatus, Failure> {
    loop {
        if let Some(status) = service.try_wait()? {
            return Ok(status);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Sends the day and shows what came of it.
fn first_day(said: ChildStdout) -> Result<(), String> {
    let (address, token) = greeting(said)?;
    let door = Door::at(&address, &token);
    let up = || {
        door.try_get("/readyz")
            .is_some_and(|answer| answer.json()["warehouse"] == "up")
    };
    if !holds_within(Duration::from_mins(1), up) {
        return Err("the service is not ready after a minute".into());
    }
    println!("Trunkline listens on {address}");
    println!("Token of account demo, shown this once: {token}\n");
    let events = chats::busiest_day(chats::real());
    let from = events
        .iter()
        .map(Event::at)
        .min()
        .unwrap_or_default()
        .div_euclid(DAY)
        * DAY;
    let taken = send(&door, &events)?;
    println!("Sent a day of real conversations through POST {address}/v1/events:");
    println!(
        "{} messages, {} accepted, {} refused.\n",
        events.len(),
        taken.accepted,
        taken.rejected
    );
    let (from, to) = (rfc3339(from), rfc3339(from + DAY));
    let span = [("from", from.as_str()), ("to", to.as_str())];
    let by = [&span[..], &[("by", "manager"), ("order", "-count")]].concat();
    show(
        &door.report("response-times", &by),
        &door.report("response-times", &span),
        &from[..10],
    );
    println!("Ask for more, with the token above in TOKEN:");
    println!("  curl -H \"Authorization: Bearer $TOKEN\" \\");
    let (from, to) = (&from[..10], &to[..10]);
    println!("    '{address}/v1/reports/response-times?by=manager&from={from}&to={to}'");
    println!("\nThe service goes on until Ctrl-C.");
    Ok(())
}

/// Reads the address and the token from what the service prints at its first start.
fn greeting(said: ChildStdout) -> Result<(String, String), String> {
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    let mut address = None;
    for line in lines.by_ref() {
        if let Some((_, rest)) = line.split_once(" listens on ") {
            address = Some(rest.trim().to_owned());
        }
        let token = line
            .strip_prefix("token of account demo")
            .and_then(|l| l.split_once(": "));
        if let (Some(address), Some((_, token))) = (&address, token) {
            let greeting = (address.clone(), token.trim().to_owned());
            std::thread::spawn(move || lines.for_each(|line| println!("{line}")));
            return Ok(greeting);
        }
    }
    Err("the service ended before it said its address and token".into())
}

fn send(door: &Door, events: &[Event]) -> Result<Receipt, String> {
    let mut all = Receipt::default();
    for batch in events.chunks(BATCH) {
        let answer = door.try_send(batch).map_err(|why| why.to_string())?;
        if answer.status != 202 {
            return Err(format!(
                "the service answered {}: {}",
                answer.status,
                answer.text()
            ));
        }
        let receipt = Receipt::of(&answer);
        all.accepted += receipt.accepted;
        all.rejected += receipt.rejected;
    }
    door.flush();
    Ok(all)
}

fn show(managers: &Table, all: &Table, day: &str) {
    println!(
        "Response times by manager on {day} (UTC), in calendar time, definition `wait`: from the"
    );
    println!("first message that waits to the reply. Hours:minutes:seconds.\n");
    let title = ["manager", "replies", "mean", "p50", "p90", "p99", "max"];
    println!("{}", line(&title.map(str::to_owned)));
    for row in 0..managers.len().min(SHOWN) {
        let manager = managers
            .value(row, "manager")
            .as_str()
            .unwrap_or("(unknown)")
            .to_owned();
        println!("{}", line(&figures(managers, row, manager)));
    }
    if managers.len() > SHOWN {
        println!("… and {} managers more", managers.len() - SHOWN);
    }
    println!("{}\n", line(&figures(all, 0, "all managers".into())));
}

fn figures(table: &Table, row: usize, name: String) -> [String; 7] {
    let time = |column| clock(table.millis(row, column));
    let count = table.count(row, "count").to_string();
    [
        name,
        count,
        time("mean_s"),
        time("p50_s"),
        time("p90_s"),
        time("p99_s"),
        time("max_s"),
    ]
}

fn line(fields: &[String; 7]) -> String {
    let [name, count, mean, p50, p90, p99, max] = fields;
    format!("{name:<18}{count:>8}{mean:>11}{p50:>11}{p90:>11}{p99:>11}{max:>11}")
}

fn clock(millis: Option<i64>) -> String {
    millis.map_or_else(
        || "-".into(),
        |millis| {
            let seconds = (millis + 500) / 1_000;
            format!(
                "{}:{:02}:{:02}",
                seconds / 3_600,
                seconds / 60 % 60,
                seconds % 60
            )
        },
    )
}
