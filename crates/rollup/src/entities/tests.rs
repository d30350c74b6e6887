//! Expected rows are worked out by hand from `metrics.md` §3 and §4.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use trunkline_model::event::Event;
use trunkline_model::settings::{Country, FoldRules};
use trunkline_model::time::Time;

use crate::facts::{
    ChangeFact, ConversationFact, FormFact, LeadFact, MessageFact, Rows, SOURCE, SourceFact,
    SpendFact, TagFact, TouchFact,
};
use crate::{Account, Config, Outcome, Position};

mod known;
mod leads;
mod others;
mod property;

/// 2026-03-02T10:00:00Z; times in rows are minutes from here.
const TEN: i64 = 1_772_445_600_000;
const MINUTE: i64 = 60_000;

/// What ClickHouse would hold: of each key the row of the highest version, described; none if it is
/// deleted.
#[derive(Default)]
struct Table {
    rows: BTreeMap<String, (u64, Option<String>)>,
    written: usize,
}

impl Table {
    fn take(&mut self, key: String, version: u64, deleted: bool, says: String) {
        let row = (version, (!deleted).then_some(says));
        let held = self.rows.entry(key).or_insert_with(|| row.clone());
        if held.0 <= row.0 {
            *held = row;
        }
        self.written += 1;
    }

    fn standing(&self) -> BTreeMap<String, String> {
        let rows = self.rows.iter();
        let standing = rows.filter_map(|(key, row)| Some((key.clone(), row.1.clone()?)));
        standing.collect()
    }
}

/// Describes what is there, in the order of the columns.
#[derive(Default)]
struct Says(String);

impl Says {
    fn text(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            let space = if self.0.is_empty() { "" } else { " " };
            write!(self.0, "{space}{name}={value}").unwrap();
        }
        self
    }

    fn source(self, source: &SourceFact<'_>) -> Self {
        let all = SOURCE.into_iter().zip(source.0);
        all.fold(self, |says, (name, value)| says.text(name, value))
    }

    fn flag(self, name: &str, is: bool) -> Self {
        self.text(name, if is { "1" } else { "" })
    }
}

fn minute(at: Time) -> i64 {
    (at.0 - TEN) / MINUTE
}

impl Rows for Table {
    fn message(&mut self, _: &MessageFact<'_>) {}
    fn change(&mut self, _: &ChangeFact<'_>) {}
    fn conversation(&mut self, _: &ConversationFact<'_>) {}

    fn lead(&mut self, fact: &LeadFact<'_>) {
        let amount = fact
            .amount
            .map(|amount| format!("{amount}{}", fact.currency));
        let moves = fact.moves.iter().map(|to| {
            format!(
                "{}:{}/{}:{}",
                minute(to.at),
                to.pipeline,
                to.stage,
                to.manager
            )
        });
        let amounts = fact.amounts.iter();
        let amounts = amounts.map(|to| format!("{}:{}{}", minute(to.at), to.amount, to.currency));
        let says = Says::default()
            .text("at", &minute(fact.created_at).to_string())
            .flag("created", fact.created)
            .text("in", &[fact.pipeline, fact.stage].join("/"))
            .text("worth", &amount.unwrap_or_default())
            .text("of", fact.manager)
            .text("contacts", &fact.contacts.join(","))
            .text("company", fact.company)
            .text("visit", fact.visit)
            .text("visitor", fact.visitor)
            .text("channel", fact.channel)
            .source(&fact.source)
            .flag("removed", fact.removed)
            .text("into", fact.merged_into)
            .text("moves", &moves.collect::<Vec<_>>().join(","))
            .text("amounts", &amounts.collect::<Vec<_>>().join(","));
        let key = format!("lead {}", fact.lead);
        self.take(key, fact.version, fact.deleted, says.0);
    }

    fn form(&mut self, fact: &FormFact<'_>) {
        let says = Says::default()
            .text("visit", fact.visit)
            .text("visitor", fact.visitor)
            .text("contact", fact.contact)
            .text("phone", fact.phone)
            .flag("known", fact.known)
            .text("email", fact.email)
            .source(&fact.source);
        let key = format!("form {} {}", fact.form, minute(fact.at));
        self.take(key, fact.version, fact.deleted, says.0);
    }

    fn spend(&mut self, fact: &SpendFact<'_>) {
        let says = Says::default()
            .text("amount", &format!("{}{}", fact.amount, fact.currency))
            .text("as_of", &minute(fact.as_of).to_string());
        let key = format!("spend {} {}", fact.day, fact.tags.join("/"));
        self.take(key, fact.version, fact.deleted, says.0);
    }

    fn touch(&mut self, fact: &TouchFact<'_>) {
        let says = Says::default()
            .text("at", &minute(fact.at).to_string())
            .text("contact", fact.contact)
            .text("visit", fact.visit)
            .text("visitor", fact.visitor)
            .source(&fact.source);
        let key = [fact.channel, fact.conversation, fact.message].join("/");
        self.take(format!("touch {key}"), fact.version, fact.deleted, says.0);
    }

    fn tag(&mut self, fact: &TagFact<'_>) {
        let says = Says::default().flag("tagged", fact.tagged);
        let at = minute(fact.at);
        let key = format!("tag {}/{} {at} {}", fact.contact, fact.tag, fact.id);
        self.take(key, fact.version, fact.deleted, says.0);
    }
}

struct Fold {
    account: Account,
    offset: u64,
    table: Table,
}

impl Fold {
    fn new() -> Self {
        let config = Config {
            window: 10_000,
            seed: 7,
        };
        Self {
            account: Account::new(Arc::from("acme"), config),
            offset: 0,
            table: Table::default(),
        }
    }

    fn at(&mut self) -> Position {
        self.offset += 1;
        Position {
            offset: self.offset - 1,
            received_at: Time(self.offset as i64 * 1000),
        }
    }

    fn tell_by(&mut self, origin: &str, raw: &str) -> Outcome {
        let event = Event::parse(raw).unwrap();
        let at = self.at();
        self.account.observe(&event, origin, at)
    }

    fn tell(&mut self, raw: &str) -> Outcome {
        self.tell_by("api", raw)
    }

    fn settle(&mut self, country: &str) {
        let rules = FoldRules {
            country: Country::parse(country),
            ..FoldRules::default()
        };
        let at = self.at();
        self.account.settings(rules, at);
    }

    fn flush(&mut self) -> usize {
        self.account.gather(0, usize::MAX, &mut self.table)
    }

    /// What stands, by what it is of.
    fn rows(&mut self) -> BTreeMap<String, String> {
        self.flush();
        self.table.standing()
    }

    #[track_caller]
    fn row(&mut self, key: &str) -> String {
        self.rows().remove(key).expect("a row")
    }
}

/// An event of an entity, so many minutes after ten.
fn event(kind: &str, minutes: i64, rest: &str) -> String {
    let at = TEN + minutes * MINUTE;
    let time = if kind == "spend" { "as_of" } else { "at" };
    format!(r#"{{"type":"{kind}","{time}":{at},{rest}}}"#)
}

fn lead(minutes: i64, change: &str, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { "," };
    let rest = format!(r#""lead":"l","change":"{change}"{comma}{rest}"#);
    event("lead", minutes, &rest)
}

fn retract(what: &str) -> String {
    format!(r#"{{"type":"retract","at":"2026-03-03T00:00:00Z",{what}}}"#)
}
