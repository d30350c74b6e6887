//! The worked example of the dictionary, and the rows of the requirements about chats, each with
//! figures worked out by hand.

use e2e::events::Thread;
use serde_json::{Value, json};

use crate::accounts::{Own, given};

fn worked_example() -> Thread {
    Thread::new("1")
        .contact("10:00")
        .contact("10:02")
        .manager("ana", "10:05")
        .manager("ana", "10:06")
        .system("10:07")
        .contact("10:10")
        .manager("luis", "10:40")
}

fn of_all(own: &Own, definition: &str, column: &str) -> Value {
    own.march("response-times", &[("definition", definition)])
        .value(0, column)
        .clone()
}

#[test]
fn the_worked_example_of_response_times_and_its_late_message() {
    let own = given("worked", &worked_example().events());
    assert_eq!(own.samples("kommo", "ana"), (2, 420.0));
    assert_eq!(own.samples("kommo", "luis"), (1, 1_800.0));
    assert_eq!(of_all(&own, "kommo", "mean_s"), json!(740.0));
    assert_eq!(own.samples("turn", "ana"), (1, 180.0));
    assert_eq!(own.samples("turn", "luis"), (1, 1_800.0));
    assert_eq!(own.samples("wait", "ana"), (1, 300.0));
    assert_eq!(own.samples("wait", "luis"), (1, 1_800.0));
    assert_eq!(own.samples("first", "ana"), (1, 300.0));
    assert_eq!(own.samples("first", "luis"), (0, 0.0));

    let late = worked_example().contact("10:04").events().split_off(7);
    own.door.send_flushed(&late);
    assert_eq!(own.samples("kommo", "ana"), (2, 180.0));
    let ana = own.times("kommo");
    assert_eq!(ana.of_manager("ana", "min_s"), &json!(60.0));
    assert_eq!(ana.of_manager("ana", "max_s"), &json!(120.0));
    assert_eq!(own.samples("turn", "ana"), (1, 60.0));
    assert_eq!(own.samples("wait", "ana"), (1, 300.0));
    assert_eq!(own.samples("first", "ana"), (1, 300.0));
    for definition in ["kommo", "turn", "wait"] {
        assert_eq!(
            own.samples(definition, "luis"),
            (1, 1_800.0),
            "{definition}"
        );
    }
}

#[test]
fn s2_average_response_time_is_one_number_for_a_period_and_a_manager() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:02")
        .contact("10:10")
        .manager("ana", "10:14")
        .contact("11:00")
        .manager("luis", "11:30")
        .day("2026-04-02")
        .contact("10:00")
        .manager("ana", "10:59")
        .events();
    let own = given("s2", &events);
    let table = own.march("response-times", &[("manager", "ana")]);
    assert_eq!(table.len(), 1);
    assert_eq!(table.value(0, "mean_s"), &json!(180.0));
    assert_eq!(table.count(0, "count"), 2);
    assert_eq!(of_all(&own, "wait", "mean_s"), json!(720.0));
}

#[test]
fn s3_the_mean_is_all_over_their_number_and_quantiles_stand_beside_it() {
    let mut thread = Thread::new("1");
    for reply in 0..9 {
        thread = thread
            .contact(&format!("{:02}:00", 8 + reply))
            .manager("ana", &format!("{:02}:01", 8 + reply));
    }
    let own = given(
        "s3",
        &thread.contact("20:00").manager("ana", "21:00").events(),
    );
    let table = own.times("wait");
    assert_eq!(table.of_manager("ana", "count"), &json!(10));
    assert_eq!(table.of_manager("ana", "sum_s"), &json!(4_140.0));
    assert_eq!(table.of_manager("ana", "mean_s"), &json!(414.0));
    assert_eq!(table.of_manager("ana", "min_s"), &json!(60.0));
    assert_eq!(table.of_manager("ana", "max_s"), &json!(3_600.0));
    let row = table.row("manager", &json!("ana"));
    for (column, seconds) in [
        ("p50_s", 60.0),
        ("p90_s", 60.0),
        ("p95_s", 3_600.0),
        ("p99_s", 3_600.0),
    ] {
        let got = table.value(row, column).as_f64().unwrap();
        assert!((got - seconds).abs() <= seconds / 100.0, "{column}: {got}");
    }
}

#[test]
fn s30_conversations_processed_in_all_and_for_each_person() {
    let mut events = Vec::new();
    for conversation in ["1", "2", "3"] {
        let thread = Thread::new(conversation)
            .contact("10:00")
            .manager("ana", "10:05");
        events.extend(thread.manager("ana", "10:07").events());
    }
    events.extend(
        Thread::new("4")
            .contact("10:00")
            .manager("luis", "10:05")
            .events(),
    );
    events.extend(
        Thread::new("5")
            .contact("10:00")
            .bot("10:01")
            .note("ana", "10:02")
            .events(),
    );
    let own = given("s30", &events);
    let by = own.march("conversations", &[("by", "manager")]);
    assert_eq!(by.of_manager("ana", "participations"), &json!(3));
    assert_eq!(by.of_manager("luis", "participations"), &json!(1));
    let all = own.march("conversations", &[]);
    assert_eq!(
        (
            all.count(0, "participations"),
            all.count(0, "conversations")
        ),
        (4, 4)
    );
    assert_eq!(all.count(0, "received"), 5);
}

#[test]
fn s31_two_managers_are_two_conversations() {
    let thread = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:05")
        .contact("10:10");
    let own = given(
        "s31",
        &thread
            .manager("luis", "10:40")
            .manager("ana", "10:41")
            .events(),
    );
    let all = own.march("conversations", &[]);
    assert_eq!(
        (
            all.count(0, "participations"),
            all.count(0, "conversations")
        ),
        (2, 1)
    );
    let by = own.march("conversations", &[("by", "manager")]);
    assert_eq!(by.of_manager("ana", "participations"), &json!(1));
    assert_eq!(by.of_manager("luis", "participations"), &json!(1));
}

