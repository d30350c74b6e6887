//! Files of a shelf: what a start finds of them, what it finds damaged, and which are removed.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use tempfile::TempDir;
use trunkline_model::event::Event;
use trunkline_model::time::Time;
use trunkline_rollup::account::CallHorizon;
use trunkline_rollup::facts::{CallFact, ChangeFact, ConversationFact, MessageFact, Rows};
use trunkline_rollup::{Account, Config, FOLD_VERSION, Position};

use super::*;
use crate::checkpoint::{self, Damaged, Header, Loaded, Round, Writer};
use crate::tracked::Tracked;

const JOURNAL: u64 = 7;
const CONFIG: Config = Config {
    window: 1_000,
    seed: JOURNAL,
};

fn shelves(dir: &TempDir, file_bytes: u64) -> Shelves {
    let mut shelves = Shelves::new(dir.path(), JOURNAL);
    shelves.file_bytes = file_bytes;
    shelves
}

fn entries(shelf: &Shelf) -> Vec<Vec<u8>> {
    let (mut all, mut at) = (Vec::new(), Some(0));
    while let Some(from) = at {
        let take = &mut |place, entry: &[u8]| {
            assert_eq!(shelf.get(place).unwrap(), entry);
            all.push(entry.to_vec());
        };
        at = shelf.some(from, take).unwrap();
    }
    all
}

fn fill(shelf: &mut Shelf, sizes: &[usize]) -> Vec<Vec<u8>> {
    let all = sizes.iter().map(|size| {
        let entry: Vec<u8> = (0..*size).map(|byte| (byte * 31 + size) as u8).collect();
        shelf.put(&entry).unwrap();
        entry
    });
    all.collect()
}

#[test]
fn a_start_finds_what_a_checkpoint_knows_and_nothing_that_came_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let shelves = shelves(&dir, 300_000);
    let mut shelf = shelves.empty("acme");
    // Some do not fit into what is read at once, and one not into a file.
    let known = fill(&mut shelf, &[10, 0, 2_000, 280_000, 1, 400_000, 7]);
    let saved = shelf.saved();
    assert_eq!((saved.0.len(), shelves.list().unwrap().len()), (3, 3));
    assert_eq!(entries(&shelf), known);
    fill(&mut shelf, &[50, 60]);
    drop(shelf);
    let mut again = shelves.open("acme", &saved).unwrap();
    assert_eq!(entries(&again), known);
    // Behind what nobody knows nothing is written: a file of its own is begun.
    let place = again.put(b"new").unwrap();
    assert_eq!(place >> 32, 4);
    let saved = again.saved();
    drop(again);
    // After a stop the file goes on.
    let mut again = shelves.open("acme", &saved).unwrap();
    assert_eq!(again.put(b"newer").unwrap() >> 32, 4);
    let all = [known, vec![b"new".to_vec(), b"newer".to_vec()]].concat();
    assert_eq!(entries(&again), all);
}

#[test]
fn damage_at_any_byte_and_any_loss_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let shelves = shelves(&dir, 1 << 20);
    let mut shelf = shelves.empty("acme");
    fill(&mut shelf, &[30, 1, 90]);
    let saved = shelf.saved();
    let path = dir.path().join("shelves").join(&shelves.list().unwrap()[0]);
    let whole = fs::read(&path).unwrap();
    let found = || shelves.open("acme", &saved).is_err();
    assert!(!found());
    for at in 0..whole.len() {
        for bit in [1, 0x80] {
            let mut damaged = whole.clone();
            damaged[at] ^= bit;
            fs::write(&path, damaged).unwrap();
            assert!(found(), "byte {at}");
        }
    }
    for length in 0..whole.len() {
        fs::write(&path, &whole[..length]).unwrap();
        assert!(found(), "{length} bytes");
    }
    // Entries that were written for another place.
    let mut moved = whole.clone();
    moved.drain(HEAD as usize..HEAD as usize + 38);
    moved.extend(vec![0; 38]);
    fs::write(&path, moved).unwrap();
    assert!(found());
    fs::write(&path, &whole).unwrap();
    assert!(!found());
    let other = Shelves::new(dir.path(), JOURNAL + 1);
    assert!(other.open("acme", &saved).is_err());
    fs::remove_file(&path).unwrap();
    assert!(found());
}

