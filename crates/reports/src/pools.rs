//! `pools`: whether pools of tracking numbers have enough of them (`metrics.md` §3).
//!
//! What is predicted follows from Erlang's loss formula, as `trunkline pool size` has it: B(A, 0) = 1,
//! B(A, n) = A B(A, n-1) / (n + A B(A, n-1)). It is computed here once more, in the statement, since
//! reports know nothing of call tracking; a test holds both beside each other.

mod samples;

use crate::calls::SPAM;
use crate::dimension::Dimension;
use crate::distribution::{share, share_sql};
use crate::report::{Empty, Figure, Listed, Opened, Report};
use crate::request::Request;
use crate::value::Unit;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "pools",
    title: "Pools",
    about: "Pools of tracking numbers: what they had to bear, and how many numbers that takes by \
            Erlang's formula, which assumes that visits come by chance (Poisson)",
    by: &[Dimension::Pool],
    filters: &[],
    of_calls: false,
    of_managers: false,
    choices: &[SPAM],
    figures: FIGURES,
    samples: samples::samples,
    cells: None,
    opened: &[
        opened(&["visits"], "the visits", "what = 'visit'"),
        opened(
            &["unserved"],
            "the visits that saw the fallback",
            "what = 'visit' AND (NOT served OR is_late)",
        ),
    ],
};

const FIGURES: &[Figure] = &[
    Figure::undivided(
        "numbers",
        |_| "sumIf(n, what = 'pool')".into(),
        "all its numbers, as set now",
    ),
    Figure::undivided(
        "in_service",
        |_| in_service(),
        "of these, the ones that may be leased",
    ),
    Figure::undivided(
        "leased",
        |_| "countIf(what = 'lease')".into(),
        "numbers that a visit holds, as of as_of",
    ),
    Figure::undivided("visits", |_| count(VISIT), "visits of its sites"),
    Figure::undivided(
        "unserved",
        |_| count(UNSERVED),
        "of these, the ones that found no free number",
    ),
    share(
        "unserved_rate",
        |_| share_sql(&count(UNSERVED), &count(VISIT)),
        "unserved / visits",
    ),
    Figure::undivided(
        "served_late",
        |_| count("what = 'visit' AND served AND is_late"),
        "of those that found none, the ones that had a number of their own before their end",
    ),
    share(
        "ambiguous_share",
        |_| {
            share_sql(
                &count("what = 'call' AND is_ambiguous"),
                &count("what = 'call'"),
            )
        },
        "of the calls to its numbers, those that may have come from several visits",
    ),
    quotient(
        "offered_load",
        |_| format!("toInt64(round({} * 10000))", load()),
        "how many numbers would be held at once if there were enough, in erlangs: the highest mean of \
         a quarter of an hour in the 30 days before the period's end",
    ),
    Figure {
        unit: Unit::Share,
        ..quotient(
            "predicted_blocking",
            |_| {
                format!(
                    "toInt64(round(10000 * {}))",
                    blocking(&load(), &in_service())
                )
            },
            "the share of visits that finds no free number, by that load and the numbers in service",
        )
    },
    needed(
        "numbers_for_1pct",
        |_| numbers_for(&load(), "0.01"),
        "the fewest numbers with which that is at most 1 %",
    ),
    needed(
        "numbers_for_0.1pct",
        |_| numbers_for(&load(), "0.001"),
        "the fewest numbers with which that is at most 0.1 %",
    ),
    rest(
        "reuse_min_s",
        |_| ranked(0),
        "from a number's release to its next lease: the shortest",
    ),
    rest(
        "reuse_p1_s",
        |_| ranked(1),
        "one in a hundred was at most this",
    ),
    rest("reuse_p50_s", |_| ranked(50), "half were at most this"),
];

const VISIT: &str = "what = 'visit'";
const UNSERVED: &str = "what = 'visit' AND (NOT served OR is_late)";

const fn quotient(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::Ratio,
        empty: Empty::Null,
        ..Figure::undivided(name, sql, about)
    }
}

const fn needed(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::Count,
        ..quotient(name, sql, about)
    }
}

const fn rest(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::S,
        ..quotient(name, sql, about)
    }
}

fn count(of: &str) -> String {
    format!("countIf({of})")
}

fn in_service() -> String {
    "sumIf(free, what = 'pool')".to_owned()
}

/// The highest mean of demands at once over a quarter of an hour.
fn load() -> String {
    let quarters = "sumMapIf([quarter], [n], what = 'load')";
    format!("(arrayMax(arrayPushBack({quarters}.2, toInt64(0))) / 900000)")
}

/// B(A, N).
fn blocking(load: &str, numbers: &str) -> String {
    format!(
        "arrayFold((share, many) -> {step}, range(1, toUInt64({numbers}) + 1), toFloat64(1))",
        step = step(load, "share"),
    )
}

/// The fewest numbers with which the share is at most `most`: none of a load that is none.
fn numbers_for(load: &str, most: &str) -> String {
    // So many are always enough, and a few more than that never take long.
    let enough = format!("toUInt64(ceil({load} + 10 * sqrt({load}) + 20))");
    format!(
        "toInt64(arrayFold((done, many) -> if(done.1 <= {most}, done, ({step}, many)), \
         range(1, {enough} + 1), (if({load} = 0, toFloat64(0), toFloat64(1)), toUInt64(0))).2)",
        step = step(load, "done.1"),
    )
}

/// B(A, n) from B(A, n-1).
fn step(load: &str, before: &str) -> String {
    format!("({load} * {before}) / (many + {load} * {before})")
}

/// The rest that so many percent do not exceed, by nearest rank.
fn ranked(percent: u8) -> String {
    let all = "arraySort(groupArrayIf(n, what = 'rest'))";
    let many = "countIf(what = 'rest')";
    format!("if({many} = 0, NULL, {all}[greatest(1, intDiv({many} * {percent} + 99, 100))])")
}

const fn opened(
    figures: &'static [&'static str],
    about: &'static str,
    only: &'static str,
) -> Opened {
    Opened {
        figures,
        about,
        samples: samples::samples,
        only,
        gathered: &[],
        columns: COLUMNS,
        key: &["visit"],
    }
}

const COLUMNS: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("pool"),
    Listed::new("number", Unit::Text, "nullIf(number, '')"),
    Listed::new("served", Unit::Number, "served"),
    Listed::text("visit"),
];
