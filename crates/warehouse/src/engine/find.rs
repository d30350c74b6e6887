//! Where the embedded engine is.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The library's file name.
const LIBRARY: &str = "libchdb.so";
/// Folders that may hold the library, relative to the executable's; the first is its own.
const BESIDE: [&str; 3] = [".", "../.engine", "../../.engine"];
/// Where a package of the system puts the library.
const INSTALLED: &str = "/usr/lib/trunkline";

/// What runs as the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// `libchdb.so`, loaded by a child process of ours.
    Library(PathBuf),
    /// A `clickhouse` executable.
    Binary(PathBuf),
}

impl EngineKind {
    /// Gives the file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Library(path) | Self::Binary(path) => path,
        }
    }

    /// A file whose name has an extension of a shared library is one; anything else is run.
    fn of(path: PathBuf) -> Self {
        let name = path
            .file_name()
            .map(OsStr::to_string_lossy)
            .unwrap_or_default();
        if name.ends_with(".so") || name.contains(".so.") {
            Self::Library(path)
        } else {
            Self::Binary(path)
        }
    }
}

/// There is no engine.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotFound {
    /// The configured file does not exist.
    #[error("warehouse.engine: {} is not a file: correct the path, or leave it out", .0.display())]
    Configured(PathBuf),
    /// None of the usual places has one.
    #[error(
        "no embedded ClickHouse engine: run `make build`, which fetches it, or set warehouse.engine \
         to libchdb.so or to a `clickhouse` executable, or set warehouse.url; looked for {}",
        .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    Nowhere(Vec<PathBuf>),
}

/// Looks for the engine: `explicit` (the setting `warehouse.engine`) alone if given; else
/// `libchdb.so` in `exe_dir` (the executable's folder), `../.engine`, `../../.engine` and
/// `/usr/lib/trunkline`; else `clickhouse` in the folders of `path_var` (the variable `PATH`).
pub fn find(
    explicit: Option<&Path>,
    exe_dir: &Path,
    path_var: Option<&OsStr>,
) -> Result<EngineKind, NotFound> {
    if let Some(path) = explicit {
        return if path.is_file() {
            Ok(EngineKind::of(path.to_owned()))
        } else {
            Err(NotFound::Configured(path.to_owned()))
        };
    }
    let beside = BESIDE.iter().map(|folder| exe_dir.join(folder));
    let mut looked: Vec<PathBuf> = beside
        .chain([PathBuf::from(INSTALLED)])
        .map(|folder| folder.join(LIBRARY))
        .collect();
    let folders = path_var.map(std::env::split_paths).into_iter().flatten();
    looked.extend(folders.map(|folder| folder.join("clickhouse")));
    match looked.iter().find(|path| path.is_file()) {
        Some(path) => Ok(EngineKind::of(path.clone())),
        None => Err(NotFound::Nowhere(looked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        std::fs::create_dir_all(path.parent().expect("it has a folder")).expect("make folder");
        std::fs::write(path, "").expect("write file");
    }

    #[test]
    fn a_configured_engine_wins_and_must_exist() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let (library, binary) = (dir.path().join("my.so"), dir.path().join("clickhouse-26"));
        assert_eq!(
            find(Some(&library), dir.path(), None),
            Err(NotFound::Configured(library.clone()))
        );
        touch(&library);
        touch(&binary);
        touch(&dir.path().join(LIBRARY));
        let found = |path: &Path| find(Some(path), dir.path(), None);
        assert_eq!(found(&library), Ok(EngineKind::Library(library.clone())));
        assert_eq!(found(&binary), Ok(EngineKind::Binary(binary.clone())));
    }

    #[test]
    fn the_library_of_the_repository_is_found_from_the_target_folder() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let exe_dir = dir.path().join("target/release");
        std::fs::create_dir_all(&exe_dir).expect("make folder");
        touch(&dir.path().join(".engine").join(LIBRARY));
        let expected = exe_dir.join("../../.engine").join(LIBRARY);
        assert_eq!(
            find(None, &exe_dir, None),
            Ok(EngineKind::Library(expected))
        );
    }

    #[test]
    fn the_path_is_the_last_resort() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let bin = dir.path().join("bin");
        let exe_dir = dir.path().join("a/b/c");
        std::fs::create_dir_all(&exe_dir).expect("make folder");
        let missing = find(None, &exe_dir, Some(bin.as_os_str()));
        assert!(matches!(missing, Err(NotFound::Nowhere(looked)) if looked.len() == 5));
        touch(&bin.join("clickhouse"));
        let found = find(None, &exe_dir, Some(bin.as_os_str()));
        assert_eq!(found, Ok(EngineKind::Binary(bin.join("clickhouse"))));
    }
}
