//! One caller with very many calls and visits, like a switchboard, among ordinary ones: every report about sources
//! answers with what the naive reading of the definitions gives, within the memory that the product grants.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::marketing::{attribution, from};
use crate::ringing::{Call, answered, spoke};
use crate::sources::{MARCH, ask, cells};
use crate::world::{ACCOUNT, World, at, context, pairs};

const MANY: i64 = 20_000;
const NIGHT: [&str; 2] = ["2026-03-03T00:00:00Z", "2026-03-03T08:00:00Z"];
const LOOKBACK_MS: i64 = 3 * 86_400_000;
const MODELS: [&str; 4] = ["first", "last", "last_non_direct", "linear"];

/// What may have brought a call, by its place: certainty, reason, and sources with their thirds.
type Kind = (&'static str, &'static str, &'static [(&'static str, i64)]);

const KINDS: [Kind; 7] = [
    ("certain", "", &[("google", 3)]),
    ("ambiguous", "", &[("google", 2), ("facebook", 1)]),
    ("unattributed", "unknown_number", &[("direct", 3)]),
    ("certain", "", &[("facebook", 3)]),
    ("unattributed", "expired", &[("site", 3)]),
    ("certain", "", &[("direct", 3)]),
    ("unattributed", "unknown_number", &[("direct", 3)]),
];

/// A touch, in the order in which they are sorted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Touch {
    ms: i64,
    rank: u8,
    id: String,
    weak: bool,
    faint: bool,
    told: &'static [(&'static str, i64)],
}

/// A person's calls and touches.
type Person = (Vec<(Call, Kind)>, Vec<Touch>);

fn decimal(ms: i64) -> String {
    format!("{:010}.{:03}", ms / 1000, ms % 1000)
}

/// A person's calls: two at each instant, and of one kind after the other.
fn calls(caller: &str, begin: i64, step: i64, many: i64) -> Vec<(Call, Kind)> {
    let one = |place: i64| {
        let id = format!("{caller}-{place:06}");
        let ms = begin + place / 2 * step;
        let call = Call {
            at: ms,
            ..answered(&id, "2026-03-01T00:00:00Z", caller, &[spoke("ana", 5, 90)])
        };
        // Whole hours without one that is attributed.
        let kind = if ms / 3_600_000 % 50 == 0 {
            6
        } else {
            place * place % 11 % 7
        };
        (call, KINDS[kind as usize])
    };
    (0..many).map(one).collect()
}

fn touch((call, (sure, why, told)): &(Call, Kind)) -> Touch {
    Touch {
        ms: call.at,
        rank: 4,
        id: call.id.clone(),
        weak: *why == "unknown_number",
        faint: *sure == "unattributed" || told.iter().all(|one| one.0 == "direct"),
        told,
    }
}

/// Writes calls with what brought them; the certain ones are of the visit `v0`.
async fn write(world: &World, calls: &[(Call, Kind)]) {
    for some in calls.chunks(4_000) {
        let plain: Vec<_> = some.iter().map(|one| one.0.clone()).collect();
        world.calls(&plain).await;
        let row = |(call, (sure, why, told)): &(Call, Kind)| {
            let visit = |source: &str| if source == "google" { "v0" } else { "" };
            let told: Vec<_> = told
                .iter()
                .map(|(source, thirds)| (visit(source), *thirds as f64 / 3.0, from(source, "", "")))
                .collect();
            let mut row = attribution(&call.id, "+34910000001", 1, (sure, why, &told));
            row["candidates.gclid"] = told.iter().map(|_| json!(call.id)).collect();
            row
        };
        world
            .insert("attributions", some.iter().map(row).collect())
            .await;
    }
}

/// Writes the visits of a visitor, the first one `v0`.
async fn visits(world: &World, begin: i64, many: i64) -> Vec<Touch> {
    let ms = |place: i64| begin + place * 450_000;
    let row = |place: i64| {
        let at = decimal(ms(place));
        json!({"account": ACCOUNT, "visit": format!("v{place}"), "visitor": "w", "started_at": at,
            "last_at": at, "expires_at": at, "source": "bing", "origin": "utm", "version": 1, "deleted": 0})
    };
    world.insert("visits", (0..many).map(row).collect()).await;
    let touch = |place: i64| Touch {
        ms: ms(place),
        rank: 0,
        id: format!("v{place}"),
        weak: false,
        faint: false,
        told: &[("bing", 3)],
    };
    (0..many).map(touch).collect()
}

/// The touches that a model chooses for a conversion of a moment, by the words of the definition.
fn chosen<'a>(model: &str, touches: &'a [Touch], ms: i64) -> Vec<&'a Touch> {
    let near = touches.iter();
    let near: Vec<_> = near
        .filter(|it| it.ms <= ms && it.ms >= ms - LOOKBACK_MS)
        .collect();
    let strong: Vec<_> = near.iter().copied().filter(|touch| !touch.weak).collect();
    let able = if strong.is_empty() { near } else { strong };
    let plain = able.iter().copied().rfind(|touch| !touch.faint);
    let one = match model {
        "linear" => return able,
        "first" => able.first().copied(),
        "last" => able.last().copied(),
        _ => plain.or(able.last().copied()),
    };
    one.into_iter().collect()
}

