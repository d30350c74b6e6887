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
/// Conversations, and bytes of their ids, of one query.
const CONVERSATIONS: usize = 1000;
const BYTES: usize = 128 * 1024;
/// Ids of events of one query.
const EVENTS: usize = 500;
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

/// The task.
pub(crate) struct ReadBack {
    pub(crate) client: Client,
    pub(crate) journal: u64,
    pub(crate) questions: Questions,
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
            let found = self.certain(needs, || self.find(&account, &sought)).await;
            self.tell(worker, answer(Vec::new(), vec![(sought, found)]))
                .await;
        }
        // Neighbours in time lie together in ClickHouse.
        wanted.sort_by_key(|wanted| wanted.from);
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let (group, others) = rest.split_at(group_of(rest));
            rest = others;
            let mut timelines = self.certain(needs, || self.read(&account, group)).await;
            metrics::read_back(group.len());
            let timelines = group.iter().map(|wanted| {
                let timeline = timelines.take(&wanted.channel, &wanted.conversation);
                (wanted.clone(), timeline)
            });
            self.tell(worker, answer(timelines.collect(), Vec::new()))
                .await;
        }
    }

    /// Reads until ClickHouse answers and holds what is needed.
    async fn certain<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        needs: u64,
        mut read: impl FnMut() -> F,
    ) -> T {
        let writer = Writer::new(self.client.clone());
        let mut pause = RETRY_FIRST;
        loop {
            if let Ok(rows) = read().await
                && let Ok(Some(held)) = writer.watermark().await
                && held.journal == self.journal
                && held.flushed >= needs
            {
                return rows;
            }
            sleep(pause).await;
            pause = (pause * 2).min(RETRY_LONGEST);
        }
    }

    async fn read(&self, account: &str, group: &[Wanted]) -> Result<Timelines, Fault> {
        let ids = group.iter().map(|wanted| wanted.conversation.clone());
        let from = group.iter().map(|wanted| wanted.from).min();
        let until = group.iter().map(|wanted| wanted.until).max();
        let wanted = read::Wanted {
            account: account.to_owned(),
            conversations: ids.collect(),
            from: from.unwrap_or(Time::MAX),
            until: until.unwrap_or(Time::MIN),
        };
        let mut timelines = Timelines::default();
        if wanted.from <= wanted.until {
            read::timelines(&self.client, &wanted, &mut timelines).await?;
        }
        Ok(timelines)
    }

    async fn find(&self, account: &str, sought: &Sought) -> Result<Vec<(String, String)>, Fault> {
        let client = &self.client;
        let mut found = Vec::new();
        for events in sought.events.chunks(EVENTS) {
            found.extend(read::conversations_with(client, account, events, &[]).await?);
        }
        for runs in sought.runs.chunks(EVENTS) {
            found.extend(read::conversations_with(client, account, &[], runs).await?);
        }
        Ok(found)
    }

    async fn tell(&self, worker: usize, mut answer: Answer) {
        while let Err(TrySendError::Full(back)) = self.questions.answers[worker].try_send(answer) {
            answer = back;
            sleep(FULL).await;
        }
    }
}

/// Counts how many of them fit into one query: one at least.
fn group_of(wanted: &[Wanted]) -> usize {
    let mut bytes = 0;
    let fit = wanted.iter().take(CONVERSATIONS).take_while(|wanted| {
        bytes += wanted.conversation.len();
        bytes <= BYTES
    });
    fit.count().max(1)
}
