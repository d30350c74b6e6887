//! A bad line: a TCP proxy between the service and what it talks to, that by a seed is slow, resets
//! connections, leaves them half open, swallows everything, or is not there at all.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::clock::pause;

/// How the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weather {
    /// As it should be.
    #[default]
    Fair,
    /// Every piece of 4 KiB, either way, comes so many milliseconds late.
    Slow(u64),
    /// A connection is reset with a chance of one in so many at each piece.
    Resets(u32),
    /// What is asked gets through, and nothing comes back; connections stay open.
    HalfOpen,
    /// Connections are taken, and nothing gets through either way.
    Swallows,
    /// Connections are refused, and open ones are reset.
    Down,
}

/// How often a waiting thread looks at the weather and whether the line still exists.
const LOOK: Duration = Duration::from_millis(50);
const PIECE: usize = 4 << 10;

struct Shared {
    to: SocketAddr,
    weather: Mutex<Weather>,
    chance: Mutex<StdRng>,
    ended: AtomicBool,
    connections: AtomicU64,
    resets: AtomicU64,
}

/// A line with its weather; it ends with the value.
pub struct Link {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Link {
    /// Lays a line to a port of this machine.
    #[track_caller]
    pub fn to(port: u16, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let own = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("set");
        let shared = Arc::new(Shared {
            to: ([127, 0, 0, 1], port).into(),
            weather: Mutex::default(),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            ended: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            resets: AtomicU64::new(0),
        });
        let listening = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || listen(&listener, &shared))
        };
        Self {
            port: own,
            shared,
            listening: Some(listening),
        }
    }

    /// Returns its near end.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Changes the weather, also for open connections.
    pub fn set(&self, weather: Weather) {
        *lock(&self.shared.weather) = weather;
    }

    /// Returns how many connections there were, and how many of them it reset.
    pub fn counts(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.shared.connections), read(&self.shared.resets))
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut open: Vec<JoinHandle<()>> = Vec::new();
    while !shared.ended.load(Ordering::Relaxed) {
        open.retain(|thread| !thread.is_finished());
        match listener.accept() {
            Ok((near, _)) => {
                if shared.weather() == Weather::Down {
                    shared.reset(&near);
                    continue;
                }
                shared.connections.fetch_add(1, Ordering::Relaxed);
                open.extend(connect(&near, shared));
            }
            Err(_) => pause(5),
        }
    }
    for thread in open {
        let _ = thread.join();
    }
}

/// Starts the two ways of a connection.
fn connect(near: &TcpStream, shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let Ok(far) = TcpStream::connect(shared.to) else {
        shared.reset(near);
        return Vec::new();
    };
    let broken = Arc::new(AtomicBool::new(false));
    let ways = [(near, &far, false), (&far, near, true)];
    let way = |(from, to, back): (&TcpStream, &TcpStream, bool)| {
        let way = Way {
            from: from.try_clone().ok()?,
            to: to.try_clone().ok()?,
            back,
            broken: Arc::clone(&broken),
        };
        way.from.set_read_timeout(Some(LOOK)).ok()?;
        let shared = Arc::clone(shared);
        Some(std::thread::spawn(move || way.carry(&shared)))
    };
    ways.into_iter().filter_map(way).collect()
}

/// One direction of a connection.
struct Way {
    from: TcpStream,
    to: TcpStream,
    /// From far to near.
    back: bool,
    /// The connection is to be reset: both ways let go of it.
    broken: Arc<AtomicBool>,
}

impl Way {
    fn carry(mut self, shared: &Shared) {
        let mut piece = [0; PIECE];
        while !shared.ended.load(Ordering::Relaxed) && !self.broken.load(Ordering::Relaxed) {
            let weather = shared.weather();
            if weather == Weather::Down {
                break;
            }
            if weather == Weather::Swallows || (weather == Weather::HalfOpen && self.back) {
                // Unread: what was under way comes when the weather is fair again, if anybody
                // still listens.
                pause(20);
                continue;
            }
            let read = match self.from.read(&mut piece) {
                Ok(0) => {
                    let _ = self.to.shutdown(Shutdown::Write);
                    return;
                }
                Ok(read) => read,
                Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    continue;
                }
                Err(_) => break,
            };
            match shared.weather() {
                Weather::Slow(millis) => pause(millis),
                Weather::Resets(one_in) if lock(&shared.chance).random_ratio(1, one_in) => break,
                _ => {}
            }
            if self.to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        if !self.broken.swap(true, Ordering::Relaxed) {
            shared.reset(&self.from);
        }
        abrupt(&self.to);
    }
}

impl Shared {
    fn weather(&self) -> Weather {
        *lock(&self.weather)
    }

    fn reset(&self, stream: &TcpStream) {
        self.resets.fetch_add(1, Ordering::Relaxed);
        abrupt(stream);
    }
}

/// Makes the closing of a connection a reset.
fn abrupt(stream: &TcpStream) {
    let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
}
