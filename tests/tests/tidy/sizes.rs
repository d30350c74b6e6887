//! How large things may grow: files, functions, handlers, crate roots, rooms. Tests are not counted.

use std::collections::{BTreeMap, BTreeSet};

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, ExprCall, Ident, ImplItemFn, Item, ItemFn, ItemMod};

use crate::findings::{Finding, none};
use crate::tree::{Rust, for_tests, length, rust};

/// No file is longer.
const FILE: usize = 500;
/// At most one file in twenty is longer.
const LARGE_FILE: usize = 420;
/// The median of all files lies here.
const MEDIAN: std::ops::RangeInclusive<usize> = 80..=150;
/// A crate's root stays below.
const ROOT: usize = 80;
/// A function stays within; beyond 60 lines of code clippy wants a reason at the function itself.
const FUNCTION: usize = 100;
/// A function that answers a route stays within.
const HANDLER: usize = 30;
/// Unit tests beyond this move to a file of their own.
const INLINE_TESTS: usize = 150;
/// A room's lines of code, comments not counted.
const ROOM: std::ops::RangeInclusive<usize> = 400..=2500;

/// Functions that may be longer than a hundred lines, by path and name, each with its reason.
const LONG_FUNCTIONS: [(&str, &str, &str); 0] = [];

/// Rooms that may be larger, up to how many lines of code, and why.
const LARGER_ROOMS: [(&str, usize, &str); 12] = [
    (
        "delivery",
        2700,
        "what was told, taken back and is to be told again is one state; the way to receivers beside it",
    ),
    (
        "calltracking",
        4500,
        "one state machine of leases and attributions, and the tables of known sites that sources are found with",
    ),
    (
        "providers",
        11200,
        "a folder for each of 23 vendors, and none knows another; the mapping language beside them",
    ),
    ("board", 5200, "four boards, a file for each panel"),
    (
        "server",
        9000,
        "every command of the program, each a folder that knows no other",
    ),
    (
        "api",
        9700,
        "every door with its description; HTTP, WebSocket and the board share tokens, limits, refusals and the listener",
    ),
    (
        "rollup",
        9500,
        "one state machine: timeline, clock, rows, cells, live view and shrinking change together; calls, contacts, leads and spend beside it share names, settings, retractions and checkpoints",
    ),
    (
        "reports",
        8600,
        "one file for each report of the catalogue, most of it descriptions that are data",
    ),
    (
        "model",
        5700,
        "every event type and every section of the configuration; they share words, ids and times",
    ),
    (
        "warehouse",
        4300,
        "the engine's life, the schema, and the writing and reading back of every table in it",
    ),
    (
        "journal",
        3000,
        "writing, reading, recovery and verification share one format and are read together",
    ),
    (
        "pipeline",
        6900,
        "everything that shares the workers' queue; the shell of call tracking is where it will split",
    ),
];

fn product() -> Vec<Rust> {
    rust().into_iter().filter(Rust::is_product).collect()
}

#[test]
fn no_file_is_too_long() {
    none(
        files(&product()),
        "split the file by what its parts know; a file has one subject",
    );
}

#[test]
fn most_files_are_short() {
    let files = product();
    let mut lines: Vec<usize> = files.iter().map(Rust::lines_without_tests).collect();
    lines.sort_unstable();
    let median = lines[lines.len() / 2];
    assert!(
        MEDIAN.contains(&median),
        "the median file has {median} lines, and not {MEDIAN:?}"
    );
    let large = files
        .iter()
        .filter(|file| file.lines_without_tests() > LARGE_FILE);
    let large: Vec<&str> = large.map(|file| file.path.as_str()).collect();
    assert!(
        large.len() * 20 <= lines.len(),
        "more than one file in twenty has over {LARGE_FILE} lines; split some of {large:?}"
    );
}

#[test]
fn no_function_is_too_long() {
    none(
        product().iter().flat_map(functions).collect(),
        "name its steps and make them functions; a reason for an exception stands in sizes.rs of the tidy test",
    );
}

