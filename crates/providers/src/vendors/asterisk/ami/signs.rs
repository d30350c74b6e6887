//! What each event of the manager interface says of the calls.

use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use super::LIST;
use super::block::Block;
use crate::moment::moment;
use crate::vendors::asterisk::calls::{Calls, Dialled};
use crate::vendors::asterisk::cdr;
use crate::vendors::asterisk::line::{Channel, State};

/// Reads one block. Events that say nothing of a call are many, and passed over.
pub(super) fn read(calls: &mut Calls, block: &Block, now: Time) {
    let zone = calls.hook.zone;
    let at = moment(block.get("Timestamp"), zone).unwrap_or(now);
    let id = block.get("Uniqueid");
    match block.get("Event") {
        "Newchannel" | "Newstate" | "NewConnectedLine" | "NewCallerid" => see(calls, block, "", at),
        "Newexten" => calls.runs(id, block.get("Application"), at),
        "DialBegin" => {
            let by = block.get("Uniqueid");
            see(calls, block, "", at);
            calls.dial(by, &channel(block, "Dest"), block.get("DialString"), at);
        }
        "DialEnd" => {
            if let Some(how) = Dialled::read(block.get("DialStatus")) {
                calls.dialled(block.get("DestUniqueid"), how, at);
            }
        }
        "BridgeEnter" => {
            see(calls, block, "", at);
            calls.enter(block.get("BridgeUniqueid"), id, at);
        }
        "BridgeLeave" => calls.leave(block.get("BridgeUniqueid"), id),
        "Hold" => calls.again(id, Phase::Held, at),
        "Unhold" => calls.again(id, Phase::Resumed, at),
        "QueueCallerJoin" => calls.queued(id, at),
        "AgentConnect" => calls.answered(block.get("DestUniqueid"), at),
        "BlindTransfer" if block.get("Result") == "Success" => {
            calls.again(block.get("TransfererUniqueid"), Phase::Transferred, at);
        }
        "AttendedTransfer" if block.get("Result") == "Success" => {
            calls.again(block.get("OrigTransfererUniqueid"), Phase::Transferred, at);
        }
        "Hangup" => calls.hangup(id, at),
        "Cdr" => cdr::read(calls, |key| block.get(key)),
        "CoreShowChannel" => {
            calls.listed(&channel(block, ""), at);
            calls.enter(block.get("BridgeId"), id, at);
        }
        "CoreShowChannelsComplete" if block.get("ActionID") == LIST => calls.reconcile(now),
        _ => {}
    }
}

fn see(calls: &mut Calls, block: &Block, whose: &str, at: Time) {
    calls.see(&channel(block, whose), at);
}

fn channel(block: &Block, whose: &str) -> Channel {
    let text = |key| block.of(whose, key).to_owned();
    Channel {
        id: text("Uniqueid"),
        linked: text("Linkedid"),
        name: text("Channel"),
        number: text("CallerIDNum"),
        connected: text("ConnectedLineNum"),
        dialled: text("Exten"),
        state: match block.of(whose, "ChannelState") {
            "3" | "4" => State::Dials,
            "5" => State::Rings,
            "6" => State::Up,
            _ => State::Down,
        },
    }
}
