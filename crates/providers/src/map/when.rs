//! Conditions on columns: which events a record makes, and whether it is left out.
//!
//! `{ direction = "in", kind = ["text", "image"] }` holds where all columns do; a list of such
//! tables where one of them does.

use toml::Value;

use super::error::MapError;
use super::path::Path;
use super::section::{Section, texts};
use super::template::cell;
use crate::record::Record;

const KEYS: [&str; 5] = ["is", "not", "like", "unlike", "empty"];

/// A condition: one of the lists must hold as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct When(Vec<Vec<Test>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Test {
    path: Path,
    is: Is,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Is {
    OneOf(Vec<String>),
    NoneOf(Vec<String>),
    Like(Vec<String>),
    Unlike(Vec<String>),
    Empty(bool),
}

impl When {
    /// Reads a condition.
    pub(super) fn read(key: &str, value: &Value) -> Result<Self, MapError> {
        let all = match value {
            Value::Array(any) => {
                let any = any.iter().enumerate();
                any.map(|(place, all)| tests(&format!("{key}[{}]", place + 1), all))
                    .collect::<Result<Vec<_>, _>>()?
            }
            all => vec![tests(key, all)?],
        };
        if all.is_empty() || all.iter().any(Vec::is_empty) {
            let detail = "is empty: name a column and what it must say";
            return Err(MapError::new(key, detail));
        }
        Ok(Self(all))
    }

    /// Says whether the condition holds.
    pub(super) fn holds(&self, record: &Record, blank: &[String]) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|test| test.holds(record, blank)))
    }

    /// Lists the columns it looks at.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let tests = self.0.iter().flatten();
        tests.map(|test| test.path.name.as_str())
    }
}

fn tests(key: &str, value: &Value) -> Result<Vec<Test>, MapError> {
    let Value::Table(columns) = value else {
        let detail = "must be a table of columns, like { direction = \"in\" }, or a list of them";
        return Err(MapError::new(key, detail));
    };
    let mut found = Vec::new();
    for (column, wanted) in columns {
        let key = format!("{key}.{column}");
        let path = Path::parse(column).map_err(|why| MapError::new(&key, why))?;
        for is in wants(&key, wanted)? {
            let path = path.clone();
            found.push(Test { path, is });
        }
    }
    Ok(found)
}

fn wants(key: &str, value: &Value) -> Result<Vec<Is>, MapError> {
    if let Some(list) = texts(value) {
        return Ok(vec![Is::OneOf(list)]);
    }
    let section = Section::of(key, value, &KEYS)?;
    let mut found = Vec::new();
    let mut add = |name: &str, make: fn(Vec<String>) -> Is| {
        let list = section.texts(name)?;
        if !list.is_empty() {
            found.push(make(list));
        }
        Ok::<_, MapError>(())
    };
    add("is", Is::OneOf)?;
    add("not", Is::NoneOf)?;
    add("like", Is::Like)?;
    add("unlike", Is::Unlike)?;
    if section.value("empty").is_some() {
        found.push(Is::Empty(section.flag("empty")?));
    }
    if found.is_empty() {
        return Err(MapError::new(
            key,
            format!("says nothing; write one of {}", KEYS.join(", ")),
        ));
    }
    Ok(found)
}

impl Test {
    fn holds(&self, record: &Record, blank: &[String]) -> bool {
        let cell = cell(&self.path, record, blank);
        let text = cell.as_deref().unwrap_or_default();
        match &self.is {
            Is::OneOf(words) => words.iter().any(|word| word == text),
            Is::NoneOf(words) => words.iter().all(|word| word != text),
            Is::Like(patterns) => patterns.iter().any(|pattern| like(pattern, text)),
            Is::Unlike(patterns) => !patterns.iter().any(|pattern| like(pattern, text)),
            Is::Empty(wanted) => text.is_empty() == *wanted,
        }
    }
}

/// Says whether a text is like a pattern: `*` stands for any characters, `?` for one; the case of
/// letters makes no difference.
fn like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on if what follows the last star does not fit: behind the star, one further.
    let mut again: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                again = Some((p, t));
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match again {
                Some((behind, from)) => {
                    again = Some((behind, from + 1));
                    (p, t) = (behind, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(when: &str) -> bool {
        let table: toml::Table = toml::from_str(&format!("when = {when}")).unwrap();
        let record = Record::flat([
            ("way", "in"),
            ("text", "Re: Hello"),
            ("who", "-"),
            ("n", "3"),
        ]);
        let when = When::read("when", &table["when"]).unwrap();
        when.holds(&record, &["-".to_owned()])
    }

    #[test]
    fn all_columns_of_a_table_and_one_table_of_a_list_must_hold() {
        for (when, expected) in [
            ("{ way = 'in' }", true),
            ("{ way = 'out' }", false),
            ("{ way = ['out', 'in'] }", true),
            ("{ way = 'in', n = 3 }", true),
            ("{ way = 'in', n = 4 }", false),
            ("[{ way = 'out' }, { n = 3 }]", true),
            ("{ way = { not = ['out', 'both'] } }", true),
            ("{ way = { not = 'in' } }", false),
            ("{ who = { empty = true } }", true),
            ("{ nowhere = { empty = true } }", true),
            ("{ way = { empty = false } }", true),
            ("{ who = '' }", true),
            ("{ text = { like = 're:*' } }", true),
            ("{ text = { like = ['fw:*', '*hello'] } }", true),
            ("{ text = { unlike = 're:*' } }", false),
            ("{ text = { like = 're:*', not = 'Re: Hello' } }", false),
        ] {
            assert_eq!(holds(when), expected, "{when}");
        }
    }

    #[test]
    fn patterns_know_stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-b-b-", false),
            ("?b", "äb", true),
            ("?b", "b", false),
            ("**x", "yyx", true),
            ("x", "xx", false),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
