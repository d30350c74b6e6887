//! Business time of waits that are open, against somebody who looks at the clock of whose each wait
//! is once a minute (`metrics.md` 1.1, and §0, schedules).

use chrono::{DateTime, Datelike, Timelike};
use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_model::time::{Time, Tz};
use trunkline_reports::{Context, Restriction, Schedules};

use crate::world::{AS_OF, Owed, World, at, columns, context, cycle, pairs};

const MINUTE: i64 = 60_000;

/// Each range in minutes of the day, on weekdays from Monday = 0.
type Week = &'static [(u32, u32, u32)];

const OFFICE: Week = &[(0, 540, 780), (0, 840, 1080), (3, 540, 840), (4, 540, 690)];
/// Into the next day.
const NIGHT: Week = &[(2, 1320, 1440), (3, 0, 360), (6, 60, 240)];
const SUNDAY: Week = &[(6, 0, 1440)];

fn account() -> Account {
    let settings = json!({
        "id": "acme", "timezone": "Europe/Madrid",
        "schedule": {"mon": ["09:00-13:00", "14:00-18:00"], "thu": ["09:00-14:00"],
                     "fri": ["09:00-11:30"]},
        "team": [{"id": "sales", "managers": ["ana", "luis"],
                  "schedule": {"zone": "Asia/Kolkata", "sun": ["00:00-24:00"]}},
                 {"id": "late", "managers": ["eva"], "from": "2026-05-01",
                  "schedule": {"sat": ["00:00-24:00"]}}],
        "manager": [{"id": "luis", "schedule": {"wed": ["22:00-06:00"], "sun": ["01:00-04:00"]}},
                    {"id": "rosa", "until": "2026-03-01", "schedule": {"tue": ["09:00-18:00"]}}],
    });
    serde_json::from_value(settings).expect("settings")
}

/// What the settings say by the definition: own, else the team's, else the account's.
fn open_for(owner: &str) -> (Tz, Week) {
    match owner {
        "ana" => (Tz::Asia__Kolkata, SUNDAY),
        "luis" => (Tz::Europe__Madrid, NIGHT),
        // Rosa's is over, Eva's team has one from its first value on, and that is always.
        "eva" => (Tz::Europe__Madrid, &[(5, 0, 1440)]),
        _ => (Tz::Europe__Madrid, OFFICE),
    }
}

/// Milliseconds from a whole minute to `as_of` in which a clock on the wall shows an open time.
fn watched(owner: &str, since: i64) -> i64 {
    let (zone, week) = open_for(owner);
    let as_of = at(AS_OF).0;
    let minutes = (since..as_of).step_by(MINUTE as usize);
    let open = minutes.filter(|minute| {
        let clock = DateTime::from_timestamp_millis(*minute)
            .expect("a time")
            .with_timezone(&zone);
        let (day, now) = (
            clock.weekday().num_days_from_monday(),
            clock.hour() * 60 + clock.minute(),
        );
        week.iter()
            .any(|(of, from, until)| *of == day && *from <= now && now < *until)
    });
    open.map(|minute| MINUTE.min(as_of - minute)).sum()
}

const OWNERS: [&str; 6] = ["ana", "luis", "eva", "rosa", "nobody-known", ""];

