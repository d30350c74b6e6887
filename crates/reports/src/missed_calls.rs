//! `missed-calls`: episodes of unanswered calls of a contact, and how they were recovered
//! (`metrics.md` §2; S44).
//!
//! An episode belongs to its first missed call: to that one's time, number and, if he alone was
//! rung, manager. A recovery stands in the list a second time, at the same time, as its manager's who
//! made it; the column `what` tells them apart. The open ones are the list of whom to call back.

pub(crate) mod episodes;

use crate::calls::{FILTERS, SPAM};
use crate::dimension::Dimension;
use crate::distribution::{Level, mean, of_some, quantile, ratio, share, share_sql};
use crate::report::{Figure, Listed, Opened, Report};
use crate::value::Unit;

/// The report.
pub(crate) static REPORT: Report = Report {
    name: "missed-calls",
    title: "Missed calls",
    about: "Episodes: all unanswered inbound calls of a contact, but short ones, until somebody \
            talked with or wrote to him, at most recovery_window (24 h); each at its first call",
    by: &[
        Dimension::Number,
        Dimension::Source,
        Dimension::Medium,
        Dimension::Campaign,
    ],
    filters: FILTERS,
    of_calls: true,
    of_managers: true,
    choices: &[SPAM],
    figures: &[
        Figure::count("episodes", |_| count(EPISODE), "episodes"),
        Figure::count(
            "recovered",
            |_| count(RECOVERED),
            "those after which a person talked with the contact or a manager wrote to him",
        ),
        share(
            "recovered_rate",
            |_| {
                let ended = "if(what = 'episode', status != 'open', 0)";
                share_sql(&count(RECOVERED), &count(ended))
            },
            "recovered / (recovered + lost)",
        ),
        Figure::count(
            "lost",
            |_| count(LOST),
            "those whose time ran out before anybody did",
        ),
        Figure::count(
            "open",
            |_| count(OPEN),
            "those that are neither yet, as of as_of: whom to call back now",
        ),
        Figure::count(
            "attempted",
            |_| count(ATTEMPTED),
            "those after which a manager called or wrote, with success or without",
        ),
        of_some(
            "first_attempt_s",
            |_| {
                let many = format!("toInt64({})", count(ATTEMPTED));
                let sum = format!("sumIf(ifNull(attempt_ms, 0), {ATTEMPTED})");
                format!("if({many} = 0, NULL, {})", ratio(&sum, &many, 1))
            },
            "from the first missed call to the first attempt, of those attempted: the mean",
        ),
        of_some(
            "recovery_mean_s",
            |request| mean(request.rows, RECOVERED),
            "from the first missed call to the recovery, of those recovered: the mean",
        ),
        of_some(
            "recovery_p50_s",
            |request| quantile(request.rows, RECOVERED, Level::P50),
            "half of them took at most this",
        ),
        of_some(
            "recovery_p90_s",
            |request| quantile(request.rows, RECOVERED, Level::P90),
            "nine in ten of them took at most this",
        ),
        of_some(
            "recovery_p99_s",
            |request| quantile(request.rows, RECOVERED, Level::P99),
            "99 in 100 of them took at most this",
        ),
        Figure::count(
            "recovered_by",
            |_| count(RECOVERED_BY),
            "recoveries by known managers: by manager, those that he made",
        ),
        Figure::count(
            "called_back",
            |_| count(CALLED_BACK),
            "of those recovered, the ones in which a manager called the contact",
        ),
        Figure::count(
            "called_again",
            |_| count(CALLED_AGAIN),
            "of those recovered, the ones in which the contact called again and was answered",
        ),
        Figure::count(
            "chat",
            |_| count(BY_CHAT),
            "of those recovered, the ones in which a manager wrote",
        ),
    ],
    samples: episodes::samples,
    cells: None,
    opened: &[
        opened(&["episodes"], "the episodes", EPISODE),
        opened(&["recovered"], "the episodes recovered", RECOVERED),
        opened(&["lost"], "the episodes lost", LOST),
        opened(&["open"], "whom to call back now", OPEN),
        opened(&["attempted"], "the episodes with an attempt", ATTEMPTED),
        opened(
            &["recovered_by"],
            "the recoveries, each its manager's who made it",
            RECOVERED_BY,
        ),
        opened(
            &["called_back"],
            "the episodes recovered by calling back",
            CALLED_BACK,
        ),
        opened(
            &["called_again"],
            "the episodes recovered by the contact's next call",
            CALLED_AGAIN,
        ),
        opened(&["chat"], "the episodes recovered by writing", BY_CHAT),
    ],
};

const EPISODE: &str = "what = 'episode'";
const RECOVERED: &str = "if(what = 'episode', status = 'recovered', 0)";
const LOST: &str = "if(what = 'episode', status = 'lost', 0)";
const OPEN: &str = "if(what = 'episode', status = 'open', 0)";
const ATTEMPTED: &str = "if(what = 'episode', attempt_ms IS NOT NULL, 0)";
const RECOVERED_BY: &str = "if(what = 'recovery', manager IS NOT NULL, 0)";
const CALLED_BACK: &str = "if(what = 'episode', how = 'called_back', 0)";
const CALLED_AGAIN: &str = "if(what = 'episode', how = 'called_again', 0)";
const BY_CHAT: &str = "if(what = 'episode', how = 'chat', 0)";

fn count(of: &str) -> String {
    format!("countIf({of})")
}

const fn opened(
    figures: &'static [&'static str],
    about: &'static str,
    only: &'static str,
) -> Opened {
    Opened {
        figures,
        about,
        samples: episodes::listed,
        only,
        gathered: &[],
        columns: COLUMNS,
        key: &["call"],
    }
}

const COLUMNS: &[Listed] = &[
    Listed::new("at", Unit::Time, "at"),
    Listed::text("manager"),
    Listed::text("team"),
    Listed::new("number", Unit::Text, "nullIf(number, '')"),
    Listed::new("caller", Unit::Text, "nullIf(caller, '')"),
    Listed::new("contact", Unit::Text, "nullIf(contact, '')"),
    Listed::new("calls", Unit::Count, "many"),
    Listed::new("last_at", Unit::Time, "last_at"),
    Listed::text("status"),
    Listed::new("first_attempt_s", Unit::S, "attempt_ms"),
    Listed::new("recovery_s", Unit::S, "if(how = '', NULL, ms)"),
    Listed::new("recovered_by", Unit::Text, "nullIf(recovered_by, '')"),
    Listed::new("recovered_how", Unit::Text, "nullIf(how, '')"),
    Listed::text("call"),
];
