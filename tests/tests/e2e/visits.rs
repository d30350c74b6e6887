//! `/v1/visits`: which number a visitor is shown (`metrics.md` §3, Dynamic number), and who may ask.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

use e2e::config::{Account, Config};
use e2e::doors::Answer;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

const FIRST: &str = "+34911000001";
const SECOND: &str = "+34911000002";
const FALLBACK: &str = "+34911000009";

/// An account with a pool of two numbers, held for so long after a sign of life.
fn tracked(id: &str, site: &str, hold: &str) -> Account {
    Account::new(id).setting("country = \"ES\"").section(&format!(
        "[[account.site]]\nkey = \"{site}\"\norigins = [\"https://shop.example\"]\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [\"{FIRST}\", \"{SECOND}\"]\n\
         fallback = \"{FALLBACK}\"\nhold = \"{hold}\"\n"
    ))
}

fn start(hold: &str) -> (Service, Pages) {
    let service = Service::start_without_warehouse(Config::of([tracked("acme", "shop", hold)]));
    let pages = Pages::new(service.port(), "shop");
    (service, pages)
}

fn text<'v>(shown: &'v Value, field: &str) -> &'v str {
    shown[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field}: {shown}"))
}

#[test]
fn visitors_get_numbers_of_their_own_and_then_the_common_one() {
    let (service, pages) = start("30m");
    let ana = pages.visit("ana");
    assert_eq!(
        (text(&ana, "number"), &ana["served"]),
        (FIRST, &json!(true))
    );
    assert_eq!(ana["formatted"], "911 00 00 01");
    assert_eq!(ana["hold_s"], 1800.0);
    assert!(text(&ana, "visit").starts_with("shop-"), "{ana}");
    assert_eq!(ana["visitor"], "ana");
    let eva = pages.visit("eva");
    assert_eq!(
        (text(&eva, "number"), &eva["served"]),
        (SECOND, &json!(true))
    );
    let third = pages.visit("luis");
    assert_eq!(
        (text(&third, "number"), &third["served"]),
        (FALLBACK, &json!(false))
    );

    // A visit goes on, whoever else came in between.
    let again = pages.visit("ana");
    assert_eq!(
        (&again["visit"], &again["number"]),
        (&ana["visit"], &ana["number"])
    );

    // What is given back is free at once, and the visitor's next visit is another.
    let end = pages.tell(text(&ana, "visit"), "end", &Value::Null);
    end.expect_status(204);
    let luis = pages.visit("luis");
    assert_eq!(
        (text(&luis, "number"), &luis["served"]),
        (FIRST, &json!(true))
    );
    assert_eq!(
        luis["visit"], third["visit"],
        "his goes on, and is served late"
    );
    let back = pages.visit("ana");
    assert_ne!(back["visit"], ana["visit"]);
    assert_eq!(
        (text(&back, "number"), &back["served"]),
        (FALLBACK, &json!(false))
    );

    // A page that made no id of its visitor is given one.
    let answer = pages
        .try_ask(&json!({"url": "https://shop.example/"}))
        .unwrap();
    let unnamed = answer.expect_status(200).json();
    assert_eq!(text(&unnamed, "visitor").len(), 22, "{unnamed}");
    drop(service);
}

#[test]
fn who_is_refused_takes_no_number() {
    let (_service, pages) = start("30m");
    for visitor in ["ana\u{0}", "\u{7f}", &"я".repeat(1_000)] {
        let shown = pages.visit(visitor);
        assert_eq!(shown["served"], true, "{shown}");
        pages.tell(text(&shown, "visit"), "end", &Value::Null);
    }
    for body in ["[\"eva\", \"/\"]", "[]", "null", "{\"visitor\": 7}"] {
        let refused = pages.post("/v1/visits?site=shop", "application/json", body);
        refused.unwrap().expect_problem(400, "bad_body");
    }
    for visitor in ["luis", "mara"] {
        assert_eq!(pages.visit(visitor)["served"], true, "{visitor}");
    }
}

#[test]
fn silence_frees_a_number_and_a_returning_visitor_gets_his_own_if_it_is_free() {
    let (_service, pages) = start("2s");
    let ana = pages.visit("ana");
    let eva = pages.visit("eva");
    // Eva beats and turns pages, Ana is silent.
    for turn in 0..4 {
        sleep(Duration::from_millis(700));
        let page = json!({"url": format!("https://shop.example/{turn}"), "title": "A page"});
        let (what, body) = if turn % 2 == 0 {
            ("beat", Value::Null)
        } else {
            ("page", page)
        };
        pages
            .tell(text(&eva, "visit"), what, &body)
            .expect_status(204);
    }
    let luis = pages.visit("luis");
    assert_eq!(
        luis["number"], ana["number"],
        "the only one that nobody holds"
    );
    assert_eq!(luis["served"], true);
    assert_eq!(pages.visit("eva")["visit"], eva["visit"]);
    // Ana's visit is over: a page of it is told so, a beat promises nothing.
    let page = json!({"url": "https://shop.example/late"});
    let late = pages.tell(text(&ana, "visit"), "page", &page);
    late.expect_problem(404, "unknown_visit");
    pages
        .tell(text(&ana, "visit"), "beat", &Value::Null)
        .expect_status(204);
    pages
        .tell(text(&luis, "visit"), "end", &Value::Null)
        .expect_status(204);
    pages
        .tell(text(&eva, "visit"), "end", &Value::Null)
        .expect_status(204);
    let back = pages.visit("eva");
    assert_eq!(back["number"], eva["number"], "she had it last");
    assert_ne!(back["visit"], eva["visit"]);
}

