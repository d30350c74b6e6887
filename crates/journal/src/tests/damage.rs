//! Damage and tears on real files: what is detected, what is cut, what is refused.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::{TestClock, drain, records, small};
use crate::format::{BatchHeader, Codec, FOOTER, ITEM_HEADER, Key, SEGMENT_HEADER};
use crate::recover::recover;
use crate::spares::Spares;
use crate::storage::Storage;
use crate::storage::os::Os;
use crate::{Compression, Config, End, OpenError, ReadError, Reader, Report, verify};

const SEGMENT: u64 = 420;

type Batch = Vec<Vec<u8>>;

/// Eleven batches of one to three records.
fn batches() -> Vec<Batch> {
    let record = |index: usize, part: usize| format!("record {index}.{part} {}", "x".repeat(part));
    (0..11)
        .map(|index| {
            (0..=index % 3)
                .map(|part| record(index, part).into())
                .collect()
        })
        .collect()
}

fn flat(batches: &[Batch]) -> Vec<Vec<u8>> {
    batches.iter().flatten().cloned().collect()
}

/// The bytes of a batch without compression, from the definition of the format.
fn length_of(batch: &Batch) -> u64 {
    let framed: usize = batch.iter().map(|record| 1 + record.len()).sum();
    (ITEM_HEADER + framed) as u64
}

fn write(config: &Config, batches: &[Batch], finish: bool) {
    let storage: Arc<dyn Storage> = Arc::new(Os::new(&config.dir));
    let clock = TestClock::at(1_700_000_000_000);
    let recovered = recover(&storage, config, &clock.world(), |maker| {
        Ok(Spares::inline(maker))
    });
    let mut writer = recovered.expect("a whole journal opens").writer;
    for batch in batches {
        clock.add(5);
        writer
            .commit(clock.now(), [&records(batch)].into_iter())
            .expect("the disk is good");
    }
    if finish {
        writer.finish(clock.now()).expect("the disk is good");
    }
}

fn open(dir: &Path) -> Result<(u64, bool), OpenError> {
    let storage: Arc<dyn Storage> = Arc::new(Os::new(dir));
    let world = TestClock::at(0).world();
    recover(&storage, &small(dir, SEGMENT), &world, |maker| {
        Ok(Spares::inline(maker))
    })
    .map(|recovered| (recovered.writer.next_offset, recovered.clean))
}

fn contents(dir: &Path) -> Result<Vec<Vec<u8>>, ReadError> {
    let mut all = Vec::new();
    for batch in Reader::open(dir, 0)? {
        all.extend(batch?.records().map(<[u8]>::to_vec));
    }
    Ok(all)
}

fn segment_files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir)
        .expect("the directory is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "seg"))
        .collect();
    files.sort();
    files
}

fn copy_dir(from: &Path) -> TempDir {
    let copy = TempDir::new().expect("a temporary directory");
    for file in segment_files(from) {
        let name = file.file_name().expect("a file has a name");
        fs::copy(&file, copy.path().join(name)).expect("it can be copied");
    }
    copy
}

fn patch(path: &Path, at: u64, bytes: &[u8]) {
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .expect("the segment is there");
    file.write_all_at(bytes, at).expect("it can be written");
}

/// Where each batch begins: (segment, byte, first offset), by the rules of writing.
fn layout(batches: &[Batch]) -> Vec<(usize, u64, u64)> {
    let (mut segment, mut at, mut offset) = (0, SEGMENT_HEADER as u64, 0);
    let mut places = Vec::new();
    for batch in batches {
        if at + length_of(batch) + FOOTER as u64 > SEGMENT {
            (segment, at) = (segment + 1, SEGMENT_HEADER as u64);
        }
        places.push((segment, at, offset));
        at += length_of(batch);
        offset += batch.len() as u64;
    }
    places
}

