//! The repository's own files, read once: every text, and every Rust file with its syntax tree.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Item, Meta};

/// Folders of the root that hold what was made or fetched, not written.
const NOT_OURS: [&str; 5] = [".engine", ".git", ".tools", "data", "target"];

/// Folders anywhere that hold what others wrote.
const OF_OTHERS: &str = "vendored";

/// Kinds of files that are read: by extension, and those without one.
const TEXTS: [&str; 13] = [
    "", "html", "js", "json", "md", "rs", "service", "sh", "sql", "toml", "xml", "yaml", "yml",
];

/// A text of the repository.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    /// The path from the root, with `/`.
    pub(crate) path: String,
    /// The content.
    pub(crate) text: String,
}

impl Text {
    /// Whether its name ends in this extension.
    pub(crate) fn is(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|own| own == extension)
    }
}

/// A Rust file.
pub(crate) struct Rust {
    /// The path from the root, with `/`.
    pub(crate) path: String,
    /// The content.
    pub(crate) text: String,
    /// Its syntax tree.
    pub(crate) ast: syn::File,
}

impl Rust {
    /// Reads a piece of Rust, for the tests of the checkers.
    #[track_caller]
    pub(crate) fn parse(path: &str, text: &str) -> Self {
        let ast = syn::parse_file(text).unwrap_or_else(|why| panic!("{path} is not Rust: {why}"));
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            ast,
        }
    }

    /// The room (folder under `crates/`) the file belongs to.
    pub(crate) fn room(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether it is part of the product: a room's source and not a file of tests.
    pub(crate) fn is_product(&self) -> bool {
        let in_source = self
            .room()
            .is_some_and(|room| self.path.starts_with(&format!("crates/{room}/src/")));
        in_source && !is_test(&self.path)
    }

    /// Lines without its unit tests.
    pub(crate) fn lines_without_tests(&self) -> usize {
        let tests: usize = self.inline_tests().map(length).sum();
        self.text.lines().count() - tests
    }

    /// Lines of code without its unit tests: neither empty nor only a comment.
    pub(crate) fn lines_of_code(&self) -> usize {
        let tests: Vec<_> = self
            .inline_tests()
            .map(|span| span.start().line..=span.end().line)
            .collect();
        let lines = self.text.lines().enumerate().filter(|(number, line)| {
            let line = line.trim();
            let code = !line.is_empty() && !line.starts_with("//");
            code && !tests.iter().any(|span| span.contains(&(number + 1)))
        });
        lines.count()
    }

    /// The places of its unit tests.
    pub(crate) fn inline_tests(&self) -> impl Iterator<Item = Span> {
        self.ast.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_some() && for_tests(&module.attrs) => {
                Some(module.span())
            }
            _ => None,
        })
    }
}

/// Whether a path is one of tests only; `testing` is what a room lends to the tests of others.
pub(crate) fn is_test(path: &str) -> bool {
    path.split('/')
        .skip(1)
        .any(|part| ["tests", "tests.rs", "testing", "testing.rs"].contains(&part))
}

/// Whether attributes keep an item for tests only: `#[cfg(test)]` or the feature `testing`.
pub(crate) fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let Meta::List(list) = &attribute.meta else {
            return false;
        };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg") && !condition.contains("not") && (condition.contains("test"))
    })
}

/// Number of lines of a piece of source.
pub(crate) fn length(span: Span) -> usize {
    span.end().line - span.start().line + 1
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the package lies in the repository")
        .to_owned()
}

/// Reads one file of the repository.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
}

/// Reads every text of the repository, in the order of their paths.
pub(crate) fn texts() -> Vec<Text> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Reads and parses every Rust file of the repository.
pub(crate) fn rust() -> Vec<Rust> {
    let files = texts().into_iter().filter(|file| file.is("rs"));
    files
        .map(|file| Rust::parse(&file.path, &file.text))
        .collect()
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<Text>) {
    let entries = fs::read_dir(folder).expect("a folder of the repository");
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type().expect("a kind");
        let not_ours = prefix.is_empty() && NOT_OURS.contains(&name.as_str());
        if kind.is_dir() && !not_ours && name != OF_OTHERS {
            collect(&entry.path(), &format!("{path}/"), found);
        }
        let extension = Path::new(&name).extension().unwrap_or_default();
        let read = kind.is_file() && TEXTS.iter().any(|known| extension == *known);
        if let Some(text) = read
            .then(|| fs::read_to_string(entry.path()).ok())
            .flatten()
        {
            found.push(Text { path, text });
        }
    }
}
