//! What the document says of the reports: names, parameters and words are those of their catalogue.

use serde_json::{Value, json};
use trunkline_model::settings::Scope;
use trunkline_reports::{Catalogue, Entry, Page, Parameter, Table, Values, listed};

use crate::openapi::{Group, Operation, Place, Shape};
use crate::problem::Code;

pub(crate) fn catalogue() -> Operation {
    operation("reports", "Lists the reports")
        .about(
            "Each with its columns, units, dimensions, filters and parameters, and the meaning of \
             each: made from what questions are checked against.",
        )
        .json::<Catalogue>(200, "The reports.")
        .refuses(&[Code::BadParameter])
        .sample("All reports", "/v1/reports")
}

pub(crate) fn report() -> Operation {
    asked("report", "Answers a report")
        .about(
            "Figures of a period, told apart by dimensions and intervals. Dimensions of `by` are \
             filters of the same name: several values of one widen it, several filters narrow the answer. \
             CSV with `Accept: text/csv` or `format=csv`.",
        )
        .with_parameters(|entry| entry.parameters.iter().collect())
        .json::<Table>(200, "The figures.")
        .answers(200, "", "text/csv", Shape::text())
        .sample(
            "Response times of each manager",
            "/v1/reports/response-times?from=2026-03-02&to=2026-03-09&by=manager",
        )
        .sample(
            "Messages by day, as CSV",
            "/v1/reports/messages?from=2026-03-02&to=2026-03-09&interval=day&format=csv",
        )
        .sample(
            "Conversations of this month and of the one before",
            "/v1/reports/conversations?period=month&compare=previous",
        )
}

pub(crate) fn rows() -> Operation {
    asked("rows", "Opens a figure of a report")
        .about(
            "What is behind the figures of the same parameters, newest first. \
             `by`, `interval` and `order` are read, and change nothing.",
        )
        .with_parameters(|entry| {
            let own = &entry.rows_parameters;
            let common = entry.parameters.iter();
            let common = common.filter(|it| own.iter().all(|other| other.name != it.name));
            common.chain(own).collect()
        })
        .json::<Page>(200, "A page of rows.")
        .answers(200, "", "text/csv", Shape::text())
        .sends(
            200,
            "Link",
            "The address of the next page, as `rel=\"next\"`.",
        )
        .sample(
            "Responses of one manager",
            "/v1/reports/response-times/rows?from=2026-03-02&to=2026-03-09&manager=ana&limit=10",
        )
}

pub(crate) fn dimension() -> Operation {
    let names = json!({ "type": "string", "enum": listed() });
    operation("dimension", "Lists what a filter may take")
        .about("What occurred and what the configuration names, with the names to show.")
        .takes(Place::Path, "dimension", names, "The filter's name.")
        .json::<Values>(200, "The values.")
        .refuses(&[Code::NotFound])
        .refuses(&REFUSALS)
        .sample("All managers", "/v1/dimensions/manager")
}

/// Why a question to ClickHouse may be refused.
const REFUSALS: [Code; 4] = [
    Code::BadParameter,
    Code::TooMuch,
    Code::Overloaded,
    Code::WarehouseUnavailable,
];

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(Group::Figures, id, summary).scope(Scope::Read)
}

fn asked(id: &'static str, summary: &'static str) -> Operation {
    let names: Vec<_> = trunkline_reports::catalogue()
        .reports
        .iter()
        .map(|entry| entry.name)
        .collect();
    let names = json!({ "type": "string", "enum": names });
    operation(id, summary)
        .takes(Place::Path, "name", names, "The report's name.")
        .refuses(&[Code::UnknownReport])
        .refuses(&REFUSALS)
}

/// A parameter of some reports, with the words that any of them takes.
struct Merged {
    parameter: Parameter,
    reports: Vec<&'static str>,
}

impl Operation {
    /// Takes the parameters of all reports, and says which of them take each.
    fn with_parameters(mut self, of: fn(&Entry) -> Vec<&Parameter>) -> Self {
        let catalogue = trunkline_reports::catalogue();
        let (mut merged, mut filters) = (Vec::<Merged>::new(), Vec::<Merged>::new());
        for entry in &catalogue.reports {
            for parameter in of(entry) {
                merge(&mut merged, parameter.clone(), entry.name);
            }
            for dimension in &entry.by {
                let about = dimension.description.unwrap_or_default();
                merge(&mut filters, free(dimension.name, about), entry.name);
            }
        }
        let all = catalogue.reports.len();
        for it in merged {
            let about = it.about(all);
            self = self.takes(Place::Query, it.parameter.name, one(&it.parameter), about);
        }
        let many = json!({ "type": "array", "items": { "type": "string" } });
        for it in filters {
            let about = format!("Only these: {}", it.about(all));
            self = self.takes(Place::Query, it.parameter.name, many.clone(), about);
        }
        self
    }
}

const fn free(name: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        description,
        values: Vec::new(),
        default: None,
        maximum: None,
    }
}

fn merge(all: &mut Vec<Merged>, parameter: Parameter, report: &'static str) {
    let known = all
        .iter_mut()
        .find(|it| it.parameter.name == parameter.name);
    let Some(known) = known else {
        let reports = vec![report];
        all.push(Merged { parameter, reports });
        return;
    };
    known.reports.push(report);
    if known.parameter.default != parameter.default {
        known.parameter.default = None;
    }
    for value in parameter.values {
        if !known.parameter.values.contains(&value) {
            known.parameter.values.push(value);
        }
    }
}

impl Merged {
    fn about(&self, all: usize) -> String {
        let description = self.parameter.description;
        if self.reports.len() == all {
            return description.to_owned();
        }
        let reports = self.reports.iter().map(|name| format!("`{name}`"));
        format!(
            "{description} (only {})",
            reports.collect::<Vec<_>>().join(", ")
        )
    }
}

fn one(parameter: &Parameter) -> Value {
    if let Some(maximum) = parameter.maximum {
        let default = parameter
            .default
            .as_deref()
            .and_then(|it| it.parse::<u32>().ok());
        return json!({ "type": "integer", "minimum": 1, "maximum": maximum, "default": default });
    }
    let mut schema = json!({ "type": "string" });
    if !parameter.values.is_empty() {
        schema["enum"] = parameter.values.clone().into();
    }
    // What holds without `from` and `to`: to send it beside them is refused.
    let default = parameter.default.as_ref();
    if let Some(default) = default.filter(|_| parameter.name != "period") {
        schema["default"] = default.as_str().into();
    }
    schema
}
