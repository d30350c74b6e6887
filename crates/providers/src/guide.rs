//! What a person who connects a provider needs to know: the source of the pages in `docs/providers`,
//! of `trunkline hook add` and of the board's page.

use trunkline_model::settings::Span;

/// What a provider talks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Talk {
    /// Calls.
    Calls,
    /// Conversations.
    Conversations,
    /// Whatever its map makes of it.
    Anything,
}

/// Where the replies of managers come from on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replies {
    /// The provider tells of calls only.
    None,
    /// The provider sends what managers write, too.
    Echoes,
    /// Delivery reports reveal that something was written; the manager is `default_manager`.
    Statuses,
    /// The provider never tells: the tool in which managers write posts `message` events.
    Posted,
}

/// What there is to know about a provider.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// Its name in `account.hook.provider`.
    pub name: &'static str,
    /// The name that people know it by.
    pub title: &'static str,
    /// What it talks about.
    pub talk: Talk,
    /// What the secret is and where it stands there; empty if it signs nothing.
    pub secret: &'static str,
    /// What to click there and where to paste the hook's address: a step each, with `{url}` in it.
    pub steps: &'static [&'static str],
    /// What its signature covers and what it leaves out, and what else protects the hook.
    pub integrity: &'static str,
    /// How it repeats what was not taken, and how soon it gives up.
    pub retries: &'static str,
    /// Where managers' replies come from.
    pub replies: Replies,
    /// What to know about these replies, and other things that surprise.
    pub notes: &'static [&'static str],
    /// The silence after which a contact's message begins a new cycle there; none: no such gap.
    pub cycle_gap: Option<Span>,
}
