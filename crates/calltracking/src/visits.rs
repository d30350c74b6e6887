//! A visit: what its records say, whatever their order and however often they come.
//!
//! Of a visit that a site's records tell of, only these count: nobody else can lengthen or end it. Its pages are the first
//! [`PAGES`] by time. What rules ask of a visit (`core`) is always in memory; the whole of one that is quiet is on a shelf
//! (`list`), and read when somebody asks for its texts.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use trunkline_model::event;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::names::{Name, Names};

mod core;
mod list;

pub(crate) use core::Core;
pub(crate) use list::{PageKey, Part, Visits};

/// How many pages of a visit are kept.
pub(crate) const PAGES: usize = 50;

/// What the origin of a site's own records begins with.
const SITE: &str = "site:";

/// A visit as it is held, and as it lies on the shelf.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) id: CompactString,
    pub(crate) head: Head,
    /// The number of its own, by the first record that granted one.
    grant: Option<Grant>,
    /// Its first sign of life, and where the last expires.
    signs: Option<(i64, i64)>,
    pub(crate) ended: Option<i64>,
    pub(crate) first: i64,
    pub(crate) last: i64,
    pages: Box<[u8]>,
    /// What those who count clicks know it by; most have none.
    ids: Option<Box<Ids>>,
    pub(crate) received_at: i64,
}

/// What the first record says of the visit as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Head {
    of_site: bool,
    at: i64,
    /// Orders records of the same time.
    rank: u64,
    pub(crate) visitor: CompactString,
    site: Option<Name>,
    pool: Option<Name>,
    /// The number that was shown.
    number: Option<Name>,
    served: bool,
    /// How long it outlives a sign of life, in milliseconds.
    hold: i64,
}

/// A number that became a visit's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Grant {
    at: i64,
    rank: u64,
    number: Name,
}

/// A page that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) at: i64,
    /// A hash of the event's id.
    pub(crate) id: u64,
    /// A hash of the import's run.
    pub(crate) run: Option<u64>,
    pub(crate) url: CompactString,
    pub(crate) referrer: Option<CompactString>,
    pub(crate) title: Option<CompactString>,
    /// Whether its event has an id, by which it can be taken back.
    has_id: bool,
}

/// What those who count clicks know a visitor by, as the latest record says that says any of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ids {
    at: i64,
    rank: u64,
    ga: Option<CompactString>,
    ym: Option<CompactString>,
    /// Whether they may be told what came of the visit.
    consent: Option<bool>,
}

/// Tables of texts that visits point into.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Texts {
    pub(crate) numbers: Names,
    /// Sites and pools.
    pub(crate) words: Names,
    /// Callers.
    pub(crate) people: Names,
}

/// What a record says of its visit.
#[derive(Debug)]
pub(crate) struct Said {
    head: Head,
    expires_at: Option<i64>,
    ended: bool,
    page: Option<Page>,
    ids: Option<Box<Ids>>,
}

/// What a record changed.
#[expect(
    clippy::struct_excessive_bools,
    reason = "parts of a visit that change each for itself"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    /// Who, where and from when.
    pub(crate) head: bool,
    pub(crate) signs: bool,
    pub(crate) pages: bool,
    pub(crate) ids: bool,
}

impl Head {
    fn grant(&self) -> Option<Grant> {
        let number = self.number.filter(|_| self.served)?;
        let (at, rank) = (self.at, self.rank);
        Some(Grant { at, rank, number })
    }
}

impl Page {
    /// Gives what it can be taken back by.
    pub(crate) const fn key(&self) -> PageKey {
        PageKey {
            id: self.id,
            run: self.run,
        }
    }
}

impl Change {
    pub(crate) fn any(self) -> bool {
        self.head || self.signs || self.pages || self.ids
    }
}

impl Said {
    pub(crate) fn of(event: &event::Visit<'_>, origin: &str, texts: &mut Texts) -> Self {
        let of_site = origin.starts_with(SITE);
        let at = event.at.0;
        let page = (!event.beat && !event.ended).then(|| page(event));
        let expires_at = event.expires_at.map(|time| time.0).filter(|_| of_site);
        let word = |names: &mut Names, text: Option<&str>| text.map(|text| names.number(text));
        let head = Head {
            of_site,
            at,
            rank: rank(event),
            visitor: CompactString::from(&*event.visitor),
            site: word(&mut texts.words, event.site.as_deref()),
            pool: word(&mut texts.words, event.pool.as_deref()),
            number: word(&mut texts.numbers, event.number.as_deref()),
            served: of_site && event.served && event.number.is_some(),
            hold: expires_at.map_or(0, |end| (end - at).max(0)),
        };
        Self {
            head,
            expires_at,
            ended: of_site && event.ended,
            page,
            ids: Ids::of(event),
        }
    }
}

impl Ids {
    fn of(event: &event::Visit<'_>) -> Option<Box<Self>> {
        let told = Self {
            at: event.at.0,
            rank: rank(event),
            ga: event.ga_client_id.as_deref().map(CompactString::from),
            ym: event.ym_client_id.as_deref().map(CompactString::from),
            consent: event.consent,
        };
        (told.told() != (None, None, None)).then(|| Box::new(told))
    }

    fn told(&self) -> (Option<&str>, Option<&str>, Option<bool>) {
        (self.ga.as_deref(), self.ym.as_deref(), self.consent)
    }
}

fn page(event: &event::Visit<'_>) -> Page {
    let text = |text: Option<&str>| text.map(CompactString::from);
    let id = match event.id.as_deref() {
        Some(id) => id_hash(id),
        None => rank(event),
    };
    Page {
        at: event.at.0,
        id,
        run: event.batch.as_deref().map(run_hash),
        url: CompactString::from(&*event.url),
        referrer: text(event.referrer.as_deref()),
        title: text(event.title.as_deref()),
        has_id: event.id.is_some(),
    }
}

