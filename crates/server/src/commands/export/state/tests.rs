use std::fs::OpenOptions;

use super::*;

const NOW: Time = Time(1_773_144_000_000);
const DAY: i64 = 86_400_000;

fn of(id: &str, stage: Stage, days: i64) -> Entry {
    Entry {
        id: id.to_owned(),
        kind: Kind::Won,
        at: NOW.plus(-days * DAY),
        stage,
        since: NOW,
        runs: 2,
        why: None,
    }
}

fn open(path: &Path) -> Result<State> {
    State::open(path, Destination::GoogleAds, NOW)
}

#[test]
fn the_last_word_of_each_survives_and_what_is_too_old_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let mut state = open(&path).unwrap();
    state
        .note([of("a", Stage::Sending, 1), of("b", Stage::Sending, 1)])
        .unwrap();
    state
        .note([of("a", Stage::Sent, 1), of("old", Stage::Sent, 181)])
        .unwrap();
    drop(state);
    let state = open(&path).unwrap();
    assert_eq!(state.stage("a"), Some(Stage::Sent));
    assert_eq!(
        (state.stage("b"), state.runs("b")),
        (Some(Stage::Sending), 2)
    );
    assert_eq!(state.stage("old"), None);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[test]
fn a_torn_last_line_is_cut_and_a_damaged_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    open(&path)
        .unwrap()
        .note([of("a", Stage::Sent, 1)])
        .unwrap();
    let append = |text: &str| {
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append("{\"id\":\"b\",\"ki");
    let state = open(&path).unwrap();
    assert_eq!(
        (state.stage("a"), state.stage("b")),
        (Some(Stage::Sent), None)
    );
    drop(state);
    append("{}\n");
    let error = open(&path).unwrap_err().to_string();
    assert!(error.starts_with("line 3 of "), "{error}");
}

#[test]
fn a_file_belongs_to_one_destination_and_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let state = open(&path).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("another run has"), "{error}");
    drop(state);
    let error = State::open(&path, Destination::Ga4, NOW)
        .unwrap_err()
        .to_string();
    assert!(error.contains("what went to google-ads"), "{error}");
    fs::write(&path, "something else\n").unwrap();
    assert!(open(&path).unwrap_err().to_string().contains("is no state"));
}

#[test]
fn what_was_sent_under_the_id_of_a_twin_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = open(&dir.path().join("state")).unwrap();
    let entries = [
        of("sent", Stage::Sent, 1),
        of("waits", Stage::Waiting, 1),
        of("dead", Stage::Dead, 1),
        of("sending", Stage::Sending, 1),
    ];
    state.note(entries).unwrap();
    let stands = |id: &str, twins: &[&str]| {
        let one = serde_json::json!({"id": id, "kind": "call", "at": NOW, "twins": twins});
        state.stands(&serde_json::from_value(one).unwrap())
    };
    assert_eq!(stands("new", &["sent"]), Some(Stage::Sent));
    assert_eq!(stands("new", &["dead", "sent"]), Some(Stage::Sent));
    assert_eq!(stands("new", &["sending"]), Some(Stage::Sending));
    assert_eq!(stands("waits", &["sent"]), Some(Stage::Sent));
    assert_eq!(
        stands("dead", &["sent"]),
        Some(Stage::Dead),
        "its own word counts"
    );
    assert_eq!(stands("new", &["waits"]), None);
    assert_eq!(stands("new", &[]), None);
}
