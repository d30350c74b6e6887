//! The files that pages load: embedded, told apart by the hash of their content, compressed once.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// A file.
#[derive(Debug)]
pub struct Asset {
    /// Its media type.
    pub media_type: &'static str,
    /// Its content.
    pub plain: &'static [u8],
    /// Its content, compressed by gzip.
    pub gzip: Vec<u8>,
    name: &'static str,
    address: String,
}

const JS: &str = "text/javascript; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const CSV: &str = "text/csv; charset=utf-8; header=present";

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    vec![
        asset("board.css", CSS, include_bytes!("../assets/board.css")),
        asset("theme.js", JS, include_bytes!("../assets/theme.js")),
        asset("board.js", JS, include_bytes!("../assets/board.js")),
        asset("docs.css", CSS, include_bytes!("../assets/docs.css")),
        asset("chart.js", JS, include_bytes!("../assets/chart.js")),
        asset(
            "icon.svg",
            "image/svg+xml",
            include_bytes!("../assets/icon.svg"),
        ),
        asset("htmx.js", JS, include_bytes!("../vendored/htmx.min.js")),
        asset(
            "uplot.js",
            JS,
            include_bytes!("../vendored/uPlot.iife.min.js"),
        ),
        asset(
            "uplot.css",
            CSS,
            include_bytes!("../vendored/uPlot.min.css"),
        ),
        asset("spend.csv", CSV, include_bytes!("../assets/spend.csv")),
        asset("htmx.txt", TEXT, include_bytes!("../vendored/htmx.LICENSE")),
        asset(
            "uplot.txt",
            TEXT,
            include_bytes!("../vendored/uPlot.LICENSE"),
        ),
    ]
});

/// Compresses by gzip.
pub fn zip(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), level);
    // Writing to memory cannot fail; an empty one would be seen by the test below.
    let gzip = gzip.write_all(plain).and_then(|()| gzip.finish());
    gzip.unwrap_or_default()
}

fn asset(name: &'static str, media_type: &'static str, plain: &'static [u8]) -> Asset {
    let hash = hex::encode(&Sha256::digest(plain)[..6]);
    Asset {
        media_type,
        plain,
        gzip: zip(plain, Compression::best()),
        name,
        address: format!("/board/assets/{name}?v={hash}"),
    }
}

/// Finds a file by its name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

/// Gives the address of a file, which changes with its content.
pub(crate) fn address(name: &str) -> &'static str {
    find(name).map_or("", |asset| asset.address.as_str())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn every_file_unpacks_to_itself_and_is_small() {
        let mut whole = 0;
        for asset in ASSETS.iter() {
            let mut unpacked = Vec::new();
            GzDecoder::new(&*asset.gzip)
                .read_to_end(&mut unpacked)
                .unwrap();
            assert_eq!(unpacked, asset.plain, "{}", asset.name);
            whole += asset.gzip.len();
        }
        println!("all files of a page: {whole} bytes compressed");
        assert!(whole < 60_000, "{whole} bytes");
    }

    #[test]
    fn nothing_is_loaded_from_another_host() {
        for name in [
            "board.css",
            "docs.css",
            "theme.js",
            "board.js",
            "chart.js",
            "uplot.css",
        ] {
            let text = String::from_utf8_lossy(find(name).unwrap().plain);
            let foreign = text.contains("http://") || text.contains("https://");
            assert!(!foreign && !text.contains("@import"), "{name}");
        }
    }

    #[test]
    fn an_address_has_the_hash_and_an_unknown_name_none() {
        assert!(address("board.css").starts_with("/board/assets/board.css?v="));
        assert_eq!(address("other.css"), "");
        assert!(find("../Cargo.toml").is_none());
    }
}
