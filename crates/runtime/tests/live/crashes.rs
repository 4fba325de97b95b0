//! Crashes at any point, with what the stores kept; and stores that fail.

use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use sigyn_correlate::{At, Id};
use sigyn_event::Event;
use sigyn_runtime::Program;
use sigyn_runtime::live::{
    Change, FileHistory, History, Intake, KeptHit, Live, MemoryHistory, Settings, Signal,
};

use crate::cases;
use crate::world::*;

/// The next chunks that a driver has not taken: each feed from its position on.
fn rest(random: &mut Random, live: &Live, feeds: &[Feed]) -> Vec<Chunk> {
    let behind: Vec<Feed> = feeds
        .iter()
        .map(|feed| {
            let position = live.feeds().find(|health| health.name == feed.name).map_or(1, |it| it.position);
            let from = usize::try_from(position).unwrap() - 1;
            Feed { name: feed.name.clone(), lines: feed.lines[from..].to_vec() }
        })
        .collect();
    chunks(random, &behind, 5)
        .into_iter()
        .map(|chunk| {
            let skipped = feeds[chunk.feed].lines.len() - behind[chunk.feed].lines.len();
            Chunk { feed: chunk.feed, from: chunk.from + skipped, to: chunk.to + skipped }
        })
        .collect()
}

/// Runs with crashes: each goes back to the last snapshot, while the history keeps what it has.
fn with_crashes<H: History>(
    random: &mut Random,
    program: &Arc<Program>,
    settings: &Settings,
    feeds: &[Feed],
    history: &mut H,
    store: fn(&mut H, At, &[u8]),
) -> usize {
    let mut live = Live::new(program.clone(), settings.clone());
    open(&mut live, feeds);
    let mut snapshot = live.snapshot().unwrap().unwrap();
    let (mut now, mut crashes) = (1_000, 0);
    loop {
        let mut is_killed = false;
        let order = rest(random, &live, feeds);
        let mut intake = Intake::new(live.view().clone());
        for chunk in &order {
            now += SECOND;
            let batch =
                gather(&mut intake, &feeds[chunk.feed], chunk, &mut |at, record| store(history, at, record));
            live.take(vec![batch], now, history).unwrap();
            if random.once_in(9) {
                snapshot = live.snapshot().unwrap().unwrap();
            }
            if crashes < 5 && random.once_in(12) {
                (is_killed, crashes) = (true, crashes + 1);
                live = Live::restore(program.clone(), settings.clone(), &snapshot, history).unwrap();
                break;
            }
        }
        if !is_killed {
            live.finish(history).unwrap();
            return crashes;
        }
    }
}

fn settings(random: &mut Random) -> Settings {
    let mut settings = if random.once_in(2) { hasty() } else { Settings::standard() };
    settings.provisional_after = *random.pick(&[None, Some(0), Some(10 * SECOND)]);
    settings.repair_after = i64::try_from(random.below(4)).unwrap() * SECOND;
    settings
}

#[test]
fn a_killed_driver_ends_with_the_same_signals() {
    cases(|random| {
        for (program, line) in
            [(all_kinds(), plain_line as fn(&mut Random, i64) -> String), (pack(), windows_line)]
        {
            let disorder = *random.pick(&[20, 400]);
            let feeds = feeds(random, disorder, line);
            let settings = settings(random);
            let mut history = MemoryHistory::new();
            with_crashes(random, &program, &settings, &feeds, &mut history, MemoryHistory::store);
            same("crashes", &hunted(&program, &feeds), &standing(&program, history.standing()));
        }
    });
}

