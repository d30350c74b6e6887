//! What the product's code reaches for: clocks, disks and sockets in the pure rooms, the environment outside the
//! shell, tasks that nobody joins, metrics outside their module.

use syn::visit::{self, Visit};
use syn::{ImplItemFn, ItemFn, ItemMod, Macro, UseTree};

use crate::edges::PURE;
use crate::findings::{Finding, none};
use crate::tree::{Rust, for_tests, rust};

/// Paths (by their first or last parts) that read the world.
const WORLD: [&str; 16] = [
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::ToSocketAddrs",
    "std::net::UdpSocket",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "chrono::Local",
    "Utc::now",
    "Local::now",
    "tokio",
    "rand",
];

/// Paths that read the environment or set a global.
const SHELL: [&str; 12] = [
    "env::args",
    "env::args_os",
    "env::current_dir",
    "env::home_dir",
    "env::set_current_dir",
    "env::temp_dir",
    "env::var",
    "env::var_os",
    "env::vars",
    "env::vars_os",
    "metrics::set_global_recorder",
    "tracing::subscriber::set_global_default",
];

/// Ways to start a task that nobody joins.
const LOOSE: [&str; 3] = ["tokio::spawn", "tokio::task::spawn", "Handle::spawn"];

#[test]
fn pure_rooms_are_pure() {
    let product = rust().into_iter().filter(Rust::is_product);
    let rooms = product.filter(|file| file.room().is_some_and(|room| PURE.contains(&room)));
    none(
        rooms.flat_map(|file| reaching(&file, &WORLD)).collect(),
        "take `now` and whatever else is needed as an argument",
    );
}

#[test]
fn one_shell() {
    let rooms = rust()
        .into_iter()
        .filter(Rust::is_product)
        .filter(|file| file.room() != Some("server"));
    let found = rooms.flat_map(|file| {
        let mut found = reaching(&file, &SHELL);
        found.extend(reaching(&file, &LOOSE));
        found
    });
    none(
        found.collect(),
        "let `server` read the environment and pass values; spawn through a TaskTracker that is joined",
    );
}

#[test]
fn metrics_are_declared_in_one_module_of_each_room() {
    let product = rust().into_iter().filter(Rust::is_product);
    none(
        product.flat_map(|file| metrics_elsewhere(&file)).collect(),
        "call a function of the room's metrics.rs, where the metric is described",
    );
}

/// Finds the paths in a file, outside its tests, that are one of `forbidden` or lie under it.
fn reaching(file: &Rust, forbidden: &[&str]) -> Vec<Finding> {
    let mut paths = Paths::default();
    paths.visit_file(&file.ast);
    let bad = paths.found.into_iter().filter(|(path, _)| {
        forbidden.iter().any(|one| {
            path == one
                || path.starts_with(&format!("{one}::"))
                || path.ends_with(&format!("::{one}"))
        })
    });
    bad.map(|(path, line)| Finding::new(&file.path, line, format!("reaches for `{path}`")))
        .collect()
}

fn metrics_elsewhere(file: &Rust) -> Vec<Finding> {
    if file.path.ends_with("/metrics.rs") || file.path.contains("/metrics/") {
        return Vec::new();
    }
    let mut paths = Paths::default();
    paths.visit_file(&file.ast);
    let names = [
        "counter",
        "gauge",
        "histogram",
        "describe_counter",
        "describe_gauge",
        "describe_histogram",
    ];
    let raw = paths
        .macros
        .into_iter()
        .filter(|(name, _)| names.contains(&name.as_str()));
    raw.map(|(name, line)| Finding::new(&file.path, line, format!("`{name}!` outside metrics.rs")))
        .collect()
}

/// Every path that a file names outside its tests, and every macro it calls.
#[derive(Default)]
struct Paths {
    found: Vec<(String, usize)>,
    macros: Vec<(String, usize)>,
}

impl Paths {
    fn imported(&mut self, prefix: &str, tree: &UseTree) {
        let join = |name: &dyn std::fmt::Display| match prefix {
            "" => name.to_string(),
            _ => format!("{prefix}::{name}"),
        };
        match tree {
            UseTree::Path(path) => self.imported(&join(&path.ident), &path.tree),
            UseTree::Name(name) => self
                .found
                .push((join(&name.ident), name.ident.span().start().line)),
            UseTree::Rename(name) => self
                .found
                .push((join(&name.ident), name.ident.span().start().line)),
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|item| self.imported(prefix, item)),
            UseTree::Glob(glob) => self
                .found
                .push((prefix.to_owned(), glob.star_token.spans[0].start().line)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if !for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !for_tests(&item.attrs) {
            self.imported("", &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path
            .segments
            .iter()
            .map(|part| part.ident.to_string())
            .collect();
        if let Some(first) = path.segments.first() {
            self.found
                .push((parts.join("::"), first.ident.span().start().line));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        if let Some(last) = call.path.segments.last() {
            self.macros
                .push((last.ident.to_string(), last.ident.span().start().line));
        }
        visit::visit_macro(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_in_a_pure_room_is_found_but_not_in_its_tests() {
        let file = Rust::parse(
            "crates/model/src/x.rs",
            "use std::{fs, collections::BTreeMap};\nfn now() { chrono::Utc::now(); }\n#[cfg(test)]\nmod tests { use std::time::Instant; }\n",
        );
        let found = reaching(&file, &WORLD);
        assert_eq!(
            found,
            [
                Finding::new(&file.path, 1, "reaches for `std::fs`"),
                Finding::new(&file.path, 2, "reaches for `chrono::Utc::now`"),
            ]
        );
    }

    #[test]
    fn the_environment_is_found() {
        let file = Rust::parse(
            "crates/api/src/x.rs",
            "fn f() { std::env::var(\"X\"); env::var_os(\"X\"); }",
        );
        assert_eq!(reaching(&file, &SHELL).len(), 2);
    }

    #[test]
    fn a_raw_metric_is_found() {
        let text = "fn f() { metrics::counter!(\"x\").increment(1); }";
        assert_eq!(
            metrics_elsewhere(&Rust::parse("crates/api/src/x.rs", text)).len(),
            1
        );
        assert_eq!(
            metrics_elsewhere(&Rust::parse("crates/api/src/metrics.rs", text)),
            []
        );
    }
}
