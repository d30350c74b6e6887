//! Timelines read back from ClickHouse, for conversations that have shrunk and of which something
//! late came, and the conversations that a retraction concerns.
//!
//! ```text
//! worker ── Question ──> ReadBack ──> ClickHouse
//!   ^                        │
//!   └─────── Answer ─────────┘
//! ```
//! Questions are asked again until ClickHouse answers. An answer counts only if ClickHouse holds, after
//! it was read, all that the account has let go of: rows that were lost must not pass for rows that
//! never were.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::TrySendError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use trunkline_model::time::Time;
use trunkline_rollup::account::{Sought, Timeline, Timelines, Wanted};
use trunkline_warehouse::{Client, Fault, Writer, read};

use crate::crew::Questions;
use crate::metrics;

/// Questions that may wait; a worker keeps what does not fit.
pub(crate) const QUESTIONS: usize = 64;
/// Conversations or ids of one query, and bytes of their ids as they are sent: ClickHouse refuses a
/// parameter of more than 128 KiB.
const AT_ONCE: usize = 1000;
const BYTES: usize = 96 * 1024;
/// The pauses between tries while ClickHouse is away: doubled up to the longest.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LONGEST: Duration = Duration::from_secs(5);
/// How long until a worker is tried again that has answers enough.
const FULL: Duration = Duration::from_millis(2);

/// What a worker asks.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) worker: usize,
    pub(crate) account: Arc<str>,
    /// ClickHouse must hold all rows changed by records below this offset.
    pub(crate) needs: u64,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) sought: Vec<Sought>,
}

/// What it is answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) account: Arc<str>,
    pub(crate) timelines: Vec<(Wanted, Timeline)>,
    pub(crate) found: Vec<(Sought, Vec<(String, String)>)>,
}

/// ClickHouse's codes for a table or a database that is not there.
const NOT_THERE: [u32; 2] = [60, 81];

/// The task.
pub(crate) struct ReadBack {
    pub(crate) client: Client,
    pub(crate) journal: u64,
    /// Whether the journal is there from its beginning: what was lost can be made again.
    pub(crate) from_beginning: bool,
    pub(crate) questions: Questions,
    /// Told when ClickHouse has lost what is needed.
    pub(crate) lost: CancellationToken,
}

/// What ClickHouse holds of what is needed.
enum Held {
    All,
    NotAll,
    Unknown,
}

