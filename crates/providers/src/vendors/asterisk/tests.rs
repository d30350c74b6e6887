mod any;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use trunkline_model::event::Event;
use trunkline_model::settings::Secret;
use trunkline_model::time::Time;

use super::*;
use crate::Draft;
use crate::vendors::kit::{self, NOW, hook};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/vendors/asterisk/samples")
        .join(name)
}

/// Gives a transcript as it goes over the line.
fn transcript(name: &str) -> Vec<u8> {
    let text = fs::read_to_string(sample(name)).unwrap();
    text.replace('\n', "\r\n").into_bytes()
}

fn ami() -> Ami {
    let mut ami = Ami::new(
        hook(&Asterisk, &[]),
        "trunkline",
        Secret::new("hush"),
        Lines::default(),
    );
    ami.opened();
    ami
}

fn json_of(events: &[Draft]) -> Vec<Value> {
    let json = events.iter().map(|event| {
        let json = event.to_json();
        Event::parse(&json).unwrap_or_else(|refusal| panic!("{refusal}: {json}"));
        serde_json::from_str(&json).unwrap()
    });
    json.collect()
}

/// Plays transcripts in pieces of so many bytes.
fn played(names: &[&str], piece: usize) -> Vec<Value> {
    let mut ami = ami();
    let mut events = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let bytes = transcript(name);
        let bytes = if place == 0 {
            &bytes[..]
        } else {
            after_login(&bytes)
        };
        for piece in bytes.chunks(piece) {
            events.extend(ami.receive(piece, Time(NOW)).unwrap().events);
        }
    }
    json_of(&events)
}

/// Leaves out the greeting and the answer to the login.
fn after_login(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    &bytes[end + 4..]
}

#[test]
fn transcripts_are_told_as_on_file() {
    for name in ["ami_queue", "ami_transfer", "ami_outbound"] {
        let events = json!({ "events": played(&[&format!("{name}.txt")], usize::MAX) });
        kit::as_on_file(&sample(&format!("{name}.json")), &events);
    }
}

#[test]
fn it_makes_no_difference_where_the_bytes_are_cut() {
    for name in ["ami_queue.txt", "ami_transfer.txt"] {
        assert_eq!(played(&[name], 1), played(&[name], usize::MAX), "{name}");
    }
}

/// Each phase with its second, its leg's extension, and how it ended.
fn short(events: &[Value]) -> Vec<String> {
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or("-").to_owned();
    let line = |event: &Value| {
        let second = Time::parse(event["at"].as_str().unwrap()).unwrap().millis() - NOW;
        let (phase, extension) = (text(event, "phase"), text(event, "extension"));
        let disposition = text(event, "disposition");
        format!("{second} {phase} {extension} {disposition}")
    };
    events.iter().map(line).collect()
}

/// The law of the queue: both telephones ring, one person answers once, the menu and the queue are
/// told, and what is glue between channels is nobody.
#[test]
fn a_queue_is_one_call_with_a_leg_for_each_telephone() {
    let events = played(&["ami_queue.txt"], usize::MAX);
    let expected = [
        "0 started - -",
        "100 menu - -",
        "8000 queued - -",
        "8500 ringing 101 -",
        "8500 ringing 102 -",
        "15000 answered 102 -",
        "15300 ended 101 -",
        "40000 held 102 -",
        "52000 resumed 102 -",
        "75200 ended - answered",
    ];
    assert_eq!(short(&events), expected);
    let calls: Vec<_> = events.iter().map(|it| it["call"].as_str()).collect();
    assert!(calls.iter().all(|it| *it == Some("h:1772452800.10")));
}

#[test]
fn an_attended_transfer_goes_on_in_the_older_call() {
    let events = played(&["ami_transfer.txt"], usize::MAX);
    let (own, other): (Vec<Value>, Vec<Value>) = events
        .into_iter()
        .partition(|event| event["call"] == "h:1772452800.20");
    let expected = [
        "0 started - -",
        "1200 ringing 101 -",
        "6000 answered 101 -",
        "30000 held 101 -",
        "45000 transferred 101 -",
        "45100 answered 102 -",
        "45200 ended 101 -",
        "90100 ended - answered",
    ];
    assert_eq!(short(&own), expected);
    assert!(other.iter().all(|event| event["direction"] == "internal"));
    assert_eq!(short(&other).last().unwrap(), "45300 ended - answered");
}

#[test]
fn an_outbound_call_is_its_callers() {
    let expected = [
        "0 started - -",
        "5000 ended - busy",
        "60000 started - -",
        "63000 ringing 101 -",
        "69000 answered 101 -",
        "165000 ended - answered",
    ];
    let events = played(&["ami_outbound.txt"], usize::MAX);
    assert_eq!(short(&events), expected);
    let last = events.last().unwrap();
    assert_eq!(
        (&last["direction"], &last["from"]),
        (&json!("outbound"), &json!("+34944555666"))
    );
}

