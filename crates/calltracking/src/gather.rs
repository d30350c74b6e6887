//! Rows out of the state, and what is live.

use compact_str::CompactString;
use trunkline_model::event::Origin;
use trunkline_model::time::Time;

use crate::attribution::{Outcome, Reason};
use crate::facts::{
    Attribution, AttributionFact, Candidate, LeaseNow, PageFact, PoolNow, TrackingRows, VisitFact,
};
use crate::leases::Lease;
use crate::source::{Own, classify};
use crate::sweep::Sweep;
use crate::touch::Source;
use crate::tracking::{Item, Tracking};
use crate::visits::{Page, Visit};

impl Tracking {
    /// Shows changed rows, the longest waiting first, at most `limit`; gives how many. `generation` goes into their versions.
    pub fn gather(&mut self, generation: u64, limit: usize, rows: &mut impl TrackingRows) -> usize {
        self.settle();
        let mut shown = 0;
        while shown < limit
            && let Some((_, item)) = self.dirty.pop_first()
        {
            self.waits.remove(&item);
            match item {
                Item::Call(place) => self.show_call(place, generation << 48, rows),
                Item::Visit(place) => self.show_visit(place, generation << 48, rows),
            }
            shown += 1;
        }
        shown + self.gather_all(generation << 48, limit - shown, rows)
    }

    /// Counts the rows to gather.
    pub fn dirty(&mut self) -> usize {
        self.settle();
        self.dirty.len() + self.sweep.as_ref().map_or(0, Sweep::left)
    }

    /// Gives the offset below which all changes have been gathered, if any is left.
    pub fn oldest_dirty(&mut self) -> Option<u64> {
        self.settle();
        let all = self.sweep.as_ref().map(|sweep| sweep.since);
        let first = self.dirty.first().map(|(since, _)| *since);
        first.into_iter().chain(all).min()
    }

    /// Makes the rows that records from `offset` on may have changed be gathered again.
    pub fn rewind(&mut self, offset: u64) {
        self.settle();
        self.sweep_visits(offset);
        for place in self.calls.all() {
            if self.calls.get(place).changed >= offset {
                self.note(Item::Call(place), offset);
            }
        }
    }

    /// Gives what brought a call; none if it is not known or not from outside.
    pub fn attribution(&mut self, call: &str) -> Option<Attribution> {
        self.settle();
        let place = self.calls.find(call)?;
        (!self.calls.get(place).gone).then(|| self.attributed(place))
    }

