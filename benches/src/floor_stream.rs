//! The WebSocket floors: a bare tungstenite server that says back what it hears, with a flush after
//! each message or one for all that came together. Each is a process of its own, as the service is.

use std::io::Read;

use anyhow::Result;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::{WebSocketStream, accept_async};
use tokio_util::task::TaskTracker;

/// Serves until the standard input ends, which it does with the process that started this one.
#[expect(clippy::print_stdout, reason = "another process reads the port")]
pub(crate) fn serve(coalesced: bool) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?.port());
        let closed = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
        let tasks = TaskTracker::new();
        let accept = async {
            loop {
                let (socket, _) = listener.accept().await?;
                tasks.spawn(echo(socket, coalesced));
            }
        };
        tokio::select! {
            served = accept => served,
            _ = closed => Ok(()),
        }
    })
}

async fn echo(socket: TcpStream, coalesced: bool) {
    // A connection that ends is all that can go wrong here.
    let _ = socket.set_nodelay(true);
    let Ok(stream) = accept_async(socket).await else {
        return;
    };
    let _ = if coalesced {
        together(stream).await
    } else {
        one_by_one(stream).await
    };
}

async fn one_by_one(mut stream: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(message) = stream.next().await {
        stream.send(message?).await?;
    }
    Ok(())
}

async fn together(mut stream: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(message) = stream.next().await {
        stream.feed(message?).await?;
        while let Some(Some(message)) = stream.next().now_or_never() {
            stream.feed(message?).await?;
        }
        stream.flush().await?;
    }
    Ok(())
}
