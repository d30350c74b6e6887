//! The HTTP floor: a bare axum door that parses each line into the bare struct and counts them, and one
//! that takes a webhook's body and forgets it.
//! It is a process of its own, as the service is, so that both are metered in the same way.

use std::io::Read;

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;

use crate::door::Door;
use crate::floor;
use crate::serving::Serving;

const PATH: &str = "/v1/events";
const BARE: &str = "/v1/hooks/{hook}";

/// Serves until the standard input ends, which it does with the process that started this one.
#[expect(clippy::print_stdout, reason = "another process reads the port")]
pub(crate) fn serve() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let closed = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
        let doors = Router::new()
            .route(PATH, post(count))
            .route(BARE, post(bare));
        let serve = axum::serve(listener, doors);
        tokio::select! {
            served = serve => Ok(served?),
            _ = closed => Ok(()),
        }
    })
}

async fn count(body: Bytes) -> Result<String, StatusCode> {
    let mut accepted = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let bare = floor::parse(line).map_err(|_| StatusCode::BAD_REQUEST)?;
        accepted += u64::from(std::hint::black_box(bare).at > 0);
    }
    Ok(format!("{{\"accepted\":{accepted}}}"))
}

async fn bare(body: Bytes) {
    std::hint::black_box(body);
}

/// The floor's process; dropping it ends it.
pub(crate) struct FloorDoor(Serving);

impl FloorDoor {
    /// Starts the process and waits for its port.
    pub(crate) fn start() -> Result<Self> {
        Serving::start(&["floor-door".as_ref()]).map(Self)
    }

    /// Gives its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.0.pid()
    }

    /// Gives the port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.0.port()
    }

    /// Opens a connection.
    pub(crate) fn open(&self) -> Result<Door> {
        Door::open(self.0.port(), PATH, "none")
    }
}
