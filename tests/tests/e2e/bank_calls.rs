//! The real calls of a bank through `trunkline import` and its map, in file order, shuffled, and partly
//! twice: the report of calls gives what is computed from the cells of the file.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use e2e::bank::{self, Call};
use e2e::config::{Account, Config, token};
use e2e::doors::Door;
use e2e::generate::seed;
use e2e::service::{Service, binary};
use e2e::table::Table;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use serde_json::{Value, json};
use tempfile::TempDir;

const FORTNIGHT: [(&str, &str); 2] = [("from", "1999-02-01"), ("to", "1999-02-15")];
const MAP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/maps/bank-calls.toml");

/// Imports rows as a file, and returns what the command said.
#[track_caller]
fn import(service: &Service, account: &str, names: &str, rows: &[String]) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("calls.tsv");
    fs::write(&file, format!("{names}\n{}\n", rows.join("\n"))).unwrap();
    let output = Command::new(binary())
        .arg("import")
        .arg(&file)
        .args(["--map", MAP])
        .env_remove("TRUNKLINE_CONFIG")
        .env(
            "TRUNKLINE_URL",
            format!("http://127.0.0.1:{}", service.port()),
        )
        .env("TRUNKLINE_TOKEN", token(account, "ingest"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    said
}

/// Holds a row of the report against the figures of the calls it should count.
fn same(what: &str, table: &Table, row: usize, calls: &[&Call], wrong: &mut Vec<String>) {
    for (column, want) in bank::figures(calls.iter().copied()) {
        let parts = if column.ends_with("_s") {
            1_000.0
        } else if column.ends_with("_rate") || column == "service_level" {
            10_000.0
        } else {
            1.0
        };
        let value = table.value(row, column);
        let got = value.as_f64().map(|got| (got * parts).round() as u64);
        if got != want {
            wrong.push(format!(
                "{what}: {column} is {value}, not {want:?} of {parts}"
            ));
        }
    }
    for (column, want) in bank::waits(calls.iter().copied()) {
        let got = table.millis(row, column).unwrap_or(-1);
        if (got - want as i64).abs() * 100 > want as i64 {
            wrong.push(format!("{what}: {column} is {got} ms, not {want}"));
        }
    }
}

/// Holds a report by something against the calls put together by the same.
fn compare(door: &Door, by: &str, calls: &[Call], key: impl Fn(&Call) -> Value) -> Vec<String> {
    let mut groups: BTreeMap<String, (Value, Vec<&Call>)> = BTreeMap::new();
    for call in calls {
        let key = key(call);
        let group = groups.entry(key.to_string()).or_default();
        group.0 = key;
        group.1.push(call);
    }
    let table = door.report("calls", &[&FORTNIGHT[..], &[("by", by)]].concat());
    let mut wrong = Vec::new();
    let (mut counts, mut got) = (Vec::new(), Vec::new());
    for (key, group) in groups.values() {
        let row = table.row(by, key);
        same(&format!("{by} {key}"), &table, row, group, &mut wrong);
        counts.push(group.len() as u64);
        let share = table.value(row, "share").as_f64().unwrap();
        got.push((share * 10_000.0).round() as u64);
    }
    let filled = |row: &usize| table.count(*row, "calls") > 0;
    assert_eq!(
        (0..table.len()).filter(filled).count(),
        groups.len(),
        "{by}"
    );
    assert_eq!(got.iter().sum::<u64>(), 10_000, "the shares make one");
    // Which of two with the same remainder has the one more is not said.
    let far = |(got, want): (&u64, u64)| got.abs_diff(want) > 0;
    let away = got
        .iter()
        .zip(bank::shares(&counts))
        .filter(|pair| far((pair.0, pair.1)));
    let ties: Vec<_> = away.collect();
    if ties.len() > 2 || ties.iter().any(|(got, want)| got.abs_diff(*want) > 1) {
        wrong.push(format!("{by}: shares {ties:?}"));
    }
    wrong
}

#[test]
fn the_calls_of_a_real_bank_give_the_figures_of_its_file_in_any_order_and_partly_twice() {
    let seed = seed();
    let mut random = StdRng::seed_from_u64(seed);
    let (names, rows) = bank::rows();
    let calls = bank::calls(&names, &rows);
    assert_eq!((rows.len(), calls.len()), (17_456, 17_313));
    let accounts = ["file", "shuffled", "twice"];
    let zone = "Asia/Jerusalem";
    let service = Service::start(Config::of(accounts.map(|id| Account::new(id).zone(zone))));
    import(&service, "file", &names, &rows);
    let mut shuffled = rows.clone();
    shuffled.shuffle(&mut random);
    import(&service, "shuffled", &names, &shuffled);
    // A third by itself; then all of them, another third again behind and between them.
    let third = rows.len() / 3;
    import(&service, "twice", &names, &shuffled[..third]);
    let mut twice = [&rows[..], &shuffled[third..2 * third]].concat();
    twice.shuffle(&mut random);
    import(&service, "twice", &names, &twice);
    service.door("file").flush();
    for account in accounts {
        println!("account {account}");
        let door = service.door(account);
        let mut wrong = Vec::new();
        let table = door.report("calls", &FORTNIGHT);
        assert_eq!(table.len(), 1);
        same(
            "all",
            &table,
            0,
            &calls.iter().collect::<Vec<_>>(),
            &mut wrong,
        );
        assert_eq!(table.value(0, "share"), &json!(1.0));
        wrong.extend(compare(&door, "manager", &calls, |call| json!(call.server)));
        wrong.extend(compare(&door, "hour", &calls, |call| json!(call.hour)));
        assert!(
            wrong.is_empty(),
            "{account}: {} differ\n{}",
            wrong.len(),
            wrong.join("\n")
        );
    }
    let sums = service.door("file").metrics().sums();
    assert!(sums.balance(), "{sums:?}");
    assert_eq!(sums.conflict, 0);
    assert_eq!(sums.observed % 3, 0, "all three have the same");
    assert!(sums.duplicate > 0);
}
