//! The event that a visit's page makes: with the decision in it, so that replay never chooses.

use std::borrow::Cow;

use serde::Serialize;
use trunkline_model::event::CLICKS;
use trunkline_model::time::Time;
use trunkline_pipeline::{Decision, Sign};

use super::Page;
use super::sites::Site;

/// Characters of an address, a title or a browser's name that are kept.
const KEPT: usize = 2_000;

/// What is told of a visit, on its way to an event.
pub(super) struct Told<'a> {
    pub(super) visitor: &'a str,
    pub(super) browser: Option<&'a str>,
    pub(super) page: &'a Page,
    pub(super) now: Time,
}

/// A visit's event as the journal has it.
#[derive(Serialize)]
struct VisitEvent<'a> {
    r#type: &'static str,
    visit: &'a str,
    visitor: &'a str,
    url: Cow<'a, str>,
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    referrer: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
    site: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
    served: bool,
    expires_at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    ga_client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ym_client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consent: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    beat: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ended: bool,
}

impl<'a> Told<'a> {
    /// Writes the event down as the journal has it.
    pub(super) fn event(&self, site: &Site, decision: &Decision, sign: Option<Sign>) -> Vec<u8> {
        let page = self.page;
        let kept = |text: &'a Option<String>| text.as_deref().map(kept).filter(|it| !it.is_empty());
        let event = VisitEvent {
            r#type: "visit",
            visit: &decision.visit,
            visitor: self.visitor,
            url: kept_url(&page.url),
            at: self.now,
            referrer: kept(&page.referrer),
            title: kept(&page.title),
            user_agent: self.browser.map(self::kept),
            site: &site.key,
            pool: site.pool.as_deref(),
            number: decision.number.as_deref(),
            served: decision.served,
            expires_at: decision.expires_at,
            ga_client_id: id(page.ga_client_id.as_deref(), 100, |byte| {
                byte.is_ascii_alphanumeric() || b".-_".contains(&byte)
            }),
            ym_client_id: id(page.ym_client_id.as_deref(), 20, |byte| {
                byte.is_ascii_digit()
            }),
            consent: page.consent,
            beat: sign == Some(Sign::Beat),
            ended: sign == Some(Sign::End),
        };
        // Text and times alone can always be written as JSON.
        serde_json::to_vec(&event).unwrap_or_default()
    }
}

/// Gives an id that is one. Anybody can write a cookie: what is none is passed over, and the page has its number
/// all the same.
fn id(text: Option<&str>, most: usize, known: fn(u8) -> bool) -> Option<&str> {
    let text = text?;
    ((1..=most).contains(&text.len()) && text.bytes().all(known)).then_some(text)
}

/// Gives a text as a text may be: without control characters, and not longer than [`KEPT`].
pub(super) fn kept(text: &str) -> Cow<'_, str> {
    if text.len() <= KEPT && !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let shown = text.chars().filter(|it| !it.is_control());
    shown.take(KEPT).collect::<String>().into()
}

/// A page without an address is the site itself. Of a long one the parts that say where the visitor came from are kept
/// whole, or not at all: half a click id is another's.
fn kept_url(url: &str) -> Cow<'_, str> {
    if url.chars().count() > KEPT
        && let Some((page, rest)) = url.split_once(['?', '#'])
    {
        let mut short: String = kept(page).chars().take(KEPT / 4).collect();
        for part in rest.split(['?', '#', '&']).filter(|part| tells(part)) {
            let part = kept(part);
            if short.len() + part.len() < KEPT {
                short.push(if short.contains('?') { '&' } else { '?' });
                short.push_str(&part);
            }
        }
        return short.into();
    }
    match kept(url) {
        empty if empty.is_empty() => "/".into(),
        url => url,
    }
}

/// Says whether a part of an address tells a source.
fn tells(part: &str) -> bool {
    let name = part.split('=').next().unwrap_or_default();
    name.starts_with("utm_") || CLICKS.iter().any(|(click, ..)| *click == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_address_what_tells_the_source_is_kept_whole() {
        let rest = "x".repeat(KEPT);
        let long = format!(
            "https://shop.example/a?filter={rest}&utm_source=mail&gclid=G1#top&utm_term={rest}"
        );
        assert_eq!(
            kept_url(&long),
            "https://shop.example/a?utm_source=mail&gclid=G1"
        );
        let page = format!("/{rest}");
        assert_eq!(kept_url(&page), page[..KEPT]);
        assert_eq!(
            kept_url(&format!("{page}?gclid=G1")).len(),
            KEPT / 4 + "?gclid=G1".len()
        );
        let short = "/?gclid=G1&b=%20";
        assert_eq!(
            (kept_url(short), kept_url("\u{0}")),
            (short.into(), "/".into())
        );
    }
}
