//! Where the board's figures come from: the questions of `/v1`, answered for one viewer.

use std::pin::Pin;

use chrono_tz::Tz;
use serde::Deserialize;
use trunkline_model::time::Time;
use trunkline_reports::{Page, Table, Values};

use crate::connection::{Connection, Unmapped};

/// A query parameter: name and value.
pub type Pair = (String, String);

/// An answer on its way; boxed, because a panel waits for many at once.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Missing>> + Send + 'a>>;

/// Answers the questions of `/v1` for one viewer: the same code, the same restrictions.
pub trait Source: Sync {
    /// Answers `GET /v1/reports/{name}`.
    fn report<'a>(&'a self, name: &'a str, pairs: &'a [Pair]) -> Answer<'a, Table>;
    /// Answers `GET /v1/reports/{name}/rows`.
    fn rows<'a>(&'a self, name: &'a str, pairs: &'a [Pair]) -> Answer<'a, Opened>;
    /// Answers `GET /v1/dimensions/{dimension}`.
    fn values<'a>(&'a self, name: &'a str) -> Answer<'a, Values>;
    /// Answers `GET /v1/live`.
    fn live<'a>(&'a self, pairs: &'a [Pair]) -> Answer<'a, Live>;
    /// Answers `GET /v1/admin/hooks`; 403 to who may not see it.
    fn connections(&self) -> Answer<'_, Vec<Connection>>;
    /// Lists the extensions in calls of the last 7 days that are no manager's; none for who may not see
    /// the hooks.
    fn unmapped(&self) -> Answer<'_, Vec<Unmapped>>;
}

/// Who looks, and when.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The account whose figures are shown.
    pub account: String,
    /// Its zone.
    pub zone: Tz,
    /// The instant of the look.
    pub now: Time,
    /// The address under which the viewer reaches the service, for the command that sends an event.
    pub address: String,
    /// The currency of the account's amounts; empty if it sets none.
    pub currency: String,
    /// Whether he may send events: upload what advertising cost.
    pub may_send: bool,
}

/// Why something cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The HTTP status of the refusal.
    pub status: u16,
    /// Its stable code.
    pub code: &'static str,
    /// What happened, for people.
    pub detail: String,
}

impl Missing {
    /// Says that a parameter of the board cannot be followed.
    pub(crate) fn bad(detail: String) -> Self {
        Self {
            status: 400,
            code: "bad_parameter",
            detail,
        }
    }

    /// Whether ClickHouse is away, so that only what is live can be shown.
    pub(crate) fn is_away(&self) -> bool {
        self.code == "warehouse_unavailable"
    }
}

/// A page of rows, and for each row where its conversation can be opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The rows.
    pub page: Page,
    /// Beside each row, the address of its conversation at its provider.
    pub links: Vec<Option<String>>,
}

/// How it stands now: the answer of `GET /v1/live`.
#[derive(Clone, Debug, Deserialize)]
pub struct Live {
    /// All events acknowledged before are in it.
    pub as_of: Time,
    /// Conversations in which a reply is owed.
    pub waiting: Waiting,
    /// Managers today.
    pub managers: Vec<Manager>,
    /// Calls in progress, the longest first.
    pub calls: Vec<CallNow>,
}

/// A call in progress.
#[derive(Clone, Debug, Deserialize)]
pub struct CallNow {
    /// The call's id.
    pub call: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// Who calls; empty if unknown.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// When it began.
    pub since: Time,
    /// `started`, `menu`, `queued`, `ringing`, `talking` or `held`.
    pub state: String,
    /// Who talks, else whom it rang last; none if that was not told.
    pub manager: Option<String>,
    /// The extension of that leg.
    pub extension: Option<String>,
}

/// Conversations in which a reply is owed.
#[derive(Clone, Debug, Deserialize)]
pub struct Waiting {
    /// How many.
    pub count: u64,
    /// Those that are nobody's.
    pub unassigned: u64,
    /// The longest wait, in seconds.
    pub longest_wait_s: Option<f64>,
    /// Nobody's first, then the longest wait first.
    pub conversations: Vec<Waits>,
}

/// One of them.
#[derive(Clone, Debug, Deserialize)]
pub struct Waits {
    /// The channel's id.
    pub channel: String,
    /// The conversation's id.
    pub conversation: String,
    /// Who waits.
    pub contact: String,
    /// Since when.
    pub since: Time,
    /// Whose it is; none is unassigned.
    pub manager: Option<String>,
    /// Where it can be opened.
    pub link: Option<String>,
}

/// One manager today.
#[derive(Clone, Debug, Deserialize)]
pub struct Manager {
    /// Who; none is an unknown one.
    pub manager: Option<String>,
    /// What people call him.
    pub manager_name: Option<String>,
    /// Conversations that wait for him.
    pub waiting: u64,
    /// Messages he wrote.
    pub outbound: u64,
    /// His response times by the definition `wait`.
    pub wait: Answers,
}

/// Response times by one definition, in seconds.
#[derive(Clone, Debug, Deserialize)]
pub struct Answers {
    /// How many.
    pub count: u64,
    /// Their mean.
    pub mean_s: Option<f64>,
    /// Half took at most this.
    pub p50_s: Option<f64>,
    /// Nine in ten took at most this.
    pub p90_s: Option<f64>,
}
