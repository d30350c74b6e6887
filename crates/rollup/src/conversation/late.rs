//! Late entries: put in their place, and the clock run again from the beginning of their block,
//! beside the clock of before, until both go on alike.

use super::block::{BLOCK, Run};
use super::{Conversation, Inserted};
use crate::cells::Tally;
use crate::rules::ChannelRules;
use crate::timeline::Entry;

impl Conversation {
    /// Puts an entry that is not newer than all others in its place.
    pub(super) fn insert_late(
        &mut self,
        entry: Entry,
        rules: ChannelRules<'_>,
        window: i64,
        tally: &mut Tally<'_>,
    ) -> Inserted {
        let number = self.block_of(&entry);
        let mut entries: Vec<Entry> = self.block(number).iter().collect();
        let place = match entries.binary_search_by(|known| known.order(&entry)) {
            Ok(found) if self.says_the_same(&entries[found].body, &entry.body) => {
                return Inserted::Same;
            }
            Ok(_) => return Inserted::Other,
            Err(place) => place,
        };
        if self.knows_id_elsewhere(&entry, window) {
            return Inserted::Other;
        }
        self.arrived(&entry);
        self.untouched = self.untouched.min(number as u32);
        let mut old = self.run_from(number);
        for earlier in &entries[..place] {
            old.step(earlier, rules);
        }
        old.set_out();
        let mut new = old.clone();
        tally.add(&entry, new.step(&entry, rules));
        entries.insert(place, entry);
        self.correct((number, place), entries, [old, new], rules, tally);
        Inserted::New
    }

    /// Gives the last block that begins at or before an entry.
    fn block_of(&self, entry: &Entry) -> usize {
        let (mut low, mut high) = (0, self.last_block());
        while low < high {
            let middle = (low + high).div_ceil(2);
            let first = self.block(middle).iter().next();
            if first.is_some_and(|first| first.order(entry).is_le()) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        low
    }

    /// Runs both clocks over what follows the new entry, which stands in a block at a place of its
    /// `entries`, until they agree.
    fn correct(
        &mut self,
        (inserted, place): (usize, usize),
        mut entries: Vec<Entry>,
        [mut old, mut new]: [Run; 2],
        rules: ChannelRules<'_>,
        tally: &mut Tally<'_>,
    ) {
        let offset = entries[place].changed;
        let (mut number, last) = (inserted, self.last_block());
        let mut at = place + 1;
        loop {
            while at < entries.len() && !new.clock.goes_on_as(&old.clock) {
                let later = &mut entries[at];
                let (was, is) = (old.step(later, rules), new.step(later, rules));
                if was != is {
                    later.changed = offset;
                    tally.remove(later, was);
                    tally.add(later, is);
                }
                at += 1;
            }
            self.set_block(number, &entries);
            let agreed = new.clock.goes_on_as(&old.clock);
            if number == last && at == entries.len() {
                self.clock = new.clock.clone();
            }
            if agreed || number == last {
                break;
            }
            number += 1;
            if let Some(mark) = self.mark(number) {
                *mark = new.mark();
            }
            entries = self.block(number).iter().collect();
            at = 0;
        }
        self.take_over(&old, new, number + 1);
        if self.block(inserted).len() >= 2 * BLOCK {
            self.split(inserted, rules);
        }
    }

    /// Takes over the cycles of the `new` run up to where it goes on as the `old` one did; the
    /// blocks from `next` on lie behind that.
    fn take_over(&mut self, old: &Run, new: Run, next: usize) {
        let (was, is) = (old.past(), new.past());
        if !(old.finished.is_empty() && new.finished.is_empty()) {
            let past = &mut self.long.get_or_insert_default().past;
            past.splice(old.before as usize..was as usize, new.finished);
        }
        for number in next..=self.last_block() {
            if let Some(mark) = self.mark(number) {
                mark.past = mark.past + is - was;
            }
        }
        let Some(begun) = new.clock.cycle else { return };
        for number in next..=self.last_block() {
            match self.mark(number) {
                Some(mark) if mark.past == is => {
                    if let Some(cycle) = mark.clock.cycle.as_mut() {
                        cycle.begin_as(&begun);
                    }
                }
                _ => break,
            }
        }
        let past = self
            .long
            .as_mut()
            .and_then(|long| long.past.get_mut(is as usize));
        if let Some(cycle) = past.or(self.clock.cycle.as_mut()) {
            cycle.begin_as(&begun);
        }
    }
}
