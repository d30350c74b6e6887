//! One connection, from its accept to its end: the only place that drives hyper. A connection that
//! becomes a stream goes on in the same task, with its place and its stops.
//!
//! A connection ends when its peer closes it, when a limit of [`crate::watched`] is missed, or when
//! the service stops: then idle ones end at once, busy ones after their answer, and whatever is
//! left at the deadline is cut.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{Request, StatusCode};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

use crate::caps::Place;
use crate::config::{Connections, ms};
use crate::problem::{Code, Problem};
use crate::stream::Opening;
use crate::watched::{Limits, Phase, Stage, Watched};

/// The address a request came from, as an extension of the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Connector {
    router: Router,
    http: http1::Builder,
    limits: Limits,
}

/// The two ways in which a connection is told to end.
pub(crate) struct Stops {
    /// After the request at hand.
    pub(crate) gently: CancellationToken,
    /// At once.
    pub(crate) hard: CancellationToken,
}

impl Connector {
    pub(crate) fn new(router: Router, config: &Connections) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_headers(config.headers)
            .max_header_size(config.head_bytes)
            .max_buf_size(256 * 1024)
            .keep_alive(true);
        let limits = Limits {
            head: ms(config.head_ms),
            idle: ms(config.idle_ms),
            write: ms(config.write_ms),
            linger: ms(config.linger_ms),
        };
        Self {
            router,
            http,
            limits,
        }
    }

    /// Serves a connection to its end. Its place is free afterwards.
    pub(crate) async fn serve(
        self,
        socket: TcpStream,
        peer: SocketAddr,
        place: Place,
        stops: Stops,
    ) {
        let stage = Stage::default();
        let io = TokioIo::new(Watched::new(socket, stage.clone(), self.limits));
        let router = self.router;
        let opened: Arc<Mutex<Option<Opening>>> = Arc::default();
        let service = service_fn(|request: Request<Incoming>| {
            let with_body = has_body(&request);
            stage.set(Phase::Busy);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let answer = router.clone().call(request);
            let stage = stage.clone();
            let opened = Arc::clone(&opened);
            async move {
                let mut answer = answer.await?;
                let after = match answer.status() {
                    StatusCode::SWITCHING_PROTOCOLS => {
                        let opening = answer.extensions_mut().remove();
                        *opened.lock().unwrap_or_else(PoisonError::into_inner) = opening;
                        Phase::Busy
                    }
                    status if with_body && !status.is_success() => Phase::Refused,
                    _ => Phase::Idle,
                };
                Ok::<_, Infallible>(answer.map(|body| Answered { body, stage, after }))
            }
        });
        let mut connection = pin!(self.http.serve_connection(io, service).with_upgrades());
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = stops.gently.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    biased;
                    ended = connection.as_mut() => ended,
                    () = stops.hard.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
        let opening = opened.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(opening) = opening {
            tokio::select! {
                biased;
                () = stops.hard.cancelled() => {}
                () = Box::pin(opening.run(&stops.gently)) => {}
            }
        }
        drop(place);
    }
}

/// Tells a connection over a cap why it is closed. Best effort: what does not fit at once is not
/// sent.
pub(crate) fn turn_away(socket: &TcpStream) {
    let problem = Problem::new(Code::TooManyConnections, "too many connections are open");
    let body = problem.body();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 1\r\n\
         content-type: {}\r\ncontent-length: {}\r\n\r\n{body}",
        crate::problem::MEDIA_TYPE,
        body.len(),
    );
    match socket.try_write(answer.as_bytes()) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => tracing::debug!(%error, "a connection over the cap was already gone"),
    }
}

fn has_body(request: &Request<Incoming>) -> bool {
    let headers = request.headers();
    headers.contains_key(TRANSFER_ENCODING)
        || headers
            .get(CONTENT_LENGTH)
            .is_some_and(|length| length != "0")
}

/// The body of an answer; when it is done with, the connection's next phase begins.
struct Answered {
    body: Body,
    stage: Stage,
    after: Phase,
}

impl hyper::body::Body for Answered {
    type Data = bytes::Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answered {
    fn drop(&mut self) {
        self.stage.set(self.after);
    }
}
