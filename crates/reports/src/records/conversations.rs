//! Conversations with their cycles, as they stand (`metrics.md` §1): by their last event.
//!
//! Whose one is: its assignee's, else who wrote last, as everywhere. An id is one within its channel alone.

use serde_json::{Map, Value as Json};

use super::Field::{self, Flag, Plain, Time};
use super::contacts::kept;
use super::listed::{Filter, Kind, Listed, Wanted, parameters};
use super::{shape, zipped};
use crate::aliases::resolved_sql;
use crate::error::{BadParameter, Error};
use crate::reports::Reports;
use crate::request::Context;
use crate::request::given::Given;
use crate::statement::{Parameter, Source, Statement, Views, with_team};

/// What stands in a conversation; its cycles beside each other in lists.
const FIELDS: &[(&str, Field)] = &[
    ("conversation", Plain),
    ("channel", Plain),
    ("contact", Plain),
    ("first_at", Time),
    ("last_at", Time),
    ("closed", Flag),
    ("manager", Plain),
    ("assignee", Plain),
    ("last_manager", Plain),
    ("pending_at", Time),
    ("unserved_at", Time),
    ("cycle_started_at", Time),
    ("cycle_started_by", Plain),
    ("cycle_answered", Flag),
    ("cycle_handed_off_at", Time),
    ("cycle_closed_at", Time),
    ("cycle_closed_by", Plain),
    ("cycle_pending_at_close", Flag),
    ("cycle_owed_by", Plain),
    ("cycle_reopened_at", Time),
];

static KIND: Kind = Kind {
    list: "conversations",
    keys: &["channel", "conversation"],
    at: "last_at",
    fields: FIELDS,
    filters: &[
        Filter::by("channel", "channel"),
        Filter::by("contact", "contact"),
        Filter::by("manager", "ifNull(manager, '')"),
        Filter::by("team", "ifNull(team, '')"),
        Filter::of("closed", "if(closed, 'true', 'false')", &["true", "false"]),
        Filter::of(
            "pending",
            "if(isNull(pending_at), 'false', 'true')",
            &["true", "false"],
        ),
    ],
    shape: shaped,
    rows,
    usual: None,
    modelled: false,
};

