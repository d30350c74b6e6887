//! The way of a question: read it, ask ClickHouse, give the answer its shape.

use std::time::Duration;

use trunkline_warehouse::Client;

use crate::after::{List, PageKey};
use crate::answer;
use crate::catalogue::{Catalogue, catalogue};
use crate::error::{Error, nearest};
use crate::open_waits::{self, OpenWaits};
use crate::report::{REPORTS, Report};
use crate::request::{Asked, Before, Context, Request};
use crate::statement::{self, Parameter, Source, Statement, Views};
use crate::table::{Compared, Page, Table};
use crate::value::{Column, Unit, Value};
use crate::values::{self, Named, Values};

/// The most rows of a period before among which those beside a table's rows are looked for.
const MOST_COMPARED: u64 = 200_000;

/// How long ClickHouse may work on one question.
const LIMIT: Duration = Duration::from_secs(30);

/// Answers reports from the views of one ClickHouse.
#[derive(Clone)]
pub struct Reports {
    client: Client,
    pages: PageKey,
}

impl Reports {
    /// Makes the reports read through `client`, whose user may select from the views `v_*`, and
    /// seal with `pages` where their pages end.
    pub fn new(client: Client, pages: PageKey) -> Self {
        Self { client, pages }
    }

    /// Lists the reports (`GET /v1/reports`).
    pub fn catalogue(&self) -> Catalogue {
        catalogue()
    }