/// Hashes the id of an event, as a retraction names it.
pub(crate) fn id_hash(id: &str) -> u64 {
    xxh3_64(id.as_bytes())
}

/// Hashes the run of an import, as a retraction names it.
pub(crate) fn run_hash(run: &str) -> u64 {
    let mut hash = Xxh3::with_seed(1);
    hash.update(run.as_bytes());
    hash.digest()
}

/// Hashes what a record says, so that records of one time have an order of their own.
fn rank(event: &event::Visit<'_>) -> u64 {
    let mut hash = Xxh3::with_seed(2);
    let texts = [
        Some(&*event.visitor),
        Some(&*event.url),
        event.referrer.as_deref(),
        event.title.as_deref(),
        event.site.as_deref(),
        event.pool.as_deref(),
        event.number.as_deref(),
        event.ga_client_id.as_deref(),
        event.ym_client_id.as_deref(),
    ];
    for text in texts {
        hash.update(text.unwrap_or_default().as_bytes());
        hash.update(&[0]);
    }
    let expires = event.expires_at.map_or(0, |time| time.0);
    let consent = event.consent.map_or(-1, i64::from);
    for number in [event.at.0, expires, i64::from(event.served), consent] {
        hash.update(&number.to_le_bytes());
    }
    hash.digest()
}

impl Visit {
    /// Makes a visit of which nothing but its first record is told.
    pub(crate) fn new(id: &str, said: &Said) -> Self {
        Self {
            id: id.into(),
            head: said.head.clone(),
            grant: said.head.grant(),
            signs: None,
            ended: None,
            first: said.head.at,
            last: said.head.at,
            pages: Box::default(),
            ids: None,
            received_at: 0,
        }
    }

    /// Hears a record; says what it changed.
    pub(crate) fn hear(&mut self, said: Said) -> Change {
        let mut change = Change::default();
        if self.head.of_site && !said.head.of_site {
            return change;
        }
        if said.head.of_site && !self.head.of_site {
            // All that was told before is not for others to tell.
            self.head = said.head.clone();
            self.grant = None;
            (self.signs, self.ended, self.pages) = (None, None, Box::default());
            self.ids = None;
            (self.first, self.last) = (said.head.at, said.head.at);
            change.head = true;
        }
        let at = said.head.at;
        if let Some(end) = said.expires_at {
            let known = self.signs.unwrap_or((at, at));
            let signs = Some((known.0.min(at), known.1.max(end)));
            change.signs |= self.signs != signs;
            self.signs = signs;
        }
        if said.ended && self.ended.is_none_or(|ended| at < ended) {
            self.ended = Some(at);
            change.signs = true;
        }
        change.head |= at < self.first;
        change.signs |= at > self.last;
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        let latest = |ids: &Option<Box<Ids>>| ids.as_ref().map(|ids| (ids.at, ids.rank));
        if latest(&said.ids) > latest(&self.ids) {
            change.ids = self.ids() != said.ids.as_deref().map_or((None, None, None), Ids::told);
            self.ids = said.ids;
        }
        let grant = said.head.grant().into_iter().chain(self.grant).min();
        change.head |= grant != self.grant;
        self.grant = grant;
        if (said.head.at, said.head.rank) < (self.head.at, self.head.rank) {
            self.head = said.head;
            change.head = true;
        }
        if let Some(page) = said.page {
            change.pages = self.add(page);
        }
        change
    }

    /// Gives what it is known by: in Google Analytics, in Yandex Metrica, and whether they may be told of it.
    pub(crate) fn ids(&self) -> (Option<&str>, Option<&str>, Option<bool>) {
        self.ids.as_deref().map_or((None, None, None), Ids::told)
    }

    /// Adds a page in its place, unless it is known or there are enough before it.
    fn add(&mut self, page: Page) -> bool {
        let mut pages = self.pages();
        let Err(place) = pages.binary_search(&page) else {
            return false;
        };
        if place >= PAGES {
            return false;
        }
        pages.insert(place, page);
        pages.truncate(PAGES);
        // Plain data in memory: encoding it cannot fail.
        self.pages = postcard::to_allocvec(&pages).unwrap_or_default().into();
        true
    }

    /// Gives the pages in order.
    pub(crate) fn pages(&self) -> Vec<Page> {
        // Nothing but `add` writes them; an empty list was never written.
        postcard::from_bytes(&self.pages).unwrap_or_default()
    }

    /// Gives the number of its own: from the first record on that granted one, which may be later than its first.
    pub(crate) fn own_number(&self) -> Option<Name> {
        self.grant.map(|grant| grant.number)
    }

    /// Gives the number it was shown last: its own, or the pool's common one.
    pub(crate) fn number(&self) -> Option<Name> {
        self.own_number().or(self.head.number)
    }

    /// Gives since when it has a number of its own.
    pub(crate) fn served_at(&self) -> Option<i64> {
        self.grant.map(|grant| grant.at)
    }

    /// Gives what its pages can be taken back by, if a retraction can name any of them.
    fn keys_of_pages(&self) -> Option<Box<[PageKey]>> {
        let pages = self.pages();
        let can_be = |page: &Page| page.has_id || page.run.is_some();
        let keys = pages.iter().map(Page::key);
        pages.iter().any(can_be).then(|| keys.collect())
    }

    /// Measures what it takes, in bytes, without what the allocator adds.
    fn bytes(&self) -> usize {
        let texts = [&self.id, &self.head.visitor].into_iter();
        let heap = texts
            .filter(|text| text.is_heap_allocated())
            .map(CompactString::capacity);
        size_of::<Self>() + self.pages.len() + heap.sum::<usize>()
    }
}
