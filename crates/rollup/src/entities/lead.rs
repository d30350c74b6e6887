//! A lead, from all its changes (`metrics.md` §4).
//!
//! - Of each thing the last word counts; of a source all of it is one thing. Contacts that it is `linked` to come
//!   behind those named before.
//! - Of whom it is `linked` to may be told long before it is made: those words alone are no lead.
//! - A word that names a pipeline or a stage places the lead; where it was already is no move. A
//!   pipeline without a stage is another place only if the pipeline is another.
//! - Restoring takes back a deletion and a merge.

use trunkline_model::event::LeadChange;
use trunkline_model::time::Time;

use super::log::{Amount, Lead, Said, Word};
use super::rows::Standing;
use crate::calls::Context;
use crate::facts::{LeadAmount, LeadFact, LeadMove, Rows, SourceFact};

/// Who a lead names as it stands, each since when: of each the last word counts, from the first that named the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeadPeople<'a> {
    /// The visitor of a site.
    pub visitor: Option<(&'a str, Time)>,
    /// The visit.
    pub visit: Option<(&'a str, Time)>,
    /// Its contacts.
    pub contacts: Vec<(&'a str, Time)>,
}

/// A change and when it was said.
type Change<'a> = (&'a Word<'a>, &'a Lead<'a>);

impl<'a> Standing<'a> {
    fn changes(&self) -> Vec<Change<'a>> {
        let words = self.words.iter().filter_map(|word| match &word.said {
            Said::Lead(lead) => Some((*word, &**lead)),
            _ => None,
        });
        words.collect()
    }

    /// Tells who a lead names.
    pub(super) fn people(&self) -> LeadPeople<'a> {
        let changes = self.changes();
        let since = |names: &dyn Fn(&Lead<'a>) -> bool| {
            let first = changes.iter().find(|(_, lead)| names(lead));
            first.map_or(self.first_at, |(word, _)| Time(word.at))
        };
        let visitor = last(&changes, |lead| lead.visitor);
        let visit = last(&changes, |lead| lead.visit);
        let contacts = contacts(&changes).into_iter();
        LeadPeople {
            visitor: visitor.map(|of| (of, since(&|lead| lead.visitor == Some(of)))),
            visit: visit.map(|of| (of, since(&|lead| lead.visit == Some(of)))),
            contacts: contacts
                .map(|of| (of, since(&|lead| lead.contacts.contains(&of))))
                .collect(),
        }
    }
}

/// Gives the contacts that were named last, and behind them those that it was linked to since.
fn contacts<'a>(changes: &[Change<'a>]) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for (_, lead) in changes.iter().filter(|(_, lead)| !lead.contacts.is_empty()) {
        if lead.change == LeadChange::Linked {
            let more = lead.contacts.iter().filter(|of| !all.contains(of));
            all.extend(more.copied().collect::<Vec<_>>());
        } else {
            all.clone_from(&lead.contacts);
        }
    }
    all
}

impl Standing<'_> {
    /// Shows the row of a lead.
    pub(super) fn lead(&self, lead: &str, rows: &mut impl Rows) {
        let changes = self.changes();
        let mut makings = changes.iter();
        let made = makings.find(|(_, lead)| lead.change == LeadChange::Created);
        let known = changes
            .iter()
            .find(|(_, lead)| lead.change != LeadChange::Linked);
        let first = made.or(known).map(|(word, _)| Time(word.at));
        let moves = moves(&changes, self.context);
        let amounts = amounts(&changes);
        let place = moves.last().map(|place| (place.pipeline, place.stage));
        let (pipeline, stage) = place.unwrap_or_default();
        let (removed, merged_into) = gone(&changes);
        let manager = last(&changes, |lead| lead.manager);
        rows.lead(&LeadFact {
            account: self.context.account,
            lead,
            created_at: first.unwrap_or(self.first_at),
            created: made.is_some(),
            pipeline,
            stage,
            amount: amounts.last().map(|last| last.amount),
            currency: last(&changes, |lead| lead.currency).unwrap_or_default(),
            manager: manager.map_or("", |name| self.context.names.text(name)),
            contacts: &contacts(&changes),
            company: last(&changes, |lead| lead.company).unwrap_or_default(),
            visit: last(&changes, |lead| lead.visit).unwrap_or_default(),
            visitor: last(&changes, |lead| lead.visitor).unwrap_or_default(),
            channel: last(&changes, |lead| lead.channel).unwrap_or_default(),
            source: source(&changes),
            removed,
            merged_into,
            moves: &moves,
            amounts: &amounts,
            received_at: self.received_at,
            version: self.version,
            deleted: known.is_none(),
        });
    }
}

/// Gives the last word of one thing.
fn last<'a, T>(changes: &[Change<'a>], of: impl Fn(&'a Lead<'a>) -> Option<T>) -> Option<T> {
    changes.iter().rev().find_map(|(_, lead)| of(lead))
}

fn source<'a>(changes: &[Change<'a>]) -> SourceFact<'a> {
    let mut told = changes.iter().rev();
    let told = told.find(|(_, lead)| lead.source.is_named());
    told.map_or_else(SourceFact::default, |(word, lead)| {
        lead.source.fact(word.run.is_some())
    })
}

fn moves<'a>(changes: &[Change<'a>], context: &Context<'a>) -> Vec<LeadMove<'a>> {
    let mut moves: Vec<LeadMove<'a>> = Vec::new();
    let mut manager = "";
    for (word, lead) in changes {
        manager = lead
            .manager
            .map_or(manager, |name| context.names.text(name));
        if lead.pipeline.is_none() && lead.stage.is_none() {
            continue;
        }
        let place = moves.last().map(|last| (last.pipeline, last.stage));
        let (before, stage) = place.unwrap_or_default();
        let pipeline = lead.pipeline.unwrap_or(before);
        let stays = if pipeline == before { stage } else { "" };
        let stage = lead.stage.unwrap_or(stays);
        if place != Some((pipeline, stage)) {
            moves.push(LeadMove {
                at: Time(word.at),
                pipeline,
                stage,
                manager,
            });
        }
    }
    moves
}

fn amounts<'a>(changes: &[Change<'a>]) -> Vec<LeadAmount<'a>> {
    let mut amounts: Vec<LeadAmount<'a>> = Vec::new();
    let mut currency = "";
    for (word, lead) in changes {
        currency = lead.currency.unwrap_or(currency);
        let before = amounts.last().map(|last| (last.amount, last.currency));
        let told = lead.amount.map(Amount::decimal);
        let Some(amount) = told.or(before.map(|before| before.0)) else {
            continue;
        };
        if before != Some((amount, currency)) {
            amounts.push(LeadAmount {
                at: Time(word.at),
                amount,
                currency,
            });
        }
    }
    amounts
}

/// Says whether it is deleted, and which lead it is part of.
fn gone<'a>(changes: &[Change<'a>]) -> (bool, &'a str) {
    changes
        .iter()
        .fold((false, ""), |(removed, into), (_, lead)| {
            match lead.change {
                LeadChange::Deleted => (true, into),
                LeadChange::Restored => (false, ""),
                LeadChange::Merged => (removed, lead.into.unwrap_or(into)),
                _ => (removed, into),
            }
        })
}
