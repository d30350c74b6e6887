//! Cells of figures: those written from memory and those computed from messages are the same.

use std::sync::Arc;

use trunkline_model::event::Event;
use trunkline_model::settings::FoldRules;
use trunkline_model::time::Time;
use trunkline_rollup::{Account, Config, Position};
use trunkline_warehouse::Writer;
use trunkline_warehouse::testing::TestEngine;
use trunkline_warehouse::writer::Batch;

use super::raw::ask;

const HOUR: i64 = 3_600_000;
/// Monday, 2 March 2026, 00:00 UTC.
const MONDAY: i64 = 1_772_409_600_000;

/// A fold whose rows go to an engine.
struct World {
    engine: TestEngine,
    writer: Writer,
    account: Account,
    offset: u64,
    generation: u64,
}

impl World {
    async fn start() -> Self {
        let engine = TestEngine::start().await;
        let config = Config {
            window: 7 * 24 * HOUR,
            seed: 42,
        };
        Self {
            writer: Writer::new(engine.writer.clone()),
            engine,
            account: Account::new(Arc::from("acme"), config),
            offset: 0,
            generation: 1,
        }
    }

    fn at(&mut self, received_at: i64) -> Position {
        self.offset += 1;
        Position {
            offset: self.offset - 1,
            received_at: Time(received_at),
        }
    }

    fn tell(&mut self, raw: &str, received_at: i64) {
        let at = self.at(received_at);
        let event = Event::parse(raw).expect("an event");
        self.account.observe(&event, "api", at);
    }

    fn settings(&mut self, json: &str, received_at: i64) {
        let rules: FoldRules = serde_json::from_str(json).expect("rules");
        let at = self.at(received_at);
        self.account.settings(rules, at);
    }

    /// Flushes about so many messages; gives the statements it took to compute cells.
    async fn flush(&mut self, limit: usize) -> u64 {
        let mut rows = Batch::default();
        self.account.gather(self.generation, limit, &mut rows);
        let version = self.generation << 48 | self.offset;
        self.account.gather_cells(version, &mut rows);
        self.writer
            .write(&mut rows)
            .await
            .expect("rows are written");
        let mut stale = rows.take_stale();
        let computed = self.writer.compute(&mut stale).await;
        computed.expect("cells are computed").inserts
    }

    /// Counts rows of cells that are the same as their messages say; all must be.
    async fn same(&self) -> u64 {
        let minutes = self.account.cell_minutes();
        let compared = self
            .writer
            .compare_cells("acme", minutes, u64::MAX >> 1)
            .await;
        let compared = compared.expect("cells are compared");
        let other: Vec<_> = compared.iter().filter(|of| of.state != "same").collect();
        assert!(other.is_empty(), "{other:#?}");
        compared.iter().map(|of| of.rows).sum()
    }

    fn cells(&self, figures: &str) -> Vec<String> {
        let sql = format!(
            "SELECT definition, hours, toString(at), channel, author, manager, {figures} \
             FROM trunkline.v_answers ORDER BY ALL FORMAT TSV"
        );
        let said = ask(&self.engine.reader, &sql);
        said.lines().map(|line| line.replace('\t', " ")).collect()
    }
}

fn time(at: i64) -> String {
    Time(at).to_string()
}

