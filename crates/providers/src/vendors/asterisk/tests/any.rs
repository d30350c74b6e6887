//! Whatever Asterisk says, in whatever order, what is told of it holds together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;

use super::*;

const EVENTS: [&str; 14] = [
    "Newchannel",
    "Newstate",
    "Newexten",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "BridgeLeave",
    "Hold",
    "Unhold",
    "QueueCallerJoin",
    "AgentConnect",
    "AttendedTransfer",
    "Hangup",
    "BlindTransfer",
];
const NAMES: [&str; 5] = [
    "PJSIP/my-trunk-1",
    "PJSIP/101-2",
    "PJSIP/102-3",
    "Local/101@queue-4;1",
    "SIP/anna-5",
];

/// Writes a block about two channels of six, of three calls.
fn block(event: usize, one: u32, other: u32, state: u32, second: i64) -> String {
    let mut text = format!("Event: {}\r\n", EVENTS[event]);
    let at = NOW / 1000 + second;
    let _ = write!(
        text,
        "Timestamp: {at}.000000\r\nBridgeUniqueid: b{}\r\n",
        one % 2
    );
    let _ = write!(
        text,
        "Application: BackGround\r\nResult: Success\r\nDialString: 600111222@x\r\n"
    );
    let _ = write!(
        text,
        "DialStatus: {}\r\n",
        ["ANSWER", "BUSY", "CANCEL"][state as usize % 3]
    );
    for (whose, channel) in [
        ("", one),
        ("Dest", other),
        ("Transferer", one),
        ("OrigTransferer", one),
    ] {
        let _ = write!(text, "{whose}Channel: {}\r\n", NAMES[channel as usize % 5]);
        let _ = write!(text, "{whose}Uniqueid: 1772452800.{channel}\r\n");
        let _ = write!(text, "{whose}CallerIDNum: +3460011122{channel}\r\n");
        let _ = write!(
            text,
            "{whose}Linkedid: 1772452800.{}\r\n",
            channel - channel % 2
        );
        let _ = write!(
            text,
            "{whose}ChannelState: {state}\r\n{whose}Exten: 34944555666\r\n"
        );
    }
    text.push_str("\r\n");
    text
}

proptest! {
    #[test]
    fn each_call_begins_once_ends_once_and_each_leg_answers_once(
        steps in prop::collection::vec((0..EVENTS.len(), 0..6_u32, 0..6_u32, 0..8_u32), 0..60),
    ) {
        let mut ami = ami();
        let login = "Asterisk Call Manager/9\r\nResponse: Success\r\nActionID: trunkline-login\r\n\r\n";
        let mut text = login.to_owned();
        let mut gone = BTreeSet::new();
        for (second, (event, one, other, state)) in (0..).zip(&steps) {
            // An id is that of one channel for ever.
            if gone.contains(one) || gone.contains(other) {
                continue;
            }
            if EVENTS[*event] == "Hangup" {
                gone.insert(*one);
            }
            text.push_str(&block(*event, *one, *other, *state, second));
        }
        let mut events = json_of(&ami.receive(text.as_bytes(), Time(NOW)).unwrap().events);
        ami.lost(Time(NOW + 100_000));
        ami.opened();
        let list = format!("{login}{LISTED}");
        let rest = ami.receive(list.as_bytes(), Time(NOW + 200_000)).unwrap();
        events.extend(json_of(&rest.events));

        // Calls that began; those that go on; legs that answered in each.
        let mut on: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in &events {
            let call = event["call"].as_str().unwrap().to_owned();
            let leg = event["leg"].as_str().map(str::to_owned);
            match (event["phase"].as_str().unwrap(), leg) {
                ("started", None) => {
                    prop_assert!(on.insert(call, BTreeSet::new()).is_none(), "begins twice: {event}");
                }
                ("ended", None) => {
                    prop_assert!(on.remove(&call).is_some(), "ends without a beginning: {event}");
                    prop_assert!(event["disposition"].is_string());
                }
                ("answered", Some(leg)) => {
                    let legs = on.get_mut(&call).expect("it began");
                    prop_assert!(legs.insert(leg), "answers twice: {event}");
                    prop_assert!(event["extension"].is_string(), "nobody answers: {event}");
                }
                _ => prop_assert!(on.contains_key(&call), "it does not go on: {event}"),
            }
        }
        prop_assert!(on.is_empty(), "goes on for ever: {on:?}");
    }
}
