//! Reports as such: order, limit, filters, parameters that are wrong, CSV, and the rows behind a
//! figure.

mod combinations;
mod compared;
mod settings;

use e2e::config::token;
use e2e::doors::Door;
use e2e::events::{Event, Thread};
use e2e::generate;
use e2e::reference::{Definition, Reference};
use e2e::table::Table;
use serde_json::{Value, json};

use crate::accounts::{MARCH, given, own};

/// Ana answers in 1, 2 and 3 minutes, Luis in 10, Eva in 5 and 7 on another channel.
fn some() -> Vec<Event> {
    let mut events = Vec::new();
    let script = [
        ("web", "ana", "10:01"),
        ("web", "ana", "10:02"),
        ("web", "ana", "10:03"),
        ("web", "luis", "10:10"),
        ("telegram", "eva", "10:05"),
        ("telegram", "eva", "10:07"),
    ];
    for (index, (channel, manager, reply)) in script.into_iter().enumerate() {
        let thread = Thread::new(&format!("{index}"))
            .on(channel)
            .contact("10:00");
        events.extend(thread.manager(manager, reply).events());
    }
    events
}

#[test]
fn rows_come_in_the_order_asked_for_and_no_more_than_the_limit() {
    let own = given("order", &some());
    let managers = |parameters: &[(&str, &str)]| {
        let table = own.march(
            "response-times",
            &[&[("by", "manager")], parameters].concat(),
        );
        table.column("manager")
    };
    assert_eq!(managers(&[]), ["ana", "eva", "luis"]);
    assert_eq!(managers(&[("order", "-mean_s")]), ["luis", "eva", "ana"]);
    assert_eq!(managers(&[("order", "mean_s")]), ["ana", "eva", "luis"]);
    assert_eq!(managers(&[("order", "-count")]), ["ana", "eva", "luis"]);
    assert_eq!(managers(&[("order", "-manager")]), ["luis", "eva", "ana"]);
    let cut = own.march("response-times", &[("by", "manager"), ("limit", "2")]);
    assert_eq!(cut.len(), 2);
    assert_eq!(cut.json["truncated"], true);
    let whole = own.march("response-times", &[("by", "manager"), ("limit", "3")]);
    assert_eq!((whole.len(), &whole.json["truncated"]), (3, &Value::Null));
    let both = own.march(
        "response-times",
        &[("by", "channel,manager"), ("order", "-p90_s")],
    );
    assert_eq!(both.columns()[..3], ["channel", "manager", "manager_name"]);
    assert_eq!(both.column("channel"), ["web", "telegram", "web"]);
}

#[test]
fn filters_of_one_name_are_or_and_of_several_names_and() {
    let own = given("filters", &some());
    let count =
        |parameters: &[(&str, &str)]| own.march("response-times", parameters).count(0, "count");
    assert_eq!(count(&[]), 6);
    assert_eq!(count(&[("manager", "ana")]), 3);
    assert_eq!(count(&[("manager", "ana"), ("manager", "eva")]), 5);
    assert_eq!(
        count(&[
            ("manager", "ana"),
            ("manager", "eva"),
            ("channel", "telegram")
        ]),
        2
    );
    assert_eq!(count(&[("manager", "ana"), ("channel", "telegram")]), 0);
    assert_eq!(count(&[("manager", "nobody")]), 0);
    let nobody = own.march(
        "response-times",
        &[("by", "manager"), ("manager", "nobody")],
    );
    assert!(
        nobody.is_empty(),
        "unknown values give no rows: {}",
        nobody.json
    );
    let sent = |parameters: &[(&str, &str)]| own.march("messages", parameters).count(0, "messages");
    assert_eq!(
        (
            sent(&[]),
            sent(&[("direction", "inbound")]),
            sent(&[("direction", "in")])
        ),
        (12, 6, 6)
    );
    assert_eq!(
        sent(&[("author", "manager"), ("channel", "web"), ("kind", "text")]),
        4
    );
}