/// The law of both doors: what AMI and ARI tell of one call is the same.
#[test]
fn ami_and_ari_tell_the_same() {
    let mut ari = Ari::new(hook(&Asterisk, &[]), Lines::default());
    let mut events = Vec::new();
    for frame in fs::read_to_string(sample("ari_plain.ndjson"))
        .unwrap()
        .lines()
    {
        events.extend(ari.receive(frame, Time(NOW)).unwrap());
    }
    let expected = [
        "0 started - -",
        "1250 ringing 101 -",
        "6000 answered 101 -",
        "30000 held 101 -",
        "35000 resumed 101 -",
        "65625 ended - answered",
    ];
    assert_eq!(short(&json_of(&events)), expected);
    assert_eq!(json_of(&events), played(&["ami_plain.txt"], usize::MAX));
}

#[test]
fn after_a_gap_ari_goes_by_the_list_too() {
    let frames = fs::read_to_string(sample("ari_plain.ndjson")).unwrap();
    let channel = |id: &str, linked: &str| {
        json!({ "id": id, "name": "PJSIP/102-9", "state": "Up", "caller": { "number": "102" },
                "channelvars": { "CHANNEL(linkedid)": linked } })
    };
    let back = |list: Value| {
        let mut ari = Ari::new(hook(&Asterisk, &[]), Lines::default());
        for frame in frames.lines().take(8) {
            ari.receive(frame, Time(NOW)).unwrap();
        }
        ari.lost(Time(NOW + 20_000));
        ari.list();
        let events = ari.listed(list.to_string().as_bytes(), Time(NOW + 620_000));
        short(&json_of(&events.unwrap()))
    };
    let (trunk, phone) = ("1772452800.50", "1772452800.51");
    assert_eq!(back(json!([])), ["20000 ended - answered"]);
    assert!(back(json!([channel(trunk, ""), channel(phone, "")])).is_empty());
    // A channel that is new and not linked is nobody's; one that is linked joins its call.
    let strange = json!([
        channel(trunk, ""),
        channel(phone, ""),
        channel("1772453000.1", "")
    ]);
    assert!(back(strange).is_empty());
    let taken = json!([channel(trunk, trunk), channel("1772453000.1", trunk)]);
    assert_eq!(back(taken), ["620000 answered 102 -", "20000 ended 101 -"]);
}

const LIST: &str = "Event: CoreShowChannel\r\nActionID: trunkline-list\r\n";
const LISTED: &str = "Event: CoreShowChannelsComplete\r\nActionID: trunkline-list\r\n\r\n";

/// Cuts the transcript of the plain call before the first block with this text.
fn until(text: &str) -> Vec<u8> {
    let bytes = transcript("ami_plain.txt");
    let all = String::from_utf8(bytes).unwrap();
    let at = all[..all.find(text).unwrap()].rfind("\r\n\r\n").unwrap();
    all.as_bytes()[..at + 4].to_vec()
}

/// Loses the connection, and comes back ten minutes later to a list of channels.
fn gap(before: &[u8], list: &str) -> Vec<Value> {
    let mut ami = ami();
    ami.receive(before, Time(NOW)).unwrap();
    ami.lost(Time(NOW + 20_000));
    ami.opened();
    let login =
        b"Asterisk Call Manager/9.0.0\r\nResponse: Success\r\nActionID: trunkline-login\r\n\r\n";
    let back = Time(NOW + 620_000);
    let heard = ami.receive(login, back).unwrap();
    assert!(
        String::from_utf8(heard.send)
            .unwrap()
            .contains("Action: CoreShowChannels\r\n")
    );
    let heard = ami
        .receive(format!("{list}{LISTED}").as_bytes(), back)
        .unwrap();
    json_of(&heard.events)
}

#[test]
fn a_call_that_vanished_in_a_gap_ended_when_it_was_last_known_to_live() {
    let events = gap(&until("Event: Hold"), "");
    assert_eq!(short(&events), ["20000 ended - answered"]);
    assert_eq!(events[0]["tags"], json!(["gap"]));
    let events = gap(&until("Event: DialBegin"), "");
    assert_eq!(short(&events), ["20000 ended - timed_out"]);
}

