//! What is recalled of the last event changes no verdict: events of one layout, one after the other, match the same
//! rules with and without.

#![expect(clippy::unwrap_used, reason = "the functions are parts of a test")]

use std::sync::OnceLock;

use proptest::prelude::*;

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources, Scratch, Switch};
use sigyn_event::EventBuf;
use sigyn_ir::{Compat, ItemId, LoadOptions, RuleSet};

const RULES: &str = r"
title: ends and middles
logsource: {category: process_creation, product: windows}
detection:
    selection:
        Image|endswith: [\cmd.exe, \net.exe, \é.exe, \a.exe, \b.exe]
    filter:
        CommandLine|contains: [one, two, three, four, five, sixsixsix]
    condition: selection and not filter
---
title: many at once
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|contains|all: [one, two, three, fourfour]
    condition: selection
---
title: numbers and keywords
logsource: {product: windows}
detection:
    selection:
        LogonType: [3, 4, 5, 6, 7]
    keywords: [needle, one, é]
    condition: selection or keywords
---
title: expressions
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|re: 'one.{0,3}(two|four)+\s*$'
    condition: selection
";

/// One more rule, which has events looked through as a whole: none then stands for another that says the same.
const WHOLE: &str = r"---
title: keywords that nothing wakes by
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|contains: two
    keywords: ['*needle*three*', threads]
    condition: selection and not keywords
";

fn set(text: &str) -> RuleSet {
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), text, &options);
    sigyn_ir::resolve(vec![parsed], &options).set
}

/// What rules match each of the events, which are read one after the other. In another `turn` the same is written in
/// another order, in every second one a number as text, and behind the twelfth texts are of each other's field.
fn matched(engine: &Engine, events: &[[String; 5]], turn: usize) -> Vec<Vec<ItemId>> {
    let mut scratch = engine.scratch();
    matched_with(engine, events, turn, &mut scratch)
}

fn matched_with(
    engine: &Engine,
    events: &[[String; 5]],
    turn: usize,
    scratch: &mut Scratch,
) -> Vec<Vec<ItemId>> {
    let mut buf = EventBuf::new();
    let mut all = Vec::new();
    for [channel, image, command_line, logon_type, note] in events {
        buf.clear();
        buf.begin_map(None);
        let mut values = [
            ("Channel", channel.as_str()),
            (if turn < 12 { "Image" } else { "CommandLine" }, image),
            (if turn < 12 { "CommandLine" } else { "Image" }, command_line),
            ("Note", note),
            ("EventID", "1"),
            ("LogonType", logon_type),
        ];
        values.rotate_left(turn % 6);
        for (key, value) in values {
            let is_number = key == "EventID" || key == "LogonType" && turn.is_multiple_of(2);
            let key = Some(buf.name(key));
            match value.parse() {
                Ok(number) if is_number => {
                    buf.push_int(key, number);
                }
                _ => {
                    buf.push_str(key, value);
                }
            }
        }
        buf.end();
        if !buf.recall() {
            buf.learn();
        }
        all.push(engine.run(buf.event(""), scratch).1.to_vec());
    }
    all
}

/// The last value is one that no rule reads, but for keywords.
fn any_event() -> impl Strategy<Value = [String; 5]> {
    let channel = prop_oneof![9 => Just("Microsoft-Windows-Sysmon/Operational"), 1 => Just("Other")];
    let image = "C:\\\\(cmd|net|é|x|a)\\.exe";
    let command_line = "(one|two|three|fourfour|needle|É| |sixsixsix){0,5}";
    let note = "(x|y|z|needle( three)?|é|threads)?";
    (channel, image, command_line, 2..9_i64, note).prop_map(|(channel, image, line, number, note)| {
        [channel.to_owned(), image, line, number.to_string(), note]
    })
}

/// The standard engine, the same with little memory, the same without recalling anything, and one that looks for each
/// literal by itself; all that for both sets of rules.
fn engines() -> &'static [[Engine; 4]; 2] {
    static ENGINES: OnceLock<[[Engine; 4]; 2]> = OnceLock::new();
    ENGINES.get_or_init(|| [RULES.to_owned(), format!("{RULES}{WHOLE}")].map(|rules| made(&rules)))
}

fn made(rules: &str) -> [Engine; 4] {
    let (set, sources) = (set(rules), LogSources::built_in().unwrap());
    let off = Switch::Off;
    let configs = [
        Config::standard(),
        Config { outcome_bytes_max: 600, ..Config::standard() },
        Config { value_cache: off, ..Config::standard() },
        Config { tables: off, witnesses: off, value_cache: off, ..Config::standard() },
    ];
    configs.map(|config| {
        let built = Engine::build(&set, &sources, config);
        assert!(built.refused.is_empty(), "{:?}", built.refused);
        built.engine
    })
}

proptest! {
    #[test]
    fn verdicts_do_not_depend_on_the_event_before(
        events in prop::collection::vec((any_event(), 1..4_usize), 1..40),
        notes in prop::collection::vec("(x|needle|three|é)?", 40),
        turn in 0..24_usize,
    ) {
        let mut events: Vec<_> = events.into_iter().flat_map(|(event, times)| vec![event; times]).collect();
        // And all of them once more, saying something else where no rule reads.
        let again = events.clone().into_iter().zip(notes.into_iter().cycle());
        let again: Vec<_> = again.map(|([a, b, c, d, _], note)| [a, b, c, d, note]).collect();
        events.extend(again);
        for [standard, small, forgetful, plain] in engines() {
        let expect = matched(plain, &events, turn);
        prop_assert_eq!(&matched(standard, &events, turn), &expect);
        prop_assert_eq!(&matched(small, &events, turn), &expect);
        prop_assert_eq!(&matched(forgetful, &events, turn), &expect);
        }
    }
}

#[test]
fn what_one_thread_learns_the_others_know() {
    let [engine, ..] = &made(RULES);
    let note = || "shared by threads".to_owned();
    let lines = (0..20).map(|number| format!("hello {number}"));
    let channel = || "Microsoft-Windows-Sysmon/Operational".to_owned();
    let events: Vec<_> =
        lines.map(|line| [channel(), r"C:\cmd.exe".to_owned(), line, "3".to_owned(), note()]).collect();
    let [mut one, mut other, mut third] = [engine.scratch(), engine.scratch(), engine.scratch()];
    let expect = matched_with(engine, &events, 0, &mut one);
    assert_eq!(matched_with(engine, &events, 0, &mut other), expect);
    assert_eq!(other.stats.known, 20, "{:?}", other.stats);
    // The same texts in the same order, but of other fields.
    let mut fourth = engine.scratch();
    assert_ne!(matched_with(engine, &events, 12, &mut fourth), expect);
    assert_eq!(fourth.stats.known, 0, "{:?}", fourth.stats);
    // A number that is written as text may mean something else to a rule.
    assert_eq!(matched_with(engine, &events, 1, &mut third), expect);
    assert_eq!(third.stats.known, 0, "{:?}", third.stats);
}
