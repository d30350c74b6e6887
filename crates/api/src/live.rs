//! `GET /v1/live`: how it stands now, out of memory (`metrics.md` 1.2, `unanswered`; contract §4).
//!
//! A conversation in which a reply is owed is its assignee's, else that of the last participant who
//! is still in the roster, else nobody's; nobody's come first, then those who wait longest. The
//! figures of managers are those of today in the account's zone, in calendar time.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use tokio::task::spawn_blocking;
use trunkline_model::event::Author;
use trunkline_model::settings::Scope;
use trunkline_model::time::{Period, Time};
use trunkline_pipeline::{Cell, Definition, Distribution, LiveAccount, PoolStands, Waits};
use trunkline_reports::Value;

use crate::directory::Grant;
use crate::openapi::{Group, Operation, Place};
use crate::phones;
use crate::problem::{Code, Problem};
use crate::query;
use crate::routes::Shared;
use crate::ways_out;

mod asked;
mod calls;

use asked::{Asked, LIMITS};

/// How it stands now.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Live")]
pub(crate) struct Now {
    /// All events acknowledged before are in it.
    as_of: Time,
    tz: &'static str,
    /// Since when `managers` counts: the last local midnight.
    today: Time,
    waiting: Waiting,
    managers: Vec<Manager>,
    /// Calls in progress, the longest first.
    calls: Vec<calls::Call>,
    /// Pools of numbers, in the order of the configuration.
    pools: Vec<Pool>,
}

/// How a pool of numbers stands.
#[expect(clippy::struct_field_names, reason = "named as what readers get")]
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PoolNow")]
struct Pool {
    pool: String,
    /// All its numbers.
    numbers: usize,
    /// Those that may be leased.
    in_service: usize,
    /// Those that a visit holds.
    leased: usize,
}

/// Conversations in which a reply is owed.
#[derive(Debug, Serialize, JsonSchema)]
struct Waiting {
    count: usize,
    /// Those that are nobody's.
    unassigned: usize,
    #[schemars(with = "Option<f64>")]
    longest_wait_s: Value,
    conversations: Vec<Conversation>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
}

