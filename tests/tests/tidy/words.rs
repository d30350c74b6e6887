//! One word per thing: what must not be said in code and documents, and where an exception has its reason.

use crate::findings::{Finding, none};
use crate::tree::{Text, texts};

/// A word, and what to say instead. Found in identifiers (`agent_id`, `AgentId`) and in prose alike.
const BANNED: [(&str, &str); 11] = [
    ("agent", "manager"),
    ("operator", "manager; of the service: whoever runs it"),
    ("customer", "contact"),
    ("dialog", "conversation"),
    ("dialogue", "conversation"),
    ("timestamp", "at, occurred_at, received_at or recorded_at"),
    ("session", "call, leg, visit or connection"),
    ("cursor", "page, after, offset or position"),
    ("utils", "the name of what it does"),
    ("helpers", "the name of what it does"),
    ("impl_detail", "the name of what it does"),
];

/// Identifiers that others have named, in the way they are written.
const FOREIGN: [&str; 15] = [
    "user_agent",
    "USER_AGENT",
    "UserAgent",
    "userAgent",
    "sessionStorage",
    "Cursor",
    "RowCursor",
    "BytesCursor",
    "toUnixTimestamp64Milli",
    "fromUnixTimestamp64Milli",
    "toUnixTimestamp",
    "timestamp_millis",
    "timestamp_millis_opt",
    "from_timestamp",
    "from_timestamp_millis",
];

const PAGED: &str = "the contract's name of the parameter that pages a list of things";

/// Words that may stand in a file (or folder), each with its reason. An exception that is not used is an error.
const EXCEPTIONS: [(&str, &str, &str); 29] = [
    ("agent", "tests/", "ureq's type is an Agent"),
    (
        "customer",
        "tests/data/README.md",
        "the name of the data set",
    ),
    ("cursor", "docs/vocabulary.md", "names what not to say"),
    ("cursor", "docs/reports.md", PAGED),
    ("cursor", "crates/api/src/records", PAGED),
    ("cursor", "crates/reports/src/records", PAGED),
    ("cursor", "crates/reports/tests/engine/records", PAGED),
    ("cursor", "tests/tests/e2e/records", PAGED),
    (
        "cursor",
        "crates/board/assets/chart.js",
        "the name of an option of uPlot",
    ),
    ("agent", "docs/maps/", "a word of what is mapped"),
    ("customer", "docs/maps/", "a word of what is mapped"),
    ("session", "docs/maps/", "a word of what is mapped"),
    ("timestamp", "docs/maps/", "a word of what is mapped"),
    (
        "customer",
        "crates/providers/src/vendors/",
        "a word of providers",
    ),
    (
        "agent",
        "crates/providers/src/vendors/",
        "a word of providers",
    ),
    (
        "operator",
        "crates/providers/src/vendors/",
        "a word of providers",
    ),
    (
        "timestamp",
        "crates/providers/src/vendors/",
        "a word of providers",
    ),
    (
        "timestamp",
        "crates/server/src/commands/import/",
        "the name of a type of Parquet",
    ),
    (
        "session",
        "crates/providers/src/vendors/",
        "a word of providers",
    ),
    ("agent", "docs/providers/", "a word of providers"),
    ("session", "docs/providers/", "a word of providers"),
    ("timestamp", "docs/providers/", "a word of providers"),
    ("timestamp", "tests/src/centre/", "a word of providers"),
    ("session", "tests/src/centre/", "a word of providers"),
    (
        "timestamp",
        "tests/tests/e2e/traps.rs",
        "a word of providers",
    ),
    (
        "operator",
        "tests/tests/e2e/traps.rs",
        "a word of providers",
    ),
    (
        "timestamp",
        "tests/tests/e2e/exports.rs",
        "a word of providers",
    ),
    (
        "timestamp",
        "tests/tests/e2e/hooks.rs",
        "the name of a header",
    ),
    (
        "timestamp",
        "benches/src/webhooks.rs",
        "the name of a field of a provider",
    ),
];

/// Files that name the words in order to ban them.
const NAMES_THEM: [&str; 2] = ["docs/vocabulary.md", "tests/tests/tidy/"];

#[test]
fn every_thing_has_one_word() {
    let files: Vec<Text> = texts()
        .into_iter()
        .filter(|file| !exempt(&file.path))
        .collect();
    let mut found: Vec<Finding> = files.iter().flat_map(banned).collect();
    found.extend(unused(&files));
    none(found, "docs/vocabulary.md has the words");
}

