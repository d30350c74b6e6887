//! The script that sites load, `GET /v1/trunkline.js?site=KEY`: embedded, made small, compressed once.
//!
//! It is the same for every site and every address of the service: it reads both from its own `src`. So it can be cached by
//! whoever stands between, and a site that moves to another service changes one address. Its source,
//! `assets/trunkline.js`, is served without its comments and without spaces and breaks that the language does not need; that the
//! file has neither comments behind code nor texts over several lines, no quotes and spaces in its patterns, and a mark behind
//! each statement, is what makes this safe.

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

/// Signs beside which a space says nothing.
const SIGNS: &str = "=,;:?&|<>+-*/!(){}[]";

/// Leaves out lines of comments, and spaces and breaks that the language does not need.
fn tightened(source: &str) -> String {
    let lines = source.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let mut out = String::with_capacity(source.len());
    for line in lines {
        let is_closed = out.is_empty() || out.ends_with([';', ',', '{', '(']);
        if !is_closed && !line.starts_with(['}', ')']) {
            out.push('\n');
        }
        squeeze(line, &mut out);
    }
    out.push('\n');
    out
}

/// Adds a line without its spaces beside signs; what stands in quotes stays.
fn squeeze(line: &str, out: &mut String) {
    let mut quote = None;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (None, ' ') if out.ends_with(|it| SIGNS.contains(it)) => continue,
            (None, ' ') if chars.peek().is_some_and(|it| SIGNS.contains(*it)) => continue,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            (Some(_), '\\') => {
                out.push(char);
                out.extend(chars.next());
                continue;
            }
            _ => {}
        }
        out.push(char);
    }
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
    fn comments_breaks_and_spaces_go_and_code_stays() {
        let source = "// What it is.\n\n(() => {\n  // Why.\n  const a = \"b = c\", d = a ? 'e ; \\' f' : \"\";\n  \
                      go(\"a // b\", typeof a);\n  a\n    .b();\n})();\n";
        let tight =
            "(()=>{const a=\"b = c\",d=a?'e ; \\' f':\"\";go(\"a // b\",typeof a);a\n.b();})();\n";
        assert_eq!(tightened(source), tight);
    }

    /// Finds the patterns of a line: a slash begins one where a value begins.
    fn patterns(line: &str) -> Vec<String> {
        let (mut found, mut open, mut class) = (Vec::new(), None, false);
        let mut before = '(';
        let mut chars = line.chars();
        while let Some(char) = chars.next() {
            match (&mut open, char) {
                (None, '/') if "(=,!:?&|".contains(before) => open = Some(String::new()),
                (Some(_), '/') if !class => found.extend(open.take()),
                (Some(pattern), '\\') => pattern.extend(chars.next()),
                (Some(pattern), _) => {
                    class = (class || char == '[') && char != ']';
                    pattern.push(char);
                }
                _ => {}
            }
            before = if char == ' ' { before } else { char };
        }
        assert!(open.is_none(), "{line}");
        found
    }

    /// A text over several lines would lose its indentation, a comment behind code would be sent for nothing.
    #[test]
    fn the_source_has_nothing_that_tightening_would_harm() {
        let mut all = Vec::new();
        for (number, line) in SOURCE.lines().enumerate() {
            let code = line.trim_start();
            if code.starts_with("//") {
                continue;
            }
            let harmful = code.contains('`') || code.contains("/*") || code.contains("; //");
            assert!(!harmful && !line.ends_with('\\'), "{}: {line}", number + 1);
            // Two signs that would become one; a quote or a space in a pattern.
            let doubled = code.contains("+ +") || code.contains("- -") || code.contains("/ /");
            assert!(!doubled, "{}: {line}", number + 1);
            all.extend(patterns(code));
        }
        assert!(all.len() > 10, "{all:?}");
        let harmed = |pattern: &&String| pattern.contains([' ', '"', '\'']);
        assert_eq!(all.iter().find(harmed), None);
        assert!(!SOURCE.contains("http://") && !SOURCE.contains("https://"));
    }
}