#[expect(clippy::struct_field_names, reason = "named as what readers get")]
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "WaitingConversation")]
struct Conversation {
    channel: String,
    conversation: String,
    contact: String,
    since: Time,
    #[schemars(with = "f64")]
    wait_s: Value,
    /// Whose it is; `null` = unassigned.
    manager: Option<String>,
    assignee: Option<String>,
    last_manager: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// One manager today; `null` is an unknown one.
#[expect(clippy::struct_field_names, reason = "named as what readers get")]
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ManagerToday")]
struct Manager {
    manager: Option<String>,
    manager_name: Option<String>,
    team: Option<String>,
    /// Conversations that wait for him.
    waiting: usize,
    #[schemars(with = "Option<f64>")]
    longest_wait_s: Option<Value>,
    /// Messages he wrote.
    outbound: u32,
    wait: Answers,
    first: Answers,
}

/// Response times by one definition.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "ResponseTimes")]
struct Answers {
    count: u32,
    #[schemars(with = "Option<f64>")]
    mean_s: Option<Value>,
    #[schemars(with = "Option<f64>")]
    p50_s: Option<Value>,
    #[schemars(with = "Option<f64>")]
    p90_s: Option<Value>,
}

/// Answers how it stands.
pub(crate) async fn live(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Json<Now>, Problem> {
    let now = (shared.clock)();
    let grant = shared.directory.load().admit(&headers, Scope::Read, now)?;
    let pairs = query::pairs(&uri)?;
    stands(&shared, grant, pairs, now).await.map(Json)
}

pub(crate) fn about() -> Operation {
    let many = json!({ "type": "array", "items": { "type": "string" } });
    let limit =
        json!({ "type": "integer", "minimum": 1, "maximum": LIMITS.1, "default": LIMITS.0 });
    Operation::new(Group::Figures, "live", "Says how it stands now")
        .about(
            "Out of memory, at most one second behind the acknowledged events: conversations in \
             which a reply is owed, nobody's first, then the longest wait first; and each \
             manager's figures of today.",
        )
        .scope(Scope::Read)
        .takes(
            Place::Query,
            "manager",
            many.clone(),
            "Only of these managers.",
        )
        .takes(
            Place::Query,
            "team",
            many.clone(),
            "Only of managers in these teams.",
        )
        .takes(Place::Query, "channel", many, "Only on these channels.")
        .takes(
            Place::Query,
            "limit",
            limit,
            "How many conversations are listed.",
        )
        .json::<Now>(200, "How it stands.")
        .refuses(&[Code::BadParameter, Code::Overloaded])
        .sample("The ten that wait longest", "/v1/live?limit=10")
}

/// Says how it stands to who has a grant.
pub(crate) async fn stands(
    shared: &Shared,
    grant: Arc<Grant>,
    pairs: Vec<(String, String)>,
    now: Time,
) -> Result<Now, Problem> {
    let asked = Asked::read(pairs)?;
    let _turn = ways_out::turn(shared).await?;
    let live = shared.pipeline.live(&grant.account, now).await;
    let Some(as_of) = live.as_of() else {
        let detail = "nothing can be shown yet: the service is starting, or its fold is busy";
        return Err(Problem::new(Code::Overloaded, detail));
    };
    // An account may have a million conversations: not on the threads of the doors.
    let stand = spawn_blocking(move || stand(&live, &grant, &asked, [as_of, now])).await;
    let ended = |_| Problem::new(Code::Internal, "how it stands could not be made out");
    stand.map_err(ended)
}

fn stand(live: &LiveAccount, grant: &Grant, asked: &Asked, [as_of, now]: [Time; 2]) -> Now {
    let people = grant.people();
    let (today, _) = Period::Today.to_date(grant.timezone(), now);
    let mut waiting: Vec<(Option<String>, Waits)> = live
        .waiting()
        .into_iter()
        .filter(|waits| asked.channel(&waits.channel))
        .map(|waits| people.resolved(waits))
        .map(|waits| (people.owner(&waits, now), waits))
        .filter(|(manager, _)| is_shown(manager.as_deref(), grant, asked, now))
        .collect();
    waiting.sort_by(|(left, a), (right, b)| {
        let place = |manager: &Option<String>, waits: &Waits| (manager.is_some(), waits.since);
        place(left, a)
            .cmp(&place(right, b))
            .then_with(|| (&a.channel, &a.conversation).cmp(&(&b.channel, &b.conversation)))
    });
    let cells = people.together(live.managers(today, |channel| asked.channel(channel)));
    Now {
        as_of,
        tz: grant.timezone().name(),
        today,
        managers: managers(&waiting, cells, grant, asked, now),
        waiting: Waiting::of(waiting, grant, asked, now),
        calls: calls::calls(live, grant, asked, now),
        pools: live.pools().into_iter().map(Pool::of).collect(),
    }
}

impl Pool {
    fn of(pool: PoolStands) -> Self {
        let PoolStands {
            pool,
            numbers,
            in_service,
            leased,
        } = pool;
        Self {
            pool,
            numbers,
            in_service,
            leased,
        }
    }
}

/// A token that may see some managers sees what is theirs, and nothing that is nobody's.
fn is_shown(manager: Option<&str>, grant: &Grant, asked: &Asked, now: Time) -> bool {
    asked.shows(manager, grant, now) && grant.sees(manager, now)
}

impl Waiting {
    fn of(list: Vec<(Option<String>, Waits)>, grant: &Grant, asked: &Asked, now: Time) -> Self {
        let phones = grant.may(Scope::ReadPhones);
        let text = |text: String| {
            if phones { text } else { phones::masked(text) }
        };
        let count = list.len();
        let unassigned = list.iter().filter(|(manager, _)| manager.is_none()).count();
        let longest = list.iter().map(|(_, waits)| waits.since).min();
        let shown = list
            .into_iter()
            .take(asked.limit)
            .map(|(manager, waits)| Conversation {
                link: phones::link(grant, &waits.channel, &waits.conversation),
                channel: waits.channel,
                conversation: text(waits.conversation),
                contact: text(waits.contact),
                since: waits.since,
                wait_s: elapsed(waits.since, now),
                manager,
                assignee: waits.assignee,
                last_manager: waits
                    .last_manager
                    .filter(|last| grant.sees(Some(last), now)),
            });
        Self {
            count,
            unassigned,
            longest_wait_s: longest.map_or(Value::Null, |since| elapsed(since, now)),
            conversations: shown.collect(),
            truncated: count > asked.limit,
        }
    }
}

fn managers(
    waiting: &[(Option<String>, Waits)],
    cells: BTreeMap<Option<String>, Cell>,
    grant: &Grant,
    asked: &Asked,
    now: Time,
) -> Vec<Manager> {
    let mut managers = BTreeMap::<Option<String>, Manager>::new();
    for (manager, cell) in cells {
        let wrote = cell.messages(Author::Manager) > 0;
        if wrote && is_shown(manager.as_deref(), grant, asked, now) {
            let of = managers.entry(manager).or_default();
            of.outbound = cell.messages(Author::Manager);
            of.wait = Answers::of(cell.calendar().by(Definition::Wait));
            of.first = Answers::of(cell.calendar().by(Definition::First));
        }
    }
    // The longest first: what was seen first stays.
    let mut by_age: Vec<_> = waiting
        .iter()
        .filter(|(manager, _)| manager.is_some())
        .collect();
    by_age.sort_by_key(|(_, waits)| waits.since);
    for (manager, waits) in by_age {
        let of = managers.entry(manager.clone()).or_default();
        of.waiting += 1;
        of.longest_wait_s
            .get_or_insert_with(|| elapsed(waits.since, now));
    }
    let people = grant.people();
    let named = managers.into_iter().map(|(manager, of)| Manager {
        manager_name: manager.as_deref().map(|manager| people.name(manager)),
        team: manager
            .as_deref()
            .and_then(|manager| people.team(manager, now))
            .map(str::to_owned),
        manager,
        ..of
    });
    named.collect()
}

impl Answers {
    fn of(samples: &Distribution) -> Self {
        let quantile = |level| samples.quantile(level).map(Value::Millis);
        Self {
            count: samples.count(),
            mean_s: samples.mean().map(Value::Millis),
            p50_s: quantile(0.5),
            p90_s: quantile(0.9),
        }
    }
}

/// Elapsed time is never negative, whatever the vendor's clock says.
fn elapsed(since: Time, now: Time) -> Value {
    Value::Millis(now.since(since).max(0))
}
