//! What the lists of conversations, visits and leads have in common: a period, filters by columns, an order by
//! time, the newest first, and one thing by its id.

use serde_json::Value as Json;
use trunkline_model::settings::AttributionModel;
use trunkline_model::time::Time;

use super::{Field, Page, Records, Shape, brought, text};
use crate::error::{BadParameter, Error};
use crate::reports::Reports;
use crate::request::given::Given;
use crate::request::{Context, Restricted, Span};
use crate::statement::{Parameter, Source, Statement};

/// The parameters that are the period's.
const PERIOD: [&str; 4] = ["from", "to", "period", "tz"];

/// A page of a list with a period, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The things.
    pub records: Records,
    /// The start of the period, inclusive.
    pub from: Time,
    /// Its end, exclusive.
    pub to: Time,
}

/// What things can be asked for by.
pub(super) struct Filter {
    /// The parameter.
    name: &'static str,
    /// What has its values, of the columns of the rows; the empty text is none.
    column: &'static str,
    /// The values that there are; empty for any.
    words: &'static [&'static str],
}

impl Filter {
    pub(super) const fn by(name: &'static str, column: &'static str) -> Self {
        Self {
            name,
            column,
            words: &[],
        }
    }

    pub(super) const fn of(
        name: &'static str,
        column: &'static str,
        words: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            column,
            words,
        }
    }

    /// Reads the values asked for.
    fn values(&self, given: &Given<'_>) -> Result<Vec<String>, BadParameter> {
        let values = given.all(self.name);
        let known = |value: &&str| self.words.is_empty() || self.words.contains(value);
        if let Some(bad) = values.iter().find(|value| !known(value)) {
            let detail = format!("{bad:?} is none of {}", self.words.join(", "));
            return Err(BadParameter::new(self.name, detail).meant(bad, self.words.iter().copied()));
        }
        Ok(values.into_iter().map(str::to_owned).collect())
    }
}

/// Which things are wanted.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// The one that `{id:String}` names, else those of the period.
    pub(super) is_one: bool,
    /// The model by which what brought them is found.
    pub(super) model: AttributionModel,
}

/// A list of things of one kind.
pub(super) struct Kind {
    /// Its name, and the fields that tell things of one time apart.
    pub(super) list: &'static str,
    pub(super) keys: &'static [&'static str],
    /// When a thing was, among its fields.
    pub(super) at: &'static str,
    /// What stands in a thing.
    pub(super) fields: &'static [(&'static str, Field)],
    /// By what they can be asked for.
    pub(super) filters: &'static [Filter],
    /// Makes a thing of its fields.
    pub(super) shape: Shape,
    /// Writes the `SELECT` of things: `columns`, in the order of the fields, `ms` and `key`, which is what
    /// the id shows; and beside them `whole`, the id itself. Of those that are not wanted there may be less.
    pub(super) rows: fn(Source<'_>, &Context<'_>, Wanted) -> String,
    /// Whether what brought them depends on a model.
    pub(super) modelled: bool,
    /// What is listed unless a filter of this name is given.
    pub(super) usual: Option<(&'static str, &'static str)>,
}

