//! A change of settings: all conversations are folded anew under what holds for their times.

use trunkline_model::settings::FoldRules;

use super::parked::Item;
use super::{Account, Position};
use crate::cells::{Cells, Tally};
use crate::conversation::Conversation;
use crate::names::Names;
use crate::rules::History;
use crate::submap::{self, Place};

impl Account {
    /// Applies a change of settings, told by a record.
    pub fn settings(&mut self, rules: FoldRules, at: Position) {
        self.take_back();
        // What is cold stays out of the cells, also when nothing was observed yet in this life.
        self.cells.turn(at.received_at);
        let minutes = rules.cell_minutes;
        if at.offset >= self.taken {
            self.rules.append(at.received_at, at.offset, rules);
        }
        self.contacts.settle(self.rules.countries());
        self.refold(at);
        if self.rules.calls_change(at.offset) {
            self.calls.settings(at.offset);
            self.entities.settings(at.offset);
        }
        if self.cells.cut(minutes, at.offset) {
            self.recount(at.offset);
        }
    }

    /// Folds all conversations anew under the settings told by a record; what is needed for that is
    /// read back where it has shrunk.
    fn refold(&mut self, at: Position) {
        let from = self.rules.changes_from(at.offset);
        self.wake_reached(from, at.offset);
        let (history, names, cells) = (&self.rules, &self.names, &mut self.cells);
        let parked = &mut self.parked;
        submap::each(
            &mut self.submaps,
            &mut self.changed,
            at.offset,
            |taken, place, known| {
                if at.offset < taken {
                    return false;
                }
                if parked.holds_up(known) || known.head_reaches(from) {
                    parked.push(place, known, Item::Settings(at.offset));
                    return false;
                }
                refold_one(known, history, names, at.offset, cells)
            },
        );
    }

    /// Counts all messages into the cells that a record emptied. Cells of which some were let go of
    /// are computed in ClickHouse.
    fn recount(&mut self, offset: u64) {
        self.cells.cool(self.let_go.until);
        for (part, submap) in (0..=u8::MAX).zip(&self.submaps) {
            for (index, known) in submap.awake() {
                // What waits for a conversation is still to come, and takes out what is counted here.
                let place = Place {
                    submap: part,
                    index,
                };
                let below = self.parked.first(place).unwrap_or(offset + 1);
                let rules = self.rules.of(known.channel, &self.names, below);
                let mut tally = Tally::new(&mut self.cells, offset, known.channel, rules);
                known.count(rules, &mut tally);
            }
        }
    }
}

/// Folds one conversation anew under the settings told by the record at `offset`; says whether any
/// figure changed.
pub(super) fn refold_one(
    known: &mut Conversation,
    history: &History,
    names: &Names,
    offset: u64,
    cells: &mut Cells,
) -> bool {
    let channel = known.channel;
    let rules = [offset, offset + 1].map(|below| history.of(channel, names, below));
    let mut tally = Tally::new(cells, offset, channel, rules[1]);
    known.refold(rules, offset, &mut tally)
}