#[test]
fn leases_live_on_after_a_crash() {
    let (mut service, pages) = start("30m");
    let [ana, eva] = ["ana", "eva"].map(|visitor| pages.visit(visitor));
    service.kill9();
    service.restart();
    let pages = Pages::new(service.port(), "shop");
    let luis = pages.visit("luis");
    assert_eq!(luis["served"], false, "both numbers are held: {luis}");
    assert_eq!(pages.visit("ana")["visit"], ana["visit"]);
    pages
        .tell(text(&eva, "visit"), "end", &Value::Null)
        .expect_status(204);
    service.kill9();
    service.restart();
    let luis = Pages::new(service.port(), "shop").visit("luis");
    assert_eq!(
        luis["number"], eva["number"],
        "what was given back stays so"
    );
}

#[test]
fn only_pages_of_the_site_may_ask_and_their_browsers_are_told() {
    let (_service, pages) = start("30m");
    let url = "https://shop.example/";
    let shop = pages.of("https://shop.example");
    let shown = shop.ask("ana", url);
    let allowed = shown
        .expect_status(200)
        .header("access-control-allow-origin");
    assert_eq!(allowed, Some("https://shop.example"));
    assert_eq!(shown.header("vary"), Some("origin"));
    let visit = shown.json()["visit"].as_str().unwrap().to_owned();

    // What is refused to a page of the site its script may read: that a visit is over, above all.
    let over = shop.tell("shop-0000000000000000000000", "page", &json!({"url": "/"}));
    over.expect_problem(404, "unknown_visit");
    assert_eq!(over.header("access-control-allow-origin"), allowed);

    let other = pages.of("https://other.example");
    let refused = other.ask("eva", url);
    refused.expect_problem(403, "origin_refused");
    assert_eq!(refused.header("access-control-allow-origin"), None);
    for what in ["page", "beat", "end"] {
        let refused = other.tell(&visit, what, &Value::Null);
        refused.expect_problem(403, "origin_refused");
    }
    for path in [
        "/v1/visits?site=shop".to_owned(),
        format!("/v1/visits/{visit}/beat"),
    ] {
        let asked = shop.preflight(&path);
        asked.expect_status(204);
        assert_eq!(
            asked.header("access-control-allow-headers"),
            Some("content-type")
        );
        other.preflight(&path).expect_problem(403, "origin_refused");
    }
    let typed = r#"{"visitor":"eva","url":"https://shop.example/"}"#;
    let json = shop
        .post("/v1/visits?site=shop", "application/json", typed)
        .unwrap();
    json.expect_status(200);

    pages
        .post("/v1/visits?site=nobody", "text/plain", typed)
        .unwrap()
        .expect_problem(404, "unknown_site");
    pages
        .post("/v1/visits", "text/plain", typed)
        .unwrap()
        .expect_problem(400, "bad_parameter");
    pages
        .post("/v1/visits?site=shop", "text/plain", "no json")
        .unwrap()
        .expect_problem(400, "bad_body");
    pages
        .tell("shop-0000000000000000000000", "page", &json!({"url": "/"}))
        .expect_problem(404, "unknown_visit");
    pages
        .tell("nobody-000", "beat", &Value::Null)
        .expect_problem(404, "unknown_visit");
}

#[test]
fn a_page_tells_no_more_than_it_may() {
    let (_service, pages) = start("30m");
    // The answer comes before all is read, and may be lost by who still writes.
    let large = json!({"visitor": "eva", "url": "u".repeat(40_000)}).to_string();
    if let Ok(refused) = pages.post("/v1/visits?site=shop", "text/plain", &large) {
        refused.expect_problem(413, "body_too_large");
    }
}

