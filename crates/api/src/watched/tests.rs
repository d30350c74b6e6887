use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};

use super::*;

const LIMITS: Limits = Limits {
    head: Duration::from_secs(5),
    idle: Duration::from_secs(75),
    write: Duration::from_secs(30),
    linger: Duration::from_secs(1),
};

fn watched() -> (Watched<DuplexStream>, DuplexStream, Stage) {
    let (ours, theirs) = duplex(64);
    let stage = Stage::default();
    (Watched::new(ours, stage.clone(), LIMITS), theirs, stage)
}

/// Reads one byte; gives what was missed and after how many seconds.
async fn missed(socket: &mut Watched<DuplexStream>) -> (Option<Missed>, u64) {
    let started = Instant::now();
    let read = socket.read_u8().await;
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::TimedOut);
    (socket.missed, started.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_says_nothing_is_closed_after_the_head_limit() {
    let (mut socket, _peer, _stage) = watched();
    assert_eq!(
        missed(&mut socket).await,
        (Some(Missed::Head { begun: false }), 5)
    );
}

#[tokio::test(start_paused = true)]
async fn bytes_do_not_prolong_a_head() {
    let (mut socket, mut peer, _stage) = watched();
    for _ in 0..4 {
        sleep(Duration::from_secs(1)).await;
        peer.write_u8(b'G').await.unwrap();
        socket.read_u8().await.unwrap();
    }
    assert_eq!(
        missed(&mut socket).await,
        (Some(Missed::Head { begun: true }), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_kept_alive_connection_may_be_idle_for_long_but_not_slow_in_its_next_head() {
    let (mut socket, mut peer, stage) = watched();
    stage.set(Phase::Busy);
    let busy = tokio::time::timeout(Duration::from_mins(10), socket.read_u8()).await;
    assert!(
        busy.is_err(),
        "a handler's time is not the socket's concern"
    );
    stage.set(Phase::Idle);
    let idle = tokio::time::timeout(Duration::from_secs(70), socket.read_u8()).await;
    assert!(idle.is_err());
    peer.write_u8(b'G').await.unwrap();
    socket.read_u8().await.unwrap();
    assert_eq!(stage.get(), Phase::Head);
    assert_eq!(
        missed(&mut socket).await,
        (Some(Missed::Head { begun: true }), 5)
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_at_last() {
    let (mut socket, _peer, stage) = watched();
    stage.set(Phase::Idle);
    assert_eq!(missed(&mut socket).await, (Some(Missed::Idle), 75));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_taken_is_given_up() {
    let (mut socket, mut peer, _stage) = watched();
    let started = Instant::now();
    let taking = async {
        sleep(Duration::from_secs(20)).await;
        peer.read_u8().await.unwrap();
        sleep(Duration::from_mins(1)).await;
    };
    let (written, ()) = tokio::join!(
        async {
            let written = socket.write_all(&[0; 1000]).await;
            assert_eq!(
                started.elapsed().as_secs(),
                50,
                "the limit runs from the last byte taken"
            );
            written
        },
        taking
    );
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(socket.missed, Some(Missed::Write));
}

#[tokio::test]
async fn the_end_of_the_peer_is_seen() {
    let (mut socket, peer, _stage) = watched();
    assert!(!socket.ended);
    drop(peer);
    assert!(socket.read_u8().await.is_err());
    assert!(socket.ended);
    assert_eq!(socket.missed, None);
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_is_answered_with_408_whose_length_is_right() {
    let (ours, mut peer) = duplex(1024);
    let mut socket = Watched::new(ours, Stage::default(), LIMITS);
    peer.write_u8(b'G').await.unwrap();
    socket.read_u8().await.unwrap();
    missed(&mut socket).await;
    drop(socket);
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head} {}",
        body.len()
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["code"], "request_timeout");
}

/// Refuses a request, shuts the socket while the peer goes on sending; gives how long that took
/// and how much the peer could send.
async fn linger(pause: Duration) -> (Duration, usize) {
    let (mut socket, mut peer, stage) = watched();
    stage.set(Phase::Refused);
    let started = Instant::now();
    let mut sent = 0;
    let sending = async {
        while peer.write_all(&[0; 64]).await.is_ok() {
            sent += 64;
            if !pause.is_zero() {
                sleep(pause).await;
            }
        }
    };
    let shut = async {
        socket.shutdown().await.unwrap();
        drop(socket);
        started.elapsed()
    };
    let (took, ()) = tokio::join!(shut, sending);
    (took, sent)
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_the_rest_is_thrown_away_for_a_moment() {
    let (took, sent) = linger(Duration::from_millis(100)).await;
    assert_eq!(took, Duration::from_secs(1));
    assert!(sent >= 640, "{sent}");
}

#[tokio::test(start_paused = true)]
async fn what_is_thrown_away_is_bounded() {
    let (took, sent) = linger(Duration::ZERO).await;
    assert_eq!(took, Duration::ZERO);
    assert!(
        (LINGER_BYTES..LINGER_BYTES + 1000).contains(&sent),
        "{sent}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_without_lingering() {
    let (mut socket, _peer, stage) = watched();
    stage.set(Phase::Idle);
    let started = Instant::now();
    socket.shutdown().await.unwrap();
    assert_eq!(started.elapsed().as_secs(), 0);
}