impl ReadBack {
    /// Answers questions until the token is cancelled.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let question = tokio::select! {
                () = stop.cancelled() => return,
                question = self.questions.questions.recv() => question,
            };
            let Some(question) = question else { return };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.answer(question) => {}
            }
        }
    }

    async fn answer(&self, question: Question) {
        let Question {
            worker,
            account,
            needs,
            mut wanted,
            sought,
        } = question;
        let answer = |timelines, found| Answer {
            account: Arc::clone(&account),
            timelines,
            found,
        };
        for sought in sought {
            let mut found = Vec::new();
            for (ids, is_runs) in [(&sought.events, false), (&sought.runs, true)] {
                let find = |ids: &[String]| self.find(&account, ids.to_vec(), is_runs);
                found.extend(
                    self.all(needs, ids, String::len, find)
                        .await
                        .into_iter()
                        .flatten(),
                );
            }
            self.tell(worker, answer(Vec::new(), vec![(sought, found)]))
                .await;
        }
        // Neighbours in time lie together in ClickHouse.
        wanted.sort_by_key(|wanted| wanted.from);
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(AT_ONCE.min(rest.len()));
            rest = others;
            let read = |group: &[Wanted]| self.read(&account, group.to_vec());
            let bytes = |wanted: &Wanted| wanted.conversation.len();
            let groups = self.all(needs, some, bytes, read).await;
            metrics::read_back(some.len());
            let timelines = groups.into_iter().flatten();
            self.tell(worker, answer(timelines.collect(), Vec::new()))
                .await;
        }
    }

    /// Asks for all items, as many at a time as fit into a query and as ClickHouse can take.
    async fn all<I, T, F: Future<Output = Result<T, Fault>>>(
        &self,
        needs: u64,
        items: &[I],
        bytes: impl Fn(&I) -> usize,
        mut ask: impl FnMut(&[I]) -> F,
    ) -> Vec<T> {
        let (mut rest, mut most, mut pause) = (items, AT_ONCE, RETRY_FIRST);
        let mut answers = Vec::new();
        while !rest.is_empty() {
            let (group, others) = rest.split_at(group_of(rest, most, &bytes));
            match self.certain(needs, ask(group)).await {
                Ok(answer) => {
                    answers.push(answer);
                    rest = others;
                    continue;
                }
                Err(Some(fault)) => {
                    metrics::read_back_failed(fault.word());
                    tracing::warn!(fault = fault.word(), reason = %fault, conversations = group.len(),
                        "what late events need could not be read back; it is tried again");
                    if !matches!(fault, Fault::Unreachable(_)) {
                        most = (most / 2).max(1);
                    }
                }
                Err(None) => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_LONGEST);
        }
        answers
    }

    /// Gives an answer if ClickHouse holds, after it, what is needed; without a fault otherwise.
    async fn certain<T>(
        &self,
        needs: u64,
        answer: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Option<Fault>> {
        let answer = answer.await;
        match self.held(needs).await {
            Held::NotAll if self.from_beginning => {
                self.lost.cancel();
                Err(None)
            }
            // If not all of it, then what is there is all there will ever be.
            Held::All | Held::NotAll => answer.map_err(Some),
            Held::Unknown => Err(answer.err()),
        }
    }

    async fn held(&self, needs: u64) -> Held {
        let writer = Writer::new(self.client.clone());
        match writer.watermark().await {
            Ok(Some(held)) if held.journal == self.journal && held.flushed >= needs => Held::All,
            Ok(_) => Held::NotAll,
            Err(fault) if fault.code().is_some_and(|code| NOT_THERE.contains(&code)) => {
                Held::NotAll
            }
            Err(_) => Held::Unknown,
        }
    }

    async fn read(
        &self,
        account: &str,
        group: Vec<Wanted>,
    ) -> Result<Vec<(Wanted, Timeline)>, Fault> {
        let ids = group.iter().map(|wanted| wanted.conversation.clone());
        let from = group.iter().map(|wanted| wanted.from).min();
        let until = group.iter().map(|wanted| wanted.until).max();
        let all = read::Wanted {
            account: account.to_owned(),
            conversations: ids.collect(),
            from: from.unwrap_or(Time::MAX),
            until: until.unwrap_or(Time::MIN),
        };
        let mut timelines = Timelines::default();
        if all.from <= all.until {
            read::timelines(&self.client, &all, &mut timelines).await?;
        }
        let timelines = group.into_iter().map(|wanted| {
            let timeline = timelines.take(&wanted.channel, &wanted.conversation);
            (wanted, timeline)
        });
        Ok(timelines.collect())
    }

    async fn find(
        &self,
        account: &str,
        ids: Vec<String>,
        is_runs: bool,
    ) -> Result<Vec<(String, String)>, Fault> {
        let (events, runs) = if is_runs {
            (vec![], ids)
        } else {
            (ids, vec![])
        };
        read::conversations_with(&self.client, account, &events, &runs).await
    }

    async fn tell(&self, worker: usize, mut answer: Answer) {
        while let Err(TrySendError::Full(back)) = self.questions.answers[worker].try_send(answer) {
            answer = back;
            sleep(FULL).await;
        }
    }
}

/// Counts how many items fit into one query: one at least. An id may be sent in up to twice its
/// bytes, with quotes and a comma.
fn group_of<I>(items: &[I], most: usize, bytes: impl Fn(&I) -> usize) -> usize {
    let mut sent = 0;
    let fit = items.iter().take(most).take_while(|item| {
        sent += 2 * bytes(item) + 3;
        sent <= BYTES
    });
    fit.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_query_names_more_than_clickhouse_takes_and_each_names_something() {
        let ids = |length: usize, count: usize| vec!["x".repeat(length); count];
        let group = |ids: &[String]| group_of(ids, AT_ONCE, String::len);
        assert_eq!(group(&ids(10, 5_000)), AT_ONCE);
        let long = group(&ids(194, 1_000));
        assert!((200..1_000).contains(&long), "{long}");
        assert!(long * (2 * 194 + 3) <= 128 * 1024);
        assert_eq!(group(&ids(1 << 20, 3)), 1);
        assert_eq!(group_of(&ids(10, 50), 7, String::len), 7);
    }
}
