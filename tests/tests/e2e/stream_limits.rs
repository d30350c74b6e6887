//! Streams of peers that send too much, too large, too slowly, nothing, or read nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use e2e::clock::now;
use e2e::config::{Config, token};
use e2e::events::Thread;
use e2e::service::Service;
use e2e::stream::{Heard, Knock, Stream, frame};
use tungstenite::Message;

fn knock(service: &Service) -> Knock {
    Knock::new(service.port()).token(&token("acme", "ingest"))
}

fn event(conversation: &str) -> String {
    frame(&Thread::new(conversation).contact("10:00").events())
}

fn closed(code: u16, reason: &str) -> Heard {
    Heard::Closed(code, reason.into())
}

/// Sends a good frame and what is wrong behind it: the first is acknowledged, the other ends it.
fn ends(service: &Service, wrong: impl FnOnce(&mut Stream)) -> Heard {
    let (mut stream, _) = knock(service).greeted();
    stream.send(&event("1"));
    wrong(&mut stream);
    assert_eq!(stream.hear(), Heard::Ack(1));
    stream.hear()
}

#[test]
fn wrong_frames_end_the_stream_and_those_before_are_acknowledged() {
    let service = Service::start_without_warehouse(Config::acme());
    let announced = ends(&service, |stream| stream.announce(2 << 20));
    assert_eq!(announced, closed(1009, "too_large"));
    let bomb = ends(&service, |stream| stream.announce(1 << 62));
    assert_eq!(bomb, closed(1009, "too_large"));
    let large = ends(&service, |stream| {
        // The service may have closed before all of it is written.
        let _ = stream.try_send(&"x".repeat(1_100_000));
    });
    assert_eq!(large, closed(1009, "too_large"));
    let binary = ends(&service, |stream| {
        stream.send_message(Message::Binary(vec![1, 2, 3].into()));
    });
    assert_eq!(binary, closed(1003, "binary"));
    let raw =
        |bytes: &'static [u8]| ends(&service, |stream| stream.raw().write_all(bytes).unwrap());
    // `{}` unmasked; compressed, which was not negotiated; not UTF-8; a lone end of a fragment.
    assert_eq!(raw(b"\x81\x02{}"), closed(1002, "bad_frame"));
    assert_eq!(raw(b"\xc1\x82\0\0\0\0{}"), closed(1002, "bad_frame"));
    assert_eq!(
        raw(b"\x81\x82\0\0\0\0\xff\xfe"),
        closed(1007, "invalid_utf8")
    );
    assert_eq!(raw(b"\x80\x82\0\0\0\0{}"), closed(1002, "bad_frame"));
}

#[test]
fn a_message_in_fragments_is_one_frame_and_has_the_same_limit() {
    let service = Service::start_without_warehouse(Config::acme());
    let (mut stream, _) = knock(&service).greeted();
    let text = event("1");
    let part = |opcode: u8, bytes: &[u8]| {
        let mut frame = vec![opcode, 0xfe];
        frame.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(bytes);
        frame
    };
    let (one, two) = text.as_bytes().split_at(40);
    let parts = [part(0x01, one), part(0x80, two)].concat();
    stream.raw().write_all(&parts).unwrap();
    assert_eq!(stream.hear_ack(1), []);
    let blank = vec![b' '; 60_000];
    let mut parts = part(0x01, &blank);
    for _ in 0..18 {
        parts.extend(part(0x00, &blank));
    }
    let _ = stream.raw().write_all(&parts);
    assert_eq!(stream.hear(), closed(1009, "too_large"));
}

#[test]
fn many_tiny_frames_are_each_answered() {
    let service = Service::start_without_warehouse(Config::acme());
    let (mut stream, _) = knock(&service).greeted();
    for burst in 0..20_u64 {
        let frames = vec!["{}".to_owned(); 1_000];
        stream.send_all(frames.iter()).unwrap();
        let refused = stream.hear_ack((burst + 1) * 1_000);
        assert_eq!(refused.len(), 1_000);
        let expected = Heard::Reject(burst * 1_000 + 1, Some(0), "missing_field".into());
        assert_eq!(refused[0], expected);
    }
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.refused, 20_000);
}

