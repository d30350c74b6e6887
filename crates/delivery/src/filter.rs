//! The `where` of a webhook: which notices it is told.
//!
//! ```text
//! where       any
//! any         all ("or" all)*
//! all         one ("and" one)*
//! one         "not" one | "(" any ")" | field is value | field "contains" text
//! is          = != < <= > >=
//! field       a field of the notice or of its call: event, direction, talk_s, attribution.source
//! value       "text" | 12.5 | true | false | null
//! ```
//! Fields and the kinds of their values are checked when the configuration is read. What is null is
//! equal to null alone, and neither less nor greater than anything. Phone numbers are whole here.

use serde_json::Value;

use crate::webhook::{find, sample, unknown_field};

/// How deep brackets may stand in one another.
const DEEPEST: usize = 20;

/// A condition that was read and is sound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Is(String, Test, Value),
}

/// How a field is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Equal,
    Differs,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Is(Test),
    Value(Value),
    Open,
    Close,
}

impl Filter {
    /// Reads a condition; the error says what is wrong and how to mend it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut tokens = tokens(text)?;
        tokens.reverse();
        let mut reader = Reader {
            tokens,
            sample: sample(),
        };
        let filter = reader.any(DEEPEST)?;
        match reader.tokens.pop() {
            None => Ok(filter),
            Some(token) => Err(format!(
                "{} stands where the condition is over",
                told(&token)
            )),
        }
    }

    /// Says whether it holds for a notice.
    pub(crate) fn holds(&self, notice: &Value) -> bool {
        match self {
            Self::Any(all) => all.iter().any(|one| one.holds(notice)),
            Self::All(all) => all.iter().all(|one| one.holds(notice)),
            Self::Not(one) => !one.holds(notice),
            Self::Is(field, test, value) => {
                let found = find(notice, field).unwrap_or(&Value::Null);
                test.holds(found, value)
            }
        }
    }
}

impl Test {
    fn holds(self, found: &Value, value: &Value) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (found, value) {
            (Value::String(found), Value::String(value)) => Some(found.cmp(value)),
            (Value::Number(found), Value::Number(value)) => found
                .as_f64()
                .zip(value.as_f64())
                .and_then(|(found, value)| found.partial_cmp(&value)),
            _ => None,
        };
        match self {
            Self::Equal => order.map_or(found == value, |order| order == Equal),
            Self::Differs => order.map_or(found != value, |order| order != Equal),
            Self::Less => order == Some(Less),
            Self::Greater => order == Some(Greater),
            Self::AtMost => matches!(order, Some(Less | Equal)),
            Self::AtLeast => matches!(order, Some(Greater | Equal)),
            Self::Contains => match (found, value) {
                (Value::Array(all), value) => all.contains(value),
                (Value::String(found), Value::String(value)) => found.contains(value.as_str()),
                _ => false,
            },
        }
    }
}

/// Reads tokens, the last one first.
struct Reader {
    tokens: Vec<Token>,
    sample: Value,
}

