//! What is shown live: who waits for a reply, and figures by cell. Only what changed since the last
//! time is told, so that showing costs no more than the events since.

use trunkline_model::event::Direction;
use trunkline_model::time::Time;

use super::Account;
use crate::cells::Cell;
use crate::conversation::Conversation;
use crate::names::Names;

/// Takes what changed.
pub trait View {
    /// A conversation in which a reply is owed, as it stands now.
    fn waiting(&mut self, waiting: &Waiting<'_>);

    /// A conversation that was told as waiting, and in which no reply is owed any more.
    fn settled(&mut self, channel: &str, conversation: &str);

    /// A call that goes on, as it stands now.
    fn call(&mut self, _: &CallNow<'_>) {}

    /// A call that was told as going on, and does not any more.
    fn call_over(&mut self, _call: &str) {}

    /// All cells told before are void: those that follow are all there are.
    fn forget_cells(&mut self);

    /// The figures of one manager (none: of all who are no managers) on one channel in the cell that
    /// begins at `start`.
    fn cell(&mut self, start: Time, manager: Option<&str>, channel: &str, cell: &Cell);
}

/// A conversation in which a reply is owed (`metrics.md` 1.2, `unanswered`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// The channel's id.
    pub channel: &'a str,
    /// The conversation's id, unique within its channel.
    pub conversation: &'a str,
    /// Who waits.
    pub contact: &'a str,
    /// Since when.
    pub since: Time,
    /// The manager it is assigned to now.
    pub assignee: Option<&'a str>,
    /// The manager who wrote last.
    pub last_manager: Option<&'a str>,
}

/// A call that has not ended, as far as is told (`metrics.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallNow<'a> {
    /// The call's id.
    pub call: &'a str,
    /// Which way it goes.
    pub direction: Direction,
    /// Who is outside; empty if unknown.
    pub caller: &'a str,
    /// The number of ours.
    pub number: &'a str,
    /// When it began.
    pub since: Time,
    /// What it is doing: `started`, `menu`, `queued`, `ringing`, `talking` or `held`.
    pub state: &'static str,
    /// The manager who talks, else whom it rang last, as told.
    pub manager: Option<&'a str>,
    /// His extension, or the number it was forwarded to.
    pub extension: Option<&'a str>,
    /// Whether it is spam.
    pub spam: bool,
    /// When its latest phase arrived: hours later it is taken for over.
    pub heard_at: Time,
}

impl Account {
    /// Tells what changed since the last time.
    pub fn show(&mut self, view: &mut impl View) {
        for place in std::mem::take(&mut self.changed.touched) {
            let submap = &mut self.submaps[usize::from(place.submap)];
            let names = &self.names;
            let Some(shrunk) = place.shrunk() else {
                let known = &mut submap.conversations[place.index];
                if std::mem::take(&mut known.touched) {
                    tell(known, names, view);
                    known.shown = known.is_waiting();
                }
                continue;
            };
            let shrunk = submap.shrunk_at(shrunk);
            if shrunk.is_touched() {
                let known = shrunk.unpack();
                tell(&known, names, view);
                shrunk.set_marks(false, known.is_waiting());
            }
        }
        self.calls.show(&self.names, &self.rules, view);
        if self.cells.begin_to_show() {
            view.forget_cells();
        }
        let names = &self.names;
        self.cells.show(|key, cell| {
            let manager = key.manager.map(|name| names.text(name));
            view.cell(key.start, manager, names.text(key.channel), cell);
        });
    }
}

/// Tells how a conversation stands now, unless it is nothing new.
fn tell(known: &Conversation, names: &Names, view: &mut impl View) {
    match known.waiting(names) {
        Some(waiting) => view.waiting(&waiting),
        None if known.shown => view.settled(names.text(known.channel), known.id()),
        None => {}
    }
}
