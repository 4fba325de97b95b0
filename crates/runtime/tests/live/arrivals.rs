//! Orders of arrival: within the lateness, beyond it, twice, in batches of any size, by threads, divided among drivers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use sigyn_correlate::Status;
use sigyn_runtime::Program;
use sigyn_runtime::live::{Intake, Lateness, Live, Settings};

use crate::cases;
use crate::world::*;

/// Makes the text of an event at a time.
type Line = fn(&mut Random, i64) -> String;

/// The two sets of rules with events for them.
fn worlds() -> [(Arc<Program>, Line); 2] {
    [(all_kinds(), plain_line), (pack(), windows_line)]
}

/// Delivers chunks in batches of random sizes.
fn deliver(random: &mut Random, run: &mut Run, feeds: &[Feed], chunks: &[Chunk]) {
    let mut rest = chunks;
    while !rest.is_empty() {
        let (now, later) = rest.split_at((1 + random.below(8)).min(rest.len()));
        run.take(feeds, now);
        rest = later;
        run.now += SECOND;
        if random.once_in(5) {
            run.take(feeds, &[]);
        }
    }
}

#[test]
fn events_within_the_lateness_are_never_late() {
    cases(|random| {
        for (program, line) in worlds() {
            let feeds = feeds(random, 45, line);
            let mut run = Run::new(&program, Settings::standard(), &feeds);
            // Feeds that do not speak for a minute would be left behind.
            let mut settings = Settings::standard();
            settings.lateness.idle = i64::MAX;
            run.live = sigyn_runtime::live::Live::new(program.clone(), settings);
            open(&mut run.live, &feeds);
            run.intake = Intake::new(run.view());
            deliver(random, &mut run, &feeds, &side_by_side(&feeds));
            let late: u64 = run.live.feeds().map(|feed| feed.counts.late).sum();
            assert_eq!(late, 0);
            same("within the lateness", &hunted(&program, &feeds), &run.finish().0);
        }
    });
}

