//! Reading the configuration: file, then environment, then secrets from files and environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use toml::{Table, Value};

use super::File;
use super::check::problems;

/// Environment variables that belong to the configuration begin so.
const PREFIX: &str = "TRUNKLINE__";
/// Keys whose values may be given as `env:NAME`, or in a file named by `<key>_file`.
const SECRETS: [&str; 5] = ["password", "secret", "secrets", "sha256", "token"];
/// How alike an unknown key and a known one are at least, if one is to be suggested.
const NEAR: f64 = 0.8;

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

/// Reads and checks the text of a configuration whose paths are relative to `folder`.
pub(crate) fn read(text: &str, folder: &Path, environment: &Environment) -> Result<File> {
    let mut table: Table = toml::from_str(text).map_err(|error| syntax(text, &error))?;
    for (name, value) in environment {
        if let Some(key) = name.strip_prefix(PREFIX) {
            set(&mut table, key, value).with_context(|| format!("environment {name}"))?;
        }
    }
    resolve_secrets(&mut table, folder, environment)?;
    let mut file = typed(table)?;
    for account in &mut file.accounts {
        let rates = account.rates.iter().map(|rates| folder.join(rates));
        account.rates = rates.map(|path| path.display().to_string()).next();
    }
    let problems = problems(&file);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    Ok(file)
}

fn typed(table: Table) -> Result<File> {
    File::deserialize(Value::Table(table)).map_err(|error| explain(&error))
}

/// Says where the file is no TOML, but not what stands there: it may be a password.
fn syntax(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let start = error.span().map_or(0, |span| span.start);
    let before = text.get(..start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .chars()
        .rev()
        .take_while(|char| *char != '\n')
        .count()
        + 1;
    anyhow!("line {line}, column {column}: {}", error.message())
}

/// Sets `SECTION__KEY` from the environment.
fn set(table: &mut Table, key: &str, text: &str) -> Result<()> {
    let key = key.to_lowercase();
    let mut sections: Vec<&str> = key.split("__").collect();
    let last = sections
        .pop()
        .filter(|last| !last.is_empty())
        .context("the key is empty")?;
    let value = value_of(&sections, last, text)?;
    let mut at = table;
    for section in sections {
        let entry = at
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        at = entry
            .as_table_mut()
            .with_context(|| format!("{section} is no section"))?;
    }
    // Else the file's `<key>_file` would go before the environment's own value.
    at.remove(&format!("{last}_file"));
    at.insert(last.to_owned(), value);
    Ok(())
}

/// Reads a value of the environment as its key wants it: as it stands where the key takes text,
/// else as TOML.
fn value_of(sections: &[&str], key: &str, text: &str) -> Result<Value> {
    let plain = Value::String(text.to_owned());
    let secret = key.strip_suffix("_file").unwrap_or(key);
    if SECRETS.contains(&secret) {
        return Ok(plain);
    }
    let fits = |value: &Value| {
        let mut tried = Table::from_iter([(key.to_owned(), value.clone())]);
        for section in sections.iter().rev() {
            tried = Table::from_iter([((*section).to_owned(), Value::Table(tried))]);
        }
        typed(tried).map(|_| ())
    };
    let Err(not_text) = fits(&plain) else {
        return Ok(plain);
    };
    let parsed = toml::from_str::<Table>(&format!("v = {text}")).ok();
    match parsed.and_then(|mut parsed| parsed.remove("v")) {
        Some(value) => fits(&value).map(|()| value),
        None => Err(not_text),
    }
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
            from_environment(value, environment).with_context(|| key.to_owned())?;
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
        Value::Table(_) => {}
        // Said here, without the value, which a message about its type would show.
        _ => bail!("a secret is text: put it in quotes"),
    }
    Ok(())
}

/// Says which key is wrong; of an unknown one also which may have been meant.
fn explain(error: &toml::de::Error) -> anyhow::Error {
    let message = error.message();
    let whole = error.to_string();
    let place = whole
        .strip_prefix(message)
        .and_then(|rest| rest.trim().strip_prefix("in `"))
        .and_then(|rest| rest.strip_suffix('`'));
    if let Some(unknown) = message.strip_prefix("unknown field `") {
        return anyhow!("{}", unknown_key(unknown, place));
    }
    match place {
        Some(key) => anyhow!("{key}: {message}"),
        None => anyhow!("{message}"),
    }
}

/// Turns serde's "unknown field `x`, expected one of `a`, `b`" from the `x` on into our own words.
fn unknown_key(message: &str, section: Option<&str>) -> String {
    let mut quoted = message.split('`').step_by(2);
    let unknown = quoted.next().unwrap_or_default();
    let known: Vec<&str> = quoted.filter(|known| !known.is_empty()).collect();
    let place = section.map_or_else(
        || "outside of all sections".to_owned(),
        |section| format!("in [{section}]"),
    );
    let alike = |known: &str| strsim::jaro_winkler(known, unknown);
    let nearest = known
        .iter()
        .max_by(|left, right| alike(left).total_cmp(&alike(right)))
        .filter(|nearest| alike(nearest) >= NEAR);
    match nearest {
        Some(nearest) => format!("unknown key `{unknown}` {place}: did you mean `{nearest}`?"),
        None => format!(
            "unknown key `{unknown}` {place}: it takes {}",
            known.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests;
