//! The log on a disk that does what disks do.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::testing::{Random, SimDisk};
use crate::{Disk, LocalDisk};

const FOLDER: &str = "log";

fn settings() -> Settings {
    Settings { segment_bytes_max: 1_000, ..Settings::standard(42) }
}

fn open(disk: &SimDisk) -> (Log, Report) {
    Log::open(Arc::new(disk.clone()), Path::new(FOLDER), settings()).unwrap()
}

fn id(number: usize) -> Id {
    Id::from(number as u128 + 1)
}

/// An event whose bytes follow from its number.
fn text(number: usize) -> Vec<u8> {
    format!("event {number} {}", "x".repeat(number % 90)).into_bytes()
}

fn append(log: &Log, numbers: std::ops::Range<usize>) -> crate::Result<Appended> {
    let texts: Vec<Vec<u8>> = numbers.clone().map(text).collect();
    let records: Vec<Record<'_>> = numbers
        .zip(&texts)
        .map(|(number, bytes)| Record { id: id(number), ingest: number as i64, source: "test", bytes })
        .collect();
    log.append(&records)
}

/// The numbers of the events that a log has from a position on, and what is damaged. Each event must be as it was.
fn read(log: &Log, from: Position) -> (Vec<usize>, Vec<Damage>) {
    let mut reader = log.read(from);
    let (mut numbers, mut damages) = (Vec::new(), Vec::new());
    let mut before = None;
    while let Some(item) = reader.next().unwrap() {
        match item {
            Item::Damage(damage) => damages.push(damage),
            Item::Entry(entry) => {
                let number = usize::try_from(entry.record.ingest).unwrap();
                let bytes = text(number);
                assert_eq!(
                    entry.record,
                    Record { id: id(number), ingest: number as i64, source: "test", bytes: &bytes }
                );
                assert!(entry.position >= from && Some(entry.position) > before);
                before = Some(entry.position);
                numbers.push(number);
            }
        }
    }
    (numbers, damages)
}

fn all(log: &Log) -> Vec<usize> {
    let (numbers, damages) = read(log, Position::START);
    assert_eq!(damages, []);
    numbers
}

#[test]
fn what_was_appended_is_read_from_any_position() {
    let disk = SimDisk::default();
    let (log, report) = open(&disk);
    assert!(report.is_clean());
    let mut firsts = Vec::new();
    for batch in 0..20 {
        let appended = append(&log, batch * 5..batch * 5 + 5).unwrap();
        assert_eq!((appended.stored, appended.duplicates.len()), (5, 0));
        firsts.push(appended.first);
    }
    assert!(disk.contents().len() > 5, "several segments");
    for (batch, first) in firsts.iter().enumerate() {
        assert_eq!(read(&log, *first), ((batch * 5..100).collect(), vec![]));
    }
    assert_eq!(log.end(), Position(101));
    assert!(!log.wait(log.end(), Duration::from_millis(1)));
    drop(log);
    let (log, report) = open(&disk);
    assert!(report.is_clean());
    assert_eq!(all(&log), (0..100).collect::<Vec<_>>());
    append(&log, 100..101).unwrap();
    assert_eq!(all(&log), (0..101).collect::<Vec<_>>());
    assert_eq!(log.verify().unwrap(), Report { entries: 101, damages: vec![] });
}

