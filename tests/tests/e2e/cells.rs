//! Reports from cells of figures: the same as from messages through the whole service, and read
//! indeed.

use e2e::chats;
use e2e::config::Config;
use e2e::engine::Engine;
use e2e::service::Service;
use serde_json::Value;

/// The first instants of periods with the same messages: on a cell, and not.
const ON_A_CELL: &str = "2000-01-01T00:00:00Z";
const WITHIN_ONE: &str = "2000-01-01T00:00:00.001Z";

/// Reports, what they are told apart by, and by which definition.
const QUESTIONS: [[&str; 3]; 6] = [
    ["response-times", "manager", "kommo"],
    ["response-times", "manager,channel", "first"],
    ["response-times", "hour,weekday", "wait"],
    ["response-times", "channel", "assigned"],
    ["messages", "manager,author", ""],
    ["messages", "hour,direction", ""],
];

fn rows(service: &Service, [report, by, definition]: [&str; 3], from: &str) -> Value {
    let to = "2100-01-01T00:00:00Z";
    let mut parameters = vec![("from", from), ("to", to), ("tz", "UTC"), ("by", by)];
    parameters.push(("limit", "10000"));
    if !definition.is_empty() {
        parameters.push(("definition", definition));
    }
    let path = format!("/v1/reports/{report}");
    let answer = service.door("acme").get(&path, &parameters);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut rows = answer.json()["rows"].clone();
    if report == "response-times" {
        // The last figure, how long the longest has waited, grows from question to question.
        for row in rows.as_array_mut().expect("rows") {
            row.as_array_mut().expect("a row").pop();
        }
    }
    rows
}

#[test]
fn real_conversations_have_the_same_reports_from_cells_and_from_messages() {
    let engine = Engine::start();
    let config = Config::acme().warehouse(&engine.settings(engine.password()));
    let service = Service::start(config);
    let door = service.door("acme");
    for part in chats::real().chunks(1_000) {
        door.send(part);
    }
    door.flush();
    for question in QUESTIONS {
        let cells = rows(&service, question, ON_A_CELL);
        assert!(cells.as_array().is_some_and(|rows| !rows.is_empty()));
        assert_eq!(cells, rows(&service, question, WITHIN_ONE), "{question:?}");
    }
    // What stands in the cells is what is answered, and only where they are read.
    let tamper = "INSERT INTO answers SELECT * REPLACE (count + 1 AS count) FROM answers FINAL";
    engine.views().text(tamper);
    for question in QUESTIONS {
        let cells = rows(&service, question, ON_A_CELL);
        assert_ne!(cells, rows(&service, question, WITHIN_ONE), "{question:?}");
    }
}
