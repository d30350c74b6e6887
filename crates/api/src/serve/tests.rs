//! The connection loop over real sockets, with limits short enough to wait for.

mod peer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::routing::{get, post};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::*;
use crate::body::Bodies;
use crate::config::Requests;
use crate::problem::Problem;
use crate::routes::surrounded;
use peer::Peer;

/// A service under test; ends with the test.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    draining: Draining,
    tasks: JoinSet<Result<(), Error>>,
    dropped: Arc<AtomicBool>,
}

fn config() -> Config {
    let connections = Connections {
        head_ms: 300,
        idle_ms: 1_000,
        write_ms: 500,
        linger_ms: 500,
        drain_ms: 500,
        ..Connections::default()
    };
    let requests = Requests {
        body_ms: 1_000,
        body_idle_ms: 300,
        body_bytes: 1_000_000,
        ..Requests::default()
    };
    Config {
        connections,
        requests,
        ..Config::default()
    }
}

async fn serve(config: Config) -> Served {
    let dropped = Arc::new(AtomicBool::new(false));
    let noticed = Arc::clone(&dropped);
    let router = Router::new()
        .route("/quick", get(async || "quick"))
        .route(
            "/slow",
            get(async || sleep(Duration::from_millis(300)).await),
        )
        .route("/stuck", get(async move || stuck(noticed).await))
        .route("/panic", get(panics))
        .route("/large", get(async || "x".repeat(64 << 20)))
        .route(
            "/refuse",
            post(async || Problem::new(crate::Code::Unauthorized, "no")),
        )
        .route("/body", post(length))
        .with_state(Bodies::new(&config.requests));
    let router = surrounded(router, Duration::from_secs(20));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, draining) = (CancellationToken::new(), Draining::default());
    let service = Service::over(listener, router, draining.clone(), &config);
    let mut tasks = JoinSet::new();
    tasks.spawn(service.run(stop.clone()));
    Served {
        address,
        stop,
        draining,
        tasks,
        dropped,
    }
}

impl Served {
    async fn peer(&self) -> Peer {
        Peer::connect(self.address).await
    }

    /// Stops the service; gives how many milliseconds that took.
    async fn stopped(mut self) -> u128 {
        let started = Instant::now();
        self.stop.cancel();
        self.tasks.join_next().await.unwrap().unwrap().unwrap();
        started.elapsed().as_millis()
    }
}

async fn length(
    State(bodies): State<Bodies>,
    request: axum::extract::Request,
) -> Result<String, Problem> {
    let (head, body) = request.into_parts();
    let collected = bodies.collect(&head.headers, body).await?;
    Ok(collected.bytes.len().to_string())
}

async fn stuck(dropped: Arc<AtomicBool>) {
    struct Notice(Arc<AtomicBool>);
    impl Drop for Notice {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let _notice = Notice(dropped);
    sleep(Duration::from_mins(1)).await;
}

async fn panics() {
    panic!("a test's panic");
}

#[tokio::test]
async fn a_slow_head_is_told_so_and_closed_at_the_limit() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let started = Instant::now();
    let mut trickle = async || {
        for byte in b"GET /quick HTTP/1.1\r\nhost: slow".iter().cycle() {
            peer.send(&[*byte]).await;
            let heard = tokio::time::timeout(Duration::from_millis(50), peer.answer()).await;
            if let Ok(answer) = heard {
                return answer;
            }
        }
        unreachable!("the bytes do not end");
    };
    let answer = trickle().await;
    let took = started.elapsed().as_millis();
    assert_eq!(
        (answer.status, answer.code()),
        (408, "request_timeout".to_owned())
    );
    assert!((290..900).contains(&took), "{took}");
    assert!(peer.is_closed().await);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed_at_the_limit() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let started = Instant::now();
    assert!(peer.is_closed().await);
    let took = started.elapsed().as_millis();
    assert!((290..900).contains(&took), "{took}");
}

#[tokio::test]
async fn a_pooled_connection_outlives_the_limit_of_heads() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    for _ in 0..3 {
        assert_eq!(peer.get("/quick").await.status, 200);
        sleep(Duration::from_millis(600)).await;
    }
    assert!(peer.is_closed().await, "but not the limit of idleness");
}

#[tokio::test]
async fn pipelined_requests_are_all_answered() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let request = "GET /quick HTTP/1.1\r\nhost: x\r\n\r\n";
    peer.send(request.repeat(3).as_bytes()).await;
    for _ in 0..3 {
        assert_eq!(peer.answer().await.body, "quick");
    }
}

#[tokio::test]
async fn a_body_that_stalls_is_refused_with_408() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    peer.send(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        .await;
    let started = Instant::now();
    let answer = peer.answer().await;
    let took = started.elapsed().as_millis();
    assert_eq!(
        (answer.status, answer.code()),
        (408, "request_timeout".to_owned())
    );
    assert!((290..900).contains(&took), "{took}");
}

#[tokio::test]
async fn a_body_that_trickles_is_refused_at_the_limit_of_the_whole() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    peer.send(b"POST /body HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n")
        .await;
    let started = Instant::now();
    let answer = loop {
        peer.send(b"x").await;
        if let Ok(answer) = tokio::time::timeout(Duration::from_millis(100), peer.answer()).await {
            break answer;
        }
    };
    let took = started.elapsed().as_millis();
    assert_eq!(answer.status, 408);
    assert!((900..1_600).contains(&took), "{took}");
}

