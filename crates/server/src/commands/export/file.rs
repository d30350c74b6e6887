//! Writes the files of an export: whole, or not at all, and for their owner alone, for there are phone
//! numbers in them.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use trunkline_providers::conversions::Part;

/// Writes each part to a file, and gives their paths; if `once`, none of them may be there.
pub(super) fn write(out: &Path, parts: &[Part], once: bool) -> Result<Vec<PathBuf>> {
    let paths: Vec<_> = parts.iter().map(|part| named(out, part.name)).collect();
    if let Some(there) = paths.iter().find(|path| once && path.exists()) {
        bail!(
            "{} is there, and has what is not written again: take it away, or give --out another name",
            there.display()
        );
    }
    for (path, part) in paths.iter().zip(parts) {
        whole(path, &part.text).with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(paths)
}

/// Gives the path of a part: its name stands before the extension.
fn named(out: &Path, part: &str) -> PathBuf {
    if part.is_empty() {
        return out.to_owned();
    }
    let mut name = out.file_stem().unwrap_or_default().to_owned();
    name.push("-");
    name.push(part);
    if let Some(extension) = out.extension() {
        name.push(".");
        name.push(extension);
    }
    out.with_file_name(name)
}

/// Writes a file under another name, and renames it.
pub(super) fn whole(path: &Path, text: &str) -> Result<()> {
    let mut beside: OsString = path.as_os_str().to_owned();
    beside.push(".part");
    let mut file = private(Path::new(&beside), true)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    Ok(())
}

/// Opens a file that its owner alone may read.
pub(super) fn private(path: &Path, empty: bool) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).mode(0o600);
    if empty {
        options.write(true).truncate(true);
    } else {
        options.append(true);
    }
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_like_the_file() {
        let out = Path::new("/x/calls.csv");
        assert_eq!(named(out, ""), out);
        assert_eq!(named(out, "yclid"), Path::new("/x/calls-yclid.csv"));
        assert_eq!(named(Path::new("calls"), "yclid"), Path::new("calls-yclid"));
    }
}