#[test]
fn handlers_are_short() {
    let files = product();
    let api: Vec<&Rust> = files
        .iter()
        .filter(|file| file.room() == Some("api"))
        .collect();
    none(
        handlers(&api),
        "a handler takes apart the request, calls, and answers; move the work below it",
    );
}

#[test]
fn a_crates_root_holds_only_docs_modules_and_reexports() {
    none(
        rust()
            .iter()
            .filter(|file| file.path.ends_with("/src/lib.rs"))
            .flat_map(root)
            .collect(),
        "move the code to a module",
    );
}

#[test]
fn long_unit_tests_have_a_file_of_their_own() {
    none(
        product().iter().flat_map(inline_tests).collect(),
        "move the tests of `foo.rs` to `foo/tests.rs`",
    );
}

#[test]
fn rooms_have_a_sound_size() {
    let mut rooms: BTreeMap<String, usize> = BTreeMap::new();
    for file in product() {
        *rooms
            .entry(file.room().unwrap_or_default().to_owned())
            .or_default() += file.lines_of_code();
    }
    let odd = rooms.into_iter().filter(|(room, lines)| {
        let larger = LARGER_ROOMS.iter().find(|(known, _, _)| known == room);
        let most = larger.map_or(*ROOM.end(), |(_, most, _)| *most);
        !(*ROOM.start()..=most).contains(lines)
    });
    none(
        odd.map(|(room, lines)| {
            Finding::new(
                &format!("crates/{room}"),
                0,
                format!("{lines} lines of code"),
            )
        })
        .collect(),
        &format!(
            "a room has {ROOM:?} lines of code: join or split rooms, or give a reason in sizes.rs of the tidy test"
        ),
    );
}

fn files(all: &[Rust]) -> Vec<Finding> {
    let long = all
        .iter()
        .map(|file| (file, file.lines_without_tests()))
        .filter(|(_, lines)| *lines > FILE);
    long.map(|(file, lines)| {
        Finding::new(&file.path, FILE, format!("{lines} lines, more than {FILE}"))
    })
    .collect()
}

fn functions(file: &Rust) -> Vec<Finding> {
    let listed = |name: &str| {
        LONG_FUNCTIONS
            .iter()
            .any(|(path, function, _)| *path == file.path && *function == name)
    };
    let long = Functions::of(file)
        .into_iter()
        .filter(|found| found.lines > FUNCTION && !listed(&found.name));
    long.map(|found| {
        Finding::new(
            &file.path,
            found.at,
            format!(
                "`{}` has {} lines, more than {FUNCTION}",
                found.name, found.lines
            ),
        )
    })
    .collect()
}

fn handlers(api: &[&Rust]) -> Vec<Finding> {
    let mut routed = Routed::default();
    for file in api {
        routed.visit_file(&file.ast);
    }
    let mut found = Vec::new();
    for file in api {
        for function in Functions::of(file) {
            if routed.0.contains(&function.name) && function.lines > HANDLER {
                let what = format!(
                    "the handler `{}` has {} lines, more than {HANDLER}",
                    function.name, function.lines
                );
                found.push(Finding::new(&file.path, function.at, what));
            }
        }
    }
    found
}

fn root(file: &Rust) -> Vec<Finding> {
    let mut found = Vec::new();
    let lines = file.text.lines().count();
    if lines >= ROOT {
        found.push(Finding::new(
            &file.path,
            ROOT,
            format!("{lines} lines, {ROOT} or more"),
        ));
    }
    for item in &file.ast.items {
        let sound = match item {
            Item::Use(_) | Item::ExternCrate(_) => true,
            Item::Mod(module) => module.content.is_none() || for_tests(&module.attrs),
            _ => false,
        };
        if !sound {
            let line = item.span().start().line;
            found.push(Finding::new(&file.path, line, "code in a crate's root"));
        }
    }
    found
}