#[test]
fn modules_are_named_after_what_they_do() {
    let drawers = [
        "common", "helper", "helpers", "misc", "mod", "util", "utils",
    ];
    let files = texts().into_iter().filter(|file| file.is("rs"));
    let found = files.filter(|file| {
        let parts = file.path.trim_end_matches(".rs").split('/');
        parts.clone().any(|part| drawers.contains(&part))
    });
    none(
        found
            .map(|file| Finding::new(&file.path, 0, "a drawer, or `mod.rs`"))
            .collect(),
        "name the module after what it does; `foo.rs` stands beside `foo/`",
    );
}

#[test]
fn no_machine_is_named() {
    let files = texts()
        .into_iter()
        .filter(|file| !file.path.starts_with("tests/tests/tidy/"));
    none(
        files.flat_map(|file| machines(&file)).collect(),
        "use a path below the repository or a temporary directory made at run time; packages come by their names",
    );
}

fn exempt(path: &str) -> bool {
    NAMES_THEM.iter().any(|known| path.starts_with(known))
}

fn banned(file: &Text) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        for identifier in identifiers(line).filter(|name| !FOREIGN.contains(name)) {
            for part in parts(identifier) {
                let hit = BANNED
                    .iter()
                    .find(|(word, _)| part == *word || part.strip_suffix('s') == Some(word));
                if let Some((word, instead)) = hit.filter(|(word, _)| !excepted(word, &file.path)) {
                    let what = format!("`{identifier}` says \"{word}\": say {instead}");
                    found.push(Finding::new(&file.path, number + 1, what));
                }
            }
        }
    }
    found
}

fn excepted(word: &str, path: &str) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(known, place, _)| *known == word && path.starts_with(place))
}

fn unused(files: &[Text]) -> Vec<Finding> {
    let says = |word: &str, place: &str| {
        let mut there = files.iter().filter(|file| file.path.starts_with(place));
        there.any(|file| {
            file.text
                .lines()
                .flat_map(identifiers)
                .flat_map(parts)
                .any(|part| part.trim_end_matches('s') == word)
        })
    };
    let stale = EXCEPTIONS
        .iter()
        .filter(|(word, place, _)| !exempt(place) && !says(word, place));
    stale
        .map(|(word, place, _)| {
            Finding::new(
                "tests/tests/tidy/words.rs",
                0,
                format!("the exception of \"{word}\" in {place} is not needed"),
            )
        })
        .collect()
}

/// Pieces of a line that could be identifiers or words.
fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|piece| !piece.is_empty())
}

/// The words of an identifier, in lower case: `AgentId` and `agent_id` are "agent" and "id".
fn parts(identifier: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut before = '_';
    for c in identifier.chars() {
        if c == '_' || (c.is_ascii_uppercase() && before.is_ascii_lowercase()) {
            parts.push(String::new());
        }
        if let (Some(part), true) = (parts.last_mut(), c != '_') {
            part.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    parts
}

fn machines(file: &Text) -> Vec<Finding> {
    let bad = [
        "/work/",
        "/tmp/",
        "/root/",
        "/home/",
        "npmjs.",
        "static.crates.io",
        "index.crates.io",
        "pypi.org",
        "debian.org",
    ];
    let lines = file.text.lines().enumerate();
    let hits = lines.flat_map(|(number, line)| {
        bad.iter()
            .filter(|bad| line.contains(**bad))
            .map(move |bad| (number, bad))
    });
    hits.map(|(number, bad)| Finding::new(&file.path, number + 1, format!("names {bad}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &str) -> Text {
        Text {
            path: "crates/model/src/x.rs".to_owned(),
            text: line.to_owned(),
        }
    }

    #[test]
    fn a_banned_word_is_found_in_every_dress() {
        for line in [
            "let agent_id = 1;",
            "struct AgentId;",
            "// An agent.",
            "the Agents said",
            "AGENT",
        ] {
            assert_eq!(banned(&text(line)).len(), 1, "{line}");
        }
        for line in [
            "let user_agent = 1;",
            "// a reagent",
            "urgent",
            "std::io::Cursor",
        ] {
            assert_eq!(banned(&text(line)), [], "{line}");
        }
    }

    #[test]
    fn a_path_of_a_machine_is_found() {
        assert_eq!(machines(&text("let x = \"/tmp/x\";")).len(), 1);
        assert_eq!(machines(&text("let x = \"tmp/x\";")), []);
    }
}
