//! Texts with columns in them: `{ticket}-{n}`.
//!
//! `{a}` stands for the text of column a; where it is empty the whole template is empty. `{a?}` may
//! be empty. `{a|b}` is the first of the two that is not empty. `{{` and `}}` are braces.

use std::borrow::Cow;

use super::path::Path;
use crate::record::{Record, text};

/// A text with columns in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Column { either: Vec<Path>, needed: bool },
}

impl Template {
    /// Parses a template.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let inside = from.strip_prefix('{').and_then(|it| it.split_once('}'));
            let Some((column, after)) = inside else {
                return Err(format!(
                    "{text:?} has a lone brace: write {{{{ or }}}} for a brace"
                ));
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::column(column)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// Lists the columns that must be there.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let needed = self.0.iter().filter_map(|piece| match piece {
            Piece::Column {
                either,
                needed: true,
            } => Some(either),
            _ => None,
        });
        needed.flatten().map(|path| path.name.as_str())
    }

    /// Fills the template; empty is none. A text of `blank` counts as empty.
    pub(super) fn fill<'r>(&'r self, record: &'r Record, blank: &[String]) -> Option<Cow<'r, str>> {
        if let [only] = self.0.as_slice() {
            return only.fill(record, blank).filter(|text| !text.is_empty());
        }
        let mut filled = String::new();
        for piece in &self.0 {
            filled.push_str(&piece.fill(record, blank)?);
        }
        let trimmed = filled.trim();
        match trimmed.len() {
            0 => None,
            all if all == filled.len() => Some(Cow::Owned(filled)),
            _ => Some(Cow::Owned(trimmed.to_owned())),
        }
    }

    /// Gives the one column of which the template consists.
    pub(super) fn only_column(&self) -> Option<&Path> {
        match self.0.as_slice() {
            [Piece::Column { either, .. }] if either.len() == 1 => either.first(),
            _ => None,
        }
    }
}

impl Piece {
    fn column(text: &str) -> Result<Self, String> {
        let (names, needed) = match text.trim().strip_suffix('?') {
            Some(names) => (names, false),
            None => (text, true),
        };
        let quoted = names.trim().starts_with('\'');
        let either: Vec<&str> = if quoted {
            vec![names]
        } else {
            names.split('|').collect()
        };
        let either = either.into_iter().map(Path::parse);
        let either = either.collect::<Result<_, _>>()?;
        Ok(Self::Column { either, needed })
    }

    fn fill<'r>(&'r self, record: &'r Record, blank: &[String]) -> Option<Cow<'r, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Column { either, needed } => {
                let mut found = either.iter().filter_map(|path| cell(path, record, blank));
                found
                    .next()
                    .or_else(|| (!needed).then_some(Cow::Borrowed("")))
            }
        }
    }
}

/// Gives the text of a column, none where it is empty or says one of `blank`.
pub(super) fn cell<'r>(path: &Path, record: &'r Record, blank: &[String]) -> Option<Cow<'r, str>> {
    let text = text(path.find(record)?)?;
    (!blank.iter().any(|word| *word == text)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> Option<String> {
        let record = Record::flat([("a", " one "), ("b", ""), ("c", "NULL"), ("d|e", "odd")]);
        let template = Template::parse(template).unwrap();
        template
            .fill(&record, &["NULL".to_owned()])
            .map(Cow::into_owned)
    }

    #[test]
    fn columns_are_put_in_and_an_empty_one_empties_the_whole() {
        for (template, expected) in [
            ("{a}", Some("one")),
            ("x-{a}-y", Some("x-one-y")),
            ("{a}-{b}", None),
            ("{a}-{b?}", Some("one-")),
            ("{b|c|a}", Some("one")),
            ("{b|c}", None),
            ("{b|c?}", None),
            ("{c}", None),
            ("{nowhere}", None),
            ("{'d|e'}", Some("odd")),
            ("{{{a}}}", Some("{one}")),
            ("plain", Some("plain")),
            ("", None),
            (" {b?} ", None),
        ] {
            assert_eq!(filled(template).as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn a_lone_brace_and_a_nameless_column_are_refused() {
        for wrong in ["{a", "a}", "{}", "{a|}", "}{"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_needed_columns_are_listed() {
        let template = Template::parse("{a}-{b?}-{c|d}").unwrap();
        assert_eq!(template.columns().collect::<Vec<_>>(), ["a", "c", "d"]);
    }
}
