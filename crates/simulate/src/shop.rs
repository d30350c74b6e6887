//! The site of a centre: what its visitors do ([`crate::site`]), as the centre hears of it.
//!
//! Until the site has numbers of its own (`opens`) it shows the one that everybody knows ([`MAIN`]), and a tracker of
//! somebody else's tells of its visits, by their first page: [`Shop::past`]. Which number a later visit is shown is
//! the service's to say: what such visits do is told as [`Heard::asks`], and whoever asks the service puts the number
//! in the place of [`MAIN`]. What comes of talks, and calls that no visit brought, depends on no number.
//!
//! It has chances of its own, so the centre is the same with and without.

use std::collections::BTreeMap;
use std::iter::Peekable;

use trunkline_model::event::Kind;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use crate::chance::Chance;
use crate::config::{BadConfig, Config};
use crate::events::{self, Phase, Seen, Sent};
use crate::hours::SECOND;
use crate::outbox::{Outbox, Sending};
use crate::people::Manager;
use crate::sales::Sales;
use crate::site::{Happening, SiteConfig, Traffic, Visit, What};

/// The number that everybody knows.
pub const MAIN: &str = "+34910000100";

/// How long a phone rings that nobody takes, and how long whoever takes it lets it ring at most.
const RINGS: i64 = 25 * SECOND;
const TAKEN: i64 = 18 * SECOND;

/// What the centre hears of its site, in the order of time.
#[derive(Debug)]
pub struct Shop {
    names: Names,
    config: Config,
    opens: Time,
    traffic: Peekable<Traffic>,
    managers: Vec<Manager>,
    chance: Chance,
    agenda: BTreeMap<(Time, u64), Heard>,
    sales: Sales,
    planned: u64,
    calls: u64,
    visits: u64,
    /// The first visit that asks for a number.
    first: Option<u64>,
}

/// Something that is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// When.
    pub at: Time,
    /// The visit in which it happens, or which brought the call.
    pub visit: Option<Visit>,
    /// Whether the visit asks the service for its number.
    pub asks: bool,
    /// What.
    pub told: Told,
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A page is opened.
    Page {
        /// Its address.
        url: String,
        /// The page before.
        referrer: Option<String>,
        /// Whether the visit begins with it.
        is_first: bool,
    },
    /// A sign of life between pages.
    Beat,
    /// Consent is withdrawn.
    End,
    /// A form with a phone number is sent.
    Form {
        /// The number, as E.164.
        phone: String,
    },
    /// A phase of a call to [`MAIN`], as an event.
    Call(String),
    /// Another event.
    Event(String),
}

impl Shop {
    /// Opens the site of a centre with so many visits on a weekday by people who are new; those that begin at `opens`
    /// or later ask for numbers.
    pub fn new(config: &Config, visits: u32, opens: Time) -> Result<Self, BadConfig> {
        let config = config.clone().checked()?;
        let traffic = Traffic::new(&SiteConfig {
            seed: config.seed,
            start: config.start,
            days: config.days,
            zone: config.zone,
            visits,
            forms: 400,
            strangers: 250,
            // As often as a page of the snippet tells that it is seen.
            beat_s: 60,
            ..SiteConfig::default()
        })?;
        let mut chance = Chance::new(config.seed ^ 0x7368_6f70);
        let managers = (0..config.managers)
            .map(|number| Manager::new(number, chance.between(700, 1_400)))
            .collect();
        let quick = Config {
            late: 0,
            repeated: 0,
            ..config.clone()
        };
        Ok(Self {
            names: Names(format!(
                "s{}-{}",
                config.seed,
                config.start.millis() / 1_000
            )),
            opens,
            traffic: traffic.peekable(),
            managers,
            chance,
            agenda: BTreeMap::new(),
            sales: Sales::new(&quick, "w"),
            planned: 0,
            calls: 0,
            visits: 0,
            first: None,
            config,
        })
    }

    /// Gives what needs no number of the service as events: visits as another tracker tells of them.
    pub fn past(self) -> Past {
        let quick = Config {
            late: 0,
            ..self.config.clone()
        };
        Past {
            outbox: Outbox::new(&quick),
            names: self.names(),
            shop: self.peekable(),
        }
    }

    /// Gives what its people and forms are called.
    pub fn names(&self) -> Names {
        self.names.clone()
    }

    fn hear(&mut self, happening: Happening) -> Option<Heard> {
        let Happening { at, visit, what } = happening;
        let number = visit.map(|visit| visit.number);
        let is_first = number.is_some_and(|number| number >= self.visits);
        if let Some(number) = number.filter(|_| is_first) {
            self.visits = number + 1;
            if at >= self.opens {
                self.first.get_or_insert(number);
            }
        }
        let asks = self.first.is_some_and(|first| number >= Some(first));
        let told = match what {
            What::Page { url, referrer } => Told::Page {
                url,
                referrer,
                is_first,
            },
            What::Beat => Told::Beat,
            What::End => Told::End,
            What::Form { phone } => Told::Form {
                phone: of_site(&phone),
            },
            What::Call { caller, talk, .. } => {
                let caller = caller.map(|phone| of_site(&phone));
                self.rings(at, caller.as_deref(), talk, (visit, asks));
                return None;
            }
        };
        Some(Heard {
            at,
            visit,
            asks,
            told,
        })
    }

