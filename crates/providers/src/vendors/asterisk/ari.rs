//! The events of ARI: one JSON object a frame, of a WebSocket with `subscribeAll=true`.
//!
//! ARI does not say which channels belong together unless `channelvars = CHANNEL(linkedid)` stands in
//! ari.conf. Without it a channel that was made to be dialled belongs to whoever dials it, and calls
//! become one where they meet in a bridge.

use serde_json::Value;
use trunkline_model::event::Phase;
use trunkline_model::time::Time;

use super::calls::{Calls, Dialled};
use super::line::{Channel, Lines, State};
use crate::moment::moment;
use crate::{Draft, Hook, Unreadable};

/// The calls that are seen through ARI. It outlives its connections.
#[derive(Debug)]
pub struct Ari {
    calls: Calls,
}

impl Ari {
    /// Makes it, without a connection.
    pub fn new(hook: Hook, lines: Lines) -> Self {
        Self {
            calls: Calls::new(hook, lines),
        }
    }

    /// Ends a connection. Calls that are not there any more after the next one ended now.
    pub fn lost(&mut self, now: Time) {
        self.calls.lost(now);
    }

    /// Says that the list of channels is asked for: to be called before the request goes out, once
    /// the WebSocket is open.
    pub fn list(&mut self) {
        self.calls.list();
    }

    /// Takes in the list of channels.
    ///
    /// Errors where it is none.
    pub fn listed(&mut self, list: &[u8], now: Time) -> Result<Vec<Draft>, Unreadable> {
        let list: Vec<Value> = serde_json::from_slice(list)
            .map_err(|error| Unreadable::new(format!("no list of channels: {error}")))?;
        for channel in list.iter().map(channel) {
            // Of one that is new nothing says whose call it is, unless it is linked.
            if !channel.linked.is_empty() || self.calls.knows(&channel.id) {
                self.calls.listed(&channel, now);
            }
        }
        self.calls.reconcile(now);
        Ok(self.calls.take())
    }

    /// Takes in a frame.
    ///
    /// Errors where it is no JSON object.
    pub fn receive(&mut self, frame: &str, now: Time) -> Result<Vec<Draft>, Unreadable> {
        let event: Value = serde_json::from_str(frame)
            .map_err(|error| Unreadable::new(format!("the frame is no JSON: {error}")))?;
        let zone = self.calls.hook.zone;
        let at = moment(text(&event, "timestamp"), zone).unwrap_or(now);
        self.event(&event, at);
        Ok(self.calls.take())
    }

    fn event(&mut self, event: &Value, at: Time) {
        let calls = &mut self.calls;
        let own = channel(&event["channel"]);
        match text(event, "type") {
            // What was made to be dialled is nobody's call: it waits for who dials it.
            "ChannelCreated" | "ChannelStateChange" | "ChannelConnectedLine"
                if own.state != State::Down || !own.linked.is_empty() || calls.knows(&own.id) =>
            {
                calls.see(&own, at);
            }
            "ChannelDialplan" => calls.runs(&own.id, text(event, "dialplan_app"), at),
            "Dial" => dial(calls, event, at),
            "ChannelEnteredBridge" => {
                calls.see(&own, at);
                calls.enter(text(&event["bridge"], "id"), &own.id, at);
            }
            "ChannelLeftBridge" => calls.leave(text(&event["bridge"], "id"), &own.id),
            "ChannelHold" => calls.again(&own.id, Phase::Held, at),
            "ChannelUnhold" => calls.again(&own.id, Phase::Resumed, at),
            "BridgeBlindTransfer" if text(event, "result") == "Success" => {
                calls.again(&own.id, Phase::Transferred, at);
            }
            "BridgeAttendedTransfer" if text(event, "result") == "Success" => {
                let first = channel(&event["transferer_first_leg"]);
                calls.again(&first.id, Phase::Transferred, at);
            }
            "ChannelDestroyed" => calls.hangup(&own.id, at),
            _ => {}
        }
    }
}

fn dial(calls: &mut Calls, event: &Value, at: Time) {
    let (by, peer) = (channel(&event["caller"]), channel(&event["peer"]));
    match text(event, "dialstatus") {
        "" => {
            calls.see(&by, at);
            calls.dial(&by.id, &peer, text(event, "dialstring"), at);
        }
        word => {
            calls.see(&peer, at);
            if let Some(how) = Dialled::read(word) {
                calls.dialled(&peer.id, how, at);
            }
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn channel(value: &Value) -> Channel {
    let own = |value: &Value, key: &str| text(value, key).to_owned();
    Channel {
        id: own(value, "id"),
        linked: own(&value["channelvars"], "CHANNEL(linkedid)"),
        name: own(value, "name"),
        number: own(&value["caller"], "number"),
        connected: own(&value["connected"], "number"),
        dialled: own(&value["dialplan"], "exten"),
        state: match text(value, "state") {
            "Dialing" | "Ring" => State::Dials,
            "Ringing" => State::Rings,
            "Up" => State::Up,
            _ => State::Down,
        },
    }
}
