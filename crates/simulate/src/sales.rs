//! What comes of the talks, and what advertising cost: leads, their ends, and a statement of each
//! day's spend.
//!
//! It has a chance and a way to the service of its own: conversations and calls are the same with and
//! without. Static numbers and first messages tell what brought somebody ([`ADVERTS`]).

use std::collections::BTreeSet;

use chrono::NaiveDate;
use trunkline_model::event::{ContactChangeKind, Kind, LeadChange};
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use crate::chance::Chance;
use crate::config::Config;
use crate::events::{self, Came, Card, Deal, Spent};
use crate::hours::{HOUR, MINUTE, local};
use crate::outbox::Outbox;

/// An advertisement: what it is, what a day of it costs, and the number that stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert {
    /// The source.
    pub source: &'static str,
    /// The medium.
    pub medium: &'static str,
    /// The campaign.
    pub campaign: &'static str,
    /// The number that people call who saw it.
    pub number: &'static str,
    /// What a day costs, about, in euros.
    daily: u64,
    /// Of a thousand new conversations, how many it brings, and how their first message says so.
    share: u32,
    pub(crate) click: Option<&'static str>,
}

/// The advertisements of a centre.
pub const ADVERTS: [Advert; 3] = [
    Advert {
        source: "google",
        medium: "cpc",
        campaign: "brand",
        number: "+34910000101",
        daily: 640,
        share: 220,
        click: Some("gclid"),
    },
    Advert {
        source: "facebook",
        medium: "paid_social",
        campaign: "spring",
        number: "+34910000102",
        daily: 480,
        share: 160,
        click: Some("ctwa_clid"),
    },
    Advert {
        source: "leaflet",
        medium: "print",
        campaign: "doors",
        number: "+34930000103",
        daily: 90,
        share: 40,
        click: None,
    },
];

/// The pipeline of the leads, and its stages.
pub const PIPELINE: (&str, [&str; 3]) = ("sales", ["new", "won", "lost"]);

/// Draws leads and spend.
#[derive(Debug)]
pub(crate) struct Sales {
    config: Config,
    /// The seed of the centre, for ids.
    seed: u64,
    chance: Chance,
    /// What is told of them.
    pub(crate) outbox: Outbox,
    /// Whose lead there is already.
    known: BTreeSet<String>,
    told: u64,
    /// For the ids: whose leads these are.
    from: &'static str,
    today: i32,
}

impl Sales {
    /// Makes the sales that come of calls or of conversations, as `from` says.
    pub(crate) fn new(config: &Config, from: &'static str) -> Self {
        let salt = from
            .bytes()
            .fold(0, |salt, byte| salt << 8 | u64::from(byte));
        let seed = config.seed;
        let config = Config {
            seed: seed ^ salt ^ 0x7361_6c65,
            ..config.clone()
        };
        Self {
            chance: Chance::new(config.seed),
            outbox: Outbox::new(&config),
            known: BTreeSet::new(),
            told: 0,
            from,
            today: i32::MIN,
            seed,
            config,
        }
    }

    /// Draws what brought a new conversation, as its first message tells it.
    pub(crate) fn brought(&mut self) -> Option<Came> {
        if self.config.leads == 0 {
            return None;
        }
        let mut place = self.chance.below(1_000);
        let id = format!("{:016x}{:016x}", self.chance.draw(), self.chance.draw());
        for advert in &ADVERTS {
            match place.checked_sub(advert.share.into()) {
                Some(rest) => place = rest,
                None => return Some(Came::of(advert, id)),
            }
        }
        None
    }

    /// Tells what each advertisement cost on the day before, once a day.
    pub(crate) fn day(&mut self, at: Time) {
        let today = local(self.config.zone, at).day;
        if self.config.leads == 0 || std::mem::replace(&mut self.today, today) == today {
            return;
        }
        let Some(date) = NaiveDate::from_num_days_from_ce_opt(today - 1) else {
            return;
        };
        for advert in &ADVERTS {
            let cents = advert.daily * self.chance.between(80, 120).unsigned_abs();
            let at = at.plus(6 * HOUR);
            self.told += 1;
            let event = events::written(&Spent {
                kind_of_event: Kind::Spend.word(),
                id: self.id("spend"),
                source: advert.source,
                medium: advert.medium,
                campaign: advert.campaign,
                date,
                amount: money(cents),
                currency: "EUR",
                as_of: at,
            });
            self.tell(at, event);
        }
    }

    /// Makes a lead of somebody who was talked to for the first time, or not, and plans its end.
    pub(crate) fn talked(&mut self, at: Time, contact: &str, phone: Option<String>) {
        if self.config.leads == 0 || !self.known.insert(contact.to_owned()) {
            return;
        }
        if !self.chance.happens(self.config.leads) {
            return;
        }
        let at = at.plus(self.chance.around(8 * MINUTE));
        if let Some(phone) = phone {
            self.told += 1;
            let event = events::written(&Card {
                kind_of_event: Kind::Contact.word(),
                id: self.id("card"),
                contact,
                change: ContactChangeKind::Created.word(),
                phone,
                at,
            });
            self.tell(at, event);
        }
        self.told += 1;
        let lead = self.id("lead");
        self.lead(&lead, at, contact, LeadChange::Created, 0, None);
        let ends = at.plus(self.chance.around(60 * HOUR));
        let won = self.chance.happens(420);
        let cents = self.chance.around(24_000).unsigned_abs();
        let amount = won.then(|| money(cents));
        self.lead(
            &lead,
            ends,
            contact,
            LeadChange::Moved,
            if won { 1 } else { 2 },
            amount,
        );
    }

    fn lead(
        &mut self,
        lead: &str,
        at: Time,
        contact: &str,
        change: LeadChange,
        stage: usize,
        amount: Option<String>,
    ) {
        let (pipeline, stages) = PIPELINE;
        let event = events::written(&Deal {
            kind_of_event: Kind::Lead.word(),
            id: format!("{lead}-{stage}"),
            lead,
            change: change.word(),
            pipeline,
            stage: stages[stage],
            currency: amount.as_ref().map(|_| "EUR"),
            amount,
            contacts: [contact],
            at,
        });
        self.tell(at, event);
    }

    fn id(&self, what: &str) -> String {
        let Self {
            seed, from, told, ..
        } = self;
        let start = self.config.start.millis() / 1_000;
        format!("s{seed}-{start}-{from}-{what}-{told}")
    }

    /// Sends an event, unless that is after the end.
    fn tell(&mut self, at: Time, event: String) {
        if at < self.config.end() {
            self.outbox.take(at, event);
        }
    }
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests;