#[test]
fn late_events_are_repaired() {
    let (mut late, mut retracted) = (0, 0);
    let count = std::env::var("SIGYN_LIVE_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(12);
    for seed in 0..count {
        eprintln!("case {seed}");
        let random = &mut Random(seed);
        for (program, line) in worlds() {
            let feeds = feeds(random, 600, line);
            let mut settings = hasty();
            settings.repair_after = i64::try_from(random.below(5)).unwrap() * SECOND;
            if random.once_in(2) {
                settings.provisional_after = None;
            }
            let mut run = Run::new(&program, settings, &feeds);
            let mut order = chunks(random, &feeds, 6);
            if random.once_in(2) {
                random.shuffle(&mut order);
            }
            run.now = 1_000;
            deliver(random, &mut run, &feeds, &order);
            late += run.live.feeds().map(|feed| feed.counts.late).sum::<u64>();
            let (told, changes) = run.finish();
            retracted += changes.get("retract").copied().unwrap_or(0);
            same("any order", &hunted(&program, &feeds), &told);
        }
    }
    // Else the property says nothing.
    assert!(late > 50 && retracted > 0, "{late} {retracted}");
}

/// Feeds that begin with a thousand events in order, ten a second: enough to know how late theirs come.
fn with_calm_start(feeds: &mut [Feed], line: Line) {
    for feed in feeds {
        let calm = (0..1_100).map(|at| line(&mut Random(at), START - 200 + i64::try_from(at / 10).unwrap()));
        let rest = std::mem::take(&mut feed.lines);
        feed.lines = calm.chain(rest).collect();
    }
}

/// How long a feed is waited for decides when results are known, not what they are (E9).
#[test]
fn no_lateness_changes_what_is_found() {
    let (mut late, mut waited) = (0, BTreeSet::new());
    let count = std::env::var("SIGYN_LIVE_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(3);
    for seed in 0..count {
        let random = &mut Random(seed);
        let program = all_kinds();
        let disorder = *random.pick(&[0, 20, 400]);
        let mut feeds = feeds(random, disorder, plain_line);
        with_calm_start(&mut feeds, plain_line);
        let hunted = hunted(&program, &feeds);
        let order = chunks(random, &feeds, 200);
        let mut snapshot = None;
        for lateness in [Lateness::adaptive(), Lateness::standard()] {
            for usual in [0, 1, 60, 600] {
                let mut settings = Settings::standard();
                settings.lateness = Lateness { usual: usual * SECOND, ..lateness.clone() };
                let is_adaptive = lateness.is_adaptive;
                if !is_adaptive && random.once_in(2) {
                    settings.lateness.of.insert(feeds[0].name.clone(), 30 * SECOND);
                }
                let mut run = Run::new(&program, settings, &feeds);
                deliver(&mut Random(7), &mut run, &feeds, &order);
                late += run.live.feeds().map(|feed| feed.counts.late).sum::<u64>();
                let known: Vec<i64> = run.live.feeds().map(|feed| feed.lateness).collect();
                if is_adaptive {
                    waited.extend(known.iter().copied());
                    // The events alone say how late they come.
                    assert_eq!(*snapshot.get_or_insert(known.clone()), known);
                }
                same(&format!("{usual} s, adaptive: {is_adaptive}"), &hunted, &run.finish().0);
            }
        }
    }
    assert!(late > 0 && waited.len() > 3, "{late} {waited:?}");
}

/// What is known of a feed is in the snapshot: whoever goes on from there waits as long, and as far, as if nothing had happened.
#[test]
fn a_restart_waits_as_long_as_before() {
    for seed in 0..3 {
        let random = &mut Random(seed);
        let program = all_kinds();
        let mut feeds = feeds(random, 100, plain_line);
        with_calm_start(&mut feeds, plain_line);
        let settings = Settings { lateness: Lateness::adaptive(), ..Settings::standard() };
        let (mut steady, mut killed) =
            (Run::new(&program, settings.clone(), &feeds), Run::new(&program, settings.clone(), &feeds));
        for chunk in chunks(random, &feeds, 200) {
            for run in [&mut steady, &mut killed] {
                run.now += SECOND;
                run.take(&feeds, std::slice::from_ref(&chunk));
            }
            if random.once_in(8) {
                let bytes = killed.live.snapshot().unwrap().unwrap();
                let history = &mut killed.history;
                killed.live = Live::restore(program.clone(), settings.clone(), &bytes, history).unwrap();
                killed.intake = Intake::new(killed.live.view().clone());
            }
            let known = |run: &Run| run.live.feeds().map(|feed| feed.lateness).collect::<Vec<_>>();
            assert_eq!((steady.live.watermark(), known(&steady)), (killed.live.watermark(), known(&killed)));
        }
        same("killed", &steady.finish().0, &killed.finish().0);
    }
}

#[test]
fn what_is_told_early_is_confirmed_or_taken_back() {
    let (mut provisional, mut retracted) = (0, 0);
    for seed in 0..40 {
        let random = &mut Random(seed);
        let program = all_kinds();
        let feeds = feeds(random, 60, plain_line);
        let mut settings = Settings::standard();
        settings.provisional_after = Some(0);
        settings.lateness.usual = 120 * SECOND;
        settings.lateness.idle = i64::MAX;
        let mut run = Run::new(&program, settings, &feeds);
        deliver(random, &mut run, &feeds, &side_by_side(&feeds));
        let (told, changes) = run.finish();
        provisional += changes.get("provisional").copied().unwrap_or(0);
        retracted += changes.get("retract").copied().unwrap_or(0);
        same("provisional", &hunted(&program, &feeds), &told);
    }
    assert!(provisional > 50 && retracted > 0 && retracted < provisional, "{provisional} {retracted}");
}

/// Single events are told of in the step that brings them, for good; a burst as soon as nothing more comes for two seconds, not
/// when the watermark passes it after a minute.
#[test]
fn nobody_waits_for_the_next_event() {
    let program = all_kinds();
    let line = |second: u32, kind: &str| {
        format!(
            r#"{{"@timestamp":"2026-03-02T10:00:{second:02}Z","Channel":"Security","EventID":1,"kind":"{kind}","user":"anna","host":"h1"}}"#
        )
    };
    let lines: Vec<String> =
        (0..12).map(|second| line(second, if second == 11 { "clear" } else { "fail" })).collect();
    let feeds = [Feed { name: "quiet.log".into(), lines }];
    let mut run = Run::new(&program, Settings::standard(), &feeds);
    run.now = 1_000 * SECOND;
    let told = |run: &Run, status: Status| {
        let standing = run.history.standing().values();
        let shown = standing.filter(|signal| signal.status == status);
        (shown.clone().filter(|it| it.stratum == 1).count(), shown.filter(|it| it.stratum > 1).count())
    };
    run.take(&feeds, &[Chunk { feed: 0, from: 0, to: 12 }]);
    let (singles, before) = (told(&run, Status::Final).0, told(&run, Status::Provisional).1);
    assert_eq!(told(&run, Status::Provisional).0, 0);
    run.now += 2 * SECOND;
    run.take(&feeds, &[]);
    let after = told(&run, Status::Provisional).1;
    assert!(singles > 0 && after > before, "{singles} singles, {before} before, {after} after");
    same("quiet", &hunted(&program, &feeds), &run.finish().0);
}

#[test]
fn copies_do_no_harm() {
    cases(|random| {
        let program = all_kinds();
        let feeds = feeds(random, 60, plain_line);
        let mut order = chunks(random, &feeds, 6);
        for _ in 0..1 + order.len() / 5 {
            // Whole chunks, and such as were cut otherwise before.
            let mut again = order[random.below(order.len())].clone();
            again.from -= random.below(again.from + 1);
            order.insert(random.below(order.len() + 1), again);
        }
        let mut settings = if random.once_in(2) { hasty() } else { Settings::standard() };
        // The memory of events may be too small for all of them.
        settings.recent_max = 1 + random.below(200);
        let mut run = Run::new(&program, settings, &feeds);
        deliver(random, &mut run, &feeds, &order);
        same("copies", &hunted(&program, &feeds), &run.finish().0);
    });
}

#[test]
fn one_record_in_two_feeds_is_one_event() {
    let program = all_kinds();
    let lines: Vec<String> = (0..3)
        .map(|number| {
            format!(
                r#"{{"@timestamp":"2026-03-02T08:00:0{number}Z","Provider_Name":"p","Channel":"Security","EventID":1,"Computer":"h1","EventRecordID":{number},"kind":"fail","user":"anna"}}"#
            )
        })
        .collect();
    let feeds = ["a", "b"].map(|name| Feed { name: name.into(), lines: lines[..2].to_vec() });
    let mut run = Run::new(&program, hasty(), &feeds);
    run.take(&feeds, &side_by_side(&feeds));
    let copies: u64 = run.live.feeds().map(|feed| feed.counts.copies).sum();
    assert_eq!(copies, 2);
    // Two events are no burst; three are, and each counts once.
    let (told, _) = run.finish();
    assert!(!told.values().any(|told| told.starts_with("Burst")), "{told:#?}");
    let hunt_told = hunted(&program, &feeds);
    assert!(!hunt_told.values().any(|told| told.starts_with("Burst")), "{hunt_told:#?}");
    let three = ["a", "b"].map(|name| Feed { name: name.into(), lines: lines.clone() });
    let burst = |told: &Told| told.values().find(|told| told.starts_with("Burst")).cloned().unwrap();
    let mut run = Run::new(&program, hasty(), &three);
    run.take(&three, &side_by_side(&three));
    let (live, hunt) = (burst(&run.finish().0), burst(&hunted(&program, &three)));
    assert_eq!(live, hunt);
    assert!(hunt.contains(r#"Some("3") 3 "#), "{hunt}");
}

#[test]
fn too_much_that_waits_moves_the_watermark_on() {
    cases(|random| {
        let program = all_kinds();
        let feeds = feeds(random, 300, plain_line);
        let mut settings = Settings::standard();
        settings.waiting_max = 4 + random.below(10);
        settings.late_max = 1 + random.below(10);
        let mut run = Run::new(&program, settings, &feeds);
        let order = chunks(random, &feeds, 6);
        deliver(random, &mut run, &feeds, &order);
        assert!(run.live.waiting().0 <= 120);
        assert!(run.live.forced() > 0);
        same("little room", &hunted(&program, &feeds), &run.finish().0);
    });
}

#[test]
fn threads_make_no_difference() {
    cases(|random| {
        let program = all_kinds();
        let feeds = feeds(random, 60, plain_line);
        let order = chunks(random, &feeds, 6);
        let mut run = Run::new(&program, hasty(), &feeds);
        let view = run.view();
        let next = Mutex::new(order.into_iter());
        // Whoever matches waits when the driver is behind.
        let (done, taken) = sync_channel(4);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                let (view, next, done, feeds) = (view.clone(), &next, done.clone(), &feeds);
                scope.spawn(move || {
                    let mut intake = Intake::new(view);
                    loop {
                        let chunk = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(chunk) = chunk else { return };
                        let mut stored = Vec::new();
                        let batch = gather(&mut intake, &feeds[chunk.feed], &chunk, &mut |at, record| {
                            stored.push((at, record.to_vec()));
                        });
                        done.send((batch, stored)).unwrap();
                    }
                });
            }
            drop(done);
            while let Ok((batch, stored)) = taken.recv() {
                stored.into_iter().for_each(|(at, record)| run.history.store(at, &record));
                run.now += SECOND;
                let changes = run.live.take(vec![batch], run.now, &mut run.history).unwrap();
                run.count(&changes);
            }
        });
        for (health, feed) in run.live.feeds().zip(&feeds) {
            assert_eq!(health.position, feed.lines.len() as u64 + 1, "{}", health.name);
        }
        same("threads", &hunted(&program, &feeds), &run.finish().0);
    });
}

/// Rules that read each other only within one user.
const BY_USER: &[&str] = &["Burst", "Every Third", "Session", "Tumbling", "Both", "Ordered", "Not Followed"];

#[test]
fn drivers_divided_by_key_find_what_one_finds() {
    cases(|random| {
        let program = all_kinds();
        let feeds = feeds(random, 60, |random, time| {
            // Events of several users belong to several drivers.
            let line = plain_line(random, time);
            line.replace(r#"",  "dora"]"#, r#""]"#).replace(r#"["#, "").replace(r#","dora"]"#, "")
        });
        let of = |told: Told| -> Told {
            told.into_iter().filter(|(_, told)| BY_USER.iter().any(|title| told.starts_with(title))).collect()
        };
        let mut all = Told::new();
        for user in ["anna", "bert", "carl"] {
            let is_theirs = |line: &str| line.contains(&format!(r#""user":"{user}""#));
            // Offsets stay: a driver passes over what is not its own.
            let mut run = Run::new(&program, hasty(), &feeds);
            let order = chunks(random, &feeds, 1);
            for chunk in &order {
                if is_theirs(&feeds[chunk.feed].lines[chunk.from]) {
                    run.take(&feeds, std::slice::from_ref(chunk));
                    run.now += SECOND;
                }
            }
            all.extend(of(run.finish().0));
        }
        same("divided", &of(hunted(&program, &feeds)), &all);
    });
}
