//! Which contacts a lead has. A lead's own webhooks seldom name them; those of its contacts do, and so do talks and
//! incoming leads.
//!
//! None of these says since when. So each says it as of its own making, and whatever is told again, whenever and in
//! whichever order, is the same event.

use serde_json::{Value, json};
use trunkline_model::event::{Kind, LeadChange};
use trunkline_model::time::Time;

use super::form::items;
use super::parse::when;
use crate::Draft;
use crate::body;

/// The most leads of a contact, and contacts of a lead, that are read: what one webhook tells stays below what the door
/// takes at once.
const MOST: usize = 500;

/// Tells of the leads of a contact, or of a company.
pub(super) fn of_contact(contact: &str, item: &Value, at: Time) -> Vec<Draft> {
    let field = match body::text(item, "/type").as_deref() {
        Some("company") => "company",
        _ => "contact",
    };
    let leads = item.get("linked_leads_id").map(ids).unwrap_or_default();
    let link = |lead: &String| link(lead, (field, contact), item, at);
    leads.iter().map(link).collect()
}

/// Tells of the lead that a talk belongs to.
pub(super) fn of_talk(item: &Value, at: Time) -> Option<Draft> {
    let kind = body::text(item, "/entity_type")?;
    let lead = body::text(item, "/entity_id").filter(|_| matches!(&*kind, "lead" | "leads"))?;
    let contact = known(body::text(item, "/contact_id")?)?;
    Some(link(&known(lead)?, ("contact", &contact), item, at))
}

/// Tells of the contacts of an incoming lead, of which nobody has decided yet whether it is one.
pub(super) fn of_incoming(item: &Value, at: Time) -> Vec<Draft> {
    let own = body::text(item, "/lead_id").and_then(known);
    let lead = own.or_else(|| list(item, "/data/leads").into_iter().next());
    let Some(lead) = lead else { return Vec::new() };
    let contacts = list(item, "/data/contacts");
    let link = |contact: &String| link(&lead, ("contact", contact), item, at);
    contacts.iter().map(link).collect()
}

/// Gives the contacts that a lead names itself, the main one first.
pub(super) fn of_lead(item: &Value) -> Vec<String> {
    let main = body::first(item, &["/main_contact_id", "/main_contact/id"]).and_then(known);
    let lists = [
        "/linked_contacts_id",
        "/contacts_id",
        "/contacts/id",
        "/contacts",
        "/_embedded/contacts",
    ];
    let mut all: Vec<String> = main.into_iter().collect();
    for id in lists.iter().flat_map(|path| list(item, path)) {
        if !all.contains(&id) && all.len() < MOST {
            all.push(id);
        }
    }
    all
}

fn link(lead: &str, (field, who): (&str, &str), item: &Value, at: Time) -> Draft {
    let made = ["/created_at", "/date_create"];
    let made = made.iter().find_map(|path| body::time(item, path));
    let since = made.or_else(|| when(item));
    let told = since.map_or(0, Time::millis);
    Draft::new(Kind::Lead, since.unwrap_or(at))
        .with("id", format!("link:{lead}:{who}:{told}"))
        .with("lead", lead)
        .with("change", LeadChange::Linked.as_str())
        .with(field, json!(who))
}

fn list(item: &Value, path: &str) -> Vec<String> {
    item.pointer(path).map(ids).unwrap_or_default()
}

/// Gives the ids of a list, in any of the shapes that it comes in: `[7001]=7001`, `[0]=7001`, `[7001][ID]=7001`,
/// `[0][id]=7001`, or one alone.
fn ids(list: &Value) -> Vec<String> {
    let of = |value: &Value| {
        let id = body::first(value, &["/ID", "/id", ""])?;
        known(id)
    };
    let all = match list {
        Value::Array(_) | Value::Object(_) => items(list),
        one => vec![one],
    };
    let mut ids: Vec<String> = Vec::new();
    for id in all.into_iter().filter_map(of) {
        if !ids.contains(&id) && ids.len() < MOST {
            ids.push(id);
        }
    }
    ids
}

/// Kommo writes 0 for none.
fn known(id: impl Into<String>) -> Option<String> {
    let id = id.into();
    (id != "0").then_some(id)
}