fn message(conversation: &str, channel: &str, at: i64, who: &str, id: &str) -> String {
    let author = match who {
        "contact" | "bot" | "system" | "campaign" => format!(r#""author":"{who}""#),
        "" => r#""author":"manager""#.to_owned(),
        manager => format!(r#""author":"manager","manager":"{manager}""#),
    };
    format!(
        r#"{{"type":"message","contact":"c1",{author},"conversation":"{conversation}","channel":"{channel}","at":"{}","id":"{id}"}}"#,
        time(at)
    )
}

const MINUTE: i64 = 60_000;

/// The worked example of `metrics.md` 1.1, at 10 o'clock of a Monday.
const WORKED: [(i64, &str); 7] = [
    (0, "contact"),
    (2, "contact"),
    (5, "ana"),
    (6, "ana"),
    (7, "system"),
    (10, "contact"),
    (40, "luis"),
];

/// Its cells: count, sum, least, greatest, within 900 s (first: 300 s).
const CELLS: [&str; 13] = [
    "assigned calendar 2026-03-02 10:00:00.000 web manager ana 1 300000 300000 300000 1",
    "assigned calendar 2026-03-02 10:00:00.000 web manager luis 1 1800000 1800000 1800000 0",
    "first calendar 2026-03-02 10:00:00.000 web manager ana 1 300000 300000 300000 1",
    "kommo calendar 2026-03-02 10:00:00.000 web manager ana 2 420000 180000 240000 2",
    "kommo calendar 2026-03-02 10:00:00.000 web manager luis 1 1800000 1800000 1800000 0",
    "messages calendar 2026-03-02 10:00:00.000 web contact \\N 3 0 0 0 0",
    "messages calendar 2026-03-02 10:00:00.000 web manager ana 2 0 0 0 0",
    "messages calendar 2026-03-02 10:00:00.000 web manager luis 1 0 0 0 0",
    "messages calendar 2026-03-02 10:00:00.000 web system \\N 1 0 0 0 0",
    "turn calendar 2026-03-02 10:00:00.000 web manager ana 1 180000 180000 180000 1",
    "turn calendar 2026-03-02 10:00:00.000 web manager luis 1 1800000 1800000 1800000 0",
    "wait calendar 2026-03-02 10:00:00.000 web manager ana 1 300000 300000 300000 1",
    "wait calendar 2026-03-02 10:00:00.000 web manager luis 1 1800000 1800000 1800000 0",
];
const FIGURES: &str = "count, sum_ms, min_ms, max_ms, within_target";

#[tokio::test]
async fn the_worked_example_gives_the_same_cells_from_memory_and_from_its_messages() {
    for (arrival, statements) in [(MONDAY + 11 * HOUR, 0), (MONDAY + 100 * HOUR, 1)] {
        let mut world = World::start().await;
        for (minute, who) in WORKED {
            let at = MONDAY + 10 * HOUR + minute * MINUTE;
            world.tell(&message("k", "web", at, who, &minute.to_string()), arrival);
        }
        assert_eq!(world.flush(usize::MAX).await, statements);
        assert_eq!(world.cells(FIGURES), CELLS);
        let kommo = |cells: Vec<String>| cells.into_iter().filter(|of| of.starts_with("kommo"));
        // 180,000 ms has bucket 9 * 128 + 175 (msb 17), 240,000 ms the 234th of that octave.
        let buckets: Vec<_> = kommo(world.cells("buckets")).collect();
        assert!(buckets[0].ends_with("{1455:1,1514:1}"), "{buckets:?}");
        assert_eq!(world.same().await, 13);
        // Nothing is left of a cell whose messages are all taken back.
        for id in [5, 6] {
            let at = time(arrival);
            let raw = format!(r#"{{"type":"retract","target":"{id}","at":"{at}"}}"#);
            world.tell(&raw, arrival);
        }
        world.flush(usize::MAX).await;
        assert!(
            world
                .cells(FIGURES)
                .iter()
                .all(|line| !line.contains(" ana "))
        );
        world.same().await;
    }
}

/// A generator of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn one_of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

const RULES: [&str; 3] = [
    r#"{"bot_replies":"clear","cycle_gaps":{"web":7200000},"due":{"account":{"wait_s":600}},
        "schedules":[{"whose":"account","schedule":{"zone":"UTC","mon":["09:00-18:00"],
        "tue":["09:00-13:00","14:00-18:00"],"thu":["22:00-06:00"]}}]}"#,
    r#"{"bot_replies":"clear","cycle_gaps":{"web":7200000},"cell_minutes":15,
        "due":{"account":{"wait_s":600},"channels":{"mail":{"first_s":60}}}}"#,
    r#"{"bot_replies":"ignore","cycle_gaps":{},"cell_minutes":30,
        "due":{"account":{"wait_s":900},"channels":{"web":{"first_s":6000,"wait_s":60}}}}"#,
];

/// An event that arrives now: new, some hours late, or many days.
fn event(random: &mut Random, number: u64, now: i64) -> String {
    let late = match random.below(10) {
        0..6 => 0,
        6..9 => random.below(5 * HOUR as u64),
        _ => random.below(40 * 24 * HOUR as u64),
    };
    let at = now - late as i64;
    let conversation = format!("k{}", random.below(12));
    let channel = random.one_of(&["web", "mail"]);
    let who = ["contact", "contact", "ana", "luis", "", "bot", "system"];
    match random.below(20) {
        0 => format!(
            r#"{{"type":"retract","target":"{}","at":"{}"}}"#,
            random.below(number + 1),
            time(now)
        ),
        1 | 2 => {
            let change = random.one_of(&["assigned", "handed_off", "closed", "reopened"]);
            format!(
                r#"{{"type":"conversation","change":"{change}","manager":"ana","conversation":"{conversation}","channel":"{channel}","at":"{}","id":"x{number}"}}"#,
                time(at)
            )
        }
        _ => {
            let (who, id) = (random.one_of(&who), number.to_string());
            message(&conversation, channel, at, who, &id)
        }
    }
}

#[tokio::test]
async fn after_any_life_all_cells_are_what_the_messages_add_up_to() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| {
        let now = std::time::UNIX_EPOCH.elapsed().expect("a clock");
        now.as_nanos() as u64 | 1
    });
    println!("SEED={seed}");
    let mut random = Random(seed);
    let mut world = World::start().await;
    let mut now = MONDAY + 5 * 24 * HOUR;
    let mut computed = 0;
    for number in 0..900_u64 {
        now += random.below(10 * MINUTE as u64) as i64;
        let raw = event(&mut random, number, now);
        world.tell(&raw, now);
        if number % 250 == 200 {
            world.settings(RULES[(number / 250) as usize % 3], now);
        }
        if random.below(40) == 0 {
            let limit = [5, usize::MAX][random.below(2) as usize];
            computed += world.flush(limit).await;
        }
        if number == 600 {
            // ClickHouse lost rows: all is written again.
            world.account.rewind(random.below(world.offset));
        }
        if number == 700 {
            world.generation += 1;
            world.account.rewind(0);
        }
    }
    computed += world.flush(usize::MAX).await;
    let same = world.same().await;
    println!("{same} rows of cells are the same; {computed} statements");
    assert!(same > 500 && computed > 5);
    world
        .writer
        .delete_below(world.generation << 48)
        .await
        .expect("swept");
    assert_eq!(world.same().await, same);
}
