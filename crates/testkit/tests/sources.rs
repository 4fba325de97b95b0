//! Log sources: whole logs through readers, classification and matching. Each case of `corpus/sources` is a rule and
//! logs that it must match, or must not; the evaluator and the explanation have to agree on every event.
//!
//! ````text
//! ## What the case shows
//!
//! ```yaml
//! logsource: {product: windows, category: process_creation}
//! detection: …
//! ```
//!
//! ```matches
//! {"Channel":"Security", …}
//! ```
//!
//! ```differs
//! …
//! ```
//! ````

#![expect(clippy::unwrap_used, reason = "a test fails where a case cannot be read")]

use sigyn_engine::{Config, Engine, LogSources, Switch};
use sigyn_event::Timestamp;
use sigyn_ir::RuleItem;
use sigyn_readers::{Decoder, Reader, Step};
use sigyn_testkit::evaluator::Evaluator;
use sigyn_testkit::matching;

struct Log {
    text: String,
    matches: bool,
}

/// The rule and the logs of a case.
fn case(text: &str) -> (String, Vec<Log>) {
    let (mut rule, mut logs) = (String::new(), Vec::new());
    for block in text.split("\n```").skip(1).step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap();
        match kind {
            "yaml" => rule = format!("title: case\n{body}"),
            "matches" | "differs" => {
                logs.push(Log { text: format!("{body}\n"), matches: kind == "matches" });
            }
            other => panic!("{other}: no such block"),
        }
    }
    (rule, logs)
}

/// What is wrong with a log: that it is not read, that readings of it differ, that the rule says otherwise.
fn wrong(rule: &str, log: &Log) -> Option<String> {
    let loaded = matching::load(rule);
    let RuleItem::Rule(parsed) = loaded.set.items.first()? else { return Some("no rule".to_owned()) };
    let sources = LogSources::built_in().unwrap();
    let built = Engine::build(&loaded.set, &sources, Config::standard());
    if let Some(inert) = built.inert.first() {
        return Some(inert.reason.clone());
    }
    let plain = Engine::build(&loaded.set, &sources, Config { witnesses: Switch::Off, ..Config::standard() });
    let (mut scratch, mut plain_scratch) = (built.engine.scratch(), plain.engine.scratch());
    let evaluator = Evaluator::default();
    let mut decoder = Decoder::new(Timestamp::parse("2026-03-03T00:00:00Z"));
    let (mut complaint, mut found, mut events) = (None, false, 0);
    for step in Reader::new("case", std::io::Cursor::new(log.text.clone())) {
        let Step::Batch(batch) = step else { return Some("is not read".to_owned()) };
        let outcome = decoder.decode(&batch, &mut |_, event| {
            events += 1;
            let (class, rules) = built.engine.run(event, &mut scratch);
            let is_match = !rules.is_empty();
            found |= is_match;
            let others = [
                !plain.engine.run(event, &mut plain_scratch).1.is_empty(),
                built.engine.explain(parsed, event, class).matches,
                class.is_some_and(|class| {
                    let is_read = built
                        .engine
                        .class_sources(class)
                        .iter()
                        .any(|source| parsed.logsource.covers(source));
                    let aliases = |field: &str| {
                        let names = built.engine.field_names(Some(class), field);
                        names.into_iter().skip(1).map(str::to_owned).collect::<Vec<_>>()
                    };
                    let further =
                        |field: &str, own: &[String]| built.engine.further_values(class, field, event, own);
                    is_read && evaluator.event_with(event, &aliases, &further).evaluate(parsed).unwrap()
                }),
            ];
            if others.iter().any(|other| *other != is_match) {
                complaint = Some(format!("the engine says {is_match}, the others {others:?}"));
            }
            true
        });
        if outcome.damaged > 0 {
            return Some(format!("damaged: {:?}", outcome.flaws));
        }
    }
    let expected = (found == log.matches && events > 0).then_some(());
    complaint.or_else(|| match expected {
        Some(()) => None,
        None => Some(format!("matches: {found}, of {events} events")),
    })
}

#[test]
fn every_log_is_taken_for_what_it_is() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/sources");
    let (mut complaints, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for section in text.split("\n## ").skip(1) {
            let title = section.lines().next().unwrap();
            let (rule, logs) = case(section);
            assert!(logs.iter().any(|log| log.matches) && logs.iter().any(|log| !log.matches), "{title}");
            for log in &logs {
                count += 1;
                complaints.extend(wrong(&rule, log).map(|why| format!("{title}: {why}:\n{}", log.text)));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(count > 60, "only {count} logs");
}
