//! Secrets that are shown instead of signing with them: whoever sees one request can make others, so
//! what they vouch for is weak.

use std::borrow::Cow;

use trunkline_model::event::Integrity;

use crate::secrets::{any, from_base64, same};
use crate::{Hook, Refused, Request};

/// The names that a query or a header may give the secret.
pub const QUERY: [&str; 3] = ["token", "secret", "key"];
const HEADERS: [&str; 4] = [
    "x-token",
    "x-api-key",
    "x-webhook-token",
    "x-webhook-secret",
];
const NOWHERE: &str = "the secret (?token=, Authorization, X-Token or the end of the path)";

/// Says whether the request shows one of the hook's secrets: as `?token=`, in `Authorization` (a bearer's,
/// a password, or `user:password`), in a header like `X-Token`, or as the last part of the path. All
/// of them are compared, each in constant time.
pub(crate) fn shown(hook: &Hook, request: &Request<'_>) -> Result<Integrity, Refused> {
    let shown = candidates(request);
    let end = end(request.url);
    let found = any(hook, |secret| {
        let is = |text: &str| !text.is_empty() & same(text.as_bytes(), secret);
        shown.iter().fold(is(end), |found, text| found | is(text))
    });
    match found {
        Ok(()) => Ok(Integrity::Weak),
        Err(Refused::Wrong) if shown.is_empty() => Err(Refused::Missing(NOWHERE)),
        Err(refused) => Err(refused),
    }
}

/// Shows a secret, as `shown` takes it.
pub(crate) fn show(secret: &str) -> Vec<(&'static str, String)> {
    vec![("authorization", format!("Bearer {secret}"))]
}

fn candidates<'a>(request: &Request<'a>) -> Vec<Cow<'a, str>> {
    let mut found: Vec<Cow<'a, str>> = Vec::new();
    found.extend(QUERY.iter().filter_map(|name| request.asked(name)));
    let headers = HEADERS.iter().filter_map(|name| request.header(name));
    found.extend(headers.map(Cow::Borrowed));
    let authorization = request.header("authorization").unwrap_or_default();
    let (scheme, text) = authorization.split_once(' ').unwrap_or(("", authorization));
    if scheme.eq_ignore_ascii_case("basic") {
        let both = from_base64(text.trim()).and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some(both) = both {
            let password = both
                .split_once(':')
                .map(|(_, password)| password.to_owned());
            found.extend(password.map(Cow::Owned));
            found.push(Cow::Owned(both));
        }
    } else if !text.is_empty() {
        found.push(Cow::Borrowed(text.trim()));
    }
    found
}

/// Gives the last part of a path.
fn end(url: &str) -> &str {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vendors::kit::{NOW, hook, request};
    use crate::vendors::map::Mapped;

    #[test]
    fn a_secret_is_found_wherever_a_sender_can_put_it() {
        let hook = hook(&Mapped, &["old", "hush:1"]);
        let check = |path: &str, headers: &[(&str, &str)]| {
            request(path, headers, b"{}", NOW, |request| shown(&hook, request))
        };
        let weak = Ok(Integrity::Weak);
        assert_eq!(check("/v1/hooks/h?token=hush%3A1", &[]), weak);
        assert_eq!(check("/v1/hooks/h?token=old&x=1", &[]), weak);
        assert_eq!(check("/v1/hooks/h/old", &[]), weak);
        assert_eq!(
            check("/v1/hooks/h", &[("authorization", "Bearer old")]),
            weak
        );
        assert_eq!(check("/v1/hooks/h", &[("x-token", "old")]), weak);
        // `hush:1` is a user and a password as well, and `x:old` a user with the password `old`.
        assert_eq!(
            check("/v1/hooks/h", &[("authorization", "Basic aHVzaDox")]),
            weak
        );
        assert_eq!(
            check("/v1/hooks/h", &[("authorization", "Basic eDpvbGQ=")]),
            weak
        );
        assert_eq!(check("/v1/hooks/h?token=new", &[]), Err(Refused::Wrong));
        assert_eq!(check("/v1/hooks/h?token=", &[]), Err(Refused::Wrong));
        assert_eq!(check("/v1/hooks/h", &[]), Err(Refused::Missing(NOWHERE)));
        assert_eq!(
            check("/v1/hooks/h", &[("authorization", "Basic ???")]),
            Err(Refused::Missing(NOWHERE))
        );
    }

    #[test]
    fn an_empty_secret_is_shown_by_nobody() {
        let hook = hook(&Mapped, &[""]);
        let check = |path| request(path, &[], b"", NOW, |request| shown(&hook, request));
        assert!(check("/v1/hooks/h/").is_err());
        assert!(check("/v1/hooks/h?token=").is_err());
    }
}
