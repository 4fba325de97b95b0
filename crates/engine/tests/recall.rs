//! What is recalled of the last event changes no verdict: events of one layout, one after the other, match the same
//! rules with and without.

#![expect(clippy::unwrap_used, reason = "the functions are parts of a test")]

use std::sync::OnceLock;

use proptest::prelude::*;

use sigyn_diagnostics::SourceId;
use sigyn_engine::{Config, Engine, LogSources, Switch};
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
---
title: keywords that nothing wakes by
logsource: {category: process_creation, product: windows}
detection:
    selection:
        CommandLine|contains: two
    keywords: ['*needle*three*', threads]
    condition: selection and not keywords
";

fn set() -> RuleSet {
    let options = LoadOptions::new(Compat::Spec);
    let parsed = sigyn_ir::read_text(SourceId::default(), RULES, &options);
    sigyn_ir::resolve(vec![parsed], &options).set
}

/// What rules match each of the events, which are read one after the other.
fn matched(engine: &Engine, events: &[[String; 5]]) -> Vec<Vec<ItemId>> {
    let (mut scratch, mut buf) = (engine.scratch(), EventBuf::new());
    let mut all = Vec::new();
    for [channel, image, command_line, logon_type, note] in events {
        buf.clear();
        buf.begin_map(None);
        let texts = [("Channel", channel), ("Image", image), ("CommandLine", command_line), ("Note", note)];
        for (key, value) in texts {
            let key = Some(buf.name(key));
            buf.push_str(key, value);
        }
        for (key, value) in [("EventID", "1"), ("LogonType", logon_type.as_str())] {
            let key = Some(buf.name(key));
            buf.push_int(key, value.parse().unwrap());
        }
        buf.end();
        if !buf.recall() {
            buf.learn();
        }
        all.push(engine.run(buf.event(""), &mut scratch).1.to_vec());
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
/// literal by itself.
fn engines() -> &'static [Engine; 4] {
    static ENGINES: OnceLock<[Engine; 4]> = OnceLock::new();
    ENGINES.get_or_init(|| {
        let (set, sources) = (set(), LogSources::built_in().unwrap());
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
    })
}

proptest! {
    #[test]
    fn verdicts_do_not_depend_on_the_event_before(
        events in prop::collection::vec((any_event(), 1..4_usize), 1..40),
        notes in prop::collection::vec("(x|needle|three|é)?", 40),
    ) {
        let mut events: Vec<_> = events.into_iter().flat_map(|(event, times)| vec![event; times]).collect();
        // And all of them once more, saying something else where no rule reads.
        let again = events.clone().into_iter().zip(notes.into_iter().cycle());
        let again: Vec<_> = again.map(|([a, b, c, d, _], note)| [a, b, c, d, note]).collect();
        events.extend(again);
        let [standard, small, forgetful, plain] = engines();
        let expect = matched(plain, &events);
        prop_assert_eq!(&matched(standard, &events), &expect);
        prop_assert_eq!(&matched(small, &events), &expect);
        prop_assert_eq!(&matched(forgetful, &events), &expect);
    }
}
