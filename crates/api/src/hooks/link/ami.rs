//! A connection to the manager interface: lines over TCP.

use std::convert::Infallible;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, interval_at, timeout};
use trunkline_providers::vendors::asterisk::{Ami, Broken, Heard, Login};

use super::down::Down;
use super::wire::{ASK, SILENCE, WITHIN, Wire};

/// Bytes read at once.
const READ: usize = 16 * 1024;

/// Connects, logs in and takes in what comes, until the connection ends.
pub(super) async fn talk(
    wire: &mut Wire,
    ami: &mut Ami,
    login: &Login,
) -> Result<Infallible, Down> {
    let mut socket = wire.connect().await?;
    let stop = wire.stop.clone();
    ami.login_as(&login.user, login.password.clone());
    ami.opened();
    let mut heard_at = Instant::now();
    let mut ask = interval_at(heard_at + ASK, ASK);
    let mut buffer = vec![0; READ];
    loop {
        let read = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(Down::Stopped),
            read = socket.read(&mut buffer) => Some(read),
            _ = ask.tick() => None,
        };
        let heard = match read {
            Some(Ok(0)) => return Err(Down::lost("the exchange closed the connection")),
            Some(Ok(bytes)) => {
                heard_at = Instant::now();
                let now = wire.heard();
                ami.receive(&buffer[..bytes], now)
                    .map_err(|error| broken(&error))?
            }
            Some(Err(error)) => return Err(Down::Lost(format!("the connection broke: {error}"))),
            None if heard_at.elapsed() >= SILENCE || !ami.is_in() => {
                return Err(Down::lost("the exchange says nothing any more"));
            }
            None => Heard {
                send: ami.list(),
                ..Heard::default()
            },
        };
        if ami.is_in() {
            wire.stands();
        }
        let sent = timeout(WITHIN, socket.write_all(&heard.send)).await;
        if !matches!(sent, Ok(Ok(()))) {
            wire.deliver(heard.events).await?;
            return Err(Down::lost("the exchange takes nothing any more"));
        }
        wire.deliver(heard.events).await?;
    }
}

fn broken(broken: &Broken) -> Down {
    match broken {
        Broken::Refused(_) => Down::Refused(broken.to_string()),
        Broken::Stranger(_) | Broken::TooLong => Down::Lost(broken.to_string()),
    }
}
