//! The figures of `sources`, in the order of their columns.
//!
//! Weights are ten-thousandths. Money is a whole number of 10^-21 of the currency, 10^-25 where it is
//! multiplied by a weight; what is shown is rounded once, half of a unit up.
//!
//! Conditions are `if` in the place of `AND`, here as in other long statements: to simplify an `AND` ClickHouse goes
//! through all that its columns are made of.

use crate::report::{Empty, Figure};
use crate::request::Request;
use crate::value::Unit;

const VISIT: &str = "what = 'visit'";
const INQUIRY: &str = "what IN ('call', 'chat', 'form')";
const CALL: &str = "what = 'call'";
const UNIQUE: &str = "if(what = 'call', is_unique, 0)";
const TARGET: &str = "if(what = 'call', is_target, 0)";
const UNIQUE_TARGET: &str = "if(what = 'call', is_unique_target, 0)";
const AMBIGUOUS: &str = "if(what = 'call', is_ambiguous, 0)";
const CHAT: &str = "what = 'chat'";
const FORM: &str = "what = 'form'";
const LEAD: &str = "what = 'lead'";
const WON: &str = "what = 'won'";

pub(super) static FIGURES: &[Figure] = &[
    Figure::undivided(
        "visits",
        |_| format!("countIf({VISIT})"),
        "visits, each of its own source",
    ),
    parts("inquiries", |_| sum(INQUIRY), "calls + chats + forms"),
    parts("calls", |_| sum(CALL), "inbound calls, without spam"),
    parts(
        "unique_calls",
        |_| sum(UNIQUE),
        "of these, of a caller without one in the unique_call_days (30) before",
    ),
    parts(
        "target_calls",
        |_| sum(TARGET),
        "inbound calls in which was talked for at least target_call_s (60 s)",
    ),
    parts(
        "unique_target_calls",
        |_| sum(UNIQUE_TARGET),
        "target calls of a caller without one in the unique_call_days (30) before",
    ),
    parts("chats", |_| sum(CHAT), "cycles that a contact began"),
    parts("forms", |_| sum(FORM), "forms"),
    parts(
        "leads",
        |_| sum(LEAD),
        "leads created; where lead_basis is contacts: a contact's first inquiry, or the first after \
         unique_call_days (30)",
    ),
    parts(
        "won",
        |_| sum(WON),
        "leads that are won, of those created in the period, or by basis=closed those won in it",
    ),
    money(
        "revenue",
        |_| known(WON, &units(REVENUE, REVENUE_ONE)),
        "what these are worth; null where that is told in currencies without a rate of their day alone",
    ),
    money(
        "spend",
        |_| known("what = 'spend'", &units(SPEND, SPEND_ONE)),
        "what the advertising of the period's days cost; a day's stands at its beginning; null where \
         that is told in currencies without a rate of their day alone",
    ),
    per("cost_per_inquiry", |_| cost(INQUIRY), "spend / inquiries"),
    per("cost_per_call", |_| cost(CALL), "spend / calls"),
    per("cost_per_lead", |_| cost(LEAD), "spend / leads"),
    per("cost_per_won", |_| cost(WON), "spend / won"),
    quotient(
        "roas",
        |_| of_spend(&rounded(REVENUE, &positive(SPEND))),
        "revenue / spend",
    ),
    quotient(
        "roi",
        |_| {
            let left = format!("{REVENUE} * {{margin:Int64}} - {SPEND} * toInt256('100000000')");
            of_spend(&rounded(
                &format!("({left})"),
                &format!("{} * 10000", positive(SPEND)),
            ))
        },
        "(revenue x margin - spend) / spend",
    ),
    Figure {
        unit: Unit::Share,
        empty: Empty::Null,
        ..Figure::undivided(
            "ambiguous_share",
            |_| {
                let (some, all) = (
                    format!("sumIf(weight, {AMBIGUOUS})"),
                    format!("sumIf(weight, {CALL})"),
                );
                format!(
                    "if({all} = 0, NULL, intDiv(20000 * {some} + {all}, 2 * greatest({all}, 1)))"
                )
            },
            "the part of the calls that may have come from several visits",
        )
    },
    money(
        "spend_unmatched",
        |_| {
            units(
                "sumIf(money, if(what = 'spend', NOT is_matched, 0))",
                SPEND_ONE,
            )
        },
        "of the spend, that of sources, and of their campaigns if named, of which nothing else is in \
         the period: mind how they are written",
    ),
    money(
        "unallocated",
        |_| units("sumIf(unallocated, what = 'spend')", SPEND_ONE),
        "of the spend, what a statement of a whole says beyond the finer ones of its day",
    ),
    Figure::undivided(
        "unconverted",
        |_| {
            "uniqExactIf((what, id, at, source, medium, campaign, content, term), is_unconverted)"
                .into()
        },
        "statements of spend, and won leads, in a currency without a rate of their day: they count \
         as 0 in spend and revenue",
    ),
];

/// Revenue by weight.
const REVENUE: &str = "sumIf(money * weight, what = 'won')";
const REVENUE_ONE: &str = "toInt256('10000000000000000000000000')";
const SPEND: &str = "sumIf(money, what = 'spend')";
const SPEND_ONE: &str = "toInt256('1000000000000000000000')";

/// Describes a count of which parts belong to several sources.
const fn parts(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::Ratio,
        ..Figure::undivided(name, sql, about)
    }
}

/// Describes money.
const fn money(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::Money,
        ..Figure::undivided(name, sql, about)
    }
}

/// Describes money of which nothing has none.
const fn per(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        empty: Empty::Null,
        ..money(name, sql, about)
    }
}

/// Describes a quotient.
const fn quotient(name: &'static str, sql: fn(&Request) -> String, about: &'static str) -> Figure {
    Figure {
        unit: Unit::Ratio,
        ..per(name, sql, about)
    }
}

fn sum(of: &str) -> String {
    format!("sumIf(weight, {of})")
}

/// A sum of money in minor units.
fn units(sum: &str, one: &str) -> String {
    rounded(&format!("{sum} * {{minor:Int64}}"), one)
}

/// A sum of money; nothing is known where no amount of some rows could be converted.
fn known(which: &str, sum: &str) -> String {
    format!(
        "if(if(countIf(if({which}, is_unconverted, 0)) > 0, \
         countIf(if({which}, NOT is_unconverted, 0)) = 0, 0), NULL, {sum})"
    )
}

/// What one of some conversions cost, in minor units.
fn cost(of: &str) -> String {
    let many = sum(of);
    let cost = rounded(
        &format!("{SPEND} * {{minor:Int64}} * 10000"),
        &format!("(toInt256(greatest({many}, 1)) * {SPEND_ONE})"),
    );
    format!("if({many} = 0, NULL, {})", of_spend(&cost))
}

/// What is nothing without spend.
fn of_spend(sql: &str) -> String {
    format!("if({SPEND} = 0, NULL, {sql})")
}

/// A divisor that is not zero.
fn positive(sum: &str) -> String {
    format!("if({sum} = 0, toInt256(1), {sum})")
}

/// A quotient of `Int256` to the next whole number, half of one up.
fn rounded(dividend: &str, divisor: &str) -> String {
    let twice = format!("(2 * ({dividend}) * sign({divisor}) + abs({divisor}))");
    let whole = format!("toInt256(2 * abs({divisor}))");
    format!("toInt64(intDiv({twice} - positiveModulo({twice}, {whole}), {whole}))")
}