#[test]
fn a_file_of_which_little_is_needed_is_waste_and_is_forgotten_once_nothing_is() {
    let dir = tempfile::tempdir().unwrap();
    let shelves = shelves(&dir, 1_000);
    let mut shelf = shelves.empty("acme");
    let places: Vec<u64> = (0..20).map(|_| shelf.put(&[1; 92]).unwrap()).collect();
    // Nine fit into a file.
    assert_eq!(shelf.saved().0.len(), 3);
    assert_eq!(shelf.waste(), None);
    places[..4].iter().for_each(|place| shelf.let_go(*place));
    assert_eq!(shelf.waste(), None);
    shelf.let_go(places[4]);
    assert_eq!(shelf.waste(), Some(1 << 32..2 << 32));
    places[5..9].iter().for_each(|place| shelf.let_go(*place));
    assert_eq!(shelf.waste(), None);
    shelf.forget_files();
    assert_eq!(shelf.saved().0.len(), 2);
    assert!(shelf.get(places[0]).is_err());
    // The file that grows stays.
    places[9..].iter().for_each(|place| shelf.let_go(*place));
    shelf.forget_files();
    assert_eq!(shelf.saved().0.len(), 1);
    assert_eq!(shelf.put(b"more").unwrap() >> 32, 3);
}

/// Rows, described.
#[derive(Default)]
struct Said(BTreeSet<String>);

