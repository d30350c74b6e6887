//! Rows as text, to be compared and shown.

use std::fmt::{Debug, Write};

use trunkline_calltracking::{Attribution, AttributionFact, Candidate, Source, VisitFact};
use trunkline_rollup::facts::{
    CallFact, ConversationFact, FormFact, IdentityFact, LeadFact, MessageFact, OFFSET, SpendFact,
    TagFact, TouchFact,
};
use xxhash_rust::xxh3::xxh3_128;

/// A row as text: what it is of, and what it says.
pub(super) struct Line {
    pub(super) of: String,
    pub(super) says: String,
    pub(super) version: u64,
}

impl Line {
    pub(super) fn message(fact: &MessageFact<'_>) -> Self {
        let of = format!(
            "message {}/{}/{}/{}",
            fact.account, fact.channel, fact.conversation, fact.message
        );
        let mut says = format!(
            "at {} author {} manager {:?} contact {:?} kind {} chars {:?} assignee {:?} \
             expects_reply {} integrity {} run {:?} received_at {}",
            fact.at,
            fact.author,
            fact.manager,
            fact.contact,
            fact.kind,
            fact.chars,
            fact.assignee,
            fact.expects_reply,
            fact.integrity,
            fact.run,
            fact.received_at,
        );
        let _ = write!(says, " within {:b}", fact.within.0);
        for (name, samples) in [("samples", fact.samples), ("business", fact.business)] {
            // Writing to a string cannot fail.
            let _ = write!(says, " {name} {:?}", samples.all());
        }
        Self {
            of,
            says,
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn conversation(fact: &ConversationFact<'_>) -> Self {
        let of = format!(
            "conversation {}/{}/{}",
            fact.account, fact.channel, fact.conversation
        );
        let says = format!(
            "contact {:?} first_at {} last_at {} assignee {:?} last_manager {:?} pending_at {:?} \
             unserved_at {:?} cycles {:?}",
            fact.contact,
            fact.first_at,
            fact.last_at,
            fact.assignee,
            fact.last_manager,
            fact.pending_at,
            fact.unserved_at,
            fact.cycles,
        );
        Self {
            of,
            says,
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn call(fact: &CallFact<'_>) -> Self {
        let says = CallFact {
            version: 0,
            ..fact.clone()
        };
        Self::whole(
            format!("call {}/{}", fact.account, fact.call),
            &says,
            fact.version,
        )
    }

    pub(super) fn lead(fact: &LeadFact<'_>) -> Self {
        let says = LeadFact {
            version: 0,
            ..fact.clone()
        };
        Self::whole(
            format!("lead {}/{}", fact.account, fact.lead),
            &says,
            fact.version,
        )
    }

    pub(super) fn form(fact: &FormFact<'_>) -> Self {
        let says = FormFact {
            version: 0,
            ..*fact
        };
        Self::whole(
            format!("form {}/{}/{}", fact.account, fact.form, fact.at),
            &says,
            fact.version,
        )
    }

    pub(super) fn spend(fact: &SpendFact<'_>) -> Self {
        let says = SpendFact {
            version: 0,
            ..*fact
        };
        Self::whole(
            format!("spend {}/{}/{:?}", fact.account, fact.day, fact.tags),
            &says,
            fact.version,
        )
    }

    pub(super) fn touch(fact: &TouchFact<'_>) -> Self {
        let says = TouchFact {
            version: 0,
            ..*fact
        };
        let of = [fact.account, fact.channel, fact.conversation, fact.message].join("/");
        Self::whole(format!("touch {of}"), &says, fact.version)
    }

    pub(super) fn tag(fact: &TagFact<'_>) -> Self {
        let says = TagFact {
            version: 0,
            ..*fact
        };
        let of = [fact.account, fact.contact, fact.tag, fact.id].join("/");
        let of = format!("tag {of} {} {}", fact.at, fact.tagged);
        Self::whole(of, &says, fact.version)
    }

    pub(super) fn visit(fact: &VisitFact<'_>) -> Self {
        let says = VisitFact {
            version: 0,
            ..fact.clone()
        };
        Self::whole(
            format!("visit {}/{}", fact.account, fact.visit),
            &says,
            fact.version,
        )
    }

    /// By which way the source became known is not kept of an attribution.
    pub(super) fn attribution(fact: &AttributionFact<'_>) -> Self {
        let kept = |one: &Candidate| Candidate {
            source: Source {
                origin: None,
                ..one.source.clone()
            },
            ..one.clone()
        };
        let attribution = Attribution {
            candidates: fact.attribution.candidates.iter().map(kept).collect(),
            ..fact.attribution.clone()
        };
        let says = AttributionFact {
            attribution: &attribution,
            version: 0,
            ..fact.clone()
        };
        Self::whole(
            format!("attribution {}/{}", fact.account, fact.call),
            &says,
            fact.version,
        )
    }

    /// Makes that of a row of which all is said; versions are compared by themselves.
    fn whole(of: String, says: &impl Debug, version: u64) -> Self {
        Self {
            of,
            says: format!("{says:?}"),
            version: version & OFFSET,
        }
    }

    pub(super) fn identity(fact: &IdentityFact<'_>) -> Self {
        let of = format!(
            "identity {}/{}/{}/{}",
            fact.account, fact.kind, fact.channel, fact.identity
        );
        Self {
            of,
            says: format!("contact {:?}", fact.contact),
            version: fact.version & OFFSET,
        }
    }

    pub(super) fn key(&self) -> u128 {
        xxh3_128(self.of.as_bytes())
    }
}
