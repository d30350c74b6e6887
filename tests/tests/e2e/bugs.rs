//! Bugs that users of other products reported (`G1` … of the field notes), each with the figures it
//! should have had.

use e2e::events::Thread;
use serde_json::{Value, json};

use crate::accounts::{given, own};

#[test]
fn g1_a_bot_that_answers_at_once_does_not_make_people_look_slow() {
    // Ten contacts write in the night; the bot answers at once and hands off when the office opens;
    // Ana needs a minute.
    let mut events = Vec::new();
    for index in 0..10 {
        let thread = Thread::new(&format!("{index}"))
            .contact("06:00:00")
            .bot("06:00:02");
        let thread = thread.handed_off(Some("ana"), &format!("09:{index:02}:00"));
        events.extend(
            thread
                .manager("ana", &format!("09:{:02}:00", index + 1))
                .events(),
        );
    }
    let own = given("g1", &events);
    for definition in ["first", "wait", "turn", "assigned"] {
        assert_eq!(own.samples(definition, "ana"), (10, 600.0), "{definition}");
    }
    let table = own.times("first");
    assert_eq!(table.of_manager("ana", "mean_s"), &json!(60.0));
    assert_eq!(table.of_manager("ana", "max_s"), &json!(60.0));
    assert_eq!(own.bots(), (10, 20_000));
}

#[test]
fn g2_the_first_response_counts_from_the_hand_off() {
    let events = Thread::new("1")
        .contact("10:00")
        .bot("10:01")
        .contact("10:20")
        .bot("10:21")
        .handed_off(Some("ana"), "11:00")
        .manager("ana", "11:05")
        .events();
    let own = given("g2", &events);
    assert_eq!(own.samples("first", "ana"), (1, 300.0));
    assert_eq!(own.samples("kommo", "ana"), (1, 2_700.0));
}

#[test]
fn g3_a_reopened_conversation_has_no_stale_clock() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .contact("10:06")
        .closed(Some("ana"), "10:10")
        .day("2026-03-13")
        .reopened("19:00")
        .manager("luis", "19:45")
        .contact("20:00")
        .manager("luis", "20:02")
        .events();
    let own = given("g3", &events);
    for definition in ["wait", "turn", "assigned"] {
        assert_eq!(own.samples(definition, "luis"), (1, 120.0), "{definition}");
    }
    // Only `kommo` looks behind the closing: eleven days, 9 h 39 min from the message of 10:06, and
    // two minutes.
    assert_eq!(own.samples("kommo", "luis"), (2, 985_140.0 + 120.0));
    // Both cycles were answered; the first was closed while the message of 10:06 waited.
    assert_eq!(
        own.cycles("answered, pending_at_close"),
        [json!([1, 1]), json!([1, 0])]
    );
}

#[test]
fn g4_a_bots_reply_clears_the_clock() {
    let events = Thread::new("1")
        .contact("10:00:00")
        .bot("10:00:03")
        .day("2026-03-17")
        .contact("02:20:00")
        .manager("ana", "02:22:00")
        .events();
    let own = given("g4", &events);
    assert_eq!(own.samples("wait", "ana"), (1, 120.0));
    assert_eq!(own.samples("turn", "ana"), (1, 120.0));
    assert_eq!(own.bots(), (1, 3_000));
}

#[test]
fn g5_the_reply_after_a_hand_off_is_measured() {
    let mut events = Thread::new("nothing-new")
        .contact("10:00")
        .bot("10:00:05")
        .handed_off(Some("ana"), "10:01")
        .manager("ana", "10:04")
        .events();
    let asked_again = Thread::new("asked-again")
        .contact("10:00")
        .bot("10:00:05")
        .contact("10:00:30")
        .handed_off(Some("luis"), "10:01")
        .manager("luis", "10:04");
    events.extend(asked_again.events());
    let own = given("g5", &events);
    for definition in ["wait", "turn", "assigned", "first"] {
        assert_eq!(own.samples(definition, "ana"), (1, 180.0), "{definition}");
    }
    assert_eq!(own.samples("wait", "luis"), (1, 210.0));
    assert_eq!(own.samples("turn", "luis"), (1, 210.0));
    assert_eq!(own.samples("assigned", "luis"), (1, 180.0));
    assert_eq!(own.samples("first", "luis"), (1, 180.0));
    assert_eq!(own.cycles("answered"), [json!([1]), json!([1])]);
}

