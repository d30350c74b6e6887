//! What brought a call, told to receivers again when it turns out otherwise, and not told again when it does not.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use e2e::clock::{holds_within, pause, rfc3339, wait_until, wall};
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::hooks::Webhook;
use e2e::receiver::{Notice, Receiver};
use e2e::service::{Service, hang_up};
use e2e::site::Pages;
use serde_json::{Value, json};
use trunkline_providers::named;

pub(super) const WITHIN: Duration = Duration::from_mins(2);
pub(super) const FIRST: &str = "+34911000001";
pub(super) const CALLER: &str = "+34600111222";
/// A static number: calls to it are told at once.
pub(super) const MARKED: &str = "+34911000777";

fn account(port: u16, more: &str) -> Account {
    Account::new("acme").setting("country = \"ES\"").section(&format!(
        "[[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{port}/in\"\nevents = [\"attributed_call\"]\n\
         [[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"{FIRST}\"]\nfallback = \"+34911000009\"\nsource = \"site\"\n\
         [[account.number]]\nnumber = \"{MARKED}\"\nsource = \"mark\"\n{more}"
    ))
}

fn config(port: u16) -> Config {
    Config::of([account(port, "")])
}

/// Two visits that may have brought a call: Ana's, from `google`, ended just before Eva's, from `meta`, began.
fn two_visits(service: &Service) {
    let pages = Pages::new(service.port(), "shop");
    let of = |visitor: &str, source: &str| {
        let url = format!("https://shop.example/?utm_source={source}");
        let visit = pages.ask(visitor, &url).expect_status(200).json();
        visit["visit"].as_str().expect("a visit").to_owned()
    };
    let ana = of("ana", "google");
    pages.tell(&ana, "end", &Value::Null).expect_status(204);
    of("eva", "meta");
}

pub(super) fn rings(door: &Door, call: &str, to: &str, at: i64) {
    let ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
        "from": CALLER, "to": to, "at": rfc3339(at), "id": format!("{call}/ringing")});
    door.post_json(&ring).expect_status(202);
}

pub(super) fn post(door: &Door, event: &Value) {
    door.post_json(event).expect_status(202);
}

/// Eva's form with the number that calls, sent before the call.
fn form(id: &str) -> Value {
    json!({"type": "form", "form": id, "id": id, "visitor": "eva", "phone": CALLER, "at": rfc3339(wall() - 60_000)})
}

fn retract(id: &str) -> Value {
    json!({"type": "retract", "target": id, "at": rfc3339(wall())})
}

/// Notices in the order in which they came, each once: what is told again after a crash has the id it had.
pub(super) fn taken(receiver: &Receiver) -> Vec<Notice> {
    let mut known = BTreeSet::new();
    let mut notices = receiver.taken();
    notices.retain(|it| known.insert(it.header("trunkline-event-id").to_owned()));
    notices
}

/// What the notices of a call say: certainty, source, whether it corrects.
fn said(receiver: &Receiver, call: &str) -> Vec<(String, Value, bool)> {
    let of = |notice: &Notice| {
        let notice = notice.json();
        (notice["call"]["call"] == call).then(|| {
            let by = &notice["call"]["attribution"];
            let certainty = by["certainty"].as_str().expect("a text").to_owned();
            let corrected = notice["corrected"].as_bool().expect("a flag");
            (certainty, by["source"].clone(), corrected)
        })
    };
    taken(receiver).iter().filter_map(of).collect()
}

#[track_caller]
fn wait_for(receiver: &Receiver, call: &str, count: usize) {
    let told = holds_within(WITHIN, || said(receiver, call).len() >= count);
    assert!(told, "{:?}", said(receiver, call));
}

fn revisions(receiver: &Receiver) -> Vec<u64> {
    let notices = taken(receiver);
    let revision = |notice: &Notice| notice.json()["revision"].as_u64().expect("a number");
    notices.iter().map(revision).collect()
}

/// Asserts that nothing more is told of what is known: a call that rings now comes next.
#[track_caller]
fn assert_nothing_more(service: &Service, receiver: &Receiver, last: &str) {
    let before = taken(receiver).len();
    rings(&service.door("acme"), last, MARKED, wall());
    wait_for(receiver, last, 1);
    pause(300);
    assert_eq!(taken(receiver).len(), before + 1, "{:?}", taken(receiver));
}

