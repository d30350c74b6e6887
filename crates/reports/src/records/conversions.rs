//! Offline conversions (`GET /v1/conversions`): calls, forms, leads and won deals with the click that
//! earned them, as whoever counts clicks wants to be told of them.
//!
//! A conversion's moment is a call's start, a form's sending, a lead's creation, also of what was won
//! of it (`metrics.md` §3). Of the touches of its person up to the moment, of a lead 10 minutes longer,
//! and not older than `lookback`, the model chooses one, and the conversion has that one's click ids:
//! none, if no click made it. Of a call that may have come of several visits none is chosen.
//!
//! Calls are listed when they are over, or timed out, without spam, those of a dialler, and what a tracker told of
//! that a PBX told of too: the call of the PBX has what brought the tracker's, and the id that this one has where it was
//! told of first is among its `twins`.

mod facts;

pub(super) use facts::inbound;

use serde_json::{Map, Value as Json, json};
use trunkline_model::settings::AttributionModel;
use trunkline_model::time::Time;
use trunkline_model::word::Word;

use super::{Page, Records, text};
use crate::error::{BadParameter, Error};
use crate::reports::Reports;
use crate::request::given::Given;
use crate::request::{Context, Span};
use crate::sources::attributed::Detail;
use crate::sources::models::choosing;
use crate::sources::touches::{Touched, touches};
use crate::statement::{Parameter, Source, Statement, Views};

/// The list, for the positions of its pages.
const LIST: &str = "conversions";

/// The kinds, in the order of the documents.
const KINDS: [&str; 5] = ["call", "target_call", "form", "lead", "won"];

/// The parameters that are no page's.
const OWN: [&str; 6] = ["from", "to", "period", "tz", "kind", "model"];

/// How long after its creation a touch may be a lead's, in milliseconds.
pub(super) const LEAD_MS: i64 = 10 * 60_000;

/// A page of conversions, in the order of their times.
#[derive(Clone, Debug)]
pub struct Conversions {
    /// The conversions.
    pub records: Records,
    /// The start of the period, inclusive.
    pub from: Time,
    /// Its end, exclusive.
    pub to: Time,
}

impl Reports {
    /// Lists conversions (`GET /v1/conversions`). A restricted asker sees none: they are the whole
    /// account's.
    pub async fn conversions(
        &self,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Conversions, Error> {
        let known = |name: &str| OWN.contains(&name);
        let (own, paging): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|it| known(&it.0));
        let given = Given::new(&own);
        let page = Page::parse(&paging, context, self, LIST)?;
        let span = Span::parse(&given, context)?;
        let (from, to) = (span.from, span.to);
        let kinds = kinds(&given)?;
        let tracking = &context.targets.tracking;
        let model = model(&given, tracking.model)?;
        let mut parameters = page.parameters();
        parameters.extend(context.targets.calls.parameters());
        parameters.extend([
            (
                "account".to_owned(),
                Parameter::Text(context.account.id.to_owned()),
            ),
            ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
            ("from".to_owned(), Parameter::Whole(from.0)),
            ("to".to_owned(), Parameter::Whole(to.0)),
            (
                "lookback_ms".to_owned(),
                Parameter::Whole(tracking.lookback_ms),
            ),
            ("since".to_owned(), Parameter::Whole(0)),
            ("lead".to_owned(), Parameter::Whole(LEAD_MS)),
            (
                "currency".to_owned(),
                Parameter::Text(tracking.currency.clone()),
            ),
        ]);
        let sql = statement(
            &kinds,
            model,
            page.after.is_some(),
            self.source(context),
            context,
        );
        let rows = self.ask(Statement { sql, parameters }).await?;
        let mut records = page.of(rows, facts::ROW, |item| {
            let at = Time::parse(&text(item, "at")).unwrap_or_default();
            (at, vec![text(item, "id")])
        });
        records.items = records.items.into_iter().map(shaped).collect();
        Ok(Conversions { records, from, to })
    }
}

fn kinds<'a>(given: &Given<'a>) -> Result<Vec<&'a str>, BadParameter> {
    let kinds = given.all("kind");
    match kinds.iter().find(|kind| !KINDS.contains(kind)) {
        Some(kind) => {
            let detail = format!("{kind:?} is none of {}", KINDS.join(", "));
            Err(BadParameter::new("kind", detail).meant(kind, KINDS))
        }
        None if kinds.is_empty() => Ok(KINDS.to_vec()),
        None => Ok(kinds),
    }
}

fn model(given: &Given<'_>, own: AttributionModel) -> Result<AttributionModel, BadParameter> {
    let given = given.one("model")?;
    let model = given.map_or(Some(own), AttributionModel::find);
    match model {
        // What nobody chose is not split: the account's own model falls back to its nearest.
        Some(AttributionModel::Linear) if given.is_none() => Ok(AttributionModel::LastNonDirect),
        Some(AttributionModel::Linear) => Err(BadParameter::new(
            "model",
            "shares conversions out, and one click is told of each: choose first, last or last_non_direct",
        )),
        Some(model) => Ok(model),
        None => Err(BadParameter::new(
            "model",
            "is none of first, last, last_non_direct",
        )),
    }
}

