//! Reading a body: bounded in size, in time and in memory.
//!
//! The body is collected into one `Vec` (the batch borrows from it later). Its first share of the
//! memory budget is claimed by its announced length, up to 256 KiB; beyond that the share doubles
//! as bytes arrive, so that announcing much and sending little holds little.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::budget::{Budget, Claim, Full};
use crate::config::{Requests, ms};
use crate::encoding::{Encoding, encoding};
use crate::inflate::{DECODERS, inflate};
use crate::problem::{Code, Problem};

/// The most that is claimed on the word of `Content-Length`, and the least where none is given.
const FIRST_CLAIM: (usize, usize) = (16 * 1024, 256 * 1024);

/// The most that a webhook may hold.
const WEBHOOK_BYTES: usize = 1_000_000;

/// Why a body was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body came too slowly: {0}")]
    TooSlow(&'static str),
    #[error("the body ended early: {0}")]
    Incomplete(String),
    #[error("the body does not decompress: {0}")]
    Corrupt(String),
    #[error("too many bytes of bodies are in flight")]
    Overloaded,
}

impl From<Full> for BodyError {
    fn from(Full: Full) -> Self {
        Self::Overloaded
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match error {
            BodyError::TooLarge { .. } => Code::BodyTooLarge,
            BodyError::TooSlow(_) => Code::RequestTimeout,
            BodyError::Incomplete(_) => Code::IncompleteBody,
            BodyError::Corrupt(_) => Code::BadEncoding,
            BodyError::Overloaded => Code::Overloaded,
        };
        Problem::new(code, error.to_string())
    }
}

/// Reads bodies within the limits of the configuration.
#[derive(Debug, Clone)]
pub(crate) struct Bodies {
    budget: Budget,
    decoders: Arc<Semaphore>,
    limit: usize,
    whole: Duration,
    idle: Duration,
}

/// A body, with its share of the memory budget.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) bytes: Vec<u8>,
    pub(crate) claim: Claim,
}

impl Bodies {
    pub(crate) fn new(config: &Requests) -> Self {
        Self {
            budget: Budget::new(config.budget_bytes, ms(config.budget_wait_ms)),
            decoders: Arc::new(Semaphore::new(DECODERS)),
            limit: config.body_bytes,
            whole: ms(config.body_ms),
            idle: ms(config.body_idle_ms),
        }
    }

    /// Bytes of bodies in flight.
    pub(crate) fn claimed(&self) -> usize {
        self.budget.claimed()
    }

