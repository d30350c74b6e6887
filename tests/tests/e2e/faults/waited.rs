//! What waited for its room in the journal of an older program (`tests/data/waited-1`) is observed
//! by the replay of the first program that has the room.
//!
//! The folder is one of `upgrade`: made by a program for which all of [`told`] but two were waiting.

use std::path::Path;

use e2e::config::{Account, Config};
use e2e::service::Service;
use serde_json::{Value, json};

use super::upgrade::{keep, unpack};

const AT: &str = "2026-03-02T10:00:00Z";

fn config() -> Config {
    let stages = "[[account.pipeline]]\nid = \"p\"\nstages = [{ id = \"won\", kind = \"won\" }]\n";
    Config::of([Account::new("acme").section(stages)]).journal("segment_mb = 1\nreserve_mb = 64\n")
}

fn told() -> Vec<Value> {
    vec![
        json!({"type": "lead", "lead": "l", "change": "created", "at": AT, "pipeline": "p",
            "stage": "new", "amount": "12.50", "source": "google"}),
        json!({"type": "lead", "lead": "l", "change": "moved", "at": "2026-03-02T11:00:00Z",
            "stage": "won"}),
        json!({"type": "form", "form": "f", "at": AT, "email": "eva@example.com"}),
        json!({"type": "spend", "source": "google", "date": "2026-03-02", "amount": "3",
            "currency": "EUR", "as_of": AT}),
        json!({"type": "contact", "contact": "c", "change": "tagged", "tag": "vip", "at": AT}),
        json!({"type": "message", "channel": "web", "conversation": "k", "contact": "c",
            "id": "m", "author": "contact", "at": AT, "source": "mail"}),
        json!({"type": "task", "task": "t", "change": "created", "at": AT}),
        json!({"type": "retract", "target": "nobody", "at": AT}),
    ]
}

#[test]
fn what_waited_for_its_room_is_observed_after_an_upgrade() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/waited-1");
    for with_state in [true, false] {
        let mut service = Service::prepare(config());
        unpack(&golden, &service.data_dir());
        if !with_state {
            std::fs::remove_dir_all(service.data_dir().join("state")).unwrap();
        }
        service.restart();
        service.wait_for_warehouse();
        let door = service.door("acme");
        door.flush();
        let views = service.views();
        let rows = |sql: &str| views.rows(sql);
        assert_eq!(
            rows("SELECT lead, kind, won_at, amount, source, moved_stage FROM v_leads"),
            [json!([
                "l",
                "won",
                "2026-03-02 11:00:00.000",
                12.5,
                "google",
                ["new", "won"]
            ])]
        );
        assert_eq!(rows("SELECT form FROM v_forms"), [json!(["f"])]);
        assert_eq!(rows("SELECT amount FROM v_spend"), [json!([3])]);
        assert_eq!(
            rows("SELECT contact, tag FROM v_contact_tags"),
            [json!(["c", "vip"])]
        );
        assert_eq!(
            rows("SELECT id, source FROM v_touches"),
            [json!(["m", "mail"])]
        );
        // The task waits on.
        let sums = door.metrics().sums();
        assert!(sums.balance(), "{sums:?}");
        assert_eq!((sums.waiting, sums.observed), (1, 7));
        // What is sent again is known.
        let again = door.post_json(&Value::Array(told())).json();
        assert_eq!(again["duplicates"], json!(8), "{again}");
    }
}

/// Makes `tests/data/waited-new`: run it with a program for which these types wait.
#[test]
#[ignore = "makes files of the repository"]
fn make_golden_files_of_what_waits() {
    let mut service = Service::start(config());
    let door = service.door("acme");
    door.post_json(&Value::Array(told())).expect_status(202);
    door.flush();
    let sums = door.metrics().sums();
    println!("{sums:?}");
    assert!(service.stop().success());
    keep(&service.data_dir(), "waited-new");
}
