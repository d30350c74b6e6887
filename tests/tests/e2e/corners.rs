//! Corners of the chat dictionary, each with figures worked out by hand.

use e2e::events::{Author, Thread};
use e2e::facts;
use e2e::reference::Reference;
use serde_json::{Value, json};

use crate::accounts::given;

#[test]
fn who_writes_first_has_answered_nobody() {
    let events = Thread::new("1")
        .manager("ana", "09:00")
        .manager("ana", "09:30")
        .contact("10:00")
        .manager("ana", "10:10")
        .events();
    let own = given("outbound", &events);
    for definition in ["kommo", "turn", "wait", "assigned", "first"] {
        assert_eq!(own.samples(definition, "ana"), (1, 600.0), "{definition}");
    }
}

#[test]
fn a_closing_clears_the_clock_without_a_sample() {
    let events = Thread::new("1")
        .contact("10:00")
        .assigned("ana", "10:01")
        .closed(Some("luis"), "10:10")
        .manager("ana", "10:30")
        .events();
    let own = given("closed", &events);
    for definition in ["turn", "wait", "assigned", "first"] {
        assert_eq!(own.samples(definition, "ana"), (0, 0.0), "{definition}");
    }
    assert_eq!(own.samples("kommo", "ana"), (1, 1_800.0));
    assert_eq!(own.cycles("answered, pending_at_close"), [json!([0, 1])]);
}

#[test]
fn automatic_replies_and_campaigns_neither_start_nor_stop_the_clock() {
    let events = Thread::new("1")
        .campaign("09:00")
        .contact("10:00")
        .system("10:00:01")
        .campaign("10:30")
        .manager("ana", "11:00")
        .events();
    let own = given("system", &events);
    for definition in ["kommo", "turn", "wait", "assigned", "first"] {
        assert_eq!(own.samples(definition, "ana"), (1, 3_600.0), "{definition}");
    }
}

#[test]
fn thanks_by_a_button_start_neither_clock_nor_cycle() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:02")
        .closed(Some("ana"), "10:04")
        .thanks("10:05")
        .manager("ana", "10:09")
        .events();
    let own = given("thanks", &events);
    assert_eq!(own.samples("kommo", "ana"), (2, 360.0));
    assert_eq!(own.samples("wait", "ana"), (1, 120.0));
    assert_eq!(own.samples("first", "ana"), (1, 120.0));
    let conversations = own.march("conversations", &[]);
    assert_eq!(
        (
            conversations.count(0, "received"),
            conversations.count(0, "closed")
        ),
        (1, 1)
    );
}

#[test]
fn in_a_group_anybody_starts_the_clock_and_the_first_author_is_the_cycles_contact() {
    let events = Thread::new("1")
        .with("maria")
        .contact("10:00")
        .with("pedro")
        .contact("10:05")
        .manager("ana", "10:06")
        .contact("10:10")
        .manager("ana", "10:12")
        .events();
    let own = given("group", &events);
    assert_eq!(own.samples("wait", "ana"), (2, 480.0));
    assert_eq!(own.march("conversations", &[]).count(0, "new_contacts"), 1);
    own.door
        .send_flushed(&Thread::new("2").with("pedro").contact("12:00").events());
    assert_eq!(own.march("conversations", &[]).count(0, "new_contacts"), 2);
}

#[test]
fn a_manager_without_a_name_is_nobody_not_lost() {
    let thread = Thread::new("1")
        .contact("10:00")
        .message(Author::Manager, None, "10:01", |_| {});
    let own = given("unknown", &thread.events());
    let table = own.times("wait");
    let row = table.row("manager", &Value::Null);
    assert_eq!(
        (table.count(row, "count"), table.value(row, "sum_s")),
        (1, &json!(60.0))
    );
    let participations = own.march("conversations", &[]).count(0, "participations");
    assert_eq!(participations, 1);
}

