//! `GET /v1/reports`: what can be asked, made from the descriptions that questions are checked
//! against, so that it cannot say anything else.

use schemars::JsonSchema;
use serde::Serialize;
use trunkline_model::time::{Interval, Period};
use trunkline_model::word::Word;

use crate::dimension::Dimension;
use crate::report::{Choice, Opened, REPORTS, Report};
use crate::request::{Asked, COMPARE};
use crate::value::Unit;

/// The list of reports.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Catalogue {
    /// The reports.
    pub reports: Vec<Entry>,
}

/// One report of the catalogue.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct Entry {
    /// Its name in the path.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it shows.
    pub description: &'static str,
    /// Its figures, in the order of their columns.
    pub columns: Vec<Described>,
    /// What the figures may be told apart by; each is a repeatable filter of the same name too.
    pub by: Vec<Described>,
    /// The names of the filters: those of `by`.
    pub filters: Vec<&'static str>,
    /// Its other parameters.
    pub parameters: Vec<Parameter>,
    /// The rows behind its figures, at `GET /v1/reports/{name}/rows`: those of the first unless
    /// `figure` names another.
    pub rows: Vec<Rows>,
    /// Parameters of the rows that differ from those of the figures.
    pub rows_parameters: Vec<Parameter>,
}

/// A column and its meaning.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<&'static str>,
}

/// A parameter that may be given once.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "ReportParameter")]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// The words it takes; empty for free text.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub values: Vec<&'static str>,
    /// What holds when it is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The greatest number it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u32>,
}

/// The rows behind a figure.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "RowsBehind")]
pub struct Rows {
    /// The figures that open so, each a value of `figure`.
    pub figures: &'static [&'static str],
    /// What one row is.
    pub description: &'static str,
    /// Their columns.
    pub columns: Vec<Described>,
}

/// Returns the list of reports.
pub fn catalogue() -> Catalogue {
    Catalogue {
        reports: REPORTS.iter().map(|report| entry(report)).collect(),
    }
}

fn entry(report: &Report) -> Entry {
    let figures = report.figures.iter().map(|figure| Described {
        name: figure.name,
        unit: figure.unit,
        description: Some(figure.about),
    });
    let by = report.dimensions().map(|dimension| Described {
        name: dimension.name(),
        unit: dimension.unit(),
        description: Some(dimension.about()),
    });
    let mut parameters = common();
    parameters.push(limit(Asked::Figures));
    parameters.extend(
        report
            .choices
            .iter()
            .filter(|choice| !choice.values.is_empty())
            .map(own),
    );
    Entry {
        name: report.name,
        title: report.title,
        description: report.about,
        columns: figures.collect(),
        filters: report.filterable().map(Dimension::name).collect(),
        by: by.collect(),
        parameters,
        rows: report.opened.iter().map(rows).collect(),
        rows_parameters: vec![
            limit(Asked::Rows),
            Parameter {
                values: report.openable().collect(),
                default: report.openable().next().map(str::to_owned),
                ..free("figure", "the figure whose rows are shown")
            },
            free("after", "a page's `next`: the rows that follow it"),
        ],
    }
}

fn rows(opened: &Opened) -> Rows {
    let columns = opened.listed().into_iter().map(|column| Described {
        name: column.name,
        unit: column.unit,
        description: None,
    });
    Rows {
        figures: opened.figures,
        description: opened.about,
        columns: columns.collect(),
    }
}

fn common() -> Vec<Parameter> {
    let format = "form of the answer; in csv a text that begins with = + - or @ has a single quote \
                  before it, so that a spreadsheet takes it for no formula";
    let interval = "length of the calendar intervals; one row without it; the time of a row is \
                    the interval's start, and that of the first may precede from";
    let compare = "also the rows of a period before, as previous: the one just before (with period \
                   the same part of the calendar period before) or that of a year earlier, by the \
                   local clock; each beside the row in its place, then what occurred only before; \
                   in csv a first column period tells them apart";
    let period = "calendar to date, until now; instead of from and to; the month if none of the \
                  three is given";
    vec![
        free(
            "from",
            "start, inclusive: RFC 3339, epoch, or a local date as 2026-03-01",
        ),
        free("to", "end, exclusive; now if only from is given"),
        Parameter {
            values: words::<Period>(),
            default: Some("month".into()),
            ..free("period", period)
        },
        free(
            "tz",
            "IANA zone of dates and intervals; the account's by default",
        ),
        Parameter {
            values: words::<Interval>(),
            ..free("interval", interval)
        },
        free(
            "by",
            "dimensions to tell figures apart by, with commas between",
        ),
        Parameter {
            values: COMPARE.to_vec(),
            ..free("compare", compare)
        },
        free(
            "order",
            "a column; with a leading - the greatest first and null last",
        ),
        Parameter {
            values: vec!["json", "csv"],
            ..free("format", format)
        },
    ]
}

fn own(choice: &Choice) -> Parameter {
    Parameter {
        values: choice.values.to_vec(),
        default: choice.default.map(str::to_owned),
        ..free(choice.name, choice.about)
    }
}

fn limit(asked: Asked) -> Parameter {
    let (default, maximum) = asked.limits();
    Parameter {
        default: Some(default.to_string()),
        maximum: Some(maximum),
        ..free("limit", "the greatest number of rows")
    }
}

fn words<W: Word>() -> Vec<&'static str> {
    W::ALL.iter().map(|member| member.word()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_lists_the_reports_with_their_figures() {
        let catalogue = catalogue();
        let names: Vec<_> = catalogue.reports.iter().map(|entry| entry.name).collect();
        assert_eq!(
            names,
            [
                "response-times",
                "conversations",
                "messages",
                "calls",
                "missed-calls",
                "sources",
                "pools"
            ]
        );
        let first = serde_json::to_value(&catalogue.reports[0]).expect("a catalogue is JSON");
        assert_eq!(first["columns"][1]["name"], "sum_s");
        assert_eq!(first["columns"][1]["unit"], "s");
        assert_eq!(first["filters"][0], "manager");
        let parameters = first["parameters"].as_array().expect("a list");
        let definition = parameters
            .iter()
            .find(|parameter| parameter["name"] == "definition");
        assert_eq!(definition.expect("is listed")["default"], "wait");
    }

    #[test]
    fn what_is_easily_misread_is_said() {
        let json = serde_json::to_value(catalogue()).expect("a catalogue is JSON");
        let said = |list: &str, name: &str| {
            let all = json["reports"][1][list].as_array().expect("a list");
            let one = all.iter().find(|one| one["name"] == name);
            one.expect("is listed")["description"].to_string()
        };
        assert!(said("columns", "received").contains("equals new"));
        assert!(said("columns", "new").contains("equals received"));
        assert!(said("columns", "closed_by").contains("a count of closings by managers"));
        assert!(said("parameters", "interval").contains("may precede from"));
        assert!(said("parameters", "format").contains("single quote"));
    }

    #[test]
    fn every_name_is_described_and_given_once() {
        for entry in catalogue().reports {
            let mut names: Vec<_> = entry.parameters.iter().map(|given| given.name).collect();
            names.extend(&entry.filters);
            let count = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), count, "{}", entry.name);
            assert!(
                entry
                    .columns
                    .iter()
                    .all(|column| column.description.is_some())
            );
        }
    }
}
