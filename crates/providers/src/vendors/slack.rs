//! Slack: the Events API.
//!
//! Source: providers.md M-SL; `is_ext_shared_channel` as public code reads it; `user_team` is recalled.

mod parse;
mod verify;

use serde_json::Value;
use trunkline_model::event::Integrity;

use crate::{Answer, Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct Slack;

static GUIDE: Guide = Guide {
    name: "slack",
    title: "Slack",
    talk: Talk::Conversations,
    secret: "the signing secret of the app: api.slack.com > your app > Basic Information",
    steps: &[
        "put the app's signing secret into account.hook.secrets first: Slack tries the address at once",
        "in the app's Event Subscriptions set the request address {url}",
        "subscribe to message.channels, message.groups and message.im as needed, and invite the app to \
         the channels",
    ],
    integrity: "the whole body is signed with the time: verified; older than 5 minutes is refused",
    retries: "repeats 3 times: at once, after a minute, after 5; wants an answer within 3 seconds",
    replies: Replies::Echoes,
    notes: &[
        "a conversation is a thread: `CHANNEL:TIME`, of a message without a thread its own time; direct \
         messages are one conversation",
        "in a channel shared with another company (Slack Connect) its people are contacts and yours are \
         managers",
        "in a channel of your own who begins a thread is the contact, and who else answers in it is a \
         manager",
        "replies come from Slack; a bot's message is a bot's, Slackbot's is the system's",
    ],
    cycle_gap: None,
};

impl Provider for Slack {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    /// The address is tried with a challenge, which is signed like everything else.
    fn greeting(&self, hook: &Hook, request: &Request<'_>) -> Result<Option<Answer>, Refused> {
        let body = serde_json::from_slice::<Value>(request.body).unwrap_or_default();
        if body["type"] != "url_verification" {
            return Ok(None);
        }
        verify::verify(hook, request)?;
        let challenge = body["challenge"].as_str().unwrap_or_default();
        Ok(Some(Answer::text(challenge)))
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