#[test]
fn a_reader_follows_what_comes() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    let mut reader = log.read(Position::START);
    for number in 0..60 {
        assert!(reader.next().unwrap().is_none());
        append(&log, number..number + 1).unwrap();
        let position = reader.position();
        assert!(log.wait(Position(position.0.max(1)), Duration::ZERO));
        match reader.next().unwrap() {
            Some(Item::Entry(entry)) => assert_eq!(entry.record.bytes, text(number)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn sent_twice_is_stored_once() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    append(&log, 0..4).unwrap();
    let appended = append(&log, 2..6).unwrap();
    assert_eq!(appended, Appended { first: Position(5), stored: 2, duplicates: vec![0, 1] });
    let bytes = text(9);
    let record = Record { id: id(9), ingest: 9, source: "test", bytes: &bytes };
    assert_eq!(log.append(&[record, record]).unwrap().duplicates, [1]);
    assert_eq!(append(&log, 0..4).unwrap().stored, 0);
    drop(log);
    // The window is filled again from the log.
    let (log, _) = open(&disk);
    assert_eq!(append(&log, 0..6).unwrap().stored, 0);
    assert_eq!(all(&log), [0, 1, 2, 3, 4, 5, 9]);
}

#[test]
fn what_no_longer_matters_goes_by_segments() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    for number in 0..100 {
        append(&log, number..number + 1).unwrap();
    }
    let (files, bytes) = (disk.contents().len(), log.bytes());
    assert_eq!(log.release(Position(1)).unwrap(), 0);
    let freed = log.release(Position(60)).unwrap();
    assert!(freed > 0 && log.bytes() == bytes - freed && disk.contents().len() < files);
    let (numbers, damages) = read(&log, Position(60));
    assert_eq!((numbers, damages), ((59..100).collect(), vec![]));
    // From the start is what there is; from a position that is gone is a loss.
    assert!(log.verify().unwrap().is_clean());
    assert!(matches!(read(&log, Position(1)).1[..], [Damage { kind: DamageKind::Missing(1, _), .. }]));
    log.release(log.end()).unwrap();
    append(&log, 100..101).unwrap();
    assert!(all(&log).ends_with(&[100]));
}

#[test]
fn too_much_is_refused_as_a_whole() {
    let disk = SimDisk::default();
    let limits = Settings { record_bytes_max: 100, pending_bytes_max: 2_000, ..settings() };
    let (log, _) = Log::open(Arc::new(disk.clone()), Path::new(FOLDER), limits).unwrap();
    let (small, large) = (vec![b'a'; 100], vec![b'a'; 101]);
    let record = |number, bytes| Record { id: id(number), ingest: 0, source: "", bytes };
    assert!(log.append(&[record(0, &small), record(1, &large)]).unwrap_err().is_invalid());
    let many: Vec<Record<'_>> = (0..20).map(|number| record(number, &small)).collect();
    assert!(log.append(&many).unwrap_err().is_too_large());
    assert_eq!(log.verify().unwrap().entries, 0);
    assert_eq!(log.append(&many[..10]).unwrap().stored, 10);
}

#[test]
fn a_full_disk_acknowledges_nothing_and_recovers() {
    // Far enough to meet the end of a segment and the beginning of the next.
    for room in (0..300).chain((300..2_600).step_by(7)) {
        let disk = SimDisk::default();
        let (log, _) = open(&disk);
        append(&log, 0..3).unwrap();
        disk.set_room(Some(room));
        let mut acknowledged: Vec<usize> = (0..3).collect();
        let mut next = 3;
        while append(&log, next..next + 2).is_ok() {
            acknowledged.extend(next..next + 2);
            next += 2;
        }
        for _ in 0..3 {
            let error = append(&log, next..next + 2).unwrap_err();
            assert!(error.is_full(), "{error:?}");
        }
        assert_eq!(all(&log), acknowledged, "{room}");
        disk.set_room(None);
        append(&log, next..next + 2).unwrap();
        acknowledged.extend(next..next + 2);
        assert_eq!(all(&log), acknowledged, "{room}");
        drop(log);
        assert_eq!(all(&open(&disk).0), acknowledged, "{room}");
        assert!(disk.contents().len() < 10);
    }
}

#[test]
fn a_failed_sync_is_a_failed_write() {
    for syncs in 0..12 {
        let disk = SimDisk::default();
        let (log, _) = open(&disk);
        disk.set_syncs(Some(syncs));
        let mut acknowledged = Vec::new();
        for number in 0..12 {
            if append(&log, number..number + 1).is_ok() {
                acknowledged.push(number);
            }
        }
        assert!(acknowledged.len() < 12);
        assert_eq!(all(&log), acknowledged);
        disk.set_syncs(None);
        // What failed may be sent again at once.
        append(&log, 0..12).unwrap();
        let mut found = all(&log);
        found.sort_unstable();
        assert_eq!(found, (0..12).collect::<Vec<_>>());
    }
}

#[test]
fn callers_share_a_sync() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    let before = disk.syncs_made();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let log = log.clone();
            scope.spawn(move || {
                for number in 0..50 {
                    let number = thread * 50 + number;
                    // Each event comes from two callers.
                    append(&log, number..number + 1).unwrap();
                    append(&log, number / 2 * 2..number / 2 * 2 + 2).unwrap();
                }
            });
        }
    });
    let mut found = all(&log);
    found.sort_unstable();
    assert_eq!(found, (0..400).collect::<Vec<_>>());
    assert!(disk.syncs_made() > before);
}