    /// Reads and decompresses a body.
    pub(crate) async fn collect(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Collected, Problem> {
        let encoding = encoding(headers)?;
        let raw = self.read(announced(headers), body).await?;
        if encoding == Encoding::Identity {
            return Ok(raw);
        }
        let mut claim = self.budget.claim();
        let bytes = inflate(&raw.bytes, encoding, self.limit, &mut claim, &self.decoders).await?;
        Ok(Collected { bytes, claim })
    }

    /// Reads the body of a webhook as it was sent: its signature is over these bytes.
    pub(crate) async fn collect_raw(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Collected, Problem> {
        let webhooks = Self {
            limit: self.limit.min(WEBHOOK_BYTES),
            ..self.clone()
        };
        Ok(webhooks.read(announced(headers), body).await?)
    }

    /// Reads and decompresses a body of at most so many bytes.
    pub(crate) async fn collect_at_most(
        &self,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Collected, Problem> {
        let small = Self {
            limit: self.limit.min(limit),
            ..self.clone()
        };
        small.collect(headers, body).await
    }

    async fn read(&self, announced: Option<usize>, mut body: Body) -> Result<Collected, BodyError> {
        let limit = self.limit;
        if announced.is_some_and(|bytes| bytes > limit) {
            return Err(BodyError::TooLarge { limit });
        }
        let (least, most) = FIRST_CLAIM;
        let first = announced.map_or(least, |bytes| bytes.min(most));
        let mut claim = self.budget.claim();
        claim.grow(first).await?;
        let mut bytes = Vec::with_capacity(first);
        let deadline = Instant::now() + self.whole;
        loop {
            let until = deadline.min(Instant::now() + self.idle);
            let frame = match timeout_at(until, body.frame()).await {
                Err(_) if until == deadline => return Err(BodyError::TooSlow("as a whole")),
                Err(_) => return Err(BodyError::TooSlow("no byte for a while")),
                Ok(None) => return Ok(Collected { bytes, claim }),
                Ok(Some(Err(error))) => return Err(BodyError::Incomplete(error.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            let Some(data) = frame.data_ref() else {
                continue;
            };
            let needed = bytes.len() + data.len();
            if needed > limit {
                return Err(BodyError::TooLarge { limit });
            }
            if needed > bytes.capacity() {
                let wanted = (2 * bytes.capacity()).clamp(needed, limit.max(needed));
                claim.grow(wanted - bytes.capacity()).await?;
                bytes.reserve_exact(wanted - bytes.len());
            }
            bytes.extend_from_slice(data);
        }
    }
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::Channel;

    use super::*;

    fn bodies() -> Bodies {
        Bodies::new(&Requests {
            body_bytes: 100_000,
            body_ms: 3_000,
            body_idle_ms: 1_000,
            ..Requests::default()
        })
    }

    async fn code(headers: HeaderMap, body: Body) -> &'static str {
        bodies()
            .collect(&headers, body)
            .await
            .map_or_else(|problem| problem.code(), |_| "read")
    }

    #[tokio::test]
    async fn a_body_is_collected_and_its_claim_returned() {
        let bodies = bodies();
        let body = Body::from("x".repeat(50_000));
        let collected = bodies.collect(&HeaderMap::new(), body).await.unwrap();
        assert_eq!(collected.bytes, "x".repeat(50_000).into_bytes());
        assert!(bodies.claimed() >= 50_000, "{}", bodies.claimed());
        drop(collected);
        assert_eq!(bodies.claimed(), 0);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_whether_announced_or_not() {
        let announced = HeaderMap::from_iter([(CONTENT_LENGTH, "100001".parse().unwrap())]);
        assert_eq!(code(announced, Body::empty()).await, "body_too_large");
        assert_eq!(
            code(HeaderMap::new(), Body::from(vec![b' '; 100_000])).await,
            "read"
        );
        let longer = Body::from(vec![b' '; 100_001]);
        assert_eq!(code(HeaderMap::new(), longer).await, "body_too_large");
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_body_is_given_up_after_the_idle_limit() {
        let (_sender, body) = Channel::<bytes::Bytes, Infallible>::new(1);
        let started = Instant::now();
        assert_eq!(
            code(HeaderMap::new(), Body::new(body)).await,
            "request_timeout"
        );
        assert_eq!(started.elapsed().as_millis(), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_trickling_body_is_given_up_after_the_whole_limit() {
        let (mut sender, body) = Channel::<bytes::Bytes, Infallible>::new(1);
        let started = Instant::now();
        let trickle = async {
            while sender
                .send_data(bytes::Bytes::from_static(b" "))
                .await
                .is_ok()
            {
                tokio::time::sleep(Duration::from_millis(900)).await;
            }
        };
        let (code, ()) = tokio::join!(code(HeaderMap::new(), Body::new(body)), trickle);
        assert_eq!(code, "request_timeout");
        assert!((3_000..4_000).contains(&started.elapsed().as_millis()));
    }

    #[tokio::test]
    async fn a_broken_body_is_incomplete() {
        let (sender, body) = Channel::<bytes::Bytes, std::io::Error>::new(1);
        sender.abort(std::io::Error::other("reset"));
        assert_eq!(
            code(HeaderMap::new(), Body::new(body)).await,
            "incomplete_body"
        );
    }
}
