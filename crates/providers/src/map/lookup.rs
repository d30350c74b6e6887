//! Look-up tables: their words become ours.

use std::collections::BTreeMap;

use toml::Value;

use super::error::{MapError, RowError, nearest, short};
use super::section::{Section, plain};

const KEYS: [&str; 4] = ["values", "otherwise", "default", "ignore_case"];

/// A look-up table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lookup {
    values: BTreeMap<String, String>,
    otherwise: Otherwise,
    ignore_case: bool,
}

/// What becomes of a word that the table does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Otherwise {
    Refuse,
    Keep,
    Empty,
    Default(String),
}

impl Lookup {
    /// Reads a table.
    pub(super) fn read(key: &str, value: &Value) -> Result<Self, MapError> {
        let section = Section::of(key, value, &KEYS)?;
        let ignore_case = section.flag("ignore_case")?;
        let Some(Value::Table(table)) = section.value("values") else {
            let detail = "must be a table of words, like { HANG = \"abandoned\" }";
            return Err(section.wrong("values", detail));
        };
        let mut values = BTreeMap::new();
        for (word, ours) in table {
            let at = section.at(&format!("values.{word}"));
            let ours = plain(ours).ok_or_else(|| MapError::new(&at, "must be a text in quotes"))?;
            if values.insert(folded(word, ignore_case), ours).is_some() {
                return Err(MapError::new(
                    at,
                    "stands here twice, but for the case of letters",
                ));
            }
        }
        let default = section.text("default")?.map(str::to_owned);
        let words = [
            ("refuse", Otherwise::Refuse),
            ("keep", Otherwise::Keep),
            ("empty", Otherwise::Empty),
        ];
        let places: Vec<(&str, usize)> = words.iter().map(|it| it.0).zip(0..).collect();
        let otherwise = match (section.word("otherwise", &places)?, default) {
            (Some(_), Some(_)) => {
                let detail = "stands beside `otherwise`: an unknown word cannot become two things";
                return Err(section.wrong("default", detail));
            }
            (None, Some(default)) => Otherwise::Default(default),
            (Some(place), None) => words[place].1.clone(),
            (None, None) => Otherwise::Refuse,
        };
        Ok(Self {
            values,
            otherwise,
            ignore_case,
        })
    }

    /// Looks a word up; none is an empty one.
    pub(super) fn find(&self, key: &str, word: &str) -> Result<Option<String>, RowError> {
        let found = self.values.get(&folded(word, self.ignore_case));
        match (found, &self.otherwise) {
            (Some(ours), _) | (None, Otherwise::Default(ours)) => {
                Ok(Some(ours.clone()).filter(|ours| !ours.is_empty()))
            }
            (None, Otherwise::Keep) => Ok(Some(word.to_owned())),
            (None, Otherwise::Empty) => Ok(None),
            (None, Otherwise::Refuse) => {
                let hint = nearest(word, self.values.keys().map(String::as_str))
                    .map_or_else(String::new, |near| format!(", only `{near}`"));
                let detail = format!("the look-up table has no {}{hint}", short(word));
                Err(RowError::new(key, detail))
            }
        }
    }
}

fn folded(word: &str, ignore_case: bool) -> String {
    let word = word.trim();
    if ignore_case {
        word.to_lowercase()
    } else {
        word.to_owned()
    }
}
