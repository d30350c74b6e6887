//! Leads, forms, spend, touches and tags, as the fold shows them and as everyone sees them.

use trunkline_model::amount::Decimal;
use trunkline_model::time::Time;
use trunkline_rollup::facts::{
    FormFact, IdentityFact, LeadAmount, LeadFact, LeadMove, Rows, SourceFact, SpendFact, TagFact,
    TouchFact,
};
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::{AliasRow, Batch, Settings, SourceTagRow, StageRow};
use trunkline_warehouse::{Writer, read};

use super::raw::{MINUTE, TEN, ask};

const SOURCES: SourceFact<'static> = SourceFact([
    "google", "cpc", "spring", "b", "shoes", "g1", "g2", "g3", "f1", "y1", "m1", "c1", "utm",
]);

fn amount(text: &str) -> Decimal {
    Decimal::parse(text).expect("an amount")
}

/// All facts as ClickHouse gives them back, described.
#[derive(Default)]
struct Back(Vec<String>);

impl Rows for Back {
    fn message(&mut self, _: &trunkline_rollup::facts::MessageFact<'_>) {}
    fn change(&mut self, _: &trunkline_rollup::facts::ChangeFact<'_>) {}
    fn conversation(&mut self, _: &trunkline_rollup::facts::ConversationFact<'_>) {}

    fn lead(&mut self, fact: &LeadFact<'_>) {
        self.0.push(format!("{fact:?}"));
    }

    fn form(&mut self, fact: &FormFact<'_>) {
        self.0.push(format!("{fact:?}"));
    }

    fn spend(&mut self, fact: &SpendFact<'_>) {
        self.0.push(format!("{fact:?}"));
    }

    fn touch(&mut self, fact: &TouchFact<'_>) {
        self.0.push(format!("{fact:?}"));
    }

    fn tag(&mut self, fact: &TagFact<'_>) {
        self.0.push(format!("{fact:?}"));
    }
}

const ARRIVED: Time = Time(TEN + 9);
const VERSION: u64 = 1 << 48 | 7;

/// One of each, all columns told.
fn all(rows: &mut impl Rows) {
    lead(rows);
    form_and_spend(rows);
    touch_and_tag(rows);
}

fn lead(rows: &mut impl Rows) {
    let moves = ["new", "won"].map(|stage| LeadMove {
        at: Time(TEN + if stage == "won" { MINUTE } else { 0 }),
        pipeline: "p",
        stage,
        manager: "crm:7",
    });
    let amounts = [LeadAmount {
        at: Time(TEN),
        amount: amount("-12.345678901"),
        currency: "EUR",
    }];
    rows.lead(&LeadFact {
        account: "acme",
        lead: "l1",
        created_at: Time(TEN),
        created: true,
        pipeline: "p",
        stage: "won",
        amount: Some(amount("-12.345678901")),
        currency: "EUR",
        manager: "crm:7",
        contacts: &["c1", "c2"],
        company: "k",
        visit: "v",
        visitor: "w",
        channel: "web",
        source: SOURCES,
        removed: true,
        merged_into: "l2",
        moves: &moves,
        amounts: &amounts,
        received_at: ARRIVED,
        version: VERSION,
        deleted: false,
    });
}

fn form_and_spend(rows: &mut impl Rows) {
    rows.form(&FormFact {
        account: "acme",
        form: "f1",
        at: Time(TEN + 1),
        visit: "v",
        visitor: "w",
        contact: "c",
        phone: "+34911222333",
        known: true,
        email: "eva@shop.example",
        source: SOURCES,
        received_at: ARRIVED,
        version: VERSION,
        deleted: false,
    });
    rows.spend(&SpendFact {
        account: "acme",
        day: 20_513,
        tags: ["google", "cpc", "spring", "b", "shoes"],
        amount: amount("30.5"),
        currency: "USD",
        as_of: Time(TEN),
        received_at: ARRIVED,
        version: VERSION,
        deleted: false,
    });
}

fn touch_and_tag(rows: &mut impl Rows) {
    rows.touch(&TouchFact {
        account: "acme",
        channel: "web",
        conversation: "k1",
        message: "m1",
        at: Time(TEN),
        contact: "c1",
        visit: "v",
        visitor: "w",
        source: SOURCES,
        received_at: ARRIVED,
        version: VERSION,
        deleted: false,
    });
    rows.tag(&TagFact {
        account: "acme",
        contact: "c1",
        tag: "ads",
        at: Time(TEN + 2),
        id: "e1",
        tagged: true,
        received_at: ARRIVED,
        version: VERSION,
        deleted: false,
    });
}

#[tokio::test]
async fn all_columns_read_back_as_they_were_written() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut batch = Batch::default();
    all(&mut batch);
    assert_eq!((batch.entities(), batch.is_empty()), (5, false));
    let written = writer.write(&mut batch).await.expect("they are written");
    assert_eq!((written.rows, written.inserts), (5, 5));
    let (mut expected, mut back) = (Back::default(), Back::default());
    all(&mut expected);
    read::facts(&engine.writer, &mut back).await.expect("read");
    assert_eq!(back.0, expected.0);
    // By the names of the columns.
    let texts = [
        "SELECT lead, created_at, created, stage, amount, source, ctwa_clid, origin, removed, \
         merged_into, moves.stage, amounts.amount FROM trunkline.leads",
        "SELECT form, at, visit, visitor, contact, source, ctwa_clid, origin, phone, known, email \
         FROM trunkline.forms",
        "SELECT date, source, medium, campaign, content, term, amount, currency, as_of \
         FROM trunkline.spend",
        "SELECT channel, conversation, message, at, contact, source, origin, visit, visitor \
         FROM trunkline.touches",
        "SELECT contact, tag, at, id, tagged, received_at, version FROM trunkline.contact_tags",
    ];
    let rows = texts.map(|sql| ask(&engine.writer, &format!("{sql} FINAL FORMAT CSV")));
    assert_eq!(
        rows,
        [
            r#""l1","2026-03-01 10:00:00.000",1,"won",-12.345678901,"google","c1","utm",1,"l2","['new','won']","[-12.345678901]""#,
            r#""f1","2026-03-01 10:00:00.001","v","w","c","google","c1","utm","+34911222333",1,"eva@shop.example""#,
            r#""2026-03-01","google","cpc","spring","b","shoes",30.5,"USD","2026-03-01 10:00:00.000""#,
            r#""web","k1","m1","2026-03-01 10:00:00.000","c1","google","utm","v","w""#,
            r#""c1","ads","2026-03-01 10:00:00.002","e1",1,"2026-03-01 10:00:00.009",281474976710663"#,
        ]
    );
}

#[tokio::test]
async fn they_expire_by_their_arrival_and_go_with_older_generations() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut batch = Batch::default();
    all(&mut batch);
    writer.write(&mut batch).await.expect("they are written");
    for (before, expected) in [(TEN + 9, 0), (TEN + 10, 5)] {
        let removed = writer.expire(Time(before)).await.expect("they are removed");
        assert_eq!(removed, expected);
    }
    let mut batch = Batch::default();
    all(&mut batch);
    writer.write(&mut batch).await.expect("they are written");
    writer
        .delete_below(2 << 48)
        .await
        .expect("they are removed");
    let mut back = Back::default();
    read::facts(&engine.writer, &mut back).await.expect("read");
    assert_eq!(back.0, [""; 0]);
}

#[tokio::test]
async fn the_views_show_what_stages_aliases_and_tags_mean_today() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let mut settings = Settings {
        accounts: vec!["acme".to_owned()],
        ..Settings::default()
    };
    writer.sync_settings(&settings).await.expect("written");
    let mut batch = Batch::default();
    all(&mut batch);
    writer.write(&mut batch).await.expect("they are written");
    let won = "SELECT kind, won_at, manager, contact FROM trunkline.v_leads FORMAT CSV";
    let touches = "SELECT kind, contact, source, medium, origin FROM trunkline.v_touches \
                   ORDER BY kind FORMAT CSV";
    let chat = r#""chat","c1","google","cpc","utm""#;
    assert_eq!(ask(&engine.reader, won), r#""open",\N,"crm:7","c1""#);
    assert_eq!(ask(&engine.reader, touches), chat);
    settings.stages = vec![StageRow::new("acme", "p", "won", "Won", "won", 2_u32)];
    settings.aliases = vec![AliasRow::new("acme", "crm:7", "ana")];
    settings.source_tags = vec![SourceTagRow::new("acme", "ads")];
    writer.sync_settings(&settings).await.expect("written");
    assert_eq!(
        ask(&engine.reader, won),
        r#""won","2026-03-01 10:01:00.000","ana","c1""#
    );
    let card = r#""card","c1","ads",\N,"card""#;
    assert_eq!(ask(&engine.reader, touches), format!("{card}\n{chat}"));
}

#[tokio::test]
async fn a_form_belongs_to_whom_its_phone_or_address_does_and_shows_neither() {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    let settings = Settings {
        accounts: vec!["acme".to_owned()],
        ..Settings::default()
    };
    writer.sync_settings(&settings).await.expect("written");
    let mut batch = Batch::default();
    for (kind, identity, contact) in [
        ("phone", "+34911222333", "by-phone"),
        ("email", "eva@shop.example", "by-mail"),
    ] {
        batch.identity(&IdentityFact {
            account: "acme",
            kind,
            channel: "",
            identity,
            contact: Some(contact),
            received_at: Time(TEN),
            version: 1,
        });
    }
    for (form, contact, phone, email) in [
        ("1", "told", "+34911222333", "eva@shop.example"),
        ("2", "", "+34911222333", "eva@shop.example"),
        ("3", "", "", "eva@shop.example"),
        ("4", "", "100", ""),
    ] {
        batch.form(&FormFact {
            account: "acme",
            form,
            contact,
            phone,
            known: phone.len() > 9,
            email,
            version: 1,
            ..FormFact::default()
        });
    }
    writer.write(&mut batch).await.expect("they are written");
    let sql = "SELECT contact, phone, length(phone_hash), email FROM trunkline.v_forms \
               ORDER BY form FORMAT CSV";
    let expected = [
        r#""told","+34***2333",64,"e***@shop.example""#,
        r#""by-phone","+34***2333",64,"e***@shop.example""#,
        r#""by-mail",\N,\N,"e***@shop.example""#,
        r#"\N,"100",\N,\N"#,
    ];
    assert_eq!(ask(&engine.reader, sql), expected.join("\n"));
}
