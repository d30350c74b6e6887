//! Offline conversions: which there are, which click earned them, page by page.

use serde_json::{Value, json};
use trunkline_reports::{Error, Restriction};

use crate::ringing::{answered, missed, spoke};
use crate::world::{ACCOUNT, World, at, context, pairs};

const PHONE: &str = "+34600111222";

fn decimal(time: &str) -> String {
    let at = at(time).0;
    format!("{:010}.{:03}", at / 1000, at % 1000)
}

fn lead(id: &str, created: &str, contact: &str, stages: &[(&str, &str)]) -> Value {
    let times: Vec<_> = stages.iter().map(|(at, _)| decimal(at)).collect();
    let names: Vec<_> = stages.iter().map(|(_, stage)| *stage).collect();
    json!({
        "account": ACCOUNT, "lead": id, "created_at": decimal(created), "created": 1,
        "pipeline": "sales", "stage": names.last().unwrap_or(&""), "amount": "120.50",
        "currency": "EUR", "contacts": [contact], "moves.at": times,
        "moves.pipeline": names.iter().map(|_| "sales").collect::<Vec<_>>(), "moves.stage": names,
        "moves.manager": names.iter().map(|_| "").collect::<Vec<_>>(),
        "received_at": 0, "version": 1, "deleted": 0,
    })
}

fn form(id: &str, time: &str, phone: &str, gclid: &str, source: &str) -> Value {
    json!({
        "account": ACCOUNT, "form": id, "at": decimal(time), "phone": phone, "known": 1,
        "gclid": gclid, "source": source, "received_at": 0, "version": 1, "deleted": 0,
    })
}

/// Rosa came by a click, sent a form, called, became a lead and was won; Juan only called.
async fn world() -> World {
    let world = World::start().await;
    let talked = |seconds| [spoke("ana", 5, seconds)];
    let calls = [
        answered("c1", "2026-03-10T09:00:00Z", PHONE, &talked(60)),
        answered("c2", "2026-03-20T09:00:00Z", PHONE, &talked(5)),
        missed("c3", "2026-03-11T09:00:00Z", "+34600333444", 20, &["ana"]),
        answered("out", "2026-03-11T10:00:00Z", PHONE, &talked(60)).outbound(),
        answered("now", "2026-03-11T11:00:00Z", PHONE, &talked(60)).ended(""),
    ];
    world.calls(&calls).await;
    world.linked("phone", "", PHONE, "rosa").await;
    let forms = [
        form("f1", "2026-03-10T08:00:00Z", PHONE, "G-form", "google"),
        form("f2", "2026-03-10T08:30:00Z", PHONE, "", "direct"),
    ];
    world.insert("forms", forms.into()).await;
    let won = [
        ("2026-03-10T09:05:00Z", "new"),
        ("2026-03-15T10:00:00Z", "sold"),
    ];
    let mut removed = lead("l2", "2026-03-10T10:00:00Z", "rosa", &[]);
    removed["removed"] = json!(1);
    let leads = vec![lead("l1", "2026-03-10T09:05:00Z", "rosa", &won), removed];
    world.insert("leads", leads).await;
    let stage = json!({"account": ACCOUNT, "pipeline": "sales", "stage": "sold", "name": "Sold",
        "kind": "won", "position": 1, "version": 1, "deleted": 0});
    world.insert("stages", vec![stage]).await;
    world
}

async fn ask(world: &World, query: &str) -> Result<(Vec<Value>, Option<String>), Error> {
    let context = context(Restriction::default());
    let page = world.reports().conversions(&pairs(query), &context).await?;
    let items = page.records.items.into_iter().map(Value::Object);
    Ok((items.collect(), page.records.next))
}

const MARCH: &str = "from=2026-03-01&to=2026-04-01";

#[tokio::test]
async fn every_moment_is_a_conversion_of_its_kind() {
    let world = world().await;
    let (all, next) = ask(&world, MARCH).await.expect("an answer");
    let told: Vec<_> = all
        .iter()
        .map(|it| (it["kind"].as_str(), it["at"].as_str()))
        .collect();
    let row = |kind, at| (Some(kind), Some(at));
    assert_eq!(
        told[..6],
        [
            row("form", "2026-03-10T08:00:00.000Z"),
            row("form", "2026-03-10T08:30:00.000Z"),
            told[2],
            told[3],
            row("lead", "2026-03-10T09:05:00.000Z"),
            row("call", "2026-03-11T09:00:00.000Z"),
        ]
    );
    let mut first = [told[2], told[3]];
    first.sort_unstable();
    assert_eq!(
        first,
        [
            row("call", "2026-03-10T09:00:00.000Z"),
            row("target_call", "2026-03-10T09:00:00.000Z"),
        ]
    );
    // Of the call without an end nobody told it for hours: it is over.
    assert_eq!(told[6], row("call", "2026-03-11T11:00:00.000Z"));
    assert_eq!(told[7], row("won", "2026-03-15T10:00:00.000Z"));
    assert_eq!(told[8], row("call", "2026-03-20T09:00:00.000Z"));
    assert_eq!((told.len(), next), (9, None));
}