/// Waits of everybody, some minutes to many days old.
async fn world() -> (World, Vec<(String, &'static str, i64)>) {
    let world = World::start().await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    let as_of = at("2026-04-03T09:59:00Z").0;
    let mut waits = Vec::new();
    for (place, owner) in OWNERS.into_iter().cycle().take(60).enumerate() {
        let age = 1 + (place as i64 * place as i64 * 7_919) % (25 * 24 * 60);
        let since = as_of - age * MINUTE;
        let time: &'static str = Time(since).to_string().leak();
        let owed = Owed {
            assignee: owner,
            last_manager: "",
            since: Some(time),
        };
        let name = format!("c{place}");
        world
            .owing("web", &name, &[cycle("maria", time)], owed)
            .await;
        waits.push((name, owner, since));
    }
    (world, waits)
}

async fn ask(world: &World, settings: &Account, query: &str) -> Value {
    let schedules = Schedules::of(settings);
    let context = Context {
        schedules: &schedules,
        ..context(Restriction::default())
    };
    let pairs = pairs(&format!(
        "from=2026-03-01&to=2026-05-01&hours=business&{query}"
    ));
    let reports = world.reports();
    let answer = if query.contains("figure=") {
        let page = reports.rows("response-times", &pairs, &context).await;
        serde_json::to_value(page.expect("a page"))
    } else {
        let table = reports.run("response-times", &pairs, &context).await;
        serde_json::to_value(table.expect("a table"))
    };
    answer.expect("it is JSON")
}

fn seconds(ms: i64) -> Value {
    serde_json::from_str(&format!("{}.{:03}", ms / 1000, ms % 1000)).expect("a number")
}

/// The values of a column by the first column.
fn by_first(answer: &Value, name: &str) -> Vec<(Value, Value)> {
    let place = columns(answer).iter().position(|column| *column == name);
    let rows = answer["rows"].as_array().expect("rows").iter();
    rows.map(|row| (row[0].clone(), row[place.expect("a column")].clone()))
        .collect()
}

#[tokio::test]
async fn an_open_wait_is_as_long_as_its_owners_clock_was_open() {
    let (world, waits) = world().await;
    let page = ask(&world, &account(), "figure=awaiting&limit=1000").await;
    let rows = page["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), waits.len());
    let place = |name: &str| columns(&page).iter().position(|column| *column == name);
    let (name, wait) = (place("conversation"), place("wait_s"));
    let mut open = 0;
    for (conversation, owner, since) in &waits {
        let of = |row: &&Value| row[name.expect("a column")] == **conversation;
        let row = rows.iter().find(of).expect("is listed");
        let want = watched(owner, *since);
        assert_eq!(
            row[wait.expect("a column")],
            seconds(want),
            "{conversation} of {owner:?}"
        );
        open += i32::from(want > 0);
    }
    assert!(open > 30, "{open} are too few to show anything");
}

#[tokio::test]
async fn the_longest_and_the_late_are_told_by_it() {
    let (world, waits) = world().await;
    let table = ask(&world, &account(), "by=manager").await;
    for (owner, longest) in by_first(&table, "longest_wait_s") {
        let owner = owner.as_str().unwrap_or_default();
        let of = waits.iter().filter(|(_, of, _)| *of == owner);
        let want = of.map(|(_, owner, since)| watched(owner, *since)).max();
        assert_eq!(longest, seconds(want.expect("waits")), "{owner:?}");
    }
    // One reply within the target beside those who wait for more than 15 minutes of their hours.
    let mut reply = crate::world::reply("zoe", "z", "2026-03-10T10:00:00Z", 0);
    reply.business[crate::world::WAIT] = Some(0);
    world.messages(&[reply]).await;
    let waits = waits.iter();
    let late = waits
        .filter(|(_, owner, since)| watched(owner, *since) > 15 * MINUTE)
        .count() as u64;
    let table = ask(&world, &account(), "").await;
    let (_, share) = by_first(&table, "within_target_share").remove(0);
    // In ten-thousandths, half of one rounded up.
    let parts = (20_000 + late + 1) / (2 * (late + 1));
    assert_eq!(share, json!(parts as f64 / 10_000.0), "{late}");
    assert!(late > 20, "{late} are too few to show anything");
}

#[tokio::test]
async fn without_a_schedule_a_wait_has_no_business_time() {
    let (world, waits) = world().await;
    let settings = serde_json::from_value(json!({"id": "acme"})).expect("settings");
    let table = ask(&world, &settings, "").await;
    let only = |name| by_first(&table, name).remove(0).1;
    assert_eq!(only("awaiting"), json!(waits.len()));
    assert_eq!(only("longest_wait_s"), Value::Null);
    assert_eq!(only("within_target_share"), Value::Null);
    let page = ask(&world, &settings, "figure=awaiting&limit=1").await;
    assert_eq!(
        page["rows"][0].as_array().and_then(|row| row.last()),
        Some(&Value::Null)
    );
}
