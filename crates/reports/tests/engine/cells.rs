//! Reports from cells of figures are those from the messages, to the last digit.

use serde_json::Value;
use trunkline_model::time::Time;
use trunkline_reports::{Cells, Context, Restriction};

use crate::world::{Message, Owed, World, contact, context, cycle, pairs};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// 10 March 2026, 00:00 UTC.
const BEGIN: i64 = 1_773_100_800_000;
/// Days with messages; in them Europe sets its clocks, and America and Australia about then.
const DAYS: i64 = 28;

const MANAGERS: [&str; 4] = ["ana", "luis", "eva", ""];
const CHANNELS: [&str; 3] = ["web", "mail", "whatsapp"];

/// A generator of numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as i64
    }

    fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as i64) as usize]
    }

    /// Of each magnitude as many, from nothing to some years.
    fn sample(&mut self) -> i64 {
        let magnitude = 1 << self.below(37);
        self.below(magnitude)
    }

    fn message(&mut self, number: i64) -> Message {
        let plain = contact("k", "2026-03-10T00:00:00Z");
        let author = self.one_of(&["contact", "manager", "manager", "manager", "bot", "system"]);
        let mut message = Message {
            channel: self.one_of(&CHANNELS),
            conversation: format!("k{}", self.below(50)),
            at: Time(BEGIN + self.below(DAYS * DAY)),
            id: number.to_string(),
            author,
            kind: self.one_of(&["text", "image"]),
            ..plain
        };
        match author {
            "manager" => {
                message.manager = self.one_of(&MANAGERS);
                self.samples(&mut message);
            }
            "bot" => message.samples[2] = Some(self.sample()),
            _ => {}
        }
        message
    }

    /// Gives a reply some samples, as the clock would: wait, turn and assigned together.
    fn samples(&mut self, message: &mut Message) {
        let cleared = self.below(3) > 0;
        for place in 0..5 {
            let there = match place {
                0 => true,
                4 => self.below(2) == 0,
                _ => cleared,
            };
            message.samples[place] = there.then(|| self.sample());
        }
        if let [_, _, Some(wait), Some(assigned), _] = &mut message.samples {
            *assigned = (*assigned).min(*wait);
        }
        if self.below(3) > 0 {
            let part = self.one_of(&[0, 1, 2]);
            message.business = message.samples.map(|sample| sample.map(|ms| ms * part / 2));
        }
        message.within = Some(self.below(1 << 13) as u16);
    }
}

const ZONES: [&str; 7] = [
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "America/St_Johns",
];

/// A question in the words of a URL: report and query.
fn question(random: &mut Random) -> (&'static str, String) {
    let report = random.one_of(&["response-times", "response-times", "messages"]);
    let mut query = vec![format!("tz={}&limit=50000", random.one_of(&ZONES))];
    query.push(period(random));
    let intervals = [
        "interval=hour",
        "interval=day",
        "interval=day",
        "interval=week",
        "",
        "",
    ];
    query.push(random.one_of(&intervals).to_owned());
    let own: &[&str] = match report {
        "messages" => &["author", "direction", "kind"],
        _ => &[],
    };
    let all = ["manager", "team", "channel", "hour", "weekday"];
    let by = all.iter().chain(own).copied();
    let by: Vec<_> = by.filter(|_| random.below(4) == 0).collect();
    if !by.is_empty() {
        query.push(format!("by={}", by.join(",")));
    }
    let filters = [
        ("manager", ["ana", "luis", ""]),
        ("team", ["sales", "support", ""]),
        ("channel", ["web", "mail", "web"]),
        ("hour", ["9", "14", "23"]),
        ("weekday", ["1", "6", "7"]),
    ];
    for (name, values) in filters {
        if random.below(6) == 0 {
            query.push(format!("{name}={}", random.one_of(&values)));
        }
    }
    if report == "response-times" {
        query.push(choices(random).to_owned());
    }
    query.push(random.one_of(&["compare=previous", "", "", ""]).to_owned());
    query.retain(|part| !part.is_empty());
    (report, query.join("&"))
}

/// Whole days of the zone, or hours and quarters of them.
fn period(random: &mut Random) -> String {
    let [from, length] = [random.below(DAYS), 1 + random.below(12)];
    if random.below(4) > 0 {
        let day = |number: i64| Time(BEGIN + number * DAY).to_string()[..10].to_owned();
        return format!("from={}&to={}", day(from), day(from + length));
    }
    let quarter = 15 * MINUTE * random.one_of(&[0, 1, 2, 4]);
    let from = Time(BEGIN + from * DAY + quarter);
    let to = Time(from.0 + length * 60 * MINUTE * random.one_of(&[1, 7]));
    format!("from={from}&to={to}")
}

fn choices(random: &mut Random) -> &'static str {
    random.one_of(&[
        "",
        "definition=kommo",
        "definition=turn",
        "definition=assigned",
        "definition=first",
        "definition=kommo&hours=business",
        "definition=wait&hours=business",
        "definition=assigned&hours=business",
        "definition=first&hours=business",
        "responder=bot",
        "exclude=outside_hours",
    ])
}