/// Writes until the service takes no more, at most so many bytes; says how many it took.
fn fill(socket: &mut TcpStream, bytes: &[u8], most: usize) -> usize {
    socket
        .set_write_timeout(Some(Duration::from_millis(1_500)))
        .unwrap();
    let mut written = 0;
    while written < most {
        let place = written % bytes.len();
        match socket.write(&bytes[place..]) {
            Ok(count) => written += count,
            Err(why) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&why.kind()) => {
                return written;
            }
            Err(why) => panic!("after {written} bytes: {why}"),
        }
    }
    written
}

#[test]
fn the_service_stops_reading_from_a_peer_that_does_not_read_and_holds_little() {
    let service = Service::start_without_warehouse(Config::acme());
    let (mut good, _) = knock(&service).greeted();
    good.send(&event("0"));
    assert_eq!(good.hear_ack(1), []);
    let before = service.peak_memory();
    // Each frame of 8 bytes is answered with a refusal of some 60 bytes, which nobody reads.
    let tiny = b"\x81\x82\0\0\0\0{}".repeat(64 << 10);
    let mut deaf: Vec<Stream> = (0..4).map(|_| knock(&service).greeted().0).collect();
    for stream in &mut deaf {
        let taken = fill(stream.raw(), &tiny, 64 << 20);
        println!("{taken} bytes were taken");
        assert!(taken < 64 << 20, "it never stopped reading");
    }
    let grown = service.peak_memory().saturating_sub(before);
    println!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 64 << 20, "{grown} bytes");
    good.send(&event("1"));
    assert_eq!(good.hear_ack(2), []);
}

#[test]
fn a_silent_stream_is_pinged_and_closed_and_one_that_answers_stays() {
    let service = Service::start_without_warehouse(Config::acme());
    // Before the service's own clock of this stream begins.
    let knocked = now();
    let (mut silent, _) = knock(&service).greeted();
    let (mut answers, _) = knock(&service).greeted();
    let watched = std::thread::spawn(move || {
        let socket = silent.raw();
        socket
            .set_read_timeout(Some(Duration::from_secs(90)))
            .unwrap();
        let mut said = Vec::new();
        socket.read_to_end(&mut said).unwrap();
        (said, knocked.elapsed())
    });
    let began = now();
    let mut pings = 0;
    while !watched.is_finished() {
        assert_eq!(answers.hear_all(), Heard::Ping);
        pings += 1;
        assert!(began.elapsed() < Duration::from_secs(100));
    }
    let (said, after) = watched.join().unwrap();
    println!("silent for {after:?}, the other had {pings} pings");
    let (alive, last) = said.split_at(said.len() - 8);
    // Pings without a body; then a close of 6 bytes, 1008 `idle`.
    assert!(
        alive.chunks(2).all(|ping| ping == [0x89, 0]) && !alive.is_empty(),
        "{said:?}"
    );
    assert_eq!(last, b"\x88\x06\x03\xf0idle");
    assert!(after >= Duration::from_mins(1), "{after:?}");
    assert!(pings >= 3, "{pings}");
    answers.send(&event("1"));
    assert_eq!(answers.hear_ack(1), []);
}

#[test]
fn a_handshake_that_does_not_end_is_given_up() {
    let service = Service::start_without_warehouse(Config::acme());
    let mut socket = TcpStream::connect(("127.0.0.1", service.port())).unwrap();
    let head = "GET /v1/stream HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n";
    socket.write_all(head.as_bytes()).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut said = String::new();
    socket.read_to_string(&mut said).unwrap();
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
}

#[test]
fn a_journal_that_cannot_be_written_closes_streams_and_acknowledges_nothing() {
    let mut service = Service::start_without_warehouse(Config::acme());
    let (mut stream, _) = knock(&service).name("crm").greeted();
    stream.send(&event("0"));
    assert_eq!(stream.hear_ack(1), []);
    assert!(service.stop().success());
    // No disk has so much room.
    let full = "segment_mb = 8\nreserve_mb = 4000000000\n";
    service.configure(Config::acme().journal(full));
    service.restart();
    let (mut stream, ack) = knock(&service).name("crm").greeted();
    assert_eq!(ack, 1);
    stream.send(&event("1"));
    assert_eq!(stream.hear(), closed(1013, "journal_unavailable"));
    let sums = service.door("acme").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!((sums.refused, sums.appended), (1, 1));
    assert!(service.stop().success());
    service.configure(Config::acme());
    service.restart();
    let (mut stream, ack) = knock(&service).name("crm").greeted();
    assert_eq!(ack, 1);
    stream.send(&event("1"));
    assert_eq!(stream.hear_ack(2), []);
}
