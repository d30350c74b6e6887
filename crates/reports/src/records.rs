//! Single things and lists of them, for programs that go on with them: a call with its legs, the
//! contacts, and what happened with one, conversations, visits and leads (`contract.md` §4).
//!
//! A contact is who a phone number or an id belongs to after all merges; where nobody said, the
//! number or the id itself, as in the reports of calls. A contact is listed if it called, was called,
//! wrote or was written to, or was named by an event about it. Who may see some managers alone is shown what is theirs:
//! calls that they took part in, messages that they wrote, contacts with one of these, conversations and leads of theirs; no visits,
//! which are the whole account's.

mod brought;
mod call;
mod contacts;
mod conversations;
mod conversions;
mod leads;
mod listed;
mod unmapped;
mod visits;

use serde_json::{Map, Value as Json};
use trunkline_model::time::Time;

use crate::after::{After, List};
use crate::error::{BadParameter, Error};
use crate::reports::Reports;
use crate::request::Context;
use crate::request::given::Given;
use crate::statement::Parameter;
use crate::value::Value;

pub use conversions::Conversions;
pub use listed::Listed;
pub use unmapped::Unmapped;

/// Default and greatest number of items on a page.
const LIMITS: (u32, u32) = (100, 1_000);

/// A page of things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// The things.
    pub items: Vec<Map<String, Json>>,
    /// What to give to get those that follow; none at the end.
    pub next: Option<String>,
}

/// Gives a thing its form, its fields being named.
type Shape = fn(Map<String, Json>) -> Map<String, Json>;

/// What a column of a statement becomes.
#[derive(Clone, Copy)]
enum Field {
    /// The same.
    Plain,
    /// Milliseconds since 1970 as an instant, also within lists.
    Time,
    /// Milliseconds as seconds, also within lists.
    Seconds,
    /// 0 or 1 as false or true, also within lists.
    Flag,
}

impl Reports {
    /// Gives a call with its legs (`GET /v1/calls/{call}`); none if there is none that the asker
    /// may see.
    pub async fn call(&self, id: &str, context: &Context<'_>) -> Result<Option<Json>, Error> {
        let source = self.source(context);
        let rows = self.ask(call::statement(id, source, context)).await?;
        Ok(rows.into_iter().next().map(call::shaped))
    }

    /// Lists the extensions and names in calls of the last 7 days that are no manager's, those in the
    /// most calls first.
    pub async fn unmapped(&self, context: &Context<'_>) -> Result<Vec<Unmapped>, Error> {
        let statement = unmapped::statement(self.source(context), context);
        let rows = self.ask(statement).await?;
        Ok(rows.iter().filter_map(|row| unmapped::read(row)).collect())
    }

    /// Lists the contacts (`GET /v1/contacts`), by their ids.
    pub async fn contacts(
        &self,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Records, Error> {
        let page = Page::parse(pairs, context, self, contacts::LIST)?;
        let statement = contacts::list(&page, self.source(context), context);
        let rows = self.ask(statement).await?;
        Ok(page.of(rows, contacts::CONTACT, |item| {
            (Time(0), vec![text(item, "contact")])
        }))
    }

    /// Gives a contact (`GET /v1/contacts/{contact}`) by its id, one of before a merge, or a phone
    /// number; none if there is none that the asker may see.
    pub async fn contact(&self, id: &str, context: &Context<'_>) -> Result<Option<Json>, Error> {
        let statement = contacts::one(id, self.source(context), context);
        let Some(row) = self.ask(statement).await?.into_iter().next() else {
            return Ok(None);
        };
        let mut contact = shape(contacts::CONTACT, row);
        // Touches are the whole account's, as visits are.
        if context.restriction.restricted().is_none() {
            let name = text(&contact, "contact");
            let statement = brought::of_contact(&name, self.source(context), context);
            let row = self.ask(statement).await?.into_iter().next();
            let ends = row.map(|row| brought::ends(shape(brought::TOUCHES, row)));
            let [first, last] = ends.unwrap_or_default();
            contact.insert("first_touch".to_owned(), first);
            contact.insert("last_touch".to_owned(), last);
        }
        Ok(Some(Json::Object(contact)))
    }

    /// Lists what happened with a contact (`GET /v1/contacts/{contact}/timeline`), newest first; an
    /// empty list if nothing did that the asker may see.
    pub async fn timeline(
        &self,
        id: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Records, Error> {
        let page = Page::parse(pairs, context, self, contacts::TIMELINE)?;
        let statement = contacts::timeline(id, &page, self.source(context), context);
        let rows = self.ask(statement).await?;
        let mut records = page.of(rows, contacts::EVENT, |item| {
            let key = ["what", "channel", "conversation", "id"].map(|name| text(item, name));
            let at = Time::parse(&text(item, "at")).unwrap_or_default();
            (at, key.to_vec())
        });
        records.items.iter_mut().for_each(contacts::with_visit);
        Ok(records)
    }
}

/// Which page of a list is asked for.
struct Page<'a> {
    limit: u32,
    after: Option<After>,
    list: List<'a>,
    reports: &'a Reports,
}

impl<'a> Page<'a> {
    /// Reads `limit` and `cursor`; nothing else is known here.
    fn parse(
        pairs: &[(String, String)],
        context: &Context<'a>,
        reports: &'a Reports,
        list: &'static str,
    ) -> Result<Self, BadParameter> {
        let given = Given::new(pairs);
        if let Some(name) = given.names().find(|name| !["limit", AFTER].contains(name)) {
            let known = ["limit", AFTER];
            let detail = format!("is unknown here: this path takes {}", known.join(" and "));
            return Err(BadParameter::new(name, detail).meant(name, known));
        }
        let (default, greatest) = LIMITS;
        let limit = given.one("limit")?.map(|text| match text.parse() {
            Ok(limit) if (1..=greatest).contains(&limit) => Ok(limit),
            _ => {
                let detail = format!("{text:?} is no whole number from 1 to {greatest}");
                Err(BadParameter::new("limit", detail))
            }
        });
        let list = List {
            account: context.account.id,
            report: list,
            figure: "",
        };
        let after = given.one(AFTER)?.map(|text| {
            After::open(text, reports.pages(), list).map_err(|bad| BadParameter {
                name: AFTER.to_owned(),
                ..bad
            })
        });
        Ok(Self {
            limit: limit.transpose()?.unwrap_or(default),
            after: after.transpose()?,
            list,
            reports,
        })
    }