#[test]
fn g6_the_first_response_of_a_reopened_conversation_is_that_of_its_new_cycle() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:01")
        .closed(Some("ana"), "10:02")
        .day("2026-03-20")
        .contact("12:00")
        .manager("ana", "12:04")
        .events();
    let own = given("g6", &events);
    assert_eq!(own.samples("first", "ana"), (2, 300.0));
    assert_eq!(own.times("first").of_manager("ana", "max_s"), &json!(240.0));
    let conversations = own.march("conversations", &[]);
    assert_eq!(conversations.count(0, "received"), 2);
    assert_eq!(conversations.count(0, "reopened"), 1);
    assert_eq!(
        (
            conversations.count(0, "new_contacts"),
            conversations.count(0, "closed")
        ),
        (1, 1)
    );
}

#[test]
fn g8_one_row_mixes_no_ranges() {
    // Asked on Monday, answered on Tuesday, closed on Wednesday: each figure on its own day.
    let events = Thread::new("1")
        .contact("23:50")
        .day("2026-03-03")
        .manager("ana", "00:10")
        .day("2026-03-04")
        .closed(Some("ana"), "00:10")
        .events();
    let own = given("g8", &events);
    let span = [
        ("from", "2026-03-02T00:00:00Z"),
        ("to", "2026-03-05T00:00:00Z"),
    ];
    let daily = [&span[..], &[("interval", "day")]].concat();
    let times = own.door.report("response-times", &daily);
    assert_eq!(times.column("count"), [json!(0), json!(1), json!(0)]);
    assert_eq!(
        times.column("sum_s"),
        [json!(0.0), json!(1_200.0), json!(0.0)]
    );
    let conversations = own.door.report("conversations", &daily);
    assert_eq!(
        conversations.column("received"),
        [json!(1), json!(0), json!(0)]
    );
    assert_eq!(
        conversations.column("participations"),
        [json!(0), json!(1), json!(0)]
    );
    assert_eq!(
        conversations.column("closed"),
        [json!(0), json!(0), json!(1)]
    );
}

#[test]
fn g8_managers_teams_and_all_together_agree() {
    let mut events = Vec::new();
    for (index, manager) in ["ana", "luis", "eva", "nobody-knows"]
        .into_iter()
        .enumerate()
    {
        let thread = Thread::new(manager).contact("10:00");
        events.extend(
            thread
                .manager(manager, &format!("10:0{}", index + 1))
                .events(),
        );
    }
    let own = given("teams", &events);
    let by = |dimension| own.march("response-times", &[("by", dimension)]);
    let teams = by("team");
    assert_eq!(
        teams.column("team"),
        [Value::Null, json!("sales"), json!("support")]
    );
    assert_eq!(teams.column("count"), [json!(1), json!(2), json!(1)]);
    assert_eq!(
        teams.column("sum_s"),
        [json!(240.0), json!(180.0), json!(180.0)]
    );
    let managers = by("manager");
    assert_eq!(
        managers.column("manager"),
        ["ana", "eva", "luis", "nobody-knows"].map(|m| json!(m))
    );
    assert_eq!(
        managers.of_manager("ana", "manager_name"),
        &json!("Ana Pérez")
    );
    let sum = |column: Vec<Value>| column.iter().filter_map(Value::as_f64).sum::<f64>();
    let all = own.march("response-times", &[]);
    assert_eq!(json!(sum(managers.column("sum_s"))), json!(600.0));
    assert_eq!(all.value(0, "sum_s"), &json!(600.0));
    assert_eq!(all.count(0, "count"), 4);
    let sales = own.march("response-times", &[("team", "sales")]);
    assert_eq!(
        (sales.count(0, "count"), sales.value(0, "sum_s")),
        (2, &json!(180.0))
    );
}