/// Ten-thousandths of each source, by the largest remainder, of equal ones the earlier.
fn divided(chosen: &[&Touch]) -> Vec<(&'static str, i64)> {
    let mut sums: Vec<(&str, i64)> = Vec::new();
    for (source, thirds) in chosen.iter().flat_map(|touch| touch.told) {
        match sums.iter_mut().find(|one| one.0 == *source) {
            Some(one) => one.1 += thirds,
            None => sums.push((source, *thirds)),
        }
    }
    let whole = 3 * chosen.len() as i64;
    let mut parts: Vec<_> = sums
        .iter()
        .map(|one| (one.0, one.1 * 10_000 / whole))
        .collect();
    let mut left = 10_000 - parts.iter().map(|one| one.1).sum::<i64>();
    let mut order: Vec<_> = (0..sums.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(sums[*place].1 * 10_000 % whole));
    for place in order {
        if left > 0 {
            parts[place].1 += 1;
            left -= 1;
        }
    }
    parts
}

/// The calls of each source in a period that people's touches give.
fn expected(model: &str, people: &[Person], period: [i64; 2]) -> Value {
    let mut sums = BTreeMap::new();
    for (calls, touches) in people {
        let mut known: (i64, Vec<(&str, i64)>) = (-1, Vec::new());
        for (call, _) in calls {
            if call.at < period[0] || call.at >= period[1] {
                continue;
            }
            if known.0 != call.at {
                known = (call.at, divided(&chosen(model, touches, call.at)));
            }
            for (source, weight) in &known.1 {
                *sums.entry(*source).or_insert(0) += weight;
            }
        }
    }
    let row = |(source, sum): (&str, i64)| json!([source, sum as f64 / 10_000.0]);
    sums.into_iter().map(row).collect()
}

/// The people: one with very many calls and visits, and others with a few.
async fn people(world: &World) -> Vec<Person> {
    let begin = at("2026-02-24T00:00:00Z").0;
    let mut people = Vec::new();
    let crowd = calls("+34600000000", begin, 134_000, MANY);
    write(world, &crowd).await;
    let mut touches = visits(world, begin, 3_000).await;
    touches.extend(crowd.iter().map(touch));
    people.push((crowd, touches));
    for who in 1..300_i64 {
        // Theirs are no visits: what is certain is not google's.
        let mut own = calls(
            &format!("+346111{who:05}"),
            begin + who * 7_777_000,
            who * 600_000,
            who % 7,
        );
        own.retain(|(_, kind)| kind.2[0].0 != "google");
        let touches = own.iter().map(touch).collect();
        people.push((own, touches));
    }
    let others: Vec<_> = people[1..].iter().flat_map(|one| one.0.clone()).collect();
    write(world, &others).await;
    for (_, touches) in &mut people {
        touches.sort();
    }
    people
}

fn settings() -> Value {
    json!({"attribution": {"lookback": "3d"}})
}

/// Source and calls, of the sources that have some.
fn told(answer: &Value) -> Value {
    let all = cells(answer, &["source", "calls"]);
    let all = all.as_array().expect("rows").iter();
    all.filter(|row| row[1] != 0.0).cloned().collect()
}

#[tokio::test]
async fn very_many_calls_of_one_caller_are_divided_as_any() {
    let world = World::start().await;
    let people = people(&world).await;
    let month = ["2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z"].map(|time| at(time).0);
    for model in MODELS {
        let answer = ask(
            &world,
            settings(),
            &format!("{MARCH}&by=source&model={model}"),
        )
        .await;
        assert_eq!(told(&answer), expected(model, &people, month), "{model}");
    }
    let calls = world.ask("calls", &format!("{MARCH}&by=source")).await;
    let rows = cells(&calls, &["calls"]);
    let sum: i64 = rows
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row[0].as_i64())
        .sum();
    let within = |call: &&(Call, Kind)| call.0.at >= month[0] && call.0.at < month[1];
    let all = people.iter().flat_map(|one| &one.0).filter(within).count();
    assert_eq!(sum, all as i64);
}

#[tokio::test]
async fn very_many_calls_of_one_caller_open_and_have_their_clicks() {
    let world = World::start().await;
    let people = people(&world).await;
    let account: Account =
        serde_json::from_value(json!({"id": "acme", "timezone": "Europe/Madrid",
        "attribution": {"lookback": "3d"}}))
        .expect("settings");
    let targets = Targets::of(&account);
    let context = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let period = format!("from={}&to={}", NIGHT[0], NIGHT[1]);
    for model in MODELS {
        let query = format!("{period}&figure=calls&source=google&model={model}&limit=1000");
        let page = world
            .reports()
            .rows("sources", &pairs(&query), &context)
            .await;
        let page = serde_json::to_value(page.expect("a page")).expect("it is JSON");
        let weights = cells(&page, &["weight"]);
        let weights = weights.as_array().expect("rows").iter();
        let sum: f64 = weights.filter_map(|row| row[0].as_f64()).sum();
        let all = expected(model, &people, NIGHT.map(|time| at(time).0));
        let mut all = all.as_array().expect("rows").iter();
        let google = all.find(|row| row[0] == "google").expect("some of google");
        assert_eq!(
            json!((sum * 10_000.0).round() / 10_000.0),
            google[1],
            "{model}"
        );
    }
    for model in ["first", "last", "last_non_direct"] {
        let query = format!("{period}&kind=call&model={model}&limit=1000");
        let page = world.reports().conversions(&pairs(&query), &context).await;
        let items = page.expect("an answer").records.items;
        let his = items.iter().filter(|item| item["phone"] == "+34600000000");
        // Two each 134 seconds.
        assert!(his.clone().count() > 400);
        for item in his {
            let ms = at(item["at"].as_str().expect("a time")).0;
            let touch = chosen(model, &people[0].1, ms)[0];
            let click = if touch.rank == 4 && touch.told.len() == 1 {
                json!(touch.id)
            } else {
                Value::Null
            };
            assert_eq!(item["clicks"]["gclid"], click, "{model}: {touch:?}");
        }
    }
}
