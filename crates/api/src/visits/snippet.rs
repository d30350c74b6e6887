//! The script that sites load, `GET /v1/trunkline.js?site=KEY`: embedded, made small, compressed once.
//!
//! It is the same for every site and every address of the service: it reads both from its own `src`. So it can be cached by
//! whoever stands between, and a site that moves to another service changes one address. Its source,
//! `assets/trunkline.js`, is served without its comments and indentation; that the file has neither comments behind code nor
//! texts over several lines is what makes this safe.

use std::io::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// The media type of the script.
pub(super) const MEDIA_TYPE: &str = "text/javascript; charset=utf-8";

/// For how long browsers may keep it without asking, in seconds: a mended script reaches every site within the hour, and a
/// visit's second page has it at once.
pub(super) const MAX_AGE_S: u32 = 3600;

const SOURCE: &str = include_str!("../../assets/trunkline.js");

/// The script as it is served.
#[derive(Debug)]
pub(super) struct Snippet {
    /// The script.
    pub(super) plain: Bytes,
    /// The script, compressed by gzip: under 5 kB.
    pub(super) gzip: Bytes,
    /// Its entity tag, with the quotes; it changes with the content. Weak, for one tag stands for both forms.
    pub(super) etag: String,
}

/// Gives the script.
pub(super) fn snippet() -> &'static Snippet {
    static SNIPPET: LazyLock<Snippet> = LazyLock::new(|| {
        let plain = tightened(SOURCE);
        let hash = Sha256::digest(&plain);
        let hash = URL_SAFE_NO_PAD.encode(&hash[..12]);
        Snippet {
            gzip: zip(plain.as_bytes()).into(),
            plain: plain.into(),
            etag: format!("W/\"{hash}\""),
        }
    });
    &SNIPPET
}

/// Leaves out lines of comments, empty lines and indentation.
fn tightened(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn zip(plain: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail; an empty one would be seen by the test below.
    let written = gzip.write_all(plain).and_then(|()| gzip.finish());
    written.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn it_is_under_five_kilobytes_and_unpacks_to_itself() {
        let snippet = snippet();
        let (plain, gzip) = (snippet.plain.len(), snippet.gzip.len());
        println!("{plain} bytes, {gzip} compressed");
        assert!(gzip < 5000, "{gzip} bytes compressed");
        let mut unpacked = Vec::new();
        GzDecoder::new(&*snippet.gzip)
            .read_to_end(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, snippet.plain);
    }

    #[test]
    fn its_tag_is_of_its_content() {
        let etag = &snippet().etag;
        assert!(etag.starts_with("W/\"") && etag.len() == 20, "{etag}");
    }

    #[test]
    fn comments_and_indentation_go_and_code_stays() {
        let source = "// What it is.\n\n(() => {\n  // Why.\n  go(\"a // b\");\n})();\n";
        assert_eq!(tightened(source), "(() => {\ngo(\"a // b\");\n})();\n");
    }

    /// A text over several lines would lose its indentation, a comment behind code would be sent for nothing.
    #[test]
    fn the_source_has_nothing_that_tightening_would_harm() {
        for (number, line) in SOURCE.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            let harmful = code.contains('`') || code.contains("/*") || code.contains("; //");
            assert!(!harmful && !line.ends_with('\\'), "{}: {line}", number + 1);
        }
        assert!(!SOURCE.contains("http://") && !SOURCE.contains("https://"));
    }
}
