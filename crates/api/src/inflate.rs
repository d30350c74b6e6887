//! Decompression of bodies that cannot be made to explode.
//!
//! The output grows in steps; each step is claimed from the memory budget before it is made, the
//! size limit is checked after every step, and the runtime gets its turn between steps. A zstd
//! window is at most 8 MiB (RFC 9659), and few bodies are decompressed at once, so the decoders'
//! own memory is bounded too.

use std::io::{self, Read};

use flate2::bufread::MultiGzDecoder;
use tokio::sync::Semaphore;

use crate::body::BodyError;
use crate::budget::Claim;
use crate::encoding::Encoding;

/// The output of one step.
const STEP: usize = 64 * 1024;

/// The largest zstd window, as a power of two: 8 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// Decoders that may be at work at once.
pub(crate) const DECODERS: usize = 8;

/// Decompresses `raw` up to `limit` bytes. The claim grows by what the output holds.
pub(crate) async fn inflate(
    raw: &[u8],
    encoding: Encoding,
    limit: usize,
    claim: &mut Claim,
    decoders: &Semaphore,
) -> Result<Vec<u8>, BodyError> {
    let _decoder = decoders
        .acquire()
        .await
        .map_err(|_| BodyError::Overloaded)?;
    let mut decoder = decoder(raw, encoding)?;
    let mut out = Vec::new();
    loop {
        if out.capacity() - out.len() < STEP {
            let more = out.capacity().clamp(STEP, limit.max(STEP));
            claim.grow(more).await?;
            out.reserve_exact(out.capacity() - out.len() + more);
        }
        let start = out.len();
        out.resize(start + STEP, 0);
        let got = decoder.read(&mut out[start..]).map_err(corrupt)?;
        out.truncate(start + got);
        if got == 0 {
            return Ok(out);
        }
        if out.len() > limit {
            return Err(BodyError::TooLarge { limit });
        }
        tokio::task::yield_now().await;
    }
}

fn decoder(raw: &[u8], encoding: Encoding) -> Result<Box<dyn Read + Send + '_>, BodyError> {
    Ok(match encoding {
        Encoding::Identity => Box::new(raw),
        Encoding::Gzip => Box::new(MultiGzDecoder::new(raw)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(corrupt)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(corrupt)?;
            Box::new(decoder)
        }
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn corrupt(error: io::Error) -> BodyError {
    BodyError::Corrupt(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::time::Duration;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::budget::Budget;

    const LIMIT: usize = 1_000_000;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    async fn inflated(raw: &[u8], encoding: Encoding) -> Result<Vec<u8>, BodyError> {
        let budget = Budget::new(4 * LIMIT, Duration::ZERO);
        let mut claim = budget.claim();
        inflate(raw, encoding, LIMIT, &mut claim, &Semaphore::new(1)).await
    }

    #[tokio::test]
    async fn gzip_and_zstd_come_back_as_they_went_in() {
        let text = "an event\n".repeat(50_000);
        let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
        assert_eq!(
            inflated(&gzip(text.as_bytes()), Encoding::Gzip)
                .await
                .unwrap(),
            text.as_bytes()
        );
        assert_eq!(
            inflated(&zstd, Encoding::Zstd).await.unwrap(),
            text.as_bytes()
        );
        let twice = [gzip(b"one "), gzip(b"two")].concat();
        assert_eq!(inflated(&twice, Encoding::Gzip).await.unwrap(), b"one two");
    }

    #[tokio::test]
    async fn a_body_of_exactly_the_limit_passes_and_one_byte_more_does_not() {
        let whole = gzip(&vec![b' '; LIMIT]);
        assert_eq!(inflated(&whole, Encoding::Gzip).await.unwrap().len(), LIMIT);
        let more = gzip(&vec![b' '; LIMIT + 1]);
        let error = inflated(&more, Encoding::Gzip).await.unwrap_err();
        assert!(
            matches!(error, BodyError::TooLarge { limit: LIMIT }),
            "{error:?}"
        );
    }

    #[tokio::test]
    async fn a_bomb_is_stopped_at_the_limit() {
        let bomb = zstd::encode_all(&vec![0_u8; 300 * LIMIT][..], 3).unwrap();
        let error = inflated(&bomb, Encoding::Zstd).await.unwrap_err();
        assert!(matches!(error, BodyError::TooLarge { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_window_of_more_than_8_mib_is_refused() {
        let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        encoder.window_log(26).unwrap();
        encoder.write_all(&vec![7; 1000]).unwrap();
        let raw = encoder.finish().unwrap();
        assert!(matches!(
            inflated(&raw, Encoding::Zstd).await,
            Err(BodyError::Corrupt(_))
        ));
    }

    #[tokio::test]
    async fn cut_and_flipped_bodies_are_refused() {
        let text = b"some text to compress, some text to compress";
        let zstd = zstd::encode_all(&text[..], 3).unwrap();
        for (raw, encoding) in [(gzip(text), Encoding::Gzip), (zstd, Encoding::Zstd)] {
            let cut = inflated(&raw[..raw.len() - 5], encoding).await;
            assert!(
                matches!(cut, Err(BodyError::Corrupt(_))),
                "{encoding:?} {cut:?}"
            );
        }
        let mut flipped = gzip(text);
        let middle = flipped.len() - 6;
        flipped[middle] ^= 1;
        assert!(matches!(
            inflated(&flipped, Encoding::Gzip).await,
            Err(BodyError::Corrupt(_))
        ));
    }
}
