//! Who is there: managers with their shifts and queues, and conversations.

use std::collections::VecDeque;

use trunkline_model::time::{Time, Tz};

use crate::events::Came;
use crate::hours::Shift;

const NAMES: [&str; 20] = [
    "ana", "luis", "eva", "marc", "ines", "pablo", "nora", "hugo", "vera", "ivan", "lucia",
    "oscar", "carla", "mateo", "sofia", "bruno", "elena", "diego", "marta", "pau",
];

/// A manager.
#[derive(Debug)]
pub(crate) struct Manager {
    pub(crate) name: String,
    pub(crate) shift: Shift,
    /// How long a reply takes, in thousandths of what it usually takes.
    pub(crate) pace: i64,
    /// Conversations that wait for this manager, the first first.
    pub(crate) queue: VecDeque<u64>,
    /// Whether something is done, or a time is set at which it will be.
    pub(crate) busy: bool,
}

impl Manager {
    /// Makes the manager of a number; `pace` in thousandths.
    pub(crate) fn new(number: u32, pace: i64) -> Self {
        let name = NAMES.get(number as usize).map_or_else(
            || format!("manager-{}", number + 1),
            |name| (*name).to_owned(),
        );
        Self {
            name,
            shift: Shift::of(number),
            pace,
            queue: VecDeque::new(),
            busy: false,
        }
    }

    pub(crate) fn works(&self, zone: Tz, at: Time) -> bool {
        self.shift.works(zone, at)
    }
}

/// A conversation that is not over.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: String,
    pub(crate) channel: &'static str,
    pub(crate) contact: String,
    /// What brought it, until that is told.
    pub(crate) came: Option<Came>,
    /// Events it had, for their ids.
    pub(crate) events: u64,
    /// How often the contact will write again.
    pub(crate) turns: u64,
    pub(crate) manager: Option<usize>,
    /// Waits for a manager, in a queue or for one.
    pub(crate) waits: bool,
    /// Steps of it on the agenda: without any, and not waiting, it is forgotten.
    pub(crate) planned: u32,
}
