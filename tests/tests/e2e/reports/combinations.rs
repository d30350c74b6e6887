//! Any combination of parameters at the door: 200 with a table, or 400 with the name of one.

use e2e::config::Account;
use e2e::generate;
use e2e::shared::Shared;
use e2e::table::Table;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

static SHARED: Shared = Shared::new(|| {
    let accounts = ["combined", "listed"];
    accounts
        .map(|name| Account::new(name).zone("Europe/Madrid"))
        .into()
});

const OTHER: [(&str, &[&str]); 12] = [
    ("from", &["2026-03-01", "2026-03-29", "yesterday", "0"]),
    ("to", &["2026-04-01", "2026-03-29T02:30:00Z", "2026-02-30"]),
    ("tz", &["UTC", "Asia/Kolkata", "Nowhere"]),
    (
        "by",
        &["manager", "channel,hour", "weekday,team", "kind", "x"],
    ),
    (
        "order",
        &["-count", "time", "manager", "-messages", "closed"],
    ),
    ("limit", &["1", "3", "100000", "0"]),
    ("manager", &["manager-1", "", "'; DROP TABLE messages"]),
    ("team", &["", "north"]),
    ("channel", &["web", "whatsapp"]),
    ("hour", &["9", "24"]),
    ("weekday", &["1", "x"]),
    ("colour", &["red"]),
];

/// What may be said: the words of the catalogue, and more.
fn known(catalogue: &Value, report: usize) -> Vec<(String, Vec<String>)> {
    let listed = catalogue["reports"][report]["parameters"].as_array();
    let listed = listed.unwrap().iter().filter_map(|parameter| {
        let values = parameter["values"].as_array()?;
        let mut values: Vec<_> = values.iter().filter_map(Value::as_str).collect();
        values.push("nothing like it");
        let name = parameter["name"].as_str()?.to_owned();
        Some((name, values.into_iter().map(str::to_owned).collect()))
    });
    let other = OTHER.iter().map(|(name, values)| {
        let values = values.iter().map(|value| (*value).to_owned());
        ((*name).to_owned(), values.collect())
    });
    listed.chain(other).collect()
}

#[test]
fn any_combination_of_parameters_is_a_table_or_a_refusal_that_names_one() {
    let seed = generate::seed();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let service = SHARED.service();
    let door = service.door("combined");
    door.send_flushed(&generate::log(seed, 40));
    let catalogue = door.get("/v1/reports", &[]).json();
    let reports = ["response-times", "conversations", "messages"];
    let (mut answered, mut refused) = (0, 0);
    for turn in 0..300 {
        let report = turn % reports.len();
        let mut parameters = Vec::new();
        let all = known(&catalogue, report);
        for (name, values) in &all {
            if random.random_range(0..5) == 0 {
                let value = values.choose(&mut random).unwrap();
                parameters.push((name.as_str(), value.as_str()));
            }
        }
        let rows = ["", "/rows"].choose(&mut random).unwrap();
        let path = format!("/v1/reports/{}{rows}", reports[report]);
        let answer = door.get(&path, &parameters);
        if answer.status == 200 {
            answered += 1;
            if parameters.contains(&("format", "csv")) {
                let mut csv = csv::Reader::from_reader(answer.body.as_slice());
                assert!(csv.headers().unwrap().len() > 1 || reports[report] == "messages");
                assert!(
                    csv.records().all(|record| record.is_ok()),
                    "{}",
                    answer.text()
                );
            } else {
                let table = Table::of(answer.json());
                let rows = table.json["rows"].as_array().unwrap();
                let wide =
                    |row: &Value| row.as_array().map(Vec::len) == Some(table.columns().len());
                assert!(rows.iter().all(wide), "{parameters:?}: {}", answer.text());
            }
            continue;
        }
        refused += 1;
        let problem = answer.expect_problem(400, "bad_parameter").json();
        let detail = problem["detail"].as_str().unwrap();
        let named = |name: &str| detail.contains(&format!("`{name}`"));
        let missing = named("from") && parameters.iter().any(|(name, _)| *name == "to");
        let named = parameters.iter().any(|(name, _)| named(name));
        assert!(named || missing, "{path} {parameters:?}: {detail}");
    }
    println!("{answered} answered, {refused} refused");
    assert!(answered > 20 && refused > 20, "{answered}, {refused}");
}

#[test]
fn a_list_in_csv_goes_on_at_the_address_in_its_link() {
    let service = SHARED.service();
    let door = service.door("listed");
    door.send_flushed(&generate::log(7, 20));
    let query = [
        ("from", "2026-01-01"),
        ("to", "2026-12-31"),
        ("limit", "50"),
    ];
    let mut answer = door.get_csv("/v1/reports/messages/rows", &query);
    let mut messages = Vec::new();
    loop {
        let mut csv = csv::Reader::from_reader(answer.expect_status(200).body.as_slice());
        let rows = csv.records().map(|record| record.unwrap());
        messages.extend(rows.map(|row| format!("{} {} {}", &row[6], &row[7], &row[9])));
        let Some(link) = answer.header("link") else {
            break;
        };
        let path = link.strip_prefix('<').and_then(|link| link.split_once('>'));
        let (path, relation) = path.unwrap();
        assert_eq!(relation, "; rel=\"next\"");
        answer = door.get_csv(path, &[]);
    }
    let table = door.report("messages", &query[..2]);
    assert_eq!(messages.len() as u64, table.count(0, "messages"));
    messages.sort();
    messages.dedup();
    assert_eq!(
        messages.len() as u64,
        table.count(0, "messages"),
        "none twice"
    );
}
