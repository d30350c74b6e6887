//! The calls of a real bank in February 1999, and what the reports must say of them: computed from the
//! cells of the file alone.
//!
//! PHANTOM rows are no calls. A call is answered if its outcome is AGENT and a server is named; all
//! others were given up: who hung up (HANG), and who was sent to an agent and came to nobody. A call
//! belongs to its `vru_entry`, on the wall of the bank; it waited for `q_time` and was talked in for
//! `ser_time`.

use std::fs;
use std::path::PathBuf;

use crate::doors::unzstd;

/// How long who gives up must have waited to count as one who did.
const SHORT_S: u64 = 5;

/// Within which time a call should be answered.
const TARGET_S: u64 = 20;

/// From when on a conversation is a target call.
const TALKED_S: u64 = 60;

/// A call as the file has it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The hour of its beginning, on the wall of the bank.
    pub hour: u64,
    /// Who talked, if anybody did.
    pub server: Option<String>,
    wait: u64,
    talk: u64,
}

/// Gives the file: the line of names, and a line for each row.
pub fn rows() -> (String, Vec<String>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/bank-calls-1999-02-a.tsv.zst");
    let text = unzstd(&fs::read(path).expect("the data file is there"));
    let text = String::from_utf8(text).expect("it is text");
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().expect("a line of names"), lines.collect())
}

/// Reads the calls of rows.
pub fn calls(names: &str, rows: &[String]) -> Vec<Call> {
    let names: Vec<&str> = names.split('\t').collect();
    let call = |row: &String| {
        let cells: Vec<&str> = row.split('\t').collect();
        let cell = |name: &str| {
            let place = names.iter().position(|own| *own == name);
            cells[place.expect("a column")]
        };
        let seconds = |name: &str| cell(name).parse().expect("whole seconds");
        let is_answered = cell("outcome") == "AGENT" && cell("server") != "NO_SERVER";
        (cell("outcome") != "PHANTOM").then(|| Call {
            hour: cell("vru_entry")
                .split(':')
                .next()
                .and_then(|hour| hour.parse().ok())
                .expect("an hour"),
            server: is_answered.then(|| cell("server").to_owned()),
            wait: seconds("q_time"),
            talk: if is_answered { seconds("ser_time") } else { 0 },
        })
    };
    rows.iter().filter_map(call).collect()
}

/// The figures of some calls, by the names of their columns: whole numbers; lengths in
/// milliseconds, shares in ten-thousandths, nothing where the report has none.
pub fn figures<'a>(calls: impl Iterator<Item = &'a Call>) -> Vec<(&'static str, Option<u64>)> {
    let calls: Vec<&Call> = calls.collect();
    let count = |is: &dyn Fn(&Call) -> bool| calls.iter().filter(|call| is(call)).count() as u64;
    let answered = count(&|call| call.server.is_some());
    let short = count(&|call| call.server.is_none() && call.wait < SHORT_S);
    let demand = calls.len() as u64 - short;
    let soon = count(&|call| call.server.is_some() && call.wait <= TARGET_S);
    let abandoned = calls.len() as u64 - answered;
    let talk: u64 = calls.iter().map(|call| call.talk).sum();
    let waited: u64 = calls.iter().map(|call| call.wait).sum();
    let all = calls.len() as u64;
    vec![
        ("calls", Some(all)),
        ("answered", Some(answered)),
        ("missed", Some(0)),
        ("abandoned", Some(abandoned)),
        ("voicemail", Some(0)),
        ("menu", Some(0)),
        ("short", Some(short)),
        ("failed", Some(0)),
        // The numbers of the bank's clients are no phone numbers.
        ("anonymous", Some(all)),
        ("answer_rate", quotient(answered * 10_000, demand)),
        (
            "abandon_rate",
            quotient((abandoned - short) * 10_000, demand),
        ),
        ("service_level", quotient(soon * 10_000, demand)),
        ("connect_rate", None),
        ("talk_sum_s", Some(talk * 1_000)),
        ("talk_mean_s", quotient(talk * 1_000, answered)),
        ("wait_mean_s", quotient(waited * 1_000, all)),
        ("hold_mean_s", quotient(0, answered)),
        ("participations", Some(answered)),
        ("first_time_calls", Some(0)),
        ("target_calls", Some(count(&|call| call.talk >= TALKED_S))),
    ]
}

/// The quantiles of the wait of some calls by nearest rank, in milliseconds.
pub fn waits<'a>(calls: impl Iterator<Item = &'a Call>) -> Vec<(&'static str, u64)> {
    let mut waits: Vec<u64> = calls.map(|call| call.wait * 1_000).collect();
    waits.sort_unstable();
    let levels = [("wait_p50_s", 50), ("wait_p90_s", 90), ("wait_p99_s", 99)];
    let rank = |percent: usize| (waits.len() * percent).div_ceil(100).max(1) - 1;
    levels
        .into_iter()
        .filter_map(|(column, percent)| Some((column, *waits.get(rank(percent))?)))
        .collect()
}

/// A quotient of whole numbers, half of one rounded up.
fn quotient(of: u64, by: u64) -> Option<u64> {
    (by > 0).then(|| (2 * of + by) / (2 * by))
}

/// Shares of ten thousand by the largest remainder.
///
/// # Panics
/// If there is nothing to share.
pub fn shares(counts: &[u64]) -> Vec<u64> {
    let all: u64 = counts.iter().sum();
    let mut shares: Vec<u64> = counts.iter().map(|count| count * 10_000 / all).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(counts[*place] * 10_000 % all));
    let left = 10_000 - shares.iter().sum::<u64>();
    for place in order.into_iter().take(left as usize) {
        shares[place] += 1;
    }
    shares
}
