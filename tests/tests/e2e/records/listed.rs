//! Visits and leads one by one and in lists, and the visits in a contact's timeline: keys, masks,
//! filters, scopes.

use e2e::clock::{rfc3339, wall};
use e2e::config::{Account, Config, hex, token};
use e2e::doors::Door;
use e2e::service::Service;
use e2e::site::Pages;
use e2e::table::Table;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::all;

const NUMBER: &str = "+34911000001";
const PHONE: &str = "+34600111222";

fn start() -> (Service, Door, Pages) {
    let account = Account::new("acme")
        .setting("country = \"ES\"")
        .restricted("some", "managers = [\"ana\"]")
        .section(&format!(
            "[[account.site]]\nkey = \"shop\"\npool = \"main\"\n\
             [[account.pool]]\nid = \"main\"\nnumbers = [\"{NUMBER}\"]\n\
             [[account.pipeline]]\nid = \"p\"\nstages = [{{ id = \"new\" }}, \
             {{ id = \"sold\", kind = \"won\" }}]\n"
        ));
    let service = Service::start(Config::of([account]));
    let (door, pages) = (service.door("acme"), Pages::new(service.port(), "shop"));
    (service, door, pages)
}

fn hash(text: &str) -> String {
    hex(&Sha256::digest(text))[..16].to_owned()
}

/// What a visit of the site is shown by: its secret part hashed.
pub(crate) fn key(visit: &str) -> String {
    format!("shop-{}", hash(visit))
}

fn visit(pages: &Pages, visitor: &str, source: &str) -> String {
    let url = format!("https://shop.example/?utm_source={source}&utm_medium=cpc");
    let shown = pages.ask(visitor, &url).expect_status(200).json();
    shown["visit"].as_str().unwrap().to_owned()
}

fn end(pages: &Pages, visit: &str) {
    pages.tell(visit, "end", &Value::Null).expect_status(204);
}

fn rings(door: &Door, call: &str) {
    let ring = json!({"type": "call", "call": call, "phase": "ringing", "direction": "inbound",
        "from": PHONE, "to": NUMBER, "at": rfc3339(wall())});
    door.post_json(&ring).expect_status(202);
}

fn timeline(door: &Door) -> Vec<Value> {
    all(door, "/v1/contacts/%2B34600111222/timeline", "timeline")
}

