//! Leads and contacts.

use serde_json::{Value, json};
use trunkline_model::event::{ContactChangeKind, Kind, LeadChange, Origin};
use trunkline_model::time::Time;

use super::parse::when;
use super::{card, links};
use crate::secrets::sha256;
use crate::{Draft, Hook, body};

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
    let (contacts, source) = (links::of_lead(item), source(hook, item));
    let id = id("lead", &lead, change.as_str(), item) + &mark(&contacts, &source);
    let draft = Draft::new(Kind::Lead, at)
        .with("id", id)
        .with("lead", &*lead)
        .with("change", change.as_str())
        .maybe("amount", body::text(item, "/price").as_deref())
        .with("contacts", json!(contacts));
    let told = source.into_iter();
    let draft = told.fold(draft, |draft, (field, value)| draft.with(field, value));
    let place = |path| body::text(item, path).filter(|_| moved);
    let draft = draft
        .maybe("pipeline", place("/pipeline_id").as_deref())
        .maybe("stage", place("/status_id").as_deref());
    match change {
        LeadChange::Valued | LeadChange::Deleted | LeadChange::Restored => Some(draft),
        _ => Some(owned(draft, hook, item)),
    }
}

/// Gives what a lead tells of its source: its fields, else the first of its tags that is a source of the account.
fn source(hook: &Hook, item: &Value) -> Vec<(&'static str, String)> {
    let told = card::source(item);
    if !told.is_empty() {
        return told;
    }
    let tags = card::tags(item).into_iter();
    let named = tags.filter(|tag| hook.source_tags.contains(tag)).take(1);
    named
        .flat_map(|tag| [("source", tag), ("origin", Origin::Card.to_string())])
        .collect()
}

/// Tells apart what is said of a lead in the same second; empty if it says neither contacts nor a source.
fn mark(contacts: &[String], source: &[(&str, String)]) -> String {
    if contacts.is_empty() && source.is_empty() {
        return String::new();
    }
    let said = json!([contacts, source]).to_string();
    format!(":{}", short_hash(&said))
}

fn short_hash(text: &str) -> String {
    hex::encode(&sha256(b"", &[text.as_bytes()])[..8])
}

/// Reads what became of a contact, which leads and tags it has; none if it is nothing we know.
pub(super) fn contact(hook: &Hook, item: &Value, at: Time, change: &str) -> Option<Vec<Draft>> {
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
        ContactChangeKind::Deleted => Some(vec![draft]),
        ContactChangeKind::Assigned => Some(vec![owned(draft, hook, item)]),
        _ => {
            let company = body::text(item, "/linked_company_id").filter(|id| id != "0");
            let draft = owned(draft, hook, item)
                .maybe(
                    "phone",
                    card::particular(item, "PHONE").map(|text| cut(&text, 64)),
                )
                .maybe(
                    "email",
                    card::particular(item, "EMAIL").map(|text| cut(&text, 256)),
                );
            let mut told = vec![draft.maybe("company", company.as_deref())];
            told.extend(links::of_contact(&contact, item, at));
            told.extend(tagged(&contact, item, at));
            Some(told)
        }
    }
}

/// Tells of each tag of a contact. Whether it is new nobody says: the first telling is when the contact got it.
fn tagged(contact: &str, item: &Value, at: Time) -> Vec<Draft> {
    let changed = when(item).map_or(0, Time::millis);
    let tagged = |tag: String| {
        let id = format!("tag:{contact}:{}:{changed}", short_hash(&tag));
        Draft::new(Kind::Contact, at)
            .with("id", id)
            .with("contact", contact)
            .with("change", ContactChangeKind::Tagged.as_str())
            .with("tag", tag)
    };
    card::tags(item).into_iter().map(tagged).collect()
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

fn cut(text: &str, most: usize) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    clean.take(most).collect()
}
