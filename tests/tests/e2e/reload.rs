//! The configuration read again while the service runs: by SIGHUP and by `POST /v1/admin/reload`.

use std::time::Duration;

use e2e::clock::wait_until;
use e2e::config::{Account, Config};
use e2e::events::Thread;
use e2e::service::{Service, hang_up};
use serde_json::json;

use crate::accounts::MARCH;

fn managers(service: &Service) -> (Vec<serde_json::Value>, Vec<serde_json::Value>) {
    let asked = [&MARCH[..], &[("by", "manager"), ("hours", "business")]].concat();
    let table = service.door("acme").report("response-times", &asked);
    (table.column("manager_name"), table.column("sum_s"))
}

#[test]
fn new_names_schedules_and_accounts_hold_without_a_restart_and_a_bad_file_changes_nothing() {
    let mut service = Service::start(Config::of([Account::new("acme")]));
    let pid = service.pid();
    let door = service.door("acme");
    // Monday, 08:30 to 09:30 in UTC.
    door.send_flushed(
        &Thread::new("k")
            .contact("08:30")
            .manager("ana", "09:30")
            .events(),
    );
    assert_eq!(managers(&service), (vec![], vec![]));
    let named = Account::new("acme")
        .setting("schedule = { zone = \"UTC\", mon = [\"09:00-18:00\"] }")
        .section("[[account.manager]]\nid = \"ana\"\nname = \"Ana Pérez\"\n");
    service.configure(Config::of([named, Account::new("other")]));
    service.write_configuration();
    hang_up(pid);
    let within = Duration::from_secs(10);
    let expected = (vec![json!("Ana Pérez")], vec![json!(1800.0)]);
    wait_until("the new settings hold", within, || {
        managers(&service) == expected
    });
    let other = service.door("other");
    other.get("/v1/reports", &[]).expect_status(200);

    service.break_configuration("timezone = \"Mars/Olympus\"\n");
    let admin = service.door("acme");
    let reload = || admin.post_to("/v1/admin/reload");
    reload().expect_problem(422, "bad_configuration");
    assert_eq!(managers(&service), expected);
    service.configure(Config::of([Account::new("acme")]));
    service.write_configuration();
    reload().expect_status(204);
    other.get("/v1/reports", &[]).expect_status(401);
    assert_eq!(service.pid(), pid);
}
