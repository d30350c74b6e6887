//! Visits, attributions, leads, forms and spend written by hand into an engine's tables.

use serde_json::{Value, json};

use crate::world::{ACCOUNT, World, at};

/// Where something came from: source, medium, campaign, content, term; origin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct From(pub(crate) [&'static str; 5], pub(crate) &'static str);

/// A source with its medium and campaign.
pub(crate) const fn from(
    source: &'static str,
    medium: &'static str,
    campaign: &'static str,
) -> From {
    From([source, medium, campaign, "", ""], "utm")
}

impl From {
    fn into_row(self, row: &mut Value) {
        let names = ["source", "medium", "campaign", "content", "term"];
        for (name, value) in names.into_iter().zip(self.0) {
            row[name] = json!(value);
        }
        row["origin"] = json!(self.1);
    }
}

pub(crate) fn stamp(text: &str) -> String {
    let ms = at(text).0;
    format!("{:010}.{:03}", ms / 1000, ms % 1000)
}

/// What brought a call: certainty, reason, and visits with weights and sources.
pub(crate) type Brought<'a> = (&'a str, &'a str, &'a [(&'a str, f64, From)]);

impl World {
    async fn source_row(&self, table: &str, mut row: Value, from: From) {
        from.into_row(&mut row);
        row["account"] = json!(ACCOUNT);
        row["version"] = row.get("version").cloned().unwrap_or(json!(1));
        row["deleted"] = json!(0);
        self.insert(table, vec![row]).await;
    }

    pub(crate) async fn visit(&self, visit: &str, visitor: &str, time: &str, from: From) {
        let row = json!({"visit": visit, "visitor": visitor, "started_at": stamp(time),
            "last_at": stamp(time), "expires_at": stamp(time)});
        self.source_row("visits", row, from).await;
    }

    pub(crate) async fn brought(&self, call: &str, version: u64, brought: Brought<'_>) {
        self.brought_on(call, "+34910000001", version, brought)
            .await;
    }

    /// The same for a call to another number.
    pub(crate) async fn brought_on(
        &self,
        call: &str,
        number: &str,
        version: u64,
        (sure, why, candidates): Brought<'_>,
    ) {
        let text = |place: usize| -> Vec<&str> {
            candidates
                .iter()
                .map(|(_, _, from)| from.0[place])
                .collect()
        };
        let visits: Vec<_> = candidates.iter().map(|(visit, ..)| visit).collect();
        let weights: Vec<_> = candidates.iter().map(|(_, weight, _)| weight).collect();
        let mut row = json!({
            "account": ACCOUNT, "call": call, "number": number, "started_at": 0,
            "rule": 0, "certainty": sure, "reason": why, "candidates.visit": visits,
            "candidates.weight": weights, "candidates.source": text(0),
            "candidates.medium": text(1), "candidates.campaign": text(2),
            "candidates.content": text(3), "candidates.term": text(4),
            "version": version, "deleted": 0,
        });
        let ids = [
            "gclid",
            "gbraid",
            "wbraid",
            "fbclid",
            "yclid",
            "msclkid",
            "ctwa_clid",
        ];
        for id in ids {
            row[format!("candidates.{id}")] = candidates.iter().map(|_| "").collect();
        }
        self.insert("attributions", vec![row]).await;
    }

    /// A call certainly brought by a source, without a visit.
    pub(crate) async fn certain(&self, call: &str, from: From) {
        self.brought(call, 1, ("certain", "", &[("", 1.0, from)]))
            .await;
    }

    /// Writes a lead; `won` is when it came to the won stage, `worth` amount and currency.
    pub(crate) async fn lead(
        &self,
        lead: &str,
        time: &str,
        contacts: &[&str],
        won: Option<&str>,
        worth: (&str, &str),
    ) {
        let (stage, moved) = match won {
            Some(won) => ("paid", won),
            None => ("new", time),
        };
        let row = json!({"lead": lead, "created_at": stamp(time), "created": 1,
            "pipeline": "sales", "stage": stage,
            "amount": (!worth.0.is_empty()).then_some(worth.0), "currency": worth.1,
            "contacts": contacts, "moves.at": [stamp(moved)], "moves.pipeline": ["sales"],
            "moves.stage": [stage], "moves.manager": [""], "received_at": 0});
        self.source_row("leads", row, From::default()).await;
    }

    pub(crate) async fn stages(&self) {
        for (stage, kind, position) in [("new", "incoming", 1), ("paid", "won", 2)] {
            let row = json!({"account": ACCOUNT, "pipeline": "sales", "stage": stage, "name": stage,
                "kind": kind, "position": position, "version": 1, "deleted": 0});
            self.insert("stages", vec![row]).await;
        }
    }

    pub(crate) async fn spent(&self, date: &str, from: From, amount: &str, currency: &str) {
        let mut row = json!({"account": ACCOUNT, "date": date, "amount": amount,
            "currency": currency, "as_of": 0, "received_at": 0, "version": 1, "deleted": 0});
        from.into_row(&mut row);
        row.as_object_mut().map(|row| row.remove("origin"));
        self.insert("spend", vec![row]).await;
    }

    pub(crate) async fn rate(&self, date: &str, currency: &str, rate: &str) {
        let row = json!({"account": ACCOUNT, "date": date, "currency": currency, "rate": rate,
            "version": 1, "deleted": 0});
        self.insert("rates", vec![row]).await;
    }

    /// A message of a contact that tells a source, a visit or a visitor.
    pub(crate) async fn touch(&self, contact: &str, time: &str, visitor: &str, from: From) {
        let row = json!({"channel": "whatsapp", "conversation": contact, "message": time,
            "at": stamp(time), "contact": contact, "visitor": visitor, "received_at": 0});
        self.source_row("touches", row, from).await;
    }

    /// A tag that a card got and that names a source.
    pub(crate) async fn tag(&self, contact: &str, time: &str, tag: &str) {
        let row = json!({"account": ACCOUNT, "contact": contact, "tag": tag, "at": stamp(time),
            "id": time, "tagged": 1, "received_at": 0, "version": 1, "deleted": 0});
        self.insert("contact_tags", vec![row]).await;
        let row = json!({"account": ACCOUNT, "tag": tag, "version": 1, "deleted": 0});
        self.insert("source_tags", vec![row]).await;
    }

    /// A form with a phone number, sent in a visit.
    pub(crate) async fn form(&self, form: &str, time: &str, phone: &str, visit: &str, from: From) {
        let row = json!({"form": form, "at": stamp(time), "visit": visit, "phone": phone,
            "known": u8::from(!phone.is_empty()), "received_at": 0});
        self.source_row("forms", row, from).await;
    }
}