#[tokio::test]
async fn bodies_come_through_whole_and_compressed_and_bombs_do_not() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let text = "a line of text\n".repeat(50_000);
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    let plain = peer.post("/body", "", text.as_bytes()).await;
    assert_eq!(plain.body, "750000");
    let packed = peer
        .post(
            "/body",
            "content-encoding: zstd\r\n",
            &zstd(text.as_bytes()),
        )
        .await;
    assert_eq!(packed.body, "750000");
    let bomb = zstd(&vec![0; 200_000_000]);
    assert!(bomb.len() < 100_000, "{}", bomb.len());
    let refused = peer
        .post("/body", "content-encoding: zstd\r\n", &bomb)
        .await;
    assert_eq!(
        (refused.status, refused.code()),
        (413, "body_too_large".to_owned())
    );
    let mut peer = served.peer().await;
    let unknown = peer.post("/body", "content-encoding: br\r\n", b"x").await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (415, "unsupported_encoding".to_owned())
    );
}

#[tokio::test]
async fn a_chunked_body_over_the_limit_is_refused_while_it_comes() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    peer.send(b"POST /body HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..20 {
        peer.send(chunk.as_bytes()).await;
    }
    let answer = peer.answer().await;
    assert_eq!(
        (answer.status, answer.code()),
        (413, "body_too_large".to_owned())
    );
}

#[tokio::test]
async fn an_early_refusal_reaches_a_peer_that_is_still_sending() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let body = vec![b'x'; 8 << 20];
    let answer = peer.post("/refuse", "", &body).await;
    assert_eq!(
        (answer.status, answer.code()),
        (401, "unauthorized".to_owned())
    );
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"trunkline\""
    );
}

#[tokio::test]
async fn one_address_gets_its_cap_of_connections_and_no_more() {
    let mut config = config();
    config.connections.max_per_address = 2;
    let served = serve(config).await;
    let (mut one, mut two) = (served.peer().await, served.peer().await);
    assert_eq!(one.get("/quick").await.status, 200);
    assert_eq!(two.get("/quick").await.status, 200);
    let mut three = served.peer().await;
    let answer = three.answer().await;
    assert_eq!(
        (answer.status, answer.code()),
        (503, "too_many_connections".to_owned())
    );
    assert_eq!(answer.header("retry-after"), "1");
    assert!(three.is_closed().await);
    drop(one);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(served.peer().await.get("/quick").await.status, 200);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let head = format!(
        "GET /quick HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "y".repeat(20_000)
    );
    peer.send(head.as_bytes()).await;
    assert_eq!(peer.answer().await.status, 431);
}

#[tokio::test]
async fn an_answer_that_nobody_takes_does_not_hold_its_connection() {
    let served = serve(config()).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut silent = socket.connect(served.address).await.unwrap();
    silent
        .write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    sleep(Duration::from_millis(1_500)).await;
    let took = served.stopped().await;
    assert!(took < 300, "the connection was still open: {took}");
}

#[tokio::test]
async fn a_panic_is_one_failed_request() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let answer = peer.get("/panic").await;
    assert_eq!((answer.status, answer.code()), (500, "internal".to_owned()));
    assert!(!answer.body.contains("a test's panic"), "{}", answer.body);
    assert_eq!(peer.get("/quick").await.status, 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let unknown = peer.get("/nowhere").await;
    assert_eq!(
        (unknown.status, unknown.code()),
        (404, "not_found".to_owned())
    );
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    let method = peer.post("/quick", "", b"").await;
    assert_eq!(
        (method.status, method.code()),
        (405, "method_not_allowed".to_owned())
    );
    assert_eq!(method.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_request_keeps_a_sane_id_and_gets_one_otherwise() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    let kept = peer.get_with("/quick", "x-request-id: abc-1.2\r\n").await;
    assert_eq!(kept.header("x-request-id"), "abc-1.2");
    for not_sane in ["+34600123456", "34600123456", "a b", "", &"a".repeat(65)] {
        let made = peer
            .get_with("/quick", &format!("x-request-id: {not_sane}\r\n"))
            .await;
        let id = made.header("x-request-id");
        assert!(
            id.starts_with('r') && id.len() == 17,
            "{not_sane:?} gave {id:?}"
        );
    }
}

#[tokio::test]
async fn a_peer_that_goes_away_ends_its_request() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    peer.send(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    assert!(!served.dropped.load(Ordering::SeqCst));
    drop(peer);
    sleep(Duration::from_millis(100)).await;
    assert!(served.dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_stop_finishes_requests_and_closes_idle_connections() {
    let served = serve(config()).await;
    let (mut idle, mut busy) = (served.peer().await, served.peer().await);
    assert_eq!(idle.get("/quick").await.status, 200);
    busy.send(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;
    let draining = served.draining.clone();
    let (took, answer) = tokio::join!(served.stopped(), busy.answer());
    assert_eq!(answer.status, 200);
    assert!((150..450).contains(&took), "{took}");
    assert!(draining.begun());
    assert!(idle.is_closed().await);
}

#[tokio::test]
async fn a_stop_cuts_what_does_not_end_in_time() {
    let served = serve(config()).await;
    let mut peer = served.peer().await;
    peer.send(b"GET /stuck HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;
    let dropped = Arc::clone(&served.dropped);
    let took = served.stopped().await;
    assert!((490..1_000).contains(&took), "{took}");
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn readiness_is_withdrawn_before_the_door_closes() {
    let mut config = config();
    config.connections.notice_ms = 300;
    let served = serve(config).await;
    served.stop.cancel();
    sleep(Duration::from_millis(100)).await;
    assert!(served.draining.begun());
    assert_eq!(served.peer().await.get("/quick").await.status, 200);
    sleep(Duration::from_millis(400)).await;
    assert!(TcpStream::connect(served.address).await.is_err());
}
