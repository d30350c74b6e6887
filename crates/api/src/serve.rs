//! The door itself: accepts connections within the caps and ends them in order.
//!
//! ```text
//! stop signal -> /readyz says 503 (for `notice_ms`) -> the listener is closed
//!             -> idle connections end, busy ones after their answer (for `drain_ms`) -> the rest is cut
//! ```

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::caps::Caps;
use crate::config::{Config, Connections, ms};
use crate::connection::{Connector, Stops, turn_away};
use crate::hooks::link;
use crate::metrics;
use crate::routes::{Api, Draining, Shared, routes};

/// How long accepting rests when the system has no descriptors or memory for a connection.
const REST: Duration = Duration::from_millis(100);

/// The HTTP service: a listener and what answers on it, and the connections to providers.
pub struct Service {
    listener: TcpListener,
    connector: Connector,
    caps: Caps,
    draining: Draining,
    limits: Connections,
    tasks: TaskTracker,
    /// Who holds the connections to providers that call nobody.
    links: Option<Shared>,
}

/// Why the service ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The listening socket is broken.
    #[error("cannot accept connections on {address}: {source}; restart the service")]
    Listener {
        /// The address listened on.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

impl Service {
    /// Puts the API behind a listener.
    pub fn new(listener: TcpListener, api: Api) -> Self {
        let config = api.config.clone();
        let (router, shared) = routes(api);
        let draining = shared.draining.clone();
        Self {
            links: Some(shared),
            ..Self::over(listener, router, draining, &config)
        }
    }

    fn over(listener: TcpListener, router: Router, draining: Draining, config: &Config) -> Self {
        let limits = config.connections.clone();
        let connector = Connector::new(router, &limits);
        let caps = Caps::new(config);
        Self {
            listener,
            connector,
            caps,
            draining,
            limits,
            tasks: TaskTracker::new(),
            links: None,
        }
    }

    /// Serves until `shutdown`, then ends connections in order; at most `notice_ms + drain_ms`
    /// later it has returned and none of its tasks is left.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), Error> {
        let Some(shared) = self.links.take() else {
            return self.serve(shutdown).await;
        };
        let unlink = shutdown.child_token();
        let doors = async {
            let ended = self.serve(shutdown).await;
            unlink.cancel();
            ended
        };
        let (ended, ()) = tokio::join!(doors, link::hold(&shared, &unlink));
        ended
    }

    async fn serve(self, shutdown: CancellationToken) -> Result<(), Error> {
        let gently = CancellationToken::new();
        let hard = CancellationToken::new();
        let stop = async {
            shutdown.cancelled().await;
            self.draining.begin();
            tokio::time::sleep(ms(self.limits.notice_ms)).await;
        };
        let ended = tokio::select! {
            () = stop => Ok(()),
            Err(error) = self.accept(&gently, &hard) => Err(error),
        };
        self.draining.begin();
        drop(self.listener);
        gently.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(ms(self.limits.drain_ms), self.tasks.wait()).await;
        if drained.is_err() {
            let open = self.caps.count();
            tracing::warn!(
                connections = open,
                "connections did not end in time and were cut"
            );
            hard.cancel();
            self.tasks.wait().await;
        }
        ended
    }

    async fn accept(
        &self,
        gently: &CancellationToken,
        hard: &CancellationToken,
    ) -> Result<std::convert::Infallible, Error> {
        loop {
            match self.listener.accept().await {
                Ok((socket, peer)) => {
                    let stops = Stops {
                        gently: gently.child_token(),
                        hard: hard.child_token(),
                    };
                    self.admit(socket, peer, stops);
                }
                Err(error) if of_one_connection(&error) => {}
                Err(error) if of_the_listener(&error) => {
                    let address = self
                        .listener
                        .local_addr()
                        .map_or_else(|_| "its address".into(), |address| address.to_string());
                    return Err(Error::Listener {
                        address,
                        source: error,
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections for the moment");
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    fn admit(&self, socket: TcpStream, peer: SocketAddr, stops: Stops) {
        match self.caps.take(peer.ip()) {
            Err(reason) => {
                metrics::connection_refused(reason);
                turn_away(&socket);
            }
            Ok(place) => {
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "a connection was already gone");
                }
                self.tasks
                    .spawn(self.connector.clone().serve(socket, peer, place, stops));
            }
        }
    }
}

/// Whether only the connection that was to be accepted is concerned.
fn of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

/// Whether the listening socket itself is of no more use.
fn of_the_listener(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidInput
}

#[cfg(test)]
mod tests;
