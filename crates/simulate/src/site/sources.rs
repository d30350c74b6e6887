//! What brings visitors to the site, and how their browsers write it.

use std::fmt::Write;

use crate::chance::Chance;

/// What brought a visit.
#[derive(Debug, PartialEq, Eq)]
pub struct Truth {
    /// The source, as a report names it.
    pub source: &'static str,
    /// The medium.
    pub medium: Option<&'static str>,
    /// The campaign.
    pub campaign: Option<&'static str>,
    /// Of a thousand visits, how many it brings.
    pub share: u32,
    /// The tags behind the address of the first page; a click id follows where it ends in `=`.
    tags: &'static str,
    /// The page before.
    referrer: Option<&'static str>,
}

impl Truth {
    const fn of(source: &'static str, medium: &'static str, share: u32) -> Self {
        Self {
            source,
            medium: Some(medium),
            campaign: None,
            share,
            tags: "",
            referrer: None,
        }
    }

    const fn campaign(self, campaign: &'static str, tags: &'static str) -> Self {
        Self {
            campaign: Some(campaign),
            tags,
            ..self
        }
    }

    const fn tags(self, tags: &'static str) -> Self {
        Self { tags, ..self }
    }

    const fn from(self, referrer: &'static str) -> Self {
        Self {
            referrer: Some(referrer),
            ..self
        }
    }

    /// Writes the address of the first page, with a click id of its own where there is one, and the page before.
    pub(super) fn landing(&self, chance: &mut Chance) -> (String, Option<String>) {
        let mut url = format!("{SITE}/{}", self.tags);
        if self.tags.ends_with('=') {
            let _ = write!(url, "{:016x}{:016x}", chance.draw(), chance.draw());
        }
        (url, self.referrer.map(str::to_owned))
    }
}

/// The site.
pub(super) const SITE: &str = "https://www.shop.example";

/// Writes the address of a page but the first.
pub(super) fn page(number: u64) -> String {
    format!("{SITE}/page-{number}")
}

/// All sources; their shares make a thousand.
pub static SOURCES: [Truth; 12] = [
    Truth::of("google", "cpc", 180).from("https://www.google.com/").campaign(
        "brand",
        "?utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=shop&gclid=",
    ),
    Truth::of("google", "cpc", 120)
        .from("https://www.google.com/")
        .tags("?gclid="),
    Truth::of("google", "organic", 200).from("https://www.google.es/"),
    Truth::of("bing", "organic", 30).from("https://www.bing.com/"),
    Truth::of("facebook", "paid_social", 100)
        .from("https://l.facebook.com/")
        .campaign(
            "spring",
            "?utm_source=facebook&utm_medium=paid_social&utm_campaign=spring&utm_content=video&fbclid=",
        ),
    Truth::of("instagram", "social", 60).from("https://l.instagram.com/"),
    Truth::of("yandex", "cpc", 50)
        .from("https://yandex.ru/")
        .tags("?yclid="),
    Truth::of("newsletter", "email", 50)
        .campaign("march", "?utm_source=newsletter&utm_medium=email&utm_campaign=march"),
    Truth::of("partner.example", "referral", 40).from("https://partner.example/best-shops"),
    Truth::of("telegram", "social", 20).from("android-app://org.telegram.messenger/"),
    Truth::of("leaflet", "print", 30)
        .campaign("doors", "#utm_source=leaflet&utm_medium=print&utm_campaign=doors"),
    Truth {
        medium: None,
        ..Truth::of("direct", "", 120)
    },
];

/// Draws one by its share.
pub(super) fn draw(chance: &mut Chance) -> &'static Truth {
    let mut place = chance.below(1_000);
    for truth in &SOURCES {
        match place.checked_sub(truth.share.into()) {
            Some(rest) => place = rest,
            None => return truth,
        }
    }
    &SOURCES[SOURCES.len() - 1]
}
