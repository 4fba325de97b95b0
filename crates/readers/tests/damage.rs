//! Damaged files: nothing panics or hangs, and every record that the damage did not touch is still found.
//!
//! What is untouched is decided here, without the readers: a record of EVTX whose own bytes, and those parts of
//! its chunk that it refers to (templates, and the names that those refer to), are all there unchanged; a line of
//! JSON that is there unchanged. A few files by default; `SIGYN_DAMAGED_FILES` says how many of each kind.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::HashMap;
use std::io::Cursor;
use std::ops::Range;

use sigyn_readers::{Decoder, Reader, Step};
use support::evtx::{CHUNK_BYTES, HEADER_BYTES, References};
use support::random::Random;

/// The events of an input as JSON, and how many places are said to be damaged.
fn read(bytes: Vec<u8>) -> (Vec<String>, u64) {
    let mut decoder = Decoder::new(None);
    let (mut events, mut damaged) = (Vec::new(), 0);
    for step in Reader::new("damaged", Cursor::new(bytes)) {
        match step {
            Step::Batch(batch) => {
                let outcome = decoder.decode(&batch, &mut |_, event| {
                    let mut text = String::new();
                    event.write_json(&mut text);
                    events.push(text);
                    true
                });
                assert_eq!(outcome.flaws.len() as u64, outcome.damaged.min(100));
                damaged += outcome.damaged;
            }
            Step::Unread(_) => damaged += 1,
        }
    }
    (events, damaged)
}

