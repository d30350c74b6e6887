//! The command that does the kills anywhere; `make test` has it do the least.

use std::process::Command;

use e2e::generate::seed;
use e2e::ledger::{say, seconds};
use e2e::service::binary;

#[test]
fn torture_kills_and_finds_everything_once() {
    let (seed, minutes) = (seed() % 1_000, seconds(0) / 60);
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let run = || {
        let output = Command::new(binary())
            .args(["torture", "--minutes", &minutes.to_string()])
            .args(["--seed", &seed.to_string(), "--data"])
            .arg(&data)
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (
            output.status.code(),
            said + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = run();
    let ledger = said
        .lines()
        .find(|line| line.contains("lost "))
        .unwrap_or_default();
    say(&format!("torture: seed {seed}: {ledger}"));
    assert_eq!(code, Some(0), "{said}");
    assert!(ledger.ends_with("lost 0, doubled 0, wrong 0"), "{said}");
    assert!(said.contains("killed: service "), "{said}");
    // It touches no folder that holds something.
    let (code, said) = run();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is not empty"), "{said}");
}