impl Kind {
    /// Lists a page of them.
    pub(super) async fn list(
        &self,
        reports: &Reports,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Listed, Error> {
        let own = |name: &str| {
            let filters = self.filters.iter();
            let mut known = filters.map(|of| of.name).chain(PERIOD).chain(self.model());
            known.any(|known| known == name)
        };
        let (own, paging): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|it| own(&it.0));
        let page =
            Page::parse(&paging, context, reports, self.list).map_err(|bad| self.known(bad))?;
        let given = Given::new(&own);
        let span = Span::parse(&given, context)?;
        let wanted = Wanted {
            is_one: false,
            model: brought::model(&given, context)?,
        };
        let source = reports.source(context);
        let mut parameters = parameters(source, context);
        parameters.extend(page.parameters());
        parameters.push(("from".to_owned(), Parameter::Whole(span.from.0)));
        parameters.push(("to".to_owned(), Parameter::Whole(span.to.0)));
        parameters.extend(brought::parameters(span.from.0, context));
        let mut conditions = vec!["ms >= {from:Int64} AND ms < {to:Int64}".to_owned()];
        for filter in self.filters {
            let Filter { name, column, .. } = filter;
            let values = filter.values(&given)?;
            if !values.is_empty() {
                conditions.push(format!("{column} IN {{of_{name}:Array(String)}}"));
                parameters.push((format!("of_{name}"), Parameter::Texts(values)));
            } else if let Some((_, usual)) = self.usual.filter(|usual| usual.0 == *name) {
                conditions.push(usual.to_owned());
            }
        }
        if page.after.is_some() {
            let places = 0..self.keys.len();
            let after = places.map(|place| format!(", {{after_{place}:String}}"));
            let (keys, after) = (self.keys.join(", "), after.collect::<String>());
            conditions.push(format!("(ms, {keys}) < ({{after_at:Int64}}{after})"));
        }
        let sql = format!(
            "SELECT {columns} FROM ({rows}) WHERE {conditions} \
             ORDER BY ms DESC, {keys} DESC LIMIT {{rows:Int64}}",
            keys = self.keys.join(" DESC, "),
            columns = self.columns(),
            rows = (self.rows)(source, context, wanted),
            conditions = conditions.join(" AND "),
        );
        let rows = reports.ask(Statement { sql, parameters }).await?;
        let mut records = page.of(rows, self.fields, |item| {
            let at = Time::parse(&text(item, self.at)).unwrap_or_default();
            (at, self.keys.iter().map(|key| text(item, key)).collect())
        });
        records.items = records.items.into_iter().map(self.shape).collect();
        Ok(Listed {
            records,
            from: span.from,
            to: span.to,
        })
    }

    /// Gives one of them by what it is shown by, or by its id.
    pub(super) async fn one(
        &self,
        reports: &Reports,
        id: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Option<Json>, Error> {
        let given = Given::new(pairs);
        let model: Vec<_> = self.model().collect();
        if let Some(name) = given.names().find(|name| !model.contains(name)) {
            let detail = "is unknown here".to_owned();
            return Err(BadParameter::new(name, detail).meant(name, model).into());
        }
        let wanted = Wanted {
            is_one: true,
            model: brought::model(&given, context)?,
        };
        let source = reports.source(context);
        let sql = format!(
            "SELECT {columns} FROM ({rows}) WHERE key = {{id:String}} OR whole = {{id:String}} \
             ORDER BY whole = {{id:String}} DESC LIMIT 1",
            columns = self.columns(),
            rows = (self.rows)(source, context, wanted),
        );
        let mut parameters = parameters(source, context);
        parameters.push(("id".to_owned(), Parameter::Text(id.to_owned())));
        parameters.extend(brought::parameters(0, context));
        let rows = reports.ask(Statement { sql, parameters }).await?;
        let things = rows.into_iter().map(|row| super::shape(self.fields, row));
        Ok(things.map(self.shape).map(Json::Object).next())
    }

    /// The parameter that names the model, if there is one.
    fn model(&self) -> impl Iterator<Item = &'static str> {
        self.modelled.then_some("model").into_iter()
    }

    pub(super) fn columns(&self) -> String {
        let named = self.fields.iter().map(|(name, _)| format!("`{name}`"));
        named.collect::<Vec<_>>().join(", ")
    }

    /// Says which parameters there are where an unknown one was given.
    fn known(&self, bad: BadParameter) -> BadParameter {
        if ["limit", super::AFTER].contains(&bad.name.as_str()) {
            return bad;
        }
        let filters = self.filters.iter().map(|filter| filter.name);
        let known = PERIOD.into_iter().chain(self.model()).chain(filters);
        let known: Vec<_> = known.collect();
        let known = [known.as_slice(), &["limit", super::AFTER]].concat();
        let detail = format!("is unknown here: this path takes {}", known.join(", "));
        let name = bad.name;
        BadParameter::new(&name, detail).meant(&name, known)
    }
}

pub(super) fn parameters(source: Source<'_>, context: &Context<'_>) -> Vec<(String, Parameter)> {
    let account = Parameter::Text(source.account.to_owned());
    let mut parameters = vec![
        ("account".to_owned(), account),
        ("as_of".to_owned(), Parameter::Whole(context.as_of.0)),
    ];
    let only = context.restriction.restricted();
    parameters.extend(only.into_iter().flat_map(Restricted::parameters));
    parameters.extend(context.account.aliases.parameters());
    parameters
}
