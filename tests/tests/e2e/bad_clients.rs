//! Peers that are slow on purpose: they are dropped in time, and nobody else notices.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use e2e::clock::{now, pause};
use e2e::config::token;
use e2e::events::Thread;

use crate::accounts::own;

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    stream
}

/// Reads what the service says, and returns nothing once it has hung up.
fn heard(stream: &mut TcpStream, so_far: &mut String) -> Option<()> {
    let mut buffer = [0; 4_096];
    match stream.read(&mut buffer) {
        Ok(0) => None,
        Ok(read) => {
            so_far.push_str(&String::from_utf8_lossy(&buffer[..read]));
            Some(())
        }
        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Some(()),
        Err(_) => None,
    }
}

/// Sends a byte of `text` every second, until the service hangs up; returns what it said and after
/// how long it did.
fn dribble(stream: &mut TcpStream, text: &[u8], limit: Duration) -> (String, Duration) {
    let start = now();
    let mut said = String::new();
    for byte in text {
        if stream.write_all(&[*byte]).is_err() {
            break;
        }
        for _ in 0..10 {
            if heard(stream, &mut said).is_none() {
                return (said, start.elapsed());
            }
            pause(50);
        }
        assert!(
            start.elapsed() < limit,
            "still connected after {limit:?}; said {said:?}"
        );
    }
    (said, start.elapsed())
}

#[test]
fn clients_of_one_byte_at_a_time_are_dropped_and_others_are_served() {
    let own = own("slow");
    let port = own.service.port();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\n\r\n",
        token("slow", "all")
    );
    std::thread::scope(|scope| {
        let mut slow = Vec::new();
        for _ in 0..30 {
            slow.push(scope.spawn(|| {
                let (said, after) =
                    dribble(&mut connect(port), &[b'P'; 60], Duration::from_secs(20));
                ("head", said, after)
            }));
            slow.push(scope.spawn(|| {
                let mut stream = connect(port);
                stream.write_all(head.as_bytes()).unwrap();
                let (said, after) = dribble(&mut stream, &[b'['; 120], Duration::from_secs(50));
                ("body", said, after)
            }));
            slow.push(scope.spawn(|| {
                let mut stream = connect(port);
                stream.write_all(head.as_bytes()).unwrap();
                let (mut said, start) = (String::new(), now());
                while heard(&mut stream, &mut said).is_some() {
                    assert!(start.elapsed() < Duration::from_secs(50), "still connected");
                }
                ("silence", said, start.elapsed())
            }));
        }
        let mut slowest = Duration::ZERO;
        for index in 0..100 {
            let start = now();
            own.door
                .send(&Thread::new(&format!("{index}")).contact("10:00").events());
            slowest = slowest.max(start.elapsed());
            pause(20);
        }
        assert!(
            slowest < Duration::from_secs(2),
            "a good neighbour waited {slowest:?}"
        );
        for client in slow {
            let (what, said, after) = client.join().expect("a slow client");
            assert!(
                said.is_empty() || said.starts_with("HTTP/1.1 408"),
                "{what}: {said}"
            );
            let limit = if what == "head" { 15 } else { 45 };
            assert!(
                after < Duration::from_secs(limit),
                "{what} was dropped after {after:?}"
            );
        }
    });
    assert!(own.door.metrics().sums().balance());
}

#[test]
fn garbage_instead_of_http_harms_nobody() {
    let own = own("slow");
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/events HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        b"POST /v1/events HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut stream = connect(own.service.port());
        let _ = stream.write_all(garbage);
        let (mut said, start) = (String::new(), now());
        while heard(&mut stream, &mut said).is_some() {
            if said.contains("\r\n\r\n") || start.elapsed() > Duration::from_secs(12) {
                break;
            }
        }
        assert!(
            said.is_empty() || said.starts_with("HTTP/1.1 4"),
            "{garbage:?}: {said}"
        );
    }
    // A huge head.
    let mut stream = connect(own.service.port());
    let _ = stream.write_all(b"GET / HTTP/1.1\r\n");
    let line = format!("x-filler: {}\r\n", "y".repeat(1_000));
    let refused = (0..1_000).any(|_| stream.write_all(line.as_bytes()).is_err());
    let mut said = String::new();
    let _ = heard(&mut stream, &mut said);
    assert!(
        refused || said.starts_with("HTTP/1.1 4"),
        "a megabyte of head was taken: {said}"
    );
    own.door.get("/healthz", &[]).expect_status(200);
}
