//! The board *Sources*, and the upload of what advertising cost.

use e2e::clock::{rfc3339, wall};
use e2e::config::{Account, Config, token};
use e2e::doors::Door;
use e2e::service::Service;
use e2e::site::Pages;
use serde_json::{Value, json};

use super::{Seen, Visitor, browse, pictures, seen};

const MARIA: &str = "+34600111222";
const FLYER: &str = "+34911000100";

fn account(id: &str) -> Account {
    Account::new(id)
        .setting("country = \"ES\"\ncurrency = \"EUR\"")
        .section(&format!(
            "[[account.number]]\nnumber = \"{FLYER}\"\nsource = \"flyer\"\n\
             [[account.site]]\nkey = \"{id}\"\npool = \"main\"\n\
             [[account.pool]]\nid = \"main\"\nnumbers = [\"+34911000001\", \"+34911000002\"]\n"
        ))
        .section(
            "[[account.pipeline]]\nid = \"p\"\n\
             stages = [{ id = \"new\" }, { id = \"sold\", kind = \"won\" }]\n",
        )
}

/// A call that is answered and ends now.
fn call(id: &str, from: &str, to: &str) -> Vec<Value> {
    let phase = |phase: &str| {
        json!({"type": "call", "call": id, "phase": phase, "direction": "inbound", "from": from,
            "to": to, "at": rfc3339(wall()), "id": format!("{id}-{phase}"), "manager": "ana",
            "leg": "1"})
    };
    ["ringing", "answered", "ended"].map(phase).into()
}

/// A shop whose visitors come from two campaigns and directly, call, and buy.
fn shop() -> Service {
    let service = Service::start(Config::of([account("shop")]));
    let pages = Pages::new(service.port(), "shop");
    let mut events = call("flyer", "+34600333000", FLYER);
    for (visitor, query, from) in [
        (
            "ana",
            "utm_source=google&utm_medium=cpc&utm_campaign=brand",
            MARIA,
        ),
        (
            "eva",
            "utm_source=facebook&utm_medium=paid&utm_campaign=spring",
            "+34600333444",
        ),
        ("tom", "", "+34600555666"),
    ] {
        let url = format!("https://shop.example/?{query}");
        let visit = pages.ask(visitor, &url).expect_status(200).json();
        // The pool has two numbers: the third visitor sees its fallback, which is none.
        if let Some(number) = visit["number"].as_str() {
            events.extend(call(visitor, from, number));
        }
    }
    let now = rfc3339(wall());
    let lead = |change: &str, mut more: Value| {
        for (name, value) in [
            ("type", "lead"),
            ("lead", "l1"),
            ("change", change),
            ("at", &now),
        ] {
            more[name] = json!(value);
        }
        more
    };
    events.extend([
        json!({"type": "contact", "contact": "maria", "change": "created", "phone": MARIA, "at": now}),
        lead("created", json!({"pipeline": "p", "stage": "new", "contacts": ["maria"]})),
        lead("moved", json!({"stage": "sold", "amount": "400", "currency": "EUR"})),
    ]);
    tell(&service.door("shop"), events);
    service
}

fn tell(door: &Door, events: Vec<Value>) {
    let answer = door.post_json(&Value::Array(events));
    assert_eq!(answer.expect_status(202).json()["rejected"], json!([]));
    door.flush();
}

/// Sends the form with a file as a browser without scripts does.
fn upload(visitor: &Visitor, origin: &str, file: &str) -> Seen {
    let form = format!(
        "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"spend.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{file}\r\n--XX--\r\n"
    );
    let request = visitor
        .browser
        .post(format!("{}/sources/spend", visitor.base))
        .header("cookie", &visitor.cookie)
        .header("origin", origin)
        .header("content-type", "multipart/form-data; boundary=XX");
    seen(request.send(&form).expect("an answer"))
}

fn count(seen: &Seen, name: &str) -> String {
    let (_, rest) = seen
        .2
        .split_once(&format!("data-count=\"{name}\">"))
        .unwrap_or_else(|| panic!("{}", seen.2));
    rest.chars().take_while(|it| *it != '<').collect()
}

/// What the account spent in March 2026.
fn spent(door: &Door) -> Value {
    let march = [("from", "2026-03-01"), ("to", "2026-04-01")];
    door.report("sources", &march).value(0, "spend").clone()
}