#[test]
fn messages_of_one_second_are_ordered_by_their_ids_numbers_first() {
    // In one second: contact 9, then Ana 10, then Luis x: Ana answers, Luis does not.
    let named = |thread: Thread, author, manager, id: &str| {
        thread.message(author, manager, "10:00", |message| {
            message.id = Some(id.into());
        })
    };
    let thread = named(Thread::new("1"), Author::Manager, Some("luis"), "x");
    let thread = named(thread, Author::Manager, Some("ana"), "10");
    let thread = named(thread, Author::Contact, None, "9");
    let own = given("numeric", &thread.events());
    assert_eq!(own.samples("wait", "ana"), (1, 0.0));
    assert_eq!(own.samples("wait", "luis"), (0, 0.0));
    assert_eq!(own.samples("kommo", "luis"), (1, 0.0));
    assert_eq!(own.times("wait").of_manager("ana", "mean_s"), &json!(0.0));
}

#[test]
fn assigned_counts_from_when_it_reached_this_manager() {
    let events = Thread::new("1")
        .contact("10:00")
        .assigned("luis", "10:01")
        .assigned("ana", "10:20")
        .assigned("luis", "10:22")
        .manager("ana", "10:30")
        .contact("11:00")
        .manager("ana", "11:05")
        .events();
    let own = given("assigned", &events);
    assert_eq!(own.samples("wait", "ana"), (2, 2_100.0));
    assert_eq!(own.samples("assigned", "ana"), (2, 900.0));
}

#[test]
fn ignored_bots_are_as_if_they_were_not_there() {
    let events = Thread::new("1")
        .contact("10:00")
        .bot("10:01")
        .handed_off(Some("ana"), "10:20")
        .manager("ana", "10:30")
        .events();
    let own = given("bots-ignored", &events);
    assert_eq!(own.samples("wait", "ana"), (1, 1_800.0));
    assert_eq!(own.samples("first", "ana"), (1, 1_800.0));
    assert_eq!(own.samples("assigned", "ana"), (1, 600.0));
    assert_eq!(own.bots(), (0, 0));
}

#[test]
fn a_day_of_silence_begins_a_cycle_where_the_channel_says_so() {
    let script = |channel: &str, conversation: &str| {
        let thread = Thread::new(conversation)
            .on(channel)
            .contact("10:00")
            .manager("ana", "10:05");
        let thread = thread
            .day("2026-03-03")
            .contact("10:06")
            .day("2026-03-04")
            .contact("10:07");
        thread.manager("ana", "10:10").events()
    };
    let mut events = script("whatsapp", "1");
    events.extend(script("web", "2"));
    let own = given("gaps", &events);
    let by = own.march("conversations", &[("by", "channel")]);
    assert_eq!(by.column("channel"), [json!("web"), json!("whatsapp")]);
    assert_eq!(by.column("received"), [json!(1), json!(3)]);
    // A cycle begun by silence clears no pending message: the wait goes back to 3 March.
    let whatsapp = [("channel", "whatsapp"), ("by", "manager")];
    let wait = own.march("response-times", &whatsapp);
    assert_eq!(wait.of_manager("ana", "sum_s"), &json!(300.0 + 86_640.0));
    let first = [&whatsapp[..], &[("definition", "first")]].concat();
    assert_eq!(
        own.march("response-times", &first)
            .of_manager("ana", "sum_s"),
        &json!(480.0)
    );
    let of_whatsapp = own.cycles("if(channel = 'whatsapp', answered, 9)");
    assert_eq!(
        of_whatsapp,
        [json!([1]), json!([9]), json!([0]), json!([1])]
    );
}