#[test]
fn a_contacts_visits_stand_between_his_calls_and_messages_with_the_way_they_went() {
    let (_service, door, pages) = start();
    let said = |id: &str| {
        json!({"type": "message", "channel": "wa", "conversation": "k", "contact": PHONE, "id": id,
            "author": "contact", "at": rfc3339(wall())})
    };
    door.post_json(&said("before")).expect_status(202);
    let id = visit(&pages, "w-ana", "google");
    let prices = json!({"url": "https://shop.example/prices", "title": "Prices"});
    pages.tell(&id, "page", &prices).expect_status(204);
    rings(&door, "k");
    door.post_json(&said("after")).expect_status(202);
    door.flush();

    let happened = timeline(&door);
    let what: Vec<_> = happened.iter().map(|one| one["what"].clone()).collect();
    assert_eq!(json!(what), json!(["message", "call", "visit", "message"]));
    assert_eq!(happened[0]["visit"], Value::Null);
    let shown = &happened[2];
    let expected = json!([key(&id), NUMBER, "certain", 1]);
    let own = json!([
        shown["id"],
        shown["number"],
        shown["certainty"],
        shown["weight"]
    ]);
    assert_eq!(own, expected, "{shown}");
    let of = &shown["visit"];
    assert_eq!(
        json!([
            of["source"],
            of["medium"],
            of["site"],
            of["served"],
            of["ended"]
        ]),
        json!(["google", "cpc", "shop", true, false])
    );
    let calls = json!([{"call": "k", "certainty": "certain", "weight": 1}]);
    assert_eq!(of["calls"], calls);
    let way: Vec<_> = of["pages"].as_array().unwrap().iter().collect();
    let urls: Vec<_> = way
        .iter()
        .map(|page| (&page["url"], &page["title"]))
        .collect();
    let first = json!("https://shop.example/?utm_source=google&utm_medium=cpc");
    let second = json!("https://shop.example/prices");
    assert_eq!(urls, [(&first, &Value::Null), (&second, &json!("Prices"))]);
    assert_eq!((&way[0]["at"], &shown["at"]), (&of["at"], &of["at"]));
    let times = [&way[0]["at"], &way[1]["at"], &of["expires_at"]].map(|at| at.as_str().unwrap());
    assert!(times.is_sorted() && times[1] < times[2], "{times:?}");

    // Nothing lets one go on with the visit, or call its visitor.
    let text = json!(happened).to_string();
    for secret in [&id, "w-ana", "600111"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // Who may see some managers alone sees nobody's visits.
    let some = door.with_token(&token("acme", "some"));
    assert_eq!(json!(timeline(&some)), json!([]));
}

#[test]
fn visits_that_may_have_been_a_contacts_are_shown_as_such_until_it_is_known() {
    let (_service, door, pages) = start();
    let ana = visit(&pages, "ana", "google");
    end(&pages, &ana);
    let eva = visit(&pages, "eva", "meta");
    rings(&door, "k");
    door.flush();
    let visits = || {
        let visits = timeline(&door)
            .into_iter()
            .filter(|one| one["what"] == "visit");
        let told = visits.map(|one| {
            (
                one["id"].clone(),
                one["certainty"].clone(),
                one["weight"].clone(),
            )
        });
        told.collect::<Vec<_>>()
    };
    let unsure = visits();
    let who: Vec<_> = unsure.iter().map(|(id, how, _)| (id, how)).collect();
    let ambiguous = json!("ambiguous");
    let keys = [json!(key(&eva)), json!(key(&ana))];
    assert_eq!(who, [(&keys[0], &ambiguous), (&keys[1], &ambiguous)]);
    let weights: f64 = unsure
        .iter()
        .map(|(_, _, weight)| weight.as_f64().unwrap())
        .sum();
    assert!((weights - 1.0).abs() < 1e-9, "{unsure:?}");
    // So is the call, whose source is not guessed.
    let call = door.get("/v1/calls/k", &[]).expect_status(200).json();
    let of = &call["attribution"];
    assert_eq!((&of["certainty"], &of["rule"]), (&ambiguous, &json!(4)));
    let candidates = of["candidates"].as_array().unwrap().iter();
    let shown: Vec<_> = candidates
        .map(|one| (&one["visit"], &one["source"]))
        .collect();
    let sources = [json!("meta"), json!("google")];
    assert_eq!(shown, [(&keys[0], &sources[0]), (&keys[1], &sources[1])]);
    let calls = door.get("/v1/calls", &[]).expect_status(200).json();
    let listed = &calls["calls"][0];
    assert_eq!(
        (&listed["certainty"], &listed["source"]),
        (&ambiguous, &Value::Null)
    );
    // A form tells that the caller had been eva: the call is hers, and no visit of ana's is his.
    let form = json!({"type": "form", "form": "f", "visitor": "eva", "phone": "600 111 222",
        "at": rfc3339(wall() - 60_000)});
    door.post_json(&form).expect_status(202);
    door.flush();
    assert_eq!(visits(), [(json!(key(&eva)), json!("certain"), json!(1))]);
    // So are the visits to come, though nobody calls.
    end(&pages, &eva);
    let again = visit(&pages, "eva", "mail");
    door.flush();
    let keys: Vec<_> = visits().into_iter().map(|(id, ..)| id).collect();
    assert_eq!(keys, [json!(key(&again)), json!(key(&eva))]);
}

#[test]
fn visits_are_listed_by_keys_that_are_no_right_to_them() {
    let (service, door, pages) = start();
    let ana = visit(&pages, "ana", "google");
    let eva = visit(&pages, "eva", "meta");
    rings(&door, "k");
    door.flush();
    let listed = all(&door, "/v1/visits", "visits");
    let shown: Vec<_> = listed
        .iter()
        .map(|one| json!([one["visit"], one["visitor"], one["source"], one["served"]]))
        .collect();
    let expected = [
        json!([key(&eva), hash("eva"), "meta", false]),
        json!([key(&ana), hash("ana"), "google", true]),
    ];
    assert_eq!(shown, expected);
    let only = |filters: &[(&str, &str)]| {
        let page = door.get("/v1/visits", filters).expect_status(200).json();
        let visits = page["visits"].as_array().unwrap().iter();
        visits.map(|one| one["source"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(only(&[("served", "true")]), [json!("google")]);
    assert_eq!(
        only(&[("source", "meta"), ("pool", "main")]),
        [json!("meta")]
    );
    assert_eq!(only(&[("source", "meta"), ("source", "google")]).len(), 2);
    assert_eq!(only(&[("visitor", &hash("ana"))]), [json!("google")]);
    assert_eq!(only(&[("campaign", "")]).len(), 2);
    let before = [("from", "2026-01-01"), ("to", "2026-01-02")];
    assert_eq!(only(&before), [Value::Null; 0]);
    for bad in [
        ("served", "perhaps"),
        ("colour", "red"),
        ("limit", "0"),
        ("cursor", "x"),
    ] {
        door.get("/v1/visits", &[bad])
            .expect_problem(400, "bad_parameter");
    }
    for id in [&ana, &key(&ana)] {
        let one = door.get(&format!("/v1/visits/{id}"), &[]);
        assert_eq!(one.expect_status(200).json(), listed[1]);
    }
    door.get("/v1/visits/nobody", &[])
        .expect_problem(404, "not_found");
    let some = door.with_token(&token("acme", "some"));
    some.get("/v1/visits", &[]).expect_problem(403, "forbidden");
    let path = format!("/v1/visits/{ana}");
    some.get(&path, &[]).expect_problem(403, "forbidden");
    same_keys_everywhere(&service, &door, &[key(&eva), key(&ana)]);
    // Neither key lets one end the visit or go on with it.
    end(&pages, &key(&ana));
    let stranger = pages.visit(&hash("ana"));
    assert_eq!(
        (&stranger["served"], &stranger["number"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(json!(ana), pages.visit("ana")["visit"]);
}

/// In SQL and in the rows behind figures the same keys stand: those of the visits, the later first.
fn same_keys_everywhere(service: &Service, door: &Door, keys: &[String; 2]) {
    let joined = "SELECT v.visit, a.call, a.certainty FROM v_visits AS v \
                  INNER JOIN v_attributions AS a USING (account, visit)";
    let rows = service.views().rows(joined);
    assert_eq!(rows, [json!([keys[1], "k", "certain"])]);
    for (report, column) in [("pools", "visit"), ("sources", "id")] {
        let path = format!("/v1/reports/{report}/rows");
        let rows = Table::of(
            door.get(&path, &[("figure", "visits")])
                .expect_status(200)
                .json(),
        );
        let shown = rows.column(column);
        assert_eq!(shown, [json!(keys[0]), json!(keys[1])], "{report}");
    }
}

const WEEK: [(&str, &str); 2] = [("from", "2026-03-02"), ("to", "2026-03-09")];

fn with_leads() -> (Service, Door) {
    let (service, door, _) = start();
    let lead = |lead: &str, hour: u32, change: &str, more: Value| {
        let mut event = json!({"type": "lead", "lead": lead, "change": change,
            "at": format!("2026-03-02T{hour:02}:00:00Z")});
        let more = more.as_object().unwrap().clone();
        event.as_object_mut().unwrap().extend(more);
        event
    };
    let told = json!([
        lead(
            "l1",
            10,
            "created",
            json!({"pipeline": "p", "stage": "new", "amount": "100",
            "currency": "EUR", "manager": "ana", "contacts": [PHONE, "maria"], "source": "google",
            "visitor": "w-1"})
        ),
        lead("l1", 11, "moved", json!({"stage": "sold"})),
        lead("l1", 12, "valued", json!({"amount": "250.50"})),
        lead(
            "l2",
            13,
            "created",
            json!({"manager": "luis", "source": "meta"})
        ),
        lead("l3", 14, "created", json!({})),
        lead("l3", 15, "deleted", json!({})),
    ]);
    door.post_json(&told).expect_status(202);
    door.flush();
    (service, door)
}

/// The ids of the leads of a week, asked for by filters.
fn leads(door: &Door, filters: &[(&str, &str)]) -> Value {
    let asked = [&WEEK[..], filters].concat();
    let page = door.get("/v1/leads", &asked).expect_status(200).json();
    assert_eq!(page["from"], "2026-03-02T00:00:00.000Z");
    let leads = page["leads"].as_array().unwrap().iter();
    leads.map(|one| one["lead"].clone()).collect()
}

#[test]
fn leads_are_listed_by_filters_in_pages_and_to_whom_they_are() {
    let (_service, door) = with_leads();
    assert_eq!(leads(&door, &[]), json!(["l2", "l1"]));
    assert_eq!(leads(&door, &[("removed", "true")]), json!(["l3"]));
    assert_eq!(leads(&door, &[("kind", "won")]), json!(["l1"]));
    let both = [("manager", "luis"), ("source", "meta")];
    assert_eq!(leads(&door, &both), json!(["l2"]));
    let first = [("limit", "1")];
    assert_eq!(leads(&door, &first), json!(["l2"]));
    let page = door.get("/v1/leads", &[&WEEK[..], &first].concat()).json();
    let next = [("cursor", page["cursor"].as_str().unwrap())];
    assert_eq!(leads(&door, &next), json!(["l1"]));
    let some = door.with_token(&token("acme", "some"));
    assert_eq!(leads(&some, &[]), json!(["l1"]));
    some.get("/v1/leads/l2", &[])
        .expect_problem(404, "not_found");
    let sender = door.with_token(&token("acme", "ingest"));
    sender
        .get("/v1/leads", &[])
        .expect_problem(403, "forbidden");
}

#[test]
fn a_lead_is_shown_with_its_moves_and_amounts_and_phones_masked() {
    let (_service, door) = with_leads();
    let one = door.get("/v1/leads/l1", &[]).expect_status(200).json();
    let of = |name: &str| one[name].clone();
    assert_eq!(of("contacts"), json!(["+3***1222", "maria"]));
    assert_eq!(
        (of("contact"), of("visitor")),
        (json!("+3***1222"), json!(hash("w-1")))
    );
    assert_eq!((of("kind"), of("amount")), (json!("won"), json!("250.5")));
    assert_eq!(of("won_at"), "2026-03-02T11:00:00.000Z");
    let moves = json!([
        {"at": "2026-03-02T10:00:00.000Z", "pipeline": "p", "stage": "new", "manager": "ana"},
        {"at": "2026-03-02T11:00:00.000Z", "pipeline": "p", "stage": "sold", "manager": "ana"},
    ]);
    assert_eq!(of("moves"), moves);
    let amounts = json!([
        {"at": "2026-03-02T10:00:00.000Z", "amount": "100", "currency": "EUR"},
        {"at": "2026-03-02T12:00:00.000Z", "amount": "250.5", "currency": "EUR"},
    ]);
    assert_eq!(of("amounts"), amounts);
}

/// A service with a lead whose contact two sources brought, and a third one later.
fn with_sources() -> (Service, Door) {
    let (service, door) = with_leads();
    let told = |at: &str, source: &str| {
        json!({"type": "message", "channel": "web", "conversation": "k", "contact": "eva",
            "author": "contact", "at": at, "id": source, "source": source, "medium": "paid"})
    };
    let events = json!([
        told("2026-03-02T08:00:00Z", "mail"),
        told("2026-03-02T09:00:00Z", "bing"),
        {"type": "lead", "lead": "l9", "change": "created", "at": "2026-03-03T10:00:00Z",
            "contact": "eva", "manager": "ana"},
        {"type": "lead", "lead": "l9", "change": "moved", "at": "2026-03-09T10:00:00Z",
            "pipeline": "p", "stage": "sold"},
        told("2026-03-04T08:00:00Z", "late"),
        {"type": "message", "channel": "web", "conversation": "k", "contact": "eva", "id": "answer",
            "author": "manager", "manager": "ana", "at": "2026-03-04T09:00:00Z"},
    ]);
    door.post_json(&events).expect_status(202);
    door.flush();
    (service, door)
}

#[test]
fn a_lead_shows_the_source_that_the_reports_know() {
    let (_service, door) = with_sources();
    let lead = |asked: &[(&str, &str)]| door.get("/v1/leads/l9", asked).expect_status(200).json();
    let source = |lead: &Value| {
        let own = ["source", "medium", "origin"].map(|name| lead[name].clone());
        json!([own, lead["told"]["source"]])
    };
    assert_eq!(source(&lead(&[])), json!([["bing", "paid", "utm"], null]));
    let first = lead(&[("model", "first")]);
    assert_eq!(source(&first), json!([["mail", "paid", "utm"], null]));
    // Both brought it, and only agree in how that is known.
    let linear = lead(&[("model", "linear")]);
    assert_eq!(source(&linear), json!([[null, null, "utm"], null]));
    let candidate = |source: &str| {
        json!({"source": source, "medium": "paid", "campaign": null, "content": null, "term": null,
            "origin": "utm", "weight": 0.5})
    };
    let both = json!({"model": "linear", "candidates": [candidate("mail"), candidate("bing")]});
    assert_eq!(linear["attribution"], both);
    // Lists are filtered by what they show, and what a lead's own events said is beside it.
    assert_eq!(leads(&door, &[("source", "bing")]), json!(["l9"]));
    let by_first = [("source", "mail"), ("model", "first")];
    assert_eq!(leads(&door, &by_first), json!(["l9"]));
    let own = door.get("/v1/leads/l1", &[]).expect_status(200).json();
    assert_eq!(own["source"], "google");
    assert_eq!(own["told"]["source"], "google");
    for asked in [("model", "best"), ("colour", "red")] {
        for path in ["/v1/leads", "/v1/leads/l9"] {
            door.get(path, &[asked])
                .expect_problem(400, "bad_parameter");
        }
    }
}

#[test]
fn a_contact_shows_its_first_and_its_last_touch() {
    let (_service, door) = with_sources();
    let contact = door.get("/v1/contacts/eva", &[]).expect_status(200).json();
    let touch = |hour: &str, source: &str| {
        json!({"at": format!("2026-03-{hour}:00:00.000Z"), "source": source, "medium": "paid",
            "campaign": null, "content": null, "term": null, "origin": "utm"})
    };
    assert_eq!(contact["first_touch"], touch("02T08", "mail"));
    assert_eq!(contact["last_touch"], touch("04T08", "late"));
    // Touches are the whole account's, as visits are.
    let some = door.with_token(&token("acme", "some"));
    let lead = some.get("/v1/leads/l9", &[]).expect_status(200).json();
    assert_eq!(lead["source"], "bing");
    let contact = some.get("/v1/contacts/eva", &[]).expect_status(200).json();
    assert_eq!(contact["messages"], 1);
    assert_eq!(
        (contact.get("first_touch"), contact.get("last_touch")),
        (None, None)
    );
}
