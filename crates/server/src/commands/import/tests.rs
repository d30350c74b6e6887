//! Files of all kinds, with their traps, through maps; the example of the user's document; the maps
//! that we ship.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;

use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use serde_json::Value;
use tempfile::TempDir;
use trunkline_model::event::Event;

use super::tally::Tally;
use super::*;

const MAP: &str = r#"
    [[event]]
    type = "message"
    id = "{id}"
    conversation = "{c}"
    contact = "{c}"
    channel = "web"
    author = "contact"
    at = "{at}"
"#;

/// Reads a file with a map; gives its frames and what was counted.
fn read(name: &str, bytes: &[u8], map: &str) -> Result<(Vec<stream::Frame>, Tally)> {
    let dir = TempDir::new()?;
    let path = dir.path().join(name);
    fs::write(&path, bytes)?;
    let map = Map::parse(map)?;
    let rows = Rows::open(&path, told_by_name(&path)?, Some(&map))?;
    let mut framer = Framer::new(rows, By::Map(&map), "run", NEVER);
    let mut frames = Vec::new();
    while let Some(frame) = framer.next()? {
        frames.push(frame);
    }
    Ok((frames, framer.into_tally()))
}

fn events(frames: &[stream::Frame]) -> Vec<Value> {
    let bodies = frames.iter().map(|frame| serde_json::from_str(&frame.body));
    let each = bodies.flat_map(|body: Result<Value, _>| match body.unwrap() {
        Value::Array(list) => list,
        one => vec![one],
    });
    each.collect()
}

/// Gives the ids of the events that a file makes, each with its row, and the summary.
fn ids(name: &str, bytes: &[u8]) -> (Vec<(String, u64)>, String) {
    let (frames, tally) = read(name, bytes, MAP).unwrap();
    let rows = frames.iter().flat_map(|frame| frame.rows.clone());
    let ids = events(&frames).into_iter();
    let ids = ids.map(|event| event["id"].as_str().unwrap_or_default().to_owned());
    (ids.zip(rows).collect(), tally.summary(Path::new(name)))
}

fn why(name: &str, bytes: &[u8]) -> String {
    format!("{:#}", read(name, bytes, MAP).err().unwrap())
}

fn pairs(of: &[(&str, u64)]) -> Vec<(String, u64)> {
    of.iter()
        .map(|(id, row)| ((*id).to_owned(), *row))
        .collect()
}

#[test]
fn a_spreadsheets_csv_is_read_with_its_mark_and_its_line_breaks() {
    let text = "\u{feff}id,c,at,text\r\n1,a,0,\"two\r\nlines, \"\"quoted\"\"\"\r\n2,b,0,x\r\n\r\n3,c,0,\r\n";
    let (ids, summary) = ids("x.csv", text.as_bytes());
    assert_eq!(ids, pairs(&[("1", 2), ("2", 4), ("3", 6)]), "{summary}");
}