async fn ask(world: &World, (report, query): &(&str, String), context: Context<'_>) -> Value {
    let table = world.reports().run(report, &pairs(query), &context).await;
    let table = table.expect("an answer");
    serde_json::to_value(table).expect("a table is JSON")
}

/// Messages, some of them taken back; teams that change; a reply that is owed.
async fn fill(world: &World, random: &mut Random) {
    let messages: Vec<_> = (0..3_000).map(|number| random.message(number)).collect();
    world.messages(&messages).await;
    for message in &messages[..200] {
        world.rewrite(message, true).await;
    }
    let start = "1970-01-01T00:00:00Z";
    let change = "2026-03-18T10:00:00Z";
    world.member("ana", "sales", start, change).await;
    world.member("ana", "support", change, "open").await;
    world.member("luis", "sales", change, "open").await;
    let begun = [cycle("maria", "2026-03-20T09:00:00Z").answered()];
    let owed = Owed {
        assignee: "ana",
        last_manager: "",
        since: Some("2026-03-20T10:00:00Z"),
    };
    world.owing("web", "k1", &begun, owed).await;
}

/// The contexts of a question about messages alone, and about cells.
fn contexts(restriction: Restriction<'_>, minutes: u8) -> [Context<'_>; 2] {
    let facts = context(restriction);
    let teams = true;
    let cells = Some(Cells { minutes, teams });
    [facts, Context { cells, ..facts }]
}

#[tokio::test]
async fn random_questions_have_the_same_answer_from_cells_and_from_messages() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| {
        let now = std::time::UNIX_EPOCH.elapsed().expect("a clock");
        now.as_nanos() as u64 | 1
    });
    println!("SEED={seed}");
    let mut random = Random(seed);
    let world = World::start().await;
    fill(&world, &mut random).await;
    let (teams, managers) = (["sales".to_owned()], ["luis".to_owned()]);
    let restrictions = [
        (&teams[..], &managers[..]),
        (&[], &managers),
        (&[], &[]),
        (&[], &[]),
        (&[], &[]),
    ];
    let mut questions = Vec::new();
    for (version, minutes) in [(1, 60), (2, 30), (3, 15)] {
        world.add_up(minutes, version).await;
        for _ in 0..60 {
            let (teams, managers) = random.one_of(&restrictions);
            let [facts, cells] = contexts(Restriction { teams, managers }, minutes);
            let question = question(&mut random);
            let (expected, given) =
                tokio::join!(ask(&world, &question, facts), ask(&world, &question, cells));
            assert_eq!(given, expected, "SEED={seed} {minutes} {question:?}");
            questions.push((question, cells, expected));
        }
    }
    // Without cells, what was read from them is gone.
    world.execute("TRUNCATE TABLE answers").await;
    let mut read = 0;
    for (question, cells, expected) in &questions {
        read += usize::from(ask(&world, question, *cells).await != *expected);
    }
    println!("{read} of {} were answered from cells", questions.len());
    assert!(read >= questions.len() / 4, "SEED={seed}: {read}");
}

#[tokio::test]
async fn what_does_not_fall_on_cells_or_is_not_in_them_is_answered_from_messages() {
    let mut random = Random(7);
    let world = World::start().await;
    let messages: Vec<_> = (0..300).map(|number| random.message(number)).collect();
    world.messages(&messages).await;
    let asked = async |query: &str, cells: Option<Cells>| {
        let report = if query.contains("kind") {
            "messages"
        } else {
            "response-times"
        };
        let context = Context {
            cells,
            ..context(Restriction::default())
        };
        ask(&world, &(report, query.to_owned()), context).await
    };
    // There are none: whoever reads them finds nothing.
    let hours = |teams| Some(Cells { minutes: 60, teams });
    let whole = "from=2026-03-10&to=2026-04-05";
    assert_ne!(asked(whole, hours(true)).await, asked(whole, None).await);
    for query in [
        "from=2026-03-10T00:30:00Z&to=2026-04-05",
        "from=2026-03-10&to=2026-04-05T10:30:00Z",
        "from=2026-03-10&to=2026-03-12&interval=minute",
        "from=2026-03-10&to=2026-04-05&tz=Asia/Kolkata",
        "from=2026-03-10T00:00:00Z&to=2026-04-05T00:00:00Z&by=hour&tz=Asia/Kolkata",
        "from=2026-03-10&to=2026-04-05&exclude=outside_hours",
        "from=2026-03-10&to=2026-04-05&by=kind",
        "from=2026-03-10&to=2026-04-05&kind=text",
    ] {
        let messages = asked(query, None).await;
        assert_eq!(asked(query, hours(true)).await, messages, "{query}");
    }
    for query in ["by=team", "team=sales"] {
        let query = format!("{whole}&{query}");
        world
            .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
            .await;
        assert_eq!(asked(&query, hours(false)).await, asked(&query, None).await);
        assert_ne!(asked(&query, hours(true)).await, asked(&query, None).await);
    }
}