#[test]
fn what_cannot_be_asked_is_refused_and_named() {
    let own = own("parameters");
    for (parameters, named) in [
        (vec![("colour", "red")], "colour"),
        (vec![("by", "colour")], "colour"),
        (vec![("by", "manager,manager")], "by"),
        (vec![("order", "colour")], "order"),
        (vec![("limit", "0")], "limit"),
        (vec![("limit", "many")], "limit"),
        (vec![("limit", "100001")], "limit"),
        (vec![("interval", "fortnight")], "interval"),
        (vec![("definition", "gut-feeling")], "definition"),
        (vec![("period", "decade")], "period"),
        (vec![("tz", "Middle/Earth")], "tz"),
        (vec![("from", "yesterday")], "from"),
        (vec![("from", "2026-03-02"), ("to", "2026-03-01")], "from"),
        (vec![("to", "2026-03-01")], "from"),
        (vec![("period", "week"), ("from", "2026-03-01")], "period"),
        (
            vec![
                ("from", "1970-01-02"),
                ("to", "2026-01-01"),
                ("interval", "minute"),
            ],
            "interval",
        ),
    ] {
        let answer = own.door.get("/v1/reports/response-times", &parameters);
        answer.expect_problem(400, "bad_parameter");
        let detail = answer.json()["detail"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert!(detail.contains(named), "{parameters:?}: {detail}");
    }
    let wrong = own
        .door
        .get("/v1/reports/messages", &[("definition", "wait")]);
    wrong.expect_problem(400, "bad_parameter");
}

#[test]
fn the_list_of_reports_says_what_each_shows() {
    let own = own("parameters");
    let list = own.door.get("/v1/reports", &[]);
    let list = list.expect_status(200).json();
    let reports = list["reports"].as_array().unwrap();
    let names: Vec<&Value> = reports.iter().map(|report| &report["name"]).collect();
    assert_eq!(
        names,
        [
            "response-times",
            "conversations",
            "messages",
            "calls",
            "missed-calls",
            "sources",
            "pools"
        ]
    );
    for report in reports {
        let name = report["name"].as_str().unwrap();
        let listed: Vec<&Value> = report["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| &column["name"])
            .collect();
        let table = own.door.report(name, &MARCH);
        assert_eq!(
            table
                .columns()
                .iter()
                .map(|name| json!(name))
                .collect::<Vec<_>>()
                .iter()
                .collect::<Vec<_>>(),
            listed
        );
        for column in table.json["columns"].as_array().unwrap() {
            assert!(column["unit"].is_string(), "{column}");
        }
    }
}

#[test]
fn a_report_is_also_csv() {
    let own = given("csv", &some());
    let parameters = [&MARCH[..], &[("by", "manager")]].concat();
    let table = own.march("response-times", &[("by", "manager")]);
    let by_header = own.door.get_csv("/v1/reports/response-times", &parameters);
    assert!(
        by_header
            .expect_status(200)
            .header("content-type")
            .unwrap()
            .starts_with("text/csv")
    );
    let by_parameter = [&parameters[..], &[("format", "csv")]].concat();
    let by_parameter = own.door.get("/v1/reports/response-times", &by_parameter);
    assert_eq!(by_parameter.body, by_header.body);
    let mut reader = csv::Reader::from_reader(by_header.body.as_slice());
    assert_eq!(reader.headers().unwrap(), table.columns());
    let records: Vec<csv::StringRecord> = reader.records().map(|record| record.unwrap()).collect();
    assert_eq!(records.len(), 3);
    let mean = table
        .columns()
        .iter()
        .position(|name| name == "mean_s")
        .unwrap();
    assert_eq!((&records[0][0], &records[0][mean]), ("ana", "120.000"));
}

/// Turns every page of the rows behind a report.
pub(crate) fn all_rows(door: &Door, report: &str, parameters: &[(&str, &str)]) -> Vec<Table> {
    let path = format!("/v1/reports/{report}/rows");
    let mut pages = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let mut parameters = parameters.to_vec();
        parameters.extend(after.as_deref().map(|after| ("after", after)));
        let answer = door.get(&path, &parameters);
        let json = answer.expect_status(200).json();
        after = json["next"].as_str().map(str::to_owned);
        pages.push(Table::of(json));
        if after.is_none() {
            return pages;
        }
        assert!(pages.len() < 10_000, "the pages never end");
    }
}

#[test]
fn the_rows_behind_a_figure_sum_up_to_it() {
    let own = own("rows");
    let events = generate::log(11, 60);
    own.door.send_flushed(&events);
    let span = [
        ("from", "2026-01-01T00:00:00Z"),
        ("to", "2026-12-31T00:00:00Z"),
    ];
    for definition in ["kommo", "turn", "wait", "assigned", "first"] {
        for filter in [&[][..], &[("manager", "manager-3")], &[("channel", "web")]] {
            let parameters = [&span[..], &[("definition", definition)], filter].concat();
            let figures = own.door.report("response-times", &parameters);
            let paged = [&parameters[..], &[("limit", "17")]].concat();
            let pages = all_rows(&own.door, "response-times", &paged);
            let millis: Vec<i64> = pages
                .iter()
                .flat_map(|page| (0..page.len()).filter_map(|row| page.millis(row, "response_s")))
                .collect();
            assert_eq!(
                millis.len() as u64,
                figures.count(0, "count"),
                "{parameters:?}"
            );
            assert_eq!(
                Some(millis.iter().sum()),
                figures.millis(0, "sum_s"),
                "{parameters:?}"
            );
            let times: Vec<String> = pages
                .iter()
                .flat_map(|page| page.column("at"))
                .map(|at| at.to_string())
                .collect();
            assert!(times.is_sorted_by(|a, b| a >= b), "newest first");
        }
    }
    let reference = Reference::of(&events);
    let messages: usize = all_rows(&own.door, "messages", &span)
        .iter()
        .map(Table::len)
        .sum();
    assert_eq!(messages, reference.messages().len());
    let figures = own.door.report("conversations", &span);
    let rows: usize = all_rows(&own.door, "conversations", &span)
        .iter()
        .map(Table::len)
        .sum();
    assert_eq!(rows as u64, figures.count(0, "participations"));
    let waits = reference.by_manager(Definition::Wait, reference.span());
    assert!(waits.len() >= 8);
}

#[test]
fn a_token_for_some_managers_shows_theirs_only() {
    let mut events = Vec::new();
    for manager in ["ana", "luis", "eva", "nobody-knows"] {
        events.extend(
            Thread::new(manager)
                .contact("10:00")
                .manager(manager, "10:05")
                .events(),
        );
    }
    let own = given("teams-restricted", &events);
    let seen = |name: &str| {
        let door = own.door.with_token(&token(own.account, name));
        let by = [&MARCH[..], &[("by", "manager")]].concat();
        let rows = all_rows(&door, "response-times", &MARCH);
        let rows: usize = rows.iter().map(Table::len).sum();
        let managers = door.report("response-times", &by).column("manager");
        let asked = [&MARCH[..], &[("manager", "ana"), ("manager", "eva")]].concat();
        (
            managers,
            rows,
            door.report("messages", &asked).count(0, "messages"),
        )
    };
    assert_eq!(seen("of-sales"), (vec![json!("ana"), json!("luis")], 2, 1));
    assert_eq!(seen("of-eva"), (vec![json!("eva")], 1, 1));
    assert_eq!(seen("read").1, 4);
    // What a contact wrote is nobody's of them.
    let door = own.door.with_token(&token(own.account, "of-eva"));
    assert_eq!(door.report("messages", &MARCH).count(0, "messages"), 1);
    assert_eq!(
        door.report("conversations", &MARCH)
            .count(0, "participations"),
        1
    );
}
