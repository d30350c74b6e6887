//! Visits, attributions and static numbers, as the fold shows them and as everyone sees them.

use trunkline_calltracking::{
    Attribution, AttributionFact, Candidate, Certainty, PageFact, Reason, Source, TrackingRows,
    VisitFact,
};
use trunkline_model::event::Origin;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{FormFact, LeadFact, Rows, TouchFact};
use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::{Batch, OPEN_END, PoolNumberRow, Settings, StaticNumberRow};

use super::raw::{MINUTE, TEN, ask};

const VERSION: u64 = 1 << 48 | 7;

fn google() -> Source {
    let text = |text: &str| Some(text.into());
    Source {
        source: text("google"),
        medium: text("cpc"),
        campaign: text("spring"),
        content: text("b"),
        term: text("shoes"),
        gclid: text("g1"),
        gbraid: text("g2"),
        wbraid: text("g3"),
        fbclid: text("f1"),
        yclid: text("y1"),
        msclkid: text("m1"),
        ctwa_clid: text("c1"),
        origin: Some(Origin::Utm),
    }
}

fn visit(batch: &mut Batch, id: &str, version: u64, deleted: bool) {
    let pages = [
        PageFact {
            at: Time(TEN),
            url: "https://acme.example/?utm_source=google",
            title: "Shoes",
        },
        PageFact {
            at: Time(TEN + MINUTE),
            url: "https://acme.example/prices",
            title: "",
        },
    ];
    batch.visit(&VisitFact {
        account: "acme",
        visit: id,
        visitor: "w-1",
        site: "main",
        pool: "web",
        number: "+34911000001",
        served: true,
        served_at: Some(Time(TEN + MINUTE)),
        doubled: false,
        started_at: Time(TEN),
        last_at: Time(TEN + MINUTE),
        expires_at: Time(TEN + 31 * MINUTE),
        ended: true,
        pages: &pages,
        referrer: "https://www.google.com/",
        source: &google(),
        ga_client_id: "1234567890.1700000000",
        ym_client_id: "",
        consent: Some(false),
        received_at: Time(TEN + 9),
        version,
        deleted,
    });
}

fn attribution(batch: &mut Batch, call: &str, attribution: &Attribution) {
    batch.attribution(&AttributionFact {
        account: "acme",
        call,
        number: "+34911000001",
        started_at: Time(TEN + 2 * MINUTE),
        attribution,
        received_at: Time(TEN + 9),
        version: VERSION,
        deleted: false,
    });
}

fn ambiguous() -> Attribution {
    let candidate = |visit: &str, weight: f64, source: Source| Candidate {
        visit: Some(visit.to_owned()),
        weight,
        source,
    };
    Attribution {
        rule: 4,
        certainty: Certainty::Ambiguous,
        reason: None,
        candidates: vec![
            candidate("main-1", 0.75, google()),
            candidate("main-2", 0.25, Source::default()),
        ],
    }
}

const VISITS: &str = "SELECT visit, visitor, site, pool, number, served, served_at, doubled, at, last_at, expires_at, ended, \
    pages_at, pages_url, pages_title, referrer, source, medium, campaign, content, term, gclid, gbraid, wbraid, fbclid, \
    yclid, msclkid, ctwa_clid, origin, consent FROM trunkline.v_visits FORMAT CSV";

const ATTRIBUTIONS: &str = "SELECT call, number, at, rule, certainty, reason, nth, visit, weight, source, medium, campaign, \
    content, term, gclid, gbraid, wbraid, fbclid, yclid, msclkid, ctwa_clid \
    FROM trunkline.v_attributions ORDER BY call, nth FORMAT CSV";

