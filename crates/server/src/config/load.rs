//! Reading the configuration: file, then environment, then secrets from files and environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::File;

/// Environment variables that belong to the configuration begin so.
const PREFIX: &str = "TRUNKLINE__";
/// Keys whose values may be given as `env:NAME`, or in a file named by `<key>_file`.
const SECRETS: [&str; 5] = ["password", "secret", "secrets", "sha256", "token"];

/// The environment, read once by `main`.
pub(crate) type Environment = BTreeMap<String, String>;

/// Reads and checks the configuration; without a path the defaults and the environment alone.
pub(crate) fn load(path: Option<&Path>, environment: &Environment) -> Result<File> {
    let text = match path {
        Some(path) => fs::read_to_string(path)
            .with_context(|| format!("could not read the configuration {}", path.display()))?,
        None => String::new(),
    };
    let name = path.map_or_else(
        || "the environment".into(),
        |path| path.display().to_string(),
    );
    let folder = path.and_then(Path::parent).unwrap_or(Path::new("."));
    read(&text, folder, environment).with_context(|| format!("in {name}"))
}

fn read(text: &str, folder: &Path, environment: &Environment) -> Result<File> {
    let mut table: Table = toml::from_str(text).map_err(|error| anyhow!("{error}"))?;
    for (name, value) in environment {
        if let Some(key) = name.strip_prefix(PREFIX) {
            set(&mut table, key, value).with_context(|| format!("environment {name}"))?;
        }
    }
    resolve_secrets(&mut table, folder, environment)?;
    let file = File::deserialize(Value::Table(table)).map_err(|error| suggest(&error))?;
    check(&file)?;
    Ok(file)
}

/// Sets `SECTION__KEY` from the environment: as TOML if it reads as such, else as text.
fn set(table: &mut Table, key: &str, text: &str) -> Result<()> {
    let key = key.to_lowercase();
    let mut parts: Vec<&str> = key.split("__").collect();
    let last = parts
        .pop()
        .filter(|last| !last.is_empty())
        .context("the key is empty")?;
    let mut at = table;
    for part in parts {
        let entry = at.entry(part).or_insert_with(|| Value::Table(Table::new()));
        at = entry
            .as_table_mut()
            .with_context(|| format!("{part} is no section"))?;
    }
    let value = toml::from_str::<Table>(&format!("v = {text}"))
        .ok()
        .and_then(|mut parsed| parsed.remove("v"))
        .unwrap_or_else(|| Value::String(text.to_owned()));
    at.insert(last.to_owned(), value);
    Ok(())
}

fn resolve_secrets(table: &mut Table, folder: &Path, environment: &Environment) -> Result<()> {
    for key in SECRETS {
        if let Some(path) = table.remove(&format!("{key}_file")) {
            let path = path
                .as_str()
                .with_context(|| format!("{key}_file must be a path"))?;
            let path = folder.join(path);
            let secret = fs::read_to_string(&path)
                .with_context(|| format!("could not read {key}_file {}", path.display()))?;
            table.insert(key.to_owned(), Value::String(secret.trim_end().to_owned()));
        }
        if let Some(value) = table.get_mut(key) {
            from_environment(value, environment)?;
        }
    }
    for (_, value) in table.iter_mut() {
        match value {
            Value::Table(inner) => resolve_secrets(inner, folder, environment)?,
            Value::Array(list) => {
                for inner in list.iter_mut().filter_map(Value::as_table_mut) {
                    resolve_secrets(inner, folder, environment)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn from_environment(value: &mut Value, environment: &Environment) -> Result<()> {
    match value {
        Value::String(text) => {
            if let Some(name) = text.strip_prefix("env:") {
                let found = environment.get(name);
                *text = found
                    .with_context(|| format!("env:{name} is not set"))?
                    .clone();
            }
        }
        Value::Array(list) => {
            for inner in list {
                from_environment(inner, environment)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Adds the nearest known key to serde's "unknown field `x`, expected one of `a`, `b`".
fn suggest(error: &toml::de::Error) -> anyhow::Error {
    let message = error.message().to_owned();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let near = message.starts_with("unknown field").then(|| {
        let unknown = quoted.next()?;
        let nearest = quoted.max_by(|left, right| {
            let score = |known: &str| strsim::jaro_winkler(known, unknown);
            score(left).total_cmp(&score(right))
        });
        nearest.map(|nearest| format!("unknown key `{unknown}`: did you mean `{nearest}`?"))
    });
    anyhow!(near.flatten().unwrap_or(message))
}

fn check(file: &File) -> Result<()> {
    let mut problems = Vec::new();
    for (number, account) in file.accounts.iter().enumerate() {
        for problem in account.check() {
            problems.push(format!("{}: {}", problem.key, problem.message));
        }
        let same = file
            .accounts
            .iter()
            .filter(|other| other.id == account.id)
            .count();
        if same > 1 {
            problems.push(format!(
                "account {} ({}): the id is given twice",
                number + 1,
                account.id
            ));
        }
    }
    if file.server.listen.parse::<std::net::SocketAddr>().is_err() {
        problems.push(format!(
            "server.listen {:?} is no address with a port, such as 127.0.0.1:8080",
            file.server.listen
        ));
    }
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn read(text: &str, pairs: &[(&str, &str)]) -> Result<File> {
        super::read(text, Path::new("."), &environment(pairs))
    }

    #[test]
    fn the_example_is_valid_and_shows_the_defaults() {
        let example = read(super::super::EXAMPLE, &[("WAREHOUSE_PASSWORD", "x")]).unwrap();
        assert_eq!(
            example.journal.segment_mb,
            File::default().journal.segment_mb
        );
        assert!(!example.accounts.is_empty());
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let text = "[server]\nlisten = \"127.0.0.1:1\"";
        let pairs = [
            ("TRUNKLINE__SERVER__LISTEN", "127.0.0.1:2"),
            ("TRUNKLINE__JOURNAL__SEGMENT_MB", "8"),
        ];
        let file = read(text, &pairs).unwrap();
        assert_eq!(
            (&*file.server.listen, file.journal.segment_mb),
            ("127.0.0.1:2", 8)
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        let error = read("[server]\nlisen = \"x\"", &[]).unwrap_err();
        assert!(
            format!("{error:#}").contains("did you mean `listen`?"),
            "{error:#}"
        );
    }

    #[test]
    fn a_secret_comes_from_the_environment() {
        let text = "[warehouse]\npassword = \"env:CH\"";
        assert_eq!(
            read(text, &[("CH", "hush")]).unwrap().warehouse.password,
            "hush"
        );
        assert!(read(text, &[]).is_err());
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        assert!(read("[server]\nlisten = \"8080\"", &[]).is_err());
    }
}