fn statement(
    kinds: &[&str],
    model: AttributionModel,
    is_later: bool,
    source: Source<'_>,
    context: &Context<'_>,
) -> String {
    let views = source.views;
    let may_be_twins = context.targets.calls.may_be_twins();
    let calls = facts::calls(views, may_be_twins);
    let after = if is_later {
        "AND (ms, id) > ({after_at:Int64}, {after_0:String})"
    } else {
        ""
    };
    let page = format!(
        "SELECT *, {id} AS id, arrayMap(other -> {of_other}, others) AS twins FROM ({moments}) \
         WHERE ms >= {{from:Int64}} AND ms < {{to:Int64}} {after} \
         ORDER BY ms, id LIMIT {{rows:Int64}}",
        id = id_of("entity"),
        of_other = id_of("other"),
        moments = facts::moments(kinds, &calls, views),
    );
    let within = |ms: &str| {
        format!("{ms} <= p.moment + p.slack AND {ms} >= p.moment - {{lookback_ms:Int64}}")
    };
    let touched = clicked(model, may_be_twins, views);
    let called = format!(
        "SELECT p.id AS id, argMax(c.told, (c.ms, c.call)) AS told FROM ({paged}) AS p \
         INNER JOIN ({calls}) AS c ON p.person = c.person \
         WHERE {within} AND (p.own = '' OR p.own = c.call) GROUP BY p.id",
        paged = paged(),
        within = within("c.ms"),
    );
    let numbers = format!(
        "SELECT concat('=', contact) AS person, min(identity) AS number FROM {identities} FINAL \
         WHERE account = {{account:String}} AND kind = 'phone' GROUP BY contact",
        identities = views.named("identities"),
    );
    format!(
        "WITH (SELECT groupArray(({columns})) FROM ({page})) AS paged \
         SELECT p.id, p.kind, p.ms, coalesce(nullIf(p.phone, ''), nullIf(c.told.1, ''), \
         nullIf(n.number, '')), p.value, \
         if(p.value IS NULL, NULL, nullIf(if(p.currency = '', {{currency:String}}, p.currency), '')), \
         {clicks}, nullIf(w.began, 0), nullIf(w.page, ''), \
         nullIf(w.ga_client_id, ''), nullIf(w.ym_client_id, ''), w.consent, \
         c.id != '', {told}, p.twins FROM ({paged}) AS p \
         LEFT JOIN ({touched}) AS w ON p.id = w.id LEFT JOIN ({called}) AS c ON p.id = c.id \
         LEFT JOIN ({numbers}) AS n ON p.person = n.person ORDER BY p.ms, p.id",
        columns = PAGED.join(", "),
        paged = paged(),
        clicks = facts::unpacked("w.one", facts::CLICKS),
        told = facts::unpacked("c.told", 2..=facts::TOLD),
    )
}

/// What is needed of each conversion of a page.
const PAGED: [&str; 11] = [
    "id", "kind", "ms", "moment", "slack", "person", "phone", "value", "currency", "own", "twins",
];

/// The page, out of the list in which a statement has it: it is short, and worked out once.
fn paged() -> String {
    let columns = PAGED.iter().zip(1..);
    let columns: Vec<_> = columns
        .map(|(name, place)| format!("one.{place} AS {name}"))
        .collect();
    format!(
        "SELECT {} FROM (SELECT arrayJoin(paged) AS one)",
        columns.join(", ")
    )
}

/// Makes the id of a conversion out of what it is of.
fn id_of(entity: &str) -> String {
    format!(
        "concat(kind, '-', lower(hex(substring(SHA256(concat({{account:String}}, '/', \
         kind, '/', {entity})), 1, 12))))"
    )
}

/// The click that the model chooses for each conversion of a page: `id`, the candidate as `one`, when its
/// visit `began`, the first `page` of that, what Analytics and Metrica know the visitor by, and whether he
/// agreed. Of what several visits may have brought no click is told.
fn clicked(model: AttributionModel, may_be_twins: bool, views: Views<'_>) -> String {
    let touched = Touched {
        calls: &inbound(views, may_be_twins),
        may_be_twins,
        detail: Detail::Click,
        views,
    };
    let touched = format!(
        "SELECT id, arrayElement(chosen[1].6, 1) AS one FROM ({}) WHERE length(chosen[1].6) = 1",
        choosing(
            model,
            &format!(
                "SELECT p.id AS id, p.moment AS ms, p.slack AS allowance, t.touches AS touches \
                 FROM ({paged}) AS p INNER JOIN ({touches}) AS t ON p.person = t.person",
                paged = paged(),
                touches = touches(touched),
            ),
        ),
    );
    format!(
        "SELECT w.id AS id, w.one AS one, v.began AS began, v.page AS page, \
         v.ga_client_id AS ga_client_id, v.ym_client_id AS ym_client_id, v.consent AS consent FROM ({touched}) AS w \
         LEFT JOIN ({visits}) AS v ON w.one.8 = v.visit",
        visits = facts::visits(views),
    )
}

/// Puts click ids and the call into objects of their own.
fn shaped(mut row: Map<String, Json>) -> Map<String, Json> {
    let take = |row: &mut Map<String, Json>, names: &[&str]| -> Map<String, Json> {
        let taken = names.iter().filter_map(|name| row.remove_entry(*name));
        taken
            .map(|(name, value)| {
                let name = name
                    .strip_prefix("call_")
                    .map_or(name.clone(), str::to_owned);
                (name, if value == "" { Json::Null } else { value })
            })
            .collect()
    };
    let clicks = take(&mut row, &["gclid", "gbraid", "wbraid", "yclid"]);
    let call = take(&mut row, &facts::CALL);
    let has_call = row.remove("has_call") == Some(json!(true));
    row.insert("clicks".into(), clicks.into());
    row.insert(
        "call".into(),
        if has_call { call.into() } else { Json::Null },
    );
    row
}
