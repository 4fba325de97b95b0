//! Rules on events: the engine under several strategies says what the reference evaluator says.
//!
//! The first byte chooses between rules and events made of the bytes, and changed example events under the example
//! rules, to which SigmaHQ's rules and recorded events come where they lie beside the repository.
#![no_main]

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use sigyn_engine::LogSources;
use sigyn_ir::{Part, RuleItem, RuleSet};
use sigyn_readers::{Decoder, Reader, Step};
use sigyn_testkit::agree::{Trial, Ways};
use sigyn_testkit::random::{self, Random};
use sigyn_testkit::shrink::Way;
use sigyn_testkit::{matching, recorded};

const RULES: &[&str] = &[
    include_str!("../../examples/rules/linux_history_cleared.yml"),
    include_str!("../../examples/rules/linux_sshd_bad_protocol.yml"),
    include_str!("../../examples/rules/web_path_traversal.yml"),
    include_str!("../../examples/rules/windows_certutil_download.yml"),
];

const LOGS: &[&str] = &[
    include_str!("../../examples/logs/access.log"),
    include_str!("../../examples/logs/auth.log"),
    include_str!("../../examples/logs/sysmon_linux.log"),
    include_str!("../../examples/logs/windows.json"),
];

/// Recorded events beyond this many kinds tell a fuzzer little more.
const KINDS_MAX: usize = 3_000;

static SOURCES: LazyLock<LogSources> = LazyLock::new(|| LogSources::built_in().expect("a table"));

static SET: LazyLock<RuleSet> = LazyLock::new(|| {
    let mut set =
        recorded::folder().map_or_else(RuleSet::default, |data| recorded::rules(&data).expect("rules"));
    let own = matching::load(&RULES.join("\n---\n")).set;
    assert_eq!(own.items.len(), RULES.len());
    set.items.extend(own.items);
    set
});

/// Everything on and everything off, over all rules and by log source.
static WAYS: LazyLock<Ways<'static>> = LazyLock::new(|| {
    let ends = |mut ways: Vec<Way>| [ways.remove(0), ways.pop().expect("a way")];
    let ways = [ends(matching::configs()), ends(matching::routed_configs())].concat();
    Ways::new(&SET, &SOURCES, &ways).expect("all strategies refuse the same rules")
});

/// Texts that rules look for.
static HINTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut hints = Vec::new();
    let rules = SET.items.iter().filter_map(|item| match item {
        RuleItem::Rule(rule) => Some(rule),
        RuleItem::Correlation(_) => None,
    });
    for (_, detection) in rules.flat_map(|rule| &rule.detections) {
        detection.for_each_item(&mut |item| {
            for value in &item.values {
                let sigyn_ir::Value::Str(text) = value else { continue };
                let parts = text.parts().iter().filter_map(|part| match part {
                    Part::Text(text) => Some(text.as_str()),
                    _ => None,
                });
                hints.push(parts.collect());
            }
        });
    }
    hints
});

/// Lines of logs; those of JSON are changed as JSON.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut lines: Vec<String> = LOGS.iter().flat_map(|log| log.lines()).map(str::to_owned).collect();
    let paths = recorded::folder().map_or_else(Vec::new, |data| recorded::logs(&data).expect("recordings"));
    let (mut kinds, mut decoder) = (HashSet::new(), Decoder::new(None));
    for path in paths.iter().rev() {
        let bytes = std::io::Cursor::new(std::fs::read(path).expect("a recording"));
        for step in Reader::new("recorded", bytes) {
            let Step::Batch(batch) = step else { continue };
            decoder.decode(&batch, &mut |_, event| {
                if kinds.insert(recorded::shape(event)) {
                    let mut text = String::new();
                    event.write_json(&mut text);
                    lines.push(text);
                }
                kinds.len() < KINDS_MAX
            });
        }
        if kinds.len() >= KINDS_MAX {
            break;
        }
    }
    lines
});

thread_local! {
    static TRIAL: RefCell<Trial<'static>> =
        RefCell::new(Trial::new(&WAYS).expect("the evaluator refuses the same rules"));
}

fuzz_target!(
    init: {
        // Reading recordings takes longer than any input may take.
        LazyLock::force(&WAYS);
        LazyLock::force(&HINTS);
        LazyLock::force(&LINES);
    },
    |bytes: &[u8]| {
        let mut random = Random::from_bytes(bytes);
        if random.below(4) == 3 { made_of_bytes(&mut random) } else { changed(&mut random) }
    }
);

fn made_of_bytes(random: &mut Random<'_>) {
    let (rules, events) = (1 + random.below(3), 1 + random.below(4));
    let round = random::round(random, rules, events);
    let ways = matching::configs();
    let other = 1 + random.below(ways.len() - 1);
    let ways = [ways[0].clone(), ways[other].clone()];
    if let Err(found) = round.run(&SOURCES, &ways, true) {
        let small = round.shrink(&|round| round.run(&SOURCES, &ways, true).is_err());
        panic!("{}", small.as_case(&found));
    }
}

fn changed(random: &mut Random<'_>) {
    let mut line = LINES[random.below(LINES.len())].clone();
    for _ in 0..=random.below(6) {
        match serde_json::from_str::<Value>(&line) {
            Ok(mut event) => {
                random::mutate(&mut event, random, &HINTS);
                line = event.to_string();
            }
            Err(_) => {
                let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
                let at = places.get(random.below(places.len())).copied().unwrap_or(0);
                line.insert_str(at, &HINTS[random.below(HINTS.len())]);
            }
        }
    }
    let mut decoder = Decoder::new(None);
    for step in Reader::new("fuzz", std::io::Cursor::new(line.clone().into_bytes())) {
        let Step::Batch(batch) = step else { continue };
        decoder.decode(&batch, &mut |_, event| {
            TRIAL.with_borrow_mut(|trial| {
                if let Err(difference) = trial.event(event, &|_| true) {
                    let title = SET.get(difference.rule).map_or("", |item| item.meta().title.as_str());
                    panic!("{difference:?}\n{title}\n{line}");
                }
            });
            true
        });
    }
}
