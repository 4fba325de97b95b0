//! Rules that come, go and change in mid-stream: what counts is the rule in force at the time of a detection (E44).

use std::collections::BTreeMap;
use std::sync::Arc;

use sigyn_runtime::Program;
use sigyn_runtime::live::{Live, Settings};

use crate::cases;
use crate::world::*;

/// The rules, other ones: one changed, one gone, one new that reads fields that nobody read before.
fn other() -> Arc<Program> {
    let changed = RULES
        .replace(
            "timespan: 1m, condition: {gte: 3}, generate: true}",
            "timespan: 1m, condition: {gte: 2}, generate: true}",
        )
        .replace("title: Spray\nname: spray\n", "title: Spread\nname: spread\n")
        + "---\ntitle: Machines\nname: machines\ncorrelation: {type: value_count, rules: [admin, good], group-by: [bytes], timespan: 30m, condition: {field: host, gte: 1}}\n"
        + "---\ntitle: Cleared Twice\nname: cleared_twice\nlogsource: {product: windows, service: security}\ndetection: {selection: {kind: clear, user: anna}, condition: selection}\n";
    assert_ne!(changed, RULES);
    program_of([("rules.yml".to_owned(), changed)])
}

/// What an entry says of its rule's title and time; single matches have none.
fn time(told: &str) -> Option<i64> {
    told.split(" at ").nth(1)?.split(' ').next()?.parse().ok()
}

fn check(random: &mut Random, restart: bool) {
    let (old, new) = (all_kinds(), other());
    let feeds = feeds(random, 30, plain_line);
    let mut settings = Settings::standard();
    settings.lateness.idle = i64::MAX;
    settings.provisional_after = *random.pick(&[None, Some(SECOND)]);
    let mut run = Run::new(&old, settings.clone(), &feeds);
    let order = side_by_side(&feeds);
    let (before, after) = order.split_at(order.len() / 3 + random.below(order.len() / 3));
    for chunks in before.chunks(3) {
        run.now += SECOND;
        run.take(&feeds, chunks);
    }
    let from = if restart {
        let newest = run.live.feeds().filter_map(|feed| feed.newest).max().unwrap();
        let bytes = run.live.snapshot().unwrap().unwrap();
        run.live = Live::restore(new.clone(), settings, &bytes, &mut run.history).unwrap();
        newest + 1
    } else {
        let from = run.live.replace(new.clone(), None, &mut run.history).unwrap();
        assert!(run.live.snapshot().unwrap().is_none());
        from
    };
    for chunks in after.chunks(3) {
        run.now += SECOND;
        run.take(&feeds, chunks);
    }
    run.program = new.clone();
    let view = run.view();
    let told = {
        let Run { live, mut history, .. } = run;
        live.finish(&mut history).unwrap();
        // Signals of rules that are gone have names that the new rules do not know.
        let known: BTreeMap<_, _> = history.standing().clone().into_iter().collect();
        (known, view)
    };
    let plan = |program: &Arc<Program>| program.plan().unwrap().fingerprint();
    assert_ne!(plan(&old), plan(&new));
    let title = |uid: &str| {
        let find = |program: &Arc<Program>| {
            let plan = program.plan().unwrap();
            let item = plan.rules().iter().find(|item| plan.uid(**item) == Some(uid))?;
            Some(program.set.items[item.0 as usize].meta().title.clone())
        };
        find(&new).or_else(|| find(&old)).unwrap()
    };
    let got: Told =
        told.0.values().filter(|it| it.is_shown).map(|it| of_signal(&title(&it.rule), it)).collect();
    let (by_old, by_new) = (hunted(&old, &feeds), hunted(&new, &feeds));
    // Every detection of the new rules from the instant on, and none of theirs before it that the old ones do not have.
    for (id, told) in by_new.iter().filter(|(_, told)| time(told).is_some_and(|ts| ts >= from)) {
        assert_eq!(got.get(id), Some(told), "from {from}");
    }
    for (id, told) in &got {
        let Some(ts) = time(told) else { continue };
        match ts >= from {
            true => assert_eq!(by_new.get(id), Some(told), "from {from}"),
            // Those of rules that are gone are as they were at the instant.
            false => assert!(by_old.contains_key(id), "{told} before {from}"),
        }
    }
    if !restart {
        for (id, told) in by_old.iter().filter(|(_, told)| time(told).is_some_and(|ts| ts < from)) {
            assert!(got.contains_key(id), "{told} before {from}");
        }
    }
    // Rules that are the same have noticed nothing.
    for (id, told) in by_new.iter().filter(|(id, told)| by_old.get(*id) == Some(told)) {
        assert_eq!(got.get(id), Some(told));
    }
}

#[test]
fn rules_change_at_an_instant() {
    cases(|random| check(random, false));
}

#[test]
fn rules_changed_while_it_was_stopped() {
    cases(|random| check(random, true));
}

#[test]
fn batches_of_other_rules_are_not_taken() {
    let random = &mut Random(1);
    let program = all_kinds();
    let feeds = feeds(random, 0, plain_line);
    let mut run = Run::new(&program, Settings::standard(), &feeds);
    let chunk = &side_by_side(&feeds)[0];
    let old = gather(&mut run.intake, &feeds[chunk.feed], chunk, &mut |_, _| {});
    run.live.replace(other(), None, &mut run.history).unwrap();
    let error = run.live.take(vec![old], 0, &mut run.history).unwrap_err();
    assert!(error.is_of_other_rules());
    run.take(&feeds, std::slice::from_ref(chunk));
}