impl Reports {
    /// Lists conversations (`GET /v1/conversations`) by their last events.
    pub async fn conversations(
        &self,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Listed, Error> {
        KIND.list(self, pairs, context).await
    }

    /// Gives a conversation (`GET /v1/conversations/{conversation}`) by its id and its `channel`, which may be left out where
    /// one channel alone has the id; none if there is none that the asker may see.
    pub async fn conversation(
        &self,
        id: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Option<Json>, Error> {
        let given = Given::new(pairs);
        if let Some(name) = given.names().find(|name| *name != CHANNEL) {
            let detail = "is unknown here: this path takes channel";
            return Err(BadParameter::new(name, detail)
                .meant(name, [CHANNEL])
                .into());
        }
        let source = self.source(context);
        let wanted = Wanted {
            is_one: true,
            model: context.targets.tracking.model,
        };
        let mut parameters = parameters(source, context);
        parameters.push(("id".to_owned(), Parameter::Text(id.to_owned())));
        let on_it = match given.one(CHANNEL)? {
            Some(channel) => {
                parameters.push((CHANNEL.to_owned(), Parameter::Text(channel.to_owned())));
                "AND channel = {channel:String}"
            }
            None => "",
        };
        let sql = format!(
            "SELECT {columns} FROM ({rows}) WHERE conversation = {{id:String}} {on_it} LIMIT 2",
            columns = KIND.columns(),
            rows = rows(source, context, wanted),
        );
        let mut found = self.ask(Statement { sql, parameters }).await?;
        if found.len() > 1 {
            let detail = "is needed: several channels have a conversation of this id";
            return Err(BadParameter::new(CHANNEL, detail).into());
        }
        let one = found.pop().map(|row| shaped(shape(FIELDS, row)));
        Ok(one.map(Json::Object))
    }
}

/// The parameter that tells conversations of one id apart.
const CHANNEL: &str = "channel";

/// The `SELECT` of the conversations that the asker may see: the columns of [`FIELDS`], `ms` and `team`. Who may see some
/// managers alone sees what is theirs, and where they wrote.
fn rows(source: Source<'_>, context: &Context<'_>, wanted: Wanted) -> String {
    let views = source.views;
    let seen = match context.restriction.restricted() {
        Some(_) => format!(
            "WHERE {kept} OR (channel, conversation) IN (\
             SELECT toString(channel), conversation FROM ({written}) WHERE {kept})",
            kept = kept(context),
            written = with_team(views, &written(views), "manager", true),
        ),
        None => String::new(),
    };
    let all = with_team(views, &every(views, wanted), "manager", true);
    format!("SELECT * FROM ({all}) {seen}")
}

/// What managers wrote.
fn written(views: Views<'_>) -> String {
    format!(
        "SELECT channel, conversation, at, manager FROM {} \
         WHERE account = {{account:String}} AND author = 'manager'",
        views.named("v_messages")
    )
}

fn every(views: Views<'_>, wanted: Wanted) -> String {
    let within = if wanted.is_one {
        "c.conversation = {id:String}"
    } else {
        "c.last_at >= fromUnixTimestamp64Milli({from:Int64}, 'UTC') \
         AND c.last_at < fromUnixTimestamp64Milli({to:Int64}, 'UTC')"
    };
    let time = |name: &str| format!("toUnixTimestamp64Milli(c.{name}) AS {name}");
    let times = |name: &str| {
        format!("arrayMap(one -> toUnixTimestamp64Milli(one), c.{name}) AS cycle_{name}")
    };
    let managers = |name: &str| {
        let named = if views.aliased {
            resolved_sql("one")
        } else {
            "one".to_owned()
        };
        format!("arrayMap(one -> {named}, c.{name}) AS cycle_{name}")
    };
    let same = |name: &str| format!("c.{name} AS cycle_{name}");
    let manager = |name: &str| format!("CAST(c.{name}, 'Nullable(String)') AS {name}");
    let columns = [
        time("first_at"),
        time("pending_at"),
        time("unserved_at"),
        manager("assignee"),
        manager("last_manager"),
        times("started_at"),
        same("started_by"),
        same("answered"),
        times("handed_off_at"),
        times("closed_at"),
        managers("closed_by"),
        same("pending_at_close"),
        managers("owed_by"),
        times("reopened_at"),
    ];
    format!(
        "SELECT c.conversation AS conversation, toString(c.channel) AS channel, c.contact AS contact, \
         c.last_at AS at, toUnixTimestamp64Milli(c.last_at) AS ms, ms AS last_at, \
         isNotNull(arrayElement(c.closed_at, -1)) \
         AND isNull(arrayElement(c.reopened_at, -1)) AS closed, \
         CAST(ifNull(c.assignee, c.last_manager), 'Nullable(String)') AS manager, {columns} \
         FROM {conversations} AS c WHERE c.account = {{account:String}} AND {within}",
        columns = columns.join(", "),
        conversations = views.named("v_conversations"),
    )
}

/// Puts the cycles into objects.
fn shaped(mut conversation: Map<String, Json>) -> Map<String, Json> {
    let cycles = [
        ("cycle_started_at", "started_at"),
        ("cycle_started_by", "contact"),
        ("cycle_answered", "answered"),
        ("cycle_handed_off_at", "handed_off_at"),
        ("cycle_closed_at", "closed_at"),
        ("cycle_closed_by", "closed_by"),
        ("cycle_pending_at_close", "pending_at_close"),
        ("cycle_owed_by", "owed_by"),
        ("cycle_reopened_at", "reopened_at"),
    ];
    let cycles = zipped(&mut conversation, &cycles);
    conversation.insert("cycles".to_owned(), cycles);
    conversation
}