/// A browser hides an answer without this header from the page's script, whatever its status.
#[test]
fn a_page_may_read_why_it_is_refused() {
    let none = "[[account.site]]\nkey = \"bare\"\norigins = [\"https://shop.example\"]\n";
    let config = Config::of([tracked("acme", "shop", "30m").section(none)]);
    let config = config.server("visits_per_minute = 2\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let service = Service::start_without_warehouse(config);
    let shop = Pages::new(service.port(), "shop").of("https://shop.example");
    let readable = |refused: &Answer, status: u16, code: &str| {
        refused.expect_problem(status, code);
        let allowed = refused.header("access-control-allow-origin");
        assert_eq!(allowed, Some("https://shop.example"), "{code}");
        assert_eq!(refused.header("vary"), Some("origin"), "{code}");
    };
    let over = shop.tell("shop-0000000000000000000000", "page", &json!({"url": "/"}));
    readable(&over, 404, "unknown_visit");
    let garbled = shop.post("/v1/visits?site=shop", "text/plain", "no json");
    readable(&garbled.unwrap(), 400, "bad_body");
    let amp = shop.get("/v1/visits/amp?site=bare");
    readable(&amp, 404, "not_found");
    assert_eq!(amp.header("access-control-allow-credentials"), Some("true"));

    let proxied = shop.through("203.0.113.7");
    for _ in 0..2 {
        proxied.visit("ana");
    }
    readable(
        &proxied.ask("ana", "https://shop.example/"),
        429,
        "too_many_requests",
    );
}

#[test]
fn an_amp_page_gets_its_form() {
    let (_service, pages) = start("30m");
    let amp = pages.of("https://shop-example.cdn.ampproject.org");
    let shown = amp.get("/v1/visits/amp?site=shop&visitor=amp-1&url=https%3A%2F%2Fshop.example%2Famp&__amp_source_origin=https%3A%2F%2Fshop.example");
    let form = shown.expect_status(200).json();
    assert_eq!(
        form,
        json!({"phoneNumber": FIRST, "formattedPhoneNumber": "911 00 00 01"})
    );
    assert_eq!(
        shown.header("access-control-allow-credentials"),
        Some("true")
    );
    let again = amp
        .get("/v1/visits/amp?site=shop&visitor=amp-1")
        .expect_status(200)
        .json();
    assert_eq!(again["phoneNumber"], FIRST);
    pages
        .of("https://other.example")
        .get("/v1/visits/amp?site=shop")
        .expect_problem(403, "origin_refused");
}

#[test]
fn a_number_that_another_tracker_showed_is_recorded_and_granted_to_nobody() {
    let (service, pages) = start("30m");
    let door = service.door("acme");
    let seen = json!({"type": "visit", "visit": "theirs", "visitor": "mia", "url": "https://shop.example/",
        "at": "2026-03-02T10:00:00Z", "number": FIRST, "served": true, "site": "shop",
        "expires_at": "2099-01-01T00:00:00Z"});
    door.post_json(&seen).expect_status(202);
    let ana = pages.visit("ana");
    assert_eq!(
        (text(&ana, "number"), &ana["served"]),
        (FIRST, &json!(true))
    );
}

#[test]
fn an_address_may_ask_only_so_often() {
    let config = Config::of([tracked("acme", "shop", "30m")]);
    let config = config.server("visits_per_minute = 3\ntrusted_proxies = [\"127.0.0.1\"]\n");
    let service = Service::start_without_warehouse(config);
    let pages = Pages::new(service.port(), "shop");
    let ask = |from: &str| {
        let page = json!({"url": "https://shop.example/"});
        let answer = pages.through(from).try_ask(&page).unwrap();
        (answer.status, answer.header("retry-after").is_some())
    };
    for _ in 0..3 {
        assert_eq!(ask("203.0.113.7"), (200, false));
    }
    assert_eq!(ask("203.0.113.7"), (429, true));
    assert_eq!(ask("203.0.113.8"), (200, false));
    // This machine itself is spared.
    for visitor in 0..10 {
        pages.visit(&visitor.to_string());
    }
}

#[test]
fn crowds_with_crashes_never_share_a_number() {
    let numbers: Vec<String> = (0..40).map(|it| format!("\"+3491100{it:04}\"")).collect();
    let account = Account::new("acme")
        .setting("country = \"ES\"")
        .section(&format!(
            "[[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
         [[account.pool]]\nid = \"main\"\nnumbers = [{}]\nhold = \"30m\"\n",
            numbers.join(", ")
        ));
    let mut service = Service::start_without_warehouse(Config::of([account]));
    let mut held: BTreeMap<String, String> = BTreeMap::new();
    for round in 0..3 {
        let pages = Pages::new(service.port(), "shop");
        let shown: Vec<Value> = std::thread::scope(|scope| {
            let asking: Vec<_> = (0..4)
                .map(|crowd| {
                    let pages = pages.clone();
                    scope.spawn(move || {
                        let visits = (0..4).map(|it| pages.visit(&format!("{round}-{crowd}-{it}")));
                        visits.collect::<Vec<_>>()
                    })
                })
                .collect();
            asking
                .into_iter()
                .flat_map(|crowd| crowd.join().unwrap())
                .collect()
        });
        for shown in shown.iter().filter(|shown| shown["served"] == true) {
            let (number, visit) = (text(shown, "number"), text(shown, "visit"));
            let before = held.insert(number.into(), visit.into());
            assert_eq!(before, None, "two live visits hold {number}");
        }
        service.kill9();
        service.restart();
    }
    let distinct: BTreeSet<_> = held.values().collect();
    assert_eq!(
        (held.len(), distinct.len()),
        (40, 40),
        "16 visits three times, for 40 numbers"
    );
}
