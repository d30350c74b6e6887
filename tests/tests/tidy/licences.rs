//! Which packages may come in: licences, sources and bans of `deny.toml`, read from cargo itself, so that the rule
//! holds where `cargo deny` is not installed.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::findings::{Finding, none};
use crate::metadata::{all, text};
use crate::tree::read;

/// The one place packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

#[test]
fn every_licence_is_allowed() {
    let rules = Rules::read();
    none(
        rules.licences(&all()),
        "choose another crate, or add the licence to deny.toml if it is permissive",
    );
}

#[test]
fn no_banned_crate_comes_in() {
    let rules = Rules::read();
    none(
        rules.bans(&all()),
        "deny.toml has the reason and what to use; `cargo tree -i NAME` shows who brings it",
    );
}

#[test]
fn everything_comes_from_the_registry() {
    let lock: toml::Table = read("Cargo.lock").parse().expect("a lock file");
    none(
        sources(&lock),
        "use a published crate: no git dependencies, no other registry",
    );
}

/// What `deny.toml` allows and bans.
struct Rules {
    allowed: BTreeSet<String>,
    banned: BTreeSet<String>,
}

impl Rules {
    #[track_caller]
    fn read() -> Self {
        let file: toml::Table = read("deny.toml").parse().expect("deny.toml is TOML");
        let list = |section: &str, key: &str| {
            let list = file
                .get(section)
                .and_then(|section| section.get(key))
                .and_then(toml::Value::as_array);
            list.cloned().expect("a list in deny.toml")
        };
        let name = |value: &toml::Value| value.as_str().map(str::to_owned);
        Self {
            allowed: list("licenses", "allow").iter().filter_map(name).collect(),
            banned: list("bans", "deny")
                .iter()
                .filter_map(|ban| ban.get("crate").and_then(name))
                .collect(),
        }
    }

    fn licences(&self, packages: &[Value]) -> Vec<Finding> {
        let bad = packages
            .iter()
            .filter(|package| !self.allows(text(package, "license")));
        bad.map(|package| at(package, &format!("licence {:?}", text(package, "license"))))
            .collect()
    }

    fn bans(&self, packages: &[Value]) -> Vec<Finding> {
        let bad = packages
            .iter()
            .filter(|package| self.banned.contains(text(package, "name")));
        bad.map(|package| at(package, "banned")).collect()
    }

    /// Whether an SPDX expression can be met with allowed licences; `/` is the old way to write OR.
    fn allows(&self, expression: &str) -> bool {
        let spaced = expression
            .replace('(', " ( ")
            .replace(')', " ) ")
            .replace('/', " OR ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        let mut rest = words.as_slice();
        let allowed = self.either(&mut rest);
        allowed && rest.is_empty()
    }

    fn either(&self, rest: &mut &[&str]) -> bool {
        let mut allowed = self.both(rest);
        while let ["OR", after @ ..] = rest {
            *rest = after;
            allowed |= self.both(rest);
        }
        allowed
    }

    fn both(&self, rest: &mut &[&str]) -> bool {
        let mut allowed = self.one(rest);
        while let ["AND", after @ ..] = rest {
            *rest = after;
            allowed &= self.one(rest);
        }
        allowed
    }

    fn one(&self, rest: &mut &[&str]) -> bool {
        match rest {
            ["(", after @ ..] => {
                *rest = after;
                let allowed = self.either(rest);
                *rest = rest.get(1..).unwrap_or_default();
                allowed
            }
            [licence, "WITH", exception, after @ ..] => {
                *rest = after;
                self.allowed
                    .contains(&format!("{licence} WITH {exception}"))
            }
            [licence, after @ ..] => {
                *rest = after;
                self.allowed.contains(*licence)
            }
            [] => false,
        }
    }
}

fn sources(lock: &toml::Table) -> Vec<Finding> {
    let packages = lock
        .get("package")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten();
    let source = |package: &toml::Value| {
        package
            .get("source")
            .and_then(toml::Value::as_str)
            .map(str::to_owned)
    };
    let bad = packages.filter(|package| source(package).is_some_and(|source| source != REGISTRY));
    bad.map(|package| {
        Finding::new(
            "Cargo.lock",
            0,
            format!("{} comes from {:?}", package["name"], source(package)),
        )
    })
    .collect()
}

fn at(package: &Value, what: &str) -> Finding {
    Finding::new(
        "Cargo.lock",
        0,
        format!(
            "{} {}: {what}",
            text(package, "name"),
            text(package, "version")
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rules() -> Rules {
        Rules {
            allowed: [
                "MIT",
                "Apache-2.0",
                "Unicode-3.0",
                "Apache-2.0 WITH LLVM-exception",
            ]
            .map(str::to_owned)
            .into(),
            banned: ["openssl".to_owned()].into(),
        }
    }

    #[test]
    fn licence_expressions_are_understood() {
        for good in [
            "MIT",
            "MIT OR GPL-3.0",
            "GPL-3.0/MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR X",
        ] {
            assert!(rules().allows(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "GPL-3.0 OR (MIT AND LGPL-2.1)",
            "MIT WITH something",
        ] {
            assert!(!rules().allows(bad), "{bad}");
        }
    }

    #[test]
    fn a_banned_crate_and_a_foreign_source_are_found() {
        assert_eq!(
            rules()
                .bans(&[json!({"name": "openssl", "version": "1"})])
                .len(),
            1
        );
        let lock = "[[package]]\nname = \"x\"\nsource = \"git+https://example.org/x\"\n[[package]]\nname = \"y\"\n";
        assert_eq!(sources(&lock.parse().expect("TOML")).len(), 1);
    }
}
