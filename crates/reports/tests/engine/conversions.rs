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
    assert_eq!(told[6], row("won", "2026-03-15T10:00:00.000Z"));
    assert_eq!(told[7], row("call", "2026-03-20T09:00:00.000Z"));
    assert_eq!((told.len(), next), (8, None));
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
            "clicks": { "gclid": "G-form", "gbraid": null, "wbraid": null, "yclid": null },
            "call": {
                "at": "2026-03-10T09:00:00.000Z", "ended_at": "2026-03-10T09:01:05.000Z",
                "talk_s": 60.0, "hold_s": 0.0, "missed": false, "first": true, "tags": [],
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
    assert_eq!(calls[2]["call"]["first"], false);
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
