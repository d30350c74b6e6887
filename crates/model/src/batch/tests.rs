use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::{Kind, examples};
use crate::word::Word;

/// 2026-03-02T10:00:00Z, three quarters of an hour after the examples.
const NOW: Time = Time(1_772_445_600_000);

fn parse(body: impl Into<Vec<u8>>, shape: Shape) -> Result<Batch, Refusal> {
    Batch::parse(body.into(), shape, NOW, &Limits::default())
}

fn message(id: &str) -> String {
    let mut event = examples(Kind::Message).remove(0);
    event["id"] = id.into();
    event.to_string()
}

fn ids(batch: &Batch) -> Vec<String> {
    batch
        .events
        .items()
        .iter()
        .map(|item| item.event.id().unwrap_or("").to_owned())
        .collect()
}

fn codes(batch: &Batch) -> Vec<(u32, Code)> {
    batch
        .rejected
        .iter()
        .map(|rejected| (rejected.index, rejected.code))
        .collect()
}

#[test]
fn a_batch_may_go_to_another_thread() {
    fn is_send<T: Send + 'static>(_: &T) {}
    let batch = parse(message("a"), Shape::Json).unwrap();
    is_send(&batch);
    let ids = std::thread::spawn(move || ids(&batch)).join().unwrap();
    assert_eq!(ids, ["a"]);
}

#[test]
fn the_raw_bytes_of_an_event_are_kept_as_they_came() {
    let spaced = format!("  {}\n", message("a").replace(',', " , "));
    let batch = parse(spaced.clone(), Shape::Json).unwrap();
    assert_eq!(batch.events.items()[0].raw, spaced.trim());
    let lines = format!("\r\n{}\r\n\r\n  \n{}", spaced.trim(), message("b"));
    let batch = parse(lines, Shape::Ndjson).unwrap();
    assert_eq!(batch.events.items()[0].raw, spaced.trim());
    assert_eq!(ids(&batch), ["a", "b"]);
    assert_eq!(batch.items, 2);
}

#[test]
fn one_bad_item_never_harms_its_neighbours() {
    let items = [
        message("a"),
        r#"{"type":"massage"}"#.to_owned(),
        r#"{"type":"message"}"#.to_owned(),
        "5".to_owned(),
        message("b"),
    ];
    let expected = [
        (1, Code::UnknownType),
        (2, Code::MissingField),
        (3, Code::Malformed),
    ];
    let array = parse(format!("[{}]", items.join(",")), Shape::Json).unwrap();
    let lines = parse(items.join("\n"), Shape::Ndjson).unwrap();
    for batch in [array, lines] {
        assert_eq!(ids(&batch), ["a", "b"]);
        assert_eq!(codes(&batch), expected);
        assert_eq!(batch.items, 5);
    }
}

#[test]
fn a_broken_line_is_refused_alone_and_a_broken_array_whole() {
    let broken = &message("b")[..30];
    let lines = parse(
        format!("{}\n{broken}\n{}", message("a"), message("c")),
        Shape::Ndjson,
    )
    .unwrap();
    assert_eq!(ids(&lines), ["a", "c"]);
    assert_eq!(codes(&lines), [(1, Code::Malformed)]);
    for array in [
        format!("[{},{broken}]", message("a")),
        format!("[{}", message("a")),
        format!("[{},]", message("a")),
        format!("[{}] x", message("a")),
        format!("[{}]{}", message("a"), message("b")),
    ] {
        assert_eq!(
            parse(array.clone(), Shape::Json).unwrap_err().code,
            Code::Malformed,
            "{array}"
        );
    }
}

#[test]
fn a_body_in_which_nothing_parses_is_refused() {
    for (body, shape) in [
        ("", Shape::Json),
        ("{", Shape::Json),
        ("5", Shape::Json),
        ("\"x\"", Shape::Json),
        ("[1,null]", Shape::Json),
        ("[[]]", Shape::Json),
        ("x\ny", Shape::Ndjson),
        ("[]\n5", Shape::Ndjson),
    ] {
        assert_eq!(
            parse(body, shape).unwrap_err().code,
            Code::Malformed,
            "{body}"
        );
    }
}

