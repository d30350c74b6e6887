//! Every invariant of `docs/architecture.md` has a test of its name, in the file that the document says.

use syn::visit::{self, Visit};
use syn::{Attribute, ItemFn, Macro};

use crate::findings::{Finding, none};
use crate::tree::{read, rust};

/// The invariants, in their order.
const INVARIANTS: [&str; 10] = [
    "acknowledged_is_durable",
    "figures_are_a_function_of_the_journal",
    "once_in_effect",
    "sums_balance",
    "pure_rooms_are_pure",
    "rows_are_absolute",
    "nothing_needed_is_deleted",
    "no_number_twice",
    "accounts_never_mix",
    "one_shell",
];

/// Invariants whose subject is not built yet, each with its reason.
const DUE_LATER: [(&str, &str); 0] = [];

const DOCUMENT: &str = "docs/architecture.md";

#[test]
fn every_invariant_has_a_test_of_its_name() {
    let mut found = Vec::new();
    let tests = tests_of_the_repository();
    let document = read(DOCUMENT);
    for invariant in INVARIANTS {
        let files: Vec<&str> = tests
            .iter()
            .filter(|(name, _)| name == invariant)
            .map(|(_, path)| path.as_str())
            .collect();
        let due = DUE_LATER.iter().any(|(name, _)| *name == invariant);
        let row = document
            .lines()
            .enumerate()
            .find(|(_, line)| line.starts_with('|') && line.contains(&format!("`{invariant}`")));
        let Some((number, row)) = row else {
            found.push(Finding::new(
                DOCUMENT,
                0,
                format!("`{invariant}` is not in the table"),
            ));
            continue;
        };
        if files.is_empty() != due {
            let what = if due {
                "is said to be due later, but has a test"
            } else {
                "has no test of its name"
            };
            found.push(Finding::new(
                DOCUMENT,
                number + 1,
                format!("`{invariant}` {what}"),
            ));
        }
        if !due && !files.iter().any(|path| row.contains(&format!("`{path}`"))) {
            found.push(Finding::new(
                DOCUMENT,
                number + 1,
                format!("the test of `{invariant}` is in {files:?}"),
            ));
        }
    }
    none(
        found,
        "write the test, name it after the invariant, and name its file in the table",
    );
}

/// Names and files of all test functions, those inside `proptest!` too.
fn tests_of_the_repository() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for file in rust() {
        let mut tests = Tests::default();
        tests.visit_file(&file.ast);
        all.extend(tests.0.into_iter().map(|name| (name, file.path.clone())));
    }
    all
}

#[derive(Default)]
struct Tests(Vec<String>);

impl<'ast> Visit<'ast> for Tests {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if function.attrs.iter().any(is_test) {
            self.0.push(function.sig.ident.to_string());
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if call.path.is_ident("proptest") {
            let text = call.tokens.to_string();
            let names = text
                .split("fn ")
                .skip(1)
                .filter_map(|rest| rest.split(['(', ' ']).next());
            self.0.extend(names.map(str::to_owned));
        }
    }
}

fn is_test(attribute: &Attribute) -> bool {
    attribute
        .path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "test")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_found_with_every_attribute_and_inside_proptest() {
        let text = "#[test] fn one() {}\n#[tokio::test] async fn two() {}\nfn none() {}\nproptest! { #[test] fn three(x in 0..9u8) {} }\n";
        let mut tests = Tests::default();
        tests.visit_file(&syn::parse_file(text).expect("Rust"));
        assert_eq!(tests.0, ["one", "two", "three"]);
    }
}
