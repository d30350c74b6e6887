//! Business hours through the doors: schedules of the configuration, also changed later.

use e2e::config::{Account, Config};
use e2e::events::Thread;
use e2e::service::Service;
use serde_json::{Value, json};

use crate::accounts::MARCH;

/// 2 March 2026 is a Monday; Madrid is one hour ahead of UTC.
const OFFICE: &str =
    "schedule = { zone = \"Europe/Madrid\", mon = [\"09:00-13:00\", \"14:00-18:00\"] }";
const NIGHT: &str =
    "[[account.manager]]\nid = \"luis\"\nschedule = { zone = \"UTC\", mon = [\"22:00-06:00\"] }\n";

fn account() -> Account {
    Account::new("open").setting(OFFICE).section(NIGHT)
}

fn send(service: &Service) {
    let threads = [
        // 11:30 to 13:30 in Madrid... half an hour before the break, half an hour after it.
        Thread::new("break")
            .contact("11:30")
            .manager("ana", "13:30"),
        // Before the office opens: 07:30 to 07:45 UTC is 08:30 to 08:45 there.
        Thread::new("early")
            .contact("07:30")
            .manager("ana", "07:45"),
        // Luis works at night.
        Thread::new("night")
            .contact("21:00")
            .manager("luis", "22:20"),
    ];
    let events: Vec<_> = threads.into_iter().flat_map(Thread::events).collect();
    service.door("open").send_flushed(&events);
}

fn ask(service: &Service, more: &[(&str, &str)], column: &str) -> Vec<Value> {
    let asked = [&MARCH[..], &[("by", "manager")], more].concat();
    service
        .door("open")
        .report("response-times", &asked)
        .column(column)
}

#[test]
fn only_the_time_inside_the_schedule_counts_and_waits_outside_can_be_left_out() {
    let service = Service::start(Config::of([account()]));
    send(&service);
    let business = ("hours", "business");
    assert_eq!(ask(&service, &[], "sum_s"), [json!(8100.0), json!(4800.0)]);
    assert_eq!(
        ask(&service, &[business], "sum_s"),
        [json!(3600.0), json!(1200.0)]
    );
    assert_eq!(ask(&service, &[business], "count"), [json!(2), json!(1)]);
    assert_eq!(
        ask(&service, &[business], "outside_hours"),
        [json!(1), json!(0)]
    );
    let without = [business, ("exclude", "outside_hours")];
    assert_eq!(
        ask(&service, &without, "mean_s"),
        [json!(3600.0), json!(1200.0)]
    );
    assert_eq!(ask(&service, &without, "count"), [json!(1), json!(1)]);
}

#[test]
fn a_schedule_first_set_later_holds_for_the_past() {
    let mut service = Service::start(Config::of([Account::new("open")]));
    send(&service);
    let business = [("hours", "business")];
    assert!(ask(&service, &business, "count").is_empty());
    service.stop();
    service.configure(Config::of([account()]));
    service.restart();
    service.door("open").flush();
    assert_eq!(
        ask(&service, &business, "sum_s"),
        [json!(3600.0), json!(1200.0)]
    );
}

#[test]
fn a_first_answer_is_measured_from_the_hand_off_and_beside_it_from_the_start() {
    let service = Service::start(Config::of([Account::new("open")]));
    let thread = Thread::new("k")
        .contact("10:00")
        .bot("10:01")
        .contact("10:10");
    let thread = thread.handed_off(None, "10:20").manager("ana", "10:30");
    service.door("open").send_flushed(&thread.events());
    let first = [("definition", "first")];
    assert_eq!(ask(&service, &first, "mean_s"), [json!(600.0)]);
    assert_eq!(ask(&service, &first, "first_from_start_s"), [json!(1800.0)]);
    assert_eq!(ask(&service, &[], "first_from_start_s"), [Value::Null]);
}