#[test]
fn a_body_of_refused_objects_is_a_batch_without_events() {
    for (body, shape) in [
        ("{\"type\":\"x\"}", Shape::Json),
        ("[{\"type\":\"x\"}]", Shape::Json),
        ("{\"type\":\"x\"}\n5", Shape::Ndjson),
    ] {
        let batch = parse(body, shape).unwrap();
        assert!(batch.events.is_empty());
        assert_eq!(batch.rejected[0].code, Code::UnknownType);
    }
    for (body, shape) in [
        ("[]", Shape::Json),
        ("", Shape::Ndjson),
        (" \n\n", Shape::Ndjson),
    ] {
        let batch = parse(body, shape).unwrap();
        assert_eq!((batch.items, batch.events.len()), (0, 0));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_by_the_line_or_whole() {
    let mut lines = message("a").into_bytes();
    lines.extend_from_slice(b"\n{\"type\":\"\xff\"}\n");
    lines.extend_from_slice(message("c").as_bytes());
    let batch = parse(lines.clone(), Shape::Ndjson).unwrap();
    assert_eq!(ids(&batch), ["a", "c"]);
    assert_eq!(codes(&batch), [(1, Code::InvalidUtf8)]);
    assert_eq!(
        parse(lines, Shape::Json).unwrap_err().code,
        Code::InvalidUtf8
    );
    assert_eq!(
        parse(*b"\xff\n\xfe", Shape::Ndjson).unwrap_err().code,
        Code::InvalidUtf8
    );
}

#[test]
fn a_byte_order_mark_is_skipped() {
    for shape in [Shape::Json, Shape::Ndjson] {
        assert_eq!(
            ids(&parse(format!("\u{feff}{}", message("a")), shape).unwrap()),
            ["a"]
        );
    }
}

#[test]
fn more_than_the_most_items_are_refused_whole() {
    let limits = Limits {
        items: 3,
        ..Limits::default()
    };
    let bodies = |count: usize| {
        let items = vec![message("a"); count];
        [
            (format!("[{}]", items.join(",")), Shape::Json),
            (items.join("\n\n"), Shape::Ndjson),
        ]
    };
    for (body, shape) in bodies(3) {
        assert_eq!(
            Batch::parse(body.into(), shape, NOW, &limits)
                .unwrap()
                .items,
            3
        );
    }
    for (body, shape) in bodies(4) {
        let refusal = Batch::parse(body.into(), shape, NOW, &limits).unwrap_err();
        assert_eq!(refusal.code, Code::TooMany);
    }
}

#[test]
fn large_and_deep_items_are_refused_alone() {
    let mut large: Value = serde_json::from_str(&message("b")).unwrap();
    large["text"] = "x".repeat(1 << 20).into();
    let nested = |levels: usize| {
        let inner = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        message("d").replacen('{', &format!("{{\"x\":{inner},"), 1)
    };
    let items = [
        message("a"),
        large.to_string(),
        nested(63),
        nested(64),
        nested(100_000),
    ];
    let array = parse(format!("[{}]", items.join(",")), Shape::Json).unwrap();
    let lines = parse(items.join("\n"), Shape::Ndjson).unwrap();
    for batch in [array, lines] {
        assert_eq!(ids(&batch), ["a", "d"]);
        let expected = [(1, Code::TooLarge), (3, Code::TooDeep), (4, Code::TooDeep)];
        assert_eq!(codes(&batch), expected);
    }
}

#[test]
fn an_event_more_than_a_day_ahead_is_refused() {
    let at = |millis: i64| {
        let mut event = examples(Kind::Message).remove(0);
        event["at"] = Time(millis).to_string().into();
        event.to_string()
    };
    let day = NOW.0 + 86_400_000;
    let batch = parse(format!("{}\n{}", at(day), at(day + 1)), Shape::Ndjson).unwrap();
    assert_eq!(batch.events.len(), 1);
    assert_eq!(codes(&batch), [(1, Code::Future)]);
    let detail = &batch.rejected[0].detail;
    assert!(detail.contains("2026-03-03T10:00:00.001Z"), "{detail}");
}

#[test]
fn money_of_a_day_more_than_a_day_ahead_is_refused() {
    let on = |date: &str| {
        let mut event = examples(Kind::Spend).remove(0);
        event["as_of"] = NOW.to_string().into();
        event["date"] = date.into();
        event.to_string()
    };
    // Now is 2026-03-02T10:00Z: in the easternmost zone a day from now is 2026-03-04.
    let dates = ["2026-03-02", "2026-03-04", "2026-03-05", "2099-01-01"];
    let batch = parse(dates.map(on).join("\n"), Shape::Ndjson).unwrap();
    assert_eq!(batch.events.len(), 2);
    assert_eq!(codes(&batch), [(2, Code::Future), (3, Code::Future)]);
    let detail = &batch.rejected[0].detail;
    assert!(detail.contains("`date` is 2026-03-05"), "{detail}");
}

#[test]
fn one_event_may_be_parsed_without_a_body() {
    assert!(Parsed::empty().is_empty());
    let one = Parsed::one(message("a")).unwrap();
    assert_eq!((one.len(), one.items()[0].event.id()), (1, Some("a")));
    assert_eq!(Parsed::one("{}").unwrap_err().code, Code::MissingField);
}

fn item() -> impl Strategy<Value = Value> {
    let good = (prop::sample::select(Kind::ALL), 0..2_usize)
        .prop_map(|(kind, place)| examples(kind).remove(place));
    let bad = prop::sample::select(vec![
        json!({}),
        json!({ "type": "message" }),
        json!({ "type": "massage" }),
        json!({ "type": "presence", "manager": "", "state": "active", "at": 1 }),
        json!({ "type": "presence", "manager": "a", "state": "active", "at": "2090-01-01T00:00:00Z" }),
    ]);
    prop_oneof![3 => good, 1 => bad]
}

proptest! {
    #[test]
    fn all_shapes_give_the_same_events(items in prop::collection::vec(item(), 1..20)) {
        let texts: Vec<String> = items.iter().map(Value::to_string).collect();
        let array = parse(format!("[{}]", texts.join(" , ")), Shape::Json).unwrap();
        let lines = parse(texts.join("\n"), Shape::Ndjson).unwrap();
        let mut alone = (Vec::new(), Vec::new());
        for (index, text) in texts.iter().enumerate() {
            let one = parse(text.clone(), Shape::Json).unwrap();
            prop_assert_eq!(one.items, 1);
            alone.0.extend(one.events.items().iter().map(|item| format!("{:?}", item.event)));
            alone.1.extend(one.rejected.into_iter().map(|r| (index as u32, r.code, r.detail)));
        }
        for batch in [array, lines] {
            let events: Vec<_> = batch.events.items().iter().map(|item| format!("{:?}", item.event)).collect();
            let rejected: Vec<_> = batch.rejected.into_iter().map(|r| (r.index, r.code, r.detail)).collect();
            prop_assert_eq!(events.len() + rejected.len(), batch.items as usize);
            prop_assert_eq!((events, rejected), alone.clone());
        }
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(bytes.clone(), Shape::Json);
        let _ = parse(bytes, Shape::Ndjson);
    }

    #[test]
    fn no_damaged_body_panics(
        items in prop::collection::vec(item(), 1..5),
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
    ) {
        let mut body = serde_json::to_vec(&items).unwrap();
        for (place, byte) in places {
            let place = place.index(body.len());
            body[place] = byte;
        }
        let _ = parse(body.clone(), Shape::Json);
        let _ = parse(body, Shape::Ndjson);
    }
}

#[test]
fn frames_are_parsed_together_and_none_harms_another() {
    let frames = [
        message("a"),
        format!("[{},5,{}]", message("b"), message("c")),
        "[".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!(" {} ", message("d")),
    ];
    let (mut body, mut ends) = (Vec::new(), Vec::new());
    for frame in &frames {
        body.extend_from_slice(frame.as_bytes());
        ends.push(body.len());
    }
    let parsed = Frames::parse(body, &ends, NOW, &Limits::default());
    let items = parsed.events.items().iter();
    let ids: Vec<_> = items.map(|item| item.event.id().unwrap_or("")).collect();
    assert_eq!(ids, ["a", "b", "c", "d"]);
    let refused: Vec<_> = parsed
        .refused
        .iter()
        .map(|it| (it.frame, it.index, it.code))
        .collect();
    let expected = [
        (1, Some(1), Code::Malformed),
        (2, None, Code::Malformed),
        (4, Some(0), Code::MissingField),
    ];
    assert_eq!(refused, expected);
}
