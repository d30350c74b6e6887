//! A page of the company's site with the snippet on it, on a port of its own as any site has its own address.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, lookup_host};
use tokio::time::timeout;
use trunkline_simulate::shop::MAIN;

use super::company::SITE;
use super::reachable;

const PAGE: &str = include_str!("page.html");
/// How long a browser may take to ask, and to take the page; and how much it may ask.
const WITHIN: Duration = Duration::from_secs(5);
const HEAD: usize = 16_384;

/// The page, where browsers find it.
pub(super) struct Page {
    listener: TcpListener,
    address: SocketAddr,
}

impl Page {
    /// Opens the port behind that of the service, or any other; none if there is none.
    pub(super) async fn open(listen: &str) -> Option<Self> {
        let service = lookup_host(listen).await.ok()?.next()?;
        let next = match service.port() {
            0 => 0,
            port => port.checked_add(1).unwrap_or(0),
        };
        let listener = match TcpListener::bind((service.ip(), next)).await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind((service.ip(), 0)).await.ok()?,
        };
        let address = reachable(listener.local_addr().ok()?);
        Some(Self { listener, address })
    }

    /// Gives its address as a link of an advertisement would have it, by which a looker knows his own visit.
    pub(super) fn link(&self) -> String {
        format!("http://{}/?utm_source=you&utm_medium=demo", self.address)
    }

    /// Gives the origins that browsers know it by.
    pub(super) fn origins(&self) -> Vec<String> {
        let mut origins = vec![format!("http://{}", self.address)];
        if self.address.ip().is_loopback() {
            origins.push(format!("http://localhost:{}", self.address.port()));
        }
        origins
    }

    /// Shows the page to whoever asks, for ever; `service` is the address of the service.
    pub(super) async fn serve(&self, service: &str) {
        let page = written(service);
        let mut browsers = FuturesUnordered::new();
        loop {
            tokio::select! {
                came = self.listener.accept() => match came {
                    Ok((stream, _)) => browsers.push(timeout(WITHIN, show(stream, &page))),
                    // No descriptor is free: later there is one.
                    Err(_) => tokio::time::sleep(WITHIN).await,
                },
                // How it went is the browser's concern.
                Some(_) = browsers.next() => {}
            }
        }
    }
}

fn written(service: &str) -> String {
    let (head, digits) = MAIN.split_at(3);
    let groups = digits.as_bytes().chunks(3);
    let groups: Vec<_> = groups.map(|group| String::from_utf8_lossy(group)).collect();
    PAGE.replace("{service}", service)
        .replace("{site}", SITE)
        .replace("{main}", MAIN)
        .replace("{number}", &format!("{head} {}", groups.join(" ")))
}

/// Answers one request and closes.
async fn show(mut stream: TcpStream, page: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await? == 0 || head.len() > HEAD {
            return Ok(());
        }
    }
    let is_page = head.starts_with(b"GET / ") || head.starts_with(b"GET /?");
    let (status, body) = if is_page {
        ("200 OK", page)
    } else {
        ("404 Not Found", "nothing here")
    };
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
         cache-control: no-store\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
