//! Events of the contract, as their sender wrote them.

use serde_json::{Deserializer, Value};

use crate::{Draft, Parsed, Unreadable};

pub(super) fn parse(body: &[u8]) -> Result<Parsed, Unreadable> {
    let mut events = Vec::new();
    for value in Deserializer::from_slice(body).into_iter::<Value>() {
        match value.map_err(|error| Unreadable::new(format!("the body is no JSON: {error}")))? {
            Value::Array(items) => {
                for item in items {
                    events.push(event(item)?);
                }
            }
            item => events.push(event(item)?),
        }
    }
    Ok(Parsed::events(events))
}

fn event(value: Value) -> Result<Draft, Unreadable> {
    match value {
        Value::Object(fields) => Ok(Draft::written(fields)),
        other => Err(Unreadable::new(format!("{other} is no event"))),
    }
}
