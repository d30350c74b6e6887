//! Notices that take back what was told: of a call that was taken back as a whole, and of that of twins which does not count.
//!
//! It goes to who was told, whatever his `where` says, as all corrections. A call that stands again is told again.

use trunkline_model::settings::WebhookEvent;
use trunkline_model::time::Time;

use super::{Telling, Webhook, Webhooks, id};
use crate::call::Call;
use crate::outbox::{Id, Notice};
use crate::source::{self, OF_TWIN, STANDS, Said, TAKEN_BACK};
use crate::wanted;

/// What a receiver knows of a call, by what he was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// He was told nothing.
    Untold,
    /// He was told of it; what last, if that is kept.
    Told(Option<Said>),
    /// What he was told was taken back.
    TakenBack(Said),
}

impl Standing {
    /// Says whether he takes what he was told to be so.
    pub(crate) fn holds(self) -> bool {
        matches!(self, Self::Told(_))
    }

    /// Gives the least revision of what is told next.
    pub(crate) fn next_revision(self) -> u64 {
        match self {
            Self::Untold | Self::Told(None) => 0,
            Self::Told(Some(said)) | Self::TakenBack(said) => said.revision + 1,
        }
    }
}

impl Webhooks {
    /// Lists what the notices about a call are known by.
    pub(crate) fn about(&self, account: &str, call: &str) -> Vec<Id> {
        let all = self.of(account).iter();
        let notices = all.flat_map(|webhook| webhook.about(call).map(|(_, id)| id));
        notices.collect()
    }

    /// Says whether a receiver takes both of twins for calls that he was told of, in words of one kind.
    pub(crate) fn are_both_told(
        &self,
        account: &str,
        (tracker, pbx): (&str, &str),
        standing: impl Fn(Id) -> Standing,
    ) -> bool {
        let mut all = self.of(account).iter();
        all.any(|webhook| {
            let mut pairs = webhook.about(tracker).zip(webhook.about(pbx));
            pairs.any(|((_, one), (_, other))| standing(one).holds() && standing(other).holds())
        })
    }

    /// Makes the notices that take back what was told of a call, because of the record at `offset`, `now` being when
    /// the last arrived: all, or what was told of its `twin` too. Each with what its receiver knows then.
    pub(crate) fn taken_back(
        &self,
        account: &str,
        (call, twin): (&Call, Option<&str>),
        (offset, now): (u64, Time),
        standing: impl Fn(Id) -> Standing,
    ) -> Vec<(Notice, Id, Option<Said>)> {
        let Some(own) = self.0.get(account) else {
            return Vec::new();
        };
        if !wanted::is_remembered(call, now) {
            return Vec::new();
        }
        let digest = twin.map_or(TAKEN_BACK, |_| OF_TWIN);
        let named = own.named(call.clone());
        let mut notices = Vec::new();
        for webhook in &own.webhooks {
            for (kind, of) in webhook.about(&call.call) {
                let before = standing(of);
                let counts = |twin: &str| standing(id(&webhook.address, kind, twin)).holds();
                if !before.holds() || !twin.is_none_or(counts) {
                    continue;
                }
                let revision = before.next_revision().max(offset);
                let telling = Telling {
                    kind,
                    id: source::id(of, digest, Some(offset)),
                    at: now,
                    revision,
                    corrected: true,
                    retracted: true,
                    twin: twin.map(str::to_owned),
                };
                let said = Said {
                    digest,
                    revision,
                    at: now.0,
                };
                let notice = webhook.notice(&telling, &named, offset);
                notices.extend(notice.map(|notice| (notice, of, Some(said))));
            }
        }
        notices
    }
}

impl Webhook {
    /// Lists the kinds of notices that it wants, and what those about a call are known by.
    fn about(&self, call: &str) -> impl Iterator<Item = (WebhookEvent, Id)> {
        let kinds = self.events.iter();
        kinds.map(move |&kind| (kind, id(&self.address, kind, call)))
    }

    /// Makes a notice about a call of which nothing was told, or that was taken back and stands again; with what its receiver
    /// knows then, where that is to be kept. None if he is not to be told of it.
    pub(super) fn stands(
        &self,
        kind: WebhookEvent,
        call: &Call,
        (offset, now): (u64, Time),
        before: Standing,
    ) -> Option<(Notice, Id, Option<Said>)> {
        let of = id(&self.address, kind, &call.call);
        let corrected = matches!(before, Standing::TakenBack(_));
        let revision = before.next_revision().max(offset);
        let telling = Telling {
            kind,
            id: if corrected {
                source::id(of, STANDS, Some(offset))
            } else {
                of
            },
            at: now,
            revision,
            corrected,
            retracted: false,
            twin: None,
        };
        let said = corrected.then_some(Said {
            digest: STANDS,
            revision,
            at: now.0,
        });
        let notice = self.notice(&telling, call, offset)?;
        Some((notice, of, said))
    }
}