#[test]
fn a_form_that_is_told_late_and_taken_back_is_told_as_corrections() {
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port()));
    let door = service.door("acme");
    two_visits(&service);
    // Of one nobody knows who brought it, of one which of the two did.
    rings(&door, "unknown", "+34911777777", wall());
    rings(&door, "two", FIRST, wall());
    rings(&door, "k", MARKED, wall());
    wait_for(&receiver, "k", 1);
    assert_eq!(taken(&receiver).len(), 1, "{:?}", taken(&receiver));
    post(&door, &form("f1"));
    wait_for(&receiver, "two", 1);
    // Told by another form too, and told again: nothing is another.
    post(&door, &form("f1"));
    post(&door, &form("f2"));
    post(&door, &retract("f1"));
    assert_nothing_more(&service, &receiver, "after f1");
    service.kill9();
    service.restart();
    let door = service.door("acme");
    post(&door, &retract("f2"));
    wait_for(&receiver, "two", 2);
    post(&door, &form("f3"));
    wait_for(&receiver, "two", 3);
    let meta = || json!("meta");
    let expected = [
        ("certain".to_owned(), meta(), false),
        ("ambiguous".to_owned(), Value::Null, true),
        ("certain".to_owned(), meta(), true),
    ];
    assert_eq!(said(&receiver, "two"), expected);
    let revisions = revisions(&receiver);
    assert!(revisions.is_sorted(), "{revisions:?}");
    // Neither a stop nor a state that is made anew from the journal tells anything again.
    for rebuilt in [false, true] {
        service.stop();
        if rebuilt {
            forget_state(&service);
        }
        service.restart();
        assert_nothing_more(&service, &receiver, &format!("rebuilt {rebuilt}"));
    }
}

/// Removes all that the journal makes again, as another version would.
pub(super) fn forget_state(service: &Service) {
    let state = service.data_dir().join("state");
    for entry in fs::read_dir(state).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.file_name().is_some_and(|name| name == "outbox") {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("removed");
        } else {
            fs::remove_file(&path).expect("removed");
        }
    }
}

#[test]
fn a_number_that_is_mapped_late_corrects_what_was_told_and_tells_of_no_old_calls() {
    const DAY: i64 = 24 * 3_600_000;
    let receiver = Receiver::start();
    let (flyer, radio) = ("+34911000100", "+34911000200");
    let mapped = |radio_is: &str, flyer_is: &str| {
        let number = |number: &str, source: &str| {
            format!("[[account.number]]\nnumber = \"{number}\"\nsource = \"{source}\"\n")
        };
        let flyer_is = Some(flyer_is).filter(|source| !source.is_empty());
        let flyer = flyer_is.map_or_else(String::new, |source| number(flyer, source));
        Config::of([account(
            receiver.port(),
            &(number(radio, radio_is) + &flyer),
        )])
    };
    let mut service = Service::start_without_warehouse(mapped("radio", ""));
    let door = service.door("acme");
    rings(&door, "now", flyer, wall());
    rings(&door, "old", flyer, wall() - 2 * DAY);
    rings(&door, "told", radio, wall());
    wait_for(&receiver, "told", 1);
    service.configure(mapped("podcast", "flyer"));
    service.write_configuration();
    hang_up(service.pid());
    wait_for(&receiver, "told", 2);
    wait_for(&receiver, "now", 1);
    let certain = |source: &str, corrected: bool| ("certain".to_owned(), json!(source), corrected);
    assert_eq!(said(&receiver, "now"), [certain("flyer", false)]);
    let expected = [certain("radio", false), certain("podcast", true)];
    assert_eq!(said(&receiver, "told"), expected);
    assert_eq!(said(&receiver, "old"), [], "it is no news");
    // A reload that comes to the same says nothing.
    hang_up(service.pid());
    assert_nothing_more(&service, &receiver, "last");
}

#[test]
fn a_lead_that_is_corrected_or_taken_back_takes_its_link_with_it() {
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port()));
    let door = service.door("acme");
    let contact = |id: &str, phone: &str| {
        json!({"type": "contact", "contact": id, "change": "created", "phone": phone,
            "at": rfc3339(wall() - 120_000)})
    };
    post(&door, &contact("c1", CALLER));
    two_visits(&service);
    let lead = |event: &str, contact: &str, ago: i64| {
        json!({"type": "lead", "lead": "l1", "change": "created", "id": event, "visitor": "eva",
            "contacts": [contact], "at": rfc3339(wall() - ago)})
    };
    post(&door, &lead("w1", "c1", 60_000));
    rings(&door, "k", FIRST, wall());
    wait_for(&receiver, "k", 1);
    // The lead is another contact's.
    post(&door, &lead("w2", "c2", 50_000));
    wait_for(&receiver, "k", 2);
    service.kill9();
    service.restart();
    let door = service.door("acme");
    // It was his after all; and then the lead's making is taken back too.
    post(&door, &retract("w2"));
    wait_for(&receiver, "k", 3);
    post(&door, &retract("w1"));
    wait_for(&receiver, "k", 4);
    let certainties: Vec<String> = said(&receiver, "k").into_iter().map(|it| it.0).collect();
    assert_eq!(
        certainties,
        ["certain", "ambiguous", "certain", "ambiguous"]
    );
    assert_nothing_more(&service, &receiver, "last");
}

