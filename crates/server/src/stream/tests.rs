//! The client against a service made up here, which breaks off, refuses and acknowledges as told.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_util::task::TaskTracker;

use super::*;

/// A source of frames of one event each.
struct Counting {
    next: u64,
    last: u64,
}

impl Source for Counting {
    fn next(&mut self) -> Result<Option<Frame>> {
        self.next += 1;
        Ok((self.next <= self.last).then(|| Frame {
            body: format!("[{}]", self.next).into(),
            rows: vec![self.next * 10],
            upto: self.next,
            after: Duration::ZERO,
        }))
    }
}

/// What the made-up service saw: each connection's query and the frames that came over it.
type Seen = Arc<Mutex<Vec<(String, Vec<String>)>>>;

/// What it does with one connection: the frame it greets with, how many frames it takes, and what
/// it says about each.
#[derive(Clone)]
struct Plan {
    hello: u64,
    takes: u64,
    acks: bool,
    says: Vec<Value>,
    close: (u16, &'static str),
}

impl Plan {
    fn new(hello: u64, takes: u64) -> Self {
        Self {
            hello,
            takes,
            acks: true,
            says: Vec::new(),
            close: (1012, "restart"),
        }
    }
}

async fn serve(listener: TcpListener, plans: Vec<Plan>, seen: Seen) {
    for plan in plans {
        let (peer, _) = listener.accept().await.unwrap();
        let query = Arc::new(Mutex::new(String::new()));
        let noted = query.clone();
        #[expect(
            clippy::result_large_err,
            reason = "the callback's type is tungstenite's"
        )]
        let callback = move |request: &Request, mut response: Response| {
            assert_eq!(request.headers()["authorization"], "Bearer secret");
            assert_eq!(request.headers()["sec-websocket-protocol"], PROTOCOL);
            *noted.lock().unwrap() = request.uri().to_string();
            let protocol = HeaderValue::from_static(PROTOCOL);
            response
                .headers_mut()
                .insert("sec-websocket-protocol", protocol);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(peer, callback)
            .await
            .unwrap();
        seen.lock()
            .unwrap()
            .push((query.lock().unwrap().clone(), Vec::new()));
        follow(&mut socket, &plan, &seen).await;
    }
}

async fn follow(socket: &mut WebSocketStream<TcpStream>, plan: &Plan, seen: &Seen) {
    let hello = json!({ "hello": { "stream": "s", "ack": plan.hello } });
    socket.send(Message::text(hello.to_string())).await.unwrap();
    for place in 1..=plan.takes {
        let Some(Ok(Message::Text(text))) = socket.next().await else {
            return;
        };
        seen.lock()
            .unwrap()
            .last_mut()
            .unwrap()
            .1
            .push(text.to_string());
        for say in &plan.says {
            if say["reject"]["frame"] == place {
                socket.send(Message::text(say.to_string())).await.unwrap();
            }
        }
        if plan.acks {
            let ack = json!({ "ack": plan.hello + place });
            socket.send(Message::text(ack.to_string())).await.unwrap();
        }
    }
    let (code, reason) = plan.close;
    let close = CloseFrame {
        code: code.into(),
        reason: reason.into(),
    };
    let _ = socket.close(Some(close)).await;
    while socket.next().await.is_some_and(|came| came.is_ok()) {}
}

/// Sends `last` frames to a service with these plans.
fn run(name: Option<&str>, last: u64, plans: Vec<Plan>) -> (Result<Sent>, Seen, Vec<u64>) {
    let seen = Seen::default();
    let progress = RefCell::new(Vec::new());
    let sent = block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let service = TaskTracker::new();
        let served = service.spawn(serve(listener, plans, seen.clone()));
        let target = Target::new(&url, "secret").unwrap();
        let mut source = Counting { next: 0, last };
        let noted = |frame: &Frame| progress.borrow_mut().push(frame.upto);
        let sent = send(&target, name, &mut source, &noted).await;
        served.abort();
        sent
    });
    (sent, seen, progress.into_inner())
}

fn frames(of: std::ops::RangeInclusive<u64>) -> Vec<String> {
    of.map(|number| format!("[{number}]")).collect()
}

const PROTOCOL: &str = "trunkline.v1";

#[test]
fn every_frame_is_sent_once_and_in_order() {
    let (sent, seen, progress) = run(Some("import-1"), 200, vec![Plan::new(0, 200)]);
    let sent = sent.unwrap();
    assert_eq!((sent.frames, sent.events, sent.had), (200, 200, 0));
    let seen = seen.lock().unwrap();
    assert_eq!(
        *seen,
        [("/v1/stream?stream=import-1".to_owned(), frames(1..=200))]
    );
    assert_eq!(progress, (1..=200).collect::<Vec<_>>());
}

