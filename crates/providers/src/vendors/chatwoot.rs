//! Chatwoot: web hooks of an account, of an API inbox or of a bot.
//!
//! Source: providers.md M-CW; of Chatwoot's own code the listeners that send these requests, the
//! models' `webhook_data` and the rule of what is a person's reply (`human_response?`).

mod change;
mod parse;
mod verify;

use trunkline_model::event::Integrity;

use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Chatwoot;

static GUIDE: Guide = Guide {
    name: "chatwoot",
    title: "Chatwoot",
    talk: Talk::Conversations,
    secret: "the web hook's secret, shown when it is added; for a version that signs nothing a long \
             random word that you make up",
    steps: &[
        "in Chatwoot open Settings > Integrations > Webhooks and add {url}",
        "tick Message created, Conversation status changed and Conversation updated",
        "put the secret it shows into account.hook.secrets",
        "where it shows none, that version signs nothing: put a word of your own into \
         account.hook.secrets and use the address {url}?token=THE-WORD",
    ],
    integrity: "the body is signed with the time: verified; older than 5 minutes is refused. Without a \
                signature the word in the address lets in, and the events are weak",
    retries: "sends once: what is not answered within 5 seconds is lost",
    replies: Replies::Echoes,
    notes: &[
        "replies come from Chatwoot: every outgoing message says who sent it, a person (`user`) or a bot",
        "what an automation rule sends is the system's, what belongs to a campaign is a campaign's, and \
         greetings and surveys (`template`) are the system's: none stops a clock",
        "what was written in the WhatsApp or Instagram app itself (`external_echo`) is a reply of \
         default_manager",
        "a private note is kept as a note; it stops no clock",
        "pending to open is the bot's hand-over; Chatwoot does not say who resolved a conversation",
        "all inboxes of the account come through one hook, as one channel: for one each, add the hook \
         to API inboxes",
    ],
    cycle_gap: None,
};

impl Provider for Chatwoot {
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