#[test]
fn an_uploaded_file_is_spend_once_and_a_later_one_takes_its_place() {
    let mut service = Service::start(Config::of([account("acme"), account("other")]));
    let ours = Visitor::logged_in(&service, &token("acme", "all"));
    let base = ours.base.clone();
    let head = "date,source,medium,campaign,content,term,amount,currency,as_of\n";
    let file = format!(
        "{head}2026-03-02,google,cpc,brand,,,100.50,EUR,2026-03-03\n\
         2026-03-02,google,cpc,spring,,,20,EUR,2026-03-03\n\
         yesterday,google,cpc,spring,,,20,EUR,2026-03-03\n\
         2026-03-02,google,cpc,other,,,20,EURO,2026-03-03\n"
    );
    let first = upload(&ours, &base, &file);
    assert_eq!(first.0, 200, "{}", first.2);
    let counts = ["accepted", "duplicates", "refused"];
    assert_eq!(counts.map(|name| count(&first, name)), ["2", "0", "2"]);
    for told in [
        ">4</td>",
        "&#34;yesterday&#34; is no day",
        ">5</td>",
        "currency",
    ] {
        assert!(first.2.contains(told), "{told} in {}", first.2);
    }
    let door = service.door("acme");
    assert_eq!(spent(&door), json!(120.5));
    // What was sent elsewhere is known here too, and the other way round.
    let again = upload(&ours, &base, &file);
    assert_eq!(counts.map(|name| count(&again, name)), ["0", "2", "2"]);
    let mended = format!("{head}2026-03-02,google,cpc,brand,,,99.50,EUR,\n");
    assert_eq!(count(&upload(&ours, &base, &mended), "accepted"), "1");
    assert_eq!(spent(&door), json!(119.5));
    // It was in the journal before it was answered.
    service.kill9();
    service.restart();
    service.wait_for_warehouse();
    let door = service.door("acme");
    door.flush();
    assert_eq!(spent(&door), json!(119.5));
    assert_eq!(spent(&service.door("other")), json!(0.0));
}

#[test]
fn a_file_is_taken_from_our_own_form_and_from_who_may_send_events() {
    let service = Service::start(Config::of([account("acme")]));
    let file = "date,source,amount,currency\n2026-03-02,google,5,EUR\n";
    let ours = Visitor::logged_in(&service, &token("acme", "all"));
    let base = ours.base.clone();
    assert!(ours.get("/sources").2.contains("action=\"/sources/spend\""));
    assert_eq!(ours.get("/sources/spend").0, 405);
    for origin in ["http://evil.example", "null"] {
        assert_eq!(upload(&ours, origin, file).0, 403, "{origin}");
    }
    let reader = Visitor::logged_in(&service, &token("acme", "read"));
    let page = reader.get("/sources").2;
    assert!(!page.contains("<input type=\"file\""), "{page}");
    let refused = upload(&reader, &base, file);
    assert!(
        refused.0 == 403 && refused.2.contains("lacks the scope ingest"),
        "{}",
        refused.2
    );
    let stranger = Visitor::new(&service);
    let sent_away = upload(&stranger, &base, file);
    assert!(sent_away.1.contains("location: /login"), "{}", sent_away.1);
    assert_eq!(spent(&service.door("acme")), json!(0.0));
    for (file, status, told) in [
        ("", 400, "it is empty"),
        ("PK\u{3}\u{4}\0", 400, "it is no text"),
        ("a,b\n1,2\n", 400, "names a column of days"),
        (
            "date,amount\n2026-03-02,5\n",
            400,
            "no column of the source",
        ),
        (&"x".repeat(5_000_000), 413, "larger than"),
    ] {
        let seen = upload(&ours, &base, file);
        assert!(
            seen.0 == status && seen.2.contains(told),
            "{told}: {} {}",
            seen.0,
            seen.2
        );
    }
    assert_eq!(count(&upload(&ours, &base, file), "accepted"), "1");
    assert_eq!(spent(&service.door("acme")), json!(5.0));
}

#[test]
fn an_empty_board_of_sources_says_what_to_do() {
    let bare = Account::new("bare");
    let service = Service::start(Config::of([account("acme"), bare]));
    let ours = Visitor::logged_in(&service, &token("acme", "read"));
    let tiles = ours.get("/board/sources-tiles").2;
    assert!(tiles.contains("Nothing has a source yet"), "{tiles}");
    let pools = ours.get("/board/pools").2;
    assert!(
        pools.contains("No page has asked for a number yet"),
        "{pools}"
    );
    assert!(pools.contains("/v1/trunkline.js?site="), "{pools}");
    let bare = Visitor::logged_in(&service, &token("bare", "read"));
    let pools = bare.get("/board/pools").2;
    assert!(pools.contains("No pool of numbers is declared"), "{pools}");
    tell(&service.door("bare"), call("c1", MARIA, FLYER));
    let tiles = bare.get("/board/sources-tiles").2;
    assert!(
        tiles.contains("No spend is known in this period"),
        "{tiles}"
    );
    for (path, status) in [
        (
            "/sources?model=linear&basis=closed&by=campaign&source=google",
            200,
        ),
        ("/sources?model=guess", 400),
        ("/sources?by=manager", 400),
        ("/?model=linear", 400),
        ("/board/sources?sort=nonsense&format=csv", 400),
        ("/board/assets/spend.csv", 200),
    ] {
        assert_eq!(ours.get(path).0, status, "{path}");
    }
}

#[test]
fn a_marketer_reads_drills_down_and_uploads_in_a_browser() {
    let said = browse("sources.mjs", &shop(), "shop", &pictures());
    assert!(said.contains("no request to another host"), "{said}");
}
