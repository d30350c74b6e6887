//! The company's site: its history as another tracker told of it, and a stranger who looks at its page and calls.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use e2e::clock::{HOUR, at, rfc3339, wall};
use e2e::doors::Door;
use e2e::site::Pages;
use serde_json::{Value, json};
use trunkline_model::time::Time;
use trunkline_simulate::Config;
use trunkline_simulate::shop::{MAIN, Shop, Told};

use super::Demo;

/// What was made up of the visits before the demo began: how many each source brought, in truth.
fn brought(folder: &std::path::Path) -> BTreeMap<String, u64> {
    let plan = fs::read_to_string(folder.join("demo.toml")).expect("a plan");
    let plan: toml::Table = plan.parse().expect("TOML");
    let number = |name: &str| plan[name].as_integer().expect("a number");
    let begun = at(plan["begun"].as_str().expect("a time"));
    let config = Config {
        seed: number("seed") as u64,
        start: Time(begun - number("days") * 24 * HOUR),
        days: 1_000,
        managers: number("managers") as u32,
        leads: number("leads") as u32,
        ..Config::default()
    };
    let shop = Shop::new(&config, number("visits") as u32, Time(begun)).expect("a shop");
    let mut brought = BTreeMap::new();
    for heard in shop.take_while(|heard| heard.at < Time(begun)) {
        if let (Some(visit), Told::Page { is_first: true, .. }) = (heard.visit, &heard.told) {
            let source = visit.truth.source.to_owned();
            *brought.entry(source).or_default() += 1;
        }
    }
    brought
}

/// Visits by what brought them, as the report has them.
fn reported(door: &Door) -> BTreeMap<String, u64> {
    let from = rfc3339(wall() - 90 * 24 * HOUR);
    let table = door.report("sources", &[("by", "source"), ("from", &from)]);
    let rows = (0..table.len()).map(|row| {
        let source = table.value(row, "source").as_str().unwrap_or_default();
        (source.to_owned(), table.count(row, "visits"))
    });
    rows.filter(|(_, visits)| *visits > 0).collect()
}

fn pool(door: &Door, figure: &str) -> Value {
    let from = rfc3339(wall() - 90 * 24 * HOUR);
    let table = door.report("pools", &[("by", "pool"), ("from", &from)]);
    table.value(0, figure).clone()
}

#[test]
fn a_stranger_has_a_number_of_his_own_on_the_page_and_his_call_his_source() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--days", "5", "--managers", "3", "--rate", "200"];
    let demo = Demo::start(dir.path(), &[&options[..], &["--no-live"]].concat());
    let token = demo.token().expect("a token").to_owned();
    let door = demo.door(&token);

    // History grants nothing, and knows what brought whom.
    let truth = brought(&dir.path().join("company"));
    assert!(truth.values().sum::<u64>() > 300, "{truth:?}");
    assert_eq!(reported(&door), truth);
    assert_eq!(pool(&door, "visits"), json!(0));
    assert_eq!(pool(&door, "in_service"), json!(12));

    // The page has the snippet, and may ask.
    let mut lines = demo.shown.lines().map(str::trim);
    let link = lines
        .find(|line| line.contains("utm_source=you"))
        .expect("a link");
    let page = got(link);
    let service = format!("http://127.0.0.1:{}", demo.port);
    let script = format!(
        "<script async src=\"{service}/v1/trunkline.js?site=shop\" data-number=\"+34 910 000 100\">"
    );
    assert!(page.contains(&script), "{page}");
    let (origin, _) = link.split_once("/?").expect("its origin");
    let pages = Pages::new(demo.port, "shop").of(origin);
    let answer = pages.ask("stranger", link);
    let allowed = answer
        .expect_status(200)
        .header("access-control-allow-origin");
    assert_eq!(allowed, Some(origin));
    let shown = answer.json();
    let number = shown["number"].as_str().expect("a number");
    assert!(shown["served"] == true && number != MAIN, "{shown}");

    calls(&page, number, &token);
    door.flush();
    let listed = door
        .get("/v1/calls", &[("source", "you")])
        .expect_status(200)
        .json();
    assert_eq!(
        listed["calls"].as_array().map(Vec::len),
        Some(1),
        "{listed}"
    );
    let call = listed["calls"][0]["call"].as_str().expect("its id");
    let call = door.get(&format!("/v1/calls/{call}"), &[]).json();
    assert_eq!(call["attribution"]["certainty"], "certain", "{call}");
    assert_eq!(
        call["attribution"]["candidates"][0]["source"], "you",
        "{call}"
    );
    assert_eq!(reported(&door).get("you"), Some(&1));
    assert_eq!(pool(&door, "visits"), json!(1));
    demo.stop();
}

/// Runs the command of the page, with the number that the snippet puts there.
fn calls(page: &str, number: &str, token: &str) {
    let (_, command) = page.split_once("<pre>").expect("a command");
    let (command, _) = command.split_once("</pre>").expect("its end");
    let command = command
        .replace(MAIN, number)
        .replace("sleep 3", "sleep 0.1");
    let calls = Command::new("bash")
        .args(["-ec", &command])
        .env("TOKEN", token)
        .output()
        .expect("bash");
    let said = String::from_utf8_lossy(&calls.stdout).into_owned();
    assert_eq!(said.matches("\"accepted\":1").count(), 3, "{said}");
}

fn got(link: &str) -> String {
    let mut answer = ureq::get(link).call().expect("an answer");
    answer.body_mut().read_to_string().expect("a page")
}
