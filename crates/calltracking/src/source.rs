//! Where a visit, a conversation, a form or a lead came from (metrics, 3: Source).
//!
//! The tags of the page's address speak first: `utm_*` of its query, else of its fragment. Where they name no source, a click
//! id does; else the page before, unless it is one of the site's own or a payment page: a search engine or a social site by
//! its name, any other as `referral` by its host. What comes with nothing is `direct`. Tags without `utm_source` keep what
//! they say, and are never `direct`.
//!
//! Addresses are what strangers wrote: whatever they hold, nothing panics, and every text of a [`Source`] is a model's `Text`.

use std::borrow::Cow;

use compact_str::CompactString;
use trunkline_model::event;
use trunkline_model::settings::Site;
use trunkline_model::text::{Rule, ShortRule};
use url::form_urlencoded;

use crate::Source;

mod host;
pub mod known;

use host::Host;
use known::Known;

/// Where a field of a source stands.
type Place = fn(&mut Source) -> &mut Option<CompactString>;

/// The tags of an address.
const TAGS: [(&str, Place); 5] = [
    ("utm_source", |to| &mut to.source),
    ("utm_medium", |to| &mut to.medium),
    ("utm_campaign", |to| &mut to.campaign),
    ("utm_content", |to| &mut to.content),
    ("utm_term", |to| &mut to.term),
];

/// Where each of [`event::CLICKS`] stands.
const CLICKS: [Place; event::CLICKS.len()] = [
    |to| &mut to.gclid,
    |to| &mut to.gbraid,
    |to| &mut to.wbraid,
    |to| &mut to.yclid,
    |to| &mut to.msclkid,
    |to| &mut to.ctwa_clid,
    |to| &mut to.fbclid,
];

/// The domains from which nobody is referred to a site: its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    hosts: Vec<CompactString>,
}

impl From<&Site> for Own {
    /// Takes the registrable domains of the site's origins, and its `own_domains` as they are; what is no host is passed over.
    fn from(site: &Site) -> Self {
        let origins = site.origins.iter().filter_map(|origin| Host::of(origin));
        let origins = origins.map(|host| host.registrable().into());
        let further = site.own_domains.iter().filter_map(|host| Host::of(host));
        let hosts = origins.chain(further.map(|host| host.name)).collect();
        Self { hosts }
    }
}

impl Own {
    /// Says whether a host is one of these or below one.
    fn has(&self, host: &Host) -> bool {
        self.hosts.iter().any(|own| host.is_in(own))
    }
}

/// Gives the source of a visit from the address of its page and of the page before.
///
/// `origin` is `utm` where the address says it, by a tag or a click id.
pub fn classify(url: &str, referrer: Option<&str>, own: &Own) -> Source {
    let mut source = Source::default();
    for (key, value) in pairs(url) {
        take(&mut source, &key, &value);
    }
    let tagged = TAGS.iter().any(|(_, place)| place(&mut source).is_some());
    let clicked = name_by_click(&mut source);
    if tagged || clicked {
        source.origin = Some(event::Origin::Utm);
    }
    if source.source.is_some() {
        return source;
    }
    match referrer.and_then(|referrer| referred(url, referrer, own)) {
        Some((name, medium)) => {
            source.source = Some(name);
            source.medium.get_or_insert(medium.into());
        }
        None if !tagged => source.source = Some("direct".into()),
        None => {}
    }
    source
}

/// Lets a click id name the source if nothing else does; says whether it did.
fn name_by_click(source: &mut Source) -> bool {
    if source.source.is_some() {
        return false;
    }
    let mut clicked = event::CLICKS.iter().zip(CLICKS);
    let clicked = clicked.find(|(_, place)| place(source).is_some());
    let Some(((_, name, medium), _)) = clicked else {
        return false;
    };
    source.source = Some((*name).into());
    source.medium.get_or_insert((*medium).into());
    true
}

/// Gives the source and medium that the page before stands for, unless it is the site's own.
fn referred(url: &str, referrer: &str, own: &Own) -> Option<(CompactString, &'static str)> {
    let host = Host::of(referrer)?;
    let page = Host::of(url);
    let within = page.is_some_and(|page| page.registrable() == host.registrable());
    if within || own.has(&host) || known::is_payment(&host) {
        return None;
    }
    if let Some(Known { source, medium }) = known::find(&host) {
        return Some((source.into(), medium));
    }
    Some((text(&host.shown())?, "referral"))
}

/// Gives the decoded pairs of an address's query, then those of its fragment (`#utm_source=x`, `#/page?utm_source=x`).
fn pairs(url: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let (page, fragment) = url.split_once('#').unwrap_or((url, ""));
    let query = page.split_once('?').map_or("", |(_, query)| query);
    let fragment = match fragment.split_once('?') {
        Some((path, query)) if !path.contains('=') => query,
        _ => fragment,
    };
    let [query, fragment] = [query, fragment].map(|text| form_urlencoded::parse(text.as_bytes()));
    query.chain(fragment)
}

/// Puts a tag or a click id into its place; the first that is not empty stays.
fn take(source: &mut Source, key: &str, value: &str) {
    // Links are copied out of HTML with their `&amp;`.
    let key = key.strip_prefix("amp;").unwrap_or(key);
    let is = |name: &str| name.eq_ignore_ascii_case(key);
    if let Some((_, place)) = TAGS.iter().find(|(name, _)| is(name)) {
        let place = place(source);
        *place = place.take().or_else(|| text(value));
    } else if let Some((_, place)) = event::CLICKS
        .iter()
        .zip(CLICKS)
        .find(|((name, ..), _)| is(name))
    {
        let place = place(source);
        *place = place.take().or_else(|| click_id(value));
    }
}

/// Makes a text of at most 256 characters without control characters and without spaces at its ends; `None` if nothing is left.
fn text(value: &str) -> Option<CompactString> {
    let plain = value.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain = plain.skip_while(|c| c.is_whitespace());
    let mut text: CompactString = plain.take(ShortRule::MAX).collect();
    text.truncate(text.trim_end().len());
    (!text.is_empty()).then_some(text)
}

/// Makes a click id. A longer one than a text may be is none: cut, it would name another click, or nothing.
fn click_id(value: &str) -> Option<CompactString> {
    let fits = value.chars().take(ShortRule::MAX + 1).count() <= ShortRule::MAX;
    fits.then(|| text(value)).flatten()
}

#[cfg(test)]
mod tests;
