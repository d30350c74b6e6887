//! Making a connection, and telling failures that pass from those that stay.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::http::{StatusCode, Uri};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error as Broken};
use tokio_tungstenite::{WebSocketStream, client_async};
use url::Url;

use crate::http::{address, peer};

/// How long a connection may take.
const WITHIN: Duration = Duration::from_secs(10);
const PROTOCOL: &str = "trunkline.v1";

pub(super) type Socket = WebSocketStream<TcpStream>;

/// A service and the right to send to it.
pub(crate) struct Target {
    url: Url,
    token: String,
    /// The hook that the events are as good as from.
    hook: Option<String>,
}

impl Target {
    /// Checks an address.
    pub(crate) fn new(url: &str, token: &str) -> Result<Self> {
        Ok(Self {
            url: address(url)?,
            token: token.to_owned(),
            hook: None,
        })
    }

    /// Sends as a hook of the account would.
    pub(crate) fn with_hook(self, hook: &str) -> Self {
        Self {
            hook: Some(hook.to_owned()),
            ..self
        }
    }

    fn stream(&self, name: Option<&str>) -> Result<Uri> {
        let mut url = self.url.clone();
        let path = format!("{}/v1/stream", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        let named = name.map(|name| ("stream", name));
        let hook = self.hook.as_deref().map(|hook| ("hook", hook));
        if named.is_some() || hook.is_some() {
            url.query_pairs_mut()
                .extend_pairs(named.into_iter().chain(hook));
        }
        let address = url.as_str().replacen("http", "ws", 1);
        address.parse().context("the address cannot be asked")
    }
}

/// Why a connection ended.
pub(super) enum Failure {
    /// Another connection may do better.
    Passing(anyhow::Error),
    /// Nothing will be better until somebody acts.
    Final(anyhow::Error),
}

impl Failure {
    /// Reads how the service closed the connection.
    pub(super) fn closed(frame: Option<CloseFrame>) -> Self {
        let Some(frame) = frame else {
            return Self::Passing(anyhow!("the service closed the connection"));
        };
        let (code, reason) = (u16::from(frame.code), frame.reason.as_str());
        let why = anyhow!("the service closed the stream with {code} {reason}");
        match code {
            1008 if reason.contains("replaced") => {
                Self::Final(why.context("another program took over this very stream"))
            }
            1008 if reason == "idle" => Self::Passing(why),
            1002 | 1003 | 1007..=1010 => Self::Final(why),
            _ => Self::Passing(why),
        }
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        let Broken::Http(answer) = broken else {
            return Self::Passing(anyhow!(broken).context("the connection broke"));
        };
        let status = answer.status();
        let body = answer.body().as_deref().unwrap_or_default();
        let told = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
        let told = told["detail"].as_str().unwrap_or_default().to_owned();
        let why = anyhow!("the service answers {status} {told}");
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::Passing(why),
            status if status.is_server_error() => Self::Passing(why),
            StatusCode::NOT_FOUND => {
                Self::Final(why.context("there is no /v1/stream at this address"))
            }
            _ => Self::Final(why),
        }
    }
}

/// Opens a stream, named or not.
pub(super) async fn connect(target: &Target, name: Option<&str>) -> Result<Socket, Failure> {
    let uri = target.stream(name).map_err(Failure::Final)?;
    let address = peer(&target.url);
    let request = ClientRequestBuilder::new(uri)
        .with_header("Authorization", format!("Bearer {}", target.token))
        .with_sub_protocol(PROTOCOL);
    let connecting = async {
        let stream = TcpStream::connect(address)
            .await
            .with_context(|| format!("could not reach {}", target.url))
            .map_err(Failure::Passing)?;
        stream.set_nodelay(true).map_err(Broken::Io)?;
        let (socket, _) = client_async(request, stream).await?;
        Ok(socket)
    };
    let late = || Failure::Passing(anyhow!("no connection within {} s", WITHIN.as_secs()));
    timeout(WITHIN, connecting).await.map_err(|_| late())?
}
