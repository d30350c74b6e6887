//! A connection to the REST interface: a WebSocket that tells, and a request for what goes on.

use std::convert::Infallible;

use axum::body::Bytes;
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{AUTHORIZATION, CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error as Broken, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};
use trunkline_providers::vendors::asterisk::{Address, Ari, Login};

use super::down::Down;
use super::wire::{ASK, SILENCE, WITHIN, Wire, basic};

/// Bytes of a message of the WebSocket.
const MESSAGE: usize = 1 << 20;
/// Bytes of the list of channels.
const LIST: usize = 32 << 20;

/// Connects, asks for what goes on and takes in what comes, until the connection ends.
pub(super) async fn talk(
    wire: &mut Wire,
    ari: &mut Ari,
    login: &Login,
) -> Result<Infallible, Down> {
    let stop = wire.stop.clone();
    let mut socket = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(Down::Stopped),
        socket = open(wire, login) => socket?,
    };
    // What happens from here on waits in the socket until the list is read.
    ari.list();
    let list = tokio::select! {
        biased;
        () = stop.cancelled() => return Err(Down::Stopped),
        list = list(wire, login) => list?,
    };
    let now = wire.heard();
    let listed = ari.listed(&list, now);
    let events = listed.map_err(|error| Down::lost(error.to_string()))?;
    wire.stands();
    wire.deliver(events).await?;
    let mut heard_at = Instant::now();
    let mut ask = interval_at(heard_at + ASK, ASK);
    loop {
        let came = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Down::Stopped),
            came = socket.next() => Some(came),
            _ = ask.tick() => None,
        };
        match came {
            None if heard_at.elapsed() >= SILENCE => {
                return Err(Down::lost("the exchange says nothing any more"));
            }
            None => {
                let ping = timeout(WITHIN, socket.send(Message::Ping(Bytes::new()))).await;
                if !matches!(ping, Ok(Ok(()))) {
                    return Err(Down::lost("the exchange takes nothing any more"));
                }
            }
            Some(None | Some(Ok(Message::Close(_)))) => {
                return Err(Down::lost("the exchange closed the connection"));
            }
            Some(Some(Err(error))) => {
                return Err(Down::Lost(format!("the connection broke: {error}")));
            }
            Some(Some(Ok(message))) => {
                heard_at = Instant::now();
                let now = wire.heard();
                if let Message::Text(frame) = message {
                    match ari.receive(&frame, now) {
                        Ok(events) => wire.deliver(events).await?,
                        Err(error) => wire.unreadable(&error.to_string()),
                    }
                }
            }
        }
    }
}

/// Opens the WebSocket.
async fn open(wire: &Wire, login: &Login) -> Result<WebSocketStream<TcpStream>, Down> {
    let Address::Ari { events, .. } = wire.address() else {
        return Err(Down::lost("it has no REST interface"));
    };
    let uri = format!("ws://{}{events}", host(wire.address()));
    let uri = uri
        .parse()
        .map_err(|_| Down::lost("the address cannot be asked"))?;
    let request = ClientRequestBuilder::new(uri).with_header("Authorization", basic(login));
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE))
        .max_frame_size(Some(MESSAGE));
    let socket = wire.connect().await?;
    let opening = timeout(
        WITHIN,
        client_async_with_config(request, socket, Some(config)),
    );
    match opening.await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(Broken::Http(answer))) => Err(refused(answer.status())),
        Ok(Err(error)) => Err(Down::Lost(format!("no WebSocket opens there: {error}"))),
        Err(_) => Err(Down::lost("no WebSocket opens there in time")),
    }
}

/// Asks for the list of channels.
async fn list(wire: &Wire, login: &Login) -> Result<Bytes, Down> {
    let Address::Ari { channels, .. } = wire.address() else {
        return Err(Down::lost("it has no REST interface"));
    };
    let socket = wire.connect().await?;
    let request = Request::get(channels)
        .header(HOST, host(wire.address()))
        .header(AUTHORIZATION, basic(login))
        .header(CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|_| Down::lost("the address cannot be asked"))?;
    let broke = |error: &dyn std::fmt::Display| {
        Down::Lost(format!("the list of channels did not come: {error}"))
    };
    let asking = async {
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(socket));
        let (mut sender, connection) = handshake.await.map_err(|error| broke(&error))?;
        let answer = async move {
            let sent = sender.send_request(request).await;
            let answer = sent.map_err(|error| broke(&error))?;
            if answer.status() != StatusCode::OK {
                return Err(refused(answer.status()));
            }
            let body = Limited::new(answer.into_body(), LIST).collect().await;
            Ok(body.map_err(|error| broke(&error))?.to_bytes())
        };
        // The connection moves the bytes and ends once the answer is there and its sender is gone.
        tokio::join!(answer, connection).0
    };
    timeout(WITHIN, asking)
        .await
        .map_err(|_| broke(&"not in time"))?
}

fn refused(status: StatusCode) -> Down {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Down::Refused(format!(
            "the login was refused with {status}: see password and read_only in ari.conf"
        )),
        _ => Down::Lost(format!(
            "the exchange answers {status}: see http.conf and ari.conf"
        )),
    }
}

/// Gives host and port as they stand in an address.
fn host(address: &Address) -> String {
    match address.peer() {
        (host, port) if host.contains(':') => format!("[{host}]:{port}"),
        (host, port) => format!("{host}:{port}"),
    }
}