#[tokio::test]
async fn visits_and_what_brought_calls_are_read_as_they_were_written() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut batch = Batch::default();
    visit(&mut batch, "main-1", VERSION, false);
    attribution(&mut batch, "k-1", &ambiguous());
    let expired = Attribution {
        rule: 7,
        certainty: Certainty::Unattributed,
        reason: Some(Reason::Expired),
        candidates: vec![Candidate {
            visit: None,
            weight: 1.0,
            source: Source::default(),
        }],
    };
    attribution(&mut batch, "k-2", &expired);
    assert_eq!(batch.tracking(), 3);
    writer.write(&mut batch).await.expect("they are written");
    assert_eq!(
        ask(&engine.reader, VISITS),
        concat!(
            r#""main-1","0065abd009780926","main","web","+34911000001",1,"2026-03-01 10:01:00.000",0,"2026-03-01 10:00:00.000","#,
            r#""2026-03-01 10:01:00.000","2026-03-01 10:31:00.000",1,"#,
            r#""['2026-03-01 10:00:00.000','2026-03-01 10:01:00.000']","#,
            r#""['https://acme.example/?utm_source=google','https://acme.example/prices']","['Shoes','']","#,
            r#""https://www.google.com/","google","cpc","spring","b","shoes","g1","g2","g3","f1","y1","m1","c1","utm",0"#
        )
    );
    let nothing = r"\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N,\N";
    let all = r#""google","cpc","spring","b","shoes","g1","g2","g3","f1","y1","m1","c1""#;
    let call = r#""+34911000001","2026-03-01 10:02:00.000""#;
    let expected = [
        format!(r#""k-1",{call},4,"ambiguous",\N,1,"main-1",0.75,{all}"#),
        format!(r#""k-1",{call},4,"ambiguous",\N,2,"main-2",0.25,{nothing}"#),
        format!(r#""k-2",{call},7,"unattributed","expired",1,\N,1,{nothing}"#),
    ];
    assert_eq!(ask(&engine.reader, ATTRIBUTIONS), expected.join("\n"));
    // A visit that was taken back is seen no more.
    let mut batch = Batch::default();
    visit(&mut batch, "main-1", VERSION + 1, true);
    writer.write(&mut batch).await.expect("it is written");
    assert_eq!(ask(&engine.reader, VISITS), "");
}

#[tokio::test]
async fn what_lets_one_go_on_with_a_visit_is_in_no_view_and_its_key_joins_them() {
    const VISIT: &str = "main-0123456789abcdefghijkl";
    // The first 16 digits of their SHA-256.
    const KEY: &str = "main-5ca4f37a6472e5ea";
    const VISITOR: &str = "0065abd009780926";
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut batch = Batch::default();
    visit(&mut batch, VISIT, VERSION, false);
    let mut brought = ambiguous();
    brought.candidates[0].visit = Some(VISIT.to_owned());
    attribution(&mut batch, "k", &brought);
    batch.lead(&LeadFact {
        account: "acme",
        lead: "l",
        contacts: &["+34911222333", "wa:34911222333@c.us", "c1"],
        visit: VISIT,
        visitor: "w-1",
        ..LeadFact::default()
    });
    batch.form(&FormFact {
        account: "acme",
        form: "f",
        contact: "34911222333",
        visit: VISIT,
        visitor: "w-1",
        ..FormFact::default()
    });
    batch.touch(&TouchFact {
        account: "acme",
        message: "m",
        contact: "(911) 222-333",
        visit: VISIT,
        visitor: "w-1",
        ..TouchFact::default()
    });
    writer.write(&mut batch).await.expect("they are written");
    for (view, expected) in [
        ("v_leads", r#""['+34***2333','349***2333','c1']""#),
        ("v_forms", r#""349***2333""#),
        ("v_touches", r#""(91***2333""#),
    ] {
        let contact = if view == "v_leads" {
            "contacts"
        } else {
            "contact"
        };
        let sql = format!("SELECT visit, visitor, {contact} FROM trunkline.{view} FORMAT CSV");
        let shown = format!(r#""{KEY}","{VISITOR}",{expected}"#);
        assert_eq!(ask(&engine.reader, &sql), shown, "{view}");
    }
    let joined = "SELECT v.visit, v.visitor, a.weight FROM trunkline.v_visits AS v \
                  INNER JOIN trunkline.v_attributions AS a USING (account, visit) FORMAT CSV";
    assert_eq!(
        ask(&engine.reader, joined),
        format!(r#""{KEY}","{VISITOR}",0.75"#)
    );
}

#[tokio::test]
async fn they_expire_by_their_arrival_and_go_with_older_generations() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let count = "SELECT (SELECT count() FROM trunkline.visits) + (SELECT count() FROM trunkline.attributions)";
    let both = || {
        let mut batch = Batch::default();
        visit(&mut batch, "main-1", VERSION, false);
        attribution(&mut batch, "k-1", &ambiguous());
        batch
    };
    writer.write(&mut both()).await.expect("they are written");
    for (before, expected) in [(TEN + 9, 0), (TEN + 10, 2)] {
        let removed = writer.expire(Time(before)).await.expect("they are removed");
        assert_eq!(removed, expected);
    }
    writer.write(&mut both()).await.expect("they are written");
    assert_eq!(ask(&engine.writer, count), "2");
    writer
        .delete_below(2 << 48)
        .await
        .expect("they are removed");
    assert_eq!(ask(&engine.writer, count), "0");
}

#[tokio::test]
async fn static_numbers_are_those_of_the_configuration() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let row = |from: i64, source: &str, until: i64| {
        StaticNumberRow::new("acme", "+34911000077", from, source, "offline", "", until)
    };
    let mut settings = Settings {
        static_numbers: vec![row(0, "flyer", TEN), row(TEN, "radio", OPEN_END)],
        ..Settings::default()
    };
    writer.sync_settings(&settings).await.expect("written");
    let sql = "SELECT source, medium, campaign, valid_until FROM trunkline.v_static_numbers \
               ORDER BY valid_from FORMAT CSV";
    let flyer = r#""flyer","offline",\N,"2026-03-01 10:00:00.000""#;
    let radio = r#""radio","offline",\N,"2299-12-31 23:59:59.999""#;
    assert_eq!(ask(&engine.reader, sql), format!("{flyer}\n{radio}"));
    settings.static_numbers.remove(0);
    writer.sync_settings(&settings).await.expect("written");
    assert_eq!(ask(&engine.reader, sql), radio);
}

#[tokio::test]
async fn numbers_of_pools_are_those_of_the_configuration() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let row = |number: &str, state: &str| PoolNumberRow::new("acme", number, "web", state);
    let mut settings = Settings {
        pool_numbers: vec![
            row("+34911000001", "in_service"),
            row("+34911000002", "in_service"),
        ],
        ..Settings::default()
    };
    writer.sync_settings(&settings).await.expect("written");
    let sql = "SELECT pool, number, state FROM trunkline.v_pool_numbers ORDER BY number FORMAT CSV";
    let first = r#""web","+34911000001","in_service""#;
    let second = r#""web","+34911000002","in_service""#;
    assert_eq!(ask(&engine.reader, sql), format!("{first}\n{second}"));
    settings.pool_numbers = vec![row("+34911000002", "draining")];
    writer.sync_settings(&settings).await.expect("written");
    let left = r#""web","+34911000002","draining""#;
    assert_eq!(ask(&engine.reader, sql), left);
}