fn corruption(error: &ReadError) -> &crate::Corruption {
    match error {
        ReadError::Corrupt(corruption) => corruption,
        other => panic!("expected corruption, got: {other}"),
    }
}

#[test]
fn every_flipped_byte_of_every_segment_is_detected() {
    let dir = TempDir::new().expect("a temporary directory");
    let batches = batches();
    write(&small(dir.path(), SEGMENT), &batches, true);
    let whole = verify(dir.path()).expect("it is whole");
    let files = segment_files(dir.path());
    let places = layout(&batches);
    assert_eq!(files.len(), 3);
    for (index, file) in files.iter().enumerate() {
        let bytes = fs::read(file).expect("the segment is there");
        assert_eq!(bytes.len() as u64, SEGMENT);
        for (at, byte) in bytes.iter().enumerate() {
            for mask in [1_u8, 0x80, 0xff] {
                patch(file, at as u64, &[byte ^ mask]);
                let place = places
                    .iter()
                    .rfind(|place| place.0 == index && place.1 <= at as u64);
                check_flip(dir.path(), file, at, &whole, index, place);
                patch(file, at as u64, &[*byte]);
            }
        }
    }
    assert_eq!(verify(dir.path()).expect("all is as it was"), whole);
}

fn check_flip(
    dir: &Path,
    file: &Path,
    at: usize,
    whole: &Report,
    index: usize,
    place: Option<&(usize, u64, u64)>,
) {
    let last = index + 1 == whole.segments.len();
    let segment = &whole.segments[index];
    let items_end = segment.bytes - if last { FOOTER as u64 } else { 0 };
    let found = verify(dir);
    if (at as u64) < items_end {
        // A header or a batch: refused, with the place where it begins.
        let error = found.expect_err("a flipped byte is damage");
        let damage = corruption(&error);
        let (byte, offset) = place.map_or((0, segment.base), |place| (place.1, place.2));
        assert_eq!(damage.segment, file, "byte {at}");
        assert_eq!((damage.byte, damage.offset), (byte, offset), "byte {at}");
        assert!(contents(dir).is_err(), "byte {at}");
    } else if last {
        // The footer or the zeros behind it: it is seen, and no record can be hurt.
        let report = found.expect("no record is hurt");
        assert!(
            matches!(report.segments[index].end, End::Torn { .. }),
            "byte {at}"
        );
        assert_eq!(report.next_offset, whole.next_offset);
        assert_eq!(contents(dir).expect("no record is hurt"), flat(&batches()));
    } else {
        // Behind the end of a segment with a successor nothing is ever read.
        assert_eq!(&found.expect("nothing is hurt"), whole);
        assert_eq!(contents(dir).expect("nothing is hurt"), flat(&batches()));
    }
}

#[test]
fn open_refuses_every_flipped_byte_that_it_relies_on_and_mends_the_others() {
    let dir = TempDir::new().expect("a temporary directory");
    let batches = batches();
    write(&small(dir.path(), SEGMENT), &batches, true);
    let whole = verify(dir.path()).expect("it is whole");
    let last = whole.segments.last().expect("there are segments");
    let bytes = fs::read(&last.path).expect("the segment is there");
    for (at, byte) in bytes.iter().enumerate() {
        patch(&last.path, at as u64, &[byte ^ 0x10]);
        let copy = copy_dir(dir.path());
        patch(&last.path, at as u64, &[*byte]);
        let opened = open(copy.path());
        if (at as u64) < last.bytes - FOOTER as u64 {
            let error = opened.expect_err("damage is refused");
            assert!(
                matches!(error, OpenError::Read(ReadError::Corrupt(_))),
                "byte {at}: {error}"
            );
        } else {
            assert_eq!(
                opened.expect("no record is hurt"),
                (whole.next_offset, false)
            );
            let mended = verify(copy.path()).expect("it was mended");
            assert!(
                !matches!(mended.segments[2].end, End::Torn { .. }),
                "byte {at}"
            );
            assert_eq!(
                contents(copy.path()).expect("it was mended"),
                flat(&batches)
            );
        }
    }
    for segment in &whole.segments[..2] {
        for at in 0..SEGMENT_HEADER as u64 {
            let copy = copy_dir(dir.path());
            let name = segment.path.file_name().expect("a file has a name");
            patch(&copy.path().join(name), at, &[0xAB]);
            let refused = open(copy.path()).is_err();
            let original = fs::read(&segment.path).expect("the segment is there");
            assert_eq!(refused, original[at as usize] != 0xAB, "byte {at}");
        }
    }
}

