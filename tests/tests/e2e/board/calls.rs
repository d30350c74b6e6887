//! The board *Calls* in a real browser.

use e2e::config::{Account, Config, token};
use e2e::service::Service;

use super::{Visitor, browse, company, pictures};

#[test]
fn a_person_reads_filters_and_opens_calls_in_a_browser() {
    let said = browse("calls.mjs", &company(), "clara", &pictures());
    assert!(said.contains("no request to another host"), "{said}");
}

#[test]
fn without_a_call_the_board_says_how_to_send_one() {
    let service = Service::start(Config::of([Account::new("acme")]));
    let visitor = Visitor::logged_in(&service, &token("acme", "read"));
    let tiles = visitor.get("/board/calls-tiles").2;
    assert!(tiles.contains("No call has arrived yet"), "{tiles}");
    assert!(tiles.contains("curl "), "{tiles}");
    assert_eq!(visitor.get("/calls?direction=inbound&credit=last").0, 200);
    assert_eq!(visitor.get("/calls?channel=web").0, 400);
    assert_eq!(visitor.get("/?direction=inbound").0, 400);
}
