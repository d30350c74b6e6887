//! What the fold tells: calls as they stand, what brought them, and calls that are no more.
//!
//! Of twins that were both told, which comes out when more is known of one, that of the PBX is taken back: at once with what
//! is told of the other, so that no crash comes in between.

use std::sync::MutexGuard;

use trunkline_model::time::Time;

use super::{Desk, Handle};
use crate::call::Call;
use crate::outbox::{Id, Notice};
use crate::source::{Cause, Said};
use crate::twins::Side;
use crate::webhook::Webhooks;
use crate::webhook::taken_back::Standing;

impl Handle {
    /// Tells of a call as it stands after the record at `offset`, which arrived `now`: what was told
    /// of it before is not told again. `other` gives another call of the account.
    pub fn tell(
        &self,
        account: &str,
        call: &Call,
        (offset, now): (u64, Time),
        other: impl FnMut(&str) -> Option<Call>,
    ) {
        let webhooks = self.shared.webhooks.load();
        let mut desk = self.desk();
        let side = webhooks.side(account, call);
        let twins = side
            .as_ref()
            .map(|side| desk.outbox.sides.twins(account, side));
        let told = (call, &*twins.unwrap_or_default());
        let notices = webhooks.notices(account, told, (offset, now), |id| desk.outbox.standing(id));
        let clock = self.now();
        let is_news = desk.put_all(notices, clock);
        let when = (offset, now, clock);
        let is_news = desk.meet(&webhooks, (account, side), is_news, when, other) | is_news;
        self.told(desk, is_news);
    }

    /// Tells what brought a call, those who do not know it yet; `now` is when the last record arrived. `other` gives
    /// another call of the account.
    pub fn tell_source(
        &self,
        account: &str,
        call: &Call,
        (cause, now): (Cause, Time),
        other: impl FnMut(&str) -> Option<Call>,
    ) {
        let webhooks = self.shared.webhooks.load();
        let mut desk = self.desk();
        let side = webhooks.side(account, call);
        let of_pbx = side.as_ref().filter(|side| !side.of_tracker);
        let trackers = of_pbx.map(|side| desk.outbox.sides.twins(account, side));
        let told = (call, &*trackers.unwrap_or_default());
        let sources = &desk.outbox.sources;
        let notices = webhooks.sources(account, told, (cause, now), |of| sources.said(of));
        let notices = notices
            .into_iter()
            .map(|(notice, of, said)| (notice, of, Some(said)));
        let clock = self.now();
        let is_news = desk.put_all(notices.collect(), clock);
        let when = (cause.offset, now, clock);
        let is_news = desk.meet(&webhooks, (account, side), is_news, when, other) | is_news;
        self.told(desk, is_news);
    }

    /// Says whether anybody was told anything of a call, as far as is remembered.
    pub fn was_told(&self, account: &str, call: &str) -> bool {
        let webhooks = self.shared.webhooks.load();
        let desk = self.desk();
        let mut notices = webhooks.about(account, call).into_iter();
        notices.any(|id| desk.outbox.standing(id) != Standing::Untold)
    }

    /// Tells those who were told of a call that it never was, for the record at `offset` took it back; `call` is it as it
    /// was. Gives the calls that are the same one, of which more is to be told now that this counts no more.
    pub fn tell_gone(&self, account: &str, call: &Call, offset: u64, now: Time) -> Vec<String> {
        let webhooks = self.shared.webhooks.load();
        let mut desk = self.desk();
        let notices = webhooks.taken_back(account, (call, None), (offset, now), |id| {
            desk.outbox.standing(id)
        });
        let is_news = desk.put_all(notices, self.now());
        let side = webhooks.side(account, call);
        let twins = side.map(|side| desk.outbox.sides.twins(account, &side));
        self.told(desk, is_news);
        twins.unwrap_or_default()
    }

    fn told(&self, mut desk: MutexGuard<'_, Desk>, is_news: bool) {
        if is_news {
            desk.is_written = false;
            drop(desk);
            self.shared.news.notify_one();
        }
    }
}

impl Desk {
    /// Takes notices, and what their receivers know then; says whether there are any.
    fn put_all(&mut self, notices: Vec<(Notice, Id, Option<Said>)>, now: Time) -> bool {
        let is_news = !notices.is_empty();
        for (notice, of, said) in notices {
            if let Some(said) = said {
                self.outbox.sources.note(of, said);
            }
            self.outbox.put(notice, now);
        }
        is_news
    }

    /// Keeps by what the twins of a call are found, if anything was told of it or of them, and takes back what was told of
    /// both, of the PBX's; says whether there was anything.
    fn meet(
        &mut self,
        webhooks: &Webhooks,
        (account, side): (&str, Option<Side>),
        is_news: bool,
        (offset, now, clock): (u64, Time, Time),
        mut other: impl FnMut(&str) -> Option<Call>,
    ) -> bool {
        let Some(side) = side else {
            return false;
        };
        let twins = self.outbox.sides.twins(account, &side);
        if !(is_news || !twins.is_empty() || self.outbox.sides.has(account, &side)) {
            return false;
        }
        let mut taken_back = false;
        for twin in twins {
            let (tracker, pbx) = if side.of_tracker {
                (side.call.as_str(), twin.as_str())
            } else {
                (twin.as_str(), side.call.as_str())
            };
            let standing = |id| self.outbox.standing(id);
            if !webhooks.are_both_told(account, (tracker, pbx), standing) {
                continue;
            }
            let Some(call) = other(pbx) else {
                continue;
            };
            let told = (&call, Some(tracker));
            let notices = webhooks.taken_back(account, told, (offset, now), standing);
            taken_back |= self.put_all(notices, clock);
        }
        self.outbox.sides.note(account, side);
        taken_back
    }
}
