//! Lists of any length as parameters: ClickHouse refuses one that is longer than 128 KiB as it is sent, so a
//! longer list stands in several, which the statement puts together again.

use super::{Parameter, Statement};

/// Bytes of a list that one parameter holds, escapes, quotes and commas included.
const MOST: usize = 120 * 1024;

impl Statement {
    /// Gives the parameters that the text names, and in the text as many as a list takes.
    pub(crate) fn in_parts(self) -> Self {
        let Self { mut sql, .. } = self;
        let mut parameters = Vec::new();
        for (name, value) in self.parameters {
            if !sql.contains(&format!("{{{name}:")) {
                continue;
            }
            let (kind, parts) = match value {
                Parameter::Texts(texts) => {
                    ("String", cut(texts, |text| sent(text), Parameter::Texts))
                }
                Parameter::Wholes(wholes) => (
                    "Int64",
                    cut(
                        wholes,
                        |whole| whole.to_string().len() + 1,
                        Parameter::Wholes,
                    ),
                ),
                one => ("", vec![one]),
            };
            if parts.len() == 1 {
                parameters.extend(parts.into_iter().map(|part| (name.clone(), part)));
                continue;
            }
            let of_part = |place| format!("{name}_part_{place}");
            let places = 0..parts.len();
            let all = places.map(|place| format!("{{{}:Array({kind})}}", of_part(place)));
            let all = format!("arrayConcat({})", all.collect::<Vec<_>>().join(", "));
            sql = sql.replace(&format!("{{{name}:Array({kind})}}"), &all);
            let named = parts.into_iter().enumerate();
            parameters.extend(named.map(|(place, part)| (of_part(place), part)));
        }
        Self { sql, parameters }
    }
}

/// How many bytes a text takes at most.
fn sent(text: &str) -> usize {
    2 * text.len() + 3
}

/// Cuts a list where the next value is too much for a parameter.
fn cut<T>(
    list: Vec<T>,
    bytes: impl Fn(&T) -> usize,
    part: impl Fn(Vec<T>) -> Parameter,
) -> Vec<Parameter> {
    let (mut parts, mut held) = (vec![Vec::new()], 0);
    for value in list {
        let own = bytes(&value);
        held += own;
        if held > MOST {
            parts.push(Vec::new());
            held = own;
        }
        if let Some(last) = parts.last_mut() {
            last.push(value);
        }
    }
    parts.into_iter().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_is_too_long_for_one_parameter_stands_in_several() {
        let all: Vec<_> = (0..30_000).map(|n| format!("+3491{n:07}")).collect();
        let statement = Statement {
            sql: "SELECT has({numbers:Array(String)}, 'x'), {few:Array(Int64)}, {one:String}"
                .into(),
            parameters: vec![
                ("numbers".to_owned(), Parameter::Texts(all.clone())),
                ("few".to_owned(), Parameter::Wholes(vec![1, -2])),
                ("one".to_owned(), Parameter::Text("x".into())),
                ("none".to_owned(), Parameter::Whole(1)),
            ],
        };
        let Statement { sql, parameters } = statement.in_parts();
        let (mut told, mut names) = (Vec::new(), Vec::new());
        for (name, value) in &parameters {
            if let (true, Parameter::Texts(part)) = (name.starts_with("numbers_part_"), value) {
                // As ClickHouse reads it: quotes and commas.
                let bytes: usize = part.iter().map(|text| text.len() + 3).sum();
                assert!(bytes < 128 * 1024, "{name} has {bytes} bytes");
                told.extend(part.clone());
                names.push(format!("{{{name}:Array(String)}}"));
            }
        }
        assert_eq!(told, all);
        let list = names.join(", ");
        let expected =
            format!("SELECT has(arrayConcat({list}), 'x'), {{few:Array(Int64)}}, {{one:String}}");
        assert_eq!(sql, expected);
        let left: Vec<_> = parameters.iter().skip(names.len()).collect();
        assert_eq!(left.len(), 2, "what it does not name is not sent: {left:?}");
    }
}