#[test]
fn every_flipped_byte_of_a_compressed_segment_is_detected() {
    let dir = TempDir::new().expect("a temporary directory");
    let batch: Batch = vec![b"the same words and the same words again".repeat(20)];
    let config = Config {
        compression: Compression::Lz4,
        ..small(dir.path(), 2_000)
    };
    write(&config, &[batch.clone(), batch], true);
    let whole = verify(dir.path()).expect("it is whole");
    let file = &segment_files(dir.path())[0];
    let bytes = fs::read(file).expect("the segment is there");
    assert!(
        whole.segments[0].bytes < 500,
        "it was compressed: {}",
        whole.segments[0].bytes
    );
    for (at, byte) in bytes.iter().enumerate() {
        patch(file, at as u64, &[byte ^ 4]);
        assert_ne!(verify(dir.path()).ok().as_ref(), Some(&whole), "byte {at}");
        patch(file, at as u64, &[*byte]);
    }
}

/// The last three batches of an unclean journal, cut at each length, and what is put behind.
fn for_each_cut(behind: impl Fn(&Path, u64)) {
    let batches = batches();
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), 4_000), &batches, false);
    let mut starts = vec![SEGMENT_HEADER as u64];
    for batch in &batches {
        starts.push(starts[starts.len() - 1] + length_of(batch));
    }
    let end = starts[batches.len()];
    for cut in starts[batches.len() - 3]..=end {
        let copy = copy_dir(dir.path());
        behind(&segment_files(copy.path())[0], cut);
        let kept = starts[1..].iter().filter(|start| **start <= cut).count();
        let expected = flat(&batches[..kept]);
        let (next_offset, clean) = open(copy.path()).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (next_offset, clean),
            (expected.len() as u64, false),
            "cut at {cut}"
        );
        assert_eq!(
            contents(copy.path()).expect("it is whole"),
            expected,
            "cut at {cut}"
        );
        write(&small(copy.path(), 4_000), &batches[..2], true);
        let more = [expected, flat(&batches[..2])].concat();
        assert_eq!(
            contents(copy.path()).expect("it goes on"),
            more,
            "cut at {cut}"
        );
    }
}

#[test]
fn a_tail_cut_short_at_any_byte_is_cut_to_the_last_good_batch() {
    for_each_cut(|file, cut| {
        let file = OpenOptions::new()
            .write(true)
            .open(file)
            .expect("the segment is there");
        file.set_len(cut).expect("it can be cut");
    });
}

#[test]
fn a_tail_that_is_zeros_from_any_byte_is_cut_to_the_last_good_batch() {
    for_each_cut(|file, cut| patch(file, cut, &vec![0; (4_000 - cut) as usize]));
}