impl Rows for Said {
    fn message(&mut self, _: &MessageFact<'_>) {}
    fn change(&mut self, _: &ChangeFact<'_>) {}
    fn conversation(&mut self, _: &ConversationFact<'_>) {}
    fn call(&mut self, fact: &CallFact<'_>) {
        self.0.insert(format!("{fact:?}"));
    }
}

/// A journal's records, observed by an account of which calls go cold.
struct Life<'a> {
    dir: &'a TempDir,
    shelves: Shelves,
    accounts: HashMap<String, Tracked>,
    next: u64,
}

impl<'a> Life<'a> {
    fn new(dir: &'a TempDir) -> Self {
        let shelves = shelves(dir, 4_000);
        let mut account = Tracked::new("acme".into(), CONFIG);
        account.shelve(Box::new(shelves.empty("acme"))).unwrap();
        Self {
            dir,
            shelves,
            accounts: HashMap::from([("acme".to_owned(), account)]),
            next: 0,
        }
    }

    fn account(&mut self) -> &mut Account {
        &mut *self.accounts.get_mut("acme").unwrap()
    }

    fn tell(&mut self, calls: Range<u32>, phase: &str) {
        for call in calls {
            let raw = format!(
                r#"{{"type":"call","call":"k{call}","phase":"{phase}","at":"2026-03-02T10:00:00Z","direction":"inbound"}}"#
            );
            let at = Position {
                offset: self.next,
                received_at: Time(self.next as i64 * 10_000),
            };
            self.next += 1;
            let event = Event::parse(&raw).unwrap();
            self.account().observe(&event, "api", at);
        }
    }

    fn cool(&mut self) {
        let horizon = CallHorizon {
            flushed: self.next,
            quiet: Time::MAX,
            unended: Time::MAX,
        };
        let account = self.account();
        account.gather(1, usize::MAX, &mut Said::default());
        account.tell_calls(false, &mut Said::default());
        while account.cool(&horizon, usize::MAX) > 0 {}
        assert_eq!(account.calls().0, 0);
    }

    /// Takes a checkpoint as the keeper does.
    fn checkpoint(&mut self) -> PathBuf {
        let state = self.dir.path();
        let before = self.shelves.list().unwrap();
        let header = Header {
            journal: JOURNAL,
            fold_version: FOLD_VERSION,
            layout: STATE_LAYOUT,
            began: self.next,
        };
        let mut writer = Writer::create(&checkpoint::folder(state), header).unwrap();
        self.account().shelf_mut::<Shelf>().unwrap().forget_files();
        let mut round = Round::new(vec!["acme".into()]);
        loop {
            let sections = round.step(&mut self.accounts, self.next);
            let pushed = sections.frames.iter();
            pushed.for_each(|frame| writer.push(frame).unwrap());
            self.shelves.sync(&sections.files).unwrap();
            if !sections.more {
                break;
            }
        }
        let path = writer.finish().unwrap();
        checkpoint::clear(state, &self.shelves, before).unwrap();
        path
    }

    fn read(&self, path: &Path) -> Result<Loaded, Damaged> {
        checkpoint::read(path, JOURNAL, CONFIG, &self.shelves)
    }

    /// Gives the rows of all calls of an account.
    fn rows(account: &mut Account) -> BTreeSet<String> {
        let mut said = Said::default();
        account.rewind(0);
        while account.dirty() > 0 {
            account.gather(1, 1_000, &mut said);
        }
        assert_eq!(account.torn(), None);
        said.0
    }
}

#[test]
fn both_checkpoints_that_are_kept_stay_readable_and_other_files_go() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(&dir);
    let mut kept: Vec<(PathBuf, BTreeSet<String>)> = Vec::new();
    let mut names = BTreeSet::new();
    for round in 0..8 {
        // All calls come back again and again: what was on the shelf is waste.
        life.tell(
            0..100,
            ["started", "ringing", "answered", "held"][round % 4],
        );
        life.tell(round as u32 * 30..round as u32 * 30 + 30, "ended");
        life.cool();
        let path = life.checkpoint();
        let mut loaded = life.read(&path).unwrap();
        let rows = Life::rows(loaded.accounts.get_mut("acme").unwrap());
        assert_eq!(rows, Life::rows(life.account()));
        kept.push((path, rows));
        let [.., (before, known), _] = &kept[..] else {
            continue;
        };
        let mut loaded = life.read(before).unwrap();
        assert_eq!(&Life::rows(loaded.accounts.get_mut("acme").unwrap()), known);
        names.extend(life.shelves.list().unwrap());
        assert!(life.read(&kept[0].0).is_err() || round < 2);
    }
    let left = life.shelves.list().unwrap();
    println!("{} of {} files are left", left.len(), names.len());
    assert!(left.len() * 2 < names.len());
    // 310 calls at most are needed: some hundred bytes each.
    let bytes = left.iter().map(|name| {
        let path = dir.path().join("shelves").join(name);
        fs::metadata(path).unwrap().len()
    });
    assert!(bytes.sum::<u64>() < 2 * 310 * 300);
}

#[test]
fn what_was_put_after_the_last_checkpoint_is_nobodys_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(&dir);
    life.tell(0..20, "started");
    life.cool();
    let path = life.checkpoint();
    let known = Life::rows(life.account());
    // Cold calls come back and go again, others go: all after the checkpoint.
    life.tell(10..40, "ended");
    life.cool();
    let after = Life::rows(life.account());
    let mut again = Life::new(&dir);
    let loaded = again.read(&path).unwrap();
    (again.accounts, again.next) = (loaded.accounts, loaded.began);
    assert_eq!(Life::rows(again.account()), known);
    again.tell(10..40, "ended");
    assert_eq!(Life::rows(again.account()), after);
    again.cool();
    assert_eq!(Life::rows(again.account()), after);
    let path = again.checkpoint();
    let mut loaded = again.read(&path).unwrap();
    assert_eq!(Life::rows(loaded.accounts.get_mut("acme").unwrap()), after);
}

#[test]
fn a_checkpoint_without_its_shelf_or_with_a_damaged_one_is_no_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let mut life = Life::new(&dir);
    life.tell(0..20, "started");
    life.cool();
    let path = life.checkpoint();
    for name in life.shelves.list().unwrap() {
        let file = dir.path().join("shelves").join(name);
        let whole = fs::read(&file).unwrap();
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        fs::write(&file, damaged).unwrap();
        let said = life.read(&path).err().unwrap();
        assert!(matches!(said, Damaged::Shelf(_)), "{said}");
        fs::remove_file(&file).unwrap();
        assert!(life.read(&path).is_err());
        fs::write(&file, whole).unwrap();
        assert!(life.read(&path).is_ok());
    }
    // It is not certain what a damaged checkpoint names: everything stays.
    let mut bytes = fs::read(&path).unwrap();
    let end = bytes.len() - 1;
    bytes[end] ^= 1;
    fs::write(&path, bytes).unwrap();
    let files = life.shelves.list().unwrap();
    assert!(checkpoint::clear(dir.path(), &life.shelves, files.clone()).is_err());
    assert_eq!(life.shelves.list().unwrap(), files);
}
