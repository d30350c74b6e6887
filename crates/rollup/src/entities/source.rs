//! Where something came from, as an event tells it: only what it tells is kept.

use serde::{Deserialize, Serialize};
use trunkline_model::event::{CLICKS, Origin, Source};

use crate::facts::{SOURCE, SourceFact};

/// Places among the columns.
const NAME: u8 = 0;
const MEDIUM: u8 = 1;
const CTWA_CLID: u8 = 11;
const ORIGIN: u8 = 12;

/// What is told of a source: places of [`SOURCE`] and their values.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sources<'a>(#[serde(borrow)] Vec<(u8, &'a str)>);

impl<'a> Sources<'a> {
    pub(crate) fn of(source: Option<&'a Source<'_>>) -> Self {
        let Some(source) = source else {
            return Self::default();
        };
        let fields = [
            &source.source,
            &source.medium,
            &source.campaign,
            &source.content,
            &source.term,
            &source.gclid,
            &source.gbraid,
            &source.wbraid,
            &source.fbclid,
            &source.yclid,
            &source.msclkid,
            &source.ctwa_clid,
        ];
        let fields = (0..).zip(fields.map(Option::as_deref));
        let origin = (ORIGIN, source.origin.map(Origin::as_str));
        let told = fields.chain([origin]);
        let told = told.filter_map(|(place, text)| Some((place, text?)));
        Self(told.filter(|(_, text)| !text.is_empty()).collect())
    }

    /// Says whether it names anything but the way by which that became known.
    pub(crate) fn is_named(&self) -> bool {
        self.0.iter().any(|(place, _)| *place != ORIGIN)
    }

    /// Gives all columns. Where no source is named a click id names it, and the medium if that is not either
    /// ([`CLICKS`]). A source whose origin nobody told came by the channel if an advertisement
    /// there opened it, with an import's run by the import, else by tags of an address.
    pub(super) fn fact(&self, imported: bool) -> SourceFact<'a> {
        let mut all = [""; SOURCE.len()];
        for (place, text) in &self.0 {
            if let Some(column) = all.get_mut(usize::from(*place)) {
                *column = text;
            }
        }
        if all[usize::from(NAME)].is_empty()
            && let Some((_, name, medium)) = self.clicked()
        {
            all[usize::from(NAME)] = name;
            let told = &mut all[usize::from(MEDIUM)];
            if told.is_empty() {
                *told = medium;
            }
        }
        let origin = &mut all[usize::from(ORIGIN)];
        if origin.is_empty() && self.is_named() {
            let opened = self.0.iter().any(|(place, _)| *place == CTWA_CLID);
            let told = if opened {
                Origin::Channel
            } else if imported {
                Origin::Import
            } else {
                Origin::Utm
            };
            *origin = told.as_str();
        }
        SourceFact(all)
    }

    /// Gives the first of the click ids that is told.
    fn clicked(&self) -> Option<&'static (&'static str, &'static str, &'static str)> {
        let told = |(place, _): &(u8, &str)| SOURCE.get(usize::from(*place)).copied();
        CLICKS
            .iter()
            .find(|(id, ..)| self.0.iter().filter_map(told).any(|name| name == *id))
    }
}
