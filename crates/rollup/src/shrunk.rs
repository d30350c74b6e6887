//! Conversations that have shrunk, in few bytes: most that an account ever had are of these.
//!
//! ```text
//! check  8 bytes   the upper half of its key
//! marks  1 byte    touched, shown: they change while it is packed
//! rest             the conversation as a checkpoint takes it, without the mark before its first
//!                  block, which is its clock
//! ```

use serde::{Deserialize, Serialize};

use crate::conversation::Conversation;

/// A packed conversation; one without bytes is a free place.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Shrunk(Box<[u8]>);

const CHECK: usize = 8;
const TOUCHED: u8 = 1;
const SHOWN: u8 = 2;

impl Shrunk {
    /// Packs a conversation that has no entries but those in ClickHouse.
    #[expect(
        clippy::expect_used,
        reason = "plain data in memory: postcard can always encode it"
    )]
    pub(crate) fn pack(conversation: &Conversation) -> Self {
        let mut bytes = conversation.check.to_le_bytes().to_vec();
        bytes.push(marks(conversation.touched, conversation.shown));
        let bytes = postcard::to_extend(conversation, bytes).expect("a conversation is plain data");
        Self(bytes.into_boxed_slice())
    }

    /// Gives the conversation back.
    #[expect(
        clippy::expect_used,
        reason = "its bytes are those that `pack` wrote; a checkpoint's are checked by their CRC"
    )]
    pub(crate) fn unpack(&self) -> Conversation {
        let rest = &self.0[CHECK + 1..];
        let mut conversation: Conversation =
            postcard::from_bytes(rest).expect("what was packed is unpacked");
        conversation.check = self.check();
        conversation.touched = self.is_touched();
        conversation.shown = self.0[CHECK] & SHOWN != 0;
        conversation.unfold();
        conversation
    }

    pub(crate) fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }

    /// Gives the half of its key that it is compared by.
    pub(crate) fn check(&self) -> u64 {
        let check = self.0.first_chunk::<CHECK>();
        check.map_or(0, |check| u64::from_le_bytes(*check))
    }

    /// Says whether it waits to be shown live.
    pub(crate) fn is_touched(&self) -> bool {
        self.0.get(CHECK).is_some_and(|marks| marks & TOUCHED != 0)
    }

    /// Notes whether it waits to be shown live, and whether it was last shown as one that waits.
    pub(crate) fn set_marks(&mut self, touched: bool, shown: bool) {
        if let Some(known) = self.0.get_mut(CHECK) {
            *known = marks(touched, shown);
        }
    }
}

fn marks(touched: bool, shown: bool) -> u8 {
    (u8::from(touched) * TOUCHED) | (u8::from(shown) * SHOWN)
}
