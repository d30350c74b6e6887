//! `response-times`: how long contacts waited for managers' replies (`metrics.md` 1.1; S2, S3,
//! S33 to S38).
//!
//! A sample belongs to the time of the reply and to the manager who sent it. Quantiles are by
//! nearest rank over the buckets of [`crate::hdr`], at a bucket's middle, but never outside the
//! smallest and the greatest sample, so the quantile of one sample is the sample.

use crate::dimension::Dimension;
use crate::hdr;
use crate::report::{Choice, Empty, Figure, Listed, Opened, Report};
use crate::request::Request;
use crate::statement::{Views, WITHIN, of_managers};
use crate::value::Unit;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "response-times",
    title: "Response times",
    about: "How long contacts waited for a manager's reply, counted at the reply",
    by: &[
        Dimension::Manager,
        Dimension::Team,
        Dimension::Channel,
        Dimension::Hour,
        Dimension::Weekday,
    ],
    choices: &[DEFINITION, HOURS, RESPONDER, SCOPE, EXCLUDE],
    figures: &[
        Figure::count("count", || "count()".into(), "replies that gave a sample"),
        Figure {
            unit: Unit::S,
            ..Figure::count("sum_s", || "sum(ms)".into(), "their sum")
        },
        of_some("mean_s", mean, "their sum over their number"),
        of_some(
            "p50_s",
            || quantile(1),
            "half of the replies took at most this",
        ),
        of_some(
            "p90_s",
            || quantile(2),
            "nine in ten replies took at most this",
        ),
        of_some(
            "p95_s",
            || quantile(3),
            "95 in 100 replies took at most this",
        ),
        of_some(
            "p99_s",
            || quantile(4),
            "99 in 100 replies took at most this",
        ),
        of_some("min_s", || some("min(ms)"), "the fastest reply"),
        of_some("max_s", || some("max(ms)"), "the slowest reply"),
    ],
    samples,
    opened: Opened {
        about: "the replies that gave a sample",
        samples,
        gathered: &[],
        columns: &[
            Listed {
                name: "at",
                unit: Unit::Time,
                sql: "at",
            },
            Listed {
                name: "manager",
                unit: Unit::Text,
                sql: "manager",
            },
            Listed {
                name: "team",
                unit: Unit::Text,
                sql: "team",
            },
            Listed {
                name: "channel",
                unit: Unit::Text,
                sql: "channel",
            },
            Listed {
                name: "conversation",
                unit: Unit::Text,
                sql: "conversation",
            },
            Listed {
                name: "contact",
                unit: Unit::Text,
                sql: "contact",
            },
            Listed {
                name: "message",
                unit: Unit::Text,
                sql: "message",
            },
            Listed {
                name: "response_s",
                unit: Unit::S,
                sql: "ms",
            },
        ],
        key: &["channel", "conversation", "message"],
    },
};

const DEFINITION: Choice = Choice {
    name: "definition",
    about: "what a sample is and where it is measured from",
    values: &["kommo", "turn", "wait", "assigned", "first"],
    later: &[],
    default: Some("wait"),
};

const HOURS: Choice = Choice {
    name: "hours",
    about: "whether all time counts",
    values: &["calendar"],
    later: &["business"],
    default: Some("calendar"),
};

const RESPONDER: Choice = Choice {
    name: "responder",
    about: "whose replies",
    values: &["manager"],
    later: &["bot"],
    default: Some("manager"),
};

const SCOPE: Choice = Choice {
    name: "scope",
    about: "what a reply answers",
    values: &["conversation"],
    later: &["contact"],
    default: Some("conversation"),
};

const EXCLUDE: Choice = Choice {
    name: "exclude",
    about: "which samples are left out",
    values: &[],
    later: &["outside_hours"],
    default: None,
};

/// Describes a figure in seconds that nothing has none of.
const fn of_some(name: &'static str, sql: fn() -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::S,
        empty: Empty::Null,
        ..Figure::count(name, sql, about)
    }
}

fn some(sql: &str) -> String {
    format!("if(count() = 0, NULL, {sql})")
}

/// The mean in whole milliseconds, half a one rounded up, without a floating number.
fn mean() -> String {
    some("intDiv(2 * sum(ms) + toInt64(count()), 2 * greatest(toInt64(count()), 1))")
}

fn quantile(place: u8) -> String {
    let bucket =
        format!("toInt64(quantilesExactWeighted(0.5, 0.9, 0.95, 0.99)(bucket, 1)[{place}])");
    some(&format!(
        "greatest(min(ms), least(max(ms), {}))",
        hdr::middle_sql(&bucket)
    ))
}

fn samples(request: &Request, views: Views<'_>) -> String {
    // The word is one of `DEFINITION.values`: text of ours.
    let definition = request.choice(DEFINITION.name).unwrap_or("wait");
    format!(
        "SELECT at, manager, channel, conversation, contact, message, toInt64(ms) AS ms, \
         {bucket} AS bucket FROM {responses} \
         WHERE account = {{account:String}} AND {WITHIN} AND author = 'manager' \
         AND definition = '{definition}'{managers}",
        managers = of_managers(request),
        bucket = hdr::index_sql("toInt64(ms)"),
        responses = views.named("v_responses"),
    )
}