#[test]
fn a_tail_that_is_garbage_from_any_byte_is_cut_to_the_last_good_batch() {
    for_each_cut(|file, cut| {
        let garbage = |index: u64| (index.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
        let bytes: Vec<u8> = (cut..4_000).map(garbage).collect();
        patch(file, cut, &bytes);
    });
}

#[test]
fn a_flip_in_the_last_batch_is_corruption_after_a_clean_stop_and_a_tear_after_another() {
    for clean in [true, false] {
        let dir = TempDir::new().expect("a temporary directory");
        let batches = batches();
        write(&small(dir.path(), 4_000), &batches, clean);
        let file = &segment_files(dir.path())[0];
        let end = SEGMENT_HEADER as u64 + batches.iter().map(length_of).sum::<u64>();
        patch(file, end - 1, b"!");
        match open(dir.path()) {
            Err(OpenError::Read(error)) if clean => {
                let damage = corruption(&error);
                assert_eq!(damage.byte, end - length_of(&batches[10]));
                assert_eq!(damage.offset, flat(&batches[..10]).len() as u64);
            }
            Ok((next_offset, false)) if !clean => {
                assert_eq!(next_offset, flat(&batches[..10]).len() as u64);
            }
            other => panic!("clean {clean}: {other:?}"),
        }
    }
}

#[test]
fn damage_in_the_middle_is_refused_with_segment_byte_and_offset() {
    let dir = TempDir::new().expect("a temporary directory");
    let batches = batches();
    write(&small(dir.path(), 4_000), &batches, false);
    let file = &segment_files(dir.path())[0];
    let third = SEGMENT_HEADER as u64 + length_of(&batches[0]) + length_of(&batches[1]);
    patch(file, third + 45, b"\0");
    let before = fs::read(file).expect("the segment is there");
    let error = open(dir.path()).expect_err("damage is refused").to_string();
    assert!(error.contains("00000000000000000000.seg"), "{error}");
    assert!(
        error.contains(&format!("byte {third}, offset 3")),
        "{error}"
    );
    assert_eq!(
        fs::read(file).expect("the segment is there"),
        before,
        "nothing was changed"
    );
}

#[test]
fn a_missing_segment_is_named() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches(), true);
    let files = segment_files(dir.path());
    fs::remove_file(&files[1]).expect("it can be removed");
    let base: u64 = layout(&batches())
        .iter()
        .find(|place| place.0 == 1)
        .expect("a batch")
        .2;
    match open(dir.path()) {
        Err(OpenError::Read(ReadError::Missing {
            segment,
            before,
            found,
        })) => {
            assert_eq!((segment, before, found), (files[2].clone(), base, Some(0)));
        }
        other => panic!("{other:?}"),
    }
    assert!(verify(dir.path()).is_err());
}

#[test]
fn a_segment_of_another_journal_is_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches(), true);
    let files = segment_files(dir.path());
    let mut bytes = fs::read(&files[2]).expect("the segment is there");
    bytes[12] ^= 1;
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    patch(&files[2], 0, &bytes);
    match open(dir.path()) {
        Err(OpenError::Read(ReadError::WrongJournal {
            segment,
            expected,
            found,
        })) => {
            assert_eq!((segment, expected ^ found), (files[2].clone(), 1));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_newer_format_is_refused_by_its_version() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches()[..1], true);
    let file = &segment_files(dir.path())[0];
    let mut bytes = fs::read(file).expect("the segment is there");
    bytes[8] = 2;
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    patch(file, 0, &bytes);
    assert!(matches!(
        open(dir.path()),
        Err(OpenError::Read(ReadError::Version {
            found: 2,
            known: 1,
            ..
        }))
    ));
}

#[test]
fn a_segment_under_another_name_is_refused() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches()[..1], true);
    let file = &segment_files(dir.path())[0];
    fs::rename(file, dir.path().join("00000000000000000007.seg")).expect("it can be renamed");
    let error = open(dir.path()).expect_err("the name is wrong").to_string();
    assert!(error.contains("another base offset"), "{error}");
}

#[test]
fn a_foreign_file_is_refused_and_hidden_ones_are_passed_over() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches()[..1], true);
    fs::write(dir.path().join(".nfs0001"), b"?").expect("it can be written");
    fs::create_dir(dir.path().join("lost+found")).expect("it can be made");
    open(dir.path()).expect("these are nobody's business");
    for name in ["notes.txt", "7.seg", "00000000000000000000.seg.bak"] {
        let path = dir.path().join(name);
        fs::write(&path, b"?").expect("it can be written");
        match open(dir.path()) {
            Err(OpenError::Read(ReadError::Foreign { path: named })) => assert_eq!(named, path),
            other => panic!("{other:?}"),
        }
        fs::remove_file(&path).expect("it can be removed");
    }
}

