//! What a map sees of a request: one record, or one for each item of a body that is a list.
//!
//! The fields of the body stand at the top, and so do those of the query that the body does not have.
//! Beside them, and before a field of the same name: `query`, `form` and `json` with all of theirs,
//! `hook` (its id), `hook_channel` (the channel of its messages), and `received_at`.

use serde_json::{Map, Value};

use crate::fields::{json, nested};
use crate::{Hook, Record, Request, Unreadable};

/// How many items a body may have.
const MOST: usize = 1_000;

pub(super) fn records(hook: &Hook, request: &Request<'_>) -> Result<Vec<Record>, Unreadable> {
    let start = request.body.iter().find(|byte| !byte.is_ascii_whitespace());
    let (kind, items) = match start {
        Some(b'[') => match json(request.body)? {
            Value::Array(items) => ("json", items),
            other => ("json", vec![other]),
        },
        Some(b'{') => ("json", vec![json(request.body)?]),
        _ => ("form", vec![form(request)]),
    };
    if items.len() > MOST {
        let detail = format!("the body is a list of more than {MOST} items");
        return Err(Unreadable::new(detail));
    }
    let query = fields(request.query_pairs().into_iter());
    let record = |item: Value| {
        let mut all = fields(request.query_pairs().into_iter());
        if let Value::Object(own) = &item {
            all.extend(own.clone());
        }
        all.insert("query".into(), Value::Object(query.clone()));
        all.insert(kind.into(), item);
        all.insert("hook".into(), Value::from(hook.id.as_ref()));
        all.insert("hook_channel".into(), Value::from(hook.channel.as_str()));
        all.insert(
            "received_at".into(),
            Value::from(request.received_at.to_string()),
        );
        Record::of(all)
    };
    Ok(items.into_iter().map(record).collect())
}

fn form(request: &Request<'_>) -> Value {
    Value::Object(fields(request.form().into_iter()))
}

type Pair<'a> = (std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>);

/// Makes fields of pairs: by their whole names, and, of names with brackets, by what they lead into.
fn fields<'a>(pairs: impl Iterator<Item = Pair<'a>> + Clone) -> Map<String, Value> {
    let whole = pairs.clone().filter(|(name, _)| name.contains('['));
    let whole = whole.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())));
    let mut all: Map<String, Value> = whole.collect();
    if let Value::Object(inner) = nested(pairs) {
        all.extend(inner);
    }
    all
}