#[test]
fn a_history_in_files_does_the_same_and_outlives_the_process() {
    let open = |folder: &Path| {
        let file = |name: &str| {
            let options = &mut std::fs::OpenOptions::new();
            options.create(true).truncate(false).read(true).write(true).open(folder.join(name)).unwrap()
        };
        FileHistory::open(file("past"), file("changes")).unwrap()
    };
    for seed in 0..4 {
        let random = &mut Random(seed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("live-history-{seed}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let program = all_kinds();
        let feeds = feeds(random, 60, plain_line);
        let settings = settings(random);
        let store = |history: &mut FileHistory, at: At, record: &[u8]| history.store(at, record).unwrap();
        with_crashes(random, &program, &settings, &feeds, &mut open(&folder), store);
        // What a crash cut off is no record.
        let cut = folder.join("changes");
        let mut bytes = std::fs::read(&cut).unwrap();
        bytes.extend_from_slice(&[9, 0, 0, 0, 1, 2, 3]);
        std::fs::write(&cut, bytes).unwrap();
        let standing_now = open(&folder).standing().unwrap();
        same("files", &hunted(&program, &feeds), &standing(&program, &standing_now));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

/// A history that fails now and then.
struct Failing {
    history: MemoryHistory,
    random: Random,
    failures: usize,
}

impl Failing {
    fn fail(&mut self) -> io::Result<()> {
        match self.random.once_in(4) {
            true => {
                self.failures += 1;
                Err(io::Error::other("the disk is full"))
            }
            false => Ok(()),
        }
    }
}

impl History for Failing {
    fn keep(&mut self, hits: &[KeptHit]) -> io::Result<()> {
        self.fail()?;
        self.history.keep(hits)
    }

    fn hits(
        &mut self,
        rules: &HashSet<Id>,
        interval: Range<i64>,
        visit: &mut dyn FnMut(KeptHit) -> bool,
    ) -> io::Result<()> {
        self.fail()?;
        self.history.hits(rules, interval, visit)
    }

    fn events(
        &mut self,
        interval: Range<i64>,
        visit: &mut dyn FnMut(&At, Event<'_>) -> bool,
    ) -> io::Result<()> {
        self.fail()?;
        self.history.events(interval, visit)
    }

    fn tell(&mut self, changes: &[Change]) -> io::Result<()> {
        self.fail()?;
        self.history.tell(changes)
    }

    fn signals(&mut self, rule: &str, interval: Range<i64>, visit: &mut dyn FnMut(Signal)) -> io::Result<()> {
        self.fail()?;
        self.history.signals(rule, interval, visit)
    }
}

#[test]
fn a_history_that_fails_loses_nothing() {
    cases(|random| {
        let program = all_kinds();
        let feeds = feeds(random, 200, plain_line);
        let mut live = Live::new(program.clone(), hasty());
        open(&mut live, &feeds);
        let mut history = Failing { history: MemoryHistory::new(), random: Random(random.0), failures: 0 };
        let mut intake = Intake::new(live.view().clone());
        let mut given = MemoryHistory::new();
        for chunk in chunks(random, &feeds, 5) {
            let mut stored = Vec::new();
            let batch = gather(&mut intake, &feeds[chunk.feed], &chunk, &mut |at, record| {
                stored.push((at, record.to_vec()));
            });
            stored.into_iter().for_each(|(at, record)| history.history.store(at, &record));
            // The same call again until it is done.
            let changes = loop {
                if let Ok(changes) = live.take(vec![batch.clone()], SECOND, &mut history) {
                    break changes;
                }
            };
            given.tell(&changes).unwrap();
        }
        assert!(history.failures > 0);
        let changes = live.finish(&mut history.history).unwrap();
        given.tell(&changes).unwrap();
        let expected = hunted(&program, &feeds);
        same("told to the history", &expected, &standing(&program, history.history.standing()));
        same("given out", &expected, &standing(&program, given.standing()));
    });
}

#[test]
fn a_damaged_snapshot_is_refused() {
    let program = all_kinds();
    let mut live = Live::new(program.clone(), Settings::standard());
    let bytes = live.snapshot().unwrap().unwrap();
    let mut history = MemoryHistory::new();
    let mut refused = |bytes: &[u8]| {
        let restored = Live::restore(program.clone(), Settings::standard(), bytes, &mut history);
        restored.err().map(|error| error.to_string())
    };
    assert_eq!(refused(&bytes), None);
    for at in [0, 9, 15, bytes.len() - 1] {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1;
        assert!(refused(&bytes).is_some(), "{at}");
    }
    assert!(refused(&bytes[..bytes.len() / 2]).is_some());
}