    /// Works a call out whole.
    fn rings(&mut self, at: Time, caller: Option<&str>, talk: i64, of: (Option<Visit>, bool)) {
        self.calls += 1;
        let call = format!("{}-w{}", self.names.0, self.calls);
        let from = caller.unwrap_or("anonymous");
        let mut phases = vec![(at, "started", None)];
        let here = |manager: &&Manager| manager.works(self.config.zone, at);
        let here: Vec<&Manager> = self.managers.iter().filter(here).collect();
        let who = self.chance.below(here.len().max(1) as u64) as usize;
        let rings = at.plus(2 * SECOND);
        let takes = self.chance.around(6 * SECOND).min(TAKEN);
        let ended = match here.get(who).map(|manager| manager.name.clone()) {
            None => rings.plus(takes),
            Some(name) => {
                let answered = rings.plus(takes);
                phases.push((rings, "ringing", Some(name.clone())));
                if talk > 0 {
                    phases.push((answered, "answered", Some(name)));
                    self.talked(answered, caller);
                    answered.plus(talk)
                } else {
                    rings.plus(RINGS)
                }
            }
        };
        phases.push((ended, "ended", None));
        for (place, (at, phase, manager)) in phases.into_iter().enumerate() {
            let is_start = place == 0;
            let event = events::written(&Phase {
                kind_of_event: Kind::Call.word(),
                id: format!("{call}-{}", place + 1),
                call: &call,
                phase,
                at,
                direction: is_start.then_some("inbound"),
                from: is_start.then(|| from.to_owned()),
                to: is_start.then(|| MAIN.to_owned()),
                leg: manager.is_some().then(|| "l1".to_owned()),
                manager,
                disposition: None,
            });
            self.plan(at, event, of);
        }
    }

    /// Makes somebody who called known, and perhaps a lead.
    fn talked(&mut self, at: Time, caller: Option<&str>) {
        if let Some((_, digits)) = caller.and_then(|phone| phone.split_once("+34")) {
            let contact = format!("{}-w{digits}", self.names.0);
            let phone = caller.map(str::to_owned);
            self.sales.talked(at, &contact, phone);
        }
    }

    fn plan(&mut self, at: Time, event: String, (visit, asks): (Option<Visit>, bool)) {
        self.planned += 1;
        let heard = Heard {
            at,
            visit,
            asks,
            told: Told::Call(event),
        };
        if at < self.config.end() {
            self.agenda.insert((at, self.planned), heard);
        }
    }
}

impl Iterator for Shop {
    type Item = Heard;

    fn next(&mut self) -> Option<Heard> {
        loop {
            let happens = self.traffic.peek().map(|happening| happening.at);
            let planned = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let next = happens.into_iter().chain(planned).min();
            if let Some(sending) = self.sales.outbox.next(next) {
                return Some(Heard {
                    at: sending.send_at,
                    visit: None,
                    asks: false,
                    told: Told::Event(sending.event),
                });
            }
            if planned.is_some() && planned == next {
                return self.agenda.pop_first().map(|(_, heard)| heard);
            }
            let happening = self.traffic.next()?;
            if let Some(heard) = self.hear(happening) {
                return Some(heard);
            }
        }
    }
}

/// What is heard of the site without asking the service for a number, on its way to it.
#[derive(Debug)]
pub struct Past {
    names: Names,
    shop: Peekable<Shop>,
    outbox: Outbox,
}

impl Iterator for Past {
    type Item = Sending;

    fn next(&mut self) -> Option<Sending> {
        loop {
            let next = self.shop.peek().map(|heard| heard.at);
            if let Some(sending) = self.outbox.next(next) {
                return Some(sending);
            }
            let heard = self.shop.next()?;
            let at = heard.at;
            if let Some(event) = self.event(heard) {
                self.outbox.take(at, event);
            }
        }
    }
}

impl Past {
    /// Gives the event of what is heard, if it needs no number. Of a visit only its first page is told.
    fn event(&self, heard: Heard) -> Option<String> {
        let Heard {
            at,
            visit,
            asks,
            told,
        } = heard;
        match (told, visit) {
            _ if asks => None,
            (Told::Call(event) | Told::Event(event), _) => Some(event),
            (
                Told::Page {
                    url,
                    referrer,
                    is_first: true,
                },
                Some(visit),
            ) => {
                let name = self.names.visit(&visit);
                Some(events::written(&Seen {
                    kind_of_event: Kind::Visit.word(),
                    id: &name,
                    visit: &name,
                    visitor: self.names.visitor(&visit),
                    url,
                    referrer,
                    at,
                }))
            }
            (Told::Form { phone }, Some(visit)) => {
                let seen = [&self.names.visit(&visit), &self.names.visitor(&visit)];
                Some(
                    self.names
                        .form(at, &visit, &phone, seen.map(String::as_str)),
                )
            }
            _ => None,
        }
    }
}

/// What the people and forms of a site are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names(String);

impl Names {
    /// Names the visitor of a visit.
    pub fn visitor(&self, visit: &Visit) -> String {
        format!("{}-b{}", self.0, visit.visitor)
    }

    /// Names a visit as the other tracker does.
    fn visit(&self, visit: &Visit) -> String {
        format!("{}-v{}", self.0, visit.number)
    }

    /// Writes the event of a form; `seen` names its visit and its visitor.
    pub fn form(&self, at: Time, visit: &Visit, phone: &str, seen: [&str; 2]) -> String {
        let form = format!("{}-f{}", self.0, visit.number);
        let [visit, visitor] = seen;
        events::written(&Sent {
            kind_of_event: Kind::Form.word(),
            id: &form,
            form: &form,
            at,
            visit,
            visitor,
            phone,
        })
    }
}

/// Gives the number of somebody who comes to the site: none of those who call without having seen it.
fn of_site(phone: &str) -> String {
    phone.replacen("+3460", "+3469", 1)
}

#[cfg(test)]
mod tests;
