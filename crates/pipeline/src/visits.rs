//! What the doors of visits ask of an account's worker: which number to show, and whether a visit lives.

use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use tokio::sync::oneshot;
use tokio::time::timeout;
use trunkline_model::time::Time;

use crate::handle::{Handle, Receipt, Submission, SubmitError};
use crate::worker::Work;

/// How long a page waits for the fold: half of what it waits in all, for the disk comes after it.
const DECIDE_WITHIN: Duration = Duration::from_secs(1);

/// The fold is behind the journal, so it does not know which visits live and which numbers are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the fold is behind: it does not know yet which visits live")]
pub struct Behind;

/// A page asks which number to show.
#[derive(Clone, Debug)]
pub struct VisitAsk {
    /// The site's key.
    pub site: Arc<str>,
    /// The pool of its numbers; none if it shows none.
    pub pool: Option<Arc<str>>,
    /// Who looks at it.
    pub visitor: CompactString,
    /// The id of the visit if it is a new one.
    pub visit: CompactString,
    /// Now.
    pub now: Time,
}

/// What to show: held for the visit from here on, durable once its event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The visit: the visitor's own that lives, or the new one.
    pub visit: CompactString,
    /// The number in E.164; none if there is none to show.
    pub number: Option<CompactString>,
    /// Whether the number is the visit's alone.
    pub served: bool,
    /// Until when it is, if nothing more is heard of the visit.
    pub expires_at: Time,
}

/// A visit that lives, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who looks at the site.
    pub visitor: CompactString,
    /// What it has, with the time until which it has it now.
    pub decision: Decision,
}

/// A sign of life of a visit, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Another page.
    Page,
    /// Somebody is still there.
    Beat,
    /// The number is given back.
    End,
}

/// What a worker is asked for a page.
pub(crate) enum Asked {
    /// Which number it is to show.
    Decide(VisitAsk, oneshot::Sender<Decision>),
    /// What a sign of life of a visit comes to, if it lives.
    Sign {
        visit: CompactString,
        sign: Sign,
        now: Time,
        reply: oneshot::Sender<Option<Signed>>,
    },
    /// To take back what it decided on a new visit.
    TakeBack(CompactString),
}

/// What was decided for a page. Unless it is submitted it is taken back when this is dropped, also if whoever asked has
/// gone away: a number is never held for nobody.
#[derive(Debug)]
pub struct Held {
    handle: Handle,
    account: Arc<str>,
    /// The new visit that was proposed; none once its event is on its way.
    visit: Option<CompactString>,
}

impl Held {
    /// Makes the decision's event durable and observed.
    pub async fn submit(mut self, submission: Submission) -> Result<Receipt, SubmitError> {
        let events = submission.events.len() as u32;
        let waiting = self.handle.send(submission).await?;
        self.visit = None;
        self.handle.received(events, waiting).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some((visit, crew)) = self.visit.take().zip(self.handle.shared.crew.get()) {
            // A worker that cannot take it now keeps the number for a hold.
            let asked = Asked::TakeBack(visit);
            let account = Arc::clone(&self.account);
            let _ = crew.ask(&self.account, Work::Visit { account, asked });
        }
    }
}

impl Handle {
    /// Decides which number a page is to show, and holds it for its visit.
    pub async fn decide(
        &self,
        account: &Arc<str>,
        ask: VisitAsk,
    ) -> Result<(Decision, Held), Behind> {
        let held = Held {
            handle: self.clone(),
            account: Arc::clone(account),
            visit: Some(ask.visit.clone()),
        };
        let decided = self.ask_worker(account, |reply| Asked::Decide(ask, reply));
        Ok((decided.await?, held))
    }

    /// Says what a sign of life of a visit comes to; none if the visit does not live.
    pub async fn sign(
        &self,
        account: &Arc<str>,
        visit: &str,
        sign: Sign,
        now: Time,
    ) -> Result<Option<Signed>, Behind> {
        let visit = visit.into();
        let asked = |reply| Asked::Sign {
            visit,
            sign,
            now,
            reply,
        };
        self.ask_worker(account, asked).await
    }

    async fn ask_worker<T>(
        &self,
        account: &Arc<str>,
        asked: impl FnOnce(oneshot::Sender<T>) -> Asked,
    ) -> Result<T, Behind> {
        let crew = self.shared.crew.get().ok_or(Behind)?;
        let (reply, answer) = oneshot::channel();
        let work = Work::Visit {
            account: Arc::clone(account),
            asked: asked(reply),
        };
        if !crew.ask(account, work) {
            return Err(Behind);
        }
        let answer = timeout(DECIDE_WITHIN, answer).await;
        answer.ok().and_then(Result::ok).ok_or(Behind)
    }
}
