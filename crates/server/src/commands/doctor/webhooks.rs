//! The outgoing webhooks: whether their receivers can know who sends, and nobody else can read along.

use trunkline_model::settings::{Webhook, WebhookEvent};
use url::{Host, Url};

use super::Finding;
use crate::config::File;

const WHAT: &str = "webhook out";
/// What the configuration knows and no version tells yet: whoever asks for it is to know.
const UNTOLD: [WebhookEvent; 2] = [WebhookEvent::State, WebhookEvent::TargetMissed];

/// Looks at every outgoing webhook of the configuration. Nothing is sent.
pub(super) fn check(file: &File) -> Vec<Finding> {
    let accounts = file.accounts.iter();
    let webhooks = accounts.flat_map(|account| &account.webhooks);
    webhooks.map(look).collect()
}

fn look(webhook: &Webhook) -> Finding {
    let id = &webhook.id;
    let Ok(url) = Url::parse(&webhook.url) else {
        let mend = "set account.webhook.url to an http or https address";
        return Finding::problem(WHAT, format!("{id} has no address"), mend);
    };
    if let Some(untold) = webhook.events.iter().find(|it| UNTOLD.contains(it)) {
        let mend = "wait for a version that tells it, or take it out of account.webhook.events";
        let said = format!("{id} asks for `{untold}`, which nothing tells yet");
        return Finding::warning(WHAT, said, mend);
    }
    if webhook.secret.is_none() {
        let mend = "set account.webhook.secret: without it receivers cannot know that it is you";
        return Finding::warning(WHAT, format!("{id} is not signed"), mend);
    }
    if url.scheme() == "http" && !is_near(&url) {
        let mend = "use https: what is told can be read on its way";
        return Finding::warning(WHAT, format!("{id} goes over plain http"), mend);
    }
    Finding::good(
        WHAT,
        format!("{id}: signed; GET /v1/admin/webhooks says how it goes"),
    )
}

/// Says whether an address is this machine.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn what_is_unsigned_or_can_be_read_on_its_way_is_warned_of() {
        for (url, secret, good) in [
            ("https://crm.example/in", true, true),
            ("http://127.0.0.1:9/in", true, true),
            ("http://[::1]/in", true, true),
            ("http://crm.example/in", true, false),
            ("https://crm.example/in", false, false),
        ] {
            let mut webhook = serde_json::json!({"id": "crm", "url": url, "events": []});
            if secret {
                webhook["secret"] = "hush".into();
            }
            let webhook = serde_json::from_value(webhook).unwrap();
            assert_eq!(look(&webhook).state == State::Good, good, "{url} {secret}");
        }
    }
}
