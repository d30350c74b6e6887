//! Names and teams of the configuration, by difference.

use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::{
    AliasRow, ChannelRow, ExtensionRow, ManagerRow, OPEN_END, RateRow, Settings, SourceTagRow,
    StageRow, SyncOutcome, TeamMemberRow, TeamRow,
};

use super::raw::ask;

fn settings() -> Settings {
    Settings {
        managers: vec![
            ManagerRow::new("acme", "ana", "Ana Díaz"),
            ManagerRow::new("acme", "luis", "Luis"),
        ],
        channels: vec![ChannelRow::new("acme", "whatsapp", "WhatsApp")],
        teams: vec![TeamRow::new("acme", "sales", "Sales")],
        team_members: vec![TeamMemberRow::new("acme", "ana", "sales", 0, OPEN_END)],
        extensions: vec![
            ExtensionRow::new("acme", "101", 0, "ana", 1_000),
            ExtensionRow::new("acme", "101", 1_000, "luis", OPEN_END),
        ],
        aliases: vec![AliasRow::new("acme", "chatwoot:7", "ana")],
        stages: vec![
            StageRow::new("acme", "p", "new", "New", "open", 1_u32),
            StageRow::new("acme", "p", "won", "Won", "won", 2_u32),
        ],
        source_tags: vec![SourceTagRow::new("acme", "ads")],
        static_numbers: Vec::new(),
        pool_numbers: Vec::new(),
        rates: vec![RateRow::new(
            "acme",
            "USD",
            20_515_u16,
            923_400_000_000_i128,
        )],
        accounts: vec!["acme".to_owned()],
    }
}

async fn start() -> (TestEngine, Writer) {
    let engine = TestEngine::start().await;
    let writer = Writer::new(engine.writer.clone());
    (engine, writer)
}

#[tokio::test]
async fn settings_are_written_once() {
    let (engine, writer) = start().await;
    let first = writer.sync_settings(&settings()).await;
    assert_eq!(
        first,
        Ok(SyncOutcome {
            written: 12,
            deleted: 0
        })
    );
    assert_eq!(
        writer.sync_settings(&settings()).await,
        Ok(SyncOutcome::default())
    );
    let names =
        "SELECT account, manager, name FROM trunkline.v_managers ORDER BY manager FORMAT CSV";
    assert_eq!(
        ask(&engine.reader, names),
        "\"acme\",\"ana\",\"Ana Díaz\"\n\"acme\",\"luis\",\"Luis\""
    );
    let members = "SELECT manager, team, valid_from, valid_until FROM trunkline.v_team_members \
                   FORMAT CSV";
    let expected = r#""ana","sales","1970-01-01 00:00:00.000","2299-12-31 23:59:59.999""#;
    assert_eq!(ask(&engine.reader, members), expected);
}

#[tokio::test]
async fn what_the_configuration_drops_is_deleted_and_may_come_back() {
    let (engine, writer) = start().await;
    writer
        .sync_settings(&settings())
        .await
        .expect("settings are written");
    let mut fewer = settings();
    fewer.managers.remove(0);
    fewer.managers[0].name = "Luis the Second".to_owned();
    let outcome = writer.sync_settings(&fewer).await;
    assert_eq!(
        outcome,
        Ok(SyncOutcome {
            written: 1,
            deleted: 1
        })
    );
    let names = "SELECT name FROM trunkline.v_managers ORDER BY manager";
    assert_eq!(ask(&engine.reader, names), "Luis the Second");

    let outcome = writer.sync_settings(&settings()).await;
    assert_eq!(
        outcome,
        Ok(SyncOutcome {
            written: 2,
            deleted: 0
        })
    );
    assert_eq!(ask(&engine.reader, names), "Ana Díaz\nLuis");
}

#[tokio::test]
async fn extensions_and_aliases_follow_the_configuration_and_a_pepper_stays() {
    let (engine, writer) = start().await;
    let mut settings = settings();
    writer.sync_settings(&settings).await.expect("written");
    let extensions = "SELECT extension, manager, toUnixTimestamp64Milli(valid_from) \
                      FROM trunkline.extensions FINAL ORDER BY valid_from FORMAT CSV";
    let expected = "\"101\",\"ana\",0\n\"101\",\"luis\",1000";
    assert_eq!(ask(&engine.writer, extensions), expected);
    let pepper = "SELECT pepper FROM trunkline.peppers FINAL";
    let first = ask(&engine.writer, pepper);
    assert_eq!(first.len(), 64);
    settings.aliases.clear();
    settings.accounts.push("other".to_owned());
    writer.sync_settings(&settings).await.expect("written");
    let aliases = "SELECT count() FROM trunkline.aliases FINAL";
    assert_eq!(ask(&engine.writer, aliases), "0");
    let of_acme = format!("{pepper} WHERE account = 'acme'");
    assert_eq!(ask(&engine.writer, &of_acme), first);
    let distinct = "SELECT uniqExact(pepper) FROM trunkline.peppers";
    assert_eq!(ask(&engine.writer, distinct), "2");
}

#[tokio::test]
async fn stages_and_source_tags_follow_the_configuration() {
    let (engine, writer) = start().await;
    let mut settings = settings();
    writer.sync_settings(&settings).await.expect("written");
    let stages = "SELECT pipeline, stage, name, kind, position FROM trunkline.v_stages \
                  ORDER BY position FORMAT CSV";
    let expected = "\"p\",\"new\",\"New\",\"open\",1\n\"p\",\"won\",\"Won\",\"won\",2";
    assert_eq!(ask(&engine.reader, stages), expected);
    settings.stages[0] = StageRow::new("acme", "p", "new", "New", "incoming", 1_u32);
    settings.source_tags[0] = SourceTagRow::new("acme", "fair");
    let outcome = writer.sync_settings(&settings).await;
    assert_eq!(
        outcome,
        Ok(SyncOutcome {
            written: 2,
            deleted: 1
        })
    );
    let rates = "SELECT date, currency, rate FROM trunkline.rates FINAL";
    assert_eq!(ask(&engine.writer, rates), "2026-03-03\tUSD\t0.9234");
    let tags = "SELECT tag FROM trunkline.source_tags FINAL";
    assert_eq!(ask(&engine.writer, tags), "fair");
}
