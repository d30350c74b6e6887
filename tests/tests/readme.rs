//! What the README says is true: its commands are run against a started service, their answers compared with the ones
//! it shows, and its `make` targets exist.
//!
//! A fenced block that begins with "```sh test" is run by bash, with the address of a fresh service in `TRUNKLINE` and
//! the token of its account in `TOKEN`. If the next block is "```json", "```csv" or "```text", it is what the command answers;
//! of JSON what differs from run to run is passed over: see [`PASSED_OVER`]. The block "```text demo" is what `make run` shows, but
//! for its figures and for lines that are only "...".
#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::clock::holds_within;
use e2e::config::{Account, Config, token};
use e2e::doors::Door;
use e2e::service::{Service, binary, free_port, terminate};
use serde_json::Value;

/// Fields of answers that differ from run to run.
const PASSED_OVER: [&str; 4] = ["as_of", "durable", "flushed", "offset"];

/// A fenced block: what stands behind its opening fence, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    kind: String,
    text: String,
    line: usize,
}

#[test]
fn the_commands_of_the_readme_answer_what_it_says() {
    let blocks = blocks(&readme());
    let service = Service::start(Config::of([Account::new("demo")]));
    let mut ran = 0;
    for (place, block) in blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| block.kind == "sh test")
    {
        let answer = run(block, &service);
        match blocks.get(place + 1) {
            Some(shown) if shown.kind == "json" => {
                let expected = parse(&shown.text, shown.line);
                assert_eq!(
                    parse(&answer, block.line),
                    expected,
                    "README.md:{}: the answer is\n{answer}",
                    shown.line
                );
            }
            Some(shown) if shown.kind == "csv" || shown.kind == "text" => {
                assert_eq!(
                    lines(&answer),
                    lines(&shown.text),
                    "README.md:{}",
                    shown.line
                );
            }
            _ => {}
        }
        ran += 1;
    }
    assert!(
        ran > 0,
        "README.md has no block that begins with ```sh test"
    );
}

#[test]
fn the_demo_shows_what_the_readme_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(binary())
        .args(["demo", "--no-live"])
        .current_dir(folder.path())
        .env_remove("TRUNKLINE_CONFIG")
        .env(
            "TRUNKLINE__SERVER__LISTEN",
            format!("127.0.0.1:{}", free_port()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut shown = BTreeSet::new();
    for line in lines.map_while(Result::ok) {
        shown.insert(without_figures(&line));
        if line.contains("Ctrl-C") {
            break;
        }
    }
    terminate(child.id());
    assert!(child.wait().expect("a child").success());
    let blocks = blocks(&readme());
    let block = blocks.iter().find(|block| block.kind == "text demo");
    let block = block.expect("README.md has a block that begins with ```text demo");
    let expected = block.text.lines().filter(|line| *line != "...");
    // This run is not live, so that it is over at once.
    let expected = expected.filter(|line| !line.starts_with("The company goes on live"));
    for line in expected {
        assert!(
            shown.contains(&without_figures(line)),
            "README.md:{}: the demo does not show\n{line}\nbut {shown:#?}",
            block.line
        );
    }
}

#[test]
fn a_service_without_a_file_makes_its_data_and_brings_its_clickhouse_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = format!("127.0.0.1:{}", free_port());
    let mut child = Command::new(binary())
        .arg("serve")
        .current_dir(folder.path())
        .env_remove("TRUNKLINE_CONFIG")
        .env("TRUNKLINE__SERVER__LISTEN", &address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let door = Door::at(&format!("http://{address}"), "");
    let up = holds_within(Duration::from_mins(1), || {
        door.try_get("/readyz")
            .is_some_and(|answer| answer.json()["warehouse"] == "up")
    });
    terminate(child.id());
    let ended = child.wait().expect("a child");
    assert!(
        up,
        "the ClickHouse in ./data did not come up within a minute"
    );
    assert!(ended.success(), "stopped with {ended}");
    assert!(folder.path().join("data/journal").is_dir());
}

#[test]
fn the_make_targets_of_the_readme_exist() {
    let makefile = std::fs::read_to_string(root().join("Makefile")).expect("a Makefile");
    let text = readme();
    let inline = text.split("`make ").skip(1);
    let fenced = text.lines().filter_map(|line| line.strip_prefix("make "));
    let word = |rest: &str| {
        rest.split(|c: char| !c.is_ascii_lowercase() && c != '-')
            .next()
            .map(str::to_owned)
    };
    for target in inline.chain(fenced).filter_map(word) {
        assert!(
            makefile.contains(&format!("\n{target}:")),
            "the README says `make {target}`, which is no target"
        );
    }
}

/// Keeps of a line what does not differ from run to run.
fn without_figures(line: &str) -> String {
    let line = line.split_once("trk_").map_or(line, |(before, _)| before);
    line.chars()
        .filter(|char| !char.is_ascii_digit() && !" .:".contains(*char))
        .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).expect("a README")
}

fn run(block: &Block, service: &Service) -> String {
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &block.text])
        .current_dir(root())
        .env("TRUNKLINE", format!("http://127.0.0.1:{}", service.port()))
        .env("TOKEN", token("demo", "all"))
        .output()
        .expect("bash runs");
    let (answer, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "README.md:{}: {}\n{said}{answer}",
        block.line,
        output.status
    );
    answer.into_owned()
}

fn parse(text: &str, line: usize) -> Value {
    let value = serde_json::from_str(text)
        .unwrap_or_else(|why| panic!("README.md:{line}: {why} in\n{text}"));
    settled(value)
}

/// Gives lines to compare: of those that are JSON what differs from run to run is passed over.
fn lines(text: &str) -> Vec<String> {
    let settle = |line: &str| match serde_json::from_str(line) {
        Ok(value @ Value::Object(_)) => settled(value).to_string(),
        _ => line.to_owned(),
    };
    text.lines().map(settle).collect()
}

fn settled(mut value: Value) -> Value {
    if let Value::Object(fields) = &mut value {
        for field in PASSED_OVER {
            if let Some(value) = fields.get_mut(field).filter(|value| value.is_string()) {
                *value = Value::Null;
            }
        }
    }
    value
}

fn blocks(text: &str) -> Vec<Block> {
    let mut found: Vec<Block> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), found.last_mut()) {
            (Some(_), _) if inside => inside = false,
            (Some(kind), _) => {
                inside = true;
                found.push(Block {
                    kind: kind.trim().to_owned(),
                    text: String::new(),
                    line: number + 1,
                });
            }
            (None, Some(block)) if inside => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            _ => {}
        }
    }
    found
}

#[test]
fn blocks_are_found_with_their_kind_and_line() {
    let found = blocks("words\n```sh test\none\ntwo\n```\nmore\n```json\n{}\n```\n");
    let block = |kind: &str, text: &str, line| Block {
        kind: kind.to_owned(),
        text: text.to_owned(),
        line,
    };
    assert_eq!(
        found,
        [block("sh test", "one\ntwo\n", 2), block("json", "{}\n", 7)]
    );
}