impl Reader {
    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        self.joined("or", depth, Self::all, Filter::Any)
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        self.joined("and", depth, Self::one, Filter::All)
    }

    fn joined(
        &mut self,
        word: &str,
        depth: usize,
        read: fn(&mut Self, usize) -> Result<Filter, String>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Result<Filter, String> {
        let first = read(self, depth)?;
        let mut all = vec![first];
        while self.tokens.last() == Some(&Token::Word(word.to_owned())) {
            self.tokens.pop();
            all.push(read(self, depth)?);
        }
        Ok(if all.len() > 1 {
            join(all)
        } else {
            all.remove(0)
        })
    }

    fn one(&mut self, depth: usize) -> Result<Filter, String> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(format!("brackets stand more than {DEEPEST} deep"));
        };
        match self.tokens.pop() {
            Some(Token::Word(word)) if word == "not" => Ok(Filter::Not(Box::new(self.one(depth)?))),
            Some(Token::Open) => {
                let inner = self.any(depth)?;
                match self.tokens.pop() {
                    Some(Token::Close) => Ok(inner),
                    _ => Err("a bracket is not closed".to_owned()),
                }
            }
            Some(Token::Word(field)) => self.comparison(field),
            Some(token) => Err(format!("{} stands where a field should", told(&token))),
            None => Err("it ends where a field should stand, like `direction`".to_owned()),
        }
    }

    fn comparison(&mut self, field: String) -> Result<Filter, String> {
        let Some(found) = find(&self.sample, &field) else {
            return Err(unknown_field(&field));
        };
        let kind = kind(found);
        let test = match self.tokens.pop() {
            Some(Token::Is(test)) => test,
            Some(Token::Word(word)) if word == "contains" => Test::Contains,
            _ => {
                return Err(format!(
                    "`{field}` is followed by no comparison: write =, !=, <, <=, >, >= or contains"
                ));
            }
        };
        let Some(Token::Value(value)) = self.tokens.pop() else {
            return Err(format!(
                "`{field}` is compared with no value: write a \"text\", a number, true, false or null"
            ));
        };
        let fits = match test {
            Test::Contains => matches!(kind, "text" | "a list") && value.is_string(),
            Test::Equal | Test::Differs => value.is_null() || self::kind(&value) == kind,
            _ => matches!(kind, "text" | "a number") && self::kind(&value) == kind,
        };
        if !fits {
            return Err(format!(
                "`{field}` is {kind}, which {value} cannot be compared with so"
            ));
        }
        Ok(Filter::Is(field, test, value))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn told(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("`{word}`"),
        Token::Is(_) => "a comparison".to_owned(),
        Token::Value(value) => value.to_string(),
        Token::Open => "`(`".to_owned(),
        Token::Close => "`)`".to_owned(),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    const TESTS: [(&str, Test); 6] = [
        ("!=", Test::Differs),
        ("<=", Test::AtMost),
        (">=", Test::AtLeast),
        ("=", Test::Equal),
        ("<", Test::Less),
        (">", Test::Greater),
    ];
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let test = TESTS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (token, length) = match (first, test) {
            ('(', _) => (Token::Open, 1),
            (')', _) => (Token::Close, 1),
            (_, Some((sign, test))) => (Token::Is(*test), sign.len()),
            ('"', _) => quoted(rest)?,
            _ => word(rest)?,
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Reads a text as JSON writes one.
fn quoted(rest: &str) -> Result<(Token, usize), String> {
    let mut texts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    match texts.next() {
        Some(Ok(text)) => Ok((Token::Value(Value::String(text)), texts.byte_offset())),
        _ => Err(format!(
            "a text is not closed, or not written as in JSON: {rest}"
        )),
    }
}

/// Reads a word or a number.
fn word(rest: &str) -> Result<(Token, usize), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '+');
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let word = &rest[..length];
    let token = match word {
        "" => return Err(format!("{:?} means nothing here", rest.chars().next())),
        "true" => Token::Value(Value::Bool(true)),
        "false" => Token::Value(Value::Bool(false)),
        "null" => Token::Value(Value::Null),
        _ if word.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') => {
            let number = serde_json::from_str(word);
            Token::Value(number.map_err(|_| format!("`{word}` is no number"))?)
        }
        _ => Token::Word(word.to_owned()),
    };
    Ok((token, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let filter = Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        filter.holds(&sample())
    }

    #[test]
    fn conditions_hold_for_the_fields_of_a_notice() {
        // The sample: an inbound call of 61.5 s of talk with the tag vip.
        for text in [
            r#"direction = "inbound""#,
            r#"direction="inbound" and talk_s>30"#,
            r#"direction = "outbound" or talk_s >= 61.5"#,
            r#"not (direction = "outbound" or talk_s < 61)"#,
            r#"tags contains "vip" and caller contains "+34""#,
            "spam = false and spam != true",
            "recording != null",
            r#"event = "missed_call" and call.talk_s <= 61.5"#,
            r#"attribution.source = "x""#,
            r#"direction = "outbound" and spam = true or talk_s > 1"#,
            r#"caller != "say \"x\"""#,
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            r#"direction = "outbound""#,
            r#"direction = "outbound" and (spam = true or talk_s > 1)"#,
            r#"tags contains "v""#,
            "value = null",
            "talk_s > 61.5",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_null_is_neither_less_nor_greater() {
        let mut notice = sample();
        notice["call"]["wait_s"] = Value::Null;
        for (text, expected) in [
            ("wait_s < 5", false),
            ("wait_s >= 5", false),
            ("wait_s = null", true),
            ("wait_s != 5", true),
        ] {
            assert_eq!(
                Filter::parse(text).unwrap().holds(&notice),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let deep = format!("{}spam = true", "(".repeat(30));
        for (text, word) in [
            ("", "it ends"),
            ("direktion = \"inbound\"", "did you mean `direction`"),
            ("talk_s = \"long\"", "a number"),
            ("spam > true", "true or false"),
            ("talk_s", "no comparison"),
            ("talk_s >", "no value"),
            ("talk_s > 1 spam", "is over"),
            ("(spam = true", "not closed"),
            ("caller = \"x", "not closed"),
            ("talk_s > 1..2", "no number"),
            ("talk_s & 1", "means nothing"),
            ("legs = null and tags contains 3", "a list"),
            (deep.as_str(), "deep"),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