#[test]
fn a_call_that_is_still_there_after_a_gap_goes_on_and_a_new_one_is_told() {
    let still = format!(
        "{LIST}Channel: PJSIP/my-trunk-0000000c\r\nUniqueid: 1772452800.50\r\n\
         Linkedid: 1772452800.50\r\nChannelState: 6\r\n\r\n{LIST}Channel: PJSIP/101-00000051\r\n\
         Uniqueid: 1772452800.51\r\nLinkedid: 1772452800.50\r\nChannelState: 6\r\n\r\n"
    );
    assert_eq!(gap(&until("Event: Hold"), &still), Vec::<Value>::new());
    let new = format!(
        "{LIST}Channel: PJSIP/my-trunk-00000010\r\nUniqueid: 1772453400.7\r\nExten: +34944555666\r\n\
         Linkedid: 1772453400.7\r\nChannelState: 6\r\nCallerIDNum: +34911222333\r\n\r\n\
         {LIST}Channel: PJSIP/102-00000011\r\nUniqueid: 1772453401.8\r\n\
         Linkedid: 1772453400.7\r\nChannelState: 6\r\n\r\n"
    );
    let events = gap(&until("Event: Newchannel"), &new);
    assert_eq!(
        short(&events),
        ["600000 started - -", "620000 answered 102 -"]
    );
    assert_eq!(events[0]["from"], "+34911222333");
}

#[test]
fn a_record_tells_of_a_call_that_nobody_saw_and_of_no_other() {
    let record = |call: &str| {
        format!(
            "Event: Cdr\r\nSource: +34911222333\r\nDestination: 101\r\nChannel: PJSIP/my-trunk-1\r\n\
             DestinationChannel: PJSIP/101-2\r\nStartTime: 2026-03-02 13:00:00\r\n\
             AnswerTime: 2026-03-02 13:00:07\r\nEndTime: 2026-03-02 13:01:00\r\n\
             Disposition: ANSWERED\r\nUniqueID: {call}\r\n\r\n"
        )
    };
    let mut ami = ami();
    ami.receive(&transcript("ami_plain.txt"), Time(NOW))
        .unwrap();
    let heard = ami
        .receive(record("1772452800.50").as_bytes(), Time(NOW))
        .unwrap();
    assert_eq!(json_of(&heard.events), Vec::<Value>::new());
    let heard = ami
        .receive(record("1772452800.99").as_bytes(), Time(NOW))
        .unwrap();
    let expected = [
        "0 started - -",
        "7000 answered 101 -",
        "60000 ended - answered",
    ];
    assert_eq!(short(&json_of(&heard.events)), expected);
}

#[test]
fn a_login_is_sent_and_whoever_is_no_asterisk_is_left() {
    let mut ami = Ami::new(
        hook(&Asterisk, &[]),
        "trunk\r\nAction: Originate",
        Secret::new("hush"),
        Lines::default(),
    );
    ami.opened();
    let heard = ami
        .receive(b"Asterisk Call Manager/9.0.0\r\n", Time(NOW))
        .unwrap();
    let sent = String::from_utf8(heard.send).unwrap();
    assert!(sent.starts_with("Action: Login\r\n") && sent.ends_with("Secret: hush\r\n\r\n"));
    assert!(!sent.contains("\r\nAction: Originate"), "{sent}");
    let refused =
        b"Response: Error\r\nActionID: trunkline-login\r\nMessage: Authentication failed\r\n\r\n";
    let broken = ami.receive(refused, Time(NOW)).unwrap_err();
    assert_eq!(broken, Broken::Refused("Authentication failed".into()));
    ami.opened();
    let broken = ami.receive(b"SSH-2.0-x\r\n", Time(NOW)).unwrap_err();
    assert_eq!(broken, Broken::Stranger("SSH-2.0-x".into()));
    ami.opened();
    ami.receive(b"Asterisk Call Manager/9.0.0\r\n", Time(NOW))
        .unwrap();
    assert_eq!(
        ami.receive("x".repeat(70_000).as_bytes(), Time(NOW))
            .unwrap_err(),
        Broken::TooLong
    );
}

#[test]
fn no_transcript_that_is_spoiled_panics() {
    for name in ["ami_queue.txt", "ami_transfer.txt"] {
        let bytes = transcript(name);
        for place in (0..bytes.len()).step_by(7) {
            let mut spoiled = bytes.clone();
            spoiled.drain(place..(place + 40).min(bytes.len()));
            let mut ami = ami();
            if let Ok(heard) = ami.receive(&spoiled, Time(NOW)) {
                json_of(&heard.events);
            }
            ami.lost(Time(NOW));
            ami.calls_end();
        }
    }
}

impl Ami {
    fn calls_end(&mut self) {
        self.opened();
        let list = format!("Asterisk Call Manager/9\r\n{LISTED}");
        self.list();
        let heard = self.receive(list.as_bytes(), Time(NOW)).unwrap();
        json_of(&heard.events);
    }
}

#[test]
fn no_webhook_is_asterisks() {
    let hook = hook(&Asterisk, &["trunkline:hush"]);
    let verified = kit::request("/v1/hooks/h", &[], b"{}", NOW, |request| {
        Asterisk.verify(&hook, request)
    });
    assert!(verified.is_err());
}