#[test]
fn s32_outgoing_messages_by_manager_and_kind() {
    let events = Thread::new("1")
        .contact("10:00")
        .manager("ana", "10:01")
        .manager_sends("ana", "image", "10:02")
        .manager_sends("ana", "image", "10:03")
        .manager_sends("luis", "file", "10:04")
        .bot("10:05")
        .note("ana", "10:06")
        .campaign("10:07")
        .events();
    let own = given("s32", &events);
    let table = own.march("messages", &[("by", "manager,kind"), ("author", "manager")]);
    let rows: Vec<(Value, Value, u64)> = (0..table.len())
        .map(|row| {
            let value = |column| table.value(row, column).clone();
            (
                value("manager"),
                value("kind"),
                table.count(row, "messages"),
            )
        })
        .collect();
    let want = [("ana", "image", 2), ("ana", "text", 1), ("luis", "file", 1)];
    assert_eq!(
        rows,
        want.map(|(manager, kind, count)| (json!(manager), json!(kind), count))
    );
    let directions = own.march("messages", &[("by", "direction")]);
    let count =
        |word: &str| directions.count(directions.row("direction", &json!(word)), "messages");
    assert_eq!((count("inbound"), count("outbound")), (1, 6));
    let own_words = own.march("messages", &[("direction", "out"), ("author", "manager")]);
    assert_eq!(own_words.count(0, "messages"), 4);
}

#[test]
fn s33_response_time_over_time_belongs_to_the_time_of_the_reply() {
    let events = Thread::new("1")
        .contact("09:50")
        .manager("ana", "10:10")
        .contact("10:30")
        .manager("ana", "10:40")
        .contact("12:00")
        .manager("ana", "12:05")
        .events();
    let own = given("s33", &events);
    let span = [
        ("from", "2026-03-02T09:00:00Z"),
        ("to", "2026-03-02T13:00:00Z"),
        ("interval", "hour"),
    ];
    let table = own.door.report("response-times", &span);
    assert_eq!(table.columns()[0], "time");
    assert_eq!(
        table.column("time"),
        ["09", "10", "11", "12"].map(|hour| json!(format!("2026-03-02T{hour}:00:00.000Z")))
    );
    assert_eq!(
        table.column("count"),
        [json!(0), json!(2), json!(0), json!(1)]
    );
    assert_eq!(
        table.column("mean_s"),
        [Value::Null, json!(900.0), Value::Null, json!(300.0)]
    );
}

#[test]
fn s34_the_mean_weighs_replies_not_conversations() {
    let mut thread = Thread::new("busy");
    for reply in 0..9 {
        let (hour, minute) = (10 + reply / 6, reply % 6);
        thread = thread
            .contact(&format!("{hour}:{minute}0:00"))
            .manager("ana", &format!("{hour}:{minute}0:10"));
    }
    let mut events = thread.events();
    events.extend(
        Thread::new("slow")
            .contact("10:00:00")
            .manager("ana", "10:16:50")
            .events(),
    );
    let own = given("s34", &events);
    // Nine replies of 10 s and one of 1,010 s: 110 s a reply, though 510 s a conversation.
    assert_eq!(of_all(&own, "wait", "mean_s"), json!(110.0));
}

#[test]
fn s35_response_time_is_from_the_previous_contact_message() {
    let events = Thread::new("1")
        .contact("10:00")
        .contact("10:20")
        .contact("10:29")
        .manager("ana", "10:30")
        .events();
    let own = given("s35", &events);
    assert_eq!(own.samples("kommo", "ana"), (1, 60.0));
    assert_eq!(own.samples("turn", "ana"), (1, 60.0));
    assert_eq!(own.samples("wait", "ana"), (1, 1_800.0));
}

#[test]
fn s38_one_spike_moves_the_mean_and_no_quantile() {
    // 99 replies of 30 to 180 s that sum to 10,989 s, and one of 12 h.
    let mut seconds = vec![30];
    seconds.extend([94; 3]);
    seconds.extend([78; 44]);
    seconds.push(85);
    seconds.push(120);
    seconds.extend([140; 44]);
    seconds.extend([175; 4]);
    seconds.push(180);
    assert_eq!((seconds.len(), seconds.iter().sum::<i32>()), (99, 10_989));
    let mut events = Vec::new();
    for (index, wait) in seconds.into_iter().enumerate() {
        let thread = Thread::new(&format!("{index}")).contact("10:00:00");
        let reply = format!("10:0{}:{:02}", wait / 60, wait % 60);
        events.extend(thread.manager("ana", &reply).events());
    }
    let own = given("s38", &events);
    let quantiles = |want: [f64; 3]| {
        let table = own.times("wait");
        for (column, want) in ["p50_s", "p95_s", "p99_s"].into_iter().zip(want) {
            let got = table.of_manager("ana", column).as_f64().unwrap();
            assert!(
                (got - want).abs() <= want / 100.0,
                "{column}: {got}, want {want}"
            );
        }
    };
    assert_eq!(own.times("wait").of_manager("ana", "mean_s"), &json!(111.0));
    quantiles([120.0, 175.0, 180.0]);
    own.door.send_flushed(
        &Thread::new("spike")
            .contact("08:00")
            .manager("ana", "20:00")
            .events(),
    );
    assert_eq!(
        own.times("wait").of_manager("ana", "mean_s"),
        &json!(541.89)
    );
    quantiles([120.0, 175.0, 180.0]);
}