    /// Lists the leases that live at `now`, by number.
    pub fn leases(&mut self, now: Time) -> Vec<LeaseNow<'_>> {
        self.read();
        let live = self.live(now.0).into_iter();
        let mut all: Vec<LeaseNow<'_>> = live
            .map(|lease| {
                let visit = self.visits.read(lease.visit);
                LeaseNow {
                    number: self.texts.numbers.maybe(visit.number()),
                    pool: self.texts.words.maybe(self.visits.core(lease.visit).pool),
                    visit: visit.id.clone(),
                    visitor: visit.head.visitor.clone(),
                    since: Time(lease.start),
                    until: Time(lease.end),
                }
            })
            .collect();
        all.sort_unstable_by_key(|lease| lease.number);
        all
    }

    /// Says how each pool of the settings stands at `now`.
    pub fn pools(&mut self, now: Time) -> Vec<PoolNow<'_>> {
        self.read();
        let mut leased = vec![0; self.rules.latest().pools.len()];
        for lease in self.live(now.0) {
            let held = self.visits.core(lease.visit).lease();
            if let Some(pool) = held.and_then(|(number, _)| self.numbers.pool(number)) {
                leased[pool] += 1;
            }
        }
        let pools = self.rules.latest().pools.iter().zip(leased).enumerate();
        pools
            .map(|(place, (pool, leased))| PoolNow {
                pool: &pool.id,
                numbers: pool.numbers.len() + pool.draining.len() + pool.quarantined.len(),
                in_service: self.numbers.in_service(place),
                leased,
            })
            .collect()
    }

    fn live(&self, now: i64) -> Vec<Lease> {
        let last = self.numbers.all().filter_map(|slot| slot.last.as_ref());
        last.filter(|lease| lease.is_live(now)).copied().collect()
    }

    pub(crate) fn show_visit(&self, place: u32, generation: u64, rows: &mut impl TrackingRows) {
        let core = self.visits.core(place);
        let visit = self.visits.read(place);
        if self.torn().is_some() {
            return;
        }
        let pages = self.pages(place, &visit);
        let shown: Vec<PageFact<'_>> = pages
            .iter()
            .map(|page| PageFact {
                at: Time(page.at),
                url: &page.url,
                title: page.title.as_deref().unwrap_or_default(),
            })
            .collect();
        let lease = self.lease(place);
        let end = lease.map_or_else(|| core.end([]), |lease| lease.end);
        let referrer = pages.first().and_then(|page| page.referrer.as_deref());
        let (ga, ym, consent) = visit.ids();
        rows.visit(&VisitFact {
            account: &self.account,
            visit: &visit.id,
            visitor: &visit.head.visitor,
            site: self.texts.words.maybe(core.site),
            pool: self.texts.words.maybe(core.pool),
            number: self.texts.numbers.maybe(visit.number()),
            served: visit.own_number().is_some(),
            served_at: visit.served_at().map(Time),
            doubled: lease.is_some_and(|lease| lease.doubled),
            started_at: Time(visit.first),
            last_at: Time(visit.last),
            expires_at: Time(end.max(visit.first)),
            ended: visit.ended.is_some(),
            pages: &shown,
            referrer: referrer.unwrap_or_default(),
            source: &self.source(place, &pages),
            ga_client_id: ga.unwrap_or_default(),
            ym_client_id: ym.unwrap_or_default(),
            consent,
            received_at: Time(visit.received_at),
            version: generation | self.visits.changed(place),
            deleted: core.gone,
        });
    }

    /// Gives the pages of a visit that were not taken back.
    fn pages(&self, place: u32, visit: &Visit) -> Vec<Page> {
        let mut pages = visit.pages();
        if !self.visits.core(place).gone {
            pages.retain(|page| !self.is_retracted(page.key()));
        }
        pages
    }

    /// Finds the source of a visit by its first page.
    fn source(&self, place: u32, pages: &[Page]) -> Source {
        let Some(page) = pages.first() else {
            return Source::default();
        };
        let site = self.texts.words.maybe(self.visits.core(place).site);
        let own = self.rules.latest().sites.iter();
        let own = own.filter(|own| own.key == site).map(Own::from).next();
        classify(
            &page.url,
            page.referrer.as_deref(),
            &own.unwrap_or_default(),
        )
    }

    fn show_call(&self, place: u32, generation: u64, rows: &mut impl TrackingRows) {
        let call = self.calls.get(place);
        let attribution = self.attributed(place);
        if self.torn().is_some() {
            return;
        }
        rows.attribution(&AttributionFact {
            account: &self.account,
            call: &call.id,
            number: self.texts.numbers.text(call.number),
            started_at: Time(call.started),
            attribution: &attribution,
            received_at: Time(call.received_at),
            version: generation | call.changed,
            deleted: call.gone,
        });
    }

    /// Gives an attribution with its sources.
    fn attributed(&self, place: u32) -> Attribution {
        let call = self.calls.get(place);
        let Outcome {
            rule,
            certainty,
            reason,
            visits,
        } = &call.outcome;
        let mut candidates: Vec<Candidate> = visits
            .iter()
            .map(|(place, weight)| {
                let visit = self.visits.read(*place);
                Candidate {
                    visit: Some(visit.id.to_string()),
                    weight: *weight,
                    source: tracked(self.source(*place, &self.pages(*place, &visit))),
                }
            })
            .collect();
        if candidates.is_empty() {
            let source = match reason {
                None => self.source_of_static(place),
                Some(Reason::UnknownNumber) => named(Some("direct")),
                Some(_) => named(self.source_of_pool(place)),
            };
            candidates.push(Candidate {
                visit: None,
                weight: 1.0,
                source,
            });
        }
        Attribution {
            rule: *rule,
            certainty: *certainty,
            reason: *reason,
            candidates,
        }
    }

    fn source_of_static(&self, place: u32) -> Source {
        let call = self.calls.get(place);
        let Some(entry) = self.rules.fixed(call.number, call.started) else {
            return named(None);
        };
        let text = |text: &Option<String>| text.as_deref().map(CompactString::from);
        Source {
            medium: text(&entry.medium),
            campaign: text(&entry.campaign),
            ..named(Some(&entry.source))
        }
    }

    /// Gives the source that the pool of a call's number names: the pool that it stands in, whose fallback it is, or out of
    /// which it was leased last.
    fn source_of_pool(&self, place: u32) -> Option<&str> {
        let number = self.calls.get(place).number;
        let leased = || {
            let last = self.numbers.get(number)?.last?;
            let pool = self.visits.core(last.visit).pool?;
            self.rules.pool_of(self.texts.words.text(pool))
        };
        let pool = self.numbers.pool(number);
        let pool = pool.or_else(|| self.rules.fallback_of(number));
        let pool = pool.or_else(leased)?;
        self.rules.pool(pool).source.as_deref()
    }
}

/// Says that a source became known by a tracked number.
fn tracked(source: Source) -> Source {
    Source {
        origin: Some(Origin::Calltracking),
        ..source
    }
}

fn named(source: Option<&str>) -> Source {
    tracked(Source {
        source: source.map(CompactString::from),
        ..Source::default()
    })
}
