//! One log has one answer: generated logs, permuted and duplicated, flushed at other moments, give
//! byte-identical answers of every report and byte-identical views.

use e2e::compare;
use e2e::config::{Account, Config};
use e2e::doors::Door;
use e2e::events::Event;
use e2e::facts;
use e2e::generate::{self, disorder, seed};
use e2e::reference::Reference;
use e2e::service::Service;

const SPAN: [(&str, &str); 2] = [
    ("from", "2026-01-01T00:00:00Z"),
    ("to", "2026-12-31T00:00:00Z"),
];

/// Every question that is asked: a path and its parameters.
fn questions() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let mut questions = Vec::new();
    let mut ask = |report: &str, more: &[(&'static str, &'static str)]| {
        for rows in ["", "/rows"] {
            let limit = if rows.is_empty() { "100000" } else { "1000" };
            let parameters = [&SPAN[..], more, &[("limit", limit)]].concat();
            questions.push((format!("/v1/reports/{report}{rows}"), parameters));
        }
    };
    let cuts: [&[(&str, &str)]; 9] = [
        &[],
        &[("by", "manager")],
        &[("by", "team")],
        &[("by", "channel,manager")],
        &[("interval", "day")],
        &[("interval", "hour"), ("by", "manager")],
        &[("by", "hour,weekday"), ("tz", "Asia/Kathmandu")],
        &[
            ("manager", "manager-1"),
            ("manager", "manager-2"),
            ("interval", "week"),
        ],
        &[("channel", "web"), ("by", "manager"), ("order", "-manager")],
    ];
    for cut in cuts {
        for definition in ["kommo", "turn", "wait", "assigned", "first"] {
            ask(
                "response-times",
                &[&[("definition", definition)], cut].concat(),
            );
        }
        ask("conversations", cut);
        ask("messages", cut);
    }
    ask("messages", &[("by", "author,direction,kind")]);
    ask(
        "response-times",
        &[("by", "manager"), ("format", "csv"), ("order", "-p99_s")],
    );
    questions
}

/// All answers as bytes, without `as_of` and how long the longest has waited until then, and without
/// the links to further pages, which each installation seals with its own key.
fn answers(door: &Door) -> Vec<(String, String)> {
    let ask = |(path, parameters): (String, Vec<(&str, &str)>)| {
        let answer = door.get(&path, &parameters);
        let text = without_longest_wait(&answer.expect_status(200).text());
        let text = without(&without(&text, "as_of"), "next");
        (format!("{path} {parameters:?}"), text)
    };
    questions().into_iter().map(ask).collect()
}

/// `response-times` ends its rows with `longest_wait_s`, in JSON and in CSV.
fn without_longest_wait(text: &str) -> String {
    if !text.contains("longest_wait_s") {
        return text.to_owned();
    }
    let cut = |row: &str| row.rsplit_once(',').map_or("", |(row, _)| row).to_owned();
    let rows = text.split([']', '\n']).map(cut);
    rows.collect::<Vec<_>>().join("\n")
}

fn without(text: &str, name: &str) -> String {
    let Some((before, after)) = text.split_once(&format!("\"{name}\":\"")) else {
        return text.to_owned();
    };
    let after = after.split_once('"').map_or("", |(_, after)| after);
    format!("{before}{after}")
}

fn views(service: &Service) -> Vec<(String, String)> {
    let views = service.views();
    let dump = |view: String| {
        let text = views.text(&format!(
            "SELECT * FROM {view} ORDER BY ALL FORMAT TSVWithNames"
        ));
        (view, text)
    };
    views.names().into_iter().map(dump).collect()
}

/// Sends in parts, some of them through to ClickHouse before the next, so that rows are written and
/// written again.
fn send(service: &Service, events: &[Event], parts: usize) {
    let door = service.door("acme");
    for part in events.chunks(events.len().div_ceil(parts)) {
        for batch in part.chunks(250) {
            door.send(batch);
        }
        door.flush();
    }
}

fn config() -> Config {
    let team = "[[account.team]]\nid = \"north\"\nname = \"North\"\n\
                managers = [\"manager-1\", \"manager-4\"]\n";
    let gap = "[[account.channel]]\nid = \"whatsapp\"\nname = \"WhatsApp\"\ncycle_gap = \"24h\"\n";
    Config::of([Account::new("acme").section(team).section(gap)])
}

#[test]
fn any_permutation_and_duplication_of_a_log_gives_the_same_bytes() {
    let seed = seed();
    println!("seed {seed}");
    let events = generate::wild(seed, 160);
    let mut first: Option<Vec<(String, String)>> = None;
    for (round, parts) in [1, 4, 7].into_iter().enumerate() {
        let round = round as u64;
        let sent = if round == 0 {
            events.clone()
        } else {
            disorder(&events, seed + round, 30)
        };
        let service = Service::start(config());
        send(&service, &sent, parts);
        let mut answered = answers(&service.door("acme"));
        answered.extend(views(&service));
        let sums = service.door("acme").metrics().sums();
        assert!(sums.balance() && sums.conflict == 0, "{sums:?}");
        let Some(first) = &first else {
            first = Some(answered);
            continue;
        };
        assert_eq!(first.len(), answered.len());
        for ((question, one), (_, other)) in first.iter().zip(&answered) {
            let place = one
                .bytes()
                .zip(other.bytes())
                .take_while(|(one, other)| one == other)
                .count();
            let around = |text: &str| {
                let end = text.len().min(place + 120);
                String::from_utf8_lossy(&text.as_bytes()[place.saturating_sub(120)..end])
                    .into_owned()
            };
            assert!(
                one == other,
                "{question}, round {round}, byte {place}:\n{}\n{}",
                around(one),
                around(other)
            );
        }
    }
}

#[test]
fn a_generated_log_in_disorder_gives_the_figures_of_the_reference() {
    let seed = seed();
    println!("seed {seed}");
    let events = generate::log(seed, 300);
    let reference = Reference::of(&events);
    let service = Service::start(Config::acme());
    send(&service, &disorder(&events, seed, 30), 3);
    facts::assert_exact(&service.views(), "acme", &reference);
    compare::assert_equal(&service.door("acme"), &reference, reference.span());
}
