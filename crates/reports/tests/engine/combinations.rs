//! Every combination of parameters is answered well-formed, or refused by the name of one of them.

use serde_json::Value;
use trunkline_reports::{Error, Restriction};

use crate::world::{Message, World, columns, contact, context, cycle, manager, reply};

/// A sequence of numbers that looks random: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    fn once_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

/// The seed, to repeat a run: `TRUNKLINE_SEED`.
fn seed() -> u64 {
    let given = std::env::var("TRUNKLINE_SEED").ok();
    let given = given.and_then(|text| text.parse().ok());
    given.unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1)
}

const TIMES: [&str; 12] = [
    "2026-03-01",
    "2026-03-31",
    "2026-03-29T02:30:00",
    "2026-03-10T10:00:00Z",
    "2026-04-01T00:00:00+02:00",
    "1970-01-01",
    "2100-01-01",
    "0",
    "1772319600",
    "-1",
    "2026-02-30",
    "tomorrow",
];

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Madrid",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Mars/Olympus",
];

const TEXTS: [&str; 9] = [
    "ana",
    "",
    "'",
    "\\",
    "1",
    "25",
    "whatsapp",
    "%",
    "{from:Int64}",
];

/// One question; what it says is mostly what the catalogue offers, and sometimes what it does not.
fn question(dice: &mut Dice, entry: &Value, rows: bool) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut say = |name: &str, value: &str| pairs.push((name.to_owned(), value.to_owned()));
    let list = |list: &Value| -> Vec<Value> { list.as_array().cloned().unwrap_or_default() };
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let mut parameters = list(&entry["parameters"]);
    if rows {
        parameters.retain(|parameter| parameter["name"] != "limit");
        parameters.extend(list(&entry["rows_parameters"]));
    }
    let dimensions: Vec<_> = list(&entry["by"]).iter().map(name).collect();
    let figures: Vec<_> = list(&entry["columns"]).iter().map(name).collect();
    for parameter in &parameters {
        if !dice.once_in(3) {
            continue;
        }
        let named = name(parameter);
        let values = list(&parameter["values"]);
        let values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        let limit = ["1", "2", "7", "1000"];
        let value = match named.as_str() {
            _ if dice.once_in(40) => dice.one_of(&TEXTS).to_owned(),
            "from" | "to" => dice.one_of(&TIMES).to_owned(),
            "tz" => dice.one_of(&ZONES).to_owned(),
            "limit" => dice.one_of(&limit).to_owned(),
            "by" => {
                let many = 1 + dice.below(3);
                let by = (0..many).map(|_| dimensions[dice.below(dimensions.len())].clone());
                by.collect::<Vec<_>>().join(",")
            }
            "order" => {
                let way = dice.one_of(&["", "-"]);
                let all = [dimensions.as_slice(), figures.as_slice()].concat();
                format!("{way}{}", all[dice.below(all.len())])
            }
            "after" => dice.one_of(&["x", "WzAsW11d", ""]).to_owned(),
            _ => dice.one_of(&values).to_owned(),
        };
        say(&named, &value);
        if dice.once_in(60) {
            say(&named, &value);
        }
    }
    for filter in &dimensions {
        for _ in 0..dice.below(7) / 4 {
            say(filter, dice.one_of(&TEXTS));
        }
    }
    if dice.once_in(50) {
        say(dice.one_of(&["colour", "From", "figure", "after"]), "x");
    }
    pairs
}

async fn world() -> World {
    let world = World::start().await;
    world.manager("ana", "Ana García").await;
    world
        .member("ana", "sales", "1970-01-01T00:00:00Z", "open")
        .await;
    let mut messages = Vec::new();
    for place in 0..300_i64 {
        let time = (1_772_000_000 + place * 11_003).to_string();
        let conversation = format!("c{}", place % 17);
        messages.push(match place % 5 {
            0 => contact(&conversation, &time),
            1 => manager("ana", &conversation, &time),
            2 => reply("", &conversation, &time, place * 7),
            3 => Message {
                author: "bot",
                ..reply("", &conversation, &time, place)
            },
            _ => reply("ana", &conversation, &time, place * 1_001),
        });
    }
    world.messages(&messages).await;
    let closed = cycle("maria", "2026-03-02T10:00:00Z").closed("2026-03-02T12:00:00Z", "ana");
    let again = cycle("maria", "2026-03-12T10:00:00Z");
    world.conversation("whatsapp", "c1", &[closed, again]).await;
    world
}