#[test]
fn a_broken_connection_goes_on_where_the_service_stands() {
    let mut silent = Plan::new(5, 3);
    silent.acks = false;
    // The first connection breaks after 5 acknowledged frames; the second takes 3 and never says
    // so; the third says that it has them.
    let plans = vec![Plan::new(0, 5), silent, Plan::new(8, 12)];
    let (sent, seen, progress) = run(Some("s"), 20, plans);
    let sent = sent.unwrap();
    assert_eq!((sent.frames, sent.events, sent.had), (20, 20, 0));
    let seen = seen.lock().unwrap();
    let came: Vec<&Vec<String>> = seen.iter().map(|(_, frames)| frames).collect();
    assert_eq!(came, [&frames(1..=5), &frames(6..=8), &frames(9..=20)]);
    assert_eq!(progress, (1..=20).collect::<Vec<_>>());
}

#[test]
fn what_another_run_sent_is_skipped() {
    let (sent, seen, _) = run(Some("s"), 20, vec![Plan::new(15, 5)]);
    let sent = sent.unwrap();
    assert_eq!((sent.frames, sent.had), (5, 15));
    assert_eq!(seen.lock().unwrap()[0].1, frames(16..=20));
    let (sent, seen, progress) = run(Some("s"), 20, vec![Plan::new(20, 0)]);
    assert_eq!((sent.unwrap().frames, progress.len()), (0, 20));
    assert_eq!(seen.lock().unwrap()[0].1, [""; 0]);
}

#[test]
fn a_stream_without_a_name_is_counted_anew_on_each_connection() {
    let (sent, seen, _) = run(None, 9, vec![Plan::new(0, 4), Plan::new(0, 5)]);
    assert_eq!(sent.unwrap().frames, 9);
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].0, "/v1/stream");
    assert_eq!((&seen[0].1, &seen[1].1), (&frames(1..=4), &frames(5..=9)));
}

#[test]
fn a_refusal_is_told_with_its_row() {
    let mut plan = Plan::new(2, 3);
    let reject = |frame: u64, index: u64, code: &str| json!({ "reject": { "frame": frame, "index": index, "code": code } });
    // Said when the second frame of this connection came: of frame 4, and late of frame 3.
    plan.says = vec![reject(2, 0, "x")];
    let (sent, _, _) = run(Some("s"), 5, vec![plan]);
    // Frame 2 was acknowledged before this run: its row is not known any more.
    assert_eq!(sent.unwrap().rejects[0].row, None);
    let mut plan = Plan::new(0, 5);
    let mut whole = reject(5, 0, "malformed");
    whole["reject"]["index"] = Value::Null;
    plan.says = vec![reject(3, 0, "future"), reject(4, 7, "odd"), whole];
    let (sent, _, _) = run(Some("s"), 5, vec![plan]);
    let rejects = sent.unwrap().rejects;
    let told: Vec<_> = rejects
        .iter()
        .map(|it| (it.row, it.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [(Some(30), "future"), (None, "odd"), (Some(50), "malformed")]
    );
}

#[test]
fn a_stream_that_another_took_over_ends_at_once() {
    let mut plan = Plan::new(0, 2);
    plan.close = (1008, "replaced");
    let (sent, seen, _) = run(Some("s"), 20, vec![plan]);
    let why = format!("{:#}", sent.unwrap_err());
    assert!(
        why.contains("another program") && why.contains("1008"),
        "{why}"
    );
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn a_service_that_forgot_frames_is_not_sent_more() {
    let (sent, _, _) = run(Some("s"), 20, vec![Plan::new(0, 7), Plan::new(3, 0)]);
    let why = sent.unwrap_err().to_string();
    assert!(
        why.contains("acknowledged frame 7 and now knows only 3"),
        "{why}"
    );
}

#[test]
fn an_address_that_cannot_be_asked_is_refused_with_a_reason() {
    for (url, part) in [
        ("https://x.example", "speaks no TLS"),
        ("127.0.0.1:8080", "is no address"),
        ("ftp://x", "is no address"),
        ("", "is no address"),
    ] {
        let why = format!("{:#}", target(url, Some("t")).err().unwrap());
        assert!(why.contains(part), "{url}: {why}");
    }
    assert!(target("http://[::1]:8080/sub/", Some("t")).is_ok());
    assert!(target("http://x", Some("")).is_err() && target("http://x", None).is_err());
}
