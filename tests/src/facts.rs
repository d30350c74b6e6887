//! Every row of the views against the reference: lost, doubled or wrong.
//!
//! A row is a line of fields with `|` between them, the first of which are its key. An id that the
//! service made itself is not known to the reference: such a row is found by its time.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

use crate::reference::{Cycle, Reference, Walked};
use crate::views::Views;

/// Every row of an account's views against the reference.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `v_messages`.
    pub messages: Rows,
    /// `v_responses`, of people and bots.
    pub responses: Rows,
    /// `v_cycles`.
    pub cycles: Rows,
    /// `v_conversations`.
    pub conversations: Rows,
    /// `v_answers`, in calendar time.
    pub answers: Rows,
}

/// The rows of one view.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// How many the reference has.
    pub expected: usize,
    /// How many the view has.
    pub found: usize,
    /// Expected, and not there under their key.
    pub lost: usize,
    /// There more often than expected under their key, or not expected at all.
    pub doubled: usize,
    /// There with another content.
    pub wrong: usize,
    examples: Vec<String>,
}

impl Display for Rows {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Self {
            expected,
            found,
            lost,
            doubled,
            wrong,
            ..
        } = self;
        write!(
            f,
            "{found} of {expected} rows, lost {lost}, doubled {doubled}, wrong {wrong}"
        )
    }
}

impl Display for Facts {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let line = |(name, rows): &(&str, &Rows)| format!("{name} {rows}");
        f.write_str(&self.all().each_ref().map(line).join("; "))
    }
}

impl Facts {
    /// Compares every row of an account's views with the reference.
    #[track_caller]
    pub fn compare(views: &Views, account: &str, reference: &Reference) -> Self {
        Self {
            messages: messages(views, account, reference),
            responses: responses(views, account, reference),
            cycles: cycles(views, account, reference),
            conversations: conversations(views, account, reference),
            answers: answers(views, account, reference),
        }
    }

    /// Returns whether nothing is lost, doubled or wrong.
    pub fn are_exact(&self) -> bool {
        self.all()
            .iter()
            .all(|(_, rows)| rows.lost + rows.doubled + rows.wrong == 0)
    }

    /// Returns how many rows are lost, doubled and wrong.
    pub fn differences(&self) -> [usize; 3] {
        let sum = |count: fn(&Rows) -> usize| self.all().map(|(_, rows)| count(rows)).iter().sum();
        [sum(|it| it.lost), sum(|it| it.doubled), sum(|it| it.wrong)]
    }

    /// Returns how many rows the reference has.
    pub fn expected(&self) -> usize {
        self.all().map(|(_, rows)| rows.expected).iter().sum()
    }

    /// Returns how many rows the views have.
    pub fn found(&self) -> usize {
        self.all().map(|(_, rows)| rows.found).iter().sum()
    }

    /// Returns some of what differs, in words.
    pub fn first_differences(&self) -> String {
        let part = |(name, rows): &(&str, &Rows)| {
            format!("{name}: {rows}\n  {}\n", rows.examples.join("\n  "))
        };
        self.all().iter().map(part).collect()
    }

