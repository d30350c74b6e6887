//! `unsafe` exists in one place: where the engine's library is loaded.

use syn::visit::{self, Visit};
use syn::{ExprUnsafe, ItemForeignMod, ItemImpl, ItemTrait, Safety, Signature};

use crate::findings::{Finding, none};
use crate::tree::{Rust, rust};

/// The one file that may be unsafe: it calls a C function of a library found at run time.
const LOADER: &str = "crates/warehouse/src/engine/child.rs";

#[test]
fn only_the_loader_of_the_engine_is_unsafe() {
    let files = rust();
    let others = files.iter().filter(|file| file.path != LOADER);
    none(
        others.flat_map(uses).collect(),
        &format!("find a safe way; only {LOADER} calls C"),
    );
}

#[test]
fn every_other_crate_forbids_unsafe() {
    let files = rust();
    let roots = files.iter().filter(|file| {
        let root = file.path.ends_with("/src/lib.rs") || file.path.ends_with("/src/main.rs");
        root && !LOADER.starts_with(file.path.trim_end_matches("lib.rs"))
    });
    let open = roots.filter(|file| !file.text.contains("#![forbid(unsafe_code)]"));
    none(
        open.map(|file| Finding::new(&file.path, 1, "does not forbid unsafe code"))
            .collect(),
        "write #![forbid(unsafe_code)] below the crate's docs",
    );
}

fn uses(file: &Rust) -> Vec<Finding> {
    let mut lines = Lines::default();
    lines.visit_file(&file.ast);
    lines
        .0
        .into_iter()
        .map(|line| Finding::new(&file.path, line, "unsafe code"))
        .collect()
}

#[derive(Default)]
struct Lines(Vec<usize>);

impl<'ast> Visit<'ast> for Lines {
    fn visit_expr_unsafe(&mut self, block: &'ast ExprUnsafe) {
        self.0.push(block.unsafe_token.span.start().line);
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast Signature) {
        if let Safety::Unsafe(token) = &signature.safety {
            self.0.push(token.span.start().line);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        self.0
            .extend(item.unsafety.iter().map(|token| token.span.start().line));
        visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.0
            .extend(item.unsafety.iter().map(|token| token.span.start().line));
        visit::visit_item_trait(self, item);
    }

    fn visit_item_foreign_mod(&mut self, item: &'ast ItemForeignMod) {
        self.0.push(item.abi.extern_token.span.start().line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_unsafe_is_found() {
        let text = "unsafe fn f() {}\nfn g() { unsafe { f() } }\nunsafe impl Send for X {}\nextern \"C\" { fn h(); }\n";
        let found = uses(&Rust::parse("crates/api/src/x.rs", text));
        assert_eq!(found.len(), 4, "{found:?}");
    }
}