#[test]
fn a_loss_of_power_costs_nothing_that_was_acknowledged() {
    for seed in 0..3_000 {
        let mut random = Random(seed);
        let mut disk = SimDisk::default();
        let mut acknowledged = Vec::new();
        let mut next = 0;
        for _ in 0..1 + random.below(4) {
            let (log, _) = open(&disk);
            for _ in 0..random.below(8) {
                let count = 1 + random.below(6);
                // The power goes at the n-th sync; later calls fail.
                disk.set_syncs((random.below(4) == 0).then(|| random.below(3)));
                if append(&log, next..next + count).is_ok() {
                    acknowledged.extend(next..next + count);
                }
                next += count;
            }
            disk = disk.after_crash(&mut random);
        }
        let (log, _) = open(&disk);
        let (found, damages) = read(&log, Position::START);
        let mut unique = found.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), found.len(), "seed {seed}: nothing twice");
        assert!(acknowledged.iter().all(|number| unique.binary_search(number).is_ok()), "seed {seed}");
        // Nothing that was on disk is called damaged.
        let lost = damages.iter().filter(|damage| matches!(damage.kind, DamageKind::Missing(..)));
        assert_eq!(lost.count(), 0, "seed {seed}: {damages:?}");
        append(&log, next..next + 1).unwrap();
        assert_eq!(read(&log, Position::START).0.last(), Some(&next));
    }
}

/// A log of several segments, and its files.
fn sample() -> (SimDisk, Vec<(PathBuf, Vec<u8>)>) {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    for batch in 0..12 {
        append(&log, batch * 3..batch * 3 + 3).unwrap();
    }
    drop(log);
    let files = disk.contents();
    assert!(files.len() >= 3);
    (disk, files)
}

const SAMPLE: usize = 36;

#[test]
fn every_flipped_bit_is_found_and_costs_one_event() {
    let (disk, files) = sample();
    for (path, bytes) in &files {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1 << (at % 8);
            let (log, report) = open(&disk.with(path, damaged));
            let (found, mut damages) = read(&log, Position::START);
            damages.extend(report.damages);
            assert!(!damages.is_empty(), "{} {at}", path.display());
            assert!(found.len() >= SAMPLE - 1, "{} {at}: {} left", path.display(), found.len());
            // The log goes on, and nothing new is confused with what was lost.
            append(&log, 1_000..1_001).unwrap();
            assert_eq!(read(&log, Position::START).0.last(), Some(&1_000));
        }
    }
}

#[test]
fn every_truncation_is_found() {
    let (disk, files) = sample();
    let last = files.len() - 1;
    for (place, (path, bytes)) in files.iter().enumerate() {
        for length in 0..bytes.len() {
            let (log, report) = open(&disk.with(path, bytes[..length].to_vec()));
            append(&log, 1_000..1_001).unwrap();
            let (found, mut damages) = read(&log, Position::START);
            damages.extend(report.damages);
            assert!(found.ends_with(&[1_000]) && found.len() <= SAMPLE + 1);
            // The end of the last segment may be cut between two records: then nothing tells it from one that ended there.
            assert!(!damages.is_empty() || found.len() == SAMPLE + 1 || place == last, "{place} {length}");
        }
    }
}

