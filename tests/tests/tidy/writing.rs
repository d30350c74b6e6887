//! How files are written: a word at the head of each, log messages in one form, no code in comments, nothing put off
//! without an issue, tests of the same field names everywhere.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Field, Macro};

use crate::findings::{Finding, none};
use crate::tree::{Rust, Text, is_test, rust, texts};

#[test]
fn every_file_begins_with_what_it_is() {
    let silent = rust()
        .into_iter()
        .filter(|file| !is_test(&file.path) && !file.text.starts_with("//!"));
    none(
        silent
            .map(|file| Finding::new(&file.path, 1, "no `//!` at its head"))
            .collect(),
        "say in a line or more what the file is and what holds in it",
    );
}

#[test]
fn nothing_is_put_off_without_an_issue() {
    let files = texts()
        .into_iter()
        .filter(|file| !file.path.starts_with("tests/tests/tidy/"));
    none(
        files.flat_map(|file| put_off(&file)).collect(),
        "do it, or name the issue: TODO(#12)",
    );
}

#[test]
fn no_code_is_commented_out() {
    none(
        rust().iter().flat_map(commented_code).collect(),
        "delete it; git remembers",
    );
}

#[test]
fn log_messages_are_lower_case_without_a_full_stop() {
    let product = rust().into_iter().filter(Rust::is_product);
    none(
        product.flat_map(|file| log_messages(&file)).collect(),
        "write `\"journal sealed\"`, not `\"Journal sealed.\"`",
    );
}

#[test]
fn no_field_is_a_bare_duration() {
    let product = rust().into_iter().filter(Rust::is_product);
    none(
        product.flat_map(|file| bare_durations(&file)).collect(),
        "say which: ring, wait, talk, hold, or what it is the limit of",
    );
}

fn put_off(file: &Text) -> Vec<Finding> {
    let marks = ["TODO", "FIXME", "XXX", "HACK"];
    let bad = file.text.lines().enumerate().filter(|(_, line)| {
        let marked = marks.iter().any(|mark| {
            let mut found = line.match_indices(mark);
            found.any(|(at, _)| {
                let (before, after) = (&line[..at], &line[at + mark.len()..]);
                let alone = !before.ends_with(char::is_alphanumeric)
                    && !after.starts_with(char::is_alphanumeric);
                alone && !after.starts_with("(#")
            })
        });
        marked || line.contains("unimplemented!(")
    });
    bad.map(|(number, line)| {
        Finding::new(&file.path, number + 1, format!("put off: {}", line.trim()))
    })
    .collect()
}

/// Finds runs of `//` lines that parse as statements of Rust.
fn commented_code(file: &Rust) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut run = String::new();
    let mut start = 0;
    for (number, line) in file.text.lines().chain([""]).enumerate() {
        let comment = line
            .trim_start()
            .strip_prefix("//")
            .filter(|rest| !rest.starts_with(['/', '!']));
        if let Some(comment) = comment {
            if run.is_empty() {
                start = number + 1;
            }
            run.push_str(comment);
            run.push('\n');
        } else if !run.is_empty() {
            if is_code(&run) {
                found.push(Finding::new(
                    &file.path,
                    start,
                    format!("code in a comment: {}", run.trim()),
                ));
            }
            run.clear();
        }
    }
    found
}

fn is_code(comment: &str) -> bool {
    let statement = [";", "}", "},"]
        .iter()
        .any(|end| comment.trim_end().ends_with(end));
    statement
        && (syn::parse_str::<syn::Block>(&format!("{{{comment}}}")).is_ok()
            || syn::parse_file(comment).is_ok())
}

fn log_messages(file: &Rust) -> Vec<Finding> {
    let mut messages = Messages::default();
    messages.visit_file(&file.ast);
    let bad = messages.0.into_iter().filter(|(text, _)| {
        let first = text.split(' ').next().unwrap_or_default();
        let name = first.chars().skip(1).any(|c| c.is_ascii_uppercase());
        text.ends_with('.') || (first.starts_with(|c: char| c.is_ascii_uppercase()) && !name)
    });
    bad.map(|(text, line)| Finding::new(&file.path, line, format!("log message {text:?}")))
        .collect()
}

/// The messages of the logging macros.
#[derive(Default)]
struct Messages(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Messages {
    fn visit_macro(&mut self, call: &'ast Macro) {
        let name = call
            .path
            .segments
            .last()
            .map(|part| part.ident.to_string())
            .unwrap_or_default();
        if ["error", "warn", "info", "debug", "trace"].contains(&name.as_str()) {
            self.0.extend(message(call.tokens.clone()));
        }
        visit::visit_macro(self, call);
    }
}

/// The message among the arguments: a literal text that begins an argument of its own.
fn message(arguments: TokenStream) -> Option<(String, usize)> {
    let mut begins = true;
    for token in arguments {
        match token {
            TokenTree::Literal(literal) if begins => {
                let text: syn::LitStr = syn::parse_str(&literal.to_string()).ok()?;
                return Some((text.value(), literal.span().start().line));
            }
            other => begins = matches!(&other, TokenTree::Punct(mark) if mark.as_char() == ','),
        }
    }
    None
}

fn bare_durations(file: &Rust) -> Vec<Finding> {
    let mut fields = Fields::default();
    fields.visit_file(&file.ast);
    fields
        .0
        .into_iter()
        .map(|line| Finding::new(&file.path, line, "a field named `duration`"))
        .collect()
}

#[derive(Default)]
struct Fields(Vec<usize>);

impl<'ast> Visit<'ast> for Fields {
    fn visit_field(&mut self, field: &'ast Field) {
        let named = field.ident.iter().filter(|name| *name == "duration");
        self.0.extend(named.map(|name| name.span().start().line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> Rust {
        Rust::parse("crates/model/src/x.rs", text)
    }

    #[test]
    fn a_statement_in_a_comment_is_found_and_prose_is_not() {
        let code = "// let x = compute(1);\n// if x > 2 { return; }\nfn f() {}\n";
        assert_eq!(commented_code(&rust(code)).len(), 1);
        let prose = "// The first of each wins; a later one is kept, because it may be asked for;\n// see `f`.\nfn f() {}\n";
        assert_eq!(commented_code(&rust(prose)), []);
    }

    #[test]
    fn a_log_message_in_the_wrong_form_is_found() {
        for bad in [
            "info!(\"Journal sealed\");",
            "tracing::warn!(offset = 1, \"journal sealed.\");",
        ] {
            assert_eq!(
                log_messages(&rust(&format!("fn f() {{ {bad} }}"))).len(),
                1,
                "{bad}"
            );
        }
        for good in [
            "info!(\"journal sealed\");",
            "warn!(a = \"Text.\", \"ClickHouse is away\");",
        ] {
            assert_eq!(
                log_messages(&rust(&format!("fn f() {{ {good} }}"))),
                [],
                "{good}"
            );
        }
    }

    #[test]
    fn work_put_off_is_found_unless_it_names_an_issue() {
        let text = |line: &str| Text {
            path: "x".to_owned(),
            text: line.to_owned(),
        };
        assert_eq!(put_off(&text("// TODO later")).len(), 1);
        assert_eq!(put_off(&text("// TODO(#12): later")), []);
    }

    #[test]
    fn a_bare_duration_is_found() {
        assert_eq!(
            bare_durations(&rust("struct Call { duration: u32, ring_s: u32 }")).len(),
            1
        );
    }
}
