//! The timeline run anew, because the settings changed or entries were taken back.

use super::Conversation;
use crate::cells::Tally;
use crate::clock::Clock;
use crate::packed::Packed;
use crate::rules::ChannelRules;
use crate::timeline::Entry;

impl Conversation {
    /// Runs the clock anew under changed settings (those before, those after); says whether any
    /// figure changed.
    pub(crate) fn refold(
        &mut self,
        rules: [ChannelRules<'_>; 2],
        offset: u64,
        tally: &mut Tally<'_>,
    ) -> bool {
        let entries = self.entries().map(|entry| (entry, None)).collect();
        self.run_anew(entries, rules, offset, tally)
    }

    /// Counts all entries into cells that have none of them.
    pub(crate) fn count(&self, rules: ChannelRules<'_>, tally: &mut Tally<'_>) {
        let mut run = self.run_from(0);
        for entry in self.entries() {
            let samples = run.step(&entry, rules);
            tally.add(&entry, samples);
        }
    }

    /// Takes back the entries for which `due` gives the offset of a retraction; says whether there
    /// were any.
    pub(crate) fn retract(
        &mut self,
        due: impl Fn(&Entry) -> Option<u64>,
        rules: ChannelRules<'_>,
        tally: &mut Tally<'_>,
    ) -> bool {
        let standing = |entry: &Entry| if entry.retracted { None } else { due(entry) };
        let Some(offset) = self.entries().filter_map(|entry| standing(&entry)).max() else {
            return false;
        };
        let entries = self.entries().map(|entry| {
            let taken_back = standing(&entry);
            (entry, taken_back)
        });
        let entries = entries.collect();
        self.retracted = true;
        self.run_anew(entries, [rules; 2], offset, tally)
    }

    /// Goes back to the end of the head, with no entry after it; gives the clock there.
    pub(super) fn set_back(&mut self) -> Clock {
        let first = self.mark_before(0);
        self.clock = first.clock.clone();
        self.tail = Packed::default();
        if let Some(long) = self.long.as_mut() {
            long.forget_from(first);
        }
        // The blocks are others than before.
        self.untouched = 0;
        self.clock.clone()
    }

    /// Builds the timeline after the head anew; each entry comes with the offset of what takes it back now.
    fn run_anew(
        &mut self,
        entries: Vec<(Entry, Option<u64>)>,
        [before, after]: [ChannelRules<'_>; 2],
        offset: u64,
        tally: &mut Tally<'_>,
    ) -> bool {
        let was = self.past().to_vec();
        let mut old = self.set_back();
        let mut differs = false;
        for (mut entry, taken_back) in entries {
            let was = old.step(&entry, before.at(entry.at)).samples;
            tally.remove_under(&entry, was, before);
            entry.retracted |= taken_back.is_some();
            let is = self.clock.clone().step(&entry, after.at(entry.at)).samples;
            let by = entry.body.message().and_then(|message| message.manager);
            let measure = |samples, rules: ChannelRules<'_>| rules.measure(samples, by, entry.at);
            if taken_back.is_some() || measure(was, before) != measure(is, after) {
                entry.changed = taken_back.unwrap_or(offset);
                differs = true;
            }
            self.append(&entry, after);
            tally.add(&entry, is);
        }
        differs |= self.clock != old || self.past() != was;
        if differs {
            self.changed = self.changed.max(offset);
        }
        differs
    }
}