#[test]
fn a_missing_segment_is_noticed() {
    let (disk, files) = sample();
    for (path, _) in &files[1..files.len() - 1] {
        let (log, _) = open(&disk.without(path));
        let (found, damages) = read(&log, Position::START);
        assert!(found.len() < SAMPLE);
        let [Damage { kind: DamageKind::Missing(from, to), .. }] = damages[..] else { panic!("{damages:?}") };
        assert_eq!(usize::try_from(to - from).unwrap() + 1, SAMPLE - found.len());
    }
}

#[test]
fn random_damage_never_breaks_it() {
    let (disk, files) = sample();
    for seed in 0..2_000 {
        let mut random = Random(seed);
        let (path, bytes) = &files[random.below(files.len())];
        let mut bytes = bytes.clone();
        for _ in 0..1 + random.below(4) {
            let (at, length) = (random.below(bytes.len()), random.below(200));
            match random.below(4) {
                0 => bytes.splice(at..at, vec![0; length]).for_each(drop),
                1 => drop(bytes.drain(at..(at + length).min(bytes.len()))),
                2 => bytes.iter_mut().skip(at).take(length).for_each(|byte| *byte = random.next() as u8),
                _ => {
                    // A piece of the log itself, frames and all.
                    let piece: Vec<u8> =
                        bytes.iter().skip(random.below(bytes.len())).take(length).copied().collect();
                    bytes.splice(at..at, piece).for_each(drop);
                }
            }
            bytes.push(0);
        }
        let (log, report) = open(&disk.with(path, bytes));
        let (_, damages) = read(&log, Position::START);
        assert!(!damages.is_empty() || !report.is_clean(), "{seed}");
        append(&log, 1_000..1_001).unwrap();
    }
}

#[test]
fn an_event_that_looks_like_frames_is_none() {
    let (_, files) = sample();
    let disk = SimDisk::default();
    let (log, _) =
        Log::open(Arc::new(disk.clone()), Path::new(FOLDER), Settings { salt: 7, ..settings() }).unwrap();
    let record = |number, bytes| Record { id: id(number), ingest: 0, source: "", bytes };
    log.append(&[record(0, &files[0].1), record(1, b"sound")]).unwrap();
    drop(log);
    let (path, mut bytes) = disk.contents().remove(0);
    bytes[60] ^= 1;
    let (log, _) = open(&disk.with(&path, bytes));
    let report = log.verify().unwrap();
    assert_eq!((report.entries, report.damages.len()), (1, 1), "{report:?}");
}

#[test]
fn one_process_has_it() {
    let disk = SimDisk::default();
    let (log, _) = open(&disk);
    let again = Log::open(Arc::new(disk.clone()), Path::new(FOLDER), settings());
    assert!(again.unwrap_err().is_refused());
    drop(log);
    open(&disk);
}

#[test]
fn it_works_on_the_disk_of_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let local = || Log::open(Arc::new(LocalDisk), folder.path(), settings());
    let (log, _) = local().unwrap();
    assert!(local().unwrap_err().is_refused());
    for batch in 0..30 {
        append(&log, batch * 4..batch * 4 + 4).unwrap();
    }
    assert_eq!(all(&log), (0..120).collect::<Vec<_>>());
    drop(log);
    let (log, report) = local().unwrap();
    assert!(report.is_clean());
    assert!(log.release(Position(100)).unwrap() > 0);
    assert_eq!(read(&log, Position(100)).0, (99..120).collect::<Vec<_>>());
    let name =
        LocalDisk.files(folder.path()).unwrap().into_iter().find(|(name, _)| name != "lock").unwrap().0;
    let newer = frame::head(1, 0, 5).iter().rev().copied().collect::<Vec<u8>>();
    std::fs::write(folder.path().join(name), newer).unwrap();
    assert!(!log.verify().unwrap().is_clean());
}
