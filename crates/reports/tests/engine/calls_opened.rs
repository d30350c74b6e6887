//! The rows behind every figure of `calls`, twins, and made-up months counted in another way.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use trunkline_model::settings::Account;
use trunkline_reports::{Context, Restriction, Targets};

use crate::calls::a_day;
use crate::ringing::{Call, Leg, answered, figure, missed, of_row, rang, spoke};
use crate::rows::pages;
use crate::world::{World, at, columns, context, pairs};

const DAY: &str = "from=2026-03-10&to=2026-03-11";

#[tokio::test]
async fn the_rows_of_every_figure_are_as_many_as_it_says() {
    let world = World::start().await;
    let mut calls = a_day();
    // Two legs of Ana in one call were given away.
    let away = Leg {
        away: true,
        ..spoke("ana", 5, 10)
    };
    calls.push(answered(
        "d01",
        "2026-03-10T09:00:00Z",
        "+34600111222",
        &[away.clone(), away],
    ));
    world.calls(&calls).await;
    for manager in ["ana", "luis"] {
        world
            .member(manager, "sales", "1970-01-01T00:00:00Z", "open")
            .await;
    }
    let listed = serde_json::to_value(world.reports().catalogue()).expect("it is JSON");
    let rows = listed["reports"][3]["rows"]
        .as_array()
        .expect("rows")
        .iter();
    let figures: Vec<_> = rows
        .map(|rows| rows["figures"][0].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(figures.len(), 19, "all counts open");
    let mut opened = 0;
    for filter in [
        "",
        "&manager=ana",
        "&manager=",
        "&team=sales",
        "&hour=10&direction=in",
    ] {
        let question = format!("{DAY}{filter}");
        let table = world.ask("calls", &question).await;
        for name in &figures {
            // Pages follow each other in the same way whatever is filtered: two rows a page once.
            let limit = if filter.is_empty() { 2 } else { 1_000 };
            let query = format!("{question}&figure={name}&limit={limit}");
            let mut rows = pages(&world, "calls", &query).await.concat();
            let says = figure(&table, name).as_u64().expect("a count");
            assert_eq!(rows.len() as u64, says, "{name} of {question}");
            rows.sort();
            rows.dedup();
            assert_eq!(rows.len() as u64, says, "{name}: no row comes twice");
            opened += says;
        }
    }
    assert!(opened > 100, "{opened} rows are too few to show anything");
}

#[tokio::test]
async fn twins_are_one_call_that_has_the_legs_of_the_pbx() {
    let world = World::start().await;
    let tracked = |id: &str, time: &str, to| Call {
        hook: "ads",
        number: "+34910009999",
        ..answered(
            id,
            time,
            "+34600111222",
            &[Leg {
                extension: to,
                ..spoke("", 5, 100)
            }],
        )
    };
    let switched =
        |id: &str, time: &str| answered(id, time, "+34600111222", &[spoke("ana", 4, 90)]);
    world
        .calls(&[
            tracked("ads:1", "2026-03-10T09:00:00Z", "+34910000001"),
            switched("pbx:1", "2026-03-10T09:00:15Z"),
            // Sixteen seconds apart, and forwarded elsewhere: two calls each.
            tracked("ads:2", "2026-03-10T10:00:00Z", "+34910000001"),
            switched("pbx:2", "2026-03-10T10:00:16Z"),
            tracked("ads:3", "2026-03-10T11:00:00Z", "+34910000007"),
            switched("pbx:3", "2026-03-10T11:00:05Z"),
        ])
        .await;
    let account: Account = serde_json::from_value(json!({
        "id": "acme", "timezone": "Europe/Madrid",
        "hook": [{"id": "ads", "provider": "callrail", "role": "tracker"},
                 {"id": "pbx", "provider": "zadarma", "role": "pbx"}],
    }))
    .expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let query = format!("{DAY}&by=manager");
    let table = world.reports().run("calls", &pairs(&query), &known).await;
    let table = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
    assert_eq!(of_row(&table, 0, "calls"), 2);
    assert_eq!(of_row(&table, 1, "calls"), 3);
    assert_eq!(
        of_row(&table, 1, "first_time_calls"),
        1,
        "the tracker's is no earlier call"
    );
    // Who says nothing of roles has six calls.
    assert_eq!(figure(&world.ask("calls", DAY).await, "calls"), 6);
}

#[tokio::test]
async fn thresholds_are_the_accounts() {
    let world = World::start().await;
    world.calls(&a_day()).await;
    let account: Account = serde_json::from_value(json!({
        "id": "acme", "timezone": "Europe/Madrid", "targets": {"call_s": 30},
        "calls": {"target_call_s": 95, "short_abandon_s": 25},
    }))
    .expect("settings");
    let targets = Targets::of(&account);
    let known = Context {
        targets: &targets,
        ..context(Restriction::default())
    };
    let table = world.reports().run("calls", &pairs(DAY), &known).await;
    let table = serde_json::to_value(table.expect("an answer")).expect("it is JSON");
    // Short are 20, 3 and 15 s; both answered waited 30 s at most; 100 s were talked once.
    let say = ["short", "service_level", "target_calls"].map(|name| figure(&table, name).clone());
    assert_eq!(say, [json!(3), json!(0.5), json!(1)]);
}

/// Numbers by a linear congruence (Knuth's MMIX).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

const MANAGERS: [&str; 4] = ["ana", "luis", "eva", ""];

fn made_up(seed: u64, many: usize) -> Vec<Call> {
    let mut dice = Dice(seed);
    let start = at("2026-01-01T00:00:00Z").0;
    let mut one = |place: usize| {
        let caller = match dice.roll(12) {
            0 => "anonymous".to_owned(),
            who => format!("+3460000000{who}"),
        };
        let mut legs = Vec::new();
        for _ in 0..dice.roll(4) {
            let who = MANAGERS[dice.roll(4) as usize];
            legs.push(match dice.roll(3) {
                0 => rang(who),
                _ => spoke(who, dice.roll(50) as i64 + 1, dice.roll(200) as i64),
            });
        }
        let id = format!("c{place:04}");
        let call = if legs.iter().any(|leg| leg.answered.is_some()) {
            answered(&id, "2026-01-01T00:00:00Z", &caller, &legs)
        } else {
            let ends = ["missed", "abandoned", "voicemail", "menu", "failed"];
            Call {
                legs,
                ..missed(
                    &id,
                    "2026-01-01T00:00:00Z",
                    &caller,
                    dice.roll(60) as i64,
                    &[],
                )
            }
            .ended(ends[dice.roll(5) as usize])
        };
        let call = Call {
            at: start + (dice.roll(90) * 86_400 + dice.roll(86_400)) as i64 * 1_000,
            ..call
        };
        if dice.roll(4) == 0 {
            call.outbound()
        } else {
            call
        }
    };
    (0..many).map(&mut one).collect()
}

/// What each manager has, counted call by call; the empty name is nobody.
#[derive(Default, Debug, PartialEq, Eq)]
struct Count {
    calls: u64,
    answered: u64,
    participations: u64,
    talk_ms: i64,
    offered: u64,
    taken: u64,
    first_time: u64,
    unique: u64,
    target: u64,
    unique_target: u64,
}

/// Whose legs a call has, each once.
fn rung(call: &Call) -> Vec<&str> {
    let mut rung = Vec::new();
    for leg in &call.legs {
        if !rung.contains(&&*leg.manager) {
            rung.push(&*leg.manager);
        }
    }
    rung
}

fn counted(calls: &[Call], from: i64, to: i64) -> BTreeMap<&str, Count> {
    let mut all: Vec<&Call> = calls.iter().collect();
    all.sort_by_key(|call| (call.at, call.id.clone()));
    let mut counts = BTreeMap::<&str, Count>::new();
    let mut last = BTreeMap::<&str, i64>::new();
    let mut last_target = BTreeMap::<&str, i64>::new();
    for call in all {
        let inbound = call.direction == "inbound";
        let known = call.caller.starts_with('+');
        let spoken = call.disposition == "answered";
        let target = inbound && spoken && call.talk_ms >= 60_000;
        let lone = |last: Option<&i64>| last.is_none_or(|last| call.at - last > 30 * 86_400_000);
        let (before, target_before) = (last.get(&*call.caller), last_target.get(&*call.caller));
        let (new, unique) = (before.is_none(), lone(before));
        let unique_target = target && known && lone(target_before);
        if inbound {
            last.insert(&call.caller, call.at);
        }
        if target {
            last_target.insert(&call.caller, call.at);
        }
        if !(from..to).contains(&call.at) {
            continue;
        }
        let rung = rung(call);
        let mut talkers: Vec<_> = call
            .legs
            .iter()
            .filter(|leg| leg.answered.is_some())
            .collect();
        talkers.sort_by_key(|leg| leg.answered);
        let credit = match (talkers.first(), rung.as_slice()) {
            (Some(leg), _) => &*leg.manager,
            (None, rung) if !inbound => rung
                .iter()
                .find(|who| !who.is_empty())
                .copied()
                .unwrap_or(""),
            (None, [alone]) => alone,
            (None, _) => "",
        };
        let count = counts.entry(credit).or_default();
        count.calls += 1;
        count.answered += u64::from(spoken);
        count.first_time += u64::from(inbound && known && new);
        count.unique += u64::from(inbound && known && unique);
        count.target += u64::from(target);
        count.unique_target += u64::from(unique_target);
        for who in rung {
            let own: Vec<_> = talkers.iter().filter(|leg| leg.manager == who).collect();
            let count = counts.entry(who).or_default();
            count.participations += u64::from(!own.is_empty());
            count.talk_ms += own.iter().map(|leg| leg.talk_ms).sum::<i64>();
            count.offered += u64::from(inbound);
            count.taken += u64::from(inbound && !own.is_empty());
        }
    }
    counts
}

#[tokio::test]
async fn made_up_months_are_what_counting_call_by_call_gives() {
    let seed = 20_260_403;
    let calls = made_up(seed, 600);
    let world = World::start().await;
    world.calls(&calls).await;
    let (from, to) = ("2026-02-10T00:00:00Z", "2026-03-20T00:00:00Z");
    let want = counted(&calls, at(from).0, at(to).0);
    let answer = world
        .ask("calls", &format!("from={from}&to={to}&by=manager"))
        .await;
    let rows = answer["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), want.len(), "seed {seed}");
    let mut parts = 0.0;
    for place in 0..rows.len() {
        let of = |name: &str| of_row(&answer, place, name);
        let count = |name: &str| of(name).as_u64().expect("a count");
        let found = Count {
            calls: count("calls"),
            answered: count("answered"),
            participations: count("participations"),
            talk_ms: (of("talk_sum_s").as_f64().expect("seconds") * 1_000.0).round() as i64,
            offered: count("offered"),
            taken: count("taken"),
            first_time: count("first_time_calls"),
            unique: count("unique_calls"),
            target: count("target_calls"),
            unique_target: count("unique_target_calls"),
        };
        let who = of("manager").as_str().unwrap_or_default();
        assert_eq!(found, want[who], "{who}, seed {seed}");
        assert_eq!(count("not_taken"), found.offered - found.taken);
        parts += of("share").as_f64().expect("a share");
    }
    assert!((parts - 1.0).abs() < 1e-9, "the parts make {parts}");
    assert!(columns(&answer).contains(&"share"));
    assert_ne!(
        rows[0][0],
        json!("ana"),
        "nobody comes first: {}",
        Value::Null
    );
}