    /// The parameters that say where it begins: `at` and `key_0`, `key_1` and so on.
    fn parameters(&self) -> Vec<(String, Parameter)> {
        let limit = i64::from(self.limit) + 1;
        let mut parameters = vec![("rows".to_owned(), Parameter::Whole(limit))];
        if let Some(after) = &self.after {
            parameters.push(("after_at".to_owned(), Parameter::Whole(after.at)));
            let keys = after.key.iter().enumerate();
            parameters.extend(
                keys.map(|(nth, key)| (format!("after_{nth}"), Parameter::Text(key.clone()))),
            );
        }
        parameters
    }

    /// Makes the page of the rows, one more than its limit if there are more.
    fn of(
        &self,
        mut rows: Vec<Vec<Json>>,
        fields: &[(&'static str, Field)],
        position: impl Fn(&Map<String, Json>) -> (Time, Vec<String>),
    ) -> Records {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let items: Vec<_> = rows.into_iter().map(|row| shape(fields, row)).collect();
        let last = items.last().filter(|_| more).map(position);
        let next = last
            .and_then(|(Time(at), key)| After { at, key }.seal(self.reports.pages(), self.list));
        Records { items, next }
    }
}

/// The name of the parameter in the contract.
const AFTER: &str = "cursor";

/// A text of an item; empty if it has none.
fn text(item: &Map<String, Json>, name: &str) -> String {
    let text = item.get(name).and_then(Json::as_str);
    text.unwrap_or_default().to_owned()
}

/// Gives a row's columns their names and forms.
fn shape(fields: &[(&'static str, Field)], row: Vec<Json>) -> Map<String, Json> {
    let fields = fields.iter().zip(row);
    let named = fields.map(|((name, field), value)| ((*name).to_owned(), form(*field, value)));
    named.collect()
}

/// Takes lists out of a thing and gives one of objects: in each the values of one place, by their names
/// there. What is empty is null.
fn zipped(thing: &mut Map<String, Json>, lists: &[(&str, &str)]) -> Json {
    let mut objects: Vec<Map<String, Json>> = Vec::new();
    for (list, name) in lists {
        let values = match thing.remove(*list) {
            Some(Json::Array(values)) => values,
            _ => Vec::new(),
        };
        objects.resize_with(values.len(), Map::new);
        for (object, value) in objects.iter_mut().zip(values) {
            let empty = value.as_str().is_some_and(str::is_empty);
            object.insert((*name).to_owned(), if empty { Json::Null } else { value });
        }
    }
    objects.into_iter().map(Json::Object).collect()
}

fn form(field: Field, value: Json) -> Json {
    let whole = value.as_i64();
    match (field, value, whole) {
        (Field::Plain, value, _) => value,
        (_, Json::Array(values), _) => values.into_iter().map(|value| form(field, value)).collect(),
        (Field::Time, _, Some(ms)) => Json::String(Time(ms).to_string()),
        (Field::Seconds, _, Some(ms)) => {
            serde_json::to_value(Value::Millis(ms)).unwrap_or(Json::Null)
        }
        (Field::Flag, _, Some(flag)) => Json::Bool(flag != 0),
        (_, value, _) => value,
    }
}