fn well_formed(answer: &Value, pairs: &[(String, String)]) {
    let wide = columns(answer).len();
    for rows in ["rows", "previous"] {
        for row in answer[rows].as_array().into_iter().flatten() {
            assert_eq!(row.as_array().map(Vec::len), Some(wide), "{pairs:?}: {row}");
        }
    }
    let given = |name: &str| pairs.iter().any(|(given, _)| given == name);
    let limit = pairs.iter().find(|(name, _)| name == "limit");
    let limit: usize = limit.map_or(1_000, |(_, limit)| limit.parse().expect("a number"));
    let many = answer["rows"].as_array().expect("rows").len();
    assert!(many <= limit, "{pairs:?}");
    assert!(
        answer["from"].as_str() <= answer["to"].as_str(),
        "{pairs:?}"
    );
    if answer.get("next").is_some() {
        return;
    }
    if !given("interval") && !given("by") {
        assert_eq!(many, 1, "{pairs:?}: {answer}");
    }
    assert_eq!(answer["previous"].is_array(), given("compare"), "{pairs:?}");
    if answer["truncated"] == Value::Null && given("compare") {
        let previous = answer["previous"].as_array().expect("rows");
        assert!(previous.len() >= many, "{pairs:?}");
    }
}

/// A report, whether its rows are asked for, how, and by whom.
type Question<'a> = (&'a str, bool, Vec<(String, String)>, Restriction<'a>);

/// Asks, and says how many were answered and how many refused.
async fn answers(world: &World, questions: &[Question<'_>]) -> (usize, usize) {
    let (mut answered, mut refused) = (0, 0);
    for (report, rows, pairs, only) in questions {
        let context = context(*only);
        let answer = if *rows {
            let page = world.reports().rows(report, pairs, &context).await;
            page.map(|page| (page.to_csv(), serde_json::to_value(page)))
        } else {
            let table = world.reports().run(report, pairs, &context).await;
            table.map(|table| (table.to_csv(), serde_json::to_value(table)))
        };
        match answer {
            Ok((csv, json)) => {
                assert!(csv.ends_with("\r\n"));
                well_formed(&json.expect("it is JSON"), pairs);
                answered += 1;
            }
            Err(error) => {
                let named = match &error {
                    Error::BadParameter(bad) => Some(bad.name.as_str()),
                    _ => None,
                };
                let given = pairs.iter().any(|(name, _)| named == Some(name));
                // What is missing is named too.
                let missing = named == Some("from") && pairs.iter().any(|(name, _)| name == "to");
                assert!(given || missing, "{report} rows={rows} {pairs:?}: {error}");
                refused += 1;
            }
        }
    }
    (answered, refused)
}

#[tokio::test]
async fn every_combination_is_answered_or_refused_by_the_name_of_a_parameter() {
    let seed = seed();
    println!("TRUNKLINE_SEED={seed}");
    let mut dice = Dice(seed);
    let world = world().await;
    let catalogue = serde_json::to_value(world.reports().catalogue()).expect("it is JSON");
    let reports = catalogue["reports"].as_array().expect("a list");
    let (managers, teams) = (["ana".to_owned()], ["sales".to_owned()]);
    let questions: Vec<_> = (0..1_000)
        .map(|turn| {
            let entry = &reports[turn % reports.len()];
            let rows = dice.once_in(3);
            let pairs = question(&mut dice, entry, rows);
            let only = match dice.below(4) {
                0 => Restriction {
                    managers: &managers,
                    teams: &teams,
                },
                _ => Restriction::default(),
            };
            let report = entry["name"].as_str().expect("a name");
            (report, rows, pairs, only)
        })
        .collect();
    // Side by side, as the engine has more cores than one; each half has questions of all reports.
    let (left, right) = questions.split_at(questions.len() / 2);
    let halves = tokio::join!(answers(&world, left), answers(&world, right));
    let (answered, refused) = (halves.0.0 + halves.1.0, halves.0.1 + halves.1.1);
    println!("{answered} answered, {refused} refused");
    assert!(answered > 150 && refused > 150, "{answered}, {refused}");
}
