//! What the tests need beside the warehouse's own doors: plain HTTP, processes, sample facts.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use trunkline_model::event::{Author, Integrity, MessageKind};
use trunkline_model::time::Time;
use trunkline_rollup::facts::{ConversationFact, Cycle, MessageFact, Rows, Samples, Within};
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::Batch;
use trunkline_warehouse::{Client, Connection, Writer};
use url::Url;

/// 2026-03-01T10:00:00Z.
pub(crate) const TEN: i64 = 1_772_359_200_000;
pub(crate) const MINUTE: i64 = 60_000;

/// Sends `sql` as a stranger would, with a name and a password; gives the body of the answer.
pub(crate) fn post(url: &str, user: &str, password: &str, sql: &str) -> String {
    let url = Url::parse(url).expect("a URL");
    let address = (url.host_str().expect("a host"), url.port().expect("a port"));
    let mut stream = TcpStream::connect(address).expect("the engine listens");
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a limit is set");
    let head = format!(
        "POST / HTTP/1.0\r\nX-ClickHouse-User: {user}\r\nX-ClickHouse-Key: {password}\r\n\
         Content-Length: {}\r\n\r\n",
        sql.len()
    );
    stream.write_all(head.as_bytes()).expect("the head is sent");
    stream.write_all(sql.as_bytes()).expect("the query is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the engine answers");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    answer
        .split_once("\r\n\r\n")
        .map_or(answer.clone(), |(_, body)| body.to_owned())
}

/// Asks as the engine's own `client`; gives the body.
pub(crate) fn ask(client: &Client, sql: &str) -> String {
    let to = client.connection();
    post(to.url(), to.user(), to.password(), sql)
        .trim_end()
        .to_owned()
}

/// Gives a client with another password.
pub(crate) fn with_password(client: &Client, password: &str) -> Client {
    let to = client.connection();
    let other = Connection::new(to.url(), to.user(), password, to.database());
    Client::new(other.expect("it is like one that works"))
}

/// Gives the engine's process.
pub(crate) fn engine_pid(engine: &TestEngine) -> i32 {
    pid_of(engine).expect("the engine runs")
}

/// Finds the engine's process.
pub(crate) fn pid_of(engine: &TestEngine) -> Option<i32> {
    pid_on(engine.folder())
}

/// Finds the process of the engine on that folder.
pub(crate) fn pid_on(folder: &Path) -> Option<i32> {
    let data = folder.join("data");
    let data = data.to_str().expect("a plain path");
    let processes = std::fs::read_dir("/proc").expect("there is /proc");
    let mut pids = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .split('\0')
            .any(|word| word == data)
    })
}

/// Sends a signal to the engine's process.
pub(crate) fn signal(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a process id");
    rustix::process::kill_process(pid, signal).expect("the signal is sent");
}

/// Stops a process; a signal is on its way for a while, in which a thread may still answer.
pub(crate) fn freeze(pid: i32) {
    signal(pid, rustix::process::Signal::STOP);
    let stands = |thread: std::io::Result<std::fs::DirEntry>| {
        let status = thread.map(|thread| std::fs::read_to_string(thread.path().join("stat")));
        let status = status.expect("a thread").unwrap_or_default();
        let state = status.rsplit(") ").next().unwrap_or_default();
        state.is_empty() || state.starts_with('T')
    };
    let stopped = (0..1_000).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        let mut threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
        threads.all(stands)
    });
    assert!(stopped, "process {pid} does not stop");
}

/// Rows of messages.
pub(crate) fn messages(facts: &[MessageFact<'_>]) -> Batch {
    let mut batch = Batch::default();
    for fact in facts {
        batch.message(fact);
    }
    batch
}

/// Rows of conversations.
pub(crate) fn conversations(facts: &[ConversationFact<'_>]) -> Batch {
    let mut batch = Batch::default();
    for fact in facts {
        batch.conversation(fact);
    }
    batch
}

/// Writes messages.
pub(crate) async fn write(engine: &TestEngine, facts: &[MessageFact<'_>]) {
    let writer = Writer::new(engine.writer.clone());
    writer
        .write(&mut messages(facts))
        .await
        .expect("the messages are written");
}

/// A contact's message without samples.
pub(crate) fn message(id: &str, at: i64) -> MessageFact<'_> {
    MessageFact {
        account: "acme",
        channel: "whatsapp",
        conversation: "c1",
        contact: "maria",
        at: Time(at),
        message: id,
        author: Author::Contact,
        manager: None,
        kind: MessageKind::Text,
        chars: None,
        assignee: None,
        expects_reply: true,
        integrity: Integrity::Verified,
        run: None,
        samples: Samples::default(),
        business: Samples::default(),
        within: Within::default(),
        received_at: Time(at + 1),
        version: (1 << 48) | 1,
        deleted: false,
    }
}

/// Ana's reply with `wait` and `turn` samples.
pub(crate) fn reply(id: &str, at: i64, wait: i64, turn: i64) -> MessageFact<'_> {
    MessageFact {
        author: Author::Manager,
        manager: Some("ana"),
        chars: Some(12),
        samples: Samples {
            wait: Some(wait),
            turn: Some(turn),
            ..Samples::default()
        },
        ..message(id, at)
    }
}

/// A conversation with two cycles: closed by Ana and unanswered; then open.
pub(crate) fn conversation() -> ConversationFact<'static> {
    let first = Cycle {
        started_at: Time(TEN),
        contact: "maria",
        answered: true,
        closed_at: Some(Time(TEN + 30 * MINUTE)),
        closed_by: Some("ana"),
        pending_at_close: true,
        reopened_at: None,
        owed_by: Some("luis"),
        handed_off_at: None,
    };
    let second = Cycle {
        started_at: Time(TEN + 60 * MINUTE),
        contact: "jose",
        answered: false,
        closed_at: None,
        closed_by: None,
        pending_at_close: false,
        reopened_at: None,
        owed_by: None,
        handed_off_at: Some(Time(TEN + 62 * MINUTE)),
    };
    ConversationFact {
        account: "acme",
        channel: "whatsapp",
        conversation: "c1",
        contact: "maria",
        first_at: Time(TEN),
        last_at: Time(TEN + 60 * MINUTE),
        assignee: None,
        last_manager: Some("ana"),
        pending_at: Some(Time(TEN + 60 * MINUTE)),
        unserved_at: Some(Time(TEN + 62 * MINUTE)),
        cycles: vec![first, second],
        received_at: Time(TEN + 61 * MINUTE),
        version: (1 << 48) | 7,
        deleted: false,
    }
}
