//! A line for each hook of a running service: what came of it, and what to do about it.

use serde_json::Value;

use crate::commands::amounts::span;

/// Writes a hook's line; `now` in milliseconds since 1970.
pub(in crate::commands) fn line(hook: &Value, now: i64) -> String {
    let word = |name: &str| hook[name].as_str().unwrap_or_default();
    let count = |name: &str| hook[name].as_u64().unwrap_or_default();
    let ago = |word: &str| {
        let at = trunkline_model::time::Time::parse(word).ok()?;
        Some(span((now - at.0).max(0) as f64 / 1000.0))
    };
    let since = |name: &str| ago(word(name));
    let mut parts = Vec::new();
    if let Some(link) = hook["link"].as_object() {
        let word = |name: &str| link[name].as_str().unwrap_or_default();
        let how = if link["connected"] == true {
            "connected"
        } else {
            "not connected"
        };
        let since = ago(word("since")).unwrap_or_default();
        parts.push(match word("detail") {
            "" => format!("{how} for {since}"),
            why => format!("{how} for {since} ({why})"),
        });
    }
    parts.push(match (since("last_request"), hook["lag_s"].as_f64()) {
        (None, _) => "nothing came since the start".to_owned(),
        (Some(ago), None) => format!("last request {ago} ago, no event yet"),
        (Some(ago), Some(lag)) => format!(
            "last request {ago} ago, {} behind what happened",
            span(lag.max(0.0))
        ),
    });
    for (name, what) in [
        ("refused", "not verified"),
        ("unknown", "not understood"),
        ("shadowed", "of another hook's channel"),
    ] {
        if count(name) > 0 {
            parts.push(format!("{} {what}", count(name)));
        }
    }
    format!(
        "{} ({}): {}",
        word("hook"),
        word("provider"),
        parts.join("; ")
    )
}

/// Says what to do about a hook, if anything.
pub(in crate::commands) fn advice(hook: &Value) -> Option<String> {
    let id = hook["hook"].as_str().unwrap_or_default();
    if hook["secret"] == false {
        return Some(format!(
            "it has no secret, so every request is refused: set account.hook.secrets of {id}"
        ));
    }
    if hook["link"]["connected"] == false {
        let address = hook["link"]["address"].as_str().unwrap_or_default();
        return Some(format!(
            "see that {address} is reached from here, and that user and password stand in \
             account.hook.secrets of {id}"
        ));
    }
    if hook["no_replies"] == true {
        return Some(
            "20 messages of contacts came and no manager's reply: see where replies come from on the \
             provider's page in docs/providers"
                .to_owned(),
        );
    }
    let refused = hook["refused"].as_u64().unwrap_or_default();
    let last = |name: &str| hook[name].as_str().unwrap_or_default().to_owned();
    (refused > 0 && last("last_refused") > last("last_request")).then(|| {
        format!("the last request was not verified: `trunkline hook tail {id} --once` says why, `trunkline hook verify {id}` looks closer")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hook_says_when_it_was_heard_last_and_what_to_do() {
        let silent = json!({ "hook": "pbx", "provider": "zadarma", "secret": true });
        assert_eq!(
            line(&silent, 0),
            "pbx (zadarma): nothing came since the start"
        );
        assert_eq!(advice(&silent), None);
        let heard = json!({ "hook": "pbx", "provider": "zadarma", "secret": true, "lag_s": 2.0,
            "last_request": "2026-03-02T10:00:00.000Z", "last_refused": "2026-03-02T10:01:00.000Z",
            "refused": 3 });
        let at = 1_772_445_720_000;
        assert_eq!(
            line(&heard, at),
            "pbx (zadarma): last request 2 minutes ago, 2 s behind what happened; 3 not verified"
        );
        assert!(advice(&heard).unwrap().contains("hook verify pbx"));
        let link = |connected| {
            json!({ "hook": "pbx", "provider": "asterisk", "secret": true,
            "link": { "address": "ami://pbx.lan:5038", "connected": connected,
                "since": "2026-03-02T10:00:00.000Z", "detail": if connected { "" } else { "no" } } })
        };
        assert_eq!(
            line(&link(false), at),
            "pbx (asterisk): not connected for 2 minutes (no); nothing came since the start"
        );
        assert!(advice(&link(false)).unwrap().contains("ami://pbx.lan:5038"));
        assert_eq!(advice(&link(true)), None);
        let mute = json!({ "hook": "wa", "secret": true, "no_replies": true });
        assert!(advice(&mute).unwrap().contains("replies"));
        assert!(
            advice(&json!({ "hook": "wa", "secret": false }))
                .unwrap()
                .contains("no secret")
        );
    }
}
