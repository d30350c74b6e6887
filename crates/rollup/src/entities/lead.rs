//! A lead, from all its changes (`metrics.md` §4).
//!
//! - Of each thing the last word counts; of a source all of it is one thing.
//! - A word that names a pipeline or a stage places the lead; where it was already is no move. A
//!   pipeline without a stage is another place only if the pipeline is another.
//! - Restoring takes back a deletion and a merge.

use trunkline_model::event::LeadChange;
use trunkline_model::time::Time;

use super::log::{Amount, Lead, Said, Word};
use super::rows::Standing;
use crate::calls::Context;
use crate::facts::{LeadAmount, LeadFact, LeadMove, Rows, SourceFact};

/// A change and when it was said.
type Change<'a> = (&'a Word<'a>, &'a Lead<'a>);

impl Standing<'_> {
    /// Shows the row of a lead.
    pub(super) fn lead(&self, lead: &str, rows: &mut impl Rows) {
        let words = self.words.iter().filter_map(|word| match &word.said {
            Said::Lead(lead) => Some((*word, &**lead)),
            _ => None,
        });
        let changes: Vec<Change<'_>> = words.collect();
        let mut makings = changes.iter();
        let made = makings.find(|(_, lead)| lead.change == LeadChange::Created);
        let first = made.or(changes.first()).map(|(word, _)| Time(word.at));
        let moves = moves(&changes, self.context);
        let amounts = amounts(&changes);
        let place = moves.last().map(|place| (place.pipeline, place.stage));
        let (pipeline, stage) = place.unwrap_or_default();
        let (removed, merged_into) = gone(&changes);
        let manager = last(&changes, |lead| lead.manager);
        let contacts = last(&changes, |lead| {
            Some(lead.contacts.as_slice()).filter(|list| !list.is_empty())
        });
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
            contacts: contacts.unwrap_or_default(),
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
            deleted: changes.is_empty(),
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