/// One thing that happens to a file.
#[derive(Debug)]
enum Damage {
    Flip { at: usize, mask: u8 },
    Zero(Range<usize>),
    Lose(Range<usize>),
    Insert { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Damage {
    /// Something random within a file.
    fn random(random: &mut Random, length: usize) -> Self {
        let at = random.below(length);
        let some = 1 + random.below(5_000);
        match random.below(10) {
            0..5 => Self::Flip { at, mask: 1 << random.below(8) },
            5 => Self::Zero(at..(at + some).min(length)),
            6 => Self::Lose(at..(at + some).min(length)),
            7 => Self::Insert { at, bytes: vec![0; some] },
            8 => Self::Insert { at, bytes: (0..some).map(|_| random.byte()).collect() },
            _ => Self::Truncate(at),
        }
    }

    fn is_touched(&self, range: &Range<usize>) -> bool {
        match self {
            Self::Flip { at, .. } => range.contains(at),
            Self::Zero(lost) | Self::Lose(lost) => lost.start < range.end && range.start < lost.end,
            Self::Insert { at, .. } => range.start < *at && *at < range.end,
            Self::Truncate(length) => *length < range.end,
        }
    }

    fn apply(&self, file: &mut Vec<u8>) {
        let length = file.len();
        match self {
            Self::Flip { at, mask } => file[*at] ^= mask,
            Self::Zero(range) => file[range.start..range.end.min(length)].fill(0),
            Self::Lose(range) => drop(file.drain(range.start..range.end.min(length))),
            Self::Insert { at, bytes } => drop(file.splice(at..at, bytes.iter().copied())),
            Self::Truncate(length) => file.truncate(*length),
        }
    }
}

/// A sound file with the places that each of its records needs, and its events.
struct Source {
    name: String,
    bytes: Vec<u8>,
    records: Vec<(Vec<Range<usize>>, String)>,
}

impl Source {
    fn new(name: String, bytes: Vec<u8>, needs: Vec<Vec<Range<usize>>>) -> Self {
        let (events, damaged) = read(bytes.clone());
        assert_eq!((events.len(), damaged), (needs.len(), 0), "{name}");
        Self { name, bytes, records: needs.into_iter().zip(events).collect() }
    }

    /// The first record that should be found behind the damage and is not.
    fn check(&self, damages: &[Damage]) -> Result<usize, String> {
        let mut file = self.bytes.clone();
        // From the end, so that places keep their meaning.
        let place = |damage: &Damage| match damage {
            Damage::Flip { at, .. } | Damage::Insert { at, .. } | Damage::Truncate(at) => *at,
            Damage::Zero(range) | Damage::Lose(range) => range.start,
        };
        let mut order: Vec<&Damage> = damages.iter().collect();
        order.sort_by_key(|damage| std::cmp::Reverse(place(damage)));
        order.iter().for_each(|damage| damage.apply(&mut file));
        let (events, reported) = read(file);
        let mut found: HashMap<&str, usize> = HashMap::new();
        events.iter().for_each(|event| *found.entry(event).or_default() += 1);
        let mut intact = 0;
        for (needs, event) in &self.records {
            let is_touched = |need| damages.iter().any(|damage| damage.is_touched(need));
            if needs.iter().any(is_touched) {
                continue;
            }
            intact += 1;
            match found.get_mut(event.as_str()) {
                Some(count) if *count > 0 => *count -= 1,
                _ => {
                    let text = format!("{}: {damages:?}", self.name);
                    let text: String = text.chars().take(300).collect();
                    return Err(format!("{text}\n  lost {needs:?} {event:.200}; {reported} places reported"));
                }
            }
        }
        Ok(intact)
    }
}

fn count(default: usize) -> usize {
    std::env::var("SIGYN_DAMAGED_FILES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Damages sources in turn and at random.
fn check(sources: &[Source], files: usize, seed: u64, damage: impl Fn(&mut Random, &Source) -> Vec<Damage>) {
    let mut random = Random::new(seed);
    let mut failures = Vec::new();
    let (mut intact, mut all) = (0, 0);
    for file in 0..files {
        let Some(source) = sources.get(file % sources.len().max(1)) else { return };
        match source.check(&damage(&mut random, source)) {
            Ok(found) => intact += found,
            Err(failure) => failures.push(failure),
        }
        all += source.records.len();
    }
    eprintln!(
        "{files} damaged files: all {intact} intact of {all} records found, but for {} files",
        failures.len()
    );
    assert!(intact > 0);
    let count = failures.len();
    failures.truncate(8);
    assert!(failures.is_empty(), "{count} of {files}:\n{}", failures.join("\n"));
}

fn few(random: &mut Random, length: usize) -> Vec<Damage> {
    (0..=random.below(6)).map(|_| Damage::random(random, length)).collect()
}

/// Flipped bits, and sometimes a cut: what the places of records survive.
fn flips(random: &mut Random, length: usize) -> Vec<Damage> {
    let mut damages: Vec<Damage> = (0..random.below(20))
        .map(|_| Damage::Flip { at: random.below(length), mask: 1 << random.below(8) })
        .collect();
    if damages.is_empty() || random.below(3) == 0 {
        damages.push(Damage::Truncate(random.below(length)));
    }
    damages
}

/// One change of the length, or one place overwritten.
fn shifted(random: &mut Random, source: &Source) -> Vec<Damage> {
    loop {
        let damage = Damage::random(random, source.bytes.len());
        if !matches!(damage, Damage::Flip { .. } | Damage::Truncate(_)) {
            return vec![damage];
        }
    }
}

fn evtx_source(name: String, bytes: Vec<u8>) -> Option<Source> {
    let needs = References::of(&bytes)?;
    Some(Source::new(name, bytes, needs))
}

fn made() -> Vec<Source> {
    [(1, 5), (2, 40), (4, 150)]
        .into_iter()
        .map(|(chunks, records)| {
            evtx_source(format!("{chunks} chunks of {records}"), support::evtx::file(chunks, records))
                .unwrap()
        })
        .collect()
}

/// Small files of the shared data.
fn recorded() -> Vec<Source> {
    let paths = support::files("evtx");
    let small = paths.into_iter().filter(|path| {
        path.metadata().is_ok_and(|about| about.len() <= (HEADER_BYTES + 4 * CHUNK_BYTES) as u64)
    });
    let sources =
        small.filter_map(|path| evtx_source(path.display().to_string(), std::fs::read(path).unwrap()));
    sources.filter(|source| source.records.len() > 1).take(count(24)).collect()
}

#[test]
fn flipped_bits_and_cuts_of_made_evtx() {
    check(&made(), count(60), 1, |random, source| flips(random, source.bytes.len()));
}

#[test]
fn flipped_bits_and_cuts_of_recorded_evtx() {
    check(&recorded(), count(60), 2, |random, source| flips(random, source.bytes.len()));
}

#[test]
fn lost_and_inserted_bytes_of_made_evtx() {
    check(&made(), count(60), 3, shifted);
}

#[test]
fn lost_and_inserted_bytes_of_recorded_evtx() {
    check(&recorded(), count(60), 4, shifted);
}

/// Much at once: no promise is checked but that it ends.
#[test]
fn much_damage_ends() {
    let mut random = Random::new(5);
    for source in made().iter().chain(&recorded()) {
        for _ in 0..count(60).div_ceil(20) {
            let _ = source.check(&few(&mut random, source.bytes.len()));
        }
    }
}

/// Chunks that do not stand where they should.
#[test]
fn chunks_are_found_off_their_grid() {
    let source = evtx_source("made".to_owned(), support::evtx::file(5, 100)).unwrap();
    let chunk = |number: usize| HEADER_BYTES + number * CHUNK_BYTES;
    let check = |damages: Vec<Damage>, lost: usize| {
        let found = source.check(&damages).unwrap();
        assert_eq!(source.records.len() - found, lost, "{damages:?}");
    };
    for length in [1, 512, 4_096, 65_535, 65_536, 65_537, 200_000, 3_000_000] {
        for number in [0, 1, 4, 5] {
            check(vec![Damage::Insert { at: chunk(number), bytes: vec![0; length] }], 0);
        }
    }
    check(vec![Damage::Lose(0..HEADER_BYTES)], 0);
    check(vec![Damage::Lose(1_000..1_001)], 0);
    check(vec![Damage::Zero(0..HEADER_BYTES)], 0);
    check(vec![Damage::Zero(chunk(1)..chunk(1) + 512)], 0);
    check(vec![Damage::Zero(chunk(0)..chunk(0) + 512)], 0);
    check(vec![Damage::Zero(0..HEADER_BYTES), Damage::Zero(chunk(0)..chunk(0) + 512)], 0);
    check(vec![Damage::Lose(chunk(2) + 8..chunk(2) + 100)], 0);
    check(vec![Damage::Lose(chunk(2) - 5_000..chunk(2) - 4_000)], 0);
    check(vec![Damage::Zero(chunk(2)..chunk(3))], 100);
    check(vec![Damage::Lose(chunk(2)..chunk(3))], 100);
    check(vec![Damage::Truncate(chunk(2))], 300);
}

/// Lines of JSON with what makes cutting hard.
fn lines() -> Source {
    let mut bytes = Vec::new();
    let mut needs = Vec::new();
    for at in 0..300 {
        let start = bytes.len();
        let line = format!(
            "{{\"Event\":{{\"System\":{{\"EventID\":{at},\"Channel\":\"Security\"}},\"EventData\":{{\"CommandLine\":\"cmd /c \\\"echo {{{at}}}\\\" é\\\\\"}}}}}}\n"
        );
        bytes.extend(line.bytes());
        // With its line end: a line that runs into the next one is another line.
        needs.push(std::iter::once(start..bytes.len()).collect());
    }
    Source::new("lines".to_owned(), bytes, needs)
}

#[test]
fn flipped_bits_and_cuts_of_json() {
    check(&[lines()], count(100), 6, |random, source| flips(random, source.bytes.len()));
}

#[test]
fn lost_and_inserted_bytes_of_json() {
    check(&[lines()], count(100), 7, shifted);
}
