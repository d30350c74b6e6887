//! Leads, forms, spend, touches and tags read back, as they were written.

use clickhouse::{Row, RowOwned, RowRead};
use serde::Deserialize;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{
    FormFact, LeadAmount, LeadFact, LeadMove, Rows, SOURCE, SourceFact, SpendFact, TagFact,
    TouchFact,
};

use super::calls::amount;
use crate::client::{Client, Fault};

/// Declares a row with the columns of a source, and how they become one.
macro_rules! sourced {
    ($name:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)+ }) => {
        #[derive(Row, Deserialize)]
        struct $name {
            $($(#[$meta])* $field: $type,)+
            source: String,
            medium: String,
            campaign: String,
            content: String,
            term: String,
            gclid: String,
            gbraid: String,
            wbraid: String,
            fbclid: String,
            yclid: String,
            msclkid: String,
            ctwa_clid: String,
            origin: String,
        }

        impl $name {
            fn source(&self) -> SourceFact<'_> {
                let all: [&String; SOURCE.len()] = [
                    &self.source,
                    &self.medium,
                    &self.campaign,
                    &self.content,
                    &self.term,
                    &self.gclid,
                    &self.gbraid,
                    &self.wbraid,
                    &self.fbclid,
                    &self.yclid,
                    &self.msclkid,
                    &self.ctwa_clid,
                    &self.origin,
                ];
                SourceFact(all.map(String::as_str))
            }
        }
    };
}

sourced! {
    LeadRow {
        account: String,
        lead: String,
        created_at: i64,
        created: u8,
        pipeline: String,
        stage: String,
        amount: Option<i128>,
        currency: String,
        manager: String,
        contacts: Vec<String>,
        company: String,
        visit: String,
        visitor: String,
        channel: String,
        removed: u8,
        merged_into: String,
        #[serde(rename = "moves.at")]
        moved_at: Vec<i64>,
        #[serde(rename = "moves.pipeline")]
        moved_pipeline: Vec<String>,
        #[serde(rename = "moves.stage")]
        moved_stage: Vec<String>,
        #[serde(rename = "moves.manager")]
        moved_manager: Vec<String>,
        #[serde(rename = "amounts.at")]
        valued_at: Vec<i64>,
        #[serde(rename = "amounts.amount")]
        valued_amount: Vec<i128>,
        #[serde(rename = "amounts.currency")]
        valued_currency: Vec<String>,
        received_at: i64,
        version: u64,
    }
}

sourced! {
    FormRow {
        account: String,
        form: String,
        at: i64,
        visit: String,
        visitor: String,
        contact: String,
        phone: String,
        known: u8,
        email: String,
        received_at: i64,
        version: u64,
    }
}

sourced! {
    TouchRow {
        account: String,
        channel: String,
        conversation: String,
        message: String,
        at: i64,
        contact: String,
        visit: String,
        visitor: String,
        received_at: i64,
        version: u64,
    }
}

#[derive(Row, Deserialize)]
struct SpendRow {
    account: String,
    date: u16,
    source: String,
    medium: String,
    campaign: String,
    content: String,
    term: String,
    amount: i128,
    currency: String,
    as_of: i64,
    received_at: i64,
    version: u64,
}

#[derive(Row, Deserialize)]
struct TagRow {
    account: String,
    contact: String,
    tag: String,
    at: i64,
    id: String,
    tagged: u8,
    received_at: i64,
    version: u64,
}

/// Shows all of them that ClickHouse holds, as they stand, in no order.
pub(super) async fn leads(client: &Client, rows: &mut impl Rows) -> Result<(), Fault> {
    each(client, "leads", |row: LeadRow| row.show(rows)).await?;
    each(client, "forms", |row: FormRow| rows.form(&row.fact())).await?;
    each(client, "spend", |row: SpendRow| rows.spend(&row.fact())).await?;
    each(client, "touches", |row: TouchRow| rows.touch(&row.fact())).await?;
    each(client, "contact_tags", |row: TagRow| rows.tag(&row.fact())).await
}

/// Shows each row of a table, as it stands.
pub(super) async fn each<R>(
    client: &Client,
    table: &str,
    mut show: impl FnMut(R),
) -> Result<(), Fault>
where
    R: RowOwned + RowRead,
    R: for<'a> Row<Value<'a> = R>,
{
    let sql = format!("SELECT ?fields FROM {}.{table} FINAL", client.database());
    let mut found = client.http().query(&sql).fetch::<R>()?;
    while let Some(row) = found.next().await? {
        show(row);
    }
    Ok(())
}

impl LeadRow {
    fn show(&self, rows: &mut impl Rows) {
        // The lists of a nested column are of one length; ClickHouse sees to it.
        let moves = (0..self.moved_at.len()).map(|place| LeadMove {
            at: Time(self.moved_at[place]),
            pipeline: &self.moved_pipeline[place],
            stage: &self.moved_stage[place],
            manager: &self.moved_manager[place],
        });
        let amounts = (0..self.valued_at.len()).map(|place| LeadAmount {
            at: Time(self.valued_at[place]),
            amount: amount(self.valued_amount[place]).unwrap_or_default(),
            currency: &self.valued_currency[place],
        });
        let contacts: Vec<&str> = self.contacts.iter().map(String::as_str).collect();
        rows.lead(&LeadFact {
            account: &self.account,
            lead: &self.lead,
            created_at: Time(self.created_at),
            created: self.created != 0,
            pipeline: &self.pipeline,
            stage: &self.stage,
            amount: self.amount.and_then(amount),
            currency: &self.currency,
            manager: &self.manager,
            contacts: &contacts,
            company: &self.company,
            visit: &self.visit,
            visitor: &self.visitor,
            channel: &self.channel,
            source: self.source(),
            removed: self.removed != 0,
            merged_into: &self.merged_into,
            moves: &moves.collect::<Vec<_>>(),
            amounts: &amounts.collect::<Vec<_>>(),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        });
    }
}

impl FormRow {
    fn fact(&self) -> FormFact<'_> {
        FormFact {
            account: &self.account,
            form: &self.form,
            at: Time(self.at),
            visit: &self.visit,
            visitor: &self.visitor,
            contact: &self.contact,
            phone: &self.phone,
            known: self.known != 0,
            email: &self.email,
            source: self.source(),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

impl SpendRow {
    fn fact(&self) -> SpendFact<'_> {
        let tags = [
            &self.source,
            &self.medium,
            &self.campaign,
            &self.content,
            &self.term,
        ];
        SpendFact {
            account: &self.account,
            day: self.date,
            tags: tags.map(String::as_str),
            amount: amount(self.amount).unwrap_or_default(),
            currency: &self.currency,
            as_of: Time(self.as_of),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

impl TouchRow {
    fn fact(&self) -> TouchFact<'_> {
        TouchFact {
            account: &self.account,
            channel: &self.channel,
            conversation: &self.conversation,
            message: &self.message,
            at: Time(self.at),
            contact: &self.contact,
            visit: &self.visit,
            visitor: &self.visitor,
            source: self.source(),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}

impl TagRow {
    fn fact(&self) -> TagFact<'_> {
        TagFact {
            account: &self.account,
            contact: &self.contact,
            tag: &self.tag,
            at: Time(self.at),
            id: &self.id,
            tagged: self.tagged != 0,
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        }
    }
}
