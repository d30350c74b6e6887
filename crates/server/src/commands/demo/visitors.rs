//! Visitors of the company's site from now on, as its pages tell of them: they ask the service for a number, say that
//! they are still there, and some call the number that they were shown.
//!
//! A visit that began while no demo ran asked nobody, so it is left out with all that follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use trunkline_simulate::shop::{Heard, MAIN, Names, Shop, Told};

use super::company::SITE;
use crate::clock;
use crate::http::Door;

/// What comes later than this (the machine slept) is left out, in milliseconds.
const LATE: i64 = 60_000;
/// Visits that are remembered: people call again days later.
const REMEMBERED: usize = 10_000;

/// Lets all that visit the site from now on do what they do; ends with the last.
pub(super) async fn live(door: &Door, shop: Shop) -> Result<()> {
    let mut visitors = Visitors::of(&shop);
    for heard in shop.filter(|heard| heard.asks) {
        let ahead = heard.at.since(clock::now());
        if ahead < -LATE {
            visitors.forget(&heard);
            continue;
        }
        tokio::time::sleep(Duration::from_millis(u64::try_from(ahead).unwrap_or(0))).await;
        let Some(ask) = visitors.ask(heard) else {
            continue;
        };
        // Who gets no answer goes on without a number, as on any site.
        match door.post(&ask.path, ask.body).await {
            Ok(answer) => {
                if let Some(visit) = ask.begins {
                    visitors.answered(visit, &answer.json());
                }
            }
            Err(error) => tracing::debug!(%error, "a visitor gets no answer"),
        }
    }
    Ok(())
}

/// What is asked of the service.
#[derive(Debug, PartialEq, Eq)]
struct Ask {
    path: String,
    body: String,
    /// The visit that begins with the answer.
    begins: Option<u64>,
}

/// Who was shown what.
struct Visitors {
    names: Names,
    shown: BTreeMap<u64, Shown>,
}

struct Shown {
    visit: String,
    number: String,
}

impl Visitors {
    fn of(shop: &Shop) -> Self {
        Self {
            names: shop.names(),
            shown: BTreeMap::new(),
        }
    }

    /// Gives what is asked of the service when something happens; nothing in a visit that it does not know.
    fn ask(&self, heard: Heard) -> Option<Ask> {
        let Heard {
            at, visit, told, ..
        } = heard;
        let visit = visit?;
        let shown = self.shown.get(&visit.number);
        let visitor = self.names.visitor(&visit);
        let of_visit = |shown: &Shown, what: &str| format!("/v1/visits/{}/{what}", shown.visit);
        let event = || "/v1/events".to_owned();
        let begins = matches!(&told, Told::Page { is_first: true, .. }).then_some(visit.number);
        let (path, body) = match told {
            Told::Page { url, referrer, .. } if begins.is_some() => {
                let page = json!({"visitor": visitor, "url": url, "referrer": referrer});
                (format!("/v1/visits?site={SITE}"), page.to_string())
            }
            Told::Page { url, referrer, .. } => {
                let page = json!({"url": url, "referrer": referrer});
                (of_visit(shown?, "page"), page.to_string())
            }
            Told::Beat => (of_visit(shown?, "beat"), "{}".to_owned()),
            Told::End => (of_visit(shown?, "end"), "{}".to_owned()),
            Told::Form { phone } => {
                let seen = [shown?.visit.as_str(), &visitor];
                (event(), self.names.form(at, &visit, &phone, seen))
            }
            Told::Call(phase) => (event(), phase.replace(MAIN, &shown?.number)),
            Told::Event(told) => (event(), told),
        };
        Some(Ask { path, body, begins })
    }

    /// Notes what a visit was shown; without a number to show its page keeps the one that everybody knows.
    fn answered(&mut self, visit: u64, answer: &Value) {
        let Some(id) = answer["visit"].as_str() else {
            return;
        };
        let shown = Shown {
            visit: id.to_owned(),
            number: answer["number"].as_str().unwrap_or(MAIN).to_owned(),
        };
        self.shown.insert(visit, shown);
        if self.shown.len() > REMEMBERED {
            self.shown.pop_first();
        }
    }

    fn forget(&mut self, heard: &Heard) {
        if let Some(visit) = heard.visit {
            self.shown.remove(&visit.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use trunkline_model::time::Time;
    use trunkline_simulate::Config;

    use super::*;

    fn shop() -> Shop {
        let config = Config {
            days: 2,
            ..Config::default()
        };
        Shop::new(&config, 1_000, Time(0)).unwrap()
    }

    #[test]
    fn a_visit_is_begun_told_of_by_its_id_and_called_on_its_number() {
        let mut visitors = Visitors::of(&shop());
        let (mut begun, mut called) = (0, 0);
        for heard in shop().filter(|heard| heard.asks) {
            let (number, told) = (heard.visit.unwrap().number, heard.told.clone());
            let ask = visitors.ask(heard).unwrap();
            let event: Value = serde_json::from_str(&ask.body).unwrap();
            let visit = format!("/v1/visits/shop-{number}");
            match told {
                Told::Page { is_first: true, .. } => {
                    assert_eq!(ask.path, "/v1/visits?site=shop");
                    // Every third finds no number free, and no fallback.
                    let shown = (number % 3 != 0).then(|| format!("+3491{number:07}"));
                    let answer = json!({"visit": format!("shop-{number}"), "number": shown});
                    visitors.answered(ask.begins.unwrap(), &answer);
                    begun += 1;
                }
                Told::Page { url, .. } => {
                    assert_eq!(
                        (ask.path, &event["url"]),
                        (format!("{visit}/page"), &url.into())
                    );
                }
                Told::Beat => assert_eq!(ask.path, format!("{visit}/beat")),
                Told::End => assert_eq!(ask.path, format!("{visit}/end")),
                Told::Form { .. } => assert_eq!(event["visit"], format!("shop-{number}")),
                Told::Call(_) if event["phase"] == "started" => {
                    let shown = if number % 3 == 0 {
                        MAIN.to_owned()
                    } else {
                        format!("+3491{number:07}")
                    };
                    assert_eq!(event["to"], shown);
                    called += 1;
                }
                Told::Call(_) => assert!(event.get("to").is_none(), "{event}"),
                Told::Event(_) => panic!("{event}"),
            }
        }
        assert!(begun > 1_000 && called > 30, "{begun} {called}");
    }

    #[test]
    fn a_visit_that_asked_nobody_is_left_out() {
        let visitors = Visitors::of(&shop());
        for heard in shop().filter(|heard| heard.asks) {
            let begins = matches!(heard.told, Told::Page { is_first: true, .. });
            assert_eq!(visitors.ask(heard).is_some(), begins);
        }
    }
}
