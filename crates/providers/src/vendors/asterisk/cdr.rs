//! Call records: they tell of calls that nobody saw.
//!
//! A record's times are those of the caller's channel: what it calls the answer may be that of a menu.
//! So it is only read where the call was not followed, and of an answer only where an extension was
//! reached.

use trunkline_model::event::Phase;

use super::calls::Calls;
use super::line::{Channel, End};
use crate::Draft;
use crate::moment::moment;

/// Reads a record: the event `Cdr`, or a row of Master.csv with the same names.
pub(super) fn read<'a>(calls: &mut Calls, get: impl Fn(&str) -> &'a str) {
    let call = get("UniqueID");
    let hook = calls.hook.clone();
    let time = |key| moment(get(key), hook.zone);
    let (Some(start), Some(end)) = (time("StartTime"), time("EndTime")) else {
        return;
    };
    if call.is_empty() || calls.knows(call) {
        return;
    }
    let reached = Channel {
        name: get("DestinationChannel").to_owned(),
        ..Channel::default()
    };
    let caller = Channel {
        name: get("Channel").to_owned(),
        number: get("Source").to_owned(),
        ..Channel::default()
    };
    let answered = get("Disposition") == "ANSWERED" && !reached.name.is_empty();
    let ends = (calls.end_of(&caller), calls.end_of(&reached));
    let (direction, extension) = match &ends {
        (End::Outside, End::Inside(extension)) => ("inbound", extension.as_str()),
        (End::Outside, _) => ("inbound", ""),
        (End::Inside(extension), End::Outside) => ("outbound", extension.as_str()),
        (End::Inside(_), End::Inside(extension)) => ("internal", extension.as_str()),
        _ => ("", ""),
    };
    let draft = |phase: Phase, at| {
        Draft::call(&hook, call, phase, at)
            .with("id", format!("{call}:{phase}:record"))
            .with("direction", direction)
            .with("from", get("Source"))
            .with("to", get("Destination"))
    };
    calls.note(draft(Phase::Started, start));
    if let (true, Some(at)) = (answered && !extension.is_empty(), time("AnswerTime")) {
        calls.note(
            draft(Phase::Answered, at)
                .with("leg", extension)
                .with("extension", extension),
        );
    }
    let outbound = direction == "outbound";
    let disposition = match get("Disposition") {
        "ANSWERED" if answered => "answered",
        "BUSY" if outbound => "busy",
        "FAILED" | "CONGESTION" if outbound => "failed",
        _ if outbound => "no_answer",
        "ANSWERED" => "menu",
        _ => "missed",
    };
    calls.note(draft(Phase::Ended, end).with("disposition", disposition));
}
