//! Why a signature fails: the request is tried again as it may have been before something on its way
//! changed it.

use trunkline_model::settings::Secret;
use trunkline_providers::{Hook, Refused};

use super::verify::Given;

/// Says what most likely happened, and how to mend it.
pub(super) fn of(hook: &Hook, given: &Given, refused: &Refused) -> String {
    match refused {
        Refused::Stale(..) => {
            "the signature is right: look at this machine's clock, or say with --at when it was \
             received"
                .into()
        }
        Refused::Wrong => wrong(hook, given),
        Refused::Missing(name) => format!(
            "the provider sends it with every request: give it with --header '{name}: ...'; if a \
             proxy before Trunkline drops it, let it through"
        ),
        _ => String::new(),
    }
}

fn wrong(hook: &Hook, given: &Given) -> String {
    let good = |hook: &Hook, given: &Given| hook.provider.verify(hook, &given.request()).is_ok();
    for url in addresses(given) {
        let other = Given { url, ..copy(given) };
        if good(hook, &other) {
            return format!(
                "it was signed for another address, {}: set server.public_url to what stands before \
                 /v1/hooks there, or correct the address at the provider",
                other.url
            );
        }
    }
    for (what, body) in bodies(&given.body) {
        let other = Given {
            body,
            ..copy(given)
        };
        if good(hook, &other) {
            return format!(
                "it was signed with {what}: a proxy, or how the body was saved, has changed it"
            );
        }
    }
    let trimmed = Hook {
        secrets: hook
            .secrets
            .iter()
            .map(|secret| Secret::new(secret.expose().trim().trim_matches(['"', '\''])))
            .collect(),
        ..hook.clone()
    };
    if good(&trimmed, given) {
        return "the secret in the configuration has blanks or quotes around it: take them away"
            .into();
    }
    format!(
        "no address and no form of the body that was tried makes it right: most likely the secret is \
         another ({}), or the body is not byte for byte the one that was sent",
        hook.provider.guide().secret
    )
}

fn copy(given: &Given) -> Given {
    Given {
        method: given.method.clone(),
        url: given.url.clone(),
        headers: given.headers.clone(),
        body: given.body.clone(),
        at: given.at,
    }
}

/// Gives addresses that the request may have been signed for.
fn addresses(given: &Given) -> Vec<String> {
    let Some((scheme, rest)) = given.url.split_once("://") else {
        return Vec::new();
    };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let header = |name: &str| {
        given
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    };
    let bare = host.split(':').next().unwrap_or(host);
    let mut hosts: Vec<String> = vec![host.into(), bare.into()];
    hosts.extend(
        ["x-forwarded-host", "x-original-host", "host"]
            .iter()
            .filter_map(|name| header(name))
            .map(Into::into),
    );
    for port in ["443", "80", "8080"] {
        hosts.push(format!("{bare}:{port}"));
    }
    let (route, query) = path
        .split_once('?')
        .map_or((path, None), |(route, query)| (route, Some(query)));
    let queries = [
        query.map(|query| format!("?{query}")).unwrap_or_default(),
        String::new(),
    ];
    let mut all = Vec::new();
    for scheme in [scheme, "https", "http"] {
        for host in &hosts {
            for slash in ["", "/"] {
                for query in &queries {
                    all.push(format!("{scheme}://{host}{route}{slash}{query}"));
                }
            }
        }
    }
    all.retain(|url| *url != given.url);
    all
}

/// Gives bodies that may have been signed, and what they are.
fn bodies(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        (
            "a body without the line break at its end",
            body.trim_ascii_end().to_vec(),
        ),
        (
            "a line break at the end of the body",
            [body, b"\n"].concat(),
        ),
        (
            "a body without blanks around it",
            body.trim_ascii().to_vec(),
        ),
        ("an empty body", Vec::new()),
    ];
    let text = String::from_utf8_lossy(body);
    all.push((
        "LF where now is CR LF",
        text.replace("\r\n", "\n").into_bytes(),
    ));
    all.push((
        "CR LF where now is LF",
        text.replace('\n', "\r\n").into_bytes(),
    ));
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        all.push((
            "the JSON written without blanks",
            value.to_string().into_bytes(),
        ));
    }
    all.retain(|(_, other)| other != body);
    all
}
