//! Kommo and amoCRM, webhooks of the account: leads, contacts, talks and messages of all channels.
//!
//! Source: providers.md M-KW and the names of fields in public code that reads these webhooks; Kommo
//! signs nothing here.

mod card;
mod crm;
mod form;
mod links;
mod parse;

use trunkline_model::event::Integrity;

use crate::shown::{show, shown};
use crate::{Guide, Hook, Parsed, Provider, Refused, Replies, Request, Talk, Unreadable};

/// The adapter.
#[derive(Debug)]
pub struct KommoAccount;

static GUIDE: Guide = Guide {
    name: "kommo-account",
    title: "Kommo (amoCRM) account",
    talk: Talk::Conversations,
    secret: "a long random word that you make up",
    steps: &[
        "make up a long random word and put it into account.hook.secrets",
        "in Kommo open Settings > Integrations > Web hooks and add {url}?token=THE-WORD",
        "tick incoming and outgoing messages, talks, and what happens to leads, incoming leads and contacts",
    ],
    integrity: "nothing is signed: a request is known by the word in its address only, so that its \
                events are weak; set allow_ips where Kommo's addresses are known",
    retries: "repeats a few times and may switch the web hook off after many failures",
    replies: Replies::Echoes,
    notes: &[
        "replies come from Kommo: outgoing messages say who wrote them, a manager or a Salesbot; an \
         account whose web hooks offer incoming messages only needs the Chats API (kommo) as well",
        "all channels of the account come through this one hook, as one channel",
        "a talk that is closed closes its conversation; Kommo does not say who closed it",
        "whose a lead is tell the webhooks of its contacts, of its talks, and of incoming leads that become it: a lead \
         of which none of these came has no contact, and no source but what its own card names. A link is as old as \
         the contact or talk that tells of it; that it ended is not told",
        "a lead's source is that of the tracking fields of its card (UTM_SOURCE and the other four, GCLID, FBCLID, YCLID, \
         and fields named like utm_source or gclid). Without any, it is the first of its tags that is in source_tags \
         when the webhook comes. REFERRER and the visitor ids of counters (_YM_UID, GCLIENTID) are not read",
        "tags are told as they stand: a contact got one when it was first told to have it; that it lost one \
         is not told",
    ],
    cycle_gap: None,
};

impl Provider for KommoAccount {
    fn guide(&self) -> &'static Guide {
        &GUIDE
    }

    fn verify(&self, hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
        shown(hook, request)
    }

    fn parse(&self, hook: &Hook, request: &Request<'_>) -> Result<Parsed, Unreadable> {
        parse::parse(hook, request)
    }

    fn new_secret(&self, random: &[u8; 32]) -> Option<String> {
        Some(hex::encode(random))
    }

    fn sign(&self, secret: &str, _: &Request<'_>) -> Vec<(&'static str, String)> {
        show(secret)
    }
}

#[cfg(test)]
mod tests;