#[tokio::test]
async fn a_win_has_the_click_the_number_and_the_call_of_its_leads_moment() {
    let world = world().await;
    let (won, _) = ask(&world, &format!("{MARCH}&kind=won"))
        .await
        .expect("an answer");
    let [won] = won.as_slice() else {
        panic!("{won:?}");
    };
    let id = won["id"].as_str().expect("an id");
    assert!(
        id.starts_with("won-") && id.len() == 28 && !id.contains("l1"),
        "{id}"
    );
    let mut rest = won.clone();
    rest["id"] = Value::Null;
    assert_eq!(
        rest,
        json!({
            "id": null, "kind": "won", "at": "2026-03-15T10:00:00.000Z", "phone": PHONE,
            "value": "120.5", "currency": "EUR",
            "clicked_at": null, "page": null, "twins": [], "ga_client_id": null, "ym_client_id": null, "consent": null,
            "clicks": { "gclid": "G-form", "gbraid": null, "wbraid": null, "yclid": null },
            "call": {
                "at": "2026-03-10T09:00:00.000Z", "ended_at": "2026-03-10T09:01:05.000Z",
                "talk_s": 60.0, "hold_s": 0.0, "missed": false, "first": true, "tags": [], "is_static": false,
            },
        })
    );
    let (again, _) = ask(&world, &format!("{MARCH}&kind=won"))
        .await
        .expect("an answer");
    assert_eq!(again[0]["id"], id);
}

