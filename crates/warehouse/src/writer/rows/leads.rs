//! Rows of leads, forms, spend, touches and tags.

use trunkline_rollup::facts::{FormFact, LeadFact, SourceFact, SpendFact, TagFact, TouchFact};

use super::{Row, Table};

/// Joins the columns of a table; those of a source stand in the middle.
macro_rules! columns {
    ($before:literal, $after:literal) => {
        concat!(
            $before,
            ", source, medium, campaign, content, term, gclid, gbraid, wbraid, fbclid, yclid, \
             msclkid, ctwa_clid, origin, ",
            $after,
            ", received_at, version, deleted"
        )
    };
}

pub(in super::super) const LEADS: Table = Table {
    name: "leads",
    columns: columns!(
        "account, lead, created_at, created, pipeline, stage, amount, currency, manager, contacts, \
         company, visit, visitor, channel",
        "removed, merged_into, `moves.at`, `moves.pipeline`, `moves.stage`, `moves.manager`, \
         `amounts.at`, `amounts.amount`, `amounts.currency`"
    ),
};

pub(in super::super) const FORMS: Table = Table {
    name: "forms",
    columns: columns!(
        "account, form, at, visit, visitor, contact",
        "phone, known, email"
    ),
};

pub(in super::super) const SPEND: Table = Table {
    name: "spend",
    columns: "account, date, source, medium, campaign, content, term, amount, currency, as_of, \
              received_at, version, deleted",
};

pub(in super::super) const TOUCHES: Table = Table {
    name: "touches",
    columns: columns!(
        "account, channel, conversation, message, at, contact",
        "visit, visitor"
    ),
};

pub(in super::super) const TAGS: Table = Table {
    name: "contact_tags",
    columns: "account, contact, tag, at, id, tagged, received_at, version, deleted",
};

pub(in super::super) fn lead(to: &mut Vec<u8>, fact: &LeadFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.lead);
    row.time(fact.created_at);
    row.flag(fact.created);
    row.text(fact.pipeline);
    row.text(fact.stage);
    row.nullable(fact.amount, Row::amount);
    row.text(fact.currency);
    row.text(fact.manager);
    row.list(fact.contacts, |row, contact| row.text(contact));
    row.text(fact.company);
    row.text(fact.visit);
    row.text(fact.visitor);
    row.text(fact.channel);
    row.source(&fact.source);
    row.flag(fact.removed);
    row.text(fact.merged_into);
    row.list(fact.moves, |row, place| row.time(place.at));
    row.list(fact.moves, |row, place| row.text(place.pipeline));
    row.list(fact.moves, |row, place| row.text(place.stage));
    row.list(fact.moves, |row, place| row.text(place.manager));
    row.list(fact.amounts, |row, worth| row.time(worth.at));
    row.list(fact.amounts, |row, worth| row.amount(worth.amount));
    row.list(fact.amounts, |row, worth| row.text(worth.currency));
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(in super::super) fn form(to: &mut Vec<u8>, fact: &FormFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.form);
    row.time(fact.at);
    row.text(fact.visit);
    row.text(fact.visitor);
    row.text(fact.contact);
    row.source(&fact.source);
    row.text(fact.phone);
    row.flag(fact.known);
    row.text(fact.email);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(in super::super) fn spend(to: &mut Vec<u8>, fact: &SpendFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.bytes(fact.day.to_le_bytes());
    for tag in fact.tags {
        row.text(tag);
    }
    row.amount(fact.amount);
    row.text(fact.currency);
    row.time(fact.as_of);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(in super::super) fn touch(to: &mut Vec<u8>, fact: &TouchFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.channel);
    row.text(fact.conversation);
    row.text(fact.message);
    row.time(fact.at);
    row.text(fact.contact);
    row.source(&fact.source);
    row.text(fact.visit);
    row.text(fact.visitor);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(in super::super) fn tag(to: &mut Vec<u8>, fact: &TagFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.contact);
    row.text(fact.tag);
    row.time(fact.at);
    row.text(fact.id);
    row.flag(fact.tagged);
    row.end(fact.received_at, fact.version, fact.deleted);
}

impl Row<'_> {
    fn source(&mut self, source: &SourceFact<'_>) {
        for text in source.0 {
            self.text(text);
        }
    }
}