#[test]
fn a_bad_row_is_refused_with_its_line_and_harms_no_other() {
    let mut text = b"id,c,at\n1,a,0\n2,b\n3,c,0,0\n4,\xff,0\n5,,0\n6,d,never\n7,e,0\n".to_vec();
    let (ids, summary) = ids("x.csv", &text);
    assert_eq!(ids, pairs(&[("1", 2), ("7", 8)]), "{summary}");
    for part in [
        "x.csv: 7 rows, 2 events (2 message)",
        "refused: 5",
        "3 x row: it has 2 cells under 3 columns; is a quote or a delimiter lost? (rows 3, 4, 5)",
        "1 x missing_field conversation: ",
        "1 x invalid_field at: ",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    for _ in 0..40 {
        text.extend_from_slice(b"8,,0\n");
    }
    let (_, tally) = read("x.csv", &text, MAP).unwrap();
    let summary = tally.summary(Path::new("x.csv"));
    assert!(
        summary.contains("41 x missing_field conversation"),
        "{summary}"
    );
    assert!(
        summary.contains(
            "(rows 6, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, …)"
        ),
        "{summary}"
    );
}

#[test]
fn a_file_that_cannot_be_right_is_refused_as_a_whole() {
    for (name, bytes, part) in [
        ("x.csv", &b"id;c;at\n1;a;0\n"[..], "delimiter = \";\""),
        ("x.csv", b"id,c,c\n1,a,0\n", "two columns are called \"c\""),
        ("x.csv", b"Id,c,at\n1,a,0\n", "did you mean `Id`?"),
        ("x.csv", b"\xff\xfei\0d\0,\0c\0", "iconv -f utf-16"),
        ("x.csv", b"id,c,at,n\xe9\n", "iconv -f windows-1252"),
        ("x.csv", b"", "needs a column"),
        ("x.parquet", b"PAR1", "no whole Parquet file"),
        ("x.xlsx", b"", "--format"),
    ] {
        let why = why(name, bytes);
        assert!(why.contains(part), "{name}: {why}");
    }
}

#[test]
fn tabs_other_delimiters_and_files_without_a_header_are_read() {
    assert_eq!(
        ids("x.tsv", b"id\tc\tat\n1\ta,b\t0\n").0,
        pairs(&[("1", 2)])
    );
    let map = format!("[file]\ndelimiter = '|'\ncolumns = ['id', 'c', 'at']\n{MAP}");
    let (frames, _) = read("x.csv", b"1|a|0\n2|b|0\n", &map).unwrap();
    assert_eq!((events(&frames).len(), &frames[0].rows), (2, &vec![1, 2]));
}

#[test]
fn lines_of_json_are_read_one_by_one() {
    let mut text = "{\"id\":1,\"c\":\"a\",\"at\":0}\n\n  \n[1]\n{\"id\":2\n".to_owned();
    let _ = writeln!(text, "{{\"id\":3,\"c\":\"{}\"}}", "x".repeat(2_100_000));
    text.push_str("{\"id\":4,\"c\":\"b\",\"at\":0}");
    let (ids, summary) = ids("x.ndjson", text.as_bytes());
    assert_eq!(ids, pairs(&[("1", 1), ("4", 7)]), "{summary}");
    assert!(
        summary.contains("3 x row: not a JSON object (rows 4, 5, 6)"),
        "{summary}"
    );
}

#[test]
fn parquet_is_read_with_its_times_and_numbers() {
    let schema = "message m { required binary c (UTF8); optional int64 at (TIMESTAMP_MILLIS); \
                  required int64 id; optional double x; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts = [ByteArray::from("a"), ByteArray::from("b")];
    column
        .typed::<ByteArrayType>()
        .write_batch(&texts, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let at = [1_772_445_600_250_i64];
    column
        .typed::<Int64Type>()
        .write_batch(&at, Some(&[1, 0]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&[7, 8], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[0.5], Some(&[0, 1]), None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let (frames, tally) = read("x.parquet", &bytes, MAP).unwrap();
    let made = events(&frames);
    assert_eq!(
        (made.len(), &made[0]["at"]),
        (1, &Value::from("2026-03-02T10:00:00.250Z"))
    );
    assert_eq!(
        (&made[0]["id"], &made[0]["conversation"]),
        (&"7".into(), &"a".into())
    );
    let summary = tally.summary(Path::new("x.parquet"));
    assert!(
        summary.contains("1 x missing_field at: ") && summary.contains("(rows 2)"),
        "{summary}"
    );
}

#[test]
fn frames_are_always_the_same_and_hold_no_more_than_they_may() {
    let mut text = "id,c,at,text\n".to_owned();
    for row in 0..1_000 {
        let at = if row % 50 == 7 { "never" } else { "0" };
        let long = if row % 100 == 0 { 100_000 } else { 1 };
        let _ = writeln!(text, "{row},a,{at},{}", "x".repeat(long));
    }
    let _ = writeln!(text, "long,a,0,{}", "x".repeat(900_000));
    let _ = writeln!(text, "longer,a,0,{}", "x".repeat(1_000_000));
    let map = format!("{MAP}extra = {{ text = '{{text}}' }}");
    let (frames, tally) = read("x.csv", text.as_bytes(), &map).unwrap();
    let (again, _) = read("x.csv", text.as_bytes(), &map).unwrap();
    let bodies = |frames: &[stream::Frame]| -> Vec<String> {
        frames.iter().map(|frame| frame.body.to_string()).collect()
    };
    assert_eq!(bodies(&frames), bodies(&again));
    assert!(
        frames
            .iter()
            .all(|frame| frame.body.len() <= 1_000_000 && frame.rows.len() <= 200)
    );
    assert!(frames.last().unwrap().body.starts_with("{\"type\""));
    let sent: usize = frames.iter().map(|frame| frame.rows.len()).sum();
    assert_eq!(
        (sent, events(&frames).len(), tally.refused()),
        (981, 981, 21)
    );
    let last = frames.last().unwrap();
    assert_eq!(last.rows, [1_002]);
}

#[test]
fn every_event_carries_its_run_but_a_retraction_the_one_it_takes_back() {
    let (frames, _) = read("x.csv", b"id,c,at\n1,a,0\n", MAP).unwrap();
    assert_eq!(events(&frames)[0]["batch"], "run");
    let retract = "[[event]]\ntype = 'retract'\nbatch = 'other'\nat = '{at}'";
    let (frames, _) = read("x.csv", b"at\n0\n", retract).unwrap();
    assert_eq!(events(&frames)[0]["batch"], "other");
}

#[test]
fn a_run_is_named_after_file_and_map() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("x.csv");
    let name = |bytes: &[u8], map: &str| {
        fs::write(&path, bytes).unwrap();
        name_of(&path, map).unwrap()
    };
    let first = name(b"a", "b");
    assert_eq!(first, name(b"a", "b"));
    assert!(first != name(b"a", "c") && first != name(b"c", "b") && first != name(b"", "ba"));
    assert_eq!((first.len(), first.starts_with("import-")), (23, true));
}

/// Gives the first block of the user's document in a language.
fn block(language: &str) -> &'static str {
    let document = include_str!("../../../../../docs/import.md");
    let (_, rest) = document.split_once(&format!("```{language}\n")).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_example_of_the_document_makes_what_it_says() {
    let (frames, tally) = read("helpdesk.csv", block("csv").as_bytes(), block("toml")).unwrap();
    assert_eq!(
        tally.summary(Path::new("helpdesk.csv")),
        block("text").trim_end()
    );
    let unmarked = frames[0].body.replace(",\"batch\":\"run\"", "");
    let expected: Vec<&str> = block("json").lines().collect();
    assert_eq!(unmarked, format!("[{}]", expected.join(",")));
}

#[test]
fn the_maps_of_real_files_fit_them() {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/");
    let calls = fs::read(format!("{data}bank-calls-1999-02-a-head.tsv")).unwrap();
    let map = include_str!("../../../../../docs/maps/bank-calls.toml");
    let (frames, tally) = read("calls.tsv", &calls, map).unwrap();
    assert_eq!(tally.refused(), 0);
    let events = events(&frames);
    let first: Vec<(&str, &str)> = events[..3]
        .iter()
        .map(|event| {
            (
                event["phase"].as_str().unwrap(),
                event["at"].as_str().unwrap(),
            )
        })
        .collect();
    // The file says 7:02:47, 9 s of menu and 166 s of service, in a zone of +02:00.
    let expected = [
        ("started", "1999-02-01T05:02:47.000Z"),
        ("answered", "1999-02-01T05:02:56.000Z"),
        ("ended", "1999-02-01T05:05:42.000Z"),
    ];
    assert_eq!(
        (first, &events[2]["manager"]),
        (expected.to_vec(), &"DORIT".into())
    );
    for event in &events {
        Event::parse(&event.to_string()).unwrap();
    }

    let chats = fs::read(format!("{data}support-chats-a.csv")).unwrap();
    let map = include_str!("../../../../../docs/maps/support-chats.toml");
    let (_, tally) = read("chats.csv", &chats, map).unwrap();
    let summary = tally.summary(Path::new("chats.csv"));
    assert!(
        summary.starts_with("chats.csv: 2411 rows, 2411 events (2411 message)\n"),
        "{summary}"
    );
    assert_eq!(tally.refused(), 0);
}
