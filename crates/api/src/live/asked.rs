//! The parameters of `GET /v1/live`: `manager`, `team` and `channel` (each repeatable: values of one
//! name are *or*, names are *and*), and `limit` of the conversations listed.

use trunkline_model::time::Time;

use crate::directory::Grant;
use crate::problem::{Code, Problem};
use crate::query;

/// Default and greatest number of conversations listed.
pub(super) const LIMITS: (usize, usize) = (100, 1_000);

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    managers: Vec<String>,
    teams: Vec<String>,
    channels: Vec<String>,
    pub(crate) limit: usize,
}

impl Asked {
    pub(crate) fn read(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut asked = Self {
            managers: Vec::new(),
            teams: Vec::new(),
            channels: Vec::new(),
            limit: LIMITS.0,
        };
        for (name, value) in pairs {
            match name.as_str() {
                "manager" => asked.managers.push(value),
                "team" => asked.teams.push(value),
                "channel" => asked.channels.push(value),
                "limit" => asked.limit = limit(&value)?,
                other => {
                    let known = "there are manager, team, channel and limit";
                    return Err(query::unknown(other, known));
                }
            }
        }
        Ok(asked)
    }

    /// Whether a channel's conversations count.
    pub(crate) fn channel(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.iter().any(|asked| asked == channel)
    }

    /// Whether a manager is asked for; `None` is nobody.
    pub(crate) fn shows(&self, manager: Option<&str>, grant: &Grant, now: Time) -> bool {
        let among = |asked: &[String], value: Option<&str>| {
            asked.is_empty() || value.is_some_and(|value| asked.iter().any(|it| it == value))
        };
        let team = || manager.and_then(|manager| grant.people().team(manager, now));
        among(&self.managers, manager) && (self.teams.is_empty() || among(&self.teams, team()))
    }
}

fn limit(value: &str) -> Result<usize, Problem> {
    let limit = value
        .parse()
        .ok()
        .filter(|limit| (1..=LIMITS.1).contains(limit));
    limit.ok_or_else(|| {
        let detail = format!("parameter `limit` must be a number from 1 to {}", LIMITS.1);
        Problem::new(Code::BadParameter, detail)
    })
}
