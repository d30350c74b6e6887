//! The board *Connections* through its doors, and in a real browser.

use e2e::clock::{rfc3339, wall};
use e2e::config::{Account, Config, token};
use e2e::hooks::{PUBLIC, Webhook};
use e2e::service::Service;
use trunkline_providers::named;

use super::{Visitor, browse, pictures};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn hook(id: &str, secrets: &str) -> String {
    format!("[[account.hook]]\nid = \"{id}\"\nprovider = \"standard\"\nsecrets = [{secrets}]\n")
}

/// Starts a service with three hooks: one without a secret, one that heard a lot, one that heard nothing.
fn service() -> Service {
    let secret = format!("\"{SECRET}\"");
    let account = Account::new("acme")
        .section(&hook("bare", ""))
        .section(&hook("own", &secret))
        .section(&hook("quiet", &secret))
        .section("[[account.channel]]\nid = \"web\"\nhook = \"own\"\n");
    let config = Config::of([account, Account::new("other")]);
    let service = Service::start(config.server(&format!("public_url = \"{PUBLIC}\"\n")));
    let provider = named("standard").expect("it is a provider");
    let post = |body: &str| {
        let webhook = Webhook::json("/v1/hooks/own", body);
        let answer = webhook.signed(provider, SECRET).send(service.port());
        answer.expect_status(200);
    };
    for number in 0..21 {
        let at = rfc3339(wall() - 60_000 + number * 1_000);
        post(&format!(
            "{{\"type\":\"message\",\"id\":\"{number}\",\"channel\":\"web\",\"conversation\":\"c\",\
             \"contact\":\"p\",\"author\":\"contact\",\"at\":\"{at}\"}}"
        ));
    }
    post("<xml/>");
    let forged = Webhook::json("/v1/hooks/own", "<script>alert(1)</script>");
    forged.send(service.port()).expect_status(401);
    service
}

#[test]
fn connections_are_shown_to_who_may_see_them_and_each_account_its_own() {
    let service = service();
    let stranger = Visitor::new(&service);
    assert_eq!(stranger.get("/connections").0, 303);
    assert_eq!(stranger.get("/board/connections").0, 401);
    let all = Visitor::logged_in(&service, &token("acme", "all"));
    let page = all.get("/connections");
    assert!(
        page.0 == 200 && page.1.contains("default-src 'none'"),
        "{}",
        page.1
    );
    let shown = all.get("/board/connections").2;
    assert!(
        shown.contains(&format!("{PUBLIC}/v1/hooks/quiet")),
        "{shown}"
    );
    assert!(shown.contains("no reply of a manager comes"), "{shown}");
    let list = all.get("/board/connections?format=csv").2;
    let own = list.lines().find(|line| line.starts_with("own,"));
    assert!(own.is_some_and(|own| own.contains(",22,21,1,")), "{list}");
    // The same panel of the same account, seen by another.
    let reader = Visitor::logged_in(&service, &token("acme", "read"));
    let shown = reader.get("/board/connections").2;
    assert!(shown.contains("scope <code>admin</code>"), "{shown}");
    assert!(!shown.contains("v1/hooks"), "{shown}");
    assert_eq!(reader.get("/board/connections?format=csv").0, 403);
    let other = Visitor::logged_in(&service, &token("other", "all"));
    let shown = other.get("/board/connections").2;
    assert!(shown.contains("trunkline hook add"), "{shown}");
    assert!(!shown.contains("v1/hooks"), "{shown}");
    assert_eq!(all.get("/connections?period=week").0, 400);
}

#[test]
fn a_person_sees_what_each_provider_sends_in_a_browser() {
    let said = browse("connections.mjs", &service(), "acme", &pictures());
    assert!(said.contains("no request to another host"), "{said}");
}
