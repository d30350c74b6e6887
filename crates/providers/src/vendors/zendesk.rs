//! Zendesk messaging: webhooks of Sunshine Conversations, version 2.
//!
//! Source: providers.md M-ZS; of public code the sources of messages (`zd:agentWorkspace`,
//! `zd:answerBot`), `__zendesk_msg.agent.id` in a message's metadata, and the switchboard's events.

mod control;
mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Zendesk;

static GUIDE: Guide = Guide {
    name: "zendesk",
    title: "Zendesk messaging (Sunshine Conversations)",
    talk: Talk::Conversations,
    secret: "the shared secret of the webhook, which Zendesk shows when it is made (`X-API-Key`)",
    steps: &[
        "in Admin Center > Apps and integrations > Conversations API make a Conversations integration",
        "give it the webhook address {url}, version 2, with the triggers conversation:message, \
         switchboard:passControl and switchboard:releaseControl, and all of a message's source and \
         metadata",
        "put the shared secret it shows into account.hook.secrets",
    ],
    integrity: "nothing is signed: each request carries the secret itself, so that its events are weak",
    retries: "repeats 5 times within about 15 minutes",
    replies: Replies::Echoes,
    notes: &[
        "replies come from Zendesk: what is written in the workspace names who wrote it; what a trigger \
         sends is the system's, what the answer bot or another program sends is a bot's",
        "a conversation that is passed to the workspace is handed over; a ticket that is closed closes it",
        "of a message to a contact Zendesk does not always say to whom: its contact is then \
         `conversation:ID`",
    ],
    cycle_gap: None,
};

impl Provider for Zendesk {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        verify::verify(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn sign(&self, secret: &str, request: &Request<'_>) -> Vec<(&'static str, String)> {
        verify::sign(secret, request)
    }
}

#[cfg(test)]
mod tests;
