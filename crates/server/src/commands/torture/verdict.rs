//! What is there against what should be: every message in ClickHouse by itself, and the reports'
//! figures of each manager.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{Display, Formatter};
use std::fs;
use std::io::BufRead;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::ask::open;
use super::expected::{Expected, hash};
use super::sender::Counts;
use super::victim::{ACCOUNT, Victim};

/// Differences that are told in words.
const TOLD: usize = 10;
const PERIOD: &str = "from=2020-01-01T00:00:00Z&to=2023-01-01T00:00:00Z&limit=100000";

/// The ledger of a run.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    counts: String,
    unique: u64,
    /// From the service's own metrics: appended, observed, duplicate, conflict.
    sums: [u64; 4],
    expected: usize,
    found: usize,
    lost: u64,
    doubled: u64,
    wrong: u64,
    words: Vec<String>,
}

impl Verdict {
    /// Says whether nothing is lost, doubled or wrong.
    pub(super) fn is_clean(&self) -> bool {
        self.lost + self.doubled + self.wrong == 0
    }

    fn wrong(&mut self, what: String) {
        self.wrong += 1;
        if self.words.len() < TOLD {
            self.words.push(what);
        }
    }

    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, want: &T, got: &T) {
        if want != got {
            self.wrong(format!("{what}: want {want:?}, got {got:?}"));
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let [appended, observed, duplicate, conflict] = self.sums;
        write!(
            f,
            "{}, unique {}, in journal {appended}, observed {observed}, duplicate {duplicate}, \
             conflict {conflict}, in ClickHouse {} of {} messages; lost {}, doubled {}, wrong {}",
            self.counts,
            self.unique,
            self.found,
            self.expected,
            self.lost,
            self.doubled,
            self.wrong
        )?;
        self.words
            .iter()
            .try_for_each(|what| write!(f, "\n  {what}"))
    }
}

/// Compares.
pub(super) fn reach(victim: &Victim, expected: &Expected, counts: &Counts) -> Result<Verdict> {
    let mut verdict = Verdict {
        counts: counts.to_string(),
        unique: expected.events,
        expected: expected.messages.len(),
        ..Verdict::default()
    };
    let metrics = good(victim.way.get("/metrics")?)?;
    let names = ["appended", "observed", "duplicate", "conflict"];
    verdict.sums = names.map(|name| metric(&metrics, &format!("trunkline_events_{name}_total")));
    let [_, observed, _, conflict] = verdict.sums;
    verdict.lost += expected.events.saturating_sub(observed);
    verdict.doubled += observed.saturating_sub(expected.events);
    verdict.same("conflicts", &0, &conflict);
    messages(victim, expected, &mut verdict)?;
    let conversations = rows(victim, "SELECT count() FROM v_conversations")?;
    let conversations: u64 = conversations.first().map_or(Ok(0), |line| line.parse())?;
    let want = expected.conversations.len() as u64;
    verdict.same("conversations", &want, &conversations);
    let sent = figures(victim, "messages", "messages")?;
    verdict.same("messages by manager", &expected.by_manager, &sent);
    let wrote = figures(victim, "conversations", "participations")?;
    verdict.same(
        "participations by manager",
        &expected.participations(),
        &wrote,
    );
    Ok(verdict)
}

fn messages(victim: &Victim, expected: &Expected, verdict: &mut Verdict) -> Result<()> {
    let mut found: HashMap<u64, u64> = HashMap::new();
    for line in rows(
        victim,
        "SELECT channel, conversation, message, author, ifNull(manager, ''), \
         toUnixTimestamp64Milli(at) FROM v_messages",
    )? {
        let fields: Vec<&str> = line.split('\t').collect();
        let (key, content) = fields.split_at(3.min(fields.len()));
        verdict.found += 1;
        match (
            expected.messages.get(&hash(key)),
            found.insert(hash(key), 0),
        ) {
            (_, Some(_)) | (None, _) => verdict.doubled += 1,
            (Some(want), None) if *want != hash(content) => verdict.wrong(line),
            (Some(_), None) => {}
        }
    }
    let there = |key: &&u64| found.contains_key(*key);
    let here = expected.messages.keys().filter(there).count();
    verdict.lost += (expected.messages.len() - here) as u64;
    Ok(())
}

/// Asks the views of the embedded ClickHouse, with the reader's rights.
fn rows(victim: &Victim, select: &str) -> Result<Vec<String>> {
    let path = victim.data().join("clickhouse/credentials");
    let text = fs::read_to_string(&path);
    let text = text.with_context(|| format!("could not read {}", path.display()))?;
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once(" = "));
        let found = lines.find(|(known, _)| *known == name);
        found
            .map(|(_, value)| value)
            .with_context(|| format!("no {name} in {}", path.display()))
    };
    let port = value("port")?.parse()?;
    let headers = format!(
        "x-clickhouse-user: reader\r\nx-clickhouse-key: {}\r\n",
        value("reader")?
    );
    let sql = format!("{select} WHERE account = '{ACCOUNT}' FORMAT TSVRaw");
    let line = "POST /?database=trunkline";
    let (status, answer) = open(port, line, &headers, sql.as_bytes())?;
    let lines: Vec<String> = answer.lines().collect::<Result<_, _>>()?;
    if status != 200 {
        bail!("ClickHouse answers {status}: {}", lines.join("\n"));
    }
    Ok(lines)
}

/// Asks a report for one figure by manager, without zeros; who is nobody is "".
fn figures(victim: &Victim, report: &str, figure: &str) -> Result<BTreeMap<String, u64>> {
    let path = format!("/v1/reports/{report}?by=manager&{PERIOD}");
    let json: Value = serde_json::from_str(&good(victim.way.get(&path)?)?)?;
    let names = json["columns"]
        .as_array()
        .context("a report without columns")?;
    let place = |name: &str| {
        let place = names.iter().position(|column| column["name"] == name);
        place.with_context(|| format!("{report} has no column {name}"))
    };
    let (manager, figure) = (place("manager")?, place(figure)?);
    let rows = json["rows"].as_array().context("a report without rows")?;
    let row = |row: &Value| {
        let who = row[manager].as_str().unwrap_or_default().to_owned();
        (who, row[figure].as_u64().unwrap_or_default())
    };
    Ok(rows
        .iter()
        .map(row)
        .filter(|(_, count)| *count > 0)
        .collect())
}

fn good((status, text): (u16, String)) -> Result<String> {
    if status == 200 {
        return Ok(text);
    }
    bail!("the service answers {status}: {text}")
}

fn metric(text: &str, name: &str) -> u64 {
    let values = text.lines().filter_map(|line| line.split_once(' '));
    let of = values.filter(|(sample, _)| sample.split('{').next() == Some(name));
    of.filter_map(|(_, value)| value.parse::<f64>().ok())
        .sum::<f64>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels() {
        let text = "# TYPE a counter\na{x=\"1\"} 2\na{x=\"2\"} 3\nab 9\n";
        assert_eq!(metric(text, "a"), 5);
    }

    #[test]
    fn a_verdict_is_clean_until_something_differs() {
        let mut verdict = Verdict::default();
        verdict.same("figures", &1, &1);
        assert!(verdict.is_clean());
        verdict.same("figures", &1, &2);
        assert!(!verdict.is_clean() && verdict.to_string().contains("want 1, got 2"));
    }
}
