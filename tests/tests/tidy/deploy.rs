//! What `deploy/` and `grafana/` name exists and is what the repository pins: files, versions, ports, secrets, metrics,
//! sections of the runbook.

use std::collections::BTreeSet;

use crate::findings::{Finding, none};
use crate::tree::{read, root};

const COMPOSE: &str = "deploy/compose.yaml";
const RULES: &str = "deploy/prometheus/rules.yml";
const METRICS: &str = "docs/metrics.md";

#[test]
fn every_path_that_the_deployment_names_exists() {
    let compose = read(COMPOSE);
    let mounted = values(&compose, "- ").filter(|value| value.starts_with('.'));
    let mut named: Vec<(&str, String)> = mounted
        .filter_map(|value| Some((COMPOSE, format!("deploy/{}", value.split(':').next()?))))
        .collect();
    assert!(
        named.len() > 5,
        "mounts are written in another way now: {named:?}"
    );
    named.extend(values(&compose, "dockerfile: ").map(|path| (COMPOSE, path.to_owned())));
    let kept = "deploy/Dockerfile.dockerignore";
    let ignore = read(kept);
    named.extend(values(&ignore, "!").map(|path| (kept, path.to_owned())));
    let missing = named
        .into_iter()
        .filter(|(_, path)| !root().join(path).exists());
    none(
        missing
            .map(|(file, path)| Finding::new(file, 0, format!("{path} does not exist")))
            .collect(),
        "mend the path, or make the file",
    );
}

#[test]
fn images_and_ports_are_those_of_the_repository() {
    let image = |name: &str, version: &str| format!("{name}:{version}");
    let rust = after(&read("rust-toolchain.toml"), "channel = \"");
    let engine = after(&read("deploy/fetch-engine"), "version='");
    let engine = engine.split('-').next().unwrap_or_default();
    let own = after(&read("Cargo.toml"), "[workspace.package]\nversion = \"");
    let example = read("crates/server/src/config/example.toml");
    let port = after(&example, "listen = \"127.0.0.1:");
    let expected = [
        (
            "deploy/Dockerfile",
            format!(
                "FROM {} AS build",
                image("rust", &format!("{rust}-slim-bookworm"))
            ),
        ),
        ("deploy/Dockerfile", format!("EXPOSE {port}")),
        (
            "deploy/Dockerfile",
            format!("TRUNKLINE__SERVER__LISTEN=0.0.0.0:{port} "),
        ),
        (
            COMPOSE,
            format!("image: {}\n", image("clickhouse/clickhouse-server", engine)),
        ),
        (COMPOSE, format!("image: {}\n", image("trunkline", &own))),
        (COMPOSE, format!("- 127.0.0.1:{port}:{port}\n")),
        (
            "deploy/trunkline.toml",
            format!("listen = \"0.0.0.0:{port}\""),
        ),
        (
            "deploy/prometheus/prometheus.yml",
            format!("- trunkline:{port}\n"),
        ),
    ];
    let missing = expected
        .into_iter()
        .filter(|(file, text)| !read(file).contains(text));
    let mut found: Vec<Finding> = missing
        .map(|(file, text)| Finding::new(file, 0, format!("no `{}`", text.trim())))
        .collect();
    let text = read(COMPOSE) + &read("deploy/Dockerfile").replace("FROM ", "image: ");
    for image in values(&text, "image: ") {
        let tag = image
            .split_whitespace()
            .next()
            .and_then(|it| it.rsplit_once(':'));
        if tag.is_none_or(|(_, tag)| !tag.contains(|c: char| c.is_ascii_digit())) {
            found.push(Finding::new(COMPOSE, 0, format!("{image} is not pinned")));
        }
    }
    none(found, "write the version that the repository pins");
}

#[test]
fn every_secret_of_the_compose_file_is_in_the_example_and_no_port_is_open_to_others() {
    let compose = read(COMPOSE);
    let used: BTreeSet<&str> = compose
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once(":?").map(|(name, _)| name))
        .collect();
    let example = read("deploy/.env.example");
    let given: BTreeSet<&str> = example
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .collect();
    assert_eq!(
        compose.matches("${").count(),
        compose.matches(":?").count(),
        "a secret has a default"
    );
    let missing: Vec<_> = used.difference(&given).collect();
    assert!(missing.is_empty(), "not in .env.example: {missing:?}");
    // The token itself is for people: Trunkline is told its hash alone.
    let unused: Vec<_> = given.difference(&used).copied().collect();
    assert_eq!(unused, ["TRUNKLINE_TOKEN"]);
    let published = values(&compose, "- ").filter(|value| {
        value.matches(':').count() == 2 && value.ends_with(|c: char| c.is_ascii_digit())
    });
    for port in published {
        assert!(
            port.starts_with("127.0.0.1:"),
            "{port} is open to other machines"
        );
    }
}

#[test]
fn every_alert_leads_to_its_section_of_the_runbook() {
    let (rules, runbook) = (read(RULES), read("docs/runbook.md"));
    let sections: BTreeSet<&str> = values(&runbook, "## ").collect();
    let alerts: Vec<&str> = values(&rules, "- alert: ").collect();
    let links: Vec<&str> = values(&rules, "runbook_url: ").collect();
    assert_eq!(alerts.len(), links.len(), "each alert has one link");
    for (alert, link) in alerts.iter().zip(links) {
        assert_eq!(link, format!("docs/runbook.md#{}", alert.to_lowercase()));
    }
    assert_eq!(alerts.into_iter().collect::<BTreeSet<_>>(), sections);
}

#[test]
fn rules_and_runbook_name_metrics_that_exist() {
    let documented = read(METRICS);
    let known: BTreeSet<&str> = metrics(&documented).collect();
    let mut found = Vec::new();
    for file in [RULES, "deploy/prometheus/rules.test.yml", "docs/runbook.md"] {
        let text = read(file);
        let unknown = metrics(&text).filter(|name| !known.contains(name));
        found.extend(unknown.map(|name| Finding::new(file, 0, format!("no metric {name}"))));
    }
    none(
        found,
        "correct the name, or declare the metric and run `make references`",
    );
}

/// What follows a mark at the beginning of lines, trimmed.
fn values<'a>(text: &'a str, mark: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines()
        .filter_map(move |line| line.trim_start().strip_prefix(mark))
        .map(str::trim)
}

/// What follows a mark, up to the next quote.
#[track_caller]
fn after(text: &str, mark: &str) -> String {
    let rest = text.split_once(mark).map(|(_, rest)| rest);
    let rest = rest.unwrap_or_else(|| panic!("no `{mark}`"));
    rest.split(['"', '\''])
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Names of metrics in a text.
pub(crate) fn metrics(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("trunkline_"))
}
