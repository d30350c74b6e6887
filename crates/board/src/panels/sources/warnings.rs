//! What keeps the figures of sources from being whole, said plainly: spend that matches nothing, spend
//! that no finer statement accounts for, amounts without a rate, no spend at all.

use askama::Template;
use trunkline_reports::Value;

use super::tiles::{REPORT, is_free};
use crate::meaning;
use crate::panels::compared::Asking;
use crate::question::Question;
use crate::shown;
use crate::source::Viewer;

/// The figures that warn.
pub(super) const FIGURES: [&str; 3] = ["spend_unmatched", "unallocated", "unconverted"];

#[derive(Template)]
#[template(path = "sources_warnings.html")]
struct Shown {
    warnings: Vec<Warning>,
    /// Whether nothing was spent in the period.
    free: bool,
}

struct Warning {
    figure: &'static str,
    meaning: &'static str,
    value: String,
    exact: String,
    href: String,
    told: &'static str,
}

/// Renders what is to be warned of; nothing if all is well.
pub(super) fn html(answer: &Asking, question: &Question, viewer: &Viewer) -> String {
    let warned = FIGURES
        .iter()
        .filter(|figure| is_some(answer.value(figure)));
    let warnings = warned.map(|figure| {
        let value = answer.value(figure);
        let money = match value {
            Value::Money(..) if !viewer.currency.is_empty() => format!(" {}", viewer.currency),
            _ => String::new(),
        };
        Warning {
            figure,
            meaning: meaning::of(REPORT, figure),
            value: shown::value(value, viewer.zone) + &money,
            exact: shown::exact(value),
            href: question.rows(opened(figure)),
            told: told(figure, viewer),
        }
    });
    crate::panels::render(&Shown {
        warnings: warnings.collect(),
        free: is_free(answer.value("spend")),
    })
}

fn is_some(value: &Value) -> bool {
    match value {
        Value::Count(count) => *count > 0,
        Value::Money(units, _) => *units != 0,
        _ => false,
    }
}

/// The figure whose rows are behind.
fn opened(figure: &str) -> &'static str {
    match figure {
        "spend_unmatched" => "spend_unmatched",
        _ => "spend",
    }
}

fn told(figure: &str, viewer: &Viewer) -> &'static str {
    match figure {
        "spend_unmatched" => {
            "was spent on sources or campaigns of which no visit, inquiry or lead is in the period: \
             mind that they are written as in the tags of the advertisements"
        }
        "unallocated" => {
            "of the spend belongs to no campaign: the statement of the whole says more than those \
             of its parts"
        }
        _ if viewer.currency.is_empty() => {
            "of the amounts count as 0, because the account has no currency: set it in [[account]]"
        }
        _ => {
            "of the amounts count as 0, because their currency has no rate of their day: see rates in \
             [[account]]"
        }
    }
}
