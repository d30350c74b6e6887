use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::vendors::kit::{self, Sample};

/// The first key pair of RFC 8032.
const PRIVATE: &str = "seed:nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";

fn told(name: &str) -> Vec<Value> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/vendors/telnyx_texml/samples/"
    );
    let sample = Sample::read(format!("{folder}{name}.http").as_ref());
    kit::events(&TelnyxTexml, &sample)
}

#[test]
fn the_samples_are_verified_and_read_as_they_were() {
    kit::samples(&TelnyxTexml, PRIVATE);
}

#[test]
fn legs_are_joined_to_their_parents_call() {
    let names = [
        "inbound_initiated",
        "leg_ringing",
        "leg_answered",
        "leg_completed",
        "recording",
    ];
    let events: Vec<Value> = names.iter().flat_map(|name| told(name)).collect();
    let calls: BTreeSet<String> = events
        .iter()
        .map(|event| event["call"].to_string())
        .collect();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let ids: BTreeSet<String> = events.iter().map(|event| event["id"].to_string()).collect();
    assert_eq!(ids.len(), events.len());
}

/// `AnsweredTime` goes before what `CallDuration` would say.
#[test]
fn a_time_of_answer_is_taken_as_told() {
    let events = told("leg_completed_only");
    assert_eq!(events[1]["phase"], "answered");
    assert_eq!(events[1]["at"], told("leg_answered")[0]["at"]);
}

#[test]
fn the_address_says_which_way_a_call_goes() {
    assert_eq!(told("inbound_completed")[0]["direction"], "inbound");
    assert_eq!(told("outbound_answered")[0]["direction"], "outbound");
    assert_eq!(told("outbound_answered")[0]["phase"], "answered");
    assert_eq!(told("inbound_in_progress")[0]["phase"], "menu");
}
