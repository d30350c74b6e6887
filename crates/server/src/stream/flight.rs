//! What is under way: frames that were sent and not yet acknowledged, and what was refused.

use std::collections::VecDeque;

use anyhow::{Result, anyhow};
use serde::Deserialize;

use super::connect::Failure;
use super::{Frame, Sent, Source};

/// Frames whose rows are remembered after their acknowledgement, for a refusal that comes late.
const REMEMBERED: usize = 1_024;

/// One event that the service refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject {
    /// Where it came from, if that is still known.
    pub(crate) row: Option<u64>,
    /// The service's code.
    pub(crate) code: String,
    /// What it said besides.
    pub(crate) detail: String,
}

/// The frames of a stream, across its connections.
pub(super) struct Flight<'p> {
    named: bool,
    began: bool,
    progress: &'p dyn Fn(&Frame),
    /// Acknowledged frames of all connections.
    acked: u64,
    /// What the service's count of this connection lacks: a stream without a name counts anew.
    base: u64,
    /// The source has no more.
    ended: bool,
    /// Frames `acked + 1` to the last that came from the source.
    waiting: VecDeque<Frame>,
    /// How many of `waiting` were sent over this connection.
    sent_here: usize,
    /// Rows of the last acknowledged frames, up to frame `acked`.
    before: VecDeque<Vec<u64>>,
    sent: Sent,
}

/// What the service says after its hello.
#[derive(Deserialize)]
struct Told {
    ack: Option<u64>,
    reject: Option<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    frame: u64,
    /// None where the whole frame is refused.
    index: Option<usize>,
    code: String,
    #[serde(default)]
    detail: String,
}

impl<'p> Flight<'p> {
    pub(super) fn new(named: bool, progress: &'p dyn Fn(&Frame)) -> Self {
        Self {
            named,
            began: false,
            progress,
            acked: 0,
            base: 0,
            ended: false,
            waiting: VecDeque::new(),
            sent_here: 0,
            before: VecDeque::new(),
            sent: Sent::default(),
        }
    }

    /// Says whether there ever was a connection.
    pub(super) fn began(&self) -> bool {
        self.began
    }

    pub(super) fn acked(&self) -> u64 {
        self.acked
    }

    /// Counts the frames that were sent and wait for an acknowledgement.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Says whether the service has everything there is.
    pub(super) fn finished(&self) -> bool {
        self.ended && self.waiting.is_empty()
    }

    pub(super) fn sent(self) -> Sent {
        self.sent
    }

    /// Begins a connection at whose start the service has `acked` frames.
    pub(super) fn begin(&mut self, acked: u64) -> Result<(), Failure> {
        self.began = true;
        self.sent_here = 0;
        if !self.named {
            self.base = self.acked;
            return Ok(());
        }
        if acked < self.acked {
            return Err(Failure::Final(anyhow!(
                "the service acknowledged frame {} and now knows only {acked}: is it another one, \
                 or an older copy? Run the same command again",
                self.acked
            )));
        }
        self.acknowledge(acked);
        Ok(())
    }

    /// Gives the next frame to send over this connection, none when all were sent.
    pub(super) fn next(&mut self, source: &mut dyn Source) -> Result<Option<Frame>> {
        while self.sent_here == self.waiting.len() {
            let Some(frame) = source.next()? else {
                self.ended = true;
                return Ok(None);
            };
            if self.sent.had < self.ahead() {
                self.sent.had += 1;
                (self.progress)(&frame);
                continue;
            }
            self.waiting.push_back(frame);
        }
        let frame = self.waiting[self.sent_here].clone();
        self.sent_here += 1;
        Ok(Some(frame))
    }

    /// Counts the frames that the service had before this run sent one.
    fn ahead(&self) -> u64 {
        self.acked - self.sent.frames
    }

    /// Takes a word of the service.
    pub(super) fn told(&mut self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        let told: Told = serde_json::from_str(text)
            .map_err(|_| Failure::Final(anyhow!("the service says what is not known: {text}")))?;
        if let Some(ack) = told.ack {
            self.acknowledge(self.base + ack);
        }
        if let Some(refused) = told.reject {
            self.refuse(&refused);
        }
        Ok(())
    }

    fn acknowledge(&mut self, upto: u64) {
        while self.acked < upto {
            self.acked += 1;
            let Some(frame) = self.waiting.pop_front() else {
                // The service had these before: the source brings them yet.
                self.acked = upto;
                self.before.clear();
                return;
            };
            self.sent_here = self.sent_here.saturating_sub(1);
            self.sent.frames += 1;
            self.sent.events += frame.rows.len() as u64;
            (self.progress)(&frame);
            self.before.push_back(frame.rows);
            if self.before.len() > REMEMBERED {
                self.before.pop_front();
            }
        }
    }

    fn refuse(&mut self, refused: &Refused) {
        let rows = self.rows(self.base + refused.frame);
        let rows: Vec<Option<u64>> = match (rows, refused.index) {
            (Some(rows), None) => rows.iter().copied().map(Some).collect(),
            (Some(rows), Some(index)) => vec![rows.get(index).copied()],
            (None, _) => vec![None],
        };
        let rejects = rows.into_iter().map(|row| Reject {
            row,
            code: refused.code.clone(),
            detail: refused.detail.clone(),
        });
        self.sent.rejects.extend(rejects);
    }

    /// Gives the rows of a frame, while they are remembered.
    fn rows(&self, frame: u64) -> Option<&[u64]> {
        let place = |distance: u64| usize::try_from(distance).ok();
        if frame > self.acked {
            let frame = self.waiting.get(place(frame - self.acked - 1)?)?;
            return Some(&frame.rows);
        }
        let back = place(self.acked - frame)? + 1;
        let rows = self.before.get(self.before.len().checked_sub(back)?)?;
        Some(rows)
    }
}
