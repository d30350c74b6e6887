//! What the adapters of telephony providers share: fields that may be missing or blank, times as
//! providers write them, parties of a call, and what the hook's address says of a leg.
//!
//! Nothing here fails: what is not there, or written strangely, is absent.

use std::borrow::Cow;

use chrono::DateTime;
use http::Method;
use trunkline_model::time::{Time, Tz};

use crate::Request;
use crate::moment::moment;

/// The most characters that the contract takes of a party.
const PARTY: usize = 64;

/// The names and values of a form or, for GET, of a query.
#[derive(Debug)]
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Fields<'a> {
    /// Reads what was sent: never the query beside a form, which is the hook's address.
    pub(super) fn sent(request: &Request<'a>) -> Self {
        Self(match *request.method {
            Method::GET => request.query_pairs(),
            _ => request.form(),
        })
    }

    /// Gives the first value of a name that is not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let values = self.0.iter().filter(|(own, _)| own == name);
        values
            .map(|(_, value)| value.trim())
            .find(|value| !value.is_empty())
    }

    /// Gives a value as it was sent, for signatures; empty if it is missing.
    pub(super) fn raw(&self, name: &str) -> &str {
        let value = self.0.iter().find(|(own, _)| own == name);
        value.map_or("", |(_, value)| value)
    }

    /// Gives names and values as they were sent.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    /// Gives a length of time in whole seconds.
    pub(super) fn seconds(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(seconds)
    }

    /// Gives a time; one without an offset is local in `zone`.
    pub(super) fn time(&self, name: &str, zone: Tz) -> Option<Time> {
        self.get(name).and_then(|text| time(text, zone))
    }
}

/// Reads whole seconds; a fraction is cut off.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let whole = text.split('.').next()?;
    whole.parse().ok().filter(|seconds| *seconds < 400 * 86_400)
}

/// Reads a time: RFC 3339, RFC 2822, an epoch number told by its size, or `2026-03-02 13:00:00` with or
/// without an offset. One without is local in `zone`: the earlier of two that look the same, and moved
/// forward where the clock was.
pub(super) fn time(text: &str, zone: Tz) -> Option<Time> {
    let text = text.trim();
    let spelled = || {
        let time = DateTime::parse_from_rfc2822(text).ok()?;
        Some(Time(time.timestamp_millis()))
    };
    // Nothing else begins with a word: the name of the day.
    let time = if text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        spelled()
    } else {
        moment(text, zone).or_else(spelled)
    }?;
    (Time::MIN..=Time::MAX).contains(&time).then_some(time)
}

/// Says whether a party is a telephone or application of ours rather than a phone number: `client:anna`,
/// `sip:101@pbx.example`. A SIP address whose first part is a phone number is a carrier's.
pub(super) fn is_station(party: &str) -> bool {
    match split(party) {
        (Some("client"), _) => true,
        (Some(_), name) => !is_number(name),
        (None, _) => false,
    }
}

/// Gives the extension that a party stands for: the name of a station, else the number dialled.
pub(super) fn extension(party: &str) -> &str {
    split(party).1
}

/// Gives a party as the contract takes it: the phone number where there is one, else what was sent.
pub(super) fn party(party: &str) -> String {
    let (_, name) = split(party);
    let text = if is_number(name) { name } else { party };
    text.chars().take(PARTY).collect()
}

/// Splits `sip:101@pbx.example;transport=tls` into `sip` and `101`.
fn split(party: &str) -> (Option<&str>, &str) {
    let party = party.trim();
    match party.split_once(':') {
        Some((scheme @ ("client" | "sip" | "sips"), rest)) => {
            let end = rest.find(['@', ';', '?']).unwrap_or(rest.len());
            (Some(scheme), &rest[..end])
        }
        _ => (None, party),
    }
}

fn is_number(name: &str) -> bool {
    let digits = name.strip_prefix('+').unwrap_or(name);
    digits.len() >= 7 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whose a leg is. Providers that only connect numbers cannot always know; the one who writes the call's
/// program can, and says it in the address that the leg reports to: `?leg=manager`, `?leg=contact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// A manager is called.
    Manager,
    /// Someone outside is called.
    Contact,
}

/// Gives what the hook's address says of the leg.
pub(super) fn whose(request: &Request<'_>) -> Option<Whose> {
    match request.asked("leg")?.trim() {
        "manager" => Some(Whose::Manager),
        "contact" => Some(Whose::Contact),
        _ => None,
    }
}

/// Gives the direction that the hook's address says: `?direction=outbound`.
pub(super) fn addressed(request: &Request<'_>) -> Option<&'static str> {
    let asked = request.asked("direction")?;
    ["inbound", "outbound", "internal"]
        .into_iter()
        .find(|word| *word == asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_providers_write_them() {
        for (text, expected) in [
            ("1772452800", "2026-03-02T12:00:00.000Z"),
            ("1772452800123", "2026-03-02T12:00:00.123Z"),
            ("2026-03-02T12:00:00.123456Z", "2026-03-02T12:00:00.123Z"),
            ("2026-03-02 12:00:00.123456Z", "2026-03-02T12:00:00.123Z"),
            (
                "Mon, 02 Mar 2026 12:00:00 +0000",
                "2026-03-02T12:00:00.000Z",
            ),
            ("2026-03-02 17:30:00+05:30", "2026-03-02T12:00:00.000Z"),
            ("2026-03-02T13:00:00+0100", "2026-03-02T12:00:00.000Z"),
            ("2026-03-02 13:00:00", "2026-03-02T12:00:00.000Z"),
            ("2026-03-02T13:00:00", "2026-03-02T12:00:00.000Z"),
            // 25 October 2026: 02:30 comes twice in Madrid, first at +02:00.
            ("2026-10-25 02:30:00", "2026-10-25T00:30:00.000Z"),
            // 29 March 2026: there is no 02:30; the clock then shows 03:30.
            ("2026-03-29 02:30:00", "2026-03-29T01:30:00.000Z"),
        ] {
            let read = time(text, Tz::Europe__Madrid).map(|time| time.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "soon", "2026-02-31 10:00:00", "0001-01-01 00:00:00"] {
            assert_eq!(time(text, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn a_station_is_told_from_a_number() {
        for (text, station, name) in [
            ("client:anna", true, "anna"),
            ("sip:101@acme.sip.example;transport=tls", true, "101"),
            ("sip:+34911222333@carrier.example", false, "+34911222333"),
            ("+34911222333", false, "+34911222333"),
            ("anonymous", false, "anonymous"),
            ("", false, ""),
        ] {
            assert_eq!(is_station(text), station, "{text}");
            assert_eq!(extension(text), name, "{text}");
        }
        assert_eq!(party("sip:+34911222333@carrier.example"), "+34911222333");
        assert_eq!(party("sip:101@acme.example"), "sip:101@acme.example");
        assert_eq!(party(&"x".repeat(99)).len(), 64);
    }
}
