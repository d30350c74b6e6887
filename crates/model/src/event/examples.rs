//! Examples of events, for the schema and the docs; a test parses every one.

use serde_json::{Value, json};

use super::Kind;

/// Gives two examples of a type: the required fields only, and all fields.
pub fn examples(kind: Kind) -> Vec<Value> {
    let mut least = least(kind);
    least["type"] = kind.as_str().into();
    let mut all = least.clone();
    for (key, value) in more(kind).as_object().into_iter().flatten() {
        all[key] = value.clone();
    }
    vec![least, all]
}

fn least(kind: Kind) -> Value {
    let at = "2026-03-02T09:15:00.000Z";
    match kind {
        Kind::Message => json!({ "conversation": "c-71", "contact": "p-9", "channel": "whatsapp",
            "author": "contact", "at": at }),
        Kind::Conversation => json!({ "conversation": "c-71", "channel": "whatsapp",
            "change": "closed", "at": at }),
        Kind::Call => json!({ "call": "k-5", "phase": "started", "at": at }),
        Kind::Visit => json!({ "visit": "v-3", "visitor": "w-8",
            "url": "https://shop.example/?utm_source=google", "at": at }),
        Kind::Form => json!({ "form": "f-2", "at": at }),
        Kind::Lead => json!({ "lead": "l-40", "change": "created", "at": at }),
        Kind::Purchase => json!({ "purchase": "r-6", "contacts": ["p-9"], "status": "bought",
            "at": at }),
        Kind::Contact => json!({ "contact": "p-9", "change": "created", "at": at }),
        Kind::Task => json!({ "task": "t-1", "change": "created", "at": at }),
        Kind::Rating => json!({ "contact": "p-9", "kind": "nps", "value": 5, "at": at }),
        Kind::Upload => json!({ "origin": "note", "manager": "ana", "at": at,
            "file": { "name": "offer.pdf", "size": 48213, "mime": "application/pdf" } }),
        Kind::Presence => json!({ "manager": "ana", "state": "active", "at": at }),
        Kind::Spend => json!({ "source": "google", "date": "2026-03-01", "amount": "120.50",
            "currency": "EUR", "as_of": at }),
        Kind::Retract => json!({ "target": "m-100", "at": at }),
    }
}

fn more(kind: Kind) -> Value {
    let id = "e-1001";
    match kind {
        Kind::Message => json!({ "author": "manager", "manager": "ana", "id": "m-100",
            "kind": "image", "private": false, "expects_reply": true, "chars": 57,
            "file": { "name": "photo.png", "size": 20481, "mime": "image/png" },
            "assignee": "ana", "company": "acme", "visit": "v-3", "visitor": "w-8",
            "source": "google", "medium": "cpc", "campaign": "spring", "content": "b",
            "term": "shoes", "gclid": "g1", "gbraid": "g2", "wbraid": "g3", "fbclid": "f1",
            "yclid": "y1", "msclkid": "m1", "ctwa_clid": "c1", "origin": "utm",
            "integrity": "weak" }),
        Kind::Conversation => json!({ "change": "stage", "manager": "ana", "funnel": "sales",
            "stage": "offer", "contact": "p-9", "to": "c-72", "integrity": "unverified", "id": id }),
        Kind::Call => json!({ "phase": "ended", "direction": "inbound", "from": "+34911222333",
            "to": "+34944555666", "manager": "ana", "extension": "101", "leg": "1", "seq": 4,
            "disposition": "answered", "origin": "callback", "talk_s": 63.5, "wait_s": 12,
            "tags": ["vip", "new"], "value": "75.00", "recording": "https://pbx.example/k-5.mp3",
            "spam": false, "integrity": "weak", "batch": "import-1", "id": id }),
        Kind::Visit => json!({ "referrer": "https://www.google.com/", "title": "Shoes",
            "ended": true, "user_agent": "Mozilla/5.0", "number": "+34944555666",
            "site": "shop", "pool": "web", "served": true, "beat": true,
            "expires_at": "2026-03-02T09:45:00.000Z",
            "ga_client_id": "1234567890.1700000000", "ym_client_id": "1700000000123456789",
            "consent": true, "batch": "import-1", "id": id }),
        Kind::Form => json!({ "visit": "v-3", "visitor": "w-8", "contact": "p-9",
            "phone": "+34911222333", "email": "eva@example.com", "source": "google",
            "medium": "cpc", "origin": "utm", "batch": "import-1", "id": id }),
        Kind::Lead => json!({ "change": "moved", "pipeline": "sales", "stage": "offer",
            "amount": "-1250.40", "currency": "EUR", "manager": "ana", "contacts": ["p-9", "p-10"],
            "company": "acme", "into": "l-41", "reason": "price", "visit": "v-3",
            "visitor": "w-8", "channel": "whatsapp", "source": "google", "term": "shoes",
            "batch": "import-1", "id": id }),
        Kind::Purchase => json!({ "amount": 78.75, "currency": "EUR", "company": "acme",
            "id": id }),
        Kind::Contact => json!({ "change": "state", "tag": "vip", "state": "won",
            "sub_state": "loyal", "from_manager": "ana", "manager": "luis", "by": "ana",
            "phone": "+34911222333", "email": "eva@example.com", "channel": "whatsapp",
            "channel_contact": "34911222333", "into": "p-11", "company": "acme",
            "batch": "import-1", "id": id }),
        Kind::Task => json!({ "change": "rescheduled", "manager": "ana",
            "due_at": "2026-03-04T12:00:00.000Z", "kind": "call", "lead": "l-40",
            "contact": "p-9", "id": id }),
        Kind::Rating => json!({ "manager": "ana", "conversation": "c-71", "channel": "whatsapp",
            "id": id }),
        Kind::Upload | Kind::Presence | Kind::Spend | Kind::Retract => rest(kind, id),
    }
}

fn rest(kind: Kind, id: &str) -> Value {
    match kind {
        Kind::Presence => json!({ "tab": "tab-1", "id": id }),
        Kind::Spend => json!({ "medium": "cpc", "campaign": "spring", "content": "b",
            "term": "shoes", "batch": "import-1", "id": id }),
        Kind::Retract => json!({
            "reason": "test data", "id": id, "channel": "whatsapp", "conversation": "c-1",
        }),
        _ => json!({ "id": id }),
    }
}
