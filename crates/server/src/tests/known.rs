//! The hosts that sources are known by, as Markdown.

use std::fmt::Write;

use trunkline_calltracking::source::known::{PAYMENT, SEARCH, SOCIAL};

/// Gives the tables.
pub(super) fn reference() -> String {
    let mut text = String::from(
        "\n## What is known by its host\n\n\
         A host also stands for itself behind `www.` and `m.`; with a dot in front for all hosts below it too; `*` is any public suffix.\n",
    );
    for (title, table) in [
        ("Search engines (`organic`)", SEARCH),
        ("Social sites and messengers (`social`)", SOCIAL),
    ] {
        let _ = write!(
            text,
            "\n### {title}\n\n| source | hosts and apps |\n|---|---|\n"
        );
        for (source, patterns) in table {
            let _ = writeln!(text, "| `{source}` | {} |", listed(patterns));
        }
    }
    let _ = write!(
        text,
        "\n### Payment pages, which are no referrers\n\n{}\n",
        listed(PAYMENT)
    );
    text
}

fn listed(patterns: &[&str]) -> String {
    let quoted: Vec<String> = patterns.iter().map(|it| format!("`{it}`")).collect();
    quoted.join(", ")
}