    fn all(&self) -> [(&'static str, &Rows); 5] {
        [
            ("messages", &self.messages),
            ("responses", &self.responses),
            ("cycles", &self.cycles),
            ("conversations", &self.conversations),
            ("answers", &self.answers),
        ]
    }
}

/// Asserts that the views hold exactly the reference's rows.
#[track_caller]
pub fn assert_exact(views: &Views, account: &str, reference: &Reference) {
    let facts = Facts::compare(views, account, reference);
    assert!(facts.are_exact(), "{}", facts.first_differences());
}

const CONVERSATION: [&str; 2] = ["channel", "conversation"];
const MESSAGE: [&str; 4] = [
    CONVERSATION[0],
    CONVERSATION[1],
    "if(startsWith(message, 'h:'), '', message)",
    "toString(toUnixTimestamp64Milli(at))",
];

#[track_caller]
fn messages(views: &Views, account: &str, reference: &Reference) -> Rows {
    let rest = [
        "author",
        "ifNull(manager, '')",
        "kind",
        "contact",
        "ifNull(toString(chars), '')",
    ];
    let want = reference.messages().iter().map(|m| {
        let key = format!(
            "{}|{}|{}|{}",
            m.channel,
            m.conversation,
            text(m.id.as_ref()),
            m.at
        );
        let kind = m.kind.as_deref().unwrap_or("text");
        let chars = m.chars.map(|chars| chars.to_string()).unwrap_or_default();
        format!(
            "{key}|{}|{}|{kind}|{}|{chars}",
            m.author.word(),
            text(m.manager.as_ref()),
            m.contact
        )
    });
    rows(
        want,
        lines(views, "v_messages", account, &MESSAGE, &rest),
        MESSAGE.len(),
    )
}

#[track_caller]
fn responses(views: &Views, account: &str, reference: &Reference) -> Rows {
    let key = [&MESSAGE[..], &["definition"]].concat();
    let rest = ["author", "ifNull(manager, '')", "toString(ms)"];
    let want = reference.samples().iter().map(|s| {
        let key = format!(
            "{}|{}|{}|{}",
            s.channel,
            s.conversation,
            text(s.message.as_ref()),
            s.at
        );
        let (word, author) = (s.definition.word(), s.author.word());
        format!(
            "{key}|{word}|{author}|{}|{}",
            text(s.manager.as_ref()),
            s.millis
        )
    });
    rows(
        want,
        lines(views, "v_responses", account, &key, &rest),
        key.len(),
    )
}

/// Messages and samples added up by cell: how many, their sum, the least and the greatest.
#[track_caller]
fn answers(views: &Views, account: &str, reference: &Reference) -> Rows {
    let key = [
        "definition",
        "toString(toUnixTimestamp64Milli(at))",
        "channel",
        "author",
        "ifNull(manager, '')",
    ];
    let rest = ["count", "sum_ms", "min_ms", "max_ms"].map(|column| format!("toString({column})"));
    let rest = rest.each_ref().map(String::as_str);
    let cell = views.lines(&format!(
        "SELECT toString(max(minutes)) FROM v_answers WHERE account = '{account}'"
    ));
    let length = cell[0].parse::<i64>().expect("minutes").max(1) * 60_000;
    let start = |at: i64| at - at.rem_euclid(length);
    let mut cells: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for m in reference.messages() {
        let (author, manager) = (m.author.word(), text(m.manager.as_ref()));
        let key = format!("messages|{}|{}|{author}|{manager}", start(m.at), m.channel);
        cells.entry(key).or_default().push(0);
    }
    for s in reference.samples() {
        let (word, author) = (s.definition.word(), s.author.word());
        let (start, manager) = (start(s.at), text(s.manager.as_ref()));
        let key = format!("{word}|{start}|{}|{author}|{manager}", s.channel);
        cells.entry(key).or_default().push(s.millis);
    }
    let want = cells.into_iter().map(|(key, samples)| {
        let (least, greatest) = (samples.iter().min(), samples.iter().max());
        let (least, greatest) = (least.expect("a sample"), greatest.expect("a sample"));
        let sum: i64 = samples.iter().sum();
        format!("{key}|{}|{sum}|{least}|{greatest}", samples.len())
    });
    let calendar = "(SELECT * FROM v_answers WHERE hours = 'calendar')";
    rows(
        want,
        lines(views, calendar, account, &key, &rest),
        key.len(),
    )
}

#[track_caller]
fn cycles(views: &Views, account: &str, reference: &Reference) -> Rows {
    let started = "toString(toUnixTimestamp64Milli(started_at))";
    let key = [&CONVERSATION[..], &[started]].concat();
    let rest = [
        "contact",
        "toString(answered)",
        &instant("closed_at"),
        "ifNull(closed_by, '')",
        "toString(pending_at_close)",
        &instant("reopened_at"),
        "ifNull(owed_by, '')",
        &instant("handed_off_at"),
    ];
    let want = reference.conversations().iter().flat_map(|(key, walked)| {
        walked
            .cycles
            .iter()
            .map(|cycle| cycle_line(key, cycle))
            .collect::<Vec<_>>()
    });
    rows(
        want,
        lines(views, "v_cycles", account, &key, &rest),
        key.len(),
    )
}

fn cycle_line((channel, conversation): &(String, String), cycle: &Cycle) -> String {
    let flag = |flag: bool| if flag { "1" } else { "0" };
    [
        channel,
        conversation,
        &cycle.started_at.to_string(),
        &cycle.contact,
        flag(cycle.answered),
        &millis(cycle.closed_at),
        &text(cycle.closed_by.as_ref()),
        flag(cycle.pending_at_close),
        &millis(cycle.reopened_at),
        &text(cycle.owed_by.as_ref()),
        &millis(cycle.handed_off_at),
    ]
    .join("|")
}

#[track_caller]
fn conversations(views: &Views, account: &str, reference: &Reference) -> Rows {
    let rest = [
        &*instant("pending_at"),
        &instant("unserved_at"),
        "ifNull(assignee, '')",
        "ifNull(last_manager, '')",
    ];
    let line = |((channel, conversation), walked): (&(String, String), &Walked)| {
        let pending = millis(walked.pending_at);
        let unserved = millis(walked.unserved_at);
        let (assignee, last) = (
            text(walked.assignee.as_ref()),
            text(walked.last_manager.as_ref()),
        );
        format!("{channel}|{conversation}|{pending}|{unserved}|{assignee}|{last}")
    };
    let want = reference.conversations().iter().map(line);
    rows(
        want,
        lines(views, "v_conversations", account, &CONVERSATION, &rest),
        CONVERSATION.len(),
    )
}

#[track_caller]
fn lines(views: &Views, view: &str, account: &str, key: &[&str], rest: &[&str]) -> Vec<String> {
    let columns = [key, rest].concat().join(", ");
    views.lines(&format!(
        "SELECT arrayStringConcat([{columns}], '|') FROM {view} WHERE account = '{account}'"
    ))
}

fn instant(column: &str) -> String {
    format!("ifNull(toString(toUnixTimestamp64Milli({column})), '')")
}

fn text(value: Option<&String>) -> String {
    value.cloned().unwrap_or_default()
}

fn millis(at: Option<i64>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// Compares lines whose first `key` fields tell them apart.
fn rows(want: impl Iterator<Item = String>, found: Vec<String>, key: usize) -> Rows {
    let mut rows = Rows {
        found: found.len(),
        ..Rows::default()
    };
    let mut by_key: BTreeMap<String, [Vec<String>; 2]> = BTreeMap::new();
    let key_of = |line: &str| {
        line.splitn(key + 1, '|')
            .take(key)
            .collect::<Vec<_>>()
            .join("|")
    };
    for line in want {
        rows.expected += 1;
        by_key.entry(key_of(&line)).or_default()[0].push(line);
    }
    for line in found {
        by_key.entry(key_of(&line)).or_default()[1].push(line);
    }
    for [mut want, mut found] in by_key.into_values() {
        want.sort();
        found.sort();
        if want == found {
            continue;
        }
        rows.lost += want.len().saturating_sub(found.len());
        rows.doubled += found.len().saturating_sub(want.len());
        rows.wrong += want
            .iter()
            .zip(&found)
            .filter(|(want, found)| want != found)
            .count();
        if rows.examples.len() < 12 {
            rows.examples
                .push(format!("want {want:?}, found {found:?}"));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_doubled_and_wrong_rows_are_told_apart() {
        let want = ["a|1|x", "b|1|x", "c|1|x", "d|1|x"].map(str::to_owned);
        let found = ["a|1|x", "b|1|x", "b|1|x", "c|1|y", "e|1|x"].map(str::to_owned);
        let rows = rows(want.into_iter(), found.to_vec(), 2);
        assert_eq!((rows.expected, rows.found), (4, 5));
        assert_eq!((rows.lost, rows.doubled, rows.wrong), (1, 2, 1));
    }
}
