//! Visits and what brought calls read back, as they were written.

use clickhouse::Row;
use serde::Deserialize;
use trunkline_calltracking::{
    Attribution, AttributionFact, Candidate, Certainty, PageFact, Reason, Source, TrackingRows,
    VisitFact,
};
use trunkline_model::event::Origin;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use super::leads::each;
use crate::client::{Client, Fault};

const CERTAINTIES: [Certainty; 5] = [
    Certainty::Certain,
    Certainty::Repeat,
    Certainty::Likely,
    Certainty::Ambiguous,
    Certainty::Unattributed,
];

const REASONS: [Reason; 3] = [Reason::Unserved, Reason::Expired, Reason::UnknownNumber];

#[derive(Row, Deserialize)]
struct VisitRow {
    account: String,
    visit: String,
    visitor: String,
    site: String,
    pool: String,
    number: String,
    served: u8,
    served_at: Option<i64>,
    doubled: u8,
    started_at: i64,
    last_at: i64,
    expires_at: i64,
    ended: u8,
    #[serde(rename = "pages.at")]
    pages_at: Vec<i64>,
    #[serde(rename = "pages.url")]
    pages_url: Vec<String>,
    #[serde(rename = "pages.title")]
    pages_title: Vec<String>,
    referrer: String,
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
    ga_client_id: String,
    ym_client_id: String,
    consent: Option<u8>,
    received_at: i64,
    version: u64,
}

#[derive(Row, Deserialize)]
struct AttributionRow {
    account: String,
    call: String,
    number: String,
    started_at: i64,
    rule: u8,
    certainty: String,
    reason: String,
    #[serde(rename = "candidates.visit")]
    visit: Vec<String>,
    #[serde(rename = "candidates.weight")]
    weight: Vec<f64>,
    #[serde(rename = "candidates.source")]
    source: Vec<String>,
    #[serde(rename = "candidates.medium")]
    medium: Vec<String>,
    #[serde(rename = "candidates.campaign")]
    campaign: Vec<String>,
    #[serde(rename = "candidates.content")]
    content: Vec<String>,
    #[serde(rename = "candidates.term")]
    term: Vec<String>,
    #[serde(rename = "candidates.gclid")]
    gclid: Vec<String>,
    #[serde(rename = "candidates.gbraid")]
    gbraid: Vec<String>,
    #[serde(rename = "candidates.wbraid")]
    wbraid: Vec<String>,
    #[serde(rename = "candidates.fbclid")]
    fbclid: Vec<String>,
    #[serde(rename = "candidates.yclid")]
    yclid: Vec<String>,
    #[serde(rename = "candidates.msclkid")]
    msclkid: Vec<String>,
    #[serde(rename = "candidates.ctwa_clid")]
    ctwa_clid: Vec<String>,
    received_at: i64,
    version: u64,
}

/// Shows all visits and attributions that ClickHouse holds, as they stand, in no order. By which way the
/// source of an attribution became known is not kept.
pub async fn tracking(client: &Client, rows: &mut impl TrackingRows) -> Result<(), Fault> {
    each(client, "visits", |row: VisitRow| row.show(rows)).await?;
    each(client, "attributions", |row: AttributionRow| row.show(rows)).await
}

/// Makes a source of the texts of its columns, in their order.
fn source(texts: [&str; 12], origin: Option<Origin>) -> Source {
    let some = |text: &str| (!text.is_empty()).then(|| text.into());
    let [
        source,
        medium,
        campaign,
        content,
        term,
        gclid,
        gbraid,
        wbraid,
        fbclid,
        yclid,
        msclkid,
        ctwa_clid,
    ] = texts.map(some);
    Source {
        source,
        medium,
        campaign,
        content,
        term,
        gclid,
        gbraid,
        wbraid,
        fbclid,
        yclid,
        msclkid,
        ctwa_clid,
        origin,
    }
}

impl VisitRow {
    fn show(&self, rows: &mut impl TrackingRows) {
        // The lists of a nested column are of one length; ClickHouse sees to it.
        let pages = (0..self.pages_at.len()).map(|place| PageFact {
            at: Time(self.pages_at[place]),
            url: &self.pages_url[place],
            title: &self.pages_title[place],
        });
        rows.visit(&VisitFact {
            account: &self.account,
            visit: &self.visit,
            visitor: &self.visitor,
            site: &self.site,
            pool: &self.pool,
            number: &self.number,
            served: self.served != 0,
            served_at: self.served_at.map(Time),
            doubled: self.doubled != 0,
            started_at: Time(self.started_at),
            last_at: Time(self.last_at),
            expires_at: Time(self.expires_at),
            ended: self.ended != 0,
            pages: &pages.collect::<Vec<_>>(),
            referrer: &self.referrer,
            source: &self.source(),
            ga_client_id: &self.ga_client_id,
            ym_client_id: &self.ym_client_id,
            consent: self.consent.map(|consent| consent != 0),
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        });
    }

    fn source(&self) -> Source {
        let texts = [
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
        ];
        source(texts.map(String::as_str), Origin::find(&self.origin))
    }
}

impl AttributionRow {
    fn show(&self, rows: &mut impl TrackingRows) {
        let certainty = CERTAINTIES.into_iter();
        let mut certainty = certainty.filter(|known| known.as_str() == self.certainty);
        let reason = REASONS.into_iter();
        let mut reason = reason.filter(|known| known.as_str() == self.reason);
        let attribution = Attribution {
            rule: self.rule,
            certainty: certainty.next().unwrap_or(Certainty::Unattributed),
            reason: reason.next(),
            candidates: (0..self.visit.len())
                .map(|place| self.candidate(place))
                .collect(),
        };
        rows.attribution(&AttributionFact {
            account: &self.account,
            call: &self.call,
            number: &self.number,
            started_at: Time(self.started_at),
            attribution: &attribution,
            received_at: Time(self.received_at),
            version: self.version,
            deleted: false,
        });
    }

    fn candidate(&self, place: usize) -> Candidate {
        let texts = [
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
        ];
        // The lists of a nested column are of one length; ClickHouse sees to it.
        Candidate {
            visit: Some(self.visit[place].clone()).filter(|visit| !visit.is_empty()),
            weight: self.weight[place],
            source: source(texts.map(|list| list[place].as_str()), None),
        }
    }
}
