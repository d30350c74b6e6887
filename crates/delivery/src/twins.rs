//! Calls that a tracker and a PBX both tell of (`metrics.md` §2): they are one, so what was told of one is not told of the
//! other.
//!
//! - Of a missed or a target call whichever is told first is told.
//! - What brought it the tracker knows: once that was told of its call, nothing is told of that of the PBX.
//! - That they are twins may come out when both were told: what was told of the PBX's is taken back then.
//!
//! Only calls that were told of, and their twins, are kept, of accounts that have hooks of both kinds, as long as a call is news.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_model::settings::{Hook, HookRole};
use trunkline_model::time::Time;

use crate::call::Call;

/// How far the starts of twins may be apart, in milliseconds: as in reports.
const APART: i64 = 15_000;
/// How long calls are kept after they began, in milliseconds: as long as they are news, and may last.
const KEPT_FOR: i64 = 36 * 3_600_000;

/// Which hooks of an account see what.
#[derive(Debug, Default)]
pub(crate) struct Roles(BTreeMap<String, HookRole>);

impl Roles {
    /// Reads the hooks of an account; nobody has a role where nothing can be told twice.
    pub(crate) fn of(hooks: &[Hook]) -> Self {
        let roles = hooks
            .iter()
            .filter_map(|hook| Some((hook.id.clone(), hook.role?)));
        let roles: BTreeMap<_, _> = roles.collect();
        let has = |role| roles.values().any(|known| *known == role);
        if has(HookRole::Tracker) && has(HookRole::Pbx) {
            Self(roles)
        } else {
            Self::default()
        }
    }

    /// Gives what of a call decides whose twin it is; none if of no other.
    pub(crate) fn side(&self, call: &Call) -> Option<Side> {
        let role = *self.0.get(&call.hook)?;
        // A phone number: of who is unknown each call is another's.
        let caller = call
            .caller
            .clone()
            .filter(|caller| caller.starts_with('+'))?;
        let forwarded = call.legs.iter().filter_map(|leg| leg.extension.clone());
        Some(Side {
            call: call.call.clone(),
            of_tracker: role == HookRole::Tracker,
            caller,
            number: call.number.clone().unwrap_or_default(),
            forwarded: forwarded.collect(),
            at: call.at.0,
        })
    }
}

/// What is told of a call by one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) call: String,
    pub(crate) of_tracker: bool,
    caller: String,
    number: String,
    forwarded: Vec<String>,
    at: i64,
}

impl Side {
    fn is_twin_of(&self, other: &Self) -> bool {
        self.of_tracker != other.of_tracker
            && self.caller == other.caller
            && (self.at - other.at).abs() <= APART
            && (self.forwarded.contains(&other.number) || other.forwarded.contains(&self.number))
    }
}

/// Calls that were told of, by account and caller.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides(BTreeMap<(Arc<str>, String), Vec<Side>>);

impl Sides {
    /// Lists the calls that are twins of one.
    pub(crate) fn twins(&self, account: &str, of: &Side) -> Vec<String> {
        let known = self.0.get(&(Arc::from(account), of.caller.clone()));
        let twins = known
            .into_iter()
            .flatten()
            .filter(|side| side.is_twin_of(of));
        twins.map(|side| side.call.clone()).collect()
    }

    /// Says whether a call is kept.
    pub(crate) fn has(&self, account: &str, side: &Side) -> bool {
        let known = self.0.get(&(Arc::from(account), side.caller.clone()));
        known.is_some_and(|known| known.iter().any(|it| it.call == side.call))
    }

    /// Keeps a call of which something was told, or of a twin of it.
    pub(crate) fn note(&mut self, account: &str, side: Side) {
        let key = (Arc::from(account), side.caller.clone());
        let known = self.0.entry(key).or_default();
        known.retain(|before| before.call != side.call);
        known.push(side);
    }

    pub(crate) fn forget(&mut self, now: Time) {
        for sides in self.0.values_mut() {
            sides.retain(|side| now.0 - side.at < KEPT_FOR);
        }
        self.0.retain(|_, sides| !sides.is_empty());
    }

    /// Gives what a file has of them.
    pub(crate) fn keep(&self) -> Vec<(Arc<str>, Side)> {
        let all = self.0.iter();
        all.flat_map(|((account, _), sides)| {
            sides.iter().map(|side| (Arc::clone(account), side.clone()))
        })
        .collect()
    }

    pub(crate) fn restore(kept: Vec<(Arc<str>, Side)>) -> Self {
        let mut sides = Self::default();
        for (account, side) in kept {
            sides.note(&account, side);
        }
        sides
    }
}