#[tokio::test]
async fn the_model_chooses_the_touch_and_a_touch_without_a_click_gives_none() {
    let world = world().await;
    for (model, expected) in [
        ("last_non_direct", json!("G-form")),
        ("first", json!("G-form")),
        ("last", Value::Null),
    ] {
        let query = format!("{MARCH}&kind=target_call&model={model}");
        let (calls, _) = ask(&world, &query).await.expect("an answer");
        assert_eq!(calls[0]["clicks"]["gclid"], expected, "{model}");
        assert_eq!(calls[0]["call"]["first"], true);
    }
    let (calls, _) = ask(&world, &format!("{MARCH}&kind=call"))
        .await
        .expect("an answer");
    let juan = &calls[1];
    assert_eq!(juan["phone"], "+34600333444");
    assert_eq!(
        (&juan["clicks"]["gclid"], &juan["call"]["missed"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(calls[3]["call"]["first"], false);
}

fn visit(id: &str, time: &str, gclid: &str) -> Value {
    json!({
        "account": ACCOUNT, "visit": id, "visitor": "w", "started_at": decimal(time),
        "pages.at": [decimal(time)], "pages.url": [format!("https://acme.example/{id}")],
        "pages.title": [""], "source": "google", "gclid": gclid, "ga_client_id": format!("{id}.ga"),
        "ym_client_id": format!("{id}.ym"), "consent": u8::from(id == "v1"), "version": 1, "deleted": 0,
    })
}

/// Who is told to those who count clicks.
fn who(one: &Value) -> [Value; 3] {
    ["ga_client_id", "ym_client_id", "consent"].map(|name| one[name].clone())
}

fn attribution(call: &str, rule: u8, certainty: &str, visits: &[(&str, &str)]) -> Value {
    let each = |part: fn(&(&str, &str)) -> Value| visits.iter().map(part).collect::<Vec<_>>();
    let none = || each(|_| json!(""));
    json!({
        "account": ACCOUNT, "call": call, "rule": rule, "certainty": certainty,
        "candidates.visit": each(|it| json!(it.0)),
        "candidates.weight": each(|_| json!(0.5)),
        "candidates.source": each(|_| json!("google")), "candidates.medium": none(),
        "candidates.campaign": none(), "candidates.content": none(), "candidates.term": none(),
        "candidates.gclid": each(|it| json!(it.1)), "candidates.gbraid": none(),
        "candidates.wbraid": none(), "candidates.fbclid": none(), "candidates.yclid": none(),
        "candidates.msclkid": none(), "candidates.ctwa_clid": none(),
        "received_at": 0, "version": 1, "deleted": 0,
    })
}

#[tokio::test]
async fn a_call_has_the_click_of_its_visit_and_an_ambiguous_one_has_none() {
    let world = World::start().await;
    let talked = [spoke("ana", 5, 60)];
    let call = |id, caller| answered(id, "2026-03-10T09:00:00Z", caller, &talked);
    let callers = [
        "+34600000001",
        "+34600000002",
        "+34600000003",
        "+34600000004",
    ];
    let calls = [
        call("certain", callers[0]),
        call("ambiguous", callers[1]),
        call("static", callers[2]),
        call("unknown", callers[3]),
    ];
    world.calls(&calls).await;
    let visits = vec![
        visit("v1", "2026-03-10T08:50:00Z", "G-1"),
        visit("v2", "2026-03-10T08:51:00Z", "G-2"),
    ];
    world.insert("visits", visits).await;
    let attributions = vec![
        attribution("certain", 3, "certain", &[("v1", "G-1")]),
        attribution("ambiguous", 4, "ambiguous", &[("v1", "G-1"), ("v2", "G-2")]),
        attribution("static", 0, "certain", &[("", "")]),
        attribution("unknown", 7, "unattributed", &[("", "")]),
    ];
    world.insert("attributions", attributions).await;
    let (all, _) = ask(&world, &format!("{MARCH}&kind=call"))
        .await
        .expect("an answer");
    let told: Vec<_> = callers
        .map(|caller| {
            let is = |it: &&Value| it["phone"] == caller;
            let one = all.iter().find(is).expect("the call");
            json!([
                one["clicks"]["gclid"],
                one["clicked_at"],
                one["page"],
                who(one),
                one["call"]["is_static"]
            ])
        })
        .into();
    assert_eq!(
        told,
        [
            json!([
                "G-1",
                "2026-03-10T08:50:00.000Z",
                "https://acme.example/v1",
                ["v1.ga", "v1.ym", true],
                false
            ]),
            json!([null, null, null, [null, null, null], false]),
            json!([null, null, null, [null, null, null], true]),
            json!([null, null, null, [null, null, null], false]),
        ]
    );
}

#[tokio::test]
async fn a_form_that_names_a_visit_has_the_visits_click() {
    let world = World::start().await;
    let visits = vec![
        visit("v1", "2026-03-10T08:50:00Z", "G-1"),
        visit("v2", "2026-03-11T08:50:00Z", "G-2"),
    ];
    world.insert("visits", visits).await;
    let mut plain = form("f1", "2026-03-10T09:00:00Z", PHONE, "", "");
    plain["visit"] = json!("v1");
    // A click of its own goes before the visit's; who it is of, the visit alone can say.
    let mut clicked = form(
        "f2",
        "2026-03-11T09:00:00Z",
        "+34600333444",
        "G-own",
        "google",
    );
    clicked["visit"] = json!("v2");
    world.insert("forms", vec![plain, clicked]).await;
    let (all, _) = ask(&world, MARCH).await.expect("an answer");
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["clicks"]["gclid"], "G-1");
    assert_eq!(all[0]["phone"], PHONE);
    assert_eq!(who(&all[0]), [json!("v1.ga"), json!("v1.ym"), json!(true)]);
    assert_eq!(all[1]["clicks"]["gclid"], "G-own");
    assert_eq!(who(&all[1]), [json!("v2.ga"), json!("v2.ym"), json!(false)]);
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let world = world().await;
    let (all, _) = ask(&world, MARCH).await.expect("an answer");
    let (mut paged, mut page) = (Vec::new(), None);
    loop {
        let after = page.map_or_else(String::new, |page| format!("&cursor={page}"));
        let (items, next) = ask(&world, &format!("{MARCH}&limit=3{after}"))
            .await
            .expect("a page");
        paged.extend(items);
        page = next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_name() {
    let world = World::start().await;
    for (query, name) in [
        ("kind=purchase", "kind"),
        ("model=linear", "model"),
        ("model=best", "model"),
        ("by=manager", "by"),
        ("limit=0", "limit"),
        ("from=2026-03-02&to=2026-03-01", "from"),
    ] {
        match ask(&world, query).await {
            Err(Error::BadParameter(bad)) => assert_eq!(bad.name, name, "{query}"),
            other => panic!("{query}: {other:?}"),
        }
    }
}