#[test]
fn g10_days_are_those_of_the_accounts_zone_not_of_the_server() {
    // New York in March 2026: UTC-5 until the 8th, then UTC-4.
    let events = Thread::new("1")
        .contact("04:50")
        .manager("ana", "04:59")
        .contact("05:01")
        .manager("ana", "05:02")
        .day("2026-03-10")
        .contact("03:50")
        .manager("ana", "03:59")
        .contact("04:01")
        .manager("ana", "04:02")
        .events();
    let own = given("g10", &events);
    let days = |from: &str, to: &str, zone: &[(&str, &str)]| {
        let parameters = [&[("from", from), ("to", to), ("interval", "day")], zone].concat();
        own.door.report("response-times", &parameters)
    };
    let winter = days("2026-03-01T05:00:00Z", "2026-03-03T05:00:00Z", &[]);
    assert_eq!(winter.column("count"), [json!(1), json!(1)]);
    assert_eq!(winter.value(1, "time"), "2026-03-02T05:00:00.000Z");
    assert_eq!(winter.json["tz"], "America/New_York");
    let summer = days("2026-03-09T04:00:00Z", "2026-03-11T04:00:00Z", &[]);
    assert_eq!(summer.column("count"), [json!(1), json!(1)]);
    assert_eq!(summer.value(1, "time"), "2026-03-10T04:00:00.000Z");
    let utc = days(
        "2026-03-02T00:00:00Z",
        "2026-03-03T00:00:00Z",
        &[("tz", "UTC")],
    );
    assert_eq!(utc.column("count"), [json!(2)]);
}

#[test]
fn g13_internal_notes_are_no_replies_and_no_reply_is_no_time() {
    let mut events = Thread::new("1")
        .contact("10:00")
        .note("ana", "10:01")
        .note("luis", "10:02")
        .manager("ana", "10:09")
        .events();
    events.extend(
        Thread::new("2")
            .contact("10:00")
            .note("eva", "10:01")
            .events(),
    );
    let own = given("g13", &events);
    let table = own.times("kommo");
    assert_eq!(table.of_manager("ana", "sum_s"), &json!(540.0));
    assert_eq!(
        (
            own.samples("kommo", "luis").0,
            own.samples("kommo", "eva").0
        ),
        (0, 0)
    );
    assert_eq!(own.march("response-times", &[]).count(0, "count"), 1);
    assert_eq!(own.march("messages", &[]).count(0, "messages"), 3);
    let nobody = own.march("response-times", &[("manager", "luis")]);
    assert_eq!(nobody.count(0, "count"), 0);
    assert_eq!(nobody.value(0, "sum_s").as_f64(), Some(0.0));
    for column in ["mean_s", "p50_s", "p90_s", "p99_s", "min_s", "max_s"] {
        assert_eq!(nobody.value(0, column), &Value::Null, "{column}");
    }
}

#[test]
fn g14_the_order_of_delivery_changes_nothing() {
    let script = Thread::new("1")
        .manager("ana", "09:00")
        .contact("10:00")
        .contact("10:02")
        .manager("ana", "10:05")
        .closed(Some("ana"), "10:30")
        .contact("11:00")
        .manager("luis", "11:07");
    let own = own("g14");
    // One by one, the last first, each of them through to ClickHouse or not, as it happens.
    for event in script.events().into_iter().rev() {
        own.door.send(&[event]);
        e2e::clock::pause(150);
    }
    own.door.flush();
    assert_eq!(own.samples("first", "ana"), (1, 300.0));
    assert_eq!(own.samples("first", "luis"), (1, 420.0));
    assert_eq!(own.samples("wait", "ana"), (1, 300.0));
    assert_eq!(own.samples("turn", "ana"), (1, 180.0));
    assert_eq!(own.samples("kommo", "ana"), (1, 180.0));
    assert_eq!(own.march("conversations", &[]).count(0, "reopened"), 1);
}
