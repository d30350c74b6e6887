//! Rows of visits and of what brought calls.

use compact_str::CompactString;
use trunkline_calltracking::{AttributionFact, Source, VisitFact};

use super::{Row, Table};

/// The texts of a source in the order of their columns.
type Text = for<'a> fn(&'a Source) -> &'a Option<CompactString>;

const TEXTS: [Text; 12] = [
    |of| &of.source,
    |of| &of.medium,
    |of| &of.campaign,
    |of| &of.content,
    |of| &of.term,
    |of| &of.gclid,
    |of| &of.gbraid,
    |of| &of.wbraid,
    |of| &of.fbclid,
    |of| &of.yclid,
    |of| &of.msclkid,
    |of| &of.ctwa_clid,
];

pub(in super::super) const VISITS: Table = Table {
    name: "visits",
    columns: "account, visit, visitor, site, pool, number, served, served_at, doubled, started_at, last_at, \
              expires_at, ended, `pages.at`, `pages.url`, `pages.title`, referrer, source, medium, \
              campaign, content, term, gclid, gbraid, wbraid, fbclid, yclid, msclkid, ctwa_clid, \
              origin, ga_client_id, ym_client_id, consent, received_at, version, deleted",
};

pub(in super::super) const ATTRIBUTIONS: Table = Table {
    name: "attributions",
    columns: "account, call, number, started_at, rule, certainty, reason, `candidates.visit`, \
              `candidates.weight`, `candidates.source`, `candidates.medium`, \
              `candidates.campaign`, `candidates.content`, `candidates.term`, \
              `candidates.gclid`, `candidates.gbraid`, `candidates.wbraid`, `candidates.fbclid`, \
              `candidates.yclid`, `candidates.msclkid`, `candidates.ctwa_clid`, received_at, \
              version, deleted",
};

pub(in super::super) fn visit(to: &mut Vec<u8>, fact: &VisitFact<'_>) {
    let mut row = Row(to);
    row.text(fact.account);
    row.text(fact.visit);
    row.text(fact.visitor);
    row.text(fact.site);
    row.text(fact.pool);
    row.text(fact.number);
    row.flag(fact.served);
    row.nullable(fact.served_at, Row::time);
    row.flag(fact.doubled);
    row.time(fact.started_at);
    row.time(fact.last_at);
    row.time(fact.expires_at);
    row.flag(fact.ended);
    row.list(fact.pages, |row, page| row.time(page.at));
    row.list(fact.pages, |row, page| row.text(page.url));
    row.list(fact.pages, |row, page| row.text(page.title));
    row.text(fact.referrer);
    for text in TEXTS {
        row.text(text(fact.source).as_deref().unwrap_or_default());
    }
    row.text(fact.source.origin.map_or("", |origin| origin.as_str()));
    row.text(fact.ga_client_id);
    row.text(fact.ym_client_id);
    row.nullable(fact.consent, Row::flag);
    row.end(fact.received_at, fact.version, fact.deleted);
}

pub(in super::super) fn attribution(to: &mut Vec<u8>, fact: &AttributionFact<'_>) {
    let mut row = Row(to);
    let of = fact.attribution;
    row.text(fact.account);
    row.text(fact.call);
    row.text(fact.number);
    row.time(fact.started_at);
    row.bytes([of.rule]);
    row.text(of.certainty.as_str());
    row.text(of.reason.map_or("", |reason| reason.as_str()));
    row.list(&of.candidates, |row, one| {
        row.text(one.visit.as_deref().unwrap_or_default());
    });
    row.list(&of.candidates, |row, one| {
        row.bytes(one.weight.to_le_bytes());
    });
    for text in TEXTS {
        row.list(&of.candidates, |row, one| {
            row.text(text(&one.source).as_deref().unwrap_or_default());
        });
    }
    row.end(fact.received_at, fact.version, fact.deleted);
}