    /// Answers `GET /v1/reports/{name}`.
    ///
    /// `pairs` are the decoded query pairs in their order. Fails with the parameter that cannot be
    /// followed, a name that is no report's, or what keeps ClickHouse from answering.
    pub async fn run(
        &self,
        name: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Table, Error> {
        let report = find(name)?;
        let request = Request::parse(report, Asked::Figures, pairs, context, &self.pages)?;
        let request = self.judged(request, context).await?;
        let filled = request.is_filled();
        // One row more than asked for tells that there are more; where empty intervals get rows
        // as well, all are needed before the order and the limit.
        let rows = if filled {
            request.span.starts.len() as u64
        } else {
            u64::from(request.limit) + 1
        };
        let statement = statement::figures(report, &request, self.source(context), rows);
        let columns = report.columns(request.span.interval.is_some(), &request.by);
        let mut rows = answer::decode(&columns, self.ask(statement).await?)?;
        if filled {
            rows = answer::fill(report, &request, rows)?;
            answer::sort(&columns, &request, &mut rows);
        }
        let truncated = answer::cut(&mut rows, request.limit);
        let mut table = Table {
            report: report.name,
            from: request.span.from,
            to: request.span.to,
            tz: request.span.zone.name(),
            columns,
            rows,
            compared: None,
            as_of: context.as_of,
            truncated,
        };
        if let Some(before) = &request.before {
            self.compare(report, &request, before, context, &mut table)
                .await?;
        }
        Ok(table)
    }

    /// Adds the figures of the period before.
    async fn compare(
        &self,
        report: &'static Report,
        request: &Request,
        before: &Before,
        context: &Context<'_>,
        table: &mut Table,
    ) -> Result<(), Error> {
        let earlier = self.judged(request.of_before(before), context).await?;
        let source = self.source(context);
        let statement = statement::figures(report, &earlier, source, MOST_COMPARED + 1);
        let rows = answer::decode(&table.columns, self.ask(statement).await?)?;
        if rows.len() as u64 > MOST_COMPARED {
            let most = format!("the period before has more than {MOST_COMPARED} rows");
            return Err(Error::TooMuch(format!("{most}: ask for less at a time")));
        }
        let mut previous = answer::beside(report, request, before, &table.rows, rows);
        table.truncated |= answer::cut(&mut previous, request.limit);
        table.compared = Some(Compared {
            previous_from: before.span.from,
            previous_to: before.span.to,
            previous,
        });
        Ok(())
    }

    /// Answers `GET /v1/reports/{name}/rows`: a page of what is behind the figures of the same
    /// parameters, newest first. `by`, `interval` and `order` are read, and change nothing.
    pub async fn rows(
        &self,
        name: &str,
        pairs: &[(String, String)],
        context: &Context<'_>,
    ) -> Result<Page, Error> {
        let report = find(name)?;
        let request = Request::parse(report, Asked::Rows, pairs, context, &self.pages)?;
        let request = self.judged(request, context).await?;
        let rows = u64::from(request.limit) + 1;
        let statement = statement::page(report, &request, self.source(context), rows);
        let columns = request.opened.listed();
        let mut rows = answer::decode(&columns, self.ask(statement).await?)?;
        let more = answer::cut(&mut rows, request.limit);
        let list = List {
            account: context.account.id,
            report: report.name,
            figure: request.figure,
        };
        Ok(Page {
            report: report.name,
            from: request.span.from,
            to: request.span.to,
            tz: request.span.zone.name(),
            next: more
                .then(|| answer::position(request.opened, &columns, &rows))
                .flatten()
                .and_then(|after| after.seal(&self.pages, list)),
            columns,
            rows,
            as_of: context.as_of,
        })
    }

    /// Answers `GET /v1/dimensions/{dimension}`: the values that a filter of that name may take.
    pub async fn values(&self, name: &str, context: &Context<'_>) -> Result<Values, Error> {
        let dimension = values::find(name)?;
        let views = self.views(context);
        let statement = values::statement(dimension, views, context);
        let text = |name| Column {
            name,
            unit: Unit::Text,
        };
        let rows = self.ask(statement).await?;
        let rows = answer::decode(&[text("value"), text("name")], rows)?;
        let named = |row: Vec<Value>| {
            let mut texts = row.iter().map(Value::to_string);
            Named {
                value: texts.next().unwrap_or_default(),
                name: texts.next().unwrap_or_default(),
            }
        };
        let mut values: Vec<_> = rows.into_iter().map(named).collect();
        let truncated = values.len() > values::MOST;
        values.truncate(values::MOST);
        Ok(Values {
            dimension: dimension.name(),
            values,
            as_of: context.as_of,
            truncated,
        })
    }

    /// Learns who owes replies, for a question about business time.
    async fn judged(&self, mut request: Request, context: &Context<'_>) -> Result<Request, Error> {
        if open_waits::are_asked_for(&request) {
            request.open = None;
            let owed = open_waits::owners(&request, self.source(context));
            let owed = self.ask(owed).await?;
            let open = OpenWaits::of(context.schedules, owed, request.as_of)?;
            request.open = Some(open);
        }
        Ok(request)
    }

    pub(crate) fn source<'a>(&'a self, context: &Context<'a>) -> Source<'a> {
        Source {
            views: self.views(context),
            account: context.account.id,
        }
    }

    fn views(&self, context: &Context<'_>) -> Views<'_> {
        Views {
            database: self.client.database(),
            aliased: !context.account.aliases.is_empty(),
        }
    }

    /// What positions of pages are sealed with.
    pub(crate) fn pages(&self) -> &PageKey {
        &self.pages
    }

    pub(crate) async fn ask(
        &self,
        statement: Statement,
    ) -> Result<Vec<Vec<serde_json::Value>>, Error> {
        let statement = statement.in_parts();
        let mut query = self.client.query(&statement.sql, LIMIT);
        for (name, value) in statement.parameters {
            query = match value {
                Parameter::Text(text) => query.param(&name, text),
                Parameter::Whole(whole) => query.param(&name, whole),
                Parameter::Texts(texts) => query.param(&name, texts),
                Parameter::Wholes(wholes) => query.param(&name, wholes),
            };
        }
        Ok(query.fetch().await?.rows)
    }
}

fn find(name: &str) -> Result<&'static Report, Error> {
    REPORTS
        .iter()
        .find(|report| report.name == name)
        .copied()
        .ok_or_else(|| Error::UnknownReport {
            name: name.to_owned(),
            suggestion: nearest(name, REPORTS.iter().map(|report| report.name)),
        })
}