#[test]
fn a_contact_whose_number_is_told_late_corrects_his_calls() {
    let receiver = Receiver::start();
    let mut service = Service::start(config(receiver.port()));
    let door = service.door("acme");
    two_visits(&service);
    rings(&door, "k", FIRST, wall());
    let lead = json!({"type": "lead", "lead": "l1", "change": "created", "visitor": "eva", "contacts": ["c1"],
        "at": rfc3339(wall() - 60_000)});
    post(&door, &lead);
    let contact = json!({"type": "contact", "contact": "c1", "change": "created", "phone": CALLER,
        "at": rfc3339(wall())});
    post(&door, &contact);
    wait_for(&receiver, "k", 1);
    assert_eq!(
        said(&receiver, "k"),
        [("certain".to_owned(), json!("meta"), false)]
    );
    service.stop();
    forget_state(&service);
    service.restart();
    service.wait_for_warehouse();
    service.door("acme").flush();
    assert_nothing_more(&service, &receiver, "last");
}

#[test]
fn a_link_is_that_of_the_contact_that_its_contact_is_now() {
    let receiver = Receiver::start();
    let service = Service::start(config(receiver.port()));
    let door = service.door("acme");
    let contact = |id: &str, change: &str, more: &Value| {
        let mut event = json!({"type": "contact", "contact": id, "change": change, "at": rfc3339(wall() - 120_000)});
        for (name, value) in more.as_object().expect("an object") {
            event[name] = value.clone();
        }
        event
    };
    two_visits(&service);
    // Eva wrote in a chat; who she is and what her number is comes later, and then she is merged.
    let message = json!({"type": "message", "conversation": "c1", "channel": "web", "contact": "web-7", "id": "m1",
        "author": "contact", "visitor": "eva", "at": rfc3339(wall() - 60_000)});
    post(&door, &message);
    rings(&door, "k", FIRST, wall());
    post(&door, &contact("c1", "created", &json!({"phone": CALLER})));
    let linked = json!({"channel": "web", "channel_contact": "web-7"});
    post(&door, &contact("c1", "linked", &linked));
    wait_for(&receiver, "k", 1);
    post(&door, &contact("c1", "merged", &json!({"into": "c2"})));
    door.flush();
    assert_nothing_more(&service, &receiver, "merged");
    post(
        &door,
        &json!({"type": "retract", "target": "m1", "channel": "web", "conversation": "c1",
        "at": rfc3339(wall())}),
    );
    wait_for(&receiver, "k", 2);
    let certainties: Vec<String> = said(&receiver, "k").into_iter().map(|it| it.0).collect();
    assert_eq!(certainties, ["certain", "ambiguous"]);
}

#[test]
fn crashes_lose_no_correction_and_the_last_one_says_how_it_is() {
    const ROUNDS: usize = 12;
    let receiver = Receiver::start();
    let mut service = Service::start_without_warehouse(config(receiver.port()));
    two_visits(&service);
    rings(&service.door("acme"), "k", FIRST, wall());
    for round in 0..ROUNDS {
        let door = service.door("acme");
        post(&door, &form(&format!("f{round}")));
        if round % 3 == 1 {
            service.kill9();
            service.restart();
        }
        let door = service.door("acme");
        if round + 1 < ROUNDS {
            post(&door, &retract(&format!("f{round}")));
        }
        if round % 3 == 2 {
            service.kill9();
            service.restart();
        }
    }
    // Whoever goes by the highest revision knows how it is.
    let last = || {
        let notices = receiver.taken().into_iter().map(|notice| notice.json());
        notices.max_by_key(|notice| notice["revision"].as_u64())
    };
    wait_until("the last is told", WITHIN, || {
        let listed = service.door("acme").get("/v1/admin/webhooks", &[]).json();
        let waits = listed["webhooks"][0]["waiting"] == 0;
        waits && last().is_some_and(|it| it["call"]["attribution"]["certainty"] == "certain")
    });
    let told = said(&receiver, "k");
    println!("{} changes, {} notices", 2 * ROUNDS - 1, told.len());
    // Each change at most twice: as it came, and once more after a crash.
    assert!(told.len() <= 4 * ROUNDS, "{told:?}");
    assert_nothing_more(&service, &receiver, "last");
}

pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Tells through a hook of a call that nobody took; it began at `at`, and rang at another number.
pub(super) fn missed(
    service: &Service,
    (hook, call): (&str, &str),
    (to, rang): (&str, &str),
    at: i64,
) {
    let phase = |phase: &str, after: i64| {
        json!({"type": "call", "call": call, "phase": phase, "at": rfc3339(at + after), "direction": "inbound",
            "from": CALLER, "to": to, "id": format!("{call}/{phase}")})
    };
    let mut ringing = phase("ringing", 1_000);
    (ringing["extension"], ringing["leg"]) = (json!(rang), json!("1"));
    let phases = json!([phase("started", 0), ringing, phase("ended", 31_000)]);
    let request = Webhook::json(&format!("/v1/hooks/{hook}"), &phases.to_string());
    let request = request.signed(named("standard").expect("a provider"), SECRET);
    request.send(service.port()).expect_status(200);
}

#[test]
fn a_call_that_a_tracker_and_a_pbx_tell_of_is_told_once() {
    let receiver = Receiver::start();
    let hook = |id: &str, role: &str| {
        format!(
            "[[account.hook]]\nid = \"{id}\"\nprovider = \"standard\"\nrole = \"{role}\"\nsecrets = [\"{SECRET}\"]\n"
        )
    };
    let account = Account::new("acme").section(&format!(
        "[[account.webhook]]\nid = \"crm\"\nurl = \"http://127.0.0.1:{}/in\"\n\
         events = [\"missed_call\", \"attributed_call\"]\n\
         [[account.number]]\nnumber = \"{MARKED}\"\nsource = \"flyer\"\n\
         [[account.number]]\nnumber = \"{FIRST}\"\nsource = \"pbx\"\n{}{}",
        receiver.port(),
        hook("tracker", "tracker"),
        hook("pbx", "pbx"),
    ));
    let mut service = Service::start_without_warehouse(Config::of([account]));
    let calls = || -> Vec<(String, Value)> {
        let notices = taken(&receiver).into_iter().map(|notice| notice.json());
        let of = notices.map(|it| {
            (
                it["event"].as_str().expect("a text").to_owned(),
                it["call"]["call"].clone(),
            )
        });
        of.collect()
    };
    let at = wall() - 60_000;
    missed(&service, ("tracker", "T1"), (MARKED, FIRST), at);
    wait_until("both notices of T1", WITHIN, || calls().len() == 2);
    // Its twin comes after a crash, and is the same call.
    pause(1_500);
    service.kill9();
    service.restart();
    missed(&service, ("pbx", "P1"), (FIRST, "101"), at + 2_000);
    // The other way round; of the source the tracker's word counts.
    missed(&service, ("pbx", "P2"), (FIRST, "101"), at + 40_000);
    missed(&service, ("tracker", "T2"), (MARKED, FIRST), at + 39_000);
    // And a call of the PBX alone.
    missed(&service, ("pbx", "P3"), (FIRST, "101"), at - 60_000);
    let told = |event: &str, call: &str| (event.to_owned(), json!(call));
    wait_until("the last", WITHIN, || {
        calls().contains(&told("missed_call", "P3"))
    });
    let missed: Vec<_> = calls()
        .into_iter()
        .filter(|it| it.0 == "missed_call")
        .collect();
    let expected = ["T1", "P2", "P3"].map(|call| told("missed_call", call));
    assert_eq!(missed, expected);
    let sources: Vec<_> = calls()
        .into_iter()
        .filter(|it| it.0 == "attributed_call")
        .collect();
    // What brought P2 the tracker knows: what was told of it is taken back.
    let expected = ["T1", "P2", "T2", "P2", "P3"].map(|call| told("attributed_call", call));
    assert_eq!(sources, expected);
    let of = |notice: &Notice| {
        let notice = notice.json();
        (notice["retracted"] == true).then(|| (notice["corrected"].clone(), notice["twin"].clone()))
    };
    let taken_back: Vec<_> = taken(&receiver).iter().filter_map(of).collect();
    assert_eq!(taken_back, [(json!(true), json!("T2"))]);
}
