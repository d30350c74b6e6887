//! Outgoing webhooks whose receivers never answer: those of others do not wait for them.

use std::net::TcpListener;
use std::time::Duration;

use e2e::clock::holds_within;
use e2e::config::{Account, Config};
use e2e::receiver::Receiver;
use e2e::service::Service;
use serde_json::{Value, json};

use super::webhooks::{SECRET, call, send};

#[test]
fn receivers_that_hang_hold_up_nobody_elses_webhooks() {
    // Nobody accepts; what the kernel takes in its queue waits for an answer that never comes.
    let hanging = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let (hangs, well) = (hanging.local_addr().unwrap().port(), Receiver::start());
    let webhook = |id: &str, port: u16| {
        format!(
            "[[account.webhook]]\nid = \"{id}\"\nurl = \"http://127.0.0.1:{port}/{id}\"\n\
             secret = \"{SECRET}\"\nevents = [\"missed_call\"]\n"
        )
    };
    let mut acme = Account::new("acme").section(&webhook("well", well.port()));
    for number in 0..12 {
        acme = acme.section(&webhook(&format!("hangs-{number:02}"), hangs));
    }
    let zeta = Account::new("zeta").section(&webhook("well", well.port()));
    let service = Service::start_without_warehouse(Config::of([acme, zeta]));
    // Of many callers, for those of one are told one after the other in any case.
    for number in 0..40 {
        let missed = call(
            &format!("c{number}"),
            &format!("+346001002{number:02}"),
            None,
        );
        for account in ["acme", "zeta"] {
            send(&service.door(account), &missed);
        }
    }
    // More than eight times eight of the others wait for an answer by now, each for ten seconds.
    let told = || well.taken().len() == 80;
    assert!(
        holds_within(Duration::from_secs(30), told),
        "{}",
        well.taken().len()
    );
    let listed = service.door("acme").get("/v1/admin/webhooks", &[]).json();
    let all = listed["webhooks"].as_array().unwrap();
    let hanging: Vec<&Value> = all.iter().filter(|it| it["webhook"] != "well").collect();
    assert_eq!(hanging.len(), 12, "{listed}");
    for webhook in hanging {
        let counts = (&webhook["delivered"], &webhook["waiting"]);
        assert_eq!(counts, (&json!(0), &json!(40)), "{listed}");
    }
}
