//! The last refused events of each account, redacted, for `GET /v1/admin/rejects`.
//!
//! Kept in memory only: the last 100 of an account, at most 10 of one request, so that one broken
//! sender cannot push out everyone else's at once. Only declared accounts have tokens, so the
//! number of lists is bounded by the configuration.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;
use trunkline_model::time::Time;

/// How many are kept of an account, and taken of one request.
const KEPT: usize = 100;
pub(crate) const TAKEN: usize = 10;

/// A refused event.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct Reject {
    /// When it was refused.
    pub(crate) at: Time,
    /// Where it came in.
    pub(crate) origin: &'static str,
    /// Its place in its batch; none when the body as a whole was refused.
    pub(crate) index: Option<u32>,
    /// The stable code.
    pub(crate) code: &'static str,
    /// Why, for people; phone numbers masked.
    pub(crate) detail: String,
    /// What may be shown of it; `null` where it was too broken to be shown.
    pub(crate) body: Value,
}

/// The lists.
#[derive(Debug, Default)]
pub(crate) struct Rejects(Mutex<HashMap<Arc<str>, VecDeque<Reject>>>);

impl Rejects {
    /// Notes refused events of an account.
    pub(crate) fn add(&self, account: &Arc<str>, rejects: impl IntoIterator<Item = Reject>) {
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.entry(Arc::clone(account)).or_default();
        for reject in rejects.into_iter().take(TAKEN) {
            if list.len() == KEPT {
                list.pop_front();
            }
            list.push_back(reject);
        }
    }

    /// Lists those of an account, newest first.
    pub(crate) fn list(&self, account: &str) -> Vec<Reject> {
        let lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lists
            .get(account)
            .map(|list| list.iter().rev().cloned().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(index: u32) -> Reject {
        Reject {
            at: Time(0),
            origin: "api",
            index: Some(index),
            code: "unknown_type",
            detail: String::new(),
            body: Value::Null,
        }
    }

    #[test]
    fn the_last_hundred_are_kept_newest_first_and_accounts_do_not_mix() {
        let rejects = Rejects::default();
        let (one, other): (Arc<str>, Arc<str>) = ("one".into(), "other".into());
        for index in 0..150 {
            rejects.add(&one, [reject(index)]);
        }
        rejects.add(&other, [reject(7)]);
        let listed = rejects.list("one");
        assert_eq!(listed.len(), 100);
        assert_eq!((listed[0].index, listed[99].index), (Some(149), Some(50)));
        assert_eq!(rejects.list("other").len(), 1);
        assert!(rejects.list("third").is_empty());
    }

    #[test]
    fn one_request_leaves_at_most_ten() {
        let rejects = Rejects::default();
        rejects.add(&"one".into(), (0..50).map(reject));
        assert_eq!(rejects.list("one").len(), 10);
    }
}