fn inline_tests(file: &Rust) -> Vec<Finding> {
    let long = file
        .inline_tests()
        .filter(|span| length(*span) > INLINE_TESTS);
    long.map(|span| {
        Finding::new(
            &file.path,
            span.start().line,
            format!("unit tests of {} lines", length(span)),
        )
    })
    .collect()
}

/// A function's name, place and length from its signature to its last brace.
struct Function {
    name: String,
    at: usize,
    lines: usize,
}

/// Collects the functions of a file outside its tests.
#[derive(Default)]
struct Functions(Vec<Function>);

impl Functions {
    fn of(file: &Rust) -> Vec<Function> {
        let mut found = Self::default();
        found.visit_file(&file.ast);
        found.0
    }

    fn note(&mut self, attributes: &[Attribute], name: &Ident, block: &syn::Block) -> bool {
        let counted = !for_tests(attributes);
        if counted {
            let (at, end) = (
                name.span().start().line,
                block.brace_token.span.close().end().line,
            );
            self.0.push(Function {
                name: name.to_string(),
                at,
                lines: end - at + 1,
            });
        }
        counted
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if self.note(&function.attrs, &function.sig.ident, &function.block) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if self.note(&function.attrs, &function.sig.ident, &function.block) {
            visit::visit_impl_item_fn(self, function);
        }
    }
}

/// Collects the names of the functions that are given to axum's `get`, `post` and the like.
#[derive(Default)]
struct Routed(BTreeSet<String>);

impl<'ast> Visit<'ast> for Routed {
    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let name = |expression: &Expr| match expression {
            Expr::Path(path) => path.path.segments.last().map(|part| part.ident.to_string()),
            _ => None,
        };
        let methods = ["get", "post", "put", "patch", "delete", "any"];
        if name(&call.func).is_some_and(|method| methods.contains(&method.as_str())) {
            self.0.extend(call.args.iter().filter_map(name));
        }
        visit::visit_expr_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function_of(lines: usize) -> String {
        format!("fn f() {{\n{}}}\n", "    work();\n".repeat(lines - 2))
    }

    #[test]
    fn a_file_of_501_lines_is_found_and_its_tests_are_not_counted() {
        let long = Rust::parse("crates/api/src/x.rs", &"const _: u8 = 0;\n".repeat(501));
        assert_eq!(files(&[long]).len(), 1);
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "const _: u8 = 0;\n".repeat(490),
            "const _: u8 = 0;\n".repeat(50)
        );
        let tested = Rust::parse("crates/api/src/x.rs", &tested);
        assert_eq!(tested.lines_without_tests(), 490);
        assert_eq!(files(&[tested]), []);
    }

    #[test]
    fn a_function_of_101_lines_is_found_and_one_of_100_is_not() {
        let file = |lines| Rust::parse("crates/api/src/x.rs", &function_of(lines));
        assert_eq!(functions(&file(101)).len(), 1);
        assert_eq!(functions(&file(100)), []);
    }

    #[test]
    fn a_handler_of_31_lines_is_found() {
        let text = format!("fn routes() {{ get(x::f); }}\n{}", function_of(31));
        assert_eq!(
            handlers(&[&Rust::parse("crates/api/src/x.rs", &text)]).len(),
            1
        );
    }

    #[test]
    fn code_in_a_crates_root_is_found() {
        let file = Rust::parse(
            "crates/api/src/lib.rs",
            "//! Docs.\nmod x;\npub use x::Y;\nfn f() {}\n",
        );
        assert_eq!(
            root(&file),
            [Finding::new(&file.path, 4, "code in a crate's root")]
        );
    }

    #[test]
    fn unit_tests_of_over_150_lines_are_found() {
        let text = format!(
            "#[cfg(test)]\nmod tests {{\n{}}}\n",
            "const _: u8 = 0;\n".repeat(150)
        );
        assert_eq!(
            inline_tests(&Rust::parse("crates/api/src/x.rs", &text)).len(),
            1
        );
    }
}