#[test]
fn a_closing_taken_back_within_a_day_leaves_the_figures_and_its_unanswered_stays() {
    let mut events = Thread::new("reopened")
        .contact("10:00")
        .closed(Some("ana"), "10:30")
        .day("2026-03-03")
        .reopened("10:00")
        .events();
    let next = Thread::new("next")
        .contact("10:00")
        .closed(Some("ana"), "10:30");
    events.extend(next.contact("12:00").closed(Some("luis"), "12:10").events());
    let later = Thread::new("later")
        .contact("10:00")
        .closed(Some("ana"), "11:00");
    events.extend(later.day("2026-03-04").contact("10:00").events());
    let own = given("cycles", &events);
    let all = own.march("conversations", &[]);
    assert_eq!(all.count(0, "received"), 5);
    assert_eq!(all.count(0, "closed"), 2);
    let by = own.march("conversations", &[("by", "manager")]);
    assert_eq!(by.of_manager("ana", "closed_by"), &json!(1));
    assert_eq!(by.of_manager("luis", "closed_by"), &json!(1));
    let unanswered = own
        .cycles("pending_at_close")
        .into_iter()
        .filter(|row| row[0] == 1)
        .count();
    assert_eq!(unanswered, 4);
}

#[test]
fn names_of_any_script_and_with_any_sign_survive_every_way_out() {
    let names = [
        "Аня",
        "安娜",
        "o'Brien \"Bob\"",
        "a,b;c\\d",
        "{x:String}",
        "emoji 🙂",
        "100%_",
    ];
    let mut events = Vec::new();
    for name in names {
        let thread = Thread::new(name).on(name).with(name).contact("10:00");
        events.extend(thread.manager(name, "10:05").events());
    }
    let own = given("scripts", &events);
    let by = own.march("response-times", &[("by", "manager,channel")]);
    assert_eq!(by.len(), names.len());
    for name in names {
        let row = by.row("manager", &json!(name));
        assert_eq!(
            (by.value(row, "channel"), by.count(row, "count")),
            (&json!(name), 1)
        );
        let one = own.march("response-times", &[("manager", name), ("channel", name)]);
        assert_eq!(one.count(0, "count"), 1, "{name}");
    }
    let parameters = [&crate::accounts::MARCH[..], &[("by", "manager")]].concat();
    let answer = own.door.get_csv("/v1/reports/response-times", &parameters);
    let mut csv = csv::Reader::from_reader(answer.body.as_slice());
    let mut found: Vec<String> = csv
        .records()
        .map(|record| record.unwrap()[0].to_owned())
        .collect();
    let mut want = names.map(str::to_owned).to_vec();
    found.sort();
    want.sort();
    assert_eq!(found, want);
    facts::assert_exact(&own.service.views(), own.account, &Reference::of(&events));
}

#[test]
fn a_wait_of_half_a_century_and_one_of_a_millisecond_are_exact() {
    let events = Thread::new("1")
        .day("1970-01-01")
        .contact("00:00:00")
        .day("2026-03-02")
        .manager("ana", "10:00:00")
        .contact("11:00:00.000")
        .manager("ana", "11:00:00.001")
        .events();
    let own = given("extremes", &events);
    let table = own.times("wait");
    assert_eq!(table.of_manager("ana", "sum_s"), &json!(1_772_445_600.001));
    assert_eq!(table.of_manager("ana", "max_s"), &json!(1_772_445_600.0));
    assert_eq!(table.of_manager("ana", "min_s"), &json!(0.001));
    assert_eq!(table.of_manager("ana", "p50_s"), &json!(0.001));
    let slow = table.of_manager("ana", "p99_s").as_f64().unwrap();
    assert!((slow - 1_772_445_600.0).abs() < 17_724_456.0, "{slow}");
}

#[test]
fn hours_and_weekdays_are_those_of_the_zone_asked_for() {
    // A Monday, 22:30 in UTC, which is Tuesday, 04:15 in Kathmandu.
    let own = given(
        "weekdays",
        &Thread::new("1")
            .contact("22:29")
            .manager("ana", "22:30")
            .events(),
    );
    let of = |zone: &str| {
        let table = own.march("response-times", &[("by", "weekday,hour"), ("tz", zone)]);
        (
            table.value(0, "weekday").clone(),
            table.value(0, "hour").clone(),
        )
    };
    assert_eq!(of("UTC"), (json!(1), json!(22)));
    assert_eq!(of("Asia/Kathmandu"), (json!(2), json!(4)));
}
