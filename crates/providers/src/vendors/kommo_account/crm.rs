//! Leads and contacts.

use serde_json::Value;
use trunkline_model::event::{ContactChangeKind, Kind, LeadChange};
use trunkline_model::time::Time;

use super::form::items;
use super::parse::when;
use crate::body;
use crate::{Draft, Hook};

/// Reads what became of a lead; none if it is nothing we know.
pub(super) fn lead(hook: &Hook, item: &Value, at: Time, change: &str) -> Option<Draft> {
    let change = match change {
        "add" => LeadChange::Created,
        "status" => LeadChange::Moved,
        "responsible" => LeadChange::Assigned,
        "update" => LeadChange::Valued,
        "delete" => LeadChange::Deleted,
        "restore" => LeadChange::Restored,
        _ => return None,
    };
    let lead = body::text(item, "/id")?;
    let moved = matches!(change, LeadChange::Created | LeadChange::Moved);
    let draft = Draft::new(Kind::Lead, at)
        .with("id", id("lead", &lead, change.as_str(), item))
        .with("lead", &*lead)
        .with("change", change.as_str())
        .maybe("amount", body::text(item, "/price").as_deref());
    let place = |path| body::text(item, path).filter(|_| moved);
    let draft = draft
        .maybe("pipeline", place("/pipeline_id").as_deref())
        .maybe("stage", place("/status_id").as_deref());
    match change {
        LeadChange::Valued | LeadChange::Deleted | LeadChange::Restored => Some(draft),
        _ => Some(owned(draft, hook, item)),
    }
}

/// Reads what became of a contact; none if it is nothing we know.
pub(super) fn contact(hook: &Hook, item: &Value, at: Time, change: &str) -> Option<Draft> {
    let change = match change {
        "add" => ContactChangeKind::Created,
        "update" => ContactChangeKind::Updated,
        "responsible" => ContactChangeKind::Assigned,
        "delete" => ContactChangeKind::Deleted,
        _ => return None,
    };
    let contact = body::text(item, "/id")?;
    let draft = Draft::new(Kind::Contact, at)
        .with("id", id("contact", &contact, change.as_str(), item))
        .with("contact", &*contact)
        .with("change", change.as_str());
    match change {
        ContactChangeKind::Deleted => Some(draft),
        ContactChangeKind::Assigned => Some(owned(draft, hook, item)),
        _ => {
            let company = body::text(item, "/linked_company_id").filter(|id| id != "0");
            let draft = owned(draft, hook, item)
                .maybe(
                    "phone",
                    particular(item, "PHONE").map(|text| cut(&text, 64)),
                )
                .maybe(
                    "email",
                    particular(item, "EMAIL").map(|text| cut(&text, 256)),
                );
            Some(draft.maybe("company", company.as_deref()))
        }
    }
}

/// The same for every repetition: the same thing that happened at the same second, to the same stage.
fn id(thing: &str, id: &str, change: &str, item: &Value) -> String {
    let at = when(item).map_or(0, Time::millis);
    let stage = body::text(item, "/status_id").unwrap_or_default();
    format!("{thing}:{id}:{change}:{at}:{stage}")
}

fn owned(draft: Draft, hook: &Hook, item: &Value) -> Draft {
    let owner = body::text(item, "/responsible_user_id").filter(|id| id != "0");
    body::by(draft, hook, owner.as_deref())
}

/// Gives the first value of the field with a code, like `PHONE`.
fn particular(item: &Value, code: &str) -> Option<String> {
    let fields = items(item.get("custom_fields")?);
    let field = fields
        .into_iter()
        .find(|field| body::text(field, "/code").as_deref() == Some(code))?;
    let values = items(field.get("values")?);
    let value = values
        .into_iter()
        .find_map(|value| body::text(value, "/value"));
    value.map(std::borrow::Cow::into_owned)
}

fn cut(text: &str, most: usize) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.take(most).collect()
}