#[test]
fn what_a_record_contains_is_never_taken_for_a_batch() {
    let dir = TempDir::new().expect("a temporary directory");
    let first: Batch = vec![b"first".to_vec()];
    write(
        &small(dir.path(), 4_000),
        std::slice::from_ref(&first),
        true,
    );
    let file = &segment_files(dir.path())[0];
    // A record that holds whole items of this journal, but not where they were written.
    let items = fs::read(file).expect("the segment is there");
    let items = items[SEGMENT_HEADER..SEGMENT_HEADER + 200].to_vec();
    write(&small(dir.path(), 4_000), &[vec![items]], false);
    let torn = SEGMENT_HEADER as u64 + length_of(&first) + FOOTER as u64;
    patch(file, torn + 20, b"torn");
    let (next_offset, clean) = open(dir.path()).expect("it is a tear, not damage");
    assert_eq!((next_offset, clean), (1, false));
}

#[test]
fn a_sealed_segment_may_hold_anything_behind_its_end() {
    let dir = TempDir::new().expect("a temporary directory");
    write(&small(dir.path(), SEGMENT), &batches(), true);
    let whole = verify(dir.path()).expect("it is whole");
    let (first, second) = (&whole.segments[0], &whole.segments[1]);
    // A valid batch, never acknowledged, left behind by a sync that failed.
    let mut stray = vec![0; ITEM_HEADER];
    stray.extend_from_slice(records(["?"]).bytes());
    let header = BatchHeader {
        stored: 2,
        raw: 2,
        first_offset: second.base,
        count: 1,
        received_at: i64::MAX,
        codec: Codec::None,
    };
    header.seal(
        Key {
            journal: whole.id,
            base: 0,
        },
        first.bytes,
        &mut stray,
    );
    assert!(first.bytes + stray.len() as u64 <= SEGMENT);
    patch(&first.path, first.bytes, &stray);
    assert_eq!(verify(dir.path()).expect("nothing is hurt"), whole);
    let mut reader = Reader::open(dir.path(), 0).expect("it is whole");
    let read: Vec<Vec<u8>> = drain(&mut reader)
        .into_iter()
        .map(|record| record.2)
        .collect();
    assert_eq!(read, flat(&batches()));
}

/// What a reader gives before it ends or refuses.
fn readable(dir: &Path) -> Vec<Vec<u8>> {
    let batches = Reader::open(dir, 0)
        .into_iter()
        .flatten()
        .map_while(Result::ok);
    batches
        .flat_map(|batch| batch.records().map(<[u8]>::to_vec).collect::<Vec<_>>())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..Default::default() })]

    #[test]
    fn whatever_is_scribbled_over_a_journal_nothing_is_invented(
        scribbles in proptest::collection::vec(
            (0..3_usize, 0..SEGMENT, proptest::collection::vec(any::<u8>(), 1..60)),
            1..4,
        ),
        cut in proptest::option::of((0..3_usize, 0..SEGMENT)),
    ) {
        let dir = TempDir::new().expect("a temporary directory");
        write(&small(dir.path(), SEGMENT), &batches(), true);
        let files = segment_files(dir.path());
        for (file, at, bytes) in scribbles {
            patch(&files[file], at, &bytes);
        }
        if let Some((file, length)) = cut {
            let file = OpenOptions::new().write(true).open(&files[file]).expect("it is there");
            file.set_len(length).expect("it can be cut");
        }
        let all = flat(&batches());
        prop_assert!(all.starts_with(&readable(dir.path())));
        if open(dir.path()).is_ok() {
            prop_assert!(all.starts_with(&readable(dir.path())));
        }
    }
}
